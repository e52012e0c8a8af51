"""The embedded runner: how much it takes, each task once, a clean end that gives back what was not done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts.notify import Matched
from crawler.pages import PageOutcome
from crawler.poll import PollOutcome
from crawler.records import Article, Poll, PollResult, PollState, Source, SourceKind, TextState
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.no_index import NoIndex
from tests.fakes.no_queue import NoQueue
from tests.fakes.stores import MemoryStores
from tidings.pulse import Pulse
from tidings.runners.inline import ASIDE, AT_ONCE, WAITING, InlineRunner
from tidings.tasks import Compose, Deliver, PollSource, ReadPage, Rematch, Report, Services, Settle
from tidings.ticker import LEASE, Ticker


class Work:
    """Poller, page reader and notifier in one: it notes what was begun, and waits where a test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        self.breaks: set[str] = set()

    def hold(self, *names: str) -> None:
        """Keep these from ending until `let_go`."""
        self.held |= {name: asyncio.Event() for name in names}

    def let_go(self, *names: str) -> None:
        for name in names:
            self.held[name].set()

    async def poll(self, source_id: str, *, asked: bool = False) -> PollOutcome:
        await self._do(source_id)
        return PollOutcome(source_id=source_id, result=PollResult.NOTHING_NEW)

    async def broke(self, source_id: str, fault: Exception) -> PollOutcome:
        self.begun.append(f"{source_id} broke: {type(fault).__name__}")
        return PollOutcome(source_id=source_id, result=PollResult.FAILED, problem="a fault of tidings itself")

    async def read(self, article: Article) -> PageOutcome:
        await self._do(article.id)
        return PageOutcome(article_id=article.id, state=TextState.READ)

    async def match_new(self, limit: int, **more: Any) -> Matched:
        await self._do("match")
        return Matched()

    async def step(self, seconds: float | None) -> None:
        await self._do("rematch")

    async def compose_due(self) -> tuple[()]:
        await self._do("compose")
        return ()

    async def tell_due(self) -> tuple[()]:
        return ()

    async def deliver_due(self, limit: int) -> tuple[()]:
        await self._do("deliver")
        return ()

    async def _do(self, name: str) -> None:
        self.begun.append(name)
        if name in self.held:
            await self.held[name].wait()
        if name in self.breaks:
            raise ZeroDivisionError(name)


