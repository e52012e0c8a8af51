"""What is new is told apart from what is known, whatever signals a source gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.identity import Kept, article_id, edit_of, folded_title, judge, keys, lookups, read
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


HEADLINES = (
    "Harbour board elects a chair",
    "Storm closes ferry line",
    "Tariffs rise in May",
    "Dredging starts",
)


def headline(number: int, **facts: Any) -> Entry:
    plain = entry(
        title=HEADLINES[number],
        link=f"https://a.example/{number}",
        id=f"guid-{number}",
        at=DAY_1 - timedelta(minutes=7 * number),
    )
    return replace(plain, **facts)


def three(**facts: Any) -> list[Entry]:
    return [headline(number, **facts) for number in range(3)]


BARE: dict[str, Any] = {"id": None, "link": None}


@pytest.mark.parametrize(
    "again",
    [
        three(**BARE, published_at=DAY_2),
        three(**BARE, published_at=None),
        [replace(one, **BARE, title=one.title + " (12)") for one in three()],
    ],
    ids=["re-dated to now", "without dates", "counted in the title"],
)
def test_titles_alone_are_known_again(again: list[Entry]) -> None:
    """Of a list without ids and addresses: when it is dated at the fetch, loses its dates, or counts in its titles."""
    memory = Memory()
    before = [
        replace(one, title=one.title + " (9)") if again[0].title.endswith(")") else one
        for one in three(**BARE)
    ]

    assert len(memory.poll(*before)) == 3
    assert memory.poll(*again) == []
    assert memory.poll(headline(3, **BARE), *again) == [HEADLINES[3]]
    assert memory.poll(*before) == []


def test_a_title_of_its_own_day_is_news() -> None:
    """Weekly notes without id and address come every week, and twice on one day when they do."""
    memory = Memory()
    times = (DAY_1, DAY_1 + timedelta(hours=2), DAY_1 + timedelta(days=7))

    assert [memory.poll(entry("Weekly notes", at=at, **BARE)) for at in times] == [["Weekly notes"]] * 3
    assert memory.poll(*(entry("Weekly notes", at=at, **BARE) for at in times)) == []


def test_a_headline_without_id_and_address_is_edited_at_its_time() -> None:
    """The same second, and much the same words or the same summary; another item of that second is another."""
    memory = Memory()
    summary = "The harbour board decided on Monday that berth nine is closed until spring."
    memory.poll(
        entry("Councl votes for pier", **BARE), entry("Berth nine", at=DAY_2, summary=summary, **BARE)
    )

    assert memory.poll(entry("Council votes narrowly for pier", **BARE)) == []
    assert memory.poll(entry("Closed until spring", at=DAY_2, summary=summary, **BARE)) == []
    assert memory.poll(entry("Fog warning lifted", **BARE)) == ["Fog warning lifted"]


@pytest.mark.parametrize("link", [None, "https://a.example/", "https://a.example/top{}"])
@pytest.mark.parametrize("at", [None, DAY_1])
def test_ids_that_are_places_in_the_list_hide_no_news(link: str | None, at: datetime | None) -> None:
    """Each poll numbers the items from the top, whichever they are."""
    memory = Memory()

    def listed(*numbers: int) -> list[Entry]:
        return [
            headline(
                number,
                id=str(place),
                link=link and link.format(place),
                published_at=at and at - timedelta(minutes=7 * number),
            )
            for place, number in enumerate(numbers)
        ]

    memory.poll(*listed(0, 1, 2))

    assert HEADLINES[3] in memory.poll(*listed(3, 0, 1))
    assert len(memory.poll(*listed(3, 0, 1))) == 0


def test_one_page_for_all_is_known_by_titles_with_nothing_in_common() -> None:
    """Items that come one at a time, without ids, all leading to /news; a corrected headline is no other item."""
    memory = Memory()
    page: dict[str, Any] = {"link": "https://a.example/news", "id": None}

    assert memory.poll(headline(1, **page)) == [HEADLINES[1]]
    assert memory.poll(headline(1, **page, title=HEADLINES[1] + " again", published_at=DAY_2)) == []
    assert memory.poll(headline(2, **page)) == [HEADLINES[2]]
    assert memory.poll(headline(2, **page)) == []


@pytest.mark.parametrize("id_of", [lambda link: None, lambda link: link], ids=["no ids", "ids are addresses"])
def test_a_live_page_is_told_update_by_update(id_of: Callable[[str], str | None]) -> None:
    """Also when its list holds one update at a time: the anchor tells them apart."""
    memory = Memory()
    for number in range(3):
        link = f"https://a.example/live#update-{number}"
        update = headline(number, link=link, id=id_of(link))
        assert memory.poll(update) == [HEADLINES[number]]


def test_an_id_that_counts_the_versions_of_its_address_is_no_news() -> None:
    """https://a.example/1#0 becomes https://a.example/1#1 when the article is edited."""
    memory = Memory()
    versions = [headline(0, id=f"https://a.example/0#{n}", title=HEADLINES[n], published_at=DAY_1 + n * timedelta(hours=1)) for n in range(3)]  # fmt: skip

    assert [len(memory.poll(one)) for one in versions] == [1, 0, 0]


