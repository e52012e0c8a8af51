"""Which words of many stand in a text, found in one pass over it. The only importer of hyperscan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hyperscan

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
# Bytes of a folded text: what is no ASCII letter or figure becomes a space; other letters stay as they are.
_SPACED = bytes(code if code in _PLAIN or code >= 0x80 else 0x20 for code in range(256))
_CHANGES = re.compile(r"(?<=[a-z0-9])(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])(?=[a-z0-9])")


class Automaton:
    """Folded words, and beginnings of words, all looked for at once.

    What it finds is a superset: a word is found wherever its letters stand between signs, whether the rules of
    words (see `alerts.words`) call that place a word or not, and wherever they stand one by one between signs, as
    in `U.S.` It never misses one.

    Args:
        words: folded, in the order of their numbers.
        heads: folded beginnings, numbered on behind `words`.
    """

    def __init__(self, words: Sequence[str], heads: Sequence[str] = ()) -> None:
        spelled = [*map(_spellings, words), *(_spellings(head, open_=True) for head in heads)]
        self._always = frozenset(
            n for n, literals in enumerate(spelled) if not all(map(bytes.strip, literals))
        )
        self._literals = [
            (n, literal)
            for n, literals in enumerate(spelled)
            if n not in self._always
            for literal in literals
        ]
        self._lock = Lock()  # the scratch space of a database serves one scan at a time
        self._database: hyperscan.Database | None = None

    def find(self, text: str) -> set[int]:
        """Numbers of the words and beginnings that stand in a folded text."""
        found = set(self._always)
        if self._literals:
            data = _spaced(text)
            with self._lock:
                if self._database is None:
                    self._database = _compile(self._literals)
                self._database.scan(data, match_event_handler=_collect, context=found)
        return found


def _collect(number: int, start: int, end: int, flags: int, found: object) -> None:
    found.add(number)  # type: ignore[attr-defined]  # the set that `find` hands over


def _spaced(text: str) -> bytes:
    """A folded text as it is scanned: its words between spaces, with a space where ASCII meets other letters."""
    if not text.isascii():
        text = _CHANGES.sub(" ", text)
    return b" %b " % text.encode("utf-8", "replace").translate(_SPACED)


def _spellings(word: str, *, open_: bool = False) -> list[bytes]:
    """A word as it stands in a scanned text, and with its letters one by one, where it may be initials.

    Beside letters that are not ASCII nothing tells where it ends.
    """
    spelled = [_spaced(word)]
    if len(word) > 1 and word.isascii() and word.isalpha():
        spelled.append(_spaced(" ".join(word)))
    start = 0 if word[:1].isascii() else 1
    end = -1 if open_ or not word[-1:].isascii() else None
    return [literal[start:end] for literal in spelled]


def _compile(literals: Sequence[tuple[int, bytes]]) -> hyperscan.Database:
    import hyperscan

    database = hyperscan.Database()
    database.compile(
        expressions=[literal for _, literal in literals],
        ids=[number for number, _ in literals],
        elements=len(literals),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH] * len(literals),
        literal=True,
    )
    return database
