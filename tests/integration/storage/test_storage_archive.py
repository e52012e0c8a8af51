"""What the command line asks beside the ports: counts, the life of one article, and forgetting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.messages import DeliveryState
from crawler.folds import Fold
from crawler.records import Edit, Post, Sighting, SourceState, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    By,
    article,
    delivery,
    fold,
    freeze,
    into,
    keys_of,
    match,
    message,
    no_keys,
    page,
    plan,
    poll,
    slot,
    source,
    told_and_matched,
)
from tidings.storage.engine import Database
from tidings.storage.retention import Purged
from tidings.storage.stores import Stores


@pytest.fixture
async def archive(sql: Database) -> Stores:
    """The stores of a database with one source."""
    stores = Stores(sql)
    await stores.sources.sync([source()], NOON)
    return stores


async def purge(stores: Stores, now: Any, **ages: timedelta | None) -> Purged:
    return await stores.retention.purge(now, **{"unmatched": None, "text": None, "matched": None, **ages})


# -- walking ---------------------------------------------------------------------------------------


async def test_the_archive_is_walked_from_its_newest_article_each_once(archive: Stores) -> None:
    """Also where many came at one moment and fall into several batches; both bounds are inclusive."""
    many = [article(n, first_seen_at=NOON + (n // 3) * HOUR, text=f"Text {n}") for n in range(8)]
    await archive.articles.record_poll(poll(*many))

    async def walked(**bounds: Any) -> list[list[str]]:
        return [[one.text for one in some] async for some in archive.archive.walk(**bounds)]

    assert await walked(batch=3) == [[f"Text {n}" for n in some] for some in ((7, 6, 5), (4, 3, 2), (1, 0))]
    assert await walked(batch=4) == [[f"Text {n}" for n in some] for some in ((7, 6, 5, 4), (3, 2, 1, 0))]
    assert await walked(since=NOON + HOUR, until=NOON + HOUR) == [["Text 5", "Text 4", "Text 3"]]
    assert await walked(since=NOON + DAY) == []


# -- counts ----------------------------------------------------------------------------------------


async def test_counts_tell_what_is_there_and_what_waits(archive: Stores) -> None:
    """By state, with every state named; paused sources count as paused."""
    await archive.sources.sync([source(), source("b", paused=True), source("c")], NOON)
    await archive.sources.set_paused("c", True)
    pending = article(2, text_state=TextState.PENDING)
    await archive.articles.record_poll(poll(article(1), pending, article(3)))
    await fold(archive, article(1))
    await fold(archive, article(3))
    await archive.matches.record_matches([(article(3), [match(article(3))])], NOON)
    await archive.deliveries.add(message(), [delivery(1), delivery(2, created_at=NOON + HOUR)])
    await archive.deliveries.sent("delivery-2", now=NOON, answer="ok")

    counts = await archive.counts.take()

    assert {state: n for state, n in counts.sources.items() if n} == {
        SourceState.OK: 1,
        SourceState.PAUSED: 2,
    }
    assert (counts.articles, counts.stories, counts.matches) == (3, 2, 1)
    assert (counts.pending_text, counts.oldest_pending) == (1, NOON)
    assert (counts.unfolded, counts.unmatched) == (1, 1)
    assert counts.texts[TextState.FEED] == 2
    assert counts.deliveries == {
        DeliveryState.PENDING: 1,
        DeliveryState.SENT: 1,
        DeliveryState.PARKED: 0,
        DeliveryState.CANCELLED: 0,
    }
    assert counts.oldest_delivery == NOON
    assert counts.last_success_at == NOON
    assert bool(counts.journal) == archive.database.is_sqlite


async def test_an_empty_database_has_counts(sql: Database) -> None:
    """Zero of everything, and no time of anything."""
    counts = await Stores(sql).counts.take()

    assert (counts.articles, counts.oldest_pending, counts.oldest_delivery) == (0, None, None)


# -- the life of one article -----------------------------------------------------------------------


async def test_the_life_of_an_article_is_told_from_its_sighting_to_its_readers(archive: Stores) -> None:
    """Seen where, in which words, folded with what and why, matched by what, sent to whom."""
    one = article(1, text_state=TextState.PENDING, text="Feed", canonical_url="https://times.example/1")
    await archive.sources.sync([source(), source("post")], NOON)
    await archive.articles.record_poll(poll(one, article(2)))
    elsewhere = Sighting(
        article_id=one.id,
        source_id="post",
        url="https://post.example/copy",
        title="Copy",
        seen_at=NOON + HOUR,
    )
    await archive.articles.record_poll(poll(by="post", at=NOON + HOUR, sightings=(elsewhere,)))
    await archive.articles.record_page(
        one.id, state=TextState.READ, page=page("Whole"), reason=None, now=NOON + HOUR
    )
    await fold(archive, article(2), "s")
    decision = into("s", duplicate_of=article(2).id, similarity=0.93, why="0.93 of its word shingles")
    await archive.articles.fold([one.id], By(no_keys, decision), since=NOON - DAY)
    await archive.matches.record_matches([(one, [match(one)])], NOON + HOUR)
    await freeze(
        archive, slot(), until=NOON, message=message(), deliveries=[delivery()], story_ids=["s"], now=NOON
    )

    life = await archive.lookup.find(one.id)

    assert life is not None
    assert life.article == await archive.articles.get(one.id)
    assert [(v.version, v.from_page, v.text) for v in life.versions] == [
        (1, False, "Feed"),
        (2, True, "Whole"),
    ]
    assert [seen.source_id for seen in life.sightings] == ["times", "post"]
    assert life.fold == Fold(
        story_id="s", duplicate_of=article(2).id, similarity=0.93, why="0.93 of its word shingles"
    )
    assert [telling.article_id for telling in life.story] == [article(2).id]
    assert [found.initiative_id for found in life.matches] == ["trust"]
    assert [sent.id for sent in life.deliveries] == ["delivery-1"]
    assert life.page_due_at is None


@pytest.mark.parametrize(
    "subject",
    [
        "00000000000000ab",
        "00000000000000AB ",
        "https://times.example/171?utm_source=x",
        "https://post.example/copy",
        "https://times.example/171",
        "HTTPS://TIMES.example/171#top",
    ],
)
async def test_an_article_is_found_by_what_a_person_has_in_hand(archive: Stores, subject: str) -> None:
    """Its id, any address under which it was listed, or one with the same canonical form."""
    one = article(
        0xAB, url="https://times.example/171?utm_source=x", canonical_url="https://times.example/171"
    )
    copy = Sighting(
        article_id=one.id,
        source_id="times",
        url="https://post.example/copy",
        title="Copy",
        seen_at=NOON,
    )
    await archive.articles.record_poll(poll(one, sightings=(copy,)))

    life = await archive.lookup.find(subject)

    assert life is not None
    assert (life.article.id, life.fold, life.story, life.deliveries) == (one.id, None, (), ())


@pytest.mark.parametrize("subject", ["nobody", "https://other.example/", "", "://", "https://[broken"])
async def test_what_was_never_listed_is_not_found(archive: Stores, subject: str) -> None:
    """Whatever was typed."""
    assert await archive.lookup.find(subject) is None


# -- forgetting ------------------------------------------------------------------------------------


async def test_articles_that_matched_nothing_go_and_their_keys_stay(archive: Stores) -> None:
    """A feed that still lists them brings nothing back."""
    await told_and_matched(archive, article(1))
    await archive.articles.record_poll(poll(article(2)))
    await fold(archive, article(2))
    await archive.matches.record_matches([(article(2), [])], NOON)

    done = await purge(archive, NOON + 31 * DAY, unmatched=30 * DAY)

    assert done.articles == 1
    assert await archive.articles.get(article(2).id) is None
    assert await archive.articles.get(article(1).id) is not None
    assert await archive.articles.known(keys_of(article(2))) == dict.fromkeys(
        keys_of(article(2)), article(2).id
    )
    assert await archive.articles.record_poll(poll(article(2), at=NOON + 32 * DAY)) == ()
    assert await archive.articles.get(article(2).id) is None


async def test_what_still_waits_for_work_stays(archive: Stores) -> None:
    """Nothing goes unread, unfolded or unmatched because it is old."""
    await archive.articles.record_poll(poll(article(1, text_state=TextState.PENDING), article(2)))
    await fold(archive, article(2))

    assert (await purge(archive, NOON + 900 * DAY, unmatched=DAY, text=DAY)).articles == 0


async def test_old_texts_go_and_what_was_found_in_them_stays(archive: Stores) -> None:
    """Title, dates, story, evidence with its snippet; the words of the article itself are dropped."""
    await archive.articles.record_poll(poll(article(text="A long text.")))
    await fold(archive, article())
    await archive.matches.record_matches([(article(), [match(article())])], NOON)

    assert (await purge(archive, NOON + 31 * DAY, text=30 * DAY)).texts == 1
    assert (await purge(archive, NOON + 31 * DAY, text=30 * DAY)).texts == 0

    life = await archive.lookup.find(article().id)
    assert life is not None
    assert (life.article.text, life.article.title) == ("", article().title)
    assert life.versions[0].purged
    assert life.matches[0].evidence == match(article()).evidence
    (found,) = await archive.digests.matched("desk", plan(), NOON - DAY, NOON)
    assert found.text_length == 0


async def test_matched_articles_go_with_their_story_and_messages(archive: Stores) -> None:
    """When `matched` says so; the slot stays composed, and what is still to be sent stays too."""
    await told_and_matched(archive, article())
    story = f"story-{article().id}"
    await freeze(
        archive, slot(), until=NOON, message=message(), deliveries=[delivery()], story_ids=[story], now=NOON
    )
    assert (await purge(archive, NOON + 31 * DAY, matched=30 * DAY)).messages == 0
    await archive.deliveries.sent("delivery-1", now=NOON, answer="ok")

    done = await purge(archive, NOON + 31 * DAY, matched=30 * DAY)

    assert done.messages == 1
    assert await archive.deliveries.list() == ()
    assert await archive.articles.get(article().id) is None
    assert await archive.digests.last_until("morning") == NOON
    counts = await archive.counts.take()
    assert (counts.stories, counts.matches) == (0, 0)


async def test_a_key_goes_400_days_after_it_was_last_listed(archive: Stores) -> None:
    """Counted from the day a feed last listed it, not from the article."""
    await archive.articles.record_poll(poll(article()))
    await fold(archive, article())
    await archive.matches.record_matches([(article(), [])], NOON)
    listed = poll(at=NOON + 50 * DAY, keys=((article().id, keys_of(article())),))
    await archive.articles.record_poll(listed)
    assert (await purge(archive, NOON + 449 * DAY, unmatched=DAY)).keys == 0
    await archive.articles.record_poll(poll(article(2), at=NOON + 449 * DAY))

    assert (await purge(archive, NOON + 450 * DAY, unmatched=400 * DAY)).keys == 0
    assert (await purge(archive, NOON + 451 * DAY, unmatched=400 * DAY)).keys == len(keys_of(article()))
    assert await archive.articles.known(keys_of(article())) == {}


async def test_a_feed_that_stands_still_keeps_its_keys(archive: Stores) -> None:
    """For years it answers 304: what it lists is no news when it changes at last."""
    await archive.articles.record_poll(poll(article()))
    await fold(archive, article())
    await archive.matches.record_matches([(article(), [])], NOON)
    await archive.articles.record_poll(poll(at=NOON + 999 * DAY))

    assert await purge(archive, NOON + 1000 * DAY, unmatched=DAY) == Purged(
        articles=1, texts=0, messages=0, keys=0, bands=0
    )
    await archive.sources.sync([], NOON + 1000 * DAY)
    assert (await purge(archive, NOON + 1000 * DAY)).keys == len(keys_of(article()))


async def test_a_text_is_compared_for_thirty_days(archive: Stores) -> None:
    """Then its bands go, the article stays."""
    await archive.articles.record_poll(poll(article()))
    await archive.articles.fold([article().id], By(lambda _: (1, 2, 3), into("s")), since=NOON - DAY)

    assert (await purge(archive, NOON + 30 * DAY)).bands == 0
    assert (await purge(archive, NOON + 31 * DAY)).bands == 1
    assert await archive.articles.get(article().id) is not None


async def test_many_are_forgotten_in_small_steps(archive: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, all go, a few in each transaction."""
    monkeypatch.setattr("tidings.storage.retention.BATCH", 3)
    every = [article(number) for number in range(10)]
    await archive.articles.record_poll(poll(*every))
    for one in every:
        await fold(archive, one)
        await archive.matches.record_matches([(one, [])], NOON)

    assert (await purge(archive, NOON + 31 * DAY, unmatched=30 * DAY)).articles == 10


