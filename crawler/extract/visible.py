"""All that a reader sees of a page, for pages too short to be an article; pure."""

from __future__ import annotations

from crawler.errors import ExtractionRefused
from crawler.extract.charset import decode
from crawler.extract.document import drop, paragraphs, parse, prune

_FURNITURE = "//nav | //footer | //header[not(.//h1)] | //aside | //form | //button | //head"


def visible_text(body: bytes, content_type: str | None = None) -> str:
    """The visible words of a page without its furniture, paragraphs split by a blank line; "" when there are none."""
    try:
        tree = parse(decode(body, content_type))
    except ExtractionRefused:
        return ""
    prune(tree)
    for node in tree.xpath(_FURNITURE):
        drop(node)
    return paragraphs(tree)
