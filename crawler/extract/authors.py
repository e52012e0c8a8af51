"""Who wrote a page: a choice among what it states and shows, with reasons; pure but for the look at bylines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crawler.extract.document import Element, finder, one_line, text_of
from crawler.extract.near import heading, lines_below
from crawler.records import Candidate

MAX_AUTHORS = 20
_LONGEST = 80  # characters of a name

_BY = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|från|autor(?:in|en)?|author|text|words by|written by|story by|geschrieben von|"
    r"eingestellt von|beitrag von|posted by|published by|edited by|view all posts by|posts by|zeige alle beiträge von|alle artikel von|publi[ée]e? par|ein artikel von|redazione di|a cura di)(?=[\s:])[\s:]+",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s*(?:;|\||•|·|\s/\s|\s+and\s+|\s+und\s+|\s+et\s+|\s+&\s+|\s+y\s+|\s+och\s+|\s+og\s+)\s*", re.IGNORECASE
)
_TRAIL = re.compile(
    r"(?:[,|–—-]|\s)\s*(?:\d{1,2}[./]\s?\d|\d{1,2}\.?\s+[^\W\d]+\.?\s+\d{4}|[^\W\d]+\s+\d{1,2},\s+\d{4}|(?:19|20)\d\d-\d|am \d|on \d|says\b|\d{1,2}:\d\d).*$",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"\bwww\.|\w\.(?:com|org|net|info|eu|de|at|ch|fr|es|it|uk|in|co|tv)\b", re.IGNORECASE)
_NO_NAME = re.compile(
    r"^(?:admin(?:istrator)?|no author|agencies|redaktion|redacción|rédaction|redazione|unknown|null|none|undefined|author|autor|webmaster|user|guest|share|follow|home|read more|comments?|"
    r"about the author|contact|advertisement|n/a)$|\b(?:cookies?|newsletter|subscribe|comments?|min(?:ute)? read|follow us)\b",
    re.IGNORECASE,
)
META = (
    "dc.creator", "dcterm.creator", "dcterms.creator", "author", "parsely-author", "sailthru.author", "article:author", "byl",
    "citation_author",
)  # fmt: skip
_PLACES = (
    "//*[contains(@class, 'uthor') or contains(@class, 'yline') or contains(@class, 'autor') or contains(@class, 'auteur')"
    " or contains(@class, 'writer') or contains(@class, 'vcard') or contains(@itemprop, 'author') or contains(@rel, 'author')]"
)
_NAME_CLASS = re.compile(r"author-name|author__name|authorname|byline__name|byline-name")
_BYLINE_CLASS = re.compile(r"(?<!\S)(?:byline|author|vcard)(?!\S)")
_ELSEWHERE = re.compile(r"comment|related|teaser|sidebar|recommend", re.IGNORECASE)
_BYLINE = re.compile(
    r"^(?:(?:words|text|story|written|posted|published|eingestellt|geschrieben|beitrag|ein artikel) )?"
    r"(?:by|von|par|por|di|door|av|af|från|autor(?:in|e)?:|author:|auteur:|text:)\s+(?=\S)",
    re.IGNORECASE,
)
_PERSON = re.compile(r"[A-ZÀ-ÞĀ-ŽА-Я][\w.'’-]*(?:\s+(?:[a-z]{1,3}\s+){0,2}[A-ZÀ-ÞĀ-ŽА-Я][\w.'’-]*){1,3}")


@dataclass(frozen=True, slots=True)
class Signed:
    """One statement of who wrote it."""

    origin: str
    texts: tuple[str, ...]  # as written, each of one or more people


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """The choice and everything it was made from."""

    names: tuple[str, ...]
    candidates: tuple[Candidate, ...]


def choose_authors(signed: Iterable[Signed], *, site: str | None) -> Authors:
    """The people of the first statement that names any.

    Args:
        signed: the strongest first; it is read no further than the first that names somebody, and the one behind it.
        site: its name, which is nobody's.
    """
    told: list[Candidate] = []
    names: tuple[str, ...] = ()
    for one in signed:
        found = people(one.texts, site)
        why = (
            "the strongest statement"
            if found and not names
            else ("another is preferred" if found else "it names nobody")
        )
        told.append(
            Candidate(
                field="authors",
                origin=one.origin,
                value="; ".join(one.texts)[:200],
                chosen=bool(found) and not names,
                why=why,
            )
        )
        names = names or found
        if names:
            break
    return Authors(names=names, candidates=tuple(told))


def bylines(tree: Element, title: str) -> Iterator[Signed]:
    """What readers see of the authors, from the most certain place to the least.

    Args:
        title: of the page; a byline stands below the heading that says the same.
    """
    places = [node for node in finder(_PLACES)(tree) if not _is_elsewhere(node)]
    marked = [node for node in places if "author" in (node.get("itemprop") or "")]
    named = [name for node in marked for name in node.iterdescendants() if name.get("itemprop") == "name"]
    for origin, nodes in (
        ("itemprop author name", named),
        ("itemprop author", [node for node in marked if node.get("itemprop") == "author"]),
        ("rel=author", [node for node in places if node.tag == "a" and "author" in (node.get("rel") or "")]),
        ("byline", [node for node in places if _NAME_CLASS.search(node.get("class") or "")]),
        ("byline", [node for node in places if _BYLINE_CLASS.search(node.get("class") or "")]),
    ):
        if texts := _side_by_side(nodes):
            yield Signed(origin, texts)
    for node in places[:MAX_AUTHORS]:
        name = _BY.sub("", text_of(node))
        if _PERSON.fullmatch(name):
            yield Signed("byline", (name,))
    top = heading(tree, title)
    for line in () if top is None else lines_below(top):
        if (by := _BYLINE.match(line)) and (found := _PERSON.match(line, by.end())):
            yield Signed("line below the heading", (found.group(),))


def _is_elsewhere(node: Element) -> bool:
    """Whether an element belongs to comments or to other stories."""
    return any(
        around.tag in ("aside", "nav", "footer")
        or _ELSEWHERE.search(f"{around.get('class')} {around.get('id')}")
        for around in (node, *node.iterancestors())
        if around.tag != "body" and around.tag != "html"
    )


def _side_by_side(nodes: Sequence[Element]) -> tuple[str, ...]:
    """The texts of the first of some elements and its siblings; further ones belong to other stories on the page."""
    near = [node for node in nodes[:MAX_AUTHORS] if node.getparent() is nodes[0].getparent()]
    return tuple(text for node in near if (text := one_line(node.get("content")) or text_of(node)))


def people(given: Sequence[str], site: str | None) -> tuple[str, ...]:
    """The names of people in what a page says of its authors, each once."""
    found: dict[str, str] = {}
    for text in given:
        for part in _split(_TRAIL.sub("", _BY.sub("", one_line(text)))):
            name = _TRAIL.sub("", _BY.sub("", part)).strip(" ,.:·-–—|»«")
            if _is_name(name) and name.casefold() != (site or "").casefold():
                found.setdefault(name.casefold(), name)
    return tuple(found.values())[:MAX_AUTHORS]


def _split(text: str) -> Iterator[str]:
    for part in _SPLIT.split(text):
        pieces = part.split(", ")
        # "Ann Lee, Bo Ek" are two people; "Lee, Ann" is one, and "Ann Lee, Reuters" is left as it is said.
        yield from (
            pieces if len(pieces) > 1 and all(1 < len(piece.split()) < 5 for piece in pieces) else [part]
        )


def _is_name(text: str) -> bool:
    return (
        1 < len(text) <= _LONGEST
        and len(text.split()) <= 8
        and "@" not in text
        and "://" not in text
        and not text.isdigit()
        and _NO_NAME.search(text) is None
        and _DOMAIN.search(text) is None
    )
