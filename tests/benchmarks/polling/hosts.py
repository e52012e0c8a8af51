"""A server whose every loopback address is a host with a feed of its own, with honest validators.

`python -m tests.benchmarks.polling.hosts KIND NUMBER` prints its port, then takes an edition a line from its standard
input and answers how many entries are new in it in each feed. A line is the edition's number, and the time of its entries
where that is not now. Feed n is at http://127.1.(n >> 8).(n & 255):PORT/feed.
"""

from __future__ import annotations

import asyncio
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.benchmarks.polling.bodies import MOST_NEW, Feed, feeds

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)  # of the first edition


def address(place: int) -> str:
    """Of one host."""
    return f"127.1.{place >> 8}.{place & 255}"


class Hosts:
    """All feeds in the edition of this moment, as ready answers."""

    def __init__(self, some: Iterable[Feed]) -> None:
        self._feeds = list(some)
        number = len(self._feeds)
        self._added: list[list[bytes]] = [[] for _ in self._feeds]
        self._dice = random.Random(number)
        self.tags = [b""] * number
        self.dates = [b""] * number
        self.full = [b""] * number
        self.same = [b""] * number
        for place, feed in enumerate(self._feeds):
            self._print(place, feed, 0)

    def publish(self, edition: int, now: datetime | None = None) -> list[int]:
        """Add what there is of news; returns how many entries to each of all feeds."""
        now = now or datetime.now(UTC)
        added = [0] * len(self._feeds)
        for place, number in self._news():
            feed = self._feeds[place]
            number = added[place] = min(number, len(feed.items))
            for n in range(number):
                token = f"e{edition}.{n}"
                self._added[place].append(feed.news(token, now - timedelta(minutes=number - n)))
            self._print(place, feed, edition)
        return added

    def _news(self) -> Iterator[tuple[int, int]]:
        """One to three entries in half of the feeds."""
        for place in self._dice.sample(range(len(self._feeds)), len(self._feeds) // 2):
            yield place, self._dice.randint(1, MOST_NEW)

    def answer(self, place: int, path: bytes, asked: Mapping[bytes, bytes]) -> bytes:
        """To a request with these headers: the feed, whatever the path, or that it is as it was."""
        tag = asked.get(b"if-none-match")
        known = tag == self.tags[place] if tag else asked.get(b"if-modified-since") == self.dates[place]
        return self.same[place] if known else self.full[place]

    def _print(self, place: int, feed: Feed, edition: int) -> None:
        body = feed.body(self._added[place])
        tag = f'"{place}-{edition}"'.encode()
        date = format_datetime(EPOCH + timedelta(minutes=edition), usegmt=True).encode()
        stamps = b"ETag: " + tag + b"\r\nLast-Modified: " + date + b"\r\n"
        self.tags[place], self.dates[place] = tag, date
        self.same[place] = b"HTTP/1.1 304 Not Modified\r\n" + stamps + b"\r\n"
        self.full[place] = (
            b"HTTP/1.1 200 OK\r\nContent-Type: "
            + feed.media_type.encode()
            + b"\r\nContent-Length: "
            + str(len(body)).encode()
            + b"\r\n"
            + stamps
            + b"\r\n"
            + body
        )


class Conversation(asyncio.Protocol):
    """One connection; bare enough to be no bottleneck. A stranger from outside loopback is hung up on."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        one, two, high, low = (int(part) for part in transport.get_extra_info("sockname")[0].split("."))
        self._place = (high << 8) + low
        if (one, two) != (127, 1) or self._place >= len(self._hosts.full):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._came += data
        while b"\r\n\r\n" in self._came:
            head, _, self._came = self._came.partition(b"\r\n\r\n")
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        asked = {}
        for line in lines:
            name, _, value = line.partition(b":")
            asked[name.lower()] = value.strip()
        self._transport.write(self._hosts.answer(self._place, first.split(b" ", 2)[1], asked))
        if asked.get(b"connection", b"").lower() == b"close":
            self._transport.close()


async def serve(made: Callable[[int], Hosts]) -> None:
    """Until the standard input ends. `made`: the hosts, given their port."""
    listening = socket.create_server(("0.0.0.0", 0), backlog=4096)
    port = listening.getsockname()[1]
    hosts, loop, ended = made(port), asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Conversation(hosts), sock=listening, backlog=4096)
    print(port, flush=True)

    def listen() -> None:
        """Editions come from a thread: they are asked for only between two polls."""
        for line in sys.stdin:
            edition, *moment = line.split()
            now = datetime.fromisoformat(moment[0]) if moment else None
            print(*hosts.publish(int(edition), now), flush=True)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=listen, daemon=True).start()
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(lambda port: Hosts(feeds(sys.argv[1], int(sys.argv[2])))))
