"""Which of a page's several names is its headline: a choice among statements, with reasons; pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crawler.extract.document import one_line
from crawler.records import Candidate

MAX_TITLE = 1_024  # characters
_HEADLINE_WORDS = 3  # a name with as many, or as many characters, is too long for that of a section
_HEADLINE_CHARACTERS = 12
_CUT_AT = 100  # characters; many publishers cut their JSON-LD headline near 110, without dots
_SITE_NAME = 3  # words of what stands behind a dash; more of them are a part of the headline
_SITE_WORDS = 5  # what stands behind a bar and has more of them is a part of the headline

# What publishers write for machines, the most careful first; measured on labelled pages: the heading that readers see
# is the same sentence nearly always, but is a logo or a section's name far more often than these are.
HEADLINE = "JSON-LD headline"
SHARED = "og:title"
HEADING = "h1"
SUBHEADING = "h2"
WINDOW = "title"
STATED = (
    HEADLINE, "dc.title", "dcterm.title", "dcterms.title", SHARED, "weibo:article:title", "headline", "title meta",
    "citation_title", "twitter:title", "parsely-title", "sailthru.title", "itemprop headline",
)  # fmt: skip
_VISIBLE = (HEADING, SUBHEADING, "itemprop headline")

_SEPARATOR = re.compile(r"\s+(?:[|–—\-·•:/>»]|::)\s+|\s*\|\s*")
_CUT = re.compile(r"\s*(?:\.\.\.|…)$")


@dataclass(frozen=True, slots=True)
class Named:
    """One name that a page gives itself."""

    origin: str  # one of `STATED`, HEADING, SUBHEADING or WINDOW
    text: str  # on one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The choice and everything it was made from."""

    value: str  # "" when the page has no name
    candidates: tuple[Candidate, ...]  # in the order of preference


@dataclass(frozen=True, slots=True)
class _Weighed:
    named: Named
    value: str  # less the site's name
    against: str = ""  # why it cannot be the headline, "" when it can


def choose_title(names: Iterable[Named], *, site: str | None) -> Title:
    """The page's headline.

    What the publisher states comes before what is seen, in the order of `STATED`; the window's title comes last. Three
    things overrule that order: a name that is the site's or a section's is none of the story; the heading that readers
    see decides where two statements differ and one of them is the heading; a statement that was cut short gives way to
    the whole of it.

    Args:
        names: of one page; those without a text are left out.
        site: its name as the page states it.
    """
    given = [Named(name.origin, one_line(html.unescape(name.text))[:MAX_TITLE]) for name in names]
    given = [name for name in given if folded(name.text)]
    lines = [folded(name.text) for name in given if name.origin not in (HEADING, SUBHEADING)]
    ordered = sorted(given, key=lambda name: (_rank(name.origin), not _repeated(name, lines)))
    weighed = [_weigh(name, ordered, site) for name in ordered]
    own = [one for one in weighed if one.named.origin != SUBHEADING]  # those only bear the others out
    fit = [one for one in own if not one.against]
    if not fit:  # better a section's name than none
        fit = own
    chosen, why = _best(fit)
    return Title(
        value=chosen.value if chosen else "",
        candidates=tuple(_told(one, chosen, why) for one in own),
    )


def without_site(title: str, site: str | None, *, agreeing: Sequence[str] = ()) -> str:
    """A title less the site's name that many pages put behind or before it: "Board funds ferries | Harbour Desk".

    Args:
        site: its name where the page states it; it is cut behind and before any separator.
        agreeing: other names of the page; what one of them leaves out is cut, too.
    """
    title = one_line(title)
    others = {folded(text) for text in agreeing}
    headlines = {folded(text) for text in agreeing if len(text.split()) >= _HEADLINE_WORDS}
    parts = [
        (title[: at.start()].strip(), title[at.end() :].strip(), at.group()) for at in _separators(title)
    ]
    for before, behind, _ in parts:
        for kept, gone in ((before, behind), (behind, before)):
            if not folded(kept) or folded(gone) in headlines or _is_site(kept, site):
                continue
            if _is_site(gone, site) or (folded(kept) in others and _is_long(kept)):
                return kept
    if parts and "|" in parts[-1][2]:
        before, behind, _ = parts[-1]
        if len(before.split()) >= _HEADLINE_WORDS and len(behind.split()) <= _SITE_WORDS:
            return before
    return title


@lru_cache(maxsize=1_024)  # the names of one page are compared with each other many times
def folded(text: str | None) -> str:
    """Letters and digits in lower case, words by one space: names that differ in nothing else are one."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text or "").casefold()).strip()


def _repeated(heading: Named, lines: Sequence[str]) -> bool:
    """Whether what a page says of itself elsewhere repeats a heading: of several that one is the story's."""
    return _is_long(heading.text) and any(folded(heading.text) in line for line in lines)


