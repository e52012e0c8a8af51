"""What feeds for others are made of, on both databases."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import pytest
import sqlalchemy

from alerts.judgements import Verdict, Way
from alerts.records import Match
from crawler.records import Edit
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    fold,
    match,
    poll,
    source,
    told_and_matched,
)
from tests.integration.storage.test_storage_changes import FIRST, SECOND, edited, told
from tidings.searching import compile_query
from tidings.storage.constraints import Said
from tidings.storage.engine import Database
from tidings.storage.feeds import matching_query, newest_query
from tidings.storage.search import Filters
from tidings.storage.stores import Stores


@pytest.fixture
async def stores(sql: Database) -> Stores:
    """Two sources, no article."""
    made = Stores(sql)
    await made.sources.sync([source(name="The Times"), source("post")], NOON - DAY)
    return made


async def shown(stores: Stores, most: int = 50) -> list[str]:
    """Titles of what would stand in the feed of `trust`."""
    found = await stores.feeds.stories("trust", most, evidence=False)
    return [one.telling.title for one in found if one.is_shown]


def report(number: int) -> str:
    return article(number).title


async def test_a_story_comes_with_all_its_matches_however_old(stores: Stores) -> None:
    """Those are the newest stories that something came to last; of each, everything that the initiative matches."""
    for number in range(1, 6):
        await told_and_matched(stores, article(number), at=NOON + number * HOUR)
    late = article(9, source_id="post")
    await stores.articles.record_poll(poll(late, by="post"))
    await fold(stores, late, f"story-{article(1).id}")
    await stores.matches.record_matches([(late, [match(late), match(late, "compact")])], NOON + 9 * HOUR)

    found = await stores.feeds.stories("trust", 2, evidence=True)

    assert [one.telling.title for one in found] == [report(1), report(5), report(9)]
    assert [one.story_id for one in found] == [f"story-{article(n).id}" for n in (1, 5, 1)]
    assert [one.telling.source for one in found] == ["The Times", "The Times", "post"]
    assert [one.match.evidence for one in found] == [match(late).evidence] * 3
    light = await stores.feeds.stories("trust", 2, evidence=False)
    assert [one.mark for one in light] == [one.mark for one in found]
    assert all(one.match.evidence == () for one in light)


async def test_what_digests_do_not_tell_is_not_shown(stores: Stores) -> None:
    """Known of old, held for review, filed, gone, of another initiative; what is released is news."""
    await told_and_matched(
        stores, article(1, backfilled=True), article(2, held_since=NOON), article(3), article(4)
    )
    stored = await stores.articles.get(article(3).id)
    assert stored is not None
    await stores.matches.record_matches([(stored, [])], NOON + HOUR)
    await stores.articles.record_poll(poll(article(5)))
    await fold(stores, article(5))
    await stores.matches.record_matches([(article(5), [match(article(5), "compact")])], NOON)

    assert await shown(stores) == [report(4)]
    await stores.articles.release_held("times", as_new=True, now=NOON + DAY)
    assert await shown(stores) == [report(4), report(2)]


async def test_what_somebody_judged_is_shown_no_more(stores: Stores) -> None:
    """And shown again when that is taken back."""
    await told_and_matched(stores, article(1), article(2))
    place = {"initiative_id": "trust", "way": Way.SITE, "now": NOON + HOUR}

    assert await stores.judgements.judge(article(1).id, verdict=Verdict.NOT_ABOUT, **place)
    assert await shown(stores) == [report(2)]
    assert await stores.judgements.judge(article(1).id, verdict=Verdict.ABOUT, **place)
    assert await shown(stores) == [report(1), report(2)]


async def test_many_matches_that_are_not_told_hide_no_story(stores: Stores) -> None:
    """However many stand before it."""
    await told_and_matched(stores, article(1))
    many = [article(number, story_id=None) for number in range(100, 420)]
    await stores.articles.record_poll(poll(*many, at=NOON + HOUR))
    for one in many:
        await fold(stores, one, "wide")
    await stores.matches.record_matches([(one, [match(one)]) for one in many], NOON + HOUR)

    found = await stores.feeds.stories("trust", 2, evidence=False)

    assert {one.story_id for one in found} == {"wide", f"story-{article(1).id}"}
    assert len(found) == 321


async def test_an_edit_a_name_and_a_join_change_the_mark(stores: Stores) -> None:
    """So that a reader who has the feed of before is not told that it is the same."""
    await told_and_matched(stores, article(1), article(2))

    async def marks() -> list[object]:
        return [one.mark for one in await stores.feeds.stories("trust", 50, evidence=False)]

    known = [await marks()]
    edit = Edit(
        article_id=article(1).id, title="Another", summary="", content="", updated_at=None, reread=False
    )
    await stores.articles.record_poll(poll(at=NOON + HOUR, edits=(edit,)))
    known.append(await marks())
    await stores.sources.sync([source(name="The New Times"), source("post")], NOON)
    known.append(await marks())
    await stores.stories.merge(
        [f"story-{article(1).id}", f"story-{article(2).id}"], Said(at=NOON + HOUR, command="merge")
    )
    known.append(await marks())
    assert all(one not in known[:place] for place, one in enumerate(known))
    assert await marks() == known[-1]


async def test_a_change_in_substance_of_what_was_told_is_dated(stores: Stores) -> None:
    """So that a story comes to the top again when an outlet changes what it claims, and not when it mends a comma."""

    async def changed() -> datetime | None:
        (one,) = await stores.feeds.stories("trust", 50, evidence=False)
        return one.changed_at

    await told(stores)
    assert await changed() is None
    await edited(stores, NOON + HOUR, title=FIRST + ".")
    assert await changed() is None
    await edited(stores, NOON + 2 * HOUR, title=SECOND)
    assert await changed() == NOON + 2 * HOUR
    assert (await stores.feeds.articles([article().id]))[0].changed_at == NOON + 2 * HOUR


async def test_the_ids_of_an_installation_are_made_once(stores: Stores) -> None:
    """Also by several that ask at once; the moment is kept with them."""
    made = await asyncio.gather(*(stores.feeds.space(NOON) for _ in range(5)))

    assert len(set(made)) == 1
    assert made[0][1] == NOON
    assert await stores.feeds.space(NOON + DAY) == made[0]


async def test_candidates_of_a_search_are_the_newest_that_may_be_told(stores: Stores) -> None:
    """In the index or waiting for it; neither held nor known of old; within the filters."""
    texts = ("a fab opens", "nothing", "the fab closes", "a held fab", "an old fab", "a last fab")
    facts = ({}, {}, {}, {"held_since": NOON}, {"backfilled": True}, {})
    every = [
        article(n, title=title, first_seen_at=NOON + n * MINUTE, **more)
        for n, (title, more) in enumerate(zip(texts, facts, strict=True))
    ]
    await stores.articles.record_poll(poll(*every[:5]))
    await stores.search.index_some()
    await stores.articles.record_poll(poll(every[5], at=NOON + HOUR))
    need = compile_query("fab", {}).needed()

    async def found(filters: Filters | None = None, most: int = 50, need: object = need) -> list[int]:
        return [int(one, 16) for one, _ in await stores.feeds.candidates(need, filters or Filters(), most)]  # type: ignore[arg-type]  # a need or None

    assert await found() == [5, 2, 0]
    assert await found(most=1) == [5]
    assert await found(Filters(until=NOON + MINUTE)) == [0]
    assert await found(Filters(since=NOON + MINUTE)) == [5, 2]
    assert await found(need=None) == [5, 2, 1, 0]


async def test_articles_of_a_search_come_in_the_order_that_was_asked_for(stores: Stores) -> None:
    """Those that are gone, or are held now, are left out."""
    await stores.articles.record_poll(
        poll(article(1, authors=("A. Author",)), article(2, held_since=NOON), article(3))
    )

    found = await stores.feeds.articles([article(3).id, article(2).id, "0" * 15 + "9", article(1).id])

    assert [one.telling.article_id for one in found] == [article(3).id, article(1).id]
    assert found[1].authors == ("A. Author",)
    assert found[0].match == Match(article_id=article(3).id, initiative_id="")


async def test_looking_at_a_feed_walks_no_table(sqlite_database: Database) -> None:
    """The newest matches of an initiative come by its index; those of a story by their articles, however many it has."""

    def plan_of(query: sqlalchemy.Select[tuple[object, ...]]) -> str:
        def explained(connection: sqlalchemy.Connection) -> str:
            compiled = query.compile(connection, compile_kwargs={"render_postcompile": True})
            asked = f"EXPLAIN QUERY PLAN {compiled}"
            rows = connection.exec_driver_sql(
                asked, tuple(compiled.params[n] for n in compiled.positiontup or ())
            )
            return "\n".join(row[3] for row in rows)

        return asyncio.run(sqlite_database.read(explained))

    loop = asyncio.get_running_loop()
    newest = await loop.run_in_executor(None, plan_of, newest_query("trust"))
    matching = await loop.run_in_executor(None, plan_of, matching_query(["a", "b"], "trust", False))

    assert "ix_matches_initiative_id_matched_at" in newest
    assert "TEMP B-TREE FOR ORDER BY" not in newest
    assert "ix_matches" not in matching
    assert [
        line for line in (newest + matching).splitlines() if re.match("SCAN (matches|articles|sources)", line)
    ] == []
