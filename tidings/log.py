"""Structured logs: one line an outcome, readable on a terminal, JSON elsewhere, other libraries' loggers included."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from alerts.safe import one_line
from crawler.wording import addresses_shown
from tidings.repeats import Line, Repeats

# Libraries that tell their inner life at INFO; what an operator can act on comes from our own lines.
QUIET = (
    "apscheduler",
    "scrapy",
    "twisted",
    "trafilatura",
    "htmldate",
    "courlan",
    "aiohttp.access",
    "mail.log",
    "asyncio",
    "alembic",
    "watchfiles",
)
FORMAT = "TIDINGS_LOG_FORMAT"  # of the environment: text or json; else by where the lines go
LONGEST = 4_000  # characters of one value, a traceback excepted
SAME = timedelta(minutes=10)  # for which the same warning of the same thing is counted instead of repeated
RATIONED = "tidings.outcomes"  # says what lasts once a day by itself, by the application's own clock
_TRACEBACK = "exception"


def configure(
    *,
    verbose: bool = False,
    outcomes: bool = True,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Send every record to `stream` (standard error) in one form, and what nobody caught too.

    `verbose`: every detail; `outcomes` False: only what went wrong, for commands that print their own result.
    `environ`: the process's own; TIDINGS_LOG_FORMAT chooses the form, and below systemd's journal lines have no time,
    since the journal gives them one.
    """
    out = stream if stream is not None else sys.stderr
    known = environ if environ is not None else os.environ
    as_text = known.get(FORMAT, "text" if out.isatty() else "json").strip().lower() == "text"
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level]
    if not (as_text and known.get("JOURNAL_STREAM") and not out.isatty()):
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(Once())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                harmless,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO if outcomes else logging.WARNING)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    logging.captureWarnings(True)
    _hear_of_what_nobody_caught()


# -- what a line may hold --------------------------------------------------------------------------


def harmless(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No text forges a line or moves a cursor, and no address shows a user, a password or a query."""
    return {_line(str(key)): _shown(value, traceback=key == _TRACEBACK) for key, value in event.items()}


def _shown(value: object, *, traceback: bool = False) -> object:
    match value:
        case str() if traceback:
            return "\n".join(_indented(line) for line in value.splitlines())
        case str():
            return _line(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_line(str(key)): _shown(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown(item) for item in value]
    return _line(str(value))


def _line(text: str) -> str:
    return one_line(addresses_shown(text), LONGEST)


def _indented(line: str) -> str:
    """A line of a traceback, behind a margin, so that no message with line ends in it looks like a line of the log."""
    inner = line.lstrip(" ")
    return "    " + " " * min(len(line) - len(inner), 80) + _line(inner)


# -- what repeats itself ---------------------------------------------------------------------------


class Once(logging.Filter):
    """Lets a warning or error through once in ten minutes; the next line says how often it came meanwhile.

    Another source, channel, problem or logger is another line.
    """

    def __init__(self, every: timedelta = SAME) -> None:
        super().__init__()
        self._repeats = Repeats(every)
        self._lock = threading.Lock()  # of threads that log

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter`."""
        if record.levelno < logging.WARNING or record.name == RATIONED:
            return True
        ours = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        facts = tuple(f"{key}={value}" for key, value in sorted(ours.items()) if key != "timestamp")
        fault = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        key = (record.name, record.levelno, facts, f"{type(fault).__name__}: {fault}")
        with self._lock:
            line = self._repeats.trouble(key, "", datetime.fromtimestamp(record.created, UTC))
        if line is None:
            return False
        if line.repeats:
            _add(record, ours, line)
        return True


def _add(record: logging.LogRecord, ours: dict[str, Any], line: Line) -> None:
    told = {
        "as_before": line.repeats,
        "since": line.since.isoformat(timespec="seconds") if line.since else None,
    }
    if isinstance(record.msg, dict):
        record.msg = {**ours, **told}
    else:
        record.msg, record.args = f"{ours['event']} ({line.repeats} times more since {told['since']})", ()


# -- what nobody caught ----------------------------------------------------------------------------


def _hear_of_what_nobody_caught() -> None:
    """An exception that ends the process or a thread, or that Python can tell nobody else, is a line like any other."""
    log = logging.getLogger("tidings")

    def ended(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, fault, trace)
            return
        log.critical("this is a fault of tidings, and it ends", exc_info=(kind, fault, trace))

    def thread_ended(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is SystemExit or args.exc_value is None:
            return
        name = args.thread.name if args.thread is not None else "?"
        info = (args.exc_type, args.exc_value, args.exc_traceback)
        log.error("a thread ended by a fault: %s", name, exc_info=info)

    def unraisable(args: Any) -> None:
        if args.exc_value is None:
            return
        info = (args.exc_type, args.exc_value, args.exc_traceback)
        log.error("%s", args.err_msg or "a fault that could not be raised", exc_info=info)

    sys.excepthook = ended
    threading.excepthook = thread_ended
    sys.unraisablehook = unraisable
