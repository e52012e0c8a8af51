"""What a person should know of one source: its state, since when, what was seen, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crawler import poll_state, remedies
from crawler.errors import Cause
from crawler.records import GapCause, PollState, Source, SourceGap, SourceState
from crawler.wording import counted, moment, shown, span

RECENT = timedelta(days=7)  # for which a time that may have been missed is told
PASSING = 3  # failures in a row, or
PASSING_FOR = timedelta(hours=6)  # so long without an answer: until then a failure may pass by itself

# Do not pass by themselves.
_LASTING = frozenset({Cause.ADDRESS, Cause.PORT, Cause.LARGE, Cause.RATIO, Cause.HEADERS})

TROUBLED = frozenset({SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED})


class Need(StrEnum):
    """Whether somebody has to do something."""

    NOTHING = "nothing"
    SOMETIME = "sometime"  # it works, and would work better
    NOW = "now"  # news is missed, or will be


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """One source as its operator should see it. Texts hold no query of an address, which may be a token."""

    source_id: str
    state: SourceState
    since: datetime | None  # None: not known, as for a source that was never asked
    need: Need
    problem: str | None
    cause: Cause | None  # of a failure, where it is known
    evidence: tuple[str, ...]  # what was seen, in short sentences
    remedy: str | None  # what to do, as orders; None: nothing
    held: int = 0  # articles held for review
    gaps: tuple[SourceGap, ...] = ()  # recent ones, filled ones too; the newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What of the installation's settings a remedy depends on."""

    floor: timedelta
    timeout: timedelta
    contact: bool  # whether `polling.contact` is set


def judge(
    source: Source,
    state: PollState,
    habits: Habits,
    *,
    now: datetime,
    held: int = 0,
    gaps: Sequence[SourceGap] = (),
) -> Care:
    """What to know of `source`.

    A failure that may pass by itself needs nobody: until the third in a row, or six hours without an answer. It does
    at once where the source never answered well, or where our own limits refuse it.

    Args:
        held: articles of it that are held for review.
        gaps: times of it that may have been missed; those noticed more than 7 days ago are left out.
    """
    recent = tuple(gap for gap in gaps if gap.source_id == source.id and now - gap.noticed_at <= RECENT)
    label = _label(source, state, held, now)
    paused = label is SourceState.PAUSED
    need = _need(label, state, held, now)
    problem = _problem(source, state, label)
    if label is SourceState.OK and problem and need is Need.NOTHING:
        need = Need.SOMETIME
    remedy = remedies.of(
        source,
        state,
        label,
        floor=habits.floor,
        timeout=habits.timeout,
        contact=habits.contact,
        waits=need is Need.NOTHING,
    )
    more = [] if label is SourceState.FLOODING or not held else [remedies.release(source.id, None)]
    for gap in () if paused else recent[:1]:
        if gap.filled_at is None:
            more.append(remedies.of_gap(gap, source, state, floor=habits.floor))
            need = Need.SOMETIME if need is Need.NOTHING else need
    return Care(
        source_id=source.id,
        state=label,
        since=state.since if label is state.state else None,
        need=need,
        problem=problem,
        cause=state.cause if label in TROUBLED else None,
        evidence=tuple(_evidence(state, label, held, recent, now)),
        remedy="; ".join(filter(None, [remedy, *more])) or None,
        held=held,
        gaps=recent,
    )


def _label(source: Source, state: PollState, held: int, now: datetime) -> SourceState:
    if source.paused or state.operator_paused:
        return SourceState.PAUSED
    if state.state is SourceState.FLOODING and not held and not poll_state.held_back(state, now):
        return SourceState.OK  # the review is over; the next poll says so too
    return state.state


def _need(label: SourceState, state: PollState, held: int, now: datetime) -> Need:
    if held and label is not SourceState.PAUSED:
        return Need.NOW
    match label:
        case SourceState.BLOCKED | SourceState.GONE:
            return Need.NOW
        case SourceState.FAILING | SourceState.NOT_A_FEED:
            passing = state.failures < PASSING and poll_state.failing_for(state, now) < PASSING_FOR
            lasts = state.last_success_at is None or state.cause in _LASTING
            return Need.NOTHING if passing and not lasts else Need.NOW
        case SourceState.QUIET | SourceState.MOVED:
            return Need.SOMETIME
    return Need.NOTHING


def _problem(source: Source, state: PollState, label: SourceState) -> str | None:
    match label:
        case SourceState.PAUSED if source.paused and state.operator_paused:
            return "paused in its entry and by `tidings sources pause`"
        case SourceState.PAUSED:
            return "paused in its entry" if source.paused else "paused by `tidings sources pause`"
        case SourceState.NEW:
            return None
        case SourceState.OK if source.listing is None:
            return None
        case SourceState.MOVED if state.moved_to:
            return f"moved for good to {shown(state.moved_to)}"
    return state.problem if label is state.state else None


# -- what was seen -----------------------------------------------------------------------------------


def _evidence(
    state: PollState, label: SourceState, held: int, gaps: Sequence[SourceGap], now: datetime
) -> Iterator[str]:
    if state.last_polled_at is None:
        yield "not asked yet"
    elif label is SourceState.PAUSED:
        yield f"last asked {moment(state.last_polled_at)}"
    if state.failures == 1 and state.last_success_at:
        yield "the last poll failed"
    elif state.failures > 1:
        yield f"{state.failures} polls in a row failed"
    if state.failures or label in (SourceState.GONE, SourceState.BLOCKED):
        good = state.last_success_at
        yield f"last good answer {moment(good)}" if good else "it never answered well"
    if state.last_new_at:
        yield f"last new entry {moment(state.last_new_at)}"
    if state.interval:
        yield f"usually a new entry every {span(2 * state.interval)}"
    if state.moved_to and label is not SourceState.MOVED:
        yield f"answers at {shown(state.moved_to)}"
    if held:
        yield f"{counted(held, 'article')} held for review"
    for gap in gaps:
        yield _gap(gap)


def _gap(gap: SourceGap) -> str:
    between = f"between {moment(gap.start)} and {moment(gap.end)}"
    if gap.cause is GapCause.AWAY and gap.filled_at is not None:
        return f"it did not answer {between}; nothing was missed"
    why = "it did not answer" if gap.cause is GapCause.AWAY else "more came than its list holds"
    if gap.filled_at is not None:
        return f"entries {between} were missed ({why}) and found later in a sitemap of the site"
    return f"it may have missed entries {between}: {why}"
