"""Users' own spiders: the example of the pages, files beside the configuration, and what is said of slips."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.errors import Cause, CrawlError, NotAFeedError
from crawler.net.hosts import HostGate
from crawler.records import Source, SourceKind
from crawler.spiders.crew import SpiderCrew
from tests.fakes.net_site import Site, reply
from tidings.settings import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/spiders.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "docs/examples/spiders/council.py").read_text(encoding="utf-8")
HTML = "text/html; charset=utf-8"

MONTHS = b'<nav class="months"><a href="?m=11">Nov</a><a href="?m=10">Oct</a><a href="?m=9">Sep</a></nav>'
NOVEMBER = b"""<table class="papers"><tr><th>Day<th>Paper</tr>
<tr><td class="day">24/11/2026<td><a href="/paper/7">Cycle lanes</a><td class="about">Where they go.
<td class="committee">Roads</tr></table>"""
OCTOBER = (
    b"""<table class="papers"><tr><td class="day">01/10/2026<td><a href="/paper/6">Budget</a></tr></table>"""
)

OWN = """
from crawler.records import Entry
from crawler.spiders.base import TidingsSpider
import scrapy


class Plain(scrapy.Spider):
    start_urls = ["{url}"]

    def parse(self, response):
        yield Entry(id=None, link=response.urljoin("/p/1"), title="Plain")


class Dicts(TidingsSpider):
    start_urls = ["{url}"]

    def parse(self, response):
        yield {{"link": "x"}}


class Relative(TidingsSpider):
    start_urls = ["{url}"]

    def parse(self, response):
        yield self.entry("/p/1", "Relative")


class Mixed(Plain):
    def parse(self, response):
        yield from super().parse(response)
        yield {{"link": "x"}}
