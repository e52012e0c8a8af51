"""Article pages read behind the wall of a child process."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crawler.extract import PageExtractor, read_page
from crawler.isolation import ChildPool
from crawler.ports import ChildCrashed
from crawler.records import ArticleRules, Selector, Source, SourceKind

PAGES = Path(__file__).parents[3] / "shared" / "corpus" / "extraction" / "aeb"
SOURCE = Source(
    id="desk",
    kind=SourceKind.SITE,
    url="https://desk.example/",
    zone="Asia/Kolkata",
    article=ArticleRules(published=Selector(css=".when")),
)
HTML = (
    "<!doctype html><html lang=en><title>Ferries</title><article><h1>Board funds ferries</h1><span class=when>2026-03-04 10:00</span>"
    + "<p>The board said that two ferries would be bought from a yard in the north this year.</p>" * 9
    + "</article></html>"
)


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = ChildPool()
    yield pool
    await pool.close()


async def test_a_page_goes_over_and_comes_back_as_a_record(pool: ChildPool) -> None:
    """With the source's rules and zone, and the same as read in this process."""
    page = await PageExtractor(pool).read(
        HTML.encode(), url="https://desk.example/a", content_type="text/html", source=SOURCE
    )

    assert page.refused is None
    assert page.published_at is not None
    assert page.published_at.isoformat() == "2026-03-04T04:30:00+00:00"
    assert page == read_page(
        HTML.encode(), "https://desk.example/a", "text/html", SOURCE.article, SOURCE.zone
    )


async def test_a_page_that_takes_too_long_is_a_crash() -> None:
    """A page made to be slow is not waited for."""
    pool = ChildPool(time_limit=0.2)
    try:
        slow = b"<article>" + b"<p>some words here</p>" * 59_000
        with pytest.raises(ChildCrashed, match="longer than"):
            await PageExtractor(pool).read(
                slow, url="https://desk.example/b", content_type=None, source=SOURCE
            )
    finally:
        await pool.close()


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3))) if words else Counter()


@pytest.mark.skipif(not PAGES.exists(), reason="the shared corpus is not beside the repository")
def test_real_pages_give_their_article() -> None:
    """F1 of 4-word shingles over 30 pages of the article extraction benchmark is at least 0.94."""
    truth = json.loads(gzip.decompress((PAGES / "ground-truth.json.gz").read_bytes()))
    precision, recall = [], []
    for name in sorted(truth)[1::6]:
        page = read_page(
            gzip.decompress((PAGES / "html" / f"{name}.html.gz").read_bytes()),
            truth[name]["url"],
            "text/html",
        )
        found, wanted = shingles(page.text), shingles(truth[name]["articleBody"])
        common = sum((found & wanted).values())
        recall.append(common / wanted.total())
        if found:
            precision.append(common / found.total())

    p, r = sum(precision) / len(precision), sum(recall) / len(recall)

    assert 2 * p * r / (p + r) >= 0.94
