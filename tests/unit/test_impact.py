"""What an edit gains and loses: initiatives, stories and mails, before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from alerts.difference import Change, State
from alerts.impact import KEPT, REMOVED, Impact, InitiativeImpact, Measure
from alerts.impact_page import page_data
from alerts.impact_words import headline, rate
from alerts.mails import mails_a_week
from alerts.plans import DigestPlan, WhenEmpty
from alerts.records import Field, Initiative, Term, Watchlist
from alerts.render import page
from crawler.records import Article, TextState

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE = NOON - 28 * DAY


def article(number: int, title: str, *, age: timedelta = DAY, **more: Any) -> Article:
    fields: dict[str, Any] = {"source_id": "wire", "text_state": TextState.FEED, "story_id": f"s{number}"}
    return Article(
        id=f"a{number}",
        url=f"https://wire.example/{number}",
        canonical_url=f"https://wire.example/{number}",
        title=title,
        first_seen_at=NOON - age,
        **(fields | more),
    )


OLDEST = article(99, "An old headline about nothing", age=28 * DAY)  # so that the archive covers four weeks


def initiative(name: str, *terms: str | Term, **more: Any) -> Initiative:
    items = tuple(Term(text=one) if isinstance(one, str) else one for one in terms)
    return Initiative(id=name, name=name.title(), watchlist_id="w", any=items, **more)


def state(*initiatives: Initiative, digests: tuple[DigestPlan, ...] = (), **more: Any) -> State:
    watchlist = Watchlist(id="w", title="W", initiatives=initiatives, **more)
    return State(watchlists=(watchlist,), digests=digests)


def plan(*initiatives: str, **keys: Any) -> DigestPlan:
    keys = keys or {"at": (time(8),)}
    return DigestPlan(id="morning", to=("outbox",), initiatives=initiatives, **keys)


def impact(before: State, after: State, *articles: Article, **more: Any) -> Impact:
    measure = Measure(before, after, **more)
    measure.take((*articles, OLDEST))
    return measure.result(SINCE, NOON)


def only(found: Impact) -> InitiativeImpact:
    (one,) = found.initiatives
    return one


# -- initiatives -----------------------------------------------------------------------------------


def test_a_new_term_gains_articles_and_says_by_what() -> None:
    """Articles and stories are counted apart, since a story has several articles; the evidence is kept."""
    found = only(
        impact(
            state(initiative("ores", "lithium")),
            state(initiative("ores", "lithium", "minerals")),
            article(1, "Lithium price doubles"),
            article(2, "Rare minerals found in the north", story_id="s2"),
            article(3, "Minerals find confirmed", story_id="s2"),
            article(4, "Minerals and lithium compared"),
            article(5, "Lithium story continued with minerals elsewhere", story_id="s1"),
        )
    )

    assert found.change is Change.EDITED
    assert found.articles is not None
    assert (found.articles.before, found.articles.after) == (3, 5)
    assert (found.articles.gained, found.articles.lost) == (2, 0)
    assert found.stories is not None
    assert (found.stories.before, found.stories.after, found.stories.gained, found.stories.lost) == (
        2, 3, 1, 0,
    )  # fmt: skip
    assert [one.article_id for one in found.gained] == ["a2"], "one a story, the newest"
    (shown,) = found.gained[0].evidence
    assert (shown.term, shown.field, shown.snippet) == (
        "minerals", Field.TITLE, "Rare minerals found in the north",
    )  # fmt: skip
    assert found.gained[0].whole_story
    assert [(one.words, one.articles) for one in found.gained_by] == [("minerals", 2)]


def test_an_article_of_a_story_that_is_there_already_is_no_new_story() -> None:
    """The article is gained, its story is not."""
    found = only(
        impact(
            state(initiative("ores", "lithium")),
            state(initiative("ores", "lithium", "minerals")),
            article(1, "Minerals again", story_id="same"),
            article(2, "Lithium mine opens", story_id="same"),
        )
    )

    assert found.articles is not None
    assert found.stories is not None
    assert (found.articles.gained, found.stories.gained) == (1, 0)
    assert [one.whole_story for one in found.gained] == [False]


def test_a_lost_article_names_the_step_at_which_it_stops_now() -> None:
    """In the words of `explain`."""
    before = initiative("ores", "minerals", "lithium")
    after = replace(before, any=(Term(text="minerals"),), none=(Term(text="mineral water"),))

    found = only(
        impact(
            state(before),
            state(after),
            article(1, "Minerals in mineral water"),
            article(2, "Lithium price doubles"),
            article(3, "Minerals mapped"),
        )
    )

    assert {one.article_id: one.stopped_at for one in found.lost} == {
        "a1": "none: “mineral water” stands in the title",
        "a2": "any: “minerals” does not occur",
    }
    assert [one.evidence[0].term for one in found.lost] == ["minerals", "lithium"], "why it matched"
    assert {one.words: one.articles for one in found.lost_by} == {
        "none: “mineral water” stands in the title": 1,
        "any: “minerals” does not occur": 1,
    }


def test_added_and_removed_initiatives_are_shown_as_such() -> None:
    """All that the one meets is gained, all that the other met is lost."""
    found = impact(
        state(initiative("ores", "minerals")),
        state(initiative("water", "water")),
        article(1, "Minerals mapped"),
        article(2, "Water levels fall"),
    )

    added, removed = found.initiatives
    assert (added.id, added.change, removed.id, removed.change) == (
        "water", Change.ADDED, "ores", Change.REMOVED,
    )  # fmt: skip
    assert added.articles is not None
    assert removed.articles is not None
    assert (added.articles.before, added.articles.gained) == (0, 1)
    assert (removed.articles.after, removed.articles.lost) == (0, 1)
    assert removed.lost[0].stopped_at == REMOVED


@pytest.mark.parametrize(
    "edit",
    [
        {"name": "Another name"},
        {"any": (Term(text="lithium", where="w.yaml:9:9"), Term(text="minerals"))},
        {"where": "w.yaml:7:1"},
        {"sources": ()},
    ],
)
def test_an_edit_that_changes_no_rule_changes_no_initiative(edit: dict[str, Any]) -> None:
    """Names, order and places of terms match nothing."""
    before = initiative("ores", "minerals", "lithium")

    measure = Measure(state(before), state(replace(before, **edit)))

    assert not measure.concerned
    measure.take([article(1, "Minerals")])
    found = only(measure.result(SINCE, NOON))
    assert (found.change, found.articles) == (Change.UNCHANGED, None)


@pytest.mark.parametrize(
    "edit",
    [
        {"none": (Term(text="water"),)},
        {"all": (Term(text="water"),)},
        {"exceptions": ("mineral water",)},
        {"context": ("India",)},
        {"fields": (Field.TITLE,)},
        {"languages": ("en",)},
        {"sources": ("wire",)},
    ],
)
def test_every_part_of_a_rule_is_compared(edit: dict[str, Any]) -> None:
    """A change of any of them makes the initiative edited."""
    before = initiative("ores", "minerals")

    assert only(impact(state(before), state(replace(before, **edit)))).change is Change.EDITED


def test_a_context_of_the_watchlist_is_part_of_its_initiatives() -> None:
    """The file's context is used where an initiative has none."""
    one = initiative("trust", "TRUST initiative")

    found = impact(
        state(one), state(one, context=("India",)), article(1, "Shops start a Trust Initiative for buyers")
    )

    assert only(found).change is Change.EDITED
    assert [lost.article_id for lost in only(found).lost] == ["a1"]


