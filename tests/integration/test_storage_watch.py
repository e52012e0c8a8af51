"""A database that cannot be written to, or is no more: what kind of trouble it is, and how the daemon lives through it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from alerts.messages import DeliveryState
from tests.fakes.clock import NOON
from tests.integration.storage.making import LEASE, delivery, message
from tidings.pulse import Pulse
from tidings.storage.engine import FILE, Database
from tidings.storage.errors import (
    Damaged,
    Faulty,
    Fenced,
    Full,
    Gone,
    Locked,
    ReadOnly,
    StorageError,
    Unwritable,
    said,
)
from tidings.storage.lanes import Waits
from tidings.storage.room import FLOOR, Room, room
from tidings.storage.stores import Stores
from tidings.storage_watch import TOLD_FOR, WORTH_TELLING, StorageWatch
from tidings.troubles import DISK, LOW, STORAGE

MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


class Disk:
    """What the guard of the database says, and how much room there is."""

    def __init__(self) -> None:
        self.fault: StorageError | None = None
        self.free = 10 * FLOOR

    def guard(self, _: Connection) -> None:
        if self.fault is not None:
            raise self.fault

    def look(self, _: Path) -> Room:
        return Room(free=self.free, writable=True)


class House:
    def __init__(self, stores: Stores, folder: Path) -> None:
        self.stores, self.clock, self.disk = stores, Clock(), Disk()
        self.pulse = Pulse(NOON)
        self.watch = StorageWatch(stores, self.pulse, self.clock, folder, look=self.disk.look)
        stores.database.guard(self.disk.guard)

    async def noticed(self) -> list[tuple[str, str]]:
        return [(one.kind, one.subject) for one in await self.stores.troubles.noticed()]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = Database.open("sqlite", state_dir=tmp_path, waits=Waits(busy=0.05, patience=0.1))
    yield House(Stores(database), tmp_path)
    database.close()


async def fail(house: House, fault: StorageError) -> None:
    house.disk.fault = fault
    with pytest.raises(type(fault)):
        await house.stores.sources.release("a")


# -- kinds -----------------------------------------------------------------------------------------


def test_what_sqlite_says_is_sorted_by_what_it_asks_for(tmp_path: Path) -> None:
    """By faults that SQLite really has: no room, a file that may only be read, one that is no database, a lock."""
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t (x)")
        made.execute("PRAGMA max_page_count=2")
        with pytest.raises(sqlite3.OperationalError) as full:
            made.execute("INSERT INTO t VALUES (zeroblob(100000))")
    only_read = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as read_only:
        only_read.execute("INSERT INTO t VALUES (1)")
    only_read.close()
    (tmp_path / "b.sqlite").write_bytes(b"no database at all" * 100)
    garbage = sqlite3.connect(tmp_path / "b.sqlite")
    with pytest.raises(sqlite3.DatabaseError) as none:
        garbage.execute("SELECT * FROM t")
    garbage.close()
    with pytest.raises(sqlite3.OperationalError) as nowhere:
        sqlite3.connect(tmp_path / "no" / "such" / "folder.sqlite")
    first, second = (sqlite3.connect(path, timeout=0, isolation_level=None) for _ in range(2))
    first.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        second.execute("BEGIN IMMEDIATE")
    first.close()
    second.close()

    found = {type(said(one.value)) for one in (full, read_only, none, nowhere, locked)}

    assert found == {Full, ReadOnly, Damaged, Faulty, Locked}
    for one in (full, read_only, none, nowhere, locked):
        words = str(said(one.value))
        assert "; " in words, words  # a remedy
        assert "INSERT" not in words


def test_a_server_that_is_full_or_a_standby_is_sorted_likewise() -> None:
    class Said(Exception):
        def __init__(self, sqlstate: str) -> None:
            super().__init__("could not extend file")
            self.sqlstate = sqlstate

    assert [type(said(Said(code))) for code in ("53100", "25006", "42601")] == [Full, ReadOnly, StorageError]


# Where a page of a table is broken: its header, so that nothing of it can be read.
BROKEN = b"\xff" * 8


def break_table(path: Path, table: str) -> bytes:
    """Flip what stands on the first page of a table; the whole file as it is then."""
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : (page - 1) * size + len(BROKEN)] = BROKEN
    path.write_bytes(content)
    return bytes(content)


async def test_a_file_with_flipped_bytes_ends_the_process_at_the_first_step_that_meets_them(
    tmp_path: Path,
) -> None:
    """SQLite says so of a real file; nothing more is written to it, and the way to restore is told."""
    Database.open("sqlite", state_dir=tmp_path).close()
    content = break_table(tmp_path / FILE, "noticed_troubles")
    database = Database.open("sqlite", state_dir=tmp_path, waits=Waits(busy=0.05, patience=0.1))
    house = House(Stores(database), tmp_path)

    with pytest.raises(Damaged, match="tidings db restore"):
        await house.stores.troubles.notice("work", "x", "y", NOON)
    assert house.watch.ruined.is_set()
    with pytest.raises(Damaged):
        await house.stores.sources.release("a")
    assert not await house.watch.tick()
    database.close()
    assert (tmp_path / FILE).read_bytes() == content


async def test_after_an_unclean_stop_a_file_with_flipped_bytes_is_not_opened(tmp_path: Path) -> None:
    """And is left as it is. After a clean stop it is opened, for reading it all takes long: `db check` does so."""
    Database.open("sqlite", state_dir=tmp_path).close()
    content = break_table(tmp_path / FILE, "noticed_troubles")
    (tmp_path / f"{FILE}.inuse").write_bytes(b"in use\n")

    with pytest.raises(Damaged, match="tidings db restore"):
        Database.open("sqlite", state_dir=tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


async def test_a_database_of_rubbish_is_refused_with_the_way_to_restore_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\x00rubbish" * 1000)

    with pytest.raises(Damaged, match="tidings db restore"):
        Database.open("sqlite", state_dir=tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"\x00rubbish" * 1000


# -- nothing can be written ------------------------------------------------------------------------


async def test_a_full_disk_is_told_once_and_over_when_something_can_be_written(house: House) -> None:
    with capture_logs() as lines:
        for _ in range(3):
            await fail(house, Full("the disk is full; make room"))
            assert not await house.watch.tick()
        assert house.pulse.storage is not None
        assert house.pulse.storage.since == NOON
        house.disk.fault = None
        assert await house.watch.tick()
    assert house.pulse.storage is None
    assert [line["event"] for line in lines] == [
        "nothing can be written; no polls are begun until it can",
        "the database can be written to again",
    ]


async def test_the_operator_is_told_afterwards_of_a_trouble_that_lasted(house: House) -> None:
    """A short one is nobody's business; a long one is noticed until it was told, with its time."""
    for lasted, told in ((WORTH_TELLING - MINUTE, False), (WORTH_TELLING, True)):
        await fail(house, Unwritable("the disk failed"))
        house.clock.time += lasted
        house.disk.fault = None
        assert await house.watch.tick()
        assert ((STORAGE, DISK) in await house.noticed()) is told
    (noticed,) = await house.stores.troubles.noticed()
    assert "from 25 Nov 2026" in noticed.reason
    house.clock.time += TOLD_FOR
    await house.watch.tick()
    assert await house.noticed() == []


