"""The demo's webhook receiver: takes what is signed by Standard Webhooks, refuses the rest, keeps both."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from standardwebhooks import Webhook

from crawler.ports import Clock

_TOLERANCE = timedelta(minutes=5)  # as the specification has it
_LARGEST = 20 * 1024 * 1024  # bytes of a body


class SignatureFault(ValueError):
    """Why a request is not believed."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One request that was believed. `body` is the text that was signed, byte for byte."""

    headers: dict[str, str]  # lower-case names
    body: str


def new_secret() -> str:
    """A fresh secret in the form that Standard Webhooks names."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def verify(body: bytes, headers: dict[str, str], *, secret: str, now: Sequence[datetime]) -> None:
    """Check a request against the secret.

    Args:
        headers: with lower-case names.
        now: moments of which one lies within five minutes of the signature; the demo has two clocks.
    Raises:
        SignatureFault: a header is missing or odd, the time is off, or no signature fits.
    """
    name, stamp, signatures = (headers.get(f"webhook-{key}", "") for key in ("id", "timestamp", "signature"))
    if not (name and stamp and signatures):
        raise SignatureFault("a webhook-id, webhook-timestamp or webhook-signature header is missing")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise SignatureFault(f"webhook-timestamp is {stamp[:20]!r}, not seconds since 1970")
    signed_at = datetime.fromtimestamp(int(stamp), UTC)
    if all(abs(moment - signed_at) > _TOLERANCE for moment in now):
        raise SignatureFault(
            f"signed at {signed_at:%Y-%m-%d %H:%M:%S}Z, more than five minutes away from now"
        )
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SignatureFault("the body is not UTF-8") from None
    expected = Webhook(secret).sign(name, signed_at, text)
    if not any(compare_digest(one.encode(), expected.encode()) for one in signatures.split()):
        raise SignatureFault("no signature fits the body")


class HookSink:
    """Listens on loopback; `clock` is the time that senders may sign with beside the real one."""

    def __init__(self, secret: str, *, clock: Clock | None = None) -> None:
        self.host = "127.0.0.1"
        self.secret = secret
        self.hooks: list[Hook] = []
        self.refused: list[str] = []  # reasons
        self._clock = clock
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where to post, while it is open."""
        return f"http://{self.host}:{self._port}/hooks/tidings"

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_post("/hooks/tidings", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, 0).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more; what came stays in `hooks`."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Each request as `hooks/NNNN.json`, `{headers, body}`; the files written.

        `body` stays the text that was signed, so that the file can be verified with the secret.
        """
        written: list[Path] = []
        for number, hook in enumerate(self.hooks, 1):
            path = folder / "hooks" / f"{number:04}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            content = json.dumps({"headers": hook.headers, "body": hook.body}, ensure_ascii=False, indent=2)
            path.write_text(content + "\n", encoding="utf-8")
            written.append(path)
        return tuple(written)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        moments = [datetime.now(UTC)] + ([self._clock.now()] if self._clock else [])
        try:
            verify(body, headers, secret=self.secret, now=moments)
        except SignatureFault as fault:
            self.refused.append(str(fault))
            return web.json_response({"error": str(fault)}, status=401)
        self.hooks.append(Hook(headers, body.decode()))
        return web.json_response({"kept": len(self.hooks)})
