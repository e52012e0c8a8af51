"""Which paragraphs recur over the articles of one host: they belong to the site, not to a story. Pure.

An offer, a note about the author, a legal line stand at the beginning or end of many articles. They are learnt from
the texts themselves, host by host, in a window that moves on, so that a site which changes them is learnt anew.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WINDOW = 50  # articles in each of the two halves of the window; the older half is dropped as a whole
FEWEST = 5  # articles with a paragraph before it can be the site's
SHARE = 0.3  # of the articles in the window, at least
LONGEST = 600  # characters; a longer paragraph is a story's
HEAD, TAIL = 2, 3  # paragraphs at the beginning and end of a text that are looked at
LEAST = 200  # characters of a text, and half of it, that must be left


@dataclass(frozen=True, slots=True)
class Half:
    """What was counted over some articles in a row."""

    articles: frozenset[int] = frozenset()  # fingerprints of their ids and titles
    number: int = 0
    paragraphs: Mapping[int, int] = field(default_factory=dict)  # fingerprint → articles


@dataclass(frozen=True, slots=True)
class Habits:
    """What is remembered of a host."""

    past: Half = field(default_factory=Half)
    present: Half = field(default_factory=Half)

    def is_known(self, article_id: str, title: str) -> bool:
        """Whether this article, or another of the same title, was counted already."""
        prints = {_print(article_id), _print(title)} if title else {_print(article_id)}
        return not prints.isdisjoint(self.past.articles | self.present.articles)

    def is_sites(self, paragraph: str) -> bool:
        """Whether a paragraph stood in so many of the articles that it is the site's."""
        key = _print(paragraph)
        stood = self.past.paragraphs.get(key, 0) + self.present.paragraphs.get(key, 0)
        return stood >= FEWEST and stood >= SHARE * (self.past.number + self.present.number)


def learn(habits: Habits, text: str, *, article_id: str, title: str) -> Habits:
    """Count one more article; one that was counted, or has the title of one that was, changes nothing."""
    if habits.is_known(article_id, title):
        return habits
    past, present = (habits.past, habits.present)
    if present.number >= WINDOW:
        past, present = present, Half()
    counts = Counter(present.paragraphs)
    parts = text.split("\n\n")
    edges = (parts[at] for at in _edges(len(parts)))
    counts.update({_print(part) for part in edges if len(part) <= LONGEST})
    prints = {_print(article_id), *([_print(title)] if title else [])}
    return Habits(past, Half(present.articles | prints, present.number + 1, dict(counts)))


def without(
    habits: Habits, text: str, keep: Callable[[str], bool] = lambda paragraph: False
) -> tuple[str, tuple[str, ...]]:
    """A text less the site's paragraphs at its beginning and end, and these; as it is when too little would be left.

    Args:
        keep: paragraphs that stay whatever is known of them.
    """
    parts = text.split("\n\n")
    gone: list[str] = []
    while found := [at for at in _edges(len(parts)) if _is_sites(habits, parts[at], keep)]:
        gone += [parts[at] for at in found]
        parts = [part for at, part in enumerate(parts) if at not in found]
    left = "\n\n".join(parts)
    if not gone or len(left) < max(LEAST, len(text) / 2):
        return text, ()
    return left, tuple(gone)


def pack(habits: Habits) -> bytes:
    """For the store; see `unpack`."""
    halves = [
        {
            "articles": sorted(half.articles),
            "number": half.number,
            "paragraphs": sorted(half.paragraphs.items()),
        }
        for half in (habits.past, habits.present)
    ]
    return zlib.compress(json.dumps(halves, separators=(",", ":")).encode())


def unpack(packed: bytes) -> Habits:
    """What `pack` made; b"", and what another version made, is a host of which nothing is known."""
    try:
        past, present = (
            Half(frozenset(half["articles"]), half["number"], dict(half["paragraphs"]))
            for half in json.loads(zlib.decompress(packed))
        )
    except (zlib.error, ValueError, KeyError, TypeError):
        return Habits()
    return Habits(past, present)


def _is_sites(habits: Habits, paragraph: str, keep: Callable[[str], bool]) -> bool:
    return len(paragraph) <= LONGEST and habits.is_sites(paragraph) and not keep(paragraph)


def _edges(number: int) -> list[int]:
    """The places of the first and last of so many paragraphs, each once."""
    return sorted({*range(min(HEAD, number)), *range(max(0, number - TAIL), number)})


def _print(text: str) -> int:
    """53 bits of a text in which case and spaces do not matter; any reader of JSON keeps so many."""
    folded = " ".join(text.casefold().split())
    return int.from_bytes(hashlib.blake2b(folded.encode("utf-8", "replace"), digest_size=7).digest()) >> 3
