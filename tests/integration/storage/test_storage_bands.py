"""Keys by which likes are found: what is found, what is forgotten, and that a flood costs no more."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from tidings.storage import bands
from tidings.storage.engine import Database
from tidings.storage.tables import article_bands, article_marks

TODAY = bands.day_of(datetime(2026, 3, 4, 23, 59, tzinfo=UTC))


def id_of(number: int) -> str:
    return f"{number:016x}"


async def add(sql: Database, number: int | str, keys: Sequence[int], day: int = TODAY, **more: Any) -> None:
    article_id = number if isinstance(number, str) else id_of(number)
    await sql.write(lambda c: bands.add(c, article_id, keys, day, **more))


async def near(
    sql: Database, keys: Sequence[int], since: int = TODAY - 30, limit: int = 64, **more: Any
) -> dict[str, int]:
    return await sql.read(lambda c: dict(bands.near(c, keys, since, limit, **more)))


async def test_those_that_share_most_keys_come_first_and_of_these_the_newest(sql: Database) -> None:
    """With how many they share, and no more of them than asked for."""
    await add(sql, 1, (1, 2, 3))
    await add(sql, 2, (3, 4))
    await add(sql, 3, (2, 3, 9))
    await add(sql, 4, (5, 6))

    found = await near(sql, (1, 2, 3))

    assert list(found.items()) == [(id_of(1), 3), (id_of(3), 2), (id_of(2), 1)]
    assert list(await near(sql, (3,))) == [id_of(3), id_of(2), id_of(1)]
    assert list(await near(sql, (3,), limit=2)) == [id_of(3), id_of(2)]
    assert await near(sql, (7,)) == await near(sql, ()) == {}


async def test_kinds_never_meet(sql: Database) -> None:
    """One article has keys of several, under one number; dropped, it has none."""
    await add(sql, 1, (1, 2))
    await add(sql, 1, (1, 7), kind="terms")
    await add(sql, 2, (7,))

    assert await near(sql, (1, 7)) == {id_of(2): 1, id_of(1): 1}
    assert await near(sql, (1, 7), kind="terms") == {id_of(1): 2}

    await sql.write(lambda c: bands.drop(c, id_of(1)))

    assert await near(sql, (1, 2, 7)) == {id_of(2): 1}
    assert await near(sql, (1, 7), kind="terms") == {}


async def test_an_article_with_other_words_is_found_by_these_alone(sql: Database) -> None:
    """Its old keys lead nowhere, and not to another article."""
    await add(sql, 1, (1, 2))
    await sql.write(lambda c: bands.drop(c, id_of(1)))
    await add(sql, 1, (3,))
    await add(sql, 2, (4,))

    assert await near(sql, (1, 2)) == {}
    assert await near(sql, (3, 4)) == {id_of(2): 1, id_of(1): 1}


async def test_only_the_days_asked_about_are_looked_at(sql: Database) -> None:
    """From the first of them on, to the day, wherever eras begin and end."""
    for age in range(31):
        await add(sql, age, (1,), TODAY - age)

    for since in range(31):
        assert set(await near(sql, (1,), TODAY - since)) == {id_of(age) for age in range(since + 1)}


async def test_any_key_and_any_id_will_do(sql: Database) -> None:
    """The ends of 64 bits, and ids that are not hex, however long."""
    edges = (0, 1, -1, 2**63 - 1, -(2**63), 2**64 - 1)
    await add(sql, "plain", edges)
    await add(sql, "7 chars", (5,))
    await add(sql, "ABCDEF0123456789", (5,))
    await add(sql, "größe", (5,))

    assert await near(sql, edges) == {"plain": 3}  # the last 40 bits of some are the same
    assert set(await near(sql, (5,))) == {"7 chars", "ABCDEF0123456789", "größe"}


async def test_of_a_crowded_key_the_newest_are_read(sql: Database) -> None:
    """A flood of copies is found by its newest; those that share nothing but a template's words by eight at most."""

    def flood(connection: Connection) -> None:
        for number in range(300):
            bands.add(connection, id_of(number), (1, 2, 100 + number), TODAY)

    await sql.write(flood)

    assert list(await near(sql, (1, 2))) == [id_of(number) for number in range(299, 235, -1)]
    assert list(await near(sql, (1, 8, 9, 10), few=8)) == [id_of(number) for number in range(299, 291, -1)]
    mixed = await near(sql, (1, 105, 8, 9), few=8)
    assert id_of(5) in mixed
    assert len(mixed) == 9
    assert len(await near(sql, (1, 2), few=8)) == len(await near(sql, (1, 8, 9, 10))) == 64


async def test_the_old_are_forgotten_to_the_day_and_their_keys_with_their_era(sql: Database) -> None:
    """In steps; what is younger stays found, and of what is gone nothing is left."""
    for age in range(0, 60, 3):
        await add(sql, age, (1, 2, 1000 + age), TODAY - age)

    while await sql.write(lambda c: bands.forget(c, TODAY)):
        pass
    while await sql.write(lambda c: bands.sweep(c, TODAY)):
        pass

    def kept(connection: Connection) -> tuple[int, int]:
        days = connection.execute(select(func.min(article_marks.c.day))).scalar_one()
        rows = connection.execute(select(func.count()).select_from(article_bands)).scalar_one()
        return days, rows

    oldest, rows = await sql.read(kept)
    assert oldest == TODAY - 30
    assert 11 * 3 <= rows <= (11 + bands.ERA // 3) * 3  # some days more, until the era is over
    assert set(await near(sql, (1,))) == {id_of(age) for age in range(0, 31, 3)}

    while await sql.write(lambda c: bands.forget(c, TODAY + 31)):
        pass
    while await sql.write(lambda c: bands.sweep(c, TODAY + 31)):
        pass
    assert (
        await sql.read(lambda c: c.execute(select(func.count()).select_from(article_bands)).scalar_one()) == 0
    )


TURN = bands.ERA * bands.ERAS


@pytest.mark.parametrize("today", [TURN * 6 + days for days in (-1, 0, 3, 25, 35, 65, 100)])
async def test_eras_that_begin_anew_lose_nothing(sql: Database, today: int) -> None:
    """Every 3,840 days their numbers start at nought: the living stay found and the dead are swept."""
    for age in (0, 9, 18, 29, 75, 95):
        await add(sql, age, (1,), today - age)

    while await sql.write(lambda c: bands.forget(c, today)):
        pass
    while await sql.write(lambda c: bands.sweep(c, today)):
        pass

    assert set(await near(sql, (1,), today - 30)) == {id_of(age) for age in (0, 9, 18, 29)}
    assert (
        await sql.read(lambda c: c.execute(select(func.count()).select_from(article_bands)).scalar_one()) == 4
    )


async def test_many_are_swept_in_steps(sql: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys an era holds, no transaction deletes more than a few thousand."""
    monkeypatch.setattr(bands, "SWEPT", 10)
    source = random.Random(1)

    def fill(connection: Connection) -> None:
        for number in range(20):
            bands.add(connection, id_of(number), [source.getrandbits(64) for _ in range(5)], TODAY - 60)
        bands.add(connection, id_of(99), (1,), TODAY)

    await sql.write(fill)
    steps = []
    while done := await sql.write(lambda c: bands.sweep(c, TODAY)):
        steps.append(done)

    assert sum(steps) == 100
    assert max(steps) <= 10
    assert await near(sql, (1,)) == {id_of(99): 1}
