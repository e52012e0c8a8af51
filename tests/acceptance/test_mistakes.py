"""Mistakes people make in their configuration, and what they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Done, configure

RULE = "watchlist: chips\ntitle: Chips\ninitiatives:\n  - {id: chips, name: Chips, any: [semiconductor]}\n"

MISTAKES = {
    "a tab in the indent": (
        {"watchlists__chips": "watchlist: chips\ntitle: Chips\ninitiatives:\n\t- id: chips\n"},
        "config/watchlists/chips.yaml:4:1: error: ",
        "tab",
    ),
    "a missing colon": (
        {"watchlists__chips": "watchlist: chips\ntitle Chips\ninitiatives: []\n"},
        "config/watchlists/chips.yaml:2:",
        "colon",
    ),
    "a typo in a key": (
        {"watchlists__chips": RULE.replace("any:", "anny:")},
        "config/watchlists/chips.yaml:4:",
        "any",
    ),
    "a key given twice": (
        {"watchlists__chips": RULE + "title: Again\n"},
        "config/watchlists/chips.yaml:5:1: error: ",
        "title",
    ),
    "the wrong type": (
        {"tidings": "polling: {every: often}\nchannels: {outbox: {type: file, dir: outbox}}\n"},
        "config/tidings.yaml:1:18: error: ",
        "often",
    ),
    "an unknown source tag": (
        {"watchlists__chips": RULE.replace("any:", "sources: [indian-press], any:")},
        "config/watchlists/chips.yaml:4:",
        "indian-press",
    ),
    "an unknown channel": (
        {"watchlists__chips": RULE + 'digests:\n  - {id: daily, to: [desk], at: "07:00"}\n'},
        "config/watchlists/chips.yaml:6:",
        "desk",
    ),
    "an impossible time zone": (
        {
            "watchlists__chips": RULE
            + 'digests:\n  - {id: daily, to: [outbox], at: "07:00", zone: Europe/Delhi}\n'
        },
        "config/watchlists/chips.yaml:6:",
        "Europe/Delhi",
    ),
    "a missing secret": (
        {
            "tidings": 'channels:\n  hook: {type: webhook, url: "https://hooks.example.org/x", secret_file: gone}\n'
        },
        "config/tidings.yaml:2:",
        "gone",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_a_remedy(
    place: Callable[..., Done], tmp_path: Path, mistake: str
) -> None:
    """`check` exits 2 and says FILE:LINE:COLUMN: error: PROBLEM; REMEDY."""
    files, where, word = MISTAKES[mistake]
    configure(tmp_path / "config", **files)
    done = place("--config", "config", "check")
    assert done.code == 2
    assert where in done.err
    assert word in done.err
    assert "; " in done.err
    assert "Traceback" not in done.err


def test_an_unquoted_no_is_the_word_no(place: Callable[..., Done], tmp_path: Path) -> None:
    """`NO` in a list of terms is the word that stands there, not false."""
    configure(tmp_path / "config", watchlists__chips=RULE.replace("[semiconductor]", "[NO, 1e3, 007]"))
    done = place("--config", "config", "check", "--show", "chips")
    assert done.code == 0, done.err
    assert "NO" in done.out
    assert "1e3" in done.out
    assert "007" in done.out


def test_a_failing_example_is_an_error_at_its_line(place: Callable[..., Done], tmp_path: Path) -> None:
    """`check` runs the examples and names what decided."""
    rule = RULE.replace(
        "any: [semiconductor]}", "any: [semiconductor], examples: {match: [Potato harvest is in]}}"
    )
    configure(tmp_path / "config", watchlists__chips=rule)
    done = place("--config", "config", "check")
    assert done.code == 2
    assert "config/watchlists/chips.yaml:4:" in done.err
    assert "Potato harvest is in" in done.err


def test_all_mistakes_are_told_at_once(place: Callable[..., Done], tmp_path: Path) -> None:
    """Two files with one mistake each give two lines."""
    configure(
        tmp_path / "config",
        tidings="polling: {flor: 5m}\nchannels: {outbox: {type: file, dir: outbox}}\n",
        watchlists__chips=RULE.replace("any:", "anny:"),
    )
    lines = place("--config", "config", "check").err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["config/tidings.yaml", "config/watchlists/chips.yaml"]


def test_an_empty_place_names_the_next_step(place: Callable[..., Done]) -> None:
    """Without a configuration every command says how to get one."""
    done = place("once")
    assert done.code == 2
    assert "tidings init" in done.err


def test_the_starter_configuration_works_as_it_is(place: Callable[..., Done], tmp_path: Path) -> None:
    """`init` writes files that `check` accepts, and refuses to overwrite them."""
    assert place("init", "config").code == 0
    assert place("check").code == 0
    again = place("init", "config")
    assert again.code == 1
    assert "overwrit" in again.err
