"""The task of composing: what breaks keeps nothing else from being told, and is reported with what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.composer import Composed, Uncomposed
from tests.fakes.clock import FixedClock
from tests.fakes.no_index import NoIndex
from tests.fakes.no_queue import NoQueue
from tests.fakes.outbox import slot
from tests.fakes.stores import MemoryStores
from tidings.alerting import Told
from tidings.storage.errors import Full
from tidings.tasks import Compose, Services, perform


class Notifier:
    """Composes one digest, and breaks on others."""

    def __init__(self, fault: Exception | None) -> None:
        self.fault = fault

    async def compose_due(self) -> tuple[Composed, ...]:
        if self.fault is not None:
            raise self.fault
        return (COMPOSED,)


class Alerts:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.rounds = 0
        self.templates: list[tuple[str, str | None]] = []
        self.work: list[tuple[str, str | None]] = []

    async def tell_due(self) -> Told:
        self.rounds += 1
        return Told(problems=("an alert broke",))

    async def note_template(self, composed: str, problem: str | None) -> None:
        self.templates.append((composed, problem))

    async def note_work(self, name: str, problem: str | None) -> None:
        self.work.append((name, problem))


EMPTY: Any = None  # nothing of a digest that was not sent is read
COMPOSED = Composed(slot=slot(), channels=("desk",), digest=EMPTY, problem="morning.html.j2:3: no such name")


def services(notifier: Any, alerts: Any) -> Services:
    unused: Any = None
    store = MemoryStores()
    return Services(
        clock=FixedClock(), sources=store.sources, articles=store.articles, poller=unused, reader=unused,
        notifier=notifier, rematcher=unused, alerts=alerts, index=NoIndex(), claims=NoQueue(), wait_for_text=timedelta(hours=1),
    )  # fmt: skip


async def test_alerts_are_told_and_templates_noted_though_a_digest_breaks() -> None:
    alerts = Alerts()
    fault = Uncomposed((COMPOSED,), {"broken": LookupError("no such row")})

    report = await perform(Compose(), services(Notifier(fault), alerts))

    assert alerts.rounds == 1
    assert alerts.templates == [("morning", COMPOSED.problem)]
    assert [name for name, why in alerts.work if why is not None] == ["digest broken"]
    assert report.counts["empty digests"] == 1
    assert report.problem == (
        "digest broken cannot be composed: LookupError: no such row; morning.html.j2:3: no such name; an alert broke"
    )


async def test_a_full_disk_is_no_fault_of_a_digest() -> None:
    """The operator is not told that it cannot be composed; what was composed before is noted."""
    alerts = Alerts()
    fault = Uncomposed((COMPOSED,), {"morning": Full("the disk is full; make room")})

    with pytest.raises(Full):
        await perform(Compose(), services(Notifier(fault), alerts))

    assert [name for name, why in alerts.work if why is not None] == []
    assert alerts.templates == [("morning", COMPOSED.problem)]


async def test_alerts_are_told_though_nothing_at_all_can_be_composed() -> None:
    """As when the clock cannot be set back; the fault is told by whoever runs the task."""
    alerts = Alerts()

    with pytest.raises(LookupError):
        await perform(Compose(), services(Notifier(LookupError("no such row")), alerts))

    assert alerts.rounds == 1
