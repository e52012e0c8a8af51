"""Where in a shown text the words stand that made it match: pure.

Evidence keeps offsets into the original article; a snippet is shortened and cleaned for showing, so the
words are looked for again, by the spelling of the term. A miss costs a highlight, never a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_FIELD = re.compile(r"\b(?:title|summary|text|author|source|url):(?=\S)")
_OPERATOR = re.compile(r'"~\d+|\b(?:NEAR|BEFORE)/\d+\b|\b(?:AND|OR|NOT)\b|[()"“”]')
_WORD = re.compile(r"[\w*?.&+#]+")
_BETWEEN = r"[\W_]{1,4}"  # a space, hyphen or quotation mark between the words of a phrase


def parts(text: str, terms: Iterable[str]) -> list[tuple[str, bool]]:
    """`text` cut into pieces, each with whether it is a hit of one of `terms`; joined they are `text`."""
    spans: list[tuple[int, int]] = []
    for term in terms:
        for pattern in _patterns(term):
            spans += [hit.span() for hit in pattern.finditer(text)]
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in _merged(spans):
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=4096)
def _patterns(term: str) -> tuple[re.Pattern[str], ...]:
    """One expression for each phrase of a term; none for a term that is itself an expression of /…/."""
    if term.startswith("/") and term.endswith("/"):
        return ()
    phrases = _OPERATOR.split(_FIELD.sub("", term.removeprefix("=")))
    found = []
    for phrase in phrases:
        words = [_spelling(word) for word in _WORD.findall(phrase) if re.search(r"\w", word)]
        if words:
            found.append(re.compile(rf"(?<!\w){_BETWEEN.join(words)}(?:(?i:e?s))?(?!\w)"))
    return tuple(found)


def _spelling(word: str) -> str:
    """A name needs its first capital, other words none; stops in abbreviations may be there or not."""
    bare = word.replace(".", "").rstrip("?")
    is_name = bare[:1].isupper() and any(letter.isupper() for letter in bare[1:])
    if is_name and len(bare) <= 5:
        return (
            r"\.?".join(re.escape(letter) for letter in bare) + r"\.?" if bare.isupper() else re.escape(bare)
        )
    letters = "".join({"*": r"\w*", "?": r"\w"}.get(letter, re.escape(letter)) for letter in bare)
    if is_name:
        return re.escape(bare[0]) + f"(?i:{letters[len(re.escape(bare[0])) :]})"
    return f"(?i:{letters})"