def test_a_purged_article_is_known_by_title_and_second() -> None:
    """Although its id and address are made up anew; a date without a time says too little."""
    memory = Memory()
    midnight = DAY_1.replace(hour=0)
    memory.poll(headline(0), headline(1, published_at=midnight))
    memory.articles.clear()

    assert memory.poll(headline(0, id="x", link="https://a.example/x")) == []
    assert memory.poll(headline(1, published_at=midnight, id="y", link="https://a.example/y")) == [
        HEADLINES[1]
    ]


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        ("https://a.example/1?key=ab12", "https://a.example/1?key=cd34", True),
        ("https://old.example/1", "https://new.example/1", True),
        ("https://a.example/weather?day=4", "https://a.example/weather?day=5", False),
        ("https://a.example/1", "https://a.example/2", False),
    ],
)
def test_an_undated_title_is_known_at_the_same_place(before: str, after: str, known: bool) -> None:
    """Another host or a parameter that looks made up is the same place; another number is not."""
    memory = Memory()
    memory.poll(headline(0, id="x", link=before, published_at=None))

    assert memory.poll(headline(0, id="y", link=after, published_at=None)) == (
        [] if known else [HEADLINES[0]]
    )


def test_ids_and_times_that_roll_together_leave_no_trail() -> None:
    """The memory of a list that is made anew at each fetch does not grow."""
    memory = Memory()
    sizes = set()
    for poll in range(4):
        memory.poll(
            *(headline(n, id=f"{poll}-{n}", published_at=DAY_1 + poll * timedelta(hours=1)) for n in range(3))
        )
        sizes.add(len(memory.known))

    assert len(sizes) == 1


def test_ids_do_not_roll_when_most_of_the_document_stands_as_it_did() -> None:
    """Two items of ten got another id; their new ids are remembered although only these two were read."""
    memory = Memory()
    memory.poll(*three())
    changed = read([replace(one, id=f"again-{one.id}") for one in three()[:2]], "s")

    rolled = judge(changed, "s", memory.known, memory.articles)
    stood = judge(changed, "s", memory.known, memory.articles, unchanged=8)

    assert [one.new for one in (*rolled, *stood)] == [False] * 4
    assert [item.id_key in kept.keys for item, kept in zip(changed, stood, strict=True)] == [True, True]
    assert [item.id_key in kept.keys for item, kept in zip(changed, rolled, strict=True)] == [False, False]


def test_a_corrected_headline_with_a_new_date_is_no_news_where_ids_roll() -> None:
    """The id that came with it is no id of its own."""
    memory = Memory()
    memory.poll(*three())
    rolled = [replace(one, id=f"rolled-{one.id}") for one in three()]
    rolled[2] = replace(rolled[2], title="Tariffs rise in May, board says", published_at=DAY_2)

    assert memory.poll(*rolled) == []


def test_titles_are_compared_with_their_marks() -> None:
    """Vowel signs are letters, punctuation and case are not, and a title of signs alone is a title."""
    assert folded_title("“Port” – OPENS!") == "portopens"
    assert folded_title("किताब") != folded_title("कतब")
    assert folded_title("🎉") == "🎉"
    assert folded_title(" ") == ""


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
