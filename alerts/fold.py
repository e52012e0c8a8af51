"""Equalised text: one spelling for what reads alike, with the way back to the original (rule 1)."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import pairwise

from crawler.flat import MOST_MARKS

# One sign for one sign, so no offset moves. Hyphens and en dashes read alike (rule 3); the em dash does not.
_ALIKE = {
    **dict.fromkeys("“”„‟«»‹›″〝〞〟＂「」『』《》〈〉״", '"'),
    **dict.fromkeys("’‘‚‛ʼʻʹˈʾʿ′´＇׳", "'"),
    **dict.fromkeys("‐‑‒–−﹣－⁃֊᠆", "-"),
    **dict.fromkeys("―⸺⸻﹘", "—"),
    **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000\u30fb\uff65", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
    **dict.fromkeys("\u0085\u2028", "\n"),
}
_MARKUP = re.compile(r"\((?:TM|R|SM)\)|\[\d{1,3}\]|\*+(?!\w)")
_MARKUP_SIGNS = ("[", "*", "(TM)", "(R)", "(SM)")  # without one of these there is none
_INITIALS = re.compile(r"(?<![^\W_])(?<!\.)(?<![^\W_]')(?:[^\W\d_]\.)+(?:[^\W\d_](?![^\W_])|(?![^\W_]))")


class Offsets:
    """A way back from a changed text to the one it was made of, in pieces.

    A piece is (start here, start there, end there); a *level* piece moves letter by letter, any other
    stands as a whole for the letters it was made of.
    """

    __slots__ = ("_level", "_pieces", "_starts")

    def __init__(self, pieces: Iterable[tuple[int, int, int, bool]]) -> None:
        kept = tuple(pieces)
        self._starts = [piece[0] for piece in kept]
        self._pieces = [(there, end) for _, there, end, _ in kept]
        self._level = [level for _, _, _, level in kept]

    def start(self, at: int) -> int:
        """Where the letter at `at` began."""
        k = bisect_right(self._starts, at) - 1
        there, _ = self._pieces[k]
        return there + at - self._starts[k] if self._level[k] else there

    def end(self, at: int) -> int:
        """Where the letter before `at` ended; `at` is at least 1."""
        k = bisect_right(self._starts, at - 1) - 1
        there, end = self._pieces[k]
        return there + at - self._starts[k] if self._level[k] else end


class Equalised:
    """A text in one spelling, its letters still in their own case."""

    __slots__ = ("_maps", "text")

    def __init__(self, text: str, maps: tuple[Offsets, ...] = ()) -> None:
        self.text = text
        self._maps = maps

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original, in code points, of `text[start:end]`; the piece is not empty."""
        for offsets in reversed(self._maps):
            start, end = offsets.start(start), offsets.end(end)
        return start, end


def equalise(text: str) -> Equalised:
    """Bring `text` to one spelling: rule 1, except that letters keep their case (see `fold`)."""
    maps: list[Offsets] = []
    if not text.isascii():
        text = _alike(text)
        silent = "".join(char for char in set(text) if char > "\x7f" and _is_silent(char))
        if silent:
            text = _cut(text, re.finditer(f"[{re.escape(silent)}]+", text), maps)
        if not unicodedata.is_normalized("NFKC", text):
            text = _alike(_normalise(text, maps))
    if any(sign in text for sign in _MARKUP_SIGNS):
        text = _cut(text, _notes(text), maps)
    if "." in text:
        text = _without(text, [(dot, dot + 1) for dot in _stops(text)], maps)
    return Equalised(text, tuple(maps))


def quick(text: str) -> str | None:
    """`text` in one spelling and folded, but for the stops of initials; None where that takes `equalise`.

    `without_stops` does the rest.
    """
    if not text.isascii():
        text = _alike(text)
        if not text.isascii():
            return None
    return None if any(sign in text for sign in _MARKUP_SIGNS) else text.lower()


def without_stops(text: str) -> str:
    """What `quick` gave, with the stops of initials cut."""
    stops = _stops(text) if "." in text else ()
    return "".join(text[a + 1 : b] for a, b in pairwise((-1, *stops, len(text)))) if stops else text


