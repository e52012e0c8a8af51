"""The measured unit costs as a file, so that a model computes with what a machine measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one unit of work takes; medians of `runs` runs."""

    cpu_ms: float  # of our process and its children
    wall_ms: float
    server_ms: float  # CPU of PostgreSQL
    wal_bytes: float
    stored_bytes: float  # tables and indexes grow by so much
    statements: float = 0.0  # sent to the server, each a round trip; those of the queue are not counted
    wire_bytes: float = 0.0  # both ways with the outside world
    runs: int = 1
    spread: float = 0.0  # of cpu_ms: (largest - smallest) / median


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All of one measurement."""

    day: str  # ISO date
    machine: str  # processor, cores, Python, PostgreSQL
    sync_ms: float  # one write that is forced to the disk
    meeting: float  # of pairs of articles, how many share a lock when they are folded
    costs: Mapping[str, Cost]

    def write(self, path: Path = FILE) -> None:
        content: dict[str, object] = {
            "day": self.day,
            "machine": self.machine,
            "sync_ms": round(self.sync_ms, 3),
        }
        content["meeting"] = round(self.meeting, 5)
        costs = {name: _rounded(asdict(cost)) for name, cost in self.costs.items()}
        path.write_text(json.dumps(content | {"costs": costs}, indent=1) + "\n", encoding="utf-8")


def read(path: Path = FILE) -> Measured:
    """The last measurement that was kept."""
    found = json.loads(path.read_text(encoding="utf-8"))
    costs = {name: Cost(**one) for name, one in found.pop("costs").items()}
    return Measured(costs=costs, **found)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 0 if name.endswith("_bytes") else 3) for name, value in values.items()}
