"""What a page says about itself."""

from __future__ import annotations

import json

import pytest

from crawler.extract.read import read_page
from crawler.extract.titles import without_site
from crawler.records import ArticleRules, Page, Selector

BODY = "".join(
    f"<p>Paragraph {n} tells of the harbour board, its ferries and the long queues at the northern pier.</p>"
    for n in range(6)
)
URL = "https://news.example/2026/03/04/board-funds-two-ferries"


def page(
    head: str = "", body: str = "", *, lang: str = "en", url: str | None = URL, zone: str | None = None
) -> Page:
    html = f'<!doctype html><html lang="{lang}"><head>{head}</head><body><article>{body}{BODY}</article></body></html>'
    return read_page(html.encode(), url, "text/html; charset=utf-8", None, zone)


def ld(*nodes: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)


ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Board funds two ferries",
    "datePublished": "2026-03-04T09:00:00+01:00",
    "dateModified": "2026-03-04T10:00:00+01:00",
    "author": [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Ek"}],
    "publisher": {"@type": "Organization", "name": "Harbour Desk"},
    "inLanguage": "en-GB",
}


@pytest.mark.parametrize(
    "head",
    [
        ld(ARTICLE),
        ld([ARTICLE]),
        ld({"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "x"}, ARTICLE]}),
        ld({"@type": "WebPage", "mainEntity": ARTICLE}),
        ld({"@type": "BreadcrumbList"}, ARTICLE | {"@type": ["Article", "NewsArticle"]}),
        ld(ARTICLE).replace("}</script>", ",}</script>"),
        ld(ARTICLE).replace(">{", "><!--\n{").replace("}</script>", "}\n--></script>"),
        '<script type="application/ld+json">{broken</script>' + ld(ARTICLE),
    ],
)
def test_json_ld_is_read_in_every_shape(head: str) -> None:
    """Alone, in a list, in a graph, below a page, with a stray comma, in a comment, beside broken blocks."""
    read = page(head)

    assert read.title == "Board funds two ferries"
    assert read.authors == ("Ann Lee", "Bo Ek")
    assert read.published_at is not None
    assert read.published_at.isoformat() == "2026-03-04T08:00:00+00:00"
    assert read.updated_at is not None
    assert read.updated_at.isoformat() == "2026-03-04T09:00:00+00:00"
    assert read.site_name == "Harbour Desk"


@pytest.mark.parametrize(
    "block",
    [
        '{"@type": "NewsArticle", "headline": "Board funds\ttwo\nferries", "datePublished": "2026-03-04T08:00:00Z",}',
        r'{"@type": "NewsArticle", "headline": "Board \x66unds two ferries", "datePublished": "2026-03-04T08:00:00Z"}',
        '{"@type": "WebSite", "name": "x"}\n{"@type": "NewsArticle", "headline": "Board funds two ferries", '
        '"datePublished": "2026-03-04T08:00:00Z"};',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;Board funds two ferries&quot;, "
        "&quot;datePublished&quot;: &quot;2026-03-04T08:00:00Z&quot;}",
        '{"@type": "NewsArticle", "headline": "Board funds two ferries", "description": "He said "no" to it", '
        '"datePublished": "2026-03-04T08:00:00Z"}',
        '/*<![CDATA[*/{"@type": "http://schema.org/NewsArticle", "headline": "Board funds two ferries", '
        '"datePublished": "2026-03-04T08:00:00Z"}/*]]>*/',
    ],
)
def test_json_ld_that_is_broken_still_says_what_it_says(block: str) -> None:
    """Control characters, JavaScript's escapes, several values, escaped marks, quotes inside quotes, comments."""
    read = page(f'<script type="application/ld+json">{block}</script>', url="https://news.example/x")

    assert read.title == "Board funds two ferries"
    assert read.published_at is not None
    assert read.published_at.isoformat() == "2026-03-04T08:00:00+00:00"


def test_of_articles_without_an_address_the_one_that_the_page_is_named_after_counts() -> None:
    """Teasers may stand before it."""
    other = ARTICLE | {"headline": "Another story"}
    read = page("<title>Board funds two ferries | Harbour Desk</title>" + ld(other, ARTICLE))
    assert read.title == "Board funds two ferries"


def test_what_the_choice_was_made_from_is_told() -> None:
    """Of each field one candidate is chosen at most."""
    told = page(ld(ARTICLE), "<h1>Board funds two ferries</h1>").candidates
    for field in ("title", "published", "updated", "authors"):
        assert sum(one.chosen for one in told if one.field == field) == 1


def test_of_several_articles_the_one_with_the_pages_address_counts() -> None:
    """Teasers that carry their own JSON-LD do not speak for the page."""
    other = ARTICLE | {"headline": "Another story", "url": "https://news.example/other"}
    read = page(ld(other, ARTICLE | {"url": URL}))
    assert read.title == "Board funds two ferries"


def test_meta_tags_serve_where_there_is_no_json_ld() -> None:
    """Open Graph and its relatives."""
    read = page(
        '<meta property="og:title" content="Board funds two ferries">'
        '<meta property="og:site_name" content="Harbour Desk">'
        '<meta property="article:published_time" content="2026-03-04T08:00:00Z">'
        '<meta name="author" content="By Ann Lee and Bo Ek">'
    )
    assert (read.title, read.authors) == ("Board funds two ferries", ("Ann Lee", "Bo Ek"))
    assert read.published_at is not None
    assert read.published_at.hour == 8


def test_microdata_and_time_elements_serve_last() -> None:
    """What readers see is read too, in the source's zone where it names none."""
    read = page(
        body='<h1>Board funds two ferries</h1><span itemprop="author">Ann Lee</span><time datetime="2026-03-04T09:00">today</time>',
        zone="Asia/Kolkata",
        url="https://news.example/x",
    )
    assert (read.title, read.authors) == ("Board funds two ferries", ("Ann Lee",))
    assert read.published_at is not None
    assert read.published_at.isoformat() == "2026-03-04T03:30:00+00:00"


def test_an_hour_is_preferred_to_a_bare_day() -> None:
    """A day in one place and the same day with its hour in another is that hour."""
    head = '<meta name="date" content="2026-03-04">'
    read = page(head, '<time datetime="2026-03-04T09:15:00Z">4 March</time>')
    assert read.published_at is not None
    assert (read.published_at.hour, read.published_at.minute) == (9, 15)


def test_an_update_before_the_publication_is_no_update() -> None:
    """A template's own date is not taken for news."""
    head = ld(ARTICLE | {"dateModified": "2019-01-01T00:00:00Z"})
    assert page(head).updated_at is None


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://news.example/a", "https://news.example/a"),
        ("/a", "https://news.example/a"),
        ("https://news.example/", None),
        ("javascript:alert(1)", None),
        ("https://user:pw@news.example/a", None),
        ("http://[broken", None),
    ],
)
def test_the_canonical_address_is_a_web_page_of_its_own(href: str, expected: str | None) -> None:
    """Relative ones are completed; a home page, a script, credentials are refused."""
    assert page(f'<link rel="canonical" href="{href}">').canonical_url == expected


