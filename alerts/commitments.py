"""What was promised, what of it is due, and what was said about it: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from alerts.records import Commitment, CommitmentLine, CommitmentState, Initiative, Telling

AHEAD = timedelta(days=30)  # an open commitment is shown from so long before its day
SHOWN = 3  # reports listed under one commitment, newest first


def lines(
    initiative: Initiative,
    *,
    today: date,
    filed: Collection[str],
    evidence: Mapping[tuple[str, str], tuple[Telling, ...]],
) -> tuple[CommitmentLine, ...]:
    """Commitments a digest shows, the most overdue first, those without a day last.

    Shown are the open ones that are overdue or due within 30 days, and any on which this digest
    has a story (`filed`, commitment ids). What is met, missed or dropped is never overdue.
    """
    shown = [
        _line(one, today, evidence.get((initiative.id, one.id), ()))
        for one in initiative.commitments
        if one.id in filed or _presses(one, today)
    ]
    return tuple(sorted(shown, key=lambda line: (line.due is None, line.due or today, line.id)))


def _presses(commitment: Commitment, today: date) -> bool:
    return (
        commitment.state is CommitmentState.OPEN
        and commitment.due is not None
        and commitment.due - today <= AHEAD
    )


def _line(commitment: Commitment, today: date, evidence: tuple[Telling, ...]) -> CommitmentLine:
    days = None if commitment.due is None else (commitment.due - today).days
    return CommitmentLine(
        id=commitment.id,
        text=commitment.text,
        due=commitment.due,
        state=commitment.state,
        overdue=commitment.state is CommitmentState.OPEN and days is not None and days < 0,
        days=days,
        evidence=evidence[:SHOWN],
    )
