"""What hosts said of how they want to be asked: the contract of `HostStore`, on every store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import sqlalchemy

from crawler.ports import RobotsFile
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.tables import host_holds, host_pages, robots_files

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGIN = "https://example.org:443"


def file(text: str | None = "User-agent: *\nDisallow: /", **more: Any) -> RobotsFile:
    facts = {"origin": ORIGIN, "text": text, "fetched_at": NOON, "until": NOON + 24 * HOUR}
    return RobotsFile(**{**facts, **more})


async def test_a_hold_is_known_until_it_ends(stores: Any) -> None:
    """Any number of hosts, each with a moment of its own, in UTC."""
    assert await stores.hosts.holds(NOON) == {}
    await stores.hosts.hold("a.example", NOON + HOUR)
    await stores.hosts.hold("b.example", (NOON + 2 * HOUR).astimezone(timezone(5 * HOUR)))

    assert await stores.hosts.holds(NOON) == {"a.example": NOON + HOUR, "b.example": NOON + 2 * HOUR}
    assert await stores.hosts.holds(NOON + HOUR) == {"b.example": NOON + 2 * HOUR}
    assert await stores.hosts.holds(NOON + 2 * HOUR) == {}


async def test_the_later_end_of_two_holds_stays(stores: Any) -> None:
    """Whichever comes last."""
    for hours in (2, 3, 1):
        await stores.hosts.hold("a.example", NOON + hours * HOUR)

    assert await stores.hosts.holds(NOON) == {"a.example": NOON + 3 * HOUR}


async def test_two_processes_may_hold_a_host_at_once(stores: Any) -> None:
    """Neither fails, and the later end stays."""
    await asyncio.gather(*(stores.hosts.hold("a.example", NOON + n * HOUR) for n in (1, 4, 2, 3)))

    assert await stores.hosts.holds(NOON) == {"a.example": NOON + 4 * HOUR}


async def test_a_robots_txt_comes_back_as_it_was_kept(stores: Any) -> None:
    """With its text, without any, or with the reason why it cannot be had; an origin is one with its port."""
    kept = (
        file("User-agent: *\nDisallow: /नीति\n" + "# filler\n" * 50_000),
        file(None, origin="http://example.org:80"),
        file("", origin="http://[2001:4860::1]:80"),
        file(None, origin="https://example.org:8443", problem="503", until=NOON + HOUR),
    )
    for one in kept:
        await stores.hosts.keep_robots(one)

    for one in kept:
        assert await stores.hosts.robots(one.origin) == one
    assert await stores.hosts.robots("https://example.com:443") is None


async def test_a_later_robots_txt_takes_the_place_of_the_one_before(stores: Any) -> None:
    """One that cannot be had any more included."""
    later = file(None, problem="away", fetched_at=NOON + HOUR, until=NOON + 2 * HOUR)
    for one in (file(), later):
        await stores.hosts.keep_robots(one)

    assert await stores.hosts.robots(ORIGIN) == later


async def test_text_that_no_database_holds_is_kept_without_what_cannot_be(sql: Database) -> None:
    """A hostile robots.txt fails no page."""
    hosts = Stores(sql).hosts
    await hosts.keep_robots(file("User-agent: *\x00\nDisallow: /\udc80"))

    found = await hosts.robots(ORIGIN)
    assert found is not None
    assert found.text == "User-agent: *\ufffd\nDisallow: /\ufffd"


async def test_housekeeping_drops_what_counts_no_longer(sql: Database) -> None:
    """Holds that ended, those of a clock far ahead, and robots.txt files that are to be asked for again."""
    stores = Stores(sql)
    await stores.hosts.hold("ahead.example", NOON + 365 * 24 * HOUR)
    await stores.hosts.hold("a.example", NOON)
    await stores.hosts.hold("b.example", NOON + HOUR)
    await stores.hosts.keep_robots(file(until=NOON))
    await stores.hosts.keep_robots(file(origin="https://b.example:443", until=NOON + HOUR))

    await stores.retention.purge(NOON, unmatched=None, text=None, matched=None)

    def left(connection: sqlalchemy.Connection) -> tuple[list[str], list[str]]:
        columns = (host_holds.c.host, robots_files.c.origin)
        return tuple(list(connection.execute(sqlalchemy.select(one)).scalars()) for one in columns)  # type: ignore[return-value]  # of two

    assert await sql.read(left) == (["b.example"], ["https://b.example:443"])


async def test_a_page_is_counted_unless_enough_were_in_24_hours(stores: Any) -> None:
    """The hour in which they begin counts as a whole; each host by itself."""
    count = stores.hosts.count_page
    start = NOON + timedelta(minutes=59)
    assert [await count("a.example", start, most=2) for _ in range(3)] == [True, True, False]
    assert await count("b.example", start, most=2)
    assert not await count("a.example", start + 24 * HOUR, most=2)
    assert await count("a.example", NOON + 25 * HOUR, most=2)


async def test_what_is_not_bound_counts_for_the_others(stores: Any) -> None:
    """A page that is asked for in any case uses the budget up."""
    count = stores.hosts.count_page
    assert [await count("a.example", NOON, most=None) for _ in range(3)] == [True, True, True]
    assert not await count("a.example", NOON, most=3)
    assert not await count("c.example", NOON, most=0)


async def test_a_page_that_was_not_asked_for_after_all_is_taken_back(stores: Any) -> None:
    """Under the hour in which it was counted; there are never fewer than none."""
    await stores.hosts.count_page("a.example", NOON, most=1)
    for _ in range(2):
        await stores.hosts.uncount_page("a.example", NOON + timedelta(minutes=5))

    assert [await stores.hosts.count_page("a.example", NOON, most=1) for _ in range(2)] == [True, False]


async def test_pages_counted_at_once_never_pass_the_bound(stores: Any) -> None:
    """However many ask together."""
    asked = (stores.hosts.count_page("a.example", NOON, most=7) for _ in range(30))
    assert sum(await asyncio.gather(*asked)) == 7


async def test_counts_of_pages_are_dropped_when_they_count_no_longer(sql: Database) -> None:
    """The table stays small."""
    stores = Stores(sql)
    await stores.hosts.count_page("a.example", NOON, most=None)
    await stores.hosts.count_page("a.example", NOON + HOUR, most=None)
    await stores.retention.purge(NOON + 25 * HOUR, unmatched=None, text=None, matched=None)

    def hours(connection: sqlalchemy.Connection) -> list[datetime]:
        return list(connection.execute(sqlalchemy.select(host_pages.c.hour)).scalars())

    assert await sql.read(hours) == [NOON + HOUR]


async def test_what_recurs_on_a_host_is_kept_in_the_place_of_what_was(stores: Any) -> None:
    """Each host for itself; of one never read nothing is known."""
    await stores.hosts.keep_habits("a.example", b"first", NOON)
    await stores.hosts.keep_habits("a.example", b"\x00second\xff", NOON + HOUR)

    assert await stores.hosts.habits("a.example") == b"\x00second\xff"
    assert await stores.hosts.habits("b.example") == b""


async def test_the_habits_of_a_host_that_is_read_no_more_are_dropped(sql: Database) -> None:
    """After 400 days."""
    stores = Stores(sql)
    await stores.hosts.keep_habits("a.example", b"old", NOON)
    await stores.hosts.keep_habits("b.example", b"new", NOON + timedelta(days=30))

    await stores.retention.purge(NOON + timedelta(days=401), unmatched=None, text=None, matched=None)

    assert [await stores.hosts.habits(host) for host in ("a.example", "b.example")] == [b"", b"new"]
