"""The contract of changes: what was told and says something else now is told so once, to whoever was told it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from alerts.records import MatchedArticle
from crawler.folds import ChangeKind
from crawler.records import Edit, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
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
    told_and_matched,
    versions_of,
    window_of,
)

FIRST, SECOND = "Fire kills 12 in Delhi", "Fire kills 15 in Delhi"
TEXT = "At least 12 people died when a fire swept through a factory in Delhi, officials said on Tuesday."


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source(name="The Times"), source("post")], NOON - DAY)


async def edited(stores: Any, at: datetime, *, title: str, number: int = 1, summary: str = "") -> None:
    """The feed lists the article with other words."""
    edit = Edit(
        article_id=article(number).id,
        title=title,
        summary=summary,
        content="",
        updated_at=at,
        reread=False,
    )
    await stores.articles.record_poll(poll(edits=(edit,), at=at))


async def read(stores: Any, at: datetime, text: str) -> None:
    """The page of the article says this."""
    await stores.articles.record_page(
        article().id, state=TextState.READ, page=page(text), reason=None, now=at
    )


async def digest(
    stores: Any,
    at: datetime,
    *,
    name: str = "morning",
    to: str = "desk",
    initiatives: Sequence[str] = ("trust",),
    **how: Any,
) -> tuple[MatchedArticle, ...]:
    """Compose and freeze a digest of all since the last one; what of it is told as changed."""
    mine = plan(id=name, initiatives=tuple(initiatives), to=(to,))
    since = await stores.digests.last_until(name) or NOON - DAY
    found = await stores.digests.matched(to, mine, since, at)
    changed: tuple[MatchedArticle, ...] = await stores.digests.changed(to, mine, since, at)
    window = await window_of(stores, mine, since, at)
    if how.pop("meanwhile", None) is not None:
        await edited(stores, at, title=SECOND)
    key = f"{name}/{at:%d%H%M}"
    assert await freeze(
        stores,
        slot(key, digest_id=name, due=at),
        until=at,
        message=how.pop("message", message(key, digest_id=name)),
        to=(to,),
        story_ids=tuple(dict.fromkeys(one.story_id for one in (*found, *changed))),
        versions=versions_of(found),
        changes=tuple(dict.fromkeys(change for one in changed for change in one.changes)),
        now=at,
        window=window,
    )
    return changed


async def told(stores: Any, title: str = FIRST, **facts: Any) -> None:
    """The article is matched and told at noon."""
    await told_and_matched(stores, article(title=title, **facts))
    assert await digest(stores, NOON) == ()


async def test_a_told_headline_that_claims_something_else_is_told_once(stores: Any) -> None:
    """In the next digest, with both headlines; not in the one after."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)

    (found,) = await digest(stores, NOON + DAY)

    (change,) = found.changes
    assert (change.article_id, change.before, change.after) == (article().id, 1, 2)
    assert change.at == NOON + HOUR
    assert change.kinds == (ChangeKind.HEADLINE, ChangeKind.NUMBERS)
    assert change.said == f"headline: “{FIRST}” became “{SECOND}”"
    assert (change.old, change.new) == (FIRST, SECOND)
    assert (found.telling.title, found.version, found.told_at) == (SECOND, 2, NOON)
    assert found.story_id == f"story-{article().id}"
    assert await digest(stores, NOON + 2 * DAY) == ()


async def test_looking_is_not_telling(stores: Any) -> None:
    """What is asked for, previewed or not, stays to be told; so does what an empty digest left out."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)
    for _ in range(2):
        assert len(await stores.digests.changed("desk", plan(), NOON, NOON + DAY)) == 1
    assert len(await digest(stores, NOON + 2 * HOUR, message=None)) == 1

    assert len(await digest(stores, NOON + 3 * HOUR)) == 1


async def test_a_change_after_the_window_waits_for_the_next(stores: Any) -> None:
    """Each digest tells what happened up to its moment."""
    await told(stores)
    await edited(stores, NOON + 2 * HOUR, title=SECOND)

    assert await digest(stores, NOON + HOUR) == ()
    assert len(await digest(stores, NOON + 3 * HOUR)) == 1


async def test_a_change_is_told_to_each_channel_that_was_told_the_version_before(stores: Any) -> None:
    """Others are told the newest, and nothing of a change."""
    await told(stores)
    await digest(stores, NOON, name="evening", to="hook")
    await edited(stores, NOON + HOUR, title=SECOND)

    assert len(await digest(stores, NOON + 2 * HOUR, name="evening", to="hook")) == 1
    assert await digest(stores, NOON + 2 * HOUR, name="weekly", to="chat") == ()
    assert len(await digest(stores, NOON + DAY)) == 1
    for name, to in (("evening", "hook"), ("weekly", "chat"), ("morning", "desk")):
        assert await digest(stores, NOON + 2 * DAY, name=name, to=to) == ()


async def test_a_change_is_told_to_a_channel_by_the_first_of_its_digests(stores: Any) -> None:
    """Whichever told the article."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)

    assert len(await digest(stores, NOON + 2 * HOUR, name="evening")) == 1
    assert await digest(stores, NOON + DAY) == ()


