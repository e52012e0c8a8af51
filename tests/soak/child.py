"""The child that dies: the whole application under the daemon's own ticker, on the clock of a `Board`."""

from __future__ import annotations

import asyncio
import copyreg
import logging
import os
import pickle
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Any

import css_inline  # noqa: F401  # loaded once for all children, which are forked from a server that has it
import structlog

from alerts import render, sandbox  # noqa: F401  # likewise
from crawler import failpoints
from crawler.extract import PageExtractor  # noqa: F401  # likewise
from crawler.failpoints import Doom
from crawler.pages import PageReader
from crawler.poll import Poller
from crawler.secret import Secret
from tests.soak.board import Board, Hand
from tidings.app import App, open_app
from tidings.settings import Settings, load
from tidings.tasks import Report

STEPS = 5  # to the horizon
SAID = "said"  # file with what the children had to say
FAULT = "task failed: "  # begins a line in it
REST = 0.005  # seconds between two looks at the horizon

# Moments in a transaction at which rows are changed and not committed.
_CHANGED = frozenset(
    {"after_validators", "after_entry_insert", "page_insert", "fold_insert", "match_insert", "told_marks"}
    | {"outbox_insert", "outbox_commit", "alert_frozen", "schema_migrate"}
)

# A transaction may have found nothing to do; dying in it counts while there is work in hand.
_MAY_BE_EMPTY = frozenset({"tx_begin", "tx_commit", "tx_committed"})


def _view(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))  # settings hold some
copyreg.pickle(
    Secret, lambda one: (Secret, (one.reveal(),))
)  # of this world; the program itself pickles none


def live(folder: Path, doom: Doom | None, step: timedelta | None = None) -> None:
    """Work towards the horizon until killed; with `step` go there by steps of this length, and end.

    Args:
        folder: configuration in `config`, state in `state`, the board in `board`; what goes wrong is added to `said`.
    """
    with (folder / SAID).open("ab") as said:
        os.dup2(said.fileno(), sys.stderr.fileno())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    board = Board(folder / "board")
    _report(board, None if doom is None else failpoints.fatal(doom))
    asyncio.run(_live(folder, board, step))


async def _live(folder: Path, board: Board, step: timedelta | None) -> None:
    async with open_app(_settings(folder), clock=board, on_report=_note, alone=True) as app:
        board.open = True
        await _work_off(app)
        stride = step or (board.horizon - board.now()) / STEPS
        while step is None or board.now() < board.horizon:
            if board.now() < board.horizon:
                board.idle = False
                board.advance(min(board.now() + stride, board.horizon))
                await _work_off(app)
            else:
                board.idle = True
                await asyncio.sleep(REST)
        await app.settle()


def _note(report: Report) -> None:
    """A task that broke has no excuse in this world."""
    if report.counts.get("faults"):
        sys.stderr.write(f"{FAULT}{report.problem}\n")
        sys.stderr.flush()


def _settings(folder: Path) -> Settings:
    """The configuration, read by the first child only: a hundred sources take a tenth of a second."""
    kept = folder / "settings"
    if not kept.exists():
        beside = folder / "settings.part"
        beside.write_bytes(pickle.dumps(load(folder / "config", state_dir=folder / "state", environ={})))
        beside.rename(kept)
    settings = pickle.loads(kept.read_bytes())
    assert isinstance(settings, Settings)
    return settings


async def _work_off(app: App) -> None:
    """Tick until nothing is due at this moment: what is found by one tick is told by another."""
    await app.tenure.renew()
    while await app.ticker.tick():
        await app.runner.drain()
    await app.runner.drain()


def _report(board: Board, fatal: Callable[[str], None] | None) -> None:
    """Note on the board what this process has in hand from now on, and let it die where it should."""
    _count(board, Poller, "poll", Hand.POLL)
    _count(board, PageReader, "read", Hand.PAGE)
    plain = render.Renderer.render

    def rendering(*arguments: Any, **options: Any) -> Any:
        board.take(Hand.RENDER)
        try:
            return plain(*arguments, **options)
        finally:
            board.take(Hand.RENDER, -1)

    render.Renderer.render = rendering  # type: ignore[method-assign]  # in a process that is there to die

    def watcher(name: str) -> None:
        board.reach(name)
        if name in _CHANGED:
            board.take(Hand.WRITE)
        elif name in ("delivery_claimed", "marked"):
            board.take(Hand.SEND, 1 if name == "delivery_claimed" else -1)
        if fatal is not None and (name not in _MAY_BE_EMPTY or board.in_hand()):
            fatal(name)
        if name in ("tx_begin", "tx_committed"):
            board.lay_down(Hand.WRITE)

    failpoints.watch(watcher)


def _count(board: Board, kind: type, name: str, hand: Hand) -> None:
    """Let each call of a method count as work in hand."""
    plain = getattr(kind, name)

    @wraps(plain)
    async def counted(*arguments: Any, **options: Any) -> Any:
        board.take(hand)
        try:
            return await plain(*arguments, **options)
        finally:
            board.take(hand, -1)

    setattr(kind, name, counted)
