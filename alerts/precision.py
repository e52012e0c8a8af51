"""How often what a term finds is about its initiative, by what people said of its matches. Pure.

People say so when a match is wrong, and seldom when it is right: a share of what was judged is no share of all. So both
numbers are told, and a term is called often wrong only where even the least share that the judgements allow is large.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

from alerts.advice import RuleWarning
from alerts.judgements import Verdict
from alerts.records import Initiative, Term
from alerts.safe import one_line

ENOUGH = 3  # matches judged wrong without which nothing is said of a rule
LARGE = 0.3  # share of wrong matches, at the least, from which a term is worth a second look
SEEN = 0.05  # of all its matches: that few wrong ones are no reason where people saw all the others and said nothing
_FEW = 5  # judgements without which a share says little
_Z = 1.96  # 95 %
_SHOWN = 120  # characters of a term


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was said of one match, and by which terms it is one."""

    initiative_id: str
    verdict: Verdict
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """What was said of the matches of one term."""

    initiative: Initiative
    term: Term
    right: int
    wrong: int
    matches: int | None = None  # of the term in all; None: not counted

    @property
    def judged(self) -> int:
        return self.right + self.wrong

    @property
    def is_often_wrong(self) -> bool:
        """There is reason to look at the term again."""
        least, _ = interval(self.wrong, self.judged)
        seen = self.matches is None or self.wrong >= SEEN * self.matches
        return self.wrong >= ENOUGH and least >= LARGE and seen


def interval(hits: int, tries: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 %, when so many of so many were hits; (0, 1) of none.

    Source:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
    """
    if tries == 0:
        return 0.0, 1.0
    share, weight = hits / tries, _Z * _Z / tries
    centre = (share + weight / 2) / (1 + weight)
    half = _Z * sqrt(share * (1 - share) / tries + weight / (4 * tries)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)


def precision(
    initiatives: Iterable[Initiative],
    judged: Iterable[Judged],
    matches: Mapping[tuple[str, str], int] | None = None,
) -> tuple[Precision, ...]:
    """For each term of which a match was judged, in the order of the rules.

    A match by several terms counts for each of them. A term that an article must hold in any case is not looked at,
    unless there is no other.

    Args:
        matches: how many each term has in all, by initiative and term; one that is not there has none.
    """
    said: Counter[tuple[str, str, Verdict]] = Counter()
    for one in judged:
        said.update({(one.initiative_id, term, one.verdict) for term in one.terms})
    every = (
        Precision(
            initiative=initiative,
            term=term,
            right=said[initiative.id, term.text, Verdict.ABOUT],
            wrong=said[initiative.id, term.text, Verdict.NOT_ABOUT],
            matches=None if matches is None else matches.get((initiative.id, term.text), 0),
        )
        for initiative in initiatives
        for term in _different(initiative.terms or initiative.all)
    )
    return tuple(one for one in every if one.judged)


def words(one: Precision) -> str:
    """`3 of 4 judged matches of “compact” were not about it; 11 matched in all`."""
    term = one_line(one.term.text, _SHOWN)
    if one.judged == 1:
        about = "not about it" if one.wrong else "about it"
        said = f"the one judged match of “{term}” was {about}"
    elif not one.wrong:
        said = f"none of {one.judged:,} judged matches of “{term}” was wrong"
    else:
        who = f"all {one.judged:,}" if not one.right else f"{one.wrong:,} of {one.judged:,}"
        were = "was" if one.wrong == 1 and one.right else "were"
        said = f"{who} judged matches of “{term}” {were} not about it"
    total = "" if one.matches is None else f"; {one.matches:,} matched in all"
    return said + total


def chances(one: Precision) -> str:
    """What the judgements allow for all matches alike: `between 30 % and 95 % of such matches are wrong`."""
    if one.judged < _FEW:
        return "too few to say more"
    least, most = interval(one.wrong, one.judged)
    return f"of matches such as were judged, between {least:.0%} and {most:.0%} are wrong".replace("%", " %")


def warnings(found: Iterable[Precision]) -> Iterator[RuleWarning]:
    """Of terms that are often wrong, at their place in the file."""
    for one in found:
        if one.is_often_wrong:
            yield RuleWarning(
                where=one.term.where,
                problem=words(one),
                remedy=f"`tidings judgements propose {one.initiative.id}` says what to exclude",
            )


def lines(found: Iterable[Precision]) -> Iterator[str]:
    """For reports: each term that was judged, with what the numbers allow to say."""
    for one in found:
        said = words(one)
        yield f"{said[0].upper()}{said[1:]} ({chances(one)})."


def _different(terms: Iterable[Term]) -> Iterable[Term]:
    """Of several with the same text, the first."""
    found: dict[str, Term] = {}
    for one in terms:
        found.setdefault(one.text, one)
    return found.values()
