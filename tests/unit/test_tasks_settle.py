"""Folding and matching what waits, in batches: the round ends, and what is broken is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.notify import Matched
from crawler.folds import Fold, Folded, Vector
from crawler.ports import Folder, Surroundings
from crawler.records import Article, Poll, PollState, TextState
from tests.fakes.articles import MemoryArticles
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.no_index import NoIndex
from tests.fakes.no_queue import NoQueue
from tidings.tasks import NAMED, SETTLE_BATCH, SETTLE_MOST, Services, Settle, perform


class Articles(MemoryArticles):
    """Articles in memory, of which some cannot be folded; it notes how many were folded together."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    async def fold(self, article_ids: Sequence[str], folder: Folder, *, since: datetime) -> Folded:
        self.batches.append(len(article_ids))
        return await super().fold(article_ids, Brittle(folder), since=since)


class Brittle:
    """A folder that breaks on some articles."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.keys, self.about = folder.keys, folder.about

    def decide(self, article: Article, about: Vector, around: Surroundings) -> Fold:
        if "broken" in article.title:
            raise ValueError("no")
        return self._folder.decide(article, about, around)


class NothingToMatch:
    def __init__(self, failed: Sequence[str] = ()) -> None:
        self.failed = tuple(failed)

    async def match_new(self, limit: int, **more: Any) -> Matched:
        return Matched(failed=self.failed)


async def services(*titles: str, failed: Sequence[str] = ()) -> tuple[Services, Articles]:
    store = Articles()
    articles = tuple(
        Article(
            id=f"{number:04}", source_id="times", url=f"https://times.example/{number}",
            canonical_url=f"https://times.example/{number}", title=title, first_seen_at=NOON,
            text_state=TextState.FEED,
        )
        for number, title in enumerate(titles)
    )  # fmt: skip
    await store.record_poll(Poll(state=PollState(source_id="times", last_polled_at=NOON), articles=articles))
    unused: Any = None
    notifier: Any = NothingToMatch(failed)
    filled = Services(
        clock=FixedClock(), sources=store.sources, articles=store, poller=unused, reader=unused,
        notifier=notifier, rematcher=unused, alerts=unused, index=NoIndex(), claims=NoQueue(), wait_for_text=timedelta(hours=1),
    )  # fmt: skip
    return filled, store


async def test_everything_that_waits_is_folded_some_at_a_time() -> None:
    """One transaction for many articles, and none so long that others wait for it."""
    filled, store = await services(*(f"Report {number}" for number in range(2 * SETTLE_BATCH + 1)))

    report = await perform(Settle(), filled)

    assert (report.counts["folded"], report.problem) == (2 * SETTLE_BATCH + 1, None)
    assert store.batches == [SETTLE_BATCH, SETTLE_BATCH, 1]


@pytest.mark.parametrize("broken", [1, 3 * SETTLE_BATCH])
async def test_articles_that_cannot_be_folded_block_nothing(broken: int) -> None:
    """However many stand at the head of the queue: those behind are folded, and the round ends."""
    filled, store = await services(*["broken"] * broken, "Report", "Another report")

    report = await perform(Settle(), filled)

    assert report.counts["folded"] == 2
    assert report.problem is not None
    assert report.problem.startswith("not folded 0000 (ValueError: no)")
    assert len(await store.unfolded(NOON, timedelta(), 1000)) == broken


async def test_a_flood_of_broken_articles_makes_no_flood_of_words() -> None:
    """The first few are named, the others counted."""
    ids = [f"m{number}" for number in range(100)]
    filled, _ = await services(*["broken"] * 7, failed=ids)

    report = await perform(Settle(), filled)

    assert report.problem is not None
    assert report.problem.count("ValueError") == NAMED
    assert "and 2 more; the matcher broke on m0, m1, m2, m3, m4 and 95 more" in report.problem


async def test_of_a_share_some_hundred_are_settled_at_a_time() -> None:
    """The rest is for whoever takes it next; articles of other shares stay as they are."""
    filled, _ = await services(*(f"Report {number}" for number in range(SETTLE_MOST + 70)))

    report = await perform(Settle(share=(0, 2)), filled)
    other = await perform(Settle(share=(1, 2)), filled)
    rest = await perform(Settle(share=(0, 2)), filled)

    assert (report.counts["folded"], report.more) == (SETTLE_MOST, True)
    assert (other.counts["folded"], other.more) == (0, False)  # all ids here are small
    assert (rest.counts["folded"], rest.more) == (70, False)
