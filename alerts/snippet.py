"""The words around a piece of a text, for a person."""

from __future__ import annotations

from alerts.gaps import BLOCK

_AROUND = 90  # letters on each side, about 15 words


def snippet(text: str, start: int, end: int) -> str:
    """The words around `text[start:end]` within its paragraph, in one line; cuts are marked."""
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    cut_before, cut_after = low > 0, high < len(text)
    for boundary in BLOCK.finditer(text, low, high):
        if boundary.end() <= start:
            low, cut_before = boundary.end(), False
        elif boundary.start() >= end:
            high, cut_after = boundary.start(), False
            break
    before, after = text[low:start], text[end:high]
    if cut_before:
        before = "…" + (before if text[low - 1].isspace() else _but_first(before))
    if cut_after:
        after = (after if text[high].isspace() else _but_last(after)) + "…"
    return " ".join(f"{before}{text[start:end]}{after}".split())


def _but_first(text: str) -> str:
    """Without the rest of a word that was cut; one without an end stays."""
    words = text.split(None, 1)
    return text if text[:1].isspace() or len(words) < 2 else words[1]


def _but_last(text: str) -> str:
    words = text.rsplit(None, 1)
    return text if text[-1:].isspace() or len(words) < 2 else words[0]
