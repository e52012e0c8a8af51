"""`/…/`: patterns in RE2 syntax, which cannot be made to run for ever. The only importer of re2."""

from __future__ import annotations

from typing import Protocol

from alerts.errors import RuleError
from alerts.phrase import Occurrence
from alerts.text import Text
from alerts.words import UNSPACED

_MEMORY = 8 << 20  # bytes for one compiled pattern
_LARGE = 3_000  # steps of a program, as `(ab?){1,900}` has; with less memory RE2 falls back to a slow walk
_MEMORY_OF_LARGE = 32 << 20
_MOST_FOUND = 200  # places in one field
_MOST_TRIED = 5_000  # searches in one field, whether they find a place or not
_CASED = "(?-i)"
_BREAKS = {ord(sign): " " for sign in "\t\n\v\f\r"}  # within a paragraph they are white space like any other


class _Match(Protocol):
    def span(self, group: int = 0) -> tuple[int, int]: ...


class _Compiled(Protocol):
    programsize: int

    def search(self, text: bytes, pos: int = 0) -> _Match | None: ...


class Pattern:
    """A compiled pattern.

    It reads the equalised text, ignores case unless it begins `(?-i)`, begins and ends at a word boundary
    and stays within one paragraph.

    Raises:
        RuleError: it is no RE2 syntax, too large, or matches no letter at all.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        # The pattern alone finds most; the bounded one finds a longer or shorter reading that ends at a word.
        self._plain = _compile(source, "{}")
        edge = f"[^\\pL\\pN\\pM]|[{UNSPACED}]"
        self._bounded = _compile(source, f"(?:^|{edge})({{}})(?:$|{edge})")
        if self._plain.search(b"") is not None:
            raise RuleError(f"/{source}/ matches where nothing stands", "ask for at least one letter")

    def find(self, text: Text) -> list[Occurrence]:
        """All places in `text`, rising, without overlap; at most 200.

        A text made to be slow, of thousands of places that end within a word or of endless ones, is not
        searched to its end.
        """
        found: list[Occurrence] = []
        data = text.equal.translate(_BREAKS).encode(
            "utf-8", "replace"
        )  # a search in a str encodes all of it anew
        if self._plain.search(data) is None:
            return found
        effort = _Effort(len(data))
        for start, end in text.paragraphs():
            if len(found) == _MOST_FOUND:
                break
            self._find_within(text, start, end, found, effort)
        return found

    def _find_within(
        self, text: Text, start: int, end: int, found: list[Occurrence], effort: _Effort
    ) -> None:
        data = text.equal[start:end].translate(_BREAKS).encode("utf-8", "replace")
        at, here = 0, start  # the same place in `data` and in `text.equal`
        bounded = True  # whether the bounded pattern may still stand further on
        while len(found) < _MOST_FOUND:
            for pattern, group, opening in (
                (self._plain, 0, at),
                (self._bounded, 1, _letter_before(data, at)),
            ):
                if pattern is self._bounded and not bounded:
                    continue
                match = pattern.search(data, opening)
                if match is None and pattern is self._plain:
                    return
                if match is None:
                    bounded = False
                    continue
                low, high = match.span(group)
                if not effort.allows(high - at):
                    return
                begins = here + _letters(data, at, low)
                ends = begins + _letters(data, low, high)
                if high > low >= at and (place := text.order.words_at(begins, ends)):
                    found.append(Occurrence(*place, begins, ends))
                    at, here = high, ends
                    break
            else:
                following = text.order.place_after(max(begins, here))
                if following is None or following >= end:
                    return
                at += len(text.equal[here:following].encode("utf-8", "replace"))
                here = following


class _Effort:
    """How much is still to be read of one text, in bytes and in places that were none."""

    def __init__(self, size: int) -> None:
        self._bytes = 10 * size + 10_000
        self._tries = _MOST_TRIED

    def allows(self, size: int) -> bool:
        """Whether so many bytes more may be read."""
        self._bytes -= size
        self._tries -= 1
        return self._bytes >= 0 and self._tries >= 0


def _letters(data: bytes, start: int, end: int) -> int:
    return len(data[start:end].decode("utf-8")) if end > start else 0


def _letter_before(data: bytes, at: int) -> int:
    at = max(0, at - 1)
    while at and data[at] & 0xC0 == 0x80:  # within a letter of several bytes
        at -= 1
    return at


def _compile(source: str, around: str) -> _Compiled:
    compiled = _compile_within(source, around, _MEMORY)
    if compiled.programsize > _LARGE:
        compiled = _compile_within(source, around, _MEMORY_OF_LARGE)
    return compiled


def _compile_within(source: str, around: str, memory: int) -> _Compiled:
    import re2  # type: ignore[import-untyped]  # it ships no types

    cased = source.startswith(_CASED)
    inner = source[len(_CASED) :] if cased else source
    options = re2.Options()
    options.case_sensitive = cased
    options.log_errors = False
    options.dot_nl = True  # a line break within a paragraph is white space
    options.max_mem = memory
    try:
        compiled: _Compiled = re2.compile(around.format(f"(?:{inner})"), options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise RuleError(
            f"/{source}/ cannot be read: {reason}",
            "write RE2 syntax, without look-around and back-references",
        ) from error
    return compiled
