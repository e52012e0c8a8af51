"""`python -m tests.quality.duplicates`: reprints found among 15,000 wire stories, against all pairs known by brute force.

The stories are folded one after the other, each against those before it that share a key, an address or a headline,
as the daemon does. They are told a second apart, in the order of the file, so that no window of days ends between
the two of a pair. Truth is the Jaccard similarity of the sets of 5-word runs of the bodies, lower case, `[a-z0-9]+`,
of stories of 30 words or more; pairs that are not listed are below 0.3, and below 0.8 in containment.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from crawler.duplicates import band_keys, tokens
from crawler.folds import Fold
from crawler.records import Article
from crawler.stories import decide
from tests.quality.corpora import NoCorpus

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
STORIES = CORPUS / "news" / "reuters-1987.jsonl.gz"
PAIRS = CORPUS / "neardup" / "reuters-exact-jaccard.jsonl.gz"
START = datetime(2026, 3, 4, 12, tzinfo=UTC)
MOST = 64  # candidates, as in the store
REPRINT, HELD = 0.7, 0.8
SHORTEST = 30  # words of the stories that were compared by brute force

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """How alike two stories are."""

    jaccard: float
    containment: float


UNLISTED = Truth(0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Shares of 1. A pair is found when one is named as the duplicate of the other, or both as that of a third."""

    recall: float  # of pairs of 0.7 and more
    together: float  # of these, in one story
    recall_half: float  # of pairs of 0.5 to 0.7
    half_together: float
    held_together: float  # of pairs with 0.8 of one in the other, and less alike than 0.7: in one story
    precision: float  # of named pairs, alike 0.7 or held 0.8
    strict: float  # of named pairs, alike 0.7
    cluster_precision: float  # of all pairs within the duplicates of one story
    named: int
    seconds: float
    candidates: float  # an article
    missed: tuple[Pair, ...]
    wrong: tuple[Pair, ...]


def rows() -> list[Mapping[str, str]]:
    """The stories, in the order of the file."""
    return [{**row, "id": str(row["id"])} for row in _lines(STORIES)]


def truth() -> dict[Pair, Truth]:
    return {
        (str(row["a"]), str(row["b"])): Truth(row["jaccard"], row["containment"]) for row in _lines(PAIRS)
    }


def articles(stories: Iterable[Mapping[str, str]], *, titled: bool, one_host: bool) -> Iterator[Article]:
    """The stories as articles, a second apart; of one outlet, or each of its own."""
    for number, row in enumerate(stories):
        host = "wire" if one_host else f"h{row['id']}"
        url = f"https://{host}.example/{row['id']}"
        yield Article(
            id=row["id"],
            source_id=host,
            url=url,
            canonical_url=url,
            title=(row["title"] or "") if titled else "",
            text=row["body"] or "",
            first_seen_at=START + timedelta(seconds=number),
        )


def fold(told: Iterable[Article]) -> tuple[dict[str, Fold], int]:
    """Each article's fold by copies, addresses and headlines, and how many candidates were looked at in all."""
    shelf: dict[str, Article] = {}
    index: dict[object, list[str]] = defaultdict(list)
    folds: dict[str, Fold] = {}
    looked = 0
    for article in told:
        shared: dict[str, int] = defaultdict(int)
        bands = band_keys(article)
        title = tokens(article.title)
        for key in bands:
            for other in index[key]:
                shared[other] += 1
        near = sorted(shared, key=lambda other: -shared[other])[:MOST]
        if title:
            near += [other for other in index[title][:MOST] if other not in shared]
        looked += len(near)
        fold = folds[article.id] = decide(article, [shelf[other] for other in near])
        shelf[article.id] = replace(
            article, story_id=fold.story_id, duplicate_of=fold.duplicate_of, similarity=fold.similarity
        )
        for key in (*bands, title):
            index[key].append(article.id)
    return folds, looked


