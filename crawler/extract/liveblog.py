"""Live blogs: their posts kept apart, each with its time, as parts of one text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from crawler.extract.document import Element, finder, one_line, text_of
from crawler.extract.linked_data import Update
from crawler.extract.outline import outline
from crawler.extract.times import parse_time
from crawler.extract.titles import folded
from crawler.records import Post

_FEWEST = 3  # posts that are seen; two texts with a time may be any two texts
_STATED = 2  # posts that the page states
_SHORTEST = 30  # characters of a post
_LEVELS = 8  # from a time up to the element of its post
_MOST = 2_000  # posts of a page
_LEAD = 40  # paragraphs before the first post; more of them are posts that were not recognised
_MOST_OF = 0.7  # of what is seen; posts that the page states with less are given in part
_SHARE = 0.4  # of the page's own text must stand in posts, or it is an article with some dated boxes

_NAMED = re.compile(
    r"live-?_?(?:blog|ticker|update|feed|stream|post|event)|ticker|newsblog|minute-?by-?minute|timeline",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\blive\b|live-?(?:blog|ticker|updates?)|\bticker\b|newsblog|minuto a minuto|minute by minute|en (?:directo|vivo|direct)\b|"
    r"ao (?:vivo|minuto)|in diretta|\bdirect\s*:|onlin[ea]\b|liveblogg|लाइव|прямой эфир",
    re.IGNORECASE,
)
_NO_POST = re.compile(r"comment|related|recommend|sidebar|teaser|most-?read|promo|\bcard", re.IGNORECASE)
_CLOCK = re.compile(r"^\W*(?:[01]?\d|2[0-3])[:.h][0-5]\d(?:\s*(?:uhr|[ap]\.?m\.?|h))?\W*$", re.IGNORECASE)
_TIMED = "//time | //*[@data-timestamp or @data-time or @data-date]"
_STAMPS = ("datetime", "data-timestamp", "data-time", "data-date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One post of a live blog before it has its place in the text."""

    title: str = ""
    paragraphs: tuple[str, ...] = ()
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBlog:
    """A text made of posts, and where each stands in it."""

    text: str
    posts: tuple[Post, ...]


def read_live_blog(
    tree: Element,
    *,
    names: Collection[str],
    title: str,
    text: str,
    updates: Sequence[Update],
    zone: str | None,
    limit: int,
) -> LiveBlog | None:
    """The page as a live blog, or None where it is none.

    It is one where its JSON-LD lists posts, or where most of its text stands side by side in elements that each show
    a time of their own, and the page's title or the elements' names speak of a live blog. The stated ones are taken
    unless much more is seen. Posts stay in the order of the page.

    Args:
        tree: the page, pruned; it is not changed.
        names: the classes and ids of the page.
        title: of the page.
        text: its whole text as that of any article; what it says before the first post is kept.
        updates: the posts that its JSON-LD lists.
        zone: IANA zone of times that have none.
        limit: most characters of the text.
    """
    stated = [entry for update in updates[:_MOST] if (entry := _of_update(update, zone))]
    lively = bool(stated) or _TITLED.search(title) is not None or any(map(_NAMED.search, names))
    seen = _seen(tree, text=text, zone=zone) if lively else []
    stated = stated if len(stated) >= _STATED else []
    entries = stated if _size(stated) >= _MOST_OF * _size(seen) else _with_times(seen, stated)
    if not entries:
        return None
    return compose(_lead(text, entries), entries, limit=limit)


def compose(lead: Iterable[str], entries: Sequence[Entry], *, limit: int) -> LiveBlog:
    """One text of a lead and posts, each with its title as its first paragraph; pure.

    Args:
        limit: characters at which the text is cut; posts that start behind it are left out.
    """
    parts = [paragraph for paragraph in lead if paragraph]
    length = len("\n\n".join(parts))
    posts: list[Post] = []
    for entry in entries:
        said = "\n\n".join(paragraph for paragraph in (entry.title, *entry.paragraphs) if paragraph)
        start = length + 2 if parts else 0
        said = said[: max(0, limit - start)].rstrip()
        if not said:
            continue
        parts.append(said)
        length = start + len(said)
        posts.append(Post(start=start, end=length, posted_at=entry.posted_at, title=entry.title))
    return LiveBlog(text="\n\n".join(parts)[:limit], posts=tuple(posts))