def test_another_tag_on_a_source_edits_the_initiatives_that_name_it() -> None:
    """Each state is judged with its own tags."""
    one = initiative("ores", "minerals", sources=("press",))
    before = replace(state(one), tags={"wire": (), "other": ("press",)})
    after = replace(state(one), tags={"wire": ("press",), "other": ("press",)})

    found = only(impact(before, after, article(1, "Minerals"), article(2, "Minerals", source_id="other")))

    assert found.change is Change.EDITED
    assert [gained.article_id for gained in found.gained] == ["a1"]


def test_what_no_figure_needs_is_not_judged() -> None:
    """An initiative is judged that is edited, or told in one mail with such a one; or all, when asked."""
    same = [initiative("near", "water"), initiative("far", "water")]
    before = state(initiative("ores", "lithium"), *same, digests=(plan("ores", "near"),))
    after = state(initiative("ores", "minerals"), *same, digests=(plan("ores", "near"),))

    some = impact(before, after, article(1, "Water"))
    every = impact(before, after, article(1, "Water"), everything=True)

    assert {one.id: one.articles and one.articles.after for one in some.initiatives} == {
        "ores": 0, "near": 1, "far": None,
    }  # fmt: skip
    assert some.stories_a_week is None
    assert {one.id: one.articles and one.articles.after for one in every.initiatives} == {
        "ores": 0, "near": 1, "far": 1,
    }  # fmt: skip
    assert every.stories_a_week is not None
    assert every.stories_a_week.after == 0.25, "one story in four weeks, met by two initiatives"


