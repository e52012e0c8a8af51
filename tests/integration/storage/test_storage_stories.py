"""Joining stories and parting them, on both databases: what was told, names, and what the operator said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, select, update

from crawler.folds import UNCONSTRAINED, Constraints
from crawler.records import Article, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    fold,
    freeze,
    match,
    message,
    page,
    plan,
    poll,
    slot,
    source,
    versions_of,
    window_of,
)
from tidings.storage import constraints, stories
from tidings.storage.constraints import Said
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import told_stories
from tidings.storage.retention import SqlRetention
from tidings.storage.stores import Stores
from tidings.storage.story_views import StoryProblem, StoryQuery, ToldTo
from tidings.storage.tables import articles
from tidings.storage.tables import stories as story_rows

T = TypeVar("T")
SAID = Said(at=NOON, command="split", by="desk")
ONE, TWO, THREE, FOUR = (article(number).id for number in (1, 2, 3, 4))


class Desk:
    """A database with the few steps that these cases are made of."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.stores = Stores(database)

    async def bring(self, number: int, story: int | None = None, *, at: Any = NOON, **facts: Any) -> Article:
        """An article, first seen at `at`, folded into the story that article number `story` founded."""
        one = article(number, first_seen_at=at)
        await self.stores.articles.record_poll(poll(one, at=at))
        await fold(self.stores, one, f"s{article(story or number).id}", **facts)
        return one

    async def match(self, number: int, at: Any = NOON) -> None:
        one = await self.stores.articles.get(article(number).id)
        assert one is not None
        await self.stores.matches.record_matches([(one, [match(one)])], at)

    async def tell(self, key: str, *of: int, at: Any, digest: str = "morning", told: bool = True) -> None:
        """Compose a digest of all that was matched before `at`: the stories named after articles `of`.

        Each digest goes to a channel of its own, of the same name.
        """
        mine = plan(id=digest, to=(digest,))
        since = await self.stores.digests.last_until(digest) or NOON - DAY
        done = False
        while not done:  # a merge in between lets it be composed anew
            found = await self.stores.digests.matched(digest, mine, since, at) if told else ()
            done = await freeze(
                self.stores,
                slot(key, digest_id=digest),
                until=at,
                message=message(f"{digest}/{key}", digest_id=digest, created_at=at),
                to=(digest,),
                story_ids=[f"s{article(one).id}" for one in of],
                versions=versions_of(found),
                now=at,
                window=await window_of(self.stores, mine, since, at, live=("trust",) if told else ()),
            )

    async def write(self, step: Callable[[Connection], T]) -> T:
        return await self.database.write(step)

    async def join(self, younger: str, older: str) -> None:
        await self.write(lambda connection: stories.join(connection, younger, older))

    async def part(self, story: str, *article_ids: str) -> str:
        return await self.write(lambda connection: stories.part(connection, article_ids, story))

    async def live(self, story: str) -> str:
        return await self.database.read(lambda connection: stories.live(connection, story))

    async def homes(self) -> dict[int, str]:
        """In which story each article is, by its number."""
        rows = await self.database.read(lambda c: c.execute(select(articles.c.id, articles.c.story_id)).all())
        return {int(row.id, 16): row.story_id for row in rows}

    async def told(self, channel: str = "morning") -> dict[str, Any]:
        """When stories were told first to the readers of a channel."""
        query = select(told_stories.c.story_id, told_stories.c.first_told_at).where(
            told_stories.c.channel_id == channel
        )
        return {
            row.story_id: row.first_told_at
            for row in await self.database.read(lambda c: c.execute(query).all())
        }

    async def told_in(self, story: str) -> list[tuple[int, str]]:
        found = await self.database.read(lambda connection: stories.told_in(connection, story))
        return [(int(one.article_id, 16), one.message_key) for one in found]

    async def said(self, article_id: str, *story_ids: str) -> Constraints:
        return await self.database.read(
            lambda connection: constraints.constraints_for(connection, article_id, story_ids)
        )


@pytest.fixture
async def desk(sql: Database) -> Desk:
    made = Desk(sql)
    await made.stores.sources.sync([source()], NOON)
    return made


