"""Reading of a feed only what was not read before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from crawler.errors import NotAFeedError
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.parse import parse
from crawler.feeds.slices import Slices, cut
from crawler.records import Feed

MOST_TEXT = 256 << 10  # characters that are read as new; more is read whole, where a crash does no harm


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A feed, and how its document is made up.

    `prints` holds one fingerprint an entry of the document, in its order; () where it could not be cut into entries.
    `feed.entries` are those at the places `fresh`, in the same order: all of them, or those not known before.
    """

    feed: Feed
    frame: bytes = b""
    prints: tuple[bytes, ...] = ()
    fresh: tuple[int, ...] = ()


def read(body: bytes, url: str, content_type: str | None, zone: str | None, language: str | None) -> Reading:
    """All of the feed in `body`. Picklable, for a child process.

    See `crawler.feeds.parse.parse` for the arguments and what is raised.
    """
    feed = parse(body, url=url, content_type=content_type, zone=zone, language=language)
    slices = cut(decode(unpack(body)[0], content_type, language).text)
    if slices is None or len(feed.entries) != len(slices.entries):
        return Reading(feed=feed)
    every = tuple(range(len(slices.entries)))
    return Reading(feed=feed, frame=slices.frame, prints=slices.prints, fresh=every)


def read_new(
    body: bytes,
    url: str,
    content_type: str | None,
    zone: str | None,
    language: str | None,
    frame: bytes,
    known: Collection[bytes],
) -> Reading | None:
    """The feed in `body` less the entries that stand there as they did when they were read; None: read all of it.

    Args:
        frame, known: of the reading before: only in an equal frame are entries known by their fingerprint.
    Raises:
        NotAFeedError, TooLarge: as `read`.
    """
    slices = cut(decode(unpack(body)[0], content_type, language).text)
    if slices is None or slices.frame != frame:
        return None
    fresh = tuple(place for place, one in enumerate(slices.prints) if one not in known)
    if len(fresh) == len(slices.prints):
        return None
    feed = _some(slices, fresh, url, zone, language)
    if feed is None:
        return None
    return Reading(feed=feed, frame=frame, prints=slices.prints, fresh=fresh)


def _some(
    slices: Slices, places: Collection[int], url: str, zone: str | None, language: str | None
) -> Feed | None:
    """The feed with the entries at `places` alone; None when that is much, no feed, or another number of entries."""
    text = slices.only(places)
    if len(text) > MOST_TEXT:
        return None
    try:
        feed = parse(
            text.encode(),
            url=url,
            content_type="application/xml; charset=utf-8",
            zone=zone,
            language=language,
        )
    except (NotAFeedError, UnicodeEncodeError):
        return None
    return feed if len(feed.entries) == len(places) else None
