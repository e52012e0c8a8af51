"""The contract of `DigestStore`: what there is to tell, what was looked at, and each slot exactly once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from alerts.outgoing import Outgoing
from alerts.records import Coverage, FailingSource, Gap, ToldIn, Unread
from crawler.records import SourceState, TextState
from tests.integration.storage import making
from tests.integration.storage.making import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOON,
    article,
    delivery,
    fold,
    match,
    message,
    page,
    plan,
    poll,
    slot,
    source,
    told_and_matched,
    window_of,
)


@pytest.fixture(autouse=True)
async def _sources(stores: Any) -> None:
    await stores.sources.sync([source(name="The Times"), source("post")], NOON - DAY)


async def freeze(stores: Any, **facts: Any) -> bool:
    plain: dict[str, Any] = {"until": NOON, "message": message(), "now": NOON}
    if "message" not in facts:
        plain["deliveries"] = (delivery(1), delivery(2))
    given = {**plain, **facts}
    return await making.freeze(stores, given.pop("slot", slot()), **given)


async def test_the_start_of_a_digest_is_the_first_time_it_was_seen(stores: Any) -> None:
    """Its first window begins there, whenever it is asked for again."""
    assert await stores.digests.start("morning", NOON) == NOON
    assert await stores.digests.start("morning", NOON + DAY) == NOON
    assert await stores.digests.start("other", NOON + DAY) == NOON + DAY


async def test_a_window_is_of_matching_open_at_its_start_and_closed_at_its_end(stores: Any) -> None:
    """Two windows side by side tell everything once, whenever it was published."""
    for number, moment in ((1, NOON), (2, NOON + MINUTE), (3, NOON + HOUR)):
        await told_and_matched(stores, article(number, published_at=NOON - 90 * DAY), at=moment)

    found = await stores.digests.matched("desk", plan(), NOON, NOON + HOUR)

    assert [one.telling.article_id for one in found] == [article(2).id, article(3).id]


async def test_a_match_comes_with_what_a_digest_needs_of_its_article(stores: Any) -> None:
    """Outlet by its configured name, else by the title of its feed, else by its id."""
    one = article(1, text="Text", published_at=NOON - DAY, paywalled=True, language="en")
    await stores.articles.record_poll(poll(one))
    await fold(stores, one, "s", duplicate_of="0" * 16, similarity=0.9)
    await stores.matches.record_matches([(one, [match(one)])], NOON)
    await told_and_matched(stores, article(2, source_id="post", first_seen_at=NOON), by="post")

    first, second = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)

    telling = first.telling
    assert (telling.title, telling.url, telling.source) == (one.title, one.url, "The Times")
    assert (telling.published, telling.found, telling.language) == (NOON - DAY, NOON, "en")
    assert (telling.reprint, telling.paywalled) == (True, True)
    assert (first.story_id, first.duplicate_of, first.text_length) == ("s", "0" * 16, 4)
    assert (first.text_state, first.told_at) == ("feed", None)
    assert second.telling.source == "post"
    await stores.articles.record_poll(poll(by="post", state={"title": "Evening Post"}))
    assert (await stores.digests.matched("desk", plan(), NOON - DAY, NOON))[
        1
    ].telling.source == "Evening Post"


async def test_only_the_initiatives_of_the_plan_are_told(stores: Any) -> None:
    """An article that meets two initiatives comes once for each of them."""
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    found = [match(article(), name) for name in ("trust", "compact", "other")]
    await stores.matches.record_matches([(article(), found)], NOON)

    told = await stores.digests.matched("desk", plan(initiatives=("trust", "compact")), NOON - DAY, NOON)

    assert [one.match.initiative_id for one in told] == ["compact", "trust"]
    assert await stores.digests.matched("desk", plan(initiatives=()), NOON - DAY, NOON) == ()


async def test_backfilled_articles_are_never_told(stores: Any) -> None:
    """Known before we came, filed, and no news."""
    await told_and_matched(stores, article(backfilled=True))

    assert await stores.digests.matched("desk", plan(), NOON - DAY, NOON + DAY) == ()


async def test_a_story_is_told_to_a_channel_by_whatever_digest(stores: Any) -> None:
    """What one digest told is known to its channel's readers in every other, and new to those of another channel."""
    await told_and_matched(stores, article(1), article(2))
    await freeze(stores, story_ids=(f"story-{article(1).id}",), now=NOON + HOUR)

    for name in ("morning", "evening"):
        mine = await stores.digests.matched("desk", plan(id=name), NOON - DAY, NOON)
        assert [one.told_at for one in mine] == [NOON + HOUR, None]
    other = await stores.digests.matched("hook", plan(), NOON - DAY, NOON)
    assert [one.told_at for one in other] == [None, None]


