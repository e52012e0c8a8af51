"""The feeds of an installation: whether one has changed since, at little cost, and what it says, when that is asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from alerts.match import Matcher
from alerts.narrowing import Need
from alerts.records import Evidence, Initiative, Match, SavedSearch
from crawler.ports import ArticleStore, Clock
from crawler.records import Article
from tidings import __version__
from tidings.feeds_out.addresses import Addresses
from tidings.feeds_out.atom import atom
from tidings.feeds_out.entries import FeedTelling, name, of_initiative, of_search
from tidings.feeds_out.json_feed import json_feed
from tidings.feeds_out.names import names
from tidings.feeds_out.records import MOST, FeedEntry, FeedKind, FeedName, Form, OutgoingFeed
from tidings.searching import compile_query, filters_of
from tidings.settings import Settings
from tidings.settings.queries import moment, parted
from tidings.storage.feeds import SqlFeeds

LOOKED_AT = (200, 2000)  # articles that may hold the words of a search, the newest: at first, and at most
BATCH = 50  # of them, whose texts are read at a time
KEPT = 32  # written feeds that are kept in memory
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a feed stands."""

    print: str  # another one when it says something else
    since: datetime  # it has been so, as far as this process knows; whole seconds, later than any before it


class _Maker(Protocol):
    """Makes one feed."""

    about: str
    page: str

    async def look(self) -> object:
        """Another value, by its `repr`, when the entries are other ones."""
        ...

    async def make(self, space: UUID) -> tuple[object, tuple[FeedEntry, ...]]:
        """The same value with the entries that go with it."""
        ...


class Feeds:
    """All feeds that these settings have."""

    def __init__(self, settings: Settings, feeds: SqlFeeds, articles: ArticleStore, clock: Clock) -> None:
        self._clock = clock
        self._feeds = feeds
        self._titles = names(settings)
        self._makers: dict[FeedName, _Maker] = {
            one: _OfInitiative(settings.initiatives[one.id], feeds)
            if one.kind is FeedKind.INITIATIVE
            else _OfSearch(settings.searches[one.id], settings, feeds, articles, clock)
            for one in self._titles
        }
        self._known: dict[FeedName, Standing] = {}
        self._written: OrderedDict[tuple[FeedName, Form, Addresses | None], tuple[str, bytes]] = OrderedDict()
        self._locks: dict[FeedName, asyncio.Lock] = {one: asyncio.Lock() for one in self._makers}

    def __iter__(self) -> Iterator[FeedName]:
        return iter(self._makers)

    def __contains__(self, feed: FeedName) -> bool:
        return feed in self._makers

    def page(self, feed: FeedName) -> str:
        """Where the site shows the same, from its root on."""
        return self._makers[feed].page

    async def standing(self, feed: FeedName) -> Standing:
        """How it stands now; reads no text that it has read before.

        Raises:
            KeyError: there is no such feed.
        """
        async with self._locks[feed]:
            return self._stands(feed, await self._makers[feed].look())

    async def written(
        self, feed: FeedName, form: Form, addresses: Addresses | None
    ) -> tuple[Standing, bytes]:
        """How it stands and what it says.

        Args:
            addresses: its own, where they are known.
        Raises:
            KeyError: there is no such feed.
        """
        async with self._locks[feed]:
            maker, key = self._makers[feed], (feed, form, addresses)
            standing = self._stands(feed, await maker.look())
            kept = self._written.get(key)
            if kept is not None and kept[0] == standing.print:
                self._written.move_to_end(key)
                return standing, kept[1]
            space, made_at = await self._feeds.space(self._clock.now())
            looked, entries = await maker.make(space)
            standing = self._stands(feed, looked)
            whole = OutgoingFeed(
                id=name(space, "feed", feed.kind, feed.id),
                title=self._titles[feed],
                about=maker.about,
                updated=max((one.updated for one in entries), default=made_at),
                entries=entries,
            )
            body = await asyncio.to_thread(atom if form is Form.ATOM else json_feed, whole, addresses)
            self._written[key] = standing.print, body
            if len(self._written) > KEPT:
                self._written.popitem(last=False)
            return standing, body

    def _stands(self, feed: FeedName, looked: object) -> Standing:
        said = (__version__, self._titles[feed], self._makers[feed].about, looked)
        print_ = sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        known = self._known.get(feed)
        if known is None or known.print != print_:
            since = self._clock.now().replace(microsecond=0)
            if known is not None:
                since = max(since, known.since + _SECOND)
            known = self._known[feed] = Standing(print=print_, since=since)
        return known


