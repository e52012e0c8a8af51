"""Terms that an initiative may lack, mined from what it matched and what it nearly did. Pure.

Three kinds are looked for: names and phrases that stand in its articles far more often than in others, other
spellings of its own terms, and what stands beside an acronym in brackets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from math import log

from alerts.common_words import is_common
from alerts.expression import Words, has_pattern, is_expression, leaves, parse_item
from alerts.fold import fold
from alerts.naming import SMALL, expansions, phrases, plain, read
from alerts.phrase import is_name
from alerts.records import Initiative, Term, Watchlist
from alerts.spellings import Spellings
from crawler.records import Article

OTHERS = 3_000  # articles of other subjects that a phrase is compared with
LOOKED = 3_000  # articles of the surroundings that are looked at for other spellings
_GLANCE = 1_500  # letters of each
_LEAST = 3  # articles without which a phrase is chance
_LIFT = 8.0  # times as often as elsewhere
_LIFT_OF_PHRASES = 20.0  # words in small letters are chance sooner than names are
_SHARE = 0.06  # of the articles that match, for a phrase
_EXAMPLES = 2


class Kind(StrEnum):
    EXPANSION = "expansion"  # stands beside a term in brackets, or a term beside it
    VARIANT = "variant"  # a term in another spelling
    NAME = "name"
    PHRASE = "phrase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A term that may be missing."""

    text: str
    kind: Kind
    of: str  # the term that it belongs to; "" for names and phrases
    matched: int  # articles that match and hold it
    nearly: int  # articles that do not, though a word of the initiative stands in them, and hold it
    others: int  # of the articles of other subjects
    examples: tuple[str, ...]  # titles, those first that do not match


@dataclass(slots=True)
class _Seen:
    matched: int = 0
    nearly: int = 0
    others: int = 0
    spellings: Counter[str] = field(default_factory=Counter)
    titles: list[str] = field(default_factory=list)
    near_titles: list[str] = field(default_factory=list)

    def examples(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.near_titles, *self.titles)))[:_EXAMPLES]


class Miner:
    """Counts over articles, and the suggestions that follow.

    Args:
        initiative: whose terms are sought.
        watchlist: the one that it stands in.
    Attributes:
        matched, nearly, others: how many articles were counted as what.
    """

    def __init__(self, initiative: Initiative, watchlist: Watchlist) -> None:
        context = watchlist.context_of(initiative)
        known = (*literals(initiative.terms), *context, *initiative.exceptions)
        self._known = frozenset(map(plain, known))
        self._spellings = Spellings(_distinctive(initiative.terms))
        self._seen: dict[str, _Seen] = {}
        self._variants: dict[tuple[str, str], _Seen] = {}
        self._expansions: dict[tuple[str, str], _Seen] = {}
        self.matched = self.nearly = self.others = 0

    def count(self, article: Article, *, matches: bool) -> None:
        """Take in an article that matches, or that holds a word of the initiative and does not."""
        text = read(article)
        if matches:
            self.matched += 1
        else:
            self.nearly += 1
        for key, spelling in phrases(article).items():
            _add(self._seen.setdefault(key, _Seen()), spelling, article, matches=matches)
        for kind, found in (
            (self._variants, set(self._spellings.others(text))),
            (self._expansions, set(self._found_expansions(text))),
        ):
            for term, spelling in found:
                _add(kind.setdefault((term, plain(spelling)), _Seen()), spelling, article, matches=matches)

    def may_hold_other_spelling(self, article: Article) -> bool:
        """Whether the letters of a term stand in an article, however they are parted."""
        return self._spellings.joined_in(read(article))

    def look(self, article: Article) -> None:
        """Take in the beginning of an article that only speaks of the surroundings, for other spellings in it."""
        for term, spelling in set(self._spellings.others(read(article)[:_GLANCE])):
            seen = self._variants.setdefault((term, plain(spelling)), _Seen())
            _add(seen, spelling, article, matches=False)

    def compare(self, article: Article) -> None:
        """Take in an article of another subject."""
        self.others += 1
        for key in phrases(article):
            self._seen.setdefault(key, _Seen()).others += 1

    def suggestions(self, most: int = 15) -> tuple[Suggestion, ...]:
        """Expansions and variants, then names and phrases, the most telling first, at most so many of each."""
        beside = _Named(self._expansions, Kind.EXPANSION, self._known)
        spelled = _Named(self._variants, Kind.VARIANT, self._known)
        own = [*beside.best(most), *spelled.best(most)]
        taken = {plain(one.text) for one in own}
        spent: set[str] = set()  # rare words that a better one has shown
        found: dict[Kind, list[Suggestion]] = {Kind.NAME: [], Kind.PHRASE: []}
        for _, key, seen in sorted(self._telling(), key=lambda one: -one[0]):
            if any(holds(other, key) or holds(key, other) for other in taken):
                continue
            spelling = seen.spellings.most_common(1)[0][0]
            kind = Kind.NAME if any(map(str.isupper, spelling)) else Kind.PHRASE
            rare = {word for word in key.split() if not is_common(word)}
            if len(found[kind]) < most and (kind is Kind.NAME or rare.isdisjoint(spent)):
                taken.add(key)
                spent |= rare
                found[kind].append(_suggestion(spelling, kind, "", seen))
        return (*own, *found[Kind.NAME], *found[Kind.PHRASE])

    def _telling(self) -> Iterator[tuple[float, str, _Seen]]:
        """Phrases that stand in the articles of the initiative far more often than elsewhere, with their weight."""
        for key, seen in self._seen.items():
            if seen.matched < min(_LEAST, max(2, self.matched)) or key in self._known:
                continue
            if any(holds(key, known) or holds(known, key) for known in self._known if " " in known):
                continue  # its articles match already, or it is a piece of a term
            spelling = seen.spellings.most_common(1)[0][0]
            if spelling.islower() and (seen.matched < _SHARE * self.matched or "'" in spelling):
                continue
            share = seen.matched / self.matched
            elsewhere = (seen.others + 0.5) / (self.others + 1)
            if share >= (_LIFT_OF_PHRASES if spelling.islower() else _LIFT) * elsewhere:
                yield seen.matched * log(share / elsewhere), key, seen

    def _found_expansions(self, text: str) -> Iterator[tuple[str, str]]:
        for short, long in expansions(text):
            if plain(short) in self._known:
                yield short, long
            elif plain(long) in self._known:
                yield long, short


