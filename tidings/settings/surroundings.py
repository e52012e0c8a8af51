"""What a file is checked against: the environment, the folders, the names of the other files, the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from alerts.records import Term

ValidateTerm: TypeAlias = Callable[[Term], object]  # raises alerts.errors.RuleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What other files may refer to. None: not known, because that file cannot be read; nothing is checked."""

    channels: frozenset[str] | None = None
    sources: frozenset[str] | None = None  # ids and tags
    initiatives: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Handed to every validator as pydantic's context."""

    config_dir: Path
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold secrets
    names: Names = field(default_factory=Names)
    validate_term: ValidateTerm | None = None
