"""The bundled list of common English words: a name that is one of them is *ordinary* (rule 4)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def common_words() -> frozenset[str]:
    """About 5,000 words, folded, one a line in `common_words.txt`."""
    return frozenset(files("alerts").joinpath("common_words.txt").read_text(encoding="utf-8").split())


def is_common(word: str) -> bool:
    """Whether a folded word is in the list."""
    return word in common_words()
