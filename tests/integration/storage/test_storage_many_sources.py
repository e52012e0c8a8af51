"""Many sources, several processes: only what differs is written, and claims are fair however many are due."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from crawler.ports import Shares
from crawler.records import SourceState
from tests.integration.storage.making import DAY, HOUR, LEASE, MINUTE, NOON, poll, source, written
from tidings.storage import fairness
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.tables import sources

WIDE = Shares(per_host=8, troubled=100)


def of_sources(found: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those that write to the sources: what they do, and to how many."""
    return [(one.split()[0], rows) for one, rows in found if "sources" in one.split()]


async def hosts_of(database: Database) -> dict[str, str | None]:
    rows = await database.read(lambda c: c.execute(select(sources.c.id, sources.c.host)).all())
    return {row.id: row.host for row in rows}


async def test_a_start_without_changes_writes_nothing(sql: Database) -> None:
    """However many sources there are."""
    stores = Stores(sql)
    configured = [source(f"s{number}", name=f"Paper {number}") for number in range(300)]
    with written(sql) as first:
        await stores.sources.sync(configured, NOON)
    with written(sql) as again:
        await stores.sources.sync(configured, NOON + HOUR)

    assert of_sources(first) == [("INSERT", 300)]
    assert of_sources(again) == []


async def test_of_many_sources_those_that_differ_are_written_at_once(sql: Database) -> None:
    """One statement for those that left, one for those with another address, one for the other changes, one for the new."""
    stores = Stores(sql)
    before = [source(f"s{number:03}") for number in range(90)]
    await stores.sources.sync(before, NOON)
    for one in before:
        await stores.articles.record_poll(poll(by=one.id, url=one.url, state={"etag": '"1"'}))
    named = [replace(one, name="Other") for one in before[:10]]
    moved = [replace(one, url=f"{one.url}/b") for one in before[10:30]]
    paused = [replace(one, paused=True) for one in before[30:40]]
    new = [source(f"t{number}") for number in range(7)]

    with written(sql) as found:
        await stores.sources.sync([*new, *paused, *moved, *named, *before[40:80]], NOON)

    assert sorted(of_sources(found)) == [("INSERT", 7), ("UPDATE", 1), ("UPDATE", 20), ("UPDATE", 20)]
    states = {one.source_id: one for one in await stores.sources.states()}
    assert states.keys() == {one.id for one in (*new, *before[:80])}
    assert {one for one, state in states.items() if state.etag} == {
        one.id for one in (*before[:10], *before[30:80])
    }
    due = await stores.sources.claim_due(NOON, 200, LEASE)
    assert set(due) == {one.id for one in (*new, *moved)}


@pytest.mark.parametrize("left", [False, True])
async def test_two_processes_that_sync_at_once_lose_nothing(sql: Database, left: bool) -> None:
    """Each new source is there once, and one that left meanwhile is out."""
    stores = Stores(sql)
    before = [source(f"s{number}") for number in range(50)]
    await stores.sources.sync(before, NOON)
    after = [replace(one, url=f"{one.url}/b") for one in before[left * 25 :]]
    after += [source(f"t{number}") for number in range(50)]

    await asyncio.gather(
        *(stores.sources.sync(order, NOON) for order in (after, after[::-1], after)),
        *(stores.sources.claim_due(NOON, 5, LEASE) for _ in range(5)),
    )

    assert [one.source_id for one in await stores.sources.states()] == sorted(one.id for one in after)
    assert len(
        {one for _ in range(3) for one in await stores.sources.claim_due(NOON + LEASE, 200, LEASE)}
    ) == len(after)


