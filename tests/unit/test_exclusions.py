"""What to exclude from a rule, found in matches that were judged not to be about its initiative."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.exclusions import Place, Proposal, propose
from alerts.match import Matcher, subject
from alerts.records import Case, Initiative, Term, Watchlist
from crawler.records import Article
from tests.quality.replay import NEWS


def news(title: str, text: str = "") -> Article:
    return subject(title=title, text=text)


def found(
    *,
    wrong: list[Article],
    right: list[Article] | None = None,
    others: list[Article] | None = None,
    term: Term | None = None,
    **rule: Any,
) -> Proposal:
    terms = (term or Term(text="compact"),)
    initiative = Initiative(**{"id": "i", "name": "I", "watchlist_id": "w", "any": terms, **rule})
    watchlist = Watchlist(id="w", title="w", initiatives=(initiative,))
    return propose(initiative, watchlist, wrong=wrong, right=right or [], others=others or [], tags={})


def texts(one: Proposal) -> list[tuple[str, str]]:
    return [(str(each.place), each.text) for each in one.exclusions]


SUVS = [
    news("A compact SUV for city roads"),
    news("This compact SUV wins a prize"),
    news("New compact SUVs, and what they cost"),
]
MEANT = [
    news("India and the U.S. review the compact"),
    news("A new compact of two democracies"),
    news("What the compact says on jet engines"),
]


def test_the_phrase_around_the_hits_is_proposed_and_measured() -> None:
    """In singular or plural; a word that stands beside right ones too is none of it."""
    one = found(wrong=SUVS, right=MEANT[:1], others=[*MEANT[1:], news("The compact SUV boom", "")])

    (exclusion,) = one.exclusions
    assert (exclusion.place, exclusion.text) == (Place.EXCEPT, "compact SUV")
    assert (exclusion.frees, exclusion.takes_right, exclusion.takes_others) == (3, 0, 1)
    assert exclusion.freed == tuple(article.title for article in SUVS)
    assert exclusion.taken == ("The compact SUV boom",)
    assert (one.wrong, one.right, one.others, one.left) == (3, 1, 3, ())


def test_what_is_proposed_does_what_is_said() -> None:
    """The edited initiative, asked by the matcher."""
    one = found(wrong=SUVS, right=MEANT)
    matcher = Matcher((Watchlist(id="w", title="w", initiatives=(one.edited,)),))

    assert [bool(matcher.judge(article).matches) for article in (*SUVS, *MEANT)] == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (["Brand trust falls", "How brand trust is won"], "brand trust"),
        (["The anti-trust case", "An anti-trust suit"], "anti-trust"),
        (["Ford's trust fund", "Its trust funds grew"], "trust fund"),
        (["The “trust” fund is empty", "A trust fund"], "trust fund"),
        (
            ["A trust, fund managers say", "The trust: fund managers wait"],
            None,
        ),  # no phrase goes over a comma
        (["In trust of the", "For trust of the"], None),  # small words are no name of anything
        (["A trust fund"], None),  # once is chance
        (["Public trust wanes", "A trust fund"], None),
        (["The TRUST FUND IS EMPTY NOW", "A trust fund"], "trust fund"),
        (["Trust 2026", "Trust 2026 opens"], None),
    ],
)
def test_phrases_are_those_that_the_rules_read(wrong: list[str], expected: str | None) -> None:
    rule = Term(text="trust", case=Case.FOLD)

    one = found(wrong=[news(title) for title in wrong], term=rule)

    assert texts(one) == ([] if expected is None else [("except", expected)])


def test_a_phrase_that_was_judged_right_once_is_never_proposed() -> None:
    one = found(wrong=SUVS, right=[news("A compact SUV for the army of India")])

    assert texts(one) == []
    assert one.left == tuple(article.title for article in SUVS)


def test_two_phrases_that_only_end_a_match_together_are_both_proposed() -> None:
    """An article is open to its other hits as long as one of them is not excluded."""
    wrong = [news(f"A compact disc in a compact car, number {number}") for number in "ab"]

    one = found(wrong=wrong)

    assert {text for _, text in texts(one)} == {"compact car", "compact disc"}
    assert [each.frees for each in one.exclusions] == [2, 2]


def test_what_stands_anywhere_is_proposed_for_none() -> None:
    """Where no phrase around the hits does it: a name that the wrong ones share and others do not."""
    wrong = [
        news(f"Report {one}", f"The compact was shown by Ferdinand Porsche {one}. The compact is small.")
        for one in "abc"
    ]
    others = [
        news(f"Meeting {number}", f"The compact was signed by minister {number}.") for number in range(60)
    ]

    one = found(wrong=wrong, others=others)

    assert texts(one) == [("none", "Ferdinand Porsche")]
    assert (one.exclusions[0].frees, one.exclusions[0].takes_others) == (3, 0)
    assert one.edited.none[0].literal


def test_few_matches_prove_no_name() -> None:
    """What three articles share and nine others do not may be anything."""
    wrong = [news(f"Report {one}", f"The compact was shown by Ferdinand Porsche {one}.") for one in "abc"]
    others = [news(f"Meeting {number}", "The compact was signed.") for number in range(9)]

    assert texts(found(wrong=wrong, others=others)) == []


def test_reprints_are_one_text() -> None:
    """Judged or not: neither do they make a phrase of one article, nor does one that nobody judged speak against it."""
    first = news("A compact SUV for city roads")
    again = replace(news("A compact SUV for city roads!"), duplicate_of=first.id)

    assert found(wrong=[first, again]).wrong == 1
    one = found(wrong=[*SUVS, first], others=[again, *MEANT])
    assert one.others == 3


def test_what_the_rules_exclude_already_is_left_aside() -> None:
    """So is what they do not match any more for another reason."""
    one = found(wrong=[*SUVS, news("Nothing of interest")], exceptions=("compact SUV",))

    assert (one.wrong, texts(one)) == (0, [])


WORDS = st.lists(
    st.sampled_from(["compact", "car", "India", "the", "of", "new", "disc,", "SUV", "—", "’s"]), max_size=9
)
MANY = st.lists(WORDS.map(" ".join), max_size=6)


@settings(max_examples=150, deadline=None)
@given(wrong=MANY, right=MANY, others=MANY)
def test_whatever_is_proposed_ends_wrong_matches_and_no_right_one(
    wrong: list[str], right: list[str], others: list[str]
) -> None:
    """As the matcher says of the edited rules."""
    pool = [[news(title) for title in titles] for titles in (wrong, right, others)]
    one = found(wrong=pool[0], right=pool[1], others=pool[2])

    judge = [
        Matcher((Watchlist(id="w", title="w", initiatives=(rule,)),)) for rule in (one.initiative, one.edited)
    ]
    said_wrong = {article.id for article in pool[0]}  # a text that was judged both ways counts as wrong
    before, after = (
        [
            {article.title for article in articles if matcher.judge(article).matches}
            for articles in (pool[0], [each for each in pool[1] if each.id not in said_wrong])
        ]
        for matcher in judge
    )
    assert after[1] == before[1]
    assert set(one.left) == after[0]
    assert (after[0] < before[0]) is bool(one.exclusions)


def test_nothing_follows_from_nothing() -> None:
    assert texts(found(wrong=[])) == []
    assert texts(found(wrong=[], right=MEANT, others=SUVS)) == []


def test_hostile_texts_are_judged_quickly() -> None:
    """Thousands of hits, words without end, signs of all kinds."""
    wrong = [
        news("compact " * 3000, "compact\u202e x " * 2000),
        news("compact" + "x" * 20_000 + " compact" + "'" * 5000),
    ]

    assert found(wrong=wrong * 2, others=MEANT).wrong == 2


# -- real news -------------------------------------------------------------------------------------


def real(word: str) -> Iterator[Article]:
    """Articles of the corpora that hold a word."""
    if not NEWS.exists():
        pytest.skip("the news is not beside the repository")
    asked = re.compile(rf"\b{word}\b", re.IGNORECASE)
    for name in ("bbc-2004", "reuters-1987"):
        with gzip.open(NEWS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                one = news(row["title"] or "", row.get("body") or row.get("text") or "")
                if asked.search(f"{one.title} {one.text}"):
                    yield one


def judged_by(articles: list[Article], pattern: str, most: int) -> list[Article]:
    """As a person judges who sees that an article is about something else."""
    return [one for one in articles if re.search(pattern, f"{one.title} {one.text}", re.IGNORECASE)][:most]


@pytest.mark.parametrize(
    ("word", "wrong", "expected"),
    [
        ("compact", {"compact cars?": 4, "compact dis[ck]s?": 4}, {"compact car", "compact disc"}),
        ("trust", {"trust fund": 4, "anti-trust": 5}, {"trust fund", "anti-trust"}),
    ],
)
def test_in_real_news_the_phrases_are_found_that_a_person_would_exclude(
    word: str, wrong: dict[str, int], expected: set[str]
) -> None:
    """COMPACT and TRUST as ordinary words, in wire stories of 1987 and reports of 2004."""
    articles = list(real(word))
    said = [one for pattern, most in wrong.items() for one in judged_by(articles, pattern, most)]
    rest = [one for one in articles if one not in said]

    one = found(wrong=said, others=rest, term=Term(text=word, case=Case.FOLD))

    proposed = {
        each.text.casefold().removesuffix("s") for each in one.exclusions if each.place is Place.EXCEPT
    }
    assert expected <= proposed
    assert len(one.left) <= len(said) / 2
