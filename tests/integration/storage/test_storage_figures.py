"""The numbers of probes and metrics, on each kind of database."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import Connection

from alerts.messages import DeliveryState
from crawler.records import SourceState, TextState
from tests.integration.storage.making import NOON, article, delivery, fold, match, message, poll, source
from tidings.storage.engine import Database
from tidings.storage.figures import SqlFigures
from tidings.storage.stores import Stores

HOUR = timedelta(hours=1)


async def test_figures_tell_what_waits_and_what_there_is(sql: Database) -> None:
    """The same as `status` tells, and how late the sources are; paused ones are never late."""
    stores, figures = Stores(sql), SqlFigures(sql)
    await stores.sources.sync([source(), source("b", paused=True), source("c"), source("d")], NOON - HOUR)
    await stores.sources.set_paused("c", True)
    pending = article(2, text_state=TextState.PENDING)
    await stores.articles.record_poll(poll(article(1), pending, article(3)))
    await fold(stores, article(1))
    await fold(stores, article(3))
    await stores.matches.record_matches([(article(3), [match(article(3))])], NOON)
    await stores.deliveries.add(message(), [delivery(1), delivery(2, created_at=NOON + HOUR)])
    await stores.deliveries.sent("delivery-2", now=NOON, answer="ok")

    waiting = await figures.waiting(NOON + HOUR)
    stored = await figures.stored()
    counts = await stores.counts.take()

    assert waiting.sources == counts.sources
    assert waiting.sources[SourceState.PAUSED] == 2
    assert (len(waiting.lateness), waiting.lateness[-1]) == (2, 7200.0)  # d waits since it was added
    assert waiting.lateness == tuple(sorted(waiting.lateness))
    assert (waiting.ages, waiting.never) == ((3600.0,), 1)
    assert (
        (waiting.pages, waiting.unfolded, waiting.unmatched)
        == (1, counts.unfolded, counts.unmatched)
        == (1, 1, 1)
    )
    assert waiting.unmatched_since is not None
    assert (waiting.deliveries, waiting.oldest_delivery) == (1, NOON)
    assert (stored.texts, stored.stories, stored.matches) == (counts.texts, counts.stories, counts.matches)
    assert stored.deliveries == counts.deliveries
    assert stored.deliveries[DeliveryState.SENT] == 1


async def test_an_empty_database_has_figures(sql: Database) -> None:
    """Zero of everything, and a size all the same."""
    figures = SqlFigures(sql)

    waiting = await figures.waiting(NOON)

    assert (waiting.lateness, waiting.ages, waiting.oldest_delivery, waiting.unmatched_since) == (
        (),
        (),
        None,
        None,
    )
    assert sum((await figures.stored()).texts.values()) == 0
    assert (await figures.size() or 0) > 10_000


async def test_what_waits_is_told_without_a_walk_over_the_articles(database: Database) -> None:
    """A scrape must cost the same with a million articles: each question runs over an index of what waits."""
    import tidings.storage.figures as module

    def plans(connection: Connection) -> list[str]:
        found = []
        for query in (module._PAGES, module._UNFOLDED, module._UNMATCHED, module._PENDING):
            said = str(query.compile(dialect=connection.dialect))
            found += [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}")]
        return found

    for plan in await database.read(plans):
        assert re.search(r" USING (COVERING )?INDEX ", plan), plan
