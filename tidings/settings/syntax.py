"""What the YAML scanner complains about, said in words that somebody who writes no YAML understands."""

from __future__ import annotations

import re

from tidings.settings.quoting import single_quoted

LONGEST_READ = 2_000  # characters of a line that are looked at
LONGEST_SHOWN = 160  # characters of a user's line in a message

_ITEM = re.compile(r"(?P<lead>\s*(?:- +)?(?:[\w-]+: +)?)(?P<item>.*?)\s*$")
_COMMENT = re.compile(r"\s#[^'\"]*$")
_KEY = re.compile(r"\s*(?:- +)*[\w-]+:(?=\s|$)")
_GLUED = re.compile(r"(?P<lead>\s*(?:- +)?)(?P<key>[A-Za-z_-]+):(?P<value>[^\s/].*)")
_HOLDS_SECRET = re.compile(r"passw|secret|token|auth|://[^/\s]*@|whsec", re.IGNORECASE)


class SyntaxFault(Exception):
    """The file stops being YAML at `offset`."""

    def __init__(self, offset: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.offset = offset
        self.problem = problem
        self.remedy = remedy


def in_plain_words(
    text: str, context: str | None, problem: str | None, began: int | None, offset: int
) -> SyntaxFault:
    """Translate the scanner's complaint. `began`: where the broken construct starts; `offset`: where it broke."""
    said = problem or ""
    where = context or ""
    if "mapping values are not allowed" in said:
        return _colon_too_many(text, offset)
    if "could not find expected ':'" in said:
        return _colon_missing(text, offset if began is None else began)
    if "quoted scalar" in where and "end of stream" in said:
        quote = text[began] if began is not None and began < len(text) else '"'
        return SyntaxFault(
            began or 0, f"the quote {quote} is never closed", f"put {quote} at the end of the text"
        )
    if "unknown escape" in said:
        return SyntaxFault(
            offset,
            "a backslash in double quotes begins an escape that YAML does not know",
            "use single quotes",
        )
    if "flow" in where:
        return _bracket(text, began, offset)
    if "cannot start any token" in said and text[offset : offset + 1] == "\t":
        if text[_line_start(text, offset) : offset].strip():
            return SyntaxFault(offset, "a tab stands between two words", "put a space there instead")
        return SyntaxFault(offset, "a tab stands in the indentation", "indent with spaces only, two a level")
    if "cannot start any token" in said:
        return SyntaxFault(
            offset, f"a text cannot begin with {text[offset : offset + 1]!r}", quote_the_item(text, offset)
        )
    if "expected <block end>" in said and "scalar" in said:
        return SyntaxFault(
            _item_start(text, offset),
            "something follows a text in quotes or brackets",
            quote_the_item(text, offset),
        )
    if "expected <block end>" in said:
        return SyntaxFault(
            offset,
            "this line is indented otherwise than its neighbours",
            "put it under the line it belongs to, with the same number of spaces",
        )
    if "anchor" in where or "alias" in where or "tag" in where:
        start = offset if began is None else began
        return SyntaxFault(
            start, f"a text cannot begin with {text[start : start + 1]!r}", quote_the_item(text, start)
        )
    return SyntaxFault(
        offset, f"this is not YAML ({said or 'unreadable'})", "compare the lines with the sample files"
    )


def without_secrets(text: str, fault: SyntaxFault) -> SyntaxFault:
    """`fault` as it is, or without the line's words where they may be a password."""
    if not _HOLDS_SECRET.search(_line(text, min(fault.offset, len(text)))):
        return fault
    return SyntaxFault(
        fault.offset,
        "this line is not YAML; it is not shown, as it may hold a secret",
        "write 'key: \"${NAME}\"' and set NAME in the environment",
    )


def quote_the_item(text: str, offset: int) -> str:
    """The remedy for an unquoted text: its line as it should be."""
    lead, item = _split(text, offset)
    if len(item) > LONGEST_SHOWN:
        return "put it into single quotes"
    return f"quote it: {(lead + single_quoted(item)).strip()}"


def _split(text: str, offset: int) -> tuple[str, str]:
    """The dash or key before the text at `offset`, and the whole text up to the end of its line."""
    found = _ITEM.match(_COMMENT.sub("", _line(text, offset)))
    assert found is not None
    return found["lead"], found["item"]


def _item_start(text: str, offset: int) -> int:
    return _line_start(text, offset) + len(_split(text, offset)[0])


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line(text: str, offset: int) -> str:
    start, end = _line_start(text, offset), text.find("\n", offset)
    return text[start : min(len(text) if end < 0 else end, start + LONGEST_READ)]


def _colon_too_many(text: str, offset: int) -> SyntaxFault:
    """A second `:` in a line, or the first one of a line that follows a line without its own."""
    start = _line_start(text, offset)
    before = text[start:offset]
    if ": " in before:
        return SyntaxFault(
            _item_start(text, offset), "a colon stands inside an unquoted text", quote_the_item(text, offset)
        )
    above = _line_above(text, start)
    if above is None:
        return SyntaxFault(offset, "a colon stands where none is expected", quote_the_item(text, offset))
    line = _line(text, above)
    if not _KEY.match(line):
        return _colon_missing(text, above)
    return SyntaxFault(
        start + len(before) - len(before.lstrip()),
        "this line is indented deeper than the text above it",
        "put it under the line it belongs to, with the same number of spaces",
    )


def _line_above(text: str, start: int) -> int | None:
    """Start of the nearest line above that is neither empty nor a comment."""
    while start > 0:
        start = _line_start(text, start - 1)
        line = _line(text, start).strip()
        if line and not line.startswith("#"):
            return start
    return None


def _colon_missing(text: str, offset: int) -> SyntaxFault:
    line = _line(text, offset)
    at = _line_start(text, offset) + len(line) - len(line.lstrip())
    glued = _GLUED.match(line)
    if glued:
        return SyntaxFault(
            at,
            "there is no space after the colon",
            f"write '{glued['lead'].strip()} {glued['key']}: {glued['value'].strip()}'".replace("' ", "'"),
        )
    dash, _, words = (
        line.strip().rpartition("- ") if line.strip().startswith("- ") else ("", "", line.strip())
    )
    key, _, value = words.partition(" ")
    lead = "- " if dash or line.strip().startswith("- ") else ""
    return SyntaxFault(at, f"a colon is missing after '{key}'", f"write '{f'{lead}{key}: {value}'.strip()}'")


def _bracket(text: str, began: int | None, offset: int) -> SyntaxFault:
    start = offset if began is None else began
    opened = text[start : start + 1]
    closing = {"[": "]", "{": "}"}.get(opened)
    if closing is None:
        return SyntaxFault(offset, "a bracket is not closed, or a comma is missing", "check the line above")
    return SyntaxFault(
        start,
        f"the bracket {opened} is not closed by {closing}, or a comma is missing after an item",
        f"put {closing} at its end; quote items that hold brackets, quotes or colons",
    )
