"""Articles folded among themselves in memory, as the daemon folds them through its database. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from crawler.duplicates import tokens
from crawler.folder import StoryFolder, headline_of
from crawler.folds import Centre, Fold, Headline, Vector
from crawler.likeness import centre_of, joined, merged
from crawler.ports import Surroundings
from crawler.records import Article
from crawler.terms import keys
from crawler.ties import moment
from crawler.vocabulary import SAMPLE, WINDOW, Vocabulary

NEAREST = 48  # candidates looked at, by each road
NEWEST = 100  # articles found under one key


def fold_all(articles: Iterable[Article]) -> tuple[tuple[str, Fold], ...]:
    """Fold articles among themselves in the order of time, as the daemon would; results in the order given.

    The words of each day are weighed by the articles of the month before it and of the day itself; of at most
    3,000 articles in all, by all of them.
    """
    given = tuple(articles)
    shelf = _Shelf()
    for vocabulary, some in _by_day(sorted(given, key=_order)):
        for article in some:
            shelf.put(article, vocabulary)
    return tuple((article.id, shelf.fold_of(article.id)) for article in given)


class _Shelf:
    def __init__(self) -> None:
        self._articles: dict[str, Article] = {}
        self._folds: dict[str, Fold] = {}
        self._headlines: dict[str, Headline] = {}
        self._centres: dict[str, Centre] = {}
        self._heirs: dict[str, str] = {}  # story → the one that it was joined to
        self._ties: dict[object, list[str]] = defaultdict(list)
        self._words: dict[int, list[str]] = defaultdict(list)

    def put(self, article: Article, vocabulary: Vocabulary) -> None:
        folder = StoryFolder(vocabulary)
        about = folder.about(article)
        roads, words = _roads(article, folder.keys(article)), keys(about)
        like = self._like(words)
        stories = dict.fromkeys(self._story(self._folds[one].story_id) for one in like)
        around = Surroundings(
            candidates=self._near(roads),
            centres=[self._centres[one] for one in stories if one in self._centres],
            headlines=[self._headlines[one] for one in like],
        )
        fold = folder.decide(article, about, around)
        self._folds[article.id] = fold
        self._articles[article.id] = article
        self._headlines[article.id] = headline_of(article)
        for key in roads:
            self._ties[key].append(article.id)
        if fold.duplicate_of is None:
            self._count(fold.story_id, about, moment(article))
            for word in words:
                self._words[word].append(article.id)
        for younger in fold.joins:
            self._heirs[younger] = fold.story_id
            if younger in self._centres and fold.story_id in self._centres:
                self._centres[fold.story_id] = merged(
                    self._centres[fold.story_id], self._centres.pop(younger)
                )

    def fold_of(self, article_id: str) -> Fold:
        fold = self._folds[article_id]
        return replace(fold, story_id=self._story(fold.story_id), joins=())

    def _count(self, story_id: str, about: Vector, when: datetime) -> None:
        known = self._centres.get(story_id)
        self._centres[story_id] = (
            centre_of(story_id, about, when) if known is None else joined(known, about, when)
        )

    def _near(self, roads: Sequence[object]) -> list[Article]:
        near = dict.fromkeys(other for key in roads for other in self._ties[key])
        return [self._folded(other) for other in near]

    def _folded(self, article_id: str) -> Article:
        fold = self._folds[article_id]
        return replace(
            self._articles[article_id],
            story_id=self._story(fold.story_id),
            duplicate_of=fold.duplicate_of,
            similarity=fold.similarity,
        )

    def _like(self, words: Sequence[int]) -> list[str]:
        """Articles that share most of these words."""
        shared: dict[str, int] = defaultdict(int)
        for word in words:
            for other in self._words[word][-NEWEST:]:
                shared[other] += 1
        return sorted(shared, key=lambda one: (-shared[one], one))[:NEAREST]

    def _story(self, story_id: str) -> str:
        while story_id in self._heirs:
            story_id = self._heirs[story_id]
        return story_id


def _by_day(articles: Sequence[Article]) -> Iterator[tuple[Vocabulary, Sequence[Article]]]:
    """The articles, in the order given, by day, with the vocabulary of the month up to its end.

    Articles that are few enough for one sample are one window, whatever their times.
    """
    if len(articles) <= SAMPLE:
        yield Vocabulary.of(articles), articles
        return
    days: dict[date, list[Article]] = defaultdict(list)
    for article in articles:
        days[article.first_seen_at.astimezone(UTC).date()].append(article)
    for day, some in days.items():
        window = [article for other, held in days.items() if day - WINDOW < other <= day for article in held]
        yield Vocabulary.of(window[:: max(1, -(-len(window) // SAMPLE))]), some


def _roads(article: Article, keys: Sequence[int]) -> tuple[object, ...]:
    """Under what an article's ties are looked up: as the store does, by bands, address and headline."""
    roads: list[object] = list(keys)
    if article.canonical_url:
        roads.append(("address", article.canonical_url))
    if title := tokens(article.title):
        roads.append(("title", title))
    return tuple(roads)


def _order(article: Article) -> tuple[datetime, datetime]:
    return article.first_seen_at, moment(article)
