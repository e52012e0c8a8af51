"""Lists of other readers come in, well-formed or not, and go out well-formed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds.opml import Outline, read_opml, write_opml


def test_folders_titles_and_sites_are_read() -> None:
    """`text` names an outline before `title`; folders nest."""
    body = b"""<opml version="2.0"><body><outline text="Press" title="no"><outline title="India">
        <outline type="rss" text="A &amp; B" xmlUrl="https://a.example/rss" htmlUrl="https://a.example/"/>
        </outline></outline><outline XMLURL="feed://b.example/x"/><outline xmlUrl="exec:rm"/></body></opml>"""

    assert read_opml(body) == (
        Outline(
            title="A & B",
            url="https://a.example/rss",
            site_url="https://a.example/",
            folders=("Press", "India"),
        ),
        Outline(title="", url="http://b.example/x"),
    )


def test_a_list_that_is_no_xml_is_read_by_its_attribute_names() -> None:
    """Bare ampersands, quotes and angles inside values are usual."""
    body = b"""<opml><body><outline text="R&D">
        <outline text="The "Daily" <News>" title='x' xmlUrl="https://a.example/rss?a=1&b=2" description="5 > 3 "ok"" />
        <outline text="Second" xmlUrl="https://b.example/rss"></outline>
        </outline><outline text="Last" xmlUrl="https://c.example/" /></body></opml>"""

    assert [(one.title, one.url, one.folders) for one in read_opml(body)] == [
        ('The "Daily" <News>', "https://a.example/rss?a=1&b=2", ("R&D",)),
        ("Second", "https://b.example/rss", ("R&D",)),
        ("Last", "https://c.example/", ()),
    ]


def test_what_is_no_opml_is_an_error() -> None:
    """A feed in the place of a list is not an empty list."""
    with pytest.raises(ValueError, match="no OPML"):
        read_opml(b"<rss version='2.0'/>")


NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12).filter(
    lambda name: "&" not in name and "<" not in name
)
OUTLINES = st.builds(
    Outline,
    title=NAMES,
    url=st.integers(0, 10**6).map(lambda n: f"https://x.example/{n}?a=1&b=2"),
    site_url=st.none() | st.just("https://x.example/"),
    folders=st.lists(NAMES, max_size=3).map(tuple),
)


@given(st.lists(OUTLINES, max_size=8, unique_by=lambda one: one.url))
def test_what_is_written_is_read_back(outlines: list[Outline]) -> None:
    """The document is well-formed and loses nothing."""
    text = write_opml(outlines, title="Mine & <yours>")

    ET.fromstring(text)
    back = read_opml(text.encode())
    assert {one.url: one.folders for one in back} == {one.url: one.folders for one in outlines}
    assert len(back) == len(outlines)
