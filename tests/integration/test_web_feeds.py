"""Feeds for others over HTTP on loopback: by a signed address, with validators, to rules, feedparser and our own collector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import feedparser
import pytest

from alerts.match import Matcher, validate
from crawler.feeds.parse import parse
from crawler.records import Article
from tests.acceptance.conftest import free_port
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.vitals import FakeVitals
from tests.feed_rules import atom_faults, json_faults
from tests.integration.storage.making import DAY, HOUR, article, fold, poll, source
from tidings.app import open_app, signer
from tidings.feeds_out.addresses import FeedAddresses, base_of
from tidings.feeds_out.entries import FeedTelling
from tidings.feeds_out.records import FeedKind, FeedName, Form
from tidings.settings import Settings, load
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.tasks import PollSource, Report
from tidings.web.server import WebServer

TRUST, FABS = FeedName(FeedKind.INITIATIVE, "trust"), FeedName(FeedKind.SEARCH, "fabs")
HINDI = FeedName(FeedKind.SEARCH, "फैब-2")
RULES = """
watchlist: w
initiatives:
  - {id: trust, name: "TRUST & <more>", any: [TRUST initiative]}
searches:
  - {id: fabs, name: New fabs, query: 'fab* AND NOT fable'}
  - {id: फैब-2, query: 'fab* AND NOT fable'}
