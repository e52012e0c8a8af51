"""The contract of `SourceStore`: which source is due, and what is remembered of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crawler.errors import Cause
from crawler.ports import Shares
from crawler.records import PollState, SourceState
from tests.integration.storage.making import DAY, HOUR, LEASE, MINUTE, NOON, article, keys_of, poll, source


async def test_a_new_source_is_due_at_once(stores: Any) -> None:
    """What was never polled is claimed first."""
    await stores.sources.sync([source("a"), source("b")], NOON)

    assert await stores.sources.claim_due(NOON, 10, LEASE) == ("a", "b")


async def test_a_source_never_polled_has_a_fresh_state(stores: Any) -> None:
    """Configured or unknown: there is always a state."""
    await stores.sources.sync([source("a")], NOON)

    assert await stores.sources.state("a") == PollState(source_id="a")
    assert await stores.sources.state("nobody") == PollState(source_id="nobody")


async def test_all_of_a_state_is_remembered(stores: Any) -> None:
    """Every field of a poll state comes back as it was, validators to the letter."""
    await stores.sources.sync([source()], NOON)
    state = PollState(
        source_id="times",
        state=SourceState.BLOCKED,
        since=NOON - HOUR,
        problem="403 Forbidden",
        cause=Cause.STATUS,
        etag='W/"ä-1"',
        last_modified="Wed, 25-Nov-26 11:00:00 GMT",
        body_hash="ab" * 32,
        moved_to="https://times.example/new",
        next_poll_at=NOON + HOUR,
        not_before=NOON + MINUTE,
        last_polled_at=NOON,
        last_success_at=NOON - HOUR,
        last_new_at=NOON - 2 * HOUR,
        failures=3,
        interval=timedelta(minutes=31, microseconds=5),
        title="The Times",
        ttl=timedelta(hours=2),
        skip_hours=frozenset({0, 23}),
    )
    await stores.articles.record_poll(replace(poll(), state=state))

    assert await stores.sources.state("times") == state
    assert await stores.sources.states() == (state,)


async def test_a_claimed_source_is_not_claimed_twice_until_its_lease_ends(stores: Any) -> None:
    """A poll that dies is made up for after the lease."""
    await stores.sources.sync([source()], NOON)
    assert await stores.sources.claim_due(NOON, 10, LEASE) == ("times",)

    assert await stores.sources.claim_due(NOON + LEASE - MINUTE, 10, LEASE) == ()
    assert await stores.sources.claim_due(NOON + LEASE, 10, LEASE) == ("times",)


async def test_two_claimers_share_the_sources_without_overlap(stores: Any) -> None:
    """However many ask at once, each source goes to one."""
    await stores.sources.sync([source(f"s{number:02}") for number in range(40)], NOON)

    shares = await asyncio.gather(*(stores.sources.claim_due(NOON, 10, LEASE) for _ in range(6)))

    claimed = [name for share in shares for name in share]
    assert len(claimed) == len(set(claimed)) == 40


async def test_a_limit_of_none_claims_nothing(stores: Any) -> None:
    """A runner without room gets no work."""
    await stores.sources.sync([source()], NOON)

    assert await stores.sources.claim_due(NOON, 0, LEASE) == ()


async def test_the_longest_due_is_claimed_first(stores: Any) -> None:
    """Order of claims is the order in which the sources became due."""
    await stores.sources.sync([source("a"), source("b"), source("c")], NOON)
    await stores.articles.record_poll(poll(by="a", state={"next_poll_at": NOON + 2 * MINUTE}))
    await stores.articles.record_poll(poll(by="b", state={"next_poll_at": NOON + MINUTE}))

    assert await stores.sources.claim_due(NOON + HOUR, 2, LEASE) == ("c", "b")


async def test_of_one_host_a_few_are_claimed_at_a_time(stores: Any) -> None:
    """Those under way count, and a permanent move; hundreds of feeds of one host keep no other waiting."""
    crowd = [source(f"a{n}", url=f"https://tube.example/feed/{n}") for n in range(5)]
    await stores.sources.sync([*crowd, source("b", url="https://post.example/feed"), source("z")], NOON)
    await stores.articles.record_poll(
        poll(by="z", state={"next_poll_at": NOON, "moved_to": "https://tube.example/z"})
    )

    few = Shares(per_host=2, troubled=0)
    assert await stores.sources.claim_due(NOON, 9, LEASE, shares=few) == ("a0", "a1", "b")
    assert await stores.sources.claim_due(NOON, 9, LEASE, shares=few) == ()
    await stores.sources.release("a0", "b")
    assert await stores.sources.claim_due(NOON, 1, LEASE, shares=few) == ("a0",)
    assert await stores.sources.claim_due(NOON, 9, LEASE, shares=few) == ("b",)
    assert await stores.sources.claim_due(NOON, 9, LEASE) == ("a2", "a3", "a4", "z")


async def test_of_those_in_trouble_so_many_are_claimed_at_a_time(stores: Any) -> None:
    """Failing and slow ones together, those under way included; all others are claimed whatever they do."""
    await stores.sources.sync([source(name, url=f"https://{name}.example/") for name in "abcde"], NOON)
    for number, name in enumerate("abc"):
        state = {"failures": 1, "next_poll_at": NOON - DAY + number * MINUTE}
        await stores.articles.record_poll(poll(by=name, url=f"https://{name}.example/", state=state))
    shares = Shares(per_host=9, troubled=2, slow=("d",))

    assert await stores.sources.claim_due(NOON, 9, LEASE, shares=shares) == ("d", "e", "a")
    await stores.sources.release("a", "e")
    assert await stores.sources.claim_due(NOON, 9, LEASE, shares=shares) == ("e", "a")
    await stores.sources.release("a", "d")
    assert await stores.sources.claim_due(NOON, 1, LEASE, shares=shares) == ("d",)
    assert await stores.sources.claim_due(NOON + LEASE, 9, LEASE) == ("d", "e", "a", "b", "c")


async def test_a_poll_releases_its_claim(stores: Any) -> None:
    """After the poll the schedule decides again, not the lease."""
    await stores.sources.sync([source()], NOON)
    await stores.sources.claim_due(NOON, 1, LEASE)
    await stores.articles.record_poll(poll(state={"next_poll_at": NOON + MINUTE}))

    assert await stores.sources.claim_due(NOON + MINUTE, 1, LEASE) == ("times",)


async def test_a_source_that_was_polled_by_a_clock_far_ahead_is_due(stores: Any) -> None:
    """What it waits for was reckoned by that clock too; one that waits long by the right clock waits."""
    await stores.sources.sync([source("ahead"), source("patient")], NOON)
    year = 365 * DAY
    for name, polled in (("ahead", NOON + year), ("patient", NOON)):
        waits = {"next_poll_at": NOON + year + HOUR, "not_before": NOON + year + HOUR}
        await stores.articles.record_poll(poll(by=name, at=polled, state=waits))

    assert await stores.sources.claim_due(NOON, 9, LEASE) == ("ahead",)


async def test_a_released_claim_is_due_again(stores: Any) -> None:
    """A shutdown gives its claims back."""
    await stores.sources.sync([source(), source("post"), source("wire")], NOON)
    await stores.sources.claim_due(NOON, 3, LEASE)
    await stores.sources.release("times", "wire", "unknown")
    await stores.sources.release()

    assert await stores.sources.claim_due(NOON, 3, LEASE) == ("times", "wire")


@pytest.mark.parametrize(
    ("state", "claimed"),
    [
        ({"next_poll_at": NOON + HOUR}, True),
        ({"next_poll_at": NOON + HOUR, "not_before": NOON + MINUTE}, False),
        ({"next_poll_at": NOON - HOUR, "not_before": NOON + MINUTE}, False),
        ({"next_poll_at": NOON + HOUR, "not_before": NOON}, True),
        ({"state": SourceState.GONE}, False),
        ({"state": SourceState.BLOCKED, "next_poll_at": NOON + HOUR}, True),
    ],
)
async def test_everything_passes_over_our_rhythm_and_nothing_else(
    stores: Any, state: dict[str, Any], claimed: bool
) -> None:
    """`once --all` asks early, but keeps Retry-After, max-age and 410."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(at=NOON - HOUR, state=state))

    found = await stores.sources.claim_due(NOON, 10, LEASE, everything=True)

    assert found == (("times",) if claimed else ())


