"""What to exclude from a rule, found in what people said of its matches: phrases around hits that were not meant. Pure.

An occurrence is excluded where the words beside it say that another thing is meant ("compact car" for `compact`): an
`except`. Where no such phrase is found, a name or phrase that stands anywhere in the wrong articles and hardly in others
is proposed for `none`. What is proposed is measured by the matcher itself.
"""

from __future__ import annotations

import calendar
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from alerts.common_words import is_common
from alerts.fold import fold
from alerts.match import Matcher
from alerts.naming import SMALL, WORD, phrases, plain
from alerts.plurals import forms
from alerts.precision import interval
from alerts.records import Evidence, Field, Initiative, Match, Term, Watchlist
from crawler.flat import flat
from crawler.records import Article
from crawler.small_words import EMPTY

LEAST = 2  # wrong articles in which a phrase stands around a hit, or it is chance
LEAST_ANYWHERE = 3  # and in which one stands anywhere: an article has hundreds of phrases
MOST = 5  # proposals of each kind
_BESIDE = 2  # words on either side of a hit that may belong to a phrase
_LONGER = 3  # words that a phrase has beside the hit, at most
_LIFT = 1.0  # times as often in wrong matches as in those that nobody judged, which may be wrong as well
_LIFT_ANYWHERE = 8.0  # the same for what need not stand beside a hit
_SHARE_ANYWHERE = 0.25  # of the wrong matches
_LOOKED = 60  # letters on either side
_TITLES = 3
_BETWEEN = re.compile(r"[\s\-\u2010\u2011\u2013\"'“”‘’«»]+")  # what may part the words of a phrase (rule 3)


_DAYS = frozenset(map(str.lower, (*calendar.month_name[1:], *calendar.day_name)))


class Place(StrEnum):
    """Where in an initiative an exclusion stands."""

    EXCEPT = "except"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A phrase to exclude, and what that does by itself. A text and its reprints count once."""

    place: Place
    text: str
    frees: int  # matches judged wrong that end
    takes_right: int  # matches judged right that end with them
    takes_others: int  # matches that nobody judged
    freed: tuple[str, ...]  # titles of the first
    taken: tuple[str, ...]  # titles of the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was found for one initiative."""

    initiative: Initiative  # as it is
    wrong: int  # matches by the rules as they are that were judged wrong
    right: int
    others: int  # that nobody judged, as far as they were looked at
    exclusions: tuple[Exclusion, ...]
    left: tuple[str, ...]  # titles of wrong matches that none of them ends

    @property
    def edited(self) -> Initiative:
        """The initiative with all that is proposed."""
        return with_exclusions(self.initiative, self.exclusions)


def with_exclusions(initiative: Initiative, exclusions: Iterable[Exclusion]) -> Initiative:
    """The initiative with these phrases below `except` and `none`."""
    every = tuple(exclusions)
    excepted = (one.text for one in every if one.place is Place.EXCEPT)
    none = (Term(text=one.text, literal=True) for one in every if one.place is Place.NONE)
    return replace(initiative, exceptions=(*initiative.exceptions, *excepted), none=(*initiative.none, *none))


def propose(
    initiative: Initiative,
    watchlist: Watchlist,
    *,
    wrong: Iterable[Article],
    right: Iterable[Article],
    others: Iterable[Article],
    tags: Mapping[str, Sequence[str]],
) -> Proposal:
    """Phrases by whose exclusion what was judged wrong matches no more, and hardly anything else is lost.

    Args:
        watchlist: in which the initiative stands.
        wrong, right, others: articles judged not to be about it, judged to be, and not judged. Of reprints one is
            enough; what does not match any more is left aside.
        tags: of sources, see `Matcher`.
    """
    judge = _Judge(initiative, watchlist, tags)
    pool = _Pool(judge, wrong=wrong, right=right, others=others)
    found = list(judge.worth_it(Place.EXCEPT, pool.beside_hits(), pool, _LIFT))
    left = judge.matching(pool.wrong, found)
    found += judge.worth_it(Place.NONE, pool.anywhere(left, initiative), pool, _LIFT_ANYWHERE)
    return Proposal(
        initiative=initiative,
        wrong=len(pool.wrong),
        right=len(pool.right),
        others=len(pool.others),
        exclusions=tuple(found),
        left=tuple(one.article.title for one in judge.matching(pool.wrong, found)),
    )


class _Matched:
    """An article that matches by the rules as they are."""

    def __init__(self, article: Article, match: Match) -> None:
        self.article = article
        self.match = match

    @cached_property
    def words(self) -> str:
        """All its words, parted by single spaces."""
        return f" {plain(f'{self.article.title} {self.article.summary} {self.article.text}')} "

    def may_hold(self, text: str) -> bool:
        """Whether a phrase can stand in it; where it cannot, its exclusion changes nothing."""
        *words, last = plain(text).split() or [""]
        return all(f" {one} " in self.words for one in words) and any(
            f" {one} " in self.words for one in (*forms(last), f"{last}s")
        )


