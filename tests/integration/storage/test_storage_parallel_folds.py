"""Folding by several workers on one PostgreSQL server: who waits for whom, and that nothing is lost on the way."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from crawler.failpoints import watch
from crawler.folder import StoryFolder
from crawler.folds import STAYS, Fold, Folded, Vector
from crawler.ports import Folder, Surroundings
from crawler.records import Article
from crawler.vocabulary import Vocabulary
from tests.integration.storage.making import DAY, MINUTE, NOON, article, poll, source
from tidings.storage import centres
from tidings.storage.constraints import Said
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.tables import articles, stories, story_aliases

LONGEST = 60  # seconds that anything here may take on a slow machine
WORKERS = 4
SOURCES = tuple(f"outlet{number}" for number in range(WORKERS))
A = articles.c


@pytest.fixture
def database(postgresql_database: Database) -> Database:
    from tests.integration.storage.conftest import empty  # of this folder's fixtures

    empty(postgresql_database)
    return postgresql_database


@pytest.fixture
def workers(database: Database, postgres: str, tmp_path: Path) -> Iterator[tuple[Stores, ...]]:
    """The stores of as many workers, each with connections of its own, as processes have."""
    opened = [Database.open(postgres, state_dir=tmp_path) for _ in range(WORKERS)]
    yield tuple(map(Stores, opened))
    for one in opened:
        one.close()


@pytest.fixture(autouse=True)
async def _sources(workers: tuple[Stores, ...]) -> None:
    await workers[0].sources.sync([source(), *map(source, SOURCES)], NOON)


@dataclass
class Told:
    """A folder for which an article has the keys and heavy words that are said here.

    It joins the first story that it is like, or that of its first candidate; it remembers whom it was asked about and
    stops at those that are to be held up, the first time, until it may go on.
    """

    keys_of: Mapping[str, Sequence[int]] = field(default_factory=dict)
    words: Mapping[str, Vector] = field(default_factory=dict)
    joins: Mapping[str, Callable[[Surroundings], Fold]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held_up: str | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def keys(self, one: Article) -> Sequence[int]:
        return self.keys_of.get(one.id, ())

    def about(self, one: Article) -> Vector:
        return self.words.get(one.id, {})

    def decide(self, one: Article, _about: Vector, around: Surroundings) -> Fold:
        self.asked.append(one.id)
        if one.id == self.held_up:
            self.held_up = None
            self.reached.set()
            assert self.go.wait(LONGEST)
        if one.id in self.joins:
            return self.joins[one.id](around)
        if one.story_id is not None:
            return Fold(story_id=one.story_id, why=STAYS)
        for other in around.candidates:
            return Fold(story_id=str(other.story_id), duplicate_of=other.duplicate_of or other.id)
        for centre in around.centres:
            return Fold(story_id=centre.story_id)
        return Fold(story_id=f"s{one.id}")


def begun(stores: Stores, folder: Folder, *those: Article) -> asyncio.Task[Folded]:
    """A worker that folds these, one after the other."""
    return asyncio.create_task(stores.articles.fold([one.id for one in those], folder, since=NOON - DAY))


async def reached(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, LONGEST)


async def until_one_waits(database: Database) -> None:
    """Until the server says that a transaction waits for another."""
    waits = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))

    async def one_waits() -> None:
        while not await database.read(lambda connection: connection.execute(waits).scalar_one()):
            pass

    await asyncio.wait_for(one_waits(), LONGEST)


async def stories_of(database: Database) -> dict[str, str]:
    """The story of each article."""
    return await database.read(
        lambda connection: {row.id: row.story_id for row in connection.execute(select(A.id, A.story_id))}
    )


# -- who waits -------------------------------------------------------------------------------------

ONE, TWO = article(1), article(2)
SAME_TITLE = replace(TWO, title=f"  {ONE.title.upper()} ")
SAME_ADDRESS = replace(TWO, canonical_url=ONE.canonical_url)


@pytest.mark.parametrize(
    ("two", "facts"),
    [
        (TWO, {"keys_of": {ONE.id: (7, 2**63 + 1), TWO.id: (2**63 + 1, 9)}}),
        (TWO, {"words": {ONE.id: {"ferry": 0.5, "harbour": 0.4}, TWO.id: {"storm": 0.3, "ferry": 0.2}}}),
        (SAME_TITLE, {}),
        (SAME_ADDRESS, {}),
    ],
    ids=["text", "words", "title", "address"],
)
async def test_an_article_waits_for_one_that_it_may_be_like(
    workers: tuple[Stores, ...], database: Database, two: Article, facts: dict[str, Any]
) -> None:
    """It is decided once the other is in its story, and joins it there: one event never begins two stories."""
    await workers[0].articles.record_poll(poll(ONE, two, keys=()))
    folder = Told(**facts, held_up=ONE.id)

    first = begun(workers[0], folder, ONE)
    await reached(folder.reached)
    second = begun(workers[1], folder, two)
    await until_one_waits(database)
    assert folder.asked == [ONE.id]
    folder.go.set()
    await asyncio.gather(first, second)

    assert folder.asked == [ONE.id, TWO.id]
    assert await stories_of(database) == {ONE.id: f"s{ONE.id}", TWO.id: f"s{ONE.id}"}


async def test_other_news_does_not_wait(workers: tuple[Stores, ...], database: Database) -> None:
    """While one article is held up, all that share nothing with it are folded by the others."""
    others = [article(number) for number in range(2, 9)]
    await workers[0].articles.record_poll(poll(ONE, *others))
    every = [ONE, *others]
    folder = Told(
        keys_of={one.id: (place,) for place, one in enumerate(every)},
        words={one.id: {f"word{place}": 0.5} for place, one in enumerate(every)},
        held_up=ONE.id,
    )

    held_up = begun(workers[0], folder, ONE)
    await reached(folder.reached)
    done = await asyncio.wait_for(
        asyncio.gather(*(begun(workers[1 + n], folder, *others[n::3]) for n in range(3))), LONGEST
    )
    assert sum(len(one.folds) for one in done) == len(others)
    assert not held_up.done()
    folder.go.set()
    await held_up

    assert await stories_of(database) == {one.id: f"s{one.id}" for one in every}


# -- what articles meet in a story -----------------------------------------------------------------


def like(first: Vector, second: Vector, third: Vector) -> Told:
    return Told(words={article(1).id: first, article(2).id: second, article(3).id: third})


async def test_reports_with_other_words_join_one_story_at_once(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """Neither waits for the other to be decided, and the centre of the story counts both."""
    every = [article(number) for number in (1, 2, 3)]
    await workers[0].articles.record_poll(poll(*every))
    folder = like({"storm": 0.5, "ferry": 0.5}, {"storm": 0.25}, {"ferry": 0.25})
    await begun(workers[0], folder, every[0])
    folder.held_up = every[1].id

    held_up = begun(workers[0], folder, every[1])
    await reached(folder.reached)
    await asyncio.wait_for(begun(workers[1], folder, every[2]), LONGEST)
    folder.go.set()
    await held_up

    (centre,) = await database.read(lambda connection: centres.of(connection, [f"s{every[0].id}"]))
    assert (centre.reports, centre.total) == (3, {"storm": 0.75, "ferry": 0.75})


async def test_a_story_that_ends_while_it_is_joined_is_decided_on_anew(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """Whoever chose it looks again, and comes into the story that it is a part of now."""
    one, two, three, four = every = [article(number) for number in (1, 2, 3, 4)]
    await workers[0].articles.record_poll(poll(*every))
    words = {one.id: {"storm": 0.5}, two.id: {"ferry": 0.5, "port": 0.5}}
    words |= {three.id: {"ferry": 0.5}, four.id: {"storm": 0.5, "port": 0.5}}
    joining = {four.id: lambda _: Fold(story_id=f"s{one.id}", joins=(f"s{two.id}",))}
    folder = Told(words=words, joins=joining)
    await begun(workers[0], folder, one, two)
    folder.held_up = three.id

    held_up = begun(workers[0], folder, three)
    await reached(folder.reached)
    await asyncio.wait_for(begun(workers[1], folder, four), LONGEST)
    folder.go.set()
    await held_up

    assert folder.asked == [one.id, two.id, three.id, four.id, three.id]
    assert set((await stories_of(database)).values()) == {f"s{one.id}"}
    assert await database.read(
        lambda connection: connection.execute(select(stories.c.id)).scalars().all()
    ) == [f"s{one.id}"]


async def test_an_article_that_is_edited_while_it_is_decided_is_decided_anew(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """On the words that it has now; it is not marked as folded on the old ones."""
    await workers[0].articles.record_poll(poll(ONE, keys=()))
    titles: list[str] = []

    class Reads(Told):
        def decide(self, one: Article, about: Vector, around: Surroundings) -> Fold:
            titles.append(one.title)
            return super().decide(one, about, around)

    folder = Reads(held_up=ONE.id)
    held_up = begun(workers[0], folder, ONE)
    await reached(folder.reached)
    renamed = articles.update().where(A.id == ONE.id).values(title="Another headline")
    await database.write(lambda connection: connection.execute(renamed).rowcount)
    folder.go.set()
    await held_up

    assert titles == [ONE.title, "Another headline"]


async def test_an_article_that_is_purged_while_it_is_decided_is_passed_over(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """As one that was gone before; nothing of it stays behind."""
    await workers[0].articles.record_poll(poll(ONE, keys=()))
    folder = Told(held_up=ONE.id)
    held_up = begun(workers[0], folder, ONE)
    await reached(folder.reached)
    await database.write(
        lambda connection: connection.execute(articles.delete().where(A.id == ONE.id)).rowcount
    )
    folder.go.set()

    assert (await held_up).folds == ()
    assert await database.read(lambda connection: connection.execute(select(stories.c.id)).all()) == []


async def test_a_command_waits_for_folds_and_they_for_it(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """What the operator puts together is never decided on halfway."""
    every = [article(number) for number in (1, 2, 3)]
    await workers[0].articles.record_poll(poll(*every))
    folder = like({"storm": 0.5}, {"ferry": 0.5}, {"port": 0.5})
    await begun(workers[0], folder, *every[:2])
    folder.held_up = every[2].id

    held_up = begun(workers[0], folder, every[2])
    await reached(folder.reached)
    said = Said(at=NOON, command="merge")
    merging = asyncio.create_task(workers[1].stories.merge([f"s{one.id}" for one in every[:2]], said))
    await until_one_waits(database)
    assert not merging.done()
    folder.go.set()
    await held_up

    assert (await merging).articles == 2


# -- copies ----------------------------------------------------------------------------------------

WIRE = (
    "The ferry Aurora ran aground outside the harbour of Visby early on Monday with 212 people on board, the coast guard"
    " said. Nobody was hurt. Divers found a tear eleven metres long below the waterline, and the passengers were taken"
    " ashore in lifeboats before noon. The shipping line said that a fault in the steering gear was the likely cause and"
    " that traffic to the mainland would be suspended until the vessel was moved."
)


def copies(number: int) -> list[Article]:
    """The same wire text, as many outlets tell it within minutes, most with a headline of their own."""
    return [
        article(
            place,
            source_id=SOURCES[place % WORKERS],
            url=f"https://{place}.example/ferry",
            canonical_url=f"https://{place}.example/ferry",
            title=f"Ferry aground at Visby, {place} said" if place % 3 else "Ferry runs aground",
            text=f"{WIRE} Edition {place}.",
            first_seen_at=NOON + place * MINUTE / 10,
        )
        for place in range(1, number + 1)
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_copies_folded_by_all_at_once_are_one_story_of_one_original(
    workers: tuple[Stores, ...], database: Database, seed: int
) -> None:
    """In whichever order they come to whichever worker; each is a reprint of it, or of another reprint."""
    every = copies(40)
    await workers[0].articles.record_poll(poll(*every))
    mixed = random.Random(seed).sample(every, len(every))
    folder = StoryFolder(Vocabulary())

    await asyncio.gather(*(begun(one, folder, *mixed[place::WORKERS]) for place, one in enumerate(workers)))

    rows = await database.read(
        lambda connection: connection.execute(select(A.story_id, A.duplicate_of, A.id)).all()
    )
    assert len({row.story_id for row in rows}) == 1
    (original,) = [row.id for row in rows if row.duplicate_of is None]
    copied = {row.id: row.duplicate_of for row in rows}
    for one in copied:
        way = [one]
        while way[-1] != original:
            assert len(way) <= len(copied)
            way.append(copied[way[-1]])


async def test_a_copy_waits_until_the_first_is_committed(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """Not only until it is decided: held up where the story is written and nothing is committed."""
    one, two = copies(2)
    await workers[0].articles.record_poll(poll(one, two))
    folder = StoryFolder(Vocabulary())
    with holding("fold_insert") as point:
        first = begun(workers[0], folder, one)
        await reached(point.reached)
        second = begun(workers[1], folder, two)
        await until_one_waits(database)
        assert not second.done()
        point.go.set()
        await asyncio.gather(first, second)

    assert set((await stories_of(database)).values()) == {f"s{one.id}"}


@dataclass
class Point:
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def holding(name: str) -> Iterator[Point]:
    """The first thread that comes to this moment of the work stops there until it may go on."""
    point, taken = Point(), threading.Lock()

    def watcher(here: str) -> None:
        if here == name and taken.acquire(blocking=False):
            point.reached.set()
            assert point.go.wait(LONGEST)

    watch(watcher)
    try:
        yield point
    finally:
        point.go.set()
        watch(None)


# -- all at once -----------------------------------------------------------------------------------


async def test_all_that_workers_do_at_once_ends_without_a_deadlock(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """Folding, folding again, joining, matching and indexing, on few words, so that everybody meets everybody."""
    number = 160
    chance = random.Random(11)
    every = [article(place, source_id=SOURCES[place % WORKERS]) for place in range(1, number + 1)]
    await workers[0].articles.record_poll(poll(*every))
    words = {  # of eight events, so that no story has more reports than a centre is made anew of
        one.id: dict.fromkeys(chance.sample([f"event{place % 8} topic{topic}" for topic in range(5)], 2), 0.5)
        for place, one in enumerate(every)
    }

    def decide(one: Article) -> Callable[[Surroundings], Fold]:
        def join(around: Surroundings) -> Fold:
            near = sorted(centre.story_id for centre in around.centres)
            if one.story_id is not None and one.story_id not in near[:1]:
                near = [one.story_id, *near]
            if not near:
                return Fold(story_id=f"s{one.id}")
            together = int(one.id, 16) % 3 == 0
            return Fold(story_id=near[0], joins=tuple(near[1:3]) if together else ())

        return join

    folder = Told(words=words, joins={one.id: decide(one) for one in every})
    before = await database.read(deadlocks)

    async def work(place: int, stores: Stores) -> None:
        mine = chance.sample(every, len(every))[:60] + every[place::WORKERS]
        for start in range(0, len(mine), 10):
            some = mine[start : start + 10]
            await begun(stores, folder, *some)
            stored = await stores.articles.by_ids([one.id for one in some])
            await stores.matches.record_matches([(one, ()) for one in stored], NOON)
            await stores.search.index_some(7)

    await asyncio.gather(*(work(place, one) for place, one in enumerate(workers)))

    assert await database.read(deadlocks) == before
    await database.read(sound)


def deadlocks(connection: Connection) -> int:
    found: int = connection.execute(
        text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    ).scalar_one()
    return found


def sound(connection: Connection) -> None:
    """Each article is in a story that is there, and what a story says counts each of its reports once."""
    reports = select(A.story_id, func.count()).where(A.duplicate_of.is_(None)).group_by(A.story_id)
    members = {row[0]: row[1] for row in connection.execute(reports)}
    there = set(connection.execute(select(stories.c.id)).scalars())
    assert set(members) == there
    assert {one.story_id: one.reports for one in centres.of(connection, there)} == members
    ended = connection.execute(select(story_aliases.c.alias, story_aliases.c.story_id)).all()
    assert not {row.alias for row in ended} & there
    assert {row.story_id for row in ended} <= there


async def test_a_fold_is_asked_for_again_by_whoever_takes_the_same_article(
    workers: tuple[Stores, ...], database: Database
) -> None:
    """Two that take it at once, a daemon and a command, leave it in one story and found by one number."""
    await workers[0].articles.record_poll(poll(ONE, TWO))
    folder = Told(keys_of={ONE.id: (5,), TWO.id: (5,)}, words={ONE.id: {"storm": 0.5}}, held_up=ONE.id)

    first = begun(workers[0], folder, ONE)
    await reached(folder.reached)
    second = begun(workers[1], folder, ONE)
    await until_one_waits(database)
    folder.go.set()
    await asyncio.gather(first, second)
    await begun(workers[2], folder, TWO)

    assert folder.asked == [
        ONE.id,
        ONE.id,
        ONE.id,
        TWO.id,
    ]  # the second saw it as it was before, and looked again
    assert set((await stories_of(database)).values()) == {f"s{ONE.id}"}
    await database.read(sound)
