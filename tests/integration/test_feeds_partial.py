"""Feeds polled again and again: what is stored is the same, whether known entries are read again or not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pytest

from crawler.asking import LARGE_DOCUMENT, Asker
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.slices import cut
from crawler.ports import ChildCrashed
from crawler.records import PollOutcome, PollResult
from tests.fakes.articles import MemoryArticles
from tests.fakes.feeds import CORPUS, corpus
from tests.unit.test_poll_outcomes import DAY, HOUR, MINUTE, NOON, Children, Room, answer

T = TypeVar("T")
LONG = "A summary long enough to prove what it stands beside, the same each time: "


class Forgetful(MemoryArticles):
    """Remembers nothing of lists, so that each is read whole."""

    async def seen(self, source_id: str) -> bytes:
        return b""


def editions(body: bytes, chance: random.Random) -> list[bytes]:
    """The feed as it may have been some entries ago, with an entry in other words, in another order, and as it is."""
    slices = cut(decode(unpack(body)[0], None).text)
    if slices is None or len(slices.entries) < 3:
        return [body, body.replace(b"<title>", b"<title>~", 1), body + b"\n"]
    places = range(len(slices.entries))
    older = slices.only(set(chance.sample(places, len(places) // 2 + 1)))
    now = slices.only(set(places))
    edited = now.replace(slices.entries[-1], slices.entries[-1].replace("<title>", "<title>Edited: ", 1))
    turned = slices.head + "".join(reversed(slices.entries)) + slices.tail
    return [text.encode() for text in (older, now, edited, turned, older, now)]


async def polled(room: Room, bodies: list[bytes]) -> list[PollOutcome]:
    outcomes = []
    for number, body in enumerate(bodies):
        outcomes.append(await room.poll(answer(body=body, etag=f'"{number}"', content_type=None)))
        room.clock.advance(HOUR / 10)
    return outcomes


def kept(room: Room) -> dict[str, Any]:
    articles = room.articles
    return {
        "articles": {one.article.id: one.article for one in articles.kept.values()},
        "versions": {one.article.id: one.versions for one in articles.kept.values()},
        "keys": articles.keys,
        "sightings": articles.sightings,
        "edits": [poll.edits for poll in articles.polls],
        "states": [poll.state for poll in articles.polls],
        "gaps": [poll.gap for poll in articles.polls],
    }


@dataclass(slots=True)
class Readings:
    """How many answers were read in part, and how many of them whole after that."""

    in_part: int = 0
    again: int = 0


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Readings:
    counts = Readings()
    ask, reread = Asker.ask, Asker.reread

    async def counted(self: Asker, *given: Any) -> Any:
        state, found = await ask(self, *given)
        counts.in_part += found.before is not None
        return state, found

    async def counted_again(self: Asker, *given: Any) -> Any:
        counts.again += 1
        return await reread(self, *given)

    monkeypatch.setattr(Asker, "ask", counted)
    monkeypatch.setattr(Asker, "reread", counted_again)
    return counts


@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")
async def test_reading_in_part_changes_nothing(readings: Readings) -> None:
    """Articles, versions, keys, sightings, edits, gaps and the state of the source; and most feeds are read in part."""
    chance = random.Random(20261125)
    number = 0
    for name, body in corpus():
        if len(body) > 60_000 or name.startswith("feedparser-cases"):  # those are of one entry each
            continue
        bodies = editions(body, chance)
        partly, wholly = Room(), Room(articles=Forgetful())
        outcomes = await polled(partly, bodies), await polled(wholly, bodies)
        number += len(bodies)
        told = [[(one.result, one.listed, one.new, one.warning) for one in some] for some in outcomes]
        assert told[0] == told[1], name
        assert kept(partly) == kept(wholly), name
    assert (
        readings.in_part > number / 3
    )  # the others have an entry or two, or stand in a form that is not cut


# -- feeds whose addresses and ids are places -----------------------------------------------------


def entry(title: str, *, link: str = "", name: str = "", at: datetime | None = None, body: str = "") -> str:
    parts = (
        f"<item><title>{title}</title>",
        f"<link>https://news.example/{link}</link>" if link else "",
        f'<guid isPermaLink="false">{name}</guid>' if name else "",
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if at else "",
        f"<description>{body}</description></item>",
    )
    return "".join(parts)


async def told(room: Room, *editions: Sequence[str]) -> list[int]:
    """How many entries of each edition were new."""
    numbers = []
    for number, items in enumerate(editions):
        numbers.append((await room.poll(answer(*items, etag=f'"{number}"'))).new)
        room.clock.advance(HOUR / 4)
    return numbers


@pytest.mark.parametrize("dated", [True, False])
async def test_each_story_at_the_address_of_the_lead_is_told(readings: Readings, dated: bool) -> None:
    """It belongs to the story before, which stands unchanged under an address of its own."""
    first, second, third = (
        "Council votes on bridge",
        "Bridge vote delayed",
        "Council approves bridge at last",
    )
    at = [NOON - hours * HOUR if dated else None for hours in (5, 3, 1)]
    zoo = entry("Zoo", link="zoo", at=NOON - DAY)
    own = [entry(title, link=f"{place}", at=at[place]) for place, title in enumerate((first, second))]
    lead = [entry(title, link="top", at=at[place]) for place, title in enumerate((first, second, third))]
    room = Room()

    await told(room, [lead[0], zoo], [lead[1], own[0], zoo], [lead[2], own[1], own[0], zoo])

    assert {first, second, third} <= {one.title for one in room.stored}
    assert (readings.in_part, readings.again) == (2, 2)


async def test_each_entry_under_an_id_for_the_latest_is_told() -> None:
    """The newest has the id `latest`, the others their own, and none an address."""
    titles = [f"Notice {number} of the harbour board" for number in range(4)]
    own = [entry(title, name=f"n{place}", body=LONG + title) for place, title in enumerate(titles)]
    latest = [entry(title, name="latest", body=LONG + title) for title in titles]
    room = Room()

    new = await told(room, *([latest[place], *reversed(own[:place])] for place in range(4)))

    assert new == [1, 1, 1, 1]
    assert sorted(one.title for one in room.stored) == titles


async def test_two_stories_of_one_title_at_the_address_of_the_lead_are_two() -> None:
    """A weather warning follows another, which moved on to an address of its own."""
    moments = [NOON - 3 * HOUR, NOON - HOUR]
    lead = [entry("Weather warning", link="top", at=at, body=f"{at:%H}") for at in moments]
    own = entry("Weather warning", link="warning", at=moments[0], body=f"{moments[0]:%H}")
    zoo, park = (entry(title, link=title, at=NOON - len(title) * DAY) for title in ("Zoo", "Park"))
    room = Room()

    assert await told(room, [lead[0], zoo], [park, own, zoo], [lead[1], park, own, zoo]) == [2, 1, 1]


async def test_news_and_longer_texts_are_read_in_part(readings: Readings) -> None:
    """Only another title, or an article that is kept no longer, makes all of the list be read."""
    one, two = (
        entry(f"Item {number}", link=f"{number}", name=f"{number}", at=NOON - HOUR) for number in "12"
    )
    longer = entry("Item 1", link="1", name="1", at=NOON - HOUR, body="Now with some words.")
    other = entry("Item One", link="1", name="1", at=NOON - HOUR)
    zoo = entry("Zoo", link="zoo", name="zoo", at=NOON - DAY)
    room = Room()

    await told(room, [one, zoo], [two, one, zoo], [two, longer, zoo])
    assert (readings.in_part, readings.again) == (2, 0)

    await told(room, [two, other, zoo])
    assert (readings.in_part, readings.again) == (3, 1)
    assert sorted(article.title for article in room.stored) == ["Item 2", "Item One", "Zoo"]


class Tired(Children):
    """An isolation in which large documents, read whole, are too much."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        raise ChildCrashed("the child process died")


