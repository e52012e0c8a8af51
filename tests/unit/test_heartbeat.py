"""The sign of life to a service outside: sent in time, only while all is well, and its failures stop nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crawler.errors import TemporaryFetchError
from crawler.secret import Secret
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.net_site import Site, reply
from tests.unit.test_health import World
from tidings.heartbeat import Beats, Heart
from tidings.pulse import StorageTrouble
from tidings.settings import Settings, load
from tidings.settings.records import Heartbeat

PLAN = Heartbeat(url=Secret("https://beat.example.org/S3CRET"), every=timedelta(minutes=5), allow_private=())


class Beating(World):
    """A daemon with a heartbeat, and the service that takes it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        (folder / "tidings.yaml").write_text("database: sqlite\n")
        loaded = load(folder, state_dir=folder, environ={})
        self.settings: Settings = replace(loaded, heartbeat=PLAN)
        self.beats = Beats()
        self.sent: list[Heartbeat] = []
        self.answer: int | Exception = 200
        self.clock = FixedClock(NOON)
        self.heart = Heart(
            self.health, self.beats, lambda: self.settings, self.clock, send=self.send, seconds=self.time.now
        )

    async def send(self, plan: Heartbeat) -> int:
        self.sent.append(plan)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def after(self, seconds: float) -> int:
        """How many were sent in all, after so long."""
        self.time.seconds += seconds
        self.pulse.beat(NOON, 0.0)
        await self.heart.turn()
        return len(self.sent)


@pytest.fixture
def world(tmp_path: Path) -> Beating:
    return Beating(tmp_path)


async def test_one_is_sent_at_once_and_then_in_its_rhythm(world: Beating) -> None:
    assert [await world.after(seconds) for seconds in (0, 5, 294, 1, 5)] == [1, 1, 1, 2, 2]
    assert (world.beats.sent_at, world.beats.problem) == (NOON, None)


async def test_none_is_sent_while_something_is_wrong(world: Beating) -> None:
    """Its absence is the message; it comes back within seconds after all is well."""
    world.pulse.storage = StorageTrouble(reason="the disk is full", since=NOON)
    assert [await world.after(seconds) for seconds in (0, 300, 300)] == [0, 0, 0]

    world.pulse.storage = None
    assert await world.after(5) == 1


async def test_a_dead_daemon_sends_none(world: Beating) -> None:
    world.time.seconds += 61

    await world.heart.turn()

    assert world.sent == []


async def test_one_that_is_not_taken_is_tried_again_and_told_once(world: Beating) -> None:
    """After 30 seconds, so that one lost packet raises no alarm; the address is not told."""
    world.answer = TemporaryFetchError("beat.example.org refused the connection")
    with capture_logs() as lines:
        counts = [await world.after(seconds) for seconds in (0, 29, 1, 30)]
        world.answer = 404
        counts.append(await world.after(30))
        since, problem = world.beats.since, world.beats.problem
        world.answer = 200
        counts.append(await world.after(30))

    assert counts == [1, 1, 2, 3, 4, 5]
    assert (since, problem) == (NOON, "it was answered with status 404")
    assert world.beats.problem is None
    assert [line["event"] for line in lines] == ["the heartbeat is not taken", "the heartbeat is taken again"]
    assert "S3CRET" not in str(lines)


async def test_a_reload_is_followed(world: Beating) -> None:
    """Another address is tried at once; without one nothing is sent."""
    await world.after(0)
    other = replace(PLAN, url=Secret("https://other.example.org/"))
    world.settings = replace(world.settings, heartbeat=other)
    assert await world.after(5) == 2
    assert world.sent[-1] == other

    world.settings = replace(world.settings, heartbeat=None)
    assert await world.after(9000) == 2


async def test_it_goes_through_the_address_guard(tmp_path: Path) -> None:
    """A private address needs `allow_private`; the request is a plain GET under our name."""
    world = Beating(tmp_path)
    heart = Heart(world.health, world.beats, lambda: world.settings, world.clock, seconds=world.time.now)
    async with Site({"/S3CRET": reply(200, b"OK")}) as site:
        refused = replace(PLAN, url=Secret(site.url("/S3CRET")))
        world.settings = replace(world.settings, heartbeat=refused)
        await heart.turn()
        assert site.connections == 0
        assert world.beats.problem is not None
        assert "S3CRET" not in world.beats.problem

        allowed = replace(refused, allow_private=("127.0.0.0/8",))
        world.settings = replace(world.settings, heartbeat=allowed)
        await heart.turn()

    assert world.beats.problem is None
    assert [(one.method, one.path) for one in site.seen] == [("GET", "/S3CRET")]
    assert str(site.seen[0].header("User-Agent")).startswith("tidings/")


def test_the_address_is_a_secret_of_the_settings(tmp_path: Path) -> None:
    """From the environment or a file, and never shown."""
    (tmp_path / "beat-url").write_text("https://beat.example.org/S3CRET\n")
    (tmp_path / "beat-url").chmod(0o600)
    (tmp_path / "tidings.yaml").write_text("heartbeat: {url_file: beat-url, every: 10m}\n")

    plan = load(tmp_path, state_dir=tmp_path, environ={}).heartbeat

    assert plan is not None
    assert (plan.url.reveal(), plan.every) == ("https://beat.example.org/S3CRET", timedelta(minutes=10))
    assert "S3CRET" not in repr(plan)
