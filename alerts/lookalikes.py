"""Letters and signs that look like those of the language and are others: `ＡＮＤ`, Cyrillic `ОR`, `＊`."""

from __future__ import annotations

import re
import unicodedata

# Capitals of other alphabets with the shape of a letter that stands in an operator.
_SHAPES = str.maketrans(
    {
        **dict.fromkeys("ΑАᎪꓮ", "A"),
        **dict.fromkeys("ΝꓠⲚ", "N"),
        **dict.fromkeys("ᎠꓓⅮ", "D"),
        **dict.fromkeys("ΟОՕⲞꓳ", "O"),
        **dict.fromkeys("ᎡᏒꓣ", "R"),
        **dict.fromkeys("ΤТᎢꓔ", "T"),
        **dict.fromkeys("ΕЕᎬꓰ", "E"),
        **dict.fromkeys("ΒВᏴꓐ", "B"),
        **dict.fromkeys("ϜꓝᖴҒ", "F"),
        **dict.fromkeys("⁄∕⧸／", "/"),
    }
)
_OPERATOR = re.compile(r"AND|OR|NOT|(?:NEAR|BEFORE)(?:/\S*)?")
_SIGNS = {"（": "(", "）": ")", "﹙": "(", "﹚": ")", "＊": "*", "﹡": "*", "∗": "*", "：": ":", "＝": "="}
_WORD = re.compile(r"[^\s()\"]+")


def imitated(word: str) -> str | None:
    """The operator that a word looks like without being it; None: it looks like none."""
    if word.isascii():
        return None
    plain = _plain_letters(word)
    return plain if plain != word and _OPERATOR.fullmatch(plain) else None


def visible(word: str) -> str:
    """A word without letters that show nothing, such as a zero-width space."""
    return "".join(char for char in word if unicodedata.category(char) != "Cf")


def sign_behind(word: str) -> tuple[int, str] | None:
    """Where the first sign of another width stands in a word, and which it looks like."""
    if word.isascii():
        return None
    return next(((at, _SIGNS[char]) for at, char in enumerate(word) if char in _SIGNS), None)


def made_plain(text: str) -> str:
    """An item with every lookalike replaced by what it looks like."""
    if text.isascii():
        return text
    text = "".join(_SIGNS.get(char, char) for char in text)
    return _WORD.sub(lambda found: imitated(found[0]) or found[0], text)


def _plain_letters(word: str) -> str:
    return unicodedata.normalize("NFKC", visible(word).translate(_SHAPES)).translate(_SHAPES)
