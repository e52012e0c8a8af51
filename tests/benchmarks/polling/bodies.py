"""The feeds that the polling race serves, made anew for each host and each edition: generated news, or real feeds varied.

No two hosts share an address, an id or a text, so that every reader has as many articles to keep as there are.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

from tests.benchmarks import data

ENTRIES = 20  # of a generated feed; with full content in every third it has about 23 KiB
SUBJECTS = (
    "India and the United States review the TRUST initiative",
    "semiconductor plant in India takes in its first wafers",
    "trade talks with Washington enter their next round",
    "monsoon arrives early in Kerala",
)
MOST_NEW = 3  # entries that an edition adds to a feed that changes


@dataclass(frozen=True, slots=True)
class Feed:
    """One host's feed, cut so that an edition can be put together quickly."""

    head: bytes
    items: tuple[bytes, ...]  # newest first
    tail: bytes
    media_type: str
    news: Callable[[str, datetime], bytes]  # token, time → an entry not seen before

    def body(self, added: list[bytes]) -> bytes:
        """The document with the entries added so far in front; as many old ones have left it."""
        window = (*reversed(added), *self.items)[: max(len(self.items), 1)]
        return b"".join((self.head, *window, self.tail))


def feeds(kind: str, number: int) -> Iterator[Feed]:
    """`number` feeds of a kind: "news" (generated) or "real" (those of the corpus).

    Raises:
        NoCorpus: real ones are not here.
    """
    if kind == "news":
        return (news_feed(place) for place in range(number))
    pieces = [cut for body in data.feeds() if (cut := _cut(body)) is not None]
    return (_varied(place, *pieces[place % len(pieces)]) for place in range(number))


# -- generated news --------------------------------------------------------------------------------


@cache
def _vocabulary() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """4,000 made-up words, and how common each one and those before it are, as in a real language (Zipf)."""
    dice = random.Random(1)
    parts = [one + vowel for one in "bcdfghjklmnprstvw" for vowel in "aeiou"]
    words = tuple("".join(dice.choices(parts, k=dice.choice((1, 2, 2, 3, 3, 4)))) for _ in range(4000))
    common, total = [], 0.0
    for rank in range(len(words)):
        total += 1 / (rank + 10)
        common.append(total)
    return words, tuple(common)


def _words(dice: random.Random, number: int) -> str:
    words, common = _vocabulary()
    return " ".join(dice.choices(words, cum_weights=common, k=number))


def _paragraphs(dice: random.Random, number: int) -> str:
    return "".join(
        f'<p>{_words(dice, 55)}, <a href="https://other.example/{dice.getrandbits(32)}">{_words(dice, 3)}</a>'
        f" {_words(dice, 25)} &amp; {_words(dice, 10)}.</p>\n"
        for _ in range(number)
    )


def news_feed(
    place: int,
    entries: int = ENTRIES,
    *,
    start: datetime = datetime(2026, 2, 1, tzinfo=UTC),
    every: timedelta = timedelta(hours=1),
    site: str = "",
) -> Feed:
    """Generated news: RSS, and Atom at every third place; every third entry comes with its full content.

    Args:
        start: of the newest entry.
        every: between two entries.
        site: what the addresses of its pages begin with; "": a host that is nowhere.
    """
    site = site or f"https://n{place}.example"
    entry = _atom_entry if place % 3 == 2 else _rss_item
    items = tuple(entry(f"{place}-{n}", start - n * every, site, full=n % 3 == 0) for n in range(entries))
    title = _words(random.Random(place), 3).title()
    if entry is _atom_entry:
        head = (
            '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
            f"<title>{title}</title><id>urn:feed:{place}</id><updated>{start.isoformat()}</updated>\n"
        )
        tail = b"</feed>\n"
    else:
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
            f"<channel><title>{title}</title><link>{site}/</link>"
            f"<description>{title}</description><language>en</language>\n"
        )
        tail = b"</channel></rss>\n"
    kind = "application/atom+xml" if entry is _atom_entry else "application/rss+xml"

    def news(token: str, now: datetime) -> bytes:
        return entry(f"{place}-{token}", now, site, full=token.endswith(".0"))

    return Feed(head.encode(), items, tail, kind, news)


def news_page(token: str) -> bytes:
    """The page of an entry of generated news, with some 1,000 words."""
    dice, title, _ = _told(token, "")
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title></head><body><nav>{_words(dice, 9)}</nav>"
        f"<article><h1>{title}</h1>{_paragraphs(dice, 10)}</article></body></html>"
    ).encode()


def _told(token: str, site: str) -> tuple[random.Random, str, str]:
    dice = random.Random(token)
    title = _words(dice, 9).capitalize()
    if dice.random() < 0.02:
        title = f"{dice.choice(SUBJECTS)}, {_words(dice, 3)}"
    return dice, title, f"{site}/2026/{token}/{title.replace(' ', '-').replace(',', '')}"


