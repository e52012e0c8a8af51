"""Texts from files and standard input: JSON, JSON Lines, HTML and plain text become articles to judge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.match import subject
from crawler.extract.charset import decode
from crawler.extract.read import read_page
from crawler.extract.visible import visible_text
from crawler.records import Article, TextState


def read_texts(
    body: bytes, *, name: str, url: str | None = None, content_type: str | None = None
) -> tuple[Article, ...]:
    """The articles in `body`, by the file's ending, else by its look.

    `.json`/`.jsonl` hold `{title, summary, text, url, published, language}`; HTML goes through the extractor
    (a page too short for it is read as its visible text); plain text is a title when it is one line, else
    its first line is the title.

    Raises:
        ValueError: what is wrong, with the line.
    """
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in {"json", "jsonl", "ndjson"}:
        return tuple(_article(row, name, number) for number, row in _rows(body, name))
    text = decode(body, content_type)
    if ending in {"html", "htm", "xhtml"} or "html" in (content_type or "") or _looks_like_html(text):
        return (_page(body, url or "", content_type),)
    head, _, rest = text.strip().partition("\n")
    return (subject(title=head.strip(), text=rest.strip(), url=url or ""),)


def read_articles(body: bytes, *, name: str) -> tuple[Article, ...]:
    """Articles with ids for `try stories`: `{id, title, text, url, published, source}` a line.

    Raises:
        ValueError: what is wrong, with the line.
    """
    articles = []
    undated: datetime | None = None  # an article without a time is taken to be as old as the one before it
    for number, row in _rows(body, name):
        if "id" not in row:
            raise ValueError(f"{name}:{number}: the object has no `id`; give each article one of its own")
        judged = _article(row, name, number)
        published = judged.published_at
        undated = published or undated or datetime.now(UTC)
        articles.append(
            Article(
                id=str(row["id"]),
                source_id=str(row.get("source") or ""),
                url=judged.url,
                canonical_url=judged.canonical_url,
                title=judged.title,
                summary=judged.summary,
                text=judged.text,
                published_at=published,
                first_seen_at=undated,
                text_state=TextState.FEED,
            )
        )
    return tuple(articles)


def _rows(body: bytes, name: str) -> list[tuple[int, Mapping[str, Any]]]:
    text = body.decode("utf-8-sig", "replace").strip()
    if name.endswith(".json"):
        try:
            whole = json.loads(text)
        except json.JSONDecodeError as fault:
            raise ValueError(f"{name}:{fault.lineno}:{fault.colno}: not JSON: {fault.msg}") from fault
        found = list(enumerate(whole if isinstance(whole, list) else [whole], start=1))
    else:
        found = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                found.append((number, json.loads(line)))
            except json.JSONDecodeError as fault:
                raise ValueError(f"{name}:{number}:{fault.colno}: not JSON: {fault.msg}") from fault
    for number, row in found:
        if not isinstance(row, Mapping):
            raise ValueError(f"{name}:{number}: expected an object with `title` and `text`, found {row!r}")
    return found


def _article(row: Mapping[str, Any], name: str, number: int) -> Article:
    published = None
    if given := row.get("published"):
        try:
            published = datetime.fromisoformat(str(given))
        except ValueError as fault:
            raise ValueError(f"{name}:{number}: `published` is no ISO 8601 time: {given!r}") from fault
        published = published.replace(tzinfo=UTC) if published.tzinfo is None else published.astimezone(UTC)
    if html := row.get("html"):
        page = _page(str(html).encode(), str(row.get("url") or ""), "text/html; charset=utf-8")
        row = {"title": page.title, "text": page.text, **{key: value for key, value in row.items() if value}}
    return subject(
        title=str(row.get("title") or ""),
        summary=str(row.get("summary") or ""),
        text=str(row.get("text") or row.get("body") or ""),
        url=str(row.get("url") or ""),
        published=published,
        language=row.get("language"),
        source=str(row.get("source") or ""),
    )


NO_STORY = ("challenge:", "consent:", "not found:")  # such a page speaks of itself, whatever words it holds


def _page(body: bytes, url: str, content_type: str | None) -> Article:
    page = read_page(body, url, content_type, None)
    if page.refused and page.refused.startswith(NO_STORY):
        return subject(url=url)
    short = page.refused is not None and not page.paywalled
    return subject(
        title=page.title,
        text=visible_text(body, content_type) if short else page.text,
        url=url,
        published=page.published_at,
        language=page.language,
    )


def _looks_like_html(text: str) -> bool:
    head = text.lstrip()[:500].lower()
    return head.startswith(("<!doctype html", "<html")) or ("<body" in head and "</" in text)