async def test_a_source_that_is_gone_is_asked_again_after_a_resume(stores: Any) -> None:
    """A host that once said 410 by mistake is not lost; what is paused or well is not made new by it."""
    await stores.sources.sync([source("a"), source("b")], NOON)
    gone = {"state": SourceState.GONE, "problem": "410", "cause": Cause.GONE}
    await stores.articles.record_poll(poll(by="a", state=gone))
    later = {"state": SourceState.OK, "next_poll_at": NOON + DAY}
    await stores.articles.record_poll(poll(by="b", state=later))
    assert await stores.sources.claim_due(NOON, 9, HOUR) == ()

    for name in ("a", "b"):
        await stores.sources.set_paused(name, False)

    assert await stores.sources.claim_due(NOON, 9, HOUR) == ("a",)
    again = await stores.sources.state("a")
    assert (again.state, again.problem, again.cause) == (SourceState.NEW, None, None)


async def test_paused_sources_are_never_claimed(stores: Any) -> None:
    """Whoever paused it, the configuration or the operator."""
    await stores.sources.sync([source("a", paused=True), source("b")], NOON)
    await stores.sources.set_paused("b", True)
    assert await stores.sources.claim_due(NOON, 10, LEASE, everything=True) == ()

    await stores.sources.set_paused("b", False)
    await stores.sources.sync([source("a"), source("b")], NOON)
    assert await stores.sources.claim_due(NOON, 10, LEASE) == ("a", "b")


