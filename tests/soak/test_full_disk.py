"""A disk that takes no writes from some moment on; `python -m tests.soak.full_disk` tries hundreds of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crawler import failpoints
from tests.acceptance.world import MINUTE, NOON, MoodyMailbox, Press, Wound, configured
from tests.soak.bad_disk import How, Trouble, bad_disk
from tests.soak.full_disk import LASTS, MOMENT, SOON, Way, play
from tidings.app import open_app
from tidings.daemon import Ticks


@pytest.mark.parametrize(
    "way",
    [
        Way(24, How.FULL, LASTS[1]),
        Way(77, How.IO, MOMENT),
        Way(141, How.FULL, LASTS[1]),
        Way(262, How.IO, LASTS[2]),
        Way(300, How.IO_AFTER, MOMENT),
    ],
    ids=str,
)
async def test_whenever_the_disk_is_full_everything_is_told_once_after_it(tmp_path: Path, way: Way) -> None:
    """By mail and by hook, with nothing lost and nothing sent twice, and work goes on within a minute."""
    found = await play(tmp_path, way)

    assert sum(found.failed.values()) >= 1
    assert found.faults == []
    assert found.works is not None
    assert found.works <= SOON


async def test_what_a_task_held_is_given_back_whoever_finds_that_there_is_room_again(tmp_path: Path) -> None:
    """Also when something else is written between two ticks: the feed is asked again at the next one."""
    clock, failed = Wound(), list[str]()
    trouble = Trouble(0, How.FULL, timedelta(0), clock.now, counts=True)

    def fail_once(name: str) -> None:
        if name == "after_validators" and not failed:
            failed.append(name)
            trouble.k = trouble.writes + 1  # in the transaction of this poll

    async with Press() as press, MoodyMailbox() as mailbox:
        press.add("times", "plant", NOON)
        use = configured(tmp_path, press, mailbox, daily="every: 24h")
        with bad_disk(trouble):
            async with open_app(use, clock=clock, alone=True) as app:
                ticks = Ticks(app)
                failpoints.watch(fail_once)
                try:
                    await ticks.tick()
                    await app.runner.drain()
                finally:
                    failpoints.watch(None)
                assert sum(trouble.failed.values()) == 1
                await app.stores.installation.probe(clock.now())
                assert app.pulse.storage is None

                clock.time += MINUTE
                await ticks.tick()
                await app.runner.drain()
        assert press.asked["/feed/times"] == 2
