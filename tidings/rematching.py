"""What the rules in force find in the archive: after an edit of theirs, some seconds at a time, or when asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.match import Matcher
from alerts.meaning import prints
from alerts.notify import Notifier
from alerts.records import Found, FoundBy, Watchlist
from alerts.rerun import Refound, Rerun
from crawler.ports import Clock
from crawler.records import Article
from tidings.storage.archive import Place, SqlArchive
from tidings.storage.edits import PendingRun, SqlEdits

SLICE = 3.0  # seconds of a run at a time; new articles are matched in between
BATCH = 200  # articles judged and kept together


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run over the archive has come."""

    initiatives: tuple[str, ...]
    since: datetime  # the edit, or the oldest article looked at
    articles: int  # looked at so far, all slices together
    changed: Refound  # so far
    done: bool
    failed: tuple[str, ...] = ()  # ids of articles on which the matcher broke, of this slice


class Rematcher:
    """Runs rules over the archive. One for each set of rules; what is still to be done is in the database.

    Args:
        backfill: articles first seen so long before an edit, and later, are told.
    """

    def __init__(
        self,
        *,
        watchlists: Sequence[Watchlist],
        tags: Mapping[str, tuple[str, ...]],
        backfill: timedelta,
        edits: SqlEdits,
        archive: SqlArchive,
        notifier: Notifier,
        clock: Clock,
    ) -> None:
        self._watchlists = tuple(watchlists)
        self._tags = tags
        self._prints = prints(watchlists, tags)
        self._backfill = backfill
        self._edits = edits
        self._archive = archive
        self._notifier = notifier
        self._clock = clock
        self._made: tuple[frozenset[str], Matcher] | None = None

    async def put_in_force(self) -> tuple[str, ...]:
        """Remember these rules as those in force; the initiatives that now wait for a run over the archive."""
        return await self._edits.put_in_force(self._watchlists, self._prints, self._clock.now())

    async def step(self, seconds: float | None = SLICE) -> Progress | None:
        """Go on with the oldest edit that waits, for about so long (None: to its end); None: nothing waits.

        A run whose rules are not ours is left to the process that has them.
        """
        run = next((one for one in await self._edits.pending() if self._is_ours(one)), None)
        if run is None:
            return None
        wanted = frozenset(run.initiatives)
        rerun = Rerun(
            found=Found(by=FoundBy.EDIT, at=run.since),
            initiatives=wanted,
            tell_since=run.since - self._backfill,
        )
        end = None if seconds is None else time.monotonic() + seconds
        failed: list[str] = []
        async for articles in self._archive.walk(batch=BATCH, after=run.after):
            looked = await self._notifier.look_again(articles, self._matcher(wanted), rerun)
            failed += looked.failed
            to = _place(articles[-1])
            if not await self._edits.advance(run, to, len(articles), looked.changed):
                return _progress(run, failed, done=False)  # another process goes on, or another edit came
            run = replace(
                run,
                after=to,
                articles=run.articles + len(articles),
                changed=run.changed + looked.changed,
            )
            if end is not None and time.monotonic() >= end:
                return _progress(run, failed, done=False)
        return _progress(run, failed, done=await self._edits.finish(run))

    async def rematch(
        self,
        initiatives: Collection[str],
        since: timedelta,
        *,
        tell: bool = False,
        show: Callable[[int], None] = lambda number: None,
    ) -> Progress:
        """Judge the articles first seen within `since` by the rules of these initiatives, edited or not.

        Args:
            tell: the next digests tell what is found and what was filed before; else it is filed.
            show: hears how many articles were looked at so far.
        """
        now = self._clock.now()
        oldest = now - since
        wanted = frozenset(initiatives)
        rerun = Rerun(
            found=Found(by=FoundBy.REMATCH, at=now),
            initiatives=wanted,
            tell_since=oldest if tell else None,
            tell_filed=tell,
        )
        changed, number, failed = Refound(), 0, list[str]()
        async for articles in self._archive.walk(since=oldest, batch=BATCH):
            looked = await self._notifier.look_again(articles, self._matcher(wanted), rerun)
            changed, number = changed + looked.changed, number + len(articles)
            failed += looked.failed
            show(number)
        return Progress(
            initiatives=tuple(one for one in self._prints if one in wanted),
            since=oldest,
            articles=number,
            changed=changed,
            done=True,
            failed=tuple(failed),
        )

    def _is_ours(self, run: PendingRun) -> bool:
        return all(self._prints.get(one) == fingerprint for one, fingerprint in run.prints.items())

    def _matcher(self, wanted: frozenset[str]) -> Matcher:
        """The rules of some initiatives alone; made once."""
        if self._made is None or self._made[0] != wanted:
            some = (
                replace(one, initiatives=tuple(part for part in one.initiatives if part.id in wanted))
                for one in self._watchlists
            )
            self._made = wanted, Matcher(tuple(one for one in some if one.initiatives), tags=self._tags)
        return self._made[1]


def _progress(run: PendingRun, failed: Sequence[str], *, done: bool) -> Progress:
    return Progress(
        initiatives=run.initiatives,
        since=run.since,
        articles=run.articles,
        changed=run.changed,
        done=done,
        failed=tuple(failed),
    )


def _place(article: Article) -> Place:
    return article.first_seen_at, article.id
