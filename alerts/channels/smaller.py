"""A message in a smaller form, for a mail server that takes no larger one: its text from the beginning, and what was left out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape

from alerts.messages import Message
from alerts.wrap import wrapped
from crawler.wording import counted

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{subject}</title></head>
<body style="margin:0;padding:16px"><pre style="margin:0;white-space:pre-wrap;font:13px/1.5 monospace">{text}</pre></body></html>
"""


def fitting(
    message: Message, fits: Callable[[Message], bool], *, limit: int, where: str
) -> tuple[Message, int] | None:
    """The message with as many of its first lines as fit, without pictures, and how many were left out; None: not one fits.

    Args:
        fits: whether a form of it is small enough; a shorter form is smaller.
        limit: bytes, for the words; `where`: how to see the whole.
    """
    lines = message.text.rstrip("\n").split("\n")

    def form(kept: int) -> Message:
        lost = len(lines) - kept
        note = (
            f"This mail was shortened: the mail server takes none of more than {limit:,} bytes. "
            f"{counted(lost, 'line')} {'was' if lost == 1 else 'were'} left out; {where}"
        )
        text = "\n".join([*lines[:kept], "", *wrapped(note).split("\n")]) + "\n" if lost else message.text
        page = _PAGE.format(subject=escape(message.subject), text=escape(text))
        return replace(message, text=text, html=page, pictures=())

    few, too_many = 0, len(lines) + 1
    if not fits(form(1)):
        return None
    while too_many - few > 1:
        middle = (few + too_many) // 2
        if fits(form(middle)):
            few = middle
        else:
            too_many = middle
    return form(few), len(lines) - few
