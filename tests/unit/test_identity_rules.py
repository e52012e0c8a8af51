"""What is new is told apart from what is known, whatever signals a source gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.identity import Kept, article_id, edit_of, judge, keys, lookups, read
from crawler.records import Article, Entry, TextState

DAY_1 = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DAY_2 = DAY_1 + timedelta(days=1)


def entry(title: str = "Port opens", link: str | None = "https://a.example/1", id: str | None = "1", at: datetime | None = DAY_1, summary: str = "") -> Entry:  # fmt: skip
    return Entry(id=id, link=link, title=title, summary=summary, published_at=at)


class Memory:
    """What a store remembers between polls, in its smallest form."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.articles: dict[str, Article] = {}

    def poll(self, *entries: Entry, source: str = "s", now: datetime = DAY_2) -> list[str]:
        """Titles that are new."""
        return [one.item.entry.title for one in self.kept(*entries, source=source, now=now) if one.new]

    def kept(self, *entries: Entry, source: str = "s", now: datetime = DAY_2) -> Sequence[Kept]:
        items = read(entries, source)
        known = {key: self.known[key] for key in lookups(items) if key in self.known}
        found = judge(items, source, known, self.articles)
        for one in found:
            for key in one.keys:
                self.known.setdefault(key, one.article_id)
            if one.new:
                self.articles[one.article_id] = article(one, source, now)
        return found


def article(kept: Kept, source: str, now: datetime) -> Article:
    told = kept.item.entry
    return Article(
        id=kept.article_id,
        source_id=source,
        url=told.link or "",
        canonical_url=kept.item.canonical_url or "",
        title=told.title,
        summary=told.summary,
        published_at=min(told.published_at, now) if told.published_at else None,
        updated_at=told.updated_at,
        first_seen_at=now,
    )


@pytest.mark.parametrize(
    "again",
    [
        entry(),
        entry(title="Port opens late"),
        entry(link="http://www.a.example/1/?utm_source=rss"),
        entry(id="other id"),
        entry(id=None),
        entry(link="https://a.example/1-port-opens"),
        entry(link=None),
        entry(title="Port opens late", link="https://a.example/1-port-opens-late"),
        entry(title="Port opens late", at=DAY_2),
        entry(id="new", link="https://a.example/new"),
    ],
    ids=[
        "same",
        "title",
        "tracking",
        "rolled id",
        "no id",
        "moved",
        "no link",
        "renamed",
        "updated",
        "migrated",
    ],
)
def test_a_known_item_is_not_new_when_some_signals_change(again: Entry) -> None:
    """Ids roll, addresses move, headlines are corrected: it stays one article."""
    memory = Memory()
    memory.poll(entry())

    assert memory.poll(again) == []


@pytest.mark.parametrize(
    "other",
    [
        entry(title="Strike ends", link="https://a.example/2", at=DAY_2),
        entry(title="Strike ends", link=None, at=DAY_2),
        entry(title="Strike ends", id="2", at=DAY_2),
        entry(id="2", link="https://a.example/2", at=DAY_2),
        entry(id="2", link="https://a.example/2", at=DAY_1 + timedelta(hours=1)),
    ],
    ids=["reused id", "reused id, no link", "reused address", "same title next day", "same title same day"],
)
def test_another_item_is_new_although_it_shares_a_signal(other: Entry) -> None:
    """Reused ids, pages and headlines never swallow news."""
    memory = Memory()
    memory.poll(entry())

    assert memory.poll(other) == [other.title]
    assert memory.poll(other) == []


def test_an_id_shared_by_all_entries_says_nothing() -> None:
    """Neither within the document nor when one such item comes alone."""
    memory = Memory()
    shared = [entry(title=f"Item {n}", link=f"https://a.example/{n}", id="same") for n in range(3)]

    assert len(memory.poll(*shared)) == 3
    assert memory.poll(entry(title="Item 9", link="https://a.example/9", id="same"), *shared) == ["Item 9"]
    assert memory.poll(entry(title="Item 10", link="https://a.example/10", id="same", at=DAY_2)) == [
        "Item 10"
    ]


def test_items_on_one_page_are_told_apart() -> None:
    """By their anchors, ids or titles; the page itself identifies none of them."""
    memory = Memory()
    live = [entry(title=f"Update {n}", link=f"https://a.example/live#u{n}", id=None) for n in range(3)]

    assert len(memory.poll(*live)) == 3
    assert memory.poll(entry(title="Update 4", link="https://a.example/live#u4", id=None), *live) == [
        "Update 4"
    ]
    assert memory.poll(*live) == []


def test_the_front_page_is_no_address() -> None:
    """Entries that all lead to it are known by their titles."""
    memory = Memory()
    first, second = (entry(title=title, link="https://a.example/", id=None) for title in ("One", "Two"))

    assert memory.poll(first) == ["One"]
    assert memory.poll(second) == ["Two"]
    assert memory.poll(first, second) == []