# -- joining ---------------------------------------------------------------------------------------


async def test_joined_stories_are_one_under_the_name_that_is_kept(desk: Desk) -> None:
    """All articles move, the story lasts as long as both, and the article that began the other says so."""
    await desk.bring(1, at=NOON - HOUR)
    await desk.bring(2, at=NOON - 2 * HOUR)
    await desk.bring(3, 2, at=NOON, why="same text", duplicate_of=TWO)

    await desk.join(f"s{TWO}", f"s{ONE}")

    assert await desk.homes() == {1: f"s{ONE}", 2: f"s{ONE}", 3: f"s{ONE}"}
    (row,) = await desk.database.read(lambda c: c.execute(select(story_rows)).all())
    assert (row.id, row.opened_at, row.last_at) == (f"s{ONE}", NOON - 2 * HOUR, NOON)
    began, reprint = [await desk.stores.lookup.find(one) for one in (TWO, THREE)]
    assert began.fold.why == f"began s{TWO}, which is part of this story"
    assert (reprint.fold.why, reprint.fold.duplicate_of) == ("same text", TWO)


async def test_a_name_in_an_old_mail_finds_its_story_through_any_number_of_joins(desk: Desk) -> None:
    """A joined story may be joined again; joining what is one already changes nothing."""
    for number in (1, 2, 3):
        await desk.bring(number)

    await desk.join(f"s{THREE}", f"s{TWO}")
    await desk.join(f"s{THREE}", f"s{ONE}")
    await desk.join(f"s{TWO}", f"s{THREE}")

    assert [await desk.live(f"s{one}") for one in (ONE, TWO, THREE)] == [f"s{ONE}"] * 3
    assert set((await desk.homes()).values()) == {f"s{ONE}"}
    names = await desk.database.read(lambda connection: stories.aliases(connection, f"s{ONE}"))
    assert names == (f"s{TWO}", f"s{THREE}")


async def test_a_story_cannot_be_joined_to_one_that_is_not_there(desk: Desk) -> None:
    """Nothing is moved then."""
    await desk.bring(1)

    with pytest.raises(LookupError, match="there is no story nowhere"):
        await desk.join(f"s{ONE}", "nowhere")

    assert await desk.homes() == {1: f"s{ONE}"}


async def test_what_was_told_of_either_was_told_of_the_joined_one_since_the_earlier_time(desk: Desk) -> None:
    """To the readers of each channel, in all the messages."""
    await desk.bring(1)
    await desk.bring(2)
    await desk.match(1)
    await desk.match(2)
    await desk.tell("a", 2, at=NOON + HOUR)
    await desk.tell("a", 2, 1, at=NOON + HOUR, digest="evening")
    await desk.match(1, NOON + 2 * HOUR)
    await desk.tell("b", 1, at=NOON + 3 * HOUR)

    await desk.join(f"s{TWO}", f"s{ONE}")

    assert await desk.told() == {f"s{ONE}": NOON + HOUR}
    assert await desk.told("evening") == {f"s{ONE}": NOON + HOUR}
    found = await desk.stores.lookup.find(TWO)
    assert found is not None
    assert {key for _, key in await desk.told_in(f"s{ONE}")} == {"morning/a", "evening/a"}


async def test_a_digest_composed_while_a_story_was_joined_tells_of_the_joined_one(desk: Desk) -> None:
    """It had read the name of before."""
    await desk.bring(1)
    await desk.bring(2)
    await desk.match(2)
    await desk.join(f"s{TWO}", f"s{ONE}")

    await desk.tell("a", 2, 1, at=NOON + HOUR)

    assert await desk.told() == {f"s{ONE}": NOON + HOUR}


