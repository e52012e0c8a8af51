"""Warnings about rules that can be read but hardly mean what they say: too broad, dead, contradictory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.common_words import is_common
from alerts.doubts import doubts
from alerts.judge import Judgement
from alerts.lexicon import Leaf, Lexicon, is_single
from alerts.phrase import Phrase, Word
from alerts.reading import UNSEEN, Reading
from alerts.records import Field, Initiative, Term, Watchlist
from alerts.rules import Branch, Either, Item, Rule, compile_rule
from crawler.records import Article

_SHORT = 2  # letters
_SHORT_HEAD = 3  # letters before a *
_NARROW = (Field.AUTHOR, Field.URL, Field.SOURCE)  # where a short word says much


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWarning:
    """A rule worth a second look."""

    where: str  # "FILE:LINE:COLUMN"
    problem: str
    remedy: str


def warnings(watchlist: Watchlist) -> tuple[RuleWarning, ...]:
    """All warnings about a watchlist, in the order of its initiatives.

    Raises:
        RuleError: a term that cannot be read.
    """
    lexicon = Lexicon()
    found: list[RuleWarning] = []
    for initiative in watchlist.initiatives:
        found += _about(compile_rule(initiative, watchlist, lexicon))
    return tuple(found)


def _about(rule: Rule) -> Iterator[RuleWarning]:
    initiative = rule.initiative
    if not any(rule.items()):
        yield RuleWarning(
            where=initiative.where,
            problem=f"initiative {initiative.id} has no term and can match nothing",
            remedy="give it `any` or `all`",
        )
    for item in rule.items():
        yield from _about_term(item.term, initiative.fields)
        yield from _dead(rule, item)
    for item in rule.none:
        yield from _about_term(item.term, initiative.fields)
    if not rule.all:
        for item in rule.any:
            yield from _too_broad(rule, item)
    yield from _unsupported(rule)
    yield from _contradictory(rule)
    yield from _twice(initiative)


def _about_term(term: Term, fields: tuple[Field, ...]) -> Iterator[RuleWarning]:
    if term.valid_from and term.valid_until and term.valid_until < term.valid_from:
        yield RuleWarning(
            where=term.where,
            problem=f"“{term.text}” is dead: it holds until {term.valid_until}, before it begins on {term.valid_from}",
            remedy="exchange `from` and `until`",
        )
    for doubt in doubts(term, fields):
        yield RuleWarning(where=term.where, problem=doubt.problem, remedy=doubt.remedy)
    for key, texts in (("near", term.near), ("except", term.exceptions)):
        for doubt in (doubt for text in texts for doubt in doubts(Term(text=text))):
            yield RuleWarning(where=term.where, problem=f"`{key}`: {doubt.problem}", remedy=doubt.remedy)


def _too_broad(rule: Rule, item: Item) -> Iterator[RuleWarning]:
    """One word that stands in many texts and is enough by itself."""
    for leaf in _alternatives(item.tree):
        if (problem := _breadth(leaf)) is not None:
            yield RuleWarning(where=item.term.where, problem=problem, remedy="give it `near`, or add `all`")


def _alternatives(tree: Branch) -> Iterator[Leaf]:
    """The leaves of which each alone is enough."""
    if isinstance(tree, Leaf):
        yield tree
    elif isinstance(tree, Either):
        for part in tree.parts:
            yield from _alternatives(part)


def _breadth(leaf: Leaf) -> str | None:
    """Why a word stands in many texts; None: it does not, or is more than a word."""
    if not is_single(leaf) or leaf.field in _NARROW:
        return None
    word = _first_word(leaf)
    key = min(word.keys, key=len)
    if word.pattern is not None:
        if len(key) > _SHORT_HEAD or word.name or "?" in leaf.shown:
            return None
        return f"“{leaf.shown}” begins many words and will match very often"
    if len(key) == 1:
        return f"“{leaf.shown}” is a single letter and will match very often"
    if not word.name and is_common(key):
        return f"“{leaf.shown}” is a common word and will match very often"
    if len(key) <= _SHORT and (word.ordinary or not word.name):
        return f"“{leaf.shown}” is short and common and will match very often"
    if key[0].isalpha() and not any(letter.upper() != letter.lower() for letter in key if letter.isalpha()):
        return f"“{leaf.shown}” is one word of a script without capitals, where every hit is strong"
    return None


def _unsupported(rule: Rule) -> Iterator[RuleWarning]:
    """Ordinary names without a context: their weak hits are decided blindly (rule 4)."""
    if rule.context:
        return
    for item in (*rule.any, *rule.all):
        if not isinstance(item.tree, Leaf) or not isinstance(item.tree.finder, Phrase):
            continue
        if any(word.ordinary for word in item.tree.finder.words):
            decided = "never counts" if item.is_word else "always counts"
            yield RuleWarning(
                where=item.term.where,
                problem=f"“{item.term.text}” has no context: in a headline in capitals it {decided}",
                remedy="give the watchlist or the initiative a `context`, or the term a `near`",
            )


def _dead(rule: Rule, item: Item) -> Iterator[RuleWarning]:
    """A term that stands in a phrase of its own `except`."""
    if not isinstance(item.tree, Leaf):
        return
    reading = _as_text(item.term)
    judgement = Judgement(rule, reading)
    hits = reading.hits(item.tree, (Field.TEXT,))
    if hits and all(judgement.is_excepted(hit, item) for hit in hits):
        yield RuleWarning(
            where=item.term.where,
            problem=f"“{item.term.text}” is dead: a phrase of `except` covers it",
            remedy="drop one of the two, or make the exception longer",
        )


def _contradictory(rule: Rule) -> Iterator[RuleWarning]:
    """A term whose own words are forbidden by `none`."""
    for item in (*rule.any, *rule.all):
        if not isinstance(item.tree, Leaf):
            continue
        found = Judgement(rule, _as_text(item.term)).forbidden()
        if found is not None:
            yield RuleWarning(
                where=item.term.where,
                problem=f"“{item.term.text}” contradicts “{found[0].term.text}” in `none`: it can never match",
                remedy="drop one of the two, or move the second to `except`",
            )


def _twice(initiative: Initiative) -> Iterator[RuleWarning]:
    for terms in (initiative.any, initiative.all, initiative.none):
        yield from _repeated(terms)


def _repeated(terms: Sequence[Term]) -> Iterator[RuleWarning]:
    seen: set[tuple[object, ...]] = set()
    for term in terms:
        key = (term.text, term.case, term.near, term.valid_from, term.valid_until, term.literal)
        if key in seen:
            yield RuleWarning(where=term.where, problem=f"“{term.text}” stands twice", remedy="drop one")
        seen.add(key)


def _first_word(leaf: Leaf) -> Word:
    assert isinstance(leaf.finder, Phrase)  # a single word is a phrase
    return leaf.finder.words[0]


def _as_text(term: Term) -> Reading:
    """A text that holds the words of a term and nothing else."""
    words = term.text.strip().removeprefix("=")
    return Reading(
        Article(
            id="0" * 16, source_id="", url="", canonical_url="", title=words, text=words, first_seen_at=UNSEEN
        )
    )
