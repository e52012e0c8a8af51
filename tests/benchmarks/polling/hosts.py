"""A server whose every loopback address is a host with a feed of its own, with honest validators.

`python -m tests.benchmarks.polling.hosts KIND NUMBER` prints its port, then takes one edition number a line from
its standard input, with the time of its entries where that is not now, and answers how many entries are new in it in each feed. Feed n is at http://127.1.(n >> 8).(n & 255):PORT/feed.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.benchmarks.polling.bodies import MOST_NEW, Feed, feeds

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)  # of the first edition


class Hosts:
    """All feeds in the edition of this moment, as ready answers."""

    def __init__(self, kind: str, number: int) -> None:
        self._feeds = list(feeds(kind, number))
        self._added: list[list[bytes]] = [[] for _ in self._feeds]
        self._dice = random.Random(number)
        self.tags = [b""] * number
        self.dates = [b""] * number
        self.full = [b""] * number
        self.same = [b""] * number
        for place, feed in enumerate(self._feeds):
            self._print(place, feed, 0)

    def publish(self, edition: int, now: datetime) -> list[int]:
        """Add one to three entries to half of the feeds; returns how many to each of all feeds."""
        added = [0] * len(self._feeds)
        for place in self._dice.sample(range(len(self._feeds)), len(self._feeds) // 2):
            feed = self._feeds[place]
            number = min(self._dice.randint(1, MOST_NEW), len(feed.items))
            for n in range(number):
                token = f"e{edition}.{n}"
                self._added[place].append(feed.news(token, now - timedelta(minutes=number - n)))
            added[place] = number
            self._print(place, feed, edition)
        return added

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
        hosts, place = self._hosts, self._place
        asked = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            asked[name.lower()] = value.strip()
        tag = asked.get(b"if-none-match")
        known = tag == hosts.tags[place] if tag else asked.get(b"if-modified-since") == hosts.dates[place]
        self._transport.write(hosts.same[place] if known else hosts.full[place])
        if asked.get(b"connection", b"").lower() == b"close":
            self._transport.close()


async def serve(kind: str, number: int) -> None:
    hosts = Hosts(kind, number)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(hosts), "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def listen() -> None:
        """Editions come from a thread: they are asked for only between two polls."""
        for line in sys.stdin:
            edition, *moment = line.split()
            now = datetime.fromisoformat(moment[0]) if moment else datetime.now(UTC)
            print(*hosts.publish(int(edition), now), flush=True)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=listen, daemon=True).start()
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