async def test_digests_and_merges_at_the_same_moment_lose_nothing_told(desk: Desk) -> None:
    """Whichever is first, and with two of each at work."""
    for number in range(1, 17):
        await desk.bring(number)
        await desk.match(number)

    for start in range(1, 17, 4):
        older, other, younger, last = (article(start + more).id for more in range(4))
        key = str(start)
        await asyncio.gather(
            desk.tell(key, start + 2, at=NOON + start * HOUR),
            desk.stores.stories.merge([f"s{older}", f"s{younger}"], SAID),
            desk.tell(key, start + 3, at=NOON + start * HOUR, digest="evening"),
            desk.stores.stories.merge([f"s{other}", f"s{last}"], SAID),
        )

        assert f"s{older}" in await desk.told()
        assert f"s{other}" in await desk.told("evening")
        assert not {f"s{younger}", f"s{last}"} & {*await desk.told(), *await desk.told("evening")}


async def test_an_article_folded_again_by_an_old_name_stays_in_the_joined_story(desk: Desk) -> None:
    """It was read before the join, and decides for the story that it had then, or for one of its own."""
    for number in (1, 2, 3):
        await desk.bring(number, 2 if number == 3 else number)
    await desk.join(f"s{TWO}", f"s{ONE}")

    for number in (2, 3):
        await fold(desk.stores, article(number), f"s{TWO}")

    assert await desk.homes() == {1: f"s{ONE}", 2: f"s{ONE}", 3: f"s{ONE}"}
    assert len(await desk.database.read(lambda c: c.execute(select(story_rows)).all())) == 1


# -- parting ---------------------------------------------------------------------------------------


async def test_parted_articles_are_a_story_named_after_the_earliest(desk: Desk) -> None:
    """Both last from their first article to their last."""
    await desk.bring(1, at=NOON)
    await desk.bring(3, 1, at=NOON + HOUR, why="near", similarity=0.5)
    await desk.bring(2, 1, at=NOON + 2 * HOUR)
    await desk.bring(4, 1, at=NOON + 3 * HOUR)

    new = await desk.part(f"s{ONE}", TWO, THREE)

    assert new == f"s{THREE}"
    assert await desk.homes() == {1: f"s{ONE}", 4: f"s{ONE}", 2: new, 3: new}
    rows = await desk.database.read(lambda c: c.execute(select(story_rows).order_by(story_rows.c.id)).all())
    assert [(row.id, row.opened_at, row.last_at) for row in rows] == [
        (f"s{ONE}", NOON, NOON + 3 * HOUR),
        (new, NOON + HOUR, NOON + 2 * HOUR),
    ]
    left = await desk.stores.lookup.find(THREE)
    assert left is not None
    assert left.fold is not None
    assert (left.fold.why, left.fold.similarity) == ("put into this story by hand", None)


async def test_when_the_article_that_a_story_is_named_after_leaves_the_others_keep_the_name(
    desk: Desk,
) -> None:
    """As a second name: each story is named after one of its articles, and old mails find the others."""
    await desk.bring(1, at=NOON)
    await desk.bring(2, 1, at=NOON + HOUR)
    await desk.bring(3, 1, at=NOON + 2 * HOUR)

    new = await desk.part(f"s{ONE}", ONE)

    assert new == f"s{ONE}~2"
    assert await desk.live(f"s{ONE}") == f"s{TWO}"
    assert await desk.homes() == {1: new, 2: f"s{TWO}", 3: f"s{TWO}"}


async def test_parting_again_what_was_joined_gives_the_names_back(desk: Desk) -> None:
    """So a merge that is undone leaves no trace in the names, and old mails find what they told."""
    await desk.bring(1)
    await desk.bring(2, at=NOON + HOUR)
    await desk.bring(3, at=NOON + 2 * HOUR)
    await desk.join(f"s{THREE}", f"s{TWO}")
    await desk.join(f"s{TWO}", f"s{ONE}")

    assert await desk.part(f"s{TWO}", TWO, THREE) == f"s{TWO}"
    assert await desk.live(f"s{THREE}") == f"s{TWO}"
    assert await desk.part(f"s{TWO}", THREE) == f"s{THREE}"
    assert [await desk.live(f"s{one}") for one in (ONE, TWO, THREE)] == [
        f"s{one}" for one in (ONE, TWO, THREE)
    ]


