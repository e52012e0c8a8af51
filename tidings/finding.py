"""Looking for the feeds of a site, once, for a person who wants to add one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from crawler.errors import BlockedError, Cause, CrawlError, NotAFeedError, TemporaryFetchError
from crawler.feeds.discovery import candidates, well_known
from crawler.feeds.parse import parse_job
from crawler.ports import Fetcher
from crawler.records import Feed, Fetched, Purpose, Request

MOST_CANDIDATES = 5  # of a page's feeds that are asked without being chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that answered."""

    url: str  # to be written down: where it moved for good, else as asked
    feed: Feed
    moved_from: str | None = None  # the address asked, when another is to be written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A feed to choose; with neither `found` nor `refused` it was not asked."""

    url: str
    title: str  # as the page calls it; ""
    found: Found | None = None
    refused: str | None = None  # why it is no feed after all


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a look at one address brought."""

    options: tuple[Option, ...] = ()  # in the order of the page
    page: str | None = None  # the address after redirects, when it is no feed itself
    problem: str | None = None  # what the document is instead of a feed
    cause: Cause | None = None  # likewise

    @property
    def found(self) -> tuple[Found, ...]:
        """The feeds that answered."""
        return tuple(one.found for one in self.options if one.found is not None)


async def find_feeds(url: str, fetcher: Fetcher, *, only: int | None = None) -> Search:
    """The feed at `url`, or those that the page there links to; no path is guessed.

    Args:
        only: of the feeds that the page links to, ask that of this number, from 1; None: the first five.
    Raises:
        CrawlError: `url` itself cannot be had.
    """
    answer = await fetcher.get(Request(url=url, purpose=Purpose.FEED))
    try:
        return Search(options=(Option(url=url, title="", found=await _read(url, answer)),))
    except NotAFeedError as fault:
        problem, cause = str(fault), fault.cause
    options = []
    named = candidates(answer.body, url=answer.url, content_type=answer.content_type)
    for number, candidate in enumerate(named, start=1):
        wanted = number <= MOST_CANDIDATES if only is None else number == only
        option = Option(url=candidate.url, title=candidate.title)
        options.append(await _asked(option, fetcher) if wanted else option)
    return Search(options=tuple(options), page=answer.url, problem=problem, cause=cause)


async def _asked(option: Option, fetcher: Fetcher) -> Option:
    try:
        return replace(option, found=await ask(option.url, fetcher))
    except CrawlError as fault:
        return replace(option, refused=str(fault))  # pages name feeds that are none; the next may be better


async def ask(url: str, fetcher: Fetcher) -> Found:
    """The feed at `url`.

    Raises:
        CrawlError: it cannot be had, or is none.
    """
    return await _read(url, await fetcher.get(Request(url=url, purpose=Purpose.FEED)))


def guesses(page: str, known: Collection[str]) -> tuple[str, ...]:
    """Addresses where the site of `page` may keep a feed that nothing links to, less those asked already."""
    return tuple(one for one in well_known(page) if one not in known)


async def probe(addresses: Collection[str], fetcher: Fetcher) -> Found | None:
    """The first of `addresses` that is a feed, asked one after the other.

    Raises:
        CrawlError: the host wants no more requests, or cannot be reached: the rest is not asked.
    """
    for address in addresses:
        try:
            return await ask(address, fetcher)
        except TemporaryFetchError as fault:
            if fault.status is None or fault.status in (429, 503):
                raise
        except BlockedError:
            raise
        except CrawlError:
            continue
    return None


async def _read(url: str, answer: Fetched) -> Found:
    feed = await asyncio.to_thread(parse_job, answer.body, answer.url, answer.content_type, None, None)
    if answer.moved_to is None or answer.moved_to == url:
        return Found(url=url, feed=feed)
    return Found(url=answer.moved_to, feed=feed, moved_from=url)
