"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from crawler.errors import (
    BlockedError,
    Cause,
    CrawlError,
    ForbiddenAddress,
    GoneError,
    TemporaryFetchError,
    TooLarge,
)
from crawler.net.guard import AddressGuard
from crawler.net.robots import MAX_BODY, Robots, TooManyRedirects, Verdict
from tests.fakes.hosts import MemoryHosts
from tests.fakes.net_site import SetClock

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Shelf:
    """Hands out one robots.txt, or an error, and counts."""

    def __init__(self, what: bytes | CrawlError) -> None:
        self.what = what
        self.asked: list[str] = []

    async def load(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        if isinstance(self.what, CrawlError):
            raise self.what
        return self.what


def robots(shelf: Shelf, clock: SetClock | None = None, store: MemoryHosts | None = None) -> Robots:
    return Robots(shelf.load, agent="tidings", clock=clock or SetClock(NOW), store=store)


def page(url: str = "https://example.org/news/1?print=1"):  # type: ignore[no-untyped-def]  # test shorthand
    return AddressGuard().target(url)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", Verdict.ALLOWED),
        ("User-agent: *\nDisallow: /", Verdict.DISALLOWED),
        ("User-agent: *\nDisallow:", Verdict.ALLOWED),
        ("User-agent: *\nDisallow: /news", Verdict.DISALLOWED),
        ("User-agent: *\nDisallow: /admin", Verdict.ALLOWED),
        ("User-agent: *\nDisallow: /\nAllow: /news/", Verdict.ALLOWED),
        ("User-agent: *\nDisallow: /*?print=", Verdict.DISALLOWED),
        ("User-agent: *\nDisallow: /*.pdf$", Verdict.ALLOWED),
        ("User-agent: tidings\nDisallow: /\n\nUser-agent: *\nDisallow:", Verdict.DISALLOWED),
        ("User-agent: Tidings\nAllow: /\n\nUser-agent: *\nDisallow: /", Verdict.ALLOWED),
        ("User-agent: otherbot\nDisallow: /", Verdict.ALLOWED),
        ("\ufeffUser-agent: *\nDisallow: /", Verdict.DISALLOWED),
        ("<html><body>not found</body></html>", Verdict.ALLOWED),
        ("\x00\xff" * 100, Verdict.ALLOWED),
        ("User-agent: *\nDisallow: " + "/*a" * 5000, Verdict.ALLOWED),
    ],
)
async def test_the_rules_that_stand_there_hold(text: str, verdict: Verdict) -> None:
    assert (await robots(Shelf(text.encode())).ruling(page())).verdict is verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (TemporaryFetchError("x", status=404), Verdict.ALLOWED),
        (TemporaryFetchError("x", status=400), Verdict.ALLOWED),
        (BlockedError("x", status=401), Verdict.ALLOWED),
        (BlockedError("x", status=403), Verdict.ALLOWED),
        (GoneError("x"), Verdict.ALLOWED),
        (TooManyRedirects("x", status=301), Verdict.ALLOWED),
        (TooLarge("x"), Verdict.ALLOWED),
        (TemporaryFetchError("x", status=429), Verdict.UNREACHABLE),
        (TemporaryFetchError("x", status=500), Verdict.UNREACHABLE),
        (TemporaryFetchError("x", status=503), Verdict.UNREACHABLE),
        (TemporaryFetchError("refused the connection"), Verdict.UNREACHABLE),
    ],
)
async def test_4xx_allows_everything_and_5xx_nothing(error: CrawlError, verdict: Verdict) -> None:
    assert (await robots(Shelf(error)).ruling(page())).verdict is verdict


async def test_one_robots_txt_serves_an_origin_for_a_day() -> None:
    shelf, clock = Shelf(b""), SetClock(NOW)
    rules = robots(shelf, clock)
    await asyncio.gather(*(rules.ruling(page(f"https://example.org/{n}")) for n in range(5)))
    clock.pass_(timedelta(hours=23))
    await rules.ruling(page())
    assert shelf.asked == ["https://example.org/robots.txt"]

    clock.pass_(timedelta(hours=2))
    await rules.ruling(page())
    await rules.ruling(page("https://example.org:8443/x"))
    await rules.ruling(page("http://example.org/x"))
    assert shelf.asked[1:] == [
        "https://example.org/robots.txt",
        "https://example.org:8443/robots.txt",
        "http://example.org/robots.txt",
    ]


async def test_a_robots_txt_outlives_the_process_for_the_rest_of_its_day() -> None:
    """A restart, and a second process, ask no host again; nothing is written but what was asked for."""
    clock, store = SetClock(NOW), MemoryHosts()
    shelf = Shelf(b"User-agent: *\nDisallow: /news\nCrawl-delay: 7")
    for hours in (0, 10, 13):
        clock.time = NOW + timedelta(hours=hours)
        ruling = await robots(shelf, clock, store).ruling(page())
        assert (ruling.verdict, ruling.crawl_delay) == (Verdict.DISALLOWED, timedelta(seconds=7))
    assert (len(shelf.asked), store.writes) == (1, 1)
    assert set(store.files) == {"https://example.org:443"}

    clock.time = NOW + timedelta(hours=24)
    shelf.what = b""
    assert (await robots(shelf, clock, store).ruling(page())).verdict is Verdict.ALLOWED
    assert (len(shelf.asked), store.writes) == (2, 2)


