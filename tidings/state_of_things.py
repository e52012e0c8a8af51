"""The state of an installation for a person: what is running, what comes next, what needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerts.messages import DeliveryState
from alerts.obstacles import Obstacles, remedy
from alerts.slots import upcoming
from alerts.targets import target_of
from crawler.care import Care, Need
from crawler.records import SourceState, TextState
from crawler.wording import counted, moment
from tidings import __version__
from tidings.alert_standings import Standing, alert_lines, standings
from tidings.caring import Cared, look, outage
from tidings.caring import cared as cared_for
from tidings.health import LATE
from tidings.housekeeping import EVERY
from tidings.queues import Queue
from tidings.runners.crew import SILENT as SILENT_WORKER
from tidings.runners.crew import Crew, astray, living, takes, untaken
from tidings.running import Running, heading, running
from tidings.settings import Settings
from tidings.storage.counts import Counts
from tidings.storage.crashes import CrashedPage
from tidings.storage.room import FLOOR, Room, room
from tidings.storage.stores import Stores
from tidings.storage.troubles import Noticed, Waiting
from tidings.storage.workers import Worker
from tidings.troubles import PATIENCE, told

SILENT = timedelta(minutes=2)  # without a sign of life of the daemon
MOST_NAMED = 20  # troubles of sources, one by one
MOST_IN_A_ROW = 5  # names in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When a digest is composed next."""

    digest: str
    due: datetime | None  # None: told immediately


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """One worker."""

    id: str
    done: int  # tasks since its start
    seen: datetime | None  # its last sign of life
    doing: int  # tasks in hand
    host: str
    process: int
    since: datetime
    version: str
    memory: int | None  # bytes resident, with its children
    silent: bool  # dead, or cut off from the database
    takes: tuple[str, ...]  # kinds of work
    astray: bool  # goes by other configuration files than those read here

    def __str__(self) -> str:
        sign = f"silent since {moment(self.seen)}" if self.silent and self.seen else "at work"
        kinds = "" if len(self.takes) == len(Queue) else f" ({', '.join(self.takes)} only)"
        return (
            f"process {self.process} on {self.host}, {sign}{kinds}, {self.done:,} done, {self.doing} in hand"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at everything."""

    taken_at: datetime
    process: int | None  # of the running daemon
    counts: Counts
    next_poll: datetime | None
    next_digests: tuple[Next, ...]
    care: tuple[Care, ...]  # of sources that need somebody, now or sometime
    quarantined: tuple[CrashedPage, ...]  # the newest crash first
    needs: tuple[str, ...]  # sentences that ask for somebody
    notes: tuple[str, ...]
    workers: tuple[AtWork, ...] = ()  # processes that take work from the queue
    alerts: tuple[Standing, ...] = ()  # of each initiative, what its alerts can say now
    obstacles: Obstacles = field(default_factory=Obstacles)  # between deliveries and their channels
    daemon: Running | None = None
    next_housekeeping: datetime | None = None  # None: some minutes after the daemon has started
    free: int | None = None  # bytes on the disk of the state folder
    version: str = __version__

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        yield from heading(self.daemon, self.taken_at, self.version)
        for number, worker in enumerate(self.workers[:MOST_NAMED]):
            yield f"{'' if number else 'workers':<12}{worker}"
        if len(self.workers) > MOST_NAMED:
            yield f"{'':<12}and {len(self.workers) - MOST_NAMED} more"
        sources = ", ".join(f"{number} {state}" for state, number in self.counts.sources.items() if number)
        now = sum(1 for one in self.care if one.need is Need.NOW)
        yield f"sources     {sources or 'none yet'}" + (
            f"; {now} of them need{'s' if now == 1 else ''} you" if now else ""
        )
        yield (
            f"articles    {self.counts.articles} in {self.counts.stories} stories, {self.counts.matches} matches"
        )
        yield f"pages       {_pages(self.counts) or 'none yet'}"
        sent = ", ".join(f"{number} {state}" for state, number in self.counts.deliveries.items() if number)
        yield f"deliveries  {sent or 'none yet'}"
        yield ""
        yield "next"
        yield f"  poll      {_when(self.next_poll, self.taken_at)}"
        for one in self.next_digests:
            due = "as soon as there is news" if one.due is None else _when(one.due, self.taken_at)
            yield f"  digest    {one.digest}: {due}"
        for line in alert_lines(self.alerts):
            yield f"  alert     {line}"
        if self.next_housekeeping is not None:
            yield f"  tidying   {_when(self.next_housekeeping, self.taken_at)}"
        yield ""
        yield "needs you" if self.needs else "nothing needs you"
        for need in self.needs:
            yield f"  {need}"
        for note in self.notes:
            yield f"note: {note}"


async def take(
    settings: Settings, stores: Stores, now: datetime | None = None, *, synced: bool = False
) -> Status:
    """Look at the database and the lock file.

    Args:
        synced: the database has the sources of these settings, as a running daemon has seen to; nothing is written.
    """
    taken_at = now if now is not None else datetime.now(UTC)
    cared = await (cared_for if synced else look)(settings, stores, taken_at)
    counts = await stores.counts.take()
    obstacles = await stores.deliveries.obstacles(taken_at)
    obstacles = obstacles.on({plan.id: target_of(plan) for plan in settings.channels})
    crashed = tuple(one for one in await stores.crashes.all() if one.quarantined)
    lease, tidied = await stores.leases.held(), await stores.installation.tidied_at()
    daemon = await asyncio.to_thread(
        running, settings.database, settings.state_dir, None if lease is None else lease.seen_at
    )
    space = await asyncio.to_thread(room, settings.state_dir)
    everybody = await stores.workers.all()
    workers = tuple(_at_work(one, settings) for one in everybody)
    crew = Crew(workers=living(everybody), configuration=settings.version)
    asked = [one for one in cared if one.care.state is not SourceState.PAUSED]
    polls = [one.state.next_poll_at for one in asked if one.state.next_poll_at is not None]
    return Status(
        taken_at=taken_at,
        process=None if daemon is None else daemon.holder.process,
        counts=counts,
        next_poll=min(polls, default=None),
        next_digests=tuple(
            Next(digest=plan.id, due=None if plan.immediately else upcoming(plan, taken_at, 1)[0].due)
            for plan in settings.digests
            if not plan.paused
        ),
        care=tuple(one.care for one in cared if one.care.need is not Need.NOTHING),
        quarantined=crashed,
        needs=(
            *_of_the_daemon(daemon, space, taken_at),
            *_of_the_workers(settings, crew),
            *_noticed(settings, await stores.troubles.noticed()),
            *_waiting(settings, obstacles, await stores.troubles.waiting(taken_at - PATIENCE)),
            *_needs(cared, counts, crashed, taken_at, running=daemon is not None),
            *_in_the_way(settings, obstacles),
        ),
        notes=(
            *_sometime(cared),
            *((counts.journal,) if counts.journal else ()),
            *_on_hold(settings, obstacles),
            *(() if daemon is None else daemon.notes),
            *_versions(workers),
            *_astray(crew),
        ),
        workers=workers,
        obstacles=obstacles,
        daemon=daemon,
        next_housekeeping=None if tidied is None else tidied + EVERY,
        free=None if space is None else space.free,
        alerts=await standings(settings, stores, taken_at),
    )


_PAGES = {
    TextState.READ: "read",
    TextState.PENDING: "to read",
    TextState.FEED: "not needed",
    TextState.SKIPPED: "over the budget of their host",
    TextState.REFUSED: "without a readable article",
    TextState.FAILED: "unreachable",
    TextState.QUARANTINED: "crashing the reader",
}


def _pages(counts: Counts) -> str:
    return ", ".join(
        f"{counts.texts[state]} {words}" for state, words in _PAGES.items() if counts.texts.get(state)
    )


def _of_the_daemon(daemon: Running | None, space: Room | None, now: datetime) -> Iterator[str]:
    """Whether it still works, and whether it has where to write."""
    seen_at = None if daemon is None else daemon.seen_at
    if daemon is not None and seen_at is not None and now - seen_at > SILENT:
        yield (
            f"the daemon ({daemon.holder}) has written no sign of life since {moment(seen_at)}: look at its log; "
            "the database may be locked or its disk full"
        )
    if space is not None and not space.writable:
        yield "the state folder may not be written to by you: run `tidings` as the user who owns it"
    if space is not None and space.is_low:
        yield (
            f"{space.free // 2**20} MiB are free on the disk of the state folder: below {FLOOR // 2**20} MiB "
            "nothing new is collected; make room"
        )


def _at_work(worker: Worker, settings: Settings) -> AtWork:
    return AtWork(
        id=worker.id,
        done=worker.done,
        seen=worker.seen,
        doing=worker.doing,
        host=worker.host,
        process=worker.process,
        since=worker.since,
        version=worker.version,
        memory=worker.memory,
        silent=worker.silence >= SILENT_WORKER,
        takes=tuple(str(queue) for queue in Queue if takes(worker, queue)),
        astray=astray(worker, settings.version),
    )


def _of_the_workers(settings: Settings, crew: Crew) -> Iterator[str]:
    """Whether anybody performs what is on the queue."""
    if settings.queue is None:
        return
    if not crew.workers:
        yield "no worker is at work: nothing is polled, matched or told; start `tidings worker`"
    elif crew.missing:
        yield untaken(crew.missing)


def _versions(workers: Sequence[AtWork]) -> Iterator[str]:
    others = sorted({one.version for one in workers} - {__version__})
    if others:
        yield f"workers run version {', '.join(others)}, this is {__version__}; restart them one after the other"


def _astray(crew: Crew) -> Iterator[str]:
    """Whose configuration is not the one that was read here."""
    names = [str(one) for one in crew.astray]
    if names:
        more = f" and {len(names) - MOST_IN_A_ROW} more" if len(names) > MOST_IN_A_ROW else ""
        yield (
            f"other configuration files than those here are in force in {', '.join(names[:MOST_IN_A_ROW])}{more}: bring "
            "the files to that machine, or look at its log for an edit that was refused"
        )


def _noticed(settings: Settings, found: Sequence[Noticed]) -> Iterator[str]:
    """What the daemon noticed: refused edits, failing templates, work that breaks, trouble with the disk."""
    for one in told(settings, found):
        yield (
            f"{one.name} is {one.state}, since {moment(one.since)}: {one.reason}; {one.remedy}"
            if one.since
            else one.name
        )


def _waiting(settings: Settings, obstacles: Obstacles, late: Sequence[Waiting]) -> Iterator[str]:
    configured = {plan.id for plan in settings.channels} - set(obstacles.bans)
    for one in late:
        if one.channel_id in configured:
            yield (
                f"channel {one.channel_id} takes nothing since {moment(one.since)}, "
                f"{counted(one.number, 'message')} waiting: {one.error}; `tidings channels test {one.channel_id}`"
            )


def _needs(
    cared: Sequence[Cared], counts: Counts, crashed: Sequence[CrashedPage], now: datetime, *, running: bool
) -> Iterator[str]:
    if not cared:
        yield "there are no sources: `tidings sources add URL`"
    yield from _sources_in_need(cared)
    if parked := counts.deliveries.get(DeliveryState.PARKED, 0):
        yield f"{parked} deliveries are parked: `tidings deliveries list`, then `retry` or `cancel`"
    if counts.oldest_delivery is not None and now - counts.oldest_delivery > LATE:
        yield f"a delivery has waited since {counts.oldest_delivery:%Y-%m-%d %H:%M}Z: `tidings deliveries list`"
    if quarantined := counts.texts.get(TextState.QUARANTINED, 0):
        yield from _crashed(crashed, quarantined)
    due = [one.state.next_poll_at for one in cared if one.care.state is not SourceState.PAUSED]
    overdue = [when for when in due if when is not None and now - when > LATE]
    if overdue and running:
        yield f"{len(overdue)} sources are more than {LATE.seconds // 60} minutes late: is the machine overloaded?"


def _in_the_way(settings: Settings, obstacles: Obstacles) -> Iterator[str]:
    """A sentence for each configured channel whose receiver said that it is gone, and each suspended recipient."""
    configured = {plan.id for plan in settings.channels}
    for channel in obstacles.bans:
        if channel in configured:
            yield f"channel {channel} answered 410, its receiver is gone for good: correct its url, or remove it"
    suspended = [one for one in obstacles.suspensions if one.channel_id in configured]
    for one in suspended[:MOST_NAMED]:
        yield (
            f"channel {one.channel_id}: {one.recipient} is suspended, as {one.messages} messages in a row were "
            f"refused ({one.reason}); {remedy(one)}"
        )
    if (more := len(suspended) - MOST_NAMED) > 0:
        yield f"{counted(more, 'further recipient')} suspended: `tidings channels list`"


def _on_hold(settings: Settings, obstacles: Obstacles) -> Iterator[str]:
    """A sentence for each configured channel that is left alone for a while."""
    configured = {plan.id for plan in settings.channels}
    for channel, one in obstacles.holds.items():
        if channel in configured:
            yield f"channel {channel} is left alone until {moment(one.until)}: {one.reason}"


def _crashed(kept: Sequence[CrashedPage], number: int) -> Iterator[str]:
    """Each article whose page is kept, up to a few, and the command for all."""
    for one in kept[:MOST_NAMED]:
        yield f"{one.reason}: {one.article_id}, {one.url}"
    more = number - min(len(kept), MOST_NAMED)
    others = f"{counted(more, 'further page')} crashed likewise; " if more else ""
    yield f"{others}these are read no more: `tidings quarantine list`, then `save` or `retry`"


def _sources_in_need(cared: Sequence[Cared]) -> Iterator[str]:
    """One sentence for each trouble, and one for all when the network of this machine is the likely cause."""
    urgent = [one.care for one in cared if one.care.need is Need.NOW]
    if (out := outage(cared)) is not None and out.is_told:
        yield (
            f"{len(out.unreached)} of {counted(out.every, 'source')} cannot be reached"
            f"{f' since {moment(out.since)}' if out.since else ''}; look at the network and the DNS of this machine"
        )
        urgent = [one for one in urgent if one not in out.unreached]
    alike: dict[tuple[str | None, ...], list[Care]] = {}
    for one in urgent:
        alike.setdefault((one.state, one.problem, one.remedy), []).append(one)
    for group in list(alike.values())[:MOST_NAMED]:
        first = group[0]
        since = min((one.since for one in group if one.since), default=None)
        who = (
            f"source {first.source_id} is"
            if len(group) == 1
            else f"{len(group)} sources ({_names(group)}) are"
        )
        then = f" since {moment(since)}" if since else ""
        yield f"{who} {first.state}{then}: {first.problem or 'no reason known'}; {first.remedy}"
    if (more := sum(map(len, list(alike.values())[MOST_NAMED:]))) > 0:
        yield f"{counted(more, 'further source')}: `tidings sources list --care`"


def _names(group: Sequence[Care]) -> str:
    names = [one.source_id for one in group]
    more = f" and {len(names) - MOST_IN_A_ROW} more" if len(names) > MOST_IN_A_ROW else ""
    return ", ".join(names[:MOST_IN_A_ROW]) + more


def _sometime(cared: Sequence[Cared]) -> Iterator[str]:
    """What works and would work better, one sentence a state."""
    later = [one.care for one in cared if one.care.need is Need.SOMETIME]
    well = [one for one in later if one.state is SourceState.OK]
    for group, words in (
        ([one for one in later if one.state is SourceState.MOVED], "moved for good"),
        ([one for one in later if one.state is SourceState.QUIET], "far quieter than usual"),
        ([one for one in well if one.problem], "their rules find too little"),
        ([one for one in well if not one.problem], "may have missed entries"),
    ):
        if group:
            yield f"{words}: {_names(group)}; `tidings sources list --care` tells what to do"


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
