"""Whether many new entries at once are a renewal of their feed, and which of them are held for review. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

FLOOD = 50  # new entries at once beyond which a flood is possible
FAR_BEYOND = 200  # and beyond which mere number makes one
HELD_FOR = timedelta(days=7)  # then what nobody released counts as known
_BACK_FROM_AWAY = timedelta(days=7)  # a source away for so long has much to tell
_SLOW = timedelta(days=1)  # entries dated by day only, or shown late by a cache, are older than they come


def possible(new: int, *, now: datetime, last_success_at: datetime | None) -> bool:
    """Whether so many new entries may be a flood at all. A first list, and one after a week away, are none."""
    return new > FLOOD and last_success_at is not None and now - last_success_at < _BACK_FROM_AWAY


def held(
    new: Sequence[datetime | None],
    titles_known: Sequence[str | None],
    *,
    now: datetime,
    last_success_at: datetime | None,
    learned: timedelta | None,
) -> frozenset[int]:
    """Places of the new entries to be held for review; none when they are no flood.

    More than 50 new entries at once are a renewal (new ids, new addresses, new dates) when most of them are dated
    more than a day before the last good poll, or most have titles that this source listed before, each its own: a
    title that comes again and again is no sign. Those of them that are dated later under a title never listed are
    news all the same. Without such a proof they are a flood when they are more than 200 and more than ten times
    what the source's rhythm lets expect since then.

    Args:
        new: dates of the new entries, None for those without one.
        titles_known: for each, its title where the source listed an article of this title before.
        learned: half the usual time between two entries; None: not known.
    """
    if last_success_at is None or not possible(len(new), now=now, last_success_at=last_success_at):
        return frozenset()
    every = frozenset(range(len(new)))
    start = last_success_at - _SLOW
    old = sum(1 for moment in new if moment is not None and moment < start)
    again = {title for title in titles_known if title is not None}
    if 2 * old > len(new) or 2 * len(again) > len(new):
        news = {
            place
            for place, (moment, title) in enumerate(zip(new, titles_known, strict=True))
            if moment is not None and moment >= start and title is None
        }
        return every - news if len(news) <= FLOOD else every
    expected = (now - last_success_at) / (2 * learned) if learned else 0.0
    return every if len(new) > max(10 * expected, FAR_BEYOND) else frozenset()
