"""A message for a workflow webhook of Microsoft Teams: one Adaptive Card."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.bodies.brief import Brief, Item, Part
from alerts.bodies.fitting import fullest
from alerts.bodies.posted import Posted, posted_json

MOST_BYTES = 25_000  # Teams takes about 28 kB, with what the workflow adds
LONGEST_LINK = 1000

_SIGNS = re.compile(r"([\\`*_~\[\]<]|&(?=#?\w+;))")
_AT_START = re.compile(r"^([-+#>]|\d+(?=[.)]))")


def body(brief: Brief) -> Posted:
    """Adaptive Card 1.4 in the envelope that the workflow "post to a channel when a webhook request is received" takes.

    Source: Microsoft's documentation, "Text features" of Adaptive Cards: a part of CommonMark, and `{{DATE(…)}}`.
    """
    return fullest(brief, _posted, lambda made: len(made.body) <= MOST_BYTES)


def escaped(text: str) -> str:
    """Text that a card shows as it is: no Markdown, no tag, no `{{DATE(…)}}`."""
    plain = _SIGNS.sub(r"\\\1", text.replace("{{", "{ {"))
    marked = _AT_START.match(plain)
    if marked is None:
        return plain
    at = marked.end() if marked[0].isdigit() else 0
    return f"{plain[:at]}\\{plain[at:]}"


def linked(title: str, url: str | None) -> str:
    """A link whose words are `title`; the words alone where the address is missing or too long."""
    address = (url or "").replace("(", "%28").replace(")", "%29")
    return f"[{escaped(title)}]({address})" if 0 < len(address) <= LONGEST_LINK else escaped(title)


def _posted(brief: Brief) -> Posted:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": escaped(brief.subject),
        "msteams": {"width": "Full"},
        "body": list(_blocks(brief)),
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return posted_json({"type": "message", "attachments": [attachment]})


def _blocks(brief: Brief) -> Iterator[dict[str, object]]:
    yield _block(escaped(brief.subject), size="Large", weight="Bolder")
    yield from (_block(escaped(one)) for one in brief.paragraphs)
    for part in brief.parts:
        yield _block(escaped(part.name), weight="Bolder", separator=True)
        yield from (_block(line, spacing="Small") for line in _lines(part))
    if brief.rest:
        yield _block(escaped(brief.rest), separator=True)
    for note in (*brief.notes, brief.footer):
        if note:
            yield _block(escaped(note), size="Small", isSubtle=True)


def _lines(part: Part) -> Iterator[str]:
    yield from (_line(one) for one in part.items)
    yield from (escaped(one) for one in part.due)
    if part.above:
        yield f"{part.above} told above"
    if part.rest:
        yield part.rest


def _line(item: Item) -> str:
    note = f" – {escaped(item.note)}" if item.note else ""
    return f"{linked(item.title, item.url)} – {escaped(item.by)}{note}"


def _block(text: str, **how: object) -> dict[str, object]:
    return {"type": "TextBlock", "text": text, "wrap": True, **how}