async def test_an_article_is_told_to_a_channel_once(stores: Any) -> None:
    """Under another initiative that it met by then neither; under one that it meets later it is."""
    await told_and_matched(stores, article(1), article(2))
    both = plan(initiatives=("trust", "compact"))
    stored = await stores.articles.get(article(1).id)
    await stores.matches.record_matches([(stored, [match(stored), match(stored, "compact")])], NOON)
    assert await freeze(stores, now=NOON + HOUR, until=NOON + HOUR, versions=((article(1).id, 1),))

    (left,) = await stores.digests.matched("desk", plan(id="evening"), NOON - DAY, NOON + HOUR)
    assert left.telling.article_id == article(2).id
    assert len(await stores.digests.matched("desk", both, NOON - DAY, NOON + HOUR)) == 1
    assert len(await stores.digests.matched("hook", both, NOON - DAY, NOON + HOUR)) == 3

    later = [match(stored), match(stored, "compact"), match(stored, "quantum")]
    await stores.matches.record_matches([(stored, later)], NOON + 2 * HOUR)
    (anew,) = await stores.digests.matched("desk", plan(initiatives=("quantum",)), NOON - DAY, NOON + DAY)
    assert (anew.telling.article_id, anew.match.initiative_id) == (article(1).id, "quantum")


async def test_several_messages_of_a_slot_tell_their_own_channels(stores: Any) -> None:
    """All in one step, and each is found again by what it told."""
    await told_and_matched(stores, article(1), article(2))
    tellings = [
        Outgoing(
            message=message(f"morning/1{end}"),
            channels=(channel,),
            deliveries=(delivery(number, message_key=f"morning/1{end}", channel_id=channel),),
            story_ids=(f"story-{article(number).id}",),
            versions=((article(number).id, 1),),
        )
        for number, channel, end in ((1, "desk", ""), (2, "hook", "/hook"))
    ]

    assert await stores.digests.freeze(slot("1"), until=NOON, tellings=tellings, now=NOON)

    for channel, unknown in (("desk", 2), ("hook", 1)):
        (left,) = await stores.digests.matched(channel, plan(), NOON - DAY, NOON)
        assert left.telling.article_id == article(unknown).id
    assert {one.message_key for one in await stores.deliveries.list()} == {"morning/1", "morning/1/hook"}


async def test_a_digest_that_tells_a_channel_meanwhile_lets_another_be_composed_anew(stores: Any) -> None:
    """Another process froze it since the window was read: nothing is told twice."""
    await told_and_matched(stores, article())
    window = await window_of(stores, plan(id="evening", to=("hook", "desk")), NOON - DAY, NOON)
    assert await freeze(stores, versions=((article().id, 1),), story_ids=(f"story-{article().id}",))

    evening = {"slot": slot(digest_id="evening"), "message": message("evening/1"), "window": window}
    assert not await freeze(stores, **evening, to=("hook", "desk"), versions=((article().id, 1),))

    assert {one.message_key for one in await stores.deliveries.list()} == {message().key}
    assert await stores.digests.last_until("evening") is None


async def test_a_story_that_is_told_meanwhile_is_no_news_any_more(stores: Any) -> None:
    """By another article of it: the digest that is being composed would call it new."""
    for number in (1, 2):
        one = article(number)
        await stores.articles.record_poll(poll(one))
        await fold(stores, one, "s")
        await stores.matches.record_matches(
            [(one, [match(one, "trust" if number == 1 else "compact")])], NOON
        )
    other = plan(id="evening", initiatives=("compact",))
    window = await window_of(stores, other, NOON - DAY, NOON)
    assert await freeze(stores, versions=((article(1).id, 1),), story_ids=("s",))

    told = {"message": message("evening/1"), "versions": ((article(2).id, 1),), "story_ids": ("s",)}
    assert not await freeze(stores, slot=slot(digest_id="evening"), window=window, **told)


