"""`tidings run`: ticks, reloads on a change of the configuration, stops within ten seconds when asked."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from watchfiles import awatch

from tidings.app import App, open_app
from tidings.impact import too_much
from tidings.lock import DaemonLock
from tidings.settings import ConfigError, Settings
from tidings.tasks import Report
from tidings.troubles import BOUND, CONFIGURATION, FILES
from tidings.web.site import CannotListen, Site

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=5)
CATCH_UP = timedelta(minutes=2)
HOUSEKEEPING = timedelta(hours=6)
DRAIN = 7.0  # seconds for what is under way; ten in all from SIGTERM to the end


async def run(load: Callable[[], Settings]) -> None:
    """Work until SIGTERM or SIGINT. `load` reads the configuration, now and at each reload.

    Raises:
        ConfigError: at the start; later a bad edit is logged and the rules in force stay.
        AlreadyRunning: another daemon works on the same state folder.
        CannotListen: the address of `web.bind` cannot be had.
    """
    settings = load()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with DaemonLock(settings.state_dir):
        async with open_app(settings, on_report=_log_report) as app:
            site = Site(app.stores.unsubscribed, app.clock)
            try:
                await site.follow(settings)
                await live(app, load, site)
            finally:
                await site.close()


async def live(app: App, load: Callable[[], Settings], site: Site | None = None) -> None:
    """Tick until SIGTERM or SIGINT; a digest missed while nothing ran tells what a first round of polls finds."""
    stop = asyncio.Event()
    reload = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)

    scheduler = AsyncIOScheduler(
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(_housekeep, "interval", [app], seconds=HOUSEKEEPING.total_seconds())
    scheduler.start()
    watcher = asyncio.create_task(_watch(app.settings.config_dir, reload, stop))
    beginning = asyncio.create_task(_begin(app, scheduler))
    reloader = asyncio.create_task(_reload(app, load, reload, site))
    await app.stores.troubles.clear(CONFIGURATION)  # what is in force was read just now
    log.info(
        "running",
        process=os.getpid(),
        config=str(app.settings.config_dir),
        state=str(app.settings.state_dir),
        sources=len(app.settings.sources),
        initiatives=len(app.settings.initiatives),
        digests=len(app.settings.digests),
    )
    try:
        await stop.wait()
    finally:
        log.info("stopping")
        beginning.cancel()
        scheduler.remove_all_jobs()
        reloader.cancel()
        watcher.cancel()
        await app.runner.stop(DRAIN)
        scheduler.shutdown(wait=False)
        await asyncio.gather(beginning, watcher, reloader, return_exceptions=True)
        log.info("stopped")


async def _begin(app: App, scheduler: AsyncIOScheduler) -> None:
    """Catch up for some minutes at most, then let the heart beat."""
    try:
        await app.collect(patience=CATCH_UP)
    except Exception:
        log.exception("catching up failed; the ticks go on with it")
    scheduler.add_job(_tick, "interval", [app], seconds=TICK.total_seconds(), next_run_time=datetime.now(UTC))


async def _tick(app: App) -> None:
    try:
        await app.ticker.tick()
    except Exception:
        log.exception("tick failed; the next one tries again")


async def _housekeep(app: App) -> None:
    try:
        purged = await app.tidy()
    except Exception:
        log.exception("housekeeping failed; the next one tries again")
    else:
        log.info("housekeeping", purged=purged)


async def _watch(folder: Path, reload: asyncio.Event, stop: asyncio.Event) -> None:
    """Set `reload` when a file of the configuration changes; the folder is watched, not its files,
    because editors replace files by renaming."""
    async for changes in awatch(folder, stop_event=stop, step=200):
        if any(_is_configuration(Path(path)) for _, path in changes):
            reload.set()


def _is_configuration(path: Path) -> bool:
    return path.suffix in {".yaml", ".yml", ".j2"} and not path.name.startswith(".")


async def _reload(app: App, load: Callable[[], Settings], reload: asyncio.Event, site: Site | None) -> None:
    while True:
        await reload.wait()
        reload.clear()
        await take_edit(app, load)
        try:
            if site is not None:
                await site.follow(app.settings)
        except CannotListen as fault:
            log.error("readers are not served", problem=str(fault))


async def take_edit(app: App, load: Callable[[], Settings]) -> None:
    """Put an edit in force if it can be read and, where a bound is set, brings no more than that allows.

    One that is refused is logged, and the rules before it stay.
    """
    troubles = app.stores.troubles
    try:
        edited = load()
        refused = await too_much(app.stores.archive, app.settings, edited, app.clock.now())
        await troubles.clear(CONFIGURATION, FILES)
        if refused is None:
            await app.apply(edited)
            await troubles.clear(CONFIGURATION)
        else:
            await troubles.notice(CONFIGURATION, BOUND, refused.words(), app.clock.now())
    except ConfigError as fault:
        log.error("the edit is refused whole, the rules before it stay in force", problems=str(fault))
        await troubles.clear(CONFIGURATION, BOUND)
        await troubles.notice(CONFIGURATION, FILES, str(fault), app.clock.now())
    except Exception:
        log.exception("reload failed, the rules before it stay in force")
    else:
        if refused is None:
            log.info("reloaded", sources=len(app.settings.sources), initiatives=len(app.settings.initiatives))
        else:
            log.error(
                "the edit brings too much and is refused whole, the rules before it stay in force",
                **refused.facts(),
            )


def _log_report(report: Report) -> None:
    if not report.worth_a_line and report.problem is None:
        return
    what = type(report.task).__name__
    if report.problem is not None:
        log.warning(what, problem=report.problem, **report.facts)
    elif report.warning is not None:
        log.warning(what, warning=report.warning, **report.facts)
    else:
        log.info(what, **report.facts)
