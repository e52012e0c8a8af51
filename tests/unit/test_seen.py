"""What is remembered of a list from one poll to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from crawler import identity
from crawler.records import Article, Entry, TextState
from crawler.seen import SeenEntry, SeenList, is_in_doubt, may_be_elsewhere, pack, unpack, unread, whole

DAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, 0, 0, 123_456, tzinfo=UTC)


def entry(number: int, **facts: object) -> Entry:
    plain = {"id": f"{number}", "link": f"https://news.example/{number}", "title": f"Item {number}"}
    return Entry(**(plain | {"published_at": NOON} | facts))  # type: ignore[arg-type]  # a table of facts


def seen(*entries: Entry) -> SeenList:
    items = identity.read(entries, "s")
    rows = (
        SeenEntry(print=bytes([place] * 8), published_at=one.published_at, signals=item.given)
        for place, (one, item) in enumerate(zip(entries, items, strict=True))
    )
    return SeenList(day=DAY, frame=b"8 bytes!", entries=tuple(rows))


def test_a_list_comes_back_as_it_was_stored() -> None:
    """Prints, dates to the microsecond, and signals; what is missing stays missing."""
    before = seen(entry(1), entry(2, published_at=None, id=None), entry(3, link=None, title=""))

    assert unpack(pack(before), DAY) == before


def test_a_list_of_another_day_or_program_is_none() -> None:
    """Each day all entries are read, and all keys listed, once."""
    stored = pack(seen(entry(1)))

    assert unpack(stored, date(2026, 11, 26)) is None
    assert unpack(b"\x09" + stored[1:], DAY) is None
    assert unpack(stored[:-1], DAY) is None
    assert unpack(b"", DAY) is None


def test_nothing_is_known_by_a_list_whose_entries_share_signals() -> None:
    """An id that all have, one address for all, one title on one day."""
    for shared in ({"id": "x"}, {"link": "https://news.example/all"}, {"title": "Same"}):
        assert pack(seen(entry(1, **shared), entry(2, **shared))) == b""


def test_a_new_entry_with_a_signal_of_one_that_was_not_read_makes_doubt() -> None:
    """Both must be seen to know that the signal says nothing; one that is gone from the list does not matter."""
    before = seen(entry(1), entry(2))
    prints = [one.print for one in before.entries]
    items = identity.read([entry(3, link="https://news.example/1")], "s")

    assert is_in_doubt(1, items, prints, before)
    assert not is_in_doubt(1, items, prints[1:], before)
    assert is_in_doubt(2, items, prints[1:], before)  # two entries that are one item
    assert not is_in_doubt(1, identity.read([entry(3)], "s"), prints, before)


def article(title: str) -> Article:
    url = "https://news.example/1"
    return Article(
        id="a", source_id="s", url=url, canonical_url=url, title=title,
        text_state=TextState.FEED, first_seen_at=NOON,
    )  # fmt: skip


def test_an_entry_is_taken_for_its_article_only_where_that_cannot_stand_elsewhere_in_the_list() -> None:
    """It is kept, has the same title but for case and signs, and no entry that was not read leads to it."""
    items = identity.read([entry(1)], "s")
    known = dict.fromkeys(items[0].signals, "a")

    assert not may_be_elsewhere(items, known, {"a": article("ITEM, 1")}, {"b"})
    assert may_be_elsewhere(items, known, {"a": article("ITEM, 1")}, {"a"})
    assert may_be_elsewhere(items, known, {"a": article("Another")}, ())
    assert may_be_elsewhere(items, known, {}, ())  # purged
    assert not may_be_elsewhere(items, {}, {}, {"a"})  # new


def test_one_signal_is_enough_to_lead_to_another_article() -> None:
    """An id that was given to the next, beside an address that is new."""
    items = identity.read([entry(1)], "s")

    assert may_be_elsewhere(items, {items[0].id_key or "": "a"}, {"a": article("Another")}, ())


def test_the_signals_of_what_was_not_read_are_those_of_entries_that_stand_as_they_did() -> None:
    """What left the list is not among them, nor what is missing in an entry."""
    before = seen(entry(1), entry(2, link=None), entry(3))
    _, two, three = before.entries

    assert unread([two.print, b"new one!"], before) == {key for key in two.signals if key}
    assert len(unread([two.print, three.print], before)) == 5


def test_a_list_read_in_part_is_remembered_whole_for_the_same_day() -> None:
    """In its own order, with what is new; the day on which all of it was read stays."""
    before = seen(entry(1), entry(2))
    new = entry(3, published_at=None)
    prints = (b"new one!", before.entries[0].print)

    found = whole(
        identity.read([new], "s"), [new],
        frame=before.frame, prints=prints, fresh=(0,), before=before, day=DAY,
    )  # fmt: skip

    after = unpack(found.stored, DAY)
    assert (found.dates, found.known) == ((None, NOON), (NOON,))
    assert after is not None
    assert after.entries[1] == before.entries[0]
    assert after.entries[0].print == b"new one!"
    assert after == replace(before, entries=after.entries)
