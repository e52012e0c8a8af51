"""Rules run over the archive: a slice at a time, only by the process whose rules they are, past what breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.meaning import prints
from alerts.notify import Relooked
from alerts.records import FoundBy, Initiative, Term, Watchlist
from alerts.rerun import Refound, Rerun
from crawler.records import Article, TextState
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.no_index import NoIndex
from tests.fakes.no_queue import NoQueue
from tidings.rematching import BATCH, Rematcher
from tidings.storage.archive import Place
from tidings.storage.edits import PendingRun
from tidings.tasks import Rematch, Services, perform

DAY = timedelta(days=1)
CHIPS = Initiative(id="chips", name="Chips", watchlist_id="w", any=(Term(text="semiconductor"),))
MINES = Initiative(id="mines", name="Mines", watchlist_id="w", any=(Term(text="lithium"),))
WATCHLIST = Watchlist(id="w", title="W", initiatives=(CHIPS, MINES), version="0123456789ab")
PRINTS = prints([WATCHLIST], {})


def article(number: int) -> Article:
    url = f"https://times.example/{number}"
    return Article(
        id=f"{number:016x}", source_id="times", url=url, canonical_url=url, title="On lithium",
        first_seen_at=NOON - number * DAY, text_state=TextState.FEED,
    )  # fmt: skip


class Archive:
    """Articles newest first."""

    def __init__(self, number: int) -> None:
        self.articles = [article(one) for one in range(number)]
        self.asked: list[Any] = []

    async def walk(
        self, since: Any = None, until: Any = None, *, batch: int, after: Place | None = None
    ) -> AsyncIterator[tuple[Article, ...]]:
        self.asked.append(since)
        left = [
            one
            for one in self.articles
            if (after is None or one.first_seen_at < after[0])
            and (since is None or one.first_seen_at >= since)
        ]
        for start in range(0, len(left), batch):
            yield tuple(left[start : start + batch])


class Edits:
    """Runs that wait, in memory."""

    def __init__(self, *runs: PendingRun) -> None:
        self.runs = list(runs)
        self.rivals = False  # another process takes each step just before us

    async def pending(self) -> tuple[PendingRun, ...]:
        return tuple(self.runs)

    async def advance(self, run: PendingRun, to: Place, number: int, changed: Refound) -> bool:
        if self.rivals:
            return False
        place = self.runs.index(run)
        self.runs[place] = replace(
            run, after=to, articles=run.articles + number, changed=run.changed + changed
        )
        return True

    async def finish(self, run: PendingRun) -> bool:
        self.runs.remove(run)
        return True


class Notifier:
    """Finds every article; breaks on those it is told to."""

    def __init__(self) -> None:
        self.looked: list[tuple[list[str], Rerun, set[str]]] = []
        self.breaks: set[str] = set()

    async def look_again(self, articles: Any, judge: Any, rerun: Rerun) -> Relooked:
        found = {match.initiative_id for one in articles for match in judge.judge(one).matches}
        self.looked.append(([one.id for one in articles], rerun, found))
        failed = tuple(one.id for one in articles if one.id in self.breaks)
        return Relooked(changed=Refound(told=len(articles)), failed=failed)


def run(**facts: Any) -> PendingRun:
    plain = {"prints": {"mines": PRINTS["mines"]}, "since": NOON, "after": None, "articles": 0}
    return PendingRun(**{**plain, "changed": Refound(), **facts})


class House:
    """A rematcher with everything in reach of the test."""

    def __init__(self, *runs: PendingRun, articles: int = 3) -> None:
        self.edits, self.archive, self.notifier = Edits(*runs), Archive(articles), Notifier()
        parts: Mapping[str, Any] = {
            "edits": self.edits,
            "archive": self.archive,
            "notifier": self.notifier,
        }
        self.rematcher = Rematcher(
            watchlists=[WATCHLIST], tags={}, backfill=3 * DAY, clock=FixedClock(NOON + DAY), **parts
        )
        unused: Any = None
        self.services = Services(
            clock=FixedClock(), sources=unused, articles=unused, poller=unused, reader=unused,
            notifier=unused, rematcher=self.rematcher, alerts=unused, index=NoIndex(), claims=NoQueue(), wait_for_text=DAY,
        )  # fmt: skip


async def test_where_nothing_was_edited_nothing_is_looked_at() -> None:
    """A tick costs one question."""
    house = House()

    assert await house.rematcher.step() is None
    assert (house.archive.asked, house.notifier.looked) == ([], [])
    assert not (await perform(Rematch(), house.services)).worth_a_line


async def test_only_the_edited_rules_judge_and_the_edit_says_what_is_told() -> None:
    """Told is what was first seen within `backfill` before the edit, whenever the run gets to it."""
    house = House(run())

    done = await house.rematcher.step()

    ((ids, rerun, found),) = house.notifier.looked
    assert ids == [one.id for one in house.archive.articles]
    assert found == {"mines"}
    assert (rerun.initiatives, rerun.found.by, rerun.found.at) == (frozenset({"mines"}), FoundBy.EDIT, NOON)
    assert (rerun.tell_since, rerun.tell_filed) == (NOON - 3 * DAY, False)
    assert done is not None
    assert (done.articles, done.changed, done.done) == (3, Refound(told=3), True)
    assert house.edits.runs == []


async def test_a_slice_ends_when_its_time_is_up_and_the_next_goes_on() -> None:
    """One batch at least, so that it always ends."""
    house = House(run(), articles=2 * BATCH + 1)

    slices = [await house.rematcher.step(0) for _ in range(3)]

    assert [(one.articles, one.done) for one in slices if one] == [
        (BATCH, False), (2 * BATCH, False), (2 * BATCH + 1, False),
    ]  # fmt: skip
    last = await house.rematcher.step(0)
    assert last is not None
    assert (last.articles, last.done) == (2 * BATCH + 1, True)
    assert [len(ids) for ids, _, _ in house.notifier.looked] == [BATCH, BATCH, 1]


async def test_rules_of_another_process_are_left_to_it() -> None:
    """It has read another file: by ours, its matches would seem lost. Ours behind it are run."""
    theirs = run(prints={"mines": "another print"}, since=NOON - DAY)
    house = House(theirs, run(prints={"chips": PRINTS["chips"]}))

    done = await house.rematcher.step()

    assert done is not None
    assert done.initiatives == ("chips",)
    assert house.edits.runs == [theirs]
    assert await house.rematcher.step() is None


async def test_a_step_that_another_process_has_taken_is_left_there() -> None:
    """The next one begins where that process is."""
    house = House(run())
    house.edits.rivals = True

    done = await house.rematcher.step()

    assert done is not None
    assert not done.done


async def test_the_report_names_the_edit_once_it_is_done_and_what_broke_at_once() -> None:
    """One line a run, with its counts."""
    house = House(run(), run(prints={"chips": PRINTS["chips"]}, since=NOON + DAY))
    house.notifier.breaks = {article(1).id}

    report = await perform(Rematch(whole=True), house.services)

    assert report.facts["initiatives"] == ["mines", "chips"]
    assert (report.facts["articles"], report.facts["told"], report.facts["gone"]) == (6, 6, 0)
    assert report.problem == f"the matcher broke on {article(1).id}"
    assert report.worth_a_line


@pytest.mark.parametrize("tell", [True, False])
async def test_a_rematch_by_hand_looks_at_what_is_young_enough(tell: bool) -> None:
    """By the rules that are wanted, edited or not; the bound of what is told is that of what is looked at."""
    house, heard = House(articles=9), list[int]()

    done = await house.rematcher.rematch(["chips", "mines"], 4 * DAY, tell=tell, show=heard.append)

    ((ids, rerun, _),) = house.notifier.looked
    assert ids == [article(one).id for one in range(4)]
    oldest = NOON - 3 * DAY
    assert (rerun.found.by, rerun.found.at) == (FoundBy.REMATCH, NOON + DAY)
    assert (rerun.tell_since, rerun.tell_filed) == ((oldest, True) if tell else (None, False))
    assert (done.initiatives, done.since, done.articles) == (("chips", "mines"), oldest, 4)
    assert heard == [4]
