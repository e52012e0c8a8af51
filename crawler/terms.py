"""The words that say what an article is about, and how often it says them. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

from crawler.credits import without_credits
from crawler.datelines import UNKNOWN_DATELINE
from crawler.flat import UNSPACED, compatible
from crawler.records import Article

READ = 200  # words of a text from its beginning: news says first what happened
LEAD = 60  # of these the first count twice
KEYS = 20  # words of an article under which it is found
UNCONFIRMED = 0.6  # times more where the text does not hold the word: the text knows better
IN_TITLE = 2  # times more that a word of the title counts
LONGEST = 40  # characters of a word that are looked at: what is longer is an address, a code, or an attack

_WORD = re.compile(
    rf"\d+(?:[.,]\d+)*|[{UNSPACED}]+|(?:(?![{UNSPACED}])[^\W_])+(?:['’](?=[^\W\d_]{{2}})[^\W\d_]+)?"
)
_UNSPACED_RUN = re.compile(rf"[{UNSPACED}]")
# UTF-8 read as Latin-1: a lead byte and as many continuation bytes as it announces.
_MISREAD = re.compile("[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def terms(article: Article) -> Mapping[str, float]:
    """The words of an article with their number, those of title and lead counted more; at most 200 words of text."""
    text = _without_place(without_credits(article.text) or article.summary)
    body = list(islice(words(text), READ))
    counts: dict[str, float] = defaultdict(float)
    for word in (*body, *body[:LEAD]):
        counts[word] += 1
    said = frozenset(body)
    for word in words(article.title):
        counts[word] += IN_TITLE if word in said or not body else UNCONFIRMED
    return counts


def _without_place(text: str) -> str:
    """A text less its dateline, whatever the agency: the place is where that sits, not what it tells of."""
    found = UNKNOWN_DATELINE.match(text)
    return text if found is None else text[found.end() :]


def keys(weighted: Mapping[str, float]) -> tuple[int, ...]:
    """The keys of the heaviest words of a vector, under which articles about the same are found: 64 bits, signed."""
    heaviest = sorted(weighted, key=lambda word: (-weighted[word], word))[:KEYS]
    return tuple(map(_key, heaviest))


@lru_cache(maxsize=1 << 16)
def _key(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8, salt=b"word").digest(), "big", signed=True)


def words(text: str) -> Iterator[str]:
    """The words of a text, folded and without their plural: at least two letters, numbers without separators.

    Of scripts that write no spaces, the pairs of neighbouring characters.
    """
    if not text.isascii():
        text = compatible(_mended(text))
    for found in _WORD.finditer(text.lower()):
        word = found.group()
        if word[0].isdigit():
            word = word.replace(",", "").replace(".", "")[:LONGEST]
        elif _UNSPACED_RUN.match(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
            continue
        if len(word) > 1:
            yield _singular(word[:LONGEST])


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        return word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word


def _mended(text: str) -> str:
    """A text less the commonest accident of encodings, by which "Ukraine’s" would be a word of its own."""
    if "\xe2" not in text and "\xc3" not in text:
        return text
    return _MISREAD.sub(_reread, text)


def _reread(found: re.Match[str]) -> str:
    try:
        return found.group().encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return found.group()
