"""Plain text broken into lines for a mail of 78 columns: pure."""

from __future__ import annotations

import unicodedata

WIDTH = 78


def wrapped(text: str, indent: str = "", first: str | None = None, width: int = WIDTH) -> str:
    """`text` in lines of at most `width` columns, each behind `indent`, the first one behind `first`.

    A wide character (Chinese, Japanese, Korean, most emoji) takes two columns, a combining mark none.
    A word longer than a line is broken, an address is not: it must stay whole to be clicked.
    """
    lines: list[str] = []
    line = first if first is not None else indent
    empty = True
    for word in text.split():
        while True:
            room = width - columns(line) - (0 if empty else 1)
            if columns(word) <= room or (empty and _is_address(word)):
                line += word if empty else " " + word
                empty = False
                break
            if not empty:
                lines.append(line)
                line, empty = indent, True
                continue
            head = _head(word, max(room, 2))
            lines.append(line + head)
            line, word = indent, word[len(head) :]
    if not empty or not lines:
        lines.append(line)
    return "\n".join(one.rstrip() for one in lines)


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _is_address(word: str) -> bool:
    return word.startswith(("http://", "https://"))


def _head(word: str, room: int) -> str:
    """The longest beginning of `word` within `room` columns, at least one character."""
    end = 1
    while end < len(word) and columns(word[: end + 1]) <= room:
        end += 1
    return word[:end]
