"""Asking a configured source once, for a person: what it answers now, and what that would make of it.

It is asked as the next poll would ask it, with the validators that are stored, so that a host sees nothing that a
poll would not send. No article and no validator is kept, since an answer whose entries are not stored must come
again; but that it was asked is, with the server's wish for the next time, so that the next poll keeps its distance.
A 410 is kept too: it is the last answer that is ever asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler import poll_state, schedule
from crawler.asking import Asker
from crawler.care import TROUBLED, Care, Habits, judge
from crawler.errors import (
    HERE,
    Cause,
    CrawlError,
    GoneError,
    TemporaryFetchError,
    Unchanged,
)
from crawler.ports import ChildCrashed
from crawler.records import Feed, PollState, Source, SourceState
from crawler.wording import duration

UNREACHED = HERE | {Cause.ADDRESS, Cause.PORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of it."""

    source: Source
    care: Care  # as a poll with this answer would leave the source; as it is, when it was not asked
    after: PollState  # what is to be remembered of it; the state before when nothing is
    not_asked: str | None = None  # why
    too_soon: bool = False  # that is our own floor
    status: int | None = None
    feed: Feed | None = None  # None: not asked, failed, or not modified
    moved_to: str | None = None  # the whole address
    move_refused: str | None = None
    hints: tuple[str, ...] = ()  # of a failure, for who looks into it

    @property
    def failed(self) -> bool:
        """Whether it is in trouble, by this answer or by the last one."""
        return self.care.state in TROUBLED


async def ask(
    source: Source,
    state: PollState,
    *,
    asker: Asker,
    habits: Habits,
    now: datetime,
    within_floor: bool = False,
) -> Reply:
    """Ask `source`, unless it or its host is to be left alone now.

    Args:
        within_floor: ask also when it was asked less than a floor ago. Pauses, a 410 and a server's wish to wait
            hold all the same.
    """
    reason = poll_state.why_not_now(source, state, now)
    too_soon = reason is None and not within_floor and _too_soon(source, state, habits.floor, now)
    if too_soon:
        reason = f"it was asked less than {duration(habits.floor)} ago"
    if reason is not None:
        care = judge(source, state, habits, now=now)
        return Reply(
            source=source,
            care=care,
            after=state,
            not_asked=reason,
            too_soon=too_soon,
            moved_to=state.moved_to,
        )
    return await _asked_now(source, state, asker, habits=habits, now=now)


async def _asked_now(
    source: Source, state: PollState, asker: Asker, *, habits: Habits, now: datetime
) -> Reply:
    try:
        # Without the hash of the last body, so that the same bytes are read again and shown.
        before, answer = await asker.ask(source, replace(state, body_hash=None), _no_list)
    except Unchanged as same:
        fresh_for = poll_state.freshness(state, same.fresh_for)
        well = _well(source, state, same.moved_to or state.moved_to, None, now)
        after = _asked(state, now, habits.floor, fresh_for=fresh_for)
        care = judge(source, well, habits, now=now)
        return Reply(source=source, care=care, after=after, status=same.status, moved_to=well.moved_to)
    except (CrawlError, ChildCrashed) as error:
        fault = (
            error if isinstance(error, CrawlError) else CrawlError(f"its document could not be read: {error}")
        )
        return _failed(source, state, fault, habits=habits, now=now)
    if answer.unfinished is not None:
        return replace(_failed(source, state, answer.unfinished, habits=habits, now=now), feed=answer.feed)
    well = _well(source, before, answer.moved_to, answer.feed, now)
    return Reply(
        source=source,
        care=judge(source, well, habits, now=now),
        after=_asked(state, now, habits.floor, fresh_for=answer.fresh_for),
        status=answer.fetched.status if answer.fetched else None,
        feed=answer.feed,
        moved_to=well.moved_to,
        move_refused=answer.fetched.move_refused if answer.fetched else None,
    )


async def _no_list() -> None:
    """The whole document is read, not only what is new in it."""


def _well(
    source: Source, state: PollState, moved_to: str | None, feed: Feed | None, now: datetime
) -> PollState:
    """As a poll with this answer would leave the source, for what is shown of it."""
    dates = [one.published_at for one in feed.entries] if feed else []
    newest = max((one for one in dates if one is not None and one <= now), default=None)
    well = replace(poll_state.good(state, now), moved_to=poll_state.accepted(source, moved_to))
    lacks = feed.lacks if feed else None
    return poll_state.labelled(well, now, newest=newest, lacks=lacks, renewed=feed is not None)


def _failed(source: Source, state: PollState, error: CrawlError, *, habits: Habits, now: datetime) -> Reply:
    retry_at = error.retry_at if isinstance(error, TemporaryFetchError) else None
    failed = poll_state.failure(state, error, now)
    gone = isinstance(error, GoneError)  # which holds for ever, so no poll has to hear it again
    return Reply(
        source=source,
        care=judge(source, failed, habits, now=now),
        after=failed if gone else _asked(state, now, habits.floor, retry_at=retry_at),
        status=error.status,
        hints=error.hints,
    )


def _too_soon(source: Source, state: PollState, floor: timedelta, now: datetime) -> bool:
    """Whether it is left alone; not where no host was reached the last time, since asking again troubles no one."""
    if state.last_polled_at is None or state.state is SourceState.NEW:
        return False
    if state.failures and state.cause in UNREACHED:
        return False
    return now - state.last_polled_at < min(source.every or floor, floor)


def _asked(
    state: PollState,
    now: datetime,
    floor: timedelta,
    *,
    fresh_for: timedelta | None = None,
    retry_at: datetime | None = None,
) -> PollState:
    """`state`, and that the source was asked now; one that was never polled stays due unless its server waits."""
    if state.state is SourceState.NEW and retry_at is None:
        return state
    plan = schedule.plan(floor, now=now, fresh_for=fresh_for, retry_at=retry_at, fraction=0.0)
    planned = state.next_poll_at or now
    return replace(
        state,
        last_polled_at=now,
        next_poll_at=max(planned, plan.next_poll_at),
        not_before=plan.not_before,
    )
