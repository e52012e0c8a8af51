"""Real feeds and real lists of feeds, where the shared corpus is at hand."""

from __future__ import annotations

import gzip
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.feeds.opml import read_opml
from crawler.feeds.parse import parse
from crawler.feeds.text import plain_title

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
REAL = CORPUS / "feeds" / "real"
HOST = "https://feeds.example/"
# Its prolog and prefixes are broken; a reader of XML gives up before the first of its entries.
MENDED = {"7ef13a42fa7e177a.xml.gz": 35}

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")


def real_feeds() -> Iterator[Any]:
    if not CORPUS.exists():
        return
    for name, facts in json.loads(gzip.decompress((REAL / "expected.json.gz").read_bytes())).items():
        slow = [pytest.mark.slow] if facts["bytes"] > 600_000 else []
        yield pytest.param(name, facts, id=name[:8], marks=slow)


@pytest.mark.parametrize(("name", "facts"), [*real_feeds()])
def test_a_real_feed_is_read_in_full(name: str, facts: Any) -> None:
    """Every item, and the first three as read by hand with another library."""
    body = gzip.decompress((REAL / name).read_bytes())

    feed = parse(body, url=HOST, content_type=None)

    assert len(feed.entries) == MENDED.get(name, facts["items"])
    for entry, first in zip(feed.entries, facts["first"], strict=False):
        assert entry.title == plain_title(first["title"] or "")
        if first["link"]:
            assert entry.link == (HOST.rstrip("/") if first["link"].startswith("/") else "") + first["link"]
        if first["id"]:
            assert entry.id == html.unescape(first["id"])
        assert entry.published_at is not None
        assert entry.published_at.strftime("%Y-%m-%dT%H:%M:%SZ") == first["date"]


def lists() -> Iterator[Any]:
    if CORPUS.exists():
        index = json.loads((CORPUS / "sources" / "opml-index.json").read_text(encoding="utf-8"))
        for name, facts in index.items():
            yield pytest.param(name, facts["xmlUrl_attributes"], id=Path(name).stem)


@pytest.mark.parametrize(("name", "count"), [*lists()])
def test_a_real_list_gives_all_its_feeds(name: str, count: int) -> None:
    """40 of the 66 are no well-formed XML; what is no web address (one command to run) is left out."""
    path = CORPUS / "sources" / name
    commands = path.read_text(encoding="utf-8", errors="replace").count('xmlUrl="|')

    assert len(read_opml(path.read_bytes())) == count - commands
