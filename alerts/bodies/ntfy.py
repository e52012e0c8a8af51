"""A message for a topic of ntfy: plain text, with the title and the first story's address in headers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from alerts.bodies.brief import Brief, Item
from alerts.bodies.fitting import fullest
from alerts.bodies.posted import Posted

MOST_BYTES = 4096  # a longer message becomes an attachment
_WORD = 45  # bytes of text in one encoded word of at most 75 characters


def body(brief: Brief) -> Posted:
    """Plain text, in which nothing is markup. Header values are ASCII, whatever a headline holds.

    Source: docs.ntfy.sh, "Publishing": titles beyond ASCII as RFC 2047 encodes them.
    """
    headers = {"content-type": "text/plain; charset=utf-8", "title": encoded(brief.subject)}
    if brief.click is not None:
        headers["click"] = brief.click
    text = fullest(brief, _text, lambda made: len(made.encode()) <= MOST_BYTES)
    return Posted(body=text.encode(), headers=headers)


def encoded(text: str) -> str:
    """A header value: printable ASCII as it is, anything else in encoded words (RFC 2047)."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text
    words, held = [], b""
    for letter in text:
        more = letter.encode("utf-8", "replace")
        if len(held) + len(more) > _WORD:
            words.append(held)
            held = b""
        held += more
    return " ".join(f"=?UTF-8?B?{b64encode(word).decode()}?=" for word in (*words, held))


def _text(brief: Brief) -> str:
    return "\n\n".join("\n".join(lines) for lines in _paragraphs(brief) if lines) + "\n"


def _paragraphs(brief: Brief) -> Iterator[list[str]]:
    yield from ([one] for one in brief.paragraphs)
    for part in brief.parts:
        lines = [part.name]
        for item in part.items:
            lines += _lines(item)
        lines += [f"• {one}" for one in part.due]
        if part.above:
            lines.append(f"{part.above} told above")
        if part.rest:
            lines.append(part.rest)
        yield lines
    yield [brief.rest] if brief.rest else []
    yield [one for one in (*brief.notes, brief.footer) if one]


def _lines(item: Item) -> list[str]:
    note = f" ({item.note})" if item.note else ""
    return [f"• {item.title} – {item.by}{note}", *([f"  {item.url}"] if item.url else [])]
