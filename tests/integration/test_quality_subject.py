"""The shipped watchlist finds its subject and nothing else, on labelled pages and on news that are not its subject."""

from __future__ import annotations

from datetime import date

import pytest

from alerts.match import Matcher
from alerts.records import Initiative, Term, Watchlist
from tests.quality.subject import (
    CORPUS,
    NEWS,
    Row,
    concerns_both,
    labelled,
    measure_alarms,
    measure_subject,
    shipped,
)

GOAL = 0.98  # recall and precision
EVERY = 25  # of the news corpora; `python -m tests.quality.subject` reads them whole


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return shipped()


def test_the_subject_is_found_and_told_from_its_namesakes(matcher: Matcher) -> None:
    """Trust hospitals, antitrust, compact cars, Indus waters, other countries' trade and minerals."""
    if not (CORPUS / "subject").exists():
        pytest.skip("../shared/corpus/subject is not beside the repository")

    report = measure_subject(matcher, labelled())

    assert report.overall.recall >= GOAL, report.errors
    assert report.overall.precision >= GOAL, report.errors
    for name, score in report.of.items():
        assert score.recall >= 0.9, (name, report.errors)
        assert score.precision >= GOAL, (name, report.errors)


@pytest.mark.parametrize("corpus", NEWS)
def test_other_news_raise_no_false_alarm(matcher: Matcher, corpus: str) -> None:
    """Each 25th article of a corpus: none is met that does not speak of India and of the United States."""
    if not (CORPUS / "news" / f"{corpus}.jsonl.gz").exists():
        pytest.skip(f"../shared/corpus/news/{corpus}.jsonl.gz is not beside the repository")

    report = measure_alarms(matcher, corpus, every=EVERY)

    assert report.articles > 50
    assert report.false == ()


def test_a_miss_and_a_wrong_hit_are_counted_and_named() -> None:
    """For the initiative that they concern, and for all together."""
    initiative = Initiative(id="compact", name="", watchlist_id="w", any=(Term(text="COMPACT"),))
    rows = [
        Row(topic="COMPACT", title="COMPACT signed", quote="", day=None, wanted=True),
        Row(topic="COMPACT", title="A pact", quote="It is signed.", day=None, wanted=True),
        Row(
            topic="summit", title="Summit", quote="They sign the COMPACT.", day=date(2025, 2, 14), wanted=True
        ),
        Row(topic="car", title="The COMPACT car", quote="", day=None, wanted=False),
        Row(topic="car", title="A small car", quote="", day=None, wanted=False),
    ]

    report = measure_subject(Matcher([Watchlist(id="w", title="", initiatives=(initiative,))]), rows)

    assert (report.overall.found, report.overall.missed, report.overall.wrong) == (2, 1, 1)
    assert (report.of["compact"].recall, report.of["compact"].precision) == (0.5, 0.5)
    assert report.errors == (
        "missed by all: COMPACT: A pact | It is signed.",
        "met by compact: car: The COMPACT car | ",
    )


def test_what_concerns_both_countries_is_judged_by_their_names_alone() -> None:
    """The pronoun and Indiana are neither country."""
    assert concerns_both("Trump calls Modi")
    assert concerns_both("U.S. duties on Indian shrimp")
    assert not concerns_both("India tells us of its plans")
    assert not concerns_both("Indiana votes in the United States")
