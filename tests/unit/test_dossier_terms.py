"""Names and phrases that are new in a period, by stories and not by copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerts.dossier import told
from alerts.dossier_records import Came, Told
from alerts.dossier_terms import ENOUGH, SAMPLE, comparable, new_terms, sampled
from crawler.records import Article, TextState
from tests.fakes.dossiers import NOW, PERIOD, RULED, WATCHLIST, came

PLAIN = "Officials met in New Delhi and spoke of trade, as they do every month."


def stories(
    texts: Sequence[str], days: float, outlets: Sequence[str] = ("Post", "Wire")
) -> list[tuple[Came, str]]:
    return [
        (came(days, f"Report {days} {n}", source=outlets[n % len(outlets)], story=f"s{days}-{n}"), text)
        for n, text in enumerate(texts)
    ]


def found(now: list[tuple[Came, str]], before: list[tuple[Came, str]]) -> list[tuple[str, int, int]]:
    every = [*now, *before]
    articles = {
        one.article.telling.article_id: Article(
            id=one.article.telling.article_id,
            source_id="post",
            url="https://post.example/1",
            canonical_url="https://post.example/1",
            title=one.article.telling.title,
            text=text,
            text_state=TextState.READ,
            first_seen_at=NOW,
        )
        for one, text in every
    }
    in_order = sorted((one for one, _ in every), key=lambda one: one.at)
    here, earlier = told(in_order, PERIOD), told(in_order, PERIOD.before)
    terms = new_terms(RULED, WATCHLIST, here, earlier, articles)
    return [(one.text, one.stories, one.before) for one in terms]


def test_a_name_that_comes_up_in_this_period_is_new() -> None:
    now = stories([f"{PLAIN} The Quantum Bridge opened."] * 5 + [PLAIN] * 20, 2)
    before = stories([PLAIN] * 25, 40)

    assert found(now, before) == [("Quantum Bridge", 5, 0)]


def test_what_was_there_before_is_not_new() -> None:
    """Nor what was there less often, by chance; a name that is six times as frequent is."""
    now = stories([f"{PLAIN} The Quantum Bridge opened."] * 5 + [PLAIN] * 20, 2)
    twice = stories([f"{PLAIN} The Quantum Bridge is planned."] * 2 + [PLAIN] * 23, 40)

    assert found(now, twice) == []


def test_what_one_outlet_says_or_two_stories_say_is_chance() -> None:
    before = stories([PLAIN] * 25, 40)
    of_one = stories([f"{PLAIN} The Quantum Bridge opened."] * 5, 2, outlets=("Post",))
    twice = stories([f"{PLAIN} The Quantum Bridge opened."] * 2, 3)
    rest = stories([PLAIN] * 20, 4)

    assert found([*of_one, *rest], before) == []
    assert found([*twice, *rest], before) == []


def test_what_the_rules_ask_for_and_outlets_are_not_news() -> None:
    now = stories([f"{PLAIN} The TRUST initiative, Post says, is well."] * 6 + [PLAIN] * 20, 2)

    assert found(now, stories(["Officials met and spoke of trade."] * 25, 40)) == [("New Delhi", 26, 0)]


def test_copies_of_one_text_are_one_story() -> None:
    """Ten outlets that carry it make nothing new."""
    one = stories([f"{PLAIN} The Quantum Bridge opened."], 2)
    copies = [
        (came(2, "Copy", source=f"Paper {n}", story="s2-0"), f"{PLAIN} The Quantum Bridge opened.")
        for n in range(10)
    ]

    assert found([*one, *copies, *stories([PLAIN] * 20, 3)], stories([PLAIN] * 25, 40)) == []


def test_few_stories_say_nothing_of_what_is_usual() -> None:
    def some(number: int) -> tuple[Told, ...]:
        return told([one for one, _ in stories([PLAIN] * number, 2)], PERIOD)

    assert not comparable(some(ENOUGH - 1), some(ENOUGH))
    assert not comparable(some(ENOUGH), some(ENOUGH - 1))
    assert comparable(some(ENOUGH), some(ENOUGH))


def test_a_sample_is_the_same_whatever_the_order() -> None:
    (one,) = told([came(2, story="s")], PERIOD)
    many = [replace(one, story=replace(one.story, id=f"s{n}")) for n in range(SAMPLE + 50)]

    assert sampled(many) == sampled(reversed(many))
    assert len(sampled(many)) == SAMPLE