async def test_a_message_that_was_cancelled_is_none_that_readers_could_find(stores: Any) -> None:
    """What it told stays told: that was the operator's decision. Of a parked one the retry may still come."""
    await told_and_matched(stores, article(1))
    await fold(stores, article(1), "s")
    await freeze(stores, story_ids=("s",), versions=((article(1).id, 1),), deliveries=(delivery(1),))
    later = article(2, first_seen_at=NOON + HOUR)
    await stores.articles.record_poll(poll(later, at=NOON + HOUR))
    await fold(stores, later, "s")
    await stores.matches.record_matches([(later, [match(later)])], NOON + HOUR)
    await stores.deliveries.claim_due(NOON, 1, LEASE)
    await stores.deliveries.park("delivery-1", now=NOON, error="no")

    (parked,) = await stores.digests.matched("desk", plan(), NOON, NOON + DAY)
    await stores.deliveries.cancel("delivery-1")
    (cancelled,) = await stores.digests.matched("desk", plan(), NOON, NOON + DAY)

    assert parked.told_in is not None
    assert (parked.told_at, parked.told_in.key) == (NOON, message().key)
    assert (cancelled.told_at, cancelled.told_in) == (NOON, None)


async def test_a_new_digest_begins_where_the_one_that_it_replaces_ended(stores: Any) -> None:
    """Renamed: the same channel and initiative, and the old id stands in no configuration any more."""
    old = plan(id="old", initiatives=("trust", "compact"))
    await stores.digests.begin([old, plan(id="stays")], NOON - 3 * DAY)
    await freeze(stores, slot=slot(digest_id="old"), message=message("old/1"), until=NOON - DAY)
    after = [
        plan(id="stays"),
        plan(id="new"),
        plan(id="elsewhere", to=("hook",)),
        plan(id="other", initiatives=("quantum",)),
    ]

    assert await stores.digests.first(after[1], after, NOON) == NOON - DAY
    await stores.digests.begin(after, NOON)

    assert [await stores.digests.start(one.id, NOON + DAY) for one in after] == [
        NOON - 3 * DAY,
        NOON - DAY,
        NOON,
        NOON,
    ]
    late = [*after, plan(id="late")]
    assert await stores.digests.first(late[-1], late, NOON + 2 * DAY) == NOON + 2 * DAY


async def test_a_digest_that_was_never_composed_hands_its_start_on(stores: Any) -> None:
    await stores.digests.begin([plan(id="old")], NOON - DAY)

    await stores.digests.begin([plan(id="new")], NOON)

    assert await stores.digests.start("new", NOON + DAY) == NOON - DAY


async def test_slots_that_were_composed_are_known_by_their_keys(stores: Any) -> None:
    """And how long before they were due that was, by a clock that was ahead."""
    await freeze(stores, slot=slot("1"))

    await freeze(stores, slot=slot("2", due=NOON - HOUR), message=None)

    assert await stores.digests.frozen("morning", ["0", "1", "2"]) == {"1": HOUR, "2": 0 * HOUR}
    assert await stores.digests.frozen("evening", ["0", "1"]) == {}
    assert await stores.digests.frozen("morning", []) == {}


async def test_the_last_thirty_days_of_an_initiative_are_counted_by_stories(stores: Any) -> None:
    for number, moment in ((1, NOON - 2 * DAY), (2, NOON - 2 * DAY), (3, NOON)):
        await told_and_matched(stores, article(number, first_seen_at=moment), at=moment)

    found = await stores.digests.recent(("trust", "compact"), NOON, "Asia/Kolkata")

    assert found["trust"].days == (*[0] * 27, 2, 0, 1)
    assert found["trust"].last_day.isoformat() == "2026-11-25"
    assert sum(found["compact"].days) == 0


async def test_a_story_keeps_the_time_it_was_told_first(stores: Any) -> None:
    """Told again in another slot, it stays told since then."""
    await told_and_matched(stores, article())
    for key, moment in (("1", NOON), ("2", NOON + DAY)):
        await freeze(
            stores,
            slot=slot(key),
            message=message(key),
            story_ids=(f"story-{article().id}",) * 2,
            now=moment,
        )

    (found,) = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)
    assert found.told_at == NOON


