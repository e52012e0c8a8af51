"""How well pages are read never falls below what it was, on the very pages it was measured on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.quality import floors, scores
from tests.quality.corpora import EXTRACTION, SETS
from tests.quality.measure import Report, measure


@pytest.mark.parametrize("name", SETS)
def test_no_set_of_labelled_pages_falls_below_its_floor(name: str) -> None:
    """Floors are raised by `python -m tests.quality --keep`, and lowered by `--keep --lower` only."""
    if not (EXTRACTION / name).exists():
        pytest.skip(f"../shared/corpus/extraction/{name} is not beside the repository")

    assert list(floors.below(measure(name))) == []


REPORT = Report(
    set="desk", reader="tidings", digest="d1", pages=3, figures={"F1": 0.9, "title": 1.0}, misses=[]
)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "floors.json"
    monkeypatch.setattr(floors, "FILE", file)
    floors.keep([REPORT], lower=False)
    return file


def worse(**changes: object) -> Report:
    return Report(**{**{n: getattr(REPORT, n) for n in Report.__slots__}, **changes})  # type: ignore[arg-type]  # fields by name


def test_a_figure_below_its_floor_is_named(kept: Path) -> None:
    """With both numbers; a hair below what was measured is within the floor."""
    assert list(floors.below(worse(figures={"F1": 0.8996, "title": 1.0}))) == []
    assert list(floors.below(worse(figures={"F1": 0.89, "title": 1.0}))) == [
        "desk: F1 is 0.8900, its floor 0.8995"
    ]


def test_a_figure_that_is_no_longer_measured_is_below(kept: Path) -> None:
    """Nobody gets round a floor by leaving a figure out."""
    assert list(floors.below(worse(figures={"F1": 0.9}))) == ["desk: title is 0.0000, its floor 0.9995"]


def test_another_corpus_is_not_held_against_the_old_floor(kept: Path) -> None:
    """Figures of other pages say nothing about these."""
    (told,) = floors.below(worse(digest="d2"))

    assert "have changed" in told


def test_a_floor_is_lowered_only_when_that_is_said(kept: Path) -> None:
    """Raising needs no word."""
    with pytest.raises(SystemExit, match="F1 would lower"):
        floors.keep([worse(figures={"F1": 0.7, "title": 1.0})], lower=False)
    floors.keep([worse(figures={"F1": 0.95, "title": 1.0})], lower=False)
    assert json.loads(kept.read_text())["desk"]["floors"]["F1"] == 0.9495

    floors.keep([worse(figures={"F1": 0.7, "title": 1.0})], lower=True)

    assert json.loads(kept.read_text())["desk"]["floors"]["F1"] == 0.6995


def test_agreement_is_that_of_runs_of_four_words() -> None:
    """As multisets: a text told twice is half wrong."""
    once = scores.shingle_agreement("a b c d e", "a b c d e")
    twice = scores.shingle_agreement("a b c d e a b c d e", "a b c d e")

    assert (once.precision, once.recall, once.f1) == (1, 1, 1)
    assert (round(twice.precision, 2), twice.recall) == (0.29, 1)
    assert scores.shingle_agreement("", "a b").f1 == 0


def test_phrases_count_over_all_pages_together() -> None:
    """Three of four that must occur do, and one of two that must not does."""
    found = scores.phrase_agreement([("one two three", ["one", "two"], ["four"]), ("x y", ["x", "z"], ["y"])])

    assert (found.precision, found.recall) == (0.75, 0.75)


def test_a_day_is_judged_in_the_zone_in_which_it_is_stated() -> None:
    """20:00 in New York is the next day in UTC."""
    evening = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)

    assert scores.same_day(evening, "2026-03-04T20:00:00-05:00")
    assert not scores.same_day(evening, "2026-03-04")
    assert scores.same_time(evening, "2026-03-04T20:00:00-05:00")
    assert not scores.same_time(evening + timedelta(seconds=1), "2026-03-04T20:00:00-05:00")