async def test_with_little_room_nothing_new_is_collected_and_the_rest_goes_on(house: House) -> None:
    house.disk.free = FLOOR - 1
    assert await house.watch.tick()
    assert (house.pulse.collecting, await house.noticed()) == (False, [(STORAGE, LOW)])

    house.disk.free = FLOOR
    assert await house.watch.tick()
    assert (house.pulse.collecting, await house.noticed()) == (True, [])


async def test_that_there_is_little_room_is_noticed_as_soon_as_it_can_be_written_down(house: House) -> None:
    """And that there is room again, also where an earlier process noticed that there was none."""
    await house.stores.troubles.notice(STORAGE, LOW, "of an earlier process", NOON)
    await house.watch.tick()
    assert await house.noticed() == []

    for free, noticed in ((FLOOR - 1, [(STORAGE, LOW)]), (FLOOR, [])):
        house.disk.free, house.disk.fault = free, Full("the disk is full")
        with pytest.raises(Full):
            await house.watch.tick()
        assert house.pulse.collecting is (free >= FLOOR)
        house.disk.fault = None
        await house.watch.tick()
        assert await house.noticed() == noticed


def test_room_is_asked_of_the_system(tmp_path: Path) -> None:
    found = room(tmp_path)
    assert found is not None
    assert found.free > 0
    assert found.writable
    assert room(tmp_path / "nowhere") is None


