"""One entry a story: its outlets folded, its reports counted, what follows it up and what has changed in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import html as lxml_html

from alerts.digest import compose, is_empty, refers_to, story_of, told
from alerts.entries import OUTLETS
from alerts.messages import Message
from alerts.records import Digest, MatchedArticle, ToldIn
from alerts.render import HTML_BYTES, Renderer
from alerts.subjects import overview, subject
from alerts.wording import first_teller, spread, summary
from crawler.folds import Change, ChangeKind
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

RENDERER = Renderer()
BEFORE = NOW - timedelta(days=1)
FIRST = ToldIn(key="morning/2026-11-24T07:30", subject="TRUST: 3 stories, 5 outlets", at=BEFORE)


def composed(*matched: MatchedArticle, **changes: object) -> Digest:
    return compose(plan(**changes), (slot(),), SINCE, matched, INITIATIVES, {}, COVERAGE, NOW)


def wire(number: int, **facts: Any) -> list[MatchedArticle]:
    """A Reuters text in so many outlets, the first of which is the earliest."""
    plain: dict[str, Any] = {"story": "s1", "credit": "Reuters"}
    return [
        found(f"Chip call opens {n}", source=f"Paper {n:02}", hours=9 - n / 10, **(plain | facts))
        for n in range(number)
    ]


def change(one: MatchedArticle, said: str = "headline: “3 GW” became “2 GW”") -> MatchedArticle:
    """`one`, told a day before, changed since."""
    what = Change(
        article_id=one.telling.article_id,
        before=1,
        after=2,
        at=NOW - timedelta(hours=5),
        kinds=(ChangeKind.HEADLINE,),
        said=said,
        old="3 GW",
        new="2 GW",
    )
    return replace(
        one,
        told_at=BEFORE,
        told_in=FIRST,
        match=replace(one.match, matched_at=SINCE - timedelta(hours=5), told_at=BEFORE),
        changes=(what,),
        earlier=(one.telling,),
    )


def parts(message: Message) -> tuple[str, str]:
    """The words of the text part, and those of the page."""
    page = lxml_html.document_fromstring(message.html).text_content()
    return " ".join(message.text.split()), " ".join(page.split())


def stories(message: Message, initiative: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(message.data)["data"]["initiatives"][initiative]["stories"]
    return found


# -- outlets and reports ---------------------------------------------------------------------------


def test_an_agency_s_text_in_many_outlets_is_one_report_of_that_agency() -> None:
    """Whatever each outlet has put in front of it: no near-copies were found among them."""
    story = story_of(wire(12))

    assert (len(story.outlets), story.reports) == (12, 1)
    assert spread(story) == "Reuters, in 12 outlets"
    assert first_teller(story) == ""


def test_other_reports_are_counted_beside_the_agency_s() -> None:
    story = story_of([*wire(3), found("Own view", source="Standard", story="s1", hours=2)])

    assert spread(story) == "4 outlets, 2 independent reports (Reuters in 3 of them)"


def test_outlets_without_an_agency_are_counted_as_they_are() -> None:
    one = found("a", source="A", article_id="a1", story="s1")
    copy = found("a", source="B", duplicate_of="a1", story="s1")

    assert spread(story_of([one, copy])) == "2 outlets, 1 independent report"
    assert spread(story_of([one])) == ""


def test_two_articles_of_one_outlet_are_two_reports_in_one_outlet() -> None:
    story = story_of([found("a", source="A"), found("b", source="A")])

    assert spread(story) == "1 outlet, 2 independent reports"


def test_the_agency_s_own_telling_leads_and_is_no_reprint_although_it_was_seen_last() -> None:
    copies = wire(3)
    first = copies[0].telling.article_id
    own = found("Chip call", source="Reuters", story="s1", hours=1, credit="Reuters", duplicate_of=first)

    story = story_of([*copies, own])

    assert story.lead.source == "Reuters"
    assert [one.reprint for one in (story.lead, *story.also)] == [False, True, True, True]
    assert story.told_first == "Reuters"


def test_a_planted_early_copy_does_not_lead() -> None:
    """It names nobody, and its copies say that the text is Reuters'."""
    planted = found("First!", source="Planted", story="s1", hours=20, article_id="p1")
    copies = [replace(one, duplicate_of="p1") for one in wire(2)]

    story = story_of([planted, *copies])

    assert story.lead.source == "Paper 00"
    assert [one.source for one in story.also if one.reprint] == ["Planted", "Paper 01"]
    assert (story.reports, story.told_first) == (1, "Reuters")


