"""The feeds of a day: some bring nothing, most a few entries, some fifty; the entries have pages beside them.

`python -m tests.soak.day_hosts NUMBER START ENTRIES` talks as `tests.benchmarks.polling.hosts` does; an edition is what comes in a
quarter of an hour. START is when the day begins; by then the feeds have been at it for long, and list ENTRIES entries.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from tests.benchmarks.polling.bodies import news_feed, news_page
from tests.benchmarks.polling.hosts import Hosts, address, serve

DAY = timedelta(days=1)
QUARTERS = 96  # of an hour, in a day
SILENT = 1 / 8  # of the feeds
MOST = 50.0  # entries a day
RARELY = timedelta(days=9)  # between two entries of a feed, at most
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def rates(number: int) -> tuple[float, ...]:
    """Entries a day of each feed: half of those that bring any bring four or fewer, one in sixty the most."""
    dice = random.Random(number)
    return tuple(
        0.0 if dice.random() < SILENT else min(MOST, dice.lognormvariate(1.5, 1.2)) for _ in range(number)
    )


class DayHosts(Hosts):
    """Each feed at its own rate, at its own address."""

    def __init__(self, number: int, start: datetime, entries: int, port: int) -> None:
        self._rates = rates(number)
        super().__init__(
            news_feed(
                place,
                entries,
                start=start - DAY / QUARTERS,
                every=min(DAY / rate, RARELY) if rate else RARELY,
                site=f"http://{address(place)}:{port}",
            )
            for place, rate in enumerate(self._rates)
        )

    def _news(self) -> Iterator[tuple[int, int]]:
        for place, rate in enumerate(self._rates):
            if self._dice.random() < rate / QUARTERS:
                yield place, 1

    def answer(self, place: int, path: bytes, asked: Mapping[bytes, bytes]) -> bytes:
        """The feed at /feed, the page of an entry at its address, nothing elsewhere."""
        if path == b"/feed":
            return super().answer(place, path, asked)
        year, _, rest = path[1:].partition(b"/")
        if year != b"2026":
            return MISSING
        body = news_page(rest.partition(b"/")[0].decode())
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
        return head % len(body) + body


if __name__ == "__main__":
    number, start, entries = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
    asyncio.run(serve(lambda port: DayHosts(number, start, entries, port)))
