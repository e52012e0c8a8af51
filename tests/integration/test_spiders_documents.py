"""Sitemaps byte by byte, and what crosses the pipe."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import (
    BlockedError,
    Cause,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    HostHeld,
    NotAFeedError,
    TemporaryFetchError,
    TooLarge,
)
from crawler.net.robots import TooManyRedirects
from crawler.records import Entry, ListingRules, Selector, Source, SourceKind
from crawler.secret import Secret
from crawler.spiders import validators, wire
from crawler.spiders.sitemap_document import read_sitemap, w3c_time
from crawler.spiders.validators import Validators

UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-25T10:00:00Z", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T10:00:00+05:30", datetime(2026, 11, 25, 4, 30, tzinfo=UTC)),
        ("2026-11-25T10:00-0500", datetime(2026, 11, 25, 15, tzinfo=UTC)),
        ("2026-11-25 10:00:00.123456789Z", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T23:59:60Z", datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)),
        ("2026-11-25T10:00:00", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
        ("2026-1-5", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-13-45", None),
        ("2026-02-30", None),
        ("0000-01-01", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_of_sitemaps_are_w3c_times(text: str, time: datetime | None) -> None:
    assert w3c_time(text, UTC_ZONE) == time


def test_a_time_without_zone_is_read_in_the_zone_of_its_source() -> None:
    assert w3c_time("2026-07-01 10:00", ZoneInfo("Asia/Kolkata")) == datetime(2026, 7, 1, 4, 30, tzinfo=UTC)


def test_a_broken_sitemap_gives_what_was_read_before_the_break() -> None:
    body = b"<urlset><url><loc>https://a.example/1</loc></url><url><loc>https://a.example/2</lo"

    assert [link.location for link in read_sitemap(body, where="x").links][:1] == ["https://a.example/1"]


def test_links_that_are_no_web_addresses_are_left_out() -> None:
    body = b"<urlset><url><loc>javascript:alert(1)</loc></url><url><loc/></url><url><loc>https://a.example/</loc></url></urlset>"

    assert [link.location for link in read_sitemap(body, where="x").links] == ["https://a.example/"]


def test_no_entity_of_a_sitemap_is_expanded_and_no_file_is_read() -> None:
    body = b"""<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">
    <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
    <urlset><url><loc>https://a.example/&f;&b;</loc><title>&f;&b;</title></url></urlset>"""
    link = read_sitemap(body, where="x").links[0]

    assert link.location == "https://a.example/"
    assert link.title == ""


def test_an_image_title_is_not_taken_for_the_news_title() -> None:
    body = b"""<urlset xmlns:n="news" xmlns:image="image"><url><loc>https://a.example/</loc>
    <image:image><image:loc>https://a.example/i.jpg</image:loc><image:title>Photo</image:title></image:image>
    <n:news><n:title>News</n:title></n:news></url></urlset>"""
    link = read_sitemap(body, where="x").links[0]

    assert (link.location, link.title) == ("https://a.example/", "News")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_sitemap_or_are_said_to_be_none(body: bytes) -> None:
    try:
        read_sitemap(body, where="x")
        read_sitemap(b"<urlset>" + body, where="x")
    except NotAFeedError:
        pass


def test_a_source_crosses_the_pipe_as_it_is() -> None:
    source = Source(
        id="a",
        kind=SourceKind.SITE,
        url="https://example.org/",
        language="en",
        zone="Asia/Kolkata",
        headers=(("X-Key", "k"),),
        auth=Secret("Bearer t"),
        listing=ListingRules(
            links=Selector(css="a"),
            follow=Selector(xpath="//a"),
            pages=3,
            only=("/p/", "é"),
            skip=(r"\.pdf$",),
            item=Selector(css="li"),
            title=Selector(css="h2"),
            summary=Selector(xpath=".//p"),
            published=Selector(css="time"),
        ),
    )
    plain = Source(id="b", kind=SourceKind.SPIDER, url="my.Spider")

    for one in (source, plain):
        assert wire.source_in(wire.decode(wire.encode(wire.source_out(one)))) == one


