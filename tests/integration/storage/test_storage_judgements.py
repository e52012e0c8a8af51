"""What people say of matches, and what digests tell then."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from alerts.dossier_records import Period
from alerts.judgements import Verdict, Way
from crawler.records import Edit
from tests.integration.storage.making import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    article,
    evidence,
    fold,
    freeze,
    match,
    message,
    plan,
    poll,
    slot,
    told_and_matched,
    versions_of,
    window_of,
)
from tidings.storage.constraints import Said
from tidings.storage.dossiers import Asked
from tidings.storage.engine import FILE, Database
from tidings.storage.stores import Stores

WRONG, RIGHT = Verdict.NOT_ABOUT, Verdict.ABOUT


async def judged(stores: Any, number: int = 1, verdict: Verdict = WRONG, at: Any = NOON, **more: Any) -> Any:
    place = {"initiative_id": "trust", "way": Way.MAIL, **more}
    return await stores.judgements.judge(article(number).id, verdict=verdict, now=at, **place)


async def to_tell(stores: Any, since: Any = NOON - DAY, until: Any = NOON + DAY) -> list[str]:
    found = await stores.digests.matched("desk", plan(), since, until)
    return [one.telling.article_id for one in found]


async def tell(stores: Any, since: Any, until: Any, key: str) -> None:
    """Compose and freeze what there is to tell."""
    found = await stores.digests.matched("desk", plan(), since, until)
    assert await freeze(
        stores,
        slot(key),
        until=until,
        now=until,
        message=message(f"morning/{key}") if found else None,
        window=await window_of(stores, plan(), since, until),
        story_ids=tuple(one.story_id for one in found),
        versions=versions_of(found),
    )


async def test_a_judgement_keeps_what_the_match_was_then(stores: Any) -> None:
    """The terms, the watchlist, the time and the way; nothing of who gave it."""
    one = article(1)
    await stores.articles.record_poll(poll(one))
    await fold(stores, one)
    found = match(one, evidence=(evidence(term="TRUST"), evidence(term="iCET"), evidence(term="TRUST")))
    await stores.matches.record_matches([(await stores.articles.get(one.id), [found])], NOON)

    said = await judged(stores, at=NOON + HOUR)

    assert (said.article_id, said.initiative_id, said.verdict) == (one.id, "trust", WRONG)
    assert said.terms == ("TRUST", "iCET")
    assert (said.watchlist_version, said.at, said.way) == ("0123456789ab", NOON + HOUR, Way.MAIL)
    assert await stores.judgements.list("trust") == (said,)
    assert await stores.judgements.list("compact") == ()


async def test_the_last_word_holds_and_the_same_word_again_changes_nothing(stores: Any) -> None:
    await told_and_matched(stores, article(1))
    first = await judged(stores)

    assert await judged(stores, at=NOON + DAY, way=Way.SITE) == first
    other = await judged(stores, verdict=RIGHT, at=NOON + DAY, way=Way.COMMAND)

    assert await stores.judgements.list() == (other,)
    assert (other.verdict, other.at, other.way) == (RIGHT, NOON + DAY, Way.COMMAND)
    assert await stores.judgements.forget(article(1).id, "trust", now=NOON + DAY)
    assert not await stores.judgements.forget(article(1).id, "trust", now=NOON + DAY)
    assert await stores.judgements.list() == ()


async def test_what_does_not_match_cannot_be_judged(stores: Any) -> None:
    await told_and_matched(stores, article(1))

    assert await judged(stores, initiative_id="compact") is None
    assert await judged(stores, 2) is None
    assert await stores.judgements.question(article(2).id, "trust") is None
    assert await stores.judgements.list() == ()


async def test_whoever_judges_is_shown_the_match(stores: Any) -> None:
    await told_and_matched(stores, article(1))
    before = await stores.judgements.question(article(1).id, "trust")
    said = await judged(stores)
    after = await stores.judgements.question(article(1).id, "trust")

    assert (before.title, before.source, before.url) == ("Report number 1", "times", article(1).url)
    assert before.matched == ("TRUST initiative",)
    assert before.judgement is None
    assert after.judgement == said


async def test_what_is_not_about_an_initiative_is_not_told_under_it(stores: Any) -> None:
    """It is under others, and it is counted."""
    one = article(1)
    await told_and_matched(stores, one, article(2))
    both = [match(one), match(one, "compact")]
    await stores.matches.record_matches([(await stores.articles.get(one.id), both)], NOON)
    wide = plan(initiatives=("trust", "compact"))
    assert await stores.digests.left_out(wide, NOON - DAY, NOON) == {}

    await judged(stores)

    assert await to_tell(stores) == [article(2).id]
    found = await stores.digests.matched("desk", wide, NOON - DAY, NOON)
    assert {(each.telling.article_id, each.match.initiative_id) for each in found} == {
        (article(1).id, "compact"),
        (article(2).id, "trust"),
    }
    assert await stores.digests.left_out(wide, NOON - DAY, NOON) == {"trust": 1}
    assert await stores.digests.left_out(wide, NOON, NOON + DAY) == {}


async def test_a_judgement_holds_for_reprints_without_a_word_of_their_own(stores: Any) -> None:
    """Whichever of them was judged; another report of the story is another text."""
    await stores.articles.record_poll(poll(*(article(number) for number in (1, 2, 3, 4))))
    for number, of in ((1, None), (2, 1), (3, 1), (4, None)):
        original = None if of is None else article(of).id
        await fold(stores, article(number), "story", duplicate_of=original)
        stored = await stores.articles.get(article(number).id)
        await stores.matches.record_matches([(stored, [match(stored)])], NOON)

    await judged(stores, 2)
    assert await to_tell(stores) == [article(4).id]
    assert await stores.digests.left_out(plan(), NOON - DAY, NOON) == {"trust": 3}

    await judged(stores, 3, RIGHT)
    assert await to_tell(stores) == [article(3).id, article(4).id]


async def test_a_digest_that_was_read_before_a_judgement_is_composed_anew(stores: Any) -> None:
    await told_and_matched(stores, article(1))
    window = await window_of(stores, plan(), NOON - DAY, NOON)

    await judged(stores)

    assert not await freeze(
        stores, slot(), until=NOON, now=NOON, message=message(), story_ids=("s",), window=window
    )


async def test_what_is_about_it_after_all_is_told_in_the_next_digest(stores: Any) -> None:
    """A window passed it by in the meantime; so it is with a judgement that is forgotten."""
    await told_and_matched(stores, article(1), article(2), article(3))
    await judged(stores, 1)
    await judged(stores, 2)
    await tell(stores, NOON - DAY, NOON + HOUR, "first")
    assert await to_tell(stores, NOON + HOUR) == []

    await judged(stores, 1, RIGHT, at=NOON + 2 * HOUR)
    await stores.judgements.forget(article(2).id, "trust", now=NOON + 2 * HOUR)

    assert await to_tell(stores, NOON + HOUR) == [article(1).id, article(2).id]
    await tell(stores, NOON + HOUR, NOON + 3 * HOUR, "second")
    assert await to_tell(stores, NOON + 3 * HOUR, NOON + 9 * DAY) == []


async def test_reprints_that_were_passed_by_are_told_after_all_too(stores: Any) -> None:
    """Those that came after the judgement as well."""
    await told_and_matched(stores, article(1))
    await tell(stores, NOON - DAY, NOON, "first")
    await judged(stores, 1, at=NOON + MINUTE)
    later = article(2, first_seen_at=NOON + HOUR)
    await stores.articles.record_poll(poll(later))
    await fold(stores, later, f"story-{article(1).id}", duplicate_of=article(1).id)
    stored = await stores.articles.get(later.id)
    await stores.matches.record_matches([(stored, [match(stored)])], NOON + HOUR)
    await tell(stores, NOON, NOON + 2 * HOUR, "second")

    await judged(stores, 1, RIGHT, at=NOON + 3 * HOUR)

    assert await to_tell(stores, NOON + 2 * HOUR) == [later.id]


async def test_what_was_told_before_it_was_judged_is_not_told_again(stores: Any) -> None:
    """Nor is what a digest had passed by before."""
    await told_and_matched(stores, article(1), article(2, backfilled=True))
    await tell(stores, NOON - DAY, NOON, "first")
    for number in (1, 2):
        await judged(stores, number, at=NOON + HOUR)
        await judged(stores, number, RIGHT, at=NOON + 2 * HOUR)

    assert await to_tell(stores) == []


async def test_changes_of_what_is_not_about_it_are_not_told(stores: Any) -> None:
    await told_and_matched(stores, article(1, title="Fire kills 12 in Delhi"))
    await tell(stores, NOON - DAY, NOON, "first")
    edit = Edit(
        article_id=article(1).id,
        title="Fire kills 15 in Delhi",
        summary="",
        content="",
        updated_at=NOON,
        reread=False,
    )
    await stores.articles.record_poll(poll(edits=(edit,), at=NOON + HOUR))
    assert len(await stores.digests.changed("desk", plan(), NOON, NOON + DAY)) == 1

    await judged(stores, at=NOON + HOUR)

    assert await stores.digests.changed("desk", plan(), NOON, NOON + DAY) == ()
    window = await window_of(stores, plan(), NOON, NOON + DAY)
    assert await freeze(stores, slot("x"), until=NOON + DAY, now=NOON + DAY, window=window)


async def test_what_is_not_about_it_is_no_report_on_a_commitment(stores: Any) -> None:
    one = article(1)
    await stores.articles.record_poll(poll(one))
    await fold(stores, one)
    filed = match(one, commitments=("roadmap",))
    await stores.matches.record_matches([(await stores.articles.get(one.id), [filed])], NOON)
    assert len(await stores.digests.commitment_evidence("trust", "roadmap", 9)) == 1

    await judged(stores)

    assert await stores.digests.commitment_evidence("trust", "roadmap", 9) == ()


# -- on databases only -------------------------------------------------------------------------------


async def test_a_judgement_outlives_its_article(sql: Database) -> None:
    """It can still be changed, and says by which terms it was."""
    stores = Stores(sql)
    await told_and_matched(stores, article(1))
    said = await judged(stores)

    purged = await stores.retention.purge(NOON + 9 * DAY, unmatched=None, text=None, matched=DAY)

    assert purged.articles == 1
    assert await stores.judgements.list() == (said,)
    assert await stores.judgements.questions([said]) == (None,)
    assert await stores.judgements.texts([article(1).id]) == {}
    changed = await judged(stores, verdict=RIGHT, at=NOON + 9 * DAY)
    assert (changed.terms, changed.verdict) == (said.terms, RIGHT)


async def test_a_text_that_was_dropped_for_its_age_is_judged_no_more(sql: Database) -> None:
    stores = Stores(sql)
    await told_and_matched(stores, article(1, text="The TRUST initiative"))
    assert list(await stores.judgements.texts([article(1).id])) == [article(1).id]
    assert [one.id for one in await stores.judgements.matched("trust", 9)] == [article(1).id]

    await stores.retention.purge(NOON + 9 * DAY, unmatched=None, text=DAY, matched=None)

    assert await stores.judgements.texts([article(1).id]) == {}
    assert await stores.judgements.matched("trust", 9) == ()


async def test_a_judgement_stays_when_stories_are_joined(sql: Database) -> None:
    stores = Stores(sql)
    await told_and_matched(stores, article(1), article(2))
    said = await judged(stores)

    await stores.stories.merge([article(1).id, article(2).id], Said(at=NOON, command="merge"))

    assert await stores.judgements.list() == (said,)
    assert await to_tell(stores) == [article(2).id]


async def test_two_who_judge_at_once_leave_one_judgement(sql: Database) -> None:
    stores = Stores(sql)
    await told_and_matched(stores, article(1))

    found = await asyncio.gather(
        *(judged(stores, verdict=verdict) for verdict in (WRONG, RIGHT, WRONG, RIGHT))
    )

    (kept,) = await stores.judgements.list()
    assert kept in found


def test_a_backup_holds_the_judgements(tmp_path: Path, database: Database) -> None:
    stores = Stores(database)

    async def say() -> None:
        await told_and_matched(stores, article(1))
        await judged(stores)

        await database.backup(other / FILE)

    other = tmp_path / "other"
    other.mkdir()
    asyncio.run(say())
    restored = Database.open("sqlite", state_dir=other)
    try:
        (kept,) = asyncio.run(Stores(restored).judgements.list())
    finally:
        restored.close()

    assert (kept.article_id, kept.verdict) == (article(1).id, WRONG)


async def test_who_asks_for_an_article_learns_what_was_said_of_it(sql: Database) -> None:
    stores = Stores(sql)
    await told_and_matched(stores, article(1))
    said = await judged(stores)

    life = await stores.lookup.find(article(1).id)

    assert life is not None
    assert life.judgements == (said,)
    assert life.not_about == ("trust",)


async def test_a_feed_shows_it_no_more_and_knows_that_it_has_changed(sql: Database) -> None:
    """Its story goes on by other articles under the id that it had; alone in its story, the story is gone."""
    stores = Stores(sql)
    await told_and_matched(stores, article(1), article(2), article(3))
    await fold(stores, article(3), f"story-{article(1).id}")
    before = {one.telling.article_id: one for one in await stores.feeds.stories("trust", 9, evidence=False)}

    await judged(stores, 1)
    await judged(stores, 2)

    after = await stores.feeds.stories("trust", 9, evidence=False)
    assert {one.telling.article_id: one.is_shown for one in after} == {
        article(1).id: False,
        article(3).id: True,
    }
    assert all(one.may_be_told for one in after)
    first = next(one for one in after if one.telling.article_id == article(1).id)
    assert first.mark != before[article(1).id].mark


async def test_figures_and_dossiers_leave_it_out(sql: Database) -> None:
    """Plots, surges and silences count it no more; it is no report on a commitment, for alerts and dossiers either."""
    stores = Stores(sql)
    await told_and_matched(stores, article(2))
    one = article(1)
    await stores.articles.record_poll(poll(one))
    await fold(stores, one)
    filed = match(one, commitments=("roadmap",))
    await stores.matches.record_matches([(await stores.articles.get(one.id), [filed])], NOON + HOUR)
    period = Period(start=NOON - DAY, end=NOON + DAY, zone="UTC")
    asked = Asked(initiative_id="trust", period=period, days=(), commitments=(("trust", "roadmap"),))

    async def look() -> tuple[int, int, int, int, int]:
        found = await stores.dossiers.material(asked)
        return (
            len(found.reports),
            len(found.filed_of),
            found.filed["trust", "roadmap"][1],
            len((await stores.rhythms.moments("trust", NOON - DAY)).stories),
            (await stores.rhythms.filed("trust", "roadmap", 9))[1],
        )

    assert await look() == (2, 1, 1, 2, 1)
    await judged(stores, 1, at=NOON + HOUR)
    assert await look() == (1, 0, 0, 1, 0)


async def test_the_last_days_of_a_digest_count_it_no_more(stores: Any) -> None:
    await told_and_matched(stores, article(1), article(2))
    before = await stores.digests.recent(["trust"], NOON + HOUR, "UTC")

    await judged(stores)

    after = await stores.digests.recent(["trust"], NOON + HOUR, "UTC")
    assert (before["trust"].days[-1], after["trust"].days[-1]) == (2, 1)
