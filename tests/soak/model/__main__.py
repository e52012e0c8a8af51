"""`python -m tests.soak.model [--steps 10000] [--seed N]`: lead the program through so many random steps.

Exit code 1 and the shortest way to a fault when one was found; the same seed finds it again.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator

from tests.soak.model.machine import Installation
from tests.soak.model.play import play
from tidings import log


def lines(seconds: float) -> Iterator[str]:
    """For a person."""
    machine = Installation
    yield f"{sum(machine.steps.values()):,} steps in {seconds:.0f} s"
    yield from (f"  {number:6} {name}" for name, number in machine.steps.most_common())
    yield f"{sum(machine.deaths.values())} deaths, at {len(machine.deaths)} moments: " + ", ".join(
        f"{name} {number}" for name, number in machine.deaths.most_common()
    )
    yield f"articles under an initiative: {machine.pairs['must']} to be told, {machine.pairs['may']} that might be"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.model")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--whole", action="store_true", help="show a fault as it came, do not look for a shorter way"
    )
    chosen = parser.parse_args(words)
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")
    log.configure(outcomes=False)
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    fault = ""
    try:
        play(chosen.steps, chosen.seed, shrink=not chosen.whole)
    except Exception:
        fault = traceback.format_exc()
    sys.stdout.write(
        "\n".join((*lines(time.monotonic() - began), f"faults {int(bool(fault))}", fault)) + "\n"
    )
    return int(bool(fault))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
