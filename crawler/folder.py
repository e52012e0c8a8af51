"""Folding, as a store asks for it: under which keys an article is found, what it is about, and which story it joins. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.duplicates import band_keys
from crawler.folds import Fold, Headline, Vector
from crawler.likeness import vector
from crawler.ports import Surroundings
from crawler.records import Article
from crawler.series import repeated
from crawler.stories import decide
from crawler.ties import outlet_of
from crawler.vocabulary import Vocabulary


class StoryFolder:
    """See `crawler.ports.Folder`: decides with the vocabulary of these weeks."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def keys(self, article: Article) -> Sequence[int]:
        """The keys under which its copies and versions are found."""
        return band_keys(article)

    def about(self, article: Article) -> Vector:
        """Its heaviest words."""
        return vector(article, self._vocabulary)

    def decide(self, article: Article, about: Vector, around: Surroundings) -> Fold:
        """The story that it joins, else its own; what its outlet's headlines repeat brings it into none."""
        house = repeated(article.title, article.first_seen_at, outlet_of(article), around.headlines)
        telling = {word: weight for word, weight in about.items() if word not in house}
        return decide(article, around.candidates, around.centres, telling, around.constraints)


def headline_of(article: Article) -> Headline:
    """The headline of an article, as `Surroundings` holds it."""
    return Headline(outlet=outlet_of(article), title=article.title, at=article.first_seen_at)
