"""A dossier as JSON holds it: the facts of its page, all of them, for programs. Pure."""

from __future__ import annotations

from typing import Any

from alerts.alert_records import CommitmentTold
from alerts.dossier_records import Dossier, Told, is_overdue
from alerts.records import Telling

Plain = dict[str, Any]


def document(one: Dossier) -> Plain:
    """Plain values, records and times; whoever prints it writes them out."""
    missed, rules = one.missed, one.rules
    return {
        "initiative": one.initiative.id,
        "name": one.initiative.name,
        "watchlist": one.watchlist.id,
        "paused": one.initiative.paused,
        "since": one.period.start,
        "until": one.period.end,
        "zone": one.period.zone,
        "days": one.period.days,
        "made": one.made_at,
        "version": one.version,
        "figures": one.now,
        "before": one.before,
        "incomparable": one.incomparable or None,
        "watched_since": one.watched_since,
        "last_answer": one.last_polled,
        "commitments": [_commitment(each) for each in one.commitments],
        "related_commitments": [
            {**_commitment(each), "reported_here": (each.initiative_id, each.commitment.id) in one.touched}
            for each in one.related
        ],
        "course": {
            "unit": "week" if one.course.weekly else "day",
            "bars": one.course.bars,
            "surges": [
                {
                    "first": each.first,
                    "last": each.last,
                    "highest": each.peak.day,
                    "stories": each.peak.stories,
                    "expected": round(each.peak.expected, 2),
                    "usual": [each.peak.low, each.peak.high],
                }
                for each in one.course.surges
            ],
            "silences": one.course.silences,
            "unjudged": one.course.unjudged or None,
        },
        "stories": [_story(each) for each in one.stories],
        "new_terms": None
        if one.terms is None
        else [
            {
                "text": each.text,
                "stories": each.stories,
                "before": each.before,
                "example": _telling(each.example),
            }
            for each in one.terms
        ],
        "sources": one.sources,
        "not_covered": {
            "days_without_any_article": missed.blind,
            "sources_checked": missed.coverage.checked,
            "failing": missed.coverage.failing,
            "quiet": missed.coverage.quiet,
            "gaps": missed.coverage.gaps,
            "without_page": {str(why): number for why, number in missed.unread},
            "without_text": missed.bare,
            "held": missed.held,
            "known_at_first_poll": missed.known,
            "not_about": missed.not_about,
            "forgotten_before": missed.forgotten,
        },
        "rules": {
            "title": rules.watchlist,
            "path": rules.path,
            "version": rules.version,
            "in_force_since": rules.since,
            "pending": rules.pending,
            "edited": rules.edited,
            "judged": one.judged,
            "matched_by": [{"term": term, "articles": number} for term, number in rules.found_by],
            "any": one.initiative.any,
            "all": one.initiative.all,
            "none": one.initiative.none,
            "except": one.initiative.exceptions,
            "context": one.watchlist.context_of(one.initiative),
            "in": one.initiative.fields,
            "languages": one.initiative.languages,
            "sources": one.initiative.sources,
        },
    }


def _commitment(one: CommitmentTold) -> Plain:
    promise = one.commitment
    return {
        "initiative": one.initiative_id,
        "id": promise.id,
        "text": promise.text,
        "due": promise.due,
        "state": promise.state,
        "met": promise.met,
        "by": promise.by,
        "overdue": is_overdue(one),
        "days": one.days,
        "reports": one.reports,
        "newest": [_telling(each) for each in one.evidence],
    }


def _story(one: Told) -> Plain:
    story = one.story
    return {
        "id": story.id,
        **_telling(story.lead),
        "first_report": one.first,
        "last_report": one.latest,
        "began_before": one.began_before,
        "outlets": story.outlets,
        "independent_reports": story.reports,
        "told_first": story.told_first,
        "agencies": story.agencies,
        "commitments": story.commitments,
        "snippet": story.snippet,
        "also": [{**_telling(each), "reprint": each.reprint} for each in story.also],
    }


def _telling(one: Telling) -> Plain:
    return {
        "article": one.article_id,
        "title": one.title,
        "url": one.url,
        "source": one.source,
        "published": one.published,
        "first_seen": one.found,
        "language": one.language,
        "paywalled": one.paywalled,
        "credit": one.credit,
    }
