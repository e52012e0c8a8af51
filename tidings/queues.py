"""The kinds of work that processes share; the command line names them too, so nothing heavy is imported here."""

from __future__ import annotations

from enum import StrEnum


class Queue(StrEnum):
    """Kinds of work that never keep each other waiting: each has places of its own in every worker that takes it."""

    COLLECT = "collect"  # polls and pages
    SETTLE = "settle"  # folding and matching: work for the processor, one at a time
    TELL = "tell"  # digests, alerts, deliveries
