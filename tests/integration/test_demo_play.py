"""The demo's two days: the play over all its parts, the configuration it writes, and the newsroom standing alone."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ruamel.yaml import YAML

from alerts.match import validate
from tidings.demo.clock import SCRIPT_LENGTH, SimulatedClock
from tidings.demo.configuration import SIMULATED, WALL_CLOCK, Rhythm, write_configuration
from tidings.demo.hooksink import HookSink, new_secret
from tidings.demo.mailbox import Mailbox
from tidings.demo.newsroom import Newsroom
from tidings.demo.outlets import OUTLETS
from tidings.demo.play import play
from tidings.demo.script import pieces
from tidings.settings import load

ROOT = Path(__file__).parents[2]
WATCHLIST = ROOT / "config" / "watchlists" / "us-india-technology.yaml"


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


async def test_the_play_walks_through_two_days_and_tells_everything_once() -> None:
    clock, said, steps = SimulatedClock(), list[str](), list[Any]()
    start = clock.now()

    async def step() -> dict[str, int]:
        steps.append(clock.now())
        return {"polled": 8, "new": 0}

    async with Newsroom(clock) as newsroom, Mailbox() as mailbox, HookSink(new_secret()) as hooks:
        played = await play(newsroom, mailbox, hooks, clock, step=step, say=said.append)

    ahead = [piece for piece in pieces() if piece.at > timedelta(0)]
    assert (steps[0], steps[-1]) == (start, start + SCRIPT_LENGTH)
    assert {after - before for before, after in pairwise(steps)} == {timedelta(minutes=30)}
    assert (played.steps, played.articles, played.corrections) == (101, len(ahead), 1)
    assert (played.mails, played.hooks) == (0, 0)
    for piece in ahead:
        lines = [line for line in said if line.endswith(": " + piece.versions[0].title)]
        twins = [one for one in ahead if one.versions[0].title == piece.versions[0].title]
        assert len(lines) == len(twins)
    assert any("corrects: India-U.S. AI infrastructure roadmap" in line for line in said)
    assert any("The Harbour Times answers with 403" in line for line in said)
    assert sum("polled 8" in line for line in said) == 101
    assert not any("new 0" in line for line in said)


async def test_a_step_that_fails_ends_the_play() -> None:
    """The demo hides nothing: an error of the application comes out."""
    clock = SimulatedClock()

    async def step() -> None:
        raise RuntimeError("the database is gone")

    async with Newsroom(clock) as newsroom, Mailbox() as mailbox, HookSink(new_secret()) as hooks:
        with pytest.raises(RuntimeError, match="the database is gone"):
            await play(newsroom, mailbox, hooks, clock, step=step, say=lambda line: None)


async def test_the_configuration_names_every_outlet_and_keeps_the_shipped_rules(tmp_path: Path) -> None:
    clock = SimulatedClock()
    shipped = WATCHLIST.read_text(encoding="utf-8")
    async with Newsroom(clock) as newsroom, Mailbox() as mailbox, HookSink(new_secret()) as hooks:
        folder = write_configuration(
            tmp_path / "config", newsroom=newsroom, mailbox=mailbox, hooks=hooks, watchlist=shipped
        )
        settings, sources = read(folder / "tidings.yaml"), read(folder / "sources.yaml")["sources"]
        listings = {outlet.id: newsroom.listing(outlet) for outlet in OUTLETS}
        port, hook_url = mailbox.port, hooks.url

    watchlist = read(folder / "watchlists" / "us-india-technology.yaml")
    assert {
        one["id"]: one.get("feed") or one.get("sitemap") or one.get("site")
        for one in sources
        if "spider" not in one
    } == {name: address for name, address in listings.items() if name != "technology-secretariat"}
    (spider,) = [one["spider"] for one in sources if "spider" in one]
    assert f'"{listings["technology-secretariat"]}"' in (folder / spider).read_text(encoding="utf-8")
    assert watchlist["initiatives"] == read(WATCHLIST)["initiatives"]
    assert [(one["id"], one.get("at"), one.get("immediately")) for one in watchlist["digests"]] == [
        ("morning", "07:30", None),
        ("trust-now", None, True),
    ]
    assert "alerts" not in watchlist
    assert settings["channels"]["desk"]["smtp"]["port"] == port
    assert settings["channels"]["hook"]["url"] == hook_url
    assert settings["polling"]["allow_private"] == ["127.0.0.0/8"]
    assert (folder / "hook-secret").read_text().strip() == hooks.secret
    assert (folder / "hook-secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("rhythm", [SIMULATED, WALL_CLOCK])
async def test_the_configuration_is_accepted_by_the_program(tmp_path: Path, rhythm: Rhythm) -> None:
    async with Newsroom(SimulatedClock()) as newsroom, Mailbox() as box, HookSink(new_secret()) as hooks:
        folder = write_configuration(
            tmp_path / "config",
            newsroom=newsroom,
            mailbox=box,
            hooks=hooks,
            watchlist=WATCHLIST.read_text(encoding="utf-8"),
            rhythm=rhythm,
        )

    settings = load(folder, state_dir=tmp_path / "state", environ={}, validate_term=validate)

    assert [source.id for source in settings.sources] == [outlet.id for outlet in OUTLETS]
    assert [(plan.id, plan.to) for plan in settings.digests] == [
        ("morning", ("desk", "hook")),
        ("trust-now", ("desk",)),
    ]
    assert [channel.id for channel in settings.channels] == ["desk", "hook"]


async def test_a_watchlist_without_digests_cannot_be_made_into_the_demo_s(tmp_path: Path) -> None:
    async with Newsroom(SimulatedClock()) as newsroom, Mailbox() as box, HookSink(new_secret()) as hooks:
        with pytest.raises(ValueError, match="no digests"):
            write_configuration(tmp_path, newsroom=newsroom, mailbox=box, hooks=hooks, watchlist="title: x\n")


async def test_the_newsroom_serves_alone_until_sigterm(tmp_path: Path) -> None:
    """`python -m tidings.demo.serve`: prints its configuration, serves it, and ends cleanly."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tidings.demo.serve", "--minutes", "10"),
        *("--dir", str(tmp_path), "--watchlist", str(WATCHLIST)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        folder = Path((await asyncio.wait_for(child.stdout.readline(), 30)).decode().strip())
        feed = read(folder / "sources.yaml")["sources"][0]["feed"]
        async with aiohttp.ClientSession() as http, http.get(feed) as response:
            status, max_age = response.status, response.headers["Cache-Control"]
    finally:
        child.send_signal(signal.SIGTERM)
    _, told = await asyncio.wait_for(child.communicate(), 10)

    assert folder == tmp_path / "config"
    assert (status, max_age) == (200, "max-age=2")  # ten minutes of fifty hours, in ten minutes
    assert child.returncode == 0
    assert told.decode().startswith("1 requests, 0 of them answered with 304; 0 mails")
