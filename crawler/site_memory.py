"""Takes out of an article's text what recurs on its host, and remembers what the text held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from weakref import WeakValueDictionary

from crawler import recurring
from crawler.ports import HabitStore
from crawler.records import Article, Page, Source


class SiteMemory:
    """One for all hosts of a process; of two processes at one host at once, one may lose a count, and no more.

    Args:
        near: whether a text comes near an initiative; what does is never taken out, whatever recurs.
    """

    def __init__(self, store: HabitStore, near: Callable[[Article], bool]) -> None:
        self._store = store
        self._near = near
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by host

    async def clean(
        self, article: Article, page: Page, *, host: str, source: Source, now: datetime
    ) -> tuple[Page, tuple[str, ...]]:
        """The page less the site's own paragraphs, and these.

        A live blog, whose posts are places in the text, and a text that the source's own rule found stay as they are.
        """
        ruled = source.article is not None and source.article.text is not None
        if page.refused is not None or page.posts or ruled or not page.text:
            return page, ()
        title = article.title or page.title
        async with self._turns.setdefault(host, asyncio.Lock()):
            habits = recurring.unpack(await self._store.habits(host))
            learnt = recurring.learn(habits, page.text, article_id=article.id, title=title)
            if learnt is not habits:
                await self._store.keep_habits(host, recurring.pack(learnt), now)
        text, gone = recurring.without(habits, page.text, lambda part: self._is_near(article, part))
        return (replace(page, text=text), gone) if gone else (page, ())

    def _is_near(self, article: Article, paragraph: str) -> bool:
        return self._near(replace(article, title="", summary="", text=paragraph))
