"""How much a word tells: little when many articles of these weeks hold it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice

from crawler.folds import WordCounts
from crawler.records import Article
from crawler.terms import words

PRIOR = 100  # articles that the general use of words counts as, beside those of the window
KEPT_FROM = 2  # articles of a sample that hold a word; one of a single article is as rare as can be
STEEPNESS = 1.5  # exponent of the information of a word: what is rare decides
COUNTED_OF = 500  # words of a text that are counted
WINDOW = timedelta(days=30)  # whose articles are sampled
SAMPLE = 3_000  # articles from which a vocabulary is made
REMEMBERED = 1 << 17  # words whose weight is kept at hand; a text can hold any number that nobody ever wrote


class Vocabulary:
    """The weights of words, from a sample of the articles of the last weeks and from general use.

    A topic of these days is in many articles, so that its names say little of which event is meant. With no
    sample at all, general use alone decides. Immutable.
    """

    def __init__(self, sample: WordCounts | None = None) -> None:
        self.articles = sample.articles if sample else 0
        self._counts = sample.counts if sample else {}
        self._weights: dict[str, float] = {}

    @classmethod
    def of(cls, sample: Iterable[Article]) -> Vocabulary:
        """From the articles of a sample."""
        return cls(count_words(sample))

    @property
    def rarest(self) -> float:
        """The weight of a word that stands in one article."""
        return math.pow(math.log(max(self.articles, 1) + PRIOR), STEEPNESS)

    def weight(self, word: str) -> float:
        """-ln of the share of articles that hold it, to the power of 1.5; at least 0."""
        known = self._weights.get(word)
        if known is None:
            held = self._counts.get(word, 1) + PRIOR * _general().get(word, 0.0)
            share = min(held / (max(self.articles, 1) + PRIOR), 1.0)
            known = (-math.log(share)) ** STEEPNESS
            if len(self._weights) < REMEMBERED:
                self._weights[word] = known
        return known


def count_words(sample: Iterable[Article]) -> WordCounts:
    """In how many articles of a sample each word stands, where that is more than one."""
    counts: Counter[str] = Counter()
    number = 0
    for article in sample:
        counts.update(set(islice(words(f"{article.title}\n{article.text or article.summary}"), COUNTED_OF)))
        number += 1
    kept = {word: count for word, count in counts.items() if count >= KEPT_FROM}
    return WordCounts(articles=number, counts=kept)


@lru_cache(maxsize=2)  # of today and of yesterday; weights are worked out once for each word
def vocabulary_of(sample: WordCounts) -> Vocabulary:
    """The vocabulary of a sample, the same object for the same sample."""
    return Vocabulary(sample)


@cache
def _general() -> Mapping[str, float]:
    """Share of news articles at large that hold a common word in their first 200 words."""
    shares = {}
    for line in files("crawler").joinpath("common_words.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            power, *held = line.split()
            shares.update(dict.fromkeys(held, 2.0 ** -float(power)))
    return shares
