"""What stands between two neighbouring words, and whether a phrase goes on over it (rule 3)."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

_QUIET = re.compile(r"[\"'`*_]+")  # quotation marks and inline markup between two words
BLOCK = re.compile(r"\n[^\S\n]*\n|\u2029")
_SENTENCE = re.compile(r"[.!?…][)\]}]*(?=\s|$)|[。！？।॥؟۔]")
# A stop behind one of these ends no sentence.
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "mr mrs ms dr prof sen rep gov gen lt col sgt capt cmdr adm maj brig rev st jr sr vs dept "
        "jan feb mar apr jun jul aug sep sept oct nov dec",
    )
)


class Gap(Enum):
    """What stands between two neighbouring words."""

    OPEN = "open"  # white space, an unspaced hyphen, quotes, markup: a phrase goes on
    DASH = "spaced dash"  # parts a phrase, except where the term has a hyphen
    SIGN = "sign"  # comma, colon, bracket, em dash …: parts a phrase, except where the term has it too
    SENTENCE = "sentence end"
    BLOCK = "block boundary"


def gap(between: str, before: str) -> Gap:
    """The kind of what stands behind the folded word `before`."""
    kind = _short(between) if len(between) <= 32 else _classify(between)
    if kind is Gap.SENTENCE and before in _ABBREVIATIONS and between.lstrip(".").isspace():
        return Gap.OPEN
    return kind


def signs(between: str) -> str:
    """The signs of a gap that are neither space nor quotation mark, with hyphens and dashes as they are."""
    return "".join(_QUIET.sub("", between).split())


def _classify(between: str) -> Gap:
    if between in (" ", "-", ""):
        return Gap.OPEN
    if BLOCK.search(between):
        return Gap.BLOCK
    bare = _QUIET.sub("", between)
    if _SENTENCE.search(bare):
        return Gap.SENTENCE
    sign = bare.strip()
    if not sign:
        return Gap.OPEN
    if sign == "-":
        return Gap.OPEN if bare == "-" else Gap.DASH
    return Gap.SIGN


_short = lru_cache(maxsize=4096)(_classify)
