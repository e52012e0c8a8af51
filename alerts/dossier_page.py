"""A dossier as plain data for its page, and several as an index: every text clean, every link safe or empty. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alerts import dossier_words as words
from alerts import wording
from alerts.alert_records import CommitmentTold
from alerts.commitment_words import standing
from alerts.coverage_words import state as state_of_source
from alerts.dossier_plot import bar_words, drawing
from alerts.dossier_records import Course, Dossier, Share, Tally, Told, is_overdue
from alerts.dossier_sources import NAMELESS
from alerts.entries import Entries
from alerts.records import CommitmentLine, Term
from alerts.safe import link, one_line
from alerts.spans import Span, spans

Plain = dict[str, Any]

TITLE, NAME, REASON = 300, 100, 240  # characters
CRIED = 3  # overdue commitments at the head of a page
ALSO = 4  # further articles that are named of each story of the short list
WIDEST = 5  # stories of the short list
TIMELINE = 400  # stories of the long one; all are counted, and stand in the JSON
SHARES = 12  # rows of a table of sources
FAILING, TERMS = 40, 12
SHORT = 60  # of a term that matched; the rules stand whole below
WIDE, NARROW = 772, 340  # of the drawing, for a page and a phone

_TONES = {
    "overdue": "bad",
    "missed": "bad",
    "today": "warn",
    "ahead": "plain",
    "met": "good",
    "dropped": "quiet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The names of the files of a dossier, in one folder."""

    html: str
    pdf: str  # "": there is none


def page_data(one: Dossier) -> Plain:
    """What the template `dossier` shows."""
    entries = Entries(one.made_at, one.period.zone)
    promises = {each.id: one_line(each.text, TITLE) for each in one.initiative.commitments}
    return {
        "name": one_line(one.initiative.name, TITLE),
        "title_of_page": f"{one_line(one.initiative.name, NAME)}, {words.span(one.period)}",
        "watchlist": one_line(one.watchlist.title, TITLE),
        "span": words.span(one.period),
        "age": words.age(one),
        "overdue": [_commitment(each, entries, one) for each in one.overdue[:CRIED]],
        "overdue_left": max(len(one.overdue) - CRIED, 0),
        "summary": list(words.summary(one)),
        "figures": _figures(one.now, one.before),
        "commitments": [_commitment(each, entries, one) for each in one.commitments],
        "related": [_commitment(each, entries, one) for each in one.related],
        "course": _course(one),
        "widest": [_widest(each, promises, entries) for each in widest(one.stories)],
        "months": _months(one, entries),
        "terms": _terms(one),
        "sources": _sources(one),
        "missed": _missed(one),
        "rules": _rules(one),
        "made": wording.moment(one.made_at, one.period.zone),
        "version": one.version,
    }


def index_data(dossiers: Sequence[tuple[Dossier, Files]]) -> Plain:
    """What the template `dossiers` shows: at least one dossier, each with the names of its files."""
    one = dossiers[0][0]
    groups: dict[str, list[Plain]] = {}
    for each, files in dossiers:
        groups.setdefault(one_line(each.watchlist.title, TITLE), []).append(_row(each, files))
    return {
        "heading": f"{wording.count(len(dossiers), 'initiative')} in the news",
        "span": words.span(one.period),
        "made": wording.moment(one.made_at, one.period.zone),
        "version": one.version,
        "columns": ["New stories", "Independent reports", "Articles", "Outlets"],
        "compared": any(each.before is not None for each, _ in dossiers),
        "overdue": [
            {
                "standing": words.standing(told),
                "text": one_line(told.commitment.text, TITLE),
                "of": one_line(told.initiative, NAME),
                "file": files.html,
            }
            for told, files in sorted(
                ((told, files) for each, files in dossiers for told in each.commitments if is_overdue(told)),
                key=lambda one: one[0].days or 0,
            )
        ],
        "groups": [{"name": name, "dossiers": rows} for name, rows in groups.items()],
    }


def widest(stories: Sequence[Told]) -> tuple[Told, ...]:
    """Those that went furthest, by independent reports and then by outlets; none that stands in one outlet alone."""
    far = [one for one in stories if len(one.story.outlets) > 1]
    ranked = sorted(
        far, key=lambda one: (one.story.reports, len(one.story.outlets), one.latest), reverse=True
    )
    return tuple(ranked[:WIDEST])


# -- parts -----------------------------------------------------------------------------------------


