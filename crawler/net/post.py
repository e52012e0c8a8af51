"""One guarded request without redirects and with a short answer: POST for webhooks, GET for a heartbeat."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientResponse

from crawler.net.failures import EXPECTED, explain
from crawler.net.guard import AddressGuard
from crawler.net.limits import Limits
from crawler.net.session import open_session

MAX_ANSWER = 64 * 1024  # bytes that are read; the rest is dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the receiver said, redirects included: they are not followed."""

    status: int
    headers: tuple[tuple[str, str], ...]  # lower-case names, in order
    body: bytes  # at most 64 KiB, not decoded

    def header(self, name: str) -> str | None:
        """The first header of this name (any letter case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    guard: AddressGuard,
    limits: Limits | None = None,
    timeout: float = 15.0,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send `body` to `url` and return the answer, whatever its status.

    Args:
        url: may hold a token; it never enters an error.
        limits: of them the time to connect and the length of headers count; None: the usual ones.
        timeout: seconds in all.
    Raises:
        ForbiddenAddress: the guard refused the address.
        TemporaryFetchError: no connection, no answer in time, no HTTP.
        TooLarge: the answer's headers are too long.
    """
    return await _ask("POST", url, body, headers, guard=guard, limits=limits, timeout=timeout, tls=tls)


async def ping(
    url: str,
    headers: Mapping[str, str],
    *,
    guard: AddressGuard,
    limits: Limits | None = None,
    timeout: float = 15.0,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Ask for `url`; the rest as for `post`."""
    return await _ask("GET", url, None, headers, guard=guard, limits=limits, timeout=timeout, tls=tls)


async def _ask(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    guard: AddressGuard,
    limits: Limits | None,
    timeout: float,
    tls: ssl.SSLContext | None,
) -> Answer:
    limits = limits or Limits()
    target = guard.target(url)
    session = open_session(guard, limits, tls=tls)
    try:
        async with (
            asyncio.timeout(timeout),
            session.request(
                method, target.url, data=body, headers=dict(headers), allow_redirects=False
            ) as response,
        ):
            limits.check_headers(response.raw_headers, host=target.host)
            return Answer(
                status=response.status,
                headers=tuple(
                    (name.decode("latin-1").lower(), value.decode("latin-1"))
                    for name, value in response.raw_headers
                ),
                body=await _beginning(response),
            )
    except EXPECTED as error:
        total = timedelta(seconds=timeout)
        raise explain(error, host=target.host, connect=limits.connect, total=total) from error
    finally:
        await session.close()


async def _beginning(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= MAX_ANSWER:
            break
    return bytes(body[:MAX_ANSWER])
