"""The bytes of a feed → one record, whatever its format. The only importer of feedparser. Pure of I/O."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from crawler.errors import NotAFeedError
from crawler.feeds.dates import parse_date
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.fast import Rows, read_plain
from crawler.feeds.jsonfeed import read_json_feed
from crawler.feeds.links import absolute
from crawler.feeds.repair import first_entries, repair, root_name, without_hidden
from crawler.feeds.text import paragraphs, plain_text, plain_title
from crawler.feeds.verdict import is_html, not_a_feed
from crawler.records import Entry, Feed

MOST_ENTRIES = 2_000  # kept of one document, from its top
MOST_ELEMENTS = 75_000  # in a document that feedparser must read, at 40 µs each
_LONGEST_TTL = timedelta(days=7)
_LONGEST_ID = 2_048
_MAIL = re.compile(r"[^\s@()<>]{1,64}@[^\s@()<>]{1,255}")
_JSON_FEED = re.compile(r"jsonfeed\.org\\?/version")
_MARKUP_ROOT = re.compile(r"<(?:\?xml|rss|feed|rdf|html|!doctype)\b", re.I)
_ROOTS = {"rss", "feed", "rdf", "channel"}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNREAD = re.compile(
    r"</?(?:geo|georss|gml|psc):[^<>]*>"
)  # places and chapters, which feedparser stumbles over
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
    decoded = decode(data, content_type, language)
    text = decoded.text.lstrip("\ufeff")
    found = (*unpacked, *decoded.problems)
    if (json_text := _json_part(text)) is not None:
        before = () if len(json_text) == len(text) else ("something stood before the feed",)
        date = partial(_date, zone=zone)
        feed = read_json_feed(json_text.strip(), url=url, date=date, most=MOST_ENTRIES)
        return _with_problems(feed, (*found, *before))
    if is_html(text):
        raise not_a_feed(text, url)
    as_it_came = (
        data if decoded.encoding == "utf-8" and not (decoded.problems or data.startswith(BOM_UTF8)) else None
    )
    if fast and (plain := _read_fast(text, url, zone, language, as_it_came)):
        return _with_problems(plain, found)
    mended, repairs = repair(text)
    if root_name(mended) not in _ROOTS:
        raise not_a_feed(text, url)
    cut = first_entries(mended, MOST_ENTRIES)
    if cut is not mended:
        repairs = (*repairs, f"more than {MOST_ENTRIES} entries; the first ones are kept")
    mendable = _read_fast(cut, url, zone, language) if fast and cut != text else None
    return _with_problems(mendable or _read_xml(cut, url, zone, language), (*found, *repairs))


def _json_part(text: str) -> str | None:
    """The text from where a JSON document begins, whatever a server wrote before it; None when it holds none."""
    if text.lstrip()[:1] in ("{", "["):
        return text
    start = text.find("{")
    if start < 0 or not _JSON_FEED.search(text, start, start + 65_536) or _MARKUP_ROOT.search(text, 0, start):
        return None
    return text[start:]


def _with_problems(feed: Feed, problems: tuple[str, ...]) -> Feed:
    return replace(feed, problems=(*problems, *feed.problems)) if problems else feed


def _read_xml(text: str, url: str, zone: str | None, language: str | None) -> Feed:
    shown = without_hidden(text)
    if shown.count("<") - shown.count("</") > MOST_ELEMENTS:
        raise NotAFeedError("the document is built to exhaust its reader")
    try:
        read = _by_feedparser(text, url)
    except Exception as error:  # it trips over elements in odd places: KeyError, IndexError, ValueError …
        try:
            read = _by_feedparser(_UNREAD.sub("", text), url)
        except Exception:
            raise NotAFeedError(f"the document is a feed too disordered to be read ({error!r})") from error
    if not read.version and not read.entries:
        raise not_a_feed(text, url)
    found = len(read.entries)
    rows = Rows(read.version or "unknown", read.feed, read.entries[:MOST_ENTRIES], skips=True)
    feed = _feed(rows, text, url, zone, language)
    if found > MOST_ENTRIES:
        feed = _with_problems(feed, (f"{found} entries; the first {MOST_ENTRIES} are kept",))
    return feed


def _by_feedparser(text: str, url: str) -> Any:
    import feedparser

    # Bytes, never a str: feedparser would fetch a str that looks like an address. Its own cleaning of markup
    # and links inside it is left out, since only plain text is kept.
    return feedparser.parse(
        text.encode("utf-8", "replace"),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": _stand_in(url),
        },
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _read_fast(
    text: str, url: str, zone: str | None, language: str | None, data: bytes | None = None
) -> Feed | None:
    """The feed, read without feedparser, where it is plain enough for that."""
    rows = read_plain(text, _stand_in(url), MOST_ENTRIES, data)
    return _feed(rows, text, url, zone, language) if rows else None


def _feed(rows: Rows, text: str, url: str, zone: str | None, language: str | None) -> Feed:
    head = rows.head
    spoken = _language(head.get("language")) or language
    hours, days = _skipped(text) if rows.skips else (frozenset[int](), frozenset[int]())
    return Feed(
        title=plain_title(_value(head, "title")),
        format=rows.version,
        entries=tuple(_entry(row, url, zone, spoken) for row in rows.entries),
        language=_language(head.get("language")),
        site_url=_link(dict.get(head, "link"), url),
        ttl=_ttl(dict.get(head, "ttl")),
        skip_hours=hours,
        skip_days=days,
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
    if _HOST not in link:
        return absolute(link, url)
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
    is_permalink = dict.get(row, "guidislink") or stated == ""  # an empty link beside it says nothing
    if identity and identity.startswith(("http://", "https://")) and is_permalink:
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
    given = [_value(one, "name") for one in _parts(row, "authors")]
    if any(name.count("(") != name.count(")") or "<" in name for name in given):
        # Torn by feedparser, which knows no mail address whose last part has more than four letters.
        given = [_MAIL.sub("", _value(row, "author")).strip(" ()<>")]
    names = [plain_title(name) for name in given]
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


def _skipped(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """UTC hours and UTC days, Monday is 0, in which the feed wants no poll; all 24 or all seven mean nothing."""
    if "kiphours" not in (lower := text.lower()) and "kipdays" not in lower:
        return frozenset(), frozenset()
    shown = without_hidden(text)
    numbers = [int(one) for one in _inside(shown, "skipHours", "hour") if re.fullmatch(r"\d{1,2}", one, re.A)]
    hours = frozenset(number % 24 for number in numbers if number <= 24)
    names = [one.lower() for one in _inside(shown, "skipDays", "day") if len(one) >= 3]
    days = frozenset(place for place, day in enumerate(_DAYS) for name in names if day.startswith(name))
    return hours if len(hours) < 24 else frozenset(), days if len(days) < 7 else frozenset()


def _inside(text: str, outer: str, inner: str) -> list[str]:
    """What stands in the elements `inner` of the first element `outer`, which is looked through for 2,000 characters."""
    begin = re.search(rf"<{outer}\b[^<>]*(?<!/)>", text, re.I)
    if begin is None:
        return []
    end = re.compile(f"</{outer}", re.I).search(text, begin.end(), begin.end() + 2_000)
    block = text[begin.end() : end.start()] if end else ""
    return [one.strip() for one in re.findall(rf"<{inner}\b[^<>]*>([^<>]*)<", block, re.I)]


def parse_job(
    body: bytes, url: str, content_type: str | None, zone: str | None, language: str | None
) -> Feed:
    """`parse` with plain positional arguments, to be run in a child process."""
    return parse(body, url=url, content_type=content_type, zone=zone, language=language)
