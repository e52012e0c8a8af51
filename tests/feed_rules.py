"""What feed validators ask of an Atom feed (RFC 4287) and of a JSON Feed 1.1, as far as that can be had offline."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+")
URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:\S+")
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FUTURE = datetime.fromisoformat("2100-01-01T00:00:00+00:00")
HARMLESS = {"p": set(), "b": set(), "a": {"href"}}  # elements and attributes that our own markup needs
MEDIA = {"atom": "application/atom+xml", "json": "application/feed+json"}

_GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("data") / "atom.rng"))


def atom_faults(body: bytes, content_type: str | None = None, asked: str | None = None) -> list[str]:
    """What is wrong with an Atom document. `content_type`, `asked`: header and address of the answer, where it is one."""
    return list(_atom(body, content_type, asked))


def json_faults(body: bytes, content_type: str | None = None, asked: str | None = None) -> list[str]:
    """What is wrong with a JSON Feed."""
    return list(_json(body, content_type, asked))


def _atom(body: bytes, content_type: str | None, asked: str | None) -> Iterator[str]:
    yield from _type(content_type, "atom")
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as fault:
        yield f"not well-formed: {fault}"
        return
    if not _GRAMMAR.validate(root):
        yield from (f"grammar: {one.message} (line {one.line})" for one in _GRAMMAR.error_log)
        return
    entries = root.findall(f"{ATOM}entry")
    if root.find(f"{ATOM}author") is None and not all(
        one.find(f"{ATOM}author") is not None for one in entries
    ):
        yield "an entry has no author, and neither has the feed"
    own = [one.get("href") for one in root.findall(f"{ATOM}link") if one.get("rel") == "self"]
    if len(own) > 1:
        yield "several self links"
    if asked is not None and own != [asked]:
        yield f"the self link {own} is not the address that was asked for"
    yield from _repeats([one.findtext(f"{ATOM}id") for one in entries], "id")
    yield from _repeats(
        [(one.findtext(f"{ATOM}id"), one.findtext(f"{ATOM}updated")) for one in entries], "state"
    )
    for place in (root, *entries):
        yield from _atom_part(place)
    moments = [_moment(one.findtext(f"{ATOM}updated") or "") for one in entries]
    if moments != sorted(moments, reverse=True):
        yield "entries are not in order, the newest first"
    if moments and _moment(root.findtext(f"{ATOM}updated") or "") != moments[0]:
        yield "the feed is not as new as its newest entry"


def _atom_part(place: Any) -> Iterator[str]:
    """Of the feed itself, or of an entry."""
    yield from _identity(place.findtext(f"{ATOM}id"))
    for name in ("updated", "published"):
        for one in place.findall(f"{ATOM}{name}"):
            yield from _stamp(one.text or "")
    if not (place.findtext(f"{ATOM}title") or "").strip():
        yield "a title is empty"
    links = place.findall(f"{ATOM}link")
    kinds = [
        (one.get("type"), one.get("hreflang")) for one in links if one.get("rel", "alternate") == "alternate"
    ]
    yield from _repeats(kinds, "alternate link of a type and language")
    for one in links:
        yield from _iri(one.get("href") or "")
    if place.tag == f"{ATOM}entry" and not kinds and place.find(f"{ATOM}content") is None:
        yield "an entry has neither an alternate link nor content"
    for one in place.findall(f"{ATOM}category"):
        yield from _iri(one.get("scheme") or "urn:none:x")
        if not one.get("term"):
            yield "a category has no term"
    for one in (
        *place.iterfind(f"{ATOM}title"),
        *place.iterfind(f"{ATOM}summary"),
        *place.iterfind(f"{ATOM}subtitle"),
    ):
        if one.get("type", "text") != "text":
            yield f"{one.tag} is no plain text"
        language = one.get(LANG)
        if language is not None and not LANGUAGE.fullmatch(language):
            yield f"{language!r} is no language"
    for one in place.findall(f"{ATOM}content"):
        yield from _markup(one.text or "")


def _json(body: bytes, content_type: str | None, asked: str | None) -> Iterator[str]:
    yield from _type(content_type, "json")
    try:
        feed = json.loads(body.decode("utf-8"))
    except ValueError as fault:
        yield f"no JSON in UTF-8: {fault}"
        return
    known = {"version", "title", "home_page_url", "feed_url", "description", "language", "authors", "items"}
    yield from (f"the feed has {one!r}" for one in feed.keys() - known)
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield "not of version 1.1"
    for name in ("title", "description", "language"):
        if not isinstance(feed.get(name), str) or not feed[name].strip():
            yield f"{name} is no text"
    if asked is not None and feed.get("feed_url") != asked:
        yield f"feed_url {feed.get('feed_url')!r} is not the address that was asked for"
    if not isinstance(feed.get("items"), list):
        yield "there is no list of items"
        return
    yield from _iri(feed.get("home_page_url", "https://none.example/"))
    yield from _authors(feed.get("authors"))
    yield from _repeats([one.get("id") for one in feed["items"]], "id")
    for one in feed["items"]:
        yield from _item(one)


def _item(one: dict[str, Any]) -> Iterator[str]:
    known = {
        "id",
        "url",
        "title",
        "summary",
        "content_html",
        "date_published",
        "date_modified",
        "authors",
        "tags",
        "language",
    }
    yield from (f"an item has {name!r}" for name in one.keys() - known)
    yield from _identity(one.get("id"))
    yield from _iri(one.get("url", "https://none.example/"))
    if not one.get("content_html") and not one.get("content_text"):
        yield "an item has no content"
    for name in ("title", "summary", "content_html"):
        if not isinstance(one.get(name), str):
            yield f"{name} is no text"
    for name in ("date_published", "date_modified"):
        yield from _stamp(one.get(name) or "")
    yield from _authors(one.get("authors"))
    if not isinstance(one.get("tags"), list) or not all(isinstance(tag, str) and tag for tag in one["tags"]):
        yield "tags are no list of texts"
    if "language" in one and not LANGUAGE.fullmatch(one["language"]):
        yield f"{one['language']!r} is no language"
    yield from _markup(one.get("content_html") or "")


# -- parts that both have --------------------------------------------------------------------------


def _type(content_type: str | None, form: str) -> Iterator[str]:
    if content_type is not None and content_type.lower() != f"{MEDIA[form]}; charset=utf-8":
        yield f"served as {content_type}"


def _identity(given: Any) -> Iterator[str]:
    if not isinstance(given, str) or not IRI.fullmatch(given):
        yield f"{given!r} is no absolute IRI"
    elif given.startswith("urn:uuid:") and not UUID.fullmatch(given):
        yield f"{given!r} is no UUID"
    elif given.startswith("urn:") and not URN.fullmatch(given):
        yield f"{given!r} is no URN"


def _iri(given: str) -> Iterator[str]:
    if not IRI.fullmatch(given):
        yield f"{given!r} is no absolute IRI"
    elif not given.startswith("urn:") and (
        urlsplit(given).scheme not in ("http", "https") or not urlsplit(given).hostname
    ):
        yield f"{given!r} leads nowhere"


def _stamp(given: str) -> Iterator[str]:
    if not STAMP.fullmatch(given):
        yield f"{given!r} is no time of RFC 3339"
    elif _moment(given) > FUTURE:
        yield f"{given!r} is far in the future"


def _moment(given: str) -> datetime:
    return datetime.fromisoformat(given)


def _authors(given: Any) -> Iterator[str]:
    if (
        not isinstance(given, list)
        or not given
        or not all(one.keys() == {"name"} and one["name"] for one in given)
    ):
        yield f"{given!r} are no authors"


def _repeats(values: list[Any], what: str) -> Iterator[str]:
    yield from (
        f"the {what} {one!r} stands {times} times" for one, times in Counter(values).items() if times > 1
    )


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag not in HARMLESS or {name for name, _ in attributes} - HARMLESS[tag]:
            self.faults.append(f"<{tag} {attributes}> in the markup")
        for _, value in attributes:
            self.faults += _iri(value or "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_comment(self, data: str) -> None:
        self.faults.append("a comment in the markup")


def _markup(text: str) -> Iterator[str]:
    reader = _Markup()
    reader.feed(text)
    reader.close()
    yield from reader.faults
    if reader.open:
        yield f"{reader.open} is never closed"
