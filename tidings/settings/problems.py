"""What is wrong with the configuration: where it stands, what it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error in one file; `str()` is the line a person reads and an editor jumps to."""

    file: str  # as the user would type it
    line: int = 1  # from 1
    column: int = 1  # from 1, in characters
    problem: str  # no secrets
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: error: {self.problem}; {self.remedy}"


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds all of them, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column)))
        super().__init__("\n".join(str(one) for one in self.problems))
