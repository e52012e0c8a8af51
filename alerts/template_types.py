"""What templates are given: the shape of each thing, and a sentence on each of its fields. No behaviour.

docs/templates.md is drawn from this file, `tidings check` holds users' templates against it, and a test holds
document.py against it.
"""

from __future__ import annotations

from typing import Annotated, TypedDict


class Part(TypedDict):
    """Some words of a title or a snippet."""

    text: Annotated[str, "the words"]
    hit: Annotated[bool, "these matched"]


class Telling(TypedDict):
    """One article, as one outlet told it."""

    title: Annotated[str, "its headline"]
    href: Annotated[str, "its address; empty when it is not safe to click"]
    host: Annotated[str, "the host to which the address really leads"]
    source: Annotated[str, "the outlet"]
    when: Annotated[str, "when it was published, as `Tue 24 Nov, 18:40`; empty when that is not known"]
    times: Annotated[
        str,
        "when it was published, and when it was found where that differs: `Tue 24 Nov, 02:10, found Tue 24 Nov, 18:40`",
    ]
    credit: Annotated[str, "the agency whose text it is; empty also where the agency tells it itself"]
    reprint: Annotated[bool, "it repeats another telling of the story"]
    paywalled: Annotated[bool, "the full text is for subscribers"]
    language: Annotated[str, "its code, such as `en`; empty when it is not known"]


class Story(Telling):
    """A story in full. Its fields of a telling are those of the telling that leads."""

    title_parts: Annotated[list[Part], "the title in parts, to mark what matched"]
    snippet: Annotated[
        list[Part], "the words around what matched, in parts; an empty list when that is the title itself"
    ]
    late: Annotated[str, "`published 6 days ago, found today`; empty when it was found in time"]
    found_by: Annotated[
        str, "`found by your edit of 24 Nov` or `found by rematch of 24 Nov`; empty when found as it came"
    ]
    outlets: Annotated[int, "how many outlets told it"]
    reports: Annotated[int, "how many independent reports, reprints not counted"]
    spread: Annotated[
        str, "`Reuters, in 12 outlets` or `5 outlets, 3 independent reports`; empty for one outlet"
    ]
    told_first: Annotated[str, "who told it first; empty where the entry says so anyway"]
    also: Annotated[list[Telling], "other tellings, independent reports first, at most nine"]
    also_lost: Annotated[int, "how many more of them"]
    command: Annotated[str, "`tidings stories show s…`, the command that lists every telling"]
    why: Annotated[str, "what matched, and where: `“TRUST initiative” in the title and the text`"]
    commitments: Annotated[list[str], "texts of the commitments under which it is filed"]
    not_about: Annotated[
        str,
        "where a reader says that it is not about this initiative; empty where `web.public` is not set, and without room",
    ]


class Title(Telling):
    """A story by its title: past the cap of the digest, or told before. Its fields of a telling are those of the one
    under whose headline readers know it."""

    first_told: Annotated[str, "when the story was told first; empty when it is new"]
    told_in: Annotated[str, "the subject of the message that told it first; empty when that is not known"]
    late: Annotated[str, "`published 6 days ago, found today`; empty when it was found in time"]
    found_by: Annotated[str, "`found by your edit of 24 Nov`; empty when found as it came"]
    grown: Annotated[
        str, "`also now in`; `again in` where all its outlets had told it; `in` for a find in the archive"
    ]
    outlets: Annotated[list[Telling], "the tellings, the leading one first, at most nine"]
    outlets_lost: Annotated[int, "how many more of them"]
    in_all: Annotated[
        str, "`15 outlets, 3 independent reports`, with those of before; empty where there are no others"
    ]
    spread: Annotated[
        str, "`Reuters, in 12 outlets` or `5 outlets, 3 independent reports`; empty for one outlet"
    ]
    command: Annotated[str, "`tidings stories show s…`, the command that lists every telling"]
    not_about: Annotated[
        str,
        "where a reader says that it is not about this initiative; empty where `web.public` is not set, and without room",
    ]


class Update(Telling):
    """What one telling says otherwise since its readers were told of it."""

    changed: Annotated[str, "what has changed: `headline: “…” became “…”; 12 became 15`"]
    at: Annotated[str, "since when"]


