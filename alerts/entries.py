"""Stories, tellings and commitments as plain values for templates: every text one clean line, every link safe or "". Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from alerts import highlight, recent_words, wording
from alerts.evidence import shown
from alerts.plots import HEIGHT, width
from alerts.recent import Recent
from alerts.records import CommitmentLine, Evidence, Field, Flood, Story, Telling, Update
from alerts.safe import link, one_line

TITLE, SNIPPET, NAME, REASON, SUBJECT = 300, 420, 80, 240, 60  # characters shown at most
HELD_TITLES = 10  # of a flood; all are in the JSON
WEEK = 7  # days
OUTLETS = 8  # further tellings of a story that are named; all are in the JSON and listed by a command
TERMS = 4  # matched in one place that are named; all are in the JSON
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


class Entries:
    """What templates are given of stories and commitments; each is built once, however often it is asked for.

    Args:
        now: the moment for which times are told.
        zone: of the reader (IANA).
    """

    def __init__(self, now: datetime, zone: str) -> None:
        self._now = now
        self._zone = zone
        self._built: dict[tuple[str, int], tuple[Story, Plain]] = {}  # a story is kept, and so is its place

    def story(self, story: Story, commitments: Mapping[str, str]) -> Plain:
        """A story in full."""
        return self._once("story", story, lambda: self._story(story, commitments))

    def title(self, story: Story) -> Plain:
        """A story of which the headline and its outlets are told."""
        return self._once("title", story, lambda: self._title(story))

    def updated(self, story: Story) -> Plain:
        """A story that was told and says something else now; its further tellings are those of this window."""
        return self._once("updated", story, lambda: self._updated(story))

    def pointer(self, story: Story, commitments: Mapping[str, str]) -> Plain:
        """A story that stands whole under another initiative."""
        return self._once("pointer", story, lambda: self._pointer(story, commitments))

    def brief(self, story: Story, *, linked: bool) -> Plain:
        """A headline, who tells it, and what it is when it is no new story: what a reader needs at least."""
        address = link(story.headline.url) if linked else None
        return {
            "title": one_line(story.headline.title, TITLE) or "(no title)",
            "href": address.href if address else "",
            "source": one_line(story.headline.source, NAME),
            "note": "updated" if story.updates else "told before" if story.first_told else "",
        }

    def commitment(self, line: CommitmentLine) -> Plain:
        """With all its reports."""
        return {
            "text": one_line(line.text, TITLE),
            "due": wording.day(line.due) if line.due else "",
            "standing": wording.standing(line),
            "overdue": line.overdue,
            "reports": [self.telling(one) for one in line.evidence],
            "reports_lost": 0,
        }

    def flood(self, found: Flood) -> Plain:
        """One block for all that is held of a source: the newest titles, the others counted."""
        return {
            "source": one_line(found.source, NAME),
            "line": wording.flood(found, self._zone),
            "release": wording.release(found),
            "titles": [self.telling(one) for one in found.matching[:HELD_TITLES]],
            "titles_lost": max(len(found.matching) - HELD_TITLES, 0),
        }

    def _once(self, kind: str, story: Story, build: Callable[[], Plain]) -> Plain:
        found = self._built.get((kind, id(story)))
        if found is None:
            found = self._built[kind, id(story)] = story, build()
        return found[1]

    def _story(self, story: Story, commitments: Mapping[str, str]) -> Plain:
        title, snippet = one_line(story.lead.title, TITLE), one_line(story.snippet, SNIPPET)
        if snippet.strip("… ").casefold() in title.casefold():
            snippet = ""  # the evidence is the headline: shown there
        in_title = [one for one in story.evidence if not snippet or one.field is Field.TITLE]
        also, also_lost = _some(story.also)
        return {
            **self.telling(story.lead, late=story.late is not None),
            "title_parts": marked(title, in_title),
            "snippet": marked(snippet, story.evidence),
            "late": wording.lateness(story, self._zone, self._now),
            "found_by": wording.found(story.found, self._zone, self._now),
            "outlets": len(story.outlets),
            "reports": story.reports,
            "spread": wording.spread(story),
            "told_first": wording.first_teller(story),
            "also": [self.telling(one) for one in also],
            "also_lost": also_lost,
            "command": wording.command(story),
            "why": why(story.evidence),
            "commitments": _named(story.commitments, commitments),
            "not_about": "",
        }

    def _title(self, story: Story) -> Plain:
        outlets, lost = _some((story.lead, *story.also))
        return {
            **self.telling(story.headline, late=story.late is not None),
            "first_told": self.moment(story.first_told),
            "told_in": "" if story.told_in is None else one_line(story.told_in.subject, SUBJECT),
            "late": wording.lateness(story, self._zone, self._now),
            "found_by": wording.found(story.found, self._zone, self._now),
            "grown": wording.grown(story),
            "outlets": [self.telling(one) for one in outlets],
            "outlets_lost": lost,
            "in_all": wording.in_all(story),
            "spread": wording.spread(story),
            "command": wording.command(story),
            "not_about": "",
        }

    def _updated(self, story: Story) -> Plain:
        changed = {one.telling.article_id for one in story.updates}
        fresh = [one for one in (story.lead, *story.also) if one.article_id not in changed]
        outlets, lost = _some(fresh)
        updates, updates_lost = _some(story.updates)
        return {
            **self.title(story),
            **self.telling(story.updates[-1].telling),
            "outlets": [self.telling(one) for one in outlets],
            "outlets_lost": lost,
            "updates": [self._update(one) for one in updates],
            "updates_lost": updates_lost,
        }

    def _update(self, one: Update) -> Plain:
        return {
            **self.telling(one.telling),
            "changed": one_line(one.change.said, SNIPPET),
            "at": self.moment(one.change.at),
        }

    def _pointer(self, story: Story, commitments: Mapping[str, str]) -> Plain:
        return {
            **self.telling(story.headline),
            "under": one_line(story.above, 2 * NAME),
            "why": why(story.evidence),
            "commitments": _named(story.commitments, commitments),
            "not_about": "",
        }

    def telling(self, telling: Telling, *, late: bool = False) -> Plain:
        """A telling; of a late one the find is told beside it."""
        address = link(telling.url)
        language = telling.language or ""
        published = self.moment(telling.published)
        return {
            "title": one_line(telling.title, TITLE) or "(no title)",
            "href": address.href if address else "",
            "host": address.host if address else "",
            "source": one_line(telling.source, NAME),
            "when": published,
            "times": published if late else wording.times(telling, self._zone, self._now),
            "credit": _credit(telling),
            "reprint": telling.reprint,
            "paywalled": telling.paywalled,
            "language": language if _LANGUAGE.fullmatch(language) else "",
        }

    def moment(self, when: datetime | None) -> str:
        """A moment in the zone of the digest, or ""."""
        return "" if when is None else wording.short_moment(when, self._zone, self._now)


def worth_a_plot(found: Recent) -> bool:
    """There is something to see in it: a week at least, since a bar or two are no picture of a rhythm."""
    return found.silent_for is not None or (any(found.days) and len(found.known) >= WEEK)


def last_days(found: Recent, picture: str) -> Plain:
    """The last days of an initiative: in words, as a line of blocks, and the picture of them, both "" without one."""
    return {
        "facts": recent_words.facts(found),
        "line": recent_words.sparkline(found) if picture else "",
        "picture": picture,
        "width": width(found),
        "height": HEIGHT,
    }


def _some(items: Sequence[T]) -> tuple[Sequence[T], int]:
    """At most `OUTLETS` of them, or one more rather than "and 1 more", and how many are not named."""
    kept = items if len(items) <= OUTLETS + 1 else items[:OUTLETS]
    return kept, len(items) - len(kept)


def _named(ids: Iterable[str], commitments: Mapping[str, str]) -> list[str]:
    return [commitments.get(one, one_line(one, NAME)) for one in ids]


def marked(text: str, evidence: Iterable[Evidence]) -> list[Plain]:
    """`text` in pieces, `text` and `hit` of each: whether it is among the words that counted."""
    if not text:
        return []
    terms = dict.fromkeys(one.words or one.term for one in evidence)
    return [{"text": piece, "hit": hit} for piece, hit in highlight.parts(text, terms)]


def _credit(telling: Telling) -> str:
    """The agency whose text a telling is; "" where it is none's, or the agency tells it itself."""
    if not telling.credit:
        return ""
    credit = one_line(telling.credit, NAME)
    return "" if credit.casefold() in one_line(telling.source).casefold() else credit


def why(evidence: Iterable[Evidence]) -> str:
    """Which words counted, and where: `“TRUST initiative” and “India” in the title and the text; “iCET” in the text`."""
    fields: dict[str, set[Field]] = {}
    for one in evidence:
        fields.setdefault(one_line(shown(one), NAME), set()).add(one.field)
    terms: dict[str, list[str]] = {}  # by where they stand, each place named once
    for term, found in fields.items():
        places = wording.listed([name for field, name in _FIELDS.items() if field in found])
        terms.setdefault(places, []).append(f"“{term}”")
    return "; ".join(f"{wording.listed(words, TERMS)} in {places}" for places, words in terms.items())
