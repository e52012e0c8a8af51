"""A crowd of hosts that say nothing: the next one is asked at once, and every connection is given back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.errors import TemporaryFetchError
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard
from crawler.net.hosts import HostGate
from crawler.net.limits import Limits
from crawler.records import Fetched, Purpose, Request
from tests.fakes.net_site import Seen, SetClock, Site, reply
from tests.unit.test_poll_outcomes import NOON

CROWD = 150  # more than the library lets through by itself


def _handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="handles are counted as Linux shows them")
async def test_hosts_that_say_nothing_keep_no_other_waiting() -> None:
    """Nor do they leave anything open when their time is over."""
    came, silence = asyncio.Semaphore(0), asyncio.Event()

    async def say_nothing(_seen: Seen, _writer: asyncio.StreamWriter) -> None:
        came.release()
        await silence.wait()

    async with Site({"/feed": say_nothing, "/quick": reply(body=b"news")}, address="0.0.0.0") as site:
        async with HttpFetcher(
            guard=AddressGuard(["127.0.0.0/8"]),
            gate=HostGate(spacing=timedelta(0)),
            limits=Limits(total=timedelta(seconds=20)),
            user_agent="test",
            clock=SetClock(NOON),
        ) as fetcher:
            before = _handles()

            def ask(host: int, path: str) -> asyncio.Task[Fetched]:
                url = site.url(path, host=f"127.3.0.{host + 1}")
                return asyncio.create_task(fetcher.get(Request(url=url, purpose=Purpose.FEED)))

            crowd = [ask(host, "/feed") for host in range(CROWD)]
            for _ in crowd:
                await asyncio.wait_for(came.acquire(), 15)
            answer = await ask(CROWD, "/quick")
            assert answer.body == b"news"
            assert not any(one.done() for one in crowd)

            silence.set()
            ended = await asyncio.gather(*crowd, return_exceptions=True)
            assert all(isinstance(one, TemporaryFetchError) for one in ended)
            while _handles() > before:  # the other side closes its ends, too
                await asyncio.sleep(0)
