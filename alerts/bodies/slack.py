"""A message for an incoming webhook of Slack: Block Kit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from alerts.bodies.brief import Brief, Item, Part
from alerts.bodies.fitting import clipped, fullest, units
from alerts.bodies.posted import Posted, posted_json

MOST_BLOCKS = 50
LONGEST_TEXT = 3000  # characters of a section
LONGEST_HEADER = 150
LONGEST_IN_ALL = 12_000  # of the blocks as JSON; Slack refuses somewhere above 13,000
LONGEST_LINK = 1000  # a longer address is left out, so that each line fits a section

_SIGNS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "∗", "~": "∼", "`": "ˋ"})
_UNDERSCORE_AT_AN_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # within a word it marks nothing


def body(brief: Brief) -> Posted:
    """Title, initiatives with their stories, what was looked at. Nothing in it calls anybody.

    Source: docs.slack.dev, "Block Kit" and "Formatting message text": `&`, `<`, `>` are written as entities. Slack has
    no escape for its signs of bold, italic, struck and code; look-alikes stand for them.
    """
    return posted_json(fullest(brief, _document, _fits))


def escaped(text: str) -> str:
    """Text that Slack shows as it is."""
    return _UNDERSCORE_AT_AN_EDGE.sub("ˍ", text.translate(_SIGNS))


def linked(title: str, url: str | None) -> str:
    """A link whose words are `title`; the words alone where the address is missing or too long."""
    address = (url or "").replace("&", "&amp;").replace("|", "%7C")
    return f"<{address}|{escaped(title)}>" if 0 < len(address) <= LONGEST_LINK else escaped(title)


def _document(brief: Brief) -> dict[str, object]:
    blocks: list[dict[str, object]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": clipped(brief.subject, LONGEST_HEADER), "emoji": False},
        }
    ]
    blocks += map(_section, _packed([escaped(one) for one in brief.paragraphs]))
    for part in brief.parts:
        blocks += map(_section, _packed(list(_lines(part))))
    blocks += map(_section, _packed([escaped(brief.rest)] if brief.rest else []))
    small = [escaped(one) for one in (*brief.notes, brief.footer) if one]
    if small:
        blocks.append({"type": "context", "elements": [_marked(one) for one in small]})
    return {
        "text": escaped(brief.subject),  # what a notification shows
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _lines(part: Part) -> Iterator[str]:
    yield f"*{escaped(part.name)}*"
    yield from (f"• {_line(one)}" for one in part.items)
    yield from (f"• {escaped(one)}" for one in part.due)
    if part.above:
        yield f"{part.above} told above"
    if part.rest:
        yield part.rest


def _line(item: Item) -> str:
    note = f" ({escaped(item.note)})" if item.note else ""
    return f"{linked(item.title, item.url)} – {escaped(item.by)}{note}"


def _packed(lines: list[str]) -> Iterator[str]:
    """The lines in texts of at most `LONGEST_TEXT`, each line whole."""
    held = ""
    for line in lines:
        longer = f"{held}\n{line}" if held else line
        if units(longer) > LONGEST_TEXT and held:
            yield held
            held = line
        else:
            held = longer
    if held:
        yield held


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": _marked(text)}


def _marked(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fits(document: Mapping[str, object]) -> bool:
    blocks = document["blocks"]
    assert isinstance(blocks, list)
    return len(blocks) <= MOST_BLOCKS and units(json.dumps(blocks, ensure_ascii=False)) <= LONGEST_IN_ALL
