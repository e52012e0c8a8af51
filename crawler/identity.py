"""Which article an entry is: one known already, or a new one. Pure.

No single signal can be trusted. Ids are missing, shared by a whole feed, reused for the next item or made up
anew at each fetch; addresses move, carry session marks or lead to one page for all; titles are corrected.
So every entry gives several keys (see `signals`), and the rules below say which of them speak.

The rules
    1. A signal that two items of one document share says nothing about either of them, and two items of one
       document are never merged. An item listed twice in all its parts is one item.
    2. The address is the strongest signal, over all sources. It stops at an article of the same source that
       has another title *and* another time while the item brings an id or an anchor of its own, or no id and a
       title that has nothing in common with the other: then one address is used for many articles. A site's
       front page is no address.
    3. The id is next, within its source; `http` or `https`, `www.` and tracking marks in it do not matter. It
       stops at an article whose address, title and time are all others: then the id was reused.
    4. Id and address stop at an article whose title another item of the document bears: then they are places in
       the list, and go to whatever stands there. Where they agree it takes another time too, or without times titles with
       nothing in common.
    5. Title and time to the second speak beside an unknown id or address, for those were made up anew. Where there
       is no time, or a day only, it takes a summary of some length that is the same, or an address that is the
       same but for its host or parameters that look made up.
    6. An item with neither id nor address is known by its title alone when it or the article has no time, when the
       times of most of the document were made at the fetch, or when the summary is the same. Without an id it is
       known by its time to the second too, when the title or summary is much the same.
    7. What no rule takes for known is new: an item told twice is a nuisance, one never told is a loss.
    8. A known item whose title, summary (its numbers aside) or time of update changed, or whose content grew
       or shrank by about 15 %, is an edit of its article, in the source that told it first.
    9. Ids and times that roll, new at each fetch while the articles stay, are not remembered for known articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from crawler.canonical import canonical_url
from crawler.records import Article, Edit, Entry, TextState
from crawler.signals import (
    Item,
    calm,
    folded_title,
    is_day_only,
    keys,
    likeness,
    lookups,
    plain_id,
    read,
    same_place,
    same_title,
)

__all__ = [
    "Item", "Kept", "article_id", "canonical_url", "edit_of", "folded_title", "judge", "keys", "lookups", "read",
    "same_title",
]  # fmt: skip

TELLING_SUMMARY = 40  # letters from which an equal summary proves that an item is the same
_NOTHING_IN_COMMON = 0.2  # likeness of titles up to which an edit is out of the question
_MUCH_THE_SAME = 0.6  # and from which it is likely
TO_AND_FRO = 20  # versions of an article up to which every change of its item is believed
_AT_ONCE = timedelta(minutes=2)  # between the times of items that are dated at the fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What `judge` says of an item."""

    item: Item
    article_id: str
    new: bool
    changed: bool  # a version of it that this source has not listed before
    keys: tuple[str, ...]  # to be remembered for, or listed again under, the article


def article_id(identity_keys: Sequence[str]) -> str:
    """16 hex digits made from the strongest key that is the article's own: the same at every poll and source."""
    return sha256(identity_keys[0].encode()).hexdigest()[:16]


def judge(
    items: Sequence[Item],
    source_id: str,
    known: Mapping[str, str],
    articles: Mapping[str, Article],
    *,
    unchanged: int = 0,
) -> tuple[Kept, ...]:
    """Which items are new, and which article each of the others is, by the rules above.

    Args:
        known: identity key → article id, of the keys that `lookups` names.
        articles: by id, those of the ids in `known` that are still kept; what is missing was purged, stays
            known, and its keys speak without comparison.
        unchanged: how many more items the document holds that stand there as they did and are not among `items`.
    Returns:
        One `Kept` an item, in the items' order; no article id comes twice.
    """
    memory = _Memory(
        source_id,
        known,
        articles,
        Counter(folded_title(item.entry.title) for item in items),
        _dated_at_fetch(items, unchanged),
    )
    owners = _owners(items, memory)
    rolling = _roll(items, owners, known, lambda item: item.id_key, unchanged)
    if rolling:
        owners = _owners(items, replace(memory, rolling=True))
    redated = _roll(items, owners, known, lambda item: item.title_key, unchanged)
    taken = set(owners.values())
    return tuple(
        _kept(item, owners.get(place), known, taken, rolling=rolling, redated=redated)
        for place, item in enumerate(items)
    )


