"""Feeds for tests: the shared corpora one by one, and what becomes of a feed when somebody tampers with it."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[2].parent / "shared"
CORPUS = SHARED / "corpus" / "feeds"

_ELEMENTS = (
    "title link description guid id pubDate published updated date author name email uri category source "
    "summary content image url comments enclosure language ttl item entry creator encoded group thumbnail "
    "subtitle origLink contributor owner keywords issued created modified rights credit text subject "
    "publisher generator foo links title_detail div b abstract body info tagline textInput skipHours skipDays"
)
_SPACES = (
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/dc/terms/",
    "http://purl.org/rss/1.0/modules/content/",
    "http://rssnamespace.org/feedburner/ext/1.0",
    "http://search.yahoo.com/mrss/",
    "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2005/Atom",
    "urn:other",
)
_TEXTS = (
    *("", "x", "A &amp; b", "<b>bold</b>", "a@b.example (Ann)", "Ann <a@b.example>", "rel/x.html", "../up"),
    *("http://o.example/x?a=1&b=2", "//h.example/a", "urn:uuid:1", "2026-11-20T10:00:00Z", "caf\u00c3\u00a9"),
    *(
        "Tue, 24 Nov 2026 10:00:00 CET",
        "it\u0092s",
        "中文 & &lt;i&gt;",
        "<p>a</p><p>b</p>",
        "&eacute; &amp; y",
    ),
    *(" \n ", "true", "60", "de-AT", "http:///three/slashes", "http://u:p@h.example/", "#frag", "x" * 95),
)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ATTRIBUTES = (
    *(("type", kind) for kind in ("html", "text", "xhtml", "text/plain", "image/png")),
    *(("rel", kind) for kind in ("self", "alternate", "enclosure")),
    *(("href", link) for link in ("http://a.example/1", "rel/2", " http://sp.example/ ")),
    *((f"{_XML}base", base) for base in ("http://base.example/x/", "sub/")),
    *((f"{_XML}lang", code) for code in ("fr", "pt_BR", "")),
    *(("isPermaLink", "false"), ("url", "http://u.example/"), ("mode", "escaped"), ("src", "s")),
    *(("{urn:other}href", "http://else.example/"), ("foo", "bar"), ("base", "http://bb.example/")),
)


def corpus() -> Iterator[tuple[str, bytes]]:
    """Name and body of every feed in the shared corpora and cases; none where those are not at hand."""
    if not CORPUS.exists():
        return
    for path in sorted((CORPUS / "real").glob("*.gz")):
        if "expected" not in path.name:
            yield f"real/{path.name}", gzip.decompress(path.read_bytes())
    for name in ("fixtures", "with-expected-json"):
        for one, facts in packed(name).items():
            yield f"{name}/{one}", base64.b64decode(facts["body_base64"])
    for case in packed("feedparser-cases"):
        yield f"feedparser-cases/{case['name']}", base64.b64decode(case["body_base64"])
    for path in sorted((SHARED / "cases" / "feeds").iterdir()):
        yield f"cases/{path.name}", path.read_bytes()


def packed(name: str) -> Any:
    """One of the corpora that are a single file."""
    return json.loads(gzip.decompress((CORPUS / f"{name}.json.gz").read_bytes()))


def damaged(body: bytes, chance: random.Random) -> bytes:
    """`body` after one to eight accidents to its bytes."""
    data = bytearray(body[: 1 << 18])
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((1, 1, 2, 8, 64, 1024)))
        accident = chance.randrange(6)
        if accident == 0:
            del data[start:end]
        elif accident == 1:
            data[start:start] = data[start:end] * chance.choice((1, 2, 50))
        elif accident == 2:
            data[start:end] = chance.randbytes(end - start)
        elif accident == 3:
            data[start:start] = chance.choice(
                (b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"\0", b"\xff", b"&#x1F;", b'="', b"<item>")
            )
        elif accident == 4:
            del data[start:]
        else:
            data[start:start] = chance.choice((b"<div>", b"<a:b>", b"<item><title>")) * chance.choice(
                (1, 300)
            )
    return bytes(data)


def rebuilt(body: bytes, chance: random.Random) -> bytes | None:
    """A well-formed feed with elements moved, doubled, renamed or added; None when `body` is not well-formed."""
    from lxml import etree

    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, remove_comments=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    places = [one for one in root.iter() if isinstance(one.tag, str)][:400]
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        one, accident = chance.choice(places), chance.randrange(6)
        parent = one.getparent()
        if accident == 0 and parent is not None:
            parent.remove(one)
        elif accident == 1 and parent is not None:
            copied = deepcopy(one)
            copied.tail = None
            parent.insert(chance.randrange(len(parent) + 1), copied)
        elif accident == 2:
            one[:] = chance.sample(list(one), len(one))
        elif accident == 3:
            new = etree.Element(_tag(one.tag, chance))
            new.text = chance.choice(_TEXTS)
            if chance.random() < 0.5:
                new.set(*chance.choice(_ATTRIBUTES))
            one.insert(chance.randrange(len(one) + 1), new)
        elif accident == 4:
            one.set(*chance.choice(_ATTRIBUTES))
        else:
            one.text = chance.choice(_TEXTS)
    rebuilt_body: bytes = etree.tostring(root)
    return rebuilt_body


def _tag(like: str, chance: random.Random) -> str:
    name = chance.choice(_ELEMENTS.split())
    space = like[1:].partition("}")[0] if like[0] == "{" else ""
    if chance.random() < 0.5:
        space = chance.choice(_SPACES)
    return f"{{{space}}}{name}" if space else name