async def told_twice(stores: Any) -> Any:
    """One story: told by its first article at noon in one digest, by its second a day later in the next; a third is new."""
    at = {1: NOON, 2: NOON + DAY, 3: NOON + 2 * DAY}
    for number, moment in at.items():
        one = article(number, first_seen_at=moment)
        await stores.articles.record_poll(poll(one, at=moment))
        await fold(stores, one, "s", credit="Reuters" if number == 3 else None)
        stored = await stores.articles.get(one.id)
        await stores.matches.record_matches([(stored, [match(one)])], moment)
        if number < 3:
            await freeze(
                stores,
                slot=slot(str(number)),
                message=message(f"morning/{number}", subject=f"Mail {number}", created_at=moment + MINUTE),
                story_ids=("s",),
                versions=((one.id, 1),),
                until=moment + MINUTE,
                now=moment + MINUTE,
                window=await window_of(stores, plan(), moment - DAY + MINUTE, moment + MINUTE),
            )
    (found,) = await stores.digests.matched("desk", plan(), NOON + DAY + MINUTE, NOON + 2 * DAY)
    return found


async def test_a_story_told_before_comes_with_the_message_that_told_it_first(stores: Any) -> None:
    """Its key, subject and time, whatever told it again since."""
    found = await told_twice(stores)

    assert (found.told_at, found.told_in) == (
        NOON + MINUTE,
        ToldIn(key="morning/1", subject="Mail 1", at=NOON + MINUTE),
    )


async def test_a_story_told_before_comes_with_the_tellings_that_were_told(stores: Any) -> None:
    """By the time they were seen, without those of the window itself."""
    found = await told_twice(stores)

    assert [one.article_id for one in found.earlier] == [article(1).id, article(2).id]
    assert found.telling.credit == "Reuters"
    assert {one.credit for one in found.earlier} == {None}


async def test_what_another_channel_was_told_of_a_story_is_nothing_that_this_one_refers_to(
    stores: Any,
) -> None:
    await told_twice(stores)

    (found,) = await stores.digests.matched("hook", plan(), NOON + DAY + MINUTE, NOON + 2 * DAY)

    assert (found.told_at, found.told_in, found.earlier) == (None, None, ())


async def test_a_story_that_went_into_another_refers_to_the_message_that_told_it(stores: Any) -> None:
    """Told under either name counts: it is not told anew, and its first message is found."""
    await told_and_matched(stores, article(1))
    story = f"story-{article(1).id}"
    window = await window_of(stores, plan(), NOON - DAY, NOON)
    told = {"story_ids": (story,), "versions": ((article(1).id, 1),)}
    await freeze(stores, message=message("morning/1"), window=window, **told)
    await told_and_matched(stores, article(2, first_seen_at=NOON + HOUR), at=NOON + HOUR)

    await fold(stores, article(1), f"story-{article(2).id}")

    (found,) = await stores.digests.matched("desk", plan(), NOON, NOON + DAY)
    assert (found.telling.article_id, found.told_at) == (article(2).id, NOON)
    assert found.told_in is not None
    assert found.told_in.key == "morning/1"
    assert [one.article_id for one in found.earlier] == [article(1).id]


async def test_a_story_that_is_new_refers_to_nothing(stores: Any) -> None:
    await told_and_matched(stores, article())

    (found,) = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)

    assert (found.told_in, found.earlier, found.telling.credit) == (None, (), None)


async def test_a_page_that_names_an_address_of_another_site_comes_with_it(stores: Any) -> None:
    await told_and_matched(
        stores,
        article(1, canonical_url="https://other.example/1"),
        article(2, canonical_url="https://www.times.example/2"),
    )

    found = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)

    assert [one.telling.elsewhere for one in found] == ["https://other.example/1", None]


async def test_a_message_keeps_what_it_refers_to(stores: Any) -> None:
    await freeze(stores, message=message(refers_to=("morning/1", "morning/2")), deliveries=(delivery(1),))

    _, kept = await stores.deliveries.get("delivery-1")

    assert kept.refers_to == ("morning/1", "morning/2")


async def test_a_slot_is_frozen_exactly_once(stores: Any) -> None:
    """The second composer is told so, and nothing of its work is kept."""
    assert await freeze(stores) is True
    late = delivery(3, message_key="other")
    assert await freeze(stores, message=message("other"), deliveries=(late,), until=NOON + DAY) is False

    assert await stores.deliveries.get("delivery-3") is None
    assert {one.id for one in await stores.deliveries.list()} == {"delivery-1", "delivery-2"}
    assert await stores.digests.last_until("morning") == NOON


async def test_of_many_composers_at_once_one_wins(stores: Any) -> None:
    """Two daemons on one database send one digest."""
    done = await asyncio.gather(*(freeze(stores) for _ in range(8)))

    assert sorted(done) == [False] * 7 + [True]


