"""Everything in a page's markup that speaks about the page, collected in one pass."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.extract import linked_data
from crawler.extract.document import Element, finder, one_line, text_of

_HEADINGS = 20  # of a kind; a page with more of them is a list, and its first ones say so
_TIMES = 60
_LINKS = 200
_ATTRIBUTES = ("property", "name", "itemprop", "http-equiv")  # of `meta`, the one that counts most first
_MARGIN = frozenset({"aside", "nav", "footer"})
_STORY = frozenset({"article", "main"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The raw material: nothing is chosen yet."""

    language: str  # of the root element, as written
    meta: dict[str, str]  # lower-case name or property → content; the first of the strongest kind counts
    nodes: list[linked_data.Node]  # typed JSON-LD, document order
    window: str  # the text of `title`
    headings: tuple[str, ...]  # the texts of `h1`, those of the story first
    subheadings: tuple[str, ...]  # of `h2`, likewise
    times: tuple[Element, ...]  # `time` elements, those of the margin left out
    story_times: tuple[Element, ...]  # of these the ones in `article` or `main`
    properties: dict[str, list[Element]]  # microdata by lower-case name
    canonical: tuple[str, ...]  # addresses as written
    translations: tuple[tuple[str, str], ...]  # (language, address) of `link rel=alternate`, as written


def collect(tree: Element) -> Statements:
    """Read a whole page, before anything is taken out of it."""
    found: dict[str, list[Element]] = {}
    for node in tree.iter("meta", "link", "title", "time", "h1", "h2", "script"):
        found.setdefault(node.tag, []).append(node)
    times = [node for node in found.get("time", [])[:_TIMES] if not _within(node, _MARGIN)]
    canonical, translations = _links(found.get("link", []))
    return Statements(
        language=tree.get("lang")
        or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        or tree.get("xml:lang")
        or "",
        meta=_meta(found.get("meta", [])),
        nodes=linked_data.nodes(found.get("script", [])),
        window=next((text for node in found.get("title", []) if (text := one_line(node.text))), ""),
        headings=_headings(found.get("h1", [])),
        subheadings=_headings(found.get("h2", [])),
        times=tuple(times),
        story_times=tuple(node for node in times if _within(node, _STORY)),
        properties=_properties(tree),
        canonical=canonical,
        translations=translations,
    )


def stamp(node: Element) -> str:
    """What an element says of a time, its machine's words before those that are seen."""
    return one_line(node.get("datetime") or node.get("content") or node.get("title")) or text_of(node)[:64]


def _meta(nodes: list[Element]) -> dict[str, str]:
    found: dict[str, tuple[int, str]] = {}
    for node in nodes:
        content = one_line(node.get("content"))
        if not content:
            continue
        for rank, attribute in enumerate(_ATTRIBUTES):
            for name in (node.get(attribute) or "").lower().split():
                key = name.replace(":", ".") if name.startswith(("dc:", "dcterm:", "dcterms:")) else name
                if key not in found or rank < found[key][0]:
                    found[key] = (rank, content)
    return {name: content for name, (_, content) in found.items()}


def _links(nodes: list[Element]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    canonical: list[str] = []
    translations: list[tuple[str, str]] = []
    for node in nodes[:_LINKS]:
        relation, href = (node.get("rel") or "").lower().split(), node.get("href")
        if href and "canonical" in relation:
            canonical.append(href)
        elif href and "alternate" in relation and node.get("hreflang"):
            translations.append((node.get("hreflang"), href))
    return tuple(canonical), tuple(translations)


def _headings(nodes: list[Element]) -> tuple[str, ...]:
    near = nodes[:_HEADINGS]
    ordered = [n for n in near if _within(n, _STORY)] + [n for n in near if not _within(n, _STORY)]
    return tuple(text for text in map(text_of, ordered) if text)


def _properties(tree: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for node in finder("//*[@itemprop]")(tree):
        for name in node.get("itemprop").lower().split():
            found.setdefault(name, []).append(node)
    return found


def _within(node: Element, tags: frozenset[str]) -> bool:
    return any(around.tag in tags for around in node.iterancestors())
