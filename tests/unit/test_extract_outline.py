"""A page as blocks of text and named parts, and where in it the story stands."""

from __future__ import annotations

import pytest

from crawler.extract.document import parse
from crawler.extract.names import kind_of
from crawler.extract.outline import Outline, block, outline
from crawler.extract.regions import own_blocks, regions, title_at, weigh

SENTENCE = "The harbour board said on Monday that two ferries would be bought this year."
P = f"<p>{SENTENCE}</p>"


def of(html: str) -> Outline:
    return outline(parse(f"<!doctype html><html><body>{html}</body></html>"))


def lines(html: str) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in of(html).blocks]


def test_blocks_come_in_the_order_of_the_page_each_on_one_line() -> None:
    """Text beside paragraphs is a block, too: nothing that a reader sees is lost."""
    assert lines(
        "<div>Loose\n words<h2>Why <em>now</em>?</h2><p>One</p>more<ul><li>a<li>b</ul><pre>x  y</pre></div>"
    ) == [
        ("text", "Loose words"),
        ("heading", "Why now?"),
        ("p", "One"),
        ("text", "more"),
        ("li", "a"),
        ("li", "b"),
        ("pre", "x y"),
    ]


def test_two_line_breaks_part_paragraphs_and_one_does_not() -> None:
    """As writers without a paragraph key use them."""
    assert [text for _, text in lines("<div>One<br>and on<br> <br/>Two</div>")] == ["One and on", "Two"]


def test_a_row_of_data_is_one_block_and_a_table_for_layout_is_none() -> None:
    """Cells are told apart in it."""
    assert lines("<table><tr><th>Berths</th><td>3</td></tr></table>") == [("cell", "Berths | 3")]
    assert lines(f"<table><tr><td>Menu</td><td>{P}{P}</td></tr></table>")[1:] == [("p", SENTENCE)] * 2


def test_parts_never_reach_beyond_the_blocks() -> None:
    """Cells that were joined are no parts any more; those before and after them are where they were."""
    cells = "".join(f"<td class=related><div class=share>cell {n}</div></td>" for n in range(9))
    page = of(f"<div class=byline>One</div><table><tr>{cells}</tr></table><div class=tags>Two</div>")

    assert [one.text for one in page.blocks][::2] == ["One", "Two"]
    assert all(0 <= part.start < part.end <= 3 for part in page.parts)
    assert [(part.kind, part.start) for part in page.parts if part.kind] == [("byline", 0), ("tags", 2)]


def test_what_is_not_printed_is_not_in_a_word() -> None:
    """Soft hyphens, zero-width spaces, and the readings over Japanese words."""
    assert lines("<p>Har&shy;bour&#8203;s <ruby>港<rp>(</rp><rt>みなと</rt><rp>)</rp></ruby></p>") == [
        ("p", "Harbours 港")
    ]


def test_a_sentence_is_prose_and_a_label_or_link_is_not() -> None:
    """In scripts that need fewer letters for a word, too."""
    assert block(SENTENCE, "p").prose == len(SENTENCE)
    assert block(SENTENCE, "p", 60).prose == 0
    assert block(SENTENCE, "heading").prose == 0
    assert block("Opinion", "p").prose == 0
    assert block("港湾委員会は月曜日に二隻の船を買うと述べた。", "p").prose > 40


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("c-article__related", "related"),
        ("RelatedLinks", "related"),
        ("read-more-box", "related"),
        ("newsletter-signup", "offer"),
        ("share-bar", "share"),
        ("comments-area", "comment"),
        ("article__byline", "byline"),
        ("author-bio", "author"),
        ("wp-caption-text", "caption"),
        ("post-tags", "tags"),
        ("sidebar-2", "aside"),
        ("ad-slot", "ad"),
        ("main-nav", "navigation"),
        ("site-footer", "footer"),
        ("sr-only", "hidden"),
        ("address-book", ""),
        ("has-sidebar", ""),
        ("tag-ferries category-share", ""),
        ("hidden-xs", ""),
        ("commentary", ""),
        ("elementor-widget-text-editor", ""),
        ("x" * 1_000 + "-related", ""),
    ],
)
def test_names_tell_what_a_part_is(name: str, kind: str) -> None:
    """By whole words: what only looks like one, says how a page is laid out or files a post is none."""
    assert kind_of(name)[0] == kind


@pytest.mark.parametrize(
    "name", ["entry-content", "postContent", "article__body", "story-body--inner", "articleText"]
)
def test_names_tell_where_the_story_is(name: str) -> None:
    """Each in the way of its own system."""
    assert kind_of(name)[1] == "named"


def found(html: str, title: str = "") -> list[str]:
    """The text of the first region that is looked at."""
    page = of(html)
    weighed = weigh(page)
    numbers = own_blocks(weighed, regions(weighed)[0], title_at(page, title))
    return [page.blocks[at].text for at in numbers]


def test_furniture_inside_the_story_is_left_out() -> None:
    """A box of related stories, a caption, a form."""
    html = f"<article>{P}<div class=related-posts>{P}</div><figure><figcaption>The mole</figcaption></figure>{P * 3}</article>"

    assert found(html) == [SENTENCE] * 4


def test_a_part_that_holds_most_of_the_story_is_the_story_whatever_its_name() -> None:
    """Builders of pages call everything a widget."""
    assert found(f"<article><h2>Ferries</h2><div class=widget>{P * 5}</div></article>") == [
        "Ferries",
        *[SENTENCE] * 5,
    ]


def test_comments_that_outweigh_the_story_are_left_out_and_a_forum_is_read() -> None:
    """Unless there is hardly anything but them."""
    comments = f"<div class=comments>{P * 40}</div>"

    assert found(f"<article>{P * 8}{comments}</article>") == [SENTENCE] * 8
    assert len(found(f"<article><h1>Which ferry?</h1>{comments}</article>")) == 41


def test_the_lead_between_title_and_story_belongs_to_it() -> None:
    """What stands there in a byline or beside links does not."""
    html = (
        f"<h1>Ferries</h1><p>{SENTENCE[:-1]}, and more.</p><div class=byline>{SENTENCE}</div>"
        f"<div itemprop=articleBody>{P * 4}</div>"
    )

    assert found(html, "Ferries") == [f"{SENTENCE[:-1]}, and more.", *[SENTENCE] * 4]
    assert found(html) == [SENTENCE] * 4


def test_the_densest_part_is_found_without_any_mark() -> None:
    """The innermost one that holds nearly all of the prose around it."""
    page = of(
        f"<div><div><a href=/>Home</a><a href=/x>News</a></div><div id=x7>{P * 5}</div><div>Imprint</div></div>"
    )
    weighed = weigh(page)

    assert [(one.origin, one.end - one.start) for one in regions(weighed)] == [("the densest part", 5)]


def test_the_beginnings_of_other_stories_count_for_little() -> None:
    """A heading that is a link, or a text that breaks off."""
    page = of(
        f"<h3><a href=/a>Another story of the day</a></h3>{P}<p>{SENTENCE[:-1]} …</p><p>{SENTENCE} And so on.</p>"
    )

    weights = weigh(page).weights
    assert weights[1] < 0.5
    assert weights[2] < 0.5
    assert weights[3] == 1.0
