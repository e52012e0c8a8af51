"""Addresses of one page have one spelling."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.identity import canonical_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.a.example:80/x/?utm_source=rss&id=3#top", "https://a.example/x?id=3"),
        ("https://a.example/story.html/amp", "https://a.example/story.html"),
        ("https://a.example/amp/story/x-1", "https://a.example/story/x-1"),
        ("https://m.a.example/a//b/../c/", "https://a.example/a/c"),
        ("https://en.m.wikipedia.org/wiki/X", "https://en.wikipedia.org/wiki/X"),
        ("https://a.example/index.php?id=4&amp;b", "https://a.example/?b&id=4"),
        ("https://a.example/x?a=1&a=2&outputType=amp", "https://a.example/x?a=1&a=2"),
        ("https://a-example.cdn.ampproject.org/c/s/www.a.example/x/amp", "https://a.example/x"),
        ("https://www.google.com/amp/s/a.example/x", "https://a.example/x"),
        (
            "https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fx&data=1",
            "https://a.example/x",
        ),
        ("https://app.example/#!/story/12", "https://app.example/#!/story/12"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("https://www.example/", "https://www.example/"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_an_address_has_one_spelling(url: str, expected: str) -> None:
    """Tracking, variants for devices, wrappers and spelling go; what names the page stays."""
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/s?id=1", "https://a.example/s?id=2"),
        ("https://a.example/s?page=1", "https://a.example/s?page=2"),
        ("https://a.example/s?ref=north", "https://a.example/s?ref=south"),
        ("https://a.example/X", "https://a.example/x"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/champ", "https://a.example/ch"),
        ("https://a.example:8080/", "https://a.example/"),
        ("https://news.a.example/", "https://a.example/"),
    ],
)
def test_different_pages_stay_different(one: str, other: str) -> None:
    """Parameters, letters, ports and hosts that may name another page are kept."""
    assert canonical_url(one) != canonical_url(other)


PARTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)


@given(st.builds("http{}://{}/{}?{}#{}".format, st.sampled_from(["", "s"]), st.sampled_from(["a.example", "www.b.example"]), PARTS, PARTS, PARTS))  # fmt: skip
@example("http://a.example/\\?#")
def test_the_spelling_is_stable(url: str) -> None:
    """The canonical form of a canonical form is itself."""
    once = canonical_url(url)

    assert canonical_url(once) == once


@given(st.text(max_size=100))
def test_no_text_upsets_it(url: str) -> None:
    """Whatever a feed calls a link."""
    assert isinstance(canonical_url(url), str)