async def test_a_name_that_another_story_bears_is_not_given_out_again(desk: Desk) -> None:
    """The article's own name went to another story with those that it began with."""
    await desk.bring(1)
    await desk.bring(2, at=NOON + HOUR)
    await desk.bring(3, 2, at=NOON + 2 * HOUR)
    await fold(desk.stores, article(2), f"s{ONE}")

    assert await desk.part(f"s{ONE}", TWO) == f"s{TWO}~2"


@pytest.mark.parametrize(
    ("leaving", "fault"),
    [((), "0 of the 2 articles"), ((ONE, TWO), "2 of the 2 articles")],
)
async def test_a_part_of_a_story_leaves_it_neither_nothing_nor_all(
    desk: Desk, leaving: tuple[str, ...], fault: str
) -> None:
    """Nothing is changed then."""
    await desk.bring(1)
    await desk.bring(2, 1)

    with pytest.raises(ValueError, match=fault):
        await desk.part(f"s{ONE}", *leaving)
    with pytest.raises(LookupError, match=f"{THREE} is not in s{ONE}"):
        await desk.part(f"s{ONE}", TWO, THREE)

    assert set((await desk.homes()).values()) == {f"s{ONE}"}


async def test_a_reprint_follows_the_earliest_of_its_kind_when_the_original_leaves(desk: Desk) -> None:
    """Nothing in a story is a reprint of something outside it."""
    await desk.bring(1)
    for number in (2, 3, 4):
        await desk.bring(number, 1, at=NOON + number * MINUTE, duplicate_of=ONE, similarity=0.9)

    await desk.part(f"s{ONE}", ONE, FOUR)

    originals = {}
    for number in (1, 2, 3, 4):
        one = await desk.stores.articles.get(article(number).id)
        assert one is not None
        originals[number] = (one.duplicate_of, one.similarity)
    assert originals == {1: (None, None), 2: (None, None), 3: (TWO, None), 4: (ONE, 0.9)}


async def test_each_part_was_told_where_its_articles_were(desk: Desk) -> None:
    """One of them told at noon, another an hour later, a third not yet: that one is news in a story of its own."""
    for number in (1, 2, 3):
        await desk.bring(number, 1, at=NOON + number * MINUTE)
    await desk.match(1, NOON + MINUTE)
    await desk.tell("a", 1, at=NOON + HOUR)
    await desk.match(2, NOON + 2 * HOUR)
    await desk.tell("b", 1, at=NOON + 3 * HOUR)
    await desk.match(3, NOON + 4 * HOUR)
    assert await desk.told_in(f"s{ONE}") == [(1, "morning/a"), (2, "morning/b")]

    second = await desk.part(f"s{ONE}", TWO)
    third = await desk.part(f"s{ONE}", THREE)

    assert await desk.told() == {f"s{ONE}": NOON + HOUR, second: NOON + 3 * HOUR}
    assert await desk.told_in(second) == [(2, "morning/b")]
    assert await desk.told_in(f"s{ONE}") == [(1, "morning/a")]
    (waiting,) = await desk.stores.digests.matched("morning", plan(), NOON + 3 * HOUR, NOON + DAY)
    assert (waiting.story_id, waiting.told_at) == (third, None)


async def test_what_stays_is_news_when_only_what_left_was_told(desk: Desk) -> None:
    """The told one was folded in wrongly; the readers of another channel were told of both."""
    await desk.bring(1)
    await desk.bring(2, 1, at=NOON + MINUTE)
    await desk.match(2, NOON + MINUTE)
    await desk.tell("a", 1, at=NOON + HOUR)
    await desk.match(1, NOON + 2 * HOUR)
    await desk.tell("a", 1, at=NOON + 3 * HOUR, digest="evening")

    new = await desk.part(f"s{ONE}", TWO)

    assert await desk.told() == {new: NOON + HOUR}
    assert await desk.told("evening") == {f"s{ONE}": NOON + 3 * HOUR, new: NOON + 3 * HOUR}


async def test_what_was_shown_and_not_told_was_not_told(desk: Desk) -> None:
    """Its initiative was paused when the digest went out."""
    await desk.bring(1)
    await desk.bring(2, 1, at=NOON + MINUTE)
    await desk.match(1, NOON + MINUTE)
    await desk.tell("a", 1, at=NOON + HOUR)
    await desk.match(2, NOON + 2 * HOUR)
    await desk.tell("b", at=NOON + 3 * HOUR, told=False)

    new = await desk.part(f"s{ONE}", TWO)

    assert new not in await desk.told()


