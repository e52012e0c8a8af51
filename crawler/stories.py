"""Which story an article joins, and of which telling it is a reprint. Pure.

A story is what its first telling, the *founder*, is about. An article joins it when it resembles some telling
of the story **and** the founder: so a chain of texts, each a little different from the last, ends where
nothing of the founder is left, and a planted page that strings unrelated texts together wins at most the
one that it begins with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from crawler.duplicates import band_keys, resemblance, tokens
from crawler.folds import Fold
from crawler.records import Article
from crawler.ties import REPRINT, TITLE_HOLDS, Relation, Tie, moment, profile, relation

OPEN_FOR = timedelta(days=14)  # after its last telling a story takes no more
FOUNDER = 0.25  # resemblance to the founder that is enough to stay with it


def story_id_of(article: Article) -> str:
    """The id of the story that an article founds."""
    return f"s{article.id}"


def decide(article: Article, candidates: Sequence[Article]) -> Fold:
    """The story that `article` joins among those of `candidates`, else its own.

    A story is joined when the article has a tie (see `ties.relation`) to one of its tellings, the story is open
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
            if (found := relation(article, member)) is not None
            and not (recurs and _rests_on_headline(article, found))
        ]
        if not tied:
            continue
        strongest = max((found for _, found in tied), key=lambda one: (one.tie, one.similarity or 0.0))
        original = next(((member, found) for member, found in tied if found.is_reprint), None)
        copy_of, similarity = _earliest(*original, members) if original else (None, strongest.similarity)
        why = original[1].why if original else strongest.why
        fold = Fold(story_id=story_id, duplicate_of=copy_of, similarity=similarity, why=why)
        rank = (float(strongest.tie), strongest.similarity or 0.0, -moment(members[0]).timestamp())
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


def _rests_on_headline(article: Article, found: Relation) -> bool:
    return found.tie is Tie.TITLE or (found.tie is Tie.COPY and not profile(article).text)


def _earliest(member: Article, found: Relation, members: Sequence[Article]) -> tuple[str, float | None]:
    """The original of a reprint and how alike they are at least.

    It is the earliest candidate of which the article is a reprint, or that one's own original, if it is not
    among the candidates and so near to it that this article must be a reprint of it too.
    """
    first = member.duplicate_of
    if first and member.similarity is not None and found.similarity is not None:
        nearness = found.similarity + member.similarity - 1
        if nearness >= REPRINT and all(one.id != first for one in members):
            return first, round(nearness, 4)
    return member.id, found.similarity


def _founded_and_followed(article: Article, candidates: Sequence[Article]) -> bool:
    own = story_id_of(article)
    return article.story_id == own and any(one.story_id == own and one.id != article.id for one in candidates)


def _headline_recurs(article: Article, candidates: Sequence[Article]) -> bool:
    title, now = tokens(article.title), moment(article)
    return any(abs(moment(one) - now) > TITLE_HOLDS and tokens(one.title) == title for one in candidates)


def _is_open(members: Sequence[Article], article: Article) -> bool:
    moments = [moment(member) for member in members]
    now = moment(article)
    return min(moments) - OPEN_FOR <= now <= max(moments) + OPEN_FOR


def _reaches_founder(article: Article, members: Sequence[Article], story_id: str) -> bool:
    """Whether the article is about what the story began with.

    A founder that is not among the candidates is reached through its direct reprints: Jaccard distance is
    a metric, so what is near a near copy of the founder is near the founder.
    """
    one = profile(article)
    for member in members:
        two = profile(member)
        if story_id_of(member) == story_id:
            return _stays_with(article, member)
        if member.duplicate_of and f"s{member.duplicate_of}" == story_id and member.similarity is not None:
            distance = (1 - resemblance(one.text, two.text)) + (1 - member.similarity)
            if 1 - distance >= FOUNDER:
                return True
    return False


def _stays_with(article: Article, founder: Article) -> bool:
    one, two = profile(article), profile(founder)
    return relation(article, founder) is not None or resemblance(one.text, two.text) >= FOUNDER


# -- articles --------------------------------------------------------------------------------------


def _roads(article: Article) -> tuple[object, ...]:
    """Under what an article's likes are looked up: as the store does, by bands, address and headline."""
    roads: list[object] = list(band_keys(article))
    if article.canonical_url:
        roads.append(("address", article.canonical_url))
    if title := tokens(article.title):
        roads.append(("title", title))
    return tuple(roads)


def _order(article: Article) -> tuple[datetime, datetime]:
    return article.first_seen_at, moment(article)
