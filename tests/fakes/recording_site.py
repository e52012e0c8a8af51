"""Hosts on loopback that write down every request they see, at the time of day that the test has set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a host answers; `raw` writes to the connection itself instead."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    raw: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request as it came over the wire."""

    at: datetime  # by the clock of the test
    method: str
    path: str  # with its query, byte for byte
    version: str
    lines: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.lines if key.lower() == name.lower()), None)

    @property
    def validators(self) -> tuple[str | None, str | None]:
        """If-None-Match and If-Modified-Since."""
        return self.header("If-None-Match"), self.header("If-Modified-Since")


@dataclass(kw_only=True)
class Visit:
    """A request with its answer, and when each came by the real clock."""

    ask: Ask
    reply: Reply
    began: float  # monotonic seconds
    ended: float | None = None  # None: still open

    @property
    def at(self) -> datetime:
        return self.ask.at

    @property
    def path(self) -> str:
        return self.ask.path


Answer = Callable[[Ask, int], Reply]  # the request, and how many came before it to its path


@dataclass
class RecordingHost:
    """`async with RecordingHost(address, now, answer) as host`: one loopback address, so one host."""

    address: str
    now: Callable[[], datetime]
    answer: Answer
    delay: float = 0.0  # real seconds before each answer
    visits: list[Visit] = field(default_factory=list)
    open_now: int = 0
    most_at_once: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, self.address, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/feed") -> str:
        return f"http://{self.address}:{self.port}{path}"

    def of(self, path: str) -> list[Visit]:
        """Visits of one path."""
        return [one for one in self.visits if one.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_now += 1
        self.most_at_once = max(self.most_at_once, self.open_now)
        visit: Visit | None = None
        try:
            ask = _read(await reader.readuntil(b"\r\n\r\n"), self.now())
            reply = self.answer(ask, len(self.of(ask.path)))
            visit = Visit(ask=ask, reply=reply, began=monotonic())
            self.visits.append(visit)
            if self.delay:
                await asyncio.sleep(self.delay)
            if reply.raw is not None:
                await reply.raw(reader, writer)
            else:
                writer.write(_written(reply))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            if visit is not None:
                visit.ended = monotonic()
            self._tasks.discard(task)
            writer.close()


def _read(head: bytes, at: datetime) -> Ask:
    first, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, version = first.split(" ", 2)
    lines = tuple((name, value) for name, _, value in (line.partition(": ") for line in rest))
    return Ask(at=at, method=method, path=path, version=version, lines=lines)


def _written(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Whatever", *(f"{name}: {value}" for name, value in reply.headers)]
    if reply.status != 304:
        lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + reply.body
