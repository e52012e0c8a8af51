"""Runs candidates in turns in one process and reports medians and ratios, since machines are shared and noisy."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """CPU seconds of one candidate."""

    median: float
    spread: float  # (max - min) / median


def race(candidates: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS) -> dict[str, Result]:
    """CPU seconds of each candidate over `rounds` interleaved turns; the first turn warms up and is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, run in candidates.items():
            gc.collect()
            start = time.process_time()
            run()
            if turn:
                taken[name].append(time.process_time() - start)
    return {
        name: Result(
            median=statistics.median(times),
            spread=(max(times) - min(times)) / (statistics.median(times) or 1),
        )
        for name, times in taken.items()
    }


def show(title: str, results: Mapping[str, Result], *, base: str, unit: str, amount: float) -> None:
    """Print a table: amount of `unit` a CPU second, and how many times `base`."""
    print(f"\n{title}")
    for name, result in results.items():
        rate = amount / result.median if result.median else float("inf")
        ratio = results[base].median / result.median if result.median else float("inf")
        print(f"  {name:42} {rate:12,.0f} {unit}/s  {ratio:7.2f}x {base}  spread {result.spread:.0%}")
