"""One list page of a site without a feed: its articles with their fields, and how each rule did. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag, urlsplit
from zoneinfo import ZoneInfoNotFoundError

from scrapy.http import TextResponse
from scrapy.selector import Selector as Node

from crawler.errors import Cause, NotAFeedError
from crawler.records import Entry, ListingRules, Looked, Selector
from crawler.spiders.link_patterns import LinkPatterns
from crawler.spiders.readers import ReadDate
from crawler.wording import counted
from crawler.wording import shown as bare

MAX_ARTICLES = 2_000  # of one page
_HREF = re.compile(r"(::attr\(\s*href\s*\)|/@href)\s*$")  # we take the element and read its href ourselves
_SAMPLE = 80  # characters of a value that are shown
_DROPPED = 3  # addresses that were dropped which are shown
_FIELDS = ("title", "summary", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """What one list page gave."""

    entries: tuple[Entry, ...]  # in the order of the page, each address once
    looked: tuple[Looked, ...]
    lacks: tuple[str, ...]  # rules for fields that find nothing in any article, in words


@dataclass(slots=True)
class _Place:
    """One article on the page: its link, and where its fields stand."""

    link: str
    text: str  # of the link
    spare: str  # what its attributes say instead
    around: Node
    behind: list[Node] = field(default_factory=list)  # what follows it and belongs to no other article


@dataclass(slots=True, kw_only=True)
class _Tally:
    """How the look for links went."""

    items: int | None = None  # elements of articles, where there is a rule for them
    found: int = 0  # different addresses
    dropped: list[tuple[str, str]] = field(default_factory=list)  # address, why


def read_list(
    response: TextResponse,
    rules: ListingRules,
    *,
    date: ReadDate,
    zone: str | None = None,
    language: str | None = None,
) -> ListPage:
    """The articles of a list page.

    Without `item` the fields of an article stand in the widest element around its link that holds no other
    article's link; where a rule finds nothing there for any article, what follows up to the next one is looked at.

    Args:
        date: reads the times.
        zone, language: of the source, for its times.
    Raises:
        NotAFeedError: nothing is left that is an article, or a rule cannot be read.
    """
    where = place(response.url)
    tally = _Tally()
    try:
        patterns = LinkPatterns(rules.only, rules.skip)
    except ValueError as error:
        raise NotAFeedError(f"a pattern of only or skip cannot be read: {error}") from error
    places = (
        _by_item(response, rules, patterns, tally)
        if rules.item
        else _by_link(response, rules, patterns, tally)
    )
    if not places:
        raise _nothing(where, rules, tally)
    rows = _rows(where, rules, places, tally)
    values: dict[str, list[str]] = {}
    lacks: list[str] = []
    times: list[datetime | None] = [None] * len(places)
    for name in _FIELDS:
        selector: Selector | None = getattr(rules, name)
        if selector is None:
            continue
        found = values[name] = _values(places, selector)
        note = ""
        if name == "published":
            times = [_time(value, date, zone, language) for value in found]
            unread = [value for value, time in zip(found, times, strict=True) if value and time is None]
            if unread:
                note = f"{len(unread)} cannot be read as a time, such as “{short(unread[0])}”"
            if unread and not any(times):
                lacks.append(
                    f"{shown(selector)} for published finds no time that can be read on {where}, {note}"
                )
        if not any(found):
            wanted = "" if rules.item else "; name the element around one article as `item`, or correct it"
            lacks.append(
                f"{shown(selector)} for {name} finds nothing in any of {len(places)} articles on {where}{wanted}"
            )
        rows.append(_row(where, name, selector, found, note))
    titles = values.get("title") or [""] * len(places)
    summaries = values.get("summary") or [""] * len(places)
    entries = tuple(
        Entry(
            id=None,
            link=one.link,
            title=title or one.text or one.spare,
            summary=summary,
            published_at=time,
        )
        for one, title, summary, time in zip(places, titles, summaries, times, strict=True)
    )
    return ListPage(entries=entries, looked=tuple(rows), lacks=tuple(lacks))


# -- links -------------------------------------------------------------------------------------------


def _by_link(
    response: TextResponse, rules: ListingRules, patterns: LinkPatterns, tally: _Tally
) -> list[_Place]:
    """An image and a headline with one link are one article."""
    places: dict[str, _Place] = {}
    anchors: dict[str, list[Node]] = {}
    dropped: dict[str, str] = {}
    for node in select(response, rules.links):
        found = link_of(node, response)
        if found is None:
            continue
        link, anchor = found
        if link not in places:
            if link not in dropped and (why := patterns.why_not(link)) is not None:
                dropped[link] = why
            if link in dropped or len(places) >= MAX_ARTICLES:
                continue
            places[link] = _Place(link, "", "", anchor)
        anchors.setdefault(link, []).append(anchor)
        one, (text, spare) = places[link], _words(anchor)
        one.text, one.spare = one.text or text, one.spare or spare
    tally.found, tally.dropped = len(places) + len(dropped), list(dropped.items())
    if rules.title or rules.summary or rules.published:
        _find_surroundings(places, anchors)
    return list(places.values())


def _by_item(
    response: TextResponse, rules: ListingRules, patterns: LinkPatterns, tally: _Tally
) -> list[_Place]:
    """One article an element: the first of its links that is one."""
    assert rules.item is not None
    items = select(response, rules.item)
    places: dict[str, _Place] = {}
    links, dropped = set[str](), dict[str, str]()
    for item in items[:MAX_ARTICLES]:
        chosen: _Place | None = None
        for node in select(item, rules.links, within=True):
            if (found := link_of(node, response)) is None:
                continue
            link, anchor = found
            links.add(link)
            if chosen is not None and chosen.link != link:
                continue
            if (why := patterns.why_not(link)) is not None:
                dropped[link] = why
                continue
            chosen = chosen or places.setdefault(link, _Place(link, "", "", item))
            text, spare = _words(anchor)
            chosen.text, chosen.spare = chosen.text or text, chosen.spare or spare
    tally.items, tally.found, tally.dropped = len(items), len(links), list(dropped.items())
    return list(places.values())


def _find_surroundings(places: dict[str, _Place], anchors: dict[str, list[Node]]) -> None:
    """Widen each place from its link to what belongs to its article alone."""
    owners: dict[Any, str | None] = {}  # whose link an element holds; None: those of several articles
    for link, nodes in anchors.items():
        for node in nodes:
            element = node.root
            while element is not None:
                owner = owners.setdefault(element, link)
                if owner is None:
                    break
                if owner != link:
                    owners[element] = None
                element = element.getparent()
    for link, one in places.items():
        element = anchors[link][-1].root  # the last of several is the headline below the picture
        while (above := element.getparent()) is not None and owners[above] == link:
            element = above
        one.around = Node(root=element, type="html")
        following = element.getnext()
        while following is not None and following not in owners:
            if isinstance(following.tag, str):
                one.behind.append(Node(root=following, type="html"))
            following = following.getnext()


def select(node: TextResponse | Node, selector: Selector, *, within: bool = False) -> list[Node]:
    """Elements that a selector finds, in document order.

    Args:
        within: an XPath from the root is looked for in the node, as CSS is.
    Raises:
        NotAFeedError: the selector cannot be read.
    """
    text = _HREF.sub("", selector.css or selector.xpath or "")
    return _select(node, selector, text, within=within)


def link_of(node: Node, response: TextResponse) -> tuple[str, Node] | None:
    """Absolute http(s) link of an element (itself a link, in one, or with one inside), and the link's element."""
    if isinstance(node.root, str):
        return None
    found = node.xpath("(self::*[@href] | ancestor::a[@href][1] | .//a[@href])[1]")
    if not found:
        return None
    anchor = found[0]
    try:
        link = urldefrag(response.urljoin(anchor.attrib["href"].strip())).url
        scheme, host = urlsplit(link)[:2]
    except ValueError:
        return None
    if scheme not in ("http", "https") or not host or link == urldefrag(response.url).url:
        return None
    return link, anchor