async def test_the_entries_of_a_live_blog_stay_with_its_text(archive: Stores) -> None:
    """Through a new title, until the page is read anew; the feed's words have none."""
    one = article(1, text_state=TextState.PENDING)
    posts = (
        Post(start=0, end=5, posted_at=NOON, title="Ministers arrive"),
        Post(start=7, end=12, posted_at=None),
    )
    await archive.articles.record_poll(poll(one))
    for text, entries in (("First\n\nOther", posts), ("First\n\nOther", posts[:1]), ("Whole", ())):
        await archive.articles.record_page(
            one.id, state=TextState.READ, page=page(text, posts=entries), reason=None, now=NOON
        )
        edit = Edit(
            article_id=one.id,
            title=f"{text} {len(entries)}",
            summary="",
            content="",
            updated_at=None,
            reread=False,
        )
        await archive.articles.record_poll(poll(edits=(edit,)))

    life = await archive.lookup.find(one.id)

    assert life is not None
    assert [version.posts for version in life.versions] == [(), posts, posts[:1], posts[:1], (), ()]


async def test_how_often_and_when_a_page_was_asked_for_is_remembered(archive: Stores) -> None:
    """Tries that failed count, pages that were passed over do not."""
    one = article(1, text_state=TextState.PENDING)
    await archive.articles.record_poll(poll(one))
    for minute, state in enumerate(
        (TextState.PENDING, TextState.PENDING, TextState.FAILED, TextState.SKIPPED)
    ):
        await archive.articles.record_page(
            one.id, state=state, page=None, reason="503", now=NOON + minute * MINUTE
        )

    life = await archive.lookup.find(one.id)

    assert life is not None
    assert (life.page_tries, life.page_at) == (3, NOON + 3 * MINUTE)
