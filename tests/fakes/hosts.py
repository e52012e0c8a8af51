"""What hosts said, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from crawler.budget import first_hour, hour_of
from crawler.ports import RobotsFile


class MemoryHosts:
    """`crawler.ports.HostStore`; counts what is written and looked up."""

    def __init__(self) -> None:
        self.until: dict[str, datetime] = {}
        self.files: dict[str, RobotsFile] = {}
        self.pages: Counter[tuple[str, datetime]] = Counter()  # (host, hour) → asked for
        self.packed: dict[str, bytes] = {}
        self.writes = 0
        self.looks = 0

    async def holds(self, now: datetime) -> Mapping[str, datetime]:
        self.looks += 1
        return {host: until for host, until in self.until.items() if until > now}

    async def hold(self, host: str, until: datetime) -> None:
        self.writes += 1
        self.until[host] = max(until, self.until.get(host, until))

    async def robots(self, origin: str) -> RobotsFile | None:
        self.looks += 1
        return self.files.get(origin)

    async def keep_robots(self, file: RobotsFile) -> None:
        self.writes += 1
        self.files[file.origin] = file

    async def count_page(self, host: str, now: datetime, *, most: int | None) -> bool:
        lately = sum(
            number for (one, hour), number in self.pages.items() if one == host and hour >= first_hour(now)
        )
        if most is not None and lately >= most:
            return False
        self.pages[host, hour_of(now)] += 1
        return True

    async def uncount_page(self, host: str, at: datetime) -> None:
        self.pages[host, hour_of(at)] -= self.pages[host, hour_of(at)] > 0

    async def habits(self, host: str) -> bytes:
        return self.packed.get(host, b"")

    async def keep_habits(self, host: str, packed: bytes, now: datetime) -> None:
        self.packed[host] = packed