def _words(anchor: Node) -> tuple[str, str]:
    attribute = anchor.attrib.get("title") or anchor.attrib.get("aria-label")
    attribute = attribute or anchor.xpath(".//img/@alt").get() or ""
    return _one_line(anchor.xpath(".//text()").getall()), _one_line([attribute])


# -- fields ------------------------------------------------------------------------------------------


def _values(places: Sequence[_Place], selector: Selector) -> list[str]:
    """One value an article, "" where there is none."""
    found = [_first([one.around], selector) for one in places]
    return found if any(found) else [_first(one.behind, selector) for one in places]


def _first(nodes: Iterable[Node], selector: Selector) -> str:
    for node in nodes:
        own = _select(node, selector, selector.css or selector.xpath or "", within=True)
        for value in own:
            if text := _value(value):
                return text
    return ""


def _value(node: Node) -> str:
    """The text of what was found; an element's `datetime` or `content` before its text."""
    if isinstance(node.root, str):
        return _one_line([node.root])
    if not hasattr(node.root, "attrib"):
        return _one_line([str(node.root)])
    stated = node.attrib.get("datetime") or node.attrib.get("content")
    return _one_line([stated]) if stated else _one_line(node.xpath(".//text()").getall())


def _select(node: TextResponse | Node, selector: Selector, text: str, *, within: bool) -> list[Node]:
    try:
        if selector.css is not None:
            return list[Any](node.css(text))
        if within and text.startswith("/"):
            text = f".{text}"
        return list[Any](node.xpath(text))
    except (ValueError, SyntaxError, RuntimeError) as error:  # of libxml2 and, the latter two, cssselect
        raise NotAFeedError(f"the selector {shown(selector)} cannot be read: {error}") from error


