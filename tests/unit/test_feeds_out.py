"""Feeds for others: what an entry says, and that no text of others breaks one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.records import Commitment, Evidence, Field, Initiative, Match, SavedSearch, Strength, Telling
from crawler.feeds.parse import parse
from tests.fakes.clock import NOON
from tests.feed_rules import atom_faults, json_faults
from tests.hostile import LINKS, STRINGS
from tidings.feeds_out.addresses import Addresses
from tidings.feeds_out.atom import atom
from tidings.feeds_out.entries import FeedTelling, of_initiative, of_search
from tidings.feeds_out.json_feed import json_feed
from tidings.feeds_out.records import OutgoingFeed

HOUR = timedelta(hours=1)
SPACE = UUID("6f6ea3bb-3b1f-4d2c-9a52-0d8c4d8a7f10")
AT = Addresses(atom="https://news.example/f.atom", json="https://news.example/f.json")
PROMISE = Commitment(id="roadmap", text="A roadmap for chips")
CHIPS = Initiative(id="chips", name="Chips & India", watchlist_id="w", commitments=(PROMISE,))
SEARCH = SavedSearch(id="fabs", name="New fabs", query="fab")


def telling(number: int = 1, /, **facts: Any) -> FeedTelling:
    """Of the outlet with that number; `facts` belong to the telling, the match, or what is around them."""
    article = f"{number:016x}"
    told = {
        "article_id": article,
        "title": f"Report {number} of a fab",
        "url": f"https://outlet{number}.example/{number}?a=1&b=2",
        "source": f"Outlet {number}",
        "source_id": f"o{number}",
        "published": NOON - HOUR,
        "found": NOON,
        "language": "en-IN",
    }
    found = Evidence(
        term="fab",
        field=Field.TEXT,
        start=0,
        end=3,
        snippet="…the fab in <Gujarat> opens…",
        strength=Strength.STRONG,
        words="fab",
    )
    match = {"article_id": article, "initiative_id": "chips", "evidence": (found,), "matched_at": NOON}
    around = {
        "story_id": "s1", "authors": ("A. Author",), "text_length": 900, "text_state": "read", "version": 1,
        "may_be_told": True, "changed_at": None,
    }  # fmt: skip
    for name, value in facts.items():
        next(part for part in (told, around, match) if name in part or part is match)[name] = value
    return FeedTelling(telling=Telling(**told), match=Match(**match), **around)


def feed(*tellings: FeedTelling, by: Callable[..., Any] = of_initiative, of: Any = CHIPS) -> OutgoingFeed:
    entries = by(of, tellings, SPACE)
    newest = max((one.updated for one in entries), default=NOON)
    return OutgoingFeed(id=SPACE.urn, title=of.name, about="About <it>", updated=newest, entries=entries)


def sound(made: OutgoingFeed) -> tuple[bytes, bytes]:
    """Both documents, once nothing is found wrong with them by rules, feedparser and our own reader."""
    written, plain = atom(made, AT), json_feed(made, AT)
    assert atom_faults(written, "application/atom+xml; charset=utf-8", AT.atom) == []
    assert json_faults(plain, "application/feed+json; charset=utf-8", AT.json) == []
    foreign = feedparser.parse(written)
    assert foreign.bozo == 0
    assert [one.id for one in foreign.entries] == [one.id for one in made.entries]
    for body, address, kind in (
        (written, AT.atom, "application/atom+xml"),
        (plain, AT.json, "application/feed+json"),
    ):
        for fast in (True, False):
            ours = parse(body, url=address, content_type=f"{kind}; charset=utf-8", fast=fast)
            assert ours.problems == ()
            assert [(one.id, one.link, one.published_at, one.updated_at) for one in ours.entries] == [
                (one.id, one.link, one.published, one.updated) for one in made.entries
            ]
    return written, plain


def test_a_story_is_one_entry_with_its_outlets() -> None:
    """The best telling leads; the others are linked; why it was found, and under what it is filed, is said."""
    made = feed(
        telling(1, commitments=("roadmap",), evidence=(telling().match.evidence)),
        telling(2, matched_at=NOON + HOUR, found=NOON + HOUR, published=NOON),
        telling(3, story_id="s2", matched_at=NOON - HOUR),
    )

    first, second = made.entries
    assert (first.title, first.link) == ("Report 1 of a fab", "https://outlet1.example/1?a=1&b=2")
    assert (first.published, first.updated) == (NOON - HOUR, NOON + HOUR)
    assert [(one.title, one.href) for one in first.related] == [
        ("Outlet 2", "https://outlet2.example/2?a=1&b=2")
    ]
    assert first.authors == ("A. Author",)
    assert first.summary == (
        "Outlet 1; 2 outlets, 2 independent reports: …the fab in <Gujarat> opens… Found by “fab” in the text."
    )
    assert "<p>…the <b>fab</b> in &lt;Gujarat&gt; opens…</p>" in first.html
    assert "<p>On A roadmap for chips</p>" in first.html
    assert [(one.term, one.label) for one in first.categories] == [
        ("chips", "Chips & India"), ("roadmap", "A roadmap for chips"),
    ]  # fmt: skip
    assert second.title == "Report 3 of a fab"
    written, plain = sound(made)
    assert b'<title xml:lang="en-IN">Report 1 of a fab</title>' in written
    assert json.loads(plain)["items"][0]["tags"] == ["Chips & India", "A roadmap for chips"]


def test_our_own_reader_gets_the_titles_back() -> None:
    """And the authors, from both forms."""
    made = feed(telling(1, title="Tata & TSMC: “a fab” for 27 % less"), telling(2, story_id="s2", authors=()))
    for body in sound(made):
        read = parse(body, url=AT.atom, content_type=None).entries
        assert [(one.title, one.authors) for one in read] == [
            (one.title, one.authors) for one in made.entries
        ]
    assert {one.authors for one in made.entries} == {("A. Author",), ("Outlet 2",)}


def test_an_entry_keeps_its_id_when_its_story_is_joined_to_an_older_one() -> None:
    """It is named after the first article that matched, whatever the story is called, and whether that one counts still."""
    before = feed(telling(2, story_id="younger")).entries
    after = feed(telling(2, story_id="older"), telling(3, story_id="older", matched_at=NOON + HOUR)).entries
    gone = feed(
        telling(2, story_id="older", gone_at=NOON + 2 * HOUR),
        telling(3, story_id="older", matched_at=NOON + HOUR),
    ).entries

    assert before[0].id == after[0].id == gone[0].id
    assert gone[0].title == "Report 3 of a fab"
    assert feed(telling(3, story_id="younger")).entries[0].id != before[0].id
    other = replace(CHIPS, id="ports")
    assert feed(telling(2), of=other).entries[0].id != before[0].id


def test_what_is_not_told_is_in_no_feed() -> None:
    """Known of old, held for review, only filed, or no match any more: and it names no entry."""
    assert feed(telling(1, may_be_told=False)).entries == ()
    assert feed(telling(1, gone_at=NOON)).entries == ()
    shown = feed(telling(2)).entries
    assert feed(telling(1, may_be_told=False, matched_at=NOON - HOUR), telling(2)).entries == shown


def test_a_change_in_substance_makes_an_entry_new_again() -> None:
    """It comes first, with the same id."""
    quiet = feed(telling(1), telling(2, story_id="s2", matched_at=NOON + HOUR))
    changed = feed(telling(1, changed_at=NOON + 2 * HOUR), telling(2, story_id="s2", matched_at=NOON + HOUR))

    assert [one.title for one in changed.entries] == ["Report 1 of a fab", "Report 2 of a fab"]
    assert [one.id for one in changed.entries] == [one.id for one in reversed(quiet.entries)]
    assert changed.updated == NOON + 2 * HOUR


def test_a_search_has_an_entry_for_each_article() -> None:
    """Also where they tell one story; dated by when they were found, and never published after that."""
    made = feed(
        telling(1, matched_at=None, published=NOON + 90 * HOUR),
        telling(2, matched_at=None, found=NOON - HOUR, published=None),
        by=of_search,
        of=SEARCH,
    )

    assert [(one.title, one.published, one.updated) for one in made.entries] == [
        ("Report 1 of a fab", NOON, NOON),
        ("Report 2 of a fab", NOON - HOUR, NOON - HOUR),
    ]
    sound(made)


def test_only_the_newest_stand_in_a_feed() -> None:
    """Fifty of them."""
    made = feed(*(telling(one, story_id=f"s{one}", matched_at=NOON + one * HOUR) for one in range(60)))

    assert [one.updated for one in made.entries] == [NOON + one * HOUR for one in range(59, 9, -1)]
    sound(made)


def test_an_empty_feed_is_a_feed() -> None:
    """Of an initiative of which nothing was found yet."""
    sound(feed())


def test_no_hostile_text_breaks_a_feed() -> None:
    """Markup, controls, direction marks and half characters, wherever others may write; ids stay, links stay safe."""
    tellings = [
        telling(
            number,
            story_id=f"s{number}",
            title=text,
            source=text,
            authors=(text, text),
            language=text,
            evidence=(replace(telling().match.evidence[0], snippet=text, term=text, words=text),),
            matched_at=NOON - number * HOUR,
        )
        for number, text in enumerate(STRINGS)
    ]
    for start in range(0, len(tellings), 50):
        written, _ = sound(feed(*tellings[start : start + 50]))
        assert not any(mark in written.decode() for mark in "\u202e\u2066\u200f\x00\x0b\ufffe")


def test_a_hostile_address_is_a_safe_link_or_none() -> None:
    """What cannot be clicked safely is left out, and the entry stands without it."""
    for start in range(0, len(LINKS), 25):
        some = LINKS[start : start + 25]
        sound(feed(*(telling(number, story_id=f"s{number}", url=url) for number, url in enumerate(some))))
        sound(feed(*(telling(number, url=url) for number, url in enumerate(some))))


@given(st.text(), st.text(), st.text())
def test_any_text_makes_a_sound_feed(title: str, source: str, author: str) -> None:
    """Whatever Unicode it is made of."""
    sound(feed(telling(1, title=title, source=source, authors=(author,))))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<id>urn:uuid:", b"<id>uuid ", "is no absolute IRI"),
        (b"</feed>", b"", "not well-formed"),
        (b"<published>2026-11-25T", b"<published>25 Nov 2026 ", "grammar"),
        (b"T11:00:00Z</published>", b"T11:00:00</published>", "no time of RFC 3339"),
        (b'rel="self"', b'rel="via"', "is not the address that was asked for"),
        (b"<name>A. Author</name>", b"<name></name>", "grammar"),
        (b'href="https://outlet1.example', b'href="/outlet1', "is no absolute IRI"),
        (b"&lt;p&gt;", b"&lt;p onclick=x&gt;", "in the markup"),
        (b"&lt;/b&gt;", b"", "closes nothing"),
        (b'xml:lang="en-IN"', b'xml:lang="en_IN"', "grammar"),
        (b'rel="related"', b'rel="alternate"', "stands 2 times"),
    ],
)
def test_the_rules_notice_a_fault_in_atom(old: bytes, new: bytes, said: str) -> None:
    """The checks above are no formality."""
    made = feed(telling(1), telling(2, found=NOON + HOUR))
    body = atom(made, AT)
    assert old in body

    assert any(said in one for one in atom_faults(body.replace(old, new), None, AT.atom))


def test_the_rules_notice_a_fault_in_json_feed() -> None:
    """Ids that repeat, a missing content, a wrong version."""
    plain = json.loads(json_feed(feed(telling(1)), AT))
    for wrong in (
        {"version": "1"},
        {"feed_url": AT.atom},
        {"items": plain["items"] * 2},
        {"items": [{**plain["items"][0], "content_html": ""}]},
        {"items": [{**plain["items"][0], "id": 7}]},
        {"items": [{**plain["items"][0], "date_published": "yesterday"}]},
    ):
        assert json_faults(json.dumps(plain | wrong).encode(), None, AT.json)