def _commitment(one: CommitmentTold, entries: Entries, whole: Dossier) -> Plain:
    promise = one.commitment
    line = CommitmentLine(
        id=promise.id,
        text=promise.text,
        due=promise.due,
        state=promise.state,
        overdue=is_overdue(one),
        days=one.days,
        evidence=one.evidence,
    )
    by = link(promise.by) if promise.by else None
    shown: Plain = entries.commitment(line)
    return {
        **shown,
        "newest": shown["reports"][:1],
        "standing": words.standing(one),
        "tone": _TONES[standing(one)],
        "evidence": words.evidence(one),
        "number": f"{one.reports:,}" if one.reports else "none",
        "by": by.href if by else "",
        "by_host": by.host if by else "",
        "of": "" if one.initiative_id == whole.initiative.id else one_line(one.initiative, NAME),
    }


def _widest(each: Told, promises: Plain, entries: Entries) -> Plain:
    left = len(each.story.also) - ALSO
    story = entries.story(replace(each.story, also=each.story.also[:ALSO]), promises)
    return {**story, "more": wording.count(left, "more article") if left > 0 else ""}


def _figures(now: Tally, before: Tally | None) -> list[Plain]:
    return [
        {
            "number": f"{getattr(now, field):,}",
            "name": single if getattr(now, field) == 1 else many,
            "against": "" if before is None else words.against(getattr(now, field), getattr(before, field)),
        }
        for field, single, many in (("stories", "new story", "new stories"), *words.FIGURES[1:])
    ]


def _course(one: Dossier) -> Plain:
    course = one.course
    said = words.course(course, one.period)
    title = f"Coverage of {one_line(one.initiative.name, NAME)}, {words.span(one.period)}"
    return {
        "said": said,
        "wide": drawing(course, width=WIDE, name="wide", title=title, said=said),
        "narrow": drawing(course, width=NARROW, name="narrow", title=title, said=said),
        "unit": "week" if course.weekly else "day",
        "surges": [words.surge(each) for each in course.surges],
        "silences": [words.silence(each) for each in course.silences],
        "unjudged": f"Surges are not judged yet: {course.unjudged}." if course.unjudged else "",
        "blind": any(not bar.collected for bar in course.bars),
        "rows": list(_rows(course)),
    }


def _rows(course: Course) -> Iterator[Plain]:
    """The numbers behind the drawing; stretches without any are left out."""
    for bar in course.bars:
        if bar.outlets or bar.surge:
            yield {
                "when": bar_words(bar).partition(":")[0],
                "stories": f"{bar.stories:,}",
                "outlets": f"{bar.outlets:,}",
                "surge": bar.surge,
            }


def _months(one: Dossier, entries: Entries) -> list[Plain]:
    """The stories by the month of their last report, the newest first; those that went furthest where there are many."""
    ranked = sorted(
        one.stories, key=lambda each: (each.story.reports, len(each.story.outlets), each.latest), reverse=True
    )
    shown = {each.story.id for each in ranked[:TIMELINE]}
    left = Counter(_month(each, one) for each in one.stories if each.story.id not in shown)
    months: dict[str, list[Plain]] = {}
    for each in one.stories:
        stories = months.setdefault(_month(each, one), [])
        if each.story.id in shown:
            stories.append(_story(each, one, entries))
    return [
        {
            "name": name,
            "tally": wording.count(len(stories) + left[name], "story", "stories"),
            "stories": stories,
            "left": wording.count(left[name], "more story", "more stories") if left[name] else "",
        }
        for name, stories in months.items()
    ]


def _month(each: Told, one: Dossier) -> str:
    return f"{one.period.day_of(each.latest):%B %Y}"


def _story(each: Told, one: Dossier, entries: Entries) -> Plain:
    began = one.period.day_of(each.first)
    latest = one.period.day_of(each.latest)
    shown: Plain = entries.title(each.story)
    others: dict[str, Plain] = {}
    for another in shown["outlets"]:
        if another["source"] != shown["source"]:
            others.setdefault(another["source"], another)  # by its first telling
    return {
        **shown,
        "others": list(others.values()),
        "more": wording.count(shown["outlets_lost"], "more article") if shown["outlets_lost"] else "",
        "day": f"{latest.day} {latest:%b}",
        "iso": latest.isoformat(),
        "began": f"began {began.day} {began:%b}{f' {began.year}' if began.year < latest.year else ''}"
        if began < latest
        else "",
    }


def _terms(one: Dossier) -> list[Plain]:
    return [
        {
            "text": one_line(each.text, NAME),
            "said": f"in {wording.count(each.stories, 'story', 'stories')}, before in {each.before or 'none'}",
            "example": {
                "title": one_line(each.example.title, TITLE) or "(no title)",
                "href": address.href if (address := link(each.example.url)) else "",
                "language": "",
            },
        }
        for each in one.terms or ()
    ]


