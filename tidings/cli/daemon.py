"""`run`, `once` and `status`: the installation at work."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import (
    FAILED,
    PARTIAL,
    USAGE,
    Config,
    Json,
    State,
    Verbose,
    complain,
    fail,
    load,
    run,
    settings,
)
from tidings.cli.output import json_line, progress
from tidings.queues import Queue

if TYPE_CHECKING:
    from pathlib import Path

    from tidings.settings import ConfigError
    from tidings.state_of_things import Status
    from tidings.tasks import Report


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("run")(run_daemon)
    app.command("worker")(worker)
    app.command("once")(once)
    app.command("status")(status)


def run_daemon(config: Config = None, state: State = None, verbose: Verbose = False) -> None:
    """Run the daemon in the foreground: poll, read, match, fold and tell until stopped.

    SIGTERM ends it within ten seconds; SIGHUP or a change in the configuration folder reloads.
    """
    import asyncio
    import signal

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a daemon that reloads, what is read is new
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # nor is anything under way yet that would need an orderly end
    from tidings.folders import state_folder
    from tidings.lock import AlreadyRunning, DaemonLock, lock_file
    from tidings.memory import keep_few_arenas

    keep_few_arenas()
    folder = state_folder(state, os.environ)
    early = lock_file("sqlite", folder) if folder.is_dir() else None
    try:  # the lock comes before all that takes its time to load
        with DaemonLock(early) if early is not None else nullcontext():
            settings(config, state)  # a wrong configuration ends here, in words, before anything starts

            from tidings import log
            from tidings.daemon import run as live
            from tidings.storage.errors import StorageError
            from tidings.web.server import CannotListen

            log.configure(verbose=verbose)
            try:
                asyncio.run(live(lambda: load(config, state), held=early))
            except (CannotListen, StorageError) as fault:
                fail(str(fault))
    except AlreadyRunning as fault:
        fail(str(fault))


def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency", metavar="N", min=1, max=500, help="Polls at once; 50 where it is not given."
        ),
    ] = None,
    only: Annotated[
        list[Queue] | None,
        typer.Option(
            "--only",
            metavar="|".join(Queue),
            help="Take this kind of work alone: polls and pages, folding and matching, or digests and deliveries. "
            "May be given twice.",
        ),
    ] = None,
    config: Config = None,
    state: State = None,
    verbose: Verbose = False,
) -> None:
    """Take work from the queue until stopped: polls, pages, matching, digests, deliveries.

    For installations with `queue: procrastinate`, where `tidings run` only finds what is due. SIGTERM ends it within
    ten seconds and hands back what it holds; what a worker that dies had in hand goes to others.
    """
    import asyncio
    import signal

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    kinds = tuple(only) if only else tuple(Queue)
    if concurrency is not None and Queue.COLLECT not in kinds:
        fail(
            f"--concurrency is of polls, and --only {' --only '.join(kinds)} takes none; leave one of the two out",
            USAGE,
        )
    from tidings.memory import keep_few_arenas

    keep_few_arenas()
    loaded = settings(config, state)  # a wrong configuration ends here, in words, before anything starts
    if loaded.queue is None:
        fail(
            "there is no queue to take work from: `queue` is not set in tidings.yaml, and `tidings run` does all work "
            "itself; set database: postgresql://… and queue: procrastinate, see docs/scale.md",
            USAGE,
        )

    from tidings import log
    from tidings.storage.errors import StorageError
    from tidings.worker import PLACES, work

    log.configure(verbose=verbose)
    try:
        asyncio.run(work(lambda: load(config, state), places=concurrency or PLACES, takes=kinds))
    except StorageError as fault:
        fail(str(fault))


def once(
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Poll every source now, whatever our own rhythm says (servers' wishes still hold)."
        ),
    ] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Do everything that is due once, then exit (for cron).

    Exits 0 when all went well, 3 when some sources or deliveries failed, with one line for each. Warnings, such as
    a flood or entries that may be missed, are lines too, and change nothing of that.
    """
    from tidings import log
    from tidings.app import open_app
    from tidings.tasks import PollSource

    loaded = settings(config, state)
    log.configure(verbose=verbose, outcomes=verbose)
    counts: Counter[str] = Counter()
    troubles: list[str] = []
    warnings: list[str] = []

    with progress("collecting") as live:

        def note(report: Report) -> None:
            counts.update(report.counts)
            source = f"{report.task.source_id}: " if isinstance(report.task, PollSource) else ""
            if report.problem is not None:
                troubles.append(source + report.problem)
            if report.warning is not None:
                warnings.append(source + report.warning)
            live.show(f"{counts['polls']} sources, {counts['articles']} new, {counts['pages']} pages")

        async def work() -> None:
            async with open_app(loaded, on_report=note) as app:
                await app.settle(everything=everything)
                await app.tidy()

        run(work)
    for line in [*sorted(f"warning: {one}" for one in warnings), *sorted(troubles)]:
        complain(line)
    if as_json:
        json_line({**counts, "problems": sorted(troubles), "warnings": sorted(warnings)})
    else:
        typer.echo(summary(counts))
    if counts["faults"]:
        raise typer.Exit(FAILED)
    if troubles:
        raise typer.Exit(PARTIAL)


def summary(counts: Counter[str]) -> str:
    """One line on a run: sources, articles, matches, deliveries."""
    return (
        f"{counts['polls']} sources polled ({counts['unchanged']} unchanged, {counts['failed']} failed), "
        f"{counts['entries']} entries, {counts['articles']} new articles, {counts['pages']} pages read, "
        f"{counts['reprints']} reprints folded, {counts['matches']} matches, "
        f"{counts['digests']} digests, {counts['deliveries sent']} deliveries sent"
    )


def status(config: Config = None, state: State = None, as_json: Json = False) -> None:
    """Tell what is running, what comes next, and what needs you.

    While the configuration has a mistake, it tells what runs, and the mistake; the exit code is 2.
    """
    from tidings.opening import look_into
    from tidings.settings import ConfigError
    from tidings.state_of_things import take

    try:
        loaded = load(config, state)
    except ConfigError as fault:
        _refused(fault, state, as_json=as_json)
        raise typer.Exit(USAGE) from None

    async def work() -> Status:
        async with look_into(loaded) as stores:
            return await take(loaded, stores)

    now = run(work)
    if as_json:
        json_line(now)
        return
    for line in now.lines():
        typer.echo(line)


def _refused(fault: ConfigError, state: Path | None, *, as_json: bool) -> None:
    """What can be told without a configuration; the mistake goes to standard error, as with every command."""
    from datetime import UTC, datetime

    from tidings.folders import state_folder
    from tidings.running import heading, running

    folder, now = state_folder(state, os.environ), datetime.now(UTC)
    daemon = running("sqlite", folder)  # where another database is named, nobody can read that now
    if as_json:
        process = None if daemon is None else daemon.holder.process
        json_line(
            {"taken_at": now, "process": process, "daemon": daemon, "problems": str(fault).splitlines()}
        )
    else:
        for line in heading(daemon, now):
            typer.echo(line)
        typer.echo("\nneeds you")
        typer.echo(
            "  the configuration has a mistake and is refused whole; "
            + ("the daemon goes on with what it has read before" if daemon else "nothing can start with it")
        )
    complain(str(fault))
