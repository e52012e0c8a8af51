"""Who may see the site: everybody on this machine where nothing else reaches it, else who has once given the token."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from crawler.ports import Clock
from tidings.settings.records import Web
from tidings.web.forms import sent
from tidings.web.rates import MISS
from tidings.web.signing import Signer

COOKIE = "tidings-session"
LASTS = timedelta(days=30)


class Gate:
    """Lets in by a cookie, which holds the end of the session and a signature of it with the token: another token ends
    all sessions.

    Args:
        served: the settings of the server; None: it does not listen.
        open_to_all: whether only this machine reaches the address, and no token is set.
        missed: told of each wrong token, with what that costs the visitor.
    """

    def __init__(
        self,
        served: Callable[[], Web | None],
        open_to_all: Callable[[], bool],
        signer: Callable[[], Signer],
        clock: Clock,
        missed: Callable[[web.Request, float], None],
    ) -> None:
        self._served = served
        self._open_to_all = open_to_all
        self._signer = signer
        self._clock = clock
        self._missed = missed

    @property
    def needs_token(self) -> bool:
        """Who comes in has to show something, and can leave."""
        return not self._open_to_all()

    def knows(self, request: web.Request) -> bool:
        """Whether the visitor may see the site."""
        if self._open_to_all():
            return True
        token = self._token()
        if token is None:
            return False
        until, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return False
        lasts = int(until) >= self._clock.now().timestamp()
        return lasts and self._signer().holds(signature, "session", token, until)

    async def enter(self, request: web.Request) -> str | None:
        """The cookie for who gave the token in a form; None: it was the wrong one.

        Raises:
            HTTPException: that was no form.
        """
        form = await self.form(request)
        token = self._token()
        given = str(form.get("token", "")).strip()
        if token is None or not hmac.compare_digest(_bytes(given), _bytes(token)):
            self._missed(request, MISS)
            return None
        until = str(int((self._clock.now() + LASTS).timestamp()))
        return f"{until}.{self._signer().sign('session', token, until)}"

    async def form(self, request: web.Request) -> dict[str, str]:
        """The fields of a form that a page of ours has sent.

        Raises:
            HTTPException: none came in time, it cannot be read, or another site's page sent it.
        """
        served = self._served()
        if not is_our_own(request, None if served is None else served.public):
            raise web.HTTPForbidden
        form = await sent(request)
        return {name: value for name, value in form.items() if isinstance(value, str)}

    def _token(self) -> str | None:
        served = self._served()
        return None if served is None or served.token is None else served.token.reveal()


def is_our_own(request: web.Request, public: str | None) -> bool:
    """Whether no page of another site had the browser send this. Browsers say where a form comes from; a proxy may keep
    the name under which it was asked to itself."""
    origin = request.headers.get("Origin")
    if origin is not None:
        known = {request.host.lower(), "" if public is None else urlsplit(public).netloc.lower()}
        return urlsplit(origin).netloc.lower() in known - {""}
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
