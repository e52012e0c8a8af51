"""Rule 1, sign by sign: a text becomes a list of equalised signs, each with its place in the original."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_SINGLE = "'’‘‚‛ʼʻ′＇׳"
_DOUBLE = '"“”„‟″«»‹›＂「」『』״'
_HYPHENS = "-‐‑‒–−﹣－"
_DASHES = "—―﹘"
_HIDDEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u180e\u034f"
_MARKS_OF_TRADE = "™®℠"
_NOTES = "†‡"


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of the equalised text; `start` and `end` are code points of the original."""

    char: str
    start: int
    end: int


def equalised(original: str) -> list[Sign]:
    """Rule 1: "Trade marks, superscripts and footnote signs are cut; then Unicode NFKC …; quotes, hyphens,
    dashes, spaces, soft hyphen and zero-width characters each become one kind. A full stop after a single
    letter is ignored". Case is kept here; `folded` takes it away where words are compared.
    """
    signs = [Sign(char, place, place + 1) for place, char in enumerate(original)]
    signs = without_hidden(signs)
    signs = without_raised_signs(signs)
    signs = composed(signs)
    signs = [Sign(one_kind(sign.char), sign.start, sign.end) for sign in signs]
    signs = without_notes(signs)
    return without_stops_of_initials(signs)


def folded(letters: str) -> str:
    """Rule 1: "case folding"; composed again, since folding can take a letter apart."""
    return unicodedata.normalize("NFKC", letters.casefold())


def without_hidden(signs: list[Sign]) -> list[Sign]:
    """Rule 1: soft hyphens and zero-width characters are no signs."""
    return [sign for sign in signs if sign.char not in _HIDDEN]


def without_raised_signs(signs: list[Sign]) -> list[Sign]:
    """Rule 1: "Trade marks, superscripts and footnote signs are cut": those of one sign, before NFKC spells them."""
    return [
        sign for sign in signs if sign.char not in _MARKS_OF_TRADE + _NOTES and not is_superscript(sign.char)
    ]


def without_notes(signs: list[Sign]) -> list[Sign]:
    """Rule 1: "Trade marks, superscripts and footnote signs are cut": `(TM)`, `[12]`, `*` behind a word."""
    kept: list[Sign] = []
    at = 0
    while at < len(signs):
        length = length_of_note(signs, at, kept[-1].char if kept else " ")
        if length == 0:
            kept.append(signs[at])
        at += max(1, length)
    return kept


def length_of_note(signs: list[Sign], at: int, before: str) -> int:
    """How many signs from `at` on are a trade mark or a footnote sign that stands behind `before`; 0: none are.

    A figure of one to three digits in brackets may stand behind a stop or quote too (silent; as the product).
    """
    following = "".join(sign.char for sign in signs[at : at + 5])
    if is_letter(before):
        for mark in ("(TM)", "(R)", "(SM)"):
            if following.startswith(mark):
                return len(mark)
        stars = 0
        while at + stars < len(signs) and signs[at + stars].char == "*":
            stars += 1
        if stars and (at + stars == len(signs) or not is_word_sign(signs[at + stars].char)):
            return stars
    if is_letter(before) or before in ".,;:!?\"')":
        figures = following[1:].split("]")[0]
        if following.startswith("[") and "]" in following and figures.isdecimal():
            return len(figures) + 2
    return 0


def is_word_sign(char: str) -> bool:
    return is_letter(char) or char == "_"


def is_superscript(char: str) -> bool:
    """Whether a sign is a raised figure."""
    return unicodedata.decomposition(char).startswith("<super>") and char.isdigit()


def is_letter(char: str) -> bool:
    """A letter, a figure or a combining mark."""
    return unicodedata.category(char)[0] in "LMN"


def composed(signs: list[Sign]) -> list[Sign]:
    """Rule 1: "Unicode NFKC", a letter with its marks at a time; all that comes of them has their place."""
    groups: list[list[Sign]] = []
    for sign in signs:
        if groups and joins_the_one_before(sign.char):
            groups[-1].append(sign)
        else:
            groups.append([sign])
    return [
        Sign(char, group[0].start, group[-1].end)
        for group in groups
        for char in unicodedata.normalize("NFKC", "".join(sign.char for sign in group))
    ]


def joins_the_one_before(char: str) -> bool:
    """Whether a sign is a combining mark, or a second or third letter of a Korean syllable."""
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff"


def one_kind(char: str) -> str:
    """Rule 1: "quotes, hyphens, dashes, spaces … each become one kind"; line ends stay, blocks need them."""
    if char in _SINGLE:
        return "'"
    if char in _DOUBLE:
        return '"'
    if char in _HYPHENS:
        return "-"
    if char in _DASHES:
        return "—"
    return " " if char.isspace() and char != "\n" else char


def without_stops_of_initials(signs: list[Sign]) -> list[Sign]:
    """Rule 1: "A full stop after a single letter is ignored (U.S. = US, N.S.F. = NSF)"."""
    return [sign for at, sign in enumerate(signs) if not is_stop_of_an_initial(signs, at)]


def is_stop_of_an_initial(signs: list[Sign], at: int) -> bool:
    """Whether the sign at `at` is a stop after one letter that is no part of a longer word.

    A stop before a longer word stays: `A.Smith`, `B.Tech`; so does one behind a possessive, which is no initial:
    `India's.` (the contract is silent; as the product).
    """
    if signs[at].char != "." or at == 0 or unicodedata.category(signs[at - 1].char)[0] != "L":
        return False
    if at >= 2 and is_letter(signs[at - 2].char):
        return False
    if at >= 3 and signs[at - 2].char == "'" and is_letter(signs[at - 3].char):
        return False
    if at >= 2 and signs[at - 2].char == "." and not is_stop_of_an_initial(signs, at - 2):
        return False
    after = [sign.char for sign in signs[at + 1 : at + 3]]
    return not (len(after) == 2 and is_letter(after[0]) and is_letter(after[1]))
