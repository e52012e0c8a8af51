"""JSON Feed 1.0 and 1.1 → records. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from crawler.errors import NotAFeedError
from crawler.feeds.links import absolute
from crawler.feeds.text import paragraphs, plain_text, plain_title
from crawler.feeds.verdict import why_no_json_feed
from crawler.records import Entry, Feed

_READER = json.JSONDecoder(strict=False)  # line breaks and controls inside strings are fine
_STRING_OR_COMMA = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|,(?=\s*[\]}])', re.S)
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
MOST_BROKEN = 20  # items that are passed over
_GAP = re.compile(r"[\s,]*")
_ITEMS = re.compile(r'"items"\s*:\s*\[')


def read_json_feed(
    text: str, *, url: str, date: Callable[[Any, str | None], datetime | None], most: int
) -> Feed:
    """The feed in `text`; an item with a wrong type somewhere loses that value, not its place.

    Args:
        url: address of the document, for relative links.
        date: reads a date, given the text and the language.
        most: entries kept, from the top.
    Raises:
        NotAFeedError: no JSON, or JSON of another kind.
    """
    document, repairs = _document(text, most)
    items = document.get("items") if isinstance(document, dict) else None
    version = _text(document.get("version")) if isinstance(document, dict) else ""
    if not isinstance(items, list) or ("jsonfeed" not in version and "title" not in document):
        raise NotAFeedError(why_no_json_feed(document))
    problems = [*repairs]
    if "jsonfeed" not in version:
        problems.append("the document does not name its JSON Feed version")
    language = _text(document.get("language")).lower() or None
    rows = [item for item in items if isinstance(item, dict)]
    if len(rows) < len(items):
        problems.append(f"{len(items) - len(rows)} items are no objects and were left out")
    if len(rows) > most:
        problems.append(f"{len(rows)} entries; the first {most} are kept")
    return Feed(
        title=plain_title(_text(document.get("title"))),
        format="json11" if version.endswith("1.1") else "json1",
        entries=tuple(_entry(item, url, language, date) for item in rows[:most]),
        language=language,
        site_url=absolute(_text(document.get("home_page_url")), url),
        problems=tuple(problems),
    )


def _document(text: str, most: int) -> tuple[Any, tuple[str, ...]]:
    """The JSON document in `text`, and what had to be mended in it.

    Raises:
        NotAFeedError: it cannot be read.
    """
    try:
        document, end = _READER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        return _mended(text, error, most)
    return document, (("rubbish after the document was left out",) if text[end:].strip() else ())


def _mended(text: str, error: Exception, most: int) -> tuple[Any, tuple[str, ...]]:
    """The document without commas that nothing follows or, where that is not all, with the items that can be read."""
    tidy = _STRING_OR_COMMA.sub(lambda found: found[0] if found[0] != "," else "", text)
    if tidy != text:
        try:
            return _READER.raw_decode(tidy)[0], ("commas that nothing follows were left out",)
        except (ValueError, RecursionError):
            pass
    if not (start := _ITEMS.search(tidy)):
        raise NotAFeedError(f"the document is JSON that cannot be read: {error}") from error
    try:
        head = _READER.raw_decode(tidy[: start.start()].rstrip().rstrip(",") + "}")[0]
    except (ValueError, RecursionError):
        raise NotAFeedError(f"the document is JSON that cannot be read: {error}") from error
    items = list(islice(_whole_items(tidy, start.end()), most + 1))
    if not items:
        raise NotAFeedError(f"the document is JSON that cannot be read: {error}") from error
    return head | {"items": items}, (f"broken JSON ({error}); the items that can be read are kept",)


def _whole_items(text: str, at: int) -> Iterator[Any]:
    """Items from `at` on; behind one that cannot be read it goes on with the next object, a few times."""
    broken = 0
    while True:
        at = _GAP.match(text, at).end()  # type: ignore[union-attr]  # it matches anywhere
        try:
            item, at = _READER.raw_decode(text, at)
        except (ValueError, RecursionError):
            broken += 1
            following = _NEXT_OBJECT.search(text, at)
            if not following or broken > MOST_BROKEN:
                return
            at = following.end()
            continue
        yield item


def _entry(
    item: dict[str, Any], url: str, language: str | None, date: Callable[[Any, str | None], datetime | None]
) -> Entry:
    identity = _text(item.get("id")) or None
    own = _text(item.get("language")).lower() or None
    link = absolute(_text(item.get("url")) or _text(item.get("external_url")), url)
    if link is None and identity and identity.startswith(("http://", "https://")):
        link = absolute(identity, url)
    html, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    return Entry(
        id=identity,
        link=link,
        title=plain_title(_text(item.get("title"))),
        summary=plain_text(_text(item.get("summary"))),
        content=plain_text(html) if html else paragraphs(plain),
        authors=_authors(item),
        published_at=date(_text(item.get("date_published")), own or language),
        updated_at=date(_text(item.get("date_modified")), own or language),
        language=own or language,
    )


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    listed = item.get("authors")
    people = [*(listed if isinstance(listed, list) else [listed]), item.get("author")]
    names = (plain_title(_text(one.get("name") if isinstance(one, dict) else one)) for one in people)
    return tuple(dict.fromkeys(name for name in names if name))


def _text(value: object) -> str:
    """A string, or a number as its digits; anything else is missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
