"""An XML feed cut into its entries as they stand there, so that what was read before need not be read again. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

from crawler.seen import PRINT

MOST = 500  # entries of a document that is cut
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_MARK = re.compile(r"<[^>]*>")
_END = re.compile(r"(?:\s|</[\w:.-]+\s*>|<!--(?:(?!--).)*-->)*", re.S)


@dataclass(frozen=True, slots=True)
class Slices:
    """A document in parts: what stands before its entries, they themselves, and what ends it."""

    head: str
    entries: tuple[str, ...]  # in document order
    tail: str
    frame: bytes  # fingerprint of all marks around the entries: an entry means the same in an equal frame
    prints: tuple[bytes, ...]  # of the entries

    def only(self, places: Collection[int]) -> str:
        """The document with these entries alone."""
        kept = (entry for place, entry in enumerate(self.entries) if place in places)
        return "".join((self.head, *kept, self.tail))


def cut(text: str) -> Slices | None:
    """The parts of a document of `<item>`s or `<entry>`s that stand side by side; None where that is in any doubt."""
    for name in ("item", "entry"):
        if (start := text.find(f"<{name}")) >= 0:
            break
    else:
        return None
    opening, closing = f"<{name}", f"</{name}>"
    head = text[:start]
    entries: list[str] = []
    while start >= 0:
        end = text.find(closing, start) + len(closing)
        after = text.find(opening, start + 1)
        if end < len(closing) or 0 <= after < end or len(entries) == MOST:
            return None
        entry = text[start:end]
        if entry[len(opening)] not in "> \t\r\n" or not _is_balanced(entry):
            return None
        entries.append(entry)
        if after >= 0 and text[end:after].strip():
            return None
        start = after
    tail = text[end:]
    if not _END.fullmatch(tail):
        return None
    return Slices(
        head=head,
        entries=tuple(entries),
        tail=tail,
        frame=_print(name + "".join(_MARK.findall(_COMMENT.sub("", head)))),
        prints=tuple(map(_print, entries)),
    )


def _is_balanced(entry: str) -> bool:
    """Whether no marked section and no comment begins or ends inside: then no tag in one was taken for real."""
    return (
        entry.count("<![CDATA[") == entry.count("]]>")
        and entry.count("<!--") == entry.count("-->")
        and "<!DOCTYPE" not in entry
    )


def _print(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=PRINT).digest()
