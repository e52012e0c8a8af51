"""Likeness in the database: what the reports of a story say together, how its words find it, and the sample of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from crawler.folds import STAYS, Fold, Vector
from crawler.ports import Surroundings
from crawler.records import Article
from tests.integration.storage.making import DAY, HOUR, NOON, article, poll, source
from tidings.storage import centres
from tidings.storage.engine import Database
from tidings.storage.stores import Stores


@pytest.fixture
def database(sql: Database) -> Database:
    return sql


async def desk(database: Database) -> Stores:
    stores = Stores(database)
    await stores.sources.sync([source()], NOON)
    return stores


@dataclass(frozen=True)
class About:
    """A folder for which an article is about what is said here, and joins the first story that it is like."""

    said: Mapping[str, Vector]

    def keys(self, _article: Article) -> Sequence[int]:
        return ()

    def about(self, article: Article) -> Vector:
        return self.said[article.id]

    def decide(self, article: Article, _about: Vector, around: Surroundings) -> Fold:
        if article.story_id is not None:
            return Fold(story_id=article.story_id, why=STAYS)
        first = next(iter(around.centres), None)
        return Fold(story_id=f"s{article.id}" if first is None else first.story_id, why="like its reports")


FERRY = {"ferry": 0.5, "harbour": 0.4}


async def test_the_story_of_an_article_with_the_same_words_is_found(database: Database) -> None:
    """Its centre is the sum of its independent reports."""
    stores = await desk(database)
    await stores.articles.record_poll(poll(*(article(number) for number in (1, 2, 3))))
    folder = About({article(1).id: FERRY, article(2).id: {"ferry": 0.2}, article(3).id: {"storm": 0.3}})
    done = await stores.articles.fold([article(n).id for n in (1, 2, 3)], folder, since=NOON - DAY)

    one = f"s{article(1).id}"
    assert [fold.story_id for _, fold in done.folds] == [one, one, f"s{article(3).id}"]
    (centre,) = await database.read(lambda connection: centres.of(connection, [one]))
    assert centre.reports == 2
    assert centre.total == pytest.approx({"ferry": 0.7, "harbour": 0.4})
    assert centre.founder == FERRY


async def test_an_edited_article_is_found_by_its_words_of_now(database: Database) -> None:
    """And keeps the reason for which it was folded."""
    stores = await desk(database)
    await stores.articles.record_poll(poll(*(article(number) for number in (1, 2))))
    await stores.articles.fold([article(1).id], About({article(1).id: {"storm": 0.3}}), since=NOON - DAY)
    edited = About({article(1).id: FERRY, article(2).id: FERRY})
    await stores.articles.fold([article(1).id], edited, since=NOON - DAY)
    done = await stores.articles.fold([article(2).id], edited, since=NOON - DAY)

    assert done.folds[0][1].story_id == f"s{article(1).id}"
    life = await stores.lookup.find(article(1).id)
    assert life.fold.why == "like its reports"


async def test_stories_that_an_article_shows_to_be_one_are_joined(database: Database) -> None:
    """Their reports add up under the older name."""
    stores = await desk(database)
    await stores.articles.record_poll(poll(*(article(number) for number in (1, 2, 3))))
    apart = About({article(1).id: FERRY, article(2).id: {"storm": 0.3}})
    await stores.articles.fold([article(1).id, article(2).id], apart, since=NOON - DAY)

    class Joins(About):
        def decide(self, article: Article, _about: Vector, _around: Surroundings) -> Fold:
            return Fold(story_id=one, joins=(two,), why="like its reports")

    one, two = f"s{article(1).id}", f"s{article(2).id}"
    await stores.articles.fold([article(3).id], Joins({article(3).id: FERRY}), since=NOON - DAY)
    (centre,) = await database.read(lambda connection: centres.of(connection, [one, two]))
    assert (centre.story_id, centre.reports) == (one, 3)
    assert (await stores.lookup.find(article(2).id)).article.story_id == one


async def test_a_centre_is_forgotten_long_after_the_last_article_of_its_story(database: Database) -> None:
    stores = await desk(database)
    await stores.articles.record_poll(poll(article(1)))
    await stores.articles.fold([article(1).id], About({article(1).id: FERRY}), since=NOON - DAY)
    one = f"s{article(1).id}"
    for days, kept in ((40, 1), (50, 0)):
        await stores.retention.purge(NOON + days * DAY, unmatched=None, text=None, matched=None)
        assert len(await database.read(lambda connection: centres.of(connection, [one]))) == kept


async def test_the_sample_by_which_words_are_weighed_is_made_anew_as_the_archive_grows(
    database: Database,
) -> None:
    """The same object until then; of thirty days."""
    stores = await desk(database)
    await stores.articles.record_poll(
        poll(article(1, title="Ferry", text="harbour"), article(2, title="Ferry"))
    )
    first = await stores.articles.word_counts(NOON)
    assert first.articles == 2
    assert first.counts == {"ferry": 2}
    assert await stores.articles.word_counts(NOON + HOUR) is first
    await stores.articles.record_poll(poll(*(article(number, title="Storm") for number in range(3, 20))))
    assert (await stores.articles.word_counts(NOON + HOUR)).articles == 19
    assert (await stores.articles.word_counts(NOON + 40 * DAY)).articles == 0