def is_edit(kept: Kept, article: Article) -> bool:
    """Whether a known item may bring an edit to its article: it is a version not listed before, or was taken back.

    One that goes to and fro between two versions, as old copies in a cache make it, and one in which only numbers
    change, as those of a market do, is believed only so often.
    """
    entry, may_change = kept.item.entry, article.version < TO_AND_FRO
    if not kept.changed:
        return may_change and not same_title(entry.title or article.title, article.title)
    counts = calm(entry.title) == calm(article.title) and calm(entry.summary) == calm(article.summary)
    is_redated = entry.updated_at is not None and entry.updated_at != article.updated_at
    return may_change or is_redated or not counts or bool(entry.content and entry.content != article.text)


def edit_of(item: Item, article: Article, source_id: str) -> Edit | None:
    """The edit that `item` brings to its known `article`; None when nothing changed, or another source told it first.

    The page is to be read again unless the feed itself gives the text.
    """
    entry = item.entry
    if article.source_id != source_id:
        return None
    title, summary = entry.title or article.title, entry.summary or article.summary
    updated = entry.updated_at or article.updated_at
    from_feed = article.text_state is TextState.FEED
    content = from_feed and entry.content and entry.content != article.text
    if (title, summary, updated) == (article.title, article.summary, article.updated_at) and not content:
        return None
    return Edit(
        article_id=article.id,
        title=title,
        summary=summary,
        content=entry.content,
        updated_at=updated,
        reread=not from_feed,
    )


# -- rules -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a document is judged by."""

    source_id: str
    known: Mapping[str, str]
    articles: Mapping[str, Article]
    titles: Counter[str]  # of the document, folded
    fetched: frozenset[int]  # places of items whose time is that of the fetch
    rolling: bool = False  # its ids are made up anew at each fetch


def _owners(items: Sequence[Item], memory: _Memory) -> dict[int, str]:
    """Place of an item → the article it is, the best reasons first."""
    claims = [
        (strength, place, owner)
        for place, item in enumerate(items)
        for strength, owner in _claims(item, place, memory)
    ]
    owners: dict[int, str] = {}
    taken: set[str] = set()
    for _, place, owner in sorted(claims):
        if place not in owners and owner not in taken:
            owners[place] = owner
            taken.add(owner)
    return owners


def _claims(item: Item, place: int, memory: _Memory) -> Iterable[tuple[int, str]]:
    """Articles that this item may be, with the rank of the reason; a smaller rank is a better reason."""
    known, articles = memory.known, memory.articles
    by_url, by_id, by_title = (known.get(key or "") for key in (item.url_key, item.id_key, item.title_key))
    if whole := known.get(item.whole_key):
        yield 0, whole
    url_is_place, id_is_place = (
        _is_place(item, articles.get(owner or ""), memory.titles) for owner in (by_url, by_id)
    )
    if by_url and by_url == by_id and not (url_is_place and _is_another(item.entry, articles[by_url])):
        yield 1, by_url
        return
    if (
        by_url
        and not url_is_place
        and (by_url == by_title or not _page_of_many(item, memory, articles.get(by_url)))
    ):
        yield 2, by_url
    if by_id and not id_is_place and not _id_reused(item, articles.get(by_id)):
        yield 3, by_id
    places = url_is_place or id_is_place
    if by_title and (places or _same_by_title(item, articles.get(by_title))):
        yield 4, by_title
    by_name = known.get(item.name_key or "")
    if by_name and (place in memory.fetched or _same_by_name(item, articles.get(by_name))):
        yield 5, by_name
    if (by_time := known.get(item.time_key or "")) and _same_by_time(item, articles.get(by_time)):
        yield 6, by_time


def _is_place(item: Item, article: Article | None, titles: Counter[str]) -> bool:
    """Rule 4: whether the article that this item's id or address led to now stands elsewhere in the document."""
    if article is None:
        return False
    title = folded_title(article.title)
    return bool(title) and title != folded_title(item.entry.title) and titles[title] > 0


def _page_of_many(item: Item, memory: _Memory, article: Article | None) -> bool:
    """Rule 2: whether one address is used for many articles."""
    if article is None or article.source_id != memory.source_id:
        return False
    entry = item.entry
    if not entry.title or not article.title or same_title(entry.title, article.title):
        return False
    if _same_time(entry, article):
        return False
    if _other_anchor(entry, article):
        return True
    if item.id_key and not memory.rolling:
        return (
            plain_id(entry.id).partition("#")[0] != item.canonical_url
        )  # else the id only repeats the address
    return (
        entry.published_at is not None
        and article.published_at is not None
        and likeness(entry.title, article.title) <= _NOTHING_IN_COMMON
    )


def _other_anchor(entry: Entry, article: Article) -> bool:
    here, there = (urlsplit(address or "").fragment for address in (entry.link, article.url))
    return bool(here) and bool(there) and here != there


