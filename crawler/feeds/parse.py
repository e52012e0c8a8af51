"""The bytes of a feed → one record, whatever its format. The only importer of feedparser. Pure of I/O."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from crawler.errors import NotAFeedError
from crawler.feeds.dates import parse_date
from crawler.feeds.encoding import LARGEST, decode, unpack
from crawler.feeds.fast import Rows, read_plain
from crawler.feeds.jsonfeed import read_json_feed
from crawler.feeds.links import absolute
from crawler.feeds.repair import first_entries, repair, root_name, without_hidden
from crawler.feeds.text import paragraphs, plain_text, plain_title
from crawler.feeds.verdict import is_html, why_not
from crawler.records import Entry, Feed

MOST_ENTRIES = 2_000  # kept of one document, from its top
MOST_ELEMENTS = 75_000  # in a document that feedparser must read, at 40 µs each
_LONGEST_TTL = timedelta(days=7)
_LONGEST_ID = 2_048
_ROOTS = {"rss", "feed", "rdf", "channel"}
_HOST = "relative.invalid"  # stands for the feed's own host, so that what was resolved can be told from what was not


def parse(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    zone: str | None = None,
    language: str | None = None,
    fast: bool = True,
) -> Feed:
    """The feed in `body`, entries in document order.

    Reads RSS 0.9 to 2.0, RDF, Atom and JSON Feed. What had to be mended is told in `problems`. Titles are
    one line of plain text; summaries and contents plain text with paragraphs; links absolute; dates in UTC
    and as given, also when they lie in the future. An entry without a publication date takes its date of
    update. A summary that only repeats the content is left out.

    Args:
        url: address the body came from, after redirects; relative links start there.
        content_type: the raw header, or None.
        zone: IANA zone for times that carry none.
        language: of the source, BCP 47, where the document does not say.
        fast: read a plain document without feedparser; the record is the same either way.
    Raises:
        NotAFeedError: the body is something else; the message says what.
        TooLarge: it unpacks to more than 10 MiB.
        zoneinfo.ZoneInfoNotFoundError: `zone` is no IANA zone.
    """
    if zone:
        ZoneInfo(zone)
    data, unpacked = unpack(body)
    decoded = decode(data[:LARGEST], content_type, language)
    text = decoded.text.lstrip("\ufeff")
    found = (*unpacked, *decoded.problems)
    if text.lstrip()[:1] in ("{", "["):
        date = partial(_date, zone=zone)
        feed = read_json_feed(text.strip(), url=url, date=date, most=MOST_ENTRIES)
        return _with_problems(feed, found)
    if is_html(text):
        raise NotAFeedError(why_not(text, url))
    if fast and (plain := _read_fast(text, url, zone, language)):
        return _with_problems(plain, found)
    mended, repairs = repair(text)
    if root_name(mended) not in _ROOTS:
        raise NotAFeedError(why_not(text, url))
    cut = first_entries(mended, MOST_ENTRIES)
    if cut is not mended:
        repairs = (*repairs, f"more than {MOST_ENTRIES} entries; the first ones are kept")
    mendable = _read_fast(cut, url, zone, language) if fast and cut != text else None
    return _with_problems(mendable or _read_xml(cut, url, zone, language), (*found, *repairs))


def _with_problems(feed: Feed, problems: tuple[str, ...]) -> Feed:
    return replace(feed, problems=(*problems, *feed.problems)) if problems else feed


def _read_xml(text: str, url: str, zone: str | None, language: str | None) -> Feed:
    import feedparser

    shown = without_hidden(text)
    if shown.count("<") - shown.count("</") > MOST_ELEMENTS:
        raise NotAFeedError("the document is built to exhaust its reader")
    # Bytes, never a str: feedparser would fetch a str that looks like an address. Its own cleaning of markup
    # and links inside it is left out, since only plain text is kept.
    try:
        read = feedparser.parse(
            text.encode("utf-8", "replace"),
            response_headers={
                "content-type": "application/xml; charset=utf-8",
                "content-location": _stand_in(url),
            },
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # it trips over elements in odd places: KeyError, IndexError, ValueError …
        raise NotAFeedError(f"the document is a feed too disordered to be read ({error!r})") from error
    if not read.version and not read.entries:
        raise NotAFeedError(why_not(text, url))
    found = len(read.entries)
    rows = Rows(read.version or "unknown", read.feed, read.entries[:MOST_ENTRIES], skips_hours=True)
    feed = _feed(rows, text, url, zone, language)
    if found > MOST_ENTRIES:
        feed = _with_problems(feed, (f"{found} entries; the first {MOST_ENTRIES} are kept",))
    return feed


def _read_fast(text: str, url: str, zone: str | None, language: str | None) -> Feed | None:
    """The feed, read without feedparser, where it is plain enough for that."""
    rows = read_plain(text, _stand_in(url), MOST_ENTRIES)
    return _feed(rows, text, url, zone, language) if rows else None


def _feed(rows: Rows, text: str, url: str, zone: str | None, language: str | None) -> Feed:
    head = rows.head
    spoken = _language(head.get("language")) or language
    return Feed(
        title=plain_title(_value(head, "title")),
        format=rows.version,
        entries=tuple(_entry(row, url, zone, spoken) for row in rows.entries),
        language=_language(head.get("language")),
        site_url=_link(dict.get(head, "link"), url),
        ttl=_ttl(dict.get(head, "ttl")),
        skip_hours=_hours(text) if rows.skips_hours else frozenset(),
    )


def _entry(row: Any, url: str, zone: str | None, language: str | None) -> Entry:
    identity = _identity(dict.get(row, "id"), url)
    content, summary = _content(row), _value(row, "summary")
    spoken = _language(_detail(row, "title").get("language")) or language
    published = _date(dict.get(row, "published"), spoken, zone=zone)
    updated = _date(dict.get(row, "updated"), spoken, zone=zone)
    created = _date(dict.get(row, "created"), spoken, zone=zone)
    return Entry(
        id=identity,
        link=_entry_link(row, identity, url),
        title=plain_title(_value(row, "title")),
        summary="" if summary in content else _plain(summary, _detail(row, "summary")),
        content=max((plain_text(one) for one in content), key=len, default=""),
        authors=_authors(row),
        published_at=published or created or updated,
        updated_at=updated,
        language=_language(_detail(row, "title").get("language")),
    )


@lru_cache(maxsize=16)
def _folder(url: str) -> str:
    return urljoin(_stand_in(url), ".")


@lru_cache(maxsize=16)
def _stand_in(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(scheme="https" if parts.scheme == "https" else "http", netloc=_HOST).geturl()


def _link(link: object, url: str) -> str | None:
    """A link as feedparser resolved it against the stand-in, brought home to the feed's own host."""
    if not isinstance(link, str) or not link.strip():
        return None
    parts = urlsplit(url)
    for scheme in ("http", "https"):
        home = f"{scheme}://{_HOST}"
        if link.startswith(home):
            return absolute(f"{parts.scheme}://{parts.netloc}{link[len(home) :]}", url)
    return absolute(link, url)


