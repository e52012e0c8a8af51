"""The metrics as Prometheus reads them, from a real database; and that dashboard, alerts and docs name only what is there."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from crawler.records import TextState
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.net_site import SetMonotonic
from tests.integration.storage.making import article, poll, source
from tidings.health import Health
from tidings.heartbeat import Beats
from tidings.metrics import _COUNTED, Metrics
from tidings.processes import Memory, memory
from tidings.pulse import Phase, Pulse
from tidings.runners.crew import Crew, Waiting
from tidings.runners.jobs import Queue
from tidings.storage.engine import Database
from tidings.storage.figures import SqlFigures
from tidings.storage.stores import Stores
from tidings.storage.workers import Worker
from tidings.tasks import PollSource, Report

DOCS = Path(__file__).parents[2] / "docs"
MONITORING = DOCS / "monitoring"
OTHERS = {"up"}  # made by Prometheus itself


@dataclass
class World:
    """A daemon with one good source, and its metrics."""

    stores: Stores
    metrics: Metrics
    pulse: Pulse
    beats: Beats
    time: SetMonotonic
    crew: list[Crew]  # the last of them works; none: this process does all itself

    async def samples(self) -> dict[str, float]:
        """`name{label="value"}` → value, now."""
        self.time.seconds += 100  # no answer is fresh any more
        return {
            f"{one.name}{{{','.join(f'{k}={v}' for k, v in one.labels.items())}}}"
            if one.labels
            else one.name: one.value
            for family in text_string_to_metric_families((await self.metrics.text()).decode())
            for one in family.samples
        }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = Database.open("sqlite", state_dir=tmp_path)
    stores, time, clock = Stores(database), SetMonotonic(), FixedClock(NOON)
    await stores.sources.sync([source(), source("paused", paused=True)], NOON - timedelta(hours=2))
    await stores.articles.record_poll(poll(article(1), article(2), at=NOON - timedelta(minutes=90)))
    pulse = Pulse(NOON - timedelta(hours=1), seconds=lambda: 0.0)
    pulse.phase = Phase.RUNNING
    figures, beats = SqlFigures(database), Beats()
    crew: list[Crew] = []
    health = Health(
        pulse, figures, clock, tmp_path, lambda: timedelta(hours=1), crew=lambda: crew[-1] if crew else None,
        seconds=lambda: 0.0, fresh=0.0,
    )  # fmt: skip
    metrics = Metrics(
        health, figures, beats, clock, crew=lambda: crew[-1] if crew else None,
        look=lambda: Memory(daemon=9, children=5, number=2), seconds=time.now,
    )  # fmt: skip
    pulse.beat(NOON, 0.25)
    yield World(stores, metrics, pulse, beats, time, crew)
    await metrics.close()
    await health.close()
    database.close()


def report(**counts: int) -> Report:
    return Report(task=PollSource("example-times"), counts=counts)


async def test_what_is_now_is_told_in_seconds_and_bytes(world: World) -> None:
    world.pulse.ticked_at = NOON
    world.beats.sent_at = NOON
    world.pulse.beat(NOON, 0.25)

    found = await world.samples()

    assert found["tidings_sources{state=paused}"] == 1
    assert (
        found["tidings_last_tick_timestamp_seconds"]
        == found["tidings_heartbeat_last_success_timestamp_seconds"]
    )
    assert found["tidings_last_tick_timestamp_seconds"] == NOON.timestamp()
    assert found["tidings_tick_lag_seconds"] == 0.25
    assert found["tidings_source_poll_age_seconds{percentile=99}"] == 5400
    assert found["tidings_unfolded_articles"] == 2
    assert found["tidings_stored_articles{text=feed}"] == 2
    assert found["tidings_resident_memory_bytes{process=children}"] == 5
    assert found["tidings_database_size_bytes"] > 10_000
    assert found["tidings_disk_free_bytes"] > 0
    assert found["tidings_ready{part=database}"] == 1
    assert found["process_open_fds"] > 3


async def test_what_happened_is_counted_from_the_start(world: World) -> None:
    """From the reports of tasks; every counter is there as 0 before anything happened."""
    before = await world.samples()
    world.metrics.heard(report(polls=1, entries=30, articles=2, read=1))
    world.metrics.heard(report(polls=1, failed=1))
    world.metrics.heard(
        report(**{"deliveries sent": 3, "pages read": 4, "digests": 1, "faults": 1, "unheard of": 7})
    )
    after = await world.samples()

    gained = {
        name: after[name] - value
        for name, value in before.items()
        if name.partition("{")[0].endswith("_total")
    }
    assert {name: number for name, number in gained.items() if number and name.startswith("tidings")} == {
        "tidings_polls_total{result=read}": 1,
        "tidings_polls_total{result=failed}": 1,
        "tidings_entries_total": 30,
        "tidings_new_articles_total": 2,
        "tidings_pages_total{state=read}": 4,
        "tidings_messages_total{kind=digest}": 1,
        "tidings_delivery_attempts_total{result=sent}": 3,
        "tidings_task_faults_total": 1,
    }


async def test_trouble_of_the_process_is_told(world: World) -> None:
    world.pulse.reload_problem = "tidings.yaml:3:1: error"
    world.pulse.collecting = False
    world.beats.problem = "it was answered with status 404"

    found = await world.samples()

    assert (
        found["tidings_reload_refused"],
        found["tidings_collecting"],
        found["tidings_heartbeat_failing"],
    ) == (1, 0, 1)
    assert found["tidings_alive"] == 1


async def test_no_label_grows_with_what_is_watched(world: World) -> None:
    """A thousand sources make no more series than one, and no address or name of one is told."""
    few = await world.samples()
    many = [source(f"source-{n}") for n in range(1000)]
    await world.stores.sources.sync(many, NOON)
    text = (await world.metrics.text()).decode()

    assert len(await world.samples()) == len(few) < 150
    for secret in ("source-7", "example.org", "http"):
        assert secret not in text


async def test_names_follow_the_convention(world: World) -> None:
    """Base units at the end, counters in _total, one help and one type each, and label names in small letters."""
    world.crew.append(Crew(workers=(worker(1),)))
    families = list(text_string_to_metric_families((await world.metrics.text()).decode()))

    assert len({one.name for one in families}) == len(families)
    for family in families:
        assert re.fullmatch(r"(tidings|process)_[a-z]+(_[a-z]+)*", family.name), family.name
        assert family.documentation
        assert family.type in {"gauge", "counter"}
        assert not re.search(r"_(milliseconds|minutes|kilobytes|mib|count|total)$", family.name)
        for sample in family.samples:
            assert set(sample.labels) <= {
                "state",
                "result",
                "kind",
                "part",
                "process",
                "percentile",
                "text",
                "version",
                "python",
                "worker",
                "queue",
            }
            assert sample.name == family.name + ("_total" if family.type == "counter" else "")


async def test_promtool_has_nothing_to_add(world: World) -> None:
    """Where it is installed: metrics and alert rules."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = await asyncio.to_thread(
        subprocess.run,
        [promtool, "check", "metrics"],
        input=await world.metrics.text(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    done = await asyncio.to_thread(
        subprocess.run,
        [promtool, "check", "rules", MONITORING / "alert-rules.yaml"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_that_tasks_count_is_known() -> None:
    """A count that a task reports and nobody passes on would be lost in silence; these few are told otherwise."""
    folder = Path(__file__).parents[2] / "tidings"
    counted = set()
    for name in ("tasks.py", "runners/inline.py"):
        for node in ast.walk(ast.parse((folder / name).read_text(encoding="utf-8"))):
            counts = None
            if (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "counts") or (
                isinstance(node, ast.keyword) and node.arg == "counts"
            ):
                counts = node.value
            if isinstance(counts, ast.Dict):
                counted |= {key.value for key in counts.keys if isinstance(key, ast.Constant)}

    of_their_own = {
        "pages",
        "sent",
        "later",
        "parked",
        "polls",
    }  # sums of others, or renamed before they are told
    not_told = {"empty digests", "edits applied", "matches found late", "matches filed", "matches gone"}
    assert {"folded", "entries", "digests", "faults"} <= counted
    assert counted - of_their_own - not_told <= _COUNTED.keys()
    assert {f"pages {state}" for state in TextState} <= _COUNTED.keys()


def test_memory_is_that_of_the_kernel() -> None:
    """Of this process: some megabytes; of one that is not there: nothing."""
    found = memory()

    assert found is not None
    assert 5_000_000 < found.daemon < 4_000_000_000
    assert memory(2**30) is None


def test_children_are_counted_with_theirs() -> None:
    script = ["/bin/sh", "-c", "sleep 60 & echo; wait"]
    with subprocess.Popen(script, stdout=subprocess.PIPE, start_new_session=True) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            found = memory()
        finally:
            os.killpg(child.pid, signal.SIGKILL)

    assert found is not None
    assert found.number >= 2
    assert found.children > 0


def worker(process: int, **counts: int) -> Worker:
    return Worker(
        id=f"w{process}", host="far", process=process, version="1", since=NOON, places=50, doing=3, done=9,
        memory=1000, counts=counts, seen=NOON, silence=timedelta(seconds=2),
    )  # fmt: skip


async def test_each_worker_has_its_own_numbers(world: World) -> None:
    """What they counted has their name; what waits is told by kind of work."""
    waiting = Waiting(todo={Queue.COLLECT: 4}, doing={Queue.TELL: 1}, oldest=timedelta(seconds=7))
    world.crew.append(Crew(workers=(worker(1, read=5, failed=1), worker(2, read=2)), waiting=waiting))
    found = await world.samples()

    assert found["tidings_polls_total{result=read,worker=far/1}"] == 5
    assert found["tidings_polls_total{result=failed,worker=far/1}"] == 1
    assert found["tidings_polls_total{result=read,worker=far/2}"] == 2
    assert found["tidings_workers"] == 2
    assert found["tidings_worker_memory_bytes{worker=far/2}"] == 1000
    assert found["tidings_worker_silence_seconds{worker=far/1}"] == 2
    assert found["tidings_jobs{queue=collect,state=waiting}"] == 4
    assert found["tidings_jobs{queue=tell,state=performed}"] == 1
    assert found["tidings_oldest_job_age_seconds"] == 7


async def test_without_a_worker_it_is_not_ready(world: World) -> None:
    """A minute after the start, when they have had time to show themselves."""
    await world.stores.articles.record_poll(poll(at=NOON))
    world.crew.append(Crew())
    found = await world.samples()

    assert (found["tidings_workers"], found["tidings_ready{part=queue}"]) == (0, 0)
    world.crew.append(Crew(workers=(worker(1),)))
    assert (await world.samples())["tidings_ready{part=queue}"] == 1


# -- dashboard, alerts and page --------------------------------------------------------------------


def expressions() -> Iterator[tuple[str, str]]:
    """Where each query stands, and the query."""
    for panel in _panels(json.loads((MONITORING / "grafana-dashboard.json").read_text(encoding="utf-8"))):
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']}", target["expr"]
    for group in YAML(typ="safe").load(MONITORING / "alert-rules.yaml")["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


def _panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


async def test_every_query_asks_for_what_is_there(world: World) -> None:
    """Names of metrics, and values of their labels."""
    world.beats.sent_at = NOON
    found = await world.samples()
    world.crew.append(Crew(workers=(worker(1),)))
    found = await world.samples() | found
    names = {name.partition("{")[0] for name in found} | OTHERS
    asked = list(expressions())

    assert len(asked) > 20
    for where, query in asked:
        used = set(re.findall(r"\b(?:tidings|process)_[a-z_]+", query))
        assert used or "up{" in query, where
        assert used <= names, where
        for name, labels in re.findall(r"\b(tidings_[a-z_]+)\{([^}]*)\}", query):
            for label, value in re.findall(r'(\w+)="([^"$]*)"', labels):
                if label not in {"job", "instance"}:
                    assert any(one.startswith(f"{name}{{") and f"{label}={value}" in one for one in found), (
                        where,
                        label,
                        value,
                    )


def test_the_dashboard_has_a_row_for_each_matter_and_no_panel_twice() -> None:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text(encoding="utf-8"))
    panels = list(_panels(dashboard))
    rows = [one["title"] for one in panels if one["type"] == "row"]

    assert rows == ["Health", "Sources", "Pipeline", "Delivery", "Workers"]
    assert len({one["id"] for one in panels}) == len(panels)
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]
    assert len(set(places)) == len(places)
    assert all(one["gridPos"]["x"] + one["gridPos"]["w"] <= 24 for one in panels)


def test_every_alert_says_what_to_do_and_waits_a_while() -> None:
    rules = [
        rule
        for group in YAML(typ="safe").load(MONITORING / "alert-rules.yaml")["groups"]
        for rule in group["rules"]
    ]

    assert 5 <= len(rules) <= 15
    for rule in rules:
        assert re.fullmatch(r"[0-9]+[mh]", rule["for"]), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert (
            "`tidings " in rule["annotations"]["description"] or "log" in rule["annotations"]["description"]
        )


async def test_the_page_names_every_metric_and_no_other(world: World) -> None:
    """docs/monitoring.md, with the kind and the labels of each."""
    world.beats.sent_at = NOON
    page = (DOCS / "monitoring.md").read_text(encoding="utf-8")
    told = {
        row[0]: (row[1], row[2])
        for row in re.findall(r"^\| `(tidings_\w+)` \| (gauge|counter) \| (.*?) \|", page, re.MULTILINE)
    }
    there: dict[str, tuple[str, str]] = {}
    for crew in ((), (Crew(workers=(worker(1),)),)):
        world.crew[:] = crew
        for family in text_string_to_metric_families((await world.metrics.text()).decode()):
            if family.name.startswith("tidings"):
                labels = ", ".join(f"`{label}`" for label in family.samples[0].labels) or "–"
                there.setdefault(family.samples[0].name, (family.type, labels))

    assert told == there
    rules = [
        rule
        for group in YAML(typ="safe").load(MONITORING / "alert-rules.yaml")["groups"]
        for rule in group["rules"]
    ]
    for rule in rules:
        assert f"| {rule['alert']} | {rule['for']} | {rule['labels']['severity']} |" in page
    assert page.count("| ticket |") + page.count("| page |") == len(rules)
