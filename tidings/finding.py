"""Asking a source or a site once, for a person who wants to know what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import CrawlError, NotAFeedError
from crawler.feeds.discovery import candidates
from crawler.feeds.parse import parse
from crawler.ports import Fetcher, Lister
from crawler.records import Feed, Purpose, Request, Source, SourceKind

MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that answered."""

    url: str
    feed: Feed


async def find_feeds(url: str, fetcher: Fetcher) -> tuple[Found, ...]:
    """The feed at `url`, or those that the page there links to and that really are feeds.

    Raises:
        CrawlError: `url` itself cannot be had.
    """
    address = url if urlsplit(url).scheme else f"https://{url}"
    answer = await fetcher.get(Request(url=address, purpose=Purpose.FEED))
    try:
        feed = parse(answer.body, url=answer.url, content_type=answer.content_type)
    except NotAFeedError:
        linked = candidates(answer.body, url=answer.url)[:MOST_CANDIDATES]
    else:
        return (Found(url=answer.moved_to or address, feed=feed),)
    found = []
    for candidate in linked:
        try:
            answer = await fetcher.get(Request(url=candidate.url, purpose=Purpose.FEED))
            feed = parse(answer.body, url=answer.url, content_type=answer.content_type)
        except CrawlError:
            continue  # the page names a feed that is none; the next may be better
        found.append(Found(url=answer.moved_to or candidate.url, feed=feed))
    return tuple(found)


async def try_source(source: Source, fetcher: Fetcher, lister: Lister) -> dict[str, Any]:
    """What one configured source answers now, as a row for `sources test`."""
    row: dict[str, Any] = {"id": source.id, "kind": source.kind, "url": source.url, "problem": None}
    try:
        if source.kind is SourceKind.FEED:
            answer = await fetcher.get(
                Request(url=source.url, purpose=Purpose.FEED, headers=source.headers, auth=source.auth)
            )
            feed = parse(answer.body, url=answer.url, content_type=answer.content_type, zone=source.zone)
        else:
            feed = (await lister.list(source)).feed
    except CrawlError as fault:
        return row | {"problem": str(fault), "entries": 0, "newest": None, "title": None, "problems": ()}
    dates = [entry.published_at for entry in feed.entries if entry.published_at is not None]
    return row | {
        "entries": len(feed.entries),
        "newest": max(dates, default=None),
        "title": feed.title,
        "problems": feed.problems,
    }
