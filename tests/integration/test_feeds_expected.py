"""Feeds of other projects beside what those projects expect of them: counts, titles, links, dates and ids."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from crawler.errors import NotAFeedError
from crawler.feeds.dates import parse_date
from crawler.feeds.links import absolute
from crawler.feeds.parse import parse
from crawler.feeds.text import plain_title
from tests.fakes.feeds import CORPUS, packed

HOST = "https://feeds.example/"

# Where we read otherwise, and why.
ORIGINAL = "feedburner:origLink is the article's own address; the other is a proxy's"
EXPLAINED = {
    "gofeed/parser/rss/rdf_item_links.xml": "of several links the first alternate one, not the last",
    "gofeed/parser/rss/rss_channel_item_links.xml": "of several links the first alternate one, not the last",
    "gofeed/parser/rss/rss_channel_item_uri_at_protocol.xml": "the attribute `uri` of a link, at:, hides its text",
    "rss-parser/encoding.rss": ORIGINAL,
    "rss-parser/feedburner.atom": ORIGINAL,
    "rss-parser/many-links.rss": ORIGINAL,
    "feed-rs/atom/atom_example_3.xml": ORIGINAL,
    "rss-parser/uolNoticias.rss": "ISO-8859-1 as declared, where the other reads broken UTF-8",
    "feed-rs/jsonfeed/jsonfeed_elastic_1.1.json": "the address as given, without a slash added after the host",
    "miniflux/encoding/testdata/utf8-incorrect-prolog.xml": "valid UTF-8 although ISO-8859-1 is declared",
    "miniflux/parser/testdata/no_encoding_ISO-8859-1.xml": "Latin-1 although nothing is declared",
    "newsboat/rss092_1.xml": "xml:base is heeded",
}

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")


def expectations() -> Iterator[tuple[str, bytes, list[dict[str, Any]]]]:
    """Name, body and the entries that the project of the feed expects, or that were read of it with lxml."""
    for corpus in ("with-expected-json", "fixtures"):
        for name, facts in packed(corpus).items():
            expected = facts.get("expected")
            if expected is not None:
                feed = {**expected, **expected.get("feed", {})}
                entries = feed.get("items") or feed.get("entries") or []
            else:
                entries = facts["facts"].get("first", [])
                entries += [{}] * ((facts["facts"].get("items") or 0) - len(entries))
            yield name, base64.b64decode(facts["body_base64"]), entries


def title_of(entry: dict[str, Any]) -> str | None:
    title = entry.get("title")
    if isinstance(title, dict):
        title = title.get("content") or title.get("value")
    return plain_title(title) if isinstance(title, str) else None


def link_of(entry: dict[str, Any]) -> str | None:
    link = entry.get("link")
    if link is None and entry.get("links"):
        alternates = [
            one["href"]
            for one in entry["links"]
            if isinstance(one, dict) and one.get("href") and one.get("rel") in (None, "", "alternate")
        ]
        link = alternates[0] if alternates else None
    return absolute(link, HOST) if isinstance(link, str) else None


def date_of(entry: dict[str, Any]) -> datetime | None:
    for name in (
        "publishedParsed",
        "pubDateParsed",
        "isoDate",
        "published",
        "date",
        "updatedParsed",
        "updated",
    ):
        if isinstance(entry.get(name), str) and (moment := parse_date(entry[name])):
            return moment
    return None


def id_of(entry: dict[str, Any], body: bytes) -> str | None:
    """The id that stands in the document; other readers make one up, of the link for instance, where none does."""
    given = entry.get("guid") or entry.get("id")
    if not isinstance(given, str) or given.encode() not in body:
        return None
    return None if given == entry.get("link") and b"guid" not in body else " ".join(given.split()) or None


def disagreements(body: bytes, expected: list[dict[str, Any]]) -> list[str]:
    try:
        entries = parse(body, url=HOST, content_type=None).entries
    except NotAFeedError as error:
        return [f"not a feed: {error}"] if expected else []
    if len(entries) != len(expected):
        return [f"{len(entries)} entries instead of {len(expected)}"]
    found = []
    for place, (ours, theirs) in enumerate(zip(entries, expected, strict=True)):
        for what, mine, given in (
            ("title", ours.title, title_of(theirs)),
            ("link", ours.link, link_of(theirs)),
            ("date", ours.published_at, date_of(theirs)),
            ("id", ours.id, id_of(theirs, body)),
        ):
            if given and mine != given:
                found.append(f"{what} of entry {place}: {mine!r} instead of {given!r}")
    return found


def test_other_projects_expect_what_we_read_or_the_difference_is_explained() -> None:
    """Every feed agrees with its own project, but for the ones in the table; and no row of that is out of date."""
    cases = list(expectations())
    differing = {name: found for name, body, expected in cases if (found := disagreements(body, expected))}

    assert len(cases) == 384
    assert {name: found[:3] for name, found in differing.items() if name not in EXPLAINED} == {}
    assert set(EXPLAINED) - set(differing) == set()
