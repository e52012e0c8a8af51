"""One scheduler, some workers, one PostgreSQL: the same news as from one process, whoever dies on the way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from alerts.courier import Courier, Outcome
from crawler.poll import Poller, PollOutcome
from tests.acceptance.conftest import Done, configure, tidings
from tests.acceptance.world import HOUR, NOON, World, desk, settings, told, until
from tests.fakes import postgres
from tests.soak.crew import MOVED, stage
from tidings.app import App, Part, open_app
from tidings.performing import Performer
from tidings.queues import Queue
from tidings.runners.engine import Engine, open_engine
from tidings.runners.inline import InlineRunner
from tidings.runners.jobs import DELIVER
from tidings.runners.queue import QueueRunner
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.workers import Worker
from tidings.tasks import LEASE
from tidings.worker import PLACES


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[str]:
    with postgres.database(server) as url:
        yield url


def configured(world: World, database: str, place: Path | None = None, **digests: str) -> Path:
    files = desk(world.mailbox.port, **(digests or {"now": "immediately: true, gather: 1m"}))
    files["tidings"] += f'database: "{database}"\nqueue: procrastinate\n'
    folder = place or world.folder
    configure(folder / "config", sources=world.press.sources(), **files)
    return folder


def command(folder: Path, *words: object) -> Done:
    return tidings("--config", folder / "config", "--state", folder / "state", *words)


@asynccontextmanager
async def working(
    world: World, folder: Path, takes: Collection[Queue] = tuple(Queue)
) -> AsyncIterator[Performer]:
    """A worker in this process."""
    performer: Performer
    async with open_app(
        settings(folder),
        clock=world.clock,
        part=Part.WORKER,
        on_report=lambda report: performer.heard(report),
    ) as app:
        assert isinstance(app.runner, InlineRunner)
        performer = Performer(app, app.runner, places=20, takes=takes)
        async with open_engine(
            app.stores.database.address, perform=performer.perform, rescue=performer.rescue, look=0.05
        ) as engine:
            await performer.sign()
            jobs = asyncio.create_task(performer.take_jobs(engine))
            try:
                yield performer
            finally:
                await app.runner.stop(5)
                jobs.cancel()
                await asyncio.gather(jobs, return_exceptions=True)
                await performer.leave()


async def quiet(engine: Engine, *schedulers: App) -> None:
    """Until nothing is on the queue, and nothing that was is under way."""
    async with asyncio.timeout(60):
        while (await engine.waiting()).jobs:
            await asyncio.sleep(0.02)
        for one in schedulers:
            await one.runner.drain()


async def live(world: World, engine: Engine, *schedulers: App, minutes: int, step: int = 1) -> None:
    """Let schedulers tick, all at once, at each step of the clock, and workers work it off."""
    for _ in range(0, minutes, step):
        for _ in range(2):  # what is polled is read and settled, what is settled is told
            await asyncio.gather(*(one.ticker.tick() for one in schedulers))
            await quiet(engine, *schedulers)
        world.clock.time += step * timedelta(minutes=1)


async def test_two_schedulers_and_two_workers_poll_each_time_and_tell_each_slot_once(
    world: World, database: str, tmp_path: Path
) -> None:
    """An hour in which both schedulers tick at the same moments; a digest every ten minutes, and one at its time."""
    for number in range(8):
        world.press.add(f"feed{number}", f"plant{number}", NOON - HOUR, title=f"Semiconductor plant {number}")
    plans = {"often": "every: 10m", "noon": 'at: "12:30", zone: UTC'}
    first, second = (configured(world, database, tmp_path / name, **plans) for name in "ab")
    async with AsyncExitStack() as stack:
        schedulers = [
            await stack.enter_async_context(
                open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER)
            )
            for folder in (first, second)
        ]
        for folder in (first, second):
            await stack.enter_async_context(working(world, folder))
        engine = await stack.enter_async_context(open_engine(database))
        for round_ in range(4):
            await live(world, engine, *schedulers, minutes=15, step=3)
            world.press.add("feed0", f"more{round_}", world.clock.now(), title=f"Semiconductor news {round_}")
        await live(world, engine, *schedulers, minutes=15, step=3)
        slots = await schedulers[0].stores.sent.last("often")

    asked = [number for name, number in world.press.asked.items() if name.startswith("/feed/")]
    assert max(asked) <= 8, asked  # every ten minutes, in 75
    assert min(asked) >= 7, asked
    keys = [(str(mail.message["Message-ID"])) for mail in world.mailbox.mails]
    assert len(keys) == len(set(keys))
    assert len(slots) == len(set(slots)) > 1
    tellings = told(
        [one for one in world.mailbox.mails if "often" in str(one.message["List-Id"] or one.message)]
    )
    assert set(tellings.news.values()) == {1}
    assert tellings.news.keys() == {*(f"plant{n}" for n in range(8)), *(f"more{n}" for n in range(4))}


async def test_what_a_worker_holds_when_it_dies_goes_to_others_and_nothing_is_lost(
    tmp_path: Path, database: str
) -> None:
    """Real processes: a worker killed with work in hand, the scheduler killed too; and the others end in good order."""
    async with stage(tmp_path, hosts=40, database=database) as played:
        for number in range(200):
            played.publish(number)
        played.press.delay = 0.3
        await (await played.scheduler()).until("running")
        victim, _ = await played.worker(), await played.worker()
        await victim.until("working")
        async with asyncio.timeout(60):
            while (await played.held(victim.process.pid))[1] < 5:
                await asyncio.sleep(0.01)
        killed = await played.kill(victim)
        await played.schedulers[0].end(signal.SIGKILL)
        for number in range(200, 220):
            played.publish(number)
        await (await played.scheduler()).until("running")
        assert await played.told(90), played.found.faults
        shown = command(tmp_path, "status", "--json").rows()[0]
    assert killed.held > 0
    assert killed.freed_after is not None
    assert killed.freed_after < MOVED
    assert played.found.faults == []
    (worker,) = shown["workers"]
    assert (worker["silent"], worker["done"] > 0) == (False, True)


async def test_processes_whose_server_is_gone_end_when_they_are_asked_to(tmp_path: Path) -> None:
    """With polls under way whose ends cannot be written; within the ten seconds that a service manager is told of."""
    with postgres.server() as url:
        async with stage(tmp_path, hosts=20, database=url) as played:
            for number in range(40):
                played.publish(number)
            played.press.delay = 0.5
            await (await played.scheduler()).until("running")
            worker = await played.worker()
            async with asyncio.timeout(60):
                while not (await played.held(worker.process.pid))[1]:
                    await asyncio.sleep(0.01)
            postgres.crash(url)
            for one in (worker, played.schedulers[0]):
                one.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                codes = [await one.process.wait() for one in (worker, played.schedulers[0])]

    assert codes == [0, 0]


async def test_workers_of_each_kind_do_the_whole_together(world: World, database: str) -> None:
    """Nobody does what another kind is for; where nobody takes a kind, `status` says what to start."""
    world.press.add("times", "plant", NOON - HOUR)
    folder = configured(world, database)
    async with (
        open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app,
        working(world, folder, [Queue.COLLECT]) as collecting,
        working(world, folder, [Queue.SETTLE]) as settling,
        open_engine(database) as engine,
    ):
        async with asyncio.timeout(60):
            while not settling.facts.counts.get("matches"):
                await app.ticker.tick()
                await asyncio.sleep(0.05)
                await settling.sign()
        await app.runner.look()
        alone = command(folder, "status")
        assert isinstance(app.runner, QueueRunner)
        assert app.runner.crew.missing == (Queue.TELL,)
        async with working(world, folder, [Queue.TELL]) as telling:
            await live(world, engine, app, minutes=10, step=5)
            for one in (collecting, settling, telling):
                await one.sign()
            together = command(folder, "status")

    assert "no worker takes tell; start `tidings worker --only tell`" in alone.out
    assert "(settle only)" in alone.out
    assert "no worker takes" not in together.out
    assert told(world.mailbox.mails).news == Counter(plant=1)
    did = [set(one.facts.counts) for one in (collecting, settling, telling)]
    assert ["polls" in one for one in did] == [True, False, False]
    assert ["matches" in one for one in did] == [False, True, False]
    assert ["deliveries sent" in one for one in did] == [False, False, True]
    assert [one.facts.places for one in (collecting, settling, telling)] == [20, 0, 0]


async def test_who_only_settles_frees_what_the_dead_held_too(
    world: World, database: str, tmp_path: Path
) -> None:
    """The last worker that is left, of whatever kind."""
    world.press.add("times", "plant", NOON - HOUR)
    folder = configured(world, database)
    async with open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app:
        await app.ticker.tick()
        theirs = Database.open(database, state_dir=tmp_path)
        theirs.holder = "dead"
        dead = Stores(theirs)
        claim = world.clock.now() + LEASE
        assert await dead.claims.begin_polls(("times",), claim, claim) == ("times",)
        await dead.workers.sign(Worker(id="dead", host="far", process=1, version="0", since=NOON, places=20))
        theirs.close()
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            await connection.execute("UPDATE workers SET seen_at = seen_at - interval '1 minute'")
        assert (await app.stores.claims.in_hand(world.clock.now())).polls == 1
        async with working(world, folder, [Queue.SETTLE]) as last, asyncio.timeout(60):
            while [one.id for one in await app.stores.workers.all()] != [last.facts.id]:
                await asyncio.sleep(0.05)
            held = (await app.stores.claims.in_hand(world.clock.now())).polls

    assert held == 0


async def test_a_worker_with_other_files_is_named(world: World, database: str, tmp_path: Path) -> None:
    """Until it has the files of the scheduler, for `status` and for metrics."""
    world.press.add("times", "plant", NOON - HOUR)
    here, there = (configured(world, database, tmp_path / name) for name in ("here", "there"))
    file = here / "config" / "watchlists" / "chips.yaml"
    file.write_text(file.read_text() + "\n# edited\n")
    async with (
        open_app(settings(here), clock=world.clock, part=Part.SCHEDULER) as app,
        working(world, there),
    ):
        assert isinstance(app.runner, QueueRunner)
        await app.runner.look()
        old = command(here, "status"), len(app.runner.crew.astray)
        await app.apply(settings(there))
        await app.runner.look()
        new = command(there, "status"), len(app.runner.crew.astray)

    assert old[1] == 1
    assert f"other configuration files than those here are in force in process {os.getpid()} on" in old[0].out
    assert new[1] == 0
    assert "other configuration files" not in new[0].out


def test_polls_at_once_are_no_matter_of_a_worker_that_polls_nothing(tmp_path: Path) -> None:
    configure(
        tmp_path / "config", tidings='database: "postgresql://127.0.0.1:9/news"\nqueue: procrastinate\n'
    )
    done = command(tmp_path, "worker", "--only", "settle", "--concurrency", 200)

    assert f"{PLACES} where it is not given" in " ".join(command(tmp_path, "worker", "--help").out.split())
    assert done.code == 2
    assert "--concurrency is of polls" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_worker_without_a_queue_says_what_to_do(place: object, tmp_path: Path) -> None:
    configure(tmp_path / "config")
    done = command(tmp_path, "worker")

    assert done.code == 2
    assert "queue: procrastinate" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    configure(
        tmp_path / "config",
        tidings='database: "postgresql://tidings:hunter2@127.0.0.1:9/news"\nqueue: procrastinate\n'
        "channels: {outbox: {type: file, dir: o}}\n",
    )
    for word in ("worker", "run"):
        done = command(tmp_path, word)
        assert done.code == 1, done.err
        assert "hunter2" not in done.out + done.err
        assert len(done.err.splitlines()) == 1, done.err


async def test_status_and_readiness_miss_a_worker_that_is_not_there(world: World, database: str) -> None:
    """With a queue and nobody at it, nothing is told: that needs somebody, and `status` says so first."""
    world.press.add("times", "plant", NOON - HOUR)
    folder = configured(world, database)
    async with open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app:
        assert isinstance(app.runner, QueueRunner)
        await app.ticker.tick()
        await app.runner.look()
        assert app.runner.crew.problem is not None
        alone = command(folder, "status")
        async with working(world, folder), open_engine(database) as engine:
            await live(world, engine, app, minutes=10, step=5)
            assert app.runner.crew.problem is None
            helped = command(folder, "status")

    assert "start `tidings worker`" in alone.out
    assert "start `tidings worker`" not in helped.out
    assert "workers     process" in helped.out
    assert "note:" not in helped.out
    assert told(world.mailbox.mails).news == Counter(plant=1)


async def test_a_mail_waits_for_no_poll(world: World, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While every place for polls is taken by hosts that say nothing, what was found is told."""
    for number in range(8):
        world.press.add(f"feed{number}", f"plant{number}", NOON - HOUR)
    folder = configured(world, database)
    silence = asyncio.Event()
    poll = Poller.poll

    async def held(self: Poller, source_id: str, *, asked: bool = False) -> PollOutcome:
        await silence.wait()
        return await poll(self, source_id, asked=asked)

    async with (
        open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app,
        working(world, folder),
        open_engine(database) as engine,
    ):
        await app.ticker.tick()
        await quiet(engine, app)
        await app.ticker.tick()
        await quiet(engine, app)
        assert not world.mailbox.mails  # still gathered
        monkeypatch.setattr(Poller, "poll", held)
        world.clock.time += timedelta(minutes=15)
        await app.ticker.tick()
        await until(lambda: bool(world.mailbox.mails), 20)
        under_way = (await app.stores.claims.in_hand(world.clock.now())).polls
        silence.set()
        await quiet(engine, app)

    assert under_way > 0
    assert len(told(world.mailbox.mails).news) == 8