async def test_a_document_that_can_only_be_read_in_part_is_a_failed_poll() -> None:
    """Nothing is stored of it, and the next poll has all of it again."""
    room = Room()
    old = entry("Old", link="old", at=NOON - DAY, body="w " * LARGE_DOCUMENT)
    await told(room, [entry("One", link="top"), old])
    room.poller._asker._isolation = Tired()

    outcome = await room.poll(answer(entry("Two", link="top"), old, etag='"new"'))

    assert (outcome.result, outcome.new) == (PollResult.FAILED, 0)
    assert "the child process died" in str(outcome.problem)
    assert (await room.state()).etag == '"0"'
    assert sorted(article.title for article in room.stored) == ["Old", "One"]


async def test_a_list_that_cannot_be_remembered_makes_the_one_before_forgotten() -> None:
    """So an entry that had other words meanwhile is not taken for one that stands as it did."""
    one, two = (
        entry(f"Item {number}", link=f"{number}", name=f"{number}", at=NOON - HOUR) for number in "12"
    )
    room = Room()
    await told(room, [one, two])
    assert room.articles.lists["s"]

    await told(room, [one, two, entry("Another", link="2", name="3", at=NOON)])  # one address for two

    assert room.articles.lists["s"] == b""


# -- histories ------------------------------------------------------------------------------------

WORDS = (
    "council",
    "bridge",
    "harbour",
    "vote",
    "zoo",
    "fire",
    "mayor",
    "school",
    "train",
    "strike",
    "rain",
    "road",
)
NAMINGS = ("own", "own", "none", "place", "top", "reused", "rolled")


