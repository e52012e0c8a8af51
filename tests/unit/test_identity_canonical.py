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
        ("https://a.example/x?ref=rss&source=twitter&from=a", "https://a.example/x?from=a"),
        ("https://a.example/x?ref=harbour-letter.example", "https://a.example/x"),
        ("https://a.example/x?rss=1&print=true&id=3", "https://a.example/x?id=3"),
        ("https://a.example/x?_=1772618400123&cb=48151623&v=1772618400", "https://a.example/x"),
        ("https://a.example/x?PHPSESSID=ab12&sid=0123456789abcdef0123456789abcdef", "https://a.example/x"),
        ("https://a.example/(S(abcdef0123456789abcdef01))/x.aspx", "https://a.example/x.aspx"),
        ("https://a.example/x?id=1?utm_source=rss&utm_medium=feed", "https://a.example/x?id=1"),
        ("https://a.example/x&utm_source=rss", "https://a.example/x"),
        ("https://a.example/x%3Futm_source%3Drss", "https://a.example/x"),
        ("https://a.example/x?id=1&amp=1&sect=2", "https://a.example/x?id=1&sect=2"),
        ("https://a.example/2026/03/x.html?m=1", "https://a.example/2026/03/x.html"),
        ("https://youtu.be/abc?si=1", "https://youtube.com/watch?v=abc"),
        ("https://www.youtube.com/watch?v=abc&si=1&t=30", "https://youtube.com/watch?t=30&v=abc"),
        ("https://a.example/cafe%CC%81", "https://a.example/caf%C3%A9"),
        ("https://straße.example/x", "https://xn--strae-oqa.example/x"),
        ("https://BÜCHER.example/x", "https://xn--bcher-kva.example/x"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_an_address_has_one_spelling(url: str, expected: str) -> None:
    """Tracking, variants for devices, wrappers and spelling go; what names the page stays."""
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    "wrapper",
    [
        "https://www.google.co.in/url?sa=t&url=https%3A%2F%2Fa.example%2Fx&usg=1",
        "https://www.google.com/amp/s/a.example/x%3famp",
        "https://translate.google.com/translate?sl=auto&u=https://a.example/x",
        "https://l.threads.net/?u=https%3A%2F%2Fa.example%2Fx",
        "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fa.example%2Fx",
        "https://twitter.com/intent/tweet?url=https%3A%2F%2Fa.example%2Fx",
        "https://www.linkedin.com/safety/go?url=https%3A%2F%2Fa%2Eexample%2Fx",
        "https://us.rd.yahoo.com/dailynews/rss/*https://a.example/x",
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss&amp;url=https%3a%2f%2fa.example%2fx",
        "https://href.li/?https://a.example/x",
        "https://link.zhihu.com/?target=https%3A//a.example/x",
        "https://urldefense.com/v3/__https://a.example/x__;!!code!rest$",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_x&d=Dw",
        "https://news.google.com/articles/CBMiE2h0dHBzOi8vYS5leGFtcGxlL3jSAQA?hl=en-IN",
        "https://www.google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fa.example%252Fx",
    ],
)
def test_a_wrapped_link_stands_for_the_page_it_carries(wrapper: str) -> None:
    """Search and social sites, AMP and mail filters, also one inside another; no request is needed."""
    assert canonical_url(wrapper) == "https://a.example/x"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/s?from=2025", "https://a.example/s?from=2026"),
        ("https://a.example/s?sid=4", "https://a.example/s?sid=5"),
        ("https://a.example/s?t=12", "https://a.example/s?t=13"),
        ("https://a.example/s?m=202603", "https://a.example/s?m=202604"),
        ("https://a.example/s?feed=sport", "https://a.example/s?feed=world"),
        (
            "https://news.google.com/rss/articles/CBMiABCDEFGHIJKLMNOP",
            "https://news.google.com/rss/articles/CBMiABCDEFGHIJKLMNOQ",
        ),
        ("https://straße.example/x", "https://strasse.example/x"),
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
