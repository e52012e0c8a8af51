"""The archive, asked in the language of the watchlists."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from alerts import highlight
from alerts.entries import Plain
from alerts.errors import RuleError
from alerts.safe import link, one_line
from tidings.feeds_out.records import FeedKind
from tidings.searching import Found, Question, ranked, read_query, search
from tidings.settings.queries import moment
from tidings.web.site.asked import Asked, Page

MOST = 50  # articles
LONGEST = 500  # characters of a query
SECONDS = 6.0  # for which the archive is looked through
BEST_OF = timedelta(days=90)  # where the query names no time
SNIPPETS = 2


class Search:
    """The view. So many search at once, and others wait: a query may have to look through the whole archive."""

    def __init__(self, at_once: int = 2) -> None:
        self._places = asyncio.Semaphore(at_once)

    async def page(self, asked: Asked) -> Page:
        """`/search?q=QUERY`"""
        query = asked.query.get("q", "").strip()[:LONGEST]
        best = asked.query.get("order") == "best"
        data: Plain = {
            "query": one_line(query),
            "best": best,
            "problem": "",
            "remedy": "",
            "found": [],
            "said": "",
            "saved": [
                {
                    "name": one_line(one.name, 120),
                    "href": f"{asked.root}/search?{urlencode({'q': one.query})}",
                    "feeds": asked.feeds(FeedKind.SEARCH, one.id),
                }
                for one in asked.settings.searches.values()
            ],
        }
        if query:
            try:
                question = read_query(
                    query, asked.settings.tags, lambda key, value: _moment(key, value, asked.now)
                )
            except RuleError as fault:
                data |= {"problem": one_line(fault.problem), "remedy": one_line(fault.remedy)}
            else:
                async with self._places:
                    found, whole = await _found(asked, question, best)
                outlets = {one.id: one.name or one.id for one in asked.settings.sources}
                data |= {
                    "found": [_entry(asked, one, outlets) for one in found],
                    "said": _said(len(found), whole, best, question),
                }
        return Page(template="search.html.j2", title="Search", data=data)


async def _found(asked: Asked, question: Question, best: bool) -> tuple[list[Found], bool]:
    """What is found within the time there is, and whether that was enough."""
    found: list[Found] = []
    try:
        async with asyncio.timeout(SECONDS):
            if best:
                if question.filters.since is None:
                    since = asked.now - BEST_OF
                    question = replace(question, filters=replace(question.filters, since=since))
                return await ranked(asked.stores.search, question, MOST), True
            async for one in search(asked.stores.search, question):
                found.append(one)
                if len(found) == MOST:
                    break
    except TimeoutError:
        return found, False
    return found, True


def _said(number: int, whole: bool, best: bool, question: Question) -> str:
    if not whole:
        return f"{number:,} found before the time was up: narrow the search, by since: or by a rarer word."
    order = "best" if best else "newest"
    span = f" of the last {BEST_OF.days} days" if best and question.filters.since is None else ""
    if number == MOST:
        return f"The {order} {number:,}{span}."
    return f"{number:,} found{span}." if number else f"Nothing found{span}."


def _entry(asked: Asked, found: Found, outlets: Mapping[str, str]) -> Plain:
    article = found.article
    terms = tuple(dict.fromkeys(one.words or one.term for one in found.evidence))
    address = link(article.url)
    title = one_line(article.title, 300) or "(no title)"
    snippets = dict.fromkeys(one_line(one.snippet, 420) for one in found.evidence if one.field != "title")
    return {
        "id": article.id,
        "story": article.story_id or "",
        "title_parts": _marked(title, terms),
        "href": address.href if address else "",
        "host": address.host if address else "",
        "source": one_line(outlets.get(article.source_id, article.source_id), 80),
        "when": asked.moment(article.published_at or article.first_seen_at),
        "snippets": [_marked(one, terms) for one in list(snippets)[:SNIPPETS] if one],
    }


def _marked(text: str, terms: tuple[str, ...]) -> list[Plain]:
    return [{"text": piece, "hit": hit} for piece, hit in highlight.parts(text, terms)]


def _moment(key: str, value: str, now: datetime) -> datetime:
    """Raises:
    RuleError: it is neither an age nor a day.
    """
    try:
        return moment(value, now, last=key == "until")
    except ValueError as fault:
        raise RuleError(f"{key}: {fault}", "write 90d or 2026-03-01") from None