async def test_a_digest_that_began_after_an_article_was_matched_did_not_tell_it(desk: Desk) -> None:
    """A digest begins with what is matched after it was written down."""
    await desk.bring(1)
    await desk.bring(2, 1, at=NOON + MINUTE)
    await desk.match(1, NOON + MINUTE)
    await desk.tell("a", 1, at=NOON + HOUR)
    await desk.stores.digests.start("evening", NOON + 2 * HOUR)
    await desk.match(2, NOON + 3 * HOUR)
    await freeze(
        desk.stores,
        slot("a", digest_id="evening"),
        until=NOON + 4 * HOUR,
        message=message("evening/a", digest_id="evening"),
        to=("evening",),
        story_ids=[f"s{ONE}"],
        versions=((TWO, 1),),
        now=NOON + 4 * HOUR,
    )

    new = await desk.part(f"s{ONE}", ONE)

    assert await desk.told("evening") == {f"s{TWO}": NOON + 4 * HOUR}
    assert await desk.told() == {new: NOON + HOUR}


# -- what the operator said ------------------------------------------------------------------------


async def test_while_nothing_was_said_nothing_is_forbidden(desk: Desk) -> None:
    """And it is known without asking for each article."""
    await desk.bring(1)

    assert not await desk.database.read(constraints.any_constraints)
    assert await desk.said(ONE, f"s{ONE}") is UNCONSTRAINED


async def keep_apart(desk: Desk, story: str, *subjects: str) -> None:
    await desk.write(lambda c: constraints.keep_apart(c, story, subjects, SAID))


async def keep_together(desk: Desk, story: str, *article_ids: str) -> None:
    await desk.write(lambda c: constraints.keep_together(c, story, article_ids, SAID))


async def test_what_was_said_is_answered_for_the_stories_asked_about(desk: Desk) -> None:
    """Of the article itself, of two stories, and of an article that is in one of them now."""
    for number in (1, 2, 3, 4):
        await desk.bring(number)
    await keep_together(desk, f"s{ONE}", ONE)
    await keep_apart(desk, f"s{TWO}", f"s{ONE}")
    await keep_apart(desk, f"s{THREE}", FOUR)

    found = await desk.said(ONE, f"s{ONE}", f"s{TWO}", f"s{THREE}", f"s{FOUR}")
    assert await desk.database.read(constraints.any_constraints)
    assert found.pinned(ONE) == f"s{ONE}"
    assert not found.may_be_one(f"s{ONE}", f"s{TWO}")
    assert not found.may_be_one(f"s{FOUR}", f"s{THREE}")
    assert found.may_be_one(f"s{ONE}", f"s{FOUR}")
    assert not (await desk.said(FOUR, f"s{THREE}")).may_join(FOUR, f"s{THREE}")
    assert await desk.said(TWO, f"s{TWO}", f"s{THREE}") is UNCONSTRAINED


async def test_the_last_word_counts(desk: Desk) -> None:
    """An article is kept in one story at a time, and may be put where it was taken from."""
    await desk.bring(1)
    await keep_apart(desk, f"s{TWO}", ONE)
    await keep_together(desk, f"s{ONE}", ONE)
    await keep_together(desk, f"s{TWO}", ONE)

    found = await desk.said(ONE, f"s{ONE}", f"s{TWO}")
    assert (found.pinned(ONE), found.may_join(ONE, f"s{TWO}")) == (f"s{TWO}", True)


