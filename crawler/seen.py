"""What is remembered of the last list of a source, so that only what is new in the next one is read. Pure.

Of each entry of the list a fingerprint, its date and its signals (see `crawler/identity.py`). An entry that stands in
the next list as it did needs no reading, no look into the memory and no writing. It holds for one day, so that
every key is listed again on each day; and only for lists in which no signal belongs to two entries.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from crawler.identity import Item, same_title
from crawler.records import Article, Entry

PRINT = 8  # bytes of a fingerprint
_VERSION = 1
_HEAD = struct.Struct(f"<BI{PRINT}s")
_ROW = struct.Struct(f"<{PRINT}sq12s12s12s")
_NO_DATE, _NO_SIGNAL = -(1 << 63), bytes(12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KINDS = ("url", "id", "ts")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """One entry of the last list."""

    print: bytes
    published_at: datetime | None
    signals: tuple[str | None, str | None, str | None]  # keys of address, id and title


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenList:
    """The last list of a source."""

    day: date  # UTC, on which all of it was read
    frame: bytes
    entries: tuple[SeenEntry, ...]


def pack(seen: SeenList) -> bytes:
    """The list as it is stored; b"" when nothing may be known by it: a signal belongs to two of its entries."""
    count = Counter(key for entry in seen.entries for key in entry.signals if key)
    if not seen.entries or max(count.values(), default=1) > 1:
        return b""
    rows = (
        _ROW.pack(one.print, _moment(one.published_at), *map(_signal, one.signals)) for one in seen.entries
    )
    return _HEAD.pack(_VERSION, seen.day.toordinal(), seen.frame) + b"".join(rows)


def unpack(stored: bytes, day: date) -> SeenList | None:
    """The list, when it was read whole on `day`; None when it was not, or another program wrote it."""
    if len(stored) < _HEAD.size or (len(stored) - _HEAD.size) % _ROW.size:
        return None
    version, ordinal, frame = _HEAD.unpack_from(stored)
    if version != _VERSION or ordinal != day.toordinal():
        return None
    return SeenList(day=day, frame=frame, entries=tuple(map(_entry, _ROW.iter_unpack(stored[_HEAD.size :]))))


def _entry(row: tuple[bytes, int, bytes, bytes, bytes]) -> SeenEntry:
    own, moment, *signals = row
    url, name, title = (
        f"{kind}:{signal.hex()}" if signal != _NO_SIGNAL else None
        for kind, signal in zip(_KINDS, signals, strict=True)
    )
    date_ = None if moment == _NO_DATE else _EPOCH + moment * _MICROSECOND
    return SeenEntry(print=own, published_at=date_, signals=(url, name, title))


def _moment(at: datetime | None) -> int:
    return _NO_DATE if at is None else (at - _EPOCH) // _MICROSECOND


def _signal(key: str | None) -> bytes:
    return _NO_SIGNAL if key is None else bytes.fromhex(key.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeList:
    """A list of which a part was read: what it holds in all."""

    dates: tuple[datetime | None, ...]  # of all entries
    known: tuple[datetime | None, ...]  # dates of the entries that were not read again
    stored: bytes  # to be remembered of it; b"" for nothing


def unread(prints: Collection[bytes], before: SeenList) -> frozenset[str]:
    """Signals of the entries of a list that stand in it as they did `before`; `prints`: of the whole list."""
    here = frozenset(prints)
    return frozenset(key for one in before.entries if one.print in here for key in one.signals if key)


def is_in_doubt(entries: int, items: Sequence[Item], prints: Collection[bytes], before: SeenList) -> bool:
    """Whether a list must be read whole: an entry read now shares a signal with one that was not, or with another.

    Args:
        entries, items: how many were read, and the items that they are.
        prints: of the whole list.
    """
    beside = unread(prints, before)
    return len(items) != entries or any(key in beside for item in items for key in item.given)


def may_be_elsewhere(
    items: Sequence[Item],
    known: Mapping[str, str],
    articles: Mapping[str, Article],
    beside: Collection[str],
) -> bool:
    """Whether a list must be read whole: the article that a signal of an entry leads to may be another entry of it.

    A signal can be a place, such as the address of the lead story: it goes to the next story while its article stands
    elsewhere in the list as it did. So an entry is only taken for its article when that is still kept, has the same
    title, and none of the entries that were not read leads to it.

    Args:
        items: that were read.
        known, articles: as for `identity.judge`.
        beside: ids of the articles that the signals of the entries lead to that were not read.
    """
    for item in items:
        for owner in {known[key] for key in item.signals if key in known}:
            article = articles.get(owner)
            if article is None or owner in beside or not same_title(item.entry.title, article.title):
                return True
    return False


def whole(
    items: Sequence[Item],
    entries: Sequence[Entry],
    *,
    frame: bytes,
    prints: Sequence[bytes],
    fresh: Sequence[int],
    before: SeenList | None,
    day: date,
) -> WholeList:
    """The whole of a list of which `entries`, at the places `fresh`, were read now, and the others `before`."""
    if not prints or len(items) != len(entries):
        return WholeList(dates=tuple(entry.published_at for entry in entries), known=(), stored=b"")
    rows = {one.print: one for one in before.entries} if before is not None else {}
    now = {
        place: SeenEntry(print=prints[place], published_at=entry.published_at, signals=item.given)
        for place, item, entry in zip(fresh, items, entries, strict=True)
    }
    all_of_it = tuple(now[place] if place in now else rows[own] for place, own in enumerate(prints))
    read_on = day if before is None else before.day
    return WholeList(
        dates=tuple(one.published_at for one in all_of_it),
        known=tuple(rows[own].published_at for place, own in enumerate(prints) if place not in now),
        stored=pack(SeenList(day=read_on, frame=frame, entries=all_of_it)),
    )
