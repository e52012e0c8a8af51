"""All trouble of an installation, as its operator is told of it: sources, channels, deliveries, pages, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.obstacles import Obstacles, remedy
from alerts.ports import Channel
from alerts.troubles import Look, Trouble, TroubleKind
from crawler.care import Care, Need
from crawler.records import SourceState
from crawler.wording import counted
from tidings.caring import Cared, Outage, cared, outage
from tidings.settings import Settings
from tidings.storage.crashes import CrashedPage
from tidings.storage.stores import Stores
from tidings.storage.troubles import Noticed, Parked, Waiting

CONFIGURATION, TEMPLATE, WORK, STORAGE = (
    str(TroubleKind.CONFIGURATION),
    str(TroubleKind.TEMPLATE),
    str(TroubleKind.WORK),
    str(TroubleKind.STORAGE),
)  # kinds of what is noticed
FILES, BOUND = "files", "bound"  # subjects of a refused edit: it cannot be read; it brings too much
LISTEN, RESTART = (
    "listen",
    "restart",
)  # of one in force: nothing can listen there; part of it waits for a restart
DISK, LOW = "disk", "low"  # subjects of storage: nothing could be written; there is little room
ALERTS = "alerts"  # the subject under which a failing template of alerts is noticed; of a digest it is its id
TELLERS = ("rhythm", "commitment", "trouble")  # kinds of alerts, each told by a part of its own
NAMED = 5
PATIENCE = timedelta(hours=1)  # for which a channel may take nothing before the operator is told


def digest_work(digest_id: str) -> str:
    """The subject under which a digest that cannot be composed is noticed."""
    return f"digest {digest_id}"


def alerts_work(name: str) -> str:
    """The subject under which alerts that cannot be told are noticed; `name` is one of `TELLERS`."""
    return f"the {name} alerts"


class Watchman:
    """See `alerts.trouble_teller.Watch`."""

    def __init__(self, settings: Settings, stores: Stores, channels: Mapping[str, Channel]) -> None:
        self._settings = settings
        self._stores = stores
        self._channels = channels
        self._obstacles = Obstacles()
        self._late: tuple[Waiting, ...] = ()

    async def look(self, now: datetime) -> Look:
        """All of it."""
        self._obstacles = await self._stores.deliveries.obstacles(now)
        self._late = await self._stores.troubles.waiting(now - PATIENCE)
        sources = await cared(self._settings, self._stores, now)
        out = outage(sources)
        covered = frozenset(one.source_id for one in out.unreached) if out is not None else frozenset()
        return Look(
            troubles=(
                *self._gone_channels(),
                *_suspended(self._obstacles),
                *self._given_up(await self._stores.troubles.parked()),
                *self._waits(self._late),
                *told(self._settings, await self._stores.troubles.noticed()),
                *_network(out),
                *_sources(sources, covered),
                *_pages([one for one in await self._stores.crashes.all() if one.quarantined]),
            ),
            unsure=frozenset((str(TroubleKind.SOURCE), source_id) for source_id in covered),
            watched={
                TroubleKind.CHANNEL: frozenset(self._channels),
                TroubleKind.TEMPLATE: _composing(self._settings),
                TroubleKind.WORK: _working(self._settings),
                TroubleKind.SOURCE: frozenset(
                    one.source.id for one in sources if one.care.state is not SourceState.PAUSED
                ),
            },
        )

    async def gone(self) -> frozenset[str]:
        """Channels of the configuration whose receiver is gone."""
        bans = await self._stores.deliveries.bans()
        return frozenset(
            channel_id
            for channel_id, ban in bans.items()
            if channel_id in self._channels and self._channels[channel_id].target() == ban.target
        )

    async def works(self, channel_id: str) -> bool:
        """Whether it is neither gone, nor suspended for all of its recipients, nor has long taken nothing."""
        if channel_id in await self.gone() or any(one.channel_id == channel_id for one in self._late):
            return False
        out = {one.recipient for one in self._obstacles.suspensions if one.channel_id == channel_id}
        return not out or not out.issuperset(self._channels[channel_id].recipients())

    def _gone_channels(self) -> Iterator[Trouble]:
        for channel_id, channel in self._channels.items():
            ban = self._obstacles.ban_on(channel_id, channel.target())
            if ban is not None:
                yield Trouble(
                    kind=TroubleKind.CHANNEL,
                    subject=channel_id,
                    name=f"channel {channel_id}",
                    state="gone",
                    since=ban.since,
                    reason=ban.reason,
                    evidence=("nothing more is sent there",),
                    remedy="correct its url in tidings.yaml, or remove it; then `tidings deliveries retry` for what is parked",
                )

    def _given_up(self, parked: Sequence[Parked]) -> Iterator[Trouble]:
        """Where nothing else is told of it: of channels that are there, to recipients that are not suspended."""
        suspended = {(one.channel_id, one.recipient) for one in self._obstacles.suspensions}
        for one in parked:
            channel = self._channels.get(one.channel_id)
            if channel is None or self._obstacles.ban_on(one.channel_id, channel.target()) is not None:
                continue
            if (one.channel_id, one.recipient) in suspended:
                continue
            yield Trouble(
                kind=TroubleKind.DELIVERY,
                subject=f"{one.channel_id} {one.recipient}".strip(),
                name=f"{one.channel_id} {one.recipient}".strip(),
                state=f"{counted(one.number, 'message')} given up",
                since=one.since,
                reason=one.error,
                remedy="`tidings deliveries list`, then `retry` or `cancel`",
                count=one.number,
            )

    def _waits(self, late: Sequence[Waiting]) -> Iterator[Trouble]:
        """Of channels that are there and not gone: what is gone is told of already."""
        for one in late:
            channel = self._channels.get(one.channel_id)
            if channel is None or self._obstacles.ban_on(one.channel_id, channel.target()) is not None:
                continue
            yield Trouble(
                kind=TroubleKind.WAITING,
                subject=one.channel_id,
                name=f"channel {one.channel_id}",
                state=f"takes nothing, {counted(one.number, 'message')} waiting",
                since=one.since,
                reason=one.error,
                remedy="nothing is lost, it is tried on; look at the other side, or at `tidings channels test`",
            )


def _suspended(obstacles: Obstacles) -> Iterator[Trouble]:
    for one in obstacles.suspensions:
        yield Trouble(
            kind=TroubleKind.DELIVERY,
            subject=f"{one.channel_id} {one.recipient} suspended",
            name=f"{one.recipient} of {one.channel_id}",
            state="suspended",
            since=one.since,
            reason=one.reason,
            evidence=(f"{counted(one.messages, 'message')} in a row refused",),
            remedy=remedy(one),
        )


def told(settings: Settings, found: Sequence[Noticed]) -> tuple[Trouble, ...]:
    """What was noticed, but what concerns a digest that is no more."""
    ours = {TEMPLATE: _composing(settings), WORK: _working(settings)}
    return tuple(_noticed(one) for one in found if one.kind not in ours or one.subject in ours[one.kind])


def _composing(settings: Settings) -> frozenset[str]:
    """Whose templates may fail."""
    return frozenset((ALERTS, *(plan.id for plan in settings.digests)))


def _working(settings: Settings) -> frozenset[str]:
    """What work of our own may break."""
    return frozenset((*map(alerts_work, TELLERS), *(digest_work(plan.id) for plan in settings.digests)))


def _noticed(one: Noticed) -> Trouble:
    name, state, remedy = _NOTICED.get((one.kind, one.subject)) or _NOTICED[one.kind, ""]
    return Trouble(
        kind=TroubleKind(one.kind),
        subject=one.subject,
        name=name.format(one.subject),
        state=state,
        since=one.since,
        reason=one.reason,
        remedy=remedy,
    )


_REFUSED = "refused, the rules before it stay in force"
_ROOM = "make room, or move the state folder to a larger disk"
_NOTICED = {  # kind and subject, "" for any → name, state, remedy
    (TEMPLATE, ""): (
        "the template of {}",
        "failed, the bundled one is used",
        "correct it; `tidings check` reads templates too",
    ),
    (WORK, ""): (
        "{}",
        "breaks at each try",
        "the log has the whole of it, and it is tried again at each tick; nothing is lost meanwhile",
    ),
    (STORAGE, LOW): ("the disk of the database", "nearly full", _ROOM),
    (STORAGE, DISK): ("the disk of the database", "could not be written to", _ROOM),
    (CONFIGURATION, FILES): ("your edit", _REFUSED, "`tidings check` names each mistake with its line"),
    (CONFIGURATION, BOUND): (
        "your edit",
        _REFUSED,
        "`tidings impact` shows what it brings; narrow it, or raise edits.max_stories_per_week",
    ),
    (CONFIGURATION, LISTEN): (
        "your edit",
        "in force, and the daemon cannot be asked there",
        "correct web.bind, or end what holds it",
    ),
    (CONFIGURATION, RESTART): (
        "your edit",
        "in force but for a part",
        "start `tidings run` anew when it suits",
    ),
}


def _network(out: Outage | None) -> Iterator[Trouble]:
    if out is not None and out.is_told:
        yield Trouble(
            kind=TroubleKind.NETWORK,
            subject="",
            name="the network of this machine",
            state="seems to be out",
            since=out.since,
            reason=f"{len(out.unreached)} of {counted(out.every, 'source')} cannot be reached",
            evidence=(", ".join(_named([one.source_id for one in out.unreached])),),
            remedy="look at the network and the DNS of this machine",
            count=len(out.unreached),
        )


def _sources(sources: Sequence[Cared], covered: frozenset[str]) -> Iterator[Trouble]:
    for one in sources:
        care = one.care
        if care.source_id not in covered and _is_told(care):
            yield Trouble(
                kind=TroubleKind.SOURCE,
                subject=care.source_id,
                name=one.source.name or care.source_id,
                state=str(care.state),
                since=care.since,
                reason=care.problem or "no reason is known",
                evidence=care.evidence,
                remedy=care.remedy or "",
            )


def _is_told(care: Care) -> bool:
    """What needs somebody now; and what answers but has listed nothing for far too long, which may be a fault too."""
    return care.need is Need.NOW or care.state is SourceState.QUIET


def _pages(crashed: Sequence[CrashedPage]) -> Iterator[Trouble]:
    if crashed:
        moments = [one.crashed_at for one in crashed if one.crashed_at is not None]
        yield Trouble(
            kind=TroubleKind.PAGE,
            subject="",
            name="pages that crash their reader",
            state=f"{len(crashed)} in quarantine",
            since=min(moments, default=None),
            reason=f"{crashed[0].reason}: {crashed[0].url}",
            remedy="`tidings quarantine list`, then `save` or `retry`",
            count=len(crashed),
        )


def _named(names: Sequence[str]) -> Iterator[str]:
    yield from names[:NAMED]
    if len(names) > NAMED:
        yield f"and {len(names) - NAMED} more"
