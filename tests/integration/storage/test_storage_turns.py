"""Turns with hosts: the contract of `TurnStore`, in memory and on PostgreSQL, whose clock goes by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from crawler.ports import Turn, TurnStore, TurnsUnavailable
from tests.fakes.net_site import SetMonotonic
from tests.fakes.turns import MemoryTurns
from tests.integration.storage.conftest import empty
from tidings.storage.engine import Database
from tidings.storage.hosts import forget_hosts
from tidings.storage.stores import Stores
from tidings.storage.turns import SqlTurns
from tidings.storage.worker_tables import host_turns

HOST = "example.org"
SECOND = timedelta(seconds=1)
LONG = 100 * SECOND


class Installation:
    """A store of turns, and the seconds that it counts in."""

    def __init__(self, store: TurnStore, now: Callable[[], float], pass_: Callable[[], object]) -> None:
        self.store = store
        self.now = now
        self.pass_ = pass_  # some milliseconds at least

    async def take(
        self,
        host: str = HOST,
        *,
        spacing: timedelta = LONG,
        late: float = 1,
        lasts: timedelta = LONG,
        waited: bool = True,
    ) -> Turn | None:
        lateness = timedelta(seconds=late)
        return await self.store.take(host, spacing=spacing, late=lateness, lasts=lasts, waited=waited)

    async def turn(self, host: str = HOST, **more: Any) -> Turn:
        turn = await self.take(host, **more)
        assert turn is not None
        return turn


@pytest.fixture(params=["memory", "postgresql"])
def installation(request: pytest.FixtureRequest) -> Installation:
    if request.param == "memory":
        counted = SetMonotonic()

        def pass_() -> None:
            counted.seconds += 0.01

        return Installation(MemoryTurns(counted.now, ahead=5 * LONG), counted.now, pass_)
    database: Database = request.getfixturevalue("postgresql_database")
    empty(database)
    return Installation(SqlTurns(database, ahead=5 * LONG), time.monotonic, lambda: time.sleep(0.01))


@pytest.fixture
def kept(postgresql_database: Database) -> Database:
    empty(postgresql_database)
    return postgresql_database


async def test_starts_follow_each_other_at_their_distance(installation: Installation) -> None:
    """The first may begin at once, whoever asks next after its latest beginning and the distance."""
    before = installation.now()
    first, second = await installation.turn(), await installation.turn()
    other = await installation.turn("example.com")

    assert before <= first.starts_at <= installation.now()
    assert first.starts_at - 0.001 <= first.begin_by - 1 + (installation.now() - before)
    assert second.next_at - first.next_at == LONG + SECOND
    assert second.starts_at - first.starts_at == pytest.approx(101, abs=installation.now() - before + 0.001)
    assert other.starts_at <= installation.now()


async def test_two_are_under_way_at_most_until_one_is_given_back(installation: Installation) -> None:
    first, second = await installation.turn(), await installation.turn()
    assert await installation.take() is None

    await installation.store.give_back(second, None)
    third = await installation.turn()
    assert await installation.take() is None

    await installation.store.give_back(first, first.starts_at)
    await installation.store.give_back(third, None)
    assert (await installation.take(), await installation.take()).count(None) == 0


async def test_who_comes_anew_goes_behind_those_who_were_turned_away(installation: Installation) -> None:
    """Else the place that a process gives back would be its own again, before others ask for it."""
    first, second = await installation.turn(), await installation.turn()
    assert await installation.take() is None
    await installation.store.give_back(first, first.starts_at)
    assert await installation.take(waited=False) is None
    assert await installation.take(waited=True) is not None

    await installation.store.give_back(second, None)  # and now nobody is waiting that is known of
    assert await installation.take(waited=False) is not None


async def test_who_was_turned_away_and_does_not_come_again_is_not_waited_for(
    installation: Installation,
) -> None:
    first, _ = await installation.turn(), await installation.turn()
    assert await installation.take() is None
    turned_away = installation.now()
    await installation.store.give_back(first, first.starts_at)
    while installation.now() < turned_away + 2.2:
        installation.pass_()

    assert await installation.take(waited=False) is not None


async def test_a_turn_that_was_not_used_leaves_its_moment_to_others(installation: Installation) -> None:
    """Unless somebody counts on it already."""
    first, second = await installation.turn(), await installation.turn()
    await installation.store.give_back(second, None)
    third = await installation.turn()
    assert third.next_at == second.next_at

    await installation.store.give_back(first, None)
    fourth = await installation.turn()
    assert fourth.next_at == third.next_at + LONG + SECOND


@pytest.mark.parametrize("told", ["begin", "end"])
async def test_lateness_that_was_not_needed_is_spared_the_others(
    installation: Installation, told: str
) -> None:
    """As soon as it is known when the request began; a beginning that is told after its end changes nothing."""
    first = await installation.turn()
    began = first.starts_at
    if told == "begin":
        await installation.store.begin(first, began)
        second = await installation.turn()
        await installation.store.give_back(first, began)
    else:
        await installation.store.give_back(first, began)
        await installation.store.begin(first, began - 0.2)
        second = await installation.turn()

    spared = first.next_at + LONG + SECOND - second.next_at
    assert spared / SECOND == pytest.approx(first.begin_by - began, abs=0.000_002)
    assert await installation.take() is not None


async def test_a_beginning_later_than_allowed_pushes_the_next_one_back(installation: Installation) -> None:
    first = await installation.turn()
    await installation.store.begin(first, first.begin_by + 2)
    second = await installation.turn()

    late = second.next_at - (first.next_at + LONG + SECOND)
    assert late / SECOND == pytest.approx(2, abs=0.000_002)


async def test_nobody_counts_on_a_moment_far_ahead(installation: Installation) -> None:
    """It may come nearer: a holder elsewhere who may begin for a long time yet does so at once as a rule."""
    first = await installation.store.take(HOST, spacing=SECOND, late=6 * LONG, lasts=LONG)
    assert first is not None
    assert await installation.take(spacing=SECOND) is None

    await installation.store.begin(first, first.starts_at)
    second = await installation.take(spacing=SECOND)
    assert second is not None
    assert second.starts_at - first.starts_at == pytest.approx(
        1, abs=installation.now() - first.starts_at + 0.001
    )


async def test_the_turns_of_a_process_that_died_end_by_themselves(installation: Installation) -> None:
    nothing = timedelta(0)
    for _ in range(2):
        assert await installation.take(spacing=nothing, late=0, lasts=SECOND / 5) is not None
    died = installation.now()
    while await installation.take(spacing=nothing, late=0) is None:
        installation.pass_()

    assert installation.now() - died >= 0.15


async def test_what_has_ended_by_itself_frees_nobody_elses_place(installation: Installation) -> None:
    """Its holder was slow, not dead, and gives it back when others have the host."""
    nothing = timedelta(0)
    slow = await installation.turn(spacing=nothing, late=0, lasts=SECOND / 100)
    while installation.now() < slow.starts_at + 0.02:
        installation.pass_()
    for _ in range(2):
        assert await installation.take(spacing=nothing, late=0) is not None
    await installation.store.give_back(slow, slow.starts_at)

    assert await installation.take(spacing=nothing, late=0) is None


async def test_who_needs_more_distance_has_it_from_whatever_was_before(installation: Installation) -> None:
    """Only one process may know of a Crawl-delay; one that is over counts like one under way."""
    for ended in (False, True):
        first = await installation.store.take(str(ended), spacing=SECOND / 100, late=SECOND, lasts=LONG)
        assert first is not None
        began = first.starts_at if ended else first.begin_by
        if ended:
            await installation.store.give_back(first, began)
        careful = await installation.turn(str(ended))
        spared = first.begin_by - began
        apart = (careful.next_at - first.next_at) / SECOND + 0.01 + spared  # from the beginning of the first
        assert apart == pytest.approx(100 + 101, abs=0.000_002)


async def test_many_at_once_get_two_turns(installation: Installation) -> None:
    """With a host that nobody asked before."""
    took = await asyncio.gather(*(installation.take() for _ in range(20)))
    given = [turn for turn in took if turn is not None]

    assert len(given) == 2
    assert given[0].next_at != given[1].next_at


@pytest.mark.parametrize(
    "name",
    [
        "a" * 100_000,
        "ä" * 3000,
        "nul\0and\ud800half",
        "'; DROP TABLE host_turns; --",
        "%(name)s %s :name",
        "",
    ],
)
async def test_a_host_may_have_any_name(installation: Installation, name: str) -> None:
    """And is no other for it, however long what they have in common."""
    for host in (name, name + "b"):
        first, second = await installation.turn(host), await installation.turn(host)
        assert second.next_at - first.next_at == LONG + SECOND
        await installation.store.give_back(first, None)
        assert await installation.take(host) is not None


async def test_moments_of_a_clock_that_was_ahead_hold_nobody_up(kept: Database) -> None:
    """The clock of the server was set back."""
    day = sqlalchemy.func.now() + timedelta(days=1)
    values = {"host": HOST, "next_at": day, "first_until": day, "second_until": day}
    await kept.write(lambda connection: connection.execute(host_turns.insert().values(values)).rowcount)

    turn = await SqlTurns(kept).take(HOST, spacing=SECOND, late=SECOND, lasts=SECOND)
    assert turn is not None
    assert turn.starts_at <= time.monotonic()


async def test_hosts_that_were_not_asked_for_long_are_forgotten(kept: Database) -> None:
    """By the server's clock, whatever this machine's says."""
    now = sqlalchemy.func.now()
    for host, age in (("old.example", timedelta(days=2)), ("new.example", timedelta(hours=2))):
        row = host_turns.insert().values(host=host, next_at=now - age)
        await kept.write(lambda connection, row=row: connection.execute(row).rowcount)  # type: ignore[misc]  # of the default, which mypy cannot infer

    database_time = await kept.read(
        lambda connection: connection.execute(sqlalchemy.select(now)).scalar_one()
    )
    dropped = await kept.write(lambda connection: forget_hosts(connection, database_time + timedelta(days=1)))
    left = await kept.read(
        lambda connection: connection.execute(sqlalchemy.select(host_turns.c.host)).scalars().all()
    )
    assert (dropped, left) == (1, ["new.example"])


async def test_no_commit_of_a_turn_waits_for_the_disk(kept: Database) -> None:
    """The table is not in the log; a server that crashes empties it."""
    is_logged = "SELECT relpersistence FROM pg_class WHERE oid = 'host_turns'::regclass"
    assert await kept.read(lambda c: c.exec_driver_sql(is_logged).scalar_one()) == "u"


async def test_a_database_that_cannot_be_asked_is_told_apart(postgres: str, tmp_path: Path) -> None:
    database = Database.open(postgres, state_dir=tmp_path)
    turns = SqlTurns(database)
    turn = await turns.take("shut.example", spacing=SECOND, late=SECOND, lasts=SECOND)
    assert turn is not None
    database.close()

    with pytest.raises(TurnsUnavailable, match="closed"):
        await turns.take("shut.example", spacing=SECOND, late=SECOND, lasts=SECOND)
    with pytest.raises(TurnsUnavailable):
        await turns.give_back(turn, None)


async def test_a_turn_waits_for_no_other_work(kept: Database) -> None:
    """All threads that write are held up, by a lock that somebody has."""
    go = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stuck(connection: sqlalchemy.Connection) -> None:
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

    writes = [asyncio.create_task(kept.write(stuck)) for _ in range(8)]
    try:
        async with asyncio.timeout(60):
            assert await SqlTurns(kept).take(HOST, spacing=SECOND, late=SECOND, lasts=SECOND) is not None
        assert not any(write.done() for write in writes)
    finally:
        go.set()
        await asyncio.gather(*writes)


async def test_one_daemon_of_a_file_shares_with_nobody(sqlite_database: Database) -> None:
    assert Stores(sqlite_database).turns is None