async def test_what_an_update_told_is_no_news_of_what_matches_since(stores: Any) -> None:
    """An article told under one initiative and told as updated is still told under another that it met in between."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)
    stored = await stores.articles.get(article().id)
    await stores.matches.record_matches([(stored, [match(stored), match(stored, "compact")])], NOON + HOUR)
    assert len(await digest(stores, NOON + 2 * HOUR)) == 1

    (found,) = await stores.digests.matched("desk", plan(initiatives=("compact",)), NOON, NOON + DAY)

    assert (found.telling.article_id, found.told_at) == (article().id, NOON)


async def test_what_was_not_told_has_not_changed_for_its_readers(stores: Any) -> None:
    """A new article comes with its newest text."""
    await told_and_matched(stores, article(title=FIRST))
    await edited(stores, NOON - HOUR, title=SECOND)

    assert await digest(stores, NOON) == ()
    assert await digest(stores, NOON + DAY) == ()


async def test_an_edit_that_is_taken_back_is_no_change(stores: Any) -> None:
    """Readers know the text as it is."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)
    await edited(stores, NOON + 2 * HOUR, title=FIRST)

    assert await digest(stores, NOON + DAY) == ()


async def test_several_edits_are_one_change(stores: Any) -> None:
    """From what was told to what is true now."""
    await told(stores)
    for hour, title in ((1, "Fire kills 13 in Delhi"), (2, "Fire kills 14 in Delhi"), (3, SECOND)):
        await edited(stores, NOON + hour * HOUR, title=title)

    (found,) = await digest(stores, NOON + DAY)

    assert [(change.before, change.after, change.old, change.new) for change in found.changes] == [
        (1, 4, FIRST, SECOND)
    ]


async def test_each_later_change_is_told_once_more(stores: Any) -> None:
    """Against the version that was told last."""
    await told(stores)
    for day, title in ((1, SECOND), (2, "Fire kills 18 in Delhi"), (3, FIRST)):
        await edited(stores, NOON + day * DAY - HOUR, title=title)
        (found,) = await digest(stores, NOON + day * DAY)
        assert (found.changes[0].before, found.changes[0].after) == (day, day + 1)

    assert await digest(stores, NOON + 9 * DAY) == ()


