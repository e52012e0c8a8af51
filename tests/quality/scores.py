"""The measures of the labelled sets, as their makers define them; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and their harmonic mean, each 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """0 when both are."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def shingle_agreement(found: str, wanted: str) -> Agreement:
    """Of one page's text and the text marked by hand: runs of four words, as multisets."""
    ours, theirs = _shingles(found), _shingles(wanted)
    common = (ours & theirs).total()
    if not ours:
        return Agreement(float(not theirs), float(not theirs))
    return Agreement(common / ours.total(), common / theirs.total() if theirs else 1.0)


def mean(pages: Sequence[Agreement]) -> Agreement:
    """Precision and recall averaged over pages; the F1 is that of the averages."""
    count = len(pages) or 1
    return Agreement(sum(p.precision for p in pages) / count, sum(p.recall for p in pages) / count)


def phrase_agreement(pages: Iterable[tuple[str, Sequence[str], Sequence[str]]]) -> Agreement:
    """Over all pages together: phrases that must occur in the text, and phrases that must not.

    Args:
        pages: (text, present, absent).
    """
    hit = missed = wrong = 0
    for text, present, absent in pages:
        found = sum(phrase in text for phrase in present)
        hit += found
        missed += len(present) - found
        wrong += sum(phrase in text for phrase in absent)
    return Agreement(hit / (hit + wrong or 1), hit / (hit + missed or 1))


def same_title(found: str, wanted: str) -> bool:
    """Equal but for runs of spaces."""
    return " ".join(found.split()) == " ".join(wanted.split())


def same_day(found: datetime | None, wanted: str) -> bool:
    """The day of publication is the stated one, in the stated zone where it has one, else in UTC."""
    stated = datetime.fromisoformat(wanted)
    return found is not None and found.astimezone(stated.tzinfo or UTC).date() == stated.date()


def same_time(found: datetime | None, wanted: str) -> bool:
    """The moment of publication is the stated one, to the second; a stated time without a zone is UTC."""
    stated = datetime.fromisoformat(wanted)
    stated = stated.replace(tzinfo=stated.tzinfo or UTC, microsecond=0)
    return found is not None and found.replace(microsecond=0) == stated


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()
