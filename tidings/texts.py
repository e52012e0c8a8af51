"""Texts from files and standard input: JSON, JSON Lines, HTML and plain text become articles to judge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from alerts.match import subject
from alerts.reading import UNSEEN
from crawler.extract.charset import decode
from crawler.extract.read import read_page
from crawler.extract.visible import visible_text
from crawler.identity import canonical_url
from crawler.records import Article

NEWS = range(1000, 9000)  # years; there is time before and after them to look for other articles in


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
        return tuple(_read(where, row) for where, row in _rows(body.split(b"\n"), name))
    text = decode(body, content_type)
    if ending in {"html", "htm", "xhtml"} or "html" in (content_type or "") or _looks_like_html(text):
        return (_page(body, url or "", content_type),)
    head, _, rest = text.strip().partition("\n")
    return (subject(title=head.strip(), text=rest.strip(), url=url or ""),)


def _read(where: str, row: Any) -> Article:
    try:
        return _article(_mapping(row))
    except ValueError as fault:
        raise ValueError(f"{where}: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Given:
    """An article of a file for `try stories`."""

    article: Article  # its id is that of the file as text
    id: str | int  # as it stands there


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of a file that is no article."""

    where: str  # "FILE:LINE" or "FILE:LINE:COLUMN"
    problem: str


def read_articles(
    lines: Iterable[bytes], *, name: str, known: dict[str, str] | None = None
) -> Iterator[Given | Wrong]:
    """Articles `{id, title, text, url, published, source}` for `try stories`, line by line of JSON Lines.

    It may have `summary`, `authors`, `language`, `html` and `first_seen` too. One that says neither when it was first
    seen nor when it was published has a time of `UNSEEN`, see `dated`. A blank line is no line.

    Args:
        name: of the file; one that ends in `.json` is read whole, as a list of such objects.
        known: where each id stands that was read before; those read now are added. An id that comes twice is wrong.
    """
    places = {} if known is None else known
    for where, row in _rows(lines, name):
        try:
            given = _given(_mapping(row))
        except ValueError as fault:
            yield Wrong(where, str(fault))
            continue
        before = places.setdefault(given.article.id, where)
        if before is not where:
            yield Wrong(where, f"the id {given.id!r} is that of {before} already; give each article its own")
        else:
            yield given


def dated(articles: Iterable[Article], now: datetime) -> tuple[Article, ...]:
    """Articles in the same order, each with a time: one without came when the one before it did.

    Those at the beginning came when the first did that has a time; where none has, all come now.
    """
    given = tuple(articles)
    last = next((one.first_seen_at for one in given if one.first_seen_at != UNSEEN), now)
    found = []
    for one in given:
        last = one.first_seen_at if one.first_seen_at != UNSEEN else last
        found.append(replace(one, first_seen_at=last))
    return tuple(found)


def _given(row: Mapping[str, Any]) -> Given:
    own = row.get("id")
    if isinstance(own, bool) or not isinstance(own, str | int) or own == "":
        missing = (
            "has no `id`" if own in (None, "") else f"has {own!r} as its `id`, which is no text or number"
        )
        raise ValueError(f"the object {missing}; give each article one of its own")
    judged = _article(row)
    came = _time(row, "first_seen") or judged.published_at
    for time in (came, judged.published_at):
        if time is not None and time.year not in NEWS:
            raise ValueError(f"no news is of the year {time.year}")
    authors = row.get("authors")
    return Given(
        replace(
            judged,
            id=_valid(str(own)),
            canonical_url=_canonical(judged.url),
            authors=tuple(
                _words(one) for one in (authors if isinstance(authors, list) else [authors]) if one
            ),
            first_seen_at=came or UNSEEN,
        ),
        _valid(own) if isinstance(own, str) else own,
    )


def _canonical(url: str) -> str:
    try:
        return canonical_url(url) if url else ""
    except ValueError:
        return url


# -- rows ------------------------------------------------------------------------------------------


def _rows(lines: Iterable[bytes], name: str) -> Iterator[tuple[str, Any]]:
    """Place and value of each row; a ValueError in place of one that is not JSON."""
    if name.endswith(".json"):
        text = b"".join(lines).decode("utf-8-sig", "replace").strip()
        try:
            whole = _json(text)
        except _NotJson as fault:
            yield f"{name}:{fault.line}:{fault.column}", fault
            return
        for number, row in enumerate(whole if isinstance(whole, list) else [whole], start=1):
            yield f"{name}:{number}", row
        return
    for number, line in enumerate(lines, start=1):
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
        if not text:
            continue
        try:
            yield f"{name}:{number}", _json(text)
        except _NotJson as fault:
            yield f"{name}:{number}:{fault.column}", fault


class _NotJson(ValueError):
    def __init__(self, why: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"not JSON: {why}")
        self.line, self.column = line, column


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        raise _NotJson(fault.msg, fault.lineno, fault.colno) from fault
    except (ValueError, RecursionError) as fault:  # a number of thousands of digits, brackets a thousand deep
        raise _NotJson(str(fault)) from fault


def _mapping(row: Any) -> Mapping[str, Any]:
    """The row, if it is an object.

    Raises:
        ValueError: it is none, or stands for a line that is not JSON.
    """
    if isinstance(row, ValueError):
        raise row
    if not isinstance(row, Mapping):
        shown = repr(row)
        raise ValueError(
            f"expected an object with `title` and `text`, found {shown[:60]}{'…' if len(shown) > 60 else ''}"
        )
    return row


def _article(row: Mapping[str, Any]) -> Article:
    """The article that an object describes.

    Raises:
        ValueError: its time cannot be read.
    """
    if html := row.get("html"):
        page = _page(str(html).encode("utf-8", "replace"), _words(row.get("url")), "text/html; charset=utf-8")
        row = {"title": page.title, "text": page.text, **{key: value for key, value in row.items() if value}}
    return subject(
        title=_words(row.get("title")),
        summary=_words(row.get("summary")),
        text=_words(row.get("text") or row.get("body")),
        url=_words(row.get("url")),
        published=_time(row, "published"),
        language=_words(row.get("language")) or None,
        source=_words(row.get("source")),
    )


def _words(value: Any) -> str:
    return "" if value is None else _valid(str(value))


def _valid(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can hold and no output can."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _time(row: Mapping[str, Any], key: str) -> datetime | None:
    if not (given := row.get(key)):
        return None
    try:
        moment = datetime.fromisoformat(str(given))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise ValueError(f"`{key}` is no ISO 8601 time: {given!r}") from fault


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
