"""`tidings run`: ticks, reloads on a change of the configuration, stops within ten seconds when asked."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from tidings.app import App, Part, open_app
from tidings.clock import SystemClock
from tidings.config_watch import Prints, prints, watch
from tidings.handles import allow_enough
from tidings.housekeeping import LOOK, keep_house
from tidings.lock import DaemonLock, lock_file
from tidings.outcomes import Outcomes
from tidings.pulse import Phase
from tidings.reloading import Reloader
from tidings.settings import Settings
from tidings.stopping import Stopping, first_of
from tidings.storage.errors import StorageError
from tidings.systemd import Supervisor
from tidings.tasks import Report
from tidings.troubles import CONFIGURATION
from tidings.vitals import DaemonVitals
from tidings.web.server import WebServer

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=5)
CATCH_UP = timedelta(minutes=2)
DRAIN = 7.0  # seconds for what is under way; ten in all from SIGTERM to the end
LONG_WAIT = 30.0  # seconds for which another program may lock the database before the log says so


async def run(load: Callable[[], Settings], *, held: Path | None = None) -> None:
    """Work until SIGTERM or SIGINT.

    Args:
        load: reads the configuration, now and at each reload.
        held: a lock file that the caller holds already.

    Raises:
        ConfigError: at the start; later a bad edit is logged and the rules in force stay.
        AlreadyRunning: another daemon works on the same database.
        CannotListen: the address of `web.bind` cannot be had.
        StorageError: the database cannot be used, or can be used no longer.
    """
    allow_enough()
    supervisor = Supervisor(os.environ)
    settings = load()
    files = prints(
        settings.config_dir
    )  # what is edited from here on is a reload, also while all is being opened
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    lock = lock_file(settings.database, settings.state_dir)
    with DaemonLock(lock) if lock != held else nullcontext():
        vitals: DaemonVitals
        outcomes = Outcomes(SystemClock())

        def hear(report: Report) -> None:
            outcomes.heard(report)
            vitals.heard(report)

        async with open_app(settings, on_report=hear, alone=True, part=Part.SCHEDULER) as app:
            vitals = DaemonVitals(app)
            server = WebServer(app.stores, app.clock, vitals)
            async with vitals:
                try:
                    await server.follow(settings)
                    await live(app, load, server, supervisor, files)
                finally:
                    await server.close()


async def live(
    app: App,
    load: Callable[[], Settings],
    server: WebServer | None = None,
    supervisor: Supervisor | None = None,
    files: Prints | None = None,
) -> None:
    """Tick until SIGTERM or SIGINT; a digest missed while nothing ran tells what a first round of polls finds.

    Raises:
        StorageError: going on would harm the database, or another daemon has taken over.
    """
    supervisor = supervisor if supervisor is not None else Supervisor({})
    stopping = Stopping()
    stopping.listen()
    reloader = Reloader(app, load, server, supervisor)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.announced.set)

    scheduler = AsyncIOScheduler(
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(keep_house, "interval", [app], seconds=LOOK.total_seconds())
    scheduler.start()
    await app.stores.troubles.clear(CONFIGURATION)  # what is in force was read just now
    background = [
        asyncio.create_task(
            watch(app.settings.config_dir, reloader.announced.set, stopping.asked, files), name="watch"
        ),
        asyncio.create_task(_begin(app, scheduler), name="begin"),
        asyncio.create_task(reloader.run(), name="reload"),
        asyncio.create_task(_heart(app, supervisor, reloader), name="heart"),
    ]
    log.info(
        "running",
        process=os.getpid(),
        config=str(app.settings.config_dir),
        state=str(app.settings.state_dir),
        sources=len(app.settings.sources),
        initiatives=len(app.settings.initiatives),
        digests=len(app.settings.digests),
    )
    supervisor.ready(reloader.status())
    try:
        await first_of(stopping.asked, app.watch.ruined)
    finally:
        app.pulse.phase = Phase.STOPPING
        supervisor.stopping()
        log.info("stopping")
        scheduler.remove_all_jobs()
        for task in background:
            task.cancel()
        await _drain(app, stopping.hurried)
        scheduler.shutdown(wait=False)
        await asyncio.gather(*background, return_exceptions=True)
        log.info("stopped")
    if app.watch.ruin is not None:
        raise app.watch.ruin


async def _drain(app: App, hurry: asyncio.Event) -> None:
    """Let what is under way finish; a second signal, or a database that is no more, cuts it off."""
    patience = 0.0 if app.watch.ruin is not None else DRAIN
    stopping = asyncio.ensure_future(app.runner.stop(patience))
    hurried = asyncio.ensure_future(hurry.wait())
    await asyncio.wait((stopping, hurried), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    app.stores.database.hurry()  # nor is a file waited for that another program has locked
    if not stopping.done():
        await app.runner.stop(0)
    await stopping


async def _begin(app: App, scheduler: AsyncIOScheduler) -> None:
    """Catch up for some minutes at most, then let the heart beat."""
    app.pulse.phase = Phase.CATCHING_UP
    try:
        await app.collect(patience=CATCH_UP)
    except StorageError as fault:
        log.warning("catching up ended early, the ticks go on with it", problem=str(fault))
    except Exception:
        log.exception("catching up failed; the ticks go on with it")
    app.pulse.phase = Phase.RUNNING
    scheduler.add_job(
        Ticks(app).tick, "interval", seconds=TICK.total_seconds(), next_run_time=datetime.now(UTC)
    )


class Ticks:
    """One tick after the other; what cannot be written is told by the watch, once, and not at each tick."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._due: float | None = None  # when the next one should begin, by the clock of the loop

    async def tick(self) -> None:
        app, began = self._app, self._loop.time()
        lag = max(0.0, began - self._due) if self._due is not None else 0.0
        self._due = began + TICK.total_seconds()
        try:
            if not await app.watch.tick():
                app.pulse.sign()  # the daemon lives, its disk does not
                return
            await app.runner.recover()
            await app.tenure.renew()
            await app.ticker.tick()
        except asyncio.CancelledError:
            if app.pulse.phase is not Phase.STOPPING:
                raise
        except StorageError as fault:
            if app.pulse.storage is None and app.watch.ruin is None:
                log.error("tick failed; the next one tries again", problem=str(fault))
            app.pulse.sign()
        except Exception:
            log.exception("tick failed; the next one tries again")
        else:
            app.pulse.beat(app.clock.now(), lag)


async def _heart(app: App, supervisor: Supervisor, reloader: Reloader) -> None:
    """Tell the service manager that the work goes on, while it does.

    Catching up, and a database that another program has locked, are no standstill of ours.
    """
    every = min(TICK.total_seconds(), (supervisor.watchdog or 60.0) / 2)
    loop = asyncio.get_running_loop()
    locked_since: float | None = None
    said, status = False, ""
    while True:
        waits = app.stores.database.waits
        if waits or app.pulse.phase is Phase.CATCHING_UP:
            app.pulse.sign()
        locked_since = (locked_since or loop.time()) if waits else None
        if locked_since is not None and loop.time() - locked_since > LONG_WAIT and not said:
            log.warning("another program keeps the database locked; work waits for it")
            said = True
        elif not waits and said:
            log.info("the database is free again")
            said = False
        if app.pulse.alive:
            supervisor.lives()
        if (now := reloader.status()) != status:
            supervisor.says(now)
            status = now
        await asyncio.sleep(every)
