"""How much a word tells."""

from __future__ import annotations

import pytest

from crawler.records import Article
from crawler.vocabulary import Vocabulary, count_words
from tests.fakes.clock import NOON


def articles(*titles: str) -> list[Article]:
    return [
        Article(id=str(n), source_id="", url="", canonical_url="", title=title, first_seen_at=NOON)
        for n, title in enumerate(titles)
    ]


def test_a_word_that_many_articles_hold_tells_little() -> None:
    """The names of a topic of these days are no event's."""
    made = Vocabulary.of(
        articles(*["Tariffs on India"] * 60, *["Ferry aground"] * 9, *["Rain in Wales"] * 40)
    )
    assert made.articles == 109
    assert made.weight("india") < made.weight("ferry") < made.weight("comet")
    assert made.weight("comet") == made.rarest


def test_common_words_tell_little_from_the_first_day() -> None:
    """General use decides while there is no archive."""
    empty = Vocabulary()
    assert empty.weight("the") == pytest.approx(0.0, abs=0.1)
    assert empty.weight("government") < 0.6 * empty.weight("barangaroo")
    assert empty.weight("und") < 0.5 * empty.weight("barangaroo")
    assert empty.weight("barangaroo") == empty.rarest


def test_a_word_of_a_single_article_is_as_rare_as_can_be() -> None:
    """Nothing of it is kept."""
    sample = articles("Comet seen", "Quasar", "Rain", "Rain")
    assert set(count_words(sample).counts) == {"rain"}
    made = Vocabulary.of(sample)
    assert made.weight("comet") == made.weight("quasar") == made.weight("never seen") == made.rarest
    assert made.weight("rain") < made.rarest


def test_an_article_counts_once() -> None:
    said = count_words(articles(*["Ferry, ferry, ferry!"] * 5))
    assert said.counts == {"ferry": 5}
