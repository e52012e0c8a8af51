"""HTML → the text that a browser would show. Pure, and linear in the length of the markup."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

# One tag, comment or declaration. No character can be matched in two ways, so nothing is tried twice.
_MARK = re.compile(
    r"""<(?:(/?[a-zA-Z][^\s/<>]*+)[^<>=]*+(?:=\s*+(?:"[^"]*+"|'[^']*+')?+[^<>=]*+)*+>"""
    r"|!--(?:.*?--!?>|.*)|(?:[!?]|/(?![a-zA-Z]))[^<>]*+>)",
    re.S,
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,9}|#[xX][0-9a-fA-F]{1,8}|[^\t\n\f <&#;]{1,32});?")
_LINES = ("br",)
_CELLS = ("td", "th")
_BLOCKS = (
    *("address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "figcaption"),
    *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol"),
    *("p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
)
_APART = {
    **dict.fromkeys(_BLOCKS, "\n\n"),
    **dict.fromkeys(_CELLS, " "),
    **dict.fromkeys(_LINES, "\n"),
}
_CODE = {"script", "style"}  # hide what follows even when they are never closed
_RAW = {*_CODE, "iframe", "noscript", "textarea", "title"}  # cannot hold themselves
_HIDDEN = {*_RAW, "button", "head", "math", "object", "select", "svg", "template"}
_INLINE = (
    *(
        "a",
        "abbr",
        "b",
        "big",
        "cite",
        "code",
        "del",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "picture",
    ),
    *("q", "s", "small", "source", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
)
_PLAIN: dict[str | None, str] = {None: ""}  # names as they mostly stand → what takes the place of the tag
for _name in (*_INLINE, *_APART):
    _PLAIN[_name] = _PLAIN[f"/{_name}"] = _APART.get(_name, "")


def visible_text(markup: str) -> str:
    """The text in `markup`: blocks apart by blank lines, line breaks kept, other white space as it comes.

    Tags are taken one by one and need not fit each other, so neither depth nor disorder costs more. What is
    hidden, code and controls for instance, is left out from its opening to its closing tag; what is opened
    and never closed hides nothing, code excepted.
    """
    parts: list[str] = _MARK.split(markup.replace("\n", " "))
    given: list[str | None] = parts[1::2]  # type: ignore[assignment]  # a name, a closing tag's with its slash, or None
    if _PLAIN.keys() >= set(given):
        parts[1::2] = map(_PLAIN.__getitem__, given)
    else:
        _take_out(parts, given)
    return unescape("".join(parts))


def _take_out(parts: list[str], given: Sequence[str | None]) -> None:
    """Put what takes a tag's place where its name stands, in every second of `parts`; empty what is hidden."""
    lower = {name: name.lower() if name else "" for name in set(given)}
    apart = {name: _APART.get(known.lstrip("/"), "") for name, known in lower.items()}
    parts[1::2] = [apart[name] for name in given]
    if any(known.lstrip("/") in _HIDDEN for known in lower.values()):
        for start, end in _hidden([lower[name] for name in given]):
            inside = slice(2 * start + 1, 2 * end + 2)
            parts[inside] = [""] * len(parts[inside])


def unescape(text: str) -> str:
    """`text` with HTML's character references read once."""
    return _REFERENCE.sub(character, text) if "&" in text else text


def character(reference: re.Match[str]) -> str:
    """What a character reference stands for; itself when it stands for nothing."""
    return _one_character(reference[0])


@lru_cache(maxsize=4096)
def _one_character(reference: str) -> str:
    return html.unescape(reference)


def _hidden(tags: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the opening and the closing tags of hidden elements, the outermost only, in order."""
    ends: dict[int, int] = {}
    open_at: dict[str, list[int]] = {name: [] for name in _HIDDEN}
    for place, tag in enumerate(tags):
        name = tag.lstrip("/")
        if name not in _HIDDEN:
            continue
        places = open_at[name]
        if name == tag:
            if name not in _RAW or not places:
                places.append(place)
        elif places:
            ends[places.pop()] = place
    for name in _CODE:
        for place in open_at[name]:
            ends[place] = len(tags)
    outermost: list[tuple[int, int]] = []
    for start in sorted(ends):
        if not outermost or start > outermost[-1][1]:
            outermost.append((start, ends[start]))
    return outermost
