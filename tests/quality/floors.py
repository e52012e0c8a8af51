"""The floors: what each set scored once, kept with the digest of the set, and never lowered by accident."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.quality.measure import Report

FILE = Path(__file__).with_name("floors.json")
FREE = ("precision", "recall")  # one may be given for the other as long as their F1 holds
SLACK = 0.0005  # below what was measured; a library's patch release may move one phrase


def below(report: Report) -> Iterator[str]:
    """What of a report lies under its floor, or cannot be held against one, in words."""
    kept = _read().get(report.set)
    if kept is None:
        yield f"{report.set}: no floor is kept; measure and keep it: python -m tests.quality --keep"
        return
    if kept["digest"] != report.digest:
        yield (
            f"{report.set}: the pages or labels have changed since the floor was kept; look at the figures, then "
            f"python -m tests.quality {report.set} --keep --lower"
        )
        return
    for figure, floor in kept["floors"].items():
        value = report.figures.get(figure, 0.0)
        if value < floor:
            yield f"{report.set}: {figure} is {value:.4f}, its floor {floor:.4f}"


def keep(reports: Sequence[Report], *, lower: bool) -> None:
    """Write the floors of these sets; without `lower` none is lowered and no other corpus accepted.

    Raises:
        SystemExit: a floor would be lowered.
    """
    kept = _read()
    for report in reports:
        old: dict[str, Any] = kept.get(report.set, {"digest": report.digest, "floors": {}})
        new = {
            name: round(max(0.0, value - SLACK), 4)
            for name, value in report.figures.items()
            if name not in FREE
        }
        worse = [name for name, value in old["floors"].items() if new.get(name, 0.0) < value - SLACK]
        if not lower and (worse or old["digest"] != report.digest):
            raise SystemExit(
                f"{report.set}: {', '.join(worse) or 'another corpus'} would lower a floor; --lower says that it may"
            )
        if not lower:
            new = {name: max(value, old["floors"].get(name, 0.0)) for name, value in new.items()}
        kept[report.set] = {"digest": report.digest, "floors": new}
    FILE.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found