class House:
    """A runner over stores in memory, with everything in reach of the test."""

    def __init__(self, patience: float = 3600.0, polls: int = AT_ONCE[PollSource]) -> None:
        self.stores = MemoryStores()
        self.work = Work()
        self.reports: list[Report] = []
        self.clock = FixedClock()
        work: Any = self.work
        self.services = Services(
            clock=self.clock,
            sources=self.stores.sources,
            articles=self.stores.articles,
            poller=work,
            reader=work,
            notifier=work,
            rematcher=work,
            alerts=work,
            index=NoIndex(),
            claims=NoQueue(),
            wait_for_text=timedelta(hours=1),
        )
        self.runner = InlineRunner(
            lambda: self.services, on_report=self.reports.append, patience=patience, polls=polls
        )

    async def with_sources(self, *names: str) -> House:
        configured = [Source(id=name, kind=SourceKind.FEED, url=f"https://{name}.example/") for name in names]
        await self.stores.sources.sync(configured, NOON)
        return self

    async def with_pages(self, *names: str) -> House:
        url = "https://times.example/"
        pending = (
            Article(
                id=name, source_id="times", url=url + name, canonical_url=url + name, title=name,
                first_seen_at=NOON, text_state=TextState.PENDING,
            )
            for name in names
        )  # fmt: skip
        state = PollState(source_id="times", last_polled_at=NOON)
        await self.stores.articles.record_poll(Poll(state=state, articles=tuple(pending)))
        return self

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the tasks go on until `holds`."""
        for _ in range(1000):
            if holds():
                return
            await asyncio.sleep(0)
        pytest.fail("it did not come to that")


# -- taking ----------------------------------------------------------------------------------------


async def test_there_is_room_for_a_few_tasks_more_than_run_at_once() -> None:
    """What is taken leaves less room for its kind and no other; what has ended makes room again."""
    house = House()
    house.work.hold("a")
    whole = AT_ONCE[PollSource] * WAITING
    assert house.runner.room(PollSource) == whole

    await house.runner.submit(PollSource("a"))
    await house.runner.submit(PollSource("b"))

    assert house.runner.room(PollSource) == whole - 2
    assert house.runner.room(ReadPage) == AT_ONCE[ReadPage] * WAITING
    house.work.let_go("a")
    await house.runner.drain()
    assert house.runner.room(PollSource) == whole


async def test_no_more_of_a_kind_run_at_once_than_is_polite() -> None:
    """The next begins when one ends."""
    house = House()
    names = [f"s{number}" for number in range(AT_ONCE[PollSource] + 2)]
    house.work.hold(*names)
    for name in names:
        await house.runner.submit(PollSource(name))
    await house.until(lambda: len(house.work.begun) == AT_ONCE[PollSource])
    for _ in range(10):
        await asyncio.sleep(0)
    assert house.work.begun == names[:-2]

    house.work.let_go(names[7])
    await house.until(lambda: house.work.begun == names[:-1])

    house.work.let_go(*names)
    await house.runner.drain()
    assert house.work.begun == names


async def test_who_waits_long_for_a_host_gives_its_place_to_the_next() -> None:
    """So that hosts that answer nothing keep no other source waiting, up to so many of them; they end as ever."""
    house = House(patience=0.0)
    most = AT_ONCE[PollSource] + ASIDE[PollSource]
    silent = [f"s{number}" for number in range(most)]
    house.work.hold(*silent)
    for name in silent[:-1]:
        await house.runner.submit(PollSource(name))
    await house.until(lambda: house.work.begun == silent[:-1])
    assert house.runner.room(PollSource) == AT_ONCE[PollSource] * (WAITING - 1) + 1

    await house.runner.submit(PollSource("quick"))
    await house.until(lambda: any(one.task == PollSource("quick") for one in house.reports))

    await house.runner.submit(PollSource(silent[-1]))
    await house.until(lambda: house.work.begun[-1] == silent[-1])
    await house.runner.submit(PollSource("waits"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert house.work.begun[-1] == silent[-1]
    house.work.let_go(*silent)
    await house.runner.drain()
    assert house.work.begun[-1] == "waits"
    assert house.runner.room(PollSource) == AT_ONCE[PollSource] * WAITING


async def test_a_task_that_waits_is_not_queued_again() -> None:
    """One tick after another asks for the same; one that is under way already may be asked for once more."""
    house = House()
    house.work.hold("match")
    await house.runner.submit(Settle())
    await house.runner.submit(Settle())
    await house.until(lambda: house.work.begun == ["match"])
    for _ in range(3):
        await house.runner.submit(Settle())
    house.work.let_go("match")
    await house.runner.drain()

    assert house.work.begun == ["match", "match"]
    assert len(house.reports) == 2


async def test_draining_waits_for_everything_in_hand() -> None:
    """Whatever is added meanwhile too."""
    house = House()
    house.work.hold("a")
    await house.runner.submit(PollSource("a"))
    draining = asyncio.create_task(house.runner.drain())
    await house.until(lambda: house.work.begun == ["a"])
    await house.runner.submit(Deliver())
    house.work.let_go("a")
    await draining

    assert {type(report.task) for report in house.reports} == {PollSource, Deliver}


async def test_a_task_that_fails_is_reported_and_stops_no_other() -> None:
    """Its kind has its place back, and the others their turn."""
    house = House()
    house.work.breaks = {"compose"}
    for _ in range(2):
        for task in (Compose(), Deliver()):
            await house.runner.submit(task)
        await house.runner.drain()

    failed = [report for report in house.reports if isinstance(report.task, Compose)]
    assert [report.problem for report in failed] == ["ZeroDivisionError: compose"] * 2
    assert failed[0].counts == {"faults": 1}
    assert house.work.begun == ["compose", "deliver"] * 2


async def test_a_poll_that_breaks_is_a_failure_of_its_source() -> None:
    """It is kept with the source, where status and alerts find it, and not tried again and again."""
    house = House()
    house.work.breaks = {"a"}
    await house.runner.submit(PollSource("a"))
    await house.runner.drain()

    assert house.work.begun == ["a", "a broke: ZeroDivisionError"]
    (report,) = house.reports
    assert (report.problem, report.counts["failed"]) == ("a fault of tidings itself", 1)


# -- stopping --------------------------------------------------------------------------------------


async def test_a_stop_lets_what_is_under_way_finish() -> None:
    """It is reported as ever; its claim is its own business."""
    house = await House().with_sources("a")
    house.work.hold("a")
    await house.stores.sources.claim_due(NOON, 1, LEASE)
    await house.runner.submit(PollSource("a"))
    await house.until(lambda: house.work.begun == ["a"])

    stopping = asyncio.create_task(house.runner.stop(30))
    await asyncio.sleep(0)
    house.work.let_go("a")
    await stopping

    assert [report.task for report in house.reports] == [PollSource("a")]
    assert await house.stores.sources.claim_due(NOON, 1, LEASE) == ()


async def test_a_stop_gives_back_what_was_not_begun_and_what_it_cuts_off() -> None:
    """Sources and pages are due again for the next start, and nothing was begun after the stop."""
    names = [f"s{number:02}" for number in range(AT_ONCE[PollSource] + 3)]
    house = await (await House().with_sources("times", *names)).with_pages("p1", "p2")
    house.work.hold(*names, "p1")
    for source_id in names:
        house.stores.sources.kept[source_id].claimed_until = NOON + LEASE
        await house.runner.submit(PollSource(source_id))
    for page in await house.stores.articles.claim_pending(NOON, 2, LEASE):
        await house.runner.submit(ReadPage(page.id))
    await house.until(lambda: len(house.work.begun) == AT_ONCE[PollSource] + 2)

    await house.runner.stop(0)

    assert len(house.work.begun) == AT_ONCE[PollSource] + 2
    assert {*names} <= {*await house.stores.sources.claim_due(NOON, 100, LEASE)}
    assert [one.id for one in await house.stores.articles.claim_pending(NOON, 9, LEASE)] == ["p1"]
    assert house.stores.articles.kept["p1"].attempts == 1
    assert house.runner.room(PollSource) == 0


async def test_three_restarts_do_not_give_a_healthy_page_up() -> None:
    """Each start claims it, each stop comes before it was read."""
    house = await (await House().with_sources("times")).with_pages("p1")
    for _ in range(4):
        house.runner = InlineRunner(lambda: house.services)
        ticker = Ticker(
            house.stores.sources, house.stores.articles, house.runner, house.clock, Pulse(house.clock.now())
        )
        await ticker.tick()
        await house.runner.stop(0)

    assert (await house.stores.articles.by_ids(["p1"]))[0].text_state is TextState.PENDING
    assert [one.id for one in await house.stores.articles.claim_pending(NOON, 9, LEASE)] == ["p1"]


async def test_what_comes_after_the_stop_is_given_back_at_once() -> None:
    """A tick may have claimed it just before."""
    house = await House().with_sources("a")
    await house.runner.stop(0)
    await house.stores.sources.claim_due(NOON, 1, LEASE)

    await house.runner.submit(PollSource("a"))
    await house.runner.submit(Settle())

    assert await house.stores.sources.claim_due(NOON, 1, LEASE) == ("a",)
    assert house.work.begun == []


async def test_a_stop_ends_even_when_nothing_can_be_given_back() -> None:
    """The database is gone: the claims run out by themselves."""
    house = await House().with_sources("a")
    house.work.hold("a")
    await house.runner.submit(PollSource("a"))
    await house.until(lambda: house.work.begun == ["a"])

    async def refuse(*_ids: str) -> None:
        raise OSError("no database")

    house.stores.sources.release = refuse  # type: ignore[method-assign]  # a store that fails, for one test
    await house.runner.stop(0)

    assert house.reports == []


async def test_the_archive_is_judged_by_new_rules_after_the_round_of_the_old_ones() -> None:
    """What a round of matching that began before an edit finds by the old rules is looked at again behind it."""
    house = House()
    house.work.hold("match")
    await house.runner.submit(Settle())
    await house.until(lambda: house.work.begun == ["match"])
    await house.runner.submit(Rematch())
    await house.runner.submit(Compose())
    await house.until(lambda: "compose" in house.work.begun)
    assert "rematch" not in house.work.begun

    house.work.let_go("match")
    await house.runner.drain()

    assert house.work.begun == ["match", "compose", "rematch"]


# -- for a worker ----------------------------------------------------------------------------------


async def test_as_many_polls_are_made_at_once_as_is_asked_for() -> None:
    house = House(polls=3)
    house.work.hold("a", "b", "c", "d")
    await house.runner.submit(*map(PollSource, "abcd"))
    await house.until(lambda: len(house.work.begun) == 3)

    assert house.runner.room(PollSource) == 3 * WAITING - 4
    house.work.let_go("a", "b", "c", "d")
    await house.runner.drain()
    assert sorted(house.work.begun) == list("abcd")


async def test_who_hands_over_polls_waits_until_they_have_begun_and_not_for_their_end() -> None:
    """So it takes more only when there are places, and a slow host keeps it no longer."""
    house = House(polls=2)
    house.work.hold("a", "b", "c")
    await house.runner.begin(PollSource("a"), PollSource("b"))
    assert house.runner.in_hand == 2

    third = asyncio.create_task(house.runner.begin(PollSource("c")))
    await asyncio.sleep(0)
    assert not third.done()
    house.work.let_go("b")
    await third
    assert "c" in house.work.begun or house.runner.in_hand == 2
    house.work.let_go("a", "c")
    await house.runner.drain()


async def test_who_waits_for_tasks_is_let_go_when_the_runner_stops() -> None:
    """What was not done is given back, and nobody waits for it."""
    house = await House(polls=1).with_sources("a", "b")
    await house.stores.sources.claim_due(NOON, 9, LEASE)
    house.work.hold("a")
    waits = [
        asyncio.create_task(house.runner.complete(PollSource("a"))),
        asyncio.create_task(house.runner.begin(PollSource("b"))),
    ]
    await house.until(lambda: house.work.begun == ["a"])
    await house.runner.stop(0)
    await asyncio.gather(*waits)

    assert await house.stores.sources.claim_due(NOON, 9, LEASE) == ("a", "b")
