"""Lists of other readers come in, well-formed or not, and go out well-formed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds.opml import Outline, read_opml, write_opml
from crawler.records import SourceKind


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


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "windows-1251"])
def test_a_list_is_read_in_its_encoding(codec: str) -> None:
    """Whatever it declares, when its bytes say otherwise."""
    label = "UTF-8" if codec.startswith("utf") else codec
    body = f'<?xml version="1.0" encoding="{label}"?><opml><body><outline text="Порт" xmlUrl="https://a.example/"/></body></opml>'

    assert [one.title for one in read_opml(body.encode(codec))] == ["Порт"]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("feed:https://a.example/rss", "https://a.example/rss"),
        ("FEED://a.example/rss", "http://a.example/rss"),
        ("//a.example/rss", "http://a.example/rss"),
        ("www.a.example/rss", "http://www.a.example/rss"),
        (" https://a.example/rss&#10;", "https://a.example/rss"),
        ("https://a.example/rss?a=1&b=2", "https://a.example/rss?a=1&b=2"),
    ],
)
def test_an_address_is_read_as_it_is_meant(address: str, url: str) -> None:
    """With the scheme of feed links, with none, between white space, with a bare ampersand."""
    body = f'<opml><body><outline text="x" xmlUrl="{address}"/></body></opml>'

    assert [one.url for one in read_opml(body.encode())] == [url]


def test_outlines_without_quotes_prefixes_or_an_end_are_read() -> None:
    """A list is broken in many ways; a page without a feed in it is a folder, and a link to another is none of ours."""
    body = b"""<o:opml><o:outline text=First xmlUrl=https://a.example/rss ><o:outline text="R & D" htmlUrl="https://b.example/">
        <o:outline text="Second" xmlUrl="https://b.example/rss"><o:outline type="link" url="https://c.example/"/>"""

    assert [(one.title, one.url) for one in read_opml(body)] == [
        ("First", "https://a.example/rss"),
        ("Second", "https://b.example/rss"),
    ]
    assert read_opml(b"<opml><body>R & D</body></opml>") == ()


def test_one_address_is_kept_once_a_folder() -> None:
    """Under its first title; in another folder it stands again."""
    body = b"""<opml><body><outline text="One"><outline text="A" xmlUrl="https://a.example/"/><outline text="B" xmlUrl="https://a.example/"/>
        </outline><outline text="Two"><outline text="C" xmlUrl="https://a.example/"/></outline></body></opml>"""

    assert [(one.title, one.folders) for one in read_opml(body)] == [("A", ("One",)), ("C", ("Two",))]


def test_categories_and_languages_of_other_readers_are_read() -> None:
    """Paths and words become tags, each step of a path one of them."""
    body = b'<opml><body><outline text="A" xmlUrl="https://a.example/" category="/Boston/Weather, rain" language="en-us"/></body></opml>'

    (one,) = read_opml(body)

    assert (one.tags, one.language, one.id) == (("Boston", "Weather", "rain"), "en-us", None)


def test_other_readers_see_plain_outlines() -> None:
    """Text, address and type stand where OPML 2.0 has them; a source without a name shows its id."""
    named = Outline(
        title="A & B", url="https://a.example/rss", folders=("press",), tags=("press", "india"), id="a"
    )
    unnamed = Outline(title="", url="https://b.example/rss", id="b")
    sitemap = Outline(title="S", url="https://s.example/news.xml", id="s", kind=SourceKind.SITEMAP)

    root = ET.fromstring(write_opml([named, unnamed, sitemap], title="x"))

    shown = {one.get("text"): one.attrib for one in root.iter("outline")}
    assert shown["A & B"]["xmlUrl"] == "https://a.example/rss"
    assert shown["A & B"]["category"] == "press,india"
    assert shown["b"]["type"] == "rss"
    assert "xmlUrl" not in shown["S"]
    assert "press" in shown


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
    tags=st.lists(st.sampled_from(["press", "india-press", "नई"]), max_size=3, unique=True).map(tuple),
    language=st.sampled_from([None, "en", "pt-br"]),
    id=st.none() | st.integers(0, 10**6).map("source-{}".format),
    kind=st.sampled_from([SourceKind.FEED, SourceKind.SITEMAP]),
)


@given(st.lists(OUTLINES, max_size=8, unique_by=lambda one: one.url))
def test_what_is_written_is_read_back(outlines: list[Outline]) -> None:
    """The document is well-formed and loses nothing."""
    text = write_opml(outlines, title="Mine & <yours>")

    ET.fromstring(text)
    back = read_opml(text.encode())
    assert {one.url: one for one in back} == {one.url: one for one in outlines}
    assert len(back) == len(outlines)


def test_a_source_without_a_name_has_none_when_it_comes_back() -> None:
    """Its id is shown in the place of a name, and is no name."""
    one = Outline(title="", url="https://a.example/rss", id="a")

    assert read_opml(write_opml([one], title="x").encode()) == (one,)
