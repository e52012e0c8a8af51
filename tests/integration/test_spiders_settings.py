"""Sites, spiders and article rules in sources.yaml: what is taken, and the very words of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.extract.read import read_page
from crawler.records import ListingRules, Selector, SourceKind
from tidings.settings import ConfigError, load

SITE = "id: press\n    site: https://example.org/\n    "


def settings(folder: Path, entry: str) -> object:
    (folder / "sources.yaml").write_text(f"sources:\n  - {entry}\n", encoding="utf-8")
    return load(folder, state_dir=folder, environ={}).sources[0]


def told(folder: Path, entry: str) -> str:
    """What a user reads, without the folder."""
    with pytest.raises(ConfigError) as caught:
        settings(folder, entry)
    return str(caught.value).replace(f"{folder}/", "")


def test_all_rules_of_a_listing_are_taken(tmp_path: Path) -> None:
    source = settings(
        tmp_path,
        SITE + "links: {css: main a, follow: a.next, pages: 2, only: /p/, skip: [/x/, '\\.pdf$'], item: li,\n"
        "      title: h3, summary: {xpath: .//p}, published: 'time::attr(datetime)'}",
    )

    assert source.listing == ListingRules(  # type: ignore[attr-defined]  # a source
        links=Selector(css="main a"),
        follow=Selector(css="a.next"),
        pages=2,
        only=("/p/",),
        skip=("/x/", r"\.pdf$"),
        item=Selector(css="li"),
        title=Selector(css="h3"),
        summary=Selector(xpath=".//p"),
        published=Selector(css="time::attr(datetime)"),
    )


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (
            "links: 'a[['",
            "sources.yaml:4:12: error: 'a[[' cannot be read as a CSS selector: expected ident or '*', "
            "got '[' at character 2; try it in the console of a browser, or write it as xpath",
        ),
        (
            "links: {xpath: '//a['}",
            "sources.yaml:4:20: error: '//a[' cannot be read as an XPath expression: invalid expression; "
            'try it in the console of a browser, such as "//article//h2/a"',
        ),
        (
            "links: {css: a, only: [/press/, '(?=x)']}",
            "sources.yaml:4:37: error: the pattern '(?=x)' cannot be read: invalid perl operator: (?=; "
            "write RE2 syntax, without look-around and back-references",
        ),
        (
            "links: {css: 'h2::text'}",
            "sources.yaml:4:12: error: 'links' finds a text or number and no link; name the `a` elements",
        ),
        (
            "links: {css: a, item: {xpath: 'count(//li)'}}",
            "sources.yaml:4:27: error: 'item' finds a text or number and no element; name the element itself",
        ),
        (
            "links: {css: a, pages: 3}",
            "sources.yaml:4:28: error: 'pages' wants several pages, but nothing says where the next one is; "
            'add for example follow: "a.next"',
        ),
        (
            "links: {css: a, tilte: h2}",
            "sources.yaml:4:21: error: unknown key 'tilte'; did you mean 'title'?",
        ),
        (
            "links: a\n    article: {text: {xpath: \"//div[has-class('x')]\"}}",
            "sources.yaml:5:21: error: '//div[has-class('x')]' cannot be used on articles: "
            "there is no function has-class(); write plain XPath 1.0 or CSS",
        ),
    ],
)
def test_rules_that_cannot_work_are_told_before_any_page_is_asked_for(
    rules: str, says: str, tmp_path: Path
) -> None:
    """File, line, problem, remedy."""
    assert told(tmp_path, SITE + rules) == says


@pytest.mark.parametrize(
    ("spider", "says"),
    [
        ("spiders/gone.py", "'spiders/gone.py' cannot be read (No such file or directory)"),
        ("../own.py", "does not lie beside the configuration; put it into the folder of this file"),
        ("own.py:Concil", "has no class 'Concil'; did you mean 'Council'?"),
        ("broken.py", "broken.py, line 2 is no Python: "),
        ("empty.py", "empty.py holds no class; derive one from crawler.spiders.base.TidingsSpider"),
        (
            "council",
            "'council' is no path of a spider; write its file, such as spiders/council.py, or module",
        ),
    ],
)
def test_a_spider_that_is_not_there_is_told_without_running_its_file(
    spider: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text("raise SystemExit\nclass Council: pass\n")
    (tmp_path / "broken.py").write_text("x = 1\ndef (:\n")
    (tmp_path / "empty.py").write_text("x = 1\n")

    line = told(tmp_path, f"id: own\n    spider: {spider}")

    assert line.startswith("sources.yaml:3:13: error: ")
    assert says in line


@pytest.mark.parametrize("spider", ["own.py", "own.py:Council", "own.py:Made", "my.spiders.Council"])
def test_a_spider_is_named_by_its_file_or_by_the_path_of_its_class(spider: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("class Council: pass\nMade = type('Made', (), {})\n")

    source = settings(tmp_path, f"id: own\n    spider: {spider}")

    assert (source.kind, source.url) == (SourceKind.SPIDER, spider)  # type: ignore[attr-defined]  # a source


PAGE = b"""<html><head><title>x</title></head><body><div class=kicker>The true title</div><i>Never this title</i>
<b class=by>A. Writer</b><time class=day>2026-11-24</time><div class=words>%s</div></body></html>"""


@pytest.mark.parametrize(
    "kind",
    [
        "feed: https://e.org/rss",
        "sitemap: https://e.org/map.xml",
        "site: https://e.org/, links: a",
        "spider: a.B",
    ],
)
@pytest.mark.parametrize(
    "rules",
    [
        "{title: .kicker, text: .words, published: .day, author: .by}",
        "{title: {xpath: \"//div[@class='kicker']\"}, text: {xpath: \"//div[@class='words']\"},"
        ' published: {xpath: "//time"}, author: {xpath: "//b"}}',
    ],
)
def test_article_rules_hold_for_sources_of_every_kind(kind: str, rules: str, tmp_path: Path) -> None:
    """By CSS or XPath; they come before what the page says of itself."""
    words = b"The bridge over the river is closed for a week, the council said. " * 20
    source = settings(tmp_path, f"{{id: one, {kind}, article: {rules}}}")

    page = read_page(PAGE % words, "https://e.org/1", "text/html", source.article, None)  # type: ignore[attr-defined]  # a source

    assert (page.title, page.authors) == ("The true title", ("A. Writer",))
    assert page.text.startswith("The bridge over the river")
    assert page.published_at is not None
    assert page.published_at.day == 24