async def test_a_pause_during_a_poll_survives_the_poll(stores: Any) -> None:
    """The poll writes what it learned, not the operator's switch."""
    await stores.sources.sync([source()], NOON)
    await stores.sources.claim_due(NOON, 1, LEASE)
    await stores.sources.set_paused("times", True)
    await stores.articles.record_poll(poll(state={"operator_paused": False}))

    assert (await stores.sources.state("times")).operator_paused


async def test_a_source_that_leaves_keeps_its_history(stores: Any) -> None:
    """Out of the configuration it is neither listed nor polled; back again it goes on where it was."""
    await stores.sources.sync([source("a"), source("b")], NOON)
    await stores.articles.record_poll(poll(by="a", state={"etag": '"1"', "next_poll_at": NOON}))
    await stores.sources.sync([source("b")], NOON)
    assert [state.source_id for state in await stores.sources.states()] == ["b"]
    assert await stores.sources.claim_due(NOON, 10, LEASE, everything=True) == ("b",)

    await stores.sources.sync([source("a"), source("b")], NOON)
    assert (await stores.sources.state("a")).etag == '"1"'
    assert await stores.sources.claim_due(NOON, 10, LEASE) == ("a",)


async def test_another_address_starts_without_the_validators_of_the_old_one(stores: Any) -> None:
    """A validator belongs to the document that came with it; what is known of the source's past stays."""
    await stores.sources.sync([source()], NOON)
    learned = {"etag": '"1"', "body_hash": "ab", "not_before": NOON + HOUR, "state": SourceState.GONE}
    learned |= {"problem": "410", "cause": Cause.GONE}
    await stores.articles.record_poll(poll(state=learned))
    await stores.sources.sync([source(url="https://times.example/other")], NOON)

    state = await stores.sources.state("times")
    assert (state.etag, state.body_hash, state.state) == (None, None, SourceState.NEW)
    assert (state.problem, state.cause) == (None, None)
    assert state.last_success_at == NOON
    assert await stores.sources.claim_due(NOON, 1, LEASE) == ("times",)


async def test_what_a_poll_learned_of_an_address_that_was_changed_meanwhile_is_not_kept(stores: Any) -> None:
    """The new address is asked from the start; what the old one told last is kept all the same.

    It is asked when the lease of the poll ends, so that a process that still knows the old address does not ask that
    again and again.
    """
    await stores.sources.sync([source()], NOON)
    await stores.sources.claim_due(NOON, 1, LEASE)
    await stores.sources.sync([source(url="https://times.example/other")], NOON)
    before = await stores.sources.state("times")
    learned = {"etag": '"1"', "moved_to": "https://times.example/moved", "listed": 20, "body_hash": "ab"}

    late = poll(article(), url=source().url, seen=b"its list", state=learned)
    assert await stores.articles.record_poll(late) == (article().id,)

    assert await stores.sources.state("times") == before
    assert await stores.articles.seen("times") == b""
    assert await stores.articles.known(keys_of(article())) == dict.fromkeys(keys_of(article()), article().id)
    assert await stores.sources.claim_due(NOON, 1, LEASE) == ()
    assert await stores.sources.claim_due(NOON + LEASE, 1, LEASE) == ("times",)


async def test_a_poll_of_the_present_address_is_kept(stores: Any) -> None:
    """One that names no address too, and one of a source that is configured only later."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(url=source().url, seen=b"its list", state={"etag": '"1"'}))
    assert (await stores.sources.state("times")).etag == '"1"'
    assert await stores.articles.seen("times") == b"its list"

    await stores.articles.record_poll(poll(state={"etag": '"2"'}))
    assert (await stores.sources.state("times")).etag == '"2"'

    await stores.articles.record_poll(poll(by="post", url=source("post").url, state={"etag": '"3"'}))
    await stores.articles.record_poll(poll(by="post", url=source("post").url, state={"etag": '"4"'}))
    assert (await stores.sources.state("post")).etag == '"4"'


async def test_a_poll_of_a_source_that_left_meanwhile_is_kept(stores: Any) -> None:
    """Its articles are stored all the same; the source does not come back by it."""
    assert await stores.articles.record_poll(poll(article())) == (article().id,)
    assert await stores.sources.states() == ()
