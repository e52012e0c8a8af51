"""Which article an entry is: one known already, or a new one. Pure.

No single signal can be trusted. Ids are missing, shared by a whole feed, reused for the next item or made up
anew at each fetch; addresses move, carry session marks or lead to one page for all; titles are corrected.
So every entry gives several keys, and the rules below say which of them speak.

The rules
    1. A signal that two items of one document share says nothing about either of them, and two items of one
       document are never merged. An item listed twice in all its parts is one item.
    2. The address is the strongest signal, over all sources. It stops at an article of the same source that
       has another title *and* another time while the item brings an id of its own: then one address is used
       for many articles. A site's front page is no address.
    3. The id is next, within its source; `http` or `https`, `www.` and tracking marks in it do not matter. It
       stops at an article whose address, title and time are all others: then the id was reused.
    4. Title, source and day speak for an item that has neither id nor address to speak for it; beside an
       unknown id or address they speak only when the time is the same to the second, or, without times, when
       a summary of some length is the same: then ids and addresses were made up anew.
    5. What no rule takes for known is new: an item told twice is a nuisance, one never told is a loss.
    6. A known item whose title, summary (its numbers aside) or time of update changed, or whose content grew
       or shrank by about 15 %, is an edit of its article, in the source that told it first.
    7. Ids that roll, new at each fetch while the addresses stay, are not remembered for known articles.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log
from urllib.parse import urlsplit

from crawler.canonical import canonical_url, is_homepage
from crawler.records import Article, Edit, Entry, TextState

__all__ = ["Item", "Kept", "article_id", "canonical_url", "edit_of", "judge", "keys", "lookups", "same_title"]

_NUMBER = re.compile(r"\d+")
TELLING_SUMMARY = 40  # letters from which an equal summary proves that an item is the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of one document with its signals; None where it has none, or shares it with another item."""

    entry: Entry
    canonical_url: str | None
    id_key: str | None  # "id:…", within the source
    url_key: str | None  # "url:…", over all sources
    title_key: str | None  # "ts:…": title, source, day
    given: tuple[str | None, str | None, str | None]  # the three keys above, shared or not
    whole_key: str  # "all:…": all parts together
    version_key: str  # "v:…": the item with the title, summary and time of update it shows now

    @property
    def signals(self) -> tuple[str, ...]:
        """The keys that identify it, strongest first."""
        return tuple(key for key in (self.url_key, self.id_key, self.title_key) if key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What `judge` says of an item."""

    item: Item
    article_id: str
    new: bool
    changed: bool  # a version of it that this source has not listed before
    keys: tuple[str, ...]  # to be remembered for, or listed again under, the article


def keys(entry: Entry, source_id: str) -> tuple[str, ...]:
    """Identity keys of one entry by itself, strongest first: `url:`, `id:`, `ts:` and 24 hex digits each."""
    (item,) = read([entry], source_id)
    return item.signals


def article_id(identity_keys: Sequence[str]) -> str:
    """16 hex digits made from the strongest key that is the article's own: the same at every poll and source."""
    return sha256(identity_keys[0].encode()).hexdigest()[:16]


def read(entries: Iterable[Entry], source_id: str) -> tuple[Item, ...]:
    """Items of one document: repetitions dropped, shared signals taken away (rule 1)."""
    items = tuple({item.whole_key: item for item in (_item(one, source_id) for one in entries)}.values())
    seen = Counter(key for item in items for key in (item.id_key, item.url_key, item.title_key) if key)
    return tuple(_unshared(item, seen) for item in items)


def lookups(items: Iterable[Item]) -> tuple[str, ...]:
    """All keys to ask the memory for before `judge`, each once."""
    every = (key for item in items for key in (*item.signals, item.whole_key, item.version_key))
    return tuple(dict.fromkeys(every))


def judge(
    items: Sequence[Item], source_id: str, known: Mapping[str, str], articles: Mapping[str, Article]
) -> tuple[Kept, ...]:
    """Which items are new, and which article each of the others is, by the rules above.

    Args:
        known: identity key → article id, of the keys that `lookups` names.
        articles: by id, those of the ids in `known` that are still kept; what is missing was purged, stays
            known, and its keys speak without comparison.
    Returns:
        One `Kept` an item, in the items' order; no article id comes twice.
    """
    claims = [(strength, place, owner) for place, item in enumerate(items)
              for strength, owner in _claims(item, source_id, known, articles)]  # fmt: skip
    owners: dict[int, str] = {}
    taken: set[str] = set()
    for _, place, owner in sorted(claims):
        if place not in owners and owner not in taken:
            owners[place] = owner
            taken.add(owner)
    rolling = _ids_roll(items, owners, known)
    return tuple(_kept(item, owners.get(place), known, taken, rolling) for place, item in enumerate(items))


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


def same_title(one: str, other: str) -> bool:
    """Whether two titles differ in case, spaces and punctuation at most; an empty one equals none."""
    folded = _folded(one)
    return bool(folded) and folded == _folded(other)


# -- signals ---------------------------------------------------------------------------------------


def _item(entry: Entry, source_id: str) -> Item:
    address = canonical_url(entry.link) if entry.link else None
    title, day = _folded(entry.title), entry.published_at.date().isoformat() if entry.published_at else ""
    identity = _plain_id(entry.id)
    anchor = urlsplit(entry.link).fragment if entry.link else ""
    moment = entry.published_at.isoformat() if entry.published_at else ""
    updated = entry.updated_at.isoformat() if entry.updated_at else ""
    url_key = _key("url", address) if address and not is_homepage(address) else None
    id_key = _key("id", source_id, identity) if identity else None
    title_key = _key("ts", source_id, title, day) if title else None
    return Item(
        entry=entry,
        canonical_url=address,
        id_key=id_key,
        url_key=url_key,
        title_key=title_key,
        given=(url_key, id_key, title_key),
        whole_key=_key("all", source_id, identity, address or "", anchor, title, moment, entry.summary[:500]),
        version_key=_key(
            "v",
            source_id,
            address or identity,
            anchor,
            entry.title,
            _calm(entry.summary),
            updated,
            _size(entry),
        ),
    )


def _unshared(item: Item, seen: Counter[str]) -> Item:
    def own(key: str | None) -> str | None:
        return key if key and seen[key] == 1 else None

    url_key = own(item.url_key)
    if item.url_key and not url_key and item.entry.link and (anchor := urlsplit(item.entry.link).fragment):
        url_key = _key(
            "url", item.canonical_url or "", anchor
        )  # items on one page, told apart by their anchors
        seen[url_key] += 1
        url_key = own(url_key)
    return Item(
        entry=item.entry,
        canonical_url=item.canonical_url,
        id_key=own(item.id_key),
        url_key=url_key,
        title_key=own(item.title_key),
        given=item.given,
        whole_key=item.whole_key,
        version_key=item.version_key,
    )


def _plain_id(given: str | None) -> str:
    """An id with the marks removed that change while the item stays; one that is an address keeps its fragment."""
    identity = (given or "").strip()
    if not identity.lower().startswith(("http://", "https://")):
        return identity
    try:
        fragment = urlsplit(identity).fragment
    except ValueError:
        return identity
    plain = canonical_url(identity)
    return f"{plain}#{fragment}" if fragment and "#" not in plain else plain


def _folded(title: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", title).casefold() if sign.isalnum())


def _calm(summary: str) -> str:
    """A summary without its numbers: points and comments that are counted in it change at every fetch."""
    return _NUMBER.sub("0", summary)


def _size(entry: Entry) -> str:
    """The length of the content in steps of about 15 %: a text that grew counts, a changed sidebar does not."""
    words = entry.content.count(" ") + 1
    return str(round(log(words, 1.15)))


def _key(kind: str, *parts: str) -> str:
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{kind}:{sha256(text).hexdigest()[:24]}"


# -- rules -----------------------------------------------------------------------------------------


def _claims(
    item: Item, source_id: str, known: Mapping[str, str], articles: Mapping[str, Article]
) -> Iterable[tuple[int, str]]:
    """Articles that this item may be, with the rank of the reason; a smaller rank is a better reason."""
    by_url, by_id, by_title = (known.get(key or "") for key in (item.url_key, item.id_key, item.title_key))
    if whole := known.get(item.whole_key):
        yield 0, whole
    if by_url and by_url == by_id:
        yield 1, by_url
        return
    if by_url and not _page_of_many(item, by_url == by_title, source_id, articles.get(by_url)):
        yield 2, by_url
    if by_id and not _id_reused(item, articles.get(by_id)):
        yield 3, by_id
    if by_title and _same_by_title(item, articles.get(by_title)):
        yield 4, by_title


def _page_of_many(item: Item, title_agrees: bool, source_id: str, article: Article | None) -> bool:
    """Rule 2: whether one address is used for many articles."""
    if article is None or article.source_id != source_id or title_agrees or not item.id_key:
        return False
    if item.canonical_url and _plain_id(item.entry.id).partition("#")[0] == item.canonical_url:
        return False  # the id only repeats the address
    titles = _folded(item.entry.title), _folded(article.title)
    return all(titles) and titles[0] != titles[1] and not _same_time(item.entry, article)


def _id_reused(item: Item, article: Article | None) -> bool:
    """Rule 3: whether an id was given to another article."""
    if article is None or same_title(item.entry.title, article.title) or _same_time(item.entry, article):
        return False
    elsewhere = bool(item.canonical_url) and item.canonical_url != article.canonical_url
    if item.entry.published_at and article.published_at:
        return elsewhere or not item.canonical_url
    return elsewhere


def _same_by_title(item: Item, article: Article | None) -> bool:
    """Rule 4."""
    if not item.id_key and not item.url_key:
        return True
    if article is None:
        return False
    if item.entry.published_at or article.published_at:
        return _same_time(item.entry, article)
    return len(item.entry.summary) >= TELLING_SUMMARY and item.entry.summary == article.summary


def _same_time(entry: Entry, article: Article) -> bool:
    """Whether both name the same moment; one that lay in the future was stored as the time first seen."""
    if entry.published_at is None or article.published_at is None:
        return False
    return entry.published_at == article.published_at or (
        entry.published_at > article.first_seen_at and article.published_at == article.first_seen_at
    )


def _ids_roll(items: Sequence[Item], owners: Mapping[int, str], known: Mapping[str, str]) -> bool:
    """Rule 7: at least two known items, and more than half of those with an id, come with an id never seen."""
    ids = [items[place].id_key for place in owners if items[place].id_key]
    fresh = sum(1 for key in ids if key not in known)
    return fresh >= 2 and 2 * fresh > len(ids)


def _kept(item: Item, owner: str | None, known: Mapping[str, str], taken: set[str], rolling: bool) -> Kept:
    signals = item.signals
    if owner is not None:
        own = tuple(
            key
            for key in (*signals, item.version_key)
            if known.get(key, owner) == owner and not (rolling and key == item.id_key and key not in known)
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
