"""The feeds that a page names are found, the likeliest first."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("<link rel=alternate type=application/rss+xml href=/a>", "https://site.example/a"),
        ('<LINK HREF="/a" TYPE="APPLICATION/RSS+XML; charset=utf-8" REL="home ALTERNATE">', "https://site.example/a"),
        ('<link rel="alternate" type="text/x-rss+xml" href="//feeds.example/a">', "https://feeds.example/a"),
        ('<link rel="service.feed" type="application/atom" href="/a">', "https://site.example/a"),
        ('<link rel="alternate" type="application/feed+json" href="/a">', "https://site.example/a"),
        ('<link rel="feed" href="/a">', "https://site.example/a"),
        ('<link rel="alternate" href="/rss.xml">', "https://site.example/rss.xml"),
        ('<link rel="alternate" type="application/rss+xml" href="feed://site.example/a">', "http://site.example/a"),
        ('<link rel="alternate" type="application/rss+xml" href=" /a b#top">', "https://site.example/a%20b"),
        ('<link rel="alternate" type="application/rss+xml" href="a"><base href="/x/"><base href="/y/">', "https://site.example/x/a"),
        ('<noscript><link rel="alternate" type="application/rss+xml" href="/a"></noscript>', "https://site.example/a"),
        ('<a href="/?feed=rss2">RSS</a>', "https://site.example/?feed=rss2"),
    ],
)  # fmt: skip
def test_a_feed_is_found_however_its_link_is_written(link: str, url: str) -> None:
    """Any order, case and quotes; old names of types and relations; the first `<base>`, wherever it stands."""
    assert [one.url for one in candidates(link.encode(), url="https://site.example/news/")] == [url]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="alternate" type="application/json+oembed" href="/oembed?url=x">',
        '<link rel="alternate" type="text/xml" href="/oembed.xml">',
        '<link rel="alternate" type="text/html" hreflang="de" href="/de/">',
        '<link rel="sitemap" type="application/xml" href="/sitemap.xml">',
        '<link rel="search" type="application/opensearchdescription+xml" href="/search">',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/a"> -->',
        '<a href="/feedback">write to us</a><a href="/article/feed-the-birds">x</a>',
    ],
)
def test_other_links_are_no_feeds(link: str) -> None:
    """Embedding, translations, sitemaps, search, comments, words."""
    assert candidates(link.encode(), url="https://site.example/") == ()


@pytest.mark.parametrize(
    "title", ["Комментарии", "コメント", "评论", "Reacties", "Yorumlar", "Commenti", "टिप्पणियाँ"]
)
def test_feeds_of_comments_are_known_in_many_languages(title: str) -> None:
    """They come after the news."""
    page = "".join(f'<link rel="alternate" type="application/rss+xml" title="{one}" href="/{n}">' for n, one in enumerate((title, "News")))  # fmt: skip

    assert [one.title for one in candidates(page.encode(), url="https://site.example/")] == ["News", title]


def test_titles_are_read_in_the_encoding_that_the_page_states() -> None:
    """In its own `<meta>`, when no header says another."""
    page = '<meta charset="koi8-r"><link rel="alternate" type="application/rss+xml" title="Порт" href="/a">'

    assert candidates(page.encode("koi8-r"), url="https://site.example/")[0].title == "Порт"


def test_a_page_without_feeds_or_of_rubbish_names_none() -> None:
    """No guess is made here."""
    assert candidates(b"", url="https://site.example/") == ()
    assert candidates(b"\x00\xff<", url="https://site.example/") == ()


def test_well_known_places_are_a_list_of_their_own() -> None:
    """They stand at the root of the site."""
    assert well_known("https://site.example/a/b?c=1")[0] == "https://site.example/feed"
