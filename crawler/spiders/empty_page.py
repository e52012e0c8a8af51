"""Why a list page that should hold links holds none: what came instead, or a page that its own program fills. Pure."""

from __future__ import annotations

import re

from scrapy.http import TextResponse

from crawler.errors import Cause, NotAFeedError
from crawler.spiders.readers import Readers
from crawler.wording import counted

_FEW_LINKS = 3
_MANY_LINKS = 20  # an ordinary page
_FEW_WORDS = 60  # of visible text
_WORDS = (  # wherever they stand: of a page without `body` the parser puts them into its head
    "//text()[not(ancestor::title or ancestor::script or ancestor::style or ancestor::noscript or ancestor::template)]"
)
_NUMBER = re.compile(r"\b4(?:04|10)\b")  # a newsroom may bear it in its name
_SHORT = 30_000  # characters; a challenge or consent page holds no more


def not_the_list(response: TextResponse, asked: str, where: str, readers: Readers) -> NotAFeedError | None:
    """What came instead of the list, though links were found on it; None where it may well be the list.

    A challenge or consent page says so in its title and is short. A “not found” page that shows the newest articles all
    the same is told by its words, not by the number in its title alone.

    Args:
        asked: the address that was asked for, before redirects.
    """
    text = _NUMBER.sub("", response.text)
    told = readers.instead(text, "the list")
    if told is None:
        return None
    redirected = response.url.partition("?")[0].rstrip("/") != asked.partition("?")[0].rstrip("/")
    if told.cause in (Cause.CHALLENGE, Cause.CONSENT):
        sure = len(text) < _SHORT and (redirected or _links(response) < _FEW_LINKS)
    else:
        sure = "“not found” page" in str(told)
    return _at(told, where) if sure else None


def why_empty(response: TextResponse, where: str, readers: Readers, *, browser: bool) -> NotAFeedError | None:
    """Why no rule finds a link; None where the page is an ordinary one, so that the rules are to blame.

    Args:
        browser: whether the page was read by a browser.
    """
    if not response.text.strip("\ufeff\0 \t\r\n"):
        return NotAFeedError(f"{where} is an empty page")
    match readers.root_name(response.text[:4096]):
        case "rss" | "feed" | "rdf":
            told = f"{where} is a feed and no page; write `feed:` instead of `site:`"
            return NotAFeedError(told, cause=Cause.FEED)
        case "urlset" | "sitemapindex":
            told = f"{where} is a sitemap and no page; write `sitemap:` instead of `site:`"
            return NotAFeedError(told, cause=Cause.SITEMAP)
    links, words = _links(response), len(" ".join(response.xpath(_WORDS).getall()).split())
    if came := readers.instead(response.text, "the list", titled=links > _MANY_LINKS and words > _FEW_WORDS):
        return _at(came, where)
    scripts = len(response.xpath("//script[@src or string-length(.) > 500]"))
    if scripts and links <= _FEW_LINKS and words < _FEW_WORDS:
        remedy = "its program did not fill it" if browser else "set `javascript: true` for this source"
        return NotAFeedError(
            f"{where} holds {counted(links, 'link')} and {counted(scripts, 'script')}: "
            f"it is filled by JavaScript; {remedy}",
            cause=Cause.SCRIPT,
        )
    return None


def _links(response: TextResponse) -> int:
    return len(response.xpath("//a[@href]"))


def _at(told: NotAFeedError, where: str) -> NotAFeedError:
    return NotAFeedError(f"{told} ({where})", cause=told.cause)
