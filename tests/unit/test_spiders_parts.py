"""What a page may ask for while a browser plays it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from crawler.errors import ForbiddenAddress
from crawler.net.guard import AddressGuard
from crawler.net.hosts import HostGate
from crawler.net.limits import Limits
from crawler.spiders.parts import ScriptShelf, Turnstile, Verdict, given_of_lines, reach, sendable, verdict
from crawler.spiders.showing import Asked, Given

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "method", "wanted"),
    [
        ("script", "GET", Verdict.ASK),
        ("fetch", "GET", Verdict.ASK),
        ("xhr", "GET", Verdict.ASK),
        ("xhr", "POST", Verdict.REFUSE),
        ("fetch", "HEAD", Verdict.REFUSE),
        ("stylesheet", "GET", Verdict.EMPTY),
        ("document", "GET", Verdict.REFUSE),
        ("image", "GET", Verdict.REFUSE),
        ("font", "GET", Verdict.REFUSE),
        ("eventsource", "GET", Verdict.REFUSE),
        ("a kind of next year", "GET", Verdict.REFUSE),
    ],
)
def test_scripts_and_data_are_read_and_nothing_is_sent(kind: str, method: str, wanted: Verdict) -> None:
    asked = Asked(url="https://news.example/x", method=method, kind=kind)

    assert verdict(asked) is wanted


def test_a_page_of_a_public_name_does_not_reach_the_own_network() -> None:
    """Networks that the operator allows are for sources, not for the pages of strangers."""
    guard = AddressGuard(("10.0.0.0/8",))

    assert reach(guard.target("http://10.0.0.5/"), guard, Limits()) is guard
    stranger = reach(guard.target("https://news.example/"), guard, Limits())
    with pytest.raises(ForbiddenAddress, match=r"10\.0\.0\.5 is not a public address"):
        stranger.target("http://10.0.0.5/")


def test_what_tells_of_a_browser_is_not_sent_and_what_asks_for_more_is_not_given() -> None:
    sent = sendable(
        (
            ("accept", "*/*"),
            ("sec-fetch-mode", "cors"),
            ("referer", "https://a"),
            ("cookie", "a=b"),
            ("x-app", "1"),
        )
    )
    given = given_of_lines(
        [
            ("content-type", "text/html"),
            ("set-cookie", "a=b"),
            ("link", "</x>; rel=preload"),
            ("x-total", "7"),
        ]
    )

    assert sent == (("accept", "*/*"), ("x-app", "1"))
    assert given == (("content-type", "text/html"), ("x-total", "7"))


def test_a_script_is_kept_as_long_as_its_server_lets_us_and_there_is_room() -> None:
    shelf = ScriptShelf()
    small, large = Given(body=b"x"), Given(body=bytes(9 * 1024 * 1024))
    shelf.put("/kept.js", small, HOUR)
    shelf.put("/not.js", small, None)
    shelf.put("/none.js", small, timedelta(0))

    assert shelf.get("/kept.js") is small
    assert shelf.get("/not.js") is None
    assert shelf.get("/none.js") is None

    shelf.put("/large.js", large, HOUR)
    shelf.put("/other.js", large, HOUR)  # 18 MiB of 16: the oldest go
    assert shelf.get("/kept.js") is None
    assert shelf.get("/large.js") is None
    assert shelf.get("/other.js") is large
    shelf.put("/huge.js", Given(body=bytes(17 * 1024 * 1024)), HOUR)
    assert shelf.get("/huge.js") is None
    assert shelf.get("/other.js") is large


async def test_the_turnstile_counts_who_waits_and_not_who_is_served_or_gave_up() -> None:
    turnstile = Turnstile(HostGate(timedelta(0), 1))
    inside, leave = asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        async with turnstile.turn("news.example"):
            inside.set()
            await leave.wait()

    first = asyncio.create_task(ask())
    await inside.wait()
    second = asyncio.create_task(ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert turnstile.waiting == 1
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert turnstile.waiting == 0
    leave.set()
    await first
    assert turnstile.waiting == 0