def _id_reused(item: Item, article: Article | None) -> bool:
    """Rule 3: whether an id was given to another article."""
    if article is None or same_title(item.entry.title, article.title) or _same_time(item.entry, article):
        return False
    elsewhere = bool(item.canonical_url) and item.canonical_url != article.canonical_url
    if item.entry.published_at and article.published_at:
        return elsewhere or not item.canonical_url
    return elsewhere


def _is_another(entry: Entry, article: Article) -> bool:
    """Whether they differ in time or, where one has none, have titles with nothing in common."""
    if entry.published_at and article.published_at:
        return not _same_time(entry, article)
    return likeness(entry.title, article.title) <= _NOTHING_IN_COMMON


def _same_by_title(item: Item, article: Article | None) -> bool:
    """Rule 5, for an item and an article of the same title and the same time, or both without one."""
    if not item.id_key and not item.url_key:
        return True
    if item.entry.published_at and not is_day_only(item.entry.published_at):
        return True
    if article is None:
        return False
    in_future = item.entry.published_at is not None and item.entry.published_at > article.first_seen_at
    return (
        in_future
        or _same_summary(item.entry, article)
        or (bool(item.canonical_url) and same_place(item.canonical_url or "", article.canonical_url))
    )


def _same_by_name(item: Item, article: Article | None) -> bool:
    """Rule 6, for a title without id and address."""
    if article is None:
        return item.entry.published_at is None
    if item.entry.published_at is None or article.published_at is None:
        return True
    return _same_time(item.entry, article) or _same_summary(item.entry, article)


def _same_by_time(item: Item, article: Article | None) -> bool:
    """Rule 6, for a time without an id."""
    if article is None:
        return False
    entry = item.entry
    if _same_summary(entry, article):
        return True
    if not item.url_key and calm(folded_title(entry.title)) == calm(folded_title(article.title)):
        return bool(entry.title) or calm(entry.summary) == calm(article.summary)
    serial = calm(entry.title) == calm(article.title)  # Bulletin 12, Bulletin 13
    return not serial and likeness(entry.title, article.title) >= _MUCH_THE_SAME


def _same_summary(entry: Entry, article: Article) -> bool:
    return len(entry.summary) >= TELLING_SUMMARY and entry.summary == article.summary


def _same_time(entry: Entry, article: Article) -> bool:
    """Whether both name the same moment; one that lay in the future was stored as the time first seen."""
    if entry.published_at is None or article.published_at is None:
        return False
    return entry.published_at == article.published_at or (
        entry.published_at > article.first_seen_at and article.published_at == article.first_seen_at
    )


def _dated_at_fetch(items: Sequence[Item], unchanged: int) -> frozenset[int]:
    """Places of the items dated within two minutes of most others, and not by a day only: as a fetch dates them."""
    moments = {place: at for place, item in enumerate(items) if (at := item.entry.published_at)}
    middle = sorted(moments.values())[len(moments) // 2 : len(moments) // 2 + 1]
    close = frozenset(
        place
        for place, at in moments.items()
        if abs(at - middle[0]) <= _AT_ONCE and not (is_day_only(at) and is_day_only(middle[0]))
    )
    return close if len(close) >= 2 and 2 * len(close) > len(moments) + unchanged else frozenset()


def _roll(
    items: Sequence[Item],
    owners: Mapping[int, str],
    known: Mapping[str, str],
    key_of: Callable[[Item], str | None],
    unchanged: int,
) -> bool:
    """Rule 9: at least two known items, and more than half of those with such a key, come with one never seen."""
    given = [key for place in owners if (key := key_of(items[place]))]
    fresh = sum(1 for key in given if key not in known)
    return fresh >= 2 and 2 * fresh > len(given) + unchanged


def _kept(
    item: Item,
    owner: str | None,
    known: Mapping[str, str],
    taken: set[str],
    *,
    rolling: bool,
    redated: bool,
) -> Kept:
    signals = item.signals
    if owner is not None:
        rolled = {item.id_key if rolling else None} | ({item.title_key, item.time_key} if redated else set())
        own = tuple(
            key
            for key in (*signals, item.version_key)
            if known.get(key, owner) == owner and not (key in rolled and key not in known)
        )
        if known.get(item.whole_key) == owner:
            own += (item.whole_key,)
        return Kept(
            item=item,
            article_id=owner,
            new=False,
            changed=known.get(item.version_key) != owner,
            keys=own,
        )
    fresh = tuple(key for key in signals if key not in known)
    if len(fresh) < len(signals) or not fresh:  # some of its signals belong to others
        fresh += (item.whole_key,)
    made = article_id(fresh)
    if made in taken or made in known.values():
        made = article_id((item.whole_key,))
    taken.add(made)
    return Kept(item=item, article_id=made, new=True, changed=True, keys=(*fresh, item.version_key))
