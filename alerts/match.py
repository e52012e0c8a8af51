"""Which initiatives an article meets, and why: the front door of matching."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.advice import RuleWarning, warnings
from alerts.anatomy import Anatomy, dissect
from alerts.explain import explain as explain_miss
from alerts.expression import Or, parse_item, spell
from alerts.fold import quick
from alerts.index import Index
from alerts.judge import judge
from alerts.lexicon import Lexicon
from alerts.narrowing import Need, needed, one_of
from alerts.nearness import Nearness
from alerts.reading import UNSEEN, Reading
from alerts.records import Case, Field, Initiative, Match, Miss, Term, Watchlist
from alerts.rules import compile_item, compile_rule
from crawler.records import Article, TextState

__all__ = [
    "Matcher", "RuleWarning", "Verdict", "spelled", "subject", "validate", "warnings",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All initiatives that an article meets, in the order of the watchlists; `misses` when asked for."""

    matches: tuple[Match, ...]
    misses: tuple[Miss, ...] = ()
    judged: bool = False  # what a rule needs most stands in the article, so that the rest was looked at


_NOTHING = Verdict(matches=())


class Matcher:
    """Watchlists compiled once; a new set is a new matcher, swapped as a whole.

    Args:
        watchlists: their initiatives are judged in this order.
        tags: the tags of each source, by its id.
    Attributes:
        near: whether an article comes near any initiative, asked before its page is read.
    Raises:
        RuleError: a term that cannot be read; a note names its place.
    """

    def __init__(
        self, watchlists: Sequence[Watchlist], *, tags: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._tags = dict(tags or {})
        self._lexicon = Lexicon()
        self._rules = tuple(
            compile_rule(initiative, watchlist, self._lexicon)
            for watchlist in watchlists
            for initiative in watchlist.initiatives
        )
        self.near = Nearness(self._rules, self._lexicon, tags=self._tags)
        self._index = Index(self._lexicon.leaves)
        self._rules_of: dict[int, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for leaf in frozenset().union(*(need for item in rule.decisive() for need in item.needs[:1])):
                self._rules_of.setdefault(leaf, []).append(number)
        asked = {field for rule in self._rules for field in rule.initiative.fields}
        asked |= {leaf.field for leaf in self._lexicon.leaves if leaf.field}
        asked |= {Field.TITLE, Field.SUMMARY, Field.TEXT}
        self._fields = tuple(field for field in Field if field in asked)

    def judge(self, article: Article, *, explain: bool = False) -> Verdict:
        """The initiatives that `article` meets; with `explain` also where each other one stopped.

        Only initiatives of which a word occurs are looked at.
        """
        reading = self._reading(article)
        if not reading.active and not explain:
            return _NOTHING  # most articles
        candidates = self._candidates(reading)
        matches: list[Match] = []
        misses: list[Miss] = []
        for number in range(len(self._rules)) if explain else sorted(candidates):
            rule = self._rules[number]
            match = judge(rule, reading) if number in candidates else None
            if match is not None:
                matches.append(match)
            elif explain:
                misses.append(explain_miss(rule, reading))
        return Verdict(matches=tuple(matches), misses=tuple(misses), judged=bool(candidates))

    def needed(self) -> Need | None:
        """What an article needs to meet any of the initiatives; None: it may be any article."""
        return one_of([needed(rule) for rule in self._rules])

    def dissect(self, article: Article) -> tuple[Anatomy, ...]:
        """By which terms `article` meets each initiative of which it meets one, whether it matches or not."""
        reading = self._reading(article)
        rules = (self._rules[number] for number in sorted(self._candidates(reading)))
        return tuple(found for rule in rules if (found := dissect(rule, reading)) is not None)

    def _reading(self, article: Article) -> Reading:
        reading = Reading(article, self._tags.get(article.source_id, ()))
        text = quick(reading.raw(self._fields))
        active = None if text is None else self._index.glance(text)
        reading.active = self._index.active(reading.texts(self._fields)) if active is None else active
        return reading

    def _candidates(self, reading: Reading) -> set[int]:
        """Numbers of the rules of which a word stands in the article."""
        return {number for leaf in reading.active or () for number in self._rules_of.get(leaf, ())}


def subject(
    *,
    title: str = "",
    summary: str = "",
    text: str = "",
    url: str = "",
    published: datetime | None = None,
    language: str | None = None,
    source: str = "",
) -> Article:
    """An article made of a text outside the archive; what is not given is unknown, and unknown passes."""
    key = "\0".join((url, title, summary, text))
    return Article(
        id=hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        source_id=source,
        url=url,
        canonical_url=url,
        title=title,
        summary=summary,
        text=text,
        published_at=published,
        first_seen_at=published or UNSEEN,
        language=language,
        text_state=TextState.FEED,
    )


def validate(term: Term) -> None:
    """Read a term of `any`, `all`, `none` or a commitment, with its `near` and `except`.

    Raises:
        RuleError: it cannot be read; `offset` counts from 0 in `term.text`.
    """
    compile_item(term, Lexicon())


def spelled(initiative: Initiative) -> str:
    """The initiative as one Boolean expression; what the language has no sign for follows, a line each.

    Raises:
        RuleError: a term that cannot be read.
    """
    groups = [_joined(initiative.any)] if initiative.any else []
    groups += [_spell(term, within=(Or,)) for term in initiative.all]
    if initiative.none:
        groups.append(f"NOT {_joined(initiative.none)}")
    lines = [" AND ".join(groups)]
    for commitment in initiative.commitments:
        lines.append(f"or, with context near, {_joined(commitment.any)}: commitment {commitment.id}")
    if initiative.exceptions:
        lines.append(f"except {_quoted(initiative.exceptions)}")
    for term in (*initiative.any, *initiative.all, *initiative.none):
        if remarks := _remarks(term):
            lines.append(f"{_spell(term)}: {'; '.join(remarks)}")
    return "\n".join(lines)


def _joined(terms: Sequence[Term]) -> str:
    return f"({' OR '.join(_spell(term) for term in terms)})"


def _spell(term: Term, within: tuple[type, ...] = ()) -> str:
    node = parse_item(term.text, literal=term.literal)
    if term.near:
        near = [parse_item(text) for text in term.near]
        right = " OR ".join(map(spell, near))
        left = f"({spell(node)})" if isinstance(node, Or) else spell(node)
        bracketed = len(near) > 1 or any(isinstance(other, Or) for other in near)
        return f"{left} NEAR/{term.within} {f'({right})' if bracketed else right}"
    return f"({spell(node)})" if isinstance(node, within) else spell(node)


def _remarks(term: Term) -> list[str]:
    """What of a term stands in no expression."""
    remarks = []
    if term.case is not Case.SMART:
        remarks.append(f"case: {term.case}")
    if term.valid_from:
        remarks.append(f"from {term.valid_from}")
    if term.valid_until:
        remarks.append(f"until {term.valid_until}")
    if term.ordinary is not None:
        remarks.append(f"ordinary: {str(term.ordinary).lower()}")
    if not term.plural:
        remarks.append("plural: false")
    if term.exceptions:
        remarks.append(f"except {_quoted(term.exceptions)}")
    return remarks


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)
