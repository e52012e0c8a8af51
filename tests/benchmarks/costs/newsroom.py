"""The outside world of the costs: feeds that change as told with real article pages behind them, a mailbox, a hook.

`python -m tests.benchmarks.costs.newsroom NUMBER` talks as `tests.benchmarks.polling.hosts` does; an edition is
1,000 times its number and how many entries come in it to each feed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from tests.benchmarks import data
from tests.benchmarks.polling.bodies import news_feed, news_page
from tests.benchmarks.polling.hosts import Hosts, address, serve

ENTRIES = 40  # of a feed
PAGES = 40  # different ones of the corpus


class Newsroom(Hosts):
    """Every feed gets as many entries as the edition says; without any it is made anew all the same."""

    def __init__(self, number: int, port: int) -> None:
        sites = [f"http://{address(place)}:{port}" for place in range(number)]
        super().__init__(news_feed(place, ENTRIES, site=site) for place, site in enumerate(sites))
        self._brings = 0
        try:
            self._pages = data.pages(PAGES)
        except data.NoCorpus:
            self._pages = []

    def publish(self, edition: int, now: datetime | None = None) -> list[int]:
        self._brings = edition % 1000
        if not self._brings:
            for place, feed in enumerate(self._feeds):
                self._feeds[place] = replace(feed, tail=feed.tail + b"<!-- made anew -->\n")
                self._print(place, self._feeds[place], edition)
        return super().publish(edition, now)

    def _news(self) -> Iterator[tuple[int, int]]:
        if self._brings:
            yield from ((place, self._brings) for place in range(len(self._feeds)))

    def answer(self, place: int, path: bytes, asked: Mapping[bytes, bytes]) -> bytes:
        """The feed at /feed, the page of an entry at its address, no robots.txt."""
        if path == b"/feed":
            return super().answer(place, path, asked)
        if path == b"/robots.txt":
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        body = self._pages[crc32(path) % len(self._pages)] if self._pages else news_page(path.decode())
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
        return head % len(body) + body


if __name__ == "__main__":
    number = int(sys.argv[1])
    asyncio.run(serve(lambda port: Newsroom(number, port)))
