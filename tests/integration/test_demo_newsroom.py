"""The demo's newsroom over real HTTP on loopback."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from xml.etree import ElementTree

import aiohttp
import feedparser
import pytest
import pytest_asyncio

from crawler.extract.read import read_page
from tidings.demo.clock import SCRIPT_LENGTH, SimulatedClock, Timeline
from tidings.demo.newsroom import Newsroom
from tidings.demo.outlets import OUTLETS, Outlet
from tidings.demo.pages import CONSENT, FOOTER
from tidings.demo.script import pieces

BY_ID = {outlet.id: outlet for outlet in OUTLETS}
FEEDS = ["potomac-ledger", "yamuna-chronicle", "deccan-wire", "neva-herald"]


@pytest_asyncio.fixture
async def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest_asyncio.fixture
async def newsroom(clock: SimulatedClock) -> AsyncIterator[Newsroom]:
    async with Newsroom(clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


async def get(http: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers with lower-case names, and the body out of its gzip."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.get(url, headers=sent) as response:
        body = await response.read()
        got = {name.lower(): value for name, value in response.headers.items()}
    return response.status, got, gzip.decompress(body) if got.get("content-encoding") == "gzip" else body


def expected_count(outlet: Outlet, elapsed: timedelta) -> int:
    return min(20, sum(piece.outlet == outlet.id and piece.at <= elapsed for piece in pieces()))


async def test_every_outlet_has_an_address_of_its_own_on_one_port(newsroom: Newsroom) -> None:
    bases = [newsroom.base(outlet.id) for outlet in OUTLETS]

    assert len({base.rpartition(":")[0] for base in bases}) == 9
    assert len({base.rpartition(":")[2] for base in bases}) == 1
    assert all(base.startswith("http://127.0.") for base in bases)


@pytest.mark.parametrize("outlet_id", FEEDS)
@pytest.mark.parametrize("hours", [0, 10, 50])
async def test_a_feed_lists_what_was_published_by_then(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession, outlet_id: str, hours: int
) -> None:
    """Read by feedparser: no complaint, the right version, the right number, absolute links and dates."""
    clock.advance(timedelta(hours=hours))
    outlet = BY_ID[outlet_id]

    status, headers, body = await get(http, newsroom.listing(outlet))

    feed = feedparser.parse(body, response_headers={"content-type": headers["content-type"]})
    assert status == 200
    assert not feed.bozo
    assert feed.version == {"yamuna-chronicle": "atom10", "deccan-wire": "rss10"}.get(outlet_id, "rss20")
    assert feed.feed.title == outlet.name
    assert len(feed.entries) == expected_count(outlet, timedelta(hours=hours)) > 0
    for entry in feed.entries:
        assert entry.link.startswith(newsroom.base(outlet_id))
        assert entry.get("published_parsed") or entry.get("updated_parsed")
        assert entry.summary


async def test_the_russian_feed_is_in_windows_1251(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    clock.advance(timedelta(hours=16))

    _, _, body = await get(http, newsroom.listing(BY_ID["neva-herald"]))

    assert b'encoding="windows-1251"' in body
    assert "Индия и США подвели итоги".encode("cp1251") in body
    assert feedparser.parse(body).entries[0].title == "Индия и США подвели итоги конкурса INDUS-X"


async def test_the_json_feed_carries_whole_texts(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    clock.advance(SCRIPT_LENGTH)

    _, headers, body = await get(http, newsroom.listing(BY_ID["silicon-corridor"]))

    feed = json.loads(body)
    assert headers["content-type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == expected_count(BY_ID["silicon-corridor"], SCRIPT_LENGTH)
    assert all(len(item["content_html"]) > 1500 for item in feed["items"])


async def test_the_news_sitemap_names_recent_articles_only(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    spaces = {
        "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
        "n": "http://www.google.com/schemas/sitemap-news/0.9",
    }
    clock.advance(timedelta(hours=47))

    _, _, body = await get(http, newsroom.listing(BY_ID["capital-monitor"]))

    root = ElementTree.fromstring(body)
    titles = [title.text for title in root.iterfind("s:url/n:news/n:title", spaces)]
    assert "U.S. eases export controls on chip tools bound for India" in titles
    assert "City libraries to stay open until midnight" not in titles  # 49 hours old
    assert len(titles) == len(root.findall("s:url/s:loc", spaces))


async def test_the_outlet_without_a_feed_lists_links(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    clock.advance(timedelta(hours=33))

    _, _, body = await get(http, newsroom.listing(BY_ID["transpacific-council"]))

    assert body.count(b'<h2><a href="/analysis/') == 4
    assert b"application/rss+xml" not in body


async def test_the_outlet_for_a_program_lists_its_papers_by_the_day(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    clock.advance(timedelta(hours=33))
    base = newsroom.base("technology-secretariat")

    _, _, days = await get(http, f"{base}/papers/")
    status, _, papers = await get(http, f"{base}/papers/2026-11-18")

    assert days.count(b'<a href="2026-11-1') == 3
    assert (status, papers.count(b'<td><a href="/papers/secretariat-')) == (200, 1)
    assert (await get(http, f"{base}/papers/2026-11-20"))[0] == 404


@pytest.mark.parametrize("outlet_id", [outlet.id for outlet in OUTLETS if not outlet.trouble])
async def test_a_list_that_has_not_changed_is_answered_with_304(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession, outlet_id: str
) -> None:
    """By entity tag, weak or strong, and by date; a new article ends it."""
    clock.advance(timedelta(hours=1))
    url = newsroom.listing(BY_ID[outlet_id])
    _, first, body = await get(http, url, Accept_Encoding="gzip")

    by_tag = await get(http, url, If_None_Match=first["etag"])
    by_date = await get(http, url, If_Modified_Since=first["last-modified"])
    neither = await get(http, url, If_None_Match='"other"', If_Modified_Since=first["last-modified"])
    clock.advance(SCRIPT_LENGTH)
    later = await get(http, url, If_None_Match=first["etag"], If_Modified_Since=first["last-modified"])

    assert first["content-encoding"] == "gzip"
    assert (by_tag[0], by_tag[2]) == (304, b"")
    assert by_tag[1]["etag"] == first["etag"]
    assert (by_date[0], neither[0]) == (304, 200)
    assert neither[2] == body
    assert later[0] == 200


async def test_a_correction_changes_the_entry_but_not_its_identity(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    url = newsroom.listing(BY_ID["yamuna-chronicle"])
    clock.advance(timedelta(hours=12))
    before = feedparser.parse((await get(http, url))[2]).entries
    clock.advance(timedelta(hours=17))
    after = feedparser.parse((await get(http, url))[2]).entries

    first = next(entry for entry in before if "3 GW" in entry.title)
    second = next(entry for entry in after if "2 GW" in entry.title)
    assert (first.id, first.link, first.published) == (second.id, second.link, second.published)
    assert second.updated_parsed > first.updated_parsed
    assert not any("3 GW" in entry.title for entry in after)


async def test_an_article_is_not_there_before_its_time(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    url = newsroom.url("ai-roadmap-published")

    assert (await get(http, url))[0] == 404
    clock.advance(timedelta(hours=9))
    assert (await get(http, url))[0] == 200


async def test_the_failing_outlet_fails_in_two_ways(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    url = newsroom.listing(BY_ID["harbour-times"])

    assert (await get(http, url))[0] == 500
    clock.advance(timedelta(hours=24))
    assert (await get(http, url))[0] == 403
    assert newsroom.answers["harbour-times", 500] == newsroom.answers["harbour-times", 403] == 1


async def test_robots_txt_keeps_readers_out_of_the_members_area(
    newsroom: Newsroom, http: aiohttp.ClientSession
) -> None:
    status, _, body = await get(http, newsroom.base("deccan-wire") + "/robots.txt")

    assert status == 200
    assert b"Disallow: /members/" in body
    assert "/members/" in newsroom.url("members-compact-working-list")


async def test_answers_bear_the_demo_s_time(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    _, headers, _ = await get(http, newsroom.base("deccan-wire") + "/index.rdf")

    assert headers["date"] == "Tue, 17 Nov 2026 11:00:00 GMT"
    assert headers["cache-control"] == "max-age=600"


async def test_a_pressed_script_is_not_kept_longer_than_it_lasts(http: aiohttp.ClientSession) -> None:
    """At a thousandth of the time, a feed that could be kept for ten minutes cannot be kept at all."""
    clock = SimulatedClock()
    async with Newsroom(clock, Timeline(start=clock.now(), scale=0.001)) as newsroom:
        _, headers, _ = await get(http, newsroom.listing(BY_ID["deccan-wire"]))

    assert headers["cache-control"] == "no-cache"


async def test_the_extractor_finds_the_article_and_nothing_around_it(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    """Every page: title, first and last paragraph are there; consent text, footer and related headlines are not."""
    clock.advance(SCRIPT_LENGTH)
    faults = []
    for piece in pieces():
        if BY_ID[piece.outlet].trouble or piece.subscribers_only:
            continue
        url, version = newsroom.url(piece.slug), piece.versions[-1]
        _, headers, body = await get(http, url)
        page = read_page(body, url, headers["content-type"])
        text = " ".join(page.text.split())
        related = [
            other.versions[-1].title
            for other in pieces()
            if other.outlet == piece.outlet and other.slug != piece.slug
        ]
        wanted = (version.paragraphs[0], version.paragraphs[-1])
        faults += [(piece.slug, "lost", part[:40]) for part in wanted if part not in text]
        faults += [(piece.slug, "kept", part[:40]) for part in (CONSENT, FOOTER, *related) if part in text]
        if (page.title, page.canonical_url) != (version.title, url):
            faults.append((piece.slug, "misread", page.title))

    assert faults == []


async def test_a_paywalled_page_says_so_and_shows_one_paragraph(
    newsroom: Newsroom, clock: SimulatedClock, http: aiohttp.ClientSession
) -> None:
    clock.advance(SCRIPT_LENGTH)
    piece = next(one for one in pieces() if one.subscribers_only)

    _, _, body = await get(http, newsroom.url(piece.slug))

    page = body.decode()
    assert '"isAccessibleForFree": false' in page
    assert piece.versions[0].paragraphs[0] in page
    assert piece.versions[0].paragraphs[1] not in page
    assert read_page(body, newsroom.url(piece.slug), "text/html").paywalled