def test_examples_are_limited_and_figures_are_not() -> None:
    """A page has room for some; the counts are of all."""
    many = [article(number, f"Minerals no. {number}") for number in range(KEPT + 10)]

    found = only(impact(state(initiative("ores", "lithium")), state(initiative("ores", "minerals")), *many))

    assert found.stories is not None
    assert (len(found.gained), found.stories.gained) == (KEPT, KEPT + 10)


def test_an_article_that_breaks_the_matcher_is_counted() -> None:
    """And ends nothing."""
    broken = article(1, "Minerals")
    object.__setattr__(broken, "title", None)

    found = impact(
        state(initiative("ores", "lithium")),
        state(initiative("ores", "minerals")),
        broken,
        article(2, "Minerals"),
    )

    assert (found.articles, found.unjudged) == (3, 1)
    assert [one.article_id for one in only(found).gained] == ["a2"]


# -- weeks -----------------------------------------------------------------------------------------


def rates(*articles: Article, oldest: Article = OLDEST, backfill: timedelta = 3 * DAY) -> tuple[float, float]:
    """Days covered, and stories a week after the edit."""
    measure = Measure(state(), state(initiative("ores", "minerals")))
    measure.take((*articles, oldest))
    found = measure.result(SINCE, NOON, backfill=backfill)
    rate = only(found).stories_a_week
    assert rate is not None
    return found.days, rate.after


def test_stories_a_week_are_those_of_the_time_that_the_archive_covers() -> None:
    """All of the time asked for, or less where the archive is younger."""
    assert rates(article(1, "Minerals"), article(2, "Minerals")) == (28, 0.5)
    assert rates(article(1, "Minerals"), oldest=article(2, "Old", age=14 * DAY)) == (14, 0.5)


def test_a_first_poll_tells_of_the_days_before_it() -> None:
    """An archive of an hour with entries of three days is not reckoned as an hour, nor as years by one old entry."""
    first = [article(n, "Minerals", age=HOUR, published_at=NOON - n * DAY) for n in (1, 2, 3)]

    assert rates(*first, oldest=first[2]) == (pytest.approx(3), pytest.approx(7))
    late = article(9, "Minerals", age=HOUR, published_at=NOON - 400 * DAY)
    assert rates(late, oldest=late)[0] == pytest.approx(3 + 1 / 24)


def test_a_time_of_less_than_a_day_counts_as_a_day() -> None:
    """Ten minutes would make a thousand stories a week of one."""
    assert rates(oldest=article(1, "Minerals", age=timedelta(minutes=10))) == (1, 7)


def test_what_is_never_told_makes_no_weekly_figure() -> None:
    """What a first poll only knew, and what is held for review, counts as matched and not as told."""
    articles = [
        article(1, "Minerals", backfilled=True),
        article(2, "Minerals", held_since=NOON - DAY),
        article(3, "Minerals", held_since=NOON - DAY, held_ended=NOON),
    ]
    found = only(impact(state(), state(initiative("ores", "minerals")), *articles))

    assert found.stories is not None
    assert found.stories_a_week is not None
    assert (found.stories.after, found.stories_a_week.after) == (3, 0.25)


