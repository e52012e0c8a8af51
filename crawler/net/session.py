"""The guarded HTTP session that everything in the crawler shares: no cookies, no proxies, no surprises."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from crawler.net.guard import AddressGuard
from crawler.net.limits import Limits

IDLE = 100  # hosts with a connection that nobody uses, at most
_HEAD_304 = re.compile(rb"HTTP/1\.[01] 304 .*?\r\n\r\n", re.DOTALL)


class _Forgiving(ResponseHandler):
    """Reads a 304 as what it is though a careless server sends a body with it, which aiohttp takes for the
    beginning of another, broken answer. The connection is not used again."""

    _done = False

    def data_received(self, data: bytes) -> None:
        if self._done:
            return
        between = self._payload is None or self._payload.is_eof()
        if between and (head := _HEAD_304.match(data)) and head.end() < len(data):
            self._done = True
            self.force_close()
            data = head[0]
        super().data_received(data)


class _Patient(aiohttp.TCPConnector):
    """Gives up a connection that takes too long in all, with the name and every address of it.

    Of connections that nobody uses it keeps those to the hosts that were asked last. Most sources are alone on their
    host, and a round of a thousand of them would hold a thousand handles, as many as a process has by default.
    """

    def __init__(self, patience: float, **options: Any) -> None:
        super().__init__(**options)
        self._patience = patience

    async def _create_connection(self, *request: Any) -> ResponseHandler:
        _fresh.set(True)
        async with asyncio.timeout(self._patience):
            return await super()._create_connection(*request)

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        if len(self._conns) > IDLE:
            oldest = next(iter(self._conns))  # a host that is asked again goes to the end
            for idle, _ in self._conns.pop(oldest):
                idle.close()


class Broken(aiohttp.ClientError):
    """A connection made for this request broke before the answer came; the cause says how."""


_fresh: ContextVar[bool] = ContextVar("fresh")  # whether the request of this task has a connection of its own


async def _ask_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep the library from asking again at once when a server breaks off without an answer.

    That is right only where an idle connection was used, which the server may have given up just before.
    """
    _fresh.set(False)
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if _fresh.get():
            raise Broken from error
        raise


def open_session(
    guard: AddressGuard,
    limits: Limits,
    *,
    tls: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
    limit: int = 0,
    limit_per_host: int = 0,
    **options: Any,
) -> aiohttp.ClientSession:
    """A session whose every connection passes the guard after name resolution, literal addresses too.

    Call it inside a running loop and close it. It decodes nothing, adds no header of its own, keeps no cookie
    and reads no proxy from the environment. Of `limits` it keeps the time to connect and the length of header
    lines; the sum of the lines, the body and the whole time are for the caller to judge.

    Args:
        tls: how certificates are verified; None: by the system's authorities.
        limit: connections in all; 0: as many as are asked for, so that no request waits behind others on its own time.
        limit_per_host: 0 leaves that to the gate.
        options: further arguments of `aiohttp.ClientSession`.
    """
    connector = _Patient(
        limits.connect.total_seconds(),
        socket_factory=guard.open_socket,
        resolver=resolver,
        ssl=True if tls is None else tls,
        limit=limit,
        limit_per_host=limit_per_host,
    )
    connector._factory = functools.partial(  # type: ignore[assignment]  # partial is invariant
        _Forgiving, loop=asyncio.get_running_loop()
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        timeout=aiohttp.ClientTimeout(),
        middlewares=(_ask_once,),
        max_line_size=limits.headers // 4,
        max_field_size=limits.headers // 4,
        **options,
    )