def _sources(one: Dossier) -> list[Plain]:
    tables = (
        ("Outlets", "Outlet", one.sources.outlets, ""),
        (
            "By tag",
            "Tag of the source",
            one.sources.tags,
            "Tags are those of the configuration; an article of a source with several counts under each.",
        ),
        (
            "By country",
            "Country",
            one.sources.countries,
            "The country is that of the address of the article (.in, .uk); many outlets have an address of none.",
        ),
        (
            "By language",
            "Language",
            one.sources.languages,
            "As the article declares it, or as its text was recognised.",
        ),
    )
    return [
        {
            "heading": heading,
            "column": column,
            "note": note,
            "outlets": column != "Outlet",
            "rows": [_share(each) for each in shares[:SHARES]],
            "left": wording.count(len(shares) - SHARES, "more") if len(shares) > SHARES else "",
        }
        for heading, column, shares, note in tables
        if any(each.name not in NAMELESS for each in shares)
    ]


def _share(one: Share) -> Plain:
    return {
        "name": one_line(one.name, NAME),
        "stories": f"{one.stories:,}",
        "articles": f"{one.articles:,}",
        "outlets": f"{one.outlets:,}",
    }


def _missed(one: Dossier) -> Plain:
    found, zone = one.missed.coverage, one.period.zone
    return {
        "lines": list(words.missed(one.missed, one.period, words.watched(one))),
        "failing": [
            {
                "state": state_of_source(each),
                "source": one_line(each.source, NAME),
                "since": "" if each.since is None else wording.short_moment(each.since, zone, one.made_at),
                "reason": one_line(each.reason, REASON),
            }
            for each in found.failing[:FAILING]
        ],
        "failing_left": max(len(found.failing) - FAILING, 0),
        "gaps": [_gap(span, one) for span in spans(found.gaps)],
    }


def _gap(span: Span, one: Dossier) -> Plain:
    start, end = wording.span(span.start, span.end, one.period.zone, one.made_at)
    return {
        "source": wording.sources([one_line(name, NAME) for name in span.sources], parts=span.parts),
        "start": start,
        "end": end,
        "caught_up": span.caught_up,
    }


def _rules(one: Dossier) -> Plain:
    initiative = one.initiative
    context = one.watchlist.context_of(initiative)
    lists = (
        ("One of these is enough", [_term(each) for each in initiative.any]),
        (
            "One of these files it under a commitment",
            [_term(each) for promise in initiative.commitments for each in promise.any],
        ),
        ("Each of these is needed", [_term(each) for each in initiative.all]),
        ("Where a term proves little by itself, one of these must be there", list(map(_text, context))),
        ("None of these may be there", [_term(each) for each in initiative.none]),
        ("These are not meant", list(map(_text, initiative.exceptions))),
        ("Only of these sources or tags", list(map(_text, initiative.sources))),
        ("Only in these languages", list(map(_text, initiative.languages))),
    )
    found_by = one.rules.found_by
    return {
        "lines": [*words.rules(one.rules, one.period.zone), f"Looked for in {_fields(one)}."],
        "found_by": [
            {"term": one_line(term, SHORT), "articles": wording.count(number, "article")}
            for term, number in found_by[:TERMS]
        ],
        "found_by_left": max(len(found_by) - TERMS, 0),
        "judged": [one_line(each, 2 * REASON) for each in one.judged],
        "lists": [{"heading": heading, "items": items} for heading, items in lists if items],
        "size": wording.count(len(initiative.terms), "term"),
    }


def _fields(one: Dossier) -> str:
    return wording.listed([str(field) for field in one.initiative.fields])


def _text(text: str) -> str:
    return one_line(text, REASON)


def _term(term: Term) -> str:
    """As it was written, with what narrows it."""
    more = [
        *([f"near {', '.join(term.near)} (within {term.within} words)"] if term.near else []),
        *([f"not in {', '.join(term.exceptions)}"] if term.exceptions else []),
        *([f"from {wording.day(term.valid_from)}"] if term.valid_from else []),
        *([f"until {wording.day(term.valid_until)}"] if term.valid_until else []),
    ]
    return one_line(f"{term.text}{f' ({chr(59).join(more)})' if more else ''}", 2 * REASON)


def _row(one: Dossier, files: Files) -> Plain:
    """A line of the index."""
    pressing = [each for each in one.commitments if _TONES[standing(each)] in ("bad", "warn")]
    return {
        "name": one_line(one.initiative.name, TITLE),
        "file": files.html,
        "pdf": files.pdf,
        "numbers": [
            {
                "now": f"{getattr(one.now, field):,}",
                "before": "" if one.before is None else f"{getattr(one.before, field):,}",
            }
            for field, _, _ in words.FIGURES
        ],
        "pressing": [{"standing": words.standing(each), "tone": _TONES[standing(each)]} for each in pressing],
        "silent": next((words.silence(each) for each in one.course.silences if each.lasts), ""),
    }
