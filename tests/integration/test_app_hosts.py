"""What hosts said is remembered by the installation: over restarts, by every process, for as long as they said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.records import SourceState
from tests.acceptance.conftest import configure
from tests.fakes.clock import FixedClock
from tests.fakes.recording_site import Ask, RecordingHost, Reply
from tidings.app import open_app
from tidings.opening import open_stores
from tidings.settings import Settings, load

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def configured(folder: Path, sources: str, polling: str = "host_delay: 0s") -> Settings:
    configure(
        folder / "config",
        tidings=f"polling: {{allow_private: [127.0.0.0/8], {polling}}}\nchannels:\n  outbox: {{type: file}}\n",
        sources=f"sources:\n{sources}",
    )
    return load(folder / "config", state_dir=folder / "state", environ={})


async def test_a_restart_asks_for_no_robots_txt_again(tmp_path: Path) -> None:
    """One robots.txt a day, though the application is started anew for each page of the day."""
    clock = FixedClock(START)

    def answer(ask: Ask, before: int) -> Reply:
        if ask.path == "/robots.txt":
            return Reply(body=b"User-agent: *\nDisallow: /closed")
        if ask.path != "/feed":
            return Reply(body=b"<html><body><p>page</p></body></html>")
        link = f"http://{ask.header('Host')}/"
        items = "".join(
            f"<item><title>Entry {n}</title><link>{link}{'closed' if n % 2 else 'open'}/{n}</link></item>"
            for n in range(2 * (before + 1))
        )
        return Reply(body=f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode())

    async with RecordingHost("127.79.0.1", clock.now, answer) as host:
        settings = configured(tmp_path, f'  - {{id: press, feed: "{host.url()}", full_text: always}}\n')
        for hours in (0, 4, 9, 23):
            clock.set(START + hours * HOUR)
            async with open_app(settings, clock=clock) as app:
                await app.settle(everything=True)
        assert len(host.of("/robots.txt")) == 1
        clock.set(START + 25 * HOUR)
        async with open_app(settings, clock=clock) as app:
            await app.settle(everything=True)

    assert len(host.of("/robots.txt")) == 2
    assert {one.path for one in host.visits if "open" in one.path} == {f"/open/{n}" for n in range(0, 10, 2)}
    assert not any("closed" in one.path for one in host.visits)


async def test_a_host_that_told_another_process_to_wait_is_not_asked(tmp_path: Path) -> None:
    """Its sources wait for as long as it said, in a process that never asked it."""
    sources = '  - {id: busy, feed: "http://busy.example.org/rss"}\n'
    settings = configured(tmp_path, sources)
    clock = FixedClock(START)
    async with open_stores(settings) as stores:
        await stores.hosts.hold("busy.example.org", START + 5 * HOUR)

    async with open_app(settings, clock=clock) as app:
        await app.settle()
        state = await app.stores.sources.state("busy")

    assert state.state is not SourceState.OK
    assert state.not_before == START + 5 * HOUR
    assert state.next_poll_at is not None
    assert state.next_poll_at >= START + 5 * HOUR


async def test_housekeeping_forgets_hosts_that_may_be_asked_again(tmp_path: Path) -> None:
    clock = FixedClock(START)
    settings = configured(tmp_path, '  - {id: busy, feed: "http://busy.example.org/rss", paused: true}\n')
    async with open_app(settings, clock=clock) as app:
        await app.stores.hosts.hold("busy.example.org", START + HOUR)
        clock.advance(HOUR)
        await app.tidy()

        assert await app.stores.hosts.holds(START) == {}