def test_who_told_it_first_is_said_where_another_telling_leads() -> None:
    """The first was short; a full report of another outlet is the better one to read."""
    brief = found("In short", source="Quick", story="s1", hours=9, text_length=90)
    full = found("In full", source="Thorough", story="s1", hours=3)

    story = story_of([brief, full])

    assert (story.lead.source, first_teller(story)) == ("Thorough", "Quick")
    for part in parts(RENDERER.render(composed(brief, full), NOW)):
        assert "told first by Quick" in part


def test_that_an_agency_told_it_first_is_not_said_where_its_own_telling_leads() -> None:
    """Also where its outlet has a longer name than its credit."""
    own = found("Chip call", source="Deccan Wire Service", story="s1", hours=9, credit="Deccan Wire")
    view = found("What it means", source="Standard", story="s1", hours=1)

    story = story_of([own, view])

    assert (story.told_first, story.lead.source) == ("Deccan Wire", "Deccan Wire Service")
    assert first_teller(story) == ""


def test_independent_reports_stand_before_reprints() -> None:
    """And with their own headlines, which a reprint's is not worth."""
    own = found("What it means for fabs", source="Standard", story="s1", hours=1)
    message = RENDERER.render(composed(*wire(4), own), NOW)

    (story,) = stories(message)
    assert [one["source"] for one in story["also"]] == ["Standard", "Paper 01", "Paper 02", "Paper 03"]
    for part in parts(message):
        assert "What it means for fabs" in part
        assert "Paper 03" in part
        assert "Chip call opens 3" not in part


def test_what_finds_no_room_is_counted_and_the_command_that_lists_it_is_named() -> None:
    """Every telling is in the JSON, with its agency."""
    message = RENDERER.render(composed(*wire(20)), NOW)

    for part in parts(message):
        assert "Reuters, in 20 outlets" in part
        assert len(set(re.findall(r"Paper \d\d", part))) == OUTLETS + 1
        assert "and 11 more: tidings stories show s1" in part
    (story,) = stories(message)
    assert len(story["also"]) == 19
    assert len(story["outlets"]) == 20
    assert (story["reports"], story["agencies"]) == (1, [{"name": "Reuters", "outlets": 20}])
    assert {one["credit"] for one in (story, *story["also"])} == {"Reuters"}


def test_one_more_than_is_named_is_named_too() -> None:
    """A line that says "and 1 more" takes the room of that one."""
    text, page = parts(RENDERER.render(composed(*wire(OUTLETS + 2)), NOW))

    assert "more: tidings" not in text
    assert "more: tidings" not in page


def test_an_outlet_s_label_is_the_agency_and_an_agency_needs_none() -> None:
    own = found("Chip call", source="Reuters", story="s1", hours=10, credit="Reuters")
    for part in parts(RENDERER.render(composed(own, *wire(1)), NOW)):
        assert "Paper 00" in part
        assert "(Reuters)" in part.partition("Paper 00")[2]
        assert "Reuters (Reuters)" not in part


# -- several initiatives ---------------------------------------------------------------------------


