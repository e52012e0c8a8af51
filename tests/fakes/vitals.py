"""A daemon in a state that the test says, for those who ask by HTTP."""

from __future__ import annotations

from typing import Any

from tidings.health import PARTS, Part, Readiness


class FakeVitals:
    """See `tidings.web.probes.Vitals`."""

    def __init__(self) -> None:
        self.alive = True
        self.problems: dict[str, str] = {}  # part → why it fails
        self.heartbeat: dict[str, Any] = {}
        self.asked = 0  # how often all parts were asked

    async def readiness(self) -> Readiness:
        """As set."""
        self.asked += 1
        return Readiness(parts=tuple(Part(name=name, problem=self.problems.get(name)) for name in PARTS))

    def facts(self) -> dict[str, Any]:
        """Some of them."""
        return {"phase": "running", **({"heartbeat": self.heartbeat} if self.heartbeat else {})}

    async def metrics(self) -> tuple[bytes, str]:
        """One of them."""
        return b"tidings_alive 1.0\n", "text/plain; version=0.0.4; charset=utf-8"
