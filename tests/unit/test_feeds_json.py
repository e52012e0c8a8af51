"""JSON Feeds are read item by item; what is JSON of another kind is told with its message."""

from __future__ import annotations

import pytest

from crawler.errors import NotAFeedError
from crawler.feeds.parse import parse
from crawler.records import Feed

VERSION = '"version": "https://jsonfeed.org/version/1.1", "title": "Tide"'


def read(text: str) -> Feed:
    return parse(text.encode(), url="https://tide.example/feed.json", content_type="application/feed+json")


@pytest.mark.parametrize(
    ("text", "titles", "problem"),
    [
        ('{%s, "items": [{"id": "1", "title": "a"}, {"id": "2", "title": "b"},]}', ["a", "b"], "commas"),
        ('{%s, "items": [{"id": "1", "title": "a, ] b"},],}', ["a, ] b"], "commas"),
        ('{%s, "items": [{"id": "1", "title": "a"}]}\n<!-- cached -->', ["a"], "rubbish after"),
        ('{%s, "items": [{"id": "1", "title": "a"}, {"id": "2", "ti', ["a"], "broken JSON"),
        (
            '{%s, "items": [{"id": "1", "title": "a"}, {"id": 2, title: b}, {"id": "3", "title": "c"}]}',
            ["a", "c"],
            "broken JSON",
        ),
        ('{%s, "items": [{"id": "1", "title": "a\n\tb\x0b"}]}', ["a b"], None),
    ],
)
def test_a_damaged_json_feed_keeps_its_whole_items(text: str, titles: list[str], problem: str | None) -> None:
    """Commas at the end, rubbish behind, controls inside, a document that breaks off; each repair is told."""
    feed = read(text.replace("%s", VERSION))

    assert [entry.title for entry in feed.entries] == titles
    assert bool(feed.problems) == bool(problem)
    assert (problem or "") in " ".join(feed.problems)


def test_odd_values_cost_no_item() -> None:
    """Numbers as ids and dates, names where people are expected, nulls, nothing at all."""
    feed = read(
        '{%s, "items": [{"id": 4711.0, "url": "/a", "date_published": 1772618400, "authors": "Ann"},'
        ' {"id": null, "title": null, "author": "Bo", "tags": 3}, {}]}'.replace("%s", VERSION)
    )

    first, second, third = feed.entries
    assert (first.id, first.link, first.authors) == ("4711", "https://tide.example/a", ("Ann",))
    assert first.published_at is not None
    assert (second.id, second.title, second.authors) == (None, "", ("Bo",))
    assert third.title == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"error": "rate limited"}', "“rate limited”"),
        ('{"error": {"code": 404, "message": "no such feed"}}', "“no such feed”"),
        ('{"errors": [{"message": "gone"}]}', "“gone”"),
        ("[]", "no JSON Feed"),
        ('{"version": "x"', "cannot be read"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1', "cannot be read"),
    ],
)
def test_json_of_another_kind_is_told_with_its_message(text: str, message: str) -> None:
    """An interface for programs answers with the reason."""
    with pytest.raises(NotAFeedError, match=message):
        read(text)


def test_a_json_feed_without_items_is_a_feed() -> None:
    """It has nothing to tell yet."""
    assert read('{%s, "items": []}'.replace("%s", VERSION)).entries == ()
