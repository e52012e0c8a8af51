"""What recurs over the articles of one host is learnt as the site's; the background of a running subject is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.records import Article, ArticleRules, Page, Post, Selector, Source, SourceKind
from crawler.recurring import FEWEST, WINDOW, Habits, learn, pack, unpack, without
from crawler.site_memory import SiteMemory
from tests.fakes.hosts import MemoryHosts

OFFER = "Get our briefing in your inbox every morning, free of charge."
BACKGROUND = "In February the two countries announced a roadmap for chips, quantum computing and space."
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOST = "desk.example"
SOURCE = Source(id="desk", kind=SourceKind.FEED, url="https://desk.example/rss")


def story(number: int, *, head: str = "", tail: str = OFFER, background: bool = False) -> str:
    """An article of its own words, with what is put around it."""
    own = [
        f"Report {number}, part {part}: the harbour board met for the {number}th time and voted."
        for part in range(8)
    ]
    return "\n\n".join(part for part in (head, *own, BACKGROUND if background else "", tail) if part)


def learnt(number: int, **around: object) -> Habits:
    habits = Habits()
    for at in range(number):
        habits = learn(habits, story(at, **around), article_id=f"a{at}", title=f"Report {at}")  # type: ignore[arg-type]  # fields by name
    return habits


def test_an_offer_at_the_end_of_many_articles_is_the_sites() -> None:
    """From the sixth article on it is left out, and the story is whole."""
    assert without(learnt(FEWEST - 1), story(90)) == (story(90), ())
    assert without(learnt(FEWEST), story(90)) == (story(90, tail=""), (OFFER,))


def test_what_stands_at_the_beginning_is_left_out_too() -> None:
    """Case and spaces do not matter."""
    habits = learnt(6, head="You are reading the Harbour  Desk.", tail="")

    text, gone = without(habits, story(90, head="YOU ARE READING THE HARBOUR DESK.", tail=""))

    assert (text, len(gone)) == (story(90, tail=""), 1)


def test_a_line_that_differs_each_time_hides_nothing() -> None:
    """Behind the offer stands the time of each article."""
    habits = Habits()
    for at in range(8):
        text = f"{story(at)}\n\nPublished at {at} o'clock"
        habits = learn(habits, text, article_id=f"a{at}", title=f"Report {at}")

    left, gone = without(habits, f"{story(90)}\n\nPublished at 90 o'clock")

    assert (left, gone) == (f"{story(90, tail='')}\n\nPublished at 90 o'clock", (OFFER,))


def test_a_memory_that_cannot_be_read_is_none() -> None:
    """Such as that of another version."""
    assert unpack(b"") == unpack(b"nonsense") == unpack(pack(learnt(3))[:20]) == Habits()


def test_the_background_of_a_running_subject_is_not() -> None:
    """It stood in five of twenty articles: the subject's, not the site's."""
    habits = Habits()
    for at in range(20):
        text = story(at, tail="", background=at % 4 == 0)
        habits = learn(habits, text, article_id=f"a{at}", title=f"Report {at}")

    assert without(habits, story(90, tail="", background=True)) == (story(90, tail="", background=True), ())


def test_what_stands_inside_a_story_stays() -> None:
    """However often it does."""
    inside = "\n\n".join([*story(0, tail="").split("\n\n"), OFFER, *story(1, tail="").split("\n\n")])

    assert without(learnt(9), inside) == (inside, ())


def test_one_article_counts_once() -> None:
    """Not again when it is read again, edited, or listed by another address with the same title."""
    habits = learn(Habits(), story(1), article_id="a", title="Board votes")
    for other in ("a", "b"):
        assert learn(habits, story(2), article_id=other, title="Board votes") is habits
    assert learn(habits, story(2), article_id="a", title="Board votes again") is habits


def test_a_text_of_which_too_little_would_be_left_stays_whole() -> None:
    """A short note is not eaten by the site's words around it."""
    short = f"The board met.\n\n{OFFER}"

    assert without(learnt(9), short) == (short, ())
    assert without(learnt(9), OFFER) == (OFFER, ())


def test_a_site_that_changes_its_offer_is_learnt_anew() -> None:
    """What stood nowhere in the last two halves of the window is forgotten."""
    habits = learnt(9)
    for at in range(100, 100 + 2 * WINDOW):
        habits = learn(habits, story(at, tail="New words."), article_id=f"a{at}", title=f"Report {at}")

    assert without(habits, story(90)) == (story(90), ())
    assert without(habits, story(90, tail="New words."))[1] == ("New words.",)


@given(st.lists(st.text(max_size=40), max_size=40), st.text(max_size=300))
def test_whatever_is_learnt_a_text_is_only_ever_cut_at_its_ends(texts: list[str], text: str) -> None:
    """At least half is left, in its order, and nothing is lost between; memory survives the store."""
    habits = Habits()
    for at, one in enumerate(texts):
        habits = learn(habits, one, article_id=str(at), title="")

    left, gone = without(habits, text)

    assert len(left) >= len(text) / 2
    whole = iter(text.split("\n\n"))
    assert all(part in whole for part in left.split("\n\n"))
    assert sorted([*left.split("\n\n"), *gone]) == sorted(text.split("\n\n"))
    assert unpack(pack(habits)) == habits


def test_what_is_remembered_of_a_host_is_small() -> None:
    """A few kilobytes after any number of articles."""
    habits = Habits()
    for at in range(5 * WINDOW):
        habits = learn(habits, story(at, tail=f"Tail {at}."), article_id=f"a{at}", title=f"Report {at}")

    assert len(pack(habits)) < 12_000
    assert habits.present.number + habits.past.number <= 2 * WINDOW


def article(number: int) -> Article:
    url = f"https://desk.example/{number}"
    return Article(
        id=f"{number:016x}",
        source_id="desk",
        url=url,
        canonical_url=url,
        title=f"Report {number}",
        first_seen_at=NOON,
    )


async def cleaned(memory: SiteMemory, number: int, source: Source = SOURCE, **page: object) -> Page:
    whole = replace(Page(text=story(number)), **page)  # type: ignore[arg-type]  # fields by name
    return (await memory.clean(article(number), whole, host=HOST, source=source, now=NOON))[0]


async def test_what_comes_near_an_initiative_is_never_left_out() -> None:
    """Learning loses no match, whatever a publisher puts under all its articles."""
    heeding = SiteMemory(MemoryHosts(), lambda one: "briefing" in one.text)
    heedless = SiteMemory(MemoryHosts(), lambda one: False)
    for number in range(8):
        assert (await cleaned(heeding, number)).text == story(number)
        kept = (await cleaned(heedless, number)).text
        assert kept == story(number, tail=OFFER if number < FEWEST else "")


@pytest.mark.parametrize(
    ("source", "page"),
    [
        (SOURCE, {"posts": (Post(start=0, end=5),)}),
        (SOURCE, {"refused": "too short: 3 characters of text"}),
        (replace(SOURCE, article=ArticleRules(text=Selector(css=".body"))), {}),
    ],
)
async def test_some_texts_stay_as_they_are(source: Source, page: dict[str, object]) -> None:
    """Live blogs, whose posts are places in the text; what was refused; what the source's own rule found."""
    memory = SiteMemory(MemoryHosts(), lambda one: False)
    for number in range(8):
        assert (await cleaned(memory, number, source, **page)).text == story(number)
