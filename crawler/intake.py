"""What the entries of a list become: articles to be told, known, or held for review. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from crawler.carried import carries_all
from crawler.identity import Kept
from crawler.records import Article, Entry, FullText, PollState, Sighting, Source, TextState
from crawler.wording import place_of

UNDATED_TOLD = 50  # entries without a date that a first poll tells, from the top


def was_listed(kept: Kept, known: Mapping[str, str]) -> bool:
    """Whether this very source listed the entry before; an address alone may be known from another source.

    Args:
        known: identity key → article id, as for `identity.judge`.
    """
    item = kept.item
    own = (*item.signals, item.version_key, item.whole_key)
    return any(known.get(key) == kept.article_id for key in own if not key.startswith("url:"))


def is_first(state: PollState) -> bool:
    """Whether nothing was ever read at the present address of this source."""
    return state.last_success_at is None or state.listed is None


def too_old(entries: Sequence[Entry], source: Source, state: PollState, now: datetime) -> frozenset[int]:
    """Places of the entries that a first list makes known but does not tell.

    Those dated before the source's `backfill`; where the source was read at another address before, and that is
    longer ago, those dated before it was. One without a date may be new, so it is told; but of a whole list
    without dates only the 50 at its top.

    Args:
        state: before this poll.
    """
    horizon = min(now - source.backfill, state.last_success_at or now)
    undated = [place for place, entry in enumerate(entries) if entry.published_at is None]
    old = [
        place
        for place, entry in enumerate(entries)
        if entry.published_at is not None and entry.published_at < horizon
    ]
    return frozenset({*undated[UNDATED_TOLD:], *old})


def articles(
    new: Sequence[Kept], source: Source, now: datetime, *, known: Collection[int], held: Collection[int]
) -> tuple[Article, ...]:
    """The new articles that entries are.

    Args:
        known: places of those that are never told.
        held: places of those that are held for review.
    """
    return tuple(
        _article(one, source, now, backfilled=place in known, held=place in held)
        for place, one in enumerate(new)
    )


def _article(kept: Kept, source: Source, now: datetime, *, backfilled: bool, held: bool) -> Article:
    """A date in the future would stand first in every list for years, so it counts as the time first seen."""
    entry = kept.item.entry
    own_place = _own_place(kept, source)
    url = entry.link or own_place
    carried = entry.content or entry.summary
    from_feed = (unread := unread_for(entry, source)) is not None
    return Article(
        id=kept.article_id,
        source_id=source.id,
        url=url,
        canonical_url=kept.item.canonical_url or own_place,
        title=entry.title,
        summary=entry.summary,
        text=carried if from_feed else entry.content,
        authors=entry.authors,
        published_at=min(entry.published_at, now) if entry.published_at else None,
        updated_at=min(entry.updated_at, now) if entry.updated_at else None,
        first_seen_at=now,
        language=entry.language or source.language,
        text_state=TextState.FEED if from_feed else TextState.PENDING,
        text_reason=unread,
        backfilled=backfilled,
        held_since=now if held else None,
    )


def _own_place(kept: Kept, source: Source) -> str:
    """The address of an entry without a page: that of its feed, without the key that a reader of digests must not have."""
    return f"{place_of(source.url)}#{kept.article_id}"


def unread_for(entry: Entry, source: Source) -> str | None:
    """Why the page of an entry is never read, in words; None: it may be."""
    if entry.link is None:
        return "not read: the entry links to none"
    if source.full_text is FullText.NEVER:
        return "not read: its source has `full_text: never`"
    if source.full_text is FullText.AUTO and carries_all(entry.content or entry.summary):
        return "not read: the feed carries the whole text"
    return None


def sighting(kept: Kept, source: Source, now: datetime) -> Sighting:
    """That the source lists the article, under this address and title."""
    entry = kept.item.entry
    return Sighting(
        article_id=kept.article_id,
        source_id=source.id,
        url=entry.link or _own_place(kept, source),
        title=entry.title,
        seen_at=now,
    )
