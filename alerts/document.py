"""A digest as plain dicts, lists, texts and numbers, as much of it as there is room for: all that a template ever sees.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerts import coverage_words, recent_words, subjects, wording
from alerts.entries import NAME, REASON, Entries, last_days, worth_a_plot
from alerts.entries import Plain as Plain
from alerts.recent import Recent
from alerts.records import Coverage, Digest, Section, Story
from alerts.safe import one_line
from alerts.shares import shares
from alerts.spans import spans

PLOTTED = 12  # initiatives without news whose last days are shown; the others are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a digest there is room for; None: all of it."""

    full: int | None = None  # stories in full, over all sections
    titles: int | None = None  # of the others, those with all their facts
    briefs: int | None = None  # and of those left, the ones with headline and outlet
    links: int | None = None  # of the last, those with a link
    details: int | None = None  # other outlets of a story, reports of a commitment, lines of coverage


EVERYTHING = Room()

# Where a reader says that an article, by its id, is not about an initiative, by its id; "" where that cannot be said.
NotAbout = Callable[[str, str], str]


def nowhere(article_id: str, initiative_id: str) -> str:
    """No address: readers cannot reach this installation."""
    return ""


def document(
    digest: Digest, *, subject: str, room: Room = EVERYTHING, not_about: NotAbout = nowhere
) -> Plain:
    """What the templates are given. Every text is one clean line; every link is safe or ""."""
    return Document(digest, subject, not_about).within(room)


class Document:
    """What the templates are given of one digest, for one room after another.

    Args:
        subject: of the mail.
        not_about: makes the links by which readers judge.
    """

    def __init__(self, digest: Digest, subject: str, not_about: NotAbout = nowhere) -> None:
        self._digest = digest
        self._subject = subject
        self._not_about = not_about
        self._entries = Entries(digest.until, digest.zone)
        self.plots: dict[str, Recent] = {}  # by the name of the picture, what it shows
        self._last_days = [self._days(part) for part in digest.sections]
        plotted = [part for part in digest.idle if part.recent and worth_a_plot(part.recent)]
        idle = plotted[:PLOTTED]
        self._idle: list[Plain] = [
            {"name": one_line(part.name, 2 * NAME), "last_days": self._days(part)} for part in idle
        ]
        shown = {id(part) for part in idle}
        self._idle_more = [one_line(part.name, 2 * NAME) for part in digest.idle if id(part) not in shown]

    def within(self, room: Room) -> Plain:
        """The digest as far as there is room, what found none counted."""
        digest = self._digest
        view = _View(self._entries, room, self._not_about)
        sections = view.sections(digest.sections)
        for section, days in zip(sections, self._last_days, strict=True):
            section["last_days"] = days
        coverage = view.coverage(digest)
        return {
            "title": one_line(digest.title, NAME),
            "subject": self._subject,
            "overview": subjects.overview(digest),
            "slot": wording.moment(digest.slot, digest.zone),
            "since": wording.moment(digest.since, digest.zone),
            "until": wording.moment(digest.until, digest.zone),
            "sections": sections,
            "idle": self._idle,
            "idle_more": self._idle_more,
            "held": [self._entries.flood(one) for one in digest.held],
            "notes": [one_line(note, REASON) for note in digest.notes],
            "coverage": coverage,
            "next": wording.moment(digest.next_slot, digest.zone) if digest.next_slot else "",
            "cut": view.left_out(),
        }

    def _days(self, part: Section) -> Plain:
        """The last days of an initiative, {} when not known; its plot is numbered."""
        if part.recent is None:
            return {}
        name = ""
        if worth_a_plot(part.recent):
            name = f"days-{len(self.plots) + 1}"
            self.plots[name] = part.recent
        return last_days(part.recent, name)


