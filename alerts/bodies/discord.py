"""A message for a webhook of Discord: a line of content and an embed an initiative."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from alerts.bodies.brief import Brief, Item, Part
from alerts.bodies.fitting import clipped, fullest, units
from alerts.bodies.posted import Posted, posted_json

LONGEST_CONTENT = 2000  # characters
MOST_EMBEDS = 10
LONGEST_TITLE = 256
LONGEST_DESCRIPTION = 4096
LONGEST_IN_ALL = 6000  # of titles, descriptions and footers of all embeds
LONGEST_LINK = 1000

_SIGNS = re.compile(r"([\\`*_~|<>\[\]()#@:])")


def body(brief: Brief) -> Posted:
    """Nobody is called by it, whatever a headline says: `allowed_mentions` names none.

    Source: Discord's developer documentation, "Embed limits" and "Allowed mentions".
    """
    return posted_json(fullest(brief, _document, _fits))


def escaped(text: str) -> str:
    """Text that Discord shows as it is: no markup, no mention, no address that becomes a link."""
    return _SIGNS.sub(r"\\\1", text)


def linked(title: str, url: str | None) -> str:
    """A link whose words are `title`; the words alone where the address is missing or too long."""
    address = (url or "").replace("(", "%28").replace(")", "%29")
    return f"[{escaped(title)}]({address})" if 0 < len(address) <= LONGEST_LINK else escaped(title)


def _document(brief: Brief) -> dict[str, Any]:
    content = [f"**{escaped(brief.subject)}**", *(f"-# {escaped(note)}" for note in brief.notes)]
    if brief.rest:
        content.append(brief.rest)
    embeds = []
    if brief.paragraphs:
        embeds.append({"description": "\n\n".join(escaped(one) for one in brief.paragraphs)})
    for part in brief.parts:
        title, text = clipped(escaped(part.name), LONGEST_TITLE), "\n".join(_lines(part))
        embeds.append({"title": title, "description": text} if text else {"title": title})
    if brief.footer:
        content.append(f"-# {escaped(brief.footer)}")
    return {
        "content": clipped("\n".join(content), LONGEST_CONTENT),
        "embeds": embeds,
        "allowed_mentions": {"parse": []},
    }


def _lines(part: Part) -> Iterator[str]:
    yield from (f"• {_line(one)}" for one in part.items)
    yield from (f"• {escaped(one)}" for one in part.due)
    if part.above:
        yield f"{part.above} told above"
    if part.rest:
        yield part.rest


def _line(item: Item) -> str:
    note = f" – {escaped(item.note)}" if item.note else ""
    return f"{linked(item.title, item.url)} – {escaped(item.by)}{note}"


def _fits(document: Mapping[str, Any]) -> bool:
    embeds = document["embeds"]
    texts = [(units(one.get("title", "")), units(one.get("description", ""))) for one in embeds]
    return (
        len(embeds) <= MOST_EMBEDS
        and all(description <= LONGEST_DESCRIPTION for _, description in texts)
        and sum(title + description for title, description in texts) <= LONGEST_IN_ALL
    )