def _rss_item(token: str, at: datetime, site: str, *, full: bool) -> bytes:
    dice, title, link = _told(token, site)
    content = f"<content:encoded><![CDATA[{_paragraphs(dice, 4)}]]></content:encoded>\n" if full else ""
    return (
        f"<item><title>{title}</title><link>{link}</link>"
        f'<guid isPermaLink="false">{token}</guid><pubDate>{format_datetime(at)}</pubDate>'
        f"<dc:creator><![CDATA[{_words(dice, 2).title()}]]></dc:creator><category>{_words(dice, 1)}</category>"
        f'<description><![CDATA[<p><img src="{link}.jpg" alt=""/>{_words(dice, 40)}</p>]]></description>\n'
        f'{content}<media:content url="{link}.jpg" medium="image" width="1200" height="675"/></item>\n'
    ).encode()


def _atom_entry(token: str, at: datetime, site: str, *, full: bool) -> bytes:
    dice, title, link = _told(token, site)
    content = _paragraphs(dice, 4).replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<entry><title>{title}</title><link rel="alternate" href="{link}"/><id>urn:entry:{token}</id>'
        f"<published>{at.isoformat()}</published><updated>{at.isoformat()}</updated>"
        f'<author><name>{_words(dice, 2).title()}</name></author><category term="{_words(dice, 1)}"/>'
        f'<summary type="html">&lt;p&gt;{_words(dice, 40)}&lt;/p&gt;</summary>\n'
        + (f'<content type="html">{content}</content>' if full else "")
        + "</entry>\n"
    ).encode()


# -- real feeds, varied ----------------------------------------------------------------------------

_ITEM = re.compile(rb"<(item|entry)[\s>].*?</\1>\s*", re.DOTALL)
_TELLING = re.compile(
    rb"(<(?:link|guid|id|feedburner:origLink)\b[^>]*>\s*(?:<!\[CDATA\[)?\s*https?://"
    rb"|<link\b[^>]*?href=[\"']https?://|rdf:about=[\"']https?://)"
)
_PLAIN_ID = re.compile(rb"(<(?:guid|id)\b[^>]*>\s*(?:<!\[CDATA\[)?\s*)(?!https?://)")
_NAMED = re.compile(rb"<(?:guid|id|link)\b[^>]*>\s*[^\s<]|<link\b[^>]*href=|rdf:about=|<!\[CDATA\[https?://")
_DATE = re.compile(rb"(<(pubDate|published|updated|dc:date|date)>)[^<]*(?=</)")
_WORD = re.compile(rb"(?<= )[a-z]{5,}(?=[ ,.])")


def _cut(body: bytes) -> tuple[bytes, tuple[bytes, ...], bytes] | None:
    """Head, items and tail of a feed; None for one without items that stand in one row, each with a name of its own.

    An item with neither id nor link is a reason for some readers to refuse the whole feed.
    """
    found = list(_ITEM.finditer(body))
    if not found or any(one.end() != two.start() for one, two in itertools.pairwise(found)):
        return None
    if not all(_NAMED.search(one[0]) for one in found):
        return None
    return body[: found[0].start()], tuple(one[0] for one in found), body[found[-1].end() :]


def _varied(place: int, head: bytes, items: tuple[bytes, ...], tail: bytes) -> Feed:
    """A real feed with other addresses, ids and words, its markup and lengths untouched."""
    first = items[0]

    def news(token: str, now: datetime) -> bytes:
        return _reworded(first, f"n{place}-{token}", now)

    kind = "application/atom+xml" if b"<feed" in head else "application/rss+xml"
    renamed = tuple(_reworded(item, f"n{place}") for item in items)
    return Feed(head, renamed, tail, kind, news)


def _reworded(item: bytes, token: str, now: datetime | None = None) -> bytes:
    """The item with its addresses under another host, its longer words exchanged, and dated anew if so told."""
    name = token.encode()
    dice = random.Random(token)
    words, common = _letters()
    fresh = iter(dice.choices(words, cum_weights=common, k=len(item) // 6 + 1))
    item = _WORD.sub(lambda _: next(fresh), item)
    item = _TELLING.sub(rb"\g<1>" + name + b".", item)
    if now is not None:
        item = _PLAIN_ID.sub(rb"\g<1>" + name + b"-", item)
        item = _DATE.sub(
            lambda one: one[1] + (format_datetime(now) if one[2] == b"pubDate" else now.isoformat()).encode(),
            item,
        )
    return item


@cache
def _letters() -> tuple[tuple[bytes, ...], tuple[float, ...]]:
    words, common = _vocabulary()
    return tuple(word.encode() for word in words), common