@dataclass(frozen=True, slots=True)
class _Named:
    """Suggestions that belong to a term."""

    seen: dict[tuple[str, str], _Seen]
    kind: Kind
    known: frozenset[str]

    def best(self, most: int) -> list[Suggestion]:
        ranked = sorted(self.seen.items(), key=lambda one: -(one[1].matched + 2 * one[1].nearly))
        return [
            _suggestion(seen.spellings.most_common(1)[0][0], self.kind, term, seen)
            for (term, key), seen in ranked
            if key not in self.known
        ][:most]


def _suggestion(text: str, kind: Kind, of: str, seen: _Seen) -> Suggestion:
    return Suggestion(
        text=text,
        kind=kind,
        of=of,
        matched=seen.matched,
        nearly=seen.nearly,
        others=seen.others,
        examples=seen.examples(),
    )


def _add(seen: _Seen, spelling: str, article: Article, *, matches: bool) -> None:
    if matches:
        seen.matched += 1
    else:
        seen.nearly += 1
    seen.spellings[spelling] += 1
    titles = seen.titles if matches else seen.near_titles
    if len(titles) < _EXAMPLES and article.title:
        titles.append(article.title)


def literals(terms: Iterable[Term]) -> Iterator[str]:
    """The words and phrases of the terms, those within expressions too."""
    for term in terms:
        for leaf in leaves(parse_item(term.text, literal=term.literal), positive=True):
            if isinstance(leaf, Words) and (leaf.quoted or not has_pattern(leaf.text)):
                yield leaf.text


def _distinctive(terms: Iterable[Term]) -> Iterator[str]:
    """Words and phrases that name one thing: names, and what is not made of common words; of expressions, no words.

    A word of an expression stands there for its place beside others.
    """
    for term in terms:
        alone = not is_expression(term.text)
        for text in literals((term,)):
            words = text.split()
            if not words or SMALL.intersection(map(fold, (words[0], words[-1]))):
                continue
            if any(map(is_name, words)) or (
                (alone or len(words) > 1) and not all(is_common(fold(one)) for one in words)
            ):
                yield text


def holds(text: str, part: str) -> bool:
    """Whether the words of `part` stand in a row in `text`; both as `plain` makes them."""
    return f" {part} " in f" {text} "
