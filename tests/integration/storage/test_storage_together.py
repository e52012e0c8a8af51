"""What belongs together is written together: more of it makes statements longer, not more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from alerts.records import Watchlist
from crawler.records import Edit
from tests.fakes.clock import NOON
from tests.integration.storage.making import (
    DAY,
    HOUR,
    article,
    freeze,
    message,
    plan,
    poll,
    slot,
    source,
    told_and_matched,
    written,
)
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

FEW, MANY = 3, 40


def counted(found: Sequence[tuple[str, int]]) -> Counter[str]:
    """How many statements of a kind; one that writes many rows counts once."""
    return Counter(statement for statement, _ in found)


def edit(number: int, title: str) -> Edit:
    return Edit(
        article_id=article(number).id,
        title=title,
        summary="",
        content="",
        updated_at=NOON + HOUR,
        reread=number % 2 == 0,
    )


@pytest.mark.parametrize("told", [False, True])
async def test_edits_of_a_poll(sql: Database, told: bool) -> None:
    """Also of articles of which the readers of two channels are to be told anew."""
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON - DAY)
    some = [article(number, title=f"Fire kills {number} in Delhi") for number in range(FEW + MANY)]
    await told_and_matched(stores, *some)
    if told:
        versions = tuple((one.id, 1) for one in some)
        assert await freeze(
            stores, slot(), until=NOON, message=message(), to=("desk", "press"), now=NOON, versions=versions
        )
    counts = []
    for numbers in (range(FEW), range(FEW, FEW + MANY)):
        edits = tuple(edit(number, f"Fire kills {number + 100} in Delhi") for number in numbers)
        with written(sql) as found:
            await stores.articles.record_poll(poll(edits=edits, at=NOON + HOUR))
        counts.append(counted(found))

    few, many = counts
    assert few["UPDATE articles SET"] >= 1
    assert few["INSERT INTO article_versions"] == 1
    assert few["INSERT INTO article_changes"] == told
    assert many == few
    now = [await stores.articles.get(one.id) for one in some]
    assert [one.version for one in now if one is not None] == [2] * len(some)


async def test_watchlists_that_come_into_force(sql: Database) -> None:
    """New ones, those of before that come back, and those that are gone or lie elsewhere now."""
    edits, counts = Stores(sql).edits, []
    for number in (FEW, MANY):
        lists = [
            Watchlist(
                id=f"w{one}", title="W", version=f"{number:04}{one:08}", text="a: b", path="a", initiatives=()
            )
            for one in range(4 * number)
        ]
        first, second = lists[: 2 * number], lists[number:]
        elsewhere = [Watchlist(id=one.id, title="W", version=one.version, text=one.text, path="b", initiatives=()) for one in second]  # fmt: skip
        await edits.put_in_force((), {}, NOON)
        with written(sql) as found:
            for hours, given in enumerate((first, second, lists, elsewhere)):
                await edits.put_in_force(given, {}, NOON + timedelta(hours=hours))
        counts.append(counted(found))

    assert counts[0] == counts[1]
    assert {one.path for one in await edits.in_force()} == {"b"}


async def test_digests_that_begin(sql: Database) -> None:
    """However many there are."""
    digests, counts = Stores(sql).digests, []
    for number in (FEW, MANY):
        with written(sql) as found:
            await digests.begin([plan(id=f"d{number} {one}") for one in range(number)], NOON)
        counts.append(counted(found))

    assert counts[0] == counts[1]
    assert counts[0]["INSERT INTO digests"] == 1
