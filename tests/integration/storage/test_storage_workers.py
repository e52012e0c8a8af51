"""Claims in somebody's name, and workers that die: on PostgreSQL, where work is shared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.records import Source, SourceKind, TextState
from tests.fakes.clock import NOON
from tests.integration.storage.conftest import empty
from tests.integration.storage.making import article, poll
from tidings.storage.claims import QUEUE
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.workers import Worker

LEASE = timedelta(minutes=10)
NEVER, AT_ONCE = timedelta(hours=1), timedelta(microseconds=-1)


@pytest.fixture
def installation(
    postgresql_database: Database, postgres: str, tmp_path: Path
) -> Iterator[tuple[Stores, Stores, Stores]]:
    """A scheduler and two workers, each with connections of its own."""
    empty(postgresql_database)
    opened = [Database.open(postgres, state_dir=tmp_path) for _ in range(3)]
    for database, holder in zip(opened, (QUEUE, "first", "second"), strict=True):
        database.holder = holder
    yield Stores(opened[0]), Stores(opened[1]), Stores(opened[2])
    for database in opened:
        database.close()


def worker(name: str) -> Worker:
    return Worker(id=name, host="here", process=1, version="0", since=NOON, places=5)


async def with_sources(stores: Stores, *names: str) -> None:
    some = [Source(id=name, kind=SourceKind.FEED, url=f"https://{name}.example/") for name in names]
    await stores.sources.sync(some, NOON)


async def test_what_is_on_the_queue_is_begun_once(installation: tuple[Stores, Stores, Stores]) -> None:
    """Two workers that were given the same job: the second finds nothing of it left."""
    scheduler, first, second = installation
    await with_sources(scheduler, "a", "b", "c")
    assert await scheduler.sources.claim_due(NOON, 10, LEASE) == ("a", "b", "c")
    claim, until = NOON + LEASE, NOON + 2 * LEASE

    assert await first.claims.begin_polls(("b", "a"), claim, until) == ("b", "a")
    assert await second.claims.begin_polls(("a", "b", "c"), claim, until) == ("c",)
    assert await scheduler.sources.claim_due(NOON, 10, LEASE) == ()


async def test_a_job_that_waited_beyond_its_claim_does_nothing(
    installation: tuple[Stores, Stores, Stores],
) -> None:
    """The source was claimed anew meanwhile, and is that job's."""
    scheduler, first, _ = installation
    await with_sources(scheduler, "a")
    await scheduler.sources.claim_due(NOON, 10, LEASE)
    later = NOON + LEASE + timedelta(minutes=1)
    assert await scheduler.sources.claim_due(later, 10, LEASE) == ("a",)

    assert await first.claims.begin_polls(("a",), NOON + LEASE, later) == ()
    assert await first.claims.begin_polls(("a",), later + LEASE, later + LEASE) == ("a",)


async def test_what_a_dead_worker_held_is_free_and_what_others_hold_is_not(
    installation: tuple[Stores, Stores, Stores],
) -> None:
    scheduler, first, second = installation
    await with_sources(scheduler, "a", "b", "c")
    await scheduler.sources.claim_due(NOON, 10, LEASE)
    await first.claims.begin_polls(("a",), NOON + LEASE, NOON + LEASE)
    await second.claims.begin_polls(("b",), NOON + LEASE, NOON + LEASE)
    await first.workers.sign(worker("first"))

    assert await second.workers.bury(NEVER) == ()
    (buried,) = await second.workers.bury(AT_ONCE)

    assert (buried.worker.id, buried.freed) == ("first", 1)
    assert await scheduler.sources.claim_due(NOON, 10, LEASE) == ("a",)
    assert await second.workers.all() == ()


async def test_a_worker_that_leaves_gives_back_what_it_holds(
    installation: tuple[Stores, Stores, Stores],
) -> None:
    scheduler, first, _ = installation
    await with_sources(scheduler, "a")
    await scheduler.sources.claim_due(NOON, 10, LEASE)
    await first.claims.begin_polls(("a",), NOON + LEASE, NOON + LEASE)
    await first.workers.sign(worker("first"))
    await first.workers.leave("first")

    assert await scheduler.sources.claim_due(NOON, 10, LEASE) == ("a",)
    assert await scheduler.workers.all() == ()


async def test_a_worker_says_what_it_does_and_its_silence_is_measured_by_the_database(
    installation: tuple[Stores, Stores, Stores],
) -> None:
    """Whatever the clocks of the machines say."""
    _, first, second = installation
    await first.workers.sign(worker("first"))
    await first.workers.sign(
        Worker(
            id="first", host="here", process=1, version="0", since=NOON, places=5, doing=2, done=7, memory=9,
            counts={"polls": 7}, slow=("a",),
        )
    )  # fmt: skip
    (found,) = await second.workers.all()

    assert (found.doing, found.done, found.memory, found.counts, found.slow) == (
        2,
        7,
        9,
        {"polls": 7},
        ("a",),
    )
    assert timedelta(0) <= found.silence < timedelta(minutes=1)


async def test_of_a_page_on_the_queue_only_the_attempt_that_was_begun_counts(
    installation: tuple[Stores, Stores, Stores],
) -> None:
    """So workers that are down for an hour put no page into quarantine, and a page that kills three of them is."""
    scheduler, first, second = installation
    await scheduler.articles.record_poll(poll(article(1, text_state=TextState.PENDING)))
    page_id = article(1).id
    moment = NOON
    for _ in range(5):
        (page,) = await scheduler.articles.claim_pending(moment, 10, LEASE)
        moment += LEASE + timedelta(seconds=1)
    assert page.id == page_id

    for attempt in range(3):
        (page,) = await scheduler.articles.claim_pending(moment, 10, LEASE)
        assert await first.claims.begin_page(page.id, moment + LEASE, moment + 2 * LEASE), attempt
        assert not await second.claims.begin_page(page.id, moment + LEASE, moment + 2 * LEASE)
        await first.workers.sign(worker("first"))
        await second.workers.bury(AT_ONCE)
    assert await scheduler.articles.claim_pending(moment, 10, LEASE) == ()
    (crashed,) = await scheduler.crashes.all()
    assert crashed.quarantined


async def test_a_page_that_is_given_back_was_not_tried(installation: tuple[Stores, Stores, Stores]) -> None:
    """Neither by who put it on the queue nor by who had begun it."""
    scheduler, first, _ = installation
    await scheduler.articles.record_poll(poll(article(1, text_state=TextState.PENDING)))
    page_id = article(1).id
    for _ in range(4):
        await scheduler.articles.claim_pending(NOON, 10, LEASE)
        await scheduler.articles.release(page_id)
        await scheduler.articles.claim_pending(NOON, 10, LEASE)
        assert await first.claims.begin_page(page_id, NOON + LEASE, NOON + LEASE)
        await first.articles.release(page_id)

    (page,) = await scheduler.articles.claim_pending(NOON, 10, LEASE)
    assert page.id == page_id
