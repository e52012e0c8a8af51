"""`tidings search` and `tidings suggest` over a real archive."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done
from tests.acceptance.test_impact import LITHIUM, Desk
from tidings.cli import app
from tidings.opening import open_stores

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


def test_keys_beside_the_words_narrow_the_whole(desk: Desk) -> None:
    """Days, an initiative and a story; joined by AND or by a blank, in front or behind, and alone."""

    def titles(*words: str) -> list[str]:
        return [
            json.loads(line)["title"] for line in asked(desk, "search", *words, "--json").out.splitlines()
        ]

    assert titles("lithium since:50h") == list(TITLES[:2])
    assert titles("until:50h AND lithium") == [TITLES[2]]
    assert titles("since:50h lithium AND NOT India") == [TITLES[1]]
    assert titles("since:900d") == list(TITLES)
    assert titles("initiative:nobody lithium") == []
    assert titles('"since:50h"') == []  # a quotation
    story = json.loads(asked(desk, "search", "lithium pact", "--json").out)["story"]
    assert titles(f"story:{story}" if story else "lithium pact") == [TITLES[0]]
    assert "there is no initiative 'nobody' now" in asked(desk, "search", "initiative:nobody").out


@pytest.mark.parametrize(
    "query", ["lithium OR since:50h", "since:50h OR lithium", "lithium AND NOT since:50h"]
)
def test_a_key_that_would_narrow_a_part_is_refused(desk: Desk, query: str) -> None:
    done = asked(desk, "search", query)

    assert done.code == 2
    assert "narrows the query as a whole" in done.err
    assert done.err.splitlines()[1].index("^") == query.index("since:")


def test_a_spreadsheet_gets_rows_and_no_formula(desk: Desk) -> None:
    """A title that begins with a sign of a formula is told to be text."""
    desk.fill(*TITLES, "=1+1 lithium")

    lines = asked(desk, "search", "lithium", "--csv").out.splitlines()

    assert lines[0] == "id,title,url,source,published,first_seen,story,snippet"
    assert len(lines) == 5
    assert any(",'=1+1 lithium," in line for line in lines)


def test_the_best_stand_first_and_want_a_time(desk: Desk) -> None:
    done = asked(desk, "search", "lithium", "--best")
    assert (done.code, done.err) == (2, "--best ranks what is of a time: give --since, such as --since 90d\n")

    desk.fill(*TITLES, "Lithium, lithium, lithium")

    async def indexed() -> None:
        async with open_stores(desk.settings()) as stores:
            await stores.search.index_some()

    asyncio.run(indexed())
    found = asked(desk, "search", "lithium", "--best", "--since", "900d", "--json").out.splitlines()
    assert len(found) == 4
    assert json.loads(found[0])["title"] == "Lithium, lithium, lithium"


SAVED = "searches: [{id: pacts, name: Pacts, query: 'initiative:ores lithium AND NOT battery since:365d'}]\n"


def test_a_saved_search_is_asked_by_its_id(desk: Desk) -> None:
    """It finds what its query finds; an id that there is not is said with the nearest one."""
    desk.write(LITHIUM + SAVED)

    done = asked(desk, "search", "--saved", "pacts", "--json")
    plainly = asked(desk, "search", "initiative:ores lithium AND NOT battery since:365d", "--json")

    assert done.code == 0
    assert done.out == plainly.out
    wrong = asked(desk, "search", "--saved", "pact")
    assert (wrong.code, wrong.err) == (2, "no watchlist has a search 'pact'; did you mean 'pacts'?\n")
    both = asked(desk, "search", "lithium", "--saved", "pacts")
    assert (both.code, both.err) == (2, "give a QUERY, or the id of a saved one with --saved\n")