async def test_what_was_said_of_a_story_is_said_of_the_one_it_becomes_part_of(desk: Desk) -> None:
    """Two that were parted stay so when one of them is joined to a third; what would contradict itself is gone."""
    for number in (1, 2, 3):
        await desk.bring(number)
    await keep_together(desk, f"s{THREE}", THREE)
    await keep_apart(desk, f"s{TWO}", THREE, f"s{THREE}")
    await keep_apart(desk, f"s{THREE}", TWO)

    await desk.join(f"s{THREE}", f"s{ONE}")
    found = await desk.said(THREE, f"s{ONE}", f"s{TWO}")
    assert found.pinned(THREE) == f"s{ONE}"
    assert not found.may_be_one(f"s{ONE}", f"s{TWO}")
    assert not (await desk.said(TWO, f"s{ONE}")).may_join(TWO, f"s{ONE}")

    await desk.join(f"s{TWO}", f"s{ONE}")
    found = await desk.said(THREE, f"s{ONE}")
    assert found.pinned(THREE) == f"s{ONE}"
    assert found.may_be_one(f"s{ONE}", f"s{ONE}")


async def test_what_was_said_survives_the_purge_of_articles_and_ends_with_the_story(desk: Desk) -> None:
    """Also the names that a story took over."""
    old = NOON - 10 * DAY
    await desk.bring(1, at=old)
    await desk.bring(2, 1, at=NOON)
    await desk.bring(3, at=old)
    await desk.bring(4, at=old)
    await desk.join(f"s{FOUR}", f"s{ONE}")
    await keep_together(desk, f"s{THREE}", THREE)
    await keep_apart(desk, f"s{ONE}", f"s{THREE}")
    await desk.write(lambda c: c.execute(update(articles).values(unmatched_since=None)))
    retention = SqlRetention(desk.database)

    await desk.write(
        lambda c: c.execute(update(articles).where(articles.c.id == THREE).values(first_seen_at=NOON))
    )
    await retention.purge(NOON, unmatched=5 * DAY, text=None, matched=None)
    assert set(await desk.homes()) == {2, 3}
    assert not (await desk.said(TWO, f"s{ONE}", f"s{THREE}")).may_be_one(f"s{ONE}", f"s{THREE}")
    assert await desk.live(f"s{FOUR}") == f"s{ONE}"

    await retention.purge(NOON + 30 * DAY, unmatched=5 * DAY, text=None, matched=None)
    assert await desk.homes() == {}
    assert not await desk.database.read(constraints.any_constraints)
    assert await desk.live(f"s{FOUR}") == f"s{FOUR}"


# -- what the operator does ------------------------------------------------------------------------


async def test_a_split_is_remembered_for_good(desk: Desk) -> None:
    """Of the articles that left, of those that stayed, and of both stories."""
    await desk.bring(1)
    await desk.bring(2, 1, at=NOON + MINUTE)
    await desk.bring(3, 1, at=NOON + 2 * MINUTE)

    done = await desk.stores.stories.split(TWO, ["https://times.example/2", TWO], SAID)

    new = f"s{TWO}"
    assert (done.story, done.new, done.moved, done.stayed) == (f"s{ONE}", new, (TWO,), (ONE, THREE))
    left, stayed = [await desk.said(one, f"s{ONE}", new) for one in (TWO, THREE)]
    assert (left.pinned(TWO), left.may_join(TWO, f"s{ONE}")) == (new, False)
    assert (stayed.pinned(THREE), stayed.may_join(THREE, new), stayed.may_join(THREE, f"s{ONE}")) == (
        None,
        False,
        True,
    )
    assert not left.may_be_one(f"s{ONE}", new)


async def test_a_merge_is_remembered_for_good(desk: Desk) -> None:
    """Every article that the stories had stays in the oldest, whose articles come first in the answer."""
    await desk.bring(1, at=NOON + HOUR)
    await desk.bring(2, at=NOON)
    await desk.bring(3, 1, at=NOON + 2 * HOUR)
    await desk.bring(4, at=NOON + 3 * HOUR)

    done = await desk.stores.stories.merge([FOUR, f"s{ONE}", f"s{TWO}"], SAID)

    assert (done.story, done.articles) == (f"s{TWO}", 4)
    assert done.joined == ((f"s{ONE}", (ONE, THREE)), (f"s{FOUR}", (FOUR,)))
    for one in (ONE, TWO, THREE, FOUR):
        assert (await desk.said(one)).pinned(one) == f"s{TWO}"


