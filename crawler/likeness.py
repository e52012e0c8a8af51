"""How alike what two articles are about is: weighted words, and the mean of a story's reports. Pure.

Evidence, on 280 articles in 85 labelled events (`python -m tests.quality.stories`): words of the first 200 alone do
as well as longer texts; names, numbers, pairs of words and the headline, weighted apart, add nothing to
words weighted steeply by rarity; the mean over the reports of a story does better than its nearest or its centre.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from crawler.folds import Centre, Vector
from crawler.records import Article
from crawler.terms import terms
from crawler.vocabulary import Vocabulary

TERMS = 96  # heaviest words kept of an article
OF_STORY = 160  # and of all reports of a story
# rarest words that the evidence of a text is measured against: a headline proves less than a text
DAMPING = 60
SAME_STORY = 0.032  # mean likeness to its reports from which an article belongs to a story
LIGHT = 0.3  # of the heaviest word of an article: a lighter one is nothing that it shares
SHARED = 3  # heavy words that an article shares with a story at least
FADES = timedelta(days=10)  # a likeness over a gap of so long counts 1/e


def vector(article: Article, vocabulary: Vocabulary) -> Vector:
    """The heaviest words of an article: the shorter the text, the shorter the vector, see also `_chance`."""
    weighted = {
        word: (1 + math.log(number)) * weight
        for word, number in terms(article).items()
        if (weight := vocabulary.weight(word)) > 0
    }
    kept = sorted(weighted.items(), key=lambda one: (-one[1], one[0]))[:TERMS]
    length = math.sqrt(
        (sum(weight**2 for _, weight in kept) + DAMPING * vocabulary.rarest**2) * _chance(vocabulary.articles)
    )
    return {word: weight / length for word, weight in kept}


def likeness(one: Vector, two: Vector) -> float:
    """Cosine of two vectors, less for short texts: 0 for nothing in common."""
    if len(one) > len(two):
        one, two = two, one
    return sum(weight * two[word] for word, weight in one.items() if word in two)


def to_story(article: Vector, when: datetime, centre: Centre) -> float:
    """Mean likeness to the reports of a story, less for what was told long before or after them."""
    gap = max(centre.first_at - when, when - centre.last_at, timedelta(0))
    return likeness(article, centre.total) / centre.reports * math.exp(-gap / FADES)


def between(one: Centre, two: Centre) -> float:
    """Mean likeness of the reports of two stories to each other."""
    gap = max(one.first_at - two.last_at, two.first_at - one.last_at, timedelta(0))
    return likeness(one.total, two.total) / (one.reports * two.reports) * math.exp(-gap / FADES)


def centre_of(story_id: str, founder: Vector, when: datetime) -> Centre:
    """The centre of a story of one report."""
    return Centre(
        story_id=story_id, first_at=when, last_at=when, reports=1, total=dict(founder), founder=founder
    )


def joined(centre: Centre, article: Vector, when: datetime) -> Centre:
    """The centre with one report more."""
    return Centre(
        story_id=centre.story_id,
        first_at=min(centre.first_at, when),
        last_at=max(centre.last_at, when),
        reports=centre.reports + 1,
        total=_sum(centre.total, article),
        founder=centre.founder,
    )


def merged(older: Centre, younger: Centre) -> Centre:
    """The centre of two stories that turned out to be one."""
    return Centre(
        story_id=older.story_id,
        first_at=min(older.first_at, younger.first_at),
        last_at=max(older.last_at, younger.last_at),
        reports=older.reports + younger.reports,
        total=_sum(older.total, younger.total),
        founder=older.founder,
    )


def shared(article: Vector, centre: Centre) -> tuple[str, ...]:
    """The heavy words of an article that the reports of a story hold, those that bind them most first."""
    light = LIGHT * max(article.values(), default=0.0)
    common = {
        word: weight * centre.total[word]
        for word, weight in article.items()
        if word in centre.total and weight >= light
    }
    return tuple(sorted(common, key=lambda word: (-common[word], word)))


def _chance(articles: int) -> float:
    """By how much vectors are shortened, so that a likeness means the same in archives of any size.

    Among many articles more are alike by chance. Few are mostly of one kind, and the words of their topic are not
    known to be common yet: two articles about ferries look like one event until many have told of ferries.
    """
    few = 1.5 / (1 + (articles / 100) ** 3)
    many = 0.2 * math.log(max(articles, 280) / 280)
    return 1 + few + many


def _sum(one: Vector, two: Vector) -> Vector:
    total = dict(one)
    for word, weight in two.items():
        total[word] = total.get(word, 0.0) + weight
    if len(total) <= OF_STORY:
        return total
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0]))[:OF_STORY])
