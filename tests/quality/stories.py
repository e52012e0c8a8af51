"""`python -m tests.quality.stories`: articles on labelled events, folded among themselves, and two checks of the likeness.

- **events**: 280 articles of different publishers in 85 events. Pairwise: of the pairs in one story those of one
  event, and the other way round. B-cubed: the same, averaged over articles. Cross-validated: for each fifth of
  the events the likeness that joins is chosen on the other four, all articles are folded with it, and the pairs
  of the fifth are counted, so that no event is scored by what was chosen on it.
- **MRPC**: news sentences, whether one says what the other says; the best threshold's share of right answers.
- **Lee 50**: short texts; the correlation of the likeness with the mean of what people said.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from statistics import correlation
from typing import Any
from unittest.mock import patch

from crawler.duplicates import resemblance
from crawler.likeness import SAME_STORY, likeness, vector
from crawler.records import Article, TextState
from crawler.shelf import fold_all
from crawler.terms import words
from crawler.vocabulary import Vocabulary
from tests.quality.corpora import NoCorpus

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "neardup"
FIFTHS = 5
TRIED = tuple(round(0.024 + 0.004 * step, 3) for step in range(6))  # likenesses that join
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well stories agree with events; shares of 1."""

    precision: float
    recall: float
    b_cubed: float  # F1

    @property
    def f1(self) -> float:
        return _f1(self.precision, self.recall)


def events() -> tuple[tuple[Article, str], ...]:
    """The articles with their events, loosely related ones left out."""
    return tuple(
        (_article(str(row["id"]), row["title"], row["text"], row["url"], row["date"]), row["event"])
        for row in _rows("story-events.jsonl.gz")
        if not row["loose"]
    )


def stories(articles: Sequence[Article], same_story: float = SAME_STORY) -> tuple[str, ...]:
    """The story of each article."""
    with patch("crawler.stories.SAME_STORY", same_story):
        return tuple(fold.story_id for _, fold in fold_all(articles))


def agreement(found: Sequence[str], meant: Sequence[str]) -> Agreement:
    """Pairwise and B-cubed."""
    both, ours, theirs = Counter(zip(found, meant, strict=True)), Counter(found), Counter(meant)
    right = _pairs(both.values())
    precise = sum(number**2 / ours[story] for (story, _), number in both.items()) / len(found)
    complete = sum(number**2 / theirs[event] for (_, event), number in both.items()) / len(found)
    return Agreement(
        right / max(_pairs(ours.values()), 1), right / _pairs(theirs.values()), _f1(precise, complete)
    )


def cross_validated(given: Sequence[tuple[Article, str]], seed: int = 1) -> tuple[float, tuple[float, ...]]:
    """Pairwise F1 with the likeness that joins chosen on other events, and what was chosen for each fifth."""
    articles, meant = [one for one, _ in given], [event for _, event in given]
    names = sorted(set(meant))
    random.Random(seed).shuffle(names)  # the same fifths each time
    fifth = {name: place % FIFTHS for place, name in enumerate(names)}
    whole = {tried: stories(articles, tried) for tried in TRIED}
    right = ours = theirs = 0.0
    chosen = []
    for number in range(FIFTHS):
        others = [pair for pair in given if fifth[pair[1]] != number]
        best = max(
            TRIED,
            key=lambda tried: (
                agreement(stories([one for one, _ in others], tried), [event for _, event in others]).f1
            ),
        )
        chosen.append(best)
        for one, two in combinations(range(len(given)), 2):
            share = ((fifth[meant[one]] == number) + (fifth[meant[two]] == number)) / 2
            together, same = whole[best][one] == whole[best][two], meant[one] == meant[two]
            right += share * (together and same)
            ours += share * together
            theirs += share * same
    return _f1(right / ours, right / theirs), tuple(chosen)


def paraphrases() -> Mapping[str, float]:
    """Share of right answers on MRPC at the best threshold: of the likeness, and of the share of words."""
    rows = list(_rows("mrpc-train.jsonl.gz"))
    sentences = [_article(str(row[f"id{n}"]), row[f"s{n}"]) for row in rows for n in (1, 2)]
    vocabulary = Vocabulary.of(sentences)
    about = [vector(one, vocabulary) for one in sentences]
    said = [frozenset(words(one.title)) for one in sentences]
    pairs = range(0, len(sentences), 2)
    true = [bool(row["paraphrase"]) for row in rows]
    return {
        "likeness": _best([_cosine(about[at], about[at + 1]) for at in pairs], true),
        "share of words": _best([resemblance(said[at], said[at + 1]) for at in pairs], true),
        "always yes": sum(true) / len(true),
    }


def as_people_say() -> float:
    """Pearson's correlation of the likeness with what people said of the 1,225 pairs of Lee's texts."""
    with gzip.open(_there("lee50.json.gz"), "rt", encoding="utf-8") as file:
        kept = json.load(file)
    texts = [_article(str(number), "", text) for number, text in enumerate(kept["docs"])]
    vocabulary = Vocabulary.of(texts)
    about = [vector(one, vocabulary) for one in texts]
    pairs = list(combinations(range(len(texts)), 2))
    return correlation(
        [_cosine(about[one], about[two]) for one, two in pairs],
        [kept["similarity"][one][two] for one, two in pairs],
    )


def main() -> None:
    given = events()
    articles, meant = [one for one, _ in given], [event for _, event in given]
    print(f"events: {len(given)} articles, {len(set(meant))} events")
    for tried in sorted({*TRIED, SAME_STORY}):
        one = agreement(stories(articles, tried), meant)
        mark = "  <- in force" if tried == SAME_STORY else ""
        print(
            f"  joined from {tried:.3f}: precision {one.precision:.3f} recall {one.recall:.3f}"
            f" F1 {one.f1:.3f} B-cubed {one.b_cubed:.3f}{mark}"
        )
    for seed in (1, 2, 3):
        f1, chosen = cross_validated(given, seed)
        print(f"  cross-validated: F1 {f1:.3f}, chosen {', '.join(map(str, chosen))}")
    print("MRPC: " + ", ".join(f"{name} {share:.3f}" for name, share in paraphrases().items()))
    print(f"Lee 50: correlation {as_people_say():.3f}")


def _article(name: str, title: str, text: str = "", url: str = "", date: str | None = None) -> Article:
    seen = NOON if date is None else datetime.fromisoformat(date).replace(tzinfo=UTC)
    return Article(
        id=name,
        source_id="",
        url=url,
        canonical_url=url,
        title=title,
        text=text,
        first_seen_at=seen,
        text_state=TextState.FEED,
    )


def _cosine(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    lengths = (likeness(one, one) * likeness(two, two)) ** 0.5
    return likeness(one, two) / lengths if lengths else 0.0


def _best(scores: Sequence[float], true: Sequence[bool]) -> float:
    order = sorted(zip(scores, true, strict=True), reverse=True)
    right = best = len(true) - sum(true)  # with the threshold above all
    for _, answer in order:
        right += 1 if answer else -1
        best = max(best, right)
    return best / len(true)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(_there(name), "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _there(name: str) -> Path:
    path = CORPUS / name
    if not path.exists():
        raise NoCorpus(f"{path} is not there")
    return path


if __name__ == "__main__":
    main()