async def test_a_merge_undoes_a_split_and_a_split_a_merge(desk: Desk) -> None:
    """Whatever was said before is taken back by it."""
    await desk.bring(1)
    await desk.bring(2, 1, at=NOON + MINUTE)
    first = await desk.stores.stories.split(f"s{ONE}", [ONE], SAID)
    assert (first.before, first.story, first.new) == (f"s{ONE}", f"s{TWO}", f"s{ONE}~2")

    merged = await desk.stores.stories.merge([first.story, first.new], SAID)
    together = await desk.said(TWO, merged.story)
    assert set((await desk.homes()).values()) == {merged.story}
    assert (together.pinned(TWO), together.apart) == (merged.story, frozenset())

    again = await desk.stores.stories.split(merged.story, [TWO], SAID)
    found = await desk.said(TWO, again.story, again.new)
    assert found.pinned(TWO) == again.new
    assert not found.may_be_one(again.new, again.story)


@pytest.mark.parametrize(
    ("story", "leaving", "fault"),
    [
        ("nothing", [TWO], "nothing: there is no such story or article"),
        (f"s{ONE[:-1]}f", [TWO], f"did you mean s{ONE} or s{FOUR}"),
        ("https://elsewhere.example/", [TWO], "no source of this installation ever listed it"),
        ("http://[", [TWO], "no source of this installation ever listed it"),
        (f"s{ONE}", [FOUR], f"{FOUR} is not in s{ONE}, but in s{FOUR}"),
        (f"s{ONE}", [f"s{FOUR}"], f"s{FOUR} is a story; name articles"),
        (f"s{ONE}", ["nobody"], "nobody: there is no such article"),
        (f"s{ONE}", [THREE], f"{THREE} is not folded yet"),
        (THREE, [TWO], f"{THREE} is not folded yet"),
        (f"s{ONE}", [ONE, TWO], f"all 2 articles of s{ONE} would leave it"),
        (f"s{FOUR}", [FOUR], f"s{FOUR} has one article only"),
    ],
)
async def test_a_split_that_cannot_be_says_why(
    desk: Desk, story: str, leaving: list[str], fault: str
) -> None:
    """And changes nothing."""
    await desk.bring(1)
    await desk.bring(2, 1)
    await desk.stores.articles.record_poll(poll(article(3)))
    await desk.bring(4)

    with pytest.raises(StoryProblem, match=re.escape(fault)):
        await desk.stores.stories.split(story, leaving, SAID)

    assert await desk.homes() == {1: f"s{ONE}", 2: f"s{ONE}", 3: None, 4: f"s{FOUR}"}


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        ((f"s{ONE}", f"s{ONE}"), f"s{ONE} cannot be merged with itself"),
        ((f"s{ONE}", TWO), f"s{ONE} and {TWO} are one story already: s{ONE}"),
        ((f"s{ONE}", "nothing"), "nothing: there is no such story or article"),
    ],
)
async def test_a_merge_that_cannot_be_says_why(desk: Desk, named: tuple[str, ...], fault: str) -> None:
    """And changes nothing."""
    await desk.bring(1)
    await desk.bring(2, 1)

    with pytest.raises(StoryProblem, match=re.escape(fault)):
        await desk.stores.stories.merge(named, SAID)

    assert not await desk.database.read(constraints.any_constraints)


# -- what the operator sees ------------------------------------------------------------------------


async def outlets(desk: Desk, story: int, *names: str, at: Any = NOON) -> None:
    """A story told by these outlets, one article each, numbered on from `story`."""
    await desk.stores.sources.sync([source(), *(source(name) for name in ("post", "wire"))], NOON)
    for number, name in enumerate(names, start=story):
        one = article(
            number,
            source_id=name,
            url=f"https://{name}.example/{number}",
            canonical_url=f"https://{name}.example/{number}",
            title=f"Rail strike in Österreich, day {story}",
            first_seen_at=at,
        )
        await desk.stores.articles.record_poll(poll(one, at=at, by=name))
        copy = article(story).id if number > story else None
        await fold(
            desk.stores, one, f"s{article(story).id}", duplicate_of=copy, why="same text" if copy else "new"
        )