def _of_update(update: Update, zone: str | None) -> Entry | None:
    paragraphs = tuple(part for part in update.text.split("\n\n") if part and part != update.title)
    if not update.title and not paragraphs:
        return None
    return Entry(title=update.title, paragraphs=paragraphs, posted_at=parse_time(update.published, zone))


def _seen(tree: Element, *, text: str, zone: str | None) -> list[Entry]:
    group = _group(tree)
    if len(group) < _FEWEST:
        return []
    entries = [entry for node in group if (entry := _of_element(node, zone))]
    return entries if len(entries) >= _FEWEST and _size(entries) >= _SHARE * len(text) else []


def _group(tree: Element) -> list[Element]:
    """The largest set of siblings of one kind that each hold a time, in the order of the page."""
    groups: dict[tuple[Element, str], dict[Element, None]] = {}
    for time in [*finder(_TIMED)(tree), *_clocks(tree)][: _MOST * 2]:
        node = time
        for _ in range(_LEVELS):
            parent = node.getparent()
            if parent is None or node.tag in ("body", "html", "main"):
                break
            if node.tag in ("article", "section", "div", "li"):
                groups.setdefault((parent, node.tag), {}).setdefault(node)
            node = parent
    best: list[Element] = []
    for members in groups.values():
        if len(members) > len(best):
            posts = [node for node in members if _is_post(node)]
            if len(posts) > len(best):
                best = posts
    order = {node: at for at, node in enumerate(best[0].getparent())} if best else {}
    return sorted(best, key=lambda node: order[node])[:_MOST]


def _clocks(tree: Element) -> list[Element]:
    return [
        node
        for node in tree.iter("span", "p", "div", "b", "strong", "h3", "h4")
        if _CLOCK.match(node.text or "")
    ]


def _is_post(node: Element) -> bool:
    if len(text_of(node)) < _SHORTEST or node.tag == "aside":
        return False
    if any(
        _NO_POST.search(f"{at.get('class', '')} {at.get('id', '')}") or at.tag in ("aside", "nav", "footer")
        for at in (node, *node.iterancestors())
    ):
        return False
    heading = next(iter(node.iter("h2", "h3", "h4")), None)
    links = (
        []
        if heading is None
        else [a for a in heading.iter("a") if not (a.get("href") or "#").startswith("#")]
    )
    return not (links and len(text_of(node)) < 400)


def _of_element(node: Element, zone: str | None) -> Entry | None:
    from crawler.extract.clean import clean

    heading = next(
        (found for found in node.iter("h2", "h3", "h4", "h5") if not _CLOCK.match(text_of(found))), None
    )
    title = "" if heading is None else text_of(heading)
    hours = {text_of(time) for time in node.iter("time")}
    paragraphs = tuple(
        block.text
        for block in clean(outline(node).blocks)
        if block.text != title and block.text not in hours and not _CLOCK.match(block.text)
    )
    if not title and not paragraphs:
        return None
    return Entry(title=title, paragraphs=paragraphs, posted_at=_posted(node, zone))


def _posted(node: Element, zone: str | None) -> datetime | None:
    for place in [
        node,
        *node.iter("time"),
        *finder(".//*[@data-timestamp or @data-time or @data-date]")(node),
    ]:
        for name in _STAMPS:
            if (moment := parse_time(one_line(place.get(name)), zone)) is not None:
                return moment
    return None


def _lead(text: str, entries: Sequence[Entry]) -> list[str]:
    """The first paragraphs of the page's text, up to the first that stands in a post."""
    paragraphs = [part for part in text.split("\n\n") if part]
    posted = {folded(part)[:80] for entry in entries for part in (entry.title, *entry.paragraphs)} - {""}
    for at, paragraph in enumerate(paragraphs):
        if folded(paragraph)[:80] in posted:
            lead = [] if at > _LEAD else paragraphs[:at]
            return [part for part in lead if not _CLOCK.match(part)]
    return paragraphs if len(paragraphs) <= _LEAD else []


def _with_times(seen: Sequence[Entry], stated: Sequence[Entry]) -> list[Entry]:
    """Posts that are seen, with the times of those that are stated under the same title."""
    times = {folded(entry.title): entry.posted_at for entry in stated if entry.title}
    return [replace(entry, posted_at=entry.posted_at or times.get(folded(entry.title))) for entry in seen]


def _size(entries: Sequence[Entry]) -> int:
    return sum(len(part) for entry in entries for part in (entry.title, *entry.paragraphs))
