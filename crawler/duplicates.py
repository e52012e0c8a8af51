"""How alike two texts are, and keys that find the like ones in a database without a scan. Pure.

A text is the set of its shingles: runs of five consecutive words of the folded text. The bands of a MinHash
signature of this set find copies; those of its longer runs whose hashes are smallest find what was cut, lengthened
or begun anew; the sets themselves decide. All results are the same on every machine and in every process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from zlib import crc32

from crawler.credits import without_credits
from crawler.datelines import plain_title
from crawler.flat import compatible
from crawler.records import Article

SEED = 20_240_229  # changing it, a size below or the folding makes all stored keys strangers
WORDS = 5  # words in a shingle
SHORT_WORDS = 2  # words in a shingle of a title and lead
SHORTEST = 30  # words; a shorter text is judged by title and lead
SHORTEST_TITLE = 5  # words of title and lead that can be judged at all
LEAD = 60  # words
ROWS = 4  # values to a band: likely found from a resemblance of 0.5 on
BANDS = 6  # of a whole text
LONG_RUN = 10  # words; no two texts share so many by chance
LONG_RUNS = 12  # kept of a text
SHORT_BANDS = 8  # of a title and lead

# In scripts that write no spaces between words, characters stand for parts of words; units are sixths of a word.
_WORD_UNITS, _IDEOGRAPH_UNITS, _LETTER_UNITS = 6, 5, 3
_LETTERS = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3\u17d7\u17dc-\u17ff"
_IDEOGRAPHS = (
    "\u3040-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS = (  # parts of words that Python's \w leaves out: vowel signs of Indic scripts and the like
    "\u0300-\u036f\u0483-\u0487\u0653-\u065f\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a"
    "\u0900-\u0963\u0966-\u096f\u0971-\u0df3\u0f18\u0f19\u0f35\u0f37\u0f39\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0fbc\u135d-\u135f"
)
# Written or left out at will, or no characters at all: soft hyphens, joiners, marks of direction, Hebrew and Arabic points, tatweel.
_AT_WILL = re.compile(
    "[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\ud800-\udfff\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670]+"
)
_ASCII = {code: chr(code).lower() if re.match(r"\w", chr(code)) else " " for code in range(128)}
_WORD = re.compile(r"\w+")
_MARKED_WORD = re.compile(rf"[{_IDEOGRAPHS}{_LETTERS}]|(?:(?![{_IDEOGRAPHS}{_LETTERS}])\w|[{_MARKS}])+")
_NEEDS_MARKS = re.compile(f"[{_IDEOGRAPHS}{_LETTERS}{_MARKS}]")
_UNSPACED = re.compile(f"[{_IDEOGRAPHS}{_LETTERS}]")
_LETTER = re.compile(f"[{_LETTERS}]")


def tokens(text: str) -> tuple[str, ...]:
    """The words of a folded text; in scripts without spaces, its characters."""
    if text.isascii():
        return tuple(text.translate(_ASCII).split())
    folded = _AT_WILL.sub("", compatible(text).casefold())
    return tuple((_WORD if _NEEDS_MARKS.search(folded) is None else _MARKED_WORD).findall(folded))


@lru_cache(maxsize=32)  # keys are made of a text, and then it is compared
def plain_words(text: str) -> tuple[str, ...]:
    """The `tokens` of a text without its credits."""
    return tokens(without_credits(text))


@lru_cache(maxsize=32)
def shingles(text: str) -> frozenset[str]:
    """The set of word shingles of a text without its credits; empty when it is shorter than one shingle."""
    return shingles_of(plain_words(text))


def shingles_of(words: Sequence[str]) -> frozenset[str]:
    """The set of shingles of `tokens`."""
    return _runs(words, WORDS)


def short_shingles(title: str, lead: str = "") -> frozenset[str]:
    """The shingles of a headline with its first words, for what is too short to be judged as a text."""
    return _runs((tokens(title) + tokens(without_credits(lead)))[:LEAD], SHORT_WORDS)


def is_short(words: Sequence[str]) -> bool:
    """Whether `tokens` are too few to be judged by themselves."""
    return _extent(words) < SHORTEST


def minhash(parts: Set[str], values: int) -> tuple[int, ...]:
    """So many MinHash values of a set of shingles, each 0 <= value < 2**32; () for an empty one.

    The share of equal values of two sets estimates their resemblance, with a standard error of at most
    0.5 / sqrt(values).
    """
    if not parts:
        return ()
    from rensa import RMinHash  # loaded with the first text

    sketch = RMinHash(num_perm=values, seed=SEED)
    sketch.update(list(parts))  # a minimum: their order does not matter
    return tuple(sketch.digest())


def bands(signature: Sequence[int], rows: int, *, salt: bytes = b"") -> tuple[int, ...]:
    """Hash a MinHash signature into bands of `rows` values each, first values first.

    Two texts whose shingle sets have Jaccard similarity s share at least one of b = len(signature) / rows
    bands with probability 1 - (1 - s**rows)**b, so an index on the bands finds near-duplicates without a scan.

    Args:
        signature: MinHash values, 0 <= value < 2**32; its length is a multiple of `rows`.
        rows: values to a band, at least 1. More rows: fewer false candidates, lower recall.
        salt: at most 16 bytes; bands of different kinds never meet.
    Returns:
        One signed 64-bit integer a band, as SQLite and PostgreSQL hold them; its position is hashed in.
    Raises:
        ValueError: the signature cannot be cut into whole bands.
    Source:
        Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4.
    """
    if rows < 1 or len(signature) % rows:
        raise ValueError(f"{len(signature)} values cannot be cut into bands of {rows}")
    return tuple(
        _hash64(
            (start // rows).to_bytes(4, "big")
            + b"".join(value.to_bytes(8, "big") for value in signature[start : start + rows]),
            salt,
        )
        for start in range(0, len(signature), rows)
    )


def long_runs(words: Sequence[str]) -> tuple[int, ...]:
    """Hash those 12 runs of ten words whose checksums are smallest, smallest first; fewer for a short text.

    They are a sample that depends on the runs alone. Of a text that stands in one of twice its length, half of
    its sample is expected in that one's, wherever it stands there; so cut and lengthened versions share a key.
    Source:
        Broder, "On the resemblance and containment of documents", 1997 (bottom-k sketches).
    """
    encoded = words if "".join(words).isascii() else [word.encode() for word in words]
    starts = _starts(encoded)
    text = " ".join(words).encode()
    spans = (
        zip(starts, starts[LONG_RUN:], strict=False)
        if _is_spaced(words)
        else ((starts[first], starts[end]) for first, end in _spans(words, LONG_RUN))
    )
    checked = {crc32(text[start : end - 1]): (start, end - 1) for start, end in spans}
    chosen = map(checked.__getitem__, sorted(checked)[:LONG_RUNS])
    return tuple(_hash64(text[start:end], b"run") for start, end in chosen)


def band_keys(article: Article) -> tuple[int, ...]:
    """The keys under which an article is stored and its likes are found: at most 18.

    A text gives six bands, which find copies, and twelve long runs, which find versions that were lengthened or
    cut. An article with little or no text gives eight bands of its title and lead.
    """
    words = plain_words(article.text)
    if not is_short(words):
        return bands(minhash(shingles(article.text), ROWS * BANDS), ROWS) + long_runs(words)
    lead = article.summary or article.text
    short = short_shingles(plain_title(article.title), lead)
    if _extent(tokens(article.title)) + _extent(tokens(lead)) < SHORTEST_TITLE:
        return ()
    return bands(minhash(short, ROWS * SHORT_BANDS), ROWS, salt=b"short")


def resemblance(a: Set[str], b: Set[str]) -> float:
    """Jaccard similarity of two sets: 1 for equal ones, 0 when either is empty."""
    common = len(a & b)
    return common / (len(a) + len(b) - common) if common else 0.0


def containment(a: Set[str], b: Set[str]) -> float:
    """How much of the smaller set stands in the larger one, 0 to 1; 0 when either is empty."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


