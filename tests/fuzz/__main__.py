"""`python -m tests.fuzz NAME [libFuzzer options]`: throw changed inputs at one entry point until it breaks.

An entry point may refuse an input with the errors it names, and nothing else. What breaks it, and every input
that reached new lines, is kept in `build/fuzz/NAME` for the next run. The first inputs are the ones below, and
small feeds of the shared corpora, where at hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import atheris

with atheris.instrument_imports(include=["crawler", "feedparser"]):
    import feedparser  # noqa: F401  # instrumented before the first use

    from crawler.errors import CrawlError
    from crawler.feeds.dates import parse_date
    from crawler.feeds.discovery import candidates_in
    from crawler.feeds.opml import read_opml
    from crawler.feeds.parse import parse
    from tests.fakes.feeds import SHARED, corpus

HOST = "https://feeds.example/feed.xml"
ZONES = (None, "Europe/Berlin", "America/New_York", "Asia/Kolkata")


def feed(data: bytes) -> None:
    """Links are web addresses, texts can be stored, and feedparser reads the same record."""
    try:
        read = parse(data, url=HOST, content_type=None)
    except CrawlError:
        return
    for entry in read.entries:
        assert entry.link is None or urlsplit(entry.link).scheme in ("http", "https"), entry.link
        assert "\n" not in entry.title
        (entry.title + entry.summary + entry.content).encode()
    try:
        slow = parse(data, url=HOST, content_type=None, fast=False)
    except CrawlError:
        return  # feedparser stumbles where the fast way need not
    assert read == slow


def date(data: bytes) -> None:
    """A moment in UTC or nothing."""
    zone = ZONES[data[0] % len(ZONES)] if data else None
    moment = parse_date(data[1:].decode("utf-8", "ignore"), zone=zone)
    assert moment is None or moment.utcoffset() is not None


def opml(data: bytes) -> None:
    """A list of sources, or a refusal."""
    try:
        read_opml(data)
    except ValueError:
        return


def page(data: bytes) -> None:
    """Links to feeds are web addresses."""
    for found in candidates_in(data.decode("utf-8", "replace"), HOST):
        assert urlsplit(found.url).scheme in ("http", "https"), found.url


ENTRY_POINTS: dict[str, Callable[[bytes], None]] = {"feed": feed, "date": date, "opml": opml, "page": page}
FEEDS = (
    b"""<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>
<link>https://a.example/</link><ttl>60</ttl><skipDays><day>Sunday</day></skipDays><item><title>A &amp;amp; b</title>
<link>/1</link><guid isPermaLink="false">1</guid><pubDate>Tue, 24 Nov 2026 10:00:00 CET</pubDate><dc:creator>Ann
</dc:creator><description><![CDATA[<p>Text</p><svg><a href="x">]]></description></item></channel></rss>""",
    b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>T</title><entry xml:base="https://b.example/">
<id>urn:1</id><title type="html">&lt;i>B&lt;/i></title><updated>2026-11-20T10:00:00Z</updated><link href="x"/>
<author><name>Ann</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">C</div></content>
</entry></feed>""",
    b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel
rdf:about="x"><title>T</title></channel><item rdf:about="y"><title>D</title><link>z</link></item></rdf:RDF>""",
    b"<br/>x<rss><channel><item><title>a & b &nbsp; \xff</b><media:x/></title><link>http://c.example/?a=1&b",
    b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1,"content_html":"<p>","authors":[{"name":"x"}]}]}',
)
DATES = (
    *("Tue, 24 Nov 2026 10:00:00 CET", "2026-11-24T10:00:00.5+01:00", "1795176000", "2026年11月20日 10時"),
    *("24 novembre 2026 10h30", "11/20/2026 12:00 PM", "20261120T101010Z", "31 Feb 2026 24:00:00 +1500"),
)
LIST = b"""<opml version="2.0"><body><outline text="A & b"><outline type="rss" xmlUrl="https://a.example/f" text="x"/>
</outline><outline title='y' xmlurl='http://b.example/?a=1&b=2' htmlUrl="c"></body>"""


def inputs(name: str) -> list[bytes]:
    """Good inputs to begin from."""
    if name == "feed":
        return [*FEEDS, *(body for _, body in corpus() if len(body) < 6_000)]
    if name == "date":
        return [b"\x01" + text.encode() for text in DATES]
    if name == "opml":
        lists = sorted((SHARED / "corpus" / "sources" / "opml").rglob("*.opml"))
        return [LIST, *(path.read_bytes()[:20_000] for path in lists)]
    return [b'<link rel="alternate" type="application/rss+xml" href="/feed.xml"><a href="rss">RSS</a>']


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] not in ENTRY_POINTS:
        sys.exit(f"name one of {', '.join(ENTRY_POINTS)}")
    name, *options = arguments
    folder = Path("build/fuzz") / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(inputs(name)):
        (folder / f"first-{number}").write_bytes(body)
    atheris.Setup(["tests.fuzz", str(folder), f"-artifact_prefix={folder}/", *options], ENTRY_POINTS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