async def test_nothing_waits_for_a_long_round_of_deliveries(
    world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one worker hands messages over, it takes no second job of that kind: its places are for others."""
    world.press.add("times", "plant", NOON - HOUR)
    folder = configured(world, database)
    slow = asyncio.Event()
    deliver = Courier.deliver_due

    async def held(self: Courier, limit: int) -> tuple[Outcome, ...]:
        await slow.wait()
        return await deliver(self, limit)

    monkeypatch.setattr(Courier, "deliver_due", held)
    async with (
        open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app,
        working(world, folder),
        open_engine(database) as engine,
    ):
        for _ in range(6):
            await engine.defer((DELIVER,))
            async with asyncio.timeout(20):
                while (await engine.waiting()).todo.get(Queue.TELL):
                    await asyncio.sleep(0.02)
        doing = (await engine.waiting()).doing
        slow.set()
        await quiet(engine, app)

    assert doing == {Queue.TELL: 1}


async def test_all_processes_sign_links_with_one_key(world: World, database: str, tmp_path: Path) -> None:
    """Each on a machine of its own; one that has another key does not start, and says which file is in the way."""
    folders = [configured(world, database, tmp_path / name) for name in ("one", "two", "three")]
    for folder in folders[:2]:
        async with open_app(settings(folder), clock=world.clock):
            pass
    keys = {(folder / "state" / "unsubscribe.key").read_text() for folder in folders[:2]}
    other = folders[2] / "state" / "unsubscribe.key"
    other.parent.mkdir()
    other.write_text("ab" * 32)
    done = command(folders[2], "worker")

    assert len(keys) == 1
    assert done.code == 1
    assert str(other) in done.err
    assert len(done.err.splitlines()) == 1
    assert other.read_text() == "ab" * 32


async def test_workers_judge_by_the_rules_of_an_edit(world: World, database: str) -> None:
    """Scheduler and worker read the same files; an edit is run over the archive, once."""
    world.press.add("times", "plant", NOON - HOUR, title="Wafers and semiconductors")
    folder = configured(world, database)
    async with (
        open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app,
        working(world, folder),
        open_engine(database) as engine,
    ):
        await live(world, engine, app, minutes=10, step=5)
        path = folder / "config" / "watchlists" / "chips.yaml"
        path.write_text(
            path.read_text().replace("digests:", "  - {id: wafers, name: Wafers, any: [wafers]}\ndigests:")
        )
        await app.apply(settings(folder))
    async with (
        open_app(settings(folder), clock=world.clock, part=Part.SCHEDULER) as app,
        working(world, folder),
        open_engine(database) as engine,
    ):
        await live(world, engine, app, minutes=10, step=5)
    said = json.loads(command(folder, "explain", "--json", f"http://127.0.0.1:{world.press.port}/plant").out)

    assert "wafers" in json.dumps(said)
