"""An alert as JSON for programs: a CloudEvents 1.0 envelope with its figures, built in code because it is a contract."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts import contract
from alerts.alert_records import (
    Alert,
    CommitmentsTold,
    CommitmentTold,
    SilenceOver,
    SilenceTold,
    SurgeTold,
    ToldStory,
    TroublesTold,
    TroubleTold,
)
from alerts.bringers import Bringer, Standing
from alerts.envelope import serialised, stamp, telling
from alerts.safe import link, one_line

TYPE = "tidings.alert.v1"


def alert_envelope(alert: Alert, *, key: str, created_at: datetime) -> str:
    """The envelope, serialised once: these very bytes are signed and sent.

    Of `surge`, `silence`, `silence_over`, `commitments` and `troubles` that one holds something which the type of
    the alert is about; the others are null or empty.
    """
    event = alert.event
    document: contract.AlertEnvelope = {
        "specversion": "1.0",
        "id": key,
        "source": f"/tidings/alerts/{alert.type}",
        "type": TYPE,
        "dataschema": contract.ALERT_SCHEMA,
        "time": stamp(created_at),
        "data": {
            "alert": str(alert.type),
            "subject": one_line(alert.subject),
            "text": "\n\n".join(one_line(one) for one in (*alert.paragraphs, *alert.closing)),
            "initiatives": [
                {"id": one_line(name), "name": one_line(words)} for name, words in alert.initiatives
            ],
            "surge": _surge(event) if isinstance(event, SurgeTold) else None,
            "silence": _silence(event) if isinstance(event, SilenceTold) else None,
            "silence_over": _over(event) if isinstance(event, SilenceOver) else None,
            "commitments": [_commitment(one) for one in event.commitments]
            if isinstance(event, CommitmentsTold)
            else [],
            "troubles": [_trouble(one) for one in event.troubles] if isinstance(event, TroublesTold) else [],
        },
    }
    return serialised(document)


def _surge(told: SurgeTold) -> contract.SurgeFigures:
    found = told.surge
    return {
        "day": found.day.isoformat(),
        "since": found.start.isoformat(),
        "stories": found.stories,
        "expected": round(found.expected, 2),
        "usual": [found.low, found.high],
        "weekdays": list(found.weekdays),
        "lately": list(found.lately),
        "top": [_story(one) for one in told.stories],
    }


def _silence(told: SilenceTold) -> contract.SilenceFigures:
    found = told.silence
    return {
        "last_report": found.last_report.isoformat(),
        "days": found.days,
        "usual_days": found.usual,
        "begins_days": found.begins,
        "told_again_days": 2 ** (found.number + 1) * found.begins,
        "ours": told.cause.is_ours,
        "sources": [_bringer(one, standing) for one, standing in told.cause.standings],
    }


def _bringer(one: Bringer, standing: Standing) -> contract.SilentSource:
    return {
        "source": one_line(one.source),
        "reports": one.reports,
        "standing": standing.name.lower(),
        "since": stamp(one.since) if standing is Standing.FAILS else None,
        "reason": one_line(one.problem or str(one.state)) if standing is Standing.FAILS else None,
    }


def _over(told: SilenceOver) -> contract.SilenceOverFigures:
    return {
        "last_report": told.last_report.isoformat(),
        "days": told.days,
        "stories": [_story(one) for one in told.stories],
        "more": told.more,
    }


def _story(one: ToldStory) -> contract.AlertStory:
    return {
        "id": one.id,
        "title": one_line(one.title),
        "url": _href(one.url),
        "source": one_line(one.source),
        "published": stamp(one.published),
        "came": stamp(one.came),
        "outlets": one.outlets,
    }


def _commitment(one: CommitmentTold) -> contract.AlertCommitment:
    promise = one.commitment
    return {
        "initiative": one_line(one.initiative_id),
        "id": one_line(promise.id),
        "text": one_line(promise.text),
        "due": None if promise.due is None else promise.due.isoformat(),
        "state": str(promise.state),
        "met": None if promise.met is None else promise.met.isoformat(),
        "by": None if promise.by is None else _href(promise.by),
        "days": one.days,
        "reports": one.reports,
        "evidence": [telling(each) for each in one.evidence],
        "watched_since": stamp(one.watched_since),
        "meant_for": None if one.meant_for is None else one.meant_for.isoformat(),
        "merged": one.merged,
    }


def _trouble(one: TroubleTold) -> contract.Trouble:
    found = one.trouble
    return {
        "kind": str(found.kind),
        "subject": one_line(found.subject),
        "name": one_line(found.name),
        "phase": str(one.phase),
        "state": one_line(found.state),
        "since": stamp(one.since),
        "until": None if one.lasted is None else stamp((one.since + one.lasted).astimezone(UTC)),
        "reason": one_line(found.reason),
        "evidence": [one_line(words) for words in found.evidence],
        "remedy": one_line(found.remedy),
        "count": found.count,
    }


def _href(url: str) -> str | None:
    address = link(url)
    return None if address is None else address.href