def test_a_story_of_two_initiatives_is_told_whole_once_and_pointed_to_under_the_other() -> None:
    """With all its tellings, whichever initiative each met; the JSON has it whole under both."""
    first = found("Shared story", source="A", story="s1", article_id="a1")
    both = replace(first, match=replace(first.match, initiative_id="compact"))
    other = found("Other telling", source="B", story="s1", initiative="compact", term="COMPACT", hours=1)

    digest = composed(first, both, other)
    message = RENDERER.render(digest, NOW)

    trust, compact = digest.sections
    assert [(one.id, one.above) for one in trust.stories] == [("s1", "")]
    assert (compact.stories, [one.above for one in compact.above]) == ((), ["U.S.–India TRUST initiative"])
    assert digest.stories == 1
    assert told(digest) == ("s1",)
    assert summary(compact) == "1 story, 2 outlets"
    for part in parts(message):
        assert part.count("Other telling") == 1
        assert "see under U.S.–India TRUST initiative" in part.partition("COMPACT for the 21st century")[2]
    assert [[one["url"] for one in (story, *story["also"])] for story in stories(message, 1)] == [
        [first.telling.url, other.telling.url]
    ]


def test_what_is_pointed_to_takes_no_room_of_the_cap() -> None:
    shared = [found(f"Shared {n}", story=f"s{n}", article_id=f"a{n}") for n in range(3)]
    under_both = [replace(one, match=replace(one.match, initiative_id="compact")) for one in shared]
    own = found("Own", story="own", initiative="compact")

    digest = composed(*shared, *under_both, own, max_stories=4)

    assert [len(part.titles_only) for part in digest.sections] == [0, 0]
    assert digest.stories == 4


# -- follow-ups ------------------------------------------------------------------------------------


def follow_up(source: str, **facts: Any) -> MatchedArticle:
    known = found("Biotech talks set", source="Ledger", story="s1", hours=30, article_id="k1")
    plain: dict[str, Any] = {"story": "s1", "told_at": BEFORE, "told_in": FIRST, "earlier": (known.telling,)}
    return found("Biotech talks set", source=source, **(plain | facts))


def test_a_follow_up_names_the_new_outlets_and_the_message_that_told_it_first() -> None:
    digest = composed(follow_up("Mirror"), follow_up("Dispatch"))
    message = RENDERER.render(digest, NOW)

    assert subject(digest) == "Also now in Mirror and Dispatch: Biotech talks set"
    for part in parts(message):
        assert "first told Tue 24 Nov, 07:30 in “TRUST: 3 stories, 5 outlets”" in part
        assert "lso now in Mirror" in part
        assert "in all 3 outlets, 3 independent reports" in part
        assert "Ledger" not in part.partition("Told before")[2].partition("checked")[0]
    (story,) = stories(message)
    assert story["told_in"] == {
        "key": "morning/2026-11-24T07:30",
        "subject": "TRUST: 3 stories, 5 outlets",
        "time": "2026-11-24T12:30:00Z",
    }
    assert sorted(story["new_outlets"]) == ["Dispatch", "Mirror"]
    assert story["in_all"] == {"outlets": 3, "reports": 3}
    assert [one["source"] for one in story["earlier"]] == ["Ledger"]
    assert message.refers_to == ("morning/2026-11-24T07:30",)


def test_a_story_told_before_goes_by_the_headline_that_its_readers_know() -> None:
    """What came since has its own beside it, in both parts, and so has the line under another heading."""
    since = follow_up("Mirror", article_id="m1")
    since = replace(since, telling=replace(since.telling, title="Gene libraries to be shared"))
    under_both = replace(since, match=replace(since.match, initiative_id="compact"))
    digest = composed(since, under_both)

    assert subject(digest) == "Also now in Mirror: Biotech talks set"
    for part in parts(RENDERER.render(digest, NOW)):
        again = part.partition("Told before")[2]
        assert again.index("Biotech talks set") < again.index("lso now in Mirror")
        assert again.index("lso now in Mirror") < again.index("Gene libraries to be shared")
        assert "Biotech talks set: see under U.S.–India TRUST initiative" in again
    assert [one["title"] for one in stories(RENDERER.render(digest, NOW))] == ["Gene libraries to be shared"]


