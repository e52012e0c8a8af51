"""The guarded HTTP session that everything in the crawler shares: no cookies, no proxies, no surprises."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from crawler.net.guard import AddressGuard

_LINE = 16 * 1024  # bytes of one header line; the sum is judged after it came in
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


def open_session(
    guard: AddressGuard,
    *,
    tls: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
    limit: int = 100,
    limit_per_host: int = 0,
    **options: Any,
) -> aiohttp.ClientSession:
    """A session whose every connection passes the guard after name resolution, literal addresses too.

    Call it inside a running loop and close it. It decodes nothing, adds no header of its own, keeps no cookie
    and reads no proxy from the environment.

    Args:
        tls: how certificates are verified; None: by the system's authorities.
        limit: connections in all; `limit_per_host`: 0 leaves that to the gate.
        options: further arguments of `aiohttp.ClientSession`.
    """
    connector = aiohttp.TCPConnector(
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
        max_line_size=_LINE,
        max_field_size=_LINE,
        **options,
    )
