"""The contract of `record_poll`: entries, keys, sightings, edits and validators go in together, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crawler.records import Edit, PollState, Sighting, TextState
from tests.integration.storage.making import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOON,
    article,
    fold,
    keys_of,
    page,
    poll,
    source,
)


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source(), source("post")], NOON)


def edit(**facts: Any) -> Edit:
    one = article()
    plain = {"title": one.title, "summary": "", "content": "", "updated_at": None, "reread": False}
    return Edit(**{"article_id": one.id, **plain, **facts})


async def test_all_of_an_article_comes_back(stores: Any) -> None:
    """Every field, in any script, to the microsecond."""
    one = article(
        title="«Ħ» 京都 🛰",
        summary="Sommaire",
        text="First.\n\nSecond.",
        authors=("A. Writer", "Б. Автор"),
        published_at=NOON - DAY,
        updated_at=NOON.replace(microsecond=123456),
        language="fr",
        paywalled=True,
        backfilled=True,
        text_reason="why",
    )
    assert await stores.articles.record_poll(poll(one)) == (one.id,)

    assert await stores.articles.get(one.id) == one
    assert await stores.articles.get("0" * 16) is None


async def test_articles_come_in_the_order_asked(stores: Any) -> None:
    """Those that do not exist are left out."""
    await stores.articles.record_poll(poll(article(1), article(2)))

    found = await stores.articles.by_ids([article(2).id, "nobody", article(1).id])

    assert [one.id for one in found] == [article(2).id, article(1).id]


async def test_keys_make_an_article_known(stores: Any) -> None:
    """Each of its keys leads to it; others lead nowhere."""
    await stores.articles.record_poll(poll(article()))

    known = await stores.articles.known([*keys_of(article()), "url:other"])

    assert known == dict.fromkeys(keys_of(article()), article().id)


async def test_a_very_long_or_odd_key_is_a_key_like_others(stores: Any) -> None:
    """Whatever a feed puts into a guid can be asked for again."""
    keys = ("guid:" + "x" * 10_000, "guid:line\nbreak", "guid:\x00", "guid:\ud800")
    await stores.articles.record_poll(replace(poll(article()), keys=((article().id, keys),)))

    assert await stores.articles.known(keys) == dict.fromkeys(keys, article().id)


async def test_an_article_with_a_known_id_is_not_stored_twice(stores: Any) -> None:
    """The second poll adds nothing and changes nothing."""
    await stores.articles.record_poll(poll(article(title="First")))

    assert await stores.articles.record_poll(poll(article(title="Second"), at=NOON + HOUR)) == ()
    assert (await stores.articles.get(article().id)).title == "First"


async def test_an_article_that_became_known_by_a_key_is_a_sighting_of_the_known_one(stores: Any) -> None:
    """Two sources may list one article at the same moment: it is stored once and seen twice."""
    mine = article(1)
    twin = article(2, source_id="post")
    await stores.articles.record_poll(poll(mine))
    both = poll(twin, by="post", keys=((twin.id, (*keys_of(mine)[:1], "post guid:2")),))

    assert await stores.articles.record_poll(both) == ()
    assert await stores.articles.get(twin.id) is None
    assert (await stores.articles.known(["post guid:2"])) == {"post guid:2": mine.id}


async def test_two_entries_of_one_poll_that_share_a_key_are_one_article(stores: Any) -> None:
    """The first in the document stays."""
    first, second = article(1), article(2)
    keys = ((first.id, ("url:same",)), (second.id, ("url:same", "guid:2")))

    assert await stores.articles.record_poll(poll(first, second, keys=keys)) == (first.id,)
    assert await stores.articles.known(["guid:2"]) == {"guid:2": first.id}


async def test_equal_versions_make_no_equal_articles(stores: Any) -> None:
    """Two alerts at one address in the same words are two articles; such a key tells edits apart, no more."""
    keys = ((article(1).id, ("id:1", "v:same")), (article(2).id, ("id:2", "v:same")))
    new = await stores.articles.record_poll(poll(article(1), article(2), keys=keys))

    assert new == (article(1).id, article(2).id)


async def test_a_key_stays_with_the_article_that_had_it_first(stores: Any) -> None:
    """A later entry cannot take over the identity of another article."""
    await stores.articles.record_poll(poll(article(1)))
    thief = ((article(2).id, (*keys_of(article(2)), *keys_of(article(1)))),)
    await stores.articles.record_poll(replace(poll(), keys=thief))

    assert (await stores.articles.known(keys_of(article(1)))).popitem()[1] == article(1).id


async def test_a_failed_poll_changes_the_state_only(stores: Any) -> None:
    """No list, no articles: the problem and the next try are kept."""
    failed = PollState(source_id="times", problem="no answer", failures=1, last_polled_at=NOON)
    assert await stores.articles.record_poll(replace(poll(), state=failed)) == ()
    assert await stores.sources.state("times") == failed


async def test_a_poll_without_any_time_is_refused(stores: Any) -> None:
    """A poll says when it was."""
    with pytest.raises(ValueError, match="last_polled_at"):
        await stores.articles.record_poll(replace(poll(), state=PollState(source_id="times")))


@pytest.mark.parametrize("change", [{"title": "New"}, {"summary": "New"}, {"content": "New text"}])
async def test_an_edit_of_words_is_a_new_version(stores: Any, change: dict[str, str]) -> None:
    """Title, summary or text: the article is folded and matched again."""
    await stores.articles.record_poll(poll(article(text="Old")))
    await fold(stores, article())
    await stores.articles.record_poll(poll(at=NOON + HOUR, edits=(edit(**change),)))

    stored = await stores.articles.get(article().id)
    assert stored.version == 2
    assert "New" in (stored.title + stored.summary + stored.text)
    assert await stores.articles.unfolded(NOON + HOUR, HOUR, 10) == (article().id,)


async def test_an_edit_without_new_words_is_no_version(stores: Any) -> None:
    """Another time alone leaves the text as it is."""
    await stores.articles.record_poll(poll(article(text="Old")))
    await stores.articles.record_poll(poll(edits=(edit(updated_at=NOON + MINUTE),)))

    stored = await stores.articles.get(article().id)
    assert (stored.version, stored.text, stored.updated_at) == (1, "Old", NOON + MINUTE)


async def test_an_edit_never_replaces_a_title_by_nothing(stores: Any) -> None:
    """A feed that forgets its titles takes none away."""
    await stores.articles.record_poll(poll(article(title="Kept")))
    await stores.articles.record_poll(poll(edits=(edit(title=""),)))

    assert (await stores.articles.get(article().id)).title == "Kept"


async def test_an_edit_never_replaces_the_text_of_the_page(stores: Any) -> None:
    """The feed's extract is less than what was read."""
    await stores.articles.record_poll(poll(article(text_state=TextState.PENDING)))
    await stores.articles.claim_pending(NOON, 1, LEASE)
    await stores.articles.record_page(
        article().id, state=TextState.READ, page=page("Whole"), reason=None, now=NOON
    )
    await stores.articles.record_poll(poll(edits=(edit(content="Extract"),)))

    stored = await stores.articles.get(article().id)
    assert (stored.text, stored.version) == ("Whole", 2)