class _OfInitiative:
    def __init__(self, initiative: Initiative, feeds: SqlFeeds) -> None:
        self._initiative = initiative
        self._feeds = feeds
        self.page = f"/initiatives/{quote(initiative.id, safe='')}"
        self.about = (
            "This initiative is paused: nothing is told of it."
            if initiative.paused
            else "The newest stories of this initiative, with who tells them and why they were found."
        )

    async def look(self) -> object:
        return self._marks(await self._tellings(evidence=False))

    async def make(self, space: UUID) -> tuple[object, tuple[FeedEntry, ...]]:
        found = await self._tellings(evidence=True)
        return self._marks(found), await asyncio.to_thread(of_initiative, self._initiative, found, space)

    async def _tellings(self, *, evidence: bool) -> Sequence[FeedTelling]:
        if self._initiative.paused:
            return ()
        return await self._feeds.stories(self._initiative.id, MOST, evidence=evidence)

    def _marks(self, found: Sequence[FeedTelling]) -> object:
        promised = [(one.id, one.text) for one in self._initiative.commitments]
        return promised, [one.mark for one in found]


class _OfSearch:
    """Remembers what it has judged, so that an article is read once for each of its versions."""

    def __init__(
        self, search: SavedSearch, settings: Settings, feeds: SqlFeeds, articles: ArticleStore, clock: Clock
    ) -> None:
        self._search = search
        self._feeds = feeds
        self._articles = articles
        self._clock = clock
        self.about = "The newest articles that this search finds."
        self.page = "/search"  # it lists them by name; the query is nothing for readers of the feed
        self._words, self._narrowed = parted(search.query)
        self._tags = settings.tags
        self._judged: dict[tuple[str, int], tuple[Evidence, ...] | None] = {}  # None: it is not found

    @cached_property
    def _matcher(self) -> Matcher | None:
        """None: it asks for no words."""
        asks = bool(self._words.strip()) or not self._narrowed
        return compile_query(self._words, self._tags) if asks else None

    @cached_property
    def _need(self) -> Need | None:
        return None if self._matcher is None else self._matcher.needed()

    async def look(self) -> object:
        return self._marks(await self._found())

    async def make(self, space: UUID) -> tuple[object, tuple[FeedEntry, ...]]:
        found = await self._found()
        entries = await asyncio.to_thread(of_search, self._search, found, space)
        return self._marks(found), entries

    def _marks(self, found: Sequence[FeedTelling]) -> object:
        """The words of an article follow from its version and the query."""
        return self._search.query, [one.mark for one in found]

    async def _found(self) -> Sequence[FeedTelling]:
        now = self._clock.now()
        filters = filters_of(self._narrowed, lambda key, value: moment(value, now, last=key == "until"))
        for most in LOOKED_AT:
            listed = await self._feeds.candidates(self._need, filters, most)
            found = await self._judge_all(listed)
            if len(found) >= MOST:
                break
        told = await self._feeds.articles(list(found)[:MOST])
        return [replace(one, match=self._match(one.telling.article_id, found)) for one in told]

    async def _judge_all(self, listed: Sequence[tuple[str, int]]) -> dict[str, tuple[Evidence, ...]]:
        """Those that are found, until they are enough; only what was not judged before is read."""
        judged: dict[tuple[str, int], tuple[Evidence, ...] | None] = {}
        found: dict[str, tuple[Evidence, ...]] = {}
        for start in range(0, len(listed), BATCH):
            some = listed[start : start + BATCH]
            unknown = [
                article_id for article_id, version in some if (article_id, version) not in self._judged
            ]
            read = await self._articles.by_ids(unknown) if unknown else ()
            judged |= await asyncio.to_thread(self._judge, read)
            for one in some:
                evidence = judged[one] = judged.get(one, self._judged.get(one))
                if evidence is not None:
                    found[one[0]] = evidence
            if len(found) >= MOST:
                break
        self._judged |= judged
        if len(self._judged) > 2 * LOOKED_AT[-1]:
            self._judged = judged
        return found

    def _judge(self, read: Sequence[Article]) -> dict[tuple[str, int], tuple[Evidence, ...] | None]:
        return {(one.id, one.version): self._evidence(one) for one in read}

    def _evidence(self, article: Article) -> tuple[Evidence, ...] | None:
        if self._matcher is None:
            return ()
        matches = self._matcher.judge(article).matches
        return matches[0].evidence if matches else None

    def _match(self, article_id: str, found: dict[str, tuple[Evidence, ...]]) -> Match:
        return Match(article_id=article_id, initiative_id=self._search.id, evidence=found[article_id])
