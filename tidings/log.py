"""Structured logs: one line an outcome, readable on a terminal, JSON elsewhere, other libraries' loggers included."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

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


def configure(*, verbose: bool = False, outcomes: bool = True, stream: TextIO | None = None) -> None:
    """Send every record to `stream` (standard error) in one form.

    `verbose`: every detail; `outcomes` False: only what went wrong, for commands that print their own result.
    """
    out = stream if stream is not None else sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if out.isatty()
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
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO if outcomes else logging.WARNING)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
