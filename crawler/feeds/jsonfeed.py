"""JSON Feed 1.0 and 1.1 → records. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from crawler.errors import NotAFeedError
from crawler.feeds.links import absolute
from crawler.feeds.text import paragraphs, plain_text, plain_title
from crawler.records import Entry, Feed


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
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeedError(f"the document is JSON that cannot be read: {error}") from error
    items = document.get("items") if isinstance(document, dict) else None
    version = _text(document.get("version")) if isinstance(document, dict) else ""
    if not isinstance(items, list) or ("jsonfeed" not in version and "title" not in document):
        raise NotAFeedError("the document is JSON but no JSON Feed")
    problems = [] if "jsonfeed" in version else ["the document does not name its JSON Feed version"]
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
    people = [*(listed if isinstance(listed, list) else []), item.get("author")]
    names = (plain_title(_text(one.get("name"))) for one in people if isinstance(one, dict))
    return tuple(dict.fromkeys(name for name in names if name))


def _text(value: object) -> str:
    """A string, or a number as its digits; anything else is missing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