def test_ids_made_up_at_each_fetch_leave_no_trail() -> None:
    """The items stay known, and the memory does not grow with every poll."""
    memory = Memory()
    for poll in range(4):
        rolled = [entry(title=f"T{n}", link=f"https://a.example/{n}", id=f"{poll}-{n}") for n in range(5)]
        assert len(memory.poll(*rolled)) == (5 if poll == 0 else 0)
        if poll == 0:
            size = len(memory.known)

    assert len(memory.known) == size


def test_an_undated_item_with_new_id_and_address_is_known_by_a_telling_summary() -> None:
    """Without dates an equal title alone is not enough."""
    memory = Memory()
    long = "The harbour board decided on Monday that berth nine is closed until spring."
    memory.poll(entry(at=None, summary=long))

    assert memory.poll(entry(id="x", link="https://a.example/x", at=None, summary=long)) == []
    assert memory.poll(entry(id="y", link="https://a.example/y", at=None, summary="")) == ["Port opens"]


def test_a_date_in_the_future_is_recognised_again() -> None:
    """It is stored as the time first seen, and still counts as the same time."""
    memory = Memory()
    far = datetime(2064, 2, 6, tzinfo=UTC)
    memory.poll(entry(at=far))

    assert memory.poll(entry(id="new", link="https://a.example/new", at=far)) == []


def test_an_article_of_another_source_is_seen_again_not_new() -> None:
    """The address joins sources whatever they call the article."""
    memory = Memory()
    (first,) = memory.kept(entry(), source="one")
    (second,) = memory.kept(entry(title="Port opens - A Times", id="77", at=None), source="two")

    assert not second.new
    assert second.changed
    assert second.article_id == first.article_id
    assert edit_of(second.item, memory.articles[first.article_id], "two") is None


def test_a_purged_article_stays_known() -> None:
    """Its keys speak without it."""
    memory = Memory()
    memory.poll(entry())
    memory.articles.clear()

    assert memory.poll(entry(title="Port opens late")) == []


def test_an_edit_attaches_and_is_told_once() -> None:
    """The second listing of the same version is no change any more."""
    memory = Memory()
    memory.poll(entry(summary="5 points"))
    edited = entry(title="Port opens late", summary="5 points")

    (kept,) = memory.kept(edited)
    edit = edit_of(kept.item, memory.articles[kept.article_id], "s")

    assert edit is not None
    assert (edit.title, edit.reread) == ("Port opens late", True)
    assert kept.changed
    assert not memory.kept(edited)[0].changed
    assert not memory.kept(replace(edited, summary="7 points"))[0].changed


def test_an_edit_of_a_text_from_the_feed_needs_no_page() -> None:
    """The feed's new text is the text."""
    memory = Memory()
    (kept,) = memory.kept(entry())
    stored = replace(memory.articles[kept.article_id], text_state=TextState.FEED, text="old")
    (again,) = memory.kept(replace(entry(), content="new and far longer than it was before"))

    edit = edit_of(again.item, stored, "s")

    assert edit is not None
    assert (edit.reread, edit.content) == (False, "new and far longer than it was before")


def test_the_id_of_an_article_is_the_same_at_every_source() -> None:
    """It is made from the address where there is one."""
    one, two = keys(entry(), "a"), keys(entry(id="x", title="y"), "b")

    assert article_id(one) == article_id(two)
    assert len(article_id(one)) == 16
    assert [key.partition(":")[0] for key in one] == ["url", "id", "ts"]


ENTRIES = st.lists(
    st.builds(
        entry,
        title=st.sampled_from(["", "A", "B", "C"]),
        link=st.sampled_from([None, "https://a.example/", "https://a.example/1", "https://a.example/2", "https://a.example/1#x"]),
        id=st.sampled_from([None, "1", "2", "https://a.example/1"]),
        at=st.sampled_from([None, DAY_1, DAY_2]),
        summary=st.sampled_from(["", "s"]),
    ),
    max_size=6,
)  # fmt: skip


@given(ENTRIES)
def test_no_two_items_of_a_document_are_merged_and_none_is_told_twice(entries: list[Entry]) -> None:
    """Whatever signals are missing, shared or repeated."""
    memory = Memory()
    different = len({(one.id, one.link, one.title, one.published_at, one.summary) for one in entries})

    first = memory.kept(*entries)

    assert len({one.article_id for one in first}) == len(first) <= different
    assert all(one.new and one.keys for one in first)
    assert memory.poll(*entries) == []


@given(ENTRIES, ENTRIES)
def test_polls_keep_articles_apart(before: list[Entry], after: list[Entry]) -> None:
    """Over two polls too, one document never names an article twice, and a third poll brings nothing new."""
    memory = Memory()
    memory.poll(*before)
    second = memory.kept(*after)

    assert len({one.article_id for one in second}) == len(second)
    assert memory.poll(*after) == []
