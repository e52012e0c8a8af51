"""Searching the archive in the language of the watchlists: every article is judged, newest first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.match import Matcher
from alerts.records import Evidence, Initiative, Term, Watchlist
from crawler.records import Article
from tidings.storage.archive import SqlArchive


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a query finds, and by which words."""

    article: Article
    evidence: tuple[Evidence, ...]


def compile_query(query: str, tags: Mapping[str, tuple[str, ...]]) -> Matcher:
    """A query ready to be asked: an expression, or a literal phrase; nothing of it is weak, as it has no context.

    Raises:
        RuleError: it cannot be read; `offset` counts in it.
    """
    term = Term(text=query, ordinary=False)
    asked = Initiative(id="query", name="query", watchlist_id="query", any=(term,))
    return Matcher((Watchlist(id="query", title="query", initiatives=(asked,)),), tags=tags)


async def search(
    archive: SqlArchive, matcher: Matcher, *, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[Found]:
    """What the query finds among articles first seen in these days, newest first."""
    async for articles in archive.walk(since, until):
        for article in articles:
            for match in matcher.judge(article).matches:
                yield Found(article, match.evidence)
