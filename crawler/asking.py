"""Asking a source: the request, where it goes, and what of the answer is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from crawler import identity
from crawler.errors import BlockedError, CrawlError, ForbiddenAddress, GoneError, NotAFeedError, TooLarge
from crawler.failpoints import reach
from crawler.feeds import partial
from crawler.identity import Item
from crawler.ports import ChildCrashed, Fetcher, Isolation, Lister
from crawler.records import Feed, Fetched, PollState, Purpose, Request, Source, SourceKind
from crawler.redact import masked
from crawler.seen import SeenList, is_in_doubt

LARGE_DOCUMENT = 256 << 10  # bytes from which a document is parsed in a child process


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source answered: a list, of a feed with its HTTP answer; `feed` None: the same bytes.

    Of a document that was cut into entries, `prints` has one fingerprint an entry, and the entries of `feed` are those
    at the places `fresh`; the others stand there as they did in the list before.
    """

    feed: Feed | None
    fetched: Fetched | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None
    items: tuple[Item, ...] = ()  # of the entries of `feed`
    frame: bytes = b""
    prints: tuple[bytes, ...] = ()
    fresh: tuple[int, ...] = ()
    before: SeenList | None = None  # the list before, where entries are known by it
    partly: bool = False  # the rest of the list was not modified; see `Listed`
    unfinished: CrawlError | None = None  # why there may be more; see `Listed`


class Asker:
    """Asks sources of every kind.

    Args:
        isolation: where documents over 256 KiB are parsed; None: in a thread like the others.
    """

    def __init__(self, *, fetcher: Fetcher, lister: Lister, isolation: Isolation | None) -> None:
        self._fetcher = fetcher
        self._lister = lister
        self._isolation = isolation

    async def ask(
        self, source: Source, state: PollState, seen: Callable[[], Awaitable[SeenList | None]]
    ) -> tuple[PollState, Answer]:
        """The answer, and the state it belongs to: without the adopted address when that has failed.

        An adopted address that is gone, blocked or no feed any more makes the configured one be asked at
        once; one that only fails is given up after three failures in a row (see `poll_state.failure`).

        Args:
            seen: gives the list before, whose entries need not be read again; asked for a changed document only.
        Raises:
            CrawlError: `Unchanged` too; its words hold no secret of the source, whatever the server says.
            ChildCrashed: its document could not be read.
        """
        try:
            state, answer = await self._asked(source, state, seen)
        except CrawlError as error:
            masked(error, source)
            raise
        if answer.unfinished is not None:
            masked(answer.unfinished, source)
        return state, answer

    async def _asked(
        self, source: Source, state: PollState, seen: Callable[[], Awaitable[SeenList | None]]
    ) -> tuple[PollState, Answer]:
        if source.kind is not SourceKind.FEED:
            listed = await self._lister.list(source, etag=state.etag, last_modified=state.last_modified)
            return state, Answer(
                feed=listed.feed,
                items=identity.read(listed.feed.entries, source.id),
                etag=listed.etag,
                last_modified=listed.last_modified,
                fresh_for=listed.fresh_for,
                partly=listed.partly,
                unfinished=listed.unfinished,
            )
        if state.moved_to is None:
            return state, await self._get(source, state, source.url, seen)
        try:
            return state, await self._get(source, state, state.moved_to, seen)
        except (GoneError, BlockedError, NotAFeedError, ForbiddenAddress, TooLarge):
            state = replace(state, moved_to=None, etag=None, last_modified=None, body_hash=None)
            return state, await self._get(source, state, source.url, seen)

    async def reread(self, source: Source, answer: Answer) -> Answer:
        """An answer of a feed of which a part was read, with all of its entries.

        Raises:
            CrawlError, ChildCrashed: its document could not be read.
        """
        assert answer.fetched is not None
        return await self._with_list(answer, source, answer.fetched, None)

    async def _get(
        self,
        source: Source,
        state: PollState,
        url: str,
        seen: Callable[[], Awaitable[SeenList | None]],
    ) -> Answer:
        own = url == source.url or _origin(url) == _origin(
            source.url
        )  # credentials stay with the host they were given for
        reach("before_fetch")
        fetched = await self._fetcher.get(
            Request(
                url=url,
                purpose=Purpose.FEED,
                etag=state.etag,
                last_modified=state.last_modified,
                headers=source.headers if own else (),
                auth=source.auth if own else None,
            )
        )
        reach("after_body")
        digest = sha256(fetched.body).hexdigest()
        moved = fetched.moved_to or (url if url != source.url else None)
        answer = Answer(
            feed=None,
            fetched=fetched,
            body_hash=digest,
            moved_to=moved,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            fresh_for=fetched.fresh_for,
        )
        if digest == state.body_hash:
            return answer
        return await self._with_list(answer, source, fetched, await seen())

    async def _with_list(
        self, answer: Answer, source: Source, fetched: Fetched, before: SeenList | None
    ) -> Answer:
        read = await self._parse(source, fetched, before)
        items = identity.read(read.feed.entries, source.id)
        reach("after_parse")
        partly = len(read.fresh) < len(read.prints)
        if before is not None and partly and is_in_doubt(len(read.feed.entries), items, read.prints, before):
            return await self._with_list(answer, source, fetched, None)
        return replace(
            answer,
            feed=read.feed,
            items=items,
            frame=read.frame,
            prints=read.prints,
            fresh=read.fresh,
            before=before if partly else None,
        )

    async def _parse(self, source: Source, fetched: Fetched, seen: SeenList | None) -> partial.Reading:
        job = (fetched.body, fetched.url, fetched.content_type, source.zone, source.language)
        try:
            if seen is not None:  # in a thread, however large the document: few of its entries are read
                known = frozenset(one.print for one in seen.entries)
                if new := await asyncio.to_thread(partial.read_new, *job, seen.frame, known):
                    return new
            if self._isolation is not None and len(fetched.body) > LARGE_DOCUMENT:
                return await self._isolation.run(partial.read, *job)
            return await asyncio.to_thread(partial.read, *job)
        except (CrawlError, ChildCrashed):
            raise
        except Exception as error:  # a document that upsets a parser is trouble with its source, not with us
            raise CrawlError(f"its document could not be read: {type(error).__name__}: {error}") from error


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; a move from http to https at one host keeps the credentials."""
    parts = urlsplit(url)
    port = parts.port if parts.port not in (80, 443) else None
    return ("https" if parts.scheme == "http" and port is None else parts.scheme, parts.hostname, port)
