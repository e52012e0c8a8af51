"""What an entry shows of its identity: keys made of its id, address, title and time. Pure.

A key that two items of one document share says nothing about either of them, and is taken away.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from math import log
from urllib.parse import parse_qsl, urlsplit

from crawler.canonical import canonical_url, is_homepage
from crawler.records import Entry

SENTENCE = 8  # words of a line whose numbers are told
LEAD = 1000  # characters of a content whose numbers tell versions apart

_NUMBER = re.compile(r"\d+")
_COUNTED = (
    r"(?:points?|comments?|views?|votes?|upvotes?|likes?|shares?|replies|score|stars|followers|downloads)"
)
_COUNTER = re.compile(
    rf"\b\d[\d.,]{{0,12}}\s?[km]?\s?{_COUNTED}\b|\b{_COUNTED}\b\W{{0,3}}\d[\d.,]{{0,12}}", re.I
)
_NO_LETTER = re.compile(r"[\W_]+")
_MADE_UP = re.compile(r"(?=.*\d)(?=.*[a-z])[0-9a-z_-]+|\d{9,}|[0-9a-f-]{16,}", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of one document with its signals; None where it has none, or shares it with another item."""

    entry: Entry
    canonical_url: str | None
    id_key: str | None  # "id:…", within the source
    url_key: str | None  # "url:…", over all sources
    title_key: str | None  # "ts:…": title, source, time to the second
    name_key: str | None  # "ts:…": title and source, of an item that has neither id nor address
    time_key: str | None  # "id:…": source and time to the second, of an item without an id
    given: tuple[
        str | None, str | None, str | None
    ]  # address, id and title as they stand there, shared or not
    whole_key: str  # "all:…": all parts together
    version_key: str  # "v:…": the item with the title, summary and time of update it shows now

    @property
    def signals(self) -> tuple[str, ...]:
        """The keys that identify it, strongest first."""
        every = (self.url_key, self.id_key, self.title_key, self.name_key, self.time_key)
        return tuple(key for key in every if key)


def keys(entry: Entry, source_id: str) -> tuple[str, ...]:
    """Identity keys of one entry by itself, strongest first: a kind, a colon and 24 hex digits each."""
    (item,) = read([entry], source_id)
    return item.signals


def read(entries: Iterable[Entry], source_id: str) -> tuple[Item, ...]:
    """Items of one document: repetitions dropped, shared signals taken away."""
    items = tuple({item.whole_key: item for item in (_item(one, source_id) for one in entries)}.values())
    seen = Counter(
        key for item in items for key in (item.id_key, item.url_key, item.title_key, item.time_key) if key
    )
    unshared = tuple(_unshared(item, seen) for item in items)
    bare = {
        place: _bare(item, source_id)
        for place, item in enumerate(unshared)
        if not item.url_key and not item.id_key
    }
    names = Counter(item.name_key for item in bare.values())
    return tuple(
        replace(bare[place], name_key=None)
        if place in bare and names[bare[place].name_key] > 1
        else bare.get(place, item)
        for place, item in enumerate(unshared)
    )


def lookups(items: Iterable[Item]) -> tuple[str, ...]:
    """All keys to ask the memory for before `identity.judge`, each once."""
    every = (key for item in items for key in (*item.signals, item.whole_key, item.version_key))
    return tuple(dict.fromkeys(every))


# -- comparing -------------------------------------------------------------------------------------


def folded_title(title: str) -> str:
    """A title without case, spaces and punctuation, for comparing; "" for none. Marks belong to their letters.

    A title of signs alone (🎉) is itself.
    """
    text = title.casefold() if title.isascii() else unicodedata.normalize("NFKC", title).casefold()
    if text.isascii():
        return _NO_LETTER.sub("", text) or text.strip()
    return (
        "".join(sign for sign in text if sign.isalnum() or unicodedata.category(sign)[0] == "M")
        or text.strip()
    )


def same_title(one: str, other: str) -> bool:
    """Whether two titles differ in case, spaces and punctuation at most; an empty one equals none."""
    folded = folded_title(one)
    return bool(folded) and folded == folded_title(other)


def likeness(one: str, other: str) -> float:
    """0 to 1: how many of the three-letter pieces of the shorter title the longer one has."""
    pieces = [
        {text[at : at + 3] for at in range(max(len(text) - 2, 1))}
        for text in (folded_title(one), folded_title(other))
    ]
    return len(pieces[0] & pieces[1]) / min(map(len, pieces))