def _best(fit: Sequence[_Weighed]) -> tuple[_Weighed | None, str]:
    stated = [one for one in fit if one.named.origin in STATED]
    seen = {folded(one.value) for one in fit if one.named.origin == HEADING}
    if stated:
        first = stated[0]
        for other in stated[1:]:
            if (
                folded(first.value) not in seen
                and folded(other.value) in seen
                and other.named.origin == SHARED
            ):
                return other, "stated for machines, and the heading that readers see"
        if whole := _whole(first, fit):
            return whole, f"the whole of what {first.named.origin} gives in part"
        agreeing = sum(folded(one.value) == folded(first.value) for one in fit) - 1
        return first, f"stated for machines{f', {agreeing} others agree' if agreeing else ''}"
    window = next((one for one in fit if one.named.origin == WINDOW), None)
    heading = next((one for one in fit if one.named.origin == HEADING), None)
    if window and heading and _bears_out(window.value, heading.value):
        return heading, "the heading that readers see, and the window's title bears it out"
    if window:
        return window, "the window's title; nothing else names the story"
    return (heading, "the only heading") if heading else (None, "")


def _weigh(name: Named, names: Sequence[Named], site: str | None) -> _Weighed:
    window = next((other.text for other in names if other.origin == WINDOW), "")
    others = [other.text for other in names if other is not name and other.origin != WINDOW]
    others = [text for text in others if not _is_margin(text, window)]
    value = without_site(name.text, site, agreeing=others)
    if name.origin == WINDOW:
        value = _story_of(name.text, value)
    if _is_site(value, site):
        return _Weighed(name, value, "it is the site's name")
    if name.origin in _VISIBLE and _is_margin(value, window):
        return _Weighed(name, value, "it is the part of the window's title that names the site or section")
    return _Weighed(name, value)


def _is_margin(value: str, window: str) -> bool:
    """Whether a name is the last part of the window's title, or a short first one, beside a part that is longer."""
    wanted = folded(value)
    at = _separators(window)
    if not at:
        return False
    edges = [(window[at[-1].end() :], window[: at[-1].start()])]
    if len(at) > 1 or len(value.split()) < _HEADLINE_WORDS:
        edges.append((window[: at[0].start()], window[at[0].end() :]))
    return any(
        wanted == folded(edge) and len(folded(story)) > len(wanted) and _is_long(story.strip())
        for edge, story in edges
    )


def _story_of(window: str, cut: str) -> str:
    """The headline in a window's title: of one that lists where the page stands the part far longer than the others.

    Args:
        cut: the title less the site's name, where that is known.
    """
    at = _separators(window)
    if len(at) >= 2:
        edges = [0, *(edge for sign in at for edge in sign.span()), len(window)]
        parts = [window[a:b].strip() for a, b in zip(edges[::2], edges[1::2], strict=True)]
        first, second = sorted(parts, key=len, reverse=True)[:2]
        if _is_long(first) and len(first) >= 2 * len(second):
            return first
    if len(at) == 1 and cut == window:
        before, behind = window[: at[0].start()], window[at[0].end() :]
        words = len(behind.split())
        named = behind[:1].isupper() and behind[-1:].isalnum()
        if at[0].group().strip() in "–—-·•»" and words <= _SITE_NAME < len(before.split()) and named:
            return before
    return cut


def _whole(first: _Weighed, fit: Sequence[_Weighed]) -> _Weighed | None:
    """The name that goes on where one ends in dots, at a limit, or before a mark that ended an attribute early."""
    stem = _CUT.sub("", first.value)
    for other in fit:
        rest = other.value[len(stem) :].strip() if other.value.startswith(stem) else ""
        if (
            rest
            and not _CUT.search(other.value)
            and (stem != first.value or len(stem) >= _CUT_AT or rest[0] in "\"'")
        ):
            return other
    return None


def _bears_out(window: str, heading: str) -> bool:
    """Whether the window's title and a heading are one sentence: the same words, or nearly all of them."""
    one, other = folded(window), folded(heading)
    if one == other or (_is_long(heading) and f" {other} " in f" {one} "):
        return True
    first, second = set(one.split()), set(other.split())
    return len(first & second) >= max(_HEADLINE_WORDS, 0.8 * max(len(first), len(second)))


def _separators(title: str) -> list[re.Match[str]]:
    return list(_SEPARATOR.finditer(title))


def _is_site(text: str, site: str | None) -> bool:
    name = folded(site)
    return bool(name) and folded(text) in (name, name.removeprefix("the "))


def _is_long(text: str) -> bool:
    return len(text.split()) >= _HEADLINE_WORDS or len(text) >= _HEADLINE_CHARACTERS


def _rank(origin: str) -> int:
    order = (*STATED, HEADING, WINDOW, SUBHEADING)
    return order.index(origin) if origin in order else len(order)


def _told(one: _Weighed, chosen: _Weighed | None, why: str) -> Candidate:
    return Candidate(
        field="title",
        origin=one.named.origin,
        value=one.named.text,
        chosen=one is chosen,
        why=(why if one is chosen else one.against or _passed(one, chosen))
        + ("" if one.value == one.named.text else ", less the site's name" if one is chosen else ""),
    )


def _passed(one: _Weighed, chosen: _Weighed | None) -> str:
    if chosen and folded(one.value) == folded(chosen.value):
        return "it says the same"
    return f"{chosen.named.origin if chosen else 'nothing'} is preferred"
