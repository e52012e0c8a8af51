"""Taking edits of the configuration into a running daemon: whole, or not at all and told to whom it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import structlog

from tidings.app import App
from tidings.impact import too_much
from tidings.settings import ConfigError, Polling, Settings
from tidings.systemd import Supervisor
from tidings.troubles import BOUND, CONFIGURATION, FILES, LISTEN, RESTART
from tidings.web.server import CannotListen, WebServer

log = structlog.get_logger(__name__)

# Of `polling`: what belongs to the parts that reach out, which live as long as the process.
_OF_THE_PROCESS = (
    "allow_private",
    "bridges",
    "connect_timeout",
    "contact",
    "host_delay",
    "max_headers",
    "max_ratio",
    "max_redirects",
    "max_size",
    "ports",
    "timeout",
)


class Reloader:
    """Takes edits one after the other, as they are announced.

    Args:
        load: reads the configuration.
        server: follows what `web` says.
    """

    def __init__(
        self, app: App, load: Callable[[], Settings], server: WebServer | None, supervisor: Supervisor
    ) -> None:
        self._app = app
        self._load = load
        self._server = server
        self._supervisor = supervisor
        self._at_start = app.settings
        self.announced = asyncio.Event()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.announced.wait()
            self.announced.clear()
            self._supervisor.reloading()
            try:
                await take_edit(self._app, self._load)
                await self._note_restart()
                await self.follow()
            except Exception:
                log.exception("reload failed, the rules before it stay in force")
            self._supervisor.ready(self.status())

    async def follow(self) -> None:
        """Listen where the settings in force say."""
        troubles, now = self._app.stores.troubles, self._app.clock.now()
        try:
            if self._server is not None:
                await self._server.follow(self._app.settings)
        except CannotListen as fault:
            log.error("the daemon cannot be asked", problem=str(fault))
            await troubles.notice(CONFIGURATION, LISTEN, str(fault), now)
        else:
            await troubles.clear(CONFIGURATION, LISTEN)

    def status(self) -> str:
        """One line on what is in force."""
        settings, refused = self._app.settings, self._app.pulse.reload_problem is not None
        return (
            f"{self._app.pulse.phase}: {len(settings.sources)} sources, {len(settings.initiatives)} initiatives, "
            f"{len(settings.digests)} digests{'; the last edit is refused' if refused else ''}"
        )

    async def _note_restart(self) -> None:
        """What was edited since the start and holds from the next one on."""
        waits = tuple(needs_restart(self._at_start, self._app.settings))
        if waits == self._app.pulse.restart_for:
            return
        self._app.pulse.restart_for = waits
        troubles = self._app.stores.troubles
        if waits:
            words = f"{', '.join(waits)}: what stands there now holds from the next start on"
            log.warning("part of the edit waits for a restart", settings=list(waits))
            await troubles.clear(CONFIGURATION, RESTART)
            await troubles.notice(CONFIGURATION, RESTART, words, self._app.clock.now())
        else:
            await troubles.clear(CONFIGURATION, RESTART)


def needs_restart(before: Settings, after: Settings) -> Iterator[str]:
    """Keys of tidings.yaml that differ and are read when the process starts."""
    for key in ("database", "queue", "state_dir"):
        if getattr(before, key) != getattr(after, key):
            yield key
    was, now = before.polling, after.polling
    yield from (f"polling.{key}" for key in _differing(was, now))


def _differing(was: Polling, now: Polling) -> Iterator[str]:
    return (key for key in _OF_THE_PROCESS if getattr(was, key) != getattr(now, key))


async def take_edit(app: App, load: Callable[[], Settings]) -> None:
    """Put an edit in force if it can be read and, where a bound is set, brings no more than that allows.

    One that is refused is logged, and the rules before it stay.
    """
    troubles, pulse = app.stores.troubles, app.pulse
    try:
        edited = await asyncio.to_thread(load)
        refused = await too_much(app.stores.archive, app.settings, edited, app.clock.now())
        await troubles.clear(CONFIGURATION, FILES)
        if refused is None:
            await app.apply(edited)
            await troubles.clear(CONFIGURATION, BOUND)
            pulse.reload_problem, pulse.reloaded_at = None, app.clock.now()
        else:
            pulse.reload_problem = refused.words()
            await troubles.notice(CONFIGURATION, BOUND, refused.words(), app.clock.now())
    except ConfigError as fault:
        pulse.reload_problem = str(fault)
        log.error("the edit is refused whole, the rules before it stay in force", problems=str(fault))
        await troubles.clear(CONFIGURATION, BOUND)
        await troubles.notice(CONFIGURATION, FILES, str(fault), app.clock.now())
    except Exception as fault:
        pulse.reload_problem = f"{type(fault).__name__}: {fault}"
        log.exception("reload failed, the rules before it stay in force")
    else:
        if refused is None:
            log.info("reloaded", sources=len(app.settings.sources), initiatives=len(app.settings.initiatives))
        else:
            log.error(
                "the edit brings too much and is refused whole, the rules before it stay in force",
                **refused.facts(),
            )
