"""All alerts of an installation, built and asked together: rhythm, commitments, trouble. One that breaks stops no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from alerts.alert_desk import AlertDesk
from alerts.commitment_teller import CommitmentAlerts
from alerts.messages import Message
from alerts.pages import Pages
from alerts.ports import Channel
from alerts.rhythm_alerts import RhythmAlerts
from alerts.trouble_teller import TroubleAlerts, routes
from crawler.ports import Clock
from tidings.settings import Settings
from tidings.storage.errors import OF_ALL
from tidings.storage.stores import Stores
from tidings.troubles import ALERTS, TELLERS, TEMPLATE, WORK, Watchman, alerts_work

log = structlog.get_logger(__name__)


class _Teller(Protocol):
    async def tell_due(self) -> tuple[Message, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one round of alerts did."""

    messages: tuple[Message, ...] = ()
    problems: tuple[str, ...] = ()


class Alerting:
    """The alerts of one configuration; what was told is in the stores."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        channels: Mapping[str, Channel],
        templates: Path | None,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._noted: dict[tuple[str, str], str | None] = {}  # kind and subject → the problem, as noted last
        self._desk = AlertDesk(store=stores.alerts, channels=channels, pages=Pages(templates))
        self.commitments = CommitmentAlerts(
            evidence=stores.rhythms,
            desk=self._desk,
            plans=settings.alerts,
            digests=settings.digests,
            initiatives=settings.initiatives,
            clock=clock,
        )
        rhythms = RhythmAlerts(
            store=stores.rhythms,
            desk=self._desk,
            plans=settings.alerts,
            digests=settings.digests,
            initiatives=settings.initiatives.values(),
            clock=clock,
        )
        troubles = TroubleAlerts(
            watch=Watchman(settings, stores, channels),
            desk=self._desk,
            routes=routes(
                plans=settings.alerts,
                digests=settings.digests,
                operator=settings.operator,
                channels=tuple(channels),
            ),
            clock=clock,
        )
        self._tellers: Mapping[str, _Teller] = dict(
            zip(TELLERS, (rhythms, self.commitments, troubles), strict=True)
        )

    async def tell_due(self) -> Told:
        """Freeze all alerts that are due.

        Raises:
            StorageError: the database is in trouble as a whole; what was frozen before is.
        """
        messages: list[Message] = []
        problems: list[str] = []
        for name, teller in self._tellers.items():
            broken = None
            try:
                messages += await teller.tell_due()
            except OF_ALL:  # no fault of the alerts
                raise
            except Exception as fault:  # the next round tries again, and the others go on
                log.exception("alerts broke", alerts=name)
                broken = f"{type(fault).__name__}: {fault}"
                problems.append(f"{alerts_work(name)} broke: {broken}")
            await self.note_work(alerts_work(name), broken)
        if messages:
            failing = "; ".join(dict.fromkeys(self._desk.problems.values())) or None
            await self.note_template(ALERTS, failing)
            if failing is not None:
                problems.append(failing)
        return Told(messages=tuple(messages), problems=tuple(problems))

    async def note_template(self, composed: str, problem: str | None) -> None:
        """Keep that the template of a digest or of the alerts failed, or that it works, for the operator."""
        await self._note(TEMPLATE, composed, problem)

    async def note_work(self, name: str, problem: str | None) -> None:
        """Keep that a piece of our own work breaks, or that it went well, for the operator."""
        await self._note(WORK, name, problem)

    async def _note(self, kind: str, subject: str, problem: str | None) -> None:
        known = (kind, subject)
        if known in self._noted and self._noted[known] == problem:
            return
        if problem is None:
            await self._stores.troubles.clear(kind, subject)
        else:
            await self._stores.troubles.notice(kind, subject, problem, self._clock.now())
        self._noted[known] = problem