async def test_the_operators_pause_is_not_undone_by_a_sync(stores: Any) -> None:
    """Nor is what polls learned, where the address is the same."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(state={"etag": '"1"'}))
    await stores.sources.set_paused("times", True)

    await stores.sources.sync([source(name="The Times")], NOON)

    state = await stores.sources.state("times")
    assert (state.operator_paused, state.etag) == (True, '"1"')


async def test_the_host_of_a_source_is_that_of_the_address_that_is_asked(sql: Database) -> None:
    """The configured one, that of a permanent move, and again the configured one."""
    stores = Stores(sql)
    one = source(url="https://times.example/feed")
    await stores.sources.sync([one], NOON)
    assert await hosts_of(sql) == {"times": "times.example"}

    await stores.articles.record_poll(poll(url=one.url, state={"moved_to": "https://cdn.example/feed"}))
    assert await hosts_of(sql) == {"times": "cdn.example"}

    await stores.articles.record_poll(poll(url=one.url))
    assert await hosts_of(sql) == {"times": "times.example"}

    await stores.sources.sync([source(url="https://news.example/feed")], NOON)
    assert await hosts_of(sql) == {"times": "news.example"}


async def test_sources_of_an_older_version_have_no_host_until_they_are_synced(sql: Database) -> None:
    """Their claims are fair all the same; a move noted by a process of that version is made up for."""
    stores = Stores(sql)
    crowd = [source(f"a{n}", url=f"https://tube.example/{n}") for n in range(9)]
    await stores.sources.sync([*crowd, source("b"), source("c")], NOON)
    await stores.articles.record_poll(
        poll(by="c", url=source("c").url, state={"moved_to": "https://tube.example/c", "next_poll_at": NOON})
    )
    await sql.write(lambda c: c.execute(update(sources).values(host=None)))

    few = Shares(per_host=2, troubled=9)
    assert await stores.sources.claim_due(NOON, 20, LEASE, shares=few) == ("a0", "a1", "b")
    assert await stores.sources.claim_due(NOON, 20, LEASE, shares=few) == ()

    await sql.write(
        lambda c: c.execute(update(sources).where(sources.c.id == "c").values(host="old.example"))
    )
    await stores.sources.sync([*crowd, source("b"), source("c")], NOON)
    hosts = await hosts_of(sql)
    assert (hosts["a8"], hosts["b"], hosts["c"]) == ("tube.example", "b.example", "tube.example")


async def test_a_crowd_that_is_longest_due_keeps_no_other_waiting(
    sql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read a few at a time as many at once: eight of each host, in the order in which they became due."""
    stores = Stores(sql)
    crowd = [source(f"a{n:03}", url=f"https://tube{n % 3}.example/{n}") for n in range(150)]
    others = [source(f"b{n:02}") for n in range(40)]
    await stores.sources.sync([*crowd, *others], NOON)
    for number, one in enumerate((*crowd[:120], *others[:30])):
        state = {"next_poll_at": NOON - DAY + number * MINUTE}
        await stores.articles.record_poll(poll(by=one.id, url=one.url, state=state))
    whole = await stores.sources.claim_due(NOON, 500, LEASE, shares=WIDE)
    await stores.sources.release(*whole)
    monkeypatch.setattr(fairness, "FEWEST", 1)

    first = await stores.sources.claim_due(NOON, 3, LEASE, shares=WIDE)
    rest = [one for _ in range(9) for one in await stores.sources.claim_due(NOON, 7, LEASE, shares=WIDE)]

    assert (*first, *rest) == whole
    assert len(whole) == 3 * 8 + 40
    assert whole[:34] == tuple(one.id for one in (*crowd[120:144], *others[30:]))


async def test_trouble_that_is_longest_due_keeps_no_other_waiting(
    sql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failing and slow ones are passed over once their share is in hand, wherever they stand."""
    stores = Stores(sql)
    every = [source(f"s{number:02}") for number in range(60)]
    await stores.sources.sync(every, NOON)
    for number, one in enumerate(every):
        failing = {"failures": 2, "state": SourceState.FAILING} if number < 20 else {}
        state = {"next_poll_at": NOON - DAY + number * MINUTE, **failing}
        await stores.articles.record_poll(poll(by=one.id, url=one.url, state=state))
    monkeypatch.setattr(fairness, "FEWEST", 4)
    shares = Shares(per_host=8, troubled=3, slow=[one.id for one in every[20:40]])

    claimed = await stores.sources.claim_due(NOON, 10, LEASE, shares=shares)

    assert claimed == tuple(one.id for one in (*every[:3], *every[40:47]))


async def test_claimers_side_by_side_keep_to_the_shares_together(sql: Database) -> None:
    """What one chose, the next counts as in hand."""
    stores = Stores(sql)
    await stores.sources.sync(
        [source(f"s{n:03}", url=f"https://h{n % 4}.example/{n}") for n in range(200)], NOON
    )

    shares = await asyncio.gather(*(stores.sources.claim_due(NOON, 10, LEASE, shares=WIDE) for _ in range(6)))

    claimed = [one for share in shares for one in share]
    assert len(claimed) == len(set(claimed)) == 4 * 8
    assert set(Counter(int(one[1:]) % 4 for one in claimed).values()) == {8}


async def test_a_claim_walks_over_no_table(database: Database) -> None:
    """Each of its statements finds its rows by an index, whatever is due."""
    stores = Stores(database)
    await stores.sources.sync(
        [source(f"s{n:03}", url=f"https://h{n % 2}.example/{n}") for n in range(300)], NOON
    )
    ran: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        ran.append((statement, parameters))

    event.listen(database._writing, "before_cursor_execute", hear)
    assert len(await stores.sources.claim_due(NOON, 20, LEASE, shares=WIDE)) == 16
    event.remove(database._writing, "before_cursor_execute", hear)

    def plans(connection: Connection) -> list[str]:
        return [
            str(row[-1])
            for statement, parameters in ran
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    found = await database.read(plans)
    assert len([one for one in found if one.startswith("SEARCH sources USING")]) >= len(ran) >= 5
    assert not [one for one in found if one.startswith("SCAN sources")]
