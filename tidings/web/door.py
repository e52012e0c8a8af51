"""The door of the web server: so many connections at once, and none that asks nothing for long."""

from __future__ import annotations

import asyncio
from weakref import WeakSet

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

MOST = 64  # connections at once; probes, a scraper, and the browsers of some readers have a few each
SILENT = 10.0  # seconds from a connection to its first whole request


class Door:
    """Makes the protocol of each connection; see `asyncio.loop.create_server`.

    A connection over `MOST` is closed at once, so that the daemon never runs out of handles. One that has asked nothing,
    or not to the end of its headers, within `silent` seconds is closed too.
    """

    def __init__(self, *, most: int = MOST, silent: float = SILENT) -> None:
        self.server: web.Server | None = None  # whose connections they are
        self._most = most
        self._silent = silent
        self._heard: WeakSet[asyncio.Transport] = WeakSet()

    def __call__(self) -> asyncio.Protocol:
        """The protocol of one more connection."""
        if self.server is None or len(self.server.connections) >= self._most:
            return _Closed()
        handler = self.server()
        asyncio.get_running_loop().call_later(self._silent, self._look, handler)
        return handler

    @web.middleware
    async def heard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Notes that a connection has asked something."""
        if request.transport is not None:
            self._heard.add(request.transport)
        return await handler(request)

    def _look(self, handler: RequestHandler) -> None:
        transport = handler.transport
        if transport is not None and transport not in self._heard:
            transport.abort()


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