def fold(word: str) -> str:
    """The word with its case taken away; equalise first."""
    return word.lower() if word.isascii() else word.casefold()


@cache
def marks() -> str:
    """Ranges of all combining marks, for use inside a character class."""
    runs: list[list[int]] = []
    for code in range(0x300, 0x20000):
        if unicodedata.category(chr(code))[0] == "M":
            if runs and runs[-1][1] == code - 1:
                runs[-1][1] = code
            else:
                runs.append([code, code])
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in runs)


def _alike(text: str) -> str:
    for char in set(text).intersection(_ALIKE):
        text = text.replace(char, _ALIKE[char])
    return text


def _notes(text: str) -> Iterator[re.Match[str]]:
    """Trade marks and footnotes: `(TM)`, `[1]` or `*` directly behind a word or another of them."""
    end = 0
    for found in _MARKUP.finditer(text):
        before = text[found.start() - 1 : found.start()]
        if (
            found.start() == end > 0
            or before.isalnum()
            or (before != "" and _is_mark(before))
            or (before != "" and found.group()[0] == "[" and before in ".,;:!?\"')")
        ):
            end = found.end()
            yield found


@lru_cache(maxsize=4096)
def _is_silent(char: str) -> bool:
    """Whether a sign is cut wherever it stands: formats, soft hyphens, superscripts, trade marks, daggers."""
    return (
        unicodedata.category(char) == "Cf"
        or unicodedata.decomposition(char).startswith("<super>")
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
        or char in "®†‡"
    )


@cache
def _clusters() -> re.Pattern[str]:
    """What is normalised together: a letter with its marks, Korean letter parts, or plain ASCII.

    More marks than any language writes stand alone: to order n of them takes n * n steps.
    """
    extending = f"{marks()}\uff9e\uff9f"
    return re.compile(
        f"[\\x00-\\x7f]+(?![{extending}])|[\u1100-\u11ff]+|.[{extending}]{{0,{MOST_MARKS}}}", re.DOTALL
    )


def _normalise(text: str, maps: list[Offsets]) -> str:
    """NFKC, cluster by cluster."""
    out: list[str] = []
    pieces: list[tuple[int, int, int, bool]] = []
    here = 0
    for found in _clusters().finditer(text):
        old = found.group()
        new = old if old.isascii() else unicodedata.normalize("NFKC", old)
        if not new:
            continue
        pieces.append((here, found.start(), found.end(), new == old))
        out.append(new)
        here += len(new)
    maps.append(Offsets(pieces))
    return "".join(out)


def _cut(text: str, found: Iterable[re.Match[str]], maps: list[Offsets]) -> str:
    return _without(text, [match.span() for match in found], maps)


def _stops(text: str) -> list[int]:
    """Full stops after single letters, which are ignored: `U.S.` reads `US`."""
    stops: list[int] = []
    at = text.find(".")
    while at >= 0:
        # Most stops end a word of several letters, which one look tells.
        if at < 2 or (not text[at - 2].isalnum() and _ends_single_letter(text, at)):
            found = _INITIALS.match(text, at - 1) if at else None
            if found is not None:
                stops += range(at, found.end(), 2)
                at = found.end() - 1
        at = text.find(".", at + 1)
    return stops


def _ends_single_letter(text: str, at: int) -> bool:
    """Whether a letter that is no word's last stands before the stop at `at`, which is at least 2."""
    before = text[at - 2]
    suffix = (
        before == "'" and at > 2 and _is_mark(text[at - 3])
    )  # as in `India's.`, behind a letter with marks
    return text[at - 1].isalpha() and not _is_mark(before) and not suffix


def _is_mark(char: str) -> bool:
    return char > "\x7f" and unicodedata.category(char)[0] == "M"


def _without(text: str, cuts: list[tuple[int, int]], maps: list[Offsets]) -> str:
    if not cuts:
        return text
    out: list[str] = []
    pieces: list[tuple[int, int, int, bool]] = []
    here = there = 0
    for start, end in (*cuts, (len(text), len(text))):
        if start > there:
            pieces.append((here, there, start, True))
            out.append(text[there:start])
            here += start - there
        there = end
    maps.append(Offsets(pieces))
    return "".join(out)
