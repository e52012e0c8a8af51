"""Who wrote a page."""

from __future__ import annotations

import pytest

from crawler.extract.authors import Signed, bylines, choose_authors, people
from crawler.extract.document import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("By Ann Lee and Bo Ek", ("Ann Lee", "Bo Ek")),
        ("Von Ann Lee, Bo Ek", ("Ann Lee", "Bo Ek")),
        ("Ann Lee | Bo Ek", ("Ann Lee", "Bo Ek")),
        ("Ann Lee, 4 March 2026", ("Ann Lee",)),
        ("Ann Lee says", ("Ann Lee",)),
        ("Lee, Ann", ("Lee, Ann",)),
        ("Ann Lee; ann lee", ("Ann Lee",)),
        ("Byron Lee", ("Byron Lee",)),
        ("admin", ()),
        ("Harbour Desk", ()),
        ("Harbour Desk (www.harbour.example)", ()),
        ("https://news.example/authors/ann", ()),
        ("ann@news.example", ()),
    ],
)
def test_names_are_cut_out_of_bylines(text: str, expected: tuple[str, ...]) -> None:
    """Without the words around them; what names nobody, or the site, is left out."""
    assert people([text], "Harbour Desk") == expected


def test_the_first_statement_that_names_somebody_counts() -> None:
    """The others are told."""
    found = choose_authors([Signed("author", ("admin",)), Signed("byline", ("By Ann Lee",))], site=None)

    assert found.names == ("Ann Lee",)
    assert [(one.origin, one.chosen, one.why) for one in found.candidates] == [
        ("author", False, "it names nobody"),
        ("byline", True, "the strongest statement"),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<h1>Ferries</h1><span class=article-author-box>Ann Lee</span>",
        "<h1>Ferries</h1><p>By Ann Lee</p>",
        "<h1>Ferries</h1><div><p>4 March</p><p>Text: Ann Lee</p></div>",
        "<aside><a rel=author>Cy Day</a></aside><h1>Ferries</h1><a rel=author>Ann Lee</a>",
        "<div class=comments><b class=author>Cy Day</b></div><h1>Ferries</h1><b class=author>Ann Lee</b>",
    ],
)
def test_bylines_are_seen_as_readers_see_them(html: str) -> None:
    """Marked by name or standing below the heading; those of comments and of the margin are other people's."""
    tree = parse(f"<html><body>{html}</body></html>")
    assert choose_authors(bylines(tree, "Ferries"), site=None).names == ("Ann Lee",)
