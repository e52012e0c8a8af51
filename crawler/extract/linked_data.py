"""What a page says of its article in JSON-LD (schema.org), however publishers spell it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.extract.document import Element, one_line
from crawler.extract.titles import folded

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One post of a live blog, as it is stated."""

    title: str  # "" when it has none
    text: str  # paragraphs split by a blank line
    published: str  # as written; "" when it is not said


_ARTICLES = (
    "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "backgroundnewsarticle",
    "reviewnewsarticle", "askpublicnewsarticle", "liveblogposting", "blogposting", "article", "techarticle",
    "scholarlyarticle", "report", "satiricalarticle", "advertisercontentarticle", "socialmediaposting",
)  # fmt: skip
_ARTICLE_KINDS = frozenset(_ARTICLES)
_PAGES = frozenset({"webpage", "itempage", "aboutpage", "faqpage", "qapage", "medicalwebpage"})
_COMMENTS = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_BETWEEN = re.compile(r"[\s,;]*")
_PAIR = re.compile(
    r'"(@type|headline|name|datePublished|dateModified|inLanguage|url|isAccessibleForFree)"\s*:\s*"((?:[^"\\]|\\.){0,2000})"'
)
_MAX_SALVAGE = 200_000  # characters
_TAGS = re.compile(r"<[^<>]{1,300}>")
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6])>|<br\s*/?>", re.IGNORECASE)
_MAX_NODES = 2_000


def nodes(scripts: Iterable[Element]) -> list[Node]:
    """All typed nodes of a page's JSON-LD in document order; of a block that cannot be read what can be made out."""
    found: list[Node] = []
    for script in scripts:
        if "ld+json" in (script.get("type") or "").lower():
            found.extend(_walk(_load(script.text or "")))
    return found[:_MAX_NODES]


def article(found: list[Node], *addresses: str | None, title: str = "") -> Node | None:
    """The node that stands for the page's own article.

    The one with the page's address, else one whose headline the page repeats in its title, else the first; of several
    a live blog or a news article before an article of any kind.

    Args:
        addresses: of the page, as far as they are known.
        title: of the page's window.
    """
    articles = [node for node in found if kinds(node) & _ARTICLE_KINDS]
    own = {_bare(address) for address in addresses if address}
    mine = [node for node in articles if _addresses(node) & own]
    if not mine and len(articles) > 1:
        window = folded(title)
        mine = [
            node for node in articles if (head := folded(string(node.get("headline")))) and head in window
        ]
    return next(iter(sorted(mine or articles, key=_rank)), None)


def page(found: list[Node]) -> Node | None:
    """The node of the page itself, which many sites date in place of an article."""
    return next((node for node in found if kinds(node) & _PAGES), None)


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
    return one_line(_TAGS.sub("", html.unescape(html.unescape(value)))) if isinstance(value, str) else ""


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
    """The article's text as paragraphs; of a live blog its introduction, see `updates`."""
    return _paragraphs(node.get("articleBody"))


def updates(node: Node) -> tuple[Update, ...]:
    """The posts of a live blog that say something, in the page's order."""
    posts = (
        Update(
            title=string(item.get("headline")) or string(item.get("name")),
            text=_paragraphs(item.get("articleBody") or item.get("text")),
            published=string(item.get("datePublished")) or string(item.get("dateCreated")),
        )
        for item in _list(node.get("liveBlogUpdate"))[:_MAX_NODES]
        if isinstance(item, Mapping)
    )
    return tuple(post for post in posts if post.title or post.text)


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
    """The values of one block; `None` for what is no JSON and holds no statement of an article."""
    text = _COMMENTS.sub("", text.strip()).strip()
    if text.startswith(("{&quot;", "[{&quot;", "{ &quot;")):
        text = html.unescape(text)
    mended = _TRAILING_COMMA.sub(r"\1", _ESCAPE.sub(_escape, text))
    for attempt in dict.fromkeys((text, mended)):
        try:
            return _values(attempt)
        except (ValueError, RecursionError):
            continue
    return _salvage(text)


def _values(text: str) -> object:
    """One value, or several that stand one after the other.

    Raises:
        ValueError: it is no JSON.
    """
    decoder = json.JSONDecoder(strict=False)
    values: list[object] = []
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at = end.end() if (end := _BETWEEN.match(text, at)) else at
    return values[0] if len(values) == 1 else values


def _escape(found: re.Match[str]) -> str:
    """A JavaScript escape that JSON does not know as the character itself."""
    code = found.group(1)
    if len(code) == 3:
        return f"\\u00{code[1:]}"
    return found.group() if code in '"\\/bfnrtu' else code


def _salvage(text: str) -> Node | None:
    """The plain statements of an article in a block that is broken somewhere else."""
    said: dict[str, str] = {}
    for key, value in _PAIR.findall(text[:_MAX_SALVAGE]):
        said.setdefault(key, value.replace('\\"', '"').replace("\\/", "/").replace("\\n", " "))
    return said if kinds(said) & _ARTICLE_KINDS else None


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
    return min(_ARTICLES.index(kind) for kind in kinds(node) & _ARTICLE_KINDS)


def _addresses(node: Node) -> set[str]:
    page = node.get("mainEntityOfPage")
    given = (
        node.get("url"),
        page.get("@id") or page.get("url") if isinstance(page, Mapping) else page,
        node.get("@id"),
    )
    return {bare for address in given if (bare := _bare(string(address)))}


def _bare(address: str) -> str:
    """Without what two spellings of one address differ in."""
    return re.sub(r"^https?://(?:www\.)?|[?#].*$|/+$", "", address.strip())


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