"""
PUBLIC = "https://news.example.org/tidings"


def configured(folder: Path, *, web: str, rules: str = RULES) -> Settings:
    (folder / "config" / "watchlists").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "tidings.yaml").write_text(f"web: {web}\n")
    (folder / "config" / "watchlists" / "w.yaml").write_text(rules)
    return load(folder / "config", state_dir=folder, environ={}, validate_term=validate)


class Running:
    """A server on a port of its own, its archive, and who asks it."""

    def __init__(self, folder: Path, stores: Stores, session: aiohttp.ClientSession) -> None:
        self.folder, self.stores, self.session = folder, stores, session
        self.port = free_port()
        self.settings = configured(folder, web=f'{{bind: "127.0.0.1:{self.port}"}}')
        self.clock = FixedClock(NOON)
        self.site = WebServer(stores, self.clock, FakeVitals())

    async def follow(self, **more: str) -> None:
        """Other settings: of `web`, or `rules`."""
        rules = more.pop("rules", RULES)
        web = ", ".join(
            f'{key}: "{value}"' for key, value in {"bind": f"127.0.0.1:{self.port}", **more}.items()
        )
        self.settings = configured(self.folder, web=f"{{{web}}}", rules=rules)
        await self.site.follow(self.settings)

    def address(self, feed: FeedName = TRUST, form: Form = Form.ATOM) -> str:
        known = FeedAddresses(self.settings, signer(self.settings))
        return known.at(base_of(self.settings.web), feed).of(form)

    async def ask(self, address: str, method: str = "GET", **headers: str) -> tuple[int, bytes, Any]:
        async with self.session.request(method, address, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def came(self, *articles: Article, at: Any = NOON) -> None:
        """Articles are collected, folded each into a story of its own, and matched by the rules in force."""
        await self.stores.articles.record_poll(poll(*articles, at=at))
        matcher = Matcher(self.settings.watchlists)
        for one in articles:
            await fold(self.stores, one)
            stored = await self.stores.articles.get(one.id)
            assert stored is not None
            await self.stores.matches.record_matches([(stored, matcher.judge(stored).matches)], at)
        await self.stores.search.index_some()


def report(number: int, title: str = "TRUST initiative on a fab") -> Article:
    """Published an hour before it was found."""
    at = NOON + number * HOUR
    return article(
        number, title=f"{title}, part {number}", first_seen_at=at, published_at=at - HOUR, language="en"
    )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    database = Database.open("sqlite", state_dir=tmp_path)
    async with aiohttp.ClientSession() as session:
        one = Running(tmp_path, Stores(database), session)
        await one.stores.sources.sync([source(name="The Times & Sons")], NOON - DAY)
        try:
            await one.site.follow(one.settings)
            yield one
        finally:
            await one.site.close()
            database.close()


@pytest.mark.parametrize("feed", [TRUST, FABS, HINDI])
async def test_a_feed_is_valid_for_everybody(feed: FeedName, running: Running) -> None:
    """By the rules of both formats, for feedparser, and for our own reader, which gets titles, links, ids and dates back."""
    await running.came(report(1), report(2), report(3, "Nothing of interest"))

    status, written, headers = await running.ask(running.address(feed))
    assert status == 200
    assert atom_faults(written, headers["Content-Type"], running.address(feed)) == []
    foreign = feedparser.parse(written)
    assert (foreign.bozo, len(foreign.entries)) == (0, 2)
    status, plain, headers = await running.ask(running.address(feed, Form.JSON))
    assert status == 200
    assert json_faults(plain, headers["Content-Type"], running.address(feed, Form.JSON)) == []

    for body in (written, plain):
        read = parse(body, url=running.address(feed), content_type=None).entries
        assert [one.id for one in read] == [one.id for one in foreign.entries]
        assert {(one.title, one.link, one.published_at, one.updated_at) for one in read} == {
            (one.title, one.url, one.published_at, NOON if feed is TRUST else one.first_seen_at)
            for one in (report(1), report(2))
        }


async def test_what_a_reader_has_is_not_sent_again(running: Running) -> None:
    """By tag, weak or strong, in any list; by time where no tag is sent; the answer to HEAD is that to GET without body."""
    await running.came(report(1))
    running.clock.set(NOON + 2 * HOUR)
    address = running.address()
    _, body, headers = await running.ask(address)
    tag, time = headers["ETag"], headers["Last-Modified"]

    assert (await running.ask(address, **{"If-None-Match": tag}))[:2] == (304, b"")
    assert (await running.ask(address, **{"If-None-Match": f'"other", W/{tag}'}))[0] == 304
    assert (await running.ask(address, **{"If-None-Match": "*"}))[0] == 304
    assert (await running.ask(address, **{"If-Modified-Since": time}))[:2] == (304, b"")
    kept = (await running.ask(address, **{"If-None-Match": tag}))[2]
    assert (kept["ETag"], kept["Last-Modified"], kept["Cache-Control"]) == (tag, time, "private, no-cache")
    assert (await running.ask(address, **{"If-None-Match": '"other"', "If-Modified-Since": time}))[0] == 200
    assert (await running.ask(address, **{"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}))[0] == 200
    assert (await running.ask(address, **{"If-Modified-Since": "Wed, 01 Jan 2070 00:00:00 GMT"}))[0] == 200
    assert (await running.ask(running.address(form=Form.JSON), **{"If-None-Match": tag}))[0] == 200
    status, nothing, head = await running.ask(address, "HEAD")
    assert (status, nothing, head["Content-Length"]) == (200, b"", str(len(body)))
    assert (head["ETag"], head["Content-Type"]) == (tag, headers["Content-Type"])
    assert (await running.ask(address, "HEAD", **{"If-None-Match": tag}))[0] == 304


async def test_what_has_changed_is_sent_however_soon(running: Running) -> None:
    """Another article, a title that was edited, the name of an initiative: another tag, and a later time."""
    await running.came(report(1))
    address = running.address()
    seen = []

    async def anew() -> Sequence[str | None]:
        _, _, headers = await running.ask(address)
        for tag, time in seen:
            assert headers["ETag"] != tag
            if time is not None:
                status, _, _ = await running.ask(address, **{"If-Modified-Since": time})
                assert status == 200
        seen.append((headers["ETag"], headers.get("Last-Modified")))
        return headers["ETag"], headers.get("Last-Modified")

    await anew()
    await running.came(report(2))
    assert (await anew())[1] is None  # within the second of the one before: it has no time of its own yet
    running.clock.set(NOON + timedelta(seconds=5))
    assert (await running.ask(address))[2]["Last-Modified"] == "Wed, 25 Nov 2026 12:00:01 GMT"
    running.clock.set(NOON + HOUR)
    await running.follow(rules=RULES.replace("TRUST & <more>", "TRUST"))
    await anew()


async def test_an_unchanged_feed_is_not_made_again(running: Running) -> None:
    """Neither for who has it, nor for who has not: evidence is read once, and again when something came."""
    await running.came(report(1))
    made: list[bool] = []
    stories = running.stores.feeds.stories

    async def counted(initiative_id: str, most: int, *, evidence: bool) -> tuple[FeedTelling, ...]:
        made.append(evidence)
        return await stories(initiative_id, most, evidence=evidence)

    running.stores.feeds.stories = counted  # type: ignore[method-assign]  # counts what goes through
    _, _, headers = await running.ask(running.address())
    for _ in range(3):
        await running.ask(running.address(), **{"If-None-Match": headers["ETag"]})
        await running.ask(running.address())
    assert made.count(True) == 1

    await running.came(report(2))
    assert b"part 2" in (await running.ask(running.address()))[1]
    assert made.count(True) == 2


async def test_another_query_that_finds_the_same_is_another_feed(running: Running) -> None:
    """It is found by other words then, and readers are told by which."""
    await running.came(report(1))
    _, before, headers = await running.ask(running.address(FABS))
    await running.follow(rules=RULES.replace("query: 'fab* AND NOT fable'", "query: 'initiative'", 1))

    status, after, _ = await running.ask(running.address(FABS), **{"If-None-Match": headers["ETag"]})

    assert status == 200
    assert feedparser.parse(before).entries[0].id == feedparser.parse(after).entries[0].id
    assert "Found by “initiative” in the title" in after.decode()


async def test_an_unchanged_search_reads_no_text_again(running: Running) -> None:
    """Each article is judged once for each of its versions, however often the feed is asked for."""
    await running.came(report(1), report(2), report(3, "A fable of a fab"))
    read: list[str] = []
    by_ids = running.stores.articles.by_ids

    async def counted(article_ids: Sequence[str]) -> tuple[Article, ...]:
        read.extend(article_ids)
        return await by_ids(article_ids)

    running.stores.articles.by_ids = counted  # type: ignore[method-assign]  # counts what goes through
    for _ in range(3):
        assert b"fable" not in (await running.ask(running.address(FABS)))[1]
    assert sorted(read) == [report(n).id for n in (1, 2, 3)]

    await running.came(report(4))
    assert b"part 4" in (await running.ask(running.address(FABS)))[1]
    assert read[3:] == [report(4).id]


async def test_an_address_opens_one_feed_and_nothing_else(running: Running) -> None:
    """Signatures of another feed, of another purpose, and guesses are answered as if there were nothing, and cost the visitor."""
    await running.follow(public=PUBLIC)
    here = f"http://127.0.0.1:{running.port}/tidings"
    own = running.address().replace(PUBLIC, here)
    signature = own.split("/")[5]

    async def status(address: str, method: str = "GET", host: str = "news.example.org") -> int:
        return (await running.ask(address, method, Host=host))[0]

    for wrong in (
        own.replace("initiatives/trust", "searches/fabs"),
        own.replace("trust.atom", "nosuch.atom"),
        own.replace(signature, signer(running.settings).sign("unsubscribe", "", "initiatives", "trust")),
        own.replace(signature, "A" * 32),
        own.replace(signature, "A" * 31),
        own.replace(".atom", ".rss"),
    ):
        assert await status(wrong) == 404
    assert await status(own) == 200
    assert await status(own, "POST") == 405
    assert await status(own, host="evil.example") == 421
    assert 429 in [await status(own.replace(signature, "A" * 32)) for _ in range(6)]
    assert await status(own) == 429


ODD = (
    "%00", "%ff", "..%2Ftrust", "trust%2F", "%E2%80%AE", "trust%0d%0aX-Evil:1", "a" * 1500, "'", "%25", "{id}", "trust.atom",
)  # fmt: skip


async def test_nothing_that_is_asked_breaks_it(running: Running) -> None:
    """Odd names, forms, headers and methods get an answer of the protocol; what is ours is answered as ever."""
    await running.came(report(1))
    own = running.address()
    for odd in ODD:
        status, _, headers = await running.ask(own.replace("trust.atom", f"{odd}.atom"))
        assert status in (400, 404)
        assert "X-Evil" not in headers
    for name, value in (
        ("If-None-Match", '"'),
        ("If-None-Match", 'W/,,"'),
        ("If-Modified-Since", "soon"),
        ("If-Modified-Since", "Thu, 99 Foo 9999 99:99:99 GMT"),
        ("Range", "bytes=0-1"),
        ("Accept", "image/png"),
    ):
        assert (await running.ask(own, **{name: value}))[0] == 200
    assert (await running.ask(f"{own}?n=1&x=%ff"))[0] == 200
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert (await running.ask(own, method))[0] == 405


async def test_a_feed_that_is_no_more_is_not_there(running: Running) -> None:
    """Its address was ours, so nobody pays for asking."""
    own = running.address(FABS)
    await running.follow(rules=RULES.partition("searches:")[0])

    assert {(await running.ask(own))[0] for _ in range(20)} == {404}
    assert (await running.ask(running.address()))[0] == 200


async def test_addresses_that_leaked_are_made_void(running: Running) -> None:
    """Another day under `web.feeds_since`: all addresses are other ones, and those of before lead nowhere; ids stay."""
    await running.came(report(1))
    old = running.address()
    _, before, _ = await running.ask(old)
    await running.follow(feeds_since="2026-11-25")

    assert (await running.ask(old))[0] == 404
    assert running.address() != old
    status, after, _ = await running.ask(running.address())
    assert status == 200
    assert after.replace(running.address().encode(), old.encode()).count(b"<id>") == 2
    assert [one.id for one in feedparser.parse(after).entries] == [
        one.id for one in feedparser.parse(before).entries
    ]


async def test_readers_from_outside_ask_under_the_public_name(running: Running) -> None:
    """Behind a proxy, with the path of the public address or without it; the feed says the address that they know."""
    await running.came(report(1))
    await running.follow(public=PUBLIC)
    own = running.address()
    assert own.startswith(f"{PUBLIC}/feeds/")

    for start in (f"http://127.0.0.1:{running.port}/tidings", f"http://127.0.0.1:{running.port}"):
        status, body, headers = await running.ask(own.replace(PUBLIC, start), Host="news.example.org")
        assert status == 200
        assert atom_faults(body, headers["Content-Type"], own) == []
    assert (await running.ask(own.replace(PUBLIC, start), Host="tidings.internal"))[0] == 421


async def test_a_feed_leads_to_the_page_of_the_site(running: Running) -> None:
    """Where one is served; not where readers from outside would find none."""
    await running.came(report(1))
    for feed, title in ((TRUST, "TRUST &amp; &lt;more&gt;"), (FABS, "New fabs")):
        for form in Form:
            _, body, _ = await running.ask(running.address(feed, form))
            page = parse(body, url=running.address(feed, form), content_type=None).site_url
            assert page is not None
            status, shown, _ = await running.ask(page)
            assert status == 200
            assert title in shown.decode()

    await running.follow(public=PUBLIC)
    own = running.address().replace(PUBLIC, f"http://127.0.0.1:{running.port}")
    assert b"text/html" not in (await running.ask(own, Host="news.example.org"))[1]


async def test_a_paused_initiative_tells_nothing(running: Running) -> None:
    """Its feed stays, and says so."""
    await running.came(report(1))
    await running.follow(
        rules=RULES.replace("any: [TRUST initiative]", "any: [TRUST initiative], paused: true")
    )

    status, body, headers = await running.ask(running.address())

    assert status == 200
    assert b"<entry>" not in body
    assert b"paused" in body
    assert atom_faults(body, headers["Content-Type"], running.address()) == []


async def test_another_tidings_collects_a_feed_and_is_told_when_nothing_is_new(
    running: Running, tmp_path: Path
) -> None:
    """Its poller gets the entries at its first poll, 304 at its second, and one more when something came."""
    await running.came(report(1), report(2))
    reader = tmp_path / "reader"
    settings = configured(
        reader, web=f'{{bind: "127.0.0.1:{free_port()}"}}\npolling: {{allow_private: 127.0.0.0/8}}'
    )
    (reader / "config" / "sources.yaml").write_text(
        f"sources:\n  - {{id: theirs, feed: '{running.address()}', full_text: never}}\n"
        f"  - {{id: ours, feed: '{running.address(FABS, Form.JSON)}', full_text: never}}\n"
    )
    settings = load(reader / "config", state_dir=reader, environ={}, validate_term=validate)
    told: list[Report] = []
    clock = FixedClock(NOON + DAY)

    async def polled() -> tuple[set[object], int]:
        """Statuses of the answers, and how many articles were new."""
        told.clear()
        await app.settle(everything=True)
        clock.advance(DAY)
        polls = [one.facts for one in told if isinstance(one.task, PollSource)]
        assert len(polls) == 2
        return {one["status"] for one in polls}, sum(int(str(one["new"])) for one in polls)

    async with open_app(settings, clock=clock, on_report=told.append) as app:
        assert await polled() == ({200}, 2)
        assert await polled() == ({304}, 0)
        await running.came(report(3), at=NOON + DAY)
        assert await polled() == ({200}, 1)
