"""Live blogs: posts kept apart, with their times."""

from __future__ import annotations

import json

import pytest

from crawler.extract.liveblog import Entry, compose
from crawler.extract.read import read_page
from crawler.records import Page

WORDS = "Something happened at the northern pier and people came to see it with their own eyes."


def read(html: str) -> Page:
    page = f"<!doctype html><html><head><title>Storm at the coast: live updates</title></head><body>{html}</body></html>"
    return read_page(page.encode(), "https://news.example/storm", "text/html")


def seen(time: str = "<time datetime='2026-03-04T1{n}:05:00+01:00'>1{n}:05</time>") -> str:
    posts = "".join(
        f"<article class=post>{time.format(n=n)}<h3>Post number {n}</h3><p>{WORDS} It was the {n}th time.</p></article>"
        for n in (4, 3, 2, 1)
    )
    return f"<main><h1>Storm at the coast: live updates</h1><p>The storm reached land in the night, and we report.</p><div>{posts}</div></main>"


def stated(count: int = 4) -> str:
    node = {
        "@type": "LiveBlogPosting",
        "headline": "Storm at the coast",
        "datePublished": "2026-03-04T06:00:00Z",
        "liveBlogUpdate": [
            {
                "@type": "BlogPosting",
                "headline": f"Post number {n}",
                "articleBody": f"<p>{WORDS}</p><p>It was the {n}th time.</p>",
                "datePublished": f"2026-03-04T1{n}:05:00+01:00",
            }
            for n in range(count, 0, -1)
        ],
    }
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


@pytest.mark.parametrize("html", [seen(), stated(), seen() + stated()])
def test_posts_are_parts_of_the_text_in_the_order_of_the_page(html: str) -> None:
    """Each begins with its title and has its own time; the newest first where the page has it so."""
    page = read(html)

    assert page.refused is None
    assert [post.title for post in page.posts] == [f"Post number {n}" for n in (4, 3, 2, 1)]
    assert [post.posted_at.hour for post in page.posts if post.posted_at] == [13, 12, 11, 10]
    for n, post in zip((4, 3, 2, 1), page.posts, strict=True):
        part = page.text[post.start : post.end]
        assert part.startswith(f"Post number {n}\n\n{WORDS}")
        assert part.endswith(f"It was the {n}th time.")
    assert "14:05" not in page.text


def test_what_stands_before_the_posts_is_kept() -> None:
    """It belongs to no post."""
    page = read(seen())
    assert page.text.startswith("The storm reached land in the night")
    assert page.posts[0].start > 0


def test_title_and_time_are_those_of_the_blog() -> None:
    """Not those of a post."""
    page = read(stated())
    assert page.title == "Storm at the coast"
    assert page.published_at is not None
    assert page.published_at.hour == 6


def test_posts_that_only_show_a_clock_have_no_time() -> None:
    """Their day is not said, and none is invented."""
    page = read(seen("<span>1{n}:05</span>"))
    assert len(page.posts) == 4
    assert {post.posted_at for post in page.posts} == {None}


def test_a_list_of_dated_teasers_is_no_live_blog() -> None:
    """Their headings lead elsewhere."""
    teasers = "".join(
        f"<article><time datetime=2026-03-0{n}>x</time><h3><a href=/{n}>Story number {n} of the day</a></h3><p>One line of it.</p></article>"
        for n in range(1, 6)
    )
    text = "".join(f"<p>{WORDS} {n}</p>" for n in range(8))
    assert read(f"<main><h1>Storm</h1>{text}<div>{teasers}</div></main>").posts == ()


def test_an_article_with_comments_is_no_live_blog() -> None:
    """However many have a time."""
    comments = "".join(
        f"<li class=comment><time datetime=2026-03-04>x</time><p>{WORDS} {n}</p></li>" for n in range(9)
    )
    text = "".join(f"<p>{WORDS} {n}</p>" for n in range(8))
    assert read(f"<main><h1>Storm</h1>{text}</main><ul>{comments}</ul>").posts == ()


def test_offsets_fit_a_text_that_is_cut() -> None:
    """A post that is cut ends with the text; those behind it are left out."""
    entries = [Entry(title=f"Post {n}", paragraphs=("word " * 20,)) for n in range(5)]
    live = compose(["Lead"], entries, limit=250)

    assert len(live.text) <= 250
    assert live.posts[-1].end == len(live.text)
    assert [live.text[post.start : post.start + 6] for post in live.posts] == ["Post 0", "Post 1", "Post 2"]