class Updated(Title):
    """A story that was told before and has changed in substance. Its `outlets` are only tellings that are new."""

    updates: Annotated[list[Update], "what has changed, oldest first"]
    updates_lost: Annotated[int, "how many more of them"]


class Pointer(Telling):
    """A story that is told whole under another initiative of the same digest."""

    under: Annotated[str, "the name of that initiative"]
    why: Annotated[str, "what matched here, and where"]
    commitments: Annotated[list[str], "texts of the commitments of this initiative under which it is filed"]
    not_about: Annotated[
        str,
        "where a reader says that it is not about this initiative; empty where `web.public` is not set, and without room",
    ]


class Brief(TypedDict):
    """A story of which there is room for little more than its headline."""

    title: Annotated[str, "its headline"]
    href: Annotated[str, "its address; empty when it is not safe to click, or finds no room"]
    source: Annotated[str, "the outlet"]
    note: Annotated[str, "`updated` or `told before`; empty for a new story"]


class LastDays(TypedDict):
    """The last 30 days of an initiative: in words, as a line of blocks, and as a picture."""

    facts: Annotated[str, "`41 stories in 30 days, most 7 on 14 Nov`: the picture in words"]
    line: Annotated[str, "one sign a day, for the text part: `··▂·▁█▁`"]
    picture: Annotated[str, 'the name of the picture: `<img src="cid:{{ section.last_days.picture }}">`']
    width: Annotated[int, "of the picture, in pixels"]
    height: Annotated[int, "of the picture, in pixels"]


class Idle(TypedDict):
    """An initiative without news."""

    name: Annotated[str, "its name"]
    last_days: Annotated[LastDays, "its last 30 days; empty when they are not known"]


class Commitment(TypedDict):
    """A dated promise of an initiative."""

    text: Annotated[str, "what was promised"]
    due: Annotated[str, "`31 Dec 2025`; empty when it has no day"]
    standing: Annotated[str, "`overdue by 329 days`, `due in 6 days`, `met`"]
    overdue: Annotated[bool, "it is open, and past its day"]
    reports: Annotated[list[Telling], "the newest tellings filed under it"]
    reports_lost: Annotated[int, "how many more of them"]


class Section(TypedDict):
    """What a digest says of one initiative."""

    id: Annotated[str, "of the initiative"]
    name: Annotated[str, "of the initiative"]
    summary: Annotated[
        str, "`3 stories, 11 outlets`, `1 story updated`, `also now in 2 outlets` or `nothing new`"
    ]
    silence: Annotated[
        str, "`No report for 19 days; its pauses are usually no longer than 6.`; empty when it is not silent"
    ]
    last_days: Annotated[LastDays, "its last 30 days; empty when they are not known: ask with `if`"]
    updated: Annotated[list[Updated], "stories told before that have changed in substance"]
    updated_lost: Annotated[int, "how many more of them"]
    stories: Annotated[list[Story], "new stories in full"]
    titles: Annotated[list[Title], "new stories by title only"]
    titles_lost: Annotated[int, "how many more found no room even by title"]
    again_heading: Annotated[
        str,
        "the heading over the next: `Told before, also now in further outlets` or `Told before, reported on again`",
    ]
    again: Annotated[list[Title], "stories told before of which there are further tellings"]
    again_lost: Annotated[int, "how many more of them"]
    above: Annotated[list[Pointer], "stories told whole under another initiative of this digest"]
    above_lost: Annotated[int, "how many more of them"]
    briefs: Annotated[list[Brief], "of stories that found no other room, the headlines"]
    briefs_lost: Annotated[int, "how many more of them"]
    commitments: Annotated[list[Commitment], "its commitments that press, or have news"]


class Failing(TypedDict):
    """A source that fails."""

    source: Annotated[str, "its name"]
    state: Annotated[str, "`Failing`, `Blocked`, `Gone` or `No feed`"]
    since: Annotated[str, "since when; empty when that is not known"]
    reason: Annotated[str, "why, in words"]


class Gap(TypedDict):
    """A span of time whose entries of a source were not seen when they came."""

    source: Annotated[
        str,
        "the name of a source, or `78 sources: A, B, C and 75 more` of all that share the span; where a digest has "
        "many different spans, `70 sources, each in part: …` of those left",
    ]
    start: Annotated[str, "its beginning"]
    end: Annotated[str, "its end"]
    caught_up: Annotated[bool, "the source's list, or a sitemap of its site, reached back over all of it"]


