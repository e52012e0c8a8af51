"""A digest as plain dicts, lists, texts and numbers: all that a template ever sees. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from alerts import highlight, wording
from alerts.evidence import shown
from alerts.records import (
    CommitmentLine,
    Coverage,
    Digest,
    Evidence,
    Field,
    Flood,
    Section,
    Story,
    Telling,
    Update,
)
from alerts.safe import link, one_line
from alerts.shares import shares
from alerts.spans import spans

TITLE, SNIPPET, NAME, REASON, SUBJECT = 300, 420, 80, 240, 60  # characters shown at most
HELD_TITLES = 10  # of a flood; all are in the JSON
OUTLETS = 8  # further tellings of a story that are named; all are in the JSON and listed by a command
Plain = dict[str, object]
T = TypeVar("T")

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_FIELDS = {
    Field.TITLE: "the title",
    Field.SUMMARY: "the summary",
    Field.TEXT: "the text",
    Field.AUTHOR: "the author",
    Field.URL: "the address",
    Field.SOURCE: "the source",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a digest there is room for; None: all of it."""

    full: int | None = None  # stories in full, over all sections; the others keep their titles
    titles: int | None = None  # stories by title and updated ones, over all sections
    details: int | None = None  # other outlets of a story, reports of a commitment, lines of coverage


EVERYTHING = Room()


def document(digest: Digest, *, subject: str, room: Room = EVERYTHING) -> Plain:
    """What the templates are given. Every text is one clean line; every link is safe or ""."""
    view = _View(digest, room)
    sections = view.sections(digest.sections)
    coverage = view.coverage(digest.coverage)
    return {
        "title": one_line(digest.title, NAME),
        "subject": subject,
        "overview": wording.overview(digest),
        "slot": wording.moment(digest.slot, digest.zone),
        "since": wording.moment(digest.since, digest.zone),
        "until": wording.moment(digest.until, digest.zone),
        "sections": sections,
        "held": [view.flood(one) for one in digest.held],
        "notes": [one_line(note, REASON) for note in digest.notes],
        "coverage": coverage,
        "next": wording.moment(digest.next_slot, digest.zone) if digest.next_slot else "",
        "cut": view.left_out(),
    }


