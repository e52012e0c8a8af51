"""What a digest says: stories with their best telling, what is late, told before, promised and left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.commitments import lines
from alerts.digest import compose, is_empty, story_of, told
from alerts.plans import DigestPlan
from alerts.records import (
    Commitment,
    CommitmentState,
    Coverage,
    Digest,
    DigestSlot,
    Found,
    FoundBy,
    MatchedArticle,
    Telling,
)
from alerts.subjects import overview, subject
from alerts.wording import lateness
from tests.fakes.outbox import COMPACT, COVERAGE, INITIATIVES, NOW, SINCE, TRUST, found, plan, slot


def composed(
    *matched: MatchedArticle,
    a_plan: DigestPlan | None = None,
    slots: tuple[DigestSlot, ...] = (slot(),),
    evidence: dict[tuple[str, str], tuple[Telling, ...]] | None = None,
    coverage: Coverage = COVERAGE,
) -> Digest:
    return compose(a_plan or plan(), slots, SINCE, matched, INITIATIVES, evidence or {}, coverage, NOW)


def test_the_lead_is_the_earliest_full_open_original() -> None:
    """Reprints, paywalls and short notices follow, however early they are."""
    reprint = found("reprint", hours=9, duplicate_of="elsewhere")
    walled = found("walled", hours=8, paywalled=True)
    brief = found("brief", hours=7, text_length=90)
    early = found("early", hours=6)
    late = found("late", hours=5)

    story = story_of([late, brief, walled, early, reprint])

    assert [story.lead.title, *(one.title for one in story.also)] == [
        "early",
        "late",
        "brief",
        "walled",
        "reprint",
    ]


def test_a_date_in_the_future_does_not_make_a_telling_earlier_or_later() -> None:
    """An impossible time of publication counts as the time of finding."""
    honest = found("honest", hours=6)
    wrong = found("wrong", hours=5, published=NOW + timedelta(days=300))

    assert story_of([wrong, honest]).lead.title == "honest"
    assert story_of([wrong]).late is None


def test_reprints_are_outlets_but_no_independent_reports() -> None:
    original = found("chips", source="Meridian", article_id="m1")
    copies = [found("chips", source=f"Paper {n}", duplicate_of="m1") for n in range(3)]
    own = found("our view", source="Standard")

    story = story_of([original, *copies, own])

    assert len(story.outlets) == 5
    assert story.reports == 2


def test_two_reprints_of_an_article_not_in_the_digest_are_one_report() -> None:
    story = story_of([found("a", source="A", duplicate_of="x"), found("b", source="B", duplicate_of="x")])

    assert story.reports == 1


def test_an_outlet_with_two_articles_is_one_outlet() -> None:
    story = story_of([found("first", source="Meridian"), found("second", source="Meridian")])

    assert story.outlets == ("Meridian",)
    assert story.reports == 2


def test_stories_are_grouped_by_initiative_then_by_story() -> None:
    digest = composed(
        found("one", story="s1"),
        found("one again", story="s1", source="Other"),
        found("two", story="s2"),
        found("three", story="s3", initiative="compact"),
    )

    assert [(part.initiative_id, sorted(s.id for s in part.stories)) for part in digest.sections] == [
        ("trust", ["s1", "s2"]),
        ("compact", ["s3"]),
    ]
    assert digest.stories == 3


def test_a_story_of_two_initiatives_stands_under_both_and_counts_once() -> None:
    one = found("shared", story="s1", article_id="a1")
    other = replace(one, match=replace(one.match, initiative_id="compact"))

    digest = composed(one, other)

    assert len(digest.sections) == 2
    assert digest.stories == 1
    assert told(digest) == ("s1",)


def test_the_story_with_most_independent_reports_comes_first() -> None:
    digest = composed(
        found("small", story="small", hours=1),
        *(found("copied", story="copied", source=f"C{n}", duplicate_of="x") for n in range(5)),
        *(found("wide", story="wide", source=f"W{n}") for n in range(3)),
    )

    assert [story.id for story in digest.sections[0].stories] == ["wide", "copied", "small"]


def test_what_is_late_says_how_late() -> None:
    """The time of publication is shown beside the day on which it was found."""
    digest = composed(found("old", published=NOW - timedelta(days=6, hours=2), hours=1))
    story = digest.sections[0].stories[0]

    assert story.late is not None
    assert lateness(story, "America/New_York", NOW) == "published 6 days ago, found today"


def test_what_is_a_day_old_is_not_late() -> None:
    assert composed(found("fresh", hours=3)).sections[0].stories[0].late is None


def test_a_story_told_before_is_also_now_in() -> None:
    """Its new outlets are named, with the day it was first told; it is no new story."""
    before = NOW - timedelta(days=2)

    digest = composed(found("known", source="Late Paper", story="s1", told_at=before))

    (part,) = (p for p in digest.sections if p.initiative_id == "trust")
    assert part.stories == ()
    assert [(s.outlets, s.first_told) for s in part.again] == [(("Late Paper",), before)]
    assert digest.stories == 0
    assert not is_empty(digest)


def test_past_the_cap_stories_keep_their_titles_and_each_initiative_its_share() -> None:
    """Nothing is dropped: what is not told in full is listed, and a small initiative is not crowded out."""
    many = [found(f"t{n}", story=f"t{n}", hours=n / 10) for n in range(9)]
    few = [found("c", story="c", initiative="compact")]

    digest = composed(*many, *few, a_plan=plan(max_stories=4))

    trust, compact = digest.sections
    assert (len(trust.stories), len(trust.titles_only)) == (3, 6)
    assert (len(compact.stories), len(compact.titles_only)) == (1, 0)
    assert digest.stories == 10
    assert len(told(digest)) == 10


def test_a_paused_initiative_is_not_told() -> None:
    names = INITIATIVES | {"trust": replace(TRUST, paused=True)}

    digest = compose(plan(), (slot(),), SINCE, [found("quiet")], names, {}, COVERAGE, NOW)

    assert is_empty(digest)
    assert [part.initiative_id for part in digest.sections] == []


def test_an_overdue_commitment_alone_is_no_news_but_is_shown() -> None:
    digest = composed()

    assert is_empty(digest)
    assert [line.id for line in digest.sections[0].commitments] == ["ai-roadmap", "indus-x"]
    assert digest.sections[0].commitments[0].overdue


def test_commitments_are_shown_when_overdue_soon_due_or_reported_on() -> None:
    """One far off is shown only in a digest with a story on it; its reports come with it, three at most."""
    reports = tuple(found(f"r{n}").telling for n in range(5))
    today = date(2026, 11, 25)

    quiet = lines(TRUST, today=today, filed=(), evidence={})
    told_of = lines(TRUST, today=today, filed={"review"}, evidence={("trust", "review"): reports})

    assert [(line.id, line.days) for line in quiet] == [("ai-roadmap", -329), ("indus-x", 14)]
    assert [line.id for line in told_of] == ["ai-roadmap", "indus-x", "review"]
    assert told_of[-1].evidence == reports[:3]


def test_a_commitment_due_today_is_not_overdue_and_a_met_one_never_is() -> None:
    today = date(2026, 11, 25)
    initiative = replace(
        COMPACT,
        commitments=(
            Commitment(id="now", text="due today", due=today),
            Commitment(id="met", text="met", due=date(2020, 1, 1), state=CommitmentState.MET),
            Commitment(id="undated", text="no day"),
        ),
    )

    shown = lines(initiative, today=today, filed={"met", "undated"}, evidence={})

    assert [(line.id, line.overdue) for line in shown] == [("met", False), ("now", False), ("undated", False)]


def test_missed_slots_are_named() -> None:
    """A digest that covers several slots says so, and speaks for the last one."""
    three = tuple(slot(f"2026-11-{day}T07:30", NOW - timedelta(days=25 - day)) for day in (23, 24, 25))

    digest = composed(found("x"), slots=three)

    assert digest.slot == NOW
    assert digest.notes == ("Also covers 2 missed slots, from Mon 23 Nov, 07:30 to Tue 24 Nov, 07:30.",)


def test_what_was_judged_not_to_be_about_an_initiative_is_counted_in_a_note() -> None:
    """By the name of the initiative, one that is paused left aside; it makes an empty digest no mail."""
    names = {"trust": replace(TRUST, name="TRUST <b>"), "compact": replace(COMPACT, paused=True)}
    left_out = {"trust": 2, "compact": 1, "other": 7}

    digest = compose(plan(), (slot(),), SINCE, (), names, {}, COVERAGE, NOW, left_out=left_out)

    assert digest.notes == (
        "2 matches are left out: judged not to be about TRUST <b>. `tidings judgements list` has them.",
    )
    assert is_empty(digest)


def test_slots_held_back_by_quiet_hours_are_not_called_missed() -> None:
    night = plan(quiet=(time(22), time(7)), every=timedelta(hours=1))
    held = tuple(slot(f"2026-11-25T0{hour}:00", NOW) for hour in range(3))

    digest = composed(found("x"), a_plan=night, slots=held)

    assert digest.notes == ("Tells 3 slots together, held back by quiet hours (22:00 to 07:00).",)


def test_the_next_slot_is_named() -> None:
    assert composed().next_slot == datetime.fromisoformat("2026-11-26T12:30:00+00:00")


def test_the_subject_of_a_single_story_is_its_title() -> None:
    assert (
        subject(
            composed(found("Chips at last"), found("Chips too", story=None) and found("x", told_at=SINCE))
        )
        == "Chips at last"
    )


def test_the_subject_counts_by_initiative_with_the_word_the_reader_knows() -> None:
    digest = composed(
        found("a", story="a", source="A"),
        found("b", story="a", source="B"),
        found("c", story="c", source="C"),
        found("d", story="d", initiative="compact"),
    )

    assert subject(digest) == "TRUST: 2 stories, 3 outlets · COMPACT: 1 story, 1 outlet"


def test_a_subject_never_breaks_and_never_runs_away() -> None:
    """Line separators of any kind become spaces, and a title of 10,000 letters is cut with a sign."""
    hostile = composed(found("x\r\nBcc: a@b.example\u2028y\x85z\x00" + " long" * 2000))

    line = subject(hostile)

    assert line.startswith("x Bcc: a@b.example y z long")
    assert len(line) <= 180
    assert line.endswith("…")
    assert len(line.splitlines()) == 1


def test_the_subject_of_many_initiatives_says_how_many_are_not_named() -> None:
    names = {
        f"topic-{n}": replace(TRUST, id=f"topic-{n}", name=f"The long name of topic {n}") for n in range(20)
    }
    many = plan(initiatives=tuple(names))
    matched = [found("t", initiative=name) for name in names for _ in range(2)]

    line = subject(compose(many, (slot(),), SINCE, matched, names, {}, COVERAGE, NOW))

    assert len(line) <= 180
    assert line.endswith("more initiatives")


def test_empty_and_again_only_subjects() -> None:
    assert subject(composed()) == "Nothing new · Morning digest: U.S.–India technology"
    assert (
        subject(composed(found("Known", source="Late Paper", told_at=SINCE)))
        == "Also now in Late Paper: Known"
    )


def test_the_overview_counts_what_matters() -> None:
    digest = composed(found("a", story="s"), found("b", story="s", source="B"), found("c", told_at=SINCE))

    assert overview(digest) == (
        "1 new story from 2 outlets. 1 earlier story now in further outlets. "
        "1 commitment overdue. 1 source failing."
    )


EDIT = Found(by=FoundBy.EDIT, at=datetime(2026, 11, 24, 14, 30, tzinfo=UTC))
REMATCH = Found(by=FoundBy.REMATCH, at=datetime(2025, 12, 30, 14, 30, tzinfo=UTC))


def late(one: MatchedArticle, how: Found = EDIT) -> MatchedArticle:
    """The same article, found in the archive."""
    return replace(one, match=replace(one.match, found=how))


def test_finds_in_the_archive_come_last_those_of_the_newest_edit_first() -> None:
    """However many outlets they have: news comes first."""
    digest = composed(
        late(found("A", story="old", source="One"), REMATCH),
        late(found("B", story="edited", source="One")),
        late(found("B", story="edited", source="Two")),
        found("C", story="news"),
    )

    stories = digest.sections[0].stories
    assert [(one.id, one.found) for one in stories] == [("news", None), ("edited", EDIT), ("old", REMATCH)]


def test_a_story_of_which_a_part_came_as_news_is_news() -> None:
    """A report found by an edit joins a story of today: no note on it."""
    digest = composed(late(found("A", story="s")), found("A", story="s", source="The Delhi Observer"))

    assert digest.sections[0].stories[0].found is None
    assert "found by" not in overview(digest)


@pytest.mark.parametrize(
    ("articles", "expected"),
    [
        ([late(found("A"))], "1 new story from 1 outlet, found by your edit of 24 Nov."),
        ([late(found("A")), late(found("B"))], "2 new stories from 1 outlet, all of them found by your edit of 24 Nov."),
        ([late(found("A")), found("B")], "2 new stories from 1 outlet, 1 of them found by your edit of 24 Nov."),
        ([late(found("A"), REMATCH)], "1 new story from 1 outlet, found by rematch of 30 Dec 2025."),
        ([late(found("A")), late(found("B"), REMATCH)], "2 new stories from 1 outlet, all of them found in the archive."),
        ([late(found("A", told_at=SINCE))], "No new stories. 1 earlier story found anew."),
        ([found("A", told_at=SINCE)], "No new stories. 1 earlier story now in further outlets."),
    ],
)  # fmt: skip
def test_the_overview_says_what_was_found_in_the_archive(
    articles: list[MatchedArticle], expected: str
) -> None:
    """How many of the stories, and by what; the year only where it is another one."""
    assert overview(composed(*articles)).startswith(expected)


def test_the_subject_of_a_told_story_that_an_edit_found_says_so() -> None:
    """It is not in a further outlet."""
    digest = composed(late(found("Ministers launch it", told_at=SINCE)))

    assert subject(digest) == "Told before, found by your edit of 24 Nov: Ministers launch it"
