"""What can go wrong between an article and an inbox; the type tells the caller what it may do."""

from __future__ import annotations

from datetime import timedelta

GONE = "it is gone for good"  # stands in the words of a refusal that ends a channel


class AlertError(Exception):
    """Base of all: `str()` is a sentence for an operator, without secrets."""


class TryLater(AlertError):
    """The other side is busy or away; `retry_after` is its wish, or None."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(AlertError):
    """It will never take this message; sending again is pointless."""

    def __init__(self, message: str, *, disable: bool = False) -> None:
        super().__init__(message)
        self.disable = disable  # 410: the whole channel is gone


class RuleError(AlertError):
    """A term or expression that cannot be read. `offset` counts from 0 inside the item's text."""

    def __init__(self, problem: str, remedy: str, *, offset: int = 0) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.offset = offset


class TemplateFault(AlertError):
    """A template that cannot be used: which, where, what and what to do."""
