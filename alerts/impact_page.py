"""An impact as plain data for its page: every text clean, every link safe or empty. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alerts import highlight, impact_words
from alerts.difference import Change
from alerts.impact import DigestImpact, Finding, Impact, InitiativeImpact, Numbers
from alerts.records import Evidence, Field
from alerts.safe import link, one_line
from alerts.wording import day, moment

TITLE = 300  # characters
SHOWN = 20  # stories in full of what an initiative gains, and of what it loses


def page_data(
    found: Impact, *, against: str, bound: str, notes: tuple[str, ...], made_at: datetime
) -> dict[str, Any]:
    """What the template `impact` shows.

    Args:
        against: what the edited rules are compared with, in words.
        bound: the verdict of `edits.max_stories_per_week`; "" where there is none.
    """
    return {
        "headline": impact_words.headline(found),
        "against": one_line(against),
        "window": impact_words.window(found),
        "bound": bound,
        "notes": [one_line(note) for note in notes],
        "made": moment(made_at, "UTC"),
        "initiatives": [_initiative(one) for one in found.changed],
        "unchanged": [one_line(one.name) for one in found.unchanged],
        "digests": [_digest(one) for one in found.digests],
    }


def _digest(one: DigestImpact) -> dict[str, Any]:
    return {
        "id": one.id,
        "change": "" if one.change is Change.UNCHANGED else str(one.change),
        "before": impact_words.rate(one.mails_a_week.before),
        "after": impact_words.rate(one.mails_a_week.after),
        "more": one.mails_a_week.after > one.mails_a_week.before,
    }


def _initiative(one: InitiativeImpact) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one_line(one.name, TITLE),
        "change": str(one.change),
        "note": impact_words.note(one),
        "articles": _numbers(one.articles),
        "stories": _numbers(one.stories),
        "a_week": impact_words.rates(one.stories_a_week) if one.stories_a_week else "–",
        "gained": _flow(one.gained, one.articles.gained if one.articles else 0)
        | {
            "size": impact_words.flow(one.articles, one.stories, "gained"),
            "causes": f"By {impact_words.gained_by(one)}",
        },
        "lost": _flow(one.lost, one.articles.lost if one.articles else 0)
        | {
            "size": impact_words.flow(one.articles, one.stories, "lost"),
            "causes": f"Matched by {impact_words.lost_terms(one)}. Stops now at {impact_words.lost_by(one)}",
        },
    }


def _numbers(value: Numbers | None) -> dict[str, Any]:
    number = value or Numbers()
    return {
        "span": impact_words.numbers(number),
        "gain": impact_words.gain(number.gained),
        "loss": impact_words.loss(number.lost),
    }


def _flow(findings: tuple[Finding, ...], articles: int) -> dict[str, Any]:
    shown = findings[:SHOWN]
    return {
        "findings": [_finding(one) for one in shown],
        "more": max(articles - len(shown), 0),
    }


def _finding(one: Finding) -> dict[str, Any]:
    address = link(one.url)
    title = one_line(one.title, TITLE) or "(no title)"
    published = one.published_at or one.first_seen_at
    return {
        "title": title,
        "title_parts": _title_parts(title, one),
        "href": address.href if address else "",
        "host": address.host if address else "",
        "source": one_line(one.source_id),
        "when": day(published.astimezone(UTC)),
        "whole_story": one.whole_story,
        "stopped_at": one_line(one.stopped_at or "", 400),
        "places": [_place(place) for place in impact_words.places(one)],
    }


def _place(one: Evidence) -> dict[str, Any]:
    return {
        "where": impact_words.place(one),
        "snippet": _marked(impact_words.snippet(one), [one.term]),
    }


def _title_parts(title: str, one: Finding) -> list[dict[str, Any]]:
    """The title with what counted in it marked: by its places, where the title is shown as it stands."""
    if title != one.title:
        return _marked(title, [evidence.term for evidence in one.evidence])
    pieces, at = [], 0
    for evidence in sorted(one.evidence, key=lambda evidence: evidence.start):
        if evidence.field is Field.TITLE and evidence.start >= at:
            pieces += [(title[at : evidence.start], False), (title[evidence.start : evidence.end], True)]
            at = evidence.end
    return [{"text": piece, "hit": hit} for piece, hit in (*pieces, (title[at:], False)) if piece]


def _marked(text: str, terms: list[str]) -> list[dict[str, Any]]:
    return [{"text": piece, "hit": hit} for piece, hit in highlight.parts(text, terms)]
