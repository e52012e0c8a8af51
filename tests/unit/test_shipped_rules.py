"""The shipped watchlist in the program's own hands: it is accepted, its examples hold, and it finds its subject."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.examples import run
from alerts.match import Matcher, subject, validate, warnings
from alerts.records import Watchlist
from tidings.settings import load

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
CASES = ROOT / "tests" / "data" / "us-india-technology.txt"
Case = tuple[str, str, str | None]  # title, text, day of publication
_DAY = re.compile(r"(?:\[(\d{4}-\d\d-\d\d)\] )?(.*)")


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


def sections() -> dict[str, list[Case]]:
    """Initiative, or "nothing" → its lines in `tests/data`."""
    found: dict[str, list[Case]] = {}
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            cases = found.setdefault(line.removeprefix("== "), [])
        elif line and not line.startswith("#"):
            day, rest = _DAY.fullmatch(line).groups()  # type: ignore[union-attr]  # every line fits
            title, _, text = rest.partition("|")
            cases.append((title.strip(), text.strip(), day))
    return found


@pytest.mark.parametrize(
    ("initiative", "title", "text", "day"),
    [(name, *case) for name, cases in sections().items() for case in cases if name != "nothing"],
)
def test_an_article_of_the_subject_is_found(
    matcher: Matcher, initiative: str, title: str, text: str, day: str | None
) -> None:
    """However press, wires, think tanks and ministries name it."""
    published = datetime.fromisoformat(f"{day}T12:00:00+00:00") if day else None
    verdict = matcher.judge(subject(title=title, text=text, published=published), explain=True)

    assert initiative in {match.initiative_id for match in verdict.matches}, verdict.misses


@pytest.mark.parametrize(("title", "text"), [case[:2] for case in sections()["nothing"]])
def test_a_namesake_of_the_subject_is_left_alone(matcher: Matcher, title: str, text: str) -> None:
    """Trusts and compacts of other kinds, other rivers' innovations, other countries' agreements, exams and crops."""
    assert found(matcher, title=title, text=text) == {}


def test_each_initiative_has_articles_that_it_must_find(watchlist: Watchlist) -> None:
    kept = sections()

    assert set(kept) == {initiative.id for initiative in watchlist.initiatives} | {"nothing"}
    assert min(map(len, kept.values())) >= 10


def test_a_country_in_the_opening_of_the_body_belongs_to_a_name_in_the_title(matcher: Matcher) -> None:
    """And words in that opening that would make the name another's do not: only those beside it do."""
    text = (
        "Schools and the police of both countries took part, the ministry in New Delhi said; the U.S. agreed."
    )

    assert "trust" in found(matcher, title="TRUST initiative enters its second year", text=text)
    assert "trust" not in found(matcher, title="Police TRUST initiative enters its second year", text=text)


def test_the_former_name_is_found_in_old_news_only(matcher: Matcher) -> None:
    """iCET, until the day on which TRUST was announced."""
    old, new = datetime(2025, 2, 13, 23, tzinfo=UTC), datetime(2025, 2, 14, tzinfo=UTC)

    assert matcher.judge(subject(title="India and U.S. review iCET", published=old)).matches
    assert not matcher.judge(subject(title="India and U.S. review iCET", published=new)).matches


def test_fifteen_hundred_old_news_stories_raise_no_false_alarm(matcher: Matcher) -> None:
    """Sport, business and politics of 2004, twenty years before the subject began."""
    with gzip.open(corpus("news/bbc-2004.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]

    assert [row["title"] for row in rows if found(matcher, title=row["title"], text=row["body"])] == []