async def listed(desk: Desk, **query: Any) -> list[str]:
    lines, _ = await desk.stores.stories.list(StoryQuery(**query))
    return [line.id for line in lines]


async def test_stories_are_listed_with_their_counts(desk: Desk) -> None:
    """The newest first, or those in most outlets; of an initiative, of a digest, since a time, by words of a title."""
    await outlets(desk, 1, "times", "post", at=NOON)
    await outlets(desk, 4, "times", "post", "wire", "wire", at=NOON - DAY)
    await desk.bring(9, at=NOON + HOUR)
    await desk.match(4, NOON)
    await desk.tell("a", 4, at=NOON + HOUR)
    four, nine = f"s{FOUR}", f"s{article(9).id}"

    (line,), more = await desk.stores.stories.list(StoryQuery(initiative="trust"))
    assert not more
    assert (line.id, line.title, line.articles, line.reports) == (
        four,
        "Rail strike in Österreich, day 4",
        4,
        1,
    )
    assert line.outlets == ("times", "post", "wire")
    assert (line.first_seen, line.last_seen) == (NOON - DAY, NOON - DAY)
    assert (line.initiatives, line.told) == (
        ("trust",),
        (ToldTo(channel_id="morning", digest_id="morning", at=NOON + HOUR),),
    )
    assert await listed(desk) == [nine, f"s{ONE}", four]
    assert await listed(desk, widest=True) == [four, f"s{ONE}", nine]
    assert await listed(desk, digest="morning") == [four]
    assert await listed(desk, since=NOON - HOUR) == [nine, f"s{ONE}"]
    assert await listed(desk, min_outlets=2) == [f"s{ONE}", four]
    assert await listed(desk, min_outlets=4) == []
    assert await listed(desk, words=("ÖSTERREICH", "4")) == [four]
    assert await listed(desk, words=("österreich", "flood")) == []
    for query in ({}, {"widest": True}):
        lines, more = await desk.stores.stories.list(StoryQuery(limit=1, **query))
        assert (len(lines), more) == (1, True)


async def test_the_widest_stories_are_found_among_any_number(desk: Desk) -> None:
    """Also when one outlet alone told another story more often."""
    await outlets(desk, 1, "times", "post")
    await outlets(desk, 4, *["wire"] * 3)

    assert await listed(desk, widest=True, limit=1) == [f"s{ONE}"]


async def test_a_story_is_shown_whole_under_any_of_its_names(desk: Desk) -> None:
    """Its articles in order of time with why they are in it, what they changed, and who was told of each."""
    await outlets(desk, 1, "times", "post")
    await desk.bring(3, at=NOON + HOUR)
    await desk.match(1, NOON)
    await desk.tell("a", 1, at=NOON + 2 * HOUR)
    await desk.stores.stories.merge([f"s{ONE}", f"s{THREE}"], SAID)
    await desk.stores.articles.record_page(
        ONE, state=TextState.READ, page=page("Another text than before."), reason=None, now=NOON + HOUR
    )

    shown = [
        await desk.stores.stories.show(name)
        for name in (f"s{ONE}", f" s{THREE} ", THREE.upper(), "https://post.example/2", TWO)
    ]

    assert all(one == shown[0] for one in shown)
    story = shown[0]
    assert (story.line.id, story.aliases) == (f"s{ONE}", (f"s{THREE}",))
    assert [(one.telling.article_id, one.why, one.duplicate_of) for one in story.articles] == [
        (ONE, "new", None),
        (TWO, "same text", ONE),
        (THREE, f"began s{THREE}, which is part of this story", None),
    ]
    assert [one.version for one in story.articles] == [2, 1, 1]
    assert [one.outlet for one in story.articles] == ["times", "post", "times"]
    assert [one.initiatives for one in story.articles] == [("trust",), (), ()]
    assert [[told.message_key for told in one.told] for one in story.articles] == [["morning/a"], [], []]
    assert {(one.kind, one.subject, one.said) for one in story.constraints} == {
        ("together", one, SAID) for one in (ONE, TWO, THREE)
    }
