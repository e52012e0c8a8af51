"""Which time of a source may hold entries that were never seen here, and who could still tell of them. Pure.

A feed lists its newest entries only. When it did not answer for long, or when more came between two polls than it
lists, the oldest of them are gone from it before they were seen. The sign is a full list that shares no entry with
what is known and does not reach back to the last poll.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler.records import GapCause, PollState, Source, SourceGap, SourceKind

WORTH_TELLING = timedelta(days=1)  # of silence, though its list reaches back over all of it
_FULL = 0.75  # of the length of the list before
_SHORTEST = 3  # entries of a list that can be full
_RENEWED, _RENEWED_AFTER = 10, 3  # shorter lists that were renewed whole so often in a row always are
_PINS, _PINS_OF = 3, 0.25  # entries that may be pinned, at most, in a short list and of a longer one
_PINNED, _PINNED_GAPS = timedelta(days=1), 20  # before the last poll, or usual gaps between entries before it
_LOOKS = 4  # polls wanted in the time that one list spans


def noticed(
    state: PollState,
    dates: Sequence[datetime | None],
    *,
    known: Sequence[datetime | None],
    now: datetime,
) -> SourceGap | None:
    """The time that the list just read leaves open since the last one; None when it leaves none.

    A source that failed for a day or more and lists everything since leaves a gap that is filled already: people
    are told when it was away. A source with a new address was away as long. A first list leaves none. An entry that
    was known and is far older than the last poll may be pinned to the top of the list, so it proves nothing; more of
    them than anybody pins do, as after a quiet weekend.

    Args:
        state: before this poll.
        dates: of all entries of the list, None for those without one.
        known: of those among them that this source listed before.
    """
    last = state.last_success_at
    if last is None or not dates:
        return None
    away = state.failures > 0 or state.listed is None
    usual = 2 * state.interval if state.interval is not None else timedelta()
    pinned = last - max(_PINNED, _PINNED_GAPS * usual)
    fresh = Counter(dates) - Counter(known)
    oldest = min((moment for moment in fresh if moment is not None), default=None)
    joins = len(known) > max(_PINS, _PINS_OF * len(dates)) or any(
        moment is None or moment >= pinned for moment in known
    )
    if joins or not fresh or (oldest is not None and oldest <= last):
        if not away or now - last < WORTH_TELLING:
            return None
        return SourceGap(
            source_id=state.source_id,
            start=last,
            end=now,
            cause=GapCause.AWAY,
            noticed_at=now,
            filled_at=now,
        )
    if not away and len(dates) < max(_FULL * (state.listed or 0), _SHORTEST):
        return None  # it lists less than before: a short list of a time, such as a day, and all of it is here
    if not away and len(dates) < _RENEWED and state.scrolled >= _RENEWED_AFTER:
        return None  # a forecast, a chart: a few entries that are all renewed each time
    return SourceGap(
        source_id=state.source_id,
        start=last,
        end=min(oldest or now, now),
        cause=GapCause.AWAY if away else GapCause.SCROLLED,
        noticed_at=now,
    )


def scrolled(state: PollState, gap: SourceGap | None, known: int) -> int:
    """How many lists in a row shared no entry with the one before.

    Args:
        state: before this poll.
        gap: that it noticed.
        known: entries of its list that this source listed before.
    """
    if known:
        return 0
    return state.scrolled + (gap is not None and gap.cause is GapCause.SCROLLED)


def rhythm_for(dates: Sequence[datetime | None], *, now: datetime, last: datetime) -> timedelta:
    """How often a source must be asked so that nothing leaves its list unseen: four times in the time it spans.

    Args:
        last: the poll before, for a list without dates.
    """
    past = [moment for moment in dates if moment is not None and moment <= now]
    span = max(past) - min(past) if len(past) > 1 else now - last
    return max(span, timedelta()) / _LOOKS  # the clock may have been set back since


def sitemaps_beside(source: Source, site_url: str | None, sources: Iterable[Source]) -> tuple[str, ...]:
    """Ids of the configured news sitemaps of the same site, which may still list what a feed lists no more."""
    hosts = {_host(source.url), _host(site_url or source.url)}
    return tuple(
        one.id
        for one in sources
        if one.kind is SourceKind.SITEMAP
        and one.id != source.id
        and not one.paused
        and _host(one.url) in hosts
    )


def filled_by(
    source: Source,
    dates: Sequence[datetime | None],
    gaps: Iterable[SourceGap],
    sources: Iterable[Source],
) -> tuple[SourceGap, ...]:
    """Open gaps of the feeds of this sitemap's site that its list reaches back over.

    Args:
        dates: of the entries of the sitemap.
        sources: all that are configured.
    """
    if source.kind is not SourceKind.SITEMAP:
        return ()
    oldest = min((moment for moment in dates if moment is not None), default=None)
    if oldest is None:
        return ()
    beside = {one.id for one in sources if _host(one.url) == _host(source.url)}
    return tuple(
        gap for gap in gaps if gap.filled_at is None and gap.source_id in beside and oldest <= gap.start
    )


def _host(url: str) -> str:
    """The site that an address belongs to, as far as its name tells: `www.`, `feeds.` and `rss.` are the same site."""
    name = (urlsplit(url).hostname or "").removesuffix(".")
    for front in ("www.", "feeds.", "feed.", "rss.", "news."):
        if name.startswith(front) and name.count(".") > 1:
            return name.removeprefix(front)
    return name
