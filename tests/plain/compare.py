"""Both matchers on one random case: where they agree, how many hits of which kind, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from alerts.errors import RuleError
from alerts.match import Matcher, validate
from alerts.records import Initiative, Strength, Term, Watchlist
from crawler.records import Article
from tests.plain.judge import MOST, Fact, Outcome, fact_of, judge, readings_of
from tests.plain.makings import TAGS, Maker


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A pair on which the two matchers differ."""

    article: Article
    watchlist: Watchlist  # of the one initiative
    product: Outcome
    plain: Outcome

    def __str__(self) -> str:
        return "\n".join(
            [
                *(f"  {name}: {value!r}" for name, value in told(self.article)),
                *(
                    f"  rule {name}: {value!r}"
                    for name, value in told(self.watchlist)
                    if name != "initiatives"
                ),
                *(f"  rule {name}: {value!r}" for name, value in told(self.watchlist.initiatives[0])),
                f"  product: {shown(self.product)}",
                f"  plain:   {shown(self.plain)}",
            ]
        )


@dataclass(slots=True)
class Tally:
    """What was compared so far."""

    counts: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)


def compare(chance: Random, tally: Tally) -> None:
    """Make a watchlist and two articles, and judge each pair of article and initiative twice."""
    maker = Maker(chance)
    watchlist = readable(maker.watchlist(), tally)
    crowd = readable(maker.crowd(), Tally())
    matcher = Matcher([crowd, watchlist], tags=TAGS)
    for _ in range(2):
        article = maker.article()
        verdict = by_product(matcher, article)
        readings = readings_of(article, TAGS)
        for initiative in watchlist.initiatives:
            product = verdict.get(initiative.id, Outcome(False))
            plain = judge(article, watchlist, initiative, TAGS, readings)
            count(tally.counts, initiative, plain)
            if not agree(product, plain, initiative):
                alone = replace(watchlist, initiatives=(initiative,))
                tally.disagreements.append(Disagreement(article, alone, product, plain))


def agree(product: Outcome, plain: Outcome, initiative: Initiative) -> bool:
    """Whether both say the same.

    Of a hit with partners of NEAR the product keeps one, the plain matcher all. And the product keeps five places
    of an item in a field, strong ones first; of items spelt alike it cannot be said which kept what.
    """
    if (product.matches, product.commitments) != (plain.matches, plain.commitments):
        return False
    if not product.evidence <= plain.evidence:
        return False
    spelt = [term.text for term in items(initiative)]
    for text, where in {fact[:2] for fact in plain.evidence}:
        told = {fact for fact in product.evidence if fact[:2] == (text, where)}
        there = {fact for fact in plain.evidence if fact[:2] == (text, where)}
        if "NEAR/" in text or "BEFORE/" in text:
            if not any(fact[0] == text for fact in product.evidence):
                return False
        elif spelt.count(text) > 1:
            if len(told) < min(MOST, len(there)):
                return False
        elif rising(told) != rising(there)[:MOST]:
            return False
    return True


def rising(facts: set[Fact]) -> list[tuple[bool, int]]:
    """Whether weak, and the start, of the hits of one item in one field; one a place, strong ones first."""
    strong = {fact[2:4] for fact in facts if fact[4] is Strength.STRONG}
    return sorted((place not in strong, place[0]) for place in {fact[2:4] for fact in facts})


def items(initiative: Initiative) -> tuple[Term, ...]:
    """All terms by which an article can be met."""
    return (*initiative.any, *initiative.all, *(term for one in initiative.commitments for term in one.any))


def by_product(matcher: Matcher, article: Article) -> dict[str, Outcome]:
    """What the product says of each initiative that an article meets."""
    return {
        match.initiative_id: Outcome(True, match.commitments, frozenset(map(fact_of, match.evidence)))
        for match in matcher.judge(article).matches
    }


def readable(watchlist: Watchlist, tally: Tally) -> Watchlist:
    """A watchlist without the terms that the product refuses."""

    def accepted(terms: tuple[Term, ...]) -> tuple[Term, ...]:
        return tuple(term for term in terms if is_readable(term, tally))

    def words(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text in texts if is_readable(Term(text="x1", near=(text,)), tally))

    def of(initiative: Initiative) -> Initiative:
        return replace(
            initiative,
            any=accepted(initiative.any),
            all=accepted(initiative.all),
            none=accepted(initiative.none),
            exceptions=words(initiative.exceptions),
            context=None if initiative.context is None else words(initiative.context),
            commitments=tuple(replace(one, any=accepted(one.any)) for one in initiative.commitments),
        )

    initiatives = tuple(map(of, watchlist.initiatives))
    return replace(watchlist, context=words(watchlist.context), initiatives=initiatives)


def is_readable(term: Term, tally: Tally) -> bool:
    """Whether the product takes a term; a refusal is no matter of this comparison."""
    try:
        validate(term)
    except RuleError:
        tally.counts["terms refused"] += 1
        return False
    tally.counts["terms"] += 1
    return True


def count(counts: Counter[str], initiative: Initiative, plain: Outcome) -> None:
    """Note what a pair was about."""
    counts["pairs"] += 1
    if not plain.matches:
        return
    counts["matches"] += 1
    terms = items(initiative)
    of = {text for text, *_ in plain.evidence}
    counts["places"] += len(plain.evidence)
    counts["matches with a weak hit"] += any(one[-1] is Strength.WEAK for one in plain.evidence)
    counts["matches by weak hits alone"] += all(one[-1] is Strength.WEAK for one in plain.evidence)
    counts["matches by NEAR or BEFORE"] += any("NEAR/" in text or "BEFORE/" in text for text in of)
    counts["matches by a `near`"] += any(term.near and term.text in of for term in terms)
    counts["matches beside an `except`"] += bool(
        initiative.exceptions or any(term.exceptions for term in terms)
    )
    counts["matches by a pattern"] += any(text.strip("(").startswith("/") for text in of)
    counts["matches by a phrase with room"] += any('"~' in text for text in of)
    counts["matches under a commitment"] += bool(plain.commitments)
    for name, first, last in RANGES:
        counts[f"matches in {name}"] += any(first <= char <= last for text in of for char in text)


RANGES = (
    ("Latin", "A", "ɏ"),
    ("Greek", "Ͱ", "Ͽ"),
    ("Cyrillic", "Ѐ", "ӿ"),
    ("Hebrew and Arabic", "\u0590", "\u06ff"),
    ("Devanagari", "\u0900", "\u097f"),
    ("Chinese, Japanese and Thai", "\u0e00", "鿿"),
)


def told(record: Article | Watchlist | Initiative) -> Iterator[tuple[str, object]]:
    """The fields of a record that hold something."""
    for name in record.__slots__:
        value = getattr(record, name)
        if value and name not in (
            "id",
            "canonical_url",
            "title_",
            "name",
            "watchlist_id",
            "text_state",
            "version",
        ):
            yield name, [short(one) for one in value] if name in ("any", "all", "none") else value


def short(term: Term) -> str:
    plain = Term(text=term.text)
    more = {
        name: getattr(term, name) for name in Term.__slots__ if getattr(term, name) != getattr(plain, name)
    }
    return f"{term.text!r} {more}" if more else repr(term.text)


def shown(outcome: Outcome) -> str:
    if not outcome.matches:
        return "no match"
    return f"match {outcome.commitments} " + "; ".join(
        f"{text!r} {where} {start}-{end} {strength}"
        for text, where, start, end, strength in sorted(
            outcome.evidence, key=lambda one: (one[0], one[1], one[2:])
        )
    )
