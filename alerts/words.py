"""Cutting equalised text into words (rule 2): UAX #29, with apostrophes, underscores and scripts parting.

A full stop between two letters, and a stop or comma between two digits, stay inside a word (`Node.js`,
`1,000`). A colon parts always, as rule 3 has it. Chinese, Japanese, Thai, Lao, Khmer and Burmese, which
set no spaces, give one word a letter, so that their terms go by character sequence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from alerts.fold import marks

_INSIDE = r"[.,·‧](?:(?<=[^\W\d_][.·‧])(?=[^\W\d_])|(?<=\d[.,])(?=\d))"  # UAX #29, WB6, WB7, WB11, WB12
_ASCII = re.compile(rf"[A-Za-z0-9]+(?:{_INSIDE}[A-Za-z0-9]+)*", re.ASCII)
_LATIN = re.compile(rf"[^\W_]+(?:{_INSIDE}[^\W_]+)*")  # for texts without marks
UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ecf\u1000-\u103f\u1050-\u108f\u1780-\u17d3\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_JOINTS = '.,"·‧'  # may stand within a word; at its end they are signs
_FIRST_MIXED = "\u0370"  # below it letters are Latin


def spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every word of an equalised text, in order."""
    if (simple := _simple(text)) is not None:
        return [found.span() for found in simple.finditer(text)]
    return [
        (found.start() + start, found.start() + end)
        for found in _any_script().finditer(text)
        for start, end in _by_script(found.group())
    ]


def at_stops(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of the parts of one word between its full stops, for addresses."""
    for part in text[start:end].split("."):
        yield start, start + len(part)
        start += len(part) + 1


def _simple(text: str) -> re.Pattern[str] | None:
    """The pattern for words of a text in Latin letters without combining marks; None: it takes more."""
    if text.isascii():
        return _ASCII
    for char in set(text):
        if char >= "\u0300" and not ("\u2000" <= char < "\u2070" or "\u20a0" <= char < "\u20d0"):
            return None
    return _LATIN


@cache
def _any_script() -> re.Pattern[str]:
    mark, letter = f"[{marks()}]*", f"[^\\W_{UNSPACED}]"
    joint = (
        rf"[.·‧](?:(?<=[^\W\d_].)|(?<=[{marks()}].))(?=[^\W\d_{UNSPACED}])"
        r"|[.,](?<=\d[.,])(?=\d)"
        r"|\"(?<=[\u05d0-\u05ea]\")(?=[\u05d0-\u05ea])"
    )
    word = f"(?:{letter}{mark})+"
    return re.compile(f"[{UNSPACED}]{mark}|{word}(?:(?:{joint}){word})*")


def _by_script(word: str) -> Iterator[tuple[int, int]]:
    """The parts of a word between changes of script; digits, marks and signs go with what stands before."""
    begun, script = 0, ""
    if len(word) > 1 and max(word) >= _FIRST_MIXED:
        for at, char in enumerate(word):
            here = _script(char)
            if here and here != script:
                if script:
                    yield begun, begun + len(word[begun:at].rstrip(_JOINTS))
                    begun = at
                script = here
    yield begun, len(word)


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    """The script of a letter, by the first word of its Unicode name; "" for all that is no letter."""
    if not char.isalpha():
        return ""
    return unicodedata.name(char, "").partition(" ")[0]
