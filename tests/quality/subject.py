"""`python -m tests.quality.subject`: how well the shipped watchlist knows its subject, and how often it cries wolf.

The first table judges the labelled rows of `../shared/corpus/subject` (title and quotation of each; borderline rows are
left out), the second all articles of `../shared/corpus/news`. Every error and every match is named.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alerts.match import Matcher, subject, validate
from crawler.records import Article
from tests.quality.corpora import NoCorpus
from tidings.settings import load_watchlist

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
NEWS = {
    "reuters-1987": "body",
    "bbc-2004": "body",
    "agnews-2004": "description",
    "headlines-us": "",
    "headlines-topics-sv-en": "",
}  # corpus → the key of its text
OWN = {
    "TRUST": "trust",
    "iCET": "trust",
    "INDUS-X": "indus-x",
    "COMPACT": "compact",
    "ASIA": "compact",
    "defence framework": "compact",
    "BTA": "trade-agreement",
    "MSP": "mineral-security-partnership",
    "NSF-ANRF": "nsf-anrf",
}  # topic of a label → the initiative that should find it; of the other topics any may
_ALL = "any"  # of the initiatives
_FOUND, _MISSED, _WRONG = range(3)
_INDIA = re.compile(r"\b(?:india|indian|indians|modi|delhi)\b", re.IGNORECASE)
_AMERICA = re.compile(
    r"\b(?:U\.S|US|USA|United States|America|American|Americans|Washington|Trump|Reagan|White House)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labelled page: its title and one quotation, either may be empty."""

    topic: str
    title: str
    quote: str
    day: date | None  # None: unknown, or only a month
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts of labelled rows, of one initiative or of all together."""

    found: int  # wanted and met
    missed: int  # wanted, not met
    wrong: int  # met, not wanted

    @property
    def recall(self) -> float:
        """1.0 where nothing was wanted."""
        wanted = self.found + self.missed
        return self.found / wanted if wanted else 1.0

    @property
    def precision(self) -> float:
        """1.0 where nothing was met."""
        met = self.found + self.wrong
        return self.found / met if met else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectReport:
    """The watchlist over the labelled rows."""

    overall: Score
    of: dict[str, Score]  # by initiative; a wanted row counts for the initiative of its topic
    errors: tuple[str, ...]  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReport:
    """The watchlist over one news corpus."""

    corpus: str
    articles: int
    seconds: float
    apt: tuple[str, ...] = field(repr=False)  # titles that were met and speak of India and of the U.S.
    false: tuple[str, ...] = ()  # titles that were met and do not

    @property
    def per_ten_thousand(self) -> float:
        return 10_000 * len(self.false) / self.articles if self.articles else 0.0


def shipped() -> Matcher:
    """The watchlist that is shipped, compiled."""
    file = ROOT / "config" / "watchlists" / "us-india-technology.yaml"
    return Matcher([load_watchlist(file, validate_term=validate)])


def labelled() -> tuple[Row, ...]:
    """The labelled rows that are not borderline.

    Raises:
        NoCorpus: they are not here.
    """
    stored: dict[str, list[dict[str, Any]]] = json.loads(_file("subject/trust-us-india.json").read_bytes())
    return tuple(
        Row(
            topic=row["topic"],
            title=row["title"] or "",
            quote=row["quote"] or "",
            day=date.fromisoformat(row["date"]) if row["date"] and len(row["date"]) == 10 else None,
            wanted=kind == "positives",
        )
        for kind in ("positives", "negatives")
        for row in stored[kind]
        if not row.get("borderline")
    )


def measure_subject(matcher: Matcher, rows: Iterable[Row]) -> SubjectReport:
    """Judge each row; a wanted one is found when any initiative meets it."""
    counts: dict[str, list[int]] = {}
    errors: list[str] = []

    def count(initiative: str, place: int) -> None:
        counts.setdefault(initiative, [0, 0, 0])[place] += 1

    for row in rows:
        met = [match.initiative_id for match in matcher.judge(_article(row)).matches]
        told = f"{row.topic}: {row.title or '(no title)'} | {row.quote}"
        if row.wanted:
            own = OWN.get(row.topic)
            count(_ALL, _FOUND if met else _MISSED)
            if own is not None:
                count(own, _FOUND if own in met else _MISSED)
            if not met or (own is not None and own not in met):
                errors.append(f"missed by {own if met else 'all'}: {told}")
        elif met:
            for initiative in (_ALL, *met):
                count(initiative, _WRONG)
            errors.append(f"met by {', '.join(met)}: {told}")
    scores = {name: Score(found=a, missed=b, wrong=c) for name, (a, b, c) in counts.items()}
    overall = scores.pop(_ALL, Score(found=0, missed=0, wrong=0))
    return SubjectReport(overall=overall, of=dict(sorted(scores.items())), errors=tuple(errors))


def measure_alarms(matcher: Matcher, corpus: str, *, every: int = 1) -> AlarmReport:
    """Judge the articles of a news corpus, or each `every`th of them.

    Raises:
        NoCorpus: it is not here.
    """
    apt: list[str] = []
    false: list[str] = []
    articles = 0
    started = time.perf_counter()
    for title, text in _news(corpus, every):
        articles += 1
        matches = matcher.judge(subject(title=title, text=text)).matches
        if matches:
            told = f"{title} [{', '.join(match.initiative_id for match in matches)}]"
            (apt if concerns_both(f"{title}\n{text}") else false).append(told)
    seconds = time.perf_counter() - started
    return AlarmReport(corpus=corpus, articles=articles, seconds=seconds, apt=tuple(apt), false=tuple(false))


def concerns_both(text: str) -> bool:
    """Whether a text names India and the United States at all: what a match must be about, said without its rules."""
    return bool(_INDIA.search(text) and _AMERICA.search(text))


def main() -> int:
    matcher = shipped()
    try:
        _show_subject(measure_subject(matcher, labelled()))
        print()
        _show_alarms([measure_alarms(matcher, corpus) for corpus in NEWS])
    except NoCorpus as reason:
        print(f"left out, {reason}", file=sys.stderr)
        return 1
    return 0


def _article(row: Row) -> Article:
    published = datetime(row.day.year, row.day.month, row.day.day, tzinfo=UTC) if row.day else None
    return subject(title=row.title, text=row.quote, published=published)


def _news(corpus: str, every: int) -> Iterator[tuple[str, str]]:
    """Title and text of each article; headlines have no text."""
    key = NEWS[corpus]
    with gzip.open(_file(f"news/{corpus}.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % every == 0:
                row = json.loads(line)
                yield row["title"], row[key] if key else ""


def _file(name: str) -> Path:
    path = CORPUS / name
    if not path.exists():
        raise NoCorpus(f"../shared/corpus/{name} is not beside the repository")
    return path


def _show_subject(report: SubjectReport) -> None:
    print(f"{'initiative':<30}{'found':>6}{'missed':>8}{'wrong':>7}{'recall':>8}{'precision':>11}")
    for name, score in [*report.of.items(), (_ALL, report.overall)]:
        counts = f"{score.found:>6}{score.missed:>8}{score.wrong:>7}"
        print(f"{name:<30}{counts}{score.recall:>8.3f}{score.precision:>11.3f}")
    for error in report.errors:
        print(f"    {error}")


def _show_alarms(reports: Sequence[AlarmReport]) -> None:
    print(f"{'corpus':<26}{'articles':>9}{'met':>5}{'false':>7}{'in 10,000':>11}{'seconds':>9}")
    for one in reports:
        met = len(one.apt) + len(one.false)
        rate = f"{len(one.false):>7}{one.per_ten_thousand:>11.2f}{one.seconds:>9.1f}"
        print(f"{one.corpus:<26}{one.articles:>9,}{met:>5}{rate}")
    for one in reports:
        for title in one.false:
            print(f"    false: {title}")
        for title in one.apt:
            print(f"    speaks of both: {title}")


if __name__ == "__main__":
    raise SystemExit(main())
