"""What a configuration asks for and this version does not do: told, never ignored in silence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.commitments import AHEAD
from alerts.plans import AlertKind, AlertPlan
from tidings.settings import Settings
from tidings.settings.models.installation import WebShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """One setting that is read and does nothing; `str()` is a sentence with its remedy."""

    key: str  # where it stands: a key of tidings.yaml, or "alerts"
    problem: str
    remedy: str
    refused: bool = (
        False  # nothing starts with it, because news would be kept or worked on elsewhere than asked
    )

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


def unserved(settings: Settings) -> tuple[Unserved, ...]:
    """All of them, those that are refused first."""
    return (*_refused(settings), *_without_effect(settings), *_alerts(settings))


def _refused(settings: Settings) -> Iterator[Unserved]:
    if settings.database.startswith("postgresql"):
        yield Unserved(
            key="database",
            problem="PostgreSQL is not served by this version",
            remedy="write database: sqlite, or remove the line",
            refused=True,
        )
    if settings.queue is not None:
        yield Unserved(
            key="queue",
            problem=f"the queue {settings.queue} is not served by this version, which does all work in one process",
            remedy="remove the line",
            refused=True,
        )


def _without_effect(settings: Settings) -> Iterator[Unserved]:
    if settings.web != WebShape().record():
        yield Unserved(
            key="web",
            problem="this version has no status page, so nothing listens where `web` says",
            remedy="use `tidings status`, and remove `web`",
        )
    if settings.operator is not None:
        yield Unserved(
            key="operator",
            problem=f"this version sends no word of trouble to the operator's channel {settings.operator}",
            remedy="look at `tidings status`, or at the log",
        )


def _alerts(settings: Settings) -> Iterator[Unserved]:
    if any(plan.on is AlertKind.SOURCE_TROUBLE for plan in settings.alerts):
        yield Unserved(
            key="alerts",
            problem=f"alerts on {AlertKind.SOURCE_TROUBLE} are not sent by this version",
            remedy="remove them, or leave them for a later version",
        )
    commitments = [plan for plan in settings.alerts if plan.on is AlertKind.COMMITMENT]
    if any(plan.at for plan in commitments):
        yield Unserved(
            key="alerts",
            problem="alerts on commitments have no times of their own in this version; digests show the commitments",
            remedy="remove `at` from the alert",
        )
    if any(span > AHEAD for plan in commitments for span in plan.before):
        yield Unserved(
            key="alerts",
            problem=f"digests show a commitment from {AHEAD.days} days before its day on, not earlier",
            remedy=f"write at most {AHEAD.days}d into `before`",
        )
    for channel in sorted({name for plan in commitments for name in _without_digest(plan, settings)}):
        yield Unserved(
            key="alerts",
            problem=f"commitments are shown in digests only, and no digest takes all that are meant to {channel}",
            remedy=f"add a digest with to: [{channel}] over their initiatives",
        )


def _without_digest(alert: AlertPlan, settings: Settings) -> Iterator[str]:
    """Channels of an alert on commitments to which no digest takes each of its initiatives."""
    for channel in alert.to:
        told = {
            initiative
            for digest in settings.digests
            if channel in digest.to and not digest.paused
            for initiative in digest.initiatives
        }
        if not set(alert.initiatives) <= told:
            yield channel