async def test_a_missing_and_an_unreachable_robots_txt_are_remembered_as_such() -> None:
    clock, store = SetClock(NOW), MemoryHosts()
    missing, away = (
        Shelf(TemporaryFetchError("x", status=404)),
        Shelf(TemporaryFetchError("away", status=503)),
    )
    other = page("http://[2001:4860::1]/")
    for _ in range(2):
        assert (await robots(missing, clock, store).ruling(page())).verdict is Verdict.ALLOWED
        ruling = await robots(away, clock, store).ruling(other)
        assert (ruling.verdict, ruling.problem) == (Verdict.UNREACHABLE, "away")
        assert ruling.retry_at == NOW + timedelta(minutes=10)
    assert (len(missing.asked), len(away.asked)) == (1, 1)

    clock.pass_(timedelta(minutes=10))
    await robots(away, clock, store).ruling(other)
    assert len(away.asked) == 2


@pytest.mark.parametrize("step", [timedelta(hours=-2), timedelta(days=-400), timedelta(days=400)])
async def test_a_clock_that_is_set_keeps_no_robots_txt_for_ever(step: timedelta) -> None:
    clock, store, shelf = SetClock(NOW), MemoryHosts(), Shelf(b"")
    rules = robots(shelf, clock, store)
    await rules.ruling(page())
    clock.pass_(step)
    await rules.ruling(page())

    assert len(shelf.asked) == 2


async def test_no_more_is_kept_than_is_read() -> None:
    store = MemoryHosts()
    await robots(Shelf(b"#" * (MAX_BODY + 1)), store=store).ruling(page())

    assert len(store.files["https://example.org:443"].text or "") == MAX_BODY


async def test_an_unreachable_robots_txt_is_asked_for_again_soon_or_when_the_host_says() -> None:
    shelf, clock = Shelf(TemporaryFetchError("x", status=503)), SetClock(NOW)
    rules = robots(shelf, clock)
    assert (await rules.ruling(page())).retry_at == NOW + timedelta(minutes=10)

    clock.pass_(timedelta(minutes=11))
    shelf.what = TemporaryFetchError("x", status=503, retry_at=clock.now() + timedelta(hours=2))
    assert (await rules.ruling(page())).retry_at == clock.now() + timedelta(hours=2)

    clock.pass_(timedelta(hours=2))
    shelf.what = b""
    assert (await rules.ruling(page())).verdict is Verdict.ALLOWED
    assert len(shelf.asked) == 3


@pytest.mark.parametrize("cause", [Cause.NAME, Cause.NETWORK])
async def test_trouble_that_may_lie_here_is_told_as_such_and_held_against_no_host(cause: Cause) -> None:
    """So that sources which cannot be asked for want of DNS count as an outage of the network."""
    store, shelf = MemoryHosts(), Shelf(TemporaryFetchError("the name cannot be looked up", cause=cause))
    first = robots(shelf, store=store)
    for _ in range(2):
        with pytest.raises(TemporaryFetchError) as caught:
            await first.check(page(), lambda host, delay: None)
        assert caught.value.cause is cause
    assert len(shelf.asked) == 1

    shelf.what = b""
    assert (await robots(shelf, store=store).ruling(page())).verdict is Verdict.ALLOWED


async def test_check_says_who_forbids_what_and_how_slowly_it_may_be_read() -> None:
    slowed: list[tuple[str, timedelta]] = []

    def slow(host: str, delay: timedelta) -> None:
        slowed.append((host, delay))

    await robots(Shelf(b"User-agent: *\nCrawl-delay: 7")).check(page(), slow)
    assert slowed == [("example.org", timedelta(seconds=7))]

    with pytest.raises(BlockedError, match=r"robots\.txt of example\.org does not allow this page"):
        await robots(Shelf(b"User-agent: *\nDisallow: /")).check(page(), slow)
    with pytest.raises(TemporaryFetchError, match=r"no page of example\.org may be read"):
        await robots(Shelf(TemporaryFetchError("away", status=500))).check(page(), slow)


@pytest.mark.parametrize("delay", ["1000000000", "1e400", "-3", "nan", "soon"])
async def test_an_absurd_crawl_delay_does_no_harm(delay: str) -> None:
    ruling = await robots(Shelf(f"User-agent: *\nCrawl-delay: {delay}".encode())).ruling(page())

    assert ruling.verdict is Verdict.ALLOWED
    assert ruling.crawl_delay is None or ruling.crawl_delay <= timedelta(hours=1)


async def test_a_forbidden_origin_is_no_open_door() -> None:
    """A robots.txt that our own guard refuses must not read as 'everything is allowed'."""
    with pytest.raises(ForbiddenAddress):
        await robots(Shelf(ForbiddenAddress("x"))).ruling(page())
