"""Singular and plural of English words (rule 2)."""

from __future__ import annotations

import re

from alerts.fold import fold

_LEAST = 4  # letters; shorter words have one form
_NO_SINGULAR = frozenset(
    re.findall(
        r"\w+",
        "news goods arms customs means lens mars christmas series species perhaps always besides towards "
        "afterwards sometimes overseas whereas alas atlas bias canvas pancreas chaos cosmos ethos",
    )
)
_HISSING = ("s", "x", "z", "ch", "sh")


def forms(word: str) -> frozenset[str]:
    """The folded word with its singular and plural, as far as spelling tells; irregular ones are not known."""
    if len(word) < _LEAST or not (word[-1].isascii() and word.isalpha()):
        return frozenset({word})
    return frozenset({word, *(_singulars(word) or _plurals(word))})


def name_forms(letters: str) -> frozenset[str]:
    """A name in its own letters, alone and with `-s`: `MSP` and `MSPs`. `US` has no plural."""
    if not letters[-1].isalpha() or not letters.isascii() or fold(letters) == "us":
        return frozenset({letters})
    if letters[-1] == "s" and len(letters) > 2 and letters[:-1].isupper():
        return frozenset({letters, letters[:-1]})
    return frozenset({letters, f"{letters}s"})


def _plurals(word: str) -> tuple[str, ...]:
    if word.endswith(_HISSING):
        return (f"{word}es",)
    if word[-1] == "y" and word[-2] not in "aeiou":
        return (f"{word[:-1]}ies",)
    if word[-1] == "o":
        return (f"{word}s", f"{word}es")
    return (f"{word}s",)


def _singulars(word: str) -> tuple[str, ...]:
    if word in _NO_SINGULAR or not word.endswith("s") or word.endswith(("ss", "us", "is", "ics")):
        return ()
    if word.endswith("ies") and len(word) > _LEAST:
        return (f"{word[:-3]}y", word[:-1])
    if word.endswith("es") and word[:-2].endswith((*_HISSING, "o")):
        return (word[:-2], word[:-1])
    return (word[:-1],)
