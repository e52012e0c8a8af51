"""Text without case, accents and kinds of digits and quotes, letter for letter, so that places stay what they are. Pure."""

from __future__ import annotations

import unicodedata

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
    return text if text.isascii() else unicodedata.normalize("NFC", text)


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
