"""All alerts of an installation, built and asked together: rhythm, commitments, trouble. One that breaks stops no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alerts.alert_desk import AlertDesk
from alerts.commitment_teller import CommitmentAlerts
from alerts.messages import Message
from alerts.pages import Pages
from alerts.ports import Channel
from alerts.rhythm_alerts import RhythmAlerts
from alerts.trouble_teller import TroubleAlerts, routes
from crawler.ports import Clock
from tidings.settings import Settings
from tidings.storage.stores import Stores
from tidings.troubles import ALERTS, TEMPLATE, Watchman


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
        self._failing: dict[str, str | None] = {}  # what composes → why its template fails, as noted last
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
        self._tellers: tuple[_Teller, ...] = (rhythms, self.commitments, troubles)

    async def tell_due(self) -> Told:
        """Freeze all alerts that are due."""
        messages: list[Message] = []
        problems: list[str] = []
        for teller in self._tellers:
            try:
                messages += await teller.tell_due()
            except Exception as fault:  # the next round tries again, and the others go on
                problems.append(f"{type(teller).__name__} broke: {type(fault).__name__}: {fault}")
        if messages:
            await self.note_template(ALERTS, self._desk.problem)
            if self._desk.problem is not None:
                problems.append(self._desk.problem)
        return Told(messages=tuple(messages), problems=tuple(problems))

    async def note_template(self, composed: str, problem: str | None) -> None:
        """Keep that the template of a digest or of the alerts failed, or that it works, for the operator."""
        if composed in self._failing and self._failing[composed] == problem:
            return
        if problem is None:
            await self._stores.troubles.clear(TEMPLATE, composed)
        else:
            await self._stores.troubles.notice(TEMPLATE, composed, problem, self._clock.now())
        self._failing[composed] = problem