async def test_the_same_key_in_another_digest_is_another_slot(stores: Any) -> None:
    """Unique is the pair of digest and key."""
    await freeze(stores)

    assert await freeze(stores, slot=slot(digest_id="evening"), message=message("evening"))


async def test_an_empty_digest_counts_as_composed(stores: Any) -> None:
    """Its window is covered; nothing is sent."""
    assert await stores.digests.last_until("morning") is None
    assert await freeze(stores, message=None, until=NOON + HOUR)

    assert await stores.digests.last_until("morning") == NOON + HOUR
    assert await stores.deliveries.list() == ()
    assert await freeze(stores) is False


async def test_the_next_window_begins_where_the_furthest_one_ended(stores: Any) -> None:
    """Whatever the order of composing."""
    await freeze(stores, until=NOON + HOUR)
    await freeze(stores, slot=slot("2"), message=None, until=NOON)

    assert await stores.digests.last_until("morning") == NOON + HOUR


async def test_a_frozen_digest_is_ready_to_be_sent(stores: Any) -> None:
    """Its message and its deliveries come together."""
    await freeze(stores)

    claimed = await stores.deliveries.claim_due(NOON, 10, LEASE)

    assert [one.id for one, _ in claimed] == ["delivery-1", "delivery-2"]
    assert {carried for _, carried in claimed} == {message()}


async def test_reports_filed_under_a_commitment_come_newest_first(stores: Any) -> None:
    """Over the whole archive, backfilled ones too; those that no longer match are not evidence."""
    for number, days in ((1, 400), (2, 1), (3, 30), (4, 2)):
        one = article(number, published_at=NOON - days * DAY, backfilled=number == 1)
        await stores.articles.record_poll(poll(one))
        await fold(stores, one)
        filed = match(one, commitments=("roadmap",) if number != 3 else ("summit",))
        await stores.matches.record_matches([(one, [filed])], NOON)
    await stores.matches.record_matches([(article(4), [])], NOON)

    found = await stores.digests.commitment_evidence("trust", "roadmap", 10)

    assert [one.article_id for one in found] == [article(2).id, article(1).id]
    assert len(await stores.digests.commitment_evidence("trust", "roadmap", 1)) == 1
    assert await stores.digests.commitment_evidence("other", "roadmap", 10) == ()


async def test_coverage_counts_what_answered_and_names_what_did_not(stores: Any) -> None:
    """Failing with its reason, quiet, and the time since it last answered; paused sources are nobody's gap."""
    names = ("good", "quiet", "broken", "blocked", "lately", "gone", "rare", "paused", "new")
    await stores.sources.sync([source(name, paused=name == "paused") for name in names[:-1]], NOON - 3 * DAY)
    await stores.sources.sync([source(name, paused=name == "paused") for name in names], NOON - HOUR)
    before = NOON - 2 * DAY
    silent = {"last_success_at": before, "since": before}
    for name, facts in {
        "good": {},
        "quiet": {"state": SourceState.QUIET},
        "broken": {"state": SourceState.FAILING, "failures": 3, "problem": "no answer", **silent},
        "blocked": {"state": SourceState.BLOCKED, "failures": 1, **silent},
        "lately": {
            "state": SourceState.FAILING,
            "failures": 1,
            "problem": "503",
            "since": NOON - HOUR,
            "last_success_at": NOON - 2 * HOUR,
        },
        "gone": {"state": SourceState.GONE, "problem": "410 Gone", **silent},
        "rare": {"next_poll_at": NOON + DAY, **silent},  # not due in the window
        "paused": {"state": SourceState.FAILING, "failures": 9, **silent},
    }.items():
        await stores.articles.record_poll(poll(by=name, state=facts))

    found = await stores.digests.coverage(NOON - DAY, NOON)

    assert found == Coverage(
        checked=3,
        failing=(
            FailingSource(source="blocked", since=before, reason="blocked", state=SourceState.BLOCKED),
            FailingSource(source="broken", since=before, reason="no answer", state=SourceState.FAILING),
            FailingSource(source="gone", since=before, reason="410 Gone", state=SourceState.GONE),
            FailingSource(source="lately", since=NOON - HOUR, reason="503", state=SourceState.FAILING),
        ),
        quiet=("quiet",),
        gaps=(
            Gap(source="blocked", start=NOON - DAY, end=NOON),
            Gap(source="broken", start=NOON - DAY, end=NOON),
            Gap(source="lately", start=NOON - 2 * HOUR, end=NOON),
            Gap(source="new", start=NOON - HOUR, end=NOON),
        ),
    )