def measure(
    stories: Sequence[Mapping[str, str]], known: Mapping[Pair, Truth], *, titled: bool, one_host: bool
) -> Scores:
    begun = time.process_time()
    folds, looked = fold(articles(stories, titled=titled, one_host=one_host))
    seconds = time.process_time() - begun
    long = {row["id"] for row in stories if len((row["body"] or "").split()) >= SHORTEST}
    named = [
        (one, f.duplicate_of) for one, f in folds.items() if f.duplicate_of and {one, f.duplicate_of} <= long
    ]
    clusters: dict[str, list[str]] = defaultdict(list)
    for one in folds:
        clusters[_original(folds, one)].append(one)
    together = [pair for group in clusters.values() for pair in combinations(group, 2) if set(pair) <= long]
    copies = [pair for pair, how in known.items() if how.jaccard >= REPRINT]
    half = [pair for pair, how in known.items() if 0.5 <= how.jaccard < REPRINT]
    held = [pair for pair, how in known.items() if how.containment >= HELD and how.jaccard < REPRINT]

    def found(pair: Pair) -> bool:
        return _original(folds, pair[0]) == _original(folds, pair[1])

    def one_story(pair: Pair) -> bool:
        return folds[pair[0]].story_id == folds[pair[1]].story_id

    def is_true(pair: Pair) -> bool:
        how = _truth(known, pair)
        return how.jaccard >= REPRINT or how.containment >= HELD

    return Scores(
        recall=_share(map(found, copies)),
        together=_share(map(one_story, copies)),
        recall_half=_share(map(found, half)),
        half_together=_share(map(one_story, half)),
        held_together=_share(map(one_story, held)),
        precision=_share(map(is_true, named)),
        strict=_share(_truth(known, pair).jaccard >= REPRINT for pair in named),
        cluster_precision=_share(map(is_true, together)),
        named=len(named),
        seconds=seconds,
        candidates=looked / len(stories),
        missed=tuple(pair for pair in copies if not found(pair)),
        wrong=tuple(pair for pair in named if not is_true(pair)),
    )


def _truth(known: Mapping[Pair, Truth], pair: Pair) -> Truth:
    return known.get(pair) or known.get((pair[1], pair[0])) or UNLISTED


def _original(folds: Mapping[str, Fold], one: str) -> str:
    while (before := folds[one].duplicate_of) is not None:
        one = before
    return one


def _share(of: Iterable[bool]) -> float:
    values = list(of)
    return sum(values) / len(values) if values else 1.0


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        raise NoCorpus(f"../shared/corpus/{path.relative_to(CORPUS)} is not beside the repository")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(map(json.loads, lines))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.duplicates", description=__doc__)
    parser.add_argument(
        "--misses", action="store_true", help="name the pairs that were missed or wrongly named"
    )
    asked = parser.parse_args()
    try:
        stories, known = rows(), truth()
    except NoCorpus as reason:
        print(f"left out, {reason}")
        return 0
    print(f"{len(stories):,} stories, {len(known)} listed pairs")
    for titled in (False, True):
        for one_host in (False, True):
            scores = measure(stories, known, titled=titled, one_host=one_host)
            print(
                f"\n{'titles and bodies' if titled else 'bodies only'}, {'one outlet' if one_host else 'an outlet each'}: "
                f"{scores.seconds:.1f} s CPU, {scores.seconds / len(stories) * 1e3:.2f} ms a story, "
                f"{scores.candidates:.2f} candidates\n"
                f"  pairs of 0.7 and more: recall {scores.recall:.4f}, in one story {scores.together:.4f}\n"
                f"  named pairs ({scores.named}): precision {scores.precision:.4f}; alike 0.7 {scores.strict:.4f}; "
                f"of all pairs of duplicates of one {scores.cluster_precision:.4f}\n"
                f"  pairs of 0.5 to 0.7: recall {scores.recall_half:.4f}, in one story {scores.half_together:.4f}\n"
                f"  one holds 0.8 of the other: in one story {scores.held_together:.4f}",
                flush=True,
            )
            if asked.misses:
                print("  missed:", *(f"{a}-{b} ({known[a, b].jaccard:.2f})" for a, b in scores.missed))
                print("  wrong:", *(f"{a}-{b}" for a, b in scores.wrong))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
