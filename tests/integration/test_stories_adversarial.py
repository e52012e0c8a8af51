"""What hostile or careless outlets print, folded by the store: no story is hidden, nothing unrelated is one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import process_time

import pytest

from crawler.duplicates import tokens
from crawler.flat import MOST_MARKS, compatible
from crawler.folder import StoryFolder
from crawler.records import Article, TextState
from crawler.terms import LONGEST, terms
from crawler.vocabulary import vocabulary_of
from tests.integration.storage.making import poll, source
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
BANDS_FOR = timedelta(days=30)
# Consonants and vowels of made-up words: each topic has a stock of its own, so that unrelated texts share nothing.
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()  # noqa: SIM905  # reads better so


def prose(topic: str, words: int = 300) -> list[str]:
    """Words of a text about a topic: the same for the same topic, others for another one."""
    written = []
    for number in range(words):
        digest = hashlib.sha256(f"{topic} {number}".encode()).digest()
        written.append("".join(_SYLLABLES[byte % len(_SYLLABLES)] for byte in digest[:3]) + topic[:3])
    return written


def headline(topic: str) -> str:
    return " ".join(prose(f"{topic}", 6)).capitalize()


@dataclass
class Desk:
    """A store, and articles put into it a minute apart."""

    stores: Stores
    numbers: Iterator[int]

    def article(self, host: str, title: str, text: Sequence[str]) -> Article:
        number = next(self.numbers)
        url = f"https://{host}.example/{number}"
        return Article(
            id=hashlib.sha256(url.encode()).hexdigest()[:16],
            source_id="times",
            url=url,
            canonical_url=url,
            title=title,
            text=" ".join(text),
            text_state=TextState.FEED,
            first_seen_at=START + timedelta(minutes=number),
        )

    async def fold(self, *told: Article, batch: int = 50) -> None:
        """As the daemon does it, `batch` in one transaction."""
        now = max(one.first_seen_at for one in told)
        await self.stores.articles.record_poll(poll(*told, at=now))
        while ids := await self.stores.articles.unfolded(now, timedelta(0), batch):
            folder = StoryFolder(vocabulary_of(await self.stores.articles.word_counts(now)))
            done = await self.stores.articles.fold(ids, folder, since=now - BANDS_FOR)
            assert done.failed == ()

    async def stories(self, *told: Article) -> list[str | None]:
        kept = [await self.stores.articles.get(one.id) for one in told]
        return [None if one is None else one.story_id for one in kept]


@pytest.fixture
async def desk(tmp_path: Path) -> Iterator[Desk]:
    database = Database.open("sqlite", state_dir=tmp_path)
    stores = Stores(database)
    await stores.sources.sync([source()], START)
    yield Desk(stores, count())
    database.close()


@pytest.mark.parametrize("share", [0.2, 0.25, 0.35, 0.5, 0.65, 0.75, 0.8])
@pytest.mark.parametrize("first", ["the beginning", "the end"])
async def test_a_page_of_two_texts_seen_before_both_makes_them_no_story(
    desk: Desk, share: float, first: str
) -> None:
    """Whatever part of the page each is, and whichever is told first."""
    one, two = prose("harbour", int(400 * share)), prose("orchard", int(400 * (1 - share)))
    planted = desk.article("planted", "Everything that was told today in one", [*one, *two])
    true = [desk.article("a", headline("harbour"), one), desk.article("b", headline("orchard"), two)]
    await desk.fold(planted)
    for article in true if first == "the beginning" else reversed(true):
        await desk.fold(article)

    beginning, end = await desk.stories(*true)
    assert beginning != end


@pytest.mark.parametrize("batch", [1, 100])
async def test_a_chain_of_texts_ends_where_nothing_of_the_first_is_left(desk: Desk, batch: int) -> None:
    """Fifty links from one text to another, each a fiftieth on."""
    one, two = prose("harbour"), prose("orchard")
    links = [
        desk.article(
            f"h{step}",
            headline("harbour" if step < 25 else "orchard"),
            [*two[: step * 6], *one[step * 6 :]],
        )
        for step in range(51)
    ]
    await desk.fold(*links, batch=batch)

    stories = await desk.stories(*links)
    assert stories[0] != stories[-1]
    assert len(set(stories)) < 12  # neighbours are told together


_NOTICE = prose("notice", 100)
_FORMS: dict[str, Callable[[str, int], tuple[str, Sequence[str]]]] = {
    "a notice in place of the text": lambda topic, _: (headline(topic), _NOTICE),
    "a form with other values": lambda topic, n: (
        f"Pollen count of {topic} on day {n}",
        [*_NOTICE, str(n), str(7 * n), str(n + 3)],
    ),
    "a teaser and the offer of a subscription": lambda topic, _: (
        headline(topic),
        [*prose(topic, 25), *_NOTICE],
    ),
    "a header before each text": lambda topic, _: (headline(topic), [*_NOTICE, *prose(topic, 150)]),
    "a header longer than the text": lambda topic, _: (headline(topic), [*_NOTICE, *prose(topic, 60)]),
    "a footer after each text": lambda topic, _: (headline(topic), [*prose(topic, 60), *_NOTICE]),
}


@pytest.mark.parametrize("form", _FORMS)
async def test_the_template_of_an_outlet_makes_its_articles_no_story(desk: Desk, form: str) -> None:
    """No two of forty articles that share nothing else are one."""
    topics = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}x" for number in range(40)]
    told = [desk.article("times", *_FORMS[form](topic, number)) for number, topic in enumerate(topics)]
    await desk.fold(*told)

    assert len(set(await desk.stories(*told))) == len(told)


async def test_a_flood_of_equal_headlines_costs_each_article_the_same(desk: Desk) -> None:
    """Four hundred are there before the last hundred, more than a lookup reads."""
    spent = []
    for _ in range(5):
        some = [
            desk.article(f"h{number}", "Five words make this headline equal", ()) for number in range(100)
        ]
        begun = process_time()
        await desk.fold(*some)
        spent.append(process_time() - begun)

    assert spent[-1] < 3 * spent[1]


def test_marks_without_end_on_one_letter_are_cut() -> None:
    """To put them into order would take minutes for one entry of a feed; what languages write stays."""
    for marks in ("\u0316\u0300", "\u0f73\u0300", "\uff9e\u0300"):
        assert len(compatible("a" + marks * 100_000)) <= 1 + 2 * MOST_MARKS + 2
        begun = process_time()
        tokens("a" + marks * 100_000)
        assert process_time() - begun < 5
    assert compatible("q" + "\u0316" * MOST_MARKS) == "q" + "\u0316" * MOST_MARKS


def test_no_word_is_kept_longer_than_a_word_is() -> None:
    """A text of one word without end leaves forty letters behind."""
    endless = Article(
        id="0" * 16,
        source_id="times",
        url="https://times.example/1",
        canonical_url="https://times.example/1",
        title="x" * 1_000,
        text="y" * 200_000 + " " + "1" * 200_000,
        first_seen_at=START,
    )
    assert {len(word) for word in terms(endless)} == {LONGEST}
