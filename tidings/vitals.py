"""The daemon as it is asked by HTTP: how it lives, whether it is ready, and its metrics."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from tidings.app import App
from tidings.health import Health, Readiness
from tidings.heartbeat import Beats, Heart
from tidings.metrics import CONTENT_TYPE, Metrics
from tidings.storage.figures import SqlFigures
from tidings.tasks import Report


class DaemonVitals:
    """See `tidings.web.probes.Vitals`; built from a running application, with the heartbeat beside it."""

    def __init__(self, app: App) -> None:
        figures = SqlFigures(app.stores.database)
        self._pulse = app.pulse
        self._health = Health(
            app.pulse,
            figures,
            app.clock,
            app.settings.state_dir,
            lambda: _patience(app),
            crew=lambda: app.runner.crew,
        )
        self._beats = Beats()
        self._heart = Heart(self._health, self._beats, lambda: app.settings, app.clock)
        self._beating: asyncio.Task[None] | None = None
        self._metrics = Metrics(self._health, figures, self._beats, app.clock, crew=lambda: app.runner.crew)

    @property
    def alive(self) -> bool:
        """Whether the work goes on."""
        return self._health.alive

    async def readiness(self) -> Readiness:
        """All parts."""
        return await self._health.readiness()

    def facts(self) -> dict[str, Any]:
        """Times are ISO 8601 in UTC."""
        pulse, beats = self._pulse, self._beats
        return {
            "phase": str(pulse.phase),
            "started_at": _stamp(pulse.started_at),
            "ticked_at": _stamp(pulse.ticked_at),
            "lag": round(pulse.lag, 3),
            "reloaded_at": _stamp(pulse.reloaded_at),
            "silence": round(pulse.silence, 3),
            "heartbeat": {
                "sent_at": _stamp(beats.sent_at),
                "problem": beats.problem,
                "since": _stamp(beats.since),
            },
        }

    async def metrics(self) -> tuple[bytes, str]:
        """The text and its type."""
        return await self._metrics.text(), CONTENT_TYPE

    def heard(self, report: Report) -> None:
        """Count what one task did."""
        self._metrics.heard(report)

    async def __aenter__(self) -> Self:
        self._beating = asyncio.create_task(self._heart.run(), name="heartbeat")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is waited for any more, so that the database can be closed."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait((self._beating,))
        await self._metrics.close()
        await self._health.close()


def _patience(app: App) -> timedelta:
    return app.settings.polling.wait_for_text


def _stamp(when: datetime | None) -> str | None:
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%SZ")
