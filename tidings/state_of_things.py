"""The state of an installation for a person: what is running, what comes next, what needs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.records import DeliveryState
from alerts.slots import upcoming
from crawler.records import PollState, SourceState, TextState
from tidings.lock import holder
from tidings.settings import Settings
from tidings.storage.counts import Counts
from tidings.storage.stores import Stores
from tidings.unserved import unserved

TROUBLED = (SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED)
LATE = timedelta(minutes=15)  # a source or delivery that has waited so long past its time waits for somebody


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When a digest is composed next."""

    digest: str
    due: datetime | None  # None: told immediately


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at everything."""

    taken_at: datetime
    process: int | None  # of the running daemon
    counts: Counts
    next_poll: datetime | None
    next_digests: tuple[Next, ...]
    needs: tuple[str, ...]  # sentences that ask for somebody
    notes: tuple[str, ...]
    workers: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        yield (
            f"running as process {self.process}"
            if self.process
            else "not running; start it with `tidings run`"
        )
        sources = ", ".join(f"{number} {state}" for state, number in self.counts.sources.items() if number)
        yield f"sources     {sources or 'none yet'}"
        yield (
            f"articles    {self.counts.articles} in {self.counts.stories} stories, {self.counts.matches} matches, "
            f"{self.counts.pending_text} pages to read"
        )
        sent = ", ".join(f"{number} {state}" for state, number in self.counts.deliveries.items() if number)
        yield f"deliveries  {sent or 'none yet'}"
        yield ""
        yield "next"
        yield f"  poll      {_when(self.next_poll, self.taken_at)}"
        for one in self.next_digests:
            due = "as soon as there is news" if one.due is None else _when(one.due, self.taken_at)
            yield f"  digest    {one.digest}: {due}"
        yield ""
        yield "needs you" if self.needs else "nothing needs you"
        for need in self.needs:
            yield f"  {need}"
        for note in self.notes:
            yield f"note: {note}"


async def take(settings: Settings, stores: Stores, now: datetime | None = None) -> Status:
    """Look at the database and the lock file."""
    moment = now if now is not None else datetime.now(UTC)
    await stores.sources.sync(settings.sources, moment)
    counts = await stores.counts.take()
    states = await stores.sources.states()
    process = holder(settings.state_dir)
    polls = [one.next_poll_at for one in states if one.next_poll_at is not None and not one.operator_paused]
    return Status(
        taken_at=moment,
        process=process,
        counts=counts,
        next_poll=min(polls, default=None),
        next_digests=tuple(
            Next(digest=plan.id, due=None if plan.immediately else upcoming(plan, moment, 1)[0].due)
            for plan in settings.digests
            if not plan.paused
        ),
        needs=tuple(_needs(settings, states, counts, moment, process is not None)),
        notes=tuple(_notes(settings, counts)),
    )


def _needs(
    settings: Settings, states: Sequence[PollState], counts: Counts, now: datetime, running: bool
) -> Iterator[str]:
    if not settings.sources:
        yield "there are no sources: `tidings sources add URL`"
    for one in states:
        if one.state in TROUBLED:
            since = f" since {one.since:%Y-%m-%d %H:%M}Z" if one.since else ""
            yield f"source {one.source_id} is {one.state}{since}: {one.problem or 'no reason known'}"
    if parked := counts.deliveries.get(DeliveryState.PARKED, 0):
        yield f"{parked} deliveries are parked: `tidings deliveries list`, then `retry` or `cancel`"
    if counts.oldest_delivery is not None and now - counts.oldest_delivery > LATE:
        yield f"a delivery has waited since {counts.oldest_delivery:%Y-%m-%d %H:%M}Z: `tidings deliveries list`"
    if quarantined := counts.texts.get(TextState.QUARANTINED, 0):
        yield f"{quarantined} articles crashed the page reader three times and are read no more"
    overdue = [one for one in states if one.next_poll_at is not None and now - one.next_poll_at > LATE]
    if overdue and running:
        yield f"{len(overdue)} sources are more than {LATE.seconds // 60} minutes late: is the machine overloaded?"


def _notes(settings: Settings, counts: Counts) -> Iterator[str]:
    if counts.journal:
        yield counts.journal
    yield from map(str, unserved(settings))


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "now"
    left = moment - now
    if left <= timedelta(0):
        return "now"
    minutes = int(left.total_seconds() // 60)
    span = (
        f"{minutes // 1440} d {minutes % 1440 // 60} h"
        if minutes >= 1440
        else f"{minutes // 60} h {minutes % 60} min"
    )
    return f"{moment:%Y-%m-%d %H:%M}Z, in {span}"
