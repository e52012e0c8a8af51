"""A list page, rule by rule: links, patterns, fields, and what is said when they find nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from scrapy.http import HtmlResponse

from crawler.errors import Cause, NotAFeedError
from crawler.records import ListingRules, Selector
from crawler.spider_process import READERS
from crawler.spiders import link_patterns, readable
from crawler.spiders.empty_page import not_the_list, why_empty
from crawler.spiders.list_page import ListPage, read_list
from crawler.spiders.suggestions import suggestions

URL = "https://example.org/press?key=s3"
CARDS = """<main>
<article><a href="/p/1"><img alt="A map"></a><time datetime="2026-11-24T09:30">yesterday</time>
 <h2><a href="/p/1">Ferries to run again</a></h2><p>From Monday.</p></article>
<article><h2><a href="/p/2">Bridge closed</a></h2><p>For a week.</p><time>23.11.2026 18:00</time></article>
<article><h2><a href="/tag/roads">Roads</a> <a href="/p/3">Roads mended</a></h2></article>
</main>"""
FLAT = """<div><h3><a href="/p/1">One</a></h3><p class="day">24 November 2026</p><p>First words.</p>
<h3><a href="/p/2">Two</a></h3><p class="day">23 November 2026</p><p>Second words.</p></div>"""


def page(body: str, url: str = URL) -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), encoding="utf-8")


def css(text: str) -> Selector:
    return Selector(css=text)


def read(body: str, links: str = "a", zone: str | None = None, **fields: object) -> ListPage:
    return read_list(page(body), ListingRules(links=css(links), **fields), date=READERS.date, zone=zone)  # type: ignore[arg-type]  # test shorthand


def ends(found: ListPage) -> list[str]:
    return [(entry.link or "").removeprefix("https://example.org") for entry in found.entries]


def test_only_and_skip_choose_among_the_links() -> None:
    """`only` wants one of its patterns in the whole address, `skip` none; what was dropped is told with the reason."""
    found = read(CARDS, only=("/p/", "/q/"), skip=(r"/3$",))

    assert ends(found) == ["/p/1", "/p/2"]
    (row,) = [one for one in found.looked if one.rule == "only and skip"]
    assert (row.found, row.of) == (2, 4)
    assert row.note == (
        "2 dropped, such as https://example.org/tag/roads: none of `only` is found in it; "
        "https://example.org/p/3: skip '/3$' is found in it"
    )


def test_fields_stand_in_the_widest_element_that_holds_one_articles_links_alone() -> None:
    found = read(CARDS, "h2 a[href^='/p/']", summary=css("p"), published=css("time"), zone="Europe/Berlin")

    first, second, third = found.entries
    assert (first.title, first.summary) == ("Ferries to run again", "From Monday.")
    assert first.published_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert (second.summary, second.published_at) == (
        "For a week.",
        datetime(2026, 11, 23, 17, 0, tzinfo=UTC),
    )
    assert (third.summary, third.published_at) == ("", None)
    assert found.lacks == ()


def test_fields_may_follow_their_link_in_a_list_without_elements_around_its_articles() -> None:
    found = read(FLAT, "h3 a", published=css(".day"), summary=css("p:not(.day)"))

    assert [(entry.title, entry.summary) for entry in found.entries] == [
        ("One", "First words."),
        ("Two", "Second words."),
    ]
    assert [entry.published_at.day for entry in found.entries if entry.published_at] == [24, 23]


def test_an_item_gives_one_article() -> None:
    """The first of its links that is one, and the fields in it; an XPath from the root is looked for in it too."""
    found = read(
        CARDS,
        item=css("article"),
        skip=("/tag/",),
        title=Selector(xpath="//h2"),
        published=css("time::attr(datetime)"),
    )

    assert ends(found) == ["/p/1", "/p/2", "/p/3"]
    assert [entry.title for entry in found.entries] == [
        "Ferries to run again",
        "Bridge closed",
        "Roads Roads mended",
    ]
    assert [(one.rule, one.found, one.of) for one in found.looked] == [
        ("item", 3, None),
        ("links", 4, 3),
        ("only and skip", 3, 4),
        ("title", 3, 3),
        ("published", 1, 3),
    ]


def test_an_item_may_be_the_link_itself() -> None:
    found = read(
        '<a class="card" href="/p/1"><b>One</b><i>2026-11-24</i></a>', item=css("a.card"), title=css("b")
    )

    assert [(entry.link, entry.title) for entry in found.entries] == [("https://example.org/p/1", "One")]


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (ListingRules(links=css(".gone a")), "css '.gone a' finds no link on example.org/press"),
        (
            ListingRules(links=css("a"), only=("/x/",)),
            "css 'a' finds 4 links on example.org/press, but all are dropped, "
            "such as https://example.org/p/1: none of `only` is found in it",
        ),
        (ListingRules(links=css("a"), item=css("li")), "css 'li' finds no item on example.org/press"),
        (
            ListingRules(links=css(".x a"), item=css("article")),
            "css '.x a' finds no link in any of the 3 items on example.org/press",
        ),
    ],
)
def test_rules_that_find_nothing_are_named_with_the_page(rules: ListingRules, says: str) -> None:
    """Host and path, never the query, which may be a secret."""
    with pytest.raises(NotAFeedError) as told:
        read_list(page(CARDS), rules, date=READERS.date)

    assert str(told.value) == says
    assert told.value.cause is Cause.SELECTOR


def test_a_field_that_nothing_is_found_for_in_any_article_is_told() -> None:
    found = read(CARDS, "h2 a", item=css("article"), title=css(".headline"), published=css("p"))

    assert found.lacks == (
        "css '.headline' for title finds nothing in any of 3 articles on example.org/press",
        "css 'p' for published finds no time that can be read on example.org/press, "
        "2 cannot be read as a time, such as “From Monday.”",
    )
    assert [entry.title for entry in found.entries] == ["Ferries to run again", "Bridge closed", "Roads"]


def test_many_links_deep_in_a_page_are_read_in_a_breath() -> None:
    """The look for what belongs to one article alone is linear in the page, and a page has at most 2,000 articles."""
    deep = "<div>" * 200 + "".join(f'<a href="/p/{n}">{n}</a>' for n in range(20_000))

    found = read(deep, published=css("time"))

    assert len(found.entries) == 2_000


# -- what came instead -----------------------------------------------------------------------------------

SHELL = (
    '<head><script src="/app.js"></script></head><body><div id="root"></div><noscript>Sorry</noscript></body>'
)


@pytest.mark.parametrize(
    ("body", "says", "cause"),
    [
        (
            SHELL,
            "holds 0 links and 1 script: it is filled by JavaScript; set `javascript: true`",
            Cause.SCRIPT,
        ),
        (
            "<title>Just a moment...</title>",
            "a challenge page titled “Just a moment...” came",
            Cause.CHALLENGE,
        ),
        ("<title>Before you continue</title><form></form>", "a consent page", Cause.CONSENT),
        ("<title>Seite nicht gefunden</title><a href='/'>Start</a>", "a “not found” page", Cause.DOCUMENT),
        ("<title>Wartungsarbeiten</title>", "a maintenance page", Cause.DOCUMENT),
        ("<rss version='2.0'><channel></channel></rss>", "write `feed:` instead of `site:`", Cause.FEED),
        ("<urlset></urlset>", "write `sitemap:` instead of `site:`", Cause.SITEMAP),
        ("  ", "is an empty page", Cause.DOCUMENT),
    ],
)
def test_a_page_without_links_says_what_it_is_instead(body: str, says: str, cause: Cause) -> None:
    told = why_empty(page(body), "example.org/press", READERS, browser=False)

    assert told is not None
    assert says in str(told)
    assert told.cause is cause


def test_an_ordinary_page_with_a_login_form_is_no_login_page() -> None:
    """So that rules which find nothing on it are named."""
    form = "<form><input type=password></form>"
    links = "".join(f"<li><a href=/n/{n}>Ferries to run again on the river {n}</a></li>" for n in range(30))

    assert why_empty(page(form + links), "x", READERS, browser=False) is None
    told = why_empty(page(form), "x", READERS, browser=False)
    assert told is not None
    assert "a login page came instead of the list" in str(told)


def test_a_page_with_articles_is_no_shell_however_many_programs_it_loads() -> None:
    assert (
        why_empty(
            page(CARDS + "<script src=x></script>" * 9 + "<a href=/>a</a>" * 9), "x", READERS, browser=False
        )
        is None
    )


@pytest.mark.parametrize(
    ("body", "url", "is_list"),
    [
        ("<title>Press room</title>" + CARDS, URL, True),
        ("<title>404 Media</title>" + CARDS, URL, True),
        ("<title>404 – page not found</title>" + CARDS, URL, False),
        ("<title>Before you continue</title><p><a href=/terms>Terms</a>", "https://consent.example/x", False),
        ("<title>Cookie policy news</title>" + CARDS, URL, True),
    ],
)
def test_links_on_a_page_that_is_not_the_list_are_no_articles(body: str, url: str, is_list: bool) -> None:
    assert (not_the_list(page(body, url), URL, "example.org/press", READERS) is None) is is_list


def test_a_page_whose_links_are_not_found_says_which_it_has() -> None:
    """Groups of links that stand alike, those with the most words first; navigation is left out."""
    body = (
        "<nav>" + "".join(f"<a href=/s/{n}>Section of the site {n}</a>" for n in range(9)) + "</nav><main>"
        "<ul class='news big'>"
        + "".join(f"<li><h3><a href=/n/{n}>Ferries to run again {n}</a></h3></li>" for n in range(3))
        + "</ul><p class=tags>"
        + "".join(f"<a class='tag x' href=/t/{n}>roads</a>" for n in range(6))
        + "</p></main>"
    )

    told = suggestions(page(body))

    assert told == (
        "css 'ul.news li h3 a' would find 3 links, such as “Ferries to run again 0”",
        "css 'main p.tags a.tag' would find 6 links, such as “roads”",
    )
    assert suggestions(page("<p>Nothing <a href=/x>here</a></p><script src=/app.js></script>")) == (
        "the page holds 1 link outside navigation, no two of them alike",
        "a list that a browser shows and this page lacks is made by JavaScript: `javascript: true`",
    )


# -- before any page is asked for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        (css("article h2 > a:not(.x)::attr(href)"), None),
        (css("a[["), "expected ident"),
        (css("a::colour"), "the pseudo-element ::colour is unknown"),
        (css("h2,"), "expected selector, got the end"),
        (Selector(xpath="//a[contains(., 'f(x)')]/@href"), None),
        (Selector(xpath="//a["), "invalid expression"),
        (Selector(xpath="//nothing[lower-case(.) = 'x']"), "there is no function lower-case()"),
        (Selector(xpath="//h:a"), "the name h: stands for nothing here"),
        (Selector(xpath="//a[has-class('x')]"), "there is no function has-class()"),
    ],
)
def test_a_selector_that_cannot_be_read_is_told_without_a_page(selector: Selector, says: str | None) -> None:
    told = readable.unreadable(selector)

    assert told is None if says is None else told is not None and told.startswith(says)


def test_list_pages_know_scrapys_own_functions() -> None:
    assert readable.unreadable(Selector(xpath="//a[has-class('x')]"), listing=True) is None


def test_patterns_are_those_of_re2() -> None:
    assert link_patterns.unreadable(r"/20\d\d/") is None
    assert link_patterns.unreadable("(?=x)") is not None
