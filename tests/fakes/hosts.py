"""What hosts said, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crawler.ports import RobotsFile


class MemoryHosts:
    """`crawler.ports.HostStore`; counts what is written and looked up."""

    def __init__(self) -> None:
        self.until: dict[str, datetime] = {}
        self.files: dict[str, RobotsFile] = {}
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