class _Judge:
    """The matcher of one initiative, as it is and with exclusions."""

    def __init__(
        self, initiative: Initiative, watchlist: Watchlist, tags: Mapping[str, Sequence[str]]
    ) -> None:
        self._initiative = initiative
        self._watchlist = watchlist
        self._tags = {name: tuple(each) for name, each in tags.items()}

    def match(self, article: Article, matcher: Matcher | None = None) -> Match | None:
        """None: it does not match, or the matcher broke on it."""
        try:
            return next(iter((matcher or self._as_it_is).judge(article).matches), None)
        except Exception:  # a hostile text must not end it
            return None

    @cached_property
    def _as_it_is(self) -> Matcher:
        return self._with(())

    def _with(self, exclusions: Sequence[Exclusion]) -> Matcher:
        edited = with_exclusions(self._initiative, exclusions)
        return Matcher((replace(self._watchlist, initiatives=(edited,)),), tags=self._tags)

    def matching(self, some: Sequence[_Matched], exclusions: Sequence[Exclusion]) -> list[_Matched]:
        """Those that match in spite of the exclusions."""
        if not exclusions:
            return list(some)
        matcher = self._with(exclusions)
        return [
            one
            for one in some
            if not any(one.may_hold(each.text) for each in exclusions)
            or self.match(one.article, matcher) is not None
        ]

    def worth_it(self, place: Place, texts: Iterable[str], pool: _Pool, lift: float) -> tuple[Exclusion, ...]:
        """Those of the phrases that end wrong matches, some of them only with others, and take hardly any else."""
        harmless = [
            one for text in texts if _is_harmless(one := self._measured(place, text, pool), pool, lift)
        ]
        needed = list(harmless)
        for one in reversed(harmless):
            without = [other for other in needed if other is not one]
            if len(self.matching(pool.wrong, without)) == len(self.matching(pool.wrong, needed)):
                needed = without
        while len(self.matching(pool.right, needed)) < len(
            pool.right
        ):  # what none of them ends alone, several may
            needed.pop()
        open_ones = len(self.matching(pool.wrong, needed))
        return tuple(
            replace(one, frees=max(one.frees, without - open_ones))
            for one in needed
            for without in [len(self.matching(pool.wrong, [other for other in needed if other is not one]))]
        )

    def _measured(self, place: Place, text: str, pool: _Pool) -> Exclusion:
        """What a phrase does by itself."""
        bare = Exclusion(place=place, text=text, frees=0, takes_right=0, takes_others=0, freed=(), taken=())
        freed, right, others = (self._ended(some, bare) for some in (pool.wrong, pool.right, pool.others))
        return replace(
            bare,
            frees=len(freed),
            takes_right=len(right),
            takes_others=len(others),
            freed=tuple(freed[:_TITLES]),
            taken=tuple(others[:_TITLES]),
        )

    def _ended(self, some: Sequence[_Matched], exclusion: Exclusion) -> list[str]:
        """Titles of those that match no more."""
        kept = set(map(id, self.matching(some, (exclusion,))))
        return [one.article.title for one in some if id(one) not in kept]


def _is_harmless(one: Exclusion, pool: _Pool, lift: float) -> bool:
    """It takes nothing that was judged right, and of what nobody judged far less than of what was judged wrong."""
    if one.takes_right:
        return False
    share = max(one.frees, LEAST) / len(pool.wrong)
    return not one.takes_others or share >= lift * one.takes_others / len(pool.others)


class _Pool:
    """The matches of an initiative, parted by what was said of them; of one text in several outlets the first."""

    def __init__(
        self, judge: _Judge, *, wrong: Iterable[Article], right: Iterable[Article], others: Iterable[Article]
    ) -> None:
        seen: set[str] = set()
        self.wrong, self.right, self.others = (
            list(_different(judge, some, seen)) for some in (wrong, right, others)
        )

    def beside_hits(self) -> Iterator[str]:
        """Phrases around hits of wrong matches that stand around no hit of a right one, the most telling first."""
        spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
        wrong = [_phrases(one, spelled) for one in self.wrong]
        right = {key for one in self.right for hit in _phrases(one) for key in hit}
        others: Counter[str] = Counter(key for one in self.others for key in set().union(*_phrases(one)))
        for _ in range(MOST):
            counts: Counter[str] = Counter(key for hits in wrong for key in set().union(*hits))
            worth = [
                key
                for key, number in counts.items()
                if number >= LEAST and key not in right and self._lifts(number, others[key])
            ]
            if not worth:
                return
            best = min(worth, key=lambda key: (-counts[key], others[key], *_plainness(key)))
            yield min(spelled[best], key=lambda text: (sum(map(str.isupper, text)), len(text), text))
            wrong = [
                [keys for keys in hits if best not in keys] for hits in wrong
            ]  # those still to be excluded

    def _lifts(self, wrong: int, others: int) -> bool:
        return not others or wrong / len(self.wrong) >= _LIFT * others / len(self.others)

    def _at_most(self, others: int) -> float:
        """Share of matches that nobody judged in which a phrase may stand, found in so many of those looked at."""
        return interval(others, len(self.others))[1]

    def anywhere(self, left: Sequence[_Matched], initiative: Initiative) -> Iterator[str]:
        """Names and phrases of these wrong matches that hardly stand in others."""
        least = max(LEAST_ANYWHERE, math.ceil(_SHARE_ANYWHERE * len(self.wrong)))
        if len(left) < least:
            return
        own = frozenset(plain(term.text) for term in initiative.terms)
        spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
        holding: defaultdict[str, set[int]] = defaultdict(set)
        for place, one in enumerate(left):
            for key, spelling in phrases(one.article).items():
                spelled[key][spelling] += 1
                holding[key].add(place)
        right = {key for one in self.right for key in phrases(one.article)}
        others: Counter[str] = Counter(key for one in self.others for key in phrases(one.article))
        covered: set[int] = set()
        for _ in range(MOST):
            worth = {
                key: len(places - covered)
                for key, places in holding.items()
                if len(places - covered) >= least
                and key not in right
                and not any(f" {term} " in f" {key} " for term in own)
                and not _DAYS.issuperset(key.split())
                and len(places) / len(self.wrong) >= _LIFT_ANYWHERE * self._at_most(others[key])
            }
            if not worth:
                return
            best = min(worth, key=lambda key: (-worth[key], others[key], *_plainness(key)))
            yield spelled[best].most_common(1)[0][0]
            covered |= holding[best]


