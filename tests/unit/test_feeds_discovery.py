"""The feeds that a page names are found, the likeliest first."""

from __future__ import annotations

from crawler.feeds.discovery import candidates, well_known


def test_stated_feeds_come_first_and_those_of_comments_last() -> None:
    """Relative addresses count from `<base>`; one address comes once."""
    page = b"""<html><head><base href="https://site.example/en/">
        <link rel="alternate" type="application/rss+xml" title="Comments" href="comments/feed/">
        <link rel="alternate" type="application/atom+xml" title="News &amp; views" href="atom">
        <link rel="alternate" type="application/json" href="https://site.example/wp-json/x">
        <link rel="stylesheet" href="/feed.css"><link rel="alternate" hreflang="de" href="/de/">
        </head><body><a href="/rss.xml">RSS</a> <a href="atom">again</a> <a href="/about">About</a>"""

    found = candidates(page, url="https://site.example/")

    assert [one.url for one in found] == [
        "https://site.example/en/atom",
        "https://site.example/en/comments/feed/",
        "https://site.example/rss.xml",
    ]
    assert (found[0].title, found[0].type) == ("News & views", "application/atom+xml")


def test_a_page_without_feeds_or_of_rubbish_names_none() -> None:
    """No guess is made here."""
    assert candidates(b"", url="https://site.example/") == ()
    assert candidates(b"\x00\xff<", url="https://site.example/") == ()


def test_well_known_places_are_a_list_of_their_own() -> None:
    """They stand at the root of the site."""
    assert well_known("https://site.example/a/b?c=1")[0] == "https://site.example/feed"
