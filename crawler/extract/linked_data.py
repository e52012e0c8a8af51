"""What a page says of its article in JSON-LD (schema.org), however publishers spell it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from crawler.extract.document import Element, one_line

Node = Mapping[str, Any]

_ARTICLES = (
    "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "backgroundnewsarticle",
    "reviewnewsarticle", "askpublicnewsarticle", "liveblogposting", "blogposting", "article", "techarticle",
    "scholarlyarticle", "report", "satiricalarticle", "advertisercontentarticle", "socialmediaposting",
)  # fmt: skip
_COMMENTS = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_TAGS = re.compile(r"<[^<>]{1,300}>")
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6])>|<br\s*/?>", re.IGNORECASE)
_MAX_NODES = 2_000


def nodes(tree: Element) -> list[Node]:
    """All typed nodes of a page's JSON-LD in document order; a block that cannot be read is passed over."""
    found: list[Node] = []
    for script in tree.xpath("//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"):
        found.extend(_walk(_load(script.text or "")))
    return found[:_MAX_NODES]


def article(found: list[Node], url: str | None) -> Node | None:
    """The node that stands for the page's own article: the one with the page's address, else the first."""
    articles = [node for node in found if kinds(node) & set(_ARTICLES)]
    own = [node for node in articles if url and _address(node) == url]
    return next(iter(own or sorted(articles, key=_rank)), None)


def kinds(node: Node) -> set[str]:
    """The types of a node in lower case, without their vocabulary's address."""
    given = node.get("@type")
    names = given if isinstance(given, list) else [given]
    return {str(name).rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() for name in names if name}


def string(value: object) -> str:
    """A text on one line, without markup; "" for anything else."""
    if isinstance(value, list):
        value = next((item for item in value if item), None)
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("name") or value.get("@id")
    return one_line(_TAGS.sub("", html.unescape(value))) if isinstance(value, str) else ""


def names(value: object) -> list[str]:
    """The names in an `author` or `publisher`, be it text, node or list."""
    if isinstance(value, list):
        return [name for item in value[:50] for name in names(item)]
    if isinstance(value, Mapping):
        value = value.get("name")
        if isinstance(value, list | Mapping):
            return names(value)
    return [name] if (name := string(value)) else []


def body(node: Node) -> str:
    """The article's text as paragraphs; for a live blog that of all its posts, in the page's order."""
    parts = [_paragraphs(node.get("articleBody"))]
    updates = node.get("liveBlogUpdate")
    for update in updates if isinstance(updates, list) else [updates]:
        if isinstance(update, Mapping):
            parts += [string(update.get("headline")), _paragraphs(update.get("articleBody"))]
    return "\n\n".join(part for part in parts if part)


def is_free(node: Node) -> bool | None:
    """Whether the article, and every part of it, may be read by anyone; None: not said."""
    said = [_truth(part.get("isAccessibleForFree")) for part in (node, *_parts(node))]
    if False in said:
        return False
    return True if True in said else None


def locked_selectors(node: Node) -> tuple[str, ...]:
    """CSS selectors of the parts that are not free."""
    return tuple(
        selector
        for part in _parts(node)
        if _truth(part.get("isAccessibleForFree")) is False
        for selector in _list(part.get("cssSelector"))
        if isinstance(selector, str) and 0 < len(selector) < 200
    )


def _load(text: str) -> object:
    text = _COMMENTS.sub("", text.strip())
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _walk(value: object) -> Iterator[Node]:
    """Typed nodes, without recursion: the nesting is the author's choice."""
    waiting: list[object] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        elif isinstance(item, Mapping):
            if item.get("@type"):
                yield item
            waiting.extend(
                item[key]
                for key in ("mainEntity", "mainEntityOfPage", "@graph")
                if isinstance(item.get(key), list | Mapping)
            )


def _rank(node: Node) -> int:
    return min(_ARTICLES.index(kind) for kind in kinds(node) & set(_ARTICLES))


def _address(node: Node) -> str:
    page = node.get("mainEntityOfPage")
    return string(node.get("url")) or string(
        page if isinstance(page, str) else (page or {}).get("@id") if isinstance(page, Mapping) else ""
    )


def _parts(node: Node) -> list[Node]:
    return [part for part in _list(node.get("hasPart")) if isinstance(part, Mapping)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _truth(value: object) -> bool | None:
    if isinstance(value, str):
        word = value.rsplit("/", 1)[-1].strip().lower()
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(word)
    return bool(value) if isinstance(value, bool | int) else None


def _paragraphs(value: object) -> str:
    if not isinstance(value, str):
        return ""
    text = _TAGS.sub("", _BLOCK_END.sub("\n", html.unescape(value)))
    return "\n\n".join(line for line in map(one_line, text.splitlines()) if line)