class Coverage(TypedDict):
    """What was looked at, and what was not."""

    line: Annotated[str, "what was looked at, in sentences"]
    failing: Annotated[list[Failing], "sources that fail"]
    failing_lost: Annotated[int, "how many more of them"]
    gaps: Annotated[list[Gap], "times that were not covered"]
    gaps_lost: Annotated[int, "how many more of them"]


class Flood(TypedDict):
    """Entries of one source that came at once, and are held for review."""

    source: Annotated[str, "its name"]
    line: Annotated[str, "how many came at once, how many match, and when they count as known"]
    titles: Annotated[list[Telling], "the newest that match, at most ten"]
    titles_lost: Annotated[int, "how many more of them"]
    release: Annotated[str, "the command by which they are told"]


class DigestDocument(TypedDict):
    """What the templates of a digest are given."""

    title: Annotated[str, "the digest's title, else its id"]
    subject: Annotated[str, "the subject of the mail"]
    overview: Annotated[str, "the first sentence: `3 new stories from 11 outlets. 1 commitment overdue.`"]
    slot: Annotated[str, "the moment it stands for, in its zone: `Wed 25 Nov 2026, 07:30 EST`"]
    since: Annotated[str, "the beginning of the window in which its matches were made"]
    until: Annotated[str, "the end of that window"]
    sections: Annotated[list[Section], "one for each initiative that has something to say"]
    idle: Annotated[list[Idle], "initiatives without news, at most twelve"]
    idle_more: Annotated[list[str], "the names of more of them"]
    held: Annotated[list[Flood], "floods held for review of which something matched since the last slot"]
    notes: Annotated[list[str], "sentences on missed slots, quiet hours, a failing template"]
    coverage: Annotated[Coverage, "what was looked at"]
    next: Annotated[str, "when the next one is due; empty when none is planned"]
    cut: Annotated[str, "what found no room in the HTML, in a sentence; empty when everything did"]


class Entry(TypedDict):
    """One thing of a list: a story, a source, a commitment, a report."""

    title: Annotated[str, "what it is"]
    href: Annotated[str, "its address; empty when it has none, or it is not safe to click"]
    host: Annotated[str, "the host to which the address really leads"]
    note: Annotated[str, "what stands behind it in small letters: outlet and time, or a state; may be empty"]
    lines: Annotated[list[str], "sentences on it"]
    bad: Annotated[bool, "it is overdue, or fails"]
    links: Annotated[list[Entry], "reports that belong to it"]


class Listing(TypedDict):
    """A heading, and what stands under it."""

    heading: Annotated[str, "the heading"]
    entries: Annotated[list[Entry], "the things listed"]
    more: Annotated[int, "how many more of them there are"]


class AlertDocument(TypedDict):
    """What the templates of an alert are given."""

    type: Annotated[
        str,
        "`surge`, `silence`, `silence-over`, `commitment`, `source-trouble` or, for the operator, `operator`",
    ]
    brand: Annotated[str, "what it is, and when it was made: `Alert: surge · Wed 25 Nov 2026, 07:30 EST`"]
    subject: Annotated[str, "the subject of the mail"]
    paragraphs: Annotated[list[str], "what happened, the most important first"]
    lists: Annotated[list[Listing], "the stories, sources or commitments that it is about"]
    closing: Annotated[list[str], "what comes next"]


def nouns() -> dict[type, str]:
    """What each thing is called, in the pages and in errors."""
    return {
        DigestDocument: "the digest",
        Section: "a section",
        Story: "a story",
        Title: "a title",
        Updated: "an updated story",
        Pointer: "a pointer",
        Telling: "a telling",
        Update: "an update",
        Part: "a part",
        Commitment: "a commitment",
        Coverage: "the coverage",
        Failing: "a failing source",
        Gap: "a gap",
        Flood: "a flood",
        Brief: "a brief",
        LastDays: "the last days",
        Idle: "an idle initiative",
        AlertDocument: "the alert",
        Listing: "a listing",
        Entry: "an entry",
    }