async def test_coverage_counts_articles_that_were_matched_without_their_page(stores: Any) -> None:
    """Each once, in the window only, and no backfilled ones."""
    states = [TextState.REFUSED, TextState.FAILED, TextState.QUARANTINED, TextState.READ]
    unread = [article(number, text_state=state) for number, state in enumerate(states)]
    await told_and_matched(stores, *unread)
    await told_and_matched(stores, article(8, text_state=TextState.REFUSED), at=NOON + DAY)
    await told_and_matched(stores, article(9, text_state=TextState.REFUSED, backfilled=True))

    assert (await stores.digests.coverage(NOON - DAY, NOON)).unread == 3


async def test_a_window_that_another_process_changed_is_not_frozen(stores: Any) -> None:
    """A match that was written after the window was read would be told by no digest, so it is composed anew."""
    await told_and_matched(stores, article(1))
    window = await window_of(stores, plan(), NOON - DAY, NOON)
    await told_and_matched(stores, article(2))  # judged before the window's end, stored after it was read

    assert not await freeze(stores, until=NOON, window=window)

    both = await stores.digests.matched("desk", plan(), NOON - DAY, NOON)
    assert [one.telling.article_id for one in both] == [article(1).id, article(2).id]
    assert await freeze(stores, until=NOON, window=await window_of(stores, plan(), NOON - DAY, NOON))


async def test_windows_of_one_digest_do_not_overlap(stores: Any) -> None:
    """Two processes that tell different slots from the same moment on: the second one has to look again."""
    await told_and_matched(stores, article(1))
    window = await window_of(stores, plan(), NOON - DAY, NOON)
    assert await freeze(stores, slot=slot("2026-11-25T13:00"), until=NOON, window=window)

    assert not await freeze(stores, slot=slot("2026-11-25T14:00"), until=NOON + HOUR, window=window)


async def test_coverage_counts_what_was_judged_without_its_page_and_why(stores: Any) -> None:
    """All that was judged for the first time in the window, whatever it matches."""
    states = {
        1: TextState.SKIPPED,
        2: TextState.SKIPPED,
        3: TextState.REFUSED,
        4: TextState.FAILED,
        5: TextState.QUARANTINED,
        6: TextState.PENDING,
        7: TextState.READ,
        8: TextState.FEED,
    }
    told = [article(number, text_state=state) for number, state in states.items()]
    locked = article(9, text_state=TextState.REFUSED, paywalled=True)
    await told_and_matched(stores, *told, locked)
    await stores.articles.record_poll(poll(article(10, text_state=TextState.SKIPPED)))  # not judged yet
    await told_and_matched(stores, article(11, text_state=TextState.SKIPPED), at=NOON + DAY)
    await told_and_matched(stores, article(12, text_state=TextState.SKIPPED, backfilled=True))

    found = await stores.digests.coverage(NOON - DAY, NOON)

    assert found.judged == 9
    assert found.without_page == (
        (Unread.BUDGET, 2),
        (Unread.PAYWALL, 1),
        (Unread.REFUSED, 1),
        (Unread.UNREACHABLE, 1),
        (Unread.CRASHED, 1),
        (Unread.WAITING, 1),
    )
    assert found.unread == 7


async def test_an_article_is_judged_for_the_first_time_once(stores: Any) -> None:
    """Its next version is no news for the coverage; one whose page was read once has its text from there."""
    await told_and_matched(stores, article(1, text_state=TextState.PENDING))
    await stores.articles.record_page(
        article(1).id, state=TextState.READ, page=page("Whole"), reason=None, now=NOON
    )
    await stores.articles.record_page(
        article(1).id, state=TextState.FAILED, page=None, reason="503", now=NOON
    )
    await fold(stores, article(1))
    stored = await stores.articles.get(article(1).id)
    await stores.matches.record_matches([(stored, [match(stored)])], NOON + DAY)

    first = await stores.digests.coverage(NOON - DAY, NOON)
    second = await stores.digests.coverage(NOON, NOON + DAY)

    assert (first.judged, first.without_page, first.unread) == (1, (), 0)
    assert (second.judged, second.without_page) == (0, ())
