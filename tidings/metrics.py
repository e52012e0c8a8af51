"""The metrics of the daemon in the text format of Prometheus: labels are states and kinds, never a source or an address."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import TypeVar

from prometheus_client import CollectorRegistry, Info, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crawler.ports import Clock
from tidings import __version__
from tidings.health import PARTS, Health, Readiness, overdue
from tidings.heartbeat import Beats
from tidings.limited import Limited
from tidings.processes import Memory, memory
from tidings.pulse import Pulse
from tidings.queues import Queue
from tidings.runners.crew import Crew
from tidings.storage.figures import SqlFigures, Stored, Waiting, percentile
from tidings.storage.room import Room
from tidings.storage.workers import Worker
from tidings.tasks import Report

State = TypeVar("State", bound=StrEnum)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TOTALS_FRESH = 60.0  # seconds; they are counted over whole tables
PERCENTILES = (50, 90, 99, 100)

# What reports count → the counter, its label and the value of that.
_COUNTED: Mapping[str, tuple[str, str | None]] = {
    "read": ("polls", "read"),
    "unchanged": ("polls", "unchanged"),
    "failed": ("polls", "failed"),
    "entries": ("entries", None),
    "articles": ("new_articles", None),
    "pages read": ("pages", "read"),
    "pages pending": ("pages", "pending"),
    "pages refused": ("pages", "refused"),
    "pages failed": ("pages", "failed"),
    "pages skipped": ("pages", "skipped"),
    "pages quarantined": ("pages", "quarantined"),
    "pages feed": ("pages", "feed"),
    "folded": ("folded_articles", None),
    "reprints": ("reprints", None),
    "judged": ("judged_articles", None),
    "matches": ("found_matches", None),
    "digests": ("messages", "digest"),
    "alerts": ("messages", "alert"),
    "deliveries sent": ("delivery_attempts", "sent"),
    "deliveries later": ("delivery_attempts", "later"),
    "deliveries parked": ("delivery_attempts", "parked"),
    "faults": ("task_faults", None),
}
_COUNTERS: Mapping[str, tuple[str, str | None]] = {
    "polls": ("Polls that ended, by result.", "result"),
    "entries": ("Entries listed by the sources that were polled.", None),
    "new_articles": ("Articles that were new.", None),
    "pages": ("Article pages that were dealt with, by what became of the text.", "state"),
    "folded_articles": ("Articles put into a story.", None),
    "reprints": ("Articles folded as reprints of others.", None),
    "judged_articles": ("Articles judged by the rules.", None),
    "found_matches": ("Matches found.", None),
    "messages": ("Messages composed, by kind.", "kind"),
    "delivery_attempts": ("Attempts to hand a message over, by result.", "result"),
    "task_faults": ("Tasks that broke; the log has each.", None),
}


_OF_WORKERS: tuple[tuple[str, str, Callable[[Worker], float]], ...] = (
    ("worker_tasks_in_hand", "Tasks that a worker has in hand.", lambda one: one.doing),
    ("worker_places", "Polls that a worker makes at once.", lambda one: one.places),
    ("worker_memory_bytes", "Resident memory of a worker and its children.", lambda one: one.memory or 0),
    (
        "worker_silence_seconds",
        "Since the last sign of life of a worker.",
        lambda one: one.silence.total_seconds(),
    ),
)


class Metrics:
    """Counts what happened since the start, and asks what is now when it is asked itself.

    Args:
        health: asked for what the probes are asked too, so that the two never differ.
        beats: how the heartbeat fares.
        crew: who performs what this process puts on the queue; None: it performs all itself.
        look: memory of the processes.
    """

    def __init__(
        self,
        health: Health,
        figures: SqlFigures,
        beats: Beats,
        clock: Clock,
        *,
        crew: Callable[[], Crew | None] = lambda: None,
        look: Callable[[], Memory | None] = memory,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._health = health
        self._figures = figures
        self._beats = beats
        self._clock = clock
        self._crew = crew
        self._look = look
        self._stored = Limited(self._totals, patience=2.0, fresh=TOTALS_FRESH, seconds=seconds)
        self._now = Now()
        self._registry = CollectorRegistry()
        self._counted = dict.fromkeys(_COUNTED.values(), 0)
        build = Info("tidings_build", "What runs.", registry=self._registry)
        build.info({"version": __version__, "python": platform.python_version()})
        ProcessCollector(registry=self._registry)
        self._registry.register(self._now)

    def heard(self, report: Report) -> None:
        """Count what one task did."""
        for name, number in report.counts.items():
            if (counter := _COUNTED.get(name)) is not None:
                self._counted[counter] += number

    async def text(self) -> bytes:
        """All metrics at this moment; what cannot be had in time is left out, and `tidings_ready` says so."""
        readiness, stored, processes = await asyncio.gather(
            self._health.readiness(), self._stored.ask(), asyncio.to_thread(self._look)
        )
        waiting, space = await self._health.waiting.ask(), await self._health.room.ask()
        crew = self._crew()
        self._now.families = (
            *(_of_counts(self._counted) if crew is None else _of_crew(crew)),
            *_of_process(self._health.pulse, self._health.alive, readiness),
            *_of_memory(processes),
            *_of_disk(space.value),
            *(() if waiting.value is None else _of_waiting(waiting.value, self._clock.now())),
            *(() if stored.value is None else _of_stored(*stored.value)),
            *_of_beats(self._beats),
        )
        return generate_latest(self._registry)

    async def close(self) -> None:
        """Wait for nothing any more."""
        await self._stored.close()

    async def _totals(self) -> tuple[Stored, int | None]:
        return await self._figures.stored(), await self._figures.size()


class Now(Collector):
    """Hands over what was found last."""

    def __init__(self) -> None:
        self.families: tuple[Metric, ...] = ()

    def collect(self) -> Iterator[Metric]:
        """See the library."""
        return iter(self.families)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tidings_{name}", words, value=value)


def _gauges(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"tidings_{name}", words, labels=[label])
    for one, value in values.items():
        family.add_metric([one], value)
    return family


def _moment(name: str, words: str, when: datetime | None) -> Iterator[Metric]:
    if when is not None:
        yield _gauge(f"{name}_timestamp_seconds", words, when.timestamp())


def _of_counts(counted: Mapping[tuple[str, str | None], int]) -> Iterator[Metric]:
    for name, (words, label) in _COUNTERS.items():
        family = CounterMetricFamily(f"tidings_{name}", words, labels=[label] if label else [])
        for (counter, value), number in counted.items():
            if counter == name:
                family.add_metric([] if value is None else [value], number)
        yield family


def _of_crew(crew: Crew) -> Iterator[Metric]:
    """The same counters for each worker, and how the workers fare; what dies takes its numbers along."""
    names = {one.id: f"{one.host}/{one.process}" for one in crew.workers}
    for name, (words, label) in _COUNTERS.items():
        family = CounterMetricFamily(f"tidings_{name}", words, labels=["worker", *([label] if label else [])])
        for one in crew.workers:
            for counted, (counter, value) in _COUNTED.items():
                if counter == name:
                    family.add_metric(
                        [names[one.id], *([] if value is None else [value])], one.counts.get(counted, 0)
                    )
        yield family
    yield _gauge("workers", "Workers that gave a sign of life lately.", len(crew.workers))
    yield _gauges(
        "queue_workers",
        "Workers that take a kind of work.",
        "queue",
        {str(queue): crew.taking(queue) for queue in Queue},
    )
    yield _gauge(
        "workers_with_other_configuration",
        "Workers that go by other files than this process.",
        len(crew.astray),
    )
    for name, words, figure in _OF_WORKERS:
        yield _gauges(name, words, "worker", {names[one.id]: figure(one) for one in crew.workers})
    jobs = GaugeMetricFamily("tidings_jobs", "Jobs on the queue.", labels=["queue", "state"])
    for queue in Queue:
        jobs.add_metric([str(queue), "waiting"], crew.waiting.todo.get(queue, 0))
        jobs.add_metric([str(queue), "performed"], crew.waiting.doing.get(queue, 0))
    yield jobs
    yield _gauge(
        "oldest_job_age_seconds", "The longest that a job waits.", crew.waiting.oldest.total_seconds()
    )


def _of_process(pulse: Pulse, alive: bool, readiness: Readiness) -> Iterator[Metric]:
    failing = {part.name for part in readiness.failing}
    yield _gauge("alive", "1 while the work goes on, as /livez says.", alive)
    yield _gauges(
        "ready", "1 for each part that is well, as /readyz says.", "part",
        {name: float(name not in failing) for name in PARTS},
    )  # fmt: skip
    yield from _moment("start", "When the daemon began.", pulse.started_at)
    yield from _moment("last_tick", "End of the last tick that went well.", pulse.ticked_at)
    yield _gauge("tick_lag_seconds", "By which the last tick began late.", pulse.lag)
    yield _gauge("reload_refused", "1 while an edit is refused.", pulse.reload_problem is not None)
    yield _gauge(
        "collecting", "0 while nothing new is collected, as the disk is nearly full.", pulse.collecting
    )
    yield _gauge("storage_trouble", "1 while the database cannot be written to.", pulse.storage is not None)


def _of_memory(found: Memory | None) -> Iterator[Metric]:
    if found is not None:
        yield _gauges(
            "resident_memory_bytes", "Resident memory of the daemon, and of its children together.", "process",
            {"daemon": found.daemon, "children": found.children},
        )  # fmt: skip
        yield _gauge("child_processes", "Children that are running.", found.number)


def _of_disk(space: Room | None) -> Iterator[Metric]:
    if space is not None:
        yield _gauge("disk_free_bytes", "Room on the disk of the state folder.", space.free)


def _of_waiting(waiting: Waiting, now: datetime) -> Iterator[Metric]:
    yield _gauges("sources", "Configured sources, by state.", "state", _named(waiting.sources))
    yield _gauge("sources_overdue", "Active sources more than 15 minutes past their poll.", overdue(waiting))
    yield _gauge("sources_never_polled", "Active sources that were never polled well.", waiting.never)
    for name, words, values in (
        ("source_lateness_seconds", "Past the time of the next poll, over active sources.", waiting.lateness),
        ("source_poll_age_seconds", "Since the last good poll, over active sources.", waiting.ages),
    ):
        yield _gauges(
            name, words, "percentile", {str(share): percentile(values, share) for share in PERCENTILES}
        )
    yield _gauge("pending_pages", "Articles whose page is still to be read.", waiting.pages)
    yield _gauge("unfolded_articles", "Articles that wait for their story.", waiting.unfolded)
    yield _gauge("unmatched_articles", "Articles that wait to be matched.", waiting.unmatched)
    yield _gauge("pending_deliveries", "Deliveries that are to be made.", waiting.deliveries)
    yield _gauge(
        "oldest_pending_delivery_age_seconds", "Since the longest waiting delivery was made; 0 when none waits.",
        max(0.0, (now - waiting.oldest_delivery).total_seconds()) if waiting.oldest_delivery else 0.0,
    )  # fmt: skip


def _of_stored(stored: Stored, size: int | None) -> Iterator[Metric]:
    yield _gauges(
        "stored_articles", "Articles that are kept, by state of their text.", "text", _named(stored.texts)
    )
    yield _gauge("stored_stories", "Stories that are kept.", stored.stories)
    yield _gauge("stored_matches", "Matches that are kept.", stored.matches)
    yield _gauges("deliveries", "Deliveries that are kept, by state.", "state", _named(stored.deliveries))
    if size is not None:
        yield _gauge("database_size_bytes", "The database, with its journal.", size)


def _of_beats(beats: Beats) -> Iterator[Metric]:
    yield from _moment("heartbeat_last_success", "When the last heartbeat was taken.", beats.sent_at)
    yield _gauge("heartbeat_failing", "1 when the last heartbeat was not taken.", beats.problem is not None)


def _named(counts: Mapping[State, int]) -> dict[str, float]:
    return {str(state): float(number) for state, number in counts.items()}
