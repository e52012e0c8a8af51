"""The examples of a watchlist: tests that travel with the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from alerts.match import Matcher, subject
from alerts.records import Example, Watchlist
from crawler.records import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedExample:
    """An example that did not turn out as its author expected."""

    where: str  # "FILE:LINE:COLUMN"
    initiative_id: str
    expected: str  # "match" or "ignore"
    text: str  # the beginning of the example, for a person
    decided: str  # the term that matched, or the step at which it stopped


def run(watchlist: Watchlist, tags: Mapping[str, tuple[str, ...]] | None = None) -> tuple[FailedExample, ...]:
    """Judge every example by its own initiative; those that fail, in order.

    Args:
        watchlist: rules and examples.
        tags: the tags of each source, by its id, for examples that name a source.
    Raises:
        RuleError: a term that cannot be read.
    """
    failed: list[FailedExample] = []
    for initiative in watchlist.initiatives:
        if not initiative.examples:
            continue
        matcher = Matcher([replace(watchlist, initiatives=(initiative,))], tags=tags)
        for example in initiative.examples:
            verdict = matcher.judge(as_article(example), explain=example.matches)
            if bool(verdict.matches) == example.matches:
                continue
            if example.matches:
                decided = verdict.misses[0].stopped_at
            else:
                first = verdict.matches[0].evidence[0]
                decided = f"“{first.term}” matched in the {first.field}: {first.snippet}"
            failed.append(
                FailedExample(
                    where=example.where,
                    initiative_id=initiative.id,
                    expected="match" if example.matches else "ignore",
                    text=(example.title or example.summary or example.text)[:120],
                    decided=decided,
                )
            )
    return tuple(failed)


def as_article(example: Example) -> Article:
    """The text of an example; what it does not give is unknown."""
    return subject(
        title=example.title,
        summary=example.summary,
        text=example.text,
        language=example.language,
        source=example.source or "",
        published=example.published,
    )