def calm(text: str) -> str:
    """A text without its numbers: points and comments that are counted in it change at every fetch."""
    return _NUMBER.sub("0", text)


def steady(text: str) -> str:
    """A text without the numbers that count what its readers do. What it tells of the world, in a sentence, stays."""
    lines = _COUNTER.sub("0", text).split("\n")
    return "\n".join(
        line if len(line.split()) >= SENTENCE or not line.isascii() else calm(line) for line in lines
    )


def same_place(one: str, other: str) -> bool:
    """Whether two canonical addresses differ only in what says nothing: the host, or parameters that look made up."""
    here, there = urlsplit(one), urlsplit(other)
    if here.path != there.path or here.path in ("", "/") or here.fragment != there.fragment:
        return False
    if here.query == there.query:
        return True
    differing = set(parse_qsl(here.query)) ^ set(parse_qsl(there.query))
    return here.netloc == there.netloc and all(_MADE_UP.fullmatch(value) for _, value in differing)


def is_day_only(moment: datetime | None) -> bool:
    """Whether a time is midnight, as of dates without a time: many items share it."""
    return moment is not None and (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def plain_id(given: str | None) -> str:
    """An id with the marks removed that change while the item stays; one that is an address keeps its fragment."""
    identity = (given or "").strip()
    if not identity.lower().startswith(("http://", "https://")):
        return identity
    try:
        fragment = urlsplit(identity).fragment
    except ValueError:
        return identity
    plain = canonical_url(identity)
    return f"{plain}#{fragment}" if fragment and "#" not in plain else plain


# -- making ----------------------------------------------------------------------------------------


def _item(entry: Entry, source_id: str) -> Item:
    address = canonical_url(entry.link) if entry.link else None
    title = folded_title(entry.title)
    identity = plain_id(entry.id)
    anchor = urlsplit(entry.link).fragment if entry.link else ""
    moment = entry.published_at.isoformat() if entry.published_at else ""
    updated = entry.updated_at.isoformat() if entry.updated_at else ""
    url_key = _key("url", address) if address and not is_homepage(address) else None
    id_key = _key("id", source_id, identity) if identity else None
    title_key = _key("ts", source_id, title, moment) if title else None
    return Item(
        entry=entry,
        canonical_url=address,
        id_key=id_key,
        url_key=url_key,
        title_key=title_key,
        name_key=None,
        time_key=_key("id", source_id, "", moment)
        if moment and not identity and not is_day_only(entry.published_at)
        else None,
        given=(url_key, id_key, title_key),
        whole_key=_key("all", source_id, identity, address or "", anchor, title, moment, entry.summary[:500]),
        version_key=_key(
            "v",
            source_id,
            address or identity,
            anchor,
            entry.title,
            steady(entry.summary),
            updated,
            _size(entry),
            " ".join(_NUMBER.findall(steady(entry.content[:LEAD]))),
        ),
    )


def _unshared(item: Item, seen: Counter[str]) -> Item:
    def own(key: str | None) -> str | None:
        return key if key and seen[key] == 1 else None

    url_key = own(item.url_key)
    if item.url_key and not url_key and item.entry.link and (anchor := urlsplit(item.entry.link).fragment):
        # items on one page, told apart by their anchors
        url_key = _key("url", item.canonical_url or "", anchor)
        seen[url_key] += 1
        url_key = own(url_key)
    url, name, title = item.given
    return replace(
        item,
        id_key=own(item.id_key),
        url_key=url_key,
        title_key=own(item.title_key),
        time_key=own(item.time_key),
        given=(url, name or item.time_key, title),
    )


def _bare(item: Item, source_id: str) -> Item:
    """An item with neither id nor address of its own: its title alone is a signal."""
    title = folded_title(item.entry.title)
    name_key = _key("ts", source_id, title) if title else None
    return replace(item, name_key=name_key, given=(*item.given[:2], name_key))


def _size(entry: Entry) -> str:
    """The length of the content in steps of about 15 %: a text that grew counts, a changed sidebar does not."""
    words = entry.content.count(" ") + 1
    return str(round(log(words, 1.15)))


def _key(kind: str, *parts: str) -> str:
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{kind}:{sha256(text).hexdigest()[:24]}"
