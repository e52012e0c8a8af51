"""`ArticleStore` on the database: what was seen, read and folded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from crawler.folds import Folded, WordCounts
from crawler.ports import Folder
from crawler.records import Article, Fetched, HeldFlood, Page, Poll, TextState
from crawler.shares import Share
from tidings.storage import crashes, folding, parallel_folds, polls, reading, review
from tidings.storage.article_rows import fetch
from tidings.storage.engine import Database
from tidings.storage.vocabularies import SqlVocabularies


class SqlArticles:
    """See `crawler.ports.ArticleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._vocabularies = SqlVocabularies(database)

    async def known(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Identity key → article id, for those that are known, of purged articles too."""
        return await self._database.read(lambda connection: polls.known_keys(connection, keys))

    async def get(self, article_id: str) -> Article | None:
        """The article with the text in force."""
        return (await self._fetch([article_id])).get(article_id)

    async def by_ids(self, article_ids: Sequence[str]) -> tuple[Article, ...]:
        """Those that exist, in the order asked."""
        found = await self._fetch(article_ids)
        return tuple(found[article_id] for article_id in article_ids if article_id in found)

    async def seen(self, source_id: str) -> bytes:
        """What is remembered of the last list of a source; b"" for nothing."""
        return await self._database.read(lambda connection: polls.seen(connection, source_id))

    async def titles(self, source_id: str, titles: Sequence[str]) -> frozenset[str]:
        """Those of `titles` that an article first seen in this source has; case and spaces do not matter."""
        return await self._database.read(
            lambda connection: review.listed_titles(connection, source_id, titles)
        )

    async def record_poll(self, poll: Poll) -> tuple[str, ...]:
        """All of it in one transaction; ids of the articles that were new."""
        return await self._database.write(lambda connection: polls.store_poll(connection, poll))

    async def release_held(self, source_id: str, *, as_new: bool, now: datetime) -> int:
        """End the review of a source's flood; how many articles were held."""
        return await self._database.write(
            lambda connection: review.release(connection, source_id, as_new=as_new, now=now)
        )

    async def held(self) -> tuple[HeldFlood, ...]:
        """Floods that are held for review now."""
        return await self._database.read(review.held)

    async def claim_pending(
        self, now: datetime, limit: int, lease: timedelta, *, per_host: int | None = None
    ) -> tuple[Article, ...]:
        """Articles whose page is to be read now, leased; the attempt is counted."""
        if limit < 1:
            return ()
        return await self._database.write(
            lambda connection: reading.claim_pending(
                connection, now, limit, lease, per_host, holder=self._database.holder
            )
        )

    async def release(self, *article_ids: str) -> None:
        """Give page claims back unread: due again now, the attempt does not count."""
        if article_ids:
            await self._database.write(lambda connection: reading.release(connection, article_ids))

    async def skipped(self, since: datetime) -> tuple[str, ...]:
        """Ids of articles since then whose page was not asked for."""
        return await self._database.read(lambda connection: reading.skipped(connection, since))

    async def read_after_all(self, article_ids: Sequence[str], now: datetime) -> None:
        """Pages that were not asked for are due from now on."""
        if article_ids:
            await self._database.write(
                lambda connection: reading.read_after_all(connection, article_ids, now)
            )

    async def record_page(
        self,
        article_id: str,
        *,
        state: TextState,
        page: Page | None,
        reason: str | None,
        now: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        """A page's text as the next version, or why there is none."""
        await self._database.write(
            lambda connection: reading.record_page(
                connection, article_id, state=state, page=page, reason=reason, now=now, retry_at=retry_at
            )
        )

    async def record_crash(
        self, article_id: str, *, reason: str, fetched: Fetched | None, now: datetime
    ) -> None:
        """Why reading a page crashed, and the page; the third crash in a row quarantines the article."""
        await self._database.write(
            lambda connection: crashes.record(connection, article_id, reason=reason, fetched=fetched, now=now)
        )

    async def unfolded(
        self,
        now: datetime,
        wait_for_text: timedelta,
        limit: int,
        *,
        skip: Collection[str] = (),
        share: Share | None = None,
    ) -> tuple[str, ...]:
        """Ids of articles to fold, oldest first, those to `skip` left out."""
        return await self._database.read(
            lambda connection: folding.unfolded(connection, now, wait_for_text, limit, frozenset(skip), share)
        )

    async def word_counts(self, now: datetime) -> WordCounts:
        """A sample of the thirty days before `now`, by which words are weighed."""
        return await self._vocabularies.in_force(now)

    async def fold(
        self,
        article_ids: Sequence[str],
        folder: Folder,
        *,
        since: datetime,
    ) -> Folded:
        """Decide on one after the other, and keep the decisions: on a server beside others, see `parallel_folds`."""
        if not self._database.is_sqlite:
            return await parallel_folds.fold(self._database, article_ids, folder, since=since)
        return await self._database.write(
            lambda connection: folding.fold(connection, article_ids, folder, since=since)
        )

    async def _fetch(self, article_ids: Sequence[str]) -> dict[str, Article]:
        return await self._database.read(lambda connection: fetch(connection, article_ids))
