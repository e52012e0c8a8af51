"""The shipped watchlist in the program's own hands: it is accepted, its examples hold, and it finds its subject."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from alerts.examples import run
from alerts.match import Matcher, subject, validate, warnings
from alerts.records import Watchlist
from tidings.settings import load

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture(scope="module")
def watchlist(tmp_path_factory: pytest.TempPathFactory) -> Watchlist:
    settings = load(
        ROOT / "config", state_dir=tmp_path_factory.mktemp("state"), environ={}, validate_term=validate
    )
    (only,) = settings.watchlists
    return only


@pytest.fixture(scope="module")
def matcher(watchlist: Watchlist) -> Matcher:
    return Matcher([watchlist])


def corpus(name: str) -> Path:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"needs ../shared/corpus/{name}, which is not part of the repository")
    return path


def found(matcher: Matcher, *, title: str, text: str = "") -> dict[str, set[str]]:
    """Initiative → commitments."""
    verdict = matcher.judge(subject(title=title, summary="", text=text))
    return {match.initiative_id: set(match.commitments) for match in verdict.matches}


def test_every_example_turns_out_as_written(watchlist: Watchlist) -> None:
    assert run(watchlist) == ()


def test_no_rule_is_too_broad_dead_or_contradictory(watchlist: Watchlist) -> None:
    assert warnings(watchlist) == ()


@pytest.mark.parametrize(
    ("title", "commitment"),
    [
        ("Partners say India and US will sign first tranche of trade deal in spring", "first-tranche"),
        ("India-US trade deal still far from Mission 500, $500 billion by 2030", "mission-500"),
        ("U.S.-India roadmap for AI infrastructure is out", "ai-roadmap"),
        ("India and US extend ten-year defence framework to repairs", "ten-year-defence-framework"),
        ("U.S.–India COMPACT shows first results", "first-outcomes"),
        ("NSF and ANRF open joint call for proposals", "joint-research"),
    ],
)
def test_a_report_is_filed_under_its_promise(matcher: Matcher, title: str, commitment: str) -> None:
    assert commitment in set().union(*found(matcher, title=title).values())


def test_the_announcement_of_february_2025_meets_all_nine_initiatives(
    watchlist: Watchlist, matcher: Matcher
) -> None:
    text = corpus("seed/article.txt").read_text(encoding="utf-8")

    met = found(matcher, title="", text=text)

    assert set(met) == {initiative.id for initiative in watchlist.initiatives}
    assert {"first-tranche", "mission-500"} <= met["trade-agreement"]
    assert "ai-roadmap" in met["ai-infrastructure-roadmap"]


def test_the_same_words_in_another_sense_are_left_alone(matcher: Matcher) -> None:
    """Pages on trusts, antitrust, compact cars, Indus waters, other trade talks and other minerals."""
    rows: dict[str, list[Any]] = json.loads(corpus("subject/trust-us-india.json").read_text(encoding="utf-8"))

    wrong = [
        (row["topic"], row["title"])
        for row in rows["negatives"]
        if found(matcher, title=row["title"] or "", text=row["quote"] or "")
    ]
    right = [
        row for row in rows["positives"] if found(matcher, title=row["title"] or "", text=row["quote"] or "")
    ]

    assert wrong == []
    assert len(right) / len(rows["positives"]) > 0.9  # one sentence of each, some without either country


def test_fifteen_hundred_old_news_stories_raise_no_false_alarm(matcher: Matcher) -> None:
    """Sport, business and politics of 2004, twenty years before the subject began."""
    with gzip.open(corpus("news/bbc-2004.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]

    assert [row["title"] for row in rows if found(matcher, title=row["title"], text=row["body"])] == []