def test_the_headline_that_readers_know_is_of_the_message_that_told_first() -> None:
    """Of its tellings the earliest original that all may read; what a later message told is none of them."""
    hours = {"copy": 33, "walled": 32, "early": 31, "late": 30, "later message": 12}
    earlier = [
        found(title, source=title, hours=ago, article_id=title).telling for title, ago in hours.items()
    ]
    earlier[0] = replace(earlier[0], copy_of="walled")
    earlier[1] = replace(earlier[1], paywalled=True)

    story = story_of([follow_up("Mirror", earlier=tuple(earlier))])

    assert story.headline.title == "early"
    assert story_of([follow_up("Mirror", earlier=())]).headline.source == "Mirror"  # all of them purged


def test_the_subject_of_a_message_is_not_said_beside_a_headline_that_is_the_same() -> None:
    """As is that of a mail with one story."""
    told_in = replace(FIRST, subject="Biotech talks set")

    for part in parts(RENDERER.render(composed(follow_up("Mirror", told_in=told_in)), NOW)):
        assert "(first told Tue 24 Nov, 07:30)" in part


def test_a_further_report_of_an_outlet_that_had_told_it_is_no_further_outlet() -> None:
    again = follow_up("Ledger", article_id="k2")
    digest = composed(again)

    assert digest.sections[0].again[0].new_outlets == ()
    assert subject(digest) == "Again in Ledger: Biotech talks set"
    assert summary(digest.sections[0]) == "further reports"
    assert "1 earlier story reported on again." in overview(digest)
    for part in parts(RENDERER.render(digest, NOW)):
        assert "Told before, reported on again" in part
        assert "gain in Ledger" in part


def test_a_message_refers_to_all_that_told_its_follow_ups_first_oldest_first() -> None:
    older = ToldIn(key="morning/older", subject="Older", at=BEFORE - timedelta(days=3))
    digest = composed(
        found("News", story="n"), follow_up("A"), follow_up("B", story="s2", told_in=older), follow_up("C", story="s3")
    )  # fmt: skip

    assert refers_to(digest) == ("morning/older", "morning/2026-11-24T07:30")


def test_a_message_without_follow_ups_refers_to_nothing() -> None:
    assert RENDERER.render(composed(found("News")), NOW).refers_to == ()


def test_a_story_whose_first_message_is_gone_is_told_all_the_same() -> None:
    digest = composed(follow_up("Mirror", told_in=None))
    message = RENDERER.render(digest, NOW)

    assert refers_to(digest) == ()
    assert stories(message)[0]["told_in"] is None
    for part in parts(message):
        assert "first told Tue 24 Nov, 07:30)" in part


# -- updates ---------------------------------------------------------------------------------------


def test_a_change_is_told_as_an_update_of_its_story() -> None:
    """What it said, what it says, where, since when, and which message told it first; in every form."""
    digest = composed(change(found("Corridors need 2 GW", source="Chronicle", story="s1", hours=30)))
    message = RENDERER.render(digest, NOW)

    assert not is_empty(digest)
    assert told(digest) == ("s1",)
    assert digest.stories == 0
    (part,) = (one for one in digest.sections if one.updated)
    assert (part.stories, part.again) == ((), ())
    assert subject(digest) == "Updated: Corridors need 2 GW"
    assert summary(part) == "1 story updated"
    assert overview(digest).startswith("No new stories. 1 earlier story updated.")
    for words in parts(message):
        assert "eadline: “3 GW” became “2 GW”" in words
        assert "irst told Tue 24 Nov, 07:30 in “TRUST: 3 stories, 5 outlets”" in words
        assert "Wed 25 Nov, 02:30" in words
        assert "lso now in" not in words
    (story,) = stories(message)
    assert [(one["changed"], one["at"], one["kinds"]) for one in story["updates"]] == [
        ("headline: “3 GW” became “2 GW”", "2026-11-25T07:30:00Z", ["headline"])
    ]
    assert (story["first_told"], story["new_outlets"]) == ("2026-11-24T12:30:00Z", [])
    assert message.refers_to == ("morning/2026-11-24T07:30",)


