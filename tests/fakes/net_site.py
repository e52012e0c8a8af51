"""A web site on loopback that answers byte for byte what a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

_ADDRESSES = itertools.count(10)


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    path: str
    lines: tuple[tuple[str, str], ...]  # names as written
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.lines if key.lower() == name.lower()), None)


Script = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """A whole answer; `content_type=` becomes `Content-Type:`."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Site:
    """`async with Site() as site`: each site has a loopback address, and so a host, of its own."""

    routes: dict[str, bytes | Script] = field(default_factory=dict)
    address: str = ""
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    async def __aenter__(self) -> Self:
        self.address = self.address or f"127.0.{next(_ADDRESSES)}.1"
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, self.address, 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.seen]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *rest = head.rstrip("\r\n").split("\r\n")
            method, path, _ = first.split(" ")
            lines = tuple((name, value) for name, _, value in (line.partition(": ") for line in rest))
            length = next((int(value) for name, value in lines if name.lower() == "content-length"), 0)
            body = await reader.readexactly(length) if length else b""
            seen = Seen(method, path, lines, body)
            self.seen.append(seen)
            route = self.routes.get(path, reply(404))
            if isinstance(route, bytes):
                writer.write(route)
                await writer.drain()
            else:
                await route(seen, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


class SetClock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def pass_(self, by: timedelta) -> None:
        self.time += by


class SetMonotonic:
    """Monotonic seconds whose sleeping is only counting: nobody waits."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
