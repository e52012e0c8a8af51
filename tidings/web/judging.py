"""The page on which a reader says that an article is not about an initiative: asked by GET, said by POST, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog
from aiohttp import web

from alerts.judgements import Judgement, Question, Verdict, Way
from alerts.records import Initiative
from crawler.ports import Clock
from tidings.web import judging_pages
from tidings.web.forms import sent
from tidings.web.judging_links import ROUTE, JudgingLinks
from tidings.web.rates import MISS

log = structlog.get_logger(__name__)


class Judgements(Protocol):
    """Where it is kept what people say of matches."""

    async def judge(
        self, article_id: str, initiative_id: str, verdict: Verdict, *, way: Way, now: datetime
    ) -> Judgement | None: ...

    async def question(self, article_id: str, initiative_id: str) -> Question | None: ...


async def record(
    judgements: Judgements, article_id: str, initiative_id: str, verdict: Verdict, way: Way, now: datetime
) -> Judgement | None:
    """Keep what a reader said by a page, and log it; None: there is no such match."""
    said = await judgements.judge(article_id, initiative_id, verdict, way=way, now=now)
    if said is not None and said.at == now:  # the same word again changes nothing
        log.info("judged", article=article_id, initiative=initiative_id, verdict=str(verdict), way=str(way))
    return said


class Judging:
    """The two handlers.

    Args:
        links: those in force when a request comes.
        missed: told of each signature that is none of ours, with what that costs the visitor.
    """

    def __init__(
        self,
        judgements: Judgements,
        clock: Clock,
        links: Callable[[], JudgingLinks],
        missed: Callable[[web.Request, float], None],
    ) -> None:
        self._judgements = judgements
        self._clock = clock
        self._links = links
        self._missed = missed

    def add_to(self, app: web.Application, prefix: str) -> None:
        """Serve under the path of the public address, and without it for proxies that cut it off."""
        for start in dict.fromkeys(("", prefix)):
            app.router.add_get(f"{start}{ROUTE}", self.ask)
            app.router.add_post(f"{start}{ROUTE}", self.judge)

    async def ask(self, request: web.Request) -> web.Response:
        """The question. Programs that follow every link of a mail change nothing by it."""
        article_id, initiative_id = await self._meant(request)
        return await self._answer(article_id, initiative_id)

    async def judge(self, request: web.Request) -> web.Response:
        """Keep what is said, again and again with the same answer."""
        article_id, initiative_id = await self._meant(request)
        form = await sent(request)
        if form.get("confirm") != "yes" or form.get("verdict") not in list(Verdict):
            raise web.HTTPBadRequest
        if self._watched(initiative_id) is not None:
            verdict = Verdict(str(form["verdict"]))
            await record(self._judgements, article_id, initiative_id, verdict, Way.MAIL, self._clock.now())
        return await self._answer(article_id, initiative_id)

    async def _answer(self, article_id: str, initiative_id: str) -> web.Response:
        initiative = self._watched(initiative_id)
        match = await self._judgements.question(article_id, initiative_id)
        if initiative is None or match is None:
            return _html(judging_pages.gone(), status=410)
        return _html(judging_pages.asked(match, initiative.name))

    async def _meant(self, request: web.Request) -> tuple[str, str]:
        """The article and the initiative of a link of ours."""
        parts = request.match_info
        article_id, initiative_id = parts["article"], parts["initiative"]
        ours = await asyncio.to_thread(  # the first time it reads the secret
            self._links().holds, article_id, initiative_id, parts["signature"]
        )
        if not ours:
            self._missed(request, MISS)
            raise web.HTTPNotFound
        return article_id, initiative_id

    def _watched(self, initiative_id: str) -> Initiative | None:
        return self._links().initiative(initiative_id)


def _html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8")
