"""`tidings worker`: takes jobs from the queue until it is stopped, and then hands back what it holds."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress

import structlog

from tidings.app import App, Part, open_app
from tidings.clock import SystemClock
from tidings.config_watch import prints, watch
from tidings.handles import allow_enough
from tidings.impact import too_much
from tidings.outcomes import Outcomes
from tidings.performing import Performer
from tidings.pulse import Phase
from tidings.queues import Queue
from tidings.runners.engine import BEAT, open_engine
from tidings.runners.inline import AT_ONCE, InlineRunner
from tidings.settings import ConfigError, Settings
from tidings.stopping import Stopping, first_of
from tidings.storage.errors import Ruined, StorageError
from tidings.systemd import Supervisor
from tidings.tasks import PollSource, Report

log = structlog.get_logger(__name__)

PLACES = AT_ONCE[PollSource]
LAST = 2.0  # seconds for the ends of jobs to be written down
DRAIN = 7.0  # seconds for what is under way; ten in all from SIGTERM to the end


async def work(
    load: Callable[[], Settings], *, places: int = PLACES, takes: Collection[Queue] = tuple(Queue)
) -> None:
    """Work until SIGTERM or SIGINT.

    Args:
        load: reads the configuration, now and at each reload; it names a queue.
        places: polls made at once.
        takes: kinds of jobs that are performed.

    Raises:
        ConfigError: at the start; later a bad edit is logged and the rules in force stay.
        StorageError: the database or its queue cannot be used.
    """
    allow_enough()
    supervisor = Supervisor(os.environ)
    settings = load()
    files = prints(settings.config_dir)
    performer: Performer
    outcomes = Outcomes(SystemClock())

    def hear(report: Report) -> None:
        outcomes.heard(report)
        performer.heard(report)

    async with open_app(settings, on_report=hear, part=Part.WORKER, polls=places) as app:
        assert isinstance(app.runner, InlineRunner)
        performer = Performer(app, app.runner, places=places, takes=takes)
        stopping, edited = Stopping(), asyncio.Event()
        stopping.listen()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, edited.set)
        async with open_engine(
            app.stores.database.address, perform=performer.perform, rescue=performer.rescue
        ) as engine:
            await performer.sign()
            background = [
                asyncio.create_task(
                    watch(settings.config_dir, edited.set, stopping.asked, files), name="watch"
                ),
                asyncio.create_task(_follow(app, load, edited, supervisor), name="reload"),
                asyncio.create_task(_heart(app, performer, supervisor), name="heart"),
                asyncio.create_task(performer.take_jobs(engine), name="jobs"),
            ]
            app.pulse.phase = Phase.RUNNING
            log.info(
                "working",
                process=os.getpid(),
                worker=performer.facts.id,
                takes=performer.facts.takes,
                places=performer.facts.places,
            )
            supervisor.ready(_status(app))
            try:
                await first_of(stopping.asked, app.watch.ruined)
            finally:
                await _end(app, performer, background, stopping.hurried, supervisor)
        if app.watch.ruin is not None:
            raise app.watch.ruin


async def _end(
    app: App,
    performer: Performer,
    background: list[asyncio.Task[None]],
    hurry: asyncio.Event,
    supervisor: Supervisor,
) -> None:
    """Begin nothing more, let what is under way finish for some seconds, and give back the rest."""
    app.pulse.phase = Phase.STOPPING
    supervisor.stopping()
    log.info("stopping")
    stopping = asyncio.ensure_future(app.runner.stop(DRAIN))
    hurried = asyncio.ensure_future(hurry.wait())
    await asyncio.wait((stopping, hurried), return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not stopping.done():
        await app.runner.stop(0)
    await stopping
    for task in background:
        task.cancel()
    # Not for ever: the server may be away, and the end of a job unwritten.
    await asyncio.wait(background, timeout=LAST)
    with suppress(StorageError):
        await performer.leave()
    log.info("stopped")


async def _heart(app: App, performer: Performer, supervisor: Supervisor) -> None:
    """Sign life in the database, and tell the service manager, for ever."""
    while True:
        try:
            await performer.sign()
        except Ruined:
            return
        except StorageError as fault:
            log.warning(
                "no sign of life could be written; others may take over what this one holds", why=str(fault)
            )
        except Exception:
            log.exception("no sign of life could be written; others may take over what this one holds")
        app.pulse.sign()
        supervisor.lives()
        await asyncio.sleep(BEAT)


async def _follow(
    app: App, load: Callable[[], Settings], edited: asyncio.Event, supervisor: Supervisor
) -> None:
    """Put edits in force as the scheduler does, which tells the operator of those that are refused."""
    while True:
        await edited.wait()
        edited.clear()
        supervisor.reloading()
        try:
            settings = await asyncio.to_thread(load)
            refused = await too_much(app.stores.archive, app.settings, settings, app.clock.now())
            if refused is None:
                await app.apply(settings)
                log.info("reloaded", sources=len(settings.sources), initiatives=len(settings.initiatives))
            else:
                log.error("the edit brings too much and is refused whole", **refused.facts())
        except ConfigError as fault:
            log.error("the edit is refused whole, the rules before it stay in force", problems=str(fault))
        except Exception:
            log.exception("reload failed, the rules before it stay in force")
        supervisor.ready(_status(app))


def _status(app: App) -> str:
    return (
        f"{app.pulse.phase}: {len(app.settings.sources)} sources, {len(app.settings.initiatives)} initiatives"
    )
