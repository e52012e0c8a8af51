"""A reader says by the link of a mail that a story is not about an initiative: its reprints are told no more."""

from __future__ import annotations

import re

import aiohttp
import pytest

from tests.acceptance.conftest import configure, free_port
from tests.acceptance.world import HOUR, MINUTE, World, desk, long_text, plain, settings
from tests.fakes.vitals import FakeVitals
from tests.message_lint import lint
from tidings.web.server import WebServer

LINK = re.compile(r"https://news\.example(/tidings/not-about/[0-9a-f]{16}/chips/[\w-]{32})")


def write(world: World, port: int, **digests: str) -> None:
    files = desk(world.mailbox.port, **digests)
    files["tidings"] += f'web: {{public: "https://news.example/tidings", bind: "127.0.0.1:{port}"}}\n'
    configure(world.folder / "config", sources=world.press.sources(), **files)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("keys", ["immediately: true, gather: 0s", "every: 1h"])
async def test_one_click_ends_the_telling_of_a_story_and_its_reprints(world: World, keys: str) -> None:
    """By the link as it came over the wire; what is left out is said, and told once the word is taken back."""
    port, start = free_port(), world.clock.time
    for feed in ("gazette", "herald", "courier"):
        world.press.add(feed, f"{feed}-old", start - 100 * HOUR)
    write(world, port, desk=keys)
    async with world.running() as app:
        await world.live(app, start + MINUTE)
        first = world.press.add("gazette", "amber", start)
        await world.live(app, start + 2 * HOUR)
        (mail,) = world.mailbox.mails
        assert lint(mail.raw).findings == []
        (path,) = set(LINK.findall(plain(mail)))
        html = mail.message.get_body(("html",))
        assert html is not None
        assert f'href="https://news.example{path}"' in html.get_content()

        site = WebServer(app.stores, world.clock, FakeVitals())
        await site.follow(settings(world.folder))
        try:
            async with aiohttp.ClientSession(headers={"Host": "news.example"}) as browser:
                link = f"http://127.0.0.1:{port}{path}"
                async with browser.post(link, data={"confirm": "yes", "verdict": "not-about"}) as answer:
                    assert answer.status == 200
                reprint = world.press.add(
                    "herald", "amber-2", start, title=first.title, text=long_text(first.slug)
                )
                world.press.add("herald", "basin", start)
                await world.live(app, world.clock.time + 2 * HOUR)
                second = plain(world.mailbox.mails[-1])
                assert len(world.mailbox.mails) == 2
                assert "plant basin opens" in second
                assert reprint.slug not in second
                assert "1 match is left out: judged not to be about Chips." in " ".join(second.split())

                async with browser.post(link, data={"confirm": "yes", "verdict": "about"}) as answer:
                    assert answer.status == 200
        finally:
            await site.close()
        await world.live(app, world.clock.time + 26 * HOUR)
        assert any(reprint.slug in plain(one) for one in world.mailbox.mails[2:])