@pytest.mark.parametrize(
    ("title", "site", "expected"),
    [
        ("Board funds two ferries | Harbour Desk", None, "Board funds two ferries"),
        ("Board funds two ferries - Harbour Desk", "Harbour Desk", "Board funds two ferries"),
        ("Harbour Desk: Board funds two ferries", "Harbour Desk", "Harbour Desk: Board funds two ferries"),
        (
            "Board funds ferries – and what it means",
            "Harbour Desk",
            "Board funds ferries – and what it means",
        ),
        ("Board funds ferries", None, "Board funds ferries"),
    ],
)
def test_the_sites_name_is_no_part_of_the_title(title: str, site: str | None, expected: str) -> None:
    """It is cut where it is known or stands behind a bar; a dash inside a headline stays."""
    assert without_site(title, site) == expected


def test_a_logo_as_first_heading_is_not_the_title() -> None:
    """The heading counts when another statement bears it out."""
    read = page("<title>Board funds two ferries | Harbour Desk</title>", "<h1>Harbour Desk</h1>")
    assert read.title == "Board funds two ferries"


@pytest.mark.parametrize(
    ("lang", "expected"), [("en-US", "en-us"), ("hi", "hi"), ("de_DE", "de-de"), ("", None), ("<x>", None)]
)
def test_the_language_is_the_declared_one(lang: str, expected: str | None) -> None:
    """In lower case, or unknown."""
    assert page(lang=lang.replace("<", "&lt;")).language == expected


def test_the_sources_own_rules_come_first() -> None:
    """Selectors of `sources.yaml` overrule what the page says, Scrapy's pseudo-elements included."""
    html = (
        f"<html><head>{ld(ARTICLE)}</head><body><h1>Board</h1><h2 class='t'>The real title</h2>"
        "<div class='by'>Cy Day</div><time class='d' datetime='2026-03-05T00:00:00Z'></time>"
        "<div class='b'><p>First paragraph of the notice, long enough to be one.</p><p>Second paragraph.</p></div></body></html>"
    )
    rules = ArticleRules(
        title=Selector(css="h2.t::text"),
        text=Selector(css=".b"),
        published=Selector(css="time.d::attr(datetime)"),
        author=Selector(xpath="//div[@class='by']"),
    )

    read = read_page(html.encode(), URL, "text/html", rules)

    assert read.refused is None
    assert read.title == "The real title"
    assert read.text == "First paragraph of the notice, long enough to be one.\n\nSecond paragraph."
    assert read.authors == ("Cy Day",)
    assert read.published_at is not None
    assert read.published_at.day == 5
    chosen = {one.field: one.origin for one in read.candidates if one.chosen}
    assert {chosen[field] for field in ("title", "text", "published", "authors")} == {"the source's own rule"}


def test_a_rule_that_cannot_be_used_is_named() -> None:
    """A broken selector is a reason, not a crash."""
    read = read_page(
        f"<html><body>{BODY}</body></html>".encode(), URL, None, ArticleRules(text=Selector(css="div[["))
    )
    assert read.refused == "unreadable: the selector 'div[[' cannot be used"
