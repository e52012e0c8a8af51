"""Which story an article joins, and of which telling it is a reprint. Pure.

A story is what its first telling, the *founder*, is about. Two things bring an article into it:

- a **tie** to one of its tellings (`ties.relation`: a copied text, a version, an address, a headline), where the founder is related too;
- **likeness**: it is about the same event as the reports of the story on average, and as the founder.

So a chain of texts, each a little different from the last, ends where nothing of the founder is left, and a
planted page that strings unrelated texts together wins at most the one that it begins with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from crawler.duplicates import containment, resemblance, tokens
from crawler.folds import STAYS, UNCONSTRAINED, Centre, Constraints, Fold, Vector, founder_of
from crawler.likeness import SAME_STORY, SHARED, between, likeness, shared, to_story
from crawler.provenance import credit_of
from crawler.records import Article
from crawler.ties import (
    REPRINT,
    TITLE_HOLDS,
    Relation,
    Tie,
    moment,
    one_outlet,
    profile,
    recurs,
    relation,
    strings_together,
)

OPEN_FOR = timedelta(days=14)  # after its last telling a story takes no more
FOUNDER = 0.25  # resemblance to the founder that is enough to stay with it
TEMPLATE = 0.5  # of the shorter text that stands in the other of the same outlet: it may be the outlet's form
NAMED = 4  # words that an explanation names
LIKE_FOUNDER = 0.7  # of the likeness that joins: so like the founder a report has to be as well


def story_id_of(article: Article) -> str:
    """The id of the story that an article founds."""
    return f"s{article.id}"


def decide(
    article: Article,
    candidates: Sequence[Article],
    centres: Sequence[Centre] = (),
    about: Vector | None = None,
    constraints: Constraints = UNCONSTRAINED,
) -> Fold:
    """The story that `article` joins among those of `candidates` and `centres`, else its own.

    Of several stories the one with the strongest tie is taken, of equal ties the oldest; without a tie the one
    that it is most like. `duplicate_of` is the earliest telling there of which the article is a reprint. A
    headline that was there long before is a column's and ties nothing. `joins` names stories that
    are about the same event as the one taken, as this article shows. An article that was folded before keeps its
    story, unless an older one takes it.

    Args:
        candidates: folded articles that may be related; others only cost time. Any order.
        centres: open stories that share heavy words with it, as far as they are known.
        about: its vector; None: likeness is not asked for.
        constraints: what the operator said of the article and these stories.
    """
    credit = credit_of(article)
    pinned = constraints.pinned(article.id)
    free = [one for one in candidates if one.story_id and constraints.may_join(article.id, one.story_id)]
    tied = _tied(article, free, constraints)
    if pinned is not None:
        there = tied if tied is not None and tied.story_id == pinned else None
        return Fold(
            story_id=pinned,
            duplicate_of=there.duplicate_of if there else None,
            similarity=there.similarity if there else None,
            why="put there by hand",
            credit=credit,
        )
    if article.story_id is not None and (tied is None or _founded_and_followed(article, candidates)):
        return Fold(
            story_id=article.story_id,
            duplicate_of=article.duplicate_of,
            similarity=article.similarity,
            why=STAYS,
            credit=credit,
        )
    like = _like(article, _proper(article, candidates, centres), about, constraints) if about else []
    if tied is not None:
        story_id, joins = _joined(tied.story_id, [one.centre for one in like], centres, constraints)
        return replace(tied, story_id=story_id, credit=credit, joins=joins)
    if not like:
        return Fold(story_id=story_id_of(article), why="new", credit=credit)
    best, *others = like
    story_id, joins = _joined(best.centre.story_id, [one.centre for one in others], centres, constraints)
    return Fold(
        story_id=story_id,
        similarity=degree(best.likeness),
        why=f"like its reports: {', '.join(best.words[:NAMED])}",
        credit=credit,
        joins=joins,
    )


def degree(mean: float) -> float:
    """A mean likeness for people: 0 for nothing in common, 0.5 where a story begins, towards 1."""
    return round(mean / (mean + SAME_STORY), 4)


# -- likeness --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Like:
    centre: Centre
    likeness: float
    words: tuple[str, ...]


def _like(
    article: Article, centres: Sequence[Centre], about: Vector, constraints: Constraints
) -> list[_Like]:
    """The stories that an article is about, likest first, of equal ones the oldest."""
    when = moment(article)
    found = []
    for centre in centres:
        if not centre.first_at - OPEN_FOR <= when <= centre.last_at + OPEN_FOR:
            continue
        mean = to_story(about, when, centre)
        if mean < SAME_STORY or likeness(about, centre.founder) < LIKE_FOUNDER * SAME_STORY:
            continue
        words = shared(about, centre)
        if len(words) >= SHARED and constraints.may_join(article.id, centre.story_id):
            found.append(_Like(centre, mean, words))
    return sorted(found, key=lambda one: (-one.likeness, one.centre.first_at, one.centre.story_id))


def _proper(article: Article, candidates: Sequence[Article], centres: Sequence[Centre]) -> Sequence[Centre]:
    """The stories that an article may be like.

    Not those of pages of its own outlet whose text is nearly its own: they share a template, a form or a notice, for
    else a tie would bind them. Nor those of pages that string its text and another one together.
    A headline that is a column's, with no text, is about nothing.
    """
    if not article.text and recurs(article):
        return ()
    alike = {
        other.story_id
        for other in candidates
        if (_same_template(article, other) or strings_together(other, article))
        and relation(article, other) is None
    }
    return [one for one in centres if one.story_id not in alike]


def _same_template(article: Article, other: Article) -> bool:
    return one_outlet(article, other) and containment(profile(article).text, profile(other).text) >= TEMPLATE


def _joined(
    story_id: str, others: Sequence[Centre], centres: Sequence[Centre], constraints: Constraints
) -> tuple[str, tuple[str, ...]]:
    """The oldest of the stories that are one with this one, itself among them, and the others."""
    own = next((one for one in centres if one.story_id == story_id), None)
    if own is None:
        return story_id, ()
    same = {
        other.story_id: other
        for other in others
        if other.story_id != story_id
        and between(own, other) >= SAME_STORY
        and likeness(own.founder, other.founder) >= LIKE_FOUNDER * SAME_STORY
    }
    group = [own, *(same[one] for one in constraints.joinable(story_id, same))]
    oldest, *younger = sorted(group, key=lambda one: (one.first_at, one.story_id))
    return oldest.story_id, tuple(one.story_id for one in younger)


# -- ties ------------------------------------------------------------------------------------------


def _tied(article: Article, candidates: Sequence[Article], constraints: Constraints) -> Fold | None:
    """The story of the strongest tie; None: nothing binds it."""
    stories = _by_story(article, candidates)
    is_column = _headline_recurs(article, candidates)
    best: tuple[tuple[float, ...], Fold] | None = None
    for story_id, members in stories.items():
        if not _is_open(members, article) or not _reaches_founder(article, members, story_id, constraints):
            continue
        tied = [
            (member, found)
            for member in members
            if (found := relation(article, member)) is not None
            and not (is_column and _rests_on_headline(article, found))
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
    return best[1] if best else None


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
    own = article.story_id
    founded = own is not None and founder_of(own) == article.id
    return founded and any(one.story_id == own and one.id != article.id for one in candidates)


def _headline_recurs(article: Article, candidates: Sequence[Article]) -> bool:
    title, now = tokens(article.title), moment(article)
    return any(abs(moment(one) - now) > TITLE_HOLDS and tokens(one.title) == title for one in candidates)


def _is_open(members: Sequence[Article], article: Article) -> bool:
    moments = [moment(member) for member in members]
    now = moment(article)
    return min(moments) - OPEN_FOR <= now <= max(moments) + OPEN_FOR


def _reaches_founder(
    article: Article, members: Sequence[Article], story_id: str, constraints: Constraints
) -> bool:
    """Whether the article is about what the story began with, or about what the operator put into it.

    A founder that is not among the candidates is reached through its direct reprints: Jaccard distance is
    a metric, so what is near a near copy of the founder is near the founder.
    """
    one = profile(article)
    if any(constraints.pinned(other.id) == story_id and _stays_with(article, other) for other in members):
        return True
    for member in members:
        two = profile(member)
        if founder_of(story_id) == member.id:
            return _stays_with(article, member)
        if member.duplicate_of == founder_of(story_id) and member.similarity is not None:
            distance = (1 - resemblance(one.text, two.text)) + (1 - member.similarity)
            if 1 - distance >= FOUNDER:
                return True
    return False


def _stays_with(article: Article, founder: Article) -> bool:
    one, two = profile(article), profile(founder)
    return relation(article, founder) is not None or resemblance(one.text, two.text) >= FOUNDER