async def test_an_edit_may_send_for_the_page_again(stores: Any) -> None:
    """At the earliest an hour after the first reading, then six, then a day; no more after three times."""
    await stores.articles.record_poll(poll(article(text_state=TextState.PENDING)))
    due = []
    for again in range(5):
        moment = NOON + again * MINUTE
        if again:
            await stores.articles.record_poll(poll(at=moment, edits=(edit(reread=True),)))
        waits = [NOON, *(NOON + hours * HOUR for hours in (1, 6, 24, 1000))]
        for wait in waits:
            if await stores.articles.claim_pending(wait, 1, LEASE):
                due.append(wait)
                await stores.articles.record_page(
                    article().id, state=TextState.READ, page=page(), reason=None, now=NOON
                )
                break

    assert due == [NOON, NOON + HOUR, NOON + 6 * HOUR, NOON + 24 * HOUR]
    assert (await stores.articles.get(article().id)).text_state is TextState.READ


async def test_an_edit_waits_for_the_new_page_before_it_is_folded(stores: Any) -> None:
    """Until the page came, or the patience for it is over."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    await stores.articles.record_poll(poll(at=NOON + HOUR, edits=(edit(title="New", reread=True),)))

    assert (await stores.articles.get(article().id)).text_state is TextState.PENDING
    assert await stores.articles.unfolded(NOON + HOUR, HOUR, 10) == ()
    assert await stores.articles.unfolded(NOON + 2 * HOUR, HOUR, 10) == (article().id,)


async def test_edits_and_sightings_of_what_is_not_there_are_passed_over(stores: Any) -> None:
    """A purged article is known and gone: nothing attaches to it, nothing fails."""
    ghost = Sighting(article_id="gone", source_id="times", url="https://x", title="", seen_at=NOON)
    await stores.articles.record_poll(poll(sightings=(ghost,), edits=(edit(article_id="gone"),)))

    assert await stores.articles.get("gone") is None