def _different(judge: _Judge, articles: Iterable[Article], seen: set[str]) -> Iterator[_Matched]:
    for article in articles:
        original = article.duplicate_of or article.id
        if original not in seen and (match := judge.match(article)) is not None:
            seen.add(original)
            yield _Matched(article, match)


def _plainness(key: str) -> tuple[int, int, str]:
    """By which phrases that stand equally often are told apart: short ones first, of rare words before common ones."""
    words = key.split()
    return len(words), sum(map(is_common, words)), key


def _phrases(one: _Matched, spelled: defaultdict[str, Counter[str]] | None = None) -> list[set[str]]:
    """For each hit the phrases around it, by how they read; singular and plural of a last word read alike."""
    empty = EMPTY["en"].union(EMPTY.get((one.article.language or "en").partition("-")[0].lower(), ()))
    found = []
    for hit in one.match.evidence:
        keys = set()
        for text in _around(_read(one.article, hit.field), hit, empty):
            *words, last = plain(text).split()
            key = " ".join((*words, min(forms(last), key=lambda form: (len(form), form))))
            keys.add(key)
            if spelled is not None:
                spelled[key][text] += 1
        found.append(keys)
    return found


def _around(text: str, hit: Evidence, empty: frozenset[str]) -> Iterator[str]:
    """A hit with one to three words beside it, parted by nothing that parts a phrase.

    Args:
        empty: words that name nothing; of them only prepositions may stand in a phrase, and none at its ends.
    """
    before, after = _before(text, hit.start), _after(text, hit.end)
    for left in range(len(before) + 1):
        for right in range(len(after) + 1):
            words = (*before[len(before) - left :], *after[:right])
            ends = (*words[: min(left, 1)], *words[len(words) - min(right, 1) :])
            if not 0 < len(words) <= _LONGER or not all(_names(one[0], empty) for one in ends):
                continue
            if all(fold(one[0]) in SMALL or flat(one[0]) not in empty for one in words):
                start = min((hit.start, *(one.start() for one in words)))
                end = max((hit.end, *(one.end() for one in words)))
                yield _written(text[start:end])


def _after(text: str, at: int) -> list[re.Match[str]]:
    """The words behind a hit, as far as they belong to one phrase with it."""
    found: list[re.Match[str]] = []
    for word in WORD.finditer(text, at, min(len(text), at + _LOOKED)):
        whole = word.end() < at + _LOOKED or word.end() == len(text)
        if not (whole and _joins(text[at : word.start()])) or len(found) == _BESIDE:
            break
        found.append(word)
        at = word.end()
    return found


def _before(text: str, at: int) -> list[re.Match[str]]:
    """The words before a hit, in the order of the text."""
    low = max(0, at - _LOOKED)
    found: list[re.Match[str]] = []
    for word in reversed(list(WORD.finditer(text, low, at))):
        whole = word.start() > low or low == 0
        if not (whole and _joins(text[word.end() : at])) or len(found) == _BESIDE:
            break
        found.insert(0, word)
        at = word.start()
    return found


def _joins(gap: str) -> bool:
    return _BETWEEN.fullmatch(gap) is not None and "\n\n" not in gap


def _written(raw: str) -> str:
    """A phrase as one writes it into a rule: without possessives, which a phrase skips, and quotes."""
    return " ".join(re.sub(r"[\"“”‘’«»']", " ", re.sub(r"[’']s\b", "", raw)).split())


def _names(word: str, empty: frozenset[str]) -> bool:
    return len(word) > 1 and not word.isdigit() and flat(word) not in empty and fold(word) not in SMALL


def _read(article: Article, field: Field) -> str:
    """The original in which the offsets of evidence count."""
    match field:
        case Field.TITLE:
            return article.title
        case Field.SUMMARY:
            return article.summary
        case Field.TEXT:
            return article.text
        case _:
            return ""
