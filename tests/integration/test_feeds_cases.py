"""Cases made after public bug reports of other readers, where the shared case collection is at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import CrawlError, TemporaryFetchError, Unchanged
from crawler.feeds.dates import parse_date
from crawler.feeds.parse import parse
from crawler.identity import canonical_url
from crawler.poll import Poller, PollPolicy
from crawler.records import Feed, Fetched, Listed, PollResult, Request, Source, SourceKind, SourceState
from tests.fakes.articles import MemoryArticles
from tests.fakes.clock import FixedClock

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
NAMED = {
    "is_feed",
    "entries",
    "titles",
    "links",
    "ids",
    "published",
    "feed_title",
    "first_title",
    "last_title",
}
START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the shared case collection is not here")


def cases(kind: str) -> Iterator[Any]:
    if CASES.exists():
        for case in json.loads((CASES / "cases.json").read_text(encoding="utf-8")):
            if case["kind"] == kind:
                yield pytest.param(case, id=case["id"])


def stamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def facts(feed: Feed) -> dict[str, Any]:
    titles = [entry.title for entry in feed.entries]
    return {
        "is_feed": True,
        "entries": len(feed.entries),
        "titles": titles,
        "links": [entry.link for entry in feed.entries],
        "ids": [entry.id for entry in feed.entries],
        "published": [stamp(entry.published_at) for entry in feed.entries],
        "feed_title": feed.title,
        "first_title": titles[0],
        "last_title": titles[-1],
    }


@pytest.mark.parametrize("case", [*cases("feed")])
def test_each_document_is_read_as_expected(case: Any) -> None:
    """Counts, titles, links, ids and dates, or that it is no feed."""
    for step in case.get("steps", [case]):
        if "file" not in step or step.get("status", 200) != 200:
            continue
        url = step.get("url", "https://feeds.example/feed")
        body = (CASES / step["file"]).read_bytes()
        try:
            found = facts(parse(body, url=url, content_type=step["headers"]["content-type"]))
        except CrawlError:
            found = {"is_feed": False, "entries": 0}
        expected = {key: value for key, value in step["expect"].items() if key in NAMED}
        assert {key: found.get(key) for key in expected} == expected


class Script:
    """Plays the answers of one subscription in their order, following redirects as the fetcher does."""

    def __init__(self, steps: list[Any], clock: FixedClock) -> None:
        self.steps, self.clock = list(steps), clock
        self.asked: list[Request] = []
        self.played: Any = None

    async def get(self, request: Request) -> Fetched:
        self.asked.append(request)
        moved, url = None, request.url
        while True:
            self.played = step = self.steps.pop(0)
            if "at" in step:
                self.clock.set(datetime.fromisoformat(step["at"]))
            headers = step.get("headers", {})
            status = step.get("status", 200)
            if status in (301, 308):
                moved = url = headers["location"]
                continue
            break
        if status == 304:
            raise Unchanged()
        if status == 429:
            raise TemporaryFetchError("busy", status=429, retry_at=self._retry(headers["retry-after"]))
        return Fetched(
            url=url,
            status=status,
            headers=tuple(headers.items()),
            body=(CASES / step["file"]).read_bytes(),
            moved_to=moved,
            etag=headers.get("etag"),
            last_modified=headers.get("last-modified"),
            content_type=headers.get("content-type"),
        )

    def _retry(self, wish: str) -> datetime:
        if wish.isdigit():
            return datetime.fromtimestamp(self.clock.now().timestamp() + int(wish), UTC)
        return parsedate_to_datetime(wish)


class NoSites:
    async def list(self, source: Source, **validators: str | None) -> Listed:
        raise AssertionError("a feed is no site")


@pytest.mark.parametrize("case", [one for one in cases("feed") if "steps" in one.values[0]])
async def test_each_subscription_goes_as_expected(case: Any) -> None:
    """What is new in each poll, what is sent, and what comes next."""
    clock, articles = FixedClock(START), MemoryArticles()
    script = Script(case["steps"], clock)
    url = case["steps"][0].get("request_url", "https://feeds.example/feed")
    poller = Poller(
        sources={"s": Source(id="s", kind=SourceKind.FEED, url=url)},
        states=articles.sources,
        articles=articles,
        fetcher=script,
        lister=NoSites(),
        isolation=None,
        clock=clock,
        policy=PollPolicy(),
    )
    while script.steps:
        before = set(articles.kept)
        outcome = await poller.poll("s")
        state = await articles.sources.state("s")
        expect = script.played["expect"]
        if "new" in expect:
            new = [one.article.title for key, one in articles.kept.items() if key not in before]
            assert new == expect["new"]
        for name, value in expect.get("request_headers", {}).items():
            sent = {
                "If-None-Match": script.asked[-1].etag,
                "If-Modified-Since": script.asked[-1].last_modified,
            }
            assert sent[name] == value
        if expect.get("error") is False:
            assert outcome.result is not PollResult.FAILED
        if expect.get("is_feed") is False:
            assert outcome.result is PollResult.FAILED
        if "next_poll_url" in expect:
            assert state.moved_to == expect["next_poll_url"]
        if "next_poll_not_before" in expect:
            assert state.next_poll_at is not None
            assert state.next_poll_at >= datetime.fromisoformat(expect["next_poll_not_before"])
        if expect.get("still_subscribed"):
            assert state.state is not SourceState.GONE


@pytest.mark.parametrize("case", [*cases("url_same")])
def test_addresses_are_the_same_or_not_as_expected(case: Any) -> None:
    """Decided without the network."""
    pairs = json.loads((CASES / case["file"]).read_text(encoding="utf-8"))["pairs"]

    assert [canonical_url(one) == canonical_url(other) for one, other in pairs] == case["expect"]["same"]


@pytest.mark.parametrize("case", [one for one in cases("date") if "utc" in one.values[0]["expect"]])
def test_dates_are_read_as_expected(case: Any) -> None:
    """Zone names, odd layouts, other languages, and what is none."""
    dates = json.loads((CASES / case["file"]).read_text(encoding="utf-8"))["dates"]
    context = case.get("context", {})
    zone, language = context.get("source_timezone"), context.get("feed_language")

    found = [stamp(parse_date(raw, zone=zone, language=language)) for raw in dates]

    assert found == case["expect"]["utc"]
