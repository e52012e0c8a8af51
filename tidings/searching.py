"""Searching the archive in the language of the watchlists: a query narrowed by the index of words, then judged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.match import Matcher
from alerts.narrowing import Need
from alerts.records import Evidence, Initiative, Term, Watchlist
from crawler.records import Article
from tidings.settings.queries import Narrowed, parted
from tidings.storage.search import Filters, SqlSearch

RANKED = 400  # of the most telling are judged for each that is asked for


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a query finds, and by which words."""

    article: Article
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query, ready to be asked."""

    matcher: Matcher | None  # None: it asks for no words, only for what `filters` say
    need: Need | None = None  # what an article needs to be found; None: it may be any
    filters: Filters = field(default_factory=Filters)


def read_query(
    query: str, tags: Mapping[str, tuple[str, ...]], moment: Callable[[str, str], datetime]
) -> Question:
    """A query: an expression or a literal phrase, with `since:`, `until:`, `initiative:` and `story:` beside it.

    Nothing of it is weak, as it has no context.

    Args:
        tags: of the sources, for `source:`.
        moment: what is meant by a key (`since`, `until`) and its value; raises what it likes.
    Raises:
        RuleError: it cannot be read; `offset` counts in it.
    """
    rest, narrowed = parted(query)
    filters = filters_of(narrowed, moment)
    if filters != Filters() and not rest.strip():
        return Question(matcher=None, filters=filters)
    matcher = compile_query(rest, tags)
    return Question(matcher=matcher, need=matcher.needed(), filters=filters)


def filters_of(narrowed: Iterable[Narrowed], moment: Callable[[str, str], datetime]) -> Filters:
    """The keys beside the words of a query as the archive is asked for them; of a key that stands twice the last.

    Args:
        moment: see `read_query`.
    """
    filters = Filters()
    for one in narrowed:
        match one.key:
            case "since":
                filters = replace(filters, since=moment(one.key, one.value))
            case "until":
                filters = replace(filters, until=moment(one.key, one.value))
            case "initiative":
                filters = replace(filters, initiative_id=one.value)
            case _:
                filters = replace(filters, story_id=one.value)
    return filters


def compile_query(query: str, tags: Mapping[str, tuple[str, ...]]) -> Matcher:
    """The words of a query, ready.

    Raises:
        RuleError: they cannot be read; `offset` counts in them.
    """
    term = Term(text=query, ordinary=False)
    asked = Initiative(id="query", name="query", watchlist_id="query", any=(term,))
    return Matcher((Watchlist(id="query", title="query", initiatives=(asked,)),), tags=tags)


async def search(archive: SqlSearch, question: Question) -> AsyncIterator[Found]:
    """What is found, newest first."""
    async for articles in archive.walk(question.need, question.filters):
        for found in _judged(articles, question.matcher):
            yield found


async def ranked(archive: SqlSearch, question: Question, most: int) -> list[Found]:
    """The most telling, best first: those with many of the words for their length, in the title above all."""
    if question.need is None:
        return [found async for found in _first(search(archive, question), most)]
    articles = await archive.best(question.need, question.filters, most=most + RANKED)
    return list(_judged(articles, question.matcher))[:most]


async def _first(found: AsyncIterator[Found], most: int) -> AsyncIterator[Found]:
    number = 0
    async for one in found:
        yield one
        number += 1
        if number == most:
            return


def _judged(articles: tuple[Article, ...], matcher: Matcher | None) -> Iterator[Found]:
    for article in articles:
        if matcher is None:
            yield Found(article, ())
            continue
        for match in matcher.judge(article).matches:
            yield Found(article, match.evidence)
