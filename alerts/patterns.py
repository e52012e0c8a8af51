"""`/…/`: patterns in RE2 syntax, which cannot be made to run for ever. The only importer of re2."""

from __future__ import annotations

from typing import Protocol

from alerts.errors import RuleError
from alerts.phrase import Occurrence
from alerts.text import Text
from alerts.words import UNSPACED

_MEMORY = 8 << 20  # bytes for one compiled pattern
_MOST_FOUND = 200  # places in one field; the search starts anew at each, so a hostile text could be slow
_CASED = "(?-i)"


class _Match(Protocol):
    def span(self, group: int = 0) -> tuple[int, int]: ...


class _Compiled(Protocol):
    def search(self, text: str, pos: int = 0) -> _Match | None: ...


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
        if self._plain.search("") is not None:
            raise RuleError(f"/{source}/ matches where nothing stands", "ask for at least one letter")

    def find(self, text: Text) -> list[Occurrence]:
        """All places in `text`, rising, without overlap; at most 200."""
        found: list[Occurrence] = []
        if self._plain.search(text.equal) is None:
            return found
        for start, end in text.paragraphs():
            self._find_within(text, start, end, found)
        return found

    def _find_within(self, text: Text, start: int, end: int, found: list[Occurrence]) -> None:
        paragraph = text.equal[start:end]
        at = 0
        while at < len(paragraph) and len(found) < _MOST_FOUND:
            match = self._plain.search(paragraph, at)
            if match is None:
                return
            low, high = match.span()
            if high > low and (place := text.words_at(start + low, start + high)):
                found.append(Occurrence(*place, start + low, start + high))
                at = high
                continue
            bounded = self._bounded.search(paragraph, max(0, at - 1))
            if bounded is None:
                return
            low, high = bounded.span(1)
            if high > low and low >= at and (place := text.words_at(start + low, start + high)):
                found.append(Occurrence(*place, start + low, start + high))
                at = high
            else:
                at = max(at, low) + 1


def _compile(source: str, around: str) -> _Compiled:
    import re2  # type: ignore[import-untyped]  # it ships no types

    cased = source.startswith(_CASED)
    inner = source[len(_CASED) :] if cased else source
    options = re2.Options()
    options.case_sensitive = cased
    options.log_errors = False
    options.dot_nl = True  # a line break within a paragraph is white space
    options.max_mem = _MEMORY
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