# -- runs of words ---------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def _units(word: str) -> int:
    if len(word) > 1 or _UNSPACED.match(word) is None:
        return _WORD_UNITS
    return _LETTER_UNITS if _LETTER.match(word) else _IDEOGRAPH_UNITS


def _is_spaced(words: Sequence[str]) -> bool:
    text = "".join(words)
    return text.isascii() or _UNSPACED.search(text) is None


def _extent(words: Sequence[str]) -> float:
    """How many words a text is long, with characters of unspaced scripts as parts of words."""
    return len(words) if _is_spaced(words) else sum(map(_units, words)) / _WORD_UNITS


def _runs(words: Sequence[str], size: int) -> frozenset[str]:
    """The runs as long as `size` words."""
    if _is_spaced(words):
        text, starts = " ".join(words), _starts(words)
        return frozenset([text[start : end - 1] for start, end in zip(starts, starts[size:], strict=False)])
    return frozenset(" ".join(words[start:end]) for start, end in _spans(words, size))


def _starts(words: Sequence[str] | Sequence[bytes]) -> list[int]:
    """Where each word starts when they are joined by single blanks, and where one more would."""
    return list(accumulate(map((1).__add__, map(len, words)), initial=0))


def _spans(words: Sequence[str], size: int) -> Iterator[tuple[int, int]]:
    """Where each run as long as `size` words starts and ends; no word or character more than it takes."""
    wanted = size * _WORD_UNITS
    units = [_units(word) for word in words]
    end = held = 0
    for start, lost in enumerate(units):
        while held < wanted and end < len(units):
            held += units[end]
            end += 1
        if held < wanted:
            return
        yield start, end
        held -= lost


def _hash64(data: bytes, salt: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8, salt=salt).digest(), "big", signed=True)
