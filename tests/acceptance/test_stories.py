"""`tidings stories` beside the daemon: what an operator merged or split stays so, and nothing is told twice for it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done
from tests.acceptance.test_edits import mails, watchlist, write
from tests.acceptance.world import DAY, HOUR, MINUTE, NOON, World, long_text
from tidings.cli import app as command

AGES = "3650d"  # the clock of the world stands still
TOLD = Counter(("port-a", "port-b", "strike-a", "strike-b", "first"))
STRIKE = "Semiconductor workers at the harbour plant go on strike"


async def stories(world: World, *words: str) -> Done:
    """The command, in this process; in a thread, because it runs a loop of its own."""
    where = {"TIDINGS_CONFIG": str(world.folder / "config"), "TIDINGS_STATE": str(world.folder / "state")}
    done = await asyncio.to_thread(CliRunner().invoke, command, ["stories", *words], env=where)
    return Done(done.exit_code, done.stdout, done.stderr)


def url(world: World, slug: str) -> str:
    return f"http://127.0.0.1:{world.press.port}/{slug}"


async def shown(world: World, subject: str) -> dict[str, Any]:
    done = await stories(world, "show", subject, "--json")
    assert (done.code, done.err) == (0, "")
    (row,) = done.rows()
    return row


async def homes(world: World, *slugs: str) -> list[str]:
    """Ids of the stories of articles."""
    return [(await shown(world, url(world, slug)))["id"] for slug in slugs]


def edit(world: World, feed: str, slug: str, **facts: Any) -> None:
    """Change an entry where it stands in its feed."""
    items = world.press.feeds[feed]
    (place,) = (number for number, item in enumerate(items) if item.slug == slug)
    items[place] = replace(items[place], **facts)


def told(world: World) -> tuple[Counter[str], Counter[str]]:
    """How often each slug was the lead of a story that was news, and of one that was told before."""
    news, again = Counter[str](), Counter[str]()
    for document in mails(world):
        for part in document["data"]["initiatives"]:
            for story in part["stories"]:
                tellings = [story["url"], *(one["url"] for one in story["also"])]
                kind = news if story["first_told"] is None else again
                kind.update(one.rpartition("/")[2] for one in tellings)
    return news, again


@pytest.fixture
def press(world: World) -> World:
    """One event told in two ways that nothing ties together, and two events that one text seems to tell."""
    add = world.press.add
    add(
        "times",
        "port-a",
        NOON - HOUR,
        title="Semiconductor harbour opens in the north",
        text=long_text("harbour"),
    )
    add("post", "port-b", NOON - HOUR, title="Chip makers move into a new home", text=long_text("meadow"))
    add("times", "strike-a", NOON - HOUR, title=STRIKE, text=long_text("strike"))
    add("post", "strike-b", NOON - HOUR, title=STRIKE, text=long_text("strike") + " It is over.")
    add("wire", "first", NOON - DAY)
    write(world, watchlist())
    return world


async def test_a_merge_and_a_split_hold_against_edits_and_later_reprints(press: World) -> None:
    """An edited article is folded again, and stays; a reprint of what was merged is no news."""
    async with press.running() as app:
        await press.live(app, NOON + 90 * MINUTE)
        a, b, strike, other = await homes(press, "port-a", "port-b", "strike-a", "strike-b")
        assert (len({a, b, strike}), strike) == (3, other)
        assert told(press)[0] == TOLD

        merged = await stories(press, "merge", a, url(press, "port-b"))
        split = await stories(press, "split", strike, url(press, "strike-b"))
        assert (merged.code, merged.err, split.code, split.err) == (0, "", 0, "")

        edit(press, "post", "port-b", title="Chip makers leave again")
        edit(press, "post", "strike-b", title=f"{STRIKE}, union says")
        await press.live(app, NOON + 3 * HOUR)
        add = press.press.add
        add("wire", "port-c", NOON + 3 * HOUR, title="Chip makers leave again", text=long_text("meadow"))
        add("wire", "strike-c", NOON + 3 * HOUR, title=STRIKE, text=long_text("strike"))
        await press.live(app, NOON + 6 * HOUR)

    assert len(set(await homes(press, "port-a", "port-b", "port-c"))) == 1
    first, second = await homes(press, "strike-a", "strike-b")
    assert first != second
    assert (await homes(press, "strike-c"))[0] in (first, second)
    versions = {one["title"]: one["version"] for one in (await shown(press, second))["articles"]}
    assert versions[f"{STRIKE}, union says"] == 2
    news, again = told(press)
    assert news == TOLD
    assert {"port-c", "strike-c"} <= set(again)


async def test_what_was_folded_in_wrongly_is_news_once_it_is_split_off(press: World) -> None:
    """Before the next digest; what was told of the story it stood in is not told again."""
    async with press.running() as app:
        await press.live(app, NOON + 65 * MINUTE)
        press.press.add("wire", "strike-c", press.clock.time, title=STRIKE, text=long_text("strike"))
        await press.live(app, NOON + 85 * MINUTE)
        first, last = await homes(press, "strike-a", "strike-c")
        assert first == last

        done = await stories(press, "split", first, url(press, "strike-c"))
        assert done.code == 0
        await press.live(app, NOON + 4 * HOUR)

    news, again = told(press)
    assert news == TOLD + Counter(["strike-c"])
    assert "strike-c" not in again


async def test_each_command_prints_how_to_undo_it(press: World) -> None:
    """And undoing it leaves the articles where they were, found under every name that was given out."""
    async with press.running() as app:
        await press.live(app, NOON + 30 * MINUTE)
    before = await homes(press, "port-a", "port-b", "strike-a", "strike-b")

    for words in (
        ("merge", before[0], before[1], before[2]),
        ("split", before[2], url(press, "strike-a")),
    ):
        done = await stories(press, *words)
        undo = [line.removeprefix("to undo it: tidings stories ") for line in done.out.splitlines()]
        undo = [line for line in undo if line.startswith(("split ", "merge "))]
        assert (done.code, bool(undo)) == (0, True)
        for line in undo:
            assert (await stories(press, *line.split())).code == 0
        after = await homes(press, "port-a", "port-b", "strike-a", "strike-b")
        assert len(set(after)) == 3
        assert after[2] == after[3]
    assert [(await shown(press, one))["id"] for one in before] == after


async def test_stories_are_listed_and_shown_for_people(press: World) -> None:
    """How many outlets, who was told, why each article is there, and what the operator said."""
    async with press.running() as app:
        await press.live(app, NOON + 90 * MINUTE)
    (strike,) = await homes(press, "strike-a")
    (split,) = (await stories(press, "split", strike, url(press, "strike-b"), "--json")).rows()

    rows = (await stories(press, "list", "--since", AGES, "strike", "HARBOUR", "--json")).rows()
    assert [(row["title"], row["articles"], row["told"][0]["digest"]) for row in rows] == [
        (STRIKE, 1, "hourly"),
        (STRIKE, 1, "hourly"),
    ]
    people = await stories(press, "list", "--since", AGES, "--limit", "1")
    assert people.out.splitlines()[0].split()[:3] == ["story", "last", "seen"]
    assert people.out.splitlines()[-1] == "the newest 1; --limit shows more"
    whole = (await stories(press, "show", split["new"])).out
    assert f"story {split['new']}" in whole
    assert "1 article in 1 outlet, 1 independent report" in whole
    assert "told to outbox in the digest hourly, first at 2026-11-24T12:" in whole
    assert f"kept apart from {split['story']} and 1 article by `stories split` of 20" in whole
    assert "told in hourly/2026-11-24" in whole


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "s0"), 1, "s0: there is no such story or article; `tidings stories list` names them"),
        (("merge", "s0"), 2, "s0 alone cannot be merged; name two stories or more"),
        (("split", "s0", "x"), 1, "s0: there is no such story or article"),
        (("list", "--initiative", "chip"), 2, "there is no initiative 'chip'; did you mean 'chips'?"),
        (("list", "--digest", "hourli"), 2, "there is no digest 'hourli'; did you mean 'hourly'?"),
        (("list", "--since", "soon"), 2, "--since: 'soon'"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    press: World, words: tuple[str, ...], code: int, said: str
) -> None:
    """With the exit codes of the contract."""
    done = await stories(press, *words)

    assert (done.code, done.out) == (code, "")
    assert said in done.err


async def test_an_empty_archive_has_no_stories(press: World) -> None:
    """Nothing for programs, a sentence for people."""
    assert (await stories(press, "list", "--json")).out == ""
    done = await stories(press, "list")
    assert (done.code, done.out) == (0, "no such story in the last 7d; --since looks further back\n")
    assert json.dumps(mails(press)) == "[]"
