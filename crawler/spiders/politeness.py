"""What every request of a spider goes through: guard, turn, robots.txt, limits, typed failures.

Scrapy's own parts are replaced where they are off by default, judge too late, or differ from what the rest of
the crawler does: its downloader checks no address, its robots middleware takes a 5xx for permission and no
Crawl-delay, its retries ignore Retry-After.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers import _aiohttp
from scrapy.core.downloader.handlers._base_streaming import BaseStreamingDownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.utils.ssl import _make_ssl_context

from crawler.errors import Cause, CrawlError, ForbiddenAddress, TemporaryFetchError, TooLarge, Unchanged
from crawler.net import answers
from crawler.net.failures import EXPECTED, explain
from crawler.net.limits import ACCEPT_ENCODING, decoded
from crawler.net.robots import TooManyRedirects
from crawler.net.session import open_session
from crawler.spiders.visit import FIRST, KNOWN, Answer, Visit, visit_of

_OURS = frozenset({"accept-encoding", "connection", "content-length", "cookie", "host", "referer"})


class GuardedHandler(_aiohttp.AiohttpDownloadHandler):
    """Scrapy's aiohttp handler on our guarded session, one request a turn, decoding under our limits."""

    experimental = False

    def __init__(self, crawler: Crawler) -> None:
        BaseStreamingDownloadHandler.__init__(self, crawler)  # past the parent, which opens its own session
        self._visit = visit_of(crawler)
        self._ssl_context = _make_ssl_context(crawler.settings)
        self._session = open_session(
            self._visit.guard,
            self._visit.limits,
            tls=self._ssl_context,
            response_class=_aiohttp._ClientResponse,
        )

    async def download_request(self, request: Request) -> Response:
        visit = self._visit
        target = visit.guard.target(request.url)
        limit = visit.limits.total.total_seconds()
        request.meta["download_timeout"] = min(request.meta.get("download_timeout") or limit, limit)
        request.meta["download_maxsize"] = visit.limits.body
        request.meta["verbatim_url"] = True
        request.headers["Accept-Encoding"] = ACCEPT_ENCODING
        request.meta.pop("proxy", None)  # the guard would see its address and no other
        for name in ("Cookie", "Referer"):
            request.headers.pop(name, None)
        async with visit.gate.turn(target.host):
            visit.check_wait(target.host)
            visit.pages += 1
            try:
                return await super().download_request(request)
            except CrawlError:
                raise
            except DownloadCancelledError as error:
                raise TooLarge(f"{target.host} sends too much") from error
            except EXPECTED as error:
                raise self._explained(error, target.host) from error
            except Exception as error:
                if isinstance(error.__cause__, EXPECTED):  # Scrapy's own words for the same thing
                    raise self._explained(error.__cause__, target.host) from error
                raise

    def _explained(self, error: BaseException, host: str) -> CrawlError:
        limits = self._visit.limits
        return explain(error, host=host, connect=limits.connect, total=limits.total)

    def _extract_headers(  # type: ignore[override]  # static above, but called on the object
        self, response: _aiohttp._ClientResponse
    ) -> Headers:
        """As bytes, which need be no text, and without what described the packed body: it is unpacked on the way in."""
        self._visit.limits.check_headers(response.raw_headers, host=response.url.raw_host or "")
        gone = (b"content-encoding", b"content-length")
        return Headers([pair for pair in response.raw_headers if pair[0].lower() not in gone])

    def _iter_body_chunks(  # type: ignore[override]  # static above, but called on the object
        self, response: _aiohttp._ClientResponse
    ) -> AsyncIterator[bytes]:
        return decoded(
            response.content.iter_any(),
            encodings=response.headers.getall("Content-Encoding", []),
            limits=self._visit.limits,
            host=response.url.raw_host or "",
        )


