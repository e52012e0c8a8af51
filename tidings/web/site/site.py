"""The site as part of the web server: which page stands where, who sees it, and in which headers it goes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from alerts.judgements import Verdict, Way
from alerts.match import Matcher
from alerts.messages import Picture
from alerts.pages import BUNDLED
from alerts.pictures import standalone
from alerts.plots import plot
from alerts.sandbox import Environment
from crawler.ports import Clock
from tidings import __version__
from tidings.feeds_out.addresses import FeedAddresses
from tidings.settings import Settings
from tidings.storage.stores import Stores
from tidings.web.judging import record
from tidings.web.site import deliveries, initiatives, sources, stories
from tidings.web.site.articles import Articles
from tidings.web.site.asked import Asked, NotThere, Page, View
from tidings.web.site.dossier import dossier_of
from tidings.web.site.gate import COOKIE, LASTS, Gate
from tidings.web.site.kept import Kept
from tidings.web.site.overview import Overview
from tidings.web.site.searching import Search

TEMPLATES = Path(str(files("tidings.web.site").joinpath("templates")))
MENU = (
    ("/", "Overview"),
    ("/initiatives", "Initiatives"),
    ("/stories", "Stories"),
    ("/sources", "Sources"),
    ("/deliveries", "Deliveries"),
    ("/search", "Search"),
)
LONGEST = 500  # characters of a value in the query of an address
_ID = "[^/]{1,200}"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_OF_A_DOSSIER = (  # as it says itself, for who keeps the file
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OF_A_MESSAGE = (  # what it links to opens in a page of its own
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)


class _Made:
    """A page as it goes out."""

    def __init__(self, text: str, status: int) -> None:
        self.body = text.encode("utf-8", "replace")
        self.status = status
        self.tag = f'"{sha256(self.body).hexdigest()[:32]}"'


class Site:
    """The pages.

    Args:
        settings: those in force when a page is asked for.
        addresses: of feeds, likewise.
    """

    def __init__(
        self,
        stores: Stores,
        clock: Clock,
        settings: Callable[[], Settings],
        addresses: Callable[[], FeedAddresses],
        gate: Gate,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._settings = settings
        self._addresses = addresses
        self._gate = gate
        self._kept: Kept[_Made] = Kept()
        self._environment = Environment([TEMPLATES, BUNDLED])
        self._style = self._environment.text_of("site.css.j2", {}).encode()
        self._style_path = f"/style-{sha256(self._style).hexdigest()[:16]}.css"
        self._compiled: tuple[object, Matcher] | None = None
        self._views: tuple[tuple[str, View], ...] = (
            ("/", Overview().page),
            ("/initiatives", initiatives.all_of_them),
            (f"/initiatives/{{id:{_ID}}}", initiatives.one_of_them),
            ("/stories", stories.all_of_them),
            (f"/stories/{{id:{_ID}}}", stories.one_of_them),
            (f"/articles/{{id:{_ID}}}", Articles(self._matcher).page),
            ("/sources", sources.all_of_them),
            (f"/sources/{{id:{_ID}}}", sources.one_of_them),
            ("/deliveries", deliveries.all_of_them),
            (f"/deliveries/{{id:{_ID}}}", deliveries.one_of_them),
            ("/search", Search().page),
        )

    def add_to(self, app: web.Application, prefix: str) -> None:
        """Serve under the path of the public address, and without it for proxies that cut it off."""
        for start in dict.fromkeys(("", prefix)):
            for path, view in self._views:
                app.router.add_get(f"{start}{path}", partial(self._answer, view))
            app.router.add_get(f"{start}/deliveries/{{id:{_ID}}}/page", self._message)
            app.router.add_get(f"{start}/initiatives/{{id:{_ID}}}/dossier", self._dossier)
            app.router.add_get(f"{start}{self._style_path}", self._sheet)
            app.router.add_get(f"{start}/enter", self._ask)
            app.router.add_post(f"{start}/enter", self._enter)
            app.router.add_post(f"{start}/leave", self._leave)
            app.router.add_post(f"{start}/judge", self._judge)

    def forget(self) -> None:
        """Other settings are in force."""
        self._kept.clear()
        self._compiled = None

    # -- pages -------------------------------------------------------------------------------------

    async def _answer(self, view: View, request: web.Request) -> web.StreamResponse:
        self._let_in(request)
        asked = self._asked(request)
        key = (view, asked.root, asked.path, *sorted(asked.query.items()))
        made = await self._kept.get(key, lambda: self._make(view, asked))
        headers = {
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "private, no-cache",
            "ETag": made.tag,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if made.tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=made.body, status=made.status, content_type="text/html", charset="utf-8", headers=headers
        )

    async def _make(self, view: View, asked: Asked) -> _Made:
        try:
            page = await view(asked)
        except NotThere as fault:
            page = _not_there(str(fault))
        return _Made(self._written(page, asked), page.status)

    def _written(self, page: Page, asked: Asked) -> str:
        here = next((path for path, _ in MENU if _stands_in(asked.path, path)), "")
        text = self._environment.text_of(
            page.template,
            {
                **page.data,
                "title": page.title,
                "root": asked.root,
                "style": asked.root + self._style_path,
                "menu": [
                    {"path": asked.root + path, "name": name, "here": path == here} for path, name in MENU
                ],
                "now": asked.moment(asked.now),
                "zone": asked.zone,
                "version": __version__,
                "can_leave": self._gate.needs_token,
            },
        )
        pictures = [Picture(name=name, png=plot(recent)) for name, recent in page.plots.items()]
        return standalone(text, pictures)

    async def _message(self, request: web.Request) -> web.StreamResponse:
        """A message as its readers see it, for the frame in the page of its delivery."""
        answer = await self._alone(request, deliveries.page_of, _OF_A_MESSAGE)
        answer.headers["X-Frame-Options"] = "SAMEORIGIN"
        return answer

    async def _dossier(self, request: web.Request) -> web.StreamResponse:
        return await self._alone(request, dossier_of, _OF_A_DOSSIER)

    async def _alone(
        self, request: web.Request, make: Callable[[Asked], Awaitable[str]], policy: str
    ) -> web.StreamResponse:
        """A page without the frame of the site."""
        self._let_in(request)
        asked = self._asked(request)

        async def made() -> _Made:
            try:
                return _Made(await make(asked), 200)
            except NotThere as fault:
                return _Made(self._written(_not_there(str(fault)), asked), 404)

        found = await self._kept.get((make, asked.path, *sorted(asked.query.items())), made)
        headers = {
            "Content-Security-Policy": policy if found.status == 200 else _POLICY,
            "Cache-Control": "private, no-cache",
        }
        return web.Response(
            body=found.body,
            status=found.status,
            content_type="text/html",
            charset="utf-8",
            headers=headers,
        )

    async def _judge(self, request: web.Request) -> web.StreamResponse:
        """Keep what somebody said of a match, and lead back to where that was."""
        if not self._gate.knows(request):
            raise web.HTTPForbidden
        form = await self._gate.form(request)
        if form.get("verdict") not in list(Verdict):
            raise web.HTTPBadRequest
        names = _clean(form.get("article", "")), _clean(form.get("initiative", ""))
        known = names[1] in self._settings().initiatives
        said = known and await record(
            self._stores.judgements, *names, Verdict(form["verdict"]), Way.SITE, self._clock.now()
        )
        if not said:
            raise web.HTTPNotFound
        self._kept.clear()
        root, _ = self._root(request)
        return web.Response(status=303, headers={"Location": root + _local(form.get("to", "/"))})

    async def _sheet(self, request: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return web.Response(body=self._style, content_type="text/css", charset="utf-8", headers=headers)

    def _matcher(self, asked: Asked) -> Matcher:
        """The rules in force, compiled when they are first needed."""
        if self._compiled is None or self._compiled[0] is not asked.settings:
            self._compiled = (
                asked.settings,
                Matcher(asked.settings.watchlists, tags=asked.settings.tags),
            )
        return self._compiled[1]

    # -- coming in ---------------------------------------------------------------------------------

    def _let_in(self, request: web.Request) -> None:
        """Sends who has not shown the token to the door."""
        if not self._gate.knows(request):
            root, path = self._root(request)
            query = urlencode({"to": path + (f"?{request.query_string}" if request.query_string else "")})
            raise web.HTTPSeeOther(f"{root}/enter?{query}")

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        if not self._gate.needs_token:
            raise web.HTTPSeeOther(f"{self._root(request)[0]}/")
        return self._door(request, request.query.get("to", "/"), wrong=False)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        cookie = await self._gate.enter(request)
        form = await self._gate.form(request)
        if cookie is None:
            return self._door(request, form.get("to", "/"), wrong=True)
        root, _ = self._root(request)
        answer = web.Response(status=303, headers={"Location": root + _local(form.get("to", "/"))})
        answer.set_cookie(
            COOKIE,
            cookie,
            path=f"{root}/",
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=self._is_public(request),
        )
        return answer

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        await self._gate.form(request)
        root, _ = self._root(request)
        answer = web.Response(status=303, headers={"Location": f"{root}/enter"})
        answer.del_cookie(COOKIE, path=f"{root}/")
        return answer

    def _door(self, request: web.Request, to: str, *, wrong: bool) -> web.Response:
        root, _ = self._root(request)
        text = self._environment.text_of(
            "enter.html.j2",
            {
                "title": "Enter",
                "root": root,
                "style": root + self._style_path,
                "to": _local(to),
                "wrong": wrong,
                "version": __version__,
            },
        )
        return web.Response(
            text=text,
            status=403 if wrong else 200,
            content_type="text/html",
            charset="utf-8",
            headers={"Content-Security-Policy": _POLICY},
        )

    # -- what is asked -----------------------------------------------------------------------------

    def _asked(self, request: web.Request) -> Asked:
        settings = self._settings()
        root, path = self._root(request)
        zones = dict.fromkeys(one.zone for one in settings.digests)
        return Asked(
            stores=self._stores,
            settings=settings,
            now=self._clock.now(),
            zone=next(iter(zones), "UTC"),
            root=root,
            path=path,
            addresses=self._addresses(),
            names=dict(request.match_info),
            query={name: _clean(value) for name, value in request.query.items()},
        )

    def _root(self, request: web.Request) -> tuple[str, str]:
        """What stands before each path as the visitor sees it, and the path behind it."""
        public = self._settings().web.public
        prefix = "" if public is None else urlsplit(public).path
        path = request.path
        if prefix and path.startswith(f"{prefix}/"):
            return prefix, path[len(prefix) :]
        return (prefix if self._is_public(request) else ""), path

    def _is_public(self, request: web.Request) -> bool:
        """By the public name, or through a proxy that keeps it to itself."""
        public = self._settings().web.public
        named = public is not None and request.host.lower() == urlsplit(public).netloc.lower()
        return named or (public is not None and "X-Forwarded-For" in request.headers)


def _not_there(words: str) -> Page:
    return Page(
        template="not_there.html.j2", title="There is nothing here", data={"words": words}, status=404
    )


def _stands_in(path: str, part: str) -> bool:
    return path == part or (part != "/" and path.startswith(f"{part}/"))


def _local(path: str) -> str:
    """A path of the site itself, whatever was written."""
    if (
        not path.startswith("/")
        or path.startswith(("//", "/\\"))
        or not path.isprintable()
        or not path.isascii()
    ):
        return "/"
    return path


def _clean(value: str) -> str:
    return value[:LONGEST].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
