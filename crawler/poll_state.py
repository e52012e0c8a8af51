"""What is remembered of a source after each kind of answer. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler import floods, schedule
from crawler.errors import BlockedError, Cause, CrawlError, GoneError, NotAFeedError
from crawler.records import GapCause, PollState, Source, SourceGap, SourceState
from crawler.wording import counted, shown

_TOLD_AT_ONCE = frozenset(
    {SourceState.MOVED, SourceState.FLOODING}
)  # quiet ones are shown where sources are listed
STALE_MOVE = 3  # failures in a row after which an adopted address is given up


def why_not_now(source: Source, state: PollState, now: datetime) -> str | None:
    """Why the source is not to be asked at all; None when it may be."""
    if source.paused or state.operator_paused:
        return "it is paused"
    if state.state is SourceState.GONE:
        return "it is gone for good (410)"
    if state.not_before is not None and state.not_before > now:
        return f"the server wants no request before {state.not_before:%Y-%m-%d %H:%M} UTC"
    return None


def postponed(state: PollState, now: datetime) -> datetime | None:
    """When a source that is due now is asked instead, since its feed wants no poll in this hour or on this day.

    None: now. The plan keeps out of such times, but a late tick or a start after a night off may come in one.
    """
    if state.next_poll_at is None or state.next_poll_at > now:
        return None
    later = schedule.out_of(state.skip_hours, state.skip_days, now)
    return later if later > now else None


def freshness(state: PollState, said: timedelta | None) -> timedelta | None:
    """How long a "not modified" is fresh: as it says, else as long as the answer that it confirms (RFC 9111, 4.3.4).

    Args:
        state: before this poll.
        said: by the 304 itself; None: nothing.
    """
    return said if said is not None else state.fresh_for


def good(state: PollState, now: datetime) -> PollState:
    """`state` after any answer that was not a failure."""
    return replace(state, last_polled_at=now, last_success_at=now, failures=0, cause=None)


def labelled(
    state: PollState,
    now: datetime,
    *,
    flood: int = 0,
    newest: datetime | None = None,
    lacks: str | None = None,
    renewed: bool = True,
) -> PollState:
    """`state` of a source that answered, with its label, and in words what an operator should know.

    FLOODING holds for 7 days from its start, unless the operator ends the review or the source fails meanwhile;
    the articles it is about are held by themselves. Then, in this order: QUIET, MOVED, OK.

    Args:
        flood: how many new entries came at once, when they are a flood.
        newest: date of the newest entry, where the answer gave one.
        lacks: what the source's own rules find no more, though it answers well; told of a source that is OK.
        renewed: whether the answer was read, so that `lacks` is the whole of it; else what was told before stays.
    """
    if flood:
        problem = (
            f"{flood} new entries came at once and look like a renewal of the feed; "
            f"held for review until {now + floods.HELD_FOR:%d %b %Y}, then they count as known"
        )
        return replace(state, state=SourceState.FLOODING, since=now, problem=problem)
    if held_back(state, now):
        return state
    spoke = newest or state.last_new_at
    if schedule.is_quiet(now=now, newest=spoke, learned=state.interval) and spoke is not None:
        return _in_state(
            state, SourceState.QUIET, f"nothing new since {spoke:%d %b %Y}, far longer than usual", now
        )
    if state.moved_to is not None:
        problem = f"moved for good to {shown(state.moved_to)}; change the address in the configuration"
        return _in_state(state, SourceState.MOVED, problem, now)
    told = state.problem if state.state is SourceState.OK and not renewed else lacks
    return _in_state(state, SourceState.OK, told, now)


def noticed(before: PollState, after: PollState, gap: SourceGap | None, now: datetime) -> str | None:
    """What an operator should learn of a poll that went well, said once; None: nothing new.

    Args:
        gap: the time that it noticed as missed or caught up.
    """
    words = []
    if before.failures and before.last_success_at is not None:
        words.append(f"answers again, after {_long(now - before.last_success_at)} without")
    if gap is not None and gap.filled_at is None:
        why = "it did not answer" if gap.cause is GapCause.AWAY else "its list was full of new entries"
        when = f"{gap.start:%d %b %Y %H:%M} to {gap.end:%d %b %Y %H:%M} UTC"
        words.append(f"entries of {when} may be missed: {why}")
    elif gap is not None:
        words.append("its list reaches back, so nothing is missed")
    if after.state is not before.state and after.state in _TOLD_AT_ONCE and after.problem:
        words.append(after.problem)
    if after.state is SourceState.OK and after.problem and after.problem != before.problem:
        words.append(after.problem)
    return "; ".join(words) or None


def _long(time: timedelta) -> str:
    hours = round(time.total_seconds() / 3600)
    if hours < 48:
        return f"{hours} hour{'s' if hours != 1 else ''}"
    return f"{hours // 24} days"


def held_back(state: PollState, now: datetime) -> bool:
    """Whether a flood of this source is still held for review."""
    flooding = state.state is SourceState.FLOODING and state.since is not None
    return flooding and state.since is not None and now - state.since < floods.HELD_FOR


def _in_state(state: PollState, label: SourceState, problem: str | None, now: datetime) -> PollState:
    since = state.since if state.state is label and state.since else now
    return replace(state, state=label, since=since, problem=problem)


def failure(state: PollState, error: CrawlError, now: datetime) -> PollState:
    """`state` after a failed poll: how it failed, since when, how often. Validators stay."""
    label = SourceState.FAILING
    if isinstance(error, GoneError):
        label = SourceState.GONE
    elif isinstance(error, BlockedError) or error.cause is Cause.CHALLENGE:
        label = SourceState.BLOCKED
    elif isinstance(error, NotAFeedError):
        label = SourceState.NOT_A_FEED
    failures = state.failures + 1
    after = replace(state, last_polled_at=now, failures=failures)
    if label is SourceState.GONE:
        after = replace(after, next_poll_at=None, not_before=None)
    if state.moved_to is not None and failures >= STALE_MOVE:
        after = replace(after, moved_to=None, etag=None, last_modified=None, body_hash=None)
    return replace(_in_state(after, label, _told(state, error), now), cause=error.cause)


def unfinished(
    state: PollState, listed: PollState, error: CrawlError, now: datetime, *, new: int
) -> PollState:
    """After a visit that ended early: its entries count, it does not count as a good answer, and nothing is conditional.

    Failures in a row add up only while nothing new comes, so that a site that is read bit by bit is not asked ever
    more rarely.

    Args:
        state: before this poll.
        listed: as a good poll with these entries would leave it.
        new: entries that were new.
    """
    start = replace(state, failures=0) if new else state
    after = failure(start, error, now)
    problem = f"{error}; what it had found is kept, the rest is looked for again"
    return replace(
        after,
        problem=problem,
        etag=None,
        last_modified=None,
        fresh_for=None,
        last_new_at=listed.last_new_at if new else state.last_new_at,
        interval=listed.interval,
        title=listed.title,
    )


def _told(state: PollState, error: CrawlError) -> str:
    """The failure, and of rules that find nothing until when they found how much."""
    broke = error.cause in (Cause.SELECTOR, Cause.SCRIPT) and state.listed and state.last_success_at
    if not broke:
        return str(error)
    return (
        f"{error}; until {state.last_success_at:%d %b %Y} it listed {counted(state.listed or 0, 'article')}"
    )


def failing_for(state: PollState, now: datetime) -> timedelta:
    """Time since the last good answer, or since the first failure of a source that never gave one."""
    if not state.failures:
        return timedelta()
    start = state.last_success_at or state.since
    return now - start if start else timedelta()


def accepted(source: Source, moved_to: str | None) -> str | None:
    """A permanent move is followed, but never from https to http; back at the configured address is no move."""
    if moved_to is None or moved_to == source.url:
        return None
    if urlsplit(source.url).scheme == "https" and urlsplit(moved_to).scheme != "https":
        return None
    return moved_to
