"""The whole of it: the long-lived world, the quiet one, and the beginnings of databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.soak import beginnings, quiet
from tests.soak.soak import Death, Outcome, Size, soak

FULL = Size(articles=5_000, feeds=100, hours=50, kills=500, each=10, hooks=10)
SMALL = Size(articles=100, feeds=8, hours=2, kills=3, each=1, hooks=2)


async def whole(folder: Path, size: Size, seed: int, tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """All parts, in folders beside each other; what they found is counted together."""
    begun = time.monotonic()
    outcome = await soak(folder / "world", size, seed, tell)
    account = outcome.account

    alerts = await quiet.quiet(folder / "quiet", size.each)
    tell(f"{alerts.told} alerts, {alerts.kills} kills")
    schemas, faults = await beginnings.beginnings(folder / "beginnings", size.each)
    tell(f"{schemas} databases begun, each with a kill")
    for aim, number in ((quiet.POINT, alerts.kills), (beginnings.POINT, schemas)):
        for one in range(number):
            death = Death(number=len(outcome.deaths), aim=aim, seed=str(one), at=quiet.START, in_hand={})
            outcome.deaths.append(death)
    outcome.account = replace(
        account,
        alerts=alerts.told,
        repeats=account.repeats + alerts.repeats,
        faults=[*account.faults, *alerts.faults, *faults],
    )
    outcome.seconds = time.monotonic() - begun
    return outcome
