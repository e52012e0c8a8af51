"""How a text stands in YAML: from an index in the value to the place in the source, and safe quoting."""

from __future__ import annotations

import json
import re

_BREAK = re.compile(r"[ \t]*\n[ \t\n]*")
_ESCAPES = {"x": 2, "u": 4, "U": 8}  # hexadecimal digits after the letter
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def offset_in_source(source: str, style: str, index: int) -> int:
    """Where the character `index` of a scalar's value stands in its source, counted from its start.

    Exact for unquoted and quoted scalars, folded lines included. For block scalars (`|`, `>`) exact in
    the first line of text, which is where a term is.
    """
    if style in ("|", ">"):
        first = source.find("\n") + 1
        return first + len(source[first:]) - len(source[first:].lstrip()) + index
    at = len(style)
    while index > 0 and at < len(source):
        step, length = _unit(source, style, at)
        if length > index:
            break
        at, index = at + step, index - length
    if style == '"':
        at = _past_joined_lines(source, at)
    return at


def _unit(source: str, style: str, at: int) -> tuple[int, int]:
    """Length of the unit at `at` in the source, and in the value."""
    folded = _BREAK.match(source, at)
    if folded:
        breaks = folded[0].count("\n")
        return len(folded[0]), max(1, breaks - 1)
    if style == "'" and source.startswith("''", at):
        return 2, 1
    if style == '"' and source[at] == "\\" and at + 1 < len(source):
        if source[at + 1] == "\n":
            return _past_joined_lines(source, at) - at, 0
        return 2 + _ESCAPES.get(source[at + 1], 0), 1
    return 1, 1


def _past_joined_lines(source: str, at: int) -> int:
    while source.startswith("\\\n", at):
        at += 2
        while at < len(source) and source[at] in " \t":
            at += 1
    return at


def quoted(text: str) -> str:
    """`text` as a YAML scalar on one line: bare where that is beyond doubt, else in double quotes."""
    if _SAFE.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    safe: str = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", safe)


def single_quoted(text: str) -> str:
    """`text` in single quotes, the way expressions with double quotes stand in YAML."""
    return "'" + text.replace("'", "''") + "'"


def listed(text: str, *, literal: bool) -> str:
    """A term as an item of a list in YAML.

    Args:
        literal: it could be taken for an expression, and is none.
    """
    if literal:
        return f"{{term: {quoted(text)}, literal: true}}"
    return text if text.replace(" ", "").isalpha() and " " in text else quoted(text)
