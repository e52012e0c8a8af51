"""The figures and reasons of an impact in words, for the terminal and for the page: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from alerts.difference import Change
from alerts.evidence import shown
from alerts.impact import Cause, Finding, Impact, InitiativeImpact, Numbers, Rate
from alerts.records import Evidence, Field
from alerts.safe import one_line
from alerts.wording import count, day

CAUSES = 5  # terms or steps that are named
NOTHING = "No rule and no digest differs."


def rate(number: float) -> str:
    """So many a week: `0`, `0.3`, `7.5`, `240`."""
    if number >= 10 or number == round(number):
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 0.1 else "< 0.1"


def rates(value: Rate) -> str:
    """`0.5 → 7.5`, or one figure where both read alike."""
    before, after = rate(value.before), rate(value.after)
    return before if before == after else f"{before} → {after}"


def numbers(value: Numbers) -> str:
    """`12 → 40`, or one figure where both are alike."""
    return f"{value.before:,}" if value.before == value.after else f"{value.before:,} → {value.after:,}"


def gain(number: int) -> str:
    """`+34`, or nothing."""
    return f"+{number:,}" if number else ""


def loss(number: int) -> str:
    """`−2`, or nothing."""
    return f"−{number:,}" if number else ""


def headline(found: Impact) -> str:
    """The whole in a sentence."""
    if not found.changed and not found.digests:
        return NOTHING
    gained = sum(one.stories.gained for one in found.changed if one.stories)
    lost = sum(one.stories.lost for one in found.changed if one.stories)
    what = []
    for change in (Change.ADDED, Change.EDITED, Change.REMOVED):
        number = sum(one.change is change for one in found.changed)
        if number:
            what.append(f"{count(number, 'initiative')} {change}")
    edits = ", ".join(what) or "no rule edited"
    flow = (
        f"{count(gained, 'story', 'stories')} gained, {lost:,} lost"
        if gained or lost
        else "no story gained or lost"
    )
    return f"{edits[0].upper()}{edits[1:]}: {flow}."


def window(found: Impact) -> str:
    """What was looked at."""
    if not found.articles:
        return f"Nothing is in the archive from {day(found.since)} on, so nothing can be compared yet."
    asked = (found.until - found.since).total_seconds() / 86_400
    line = f"{count(found.articles, 'article')} of the {_days(asked)} to {day(found.until)}."
    if round(found.days) < round(asked):
        line = f"{line[:-1]}; the archive reaches back {_days(found.days)}, from which weeks are reckoned."
    if found.unjudged:
        line += f" {count(found.unjudged, 'article')} could not be judged."
    return line


def _days(number: float) -> str:
    return count(max(round(number), 1), "day")


def gained_by(one: InitiativeImpact) -> str:
    """The terms that gain, the most fruitful first."""
    return _listed(one.gained_by, "“{}”")


def lost_by(one: InitiativeImpact) -> str:
    """The steps at which what is lost stops, the most frequent first."""
    return _listed(one.lost_by, "{}")


def lost_terms(one: InitiativeImpact) -> str:
    """The terms by which what is lost matched before."""
    return _listed(one.lost_terms, "“{}”")


def _listed(causes: Sequence[Cause], words: str) -> str:
    shown = [f"{words.format(one_line(one.words, 160))} ({one.articles:,})" for one in causes[:CAUSES]]
    more = len(causes) - len(shown)
    return "; ".join(shown) + (f"; and {more:,} more" if more else "")


def flow(articles: Numbers | None, stories: Numbers | None, name: Literal["gained", "lost"]) -> str:
    """`26 articles, 12 stories`; "" for nothing."""
    number = getattr(articles, name, 0)
    whole = getattr(stories, name, 0)
    return f"{count(number, 'article')}, {count(whole, 'story', 'stories')}" if number else ""


def places(found: Finding, most: int = 3) -> tuple[Evidence, ...]:
    """Why it matches: the first place of each term."""
    first: dict[str, Evidence] = {}
    for one in found.evidence:
        first.setdefault(shown(one), one)
    return tuple(first.values())[:most]


def place(one: Evidence) -> str:
    """`“minerals” in the title`."""
    return f"“{one_line(shown(one), 120)}” in the {one.field}"


def snippet(one: Evidence) -> str:
    """The words around it; "" where that is the title, which is shown in any case."""
    return "" if one.field is Field.TITLE else one_line(one.snippet, 240)


def note(one: InitiativeImpact) -> str:
    """What pausing means for it; "" for nothing."""
    return {
        (False, True): "paused by the edit: it goes on matching and is not told",
        (True, False): "no longer paused: it is told again",
        (True, True): "paused: it matches and is not told",
    }.get(one.paused, "")