class PoliteMiddleware:
    """Outermost: the source's headers for its own host only, robots.txt, and a record of what failed."""

    def __init__(self, crawler: Crawler) -> None:
        self._visit = visit_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PoliteMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        visit = self._visit
        target = visit.guard.target(request.url)
        self._own_headers(request, trusted=target.origin == visit.origin)
        if request.meta.get(FIRST) and visit.can_be_unchanged:
            self._make_conditional(request)
        await visit.robots.check(target, visit.gate.slow)

    async def process_response(self, request: Request, response: Response) -> Response:
        visit = self._visit
        headers = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ]
        now = visit.clock.now()
        target = visit.guard.target(response.url)
        problem = answers.trouble(response.status, headers, host=target.host, now=now)
        if request.meta.get(FIRST):
            raw = [(name, value) for name, values in response.headers.items() for value in values]
            visit.answer = Answer(
                etag=answers.validator(raw, "etag"),
                last_modified=answers.validator(raw, "last-modified"),
                fresh_for=answers.fresh_for(headers, now),
            )
            if response.status == 304 and (visit.etag or visit.last_modified):
                problem = Unchanged(
                    etag=visit.answer.etag,
                    last_modified=visit.answer.last_modified,
                    fresh_for=visit.answer.fresh_for,
                )
        known = request.meta.get(KNOWN) and response.status == 304
        if known:
            problem = None
        elif problem is None and not 200 <= response.status < 300:
            problem = TemporaryFetchError(
                f"{target.host} answers {response.status}, which was not asked for",
                cause=Cause.STATUS,
                status=response.status,
            )
        if problem is not None:
            visit.failed(problem)
            wait = answers.host_wait(response.status, headers, now)
            if wait is not None:
                visit.waits[target.host] = now + wait
                await visit.gate.hold(target.host, wait)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, CrawlError):
            self._visit.failed(exception)
        elif not isinstance(exception, IgnoreRequest):
            told = f"a request failed ({type(exception).__name__})"
            self._visit.failed(CrawlError(told, cause=Cause.SPIDER))

    def _make_conditional(self, request: Request) -> None:
        """With the validators of the last visit, byte for byte."""
        for name, value in (
            ("If-None-Match", self._visit.etag),
            ("If-Modified-Since", self._visit.last_modified),
        ):
            if value is not None:
                request.headers[name] = value

    def _own_headers(self, request: Request, *, trusted: bool) -> None:
        source = self._visit.source
        lines = [(name, value) for name, value in source.headers if name.lower() not in _OURS]
        if source.auth is not None:
            lines.append(("Authorization", source.auth.reveal().strip()))
        for name, value in lines:
            if trusted:
                request.headers[name] = value
            else:
                request.headers.pop(name, None)


class GuardedRedirects(RedirectMiddleware):
    """Scrapy's redirects; a target that may not be asked and a chain without end are told to the visit."""

    def process_response(
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        visit = visit_of(self.crawler)
        host = visit.guard.target(request.url).host
        try:
            followed = super().process_response(request, response)
            if isinstance(followed, Request):
                visit.guard.target(followed.url)
            return followed
        except IgnoreRequest:
            told = f"{host} redirects more than {self.max_redirect_times} times"
            visit.failed(TooManyRedirects(told, cause=Cause.HOPS))
            raise
        except ForbiddenAddress as error:
            told = f"{host} redirects to what may not be asked: {error}"
            visit.failed(ForbiddenAddress(told, cause=error.cause))
            raise IgnoreRequest(str(error)) from error


def settings_of(visit: Visit, user_agent: str, handler: type[GuardedHandler]) -> dict[str, Any]:
    """Scrapy's settings for one visit; given at a priority that no spider's own settings reach.

    Args:
        handler: what makes the requests.
    """
    total = visit.limits.total
    return {
        "TWISTED_REACTOR_ENABLED": False,
        "USER_AGENT": user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.1"
        },
        "DOWNLOAD_HANDLERS": {
            "http": handler,
            "https": handler,
            "data": None,
            "file": None,
            "ftp": None,
            "s3": None,
        },
        "DOWNLOADER_MIDDLEWARES_BASE": {
            PoliteMiddleware: 10,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": 50,
            "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
            "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
            GuardedRedirects: 600,
        },
        "DOWNLOADER_MIDDLEWARES": {},
        "EXTENSIONS_BASE": {"scrapy.extensions.closespider.CloseSpider": 0},
        "EXTENSIONS": {},
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_TIMEOUT": total.total_seconds(),
        "DOWNLOAD_MAXSIZE": visit.limits.body,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_DELAY": 0,  # the gate spaces, over all processes
        "REDIRECT_MAX_TIMES": visit.limits.hops,
        "CLOSESPIDER_PAGECOUNT": visit.max_pages,
        "CLOSESPIDER_ITEMCOUNT": visit.max_entries,
        "CONCURRENT_REQUESTS": 8,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 2,
        "COOKIES_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "REFERER_ENABLED": False,
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # PoliteMiddleware does, and cannot be talked out of it by `meta`
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
    }
