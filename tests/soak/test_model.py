"""The stateful model in short: some hundred steps of an installation, and what came of them."""

from __future__ import annotations

from tests.soak.model.machine import Installation
from tests.soak.model.play import play


def test_whatever_happens_all_is_told_once() -> None:
    """`make soak` leads it through 10,000 steps."""
    play(60, first_seed=5, installations=3)

    assert Installation.deaths, "it never died"
    assert Installation.pairs["must"] > 5
