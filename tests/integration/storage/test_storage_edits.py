"""`SqlEdits`: which watchlists and rules are in force, and how far the archive was judged by new ones."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from alerts.match import Matcher
from alerts.notify import Notifier
from alerts.records import Initiative, Term, Watchlist
from alerts.rerun import Refound
from tests.fakes.clock import FixedClock
from tests.integration.storage.making import DAY, HOUR, MINUTE, NOON, article, fold, match, plan, poll, source
from tidings.rematching import Rematcher
from tidings.storage.edits import KeptWatchlist
from tidings.storage.engine import Database
from tidings.storage.stores import Stores


@pytest.fixture
async def stores(sql: Database) -> Stores:
    return Stores(sql)


def watchlist(version: str = "a" * 12, **facts: Any) -> Watchlist:
    plain = {
        "id": "chips",
        "title": "Chips",
        "path": "config/watchlists/chips.yaml",
        "text": f"# {version}\n",
    }
    return Watchlist(**{**plain, "version": version, **facts})


async def archived(stores: Stores, *, matching: bool = False) -> None:
    """One article that was judged."""
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(article()))
    await fold(stores, article())
    await stores.matches.record_matches([(article(), [match(article())] if matching else [])], NOON)


async def test_the_watchlists_in_force_are_kept_with_their_texts(stores: Stores) -> None:
    """Since when, without a break; the one that was replaced is no longer among them."""
    assert await stores.edits.in_force() == ()
    other = watchlist("c" * 12, id="pacts", path="config/watchlists/pacts.yaml")
    await stores.edits.put_in_force([watchlist(), other], {}, NOON)
    await stores.edits.put_in_force(
        [watchlist("b" * 12, text="\ufeffcafé: 京都\r\n"), other], {}, NOON + HOUR
    )

    assert await stores.edits.in_force() == (
        KeptWatchlist(
            watchlist_id="chips",
            version="b" * 12,
            path="config/watchlists/chips.yaml",
            text="\ufeffcafé: 京都\r\n",
            since=NOON + HOUR,
        ),
        KeptWatchlist(
            watchlist_id="pacts", version="c" * 12, path="config/watchlists/pacts.yaml",
            text=f"# {'c' * 12}\n", since=NOON,
        ),
    )  # fmt: skip


async def test_a_version_that_comes_back_is_in_force_since_then(stores: Stores) -> None:
    """Matches that it found the first time say when it came first; one whose file is removed is not in force."""
    await archived(stores)
    found = match(article(), watchlist_version="a" * 12)
    await stores.matches.record_matches([(article(), [found])], NOON + MINUTE)
    for hours, version in enumerate(("a", "b", "a", "a")):
        await stores.edits.put_in_force([watchlist(version * 12)], {}, NOON + hours * HOUR)

    (kept,) = await stores.edits.in_force()
    (stored,) = await stores.matches.matches_of(article().id)
    assert (kept.version, kept.since) == ("a" * 12, NOON + 2 * HOUR)
    assert stored.watchlist_since == NOON

    await stores.edits.put_in_force([watchlist("a" * 12, path="config/watchlists/fabs.yaml")], {}, NOON + DAY)
    assert [(one.path, one.since) for one in await stores.edits.in_force()] == [
        ("config/watchlists/fabs.yaml", NOON + 2 * HOUR)
    ]
    await stores.edits.put_in_force([], {}, NOON + DAY)
    assert await stores.edits.in_force() == ()


async def test_the_first_rules_of_an_empty_archive_wait_for_nothing(stores: Stores) -> None:
    """What comes is matched by them as it comes."""
    assert await stores.edits.put_in_force([], {"trust": "1"}, NOON) == ()
    assert await stores.edits.pending() == ()


async def test_an_installation_that_is_upgraded_judges_nothing_again(stores: Stores) -> None:
    """Its rules found what they find as it came."""
    await archived(stores, matching=True)

    assert await stores.edits.put_in_force([], {"trust": "1", "compact": "2"}, NOON) == ()


async def test_the_first_rules_over_an_archive_in_which_nothing_matched_are_run(stores: Stores) -> None:
    """It was collected before there was anything to look for."""
    await archived(stores)

    assert await stores.edits.put_in_force([], {"trust": "1"}, NOON) == ("trust",)


async def test_new_and_changed_rules_wait_and_equal_ones_do_not(stores: Stores) -> None:
    """Together, since the same moment; a second start finds the same waiting."""
    await stores.edits.put_in_force([], {"trust": "1", "compact": "2"}, NOON)

    for _ in range(2):
        waiting = await stores.edits.put_in_force([], {"trust": "9", "compact": "2", "new": "3"}, NOON + HOUR)
        assert waiting == ("trust", "new")
        (run,) = await stores.edits.pending()
        assert (dict(run.prints), run.since, run.after) == ({"new": "3", "trust": "9"}, NOON + HOUR, None)


async def test_a_removed_initiative_waits_for_nothing_and_is_new_when_it_comes_back(stores: Stores) -> None:
    """What came meanwhile was not judged by it."""
    await stores.edits.put_in_force([], {"trust": "1"}, NOON)
    await stores.edits.put_in_force([], {"trust": "1", "compact": "2"}, NOON)
    assert await stores.edits.put_in_force([], {"trust": "1"}, NOON + HOUR) == ()
    assert await stores.edits.pending() == ()

    assert await stores.edits.put_in_force([], {"trust": "1", "compact": "2"}, NOON + DAY) == ("compact",)


async def test_a_run_goes_on_where_it_was(stores: Stores) -> None:
    """The last article judged and the counts are kept; the end of it is kept, too."""
    await stores.edits.put_in_force([], {"trust": "1"}, NOON)
    await stores.edits.put_in_force([], {"trust": "2"}, NOON + HOUR)
    (run,) = await stores.edits.pending()

    assert await stores.edits.advance(run, (NOON, "0" * 16), 200, Refound(told=1, filed=2, gone=3))
    (after,) = await stores.edits.pending()
    assert after == replace(
        run, after=(NOON, "0" * 16), articles=200, changed=Refound(told=1, filed=2, gone=3)
    )
    assert not await stores.edits.advance(run, (NOON, "1" * 16), 200, Refound())  # another process was there
    assert not await stores.edits.finish(run)
    assert await stores.edits.finish(after)
    assert await stores.edits.pending() == ()
    assert not await stores.edits.finish(after)


async def test_rules_that_change_during_their_run_begin_anew(stores: Stores) -> None:
    """Those that were edited with them go on."""
    await stores.edits.put_in_force([], {"trust": "1", "compact": "1"}, NOON)
    await stores.edits.put_in_force([], {"trust": "2", "compact": "2"}, NOON + HOUR)
    (run,) = await stores.edits.pending()
    await stores.edits.advance(run, (NOON, "0" * 16), 200, Refound(told=1))
    await stores.edits.put_in_force([], {"trust": "2", "compact": "3"}, NOON + HOUR)

    first, second = sorted(await stores.edits.pending(), key=lambda one: one.articles)

    assert (first.initiatives, first.after, first.changed) == (("compact",), None, Refound())
    assert (second.initiatives, second.after, second.articles) == (("trust",), (NOON, "0" * 16), 200)


async def test_a_text_that_was_dropped_for_its_age_proves_nothing(stores: Stores, sql: Database) -> None:
    """A rule that met a word of it is not said to have lost the article; what its title meets is found."""
    from tests.integration.storage.test_storage_reruns import rerun

    await archived(stores)
    filed = match(article(), commitments=("roadmap",))
    await stores.matches.record_matches([(article(), [filed, match(article(), "other")])], NOON)
    await stores.retention.purge(NOON + 500 * DAY, unmatched=None, text=400 * DAY, matched=None)
    stored = await stores.articles.get(article().id)
    assert stored is not None

    how = rerun("trust", "other", "compact", tell_since=None)
    by_title = [match(stored, "compact"), match(stored, "trust")]
    found = await stores.matches.record_rerun([(stored, by_title)], how, NOON + 500 * DAY)

    assert found == Refound(filed=1)
    kept = {one.initiative_id: one for one in await stores.matches.matches_of(article().id)}
    assert {one.gone_at for one in kept.values()} == {None}
    assert kept["trust"].commitments == ("roadmap",)


async def test_two_processes_share_a_run_and_find_each_article_once(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch counts for the one that was there first; what both judged is kept once."""
    monkeypatch.setattr("tidings.rematching.BATCH", 7)
    every = [article(number, first_seen_at=NOON - number * MINUTE) for number in range(1, 61)]
    await stores.sources.sync([source()], NOON)
    await stores.articles.record_poll(poll(*every))
    for one in every:
        await fold(stores, one)
    await stores.matches.record_matches([(one, []) for one in every], NOON)
    rule = Initiative(id="trust", name="TRUST", watchlist_id="w", any=(Term(text="report"),))
    processes = [rematcher(stores, Watchlist(id="w", title="W", initiatives=(rule,))) for _ in range(2)]
    for one in processes:
        await one.put_in_force()

    async def work(one: Rematcher) -> None:
        while await one.step(0):
            pass

    await asyncio.gather(*(work(one) for one in processes))

    assert await stores.edits.pending() == ()
    told = await stores.digests.matched("desk", plan(), NOON - DAY, NOON + DAY)
    assert len(told) == 60


def rematcher(stores: Stores, *watchlists: Watchlist) -> Rematcher:
    unused: Any = None
    clock = FixedClock()
    notifier = Notifier(
        matcher=Matcher(()), matches=stores.matches, digests=stores.digests, deliveries=stores.deliveries,
        channels={}, renderer=unused, clock=clock, plans=(), initiatives=(),
    )  # fmt: skip
    return Rematcher(
        watchlists=watchlists, tags={}, backfill=3 * DAY, edits=stores.edits, archive=stores.archive,
        notifier=notifier, clock=clock,
    )  # fmt: skip
