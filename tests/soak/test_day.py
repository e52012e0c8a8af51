"""The day in short: one hour holds no more of anything than the hour before; and what the day calls growth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.soak.day import Plan, play
from tests.soak.looks import Journal, Look, faults

CACHED = {
    "crawler.folds.Centre",
    "crawler.records.Article",
}  # by caches with a bound that is far off in so short a day
COMING = 4  # ends of connections to mail server and hook that may be about to go
FLAT = Look(
    hour=4.0,
    resident=200.0,
    collected=200.0,
    used=60.0,
    free=20.0,
    blocks=900_000,
    objects=190_000,
    handles=40,
    idle=100,
    threads=14,
    children=2,
    tasks=3,
    database=2**26,
    journal=2**18,
)


async def test_an_hour_of_polls_edits_and_messages_leaves_nothing_behind(tmp_path: Path) -> None:
    """Handles, threads and tasks are as many, and there are no more objects of any type of ours."""
    plan = Plan(
        hours=2,
        sources=50,
        tick=timedelta(minutes=5),
        edit=timedelta(minutes=15),
        entries=5,
        read_one_in=1000,
    )
    day = await play(tmp_path, plan, lambda look: None)

    before, after = (next(one for one in day.looks if one.hour == hour) for hour in (1.0, 2.0))
    for name in ("handles", "threads", "children", "tasks"):
        assert getattr(after, name) <= getattr(before, name) + COMING, name
    assert after.objects <= 1.02 * before.objects
    first, last = day.kinds
    more = {
        name: number
        for name, number in (last - first).items()
        if name.partition(".")[0] in {"crawler", "alerts", "tidings", "_asyncio"} and number > 3
    }
    assert more.keys() <= CACHED, more
    assert last["tidings.tasks.Services"] == 1  # those of before an edit are gone
    assert day.counts["polls"] > plan.sources
    assert day.mails > 0
    assert day.hooks > 0
    assert day.edits > 5
    assert day.counts["faults"] == 0


@pytest.mark.parametrize(
    ("an_hour", "wrong"),
    [
        ({}, []),
        ({"resident": 0.9}, []),
        ({"resident": 1.1}, ["memory grows by 1.10 MiB an hour"]),
        ({"handles": 2}, ["handles grew from 59 to 80"]),
        ({"idle": 4}, ["180 idle connections were kept, where 100 are to be"]),
        ({"threads": 1}, ["threads grew from 23 to 34"]),
        ({"journal": 2**22}, ["the journal had 80 MiB"]),
    ],
)
def test_what_the_day_calls_growth(an_hour: dict[str, float], wrong: list[str]) -> None:
    """The slope of memory over all looks; of what comes and goes, the most of the second half against the first."""
    looks = [
        replace(
            FLAT,
            hour=4.0 + quarter / 4,
            **{name: _more(getattr(FLAT, name), more * quarter / 4) for name, more in an_hour.items()},
        )
        for quarter in range(81)
    ]

    assert list(faults(looks)) == wrong


def test_a_journal_counts_by_its_most(tmp_path: Path) -> None:
    """Also one that is gone again; of rollback journal and write-ahead log whichever there is."""
    watched = Journal(tmp_path / "a.sqlite")

    assert watched.most() == 0
    (tmp_path / "a.sqlite-wal").write_bytes(b"x" * 700)
    assert watched.most() == 700


def _more(value: float, by: float) -> float:
    """Of the type of the value."""
    return type(value)(value + by)
