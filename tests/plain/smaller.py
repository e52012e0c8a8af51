"""A disagreement made as small as it goes, so that a person sees at once what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from alerts.errors import RuleError
from alerts.match import Matcher, validate
from alerts.records import DEFAULT_FIELDS, Initiative, Term, Watchlist
from crawler.records import Article
from tests.plain.compare import Disagreement, agree, by_product
from tests.plain.judge import NO, judge
from tests.plain.makings import TAGS

_TEXTS = ("summary", "text", "title", "url")
_TERMS = ("any", "all", "none")
_LISTS = (*_TERMS, "exceptions", "context", "commitments", "languages", "sources")
_MOST = 800  # changes tried


def smaller(found: Disagreement) -> Disagreement:
    """The same disagreement, or one like it, of a shorter article and a shorter rule."""
    tried = 0
    again = True
    while again and tried < _MOST:
        again = False
        for article, watchlist in _changes(found.article, found.watchlist):
            tried += 1
            if (other := disagreement(article, watchlist)) is not None:
                found, again = other, True
            if again or tried >= _MOST:
                break
    return found


def disagreement(article: Article, watchlist: Watchlist) -> Disagreement | None:
    """What the two say of an article and a watchlist of one initiative, where they differ."""
    (initiative,) = watchlist.initiatives
    try:
        matcher = Matcher([watchlist], tags=TAGS)
    except RuleError:
        return None
    product = by_product(matcher, article).get(initiative.id, NO)
    plain = judge(article, watchlist, initiative, TAGS)
    return None if agree(product, plain, initiative) else Disagreement(article, watchlist, product, plain)


def _changes(article: Article, watchlist: Watchlist) -> Iterator[tuple[Article, Watchlist]]:
    """Every way to make one of the two a little smaller, the boldest first."""
    for made in _articles(article):
        yield made, watchlist
    for number in range(len(watchlist.context)):
        yield article, replace(watchlist, context=_without(watchlist.context, number))
    for initiative in _initiatives(watchlist.initiatives[0]):
        yield article, replace(watchlist, initiatives=(initiative,))


def _articles(article: Article) -> Iterator[Article]:
    for name in _TEXTS:
        if getattr(article, name):
            yield _with(article, name, "")
    if article.authors:
        yield replace(article, authors=())
    if article.language is not None:
        yield replace(article, language=None)
    if article.published_at is not None:
        yield replace(article, published_at=None)
    for name in _TEXTS:
        for shorter in _cut(getattr(article, name)):
            yield _with(article, name, shorter)


def _initiatives(initiative: Initiative) -> Iterator[Initiative]:
    for name in _LISTS:
        values = getattr(initiative, name) or ()
        for number in range(len(values)):
            yield _with(initiative, name, _without(values, number))
    if initiative.context is not None:
        yield replace(initiative, context=None)
    if initiative.fields != DEFAULT_FIELDS:
        yield replace(initiative, fields=DEFAULT_FIELDS)
    for name in _TERMS:
        terms = getattr(initiative, name)
        for number, term in enumerate(terms):
            for shorter in _terms(term):
                yield _with(initiative, name, (*terms[:number], shorter, *terms[number + 1 :]))


def _terms(term: Term) -> Iterator[Term]:
    plain = Term(text=term.text)
    for name in Term.__slots__:
        if getattr(term, name) != getattr(plain, name):
            yield _with(term, name, getattr(plain, name))
    for text in _cut(term.text):
        try:
            validate(replace(term, text=text))
        except RuleError:
            continue
        yield replace(term, text=text)


def _cut(text: str) -> Iterator[str]:
    """The text without a piece: halves, quarters … single letters."""
    size = len(text) // 2
    while size:
        for at in range(0, len(text), size):
            yield text[:at] + text[at + size :]
        size //= 2


_Record = TypeVar("_Record", Article, Initiative, Term)


def _with(record: _Record, name: str, value: Any) -> _Record:
    """The record with another value in one field, whose type is that field's."""
    changes: dict[str, Any] = {name: value}
    return replace(record, **changes)


def _without(values: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    return (*values[:number], *values[number + 1 :])