"""


@asynccontextmanager
async def crewed(folder: Path) -> AsyncIterator[SpiderCrew]:
    crew = SpiderCrew(
        gate=HostGate(timedelta(0)),
        user_agent="tidings/1.0",
        allow_private=("127.0.0.0/8",),
        modules=(str(folder),),
    )
    try:
        yield crew
    finally:
        await crew.close()


def own(spider: str) -> Source:
    return Source(id="own", kind=SourceKind.SPIDER, url=spider)


def test_the_example_on_the_page_is_the_file_beside_it() -> None:
    (shown,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert shown == EXAMPLE


async def test_the_example_of_the_pages_lists_a_councils_papers(tmp_path: Path) -> None:
    """As it stands there, but for the address of the council; configured by the lines above it."""
    (lines,) = re.findall(
        r"^```yaml\n(sources:\n  - \{id: example-papers, .*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
    async with Site({"/papers": reply(body=MONTHS, content_type=HTML)}) as site:
        site.routes["/papers?m=11"] = reply(body=NOVEMBER, content_type=HTML)
        site.routes["/papers?m=10"] = reply(body=OCTOBER, content_type=HTML)
        (tmp_path / "spiders").mkdir()
        (tmp_path / "sources.yaml").write_text(lines)
        (tmp_path / "spiders/council.py").write_text(
            EXAMPLE.replace("https://council.example.org", site.url(""))
        )
        (source,) = load(tmp_path, state_dir=tmp_path, environ={}).sources
        async with crewed(tmp_path) as crew:
            feed = (await crew.list(source)).feed

    cycle, budget = sorted(feed.entries, key=lambda entry: entry.title, reverse=True)
    assert (cycle.link, cycle.title, cycle.summary) == (
        site.url("/paper/7"),
        "Cycle lanes",
        "Where they go.",
    )
    assert (cycle.authors, cycle.published_at) == (("Roads",), datetime(2026, 11, 24, tzinfo=UTC))
    assert (budget.title, budget.published_at) == ("Budget", datetime(2026, 9, 30, 23, tzinfo=UTC))
    assert feed.problems == ()
    assert "/papers?m=9" not in site.paths


async def test_a_file_is_read_anew_at_each_visit(tmp_path: Path) -> None:
    """An edit counts without a restart; so does the one that mends a slip."""
    async with Site({"/": reply(body=b"<p>", content_type=HTML)}) as site, crewed(tmp_path) as crew:
        file = tmp_path / "own.py"
        text = OWN.format(url=site.url())
        file.write_text(text)
        first = await crew.list(own("own.py:Plain"))
        file.write_text(text + "\n1 / 0\n")
        with pytest.raises(
            NotAFeedError, match=r"own\.py cannot be loaded: ZeroDivisionError.* \(own\.py, line \d+\)"
        ):
            await crew.list(own("own.py:Plain"))
        file.write_text(text.replace('"Plain"', '"Edited"'))
        second = await crew.list(own("own.py:Plain"))

    assert [entry.title for one in (first, second) for entry in one.feed.entries] == ["Plain", "Edited"]


async def test_a_spider_in_a_file_may_go_unnamed_when_it_is_the_only_one(tmp_path: Path) -> None:
    """Classes that it is derived from do not count, whether imported or made in the same file."""
    async with Site({"/": reply(body=b"<p>", content_type=HTML)}) as site, crewed(tmp_path) as crew:
        text = OWN.format(url=site.url())
        (tmp_path / "several.py").write_text(text)
        (tmp_path / "none.py").write_text("from crawler.spiders.base import TidingsSpider\n")
        before, _, _ = text.partition("class Dicts")
        (tmp_path / "one.py").write_text(before + "class Newer(Plain):\n    pass\n")

        assert len((await crew.list(own("one.py"))).feed.entries) == 1
        for spider, says in [
            ("several.py", r"holds several spiders \(Dicts, Relative, Mixed\); name one: several\.py:Dicts"),
            ("none.py", r"holds no spider class; derive one from crawler\.spiders\.base\.TidingsSpider"),
            ("several.py:Gone", r"has no class Gone; it has Dicts, Relative, Mixed"),
            ("away.py", r"no file away\.py beside the configuration"),
        ]:
            with pytest.raises(NotAFeedError, match=says):
                await crew.list(own(spider))


async def test_items_that_are_no_entries_are_refused_with_the_remedy(tmp_path: Path) -> None:
    async with Site({"/": reply(body=b"<p>", content_type=HTML)}) as site, crewed(tmp_path) as crew:
        (tmp_path / "own.py").write_text(OWN.format(url=site.url()))
        for name, says in [
            ("Dicts", r"yields dict; yield crawler\.records\.Entry, or self\.entry\(link, title\)"),
            ("Relative", r"link '/p/1', which is no whole address; use response\.urljoin"),
        ]:
            with pytest.raises(CrawlError, match=says) as told:
                await crew.list(own(f"own.py:{name}"))
            assert told.value.cause is Cause.SPIDER
        mixed = (await crew.list(own("own.py:Mixed"))).feed

    assert [entry.title for entry in mixed.entries] == ["Plain"]
    assert len(mixed.problems) == 1


async def test_a_spider_that_kills_its_process_keeps_what_it_had_handed_over(tmp_path: Path) -> None:
    """As a crash in a library would; the next visit has a process of its own."""
    crash = (
        OWN
        + """

class Crash(Plain):
    def parse(self, response):
        import os, signal
        yield from super().parse(response)
        yield scrapy.Request(response.urljoin("/next"), self.fall)

    def fall(self, response):
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    page = reply(body=b"<p>", content_type=HTML)
    async with Site({"/": page, "/next": page}) as site, crewed(tmp_path) as crew:
        (tmp_path / "own.py").write_text(crash.format(url=site.url()))
        listed = await crew.list(own("own.py:Crash"))
        healthy = await crew.list(own("own.py:Plain"))

    assert [entry.title for entry in listed.feed.entries] == ["Plain"]
    assert listed.unfinished is not None
    assert "killed by SIGKILL" in str(listed.unfinished)
    assert healthy.unfinished is None