# -- mails -----------------------------------------------------------------------------------------


def mails(before: State, after: State, *articles: Article) -> dict[str, tuple[Change, float, float]]:
    found = impact(before, after, *articles)
    return {one.id: (one.change, one.mails_a_week.before, one.mails_a_week.after) for one in found.digests}


def test_a_timed_digest_sends_a_mail_for_each_slot_with_something_in_it() -> None:
    """Two finds before one slot make one mail; the unchanged initiatives of the digest count too."""
    same = initiative("water", "water")
    plans = (plan("ores", "water"),)
    before = state(initiative("ores", "lithium"), same, digests=plans)
    after = state(initiative("ores", "minerals"), same, digests=plans)

    found = mails(
        before,
        after,
        article(1, "Minerals", age=2 * DAY),
        article(2, "Minerals", age=2 * DAY + HOUR),
        article(3, "Water", age=5 * DAY),
        article(4, "Water", age=2 * DAY),
        article(5, "Minerals", age=9 * DAY),
    )

    assert found == {"morning": (Change.UNCHANGED, 2 / 4, 3 / 4)}


def test_a_digest_told_at_once_sends_a_mail_for_each_story() -> None:
    """Further outlets of a story make no further mail."""
    plans = (plan("ores", immediately=True),)
    before = state(initiative("ores", "lithium"), digests=plans)
    after = state(initiative("ores", "lithium", "minerals"), digests=plans)

    found = mails(
        before,
        after,
        article(1, "Lithium"),
        article(2, "Minerals", story_id="one"),
        article(3, "Minerals", story_id="one"),
    )

    assert found == {"morning": (Change.UNCHANGED, 1 / 4, 2 / 4)}


def test_an_edited_plan_counts_by_its_own_slots() -> None:
    """Added, removed and moved digests: the mails before are those of the plan before."""
    one = initiative("ores", "minerals")
    articles = [article(1, "Minerals", age=DAY + HOUR), article(2, "Minerals", age=DAY + 2 * HOUR)]
    hourly = plan("ores", every=HOUR)

    assert mails(state(one, digests=(plan("ores"),)), state(one, digests=(hourly,)), *articles) == {
        "morning": (Change.EDITED, 1 / 4, 2 / 4)
    }
    assert mails(state(one), state(one, digests=(hourly,)), *articles) == {
        "morning": (Change.ADDED, 0, 2 / 4)
    }
    assert mails(state(one, digests=(hourly,)), state(one), *articles) == {
        "morning": (Change.REMOVED, 2 / 4, 0)
    }


def test_a_paused_initiative_makes_no_mail() -> None:
    """Pausing is an edit of the mails, not of the rule."""
    one = initiative("ores", "minerals")
    plans = (plan("ores"),)

    found = impact(
        state(one, digests=plans), state(replace(one, paused=True), digests=plans), article(1, "Minerals")
    )

    assert [(only(found).change, only(found).paused)] == [(Change.UNCHANGED, (False, True))]
    assert found.digests[0].mails_a_week.before == 1 / 4
    assert found.digests[0].mails_a_week.after == 0


def test_a_paused_initiative_brings_no_stories_to_the_total() -> None:
    """It may be as broad as it likes while it is tried out; what is told counts."""
    one = initiative("ores", "minerals")

    found = impact(state(replace(one, paused=True)), state(one), article(1, "Minerals"), everything=True)

    assert found.stories_a_week is not None
    assert (found.stories_a_week.before, found.stories_a_week.after) == (0, 1 / 4)


