"""What programs ask the daemon: `/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import web

from tidings.health import Readiness
from tidings.web.rates import MISS

LIVEZ, READYZ, METRICS = PATHS = ("/livez", "/readyz", "/metrics")


class Vitals(Protocol):
    """The daemon, as far as it is asked here."""

    @property
    def alive(self) -> bool: ...

    async def readiness(self) -> Readiness: ...

    def facts(self) -> dict[str, Any]:
        """More on its life, as JSON takes it."""
        ...

    async def metrics(self) -> tuple[bytes, str]:
        """The text, and its type of content."""
        ...


class Probes:
    """The three handlers.

    Whether it lives and is ready, in one word, is told to anybody who reaches the address by one of its names; why it
    is not, and metrics, to who knows the token. Where nobody but this machine reaches it, all is told to all.

    Args:
        keys: any of which opens; asked at each request.
        open_to_all: whether details need no key.
        missed: told of each wrong key, with what that costs the visitor.
    """

    def __init__(
        self,
        vitals: Vitals,
        keys: Callable[[], tuple[str, ...]],
        open_to_all: Callable[[], bool],
        missed: Callable[[web.Request, float], None],
    ) -> None:
        self._vitals = vitals
        self._keys = keys
        self._open_to_all = open_to_all
        self._missed = missed

    def add_to(self, app: web.Application) -> None:
        """GET and HEAD, nothing else."""
        app.router.add_get(LIVEZ, self.livez)
        app.router.add_get(READYZ, self.readyz)
        app.router.add_get(METRICS, self.metrics)

    async def livez(self, request: web.Request) -> web.Response:
        """503 when the work stands still; asks neither the database nor the disk."""
        alive = self._vitals.alive
        said: dict[str, Any] = {"alive": alive}
        if self._may_know(request):
            said |= self._vitals.facts()
        return web.json_response(said, status=200 if alive else 503)

    async def readyz(self, request: web.Request) -> web.Response:
        """503 when a part fails, and which."""
        known = self._may_know(request)
        readiness = await self._vitals.readiness()
        said: dict[str, Any] = {"ready": readiness.ready}
        if known:
            said["parts"] = {part.name: part.problem or "ok" for part in readiness.parts}
            said |= self._vitals.facts()
        return web.json_response(said, status=200 if readiness.ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """All of them."""
        if not self._may_know(request):
            raise _unknown()
        body, kind = await self._vitals.metrics()
        return web.Response(body=body, headers={"Content-Type": kind})

    def _may_know(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization")
        if given is not None:
            scheme, _, token = given.partition(" ")
            if scheme.lower() == "bearer" and self._is_key(token.strip()):
                return True
            self._missed(request, MISS)
            raise _unknown()
        return self._open_to_all()

    def _is_key(self, token: str) -> bool:
        given = token.encode("utf-8", "surrogateescape")
        matches = [hmac.compare_digest(given, key.encode()) for key in self._keys()]
        return any(matches)


def _unknown() -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Bearer realm="tidings"'})
