"""What an archive says of the rules: terms too common, dead or idle, initiatives that are one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations

from alerts.advice import RuleWarning
from alerts.anatomy import Anatomy
from alerts.records import Initiative, Term, Watchlist

YEAR = timedelta(days=365)
LARGE_SHARE = 0.02  # of all articles; what a term finds in more of them is no news of one subject
ENOUGH = 200  # articles without which a share says nothing
REPEATED = 5  # articles without which two rules that meet the same have only met by chance


@dataclass(slots=True)
class _Use:
    """What one term, or one initiative, did."""

    articles: int = 0
    last: datetime | None = None

    def count(self, at: datetime) -> None:
        self.articles += 1
        self.last = at if self.last is None else max(self.last, at)


@dataclass(slots=True)
class _Record:
    """What one initiative did."""

    matched: int = 0
    removed: Counter[Term] = field(default_factory=Counter)  # by the terms of `none`
    terms: dict[Term, _Use] = field(default_factory=dict)
    pairs: Counter[tuple[Term, Term]] = field(default_factory=Counter)  # met by one article


class Lint:
    """Counts over an archive, article by article, and the warnings that follow from them.

    Args:
        watchlists: the rules.
    """

    def __init__(self, watchlists: Sequence[Watchlist]) -> None:
        self._initiatives = {one.id: one for watchlist in watchlists for one in watchlist.initiatives}
        self._records = {name: _Record() for name in self._initiatives}
        self._together: Counter[tuple[str, str]] = Counter()
        self.articles = 0
        self.since: datetime | None = None  # first sight of the oldest article
        self.until: datetime | None = None

    def count(self, at: datetime, anatomies: Iterable[Anatomy]) -> None:
        """Take in one article, first seen at `at`."""
        self.articles += 1
        self.since = at if self.since is None else min(self.since, at)
        self.until = at if self.until is None else max(self.until, at)
        matched = []
        for anatomy in anatomies:
            record = self._records[anatomy.initiative.id]
            met = tuple(dict.fromkeys(anatomy.met))
            for term in met:
                record.terms.setdefault(term, _Use()).count(at)
            record.pairs.update(combinations(met, 2))
            if anatomy.forbidden is not None:
                record.removed[anatomy.forbidden] += 1
            if anatomy.matches:
                record.matched += 1
                matched.append(anatomy.initiative.id)
        self._together.update(combinations(sorted(matched), 2))

    def warnings(self) -> tuple[RuleWarning, ...]:
        """What is worth a second look, in the order of the initiatives."""
        found: list[RuleWarning] = []
        for name, initiative in self._initiatives.items():
            record = self._records[name]
            for term in initiative.terms:
                found += self._of_term(term, record.terms.get(term, _Use()))
            found += _shadowed(initiative, record)
            found += _greedy(initiative, record)
            found += self._never_apart(initiative)
        return tuple(found)

    def _of_term(self, term: Term, use: _Use) -> Iterator[RuleWarning]:
        if self.articles >= ENOUGH and use.articles > LARGE_SHARE * self.articles:
            yield RuleWarning(
                where=term.where,
                problem=f"“{term.text}” stands in {use.articles:,} of {self.articles:,} articles, {use.articles / self.articles:.0%}",
                remedy="give it `near`, make it longer, or add `all`",
            )
        closed = (
            term.valid_until is not None and self.since is not None and term.valid_until < self.since.date()
        )
        if self.since is None or self.until is None or closed:
            return
        if use.last is None and self.until - self.since >= YEAR:
            yield RuleWarning(
                where=term.where,
                problem=f"“{term.text}” was met by no article since {self.since:%-d %b %Y}",
                remedy="correct its spelling, or drop it",
            )
        elif use.last is not None and self.until - use.last >= YEAR:
            yield RuleWarning(
                where=term.where,
                problem=f"“{term.text}” was met last on {use.last:%-d %b %Y}, more than a year ago",
                remedy="look for a new name of the thing with `tidings suggest`, or drop it",
            )

    def _never_apart(self, initiative: Initiative) -> Iterator[RuleWarning]:
        mine = self._records[initiative.id].matched
        for other in self._initiatives.values():
            pair = (min(initiative.id, other.id), max(initiative.id, other.id))
            both, theirs = self._together[pair], self._records[other.id].matched
            if initiative.id == other.id or both < REPEATED or both < mine:
                continue
            if both == theirs and initiative.id > other.id:
                continue  # said of the other
            also = "and the other way round" if both == theirs else f"which has {theirs:,}"
            yield RuleWarning(
                where=initiative.where,
                problem=f"all {mine:,} articles of {initiative.id} also match {other.id}, {also}",
                remedy="join the two, or tell them apart by their terms",
            )


def told_twice(watchlists: Sequence[Watchlist]) -> tuple[RuleWarning, ...]:
    """Terms that two initiatives share, which needs no archive to be seen."""
    first: dict[tuple[object, ...], tuple[Initiative, Term]] = {}
    found = []
    for initiative in (one for watchlist in watchlists for one in watchlist.initiatives):
        for term in initiative.any:
            key = (term.text.casefold(), term.case, term.near, term.exceptions, term.literal)
            other, known = first.setdefault(key, (initiative, term))
            if other is not initiative and not initiative.all and not other.all:
                found.append(
                    RuleWarning(
                        where=term.where,
                        problem=f"“{term.text}” is a term of {initiative.id} and of {other.id} ({known.where})",
                        remedy="keep it where it belongs, so that one report is told under one name",
                    )
                )
    return tuple(found)


def _shadowed(initiative: Initiative, record: _Record) -> Iterator[RuleWarning]:
    """A term that met nothing which another of `any` did not meet as well."""
    for term in initiative.any:
        use = record.terms.get(term)
        if use is None or use.articles < REPEATED:
            continue
        for other in initiative.any:
            both = record.pairs[term, other] + record.pairs[other, term]
            theirs = record.terms.get(other, _Use()).articles
            if other is not term and both == use.articles and theirs > use.articles:
                yield RuleWarning(
                    where=term.where,
                    problem=f"“{term.text}” adds nothing: all {use.articles:,} articles that it meets also meet “{other.text}”",
                    remedy="drop it, unless the other is to go",
                )
                break


def _greedy(initiative: Initiative, record: _Record) -> Iterator[RuleWarning]:
    for term, number in record.removed.items():
        if number >= REPEATED and number > record.matched:
            yield RuleWarning(
                where=term.where,
                problem=f"“{term.text}” in `none` takes away {number:,} articles and leaves {record.matched:,}",
                remedy="move it to `except`, which only leaves out its own words, or make it longer",
            )