def test_a_digest_that_the_edit_does_not_concern_is_not_listed() -> None:
    """Its mails stay as they are."""
    other = plan("water")
    same = initiative("water", "water")

    found = impact(
        state(initiative("ores", "lithium"), same, digests=(other,)),
        state(initiative("ores", "minerals"), same, digests=(other,)),
    )

    assert found.digests == ()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"at": (time(8),), "when_empty": WhenEmpty.SEND}, 7),
        ({"at": (time(8), time(16)), "days": frozenset(range(5)), "when_empty": WhenEmpty.SEND}, 10),
        ({"at": (time(8),), "paused": True}, 0),
        ({"at": (time(8),)}, 1),
    ],
)
def test_mails_of_a_plan_without_news(keys: dict[str, Any], expected: float) -> None:
    """A digest that is sent when empty is sent at each slot; a paused one never."""
    told = [(NOON - 2 * DAY, "s1")]

    assert mails_a_week(plan("ores", **keys), told, NOON - 7 * DAY, NOON, 1) == expected


def test_a_weekly_digest_over_an_archive_of_two_days_is_one_mail_a_week() -> None:
    """The next slot stands for those that the time has none of."""
    weekly = plan("ores", at=(time(8),), days=frozenset([0]))
    told = [(NOON - DAY + HOUR, "s1"), (NOON - HOUR, "s2")]

    assert mails_a_week(weekly, told, NOON - DAY, NOON, 1 / 7) == 1
    assert mails_a_week(weekly, [], NOON - DAY, NOON, 1 / 7) == 0


# -- words and page ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (0.04, "< 0.1"), (0.25, "0.2"), (7.0, "7"), (7.46, "7.5"), (12.6, "13"), (1234.5, "1,234")],
)
def test_a_weekly_figure_is_as_exact_as_it_can_be_read(number: float, words: str) -> None:
    """One decimal below ten, none above."""
    assert rate(number) == words


def test_the_sentence_at_the_top_sums_up() -> None:
    """Initiatives by what happens to them, and stories."""
    before = state(initiative("ores", "lithium"), initiative("gold", "gold"))
    after = state(initiative("ores", "minerals"), initiative("water", "water"))

    found = impact(before, after, article(1, "Minerals"), article(2, "Lithium"), article(3, "Gold"))

    assert headline(found) == (
        "1 initiative added, 1 initiative edited, 1 initiative removed: 1 story gained, 2 lost."
    )
    assert headline(impact(before, before)) == "No rule and no digest differs."


def page_of(found: Impact) -> dict[str, Any]:
    return page_data(found, against="now against then", bound="", notes=(), made_at=NOON)


def test_the_page_marks_what_counted_in_a_title() -> None:
    """By its place, so that a plural or another spelling of the term is marked too."""
    found = impact(
        state(initiative("ores", "lithium")),
        state(initiative("ores", "minerals")),
        article(1, "A mineral, and minerals"),
    )

    (one,) = page_of(found)["initiatives"]

    assert [(part["text"], part["hit"]) for part in one["gained"]["findings"][0]["title_parts"]] == [
        ("A ", False), ("mineral", True), (", and ", False), ("minerals", True),
    ]  # fmt: skip


def test_a_hostile_article_is_harmless_on_the_page() -> None:
    """Direction marks and line breaks are gone, a link of another kind is none, tags are text."""
    hostile = replace(
        article(1, "Minerals\u202e\n<img src=x onerror=alert(1)>", source_id="<b>"),
        url="javascript:alert(1)",
        text="Minerals <script>alert(1)</script>",
    )
    found = impact(state(initiative("ores", "lithium")), state(initiative("ores", "minerals")), hostile)
    (one,) = page_of(found)["initiatives"][0]["gained"]["findings"]

    html = page("impact", page_of(found))

    assert one["title"] == "Minerals <img src=x onerror=alert(1)>"
    assert one["href"] == ""
    assert "<img" not in html
    assert "<script" not in html
    assert "javascript:" not in html
    assert "<b>" not in html.replace("<b>Stops now at</b>", "")


def test_a_page_of_no_change_is_whole() -> None:
    """It says so, and lists what stays as it is."""
    same = state(initiative("ores", "lithium"))

    html = page("impact", page_of(impact(same, same)))

    assert "No rule and no digest differs." in html
    assert "Ores" in html
