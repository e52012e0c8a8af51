"""Which of a page's words are its article, and why a page has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.extract.read import read_page
from crawler.records import ArticleRules, Page, Selector

CASES = Path(__file__).parents[3] / "shared" / "cases"
STORY = "".join(
    f"<p>Sentence {n} of the story says what the harbour board decided about ferries on day {n}.</p>"
    for n in range(12)
)


def read(html: str, url: str | None = "https://news.example/a") -> Page:
    return read_page(html.encode(), url, "text/html; charset=utf-8")


def page_cases() -> list[dict[str, Any]]:
    file = CASES / "cases.json"
    cases = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return [case for case in cases if case["kind"] == "page"]


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the repository")
@pytest.mark.parametrize("case", page_cases(), ids=lambda case: case["file"])
def test_shared_page_cases(case: dict[str, Any]) -> None:
    """Small pages made after public bug reports of other readers."""
    expect = case["expect"]
    got = read_page((CASES / case["file"]).read_bytes(), case.get("url"), case["headers"]["content-type"])

    for words in expect.get("text_contains", ()):
        assert words in got.text
    for words in expect.get("text_excludes", ()):
        assert words not in got.text
    stated = {
        "title": got.title,
        "canonical": got.canonical_url,
        "paywalled": got.paywalled,
        "is_article": got.refused is None,
        "published": got.published_at and got.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "modified": got.updated_at and got.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert {key: stated[key] for key in expect if key in stated} == {
        key: expect[key] for key in expect if key in stated
    }


def test_the_text_in_the_json_ld_serves_where_the_page_shows_little() -> None:
    """A page built by scripts still gives its story; markup inside is taken out."""
    body = "<p>One long sentence about the ferries.</p>" * 30
    node = {"@type": "NewsArticle", "headline": "Ferries", "articleBody": body}
    got = read(
        f'<html><head><script type="application/ld+json">{json.dumps(node)}</script></head><body><div id=app></div></body></html>'
    )
    assert got.refused is None
    assert got.text.split("\n\n")[0] == "One long sentence about the ferries."


def test_the_text_that_was_chosen_is_told_with_the_others_and_why() -> None:
    """The chosen one first, as it will be read; each with where it stands and what speaks for it."""
    got = read(f"<main><h1>Ferries</h1><article>{STORY}</article><p>Imprint and contact</p></main>")
    told = [one for one in got.candidates if one.field == "text"]

    assert [one.chosen for one in told] == [True, *[False] * (len(told) - 1)]
    assert told[0].origin == "article element"
    assert got.text.startswith(told[0].value)
    assert told[0].why.startswith("best of all")
    assert "main element" in [one.origin for one in told]


def test_the_sources_own_rule_is_the_only_candidate_and_takes_all_that_it_selects() -> None:
    """Tables and loose words, too; what was chosen by hand is not judged."""
    html = f"<article>{STORY}</article><div class=mine>Loose words.<p>Read more: a story</p><table><tr><td>Berths<td>3</table></div>"
    page = read_page(
        f"<!doctype html><html><body>{html}</body></html>".encode(),
        None,
        "text/html",
        ArticleRules(text=Selector(css=".mine")),
    )

    assert page.text == "Loose words.\n\nRead more: a story\n\nBerths | 3"
    assert [(one.origin, one.chosen) for one in page.candidates if one.field == "text"] == [
        ("the source's own rule", True)
    ]


def test_a_story_that_only_shows_without_scripts_is_read() -> None:
    """A page may keep it in `noscript`; a hint to switch scripts on is none."""
    hidden = f"<div id=app></div><noscript><h1>Ferries</h1>{STORY}</noscript>"
    hint = f"<article>{STORY}</article><noscript>Please enable JavaScript to see this page.</noscript>"

    assert read(hidden).text.count("Sentence") == 12
    assert "JavaScript" not in read(hint).text


def test_parts_of_a_story_that_are_shown_in_turn_are_all_read() -> None:
    """And what is hidden otherwise is not."""
    parts = [STORY[:400], STORY[400:800], STORY[800:]]
    html = "".join(
        f'<div class="slide-part" style="display: {"block" if n == 0 else "none"}">{part}</div>'
        for n, part in enumerate(parts)
    )
    got = read(
        f'<article><h1>Ferries</h1>{html}<p style="display:none">{"A secret of the page. " * 9}</p></article>'
    )

    assert "Sentence 0" in got.text
    assert "Sentence 11" in got.text
    assert "secret" not in got.text


def test_a_container_that_speaks_of_cookies_and_holds_the_page_is_kept() -> None:
    """A dialog of that name is not."""
    dialog = (
        "<div class=cookie-dialog><p>This site stores cookies for its partners, as all sites do.</p></div>"
    )
    got = read(f'<div id="cookie-aware"><h2>Ferries</h2>{STORY}</div>{dialog}')

    assert got.text.count("Sentence") == 12
    assert "partners" not in got.text


def test_a_page_too_short_to_be_judged_keeps_the_little_that_it_holds() -> None:
    """Its reason is told beside it."""
    got = read("<article><h1>Notice</h1><p>The ferry is late.</p></article>")

    assert got.refused is not None
    assert got.refused.startswith("too short")
    assert got.text == "The ferry is late."


def test_the_general_reader_is_asked_where_a_page_has_hardly_a_sentence() -> None:
    """And is one candidate among the others; a page with a story is not given to it."""
    labels = "".join(f"<div>Berth {n}</div>" for n in range(50))

    assert "trafilatura" in {one.origin for one in read(labels).candidates}
    assert "trafilatura" not in {one.origin for one in read(f"<article>{STORY}</article>").candidates}


def test_a_live_blog_gives_all_its_posts() -> None:
    """Each with its headline."""
    posts = [
        {
            "@type": "BlogPosting",
            "headline": f"Post {n}",
            "articleBody": "Something happened at the pier. " * 10,
        }
        for n in range(5)
    ]
    node = {"@type": "LiveBlogPosting", "headline": "Storm: live", "liveBlogUpdate": posts}
    got = read(
        f'<html><head><script type="application/ld+json">{json.dumps(node)}</script></head><body></body></html>'
    )
    assert got.title == "Storm: live"
    assert "Post 0" in got.text
    assert "Post 4" in got.text


def test_a_paywalled_page_is_not_opened_by_its_json_ld() -> None:
    """What the publisher locks stays locked, and the stub says how much is free."""
    node = {"@type": "NewsArticle", "isAccessibleForFree": "False", "articleBody": "secret " * 500}
    got = read(
        f'<html><head><script type="application/ld+json">{json.dumps(node)}</script></head>'
        "<body><article><p>The free first sentence of the story stands here for all.</p></article></body></html>"
    )
    assert got.paywalled
    assert got.refused == "paywall: only 57 characters are free"
    assert "secret" not in got.text


def test_a_locked_article_that_is_shown_whole_is_read() -> None:
    """It is marked, not refused."""
    node = {"@type": "NewsArticle", "isAccessibleForFree": False}
    got = read(
        f'<html><head><script type="application/ld+json">{json.dumps(node)}</script></head>'
        f"<body><article>{STORY * 3}</article></body></html>"
    )
    assert (got.paywalled, got.refused) == (True, None)


@pytest.mark.parametrize(
    ("html", "url", "reason"),
    [
        ("<title>Just a moment...</title><p>Checking your browser before you go on.</p>", None, "challenge"),
        (
            "<title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>",
            None,
            "challenge",
        ),
        (
            "<title>Seite nicht gefunden</title><main><p>Leider gibt es diese Seite nicht mehr.</p></main>",
            None,
            "not found",
        ),
        (
            "<title>Before you continue</title><p>We use cookies and data to deliver services.</p>",
            None,
            "consent",
        ),
        (f"<title>Ferries</title><article>{STORY}</article>", "https://consent.news.example/x", "consent"),
        (
            "<title>News</title>" + "<h3><a href=/x>The board funds two new ferries today</a></h3>" * 60,
            None,
            "not an article",
        ),
        ("<title>Ferries</title><article><p>Too little.</p></article>", None, "too short"),
        ("<title>Ferries</title><div></div>", None, "no text"),
    ],
)
def test_pages_that_are_no_articles_are_refused_with_the_reason(
    html: str, url: str | None, reason: str
) -> None:
    """And give no text that could be matched, but for the little that a page may hold that is too short."""
    got = read(f"<!doctype html><html><body>{html}</body></html>", url)
    assert got.refused is not None
    assert got.refused.startswith(reason)
    assert got.text == ("Too little." if reason == "too short" else "")


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", "text/html", "empty"),
        (b"  \n", "text/html", "empty"),
        (b"%PDF-1.7 ...", "application/pdf", "not HTML: binary content (application/pdf)"),
        (b'{"a": 1}', "application/json", "not HTML: application/json"),
        (b"just words", "text/plain", "not HTML: no markup"),
        (b"<?xml version='1.0'?><rss version='2.0'></rss>", "application/xml", "not an article: a feed"),
    ],
)
def test_what_is_no_html_is_refused_before_it_is_parsed(body: bytes, content_type: str, reason: str) -> None:
    """By bytes and label."""
    refused = read_page(body, None, content_type).refused
    assert refused is not None
    assert refused.startswith(reason)


def test_an_article_about_missing_pages_is_an_article() -> None:
    """A word in the headline does not refuse a story that is there."""
    got = read(f"<title>Error 404: how a message became famous</title><article>{STORY * 3}</article>")
    assert got.refused is None


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000,
        b"<table><tr><td>" * 50_000,
        b"<p " + b" ".join(b'a%d="x"' % n for n in range(200_000)) + b">x</p>",
        b"<p " + b" ".join(b'a%d=">"' % n for n in range(50_000)) + b">x</p>",
        b"<p>x</p>" * 100_000,
        b"<p class='" + b"x" * 1_000_000 + b"'>x</p>",
        b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script><p>x</p>",
        b'<script type="application/ld+json">' + b'{"@graph":' * 50_000 + b"</script><p>x</p>",
        b"<!--" * 200_000,
        b"<a '" * 200_000,
        b"<" * 200_000,
        b"<article>" * 50_000,
        b"<meta name=author content='" + b"a b and " * 50_000 + b"'>",
    ],
    ids=range(13),
)
def test_hostile_pages_are_refused_and_never_raise(body: bytes) -> None:
    """Depth, attributes, sizes and unclosed things: a reason, within seconds."""
    got = read_page(b"<!doctype html><html><body>" + body, "https://news.example/a", "text/html")
    assert got.refused
    assert len(got.text) < 10
