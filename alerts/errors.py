"""What can go wrong between an article and an inbox; the type tells the caller what it may do."""

from __future__ import annotations

from datetime import timedelta

GONE = "it is gone for good"  # stands in the words of a refusal that ends a channel


class AlertError(Exception):
    """Base of all: `str()` is a sentence for an operator, without secrets."""


class TryLater(AlertError):
    """The other side is busy or away; `retry_after` is its wish, or None."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, for_all: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.for_all = for_all  # the same would happen to any message just now


class Refused(AlertError):
    """It will never take this message; sending again is pointless."""

    def __init__(self, message: str, *, disable: bool = False, of_recipient: bool = False) -> None:
        super().__init__(message)
        self.disable = disable  # 410: the whole channel is gone
        self.of_recipient = of_recipient  # because of whom it is for: a further message would fare the same


class RuleError(AlertError):
    """A term or expression that cannot be read. `offset` counts from 0 inside the item's text."""

    def __init__(self, problem: str, remedy: str, *, offset: int = 0) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.offset = offset


class TemplateFault(AlertError):
    """A template that cannot be used: `FILE:LINE: PROBLEM; REMEDY`, as far as each of them is known."""

    def __init__(self, problem: str, remedy: str = "", *, file: str = "", line: int = 0) -> None:
        where = f"{file}:{line}" if line else file
        said = f"{problem}; {remedy}" if remedy else problem
        super().__init__(f"{where}: {said}" if where else said)
        self.problem = problem
        self.remedy = remedy
        self.file = file  # "": not known
        self.line = line  # from 1; 0: not known