@dataclass(slots=True)
class Story:
    """What stands behind an entry of a made-up feed."""

    title: str
    at: datetime
    body: str
    number: int  # in its address and id


@dataclass(frozen=True, slots=True)
class Habits:
    """How a made-up feed names and dates its entries."""

    links: str
    ids: str
    times: str
    length: int
    pinned: bool  # whether news come second

    @classmethod
    def any(cls, chance: random.Random) -> Habits:
        return cls(
            links=chance.choice(NAMINGS),
            ids=chance.choice(NAMINGS),
            times=chance.choice(("second", "day", "fetch", "none")),
            length=chance.randint(3, 8),
            pinned=chance.random() < 0.2,
        )

    def items(self, stories: Sequence[Story], edition: int) -> list[str]:
        return [
            entry(
                story.title,
                link=named(self.links, story, place, edition),
                name=named(self.ids, story, place, edition),
                at=self._time(story, edition),
                body=story.body,
            )
            for place, story in enumerate(stories[: self.length])
        ]

    def _time(self, story: Story, edition: int) -> datetime | None:
        if self.times == "fetch":
            return NOON + edition * HOUR / 4
        if self.times == "day":
            return story.at.replace(hour=0, minute=0)
        return story.at if self.times == "second" else None


def named(naming: str, story: Story, place: int, edition: int) -> str:
    names = {
        "own": f"story-{story.number}",
        "place": f"place-{place}",
        "top": f"story-{story.number}" if place else "latest",
        "reused": f"slot-{story.number % 5}",
        "rolled": f"story-{story.number}?s={edition}x{edition * 7919}",
    }
    return names.get(naming, "")


def history(habits: Habits, chance: random.Random) -> Iterator[tuple[list[str], str | None]]:
    """Editions of a feed; each with the title of a story that is purged after it, or None."""
    stories: list[Story] = []
    number = 0
    for edition in range(7):
        for _ in range(chance.choice((0, 1, 1, 2))):
            number += 1
            title = " ".join(chance.choices(WORDS, k=chance.choice((1, 2, 4, 4))))
            title += f" {number}" if chance.random() < 0.6 else ""
            at = NOON - DAY + number * chance.choice((0, 7, 20)) * MINUTE
            body = chance.choice(("", LONG, f"{LONG}{number}"))
            stories.insert(int(habits.pinned and bool(stories)), Story(title, at, body, number))
        if stories:
            happen(stories, chance)
        if stories:
            purged = chance.choice(stories).title if chance.random() < 0.15 else None
            yield habits.items(stories, edition), purged


def happen(stories: list[Story], chance: random.Random) -> None:
    """What editors do to a list."""
    one, other = chance.choice(stories), chance.choice(stories)
    match chance.choice(("title", "other title", "body", "both", "swap", "order", "leave", "copy", "", "")):
        case "title":
            one.title += " (updated)"
        case "other title":
            one.title = " ".join(chance.choices(WORDS, k=3))
        case "body":
            one.body += " More."
        case "both":
            one.title, one.body = f"{one.title}!", f"{one.body} More."
        case "swap":
            one.number, other.number = other.number, one.number
        case "order":
            chance.shuffle(stories)
        case "leave":
            stories.remove(one)
        case "copy":
            one.title = other.title


async def lived_through(
    room: Room, editions: Sequence[tuple[list[str], str | None]]
) -> tuple[set[str], set[str]]:
    """Titles under which articles came to be, and all titles of those that were purged, which may come once more."""
    titles: dict[str, str] = {}
    gone: set[str] = set()
    for number, (items, purged) in enumerate(editions):
        await room.poll(answer(*items, etag=f'"{number}"'))
        for article in room.stored:
            titles.setdefault(article.id, article.title)
            if article.title == purged:
                gone |= {
                    version.title for version in room.articles.kept.pop(article.id).versions
                }  # its keys stay
        room.clock.advance(HOUR / 4)
    return set(titles.values()), gone


async def test_no_story_is_lost_by_reading_in_part(readings: Readings) -> None:
    """However addresses, ids, times and places roll, are reused, swapped, pinned, edited and purged.

    The articles are the same but where an entry that stands as it did would be judged another way when it is read
    once more, since an entry beside it has left.
    """
    chance = random.Random(20261125)
    number, other = 500, 0
    for _ in range(number):
        habits = Habits.any(chance)
        editions = list(history(habits, chance))
        partly, wholly = Room(), Room(articles=Forgetful())

        told_in_part, _ = await lived_through(partly, editions)
        told_of_all, gone = await lived_through(wholly, editions)

        assert told_of_all <= told_in_part | gone, (habits, editions)
        other += kept(partly)["articles"] != kept(wholly)["articles"]
    assert other <= number / 100
    assert readings.in_part - readings.again > number / 2
