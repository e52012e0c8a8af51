"""The whole installation as a simulation of discrete events: a scheduler, workers, hosts and PostgreSQL.

Each poll is an event when its answer comes and one when it is stored; what only waits in line is computed
(`lines.py`). What stands in the code (ticks, batches, room, shares) is taken from there. All times are in seconds
from midnight.
"""

from __future__ import annotations

import gc
import math
import random
from array import array
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias

import simpy

from tests.benchmarks.scale.budget import AT_REST, SPACING
from tests.benchmarks.scale.lines import Cores, Gate, Line, Log, Pool
from tests.benchmarks.scale.prices import CARRIED, CHANGED, Price, Prices
from tests.benchmarks.scale.world import ANSWER_SPREAD, LONGEST, World, rhythm
from tidings.daemon import TICK
from tidings.performing import AT_ONCE
from tidings.queues import Queue
from tidings.runners.engine import LOOK
from tidings.runners.jobs import BATCH, SHARES
from tidings.runners.queue import AHEAD, PAGES_AHEAD
from tidings.storage.engine import WRITERS
from tidings.tasks import SETTLE_BATCH
from tidings.ticker import POLLS_OF_ONE_HOST

Events: TypeAlias = Generator[simpy.Event, Any, None]

HOUR = 3600.0
HANGING = 0.002  # of the polls get no answer, from hosts that are well otherwise
JITTER = 0.1
SLICES = 10  # into which composing a digest is cut, as other tasks go on meanwhile
CORES, SETTLERS = "workers' cores", "cores of those that only settle"
ALONE, SHARED, BEYOND = "own host", "shared host", "host beyond its politeness"
KINDS = (ALONE, SHARED, BEYOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is simulated, and on what.

    Attributes:
        workers: that poll, read and tell; they settle too unless others do.
        settlers: that only settle, as `tidings worker --only settle`.
        places: polls that a worker makes at once, as `tidings worker --concurrency`.
        cores: of PostgreSQL.
        changed: share of the polls without news that bring the whole feed.
        hanging: share of the polls that get no answer.
        digests: composed at `telling`, each sent to `readers` by mail.
        start: seconds from midnight at which figures begin to count.
        warm: seconds before that.
        span: seconds that count.
    """

    workers: int
    settlers: int = 0
    places: int = 50
    cores: int = 16
    shares: int = SHARES
    changed: float = CHANGED
    hanging: float = HANGING
    digests: int = 10
    readers: int = 3
    telling: float = 7 * HOUR
    start: float = 6.5 * HOUR
    warm: float = 600.0
    span: float = HOUR
    seed: int = 1


@dataclass(slots=True)
class Job:
    """Polls, or pages, that go together; counts itself down."""

    work: list[tuple[int, float]]  # source, and when it was due or its page wanted
    pages: bool
    left: int
    done: simpy.Event | None = None


@dataclass(slots=True)
class Worker:
    """One process with one core."""

    core: Line = field(default_factory=Line)
    writers: Pool = field(default_factory=lambda: Pool(WRITERS))
    settles: bool = False


@dataclass(slots=True)
class Figures:
    """What came of it."""

    late: dict[str, array[float]] = field(default_factory=lambda: {kind: array("f") for kind in KINDS})
    matched: array[float] = field(default_factory=lambda: array("f"))  # seconds from appearing to the match
    sent: array[float] = field(default_factory=lambda: array("f"))  # seconds from the slot to the delivery
    polls: int = 0
    articles: int = 0
    waiting: dict[str, list[int]] = field(default_factory=lambda: {"jobs": [], "polls in hand": [], "pages": [], "to settle": []})  # fmt: skip
    used: dict[str, float] = field(default_factory=dict)  # part → utilisation


class Simulation:
    """One run; `run` can be called once."""

    def __init__(self, world: World, prices: Prices, setting: Setting) -> None:
        self.world, self.prices, self.setting = world, prices, setting
        self.figures = Figures()
        self._dice = random.Random(setting.seed)
        self._begin = setting.start - setting.warm
        self._env = simpy.Environment(self._begin)
        self._server, self._log = Cores(setting.cores), Log(prices.sync)
        self._scheduler = Line()
        self._workers = [Worker() for _ in range(setting.workers)]
        self._settlers = [Worker() for _ in range(setting.settlers)]
        self._jobs: simpy.Store = simpy.Store(self._env)
        self._in_hand = 0
        self._pages: deque[tuple[int, float]] = deque()
        self._page_hand = 0
        self._shares: list[deque[float]] = [deque() for _ in range(setting.shares)]
        self._settling = [0.0] * setting.shares  # until when each share folds an article
        self._settled = 0.0  # seconds of all shares
        self._held = 0.0  # seconds of all places for jobs
        # A job ends when its polls have begun; what bounds them is the places, and as many again that step aside.
        self._slots = max(2, setting.places)
        self._idle: simpy.Store = simpy.Store(self._env)
        self._ticked = self._env.event()
        self._mails: simpy.Store = simpy.Store(self._env)
        self._gates = [Gate(SPACING) for _ in world.feeds]
        self._sites: dict[int, Gate] = {}  # of pages of sources whose feed stands elsewhere
        self._claimed = array("l", bytes(8 * len(world.feeds)))
        self._polled = array("d", bytes(8 * len(world.host)))
        self._due: list[
            tuple[float, int]
        ] = []  # of sources alone on their host, and the first of each other host
        self._queues: dict[int, list[tuple[float, int]]] = {}  # of a shared host
        self._standing: set[int] = set()  # shared hosts whose first is in `_due`
        self._unchanged, self._read = prices.unchanged, prices.poll(0)
        self._by_new = [prices.poll(new) for new in range(41)]
        self._rhythm = 1.0
        self._place_sources()

    def run(self) -> Figures:
        env, setting = self._env, self.setting
        for worker in self._settlers or self._workers:
            self._idle.put(worker)
        for worker in self._workers:
            for _ in range(self._slots):
                env.process(self._take_jobs(worker))
            for _ in range(AT_ONCE[Queue.TELL]):
                env.process(self._deliver(worker))
        for share in range(setting.shares):
            env.process(self._settle(share))
        env.process(self._tick())
        env.process(self._compose())
        gc.collect()
        gc.freeze()  # millions of records that stay would be looked at again and again
        try:
            env.run(until=setting.start)
            before = self._spent()
            env.run(until=setting.start + setting.span)
        finally:
            gc.unfreeze()
        for (name, (now, number)), (then, _) in zip(self._spent().items(), before.values(), strict=True):
            self.figures.used[name] = (now - then) / setting.span / number
        for name in self.figures.used.keys() & {CORES, SETTLERS}:
            self.figures.used[name] += AT_REST
        return self.figures

    # -- the beginning -----------------------------------------------------------------------------

    def _place_sources(self) -> None:
        """As after a long time: a host that is asked for too much is always late, each source has its place in the round."""
        world, chance, begin = self.world, self._dice.random, self._begin
        waits = _waits(world)
        for source, host in enumerate(world.host):
            every = world.every[source] * (1 + JITTER / 2)
            polled = begin - chance() * (every + waits.get(host, 0.0))
            self._polled[source] = polled
            if world.feeds[host] == 1:
                self._due.append((polled + every, source))
            else:
                self._queues.setdefault(host, []).append((polled + every, source))
        for host, queue in self._queues.items():
            heapify(queue)
            self._due.append((queue[0][0], ~host))
            self._standing.add(host)
        heapify(self._due)

    # -- scheduler ---------------------------------------------------------------------------------

    def _tick(self) -> Events:
        env, setting, every = self._env, self.setting, TICK.total_seconds()
        places = setting.workers * setting.places
        yield env.timeout(self._dice.random() * every)
        while True:
            began = env.now
            self._rhythm = rhythm(began / HOUR)
            polls = self._claim(places * AHEAD - self._in_hand)
            pages = [self._pages.popleft() for _ in range(min(len(self._pages), max(0, places * PAGES_AHEAD - self._page_hand)))]  # fmt: skip
            self._in_hand += len(polls)
            self._page_hand += len(pages)
            prices = self.prices
            jobs = [*self._batches(polls, pages=False), *self._batches(pages, pages=True)]
            total = prices.claim * len(polls) + prices.claim_page * len(pages) + prices.put * len(jobs)
            yield env.timeout(self._scheduler.take(env.now, total.cpu) - env.now)
            asked = self._server.take(env.now, total.server) + 5 * total.trips / max(len(polls), 1)
            yield env.timeout(asked - env.now)
            yield env.timeout(self._log.commit(env.now) - env.now)
            self._scheduler.busy += total.server  # it waits for each answer
            for job in jobs:
                self._jobs.put(job)
            ticked, self._ticked = self._ticked, env.event()
            ticked.succeed()
            if began >= setting.start:
                self._note()
            yield env.timeout(max(0.0, began + every - env.now))

    def _claim(self, room: int) -> list[tuple[int, float]]:
        """Sources that are due and when, the oldest first, of one host no more than it may have in hand."""
        due, now, found = self._due, self._env.now, []
        while due and due[0][0] <= now and len(found) < room:
            moment, one = heappop(due)
            if one >= 0:
                found.append((one, moment))
                continue
            host = ~one
            self._standing.discard(host)
            queue = self._queues[host]
            if self._claimed[host] < POLLS_OF_ONE_HOST and queue:
                self._claimed[host] += 1
                moment, source = heappop(queue)
                found.append((source, moment))
                self._stand(host)
        return found

    def _stand(self, host: int) -> None:
        """The first source of a shared host is looked at again, unless enough of that host is in hand."""
        queue = self._queues[host]
        if queue and host not in self._standing and self._claimed[host] < POLLS_OF_ONE_HOST:
            self._standing.add(host)
            heappush(self._due, (queue[0][0], ~host))

    def _batches(self, work: list[tuple[int, float]], *, pages: bool) -> list[Job]:
        """Those of one host together."""
        host = self.world.host
        ordered = sorted(work, key=lambda one: host[one[0]])
        some = [ordered[place : place + BATCH] for place in range(0, len(ordered), BATCH)]
        self._dice.shuffle(some)
        return [Job(batch, pages, len(batch)) for batch in some]

    def _note(self) -> None:
        waiting = self.figures.waiting
        waiting["jobs"].append(len(self._jobs.items))
        waiting["polls in hand"].append(self._in_hand)
        waiting["pages"].append(len(self._pages) + self._page_hand)
        waiting["to settle"].append(sum(map(len, self._shares)))

    # -- polls and pages ---------------------------------------------------------------------------

    def _take_jobs(self, worker: Worker) -> Events:
        """One of the places for jobs that a worker has."""
        env, price = self._env, self.prices.job
        while True:
            wanted = self._jobs.get()
            if not wanted.triggered:
                yield wanted
                yield env.timeout(self._dice.random() * LOOK / self.setting.workers)  # who looks first
            job = wanted.value
            began = env.now
            yield env.timeout(worker.core.take(env.now, price.cpu) - env.now)
            yield env.timeout(self._server.take(env.now, price.server) + price.trips - env.now)
            job.done = env.event()
            begin = self._begin_page if job.pages else self._begin_poll
            for source, wanted_at in job.work:
                begin(worker, job, source, wanted_at)
            yield job.done
            self._held += env.now - began

    def _begin_poll(self, worker: Worker, job: Job, source: int, due: float) -> None:
        env, host, dice = self._env, self.world.host[source], self._dice
        lasts = self._answer(host) if dice.random() >= self.setting.hanging else LONGEST
        start = self._gates[host].start(env.now, lasts)
        if start >= self.setting.start:
            self.figures.late[self._kind(host)].append(start - due)
            self.figures.polls += 1
        self._at(start + lasts, lambda _: self._answered(worker, job, source))

    def _answered(self, worker: Worker, job: Job, source: int) -> None:
        now, world, dice = self._env.now, self.world, self._dice
        since, self._polled[source] = self._polled[source], now
        new = 0
        if not world.failing[source]:
            new = self._poisson(world.rate[source] * self._rhythm * (now - since))
        if new:
            price = self._by_new[min(new, 40)]
        else:
            price = self._read if dice.random() < self.setting.changed else self._unchanged
        read = worker.core.take(now, price.cpu)
        self._at(read, lambda _: self._stored(worker, job, source, price, new, since))

    def _stored(self, worker: Worker, job: Job, source: int, price: Price, new: int, since: float) -> None:
        """Write what a poll brought; what is new waits for its page or to be settled."""
        asked = self._env.now
        self._write(worker, price, lambda: self._kept(job, source, new, since, asked))

    def _kept(self, job: Job, source: int, new: int, since: float, asked: float) -> None:
        done, world, dice = self._env.now, self.world, self._dice
        for _ in range(new):
            appeared = since + dice.random() * (asked - since)
            if dice.random() < CARRIED:
                self._unfolded(appeared)
            else:
                self._pages.append((source, appeared))
        host = world.host[source]
        due = done + world.every[source] * (1 + JITTER * dice.random())
        self._in_hand -= 1
        if world.feeds[host] == 1:
            heappush(self._due, (due, source))
        else:
            heappush(self._queues[host], (due, source))
            self._claimed[host] -= 1
            self._stand(host)
        self._count_down(job)

    def _begin_page(self, worker: Worker, job: Job, source: int, appeared: float) -> None:
        host = self.world.host[source]
        if self.world.feeds[host] == 1:
            gate = self._gates[host]
        else:
            gate = self._sites.setdefault(source, Gate(SPACING))
        lasts = self._answer(host)
        start = gate.start(self._env.now, lasts)
        self._at(start + lasts, lambda _: self._page_came(worker, job, appeared))

    def _page_came(self, worker: Worker, job: Job, appeared: float) -> None:
        read = worker.core.take(self._env.now, self.prices.page.cpu)

        def kept() -> None:
            self._page_hand -= 1
            self._unfolded(appeared)
            self._count_down(job)

        self._at(read, lambda _: self._write(worker, self.prices.page, kept))

    def _count_down(self, job: Job) -> None:
        job.left -= 1
        if not job.left:
            assert job.done is not None
            job.done.succeed()

    def _write(self, worker: Worker, price: Price, then: Callable[[], object]) -> None:
        """A transaction on one of the worker's connections; `then` it is on the disk."""

        def begin() -> None:
            begun = self._env.now

            def end(_: object) -> None:
                worker.writers.give_back(self._env.now - begun)
                then()

            written = self._server.take(begun, price.server) + price.trips
            self._at(written, lambda _: self._at(self._log.commit(self._env.now), end))

        worker.writers.take(begin)

    def _unfolded(self, appeared: float) -> None:
        self._shares[int(self._dice.random() * len(self._shares))].append(appeared)

    # -- settling ----------------------------------------------------------------------------------

    def _settle(self, share: int) -> Events:
        """One share, on one worker at a time, which settles one share at a time."""
        env, prices, waiting = self._env, self.prices, self._shares[share]
        while True:
            if not waiting:
                yield self._ticked
                continue
            worker = yield self._idle.get()
            began = env.now
            batch = [waiting.popleft() for _ in range(min(SETTLE_BATCH, len(waiting)))]
            for _ in batch:
                yield from self._fold(share, worker)
            yield from self._together(worker, prices.match * len(batch))
            if env.now >= self.setting.start:
                self.figures.articles += len(batch)
                self.figures.matched.extend(env.now - appeared for appeared in batch)
            yield from self._together(worker, prices.index * len(batch))
            self._settled += env.now - began
            self._idle.put(worker)

    def _together(self, worker: Worker, price: Price) -> Events:
        """What is computed and written for a batch."""
        env = self._env
        yield env.timeout(worker.core.beside(env.now, price.cpu) - env.now)
        yield self._written(worker, price)

    def _written(self, worker: Worker, price: Price) -> simpy.Event:
        """Happens when that transaction is on the disk."""
        event = self._env.event()
        self._write(worker, price, event.succeed)
        return event

    def _fold(self, share: int, worker: Worker) -> Events:
        """One article, when those of other shares that it may meet are through."""
        env, price = self._env, self.prices.fold
        wait = 0.0
        for other, until in enumerate(self._settling):
            if other != share and until > env.now and self._dice.random() < self.prices.meeting:
                wait = max(wait, until - env.now)
        if wait:
            self._settling[share] = env.now + wait + price.cpu + price.server + price.trips
            yield env.timeout(wait)
        computed = worker.core.beside(env.now, price.cpu)
        self._settling[share] = computed + price.server + price.trips
        yield env.timeout(computed - env.now)
        self._settling[share] = self._server.take(env.now, price.server) + price.trips
        yield env.timeout(self._settling[share] - env.now)

    # -- telling -----------------------------------------------------------------------------------

    def _compose(self) -> Events:
        """All digests at one moment, one after the other, on one worker."""
        env, setting = self._env, self.setting
        if setting.telling < env.now:
            return
        yield env.timeout(setting.telling - env.now)
        yield self._ticked
        worker, part = self._workers[0], self.prices.digest * (1 / SLICES)
        for _ in range(setting.digests):
            for _ in range(SLICES):
                yield env.timeout(worker.core.take(env.now, part.cpu) - env.now)
                yield env.timeout(self._server.take(env.now, part.server) + part.trips - env.now)
            yield env.timeout(self._log.commit(env.now) - env.now)
            for _ in range(setting.readers):
                self._mails.put(None)

    def _deliver(self, worker: Worker) -> Events:
        env, price = self._env, self.prices.delivery
        while True:
            yield self._mails.get()
            yield env.timeout(worker.core.take(env.now, price.cpu) - env.now)
            yield env.timeout(4 * self._dice.lognormvariate(math.log(0.1), 0.5))  # what the mail server takes
            yield self._written(worker, price)
            self.figures.sent.append(env.now - self.setting.telling)

    # -- small parts -------------------------------------------------------------------------------

    def _at(self, moment: float, work: Callable[[simpy.Event], object]) -> None:
        now = self._env.now
        event = self._env.timeout(moment - now if moment > now else 0.0)
        assert event.callbacks is not None
        event.callbacks.append(work)

    def _answer(self, host: int) -> float:
        """Seconds; hosts differ more than the answers of one do."""
        return min(LONGEST, self.world.delay[host] * math.exp(0.6 * ANSWER_SPREAD * self._dice.gauss(0, 1)))

    def _poisson(self, mean: float) -> int:
        least, number, product = math.exp(-min(mean, 40.0)), 0, self._dice.random()
        while product > least:
            number += 1
            product *= self._dice.random()
        return number

    def _kind(self, host: int) -> str:
        if self.world.feeds[host] == 1:
            return ALONE
        return SHARED if self.world.wanted[host] * SPACING <= 1 else BEYOND

    def _spent(self) -> dict[str, tuple[float, int]]:
        setting = self.setting
        cores, settling = ([one.core.busy for one in some] for some in (self._workers, self._settlers))
        return {
            CORES: (sum(cores), setting.workers),
            **({SETTLERS: (sum(settling), setting.settlers)} if settling else {}),
            "workers' places for jobs": (self._held, setting.workers * self._slots),
            "workers' connections": (
                sum(one.writers.busy for one in self._workers),
                setting.workers * WRITERS,
            ),
            "PostgreSQL's cores": (self._server.busy, setting.cores),
            "its log, forced writes": (self._log.busy, 1),
            "the scheduler": (self._scheduler.busy, 1),
            "the shares that settle": (self._settled, setting.shares),
        }


def _waits(world: World) -> dict[int, float]:
    """Seconds that a host which is asked for too much lets every one of its sources wait, the oldest being first in turn.

    With a wait w the polls of a host, the sum of 1 / (every + w), are as many as it allows.
    """
    crowded: dict[int, list[float]] = {
        host: [] for host, wanted in enumerate(world.wanted) if wanted * SPACING > 1
    }
    for source, host in enumerate(world.host):
        if host in crowded:
            crowded[host].append(world.every[source])
    found = {}
    for host, every in crowded.items():
        low, high = 0.0, len(every) * SPACING
        for _ in range(40):
            middle = (low + high) / 2
            polls = sum(1 / (one + middle) for one in every)
            low, high = (middle, high) if polls * SPACING > 1 else (low, middle)
        found[host] = high
    return found
