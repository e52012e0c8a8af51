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

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.model.machine import Installation
from tidings import log

A_LIFE = 40  # steps of one installation at most


def lines(seconds: float) -> Iterator[str]:
    """For a person."""
    machine = Installation
    yield f"{sum(machine.steps.values()):,} steps in {seconds:.0f} s"
    yield from (f"  {number:6} {name}" for name, number in machine.steps.most_common())
    yield f"{sum(machine.deaths.values())} deaths, at {len(machine.deaths)} moments: " + ", ".join(
        f"{name} {number}" for name, number in machine.deaths.most_common()
    )
    yield f"articles under an initiative: {machine.pairs['must']} to be told, {machine.pairs['may']} that might be"


def play(steps: int, first_seed: int) -> None:
    """Examples until so many steps were done; raises at the first that fails."""
    number = first_seed
    while sum(Installation.steps.values()) < steps:

        @seed(number)
        class One(Installation):
            """Examples of one seed."""

        run_state_machine_as_test(  # type: ignore[no-untyped-call]  # the library's
            One,
            settings=settings(
                max_examples=10,
                stateful_step_count=A_LIFE,
                deadline=None,
                database=None,
                print_blob=False,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
        number += 1


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.model")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(words)
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")
    log.configure(outcomes=False)
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    fault = ""
    try:
        play(chosen.steps, chosen.seed)
    except Exception:
        fault = traceback.format_exc()
    sys.stdout.write(
        "\n".join((*lines(time.monotonic() - began), f"faults {int(bool(fault))}", fault)) + "\n"
    )
    return int(bool(fault))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
