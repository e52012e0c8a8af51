"""Leads the program through random steps, seed after seed."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.model.machine import Installation

A_LIFE = 40  # steps of one installation at most


def play(steps: int, first_seed: int, *, installations: int = 10, shrink: bool = True) -> None:
    """Installations, some of each seed, until so many steps were done; raises at the first that fails."""
    number, begun = first_seed, sum(Installation.steps.values())
    while sum(Installation.steps.values()) - begun < steps:

        @seed(number)
        class One(Installation):
            """Examples of one seed."""

        run_state_machine_as_test(  # type: ignore[no-untyped-call]  # the library's
            One,
            settings=settings(
                max_examples=installations,
                stateful_step_count=A_LIFE,
                deadline=None,
                database=None,
                print_blob=False,
                phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
        number += 1
