"""A digest as JSON for programs: a CloudEvents 1.0 envelope, built in code because it is a contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import overload

from alerts import contract
from alerts.recent import Recent
from alerts.records import (
    CommitmentLine,
    Coverage,
    Digest,
    Evidence,
    Flood,
    FoundBy,
    Section,
    Story,
    Telling,
    ToldIn,
    Update,
)
from alerts.safe import link, one_line

TYPE = "tidings.digest.v1"
Json = Mapping[str, object]


def document(digest: Digest, *, key: str, created_at: datetime) -> str:
    """The envelope, serialised once: these very bytes are signed and sent.

    Every story is in it with every telling, those past the cap of a mail too; a story told before has `first_told`,
    one of several initiatives stands under each of them. Text
    is one line without control characters; a link that is not safe to click is null. `<`, `>` and `&`
    stand as escapes, so that the document may be put into a page as it is.
    """
    envelope: contract.DigestEnvelope = {
        "specversion": "1.0",
        "id": key,
        "source": f"/tidings/digests/{one_line(digest.digest_id)}",
        "type": TYPE,
        "dataschema": contract.DIGEST_SCHEMA,
        "time": stamp(created_at),
        "data": {
            "digest": one_line(digest.digest_id),
            "since": stamp(digest.since),
            "until": stamp(digest.until),
            "initiatives": [_initiative(part) for part in digest.sections],
            "coverage": _coverage(digest.coverage),
            "held": [_flood(one) for one in digest.held],
            "notes": [one_line(note) for note in digest.notes],
        },
    }
    return serialised(envelope)


def serialised(envelope: Json) -> str:
    """Compact JSON that is safe inside HTML."""
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@overload
def stamp(when: datetime) -> str: ...
@overload
def stamp(when: None) -> None: ...
@overload
def stamp(when: datetime | None) -> str | None: ...
def stamp(when: datetime | None) -> str | None:
    """UTC, ISO 8601 with `Z`, to the second."""
    return None if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _initiative(part: Section) -> contract.Initiative:
    return {
        "id": one_line(part.initiative_id),
        "name": one_line(part.name),
        "stories": [_story(story) for story in (*part.new, *part.told_before)],
        "commitments": [_commitment(line) for line in part.commitments],
        "last_days": None if part.recent is None else _last_days(part.recent),
    }


def _last_days(found: Recent) -> contract.LastDays:
    return {
        "days": list(found.days),
        "last_day": found.last_day.isoformat(),
        "silent_for": found.silent_for,
        "usual": found.usual,
    }


def _flood(one: Flood) -> contract.Flood:
    return {
        "source": one_line(one.source),
        "source_id": one_line(one.source_id),
        "since": stamp(one.since),
        "until": stamp(one.until),
        "articles": one.articles,
        "matching": [telling(each) for each in one.matching],
    }


def _story(story: Story) -> contract.Story:
    late = story.late
    return {
        "id": story.id,
        **telling(story.lead),
        "found": stamp(story.lead.found),
        "first_told": stamp(story.first_told),
        "told_in": None if story.told_in is None else _told_in(story.told_in),
        "late_days": None if late is None else late.days,
        "found_by_edit": _found(story, FoundBy.EDIT),
        "found_by_rematch": _found(story, FoundBy.REMATCH),
        "watchlist_version": one_line(story.watchlist_version),
        "watchlist_since": stamp(story.watchlist_since),
        "outlets": [one_line(name) for name in story.outlets],
        "new_outlets": [one_line(name) for name in story.new_outlets],
        "reports": story.reports,
        "in_all": {"outlets": story.all_outlets, "reports": story.all_reports},
        "agencies": [{"name": one_line(one.name), "outlets": one.outlets} for one in story.agencies],
        "told_first": one_line(story.told_first),
        "updates": [_update(one) for one in story.updates],
        "commitments": [one_line(name) for name in story.commitments],
        "evidence": [_evidence(one) for one in story.evidence],
        "also": [telling(one) for one in story.also],
        "earlier": [telling(one) for one in story.earlier],
    }


def _told_in(message: ToldIn) -> contract.MessageOfBefore:
    return {"key": message.key, "subject": one_line(message.subject), "time": stamp(message.at)}


def _update(one: Update) -> contract.Update:
    return {
        **telling(one.telling),
        "kinds": [str(kind) for kind in one.change.kinds],
        "changed": one_line(one.change.said),
        "before": one_line(one.change.old),
        "after": one_line(one.change.new),
        "at": stamp(one.change.at),
        "versions": [one.change.before, one.change.after],
    }


def _found(story: Story, by: FoundBy) -> str | None:
    """When what made us look at the archive again; null: this did not."""
    return stamp(story.found.at) if story.found is not None and story.found.by is by else None


def telling(told: Telling) -> contract.Telling:
    """One article as an outlet told it."""
    address = link(told.url)
    return {
        "title": one_line(told.title),
        "url": None if address is None else address.href,
        "source": one_line(told.source),
        "published": stamp(told.published),
        "article": told.article_id,
        "reprint": told.reprint,
        "credit": None if told.credit is None else one_line(told.credit),
        "paywalled": told.paywalled,
    }


def _evidence(one: Evidence) -> contract.Evidence:
    return {
        "term": one_line(one.term),
        "field": str(one.field),
        "start": one.start,
        "end": one.end,
        "snippet": one_line(one.snippet),
        "strength": str(one.strength),
        "words": one_line(one.words),
    }


def _commitment(line: CommitmentLine) -> contract.Commitment:
    return {
        "id": one_line(line.id),
        "text": one_line(line.text),
        "due": None if line.due is None else line.due.isoformat(),
        "state": str(line.state),
        "overdue": line.overdue,
        "days": line.days,
        "evidence": [telling(one) for one in line.evidence],
    }


def _coverage(found: Coverage) -> contract.Coverage:
    return {
        "checked": found.checked,
        "failing": [
            {
                "source": one_line(one.source),
                "since": stamp(one.since),
                "reason": one_line(one.reason),
                "state": str(one.state),
            }
            for one in found.failing
        ],
        "quiet": [one_line(name) for name in found.quiet],
        "gaps": [
            {
                "source": one_line(gap.source),
                "from": stamp(gap.start),
                "until": stamp(gap.end),
                "caught_up": gap.caught_up,
            }
            for gap in found.gaps
        ],
        "held": found.held,
        "unread": found.unread,
        "judged": found.judged,
        "without_page": {str(why): number for why, number in found.without_page},
    }
