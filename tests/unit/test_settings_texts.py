"""Watchlists that stand in no file, the bound of `edits`, and lengths of time typed on the command line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.match import validate
from tests.acceptance.conftest import configure
from tidings.settings import ConfigError, Settings, load, parse_watchlist, parse_watchlists
from tidings.settings.typed import typed_duration

ORES = b"watchlist: ores\ninitiatives:\n  - {id: ores, any: [lithium]}\ndigests:\n  - {id: daily, to: [desk], at: '08:00'}\n"
GOLD = (
    b"watchlist: gold\ninitiatives:\n  - {id: gold, any: [gold]}\n"
    b"digests:\n  - {id: every, to: [desk], every: 1h, initiatives: all}\n"
)


def settings(folder: Path, **files: str) -> Settings:
    configure(folder, **files)
    return load(folder, state_dir=folder / "state", environ={})


# -- texts -------------------------------------------------------------------------------------------


def test_a_text_is_read_as_the_file_would_be(tmp_path: Path) -> None:
    """Same records, same version; positions bear its name."""
    path = tmp_path / "config" / "watchlists" / "ores.yaml"
    configure(tmp_path / "config", watchlists__ores=ORES.decode().replace("desk", "outbox"))
    (of_file,) = (
        one
        for one in load(tmp_path / "config", state_dir=tmp_path, environ={}).watchlists
        if one.id == "ores"
    )

    of_text = parse_watchlist(path.read_bytes(), name=str(path))

    assert of_text == of_file
    assert parse_watchlist(ORES, name="HEAD:ores.yaml").initiatives[0].any[0].where == "HEAD:ores.yaml:3:22"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            b"watchlist: ores\ninitiatives:\n  - {id: ores, anny: [x]}\n",
            "old:3:16: error: unknown key 'anny'",
        ),
        (b"watchlist: ores\ninitiatives:\n  - {id: ores, any: ['(a OR']}\n", "old:3:"),
        (b"watchlist: [\n", "a bracket is not closed"),
        (b"\xff\xfe\x00", "old:1:"),
        (b"", "old:1:1: error: 'watchlist' is missing"),
        (b"x" * 1_100_000, "more than 1 MiB"),
    ],
    ids=["key", "expression", "bracket", "bytes", "empty", "large"],
)
def test_the_errors_of_a_text_are_those_of_a_file(text: bytes, said: str) -> None:
    """With line, column and remedy, under its name."""
    with pytest.raises(ConfigError) as caught:
        parse_watchlist(text, name="old", validate_term=validate)

    assert said in str(caught.value)


def test_several_texts_are_read_as_one_configuration() -> None:
    """Their digests know the initiatives of all; an id that stands twice is an error."""
    watchlists, plans = parse_watchlists({"a": ORES, "b": GOLD}, everywhere=("water",))

    assert [one.id for one in watchlists] == ["ores", "gold"]
    assert {plan.id: plan.initiatives for plan in plans} == {
        "daily": ("ores",), "every": ("water", "ores", "gold"),
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"b:1:12: error: the watchlist id 'ores' stands already at a:1:12"):
        parse_watchlists({"a": ORES, "b": ORES})


# -- edits -------------------------------------------------------------------------------------------


def test_an_edit_has_no_bound_unless_one_is_set(tmp_path: Path) -> None:
    """The default lets everything pass."""
    assert settings(tmp_path / "a").edits.max_stories_per_week is None
    bounded = "channels: {outbox: {type: file}}\nedits: {max_stories_per_week: 200}\n"
    assert settings(tmp_path / "b", tidings=bounded).edits.max_stories_per_week == 200


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "[]", "{a: b}"])
def test_a_bound_is_a_number_of_stories(tmp_path: Path, value: str) -> None:
    """Anything else is an error at its place."""
    with pytest.raises(ConfigError, match=r"tidings\.yaml:2:"):
        settings(
            tmp_path,
            tidings=f"channels: {{outbox: {{type: file}}}}\nedits: {{max_stories_per_week: {value}}}\n",
        )


def test_the_digests_of_a_watchlists_file_are_known(tmp_path: Path) -> None:
    """Those of digests.yaml belong to none."""
    found = settings(
        tmp_path, digests="digests:\n  - {id: every, to: [outbox], every: 1h, initiatives: all}\n"
    )

    assert dict(found.digests_of) == {"chips": ("hourly",)}
    assert {plan.id for plan in found.digests} == {"hourly", "every"}


# -- lengths of time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ("30d", timedelta(days=30)),
        ("6h", timedelta(hours=6)),
        ("90m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
    ],
)
def test_a_length_of_time_is_typed_as_in_the_files(typed: str, length: timedelta) -> None:
    """A number and its unit."""
    assert typed_duration(typed) == length


@pytest.mark.parametrize("typed", ["", "30", "d", "0d", "-1d", "30 days", "99999999d", "१d", "1d\n--x"])
def test_what_is_no_length_of_time_is_refused_with_the_remedy(typed: str) -> None:
    """In one line."""
    with pytest.raises(ValueError, match="write") as caught:
        typed_duration(typed)
    assert "\n" not in str(caught.value)