# -- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Damaged("the database is damaged"), Fenced("another has taken over")])
async def test_where_going_on_would_harm_the_process_is_to_end_and_nothing_more_is_written(
    house: House, fault: StorageError
) -> None:
    await fail(house, fault)
    house.disk.fault = None

    assert house.watch.ruined.is_set()
    assert house.watch.ruin is fault
    with pytest.raises(type(fault)):
        await house.stores.troubles.notice("work", "x", "y", NOON)
    assert not await house.watch.tick()


async def test_a_file_that_is_replaced_under_it_is_noticed(house: House, tmp_path: Path) -> None:
    (tmp_path / FILE).rename(tmp_path / "aside")
    (tmp_path / FILE).write_bytes((tmp_path / "aside").read_bytes())

    assert not await house.watch.tick()
    assert isinstance(house.watch.ruin, Gone)


# -- marks that are owed ---------------------------------------------------------------------------


async def test_what_went_out_while_nothing_could_be_written_is_not_handed_out_again(house: House) -> None:
    """However long the disk was full: its lease is long over when there is room again."""
    deliveries = house.stores.deliveries
    await deliveries.add(message("k"), [delivery(1, message_key="k"), delivery(2, message_key="k")])
    (one, _), (other, _) = await deliveries.claim_due(NOON, 9, LEASE)
    house.disk.fault = Full("the disk is full")
    with pytest.raises(Full):
        await deliveries.sent(one.id, now=NOON, answer="250 taken")

    later = NOON + 10 * LEASE
    with pytest.raises(Full):
        await deliveries.claim_due(later, 9, LEASE)
    house.disk.fault = None
    await deliveries.waiting(NOON)  # asked at each tick: it is kept as soon as it can be, also before a stop
    kept = await deliveries.get(one.id)
    assert kept is not None
    assert kept[0].state is DeliveryState.SENT
    claimed = await deliveries.claim_due(later, 9, LEASE)

    assert [found.id for found, _ in claimed] == [other.id]
    kept = await deliveries.get(one.id)
    assert kept is not None
    assert (kept[0].state, kept[0].sent_at, kept[0].answer) == (DeliveryState.SENT, NOON, "250 taken")


async def test_a_claim_that_could_not_be_given_back_is_given_back_afterwards(house: House) -> None:
    """It does not wait for its lease to end."""
    deliveries = house.stores.deliveries
    await deliveries.add(message("k"), [delivery(1, message_key="k")])
    ((one, _),) = await deliveries.claim_due(NOON, 9, LEASE)
    house.disk.fault = Full("the disk is full")
    with pytest.raises(Full):
        await deliveries.release(one.id)
    house.disk.fault = None

    assert [found.id for found, _ in await deliveries.claim_due(NOON, 9, LEASE)] == [one.id]


async def test_what_is_put_off_or_given_up_meanwhile_is_so_afterwards(house: House) -> None:
    """It does not come again at once because that could not be written."""
    deliveries = house.stores.deliveries
    await deliveries.add(message("k"), [delivery(1, message_key="k"), delivery(2, message_key="k")])
    (one, _), (other, _) = await deliveries.claim_due(NOON, 9, LEASE)
    later = NOON + 10 * LEASE
    house.disk.fault = Full("the disk is full")
    with pytest.raises(Full):
        await deliveries.later(one.id, at=later + MINUTE, error="451 later")
    with pytest.raises(Full):
        await deliveries.park(other.id, now=NOON, error="550 no")
    house.disk.fault = None

    assert await deliveries.claim_due(later, 9, LEASE) == ()
    assert [found.id for found, _ in await deliveries.claim_due(later + MINUTE, 9, LEASE)] == [one.id]


async def test_a_file_that_is_locked_for_a_while_is_waited_for(tmp_path: Path) -> None:
    """And the daemon knows that it waits."""
    database = Database.open("sqlite", state_dir=tmp_path, waits=Waits(busy=0.02, patience=30))
    other: Any = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    writing = asyncio.create_task(Stores(database).sources.release("a"))
    async with asyncio.timeout(20):
        while not database.waits:
            await asyncio.sleep(0.01)
    other.execute("ROLLBACK")
    other.close()
    await writing
    assert not database.waits
    database.close()