def _time(text: str, date: ReadDate, zone: str | None, language: str | None) -> datetime | None:
    try:
        return date(text, zone=zone, language=language)
    except ZoneInfoNotFoundError:
        return date(text, language=language)


def _one_line(texts: Iterable[str]) -> str:
    return " ".join(" ".join(texts).split())


# -- in words ----------------------------------------------------------------------------------------


def _nothing(where: str, rules: ListingRules, tally: _Tally) -> NotAFeedError:
    if tally.dropped:
        link, why = tally.dropped[0]
        found = counted(tally.found, "link")
        told = (
            f"{shown(rules.links)} finds {found} on {where}, but all are dropped, such as {bare(link)}: {why}"
        )
    elif tally.items:
        told = f"{shown(rules.links)} finds no link in any of the {tally.items} items on {where}"
    elif rules.item is not None:
        told = f"{shown(rules.item)} finds no item on {where}"
    else:
        told = f"{shown(rules.links)} finds no link on {where}"
    return NotAFeedError(told, cause=Cause.SELECTOR)


def _rows(where: str, rules: ListingRules, places: Sequence[_Place], tally: _Tally) -> list[Looked]:
    rows = []
    if rules.item is not None:
        rows.append(Looked(place=where, rule="item", selector=shown(rules.item), found=tally.items or 0))
    rows.append(
        Looked(
            place=where,
            rule="links",
            selector=shown(rules.links),
            found=tally.found,
            of=tally.items,
            sample=short(places[0].link),
        )
    )
    if rules.only or rules.skip:
        examples = "; ".join(f"{short(link)}: {why}" for link, why in tally.dropped[:_DROPPED])
        rows.append(
            Looked(
                place=where,
                rule="only and skip",
                selector=" ".join(
                    [*(f"only '{one}'" for one in rules.only), *(f"skip '{one}'" for one in rules.skip)]
                ),
                found=len(places),
                of=tally.found,
                note=f"{len(tally.dropped)} dropped, such as {examples}" if tally.dropped else "",
            )
        )
    if rules.title is None:
        texts = [one.text or one.spare for one in places]
        rows.append(_row(where, "title", None, texts, "the words of the links"))
    return rows


def _row(where: str, rule: str, selector: Selector | None, found: Sequence[str], note: str) -> Looked:
    return Looked(
        place=where,
        rule=rule,
        selector=shown(selector) if selector else "",
        found=sum(map(bool, found)),
        of=len(found),
        sample=short(next(filter(None, found), "")),
        note=note,
    )


def shown(selector: Selector) -> str:
    """A selector as an error names it."""
    return f"css {selector.css!r}" if selector.css is not None else f"xpath {selector.xpath!r}"


def short(text: str) -> str:
    """A value, cut to be shown."""
    return text if len(text) <= _SAMPLE else f"{text[: _SAMPLE - 1]}…"


def place(url: str) -> str:
    """Host and path: an address without what may be secret."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"
