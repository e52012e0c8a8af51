"""What a configuration asks for and this version does not do: told, never ignored in silence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tidings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """One setting that is read and does nothing; `str()` is a sentence with its remedy."""

    key: str  # where it stands: a key of tidings.yaml
    problem: str
    remedy: str
    refused: bool = (
        False  # nothing starts with it, because news would be kept or worked on elsewhere than asked
    )

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


def unserved(settings: Settings) -> tuple[Unserved, ...]:
    """All of them."""
    return tuple(_refused(settings))


def _refused(settings: Settings) -> Iterator[Unserved]:
    if settings.queue is not None:
        yield Unserved(
            key="queue",
            problem=f"the queue {settings.queue} is not served by this version, which does all work in one process",
            remedy="remove the line",
            refused=True,
        )
