"""Which story an article joins, and of which telling it is a reprint. Pure.

A story is what its first telling, the *founder*, is about. An article joins it when it resembles some telling
of the story **and** the founder: so a chain of texts, each a little different from the last, ends where
nothing of the founder is left, and a planted page that strings unrelated texts together wins at most the
one that it begins with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from urllib.parse import urlsplit

from crawler.duplicates import (
    LEAD,
    SHORTEST,
    band_keys,
    containment,
    resemblance,
    shingles,
    short_shingles,
    tokens,
    without_credits,
)
from crawler.records import Article, Fold

OPEN_FOR = timedelta(days=14)  # after its last telling a story takes no more
TITLE_HOLDS = timedelta(days=3)  # for so long an equal headline speaks for the same event

REPRINT = (
    0.72  # resemblance of a reprint; every Reuters pair of 1987 above it shares 0.7 of its 5-word shingles
)
VERSION = 0.8  # containment of a version that was cut or lengthened
CLOSE_VERSION = 0.6  # resemblance from which a version may have another lead
SMALLEST_PART = 0.2  # of the longer text: less is a quotation, not a version
SAME_LEAD = 0.5  # containment of the leads' shingles
FOUNDER = 0.25  # resemblance to the founder that is enough to stay with it
SHARED_TOPIC = (
    0.2  # containment of the longer words; 7 % of unrelated pairs of news reach it, most related ones do
)
SHORT_COPY = 0.9  # resemblance of titles and leads
SHORT_STORY = 0.75
ALIKE_TITLES = 0.5  # share of words; on one host, where templates repeat themselves, a text needs it too
TITLE_WORDS = 5  # fewer words make no headline that names one event
TOPIC_LETTERS = 5

_RECURRING = re.compile(
    r"\b(?:brief(?:ing|s)?|newsletter|horoscopes?|crossword|weather|forecast|round-?up|recap|digest|live (?:updates|blog)|"
    r"what (?:you need )?to (?:know|watch)|need to know|in pictures|photos of the|letters to the editor|quote of the|"
    r"this week in|week ahead|top (?:stories|news|headlines)|(?:news|headlines) (?:today|at)|today in|"
    r"market (?:wrap|report)|stocks to|morning (?:edition|report)|evening (?:edition|report)|obituar(?:y|ies)|podcast|"
    r"presseschau|revue de presse|wetter|météo|newsticker)\b",
    re.IGNORECASE,
)


class Tie(IntEnum):
    """What binds two articles, weakest first."""

    TITLE = 1  # the same headline within days
    ADDRESS = 2  # the same canonical address
    VERSION = 3  # one holds the other
    CUT = 4  # it is a part of an earlier one, so it says nothing new
    COPY = 5


@dataclass(frozen=True, slots=True)
class Relation:
    tie: Tie
    similarity: float | None
    why: str

    @property
    def is_reprint(self) -> bool:
        return self.tie >= Tie.CUT


@dataclass(frozen=True, slots=True)
class _Profile:
    """What is compared of an article, computed once."""

    host: str
    title: tuple[str, ...]
    text: frozenset[str]  # shingles; empty where the text is too short
    lead: frozenset[str]
    short: frozenset[str]  # of title and lead
    topic: frozenset[str]


def story_id_of(article: Article) -> str:
    """The id of the story that an article founds."""
    return f"s{article.id}"


def decide(article: Article, candidates: Sequence[Article]) -> Fold:
    """The story that `article` joins among those of `candidates`, else its own.

    A story is joined when the article has a tie (see `relation`) to one of its tellings, the story is open
    at the article's time, and the founder is related too. Of several stories the one with the strongest
    tie is taken, of equal ties the oldest. `duplicate_of` is the earliest telling there of which the article
    is a reprint. A headline that was there long before is a column's and ties nothing. An article that was folded before keeps its story, unless an older one takes it.

    Args:
        candidates: folded articles that may be related; others only cost time. Any order.
    """
    stories = _by_story(article, candidates)
    recurs = _headline_recurs(article, candidates)
    best: tuple[tuple[float, ...], Fold] | None = None
    for story_id, members in stories.items():
        if not _is_open(members, article) or not _reaches_founder(article, members, story_id):
            continue
        tied = [
            (member, found)
            for member in members
            if (found := relation(article, member)) is not None and not (recurs and found.tie is Tie.TITLE)
        ]
        if not tied:
            continue
        strongest = max((found for _, found in tied), key=lambda one: (one.tie, one.similarity or 0.0))
        original = next(((member, found) for member, found in tied if found.is_reprint), None)
        told = original[1] if original else strongest
        fold = Fold(
            story_id=story_id,
            duplicate_of=(original[0].duplicate_of or original[0].id) if original else None,
            similarity=told.similarity,
            why=told.why,
        )
        rank = (float(strongest.tie), strongest.similarity or 0.0, -_moment(members[0]).timestamp())
        if best is None or rank > best[0]:
            best = rank, fold
    if article.story_id is not None and (best is None or _founded_and_followed(article, candidates)):
        return Fold(
            story_id=article.story_id,
            duplicate_of=article.duplicate_of,
            similarity=article.similarity,
            why="stays in its story",
        )
    return best[1] if best else Fold(story_id=story_id_of(article), why="new")


def relation(article: Article, other: Article) -> Relation | None:
    """What binds `article` to `other`, strongest tie first; None: nothing does.

    - COPY: at least 0.72 of all their word shingles are shared. For texts under 30 words: 0.9 of the pairs of
      words of title and lead.
    - CUT, VERSION: 0.8 of the smaller one's shingles stand in the larger, it is no mere quotation, and both
      begin alike (a page that strings texts together holds them all and begins like one).
    - ADDRESS: equal canonical addresses, on the same host or borne out by title or text: a page may claim any.
    - TITLE: the same headline of five words or more, not of a kind that recurs, within three days, borne out
      by the texts; where one has no text, from different hosts only.

    On one host a text alone proves nothing, for templates, notices and failed extractions repeat: titles have
    to be alike too, with the same numbers.
    """
    one, two = _profile(article), _profile(other)
    same_host = one.host == two.host if one.host and two.host else article.source_id == other.source_id
    if not same_host or _may_be_versions(one.title, two.title):
        found = _by_text(one, two) or (None if same_host else _by_short_text(article, one, other, two))
        if found is not None:
            return found
    return _by_address(article, one, other, two) or _by_title(article, one, other, two, same_host=same_host)


def fold_all(articles: Iterable[Article]) -> tuple[tuple[str, Fold], ...]:
    """Fold articles among themselves in the order of time, as the daemon would; results in the order given."""
    given = tuple(articles)
    shelf: dict[str, Article] = {}
    index: dict[object, list[str]] = defaultdict(list)
    folds: dict[str, Fold] = {}
    for article in sorted(given, key=_order):
        keys = _roads(article)
        near = dict.fromkeys(other for key in keys for other in index[key] if other != article.id)
        fold = folds[article.id] = decide(article, [shelf[other] for other in near])
        shelf[article.id] = replace(
            article, story_id=fold.story_id, duplicate_of=fold.duplicate_of, similarity=fold.similarity
        )
        for key in keys:
            index[key].append(article.id)
    return tuple((article.id, folds[article.id]) for article in given)


# -- ties ------------------------------------------------------------------------------------------


def _by_text(one: _Profile, two: _Profile) -> Relation | None:
    if not one.text or not two.text:
        return None
    alike = resemblance(one.text, two.text)
    if one.text == two.text:
        return Relation(Tie.COPY, 1.0, "same text")
    if alike >= REPRINT:
        return Relation(Tie.COPY, round(alike, 4), f"{alike:.2f} of the word shingles shared")
    held = containment(one.text, two.text)
    small, large = sorted((len(one.text), len(two.text)))
    begins_alike = containment(one.lead, two.lead) >= SAME_LEAD
    if held < VERSION or small < SMALLEST_PART * large or not (begins_alike or alike >= CLOSE_VERSION):
        return None
    if len(one.text) <= len(two.text):
        return Relation(Tie.CUT, round(alike, 4), f"{held:.2f} of it stands in a longer telling")
    return Relation(Tie.VERSION, round(alike, 4), f"holds {held:.2f} of a shorter telling")


def _by_short_text(article: Article, one: _Profile, other: Article, two: _Profile) -> Relation | None:
    if (one.text and two.text) or min(len(one.title), len(two.title)) < TITLE_WORDS or _recurs(article):
        return None
    if abs(_moment(article) - _moment(other)) > TITLE_HOLDS:
        return None
    alike = resemblance(one.short, two.short)
    if alike >= SHORT_COPY and not one.text and not two.text:
        return Relation(Tie.COPY, round(alike, 4), f"{alike:.2f} of title and lead shared")
    if alike >= SHORT_STORY:
        return Relation(Tie.TITLE, round(alike, 4), f"{alike:.2f} of title and lead shared")
    return None


def _by_address(article: Article, one: _Profile, other: Article, two: _Profile) -> Relation | None:
    if not article.canonical_url or article.canonical_url != other.canonical_url:
        return None
    if (
        one.host != two.host
        and not _share_topic(one, two)
        and _word_share(one.title, two.title) < ALIKE_TITLES
    ):
        return None
    return Relation(Tie.ADDRESS, None, "same canonical address")


def _by_title(
    article: Article, one: _Profile, other: Article, two: _Profile, *, same_host: bool
) -> Relation | None:
    if one.title != two.title or _recurs(article) or not _names_an_event(article.title, one.title):
        return None
    if abs(_moment(article) - _moment(other)) > TITLE_HOLDS:
        return None
    if one.text and two.text:
        borne_out = resemblance(one.text, two.text) >= CLOSE_VERSION if same_host else _share_topic(one, two)
    else:
        borne_out = not same_host
    return Relation(Tie.TITLE, None, "same headline within three days") if borne_out else None


def _may_be_versions(one: Sequence[str], two: Sequence[str]) -> bool:
    numbers = {word for word in one if word.isdigit()}, {word for word in two if word.isdigit()}
    return numbers[0] == numbers[1] and _word_share(one, two) >= ALIKE_TITLES


def _word_share(one: Sequence[str], two: Sequence[str]) -> float:
    return resemblance(frozenset(one), frozenset(two))


def _share_topic(one: _Profile, two: _Profile) -> bool:
    return containment(one.topic, two.topic) >= SHARED_TOPIC


def _recurs(article: Article) -> bool:
    return _RECURRING.search(article.title) is not None


def _names_an_event(title: str, words: Sequence[str]) -> bool:
    """Long enough to be said of one event only; characters count where words are not parted by spaces."""
    return len(words) >= TITLE_WORDS and len(title) >= (20 if title.isascii() else 10)


# -- stories ---------------------------------------------------------------------------------------


def _by_story(article: Article, candidates: Sequence[Article]) -> dict[str, list[Article]]:
    """Candidates by story, earliest first; for one folded before, only those seen before it."""
    stories: dict[str, list[Article]] = defaultdict(list)
    for one in sorted(candidates, key=lambda one: (one.first_seen_at, one.id)):
        if one.id == article.id or one.story_id is None or one.duplicate_of == article.id:
            continue
        if article.story_id is not None and (one.first_seen_at, one.id) > (article.first_seen_at, article.id):
            continue
        stories[one.story_id].append(one)
    return stories


def _founded_and_followed(article: Article, candidates: Sequence[Article]) -> bool:
    own = story_id_of(article)
    return article.story_id == own and any(one.story_id == own and one.id != article.id for one in candidates)


def _headline_recurs(article: Article, candidates: Sequence[Article]) -> bool:
    title, now = tokens(article.title), _moment(article)
    return any(abs(_moment(one) - now) > TITLE_HOLDS and tokens(one.title) == title for one in candidates)


def _is_open(members: Sequence[Article], article: Article) -> bool:
    moments = [_moment(member) for member in members]
    now = _moment(article)
    return min(moments) - OPEN_FOR <= now <= max(moments) + OPEN_FOR


def _reaches_founder(article: Article, members: Sequence[Article], story_id: str) -> bool:
    """Whether the article is about what the story began with.

    A founder that is not among the candidates is reached through its direct reprints: Jaccard distance is
    a metric, so what is near a near copy of the founder is near the founder.
    """
    one = _profile(article)
    for member in members:
        two = _profile(member)
        if story_id_of(member) == story_id:
            return _stays_with(article, member)
        if member.duplicate_of and f"s{member.duplicate_of}" == story_id and member.similarity is not None:
            distance = (1 - resemblance(one.text, two.text)) + (1 - member.similarity)
            if 1 - distance >= FOUNDER:
                return True
    return False


def _stays_with(article: Article, founder: Article) -> bool:
    one, two = _profile(article), _profile(founder)
    return relation(article, founder) is not None or resemblance(one.text, two.text) >= FOUNDER


# -- articles --------------------------------------------------------------------------------------


@lru_cache(maxsize=128)  # a candidate is compared several times while one article is folded
def _profile(article: Article) -> _Profile:
    text = without_credits(article.text)
    words = tokens(text)
    long_enough = len(words) >= SHORTEST
    everything = (*tokens(article.title), *(words or tokens(article.summary)))
    lead = article.summary or article.text
    return _Profile(
        host=_host(article.url),
        title=tokens(article.title),
        text=shingles(text) if long_enough else frozenset(),
        lead=shingles(" ".join(words[:LEAD])) if long_enough else frozenset(),
        short=short_shingles(article.title, lead),
        topic=frozenset(word for word in everything if len(word) >= TOPIC_LETTERS)
        or short_shingles(article.title, lead),
    )


def _roads(article: Article) -> tuple[object, ...]:
    """Under what an article's likes are looked up: as the store does, by bands, address and headline."""
    roads: list[object] = list(band_keys(article))
    if article.canonical_url:
        roads.append(("address", article.canonical_url))
    if title := tokens(article.title):
        roads.append(("title", title))
    return tuple(roads)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _moment(article: Article) -> datetime:
    """When it was told: as the source says, but never after it was seen."""
    return min(article.published_at or article.first_seen_at, article.first_seen_at)


def _order(article: Article) -> tuple[datetime, datetime]:
    return article.first_seen_at, _moment(article)