class _View:
    """One pass over a digest: hands out the room there is, and counts what found none."""

    def __init__(self, digest: Digest, room: Room) -> None:
        self._since = digest.since
        self._now = digest.until
        self._zone = digest.zone
        self._room = room
        self._details = room.details
        self._lost = {"full": 0, "titles": 0, "details": 0}

    def sections(self, parts: Sequence[Section]) -> list[Plain]:
        """All sections; where room is short, each gets its share of it."""
        full = shares(self._room.full, [len(part.stories) for part in parts])
        by_title = [
            sum(map(len, (part.updated, part.stories, part.titles_only, part.again, part.above))) - number
            for part, number in zip(parts, full, strict=True)
        ]
        titles = shares(self._room.titles, by_title)
        return [self._section(*each) for each in zip(parts, full, titles, strict=True)]

    def _section(self, part: Section, full: int, titles: int) -> Plain:
        self._lost["full"] += len(part.stories) - full
        names = {line.id: one_line(line.text, NAME) for line in part.commitments}
        others = (*part.stories[full:], *part.titles_only)
        kinds = (part.updated, others, part.again, part.above)
        updated, listed, again, above = self._filled(titles, *map(len, kinds))
        return {
            "id": one_line(part.initiative_id, NAME),
            "name": one_line(part.name, 2 * NAME),
            "summary": wording.summary(part),
            "updated": [self._updated(story) for story in part.updated[:updated]],
            "updated_lost": len(part.updated) - updated,
            "stories": [self._story(story, names) for story in part.stories[:full]],
            "titles": [self._again(story) for story in others[:listed]],
            "titles_lost": len(others) - listed,
            "again_heading": wording.told_again(part.again),
            "again": [self._again(story) for story in part.again[:again]],
            "again_lost": len(part.again) - again,
            "above": [self._above(story, names) for story in part.above[:above]],
            "above_lost": len(part.above) - above,
            "commitments": [self._commitment(line) for line in part.commitments],
        }

    def _filled(self, room: int, *wanted: int) -> list[int]:
        """How many of each kind there is room for, the first kinds first."""
        given = []
        for number in wanted:
            given.append(min(room, number))
            room -= given[-1]
            self._lost["titles"] += number - given[-1]
        return given

    def coverage(self, found: Coverage) -> Plain:
        failing, failing_lost = self._detail(found.failing)
        gaps, gaps_lost = self._detail(spans(found.gaps))
        return {
            "line": wording.coverage(found, self._since, self._now, self._zone),
            "failing": [
                {
                    "source": one_line(one.source, NAME),
                    "since": self._short(one.since),
                    "reason": one_line(one.reason, REASON),
                }
                for one in failing
            ],
            "failing_lost": failing_lost,
            "gaps": [
                {
                    "source": wording.sources(
                        [one_line(name, NAME) for name in one.sources], parts=one.parts
                    ),
                    "start": self._short(one.start),
                    "end": self._short(one.end),
                    "caught_up": one.caught_up,
                }
                for one in gaps
            ],
            "gaps_lost": gaps_lost,
        }

    def flood(self, found: Flood) -> Plain:
        """One block for all that is held of a source: the newest titles, the others counted."""
        return {
            "source": one_line(found.source, NAME),
            "line": wording.flood(found, self._zone),
            "release": wording.release(found),
            "titles": [self._telling(one) for one in found.matching[:HELD_TITLES]],
            "titles_lost": max(len(found.matching) - HELD_TITLES, 0),
        }

    def left_out(self) -> str:
        """What found no room, in a sentence; "" when everything did."""
        nouns = {"full": "by title only", "titles": "without even a title", "details": "left out"}
        counts = {
            "full": wording.count(self._lost["full"], "story", "stories"),
            "titles": wording.count(self._lost["titles"], "story", "stories"),
            "details": wording.count(self._lost["details"], "detail line"),
        }
        lost = [f"{counts[kind]} {noun}" for kind, noun in nouns.items() if self._lost[kind]]
        if not lost:
            return ""
        return f"Shortened to what mail programs show whole: {wording.listed(lost)}. The text part has all of it."

    def _story(self, story: Story, commitments: dict[str, str]) -> Plain:
        terms = [one.words or one.term for one in story.evidence]
        title, snippet = one_line(story.lead.title, TITLE), one_line(story.snippet, SNIPPET)
        if snippet.strip("… ").casefold() in title.casefold():
            snippet = ""  # the evidence is the headline: shown there
        also, also_lost = self._detail(story.also, OUTLETS)
        return {
            **self._telling(story.lead),
            "title_parts": _marked(title, [] if snippet else terms),
            "snippet": _marked(snippet, terms),
            "late": wording.lateness(story, self._zone, self._now),
            "found_by": wording.found(story.found, self._zone, self._now),
            "outlets": len(story.outlets),
            "reports": story.reports,
            "spread": wording.spread(story),
            "told_first": wording.first_teller(story),
            "also": [self._telling(one) for one in also],
            "also_lost": also_lost,
            "command": wording.command(story),
            "why": _why(story.evidence),
            "commitments": [commitments.get(name, one_line(name, NAME)) for name in story.commitments],
        }

    def _again(self, story: Story) -> Plain:
        outlets, lost = self._detail((story.lead, *story.also), OUTLETS)
        return {
            **self._telling(story.headline),
            "first_told": self._short(story.first_told),
            "told_in": "" if story.told_in is None else one_line(story.told_in.subject, SUBJECT),
            "late": wording.lateness(story, self._zone, self._now),
            "found_by": wording.found(story.found, self._zone, self._now),
            "grown": wording.grown(story),
            "outlets": [self._telling(one) for one in outlets],
            "outlets_lost": lost,
            "in_all": wording.in_all(story),
            "spread": wording.spread(story),
            "command": wording.command(story),
        }

    def _updated(self, story: Story) -> Plain:
        """A story that was told and says something else now; its further tellings are those of this window."""
        plain = self._again(story)
        changed = {one.telling.article_id for one in story.updates}
        fresh = [one for one in (story.lead, *story.also) if one.article_id not in changed]
        outlets, lost = self._detail(fresh, OUTLETS)
        updates, updates_lost = self._detail(story.updates, OUTLETS)
        return {
            **plain,
            **self._telling(story.updates[-1].telling),
            "outlets": [self._telling(one) for one in outlets],
            "outlets_lost": lost,
            "updates": [self._update(one) for one in updates],
            "updates_lost": updates_lost,
        }

    def _update(self, one: Update) -> Plain:
        return {
            **self._telling(one.telling),
            "changed": one_line(one.change.said, SNIPPET),
            "at": self._short(one.change.at),
        }

    def _above(self, story: Story, commitments: dict[str, str]) -> Plain:
        return {
            **self._telling(story.headline),
            "under": one_line(story.above, 2 * NAME),
            "why": _why(story.evidence),
            "commitments": [commitments.get(name, one_line(name, NAME)) for name in story.commitments],
        }

    def _telling(self, telling: Telling) -> Plain:
        address = link(telling.url)
        language = telling.language or ""
        return {
            "title": one_line(telling.title, TITLE) or "(no title)",
            "href": address.href if address else "",
            "host": address.host if address else "",
            "source": one_line(telling.source, NAME),
            "when": self._short(telling.published),
            "credit": _credit(telling),
            "reprint": telling.reprint,
            "paywalled": telling.paywalled,
            "language": language if _LANGUAGE.fullmatch(language) else "",
        }

    def _commitment(self, line: CommitmentLine) -> Plain:
        reports, lost = self._detail(line.evidence)
        return {
            "text": one_line(line.text, TITLE),
            "due": wording.day(line.due) if line.due else "",
            "standing": wording.standing(line),
            "overdue": line.overdue,
            "reports": [self._telling(one) for one in reports],
            "reports_lost": lost,
        }

    def _detail(self, items: Sequence[T], most: int | None = None) -> tuple[Sequence[T], int]:
        """What is shown of `items`, and how many are not; those past `most` are not counted as cut for want of room."""
        wanted = items if most is None or len(items) <= most + 1 else items[:most]
        kept = wanted if self._details is None else wanted[: self._details]
        self._lost["details"] += len(wanted) - len(kept)
        return kept, len(items) - len(kept)

    def _short(self, when: datetime | None) -> str:
        return "" if when is None else wording.short_moment(when, self._zone, self._now)


def _marked(text: str, terms: Sequence[str]) -> list[Plain]:
    return [{"text": piece, "hit": hit} for piece, hit in highlight.parts(text, terms)]


def _credit(telling: Telling) -> str:
    """The agency whose text a telling is; "" where it is none's, or the agency tells it itself."""
    credit = one_line(telling.credit or "", NAME)
    return "" if credit.casefold() in one_line(telling.source).casefold() else credit


def _why(evidence: Sequence[Evidence]) -> str:
    """`“TRUST initiative” in the title and the text, “iCET” in the text`."""
    fields: dict[str, dict[str, None]] = {}
    for one in evidence:
        fields.setdefault(one_line(shown(one), NAME), {})[_FIELDS[one.field]] = None
    return wording.listed(
        [f"“{term}” in {wording.listed(list(places))}" for term, places in fields.items()], 3
    )
