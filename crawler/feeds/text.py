"""Markup → the plain text that a person would read. Pure."""

from __future__ import annotations

import re

from crawler.feeds.visible import character, visible_text

LONGEST_TITLE = 1_024  # characters
LONGEST_TEXT = 200_000

_INLINE = "a|abbr|acronym|b|blink|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|marquee|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var"
_BLOCK = "address|article|aside|blockquote|center|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|li|main|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
_EMPTY = (
    "br|hr|img|wbr|iframe|embed|object|video|audio|source|picture|link|meta|param|frame|frameset|applet|base"
)
_RARE = (  # words that texts name more often than they use them as tags
    "area|button|canvas|caption|col|colgroup|command|details|dir|fieldset|input|keygen|label|legend|map|math|menu|"
    "nav|noscript|optgroup|option|ruby|rp|rt|select|summary|svg|template|textarea|time"
)
_ATTRIBUTES = r"""(?:\s+[a-z_:][-\w:.]*(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>][^\s<>]*))?)*\s*/?"""

_TAG = re.compile(rf"<(/?)({_INLINE}|{_BLOCK}|{_EMPTY})({_ATTRIBUTES})>", re.I)
_TAG_LIKE = re.compile(  # looks at one letter before it tries a hundred names
    rf"<(?=[a-z/!])(?:/?(?:{_INLINE}|{_BLOCK}|{_EMPTY}|script|style|html|body)\b[^<>]*>|!--|!\[CDATA\[|"
    rf"/(?:{_RARE})\s*>|(?:{_RARE})\s[^<>=]*=[^<>]*>|(?:{_RARE})\s*/>)",
    re.I,
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_UNSEEN = re.compile(r"<(script|style)\b[^>]{0,200}>.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)", re.I | re.S)
# C0 and C1 controls but white space, overriding directions, lone surrogates, non-characters
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
WINDOWS_1252 = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}  # windows-1252 that somebody read as Latin-1
_ODD = re.compile(f"[{_CONTROLS.pattern[1:-1]}{''.join(map(chr, WINDOWS_1252))}]")
_NOT_AS_IT_IS = re.compile("[<&]|  ")
_PARAGRAPH = re.compile(r"\n\s*\n")


def clean(text: str) -> str:
    """`text` without characters that no text needs: controls, direction overrides, lone surrogates."""
    return _CONTROLS.sub("", text.translate(WINDOWS_1252)) if _ODD.search(text) else text


def one_line(text: str) -> str:
    """White space of all kinds collapsed to single spaces."""
    return " ".join(text.split())


def plain_title(raw: str) -> str:
    """A title as a person reads it: one line, no markup, no entity codes however often they were escaped.

    Only what is surely markup is dropped: known elements that are closed, empty or carry attributes, so
    that "The <dialog> element" keeps its word. At most 1,024 characters; a longer title ends in "…".
    """
    if raw.isprintable() and not _NOT_AS_IT_IS.search(raw) and len(raw) <= LONGEST_TITLE:
        return raw.strip(" ")
    text = raw[: 16 * LONGEST_TITLE]
    for _ in range(3):
        text = _without_markup(text)
        if "&" not in text:
            break
        text, found = _REFERENCE.subn(character, text)
        if not found:
            break
    text = one_line(clean(_without_markup(text)))
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1].rstrip() + "…"


def plain_text(raw: str) -> str:
    """Running text as a person reads it: paragraphs split by a blank line, scripts and styles gone.

    Takes HTML, HTML that was escaped once too often, and plain text alike. At most 200,000 characters.
    """
    text = raw
    for _ in range(2):
        if "<" in text and _TAG_LIKE.search(text):
            text = visible_text(text)
        elif "&" in text and _REFERENCE.search(text):
            text = _REFERENCE.sub(character, text)
        else:
            break
    return paragraphs(text)


def paragraphs(text: str) -> str:
    """Plain text tidied: one line a paragraph, a blank line between, at most 200,000 characters."""
    parts: list[str] = []
    for given in text.split("\n\n"):
        part = given.strip(" ")
        if not part:
            continue
        if part.isprintable() and "  " not in part:  # nothing to be tidied
            parts.append(part)
        elif "\n" in (cleaned := clean(part)):
            parts += map(one_line, _PARAGRAPH.split(cleaned))
        else:
            parts.append(one_line(cleaned))
    tidy = "\n\n".join(filter(None, parts))
    return tidy if len(tidy) <= LONGEST_TEXT else tidy[: LONGEST_TEXT - 1].rstrip() + "…"


def _without_markup(text: str) -> str:
    if "<" not in text:
        return text
    text = _UNSEEN.sub(" ", text)
    closed = {match[2].lower() for match in _TAG.finditer(text) if match[1]}

    def drop(match: re.Match[str]) -> str:
        closing, name, attributes = match[1], match[2].lower(), match[3]
        if closing or name in closed or "=" in attributes or re.fullmatch(_EMPTY, name):
            return "" if re.fullmatch(_INLINE, name) or name == "wbr" else " "
        return match[0]

    return _TAG.sub(drop, text)