async def test_an_edit_without_substance_is_not_told(stores: Any) -> None:
    """Nor does it hide a later one."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=f"UPDATE 1: {FIRST}!")
    assert await digest(stores, NOON + 2 * HOUR) == ()
    await edited(stores, NOON + 3 * HOUR, title=SECOND)

    (found,) = await digest(stores, NOON + DAY)

    assert (found.changes[0].before, found.changes[0].after) == (1, 3)


async def test_figures_and_corrections_of_a_page_are_told(stores: Any) -> None:
    """It was read again since it was told."""
    await told_and_matched(stores, article(title="Fire in Delhi factory"))
    await read(stores, NOON - HOUR, TEXT)
    await digest(stores, NOON)
    await read(
        stores, NOON + HOUR, f"{TEXT.replace('12', '15')}\n\nCorrection: The owner is Mr Rao, not Mr Rau."
    )

    (found,) = await digest(stores, NOON + DAY)

    (change,) = found.changes
    assert change.kinds == (ChangeKind.CORRECTION, ChangeKind.NUMBERS)
    assert change.said == "correction: “Correction: The owner is Mr Rao, not Mr Rau.”; 12 became 15"


async def test_the_summary_of_a_feed_that_gives_no_other_text_is_its_text(stores: Any) -> None:
    """What is searched and shown is what the outlet says now, not what it said first."""
    await told(stores, summary=TEXT, text=TEXT)
    corrected = TEXT.replace("12", "15")
    await edited(stores, NOON + HOUR, title=FIRST, summary=corrected)

    stored = await stores.articles.get(article().id)
    assert (stored.summary, stored.text) == (corrected, corrected)
    (found,) = await digest(stores, NOON + DAY)
    assert found.changes[0].said == "12 became 15"


async def test_a_page_that_is_read_after_the_digest_is_what_its_readers_know(stores: Any) -> None:
    """It is no edit of what the feed said; what the page says otherwise later is one."""
    await told(stores, "Fire in Delhi factory", text="Ten died.")
    await read(stores, NOON + HOUR, TEXT)
    assert await digest(stores, NOON + 2 * HOUR) == ()
    await read(stores, NOON + 3 * HOUR, TEXT.replace("12", "15"))

    (found,) = await digest(stores, NOON + DAY)

    assert (found.changes[0].before, found.changes[0].said) == (2, "12 became 15")


async def test_an_article_that_no_longer_matches_has_changed_where_it_was_told(stores: Any) -> None:
    """Its readers are told, for they know what it said."""
    await told(stores)
    await edited(stores, NOON + HOUR, title="Fire kills 15 in Agra")
    stored = await stores.articles.get(article().id)
    await stores.matches.record_matches([(stored, [])], NOON + HOUR)

    (found,) = await digest(stores, NOON + DAY)

    assert found.match.initiative_id == "trust"
    assert found.match.gone_at is not None


async def test_a_change_comes_under_each_initiative_that_told_the_article(stores: Any) -> None:
    """And is told once all the same."""
    await stores.articles.record_poll(poll(article(title=FIRST)))
    await fold(stores, article())
    both = [match(article(), name) for name in ("trust", "compact", "other")]
    await stores.matches.record_matches([(article(), both)], NOON)
    names = ("trust", "compact")
    await digest(stores, NOON, initiatives=names)
    await edited(stores, NOON + HOUR, title=SECOND)

    found = await digest(stores, NOON + DAY, initiatives=names)

    assert [one.match.initiative_id for one in found] == ["compact", "trust"]
    assert found[0].changes == found[1].changes
    assert await digest(stores, NOON + 2 * DAY, initiatives=names) == ()


async def test_a_version_that_comes_while_a_digest_is_composed_is_not_lost(stores: Any) -> None:
    """The readers were told the one before."""
    await told_and_matched(stores, article(title=FIRST))
    assert await digest(stores, NOON, meanwhile="an edit") == ()

    (found,) = await digest(stores, NOON + DAY)

    assert (found.changes[0].before, found.changes[0].after) == (1, 2)


async def test_an_edit_at_the_moment_of_freezing_is_not_lost(stores: Any) -> None:
    """Whichever of them is first, the readers were told the version before."""
    every = [article(number, title=FIRST) for number in range(1, 9)]
    await told_and_matched(stores, *every)
    window = await window_of(stores, plan(), NOON - DAY, NOON)
    facts: dict[str, Any] = {"until": NOON, "now": NOON, "versions": tuple((one.id, 1) for one in every)}
    edits = (edited(stores, NOON, title=SECOND, number=number) for number in range(1, 9))

    await asyncio.gather(*edits, freeze(stores, slot(), message=message(), window=window, **facts))

    found = await digest(stores, NOON + DAY)
    assert [one.changes[0].after for one in found] == [2] * len(every)


async def test_a_change_that_was_left_out_for_long_is_old(stores: Any) -> None:
    """As matches are that no digest told at their time: their initiative was paused, say."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)
    for day in (1, 3):
        await digest(stores, NOON + day * DAY, name="morning", message=None)

    assert await digest(stores, NOON + 4 * DAY) == ()


async def test_only_what_changed_is_told_as_changed(stores: Any) -> None:
    """Other articles of the same story were not edited."""
    await stores.articles.record_poll(poll(article(1, title=FIRST), article(2, title=FIRST)))
    for one in (article(1, title=FIRST), article(2, title=FIRST)):
        await fold(stores, one, "s")
        await stores.matches.record_matches([(one, [match(one)])], NOON)
    await digest(stores, NOON)
    await edited(stores, NOON + HOUR, title=SECOND, number=2)

    (found,) = await digest(stores, NOON + DAY)

    assert (found.telling.article_id, found.story_id) == (article(2).id, "s")


async def test_a_follow_up_and_a_change_of_one_story_come_together(stores: Any) -> None:
    """The new telling among the matches, the old one among the changes."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)
    later = article(2, title="Delhi fire: owner held", first_seen_at=NOON + HOUR)
    await stores.articles.record_poll(poll(later, at=NOON + HOUR))
    await fold(stores, later, f"story-{article().id}")
    await stores.matches.record_matches([(later, [match(later)])], NOON + HOUR)

    (new,) = await stores.digests.matched("desk", plan(), NOON, NOON + DAY)
    (old,) = await stores.digests.changed("desk", plan(), NOON, NOON + DAY)

    assert new.story_id == old.story_id
    assert (new.telling.article_id, new.changes, new.told_at) == (later.id, (), NOON)
    assert (old.telling.article_id, len(old.changes), old.told_at) == (article().id, 1, NOON)


async def test_two_composers_at_once_tell_a_change_once(stores: Any) -> None:
    """The slot is frozen by one of them."""
    await told(stores)
    await edited(stores, NOON + HOUR, title=SECOND)
    (found,) = await stores.digests.changed("desk", plan(), NOON, NOON + DAY)
    windows = [await window_of(stores, plan(id=name), NOON, NOON + DAY) for name in ("morning", "evening")]
    facts: dict[str, Any] = {"until": NOON + DAY, "changes": found.changes, "now": NOON + DAY}

    frozen = [
        await freeze(
            stores,
            slot(f"key {n}", digest_id=name),
            message=message(f"key {n}"),
            window=windows[n],
            **facts,
        )
        for n, name in enumerate(("morning", "evening"))
    ]

    assert frozen == [True, False]
    assert await digest(stores, NOON + 2 * DAY) == ()
