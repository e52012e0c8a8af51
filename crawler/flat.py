"""Text without case, accents and kinds of digits and quotes, letter for letter, so that places stay what they are. Pure."""

from __future__ import annotations

import re
import unicodedata

# Of scripts that write no spaces between words, for a class of characters.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
MOST_MARKS = 30  # on one letter
_KANA_MARKS = "\uff9e\uff9f"  # letters that become marks
_MAY_BE_MARKS = re.compile(rf"(?:[^\x00-\u02ff\w]|[{_KANA_MARKS}]){{{MOST_MARKS + 1},}}")

_OTHERS = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "٪": "%",
    "–": "-",
    "—": "-",
    "‑": "-",
    "ß": "s",
}


class _Letters(dict[int, str]):
    """What becomes of each letter, worked out when it is met first."""

    def __missing__(self, code: int) -> str:
        self[code] = flattened = _flattened(chr(code))
        return flattened


def flat(text: str) -> str:
    """`composed(text)` in small letters without accents, with ASCII digits; of the same length."""
    return composed(text).translate(_LETTERS)


def composed(text: str) -> str:
    """A text in which an accent is one with its letter, as most are written."""
    return text if text.isascii() else unicodedata.normalize("NFC", unstacked(text))


def compatible(text: str) -> str:
    """A text in which letters that are the same in another form are the same: NFKC."""
    return text if text.isascii() else unicodedata.normalize("NFKC", unstacked(text))


def unstacked(text: str) -> str:
    """A text less marks beyond the thirtieth on one letter, which no language writes.

    To put n marks into their order takes n * n steps: without this, one feed entry of 200,000 would take minutes.
    Source:
        Unicode Standard Annex 15, "Stream-Safe Text Format".
    """
    return text if text.isascii() else _MAY_BE_MARKS.sub(_thinned, text)


def _thinned(found: re.Match[str]) -> str:
    kept: list[str] = []
    stacked = 0
    for letter in found.group():
        is_mark = letter in _KANA_MARKS or unicodedata.category(letter).startswith("M")
        stacked = stacked + 1 if is_mark else 0
        if stacked <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def _flattened(letter: str) -> str:
    if letter in _OTHERS:
        return _OTHERS[letter]
    if unicodedata.category(letter) == "Nd":
        return str(unicodedata.digit(letter))
    plain = unicodedata.normalize("NFKD", letter)
    if len(plain) > 1:
        plain = "".join(part for part in plain if not unicodedata.combining(part))
    small = plain.lower()
    return small if len(small) == 1 else letter


_LETTERS = _Letters()