def _identity(given: object, url: str) -> str | None:
    """The id as it stands in the document: feedparser resolves those that may be links."""
    if not isinstance(given, str) or not given.strip():
        return None
    identity = given.strip()
    folder = _folder(url)
    root = folder.partition("://")[0] + "://" + _HOST
    if identity.startswith(folder) and (folder != f"{root}/" or "/" not in identity[len(folder) :]):
        identity = identity[len(folder) :]
    elif identity.startswith(root):
        identity = identity[len(root) :]
    return " ".join(identity.split())[:_LONGEST_ID] or None


def _entry_link(row: Any, identity: str | None, url: str) -> str | None:
    """The article's own address: what the feed's proxy calls original, the alternate link, a permalink."""
    if original := _link(dict.get(row, "feedburner_origlink"), url):
        return original
    links = [one for one in _parts(row, "links") if isinstance(one.get("href"), str) and one["href"]]
    alternates = [one for one in links if one.get("rel") == "alternate"]
    pages = [one for one in alternates if "html" in str(one.get("type") or "html")]
    stated = dict.get(row, "link")
    for candidate in (*(one["href"] for one in pages[:1]), stated, *(one["href"] for one in alternates)):
        if candidate == dict.get(row, "id") and not (identity or "").startswith(("http://", "https://")):
            continue  # words that feedparser took for an address
        if found := _link(candidate, url):
            return found
    if identity and identity.startswith(("http://", "https://")) and dict.get(row, "guidislink"):
        return absolute(identity, url)
    return None


def _value(row: Any, name: str) -> str:
    value = dict.get(row, name)
    return value if isinstance(value, str) else ""


def _detail(row: Any, name: str) -> dict[str, Any]:
    detail = dict.get(row, f"{name}_detail")
    return detail if isinstance(detail, dict) else {}


def _parts(row: Any, name: str) -> list[dict[str, Any]]:
    """A list that feedparser made; an element of that name may have put text in its place."""
    parts = dict.get(row, name)
    return [one for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []


def _plain(text: str, detail: dict[str, Any]) -> str:
    return paragraphs(text) if detail.get("type") == "text/plain" and "<" not in text else plain_text(text)


def _content(row: Any) -> list[str]:
    values = [one.get("value") for one in _parts(row, "content")]
    return [value for value in values if isinstance(value, str) and value.strip()]


def _authors(row: Any) -> tuple[str, ...]:
    names = [plain_title(_value(one, "name")) for one in _parts(row, "authors")]
    if not any(names):
        names = [plain_title(_value(row, "author"))]
    return tuple(dict.fromkeys(name for name in names if name))


def _date(raw: Any, language: str | None, *, zone: str | None) -> datetime | None:
    return parse_date(raw, zone=zone, language=language) if isinstance(raw, str) else None


def _language(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    code = value.strip().replace("_", "-").lower()
    return code if code and len(code) <= 35 and code.replace("-", "").isalnum() else None


def _ttl(value: object) -> timedelta | None:
    """`<ttl>` in minutes, at most 7 days; None when it is no positive number."""
    try:
        minutes = int(str(value).strip())
    except ValueError:
        return None
    return min(timedelta(minutes=min(minutes, 10**6)), _LONGEST_TTL) if minutes > 0 else None


def _hours(text: str) -> frozenset[int]:
    """`<skipHours>`: UTC hours 0 to 23; 24 of them, or none, mean nothing."""
    if "kiphours" not in text.lower():
        return frozenset()
    shown = without_hidden(text)
    block = re.search(r"<skipHours\b[^>]*>(.{0,2000}?)</skipHours", shown, re.I | re.S)
    numbers = re.findall(r"<hour\b[^>]*>\s*(\d{1,2})\s*<", block[1], re.I) if block else []
    hours = frozenset(int(number) % 24 for number in numbers if int(number) <= 24)
    return hours if len(hours) < 24 else frozenset()


def parse_job(
    body: bytes, url: str, content_type: str | None, zone: str | None, language: str | None
) -> Feed:
    """`parse` with plain positional arguments, to be run in a child process."""
    return parse(body, url=url, content_type=content_type, zone=zone, language=language)