class _View:
    """One pass over a digest: hands out the room there is, and counts what found none."""

    def __init__(self, entries: Entries, room: Room, not_about: NotAbout) -> None:
        self._entries = entries
        self._room = room
        self._not_about = not_about
        self._details = room.details
        self._lost = {"full": 0, "titles": 0, "links": 0, "briefs": 0, "details": 0}

    def sections(self, parts: Sequence[Section]) -> list[Plain]:
        """All sections; where room is short, each gets its share of it."""
        full = shares(self._room.full, [len(part.stories) for part in parts])
        by_title = [
            sum(map(len, (part.updated, part.stories, part.titles_only, part.again, part.above))) - number
            for part, number in zip(parts, full, strict=True)
        ]
        titles = shares(self._room.titles, by_title)
        left = [
            max(n - shown - len(part.above), 0)
            for part, n, shown in zip(parts, by_title, titles, strict=True)
        ]
        briefs = shares(self._room.briefs, left)
        links = shares(self._room.links, briefs)
        return [self._section(*each) for each in zip(parts, full, titles, briefs, links, strict=True)]

    def _section(self, part: Section, full: int, titles: int, briefs: int, links: int) -> Plain:
        names = {line.id: one_line(line.text, NAME) for line in part.commitments}
        kinds = (part.updated, (*part.stories[full:], *part.titles_only), part.again, part.above)
        shown = _filled(titles, [len(kind) for kind in kinds])
        updated, listed, again, above = (kind[:number] for kind, number in zip(kinds, shown, strict=True))
        left = [one for kind, number in zip(kinds[:-1], shown[:-1], strict=True) for one in kind[number:]]
        self._lost["full"] += len(part.stories) - full
        self._lost["titles"] += briefs
        self._lost["details"] += len(part.above) - len(above)  # told under the other initiative
        self._lost["links"] += briefs - links
        self._lost["briefs"] += len(left) - briefs
        entries = self._entries
        silent = part.silent_for

        def asked(entry: Plain, story: Story, *, in_short: bool = True) -> Plain:
            """With the link of its leading article, which matched here; of what is told in short while there is room."""
            if in_short and self._room != EVERYTHING:
                return entry
            return entry | {"not_about": self._not_about(story.lead.article_id, part.initiative_id)}

        return {
            "id": one_line(part.initiative_id, NAME),
            "name": one_line(part.name, 2 * NAME),
            "summary": wording.summary(part),
            "silence": ""
            if silent is None or part.recent is None
            else recent_words.silence(silent, part.recent.usual),
            "updated": [
                asked(self._cut(entries.updated(story), "outlets", "updates"), story) for story in updated
            ],
            "updated_lost": len(part.updated) - len(updated),
            "stories": [
                asked(self._cut(entries.story(story, names), "also"), story, in_short=False)
                for story in part.stories[:full]
            ],
            "titles": [asked(self._cut(entries.title(story), "outlets"), story) for story in listed],
            "titles_lost": len(kinds[1]) - len(listed),
            "again_heading": wording.told_again(part.again),
            "again": [asked(self._cut(entries.title(story), "outlets"), story) for story in again],
            "again_lost": len(part.again) - len(again),
            "above": [asked(entries.pointer(story, names), story) for story in above],
            "above_lost": len(part.above) - len(above),
            "briefs": [
                entries.brief(story, linked=place < links) for place, story in enumerate(left[:briefs])
            ],
            "briefs_lost": len(left) - briefs,
            "commitments": [self._cut(entries.commitment(line), "reports") for line in part.commitments],
        }

    def _cut(self, entry: Plain, *names: str) -> Plain:
        """The entry with no more in the lists of `names` than there is room for."""
        if self._details is None:
            return entry
        cut: Plain = {}
        for name in names:
            items, lost = entry[name], entry[f"{name}_lost"]
            assert isinstance(items, list)
            assert isinstance(lost, int)
            over = max(len(items) - self._details, 0)
            self._lost["details"] += over
            cut |= {name: items[: self._details], f"{name}_lost": lost + over}
        return entry | cut

    def coverage(self, digest: Digest) -> Plain:
        found: Coverage = digest.coverage
        moment = self._entries.moment
        return self._cut(
            {
                "line": coverage_words.line(found, digest.since, digest.until, digest.zone),
                "failing": [
                    {
                        "source": one_line(one.source, NAME),
                        "state": coverage_words.state(one),
                        "since": moment(one.since),
                        "reason": one_line(one.reason, REASON),
                    }
                    for one in sorted(found.failing, key=lambda one: one.blocked)
                ],
                "failing_lost": 0,
                "gaps": [
                    {
                        "source": wording.sources(
                            [one_line(name, NAME) for name in one.sources], parts=one.parts
                        ),
                        "start": start,
                        "end": end,
                        "caught_up": one.caught_up,
                    }
                    for one in spans(found.gaps)
                    for start, end in [wording.span(one.start, one.end, digest.zone, digest.until)]
                ],
                "gaps_lost": 0,
            },
            "failing",
            "gaps",
        )

    def left_out(self) -> str:
        """What found no room, in a sentence; "" when everything did."""
        lost, noun = self._lost, ("story", "stories")
        short = f"{wording.count(lost['titles'], *noun)} in short"
        if lost["links"] and lost["links"] == lost["titles"]:
            short += " without a link" if lost["links"] == 1 else ", none of them with a link,"
        elif lost["links"]:
            short += f" ({lost['links']:,} of them without a link)"
        by_title = 0 if lost["titles"] else lost["full"]
        parts = (
            (by_title, f"{wording.count(by_title, *noun)} by title only"),
            (lost["titles"], short),
            (lost["briefs"], f"{wording.count(lost['briefs'], *noun)} without even a title"),
            (lost["details"], f"{wording.count(lost['details'], 'detail line')} left out"),
        )
        said = [words for number, words in parts if number]
        if not said:
            return ""
        return f"Shortened to what mail programs show whole: {wording.listed(said)}. The text part has all of it."


def _filled(room: int, wanted: Sequence[int]) -> list[int]:
    """How many of each kind there is room for, the first kinds first."""
    given = []
    for number in wanted:
        given.append(min(room, number))
        room -= given[-1]
    return given
