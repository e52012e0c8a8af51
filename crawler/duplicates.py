"""How alike two texts are, and keys that find the like ones in a database without a scan. Pure.

A text is the set of its shingles: runs of consecutive words of the folded text. MinHash signatures of these
sets, cut into bands, find candidates; the sets themselves decide. All results are the same on every machine
and in every process.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set
from hashlib import blake2b

from crawler.records import Article

PERMUTATIONS = 128
SEED = 20_240_229  # changing it, a size below or the folding makes all stored bands strangers
WORDS = 4  # words in a shingle
CHARACTERS = 6  # characters in one, in scripts that write no spaces between words
SHORT_WORDS = 2  # words in a shingle of a title and lead
SHORTEST = 30  # words; a shorter text is judged by title and lead
SHORTEST_TITLE = 5  # words of title and lead that can be judged at all
LEAD = 60  # words
ROWS = 8  # values to a band of a whole text: likely found from a resemblance of 0.7 on
LEAD_ROWS = 4  # of a lead; from 0.5 on
LEAD_VALUES = 32  # values of a lead's signature that are cut into bands

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+")
_UNSPACED_WORD = re.compile(rf"[{_UNSPACED}]")

_MONTHS = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
# "(Reuters) -", "LONDON (Reuters) -", "NEW DELHI, Feb 14 (PTI)", "WASHINGTON, March 3, 2026 (AP) —"
_CREDIT = re.compile(
    rf"^\s*(?:by [^\n]{{3,60}}\n+)?(?:[^\W\d_][^\n(]{{1,50}}?[, ])??\s*(?:{_MONTHS}\s+\d{{1,2}}(?:,\s*\d{{4}})?,?\s*)?"
    r"\((?:[A-Z]{2,5}|Reuters|Xinhua|Bloomberg|Bernama|Kyodo|Yonhap|Tass|TASS|dpa|Efe|Ansa|Interfax)"
    r"(?:/[^()\n]{2,20})?\)\s*[-–—:.]*\s*",
    re.IGNORECASE,
)
_CREDIT_LINE = re.compile(
    r"^\s*(?:\(?(?:additional |writing and )?(?:reporting|editing|writing|compiled|edited) by\b|(?:copyright|©)\s|"
    r"\(?(?:this|the) (?:story|article|report) (?:has been|was|is) (?:published|auto-generated|generated|sourced))",
    re.IGNORECASE,
)


def tokens(text: str) -> tuple[str, ...]:
    """The words of a folded text; in scripts without spaces, its characters."""
    if text.isascii():
        return tuple(_WORD.findall(text.lower()))
    return tuple(_TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


def without_credits(text: str) -> str:
    """A text less what wire services and their customers put around it: "LONDON (Reuters) - ", "Reporting by …"."""
    text = _CREDIT.sub("", text, count=1)
    lines = (line for line in text.split("\n") if not _CREDIT_LINE.match(line) or len(line) > 300)
    return "\n".join(lines)


def shingles(text: str) -> frozenset[str]:
    """The set of word shingles of a text without its credits; empty when it is shorter than one shingle."""
    return _runs(tokens(without_credits(text)), WORDS)


def short_shingles(title: str, lead: str = "") -> frozenset[str]:
    """The shingles of a headline with its first words, for what is too short to be judged as a text."""
    return _runs((tokens(title) + tokens(without_credits(lead)))[:LEAD], SHORT_WORDS)


def is_short(text: str) -> bool:
    """Whether a text has too few words to be judged by itself."""
    return len(tokens(without_credits(text))) < SHORTEST


def signature(text: str) -> tuple[int, ...]:
    """128 MinHash values of a text's shingles, each 0 <= value < 2**32; () when the text is too short to judge.

    The share of equal values of two signatures estimates the resemblance of the texts, with a standard
    error of at most 0.045.
    """
    return () if is_short(text) else _minhash(shingles(text))


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
        _hash64(start // rows, signature[start : start + rows], salt)
        for start in range(0, len(signature), rows)
    )


def band_keys(article: Article) -> tuple[int, ...]:
    """The keys under which an article is stored and its likes are found.

    A text gives the bands of the whole, which find copies, and of its lead, which find versions that were
    lengthened or cut. An article with little or no text gives those of its title and lead alone.
    """
    words = tokens(without_credits(article.text))
    if len(words) >= SHORTEST:
        lead = _minhash(_runs(words[:LEAD], WORDS))
        return bands(_minhash(_runs(words, WORDS)), ROWS) + bands(lead[:LEAD_VALUES], LEAD_ROWS, salt=b"lead")
    lead_text = article.summary or article.text
    if len(tokens(article.title)) + len(tokens(lead_text)) < SHORTEST_TITLE:
        return ()
    short = _minhash(short_shingles(article.title, lead_text))
    return bands(short[:LEAD_VALUES], LEAD_ROWS, salt=b"short")


def resemblance(a: Set[str], b: Set[str]) -> float:
    """Jaccard similarity of two sets: 1 for equal ones, 0 when either is empty."""
    common = len(a & b)
    return common / (len(a) + len(b) - common) if common else 0.0


def containment(a: Set[str], b: Set[str]) -> float:
    """How much of the smaller set stands in the larger one, 0 to 1; 0 when either is empty."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _runs(words: Sequence[str], size: int) -> frozenset[str]:
    """The runs of `size` words; of more characters where most words are single ones of an unspaced script."""
    if 2 * len(_UNSPACED_WORD.findall(" ".join(words))) > len(words):
        size = CHARACTERS if size == WORDS else size + 1
    return frozenset(map(" ".join, zip(*(words[i:] for i in range(size)), strict=False)))


def _minhash(parts: Set[str]) -> tuple[int, ...]:
    if not parts:
        return ()
    from rensa import RMinHash  # loaded with the first text

    sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    sketch.update(list(parts))  # a minimum: their order does not matter
    return tuple(sketch.digest())


def _hash64(position: int, values: Sequence[int], salt: bytes) -> int:
    data = position.to_bytes(4, "big") + b"".join(value.to_bytes(8, "big") for value in values)
    return int.from_bytes(blake2b(data, digest_size=8, salt=salt).digest(), "big", signed=True)
