"""Reading of a feed only what was not read before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from crawler.errors import NotAFeedError
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.parse import parse
from crawler.feeds.slices import Slices, cut
from crawler.records import Feed


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


def read(
    body: bytes,
    url: str,
    content_type: str | None,
    zone: str | None,
    language: str | None,
    frame: bytes = b"",
    known: Collection[bytes] = (),
) -> Reading:
    """The feed in `body`, less the entries that stand there as they did when they were read.

    Picklable, for a child process. See `crawler.feeds.parse.parse` for the arguments and what is raised.

    Args:
        frame, known: of the reading before: only in an equal frame are entries known by their fingerprint.
    """
    data, _ = unpack(body)
    slices = cut(decode(data, content_type, language).text)
    if slices is not None and known and slices.frame == frame:
        fresh = tuple(place for place, one in enumerate(slices.prints) if one not in known)
        if len(fresh) < len(slices.prints) and (feed := _some(slices, fresh, url, zone, language)):
            return Reading(feed=feed, frame=frame, prints=slices.prints, fresh=fresh)
    feed = parse(body, url=url, content_type=content_type, zone=zone, language=language)
    if slices is None or len(feed.entries) != len(slices.entries):
        return Reading(feed=feed)
    every = tuple(range(len(slices.entries)))
    return Reading(feed=feed, frame=slices.frame, prints=slices.prints, fresh=every)


def _some(
    slices: Slices, places: Collection[int], url: str, zone: str | None, language: str | None
) -> Feed | None:
    """The feed with the entries at `places` alone; None when that is no feed, or another number of entries."""
    text = slices.only(places)
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
