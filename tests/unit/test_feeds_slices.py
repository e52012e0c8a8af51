"""A feed cut into its entries, and read without those that stand there as before."""

from __future__ import annotations

import pytest

from crawler.feeds.partial import MOST_TEXT, read, read_new
from crawler.feeds.slices import MOST, cut

URL = "https://news.example/rss"


def rss(*items: str, head: str = "<title>News</title>", tail: str = "") -> str:
    return f'<rss version="2.0"><channel>{head}{"".join(items)}{tail}</channel></rss>'


def item(number: int, more: str = "") -> str:
    return f"<item><title>Item {number}</title><link>https://news.example/{number}</link>{more}</item>\n"


def test_a_document_is_its_parts() -> None:
    """Head, entries and tail, joined, are the document again, and any choice of entries is one."""
    text = rss(item(1), item(2), item(3), tail="<!-- made in 3 ms -->\n")
    slices = cut(text)

    assert slices is not None
    assert len(slices.entries) == 3
    assert slices.only({0, 2}).count("<item>") == 2
    assert slices.only({0, 1, 2}).replace("\n", "") == text.replace("\n", "")


def test_words_and_comments_of_the_head_are_no_part_of_the_frame_its_marks_are() -> None:
    """A changed time of build leaves all as it was; another base address or language does not."""
    frames = [
        cut(rss(item(1), head=head)).frame  # type: ignore[union-attr]  # a failure is one of the test
        for head in (
            "<lastBuildDate>Mon</lastBuildDate><!-- 1 -->",
            "<lastBuildDate>Tue</lastBuildDate><!-- 2 -->",
            '<lastBuildDate xml:lang="fr">Mon</lastBuildDate>',
        )
    ]

    assert frames[0] == frames[1] != frames[2]


@pytest.mark.parametrize(
    "text",
    [
        "no feed at all",
        rss("<item><title>a</title>"),
        rss("<item><title>a</title><item></item></item>"),
        rss("<item><description><![CDATA[</item>]]></description></item>"),
        rss("<item><title>a</title><!-- </item> --></item>"),
        rss(item(1), "text between", item(2)),
        rss(item(1), "<image/>", item(2)),
        rss(item(1), tail="<textInput>more</textInput>"),
        rss("<items><rdf:li/></items>", item(1)),
        rss("<ITEM><title>a</title></ITEM>"),
        rss("<item/>", item(1)),
        rss(*(item(number) for number in range(MOST + 1))),
    ],
    ids=[
        "none",
        "open",
        "nested",
        "in a section",
        "in a comment",
        "text between",
        "mark between",
        "more at the end",
        "items",
        "capitals",
        "empty",
        "too many",
    ],
)
def test_a_document_in_any_doubt_is_not_cut(text: str) -> None:
    """It is read whole."""
    assert cut(text) is None


def test_entries_known_by_their_print_are_not_read_again() -> None:
    """Those that are new or changed are, with the head of the document."""
    first = read(rss(item(1), item(2)).encode(), URL, None, None, None)
    body = rss(item(3), item(1), item(2, "<author>x</author>"), head="<title>New name</title>").encode()

    found = read_new(body, URL, None, None, None, first.frame, first.prints)

    assert found is not None
    assert (first.fresh, found.fresh) == ((0, 1), (0, 2))
    assert [entry.title for entry in found.feed.entries] == ["Item 3", "Item 2"]
    assert found.feed.title == "New name"
    assert found.prints[1] == first.prints[0]


def test_a_document_without_anything_new_is_still_a_feed() -> None:
    """Only its time of build has changed."""
    first = read(rss(item(1), head="<ttl>60</ttl>").encode(), URL, None, None, None)
    body = rss(item(1), head="<ttl>90</ttl>").encode()

    found = read_new(body, URL, None, None, None, first.frame, first.prints)

    assert found is not None
    assert (found.fresh, found.feed.entries) == ((), ())
    assert found.feed.ttl is not None
    assert found.feed.ttl.total_seconds() == 90 * 60


def test_in_another_frame_all_entries_are_read() -> None:
    """The same words may mean something else there, such as a relative link."""
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{base}"><title>x</title>'
        '<entry><title>a</title><link href="1"/><id>1</id></entry></feed>'
    )
    first = read(atom.format(base="https://one.example/").encode(), URL, None, None, None)
    body = atom.format(base="https://two.example/").encode()

    assert read_new(body, URL, None, None, None, first.frame, first.prints) is None


def test_much_that_is_new_is_read_whole() -> None:
    """Large documents are read in a child process."""
    first = read(rss(item(1)).encode(), URL, None, None, None)
    body = rss(item(1), item(2, "x" * MOST_TEXT)).encode()

    assert read_new(body, URL, None, None, None, first.frame, first.prints) is None


def test_letters_are_decided_on_the_whole_document() -> None:
    """An entry that is read alone is read in the letters of the document it comes from."""
    first = read(rss(item(1, "<author>Zoë</author>")).encode("latin-1"), URL, None, None, None)
    body = rss(item(2, "<author>Chloë</author>"), item(1, "<author>Zoë</author>")).encode("latin-1")

    found = read_new(body, URL, None, None, None, first.frame, first.prints)

    assert found is not None
    assert found.fresh == (0,)
    assert found.feed.entries[0].authors == ("Chloë",)