def test_an_updated_story_with_a_new_outlet_says_both_and_is_one_entry() -> None:
    changed = change(found("Corridors need 2 GW", source="Chronicle", story="s1", hours=30))
    new = found(
        "What it buys", source="Mirror", story="s1", told_at=BEFORE, told_in=FIRST, earlier=changed.earlier
    )
    digest = composed(changed, new)
    message = RENDERER.render(digest, NOW)

    assert [len(digest.sections[0].updated), len(digest.sections[0].again)] == [1, 0]
    assert digest.sections[0].updated[0].new_outlets == ("Mirror",)
    for words in parts(message):
        assert "Corridors need 2 GW" in words
        assert "lso now in Mirror" in words


def test_an_update_is_counted_beside_news() -> None:
    changed = change(found("Corridors need 2 GW", source="Chronicle", story="s1", hours=30))

    one = composed(found("Chips at last"), changed)
    many = composed(found("Chips at last"), found("More chips"), changed)

    assert subject(one) == "Chips at last · 1 updated"
    assert subject(many) == "TRUST: 2 stories, 1 outlet, 1 updated"
    assert "1 earlier story updated." in overview(one)


def test_a_change_under_two_initiatives_is_told_once() -> None:
    changed = change(found("Corridors need 2 GW", story="s1", hours=30))
    other = replace(changed, match=replace(changed.match, initiative_id="compact"))
    digest = composed(changed, other)

    assert [(len(part.updated), len(part.above)) for part in digest.sections] == [(1, 0), (0, 1)]
    for words in parts(RENDERER.render(digest, NOW)):
        assert words.count("eadline: “3 GW” became") == 1


def test_many_updates_never_make_a_page_too_long() -> None:
    """The page says how many it leaves out; the text part and the JSON have them all."""
    many = [change(found(f"Changed {n} " + "word " * 15, story=f"s{n}", hours=30)) for n in range(300)]
    message = RENDERER.render(composed(*many), NOW)

    assert len(message.html.encode()) <= HTML_BYTES
    assert "Others, in short" in message.html or "Stories, in short" in message.html
    assert all(f"Changed {n} " in message.html for n in range(300))
    assert "Shortened to what mail programs show whole" in message.html
    assert all(f"Changed {n} " in message.text for n in range(300))
    assert len(stories(message)) == 300


def test_several_changes_of_a_story_stand_in_their_order() -> None:
    first = change(found("A", source="A", story="s1", hours=30), "12 became 15")
    second = change(found("B", source="B", story="s1", hours=31), "a correction was added")
    later = replace(second, changes=(replace(second.changes[0], at=NOW - timedelta(hours=1)),))

    (story,) = composed(later, first).sections[0].updated

    assert [one.change.said for one in story.updates] == ["12 became 15", "a correction was added"]
    assert [one.telling.source for one in story.updates] == ["A", "B"]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "x\u202ey\r\nBcc: a", "{{ 7919*7 }}"])
def test_words_of_a_change_an_agency_and_an_older_subject_are_harmless(hostile: str) -> None:
    """They come from feeds and pages like all others."""
    changed = change(found("A", story="s1", hours=30), hostile)
    changed = replace(
        changed,
        told_in=replace(FIRST, subject=hostile),
        changes=(replace(changed.changes[0], old=hostile, new=hostile),),
    )
    message = RENDERER.render(composed(changed, *wire(3, story="s2", credit=hostile)), NOW)

    assert "<script" not in message.html
    assert "<script" not in message.data
    assert "55433" not in message.text
    assert "\u202e" not in message.text + message.html + message.data
    assert json.loads(message.data)["data"]["initiatives"]
