"""Reading the newest articles of a source as they would be read, for a person who writes its `article` rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from crawler.errors import CrawlError, ExtractionRefused
from crawler.ports import ChildCrashed, Extractor, Fetcher
from crawler.records import Entry, Fetched, Looked, Page, Purpose, Request, Source
from crawler.spiders.crew import SpiderCrew
from crawler.wording import shown

_SAMPLE = 80  # characters of a value that are shown
_RULES = ("title", "text", "published", "author")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One article page and what became of it."""

    url: str
    page: Page | None = None  # None: it could not be had
    problem: str | None = None  # why
    looked: tuple[Looked, ...] = ()  # how the source's rules for articles did


async def samples(
    source: Source,
    entries: Sequence[Entry],
    *,
    fetcher: Fetcher,
    extractor: Extractor,
    crew: SpiderCrew,
    most: int,
) -> tuple[Sample, ...]:
    """The newest `most` articles with a page, one after the other, nothing of them stored."""
    return tuple([await _sample(source, url, fetcher, extractor, crew) for url in newest(entries)[:most]])


def newest(entries: Sequence[Entry]) -> list[str]:
    """Addresses, the newest first; those without a time in the order of the list, after the others."""
    never = datetime.min.replace(tzinfo=UTC)
    dated = sorted(entries, key=lambda entry: entry.published_at or entry.updated_at or never, reverse=True)
    return [entry.link for entry in dated if entry.link]


async def _sample(
    source: Source, url: str, fetcher: Fetcher, extractor: Extractor, crew: SpiderCrew
) -> Sample:
    try:
        own = _origin(url) == _origin(source.url)  # credentials stay with the host they were given for
        answer = await fetcher.get(
            Request(
                url=url,
                purpose=Purpose.PAGE,
                headers=source.headers if own else (),
                auth=source.auth if own else None,
            )
        )
        if source.javascript:
            answer = await crew.render(answer, source)
        page = await extractor.read(
            answer.body, url=answer.url, content_type=answer.content_type, source=source
        )
    except (CrawlError, ChildCrashed) as error:
        return Sample(url=url, problem=str(error))
    return Sample(url=url, page=page, looked=tuple(_looked(source, answer)))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _looked(source: Source, answer: Fetched) -> list[Looked]:
    """What each rule of `article` finds on the page as it came."""
    from crawler.extract import selectors
    from crawler.extract.charset import decode
    from crawler.extract.document import parse

    rows = []
    for name in _RULES if source.article is not None else ():
        selector = getattr(source.article, name)
        if selector is None:
            continue
        try:
            found = selectors.values(parse(decode(answer.body, answer.content_type)), selector)
            then = "there is no text" if name == "text" else "the extractor's own answer is taken"
            note = "" if found else f"finds nothing here, so {then}"
        except (ExtractionRefused, RecursionError) as error:
            found, note = (), f"the page cannot be read: {error}"
        written = f"css {selector.css!r}" if selector.css is not None else f"xpath {selector.xpath!r}"
        first = found[0] if found else ""
        rows.append(
            Looked(
                place=shown(answer.url),
                rule=name,
                selector=written,
                found=len(found),
                sample=first if len(first) <= _SAMPLE else f"{first[: _SAMPLE - 1]}…",
                note=note,
            )
        )
    return rows
