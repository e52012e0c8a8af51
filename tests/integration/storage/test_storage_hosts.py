"""What hosts said of how they want to be asked: the contract of `HostStore`, on every store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import sqlalchemy

from crawler.ports import RobotsFile
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.tables import host_holds, robots_files

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
    """Holds that ended, and robots.txt files that are to be asked for again."""
    stores = Stores(sql)
    await stores.hosts.hold("a.example", NOON)
    await stores.hosts.hold("b.example", NOON + HOUR)
    await stores.hosts.keep_robots(file(until=NOON))
    await stores.hosts.keep_robots(file(origin="https://b.example:443", until=NOON + HOUR))

    await stores.retention.purge(NOON, unmatched=None, text=None, matched=None)

    def left(connection: sqlalchemy.Connection) -> tuple[list[str], list[str]]:
        columns = (host_holds.c.host, robots_files.c.origin)
        return tuple(list(connection.execute(sqlalchemy.select(one)).scalars()) for one in columns)  # type: ignore[return-value]  # of two

    assert await sql.read(left) == (["b.example"], ["https://b.example:443"])