def test_an_entry_crosses_the_pipe_cleaned() -> None:
    """Line breaks in titles, controls, NUL, bidirectional overrides and half characters stay behind."""
    entry = Entry(
        id="1",
        link="https://example.org/é",
        title="A\r\nB\x00\u202e C\ud800",
        content="one\n\ntwo\x00",
        authors=("X\nY",),
        published_at=datetime(2026, 11, 25, tzinfo=UTC),
        language="hi",
    )

    assert wire.entry_in(wire.decode(wire.encode(wire.entry_out(entry)))) == Entry(
        id="1",
        link="https://example.org/é",
        title="A B C",
        content="one\n\ntwo",
        authors=("X Y",),
        published_at=datetime(2026, 11, 25, tzinfo=UTC),
        language="hi",
    )


@pytest.mark.parametrize(
    ("error", "arrives"),
    [
        (
            TemporaryFetchError("x", status=429, retry_at=datetime(2026, 11, 25, tzinfo=UTC)),
            TemporaryFetchError,
        ),
        (TooManyRedirects("x", status=301), TemporaryFetchError),
        (HostHeld("x", retry_at=datetime(2026, 11, 25, tzinfo=UTC)), HostHeld),
        (BlockedError("x", status=403), BlockedError),
        (GoneError("x"), GoneError),
        (ForbiddenAddress("x"), ForbiddenAddress),
        (ForbiddenAddress("x", cause=Cause.PORT), ForbiddenAddress),
        (TooLarge("x"), TooLarge),
        (NotAFeedError("x"), NotAFeedError),
        (CrawlError("x", cause=Cause.SPIDER), CrawlError),
        (CrawlError("x"), CrawlError),
    ],
)
def test_errors_cross_the_pipe_with_all_they_carry(error: CrawlError, arrives: type[CrawlError]) -> None:
    there = wire.error_in(wire.decode(wire.encode(wire.error_out(error))))

    assert type(there) is arrives
    assert (str(there), there.cause, there.status) == (str(error), error.cause, error.status)
    assert getattr(there, "retry_at", None) == getattr(error, "retry_at", None)


@pytest.mark.parametrize("name", ["SystemExit", "datetime", "Nonsense", "__doc__"])
def test_a_type_that_is_no_error_of_ours_becomes_the_base(name: str) -> None:
    there = wire.error_in({"type": name, "message": "x", "cause": "other", "status": None, "retry_at": None})

    assert type(there) is CrawlError


@pytest.mark.parametrize("cause", ["nonsense", None, 5, ["port"]])
def test_a_cause_that_is_none_of_ours_becomes_the_other(cause: object) -> None:
    """A user's spider may say anything."""
    there = wire.error_in(wire.error_out(TooLarge("x")) | {"cause": cause})

    assert (type(there), there.cause) == (TooLarge, Cause.OTHER)


def test_the_validators_of_an_index_are_one_text() -> None:
    """Byte for byte; sitemaps without any are left out; an ETag of a server is none of ours."""
    known = {
        "https://example.org/a.xml": Validators(etag='W/"é\\"', last_modified=None),
        "https://example.org/b.xml": Validators(etag=None, last_modified="some day"),
    }

    packed = validators.pack({**known, "https://example.org/c.xml": Validators()})

    assert validators.unpack(packed) == known
    assert validators.unpack('"an ETag"') is None
    assert validators.unpack(None) is None
    assert validators.pack({"https://example.org/c.xml": Validators()}) is None


@pytest.mark.parametrize(
    "text", ["sitemaps:", "sitemaps:[1]", 'sitemaps:{"a":1}', "sitemaps:{", 'sitemaps:{"a":[]}']
)
def test_a_broken_text_of_validators_makes_the_next_visit_unconditional(text: str) -> None:
    assert validators.unpack(text) == {}
