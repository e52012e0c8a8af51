"""What a dossier says of a period: figures against the time before, stories, commitments, what was missed, the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from alerts import dossier_words as words
from alerts.alert_records import CommitmentTold
from alerts.dossier_records import Held, Period, RulesKept, Tally
from alerts.records import Commitment, CommitmentState, Coverage, FailingSource, Gap, Unread
from tests.fakes.dossiers import (
    DAY,
    LONG_AGO,
    NOW,
    PERIOD,
    RULED,
    WATCHLIST,
    came,
    made,
    setting,
    tagged,
)
from tests.fakes.outbox import found


def commitment(**facts: object) -> CommitmentTold:
    promise = Commitment(**{"id": "fab", "text": "A fab", **facts})  # type: ignore[arg-type]  # of a test
    days = None if promise.due is None else (promise.due - NOW.date()).days
    return CommitmentTold(initiative_id="trust", initiative="TRUST", commitment=promise, days=days)


# -- figures ---------------------------------------------------------------------------------------


def test_stories_reports_articles_and_outlets_are_counted_apart() -> None:
    """A reprint is an article in another outlet, and neither a report nor a story."""
    first = came(3, source="Wire", story="a", article_id="w")
    again = came(2, source="Post", story="a", duplicate_of="w")
    other = came(1, source="Ledger", story="a")
    second = came(1, source="Post", story="b")

    one = made(first, again, other, second)

    assert one.now == Tally(stories=2, went_on=0, reports=3, articles=4, outlets=3)


def test_the_period_before_is_as_long_and_has_figures_of_its_own() -> None:
    one = made(came(3), came(35), came(36), came(70))

    assert (one.now.stories, one.before and one.before.stories) == (1, 2)
    assert PERIOD.before.end - PERIOD.before.start == PERIOD.end - PERIOD.start


def test_a_story_that_goes_on_is_no_new_one_and_its_reprints_are_known_for_what_they_are() -> None:
    """What a late reprint repeats came before the period."""
    original = came(40, source="Wire", story="a", article_id="w")
    reprint = came(2, source="Post", story="a", duplicate_of="w")

    one = made(original, reprint)

    assert one.now == Tally(stories=0, went_on=1, reports=1, articles=1, outlets=1)
    assert one.before == Tally(stories=1, went_on=0, reports=1, articles=1, outlets=1)
    (told,) = one.stories
    assert (told.began_before, told.first, told.latest) == (True, NOW - 40 * DAY, NOW - 2 * DAY)
    assert next(words.summary(one)) == (
        "No new story, but 1 that had begun before, told in 1 article of 1 outlet; 1 independent report stands"
        " behind them."
    )


def test_what_came_after_the_period_is_not_of_it() -> None:
    """A dossier of a time that is over is the same whenever it is made."""
    period = Period(start=PERIOD.start, end=NOW - 10 * DAY, zone="UTC")

    one = made(came(3), came(12, "Before", story="b"), period=period)

    assert [each.story.lead.title for each in one.stories] == ["Before"]
    assert words.age(one) == "The period ended 10 days before this was made."


@pytest.mark.parametrize(
    ("facts", "kept", "why"),
    [
        ({"watched_since": NOW - 35 * DAY}, None, "watching began on 21 Oct 2026"),
        ({"watched_since": None}, None, "nothing was collected yet"),
        ({}, 45 * DAY, "articles are kept for 45 days only"),
        ({}, 60 * DAY, ""),
    ],
)
def test_figures_are_compared_only_where_the_time_before_was_seen_whole(
    facts: dict[str, object], kept: timedelta | None, why: str
) -> None:
    one = made(came(3), came(33), about=setting(kept=kept), **facts)

    assert one.incomparable == why
    assert (one.before is None) == bool(why)
    told = list(words.summary(one))[1]
    assert told == (
        f"There is nothing to compare it with: {why}."
        if why
        else "In the 30 days before there was 1 new story, as many as now."
    )


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (5, 5, "5 before, as many"),
        (8, 5, "5 before, so 3 more"),
        (2, 5, "5 before, so 3 fewer"),
        (30, 20, "20 before, so 10 more (+50 %)"),
        (15, 20, "20 before, so 5 fewer (−25 %)"),
    ],
)
def test_a_change_is_told_in_percent_only_where_the_numbers_bear_it(now: int, before: int, said: str) -> None:
    assert words.against(now, before) == said


def test_an_empty_period_says_so() -> None:
    assert next(words.summary(made())) == "No report in these 30 days."


# -- commitments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"due": date(2025, 12, 31)}, "Overdue by 329 days"),
        ({"due": date(2026, 11, 25)}, "Due today"),
        ({"due": date(2026, 12, 1)}, "Due in 6 days"),
        ({}, "Open, without a date"),
        (
            {"due": date(2025, 12, 31), "state": CommitmentState.MET, "met": date(2025, 10, 31)},
            "Met on 31 Oct 2025, 61 days early",
        ),
        (
            {"due": date(2025, 12, 31), "state": CommitmentState.MET, "met": date(2026, 1, 1)},
            "Met on 1 Jan 2026, 1 day late",
        ),
        (
            {"due": date(2025, 12, 31), "state": CommitmentState.MET, "met": date(2025, 12, 31)},
            "Met on 31 Dec 2025, on its day",
        ),
        ({"due": date(2025, 12, 31), "state": CommitmentState.MISSED}, "Missed"),
        ({"state": CommitmentState.DROPPED}, "Dropped"),
    ],
)
def test_a_commitment_stands_in_words(facts: dict[str, object], said: str) -> None:
    assert words.standing(commitment(**facts)) == said


def test_the_longest_overdue_comes_first_and_what_has_ended_last() -> None:
    promises = (
        Commitment(id="met", text="", state=CommitmentState.MET),
        Commitment(id="free", text=""),
        Commitment(id="soon", text="", due=date(2026, 12, 1)),
        Commitment(id="dropped", text="", state=CommitmentState.DROPPED),
        Commitment(id="late", text="", due=date(2026, 11, 1)),
        Commitment(id="missed", text="", due=date(2020, 1, 1), state=CommitmentState.MISSED),
        Commitment(id="later", text="", due=date(2025, 11, 1)),
    )
    initiative = replace(RULED, commitments=promises)

    one = made(about=setting(initiative=initiative))

    order = ["later", "late", "soon", "free", "missed", "met", "dropped"]
    assert [each.commitment.id for each in one.commitments] == order
    assert [each.commitment.id for each in one.overdue] == ["later", "late"]


def test_what_is_filed_under_a_commitment_is_told_or_that_nothing_is() -> None:
    report = found("A report").telling
    one = made(filed={("trust", "ai-roadmap"): ((report,), 4)})

    said = {each.commitment.id: words.evidence(each) for each in one.commitments}

    assert said["ai-roadmap"] == "4 reports are filed under it; the newest is"
    assert said["review"] == f"no report found since {LONG_AGO.day} Oct 2025, when we began to look"


def test_what_is_overdue_elsewhere_stands_at_the_head_only_where_a_story_here_reports_on_it() -> None:
    """An initiative may be told under one name, and its promise under another of the same watchlist."""
    promise = Commitment(id="fab", text="A fab", due=date(2026, 1, 1))
    later = Commitment(id="far", text="Something far away", due=date(2030, 1, 1))
    other = replace(WATCHLIST.initiatives[1], commitments=(promise, later))
    about = setting(
        initiative=replace(RULED, commitments=()),
        watchlist=replace(WATCHLIST, initiatives=(RULED, other)),
    )

    apart = made(came(3, story="a"), about=about)
    touched = made(came(3, story="a"), about=about, filed_of={"a": frozenset({("compact", "fab")})})

    assert [each.commitment.id for each in apart.related] == ["fab"]  # what is far away does not press
    assert apart.overdue == ()
    assert [each.commitment.id for each in touched.overdue] == ["fab"]


# -- sources, what was missed, rules ---------------------------------------------------------------


def test_sources_are_counted_by_outlet_tag_country_and_language() -> None:
    reports = (
        came(3, source="Post", url="https://post.in/1", language="en-IN", story="a"),
        came(2, source="Post", url="https://post.in/2", language="hi", story="b"),
        came(2, source="Wire", url="https://wire.co.uk/2", language=None, story="b"),
        came(1, source="Blog", url="https://blog.io/2", language="xx", story="c"),
    )

    one = made(*reports, about=tagged({"post": ("press", "india"), "wire": ("press",)}))

    def shares(name: str) -> list[tuple[str, int, int, int]]:
        some = getattr(one.sources, name)
        return [(each.name, each.stories, each.articles, each.outlets) for each in some]

    assert shares("outlets") == [("Post", 2, 2, 1), ("Blog", 1, 1, 1), ("Wire", 1, 1, 1)]
    assert shares("tags") == [("press", 2, 3, 2), ("india", 2, 2, 1), ("no tag", 1, 1, 1)]
    assert shares("countries") == [
        ("India", 2, 2, 1),
        ("United Kingdom", 1, 1, 1),
        ("no country in the address", 1, 1, 1),  # .io is sold as a word
    ]
    assert [name for name, *_ in shares("languages")] == ["English", "Hindi", "xx", "not known"]


def test_what_was_not_covered_is_told() -> None:
    coverage = Coverage(
        checked=8,
        failing=(FailingSource(source="Post", since=NOW, reason="503"),),
        quiet=("Ledger",),
        gaps=(Gap(source="Post", start=NOW - 5 * DAY, end=NOW - 2 * DAY),),
    )
    unread = replace(came(2), unread=Unread.PAYWALL)
    bare = came(1, text_length=0)
    one = made(
        came(3),
        unread,
        bare,
        coverage=coverage,
        held=(Held(source="Wire", articles=40),),
        known=2,
        not_about=1,
        collected=frozenset(PERIOD.each_day()[4:]),
        last_polled=NOW - 3 * DAY,
    )

    assert list(words.missed(one.missed, one.period, words.watched(one))) == [
        "On 4 days of 30 no article came from any source. The last answer of any source is of Sun 22 Nov 2026,"
        " 12:00 UTC.",
        "8 sources answered in this time; 1 source failing.",
        "3 days not covered at 1 source.",
        "Unusually quiet now: Ledger.",
        "2 of 3 articles here were judged on title and summary only: 1 behind paywalls, 1 from feeds without texts.",
        "1 matching article was judged not to be about it, and was not counted.",
        "40 matching articles of Wire are held for review, as a renewal of its feed, and not counted.",
        "2 matching articles stood in a list already when it was read first, and were not counted.",
    ]


def test_what_retention_has_dropped_of_the_period_is_told() -> None:
    """The figures are those of what is left."""
    short, long = (made(came(3), about=setting(kept=days * DAY)) for days in (10, 40))

    assert "those of before 15 Nov 2026 are gone" in " ".join(words.missed(short.missed, PERIOD, ""))
    assert "are gone" not in " ".join(words.missed(long.missed, PERIOD, ""))


def test_nothing_missed_is_told_too() -> None:
    one = made(came(3))
    assert list(words.missed(one.missed, one.period, words.watched(one))) == [
        "9 sources answered in this time; none fails now.",
        "No gap in what sources list was noticed.",
        "Of the article here the text was read.",
    ]


def test_the_rules_are_told_with_since_when_and_whether_they_are_those_of_the_file() -> None:
    reports = (came(3, terms=("TRUST initiative", "iCET")), came(2, terms=("TRUST initiative",)))
    kept = RulesKept(since=NOW - 9 * DAY, print="p", pending=False)

    same = made(*reports, rules=kept)
    edited = made(*reports, rules=replace(kept, print="q", pending=True))
    never = made(*reports)

    assert same.rules.found_by == (("TRUST initiative", 2), ("iCET", 1))
    assert list(words.rules(same.rules, "UTC")) == [
        "Watchlist “U.S.–India technology”, version 0123456789ab.",
        "The rules of this initiative are in force since Mon 16 Nov 2026, 12:00 UTC; what came before was judged by"
        " them too.",
    ]
    assert len(list(words.rules(edited.rules, "UTC"))) == 4
    assert "were never in force" in list(words.rules(never.rules, "UTC"))[1]


def test_the_summary_says_from_what_sources_and_countries_the_articles_are() -> None:
    """As far as that is known, the largest first."""
    one = made(
        came(3, source="Post", url="https://post.in/1"),
        came(2, source="Post", url="https://post.in/2"),
        came(1, source="Blog", url="https://blog.io/1"),
        about=tagged({"post": ("press",)}),
    )

    assert list(words.summary(one))[2:] == [
        "Articles by the tag of their source: press (2).",
        "Articles by the country of their address: India (2).",
    ]
    assert len(list(words.summary(made(came(3))))) == 2
