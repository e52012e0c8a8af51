"""How many mails a digest would have sent over some time: slots in which there was something to tell. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from alerts import slots
from alerts.plans import DigestPlan, WhenEmpty

Telling: TypeAlias = tuple[datetime, str]  # when an article was found, and the id of its story

MONTH = timedelta(weeks=4)  # over which the slots of a week are averaged


def mails_a_week(
    plan: DigestPlan, told: Sequence[Telling], since: datetime, until: datetime, weeks: float
) -> float:
    """Mails a week to one recipient of `plan`, had it told `told` between `since` and `until`.

    A digest told immediately sends one for each story; its later outlets are not counted. Any other sends one for
    each slot in which something was found: the share of such slots, times the slots of a week. Of a plan that has
    no slot in that time, the next one after it stands for all.
    """
    if plan.paused:
        return 0.0
    if plan.immediately:
        return len({story for _, story in told}) / weeks
    a_week = len(slots.passed(plan, until - MONTH, until)) / (MONTH / timedelta(weeks=1))
    if plan.when_empty is WhenEmpty.SEND:
        return a_week
    within = slots.passed(plan, since, until) or slots.upcoming(plan, until, 1)
    dues = sorted(slot.due for slot in within)
    if not dues:
        return 0.0
    filled = {bisect_left(dues, found) for found, _ in told} - {len(dues)}
    return a_week * len(filled) / len(dues)
