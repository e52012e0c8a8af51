"""The guarded HTTP session that everything in the crawler shares: no cookies, no proxies, no surprises."""

from __future__ import annotations

import ssl
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from crawler.net.guard import AddressGuard

_LINE = 16 * 1024  # bytes of one header line; the sum is judged after it came in


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
