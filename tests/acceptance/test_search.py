"""`tidings search` and `tidings suggest` over a real archive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done
from tests.acceptance.test_impact import LITHIUM, Desk
from tidings.cli import app

TITLES = (
    "Chile and India sign a Lithium pact",
    "LITHIUM PRICE DOUBLES",
    "A lithium-ion battery burns",
    "TRUST grows in Chile",
    "Nothing of interest",
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    found.write(LITHIUM)
    found.fill(*TITLES)
    return found


def asked(desk: Desk, *words: str) -> Done:
    env = {"TIDINGS_CONFIG": str(desk.folder / "config"), "TIDINGS_STATE": str(desk.folder / "state")}
    done = CliRunner().invoke(app, list(words), env=env, catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("lithium", [0, 1, 2]),
        ("lithium pact", [0]),  # words side by side are a phrase
        ("lithium AND NOT India", [1, 2]),
        ("Chile NEAR/2 India", [0]),
        ("TRUST", [3]),
        ("trust", [3]),
        ("title:batter* OR summary:lithium", [2]),
        ("/li[a-z]{3}um-ion/", [2]),
        ("quantum", []),
    ],
)
def test_the_archive_is_asked_in_the_language_of_the_watchlists(
    desk: Desk, query: str, expected: list[int]
) -> None:
    """Newest first; one JSON object a line, with where the words stand."""
    done = asked(desk, "search", query, "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, [row["title"] for row in rows]) == (0, [TITLES[one] for one in expected])
    for row in rows:
        for one in row["evidence"]:
            assert row["title"][one["start"] : one["end"]] in one["snippet"]


def test_a_search_is_bounded_by_days_and_by_number(desk: Desk) -> None:
    assert asked(desk, "search", "lithium", "--since", "50h").out.count("lithium-ion") == 0
    assert asked(desk, "search", "lithium", "--until", "50h").out.count("lithium-ion") == 1
    assert asked(desk, "search", "lithium", "--most", "1").out.splitlines()[-1] == (
        "the newest 1; --most shows more"
    )
    assert asked(desk, "search", "quantum").out == "nothing found\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lithium AND",), "           ^ the expression ends where a word is expected"),
        (("(lithium or India)",), "         ^ “or” in small letters stands in an expression"),
        (("lithium", "--since", "soon"), "--since: 'soon' is neither an age (90d) nor a day (2026-03-01)"),
        (("lithium", "--since", "2026-13-01"), "'2026-13-01' is neither an age (90d) nor a day"),
        ((" ",), "^ “ ” holds no word"),
    ],
)
def test_a_query_that_cannot_be_read_is_shown_where_it_is_wrong(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    done = asked(desk, "search", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_suggest_prints_yaml_lines_that_can_be_pasted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(LITHIUM)
    report = [f"Salar de Atacama lithium, report {n}" for n in range(4)]
    desk.fill(*report, "A lithum plant", *[f"Other news of day {n}" for n in range(60)])

    done = asked(desk, "suggest", "ores")

    assert done.code == 0
    assert [line for line in done.out.splitlines() if line.startswith("- ")] == [
        "- lithum  # for “lithium”, in 0 of 4 that match, in 1 that do not",
        "- Salar de Atacama  # in 4 of 4 that match, in 0 of 20 others",
    ]
    desk.write(LITHIUM.replace("any: [lithium]", "any: [lithium, Salar de Atacama]"))
    assert asked(desk, "check").code == 0


def test_suggest_names_the_initiatives_that_there_are(desk: Desk) -> None:
    done = asked(desk, "suggest", "oers")
    assert done.code == 2
    assert "there is no initiative 'oers'; did you mean 'ores'" in done.err
