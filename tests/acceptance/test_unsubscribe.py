"""A reader unsubscribes by the link of a mail, and is told no more."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.conftest import Done, configure, free_port
from tests.acceptance.test_run import Daemon
from tests.acceptance.world import World, desk, long_text
from tests.message_lint import lint

PEOPLE = ("first@policy.example", "second@policy.example")


@pytest.mark.timeout(240)
async def test_one_click_ends_the_mails_of_a_digest_to_one_reader(
    world: World, place: Callable[..., Done], tmp_path: Path
) -> None:
    """By the link as it came over the wire, asked of the daemon; the other reader goes on getting them."""
    port = free_port()
    files = desk(world.mailbox.port, *PEOPLE, morning="every: 24h")
    files["tidings"] += f'web: {{public: "https://news.example/tidings", bind: "127.0.0.1:{port}"}}\n'

    async def news(slug: str) -> list[str]:
        """Told of one more story: who got a mail of it."""
        before = len(world.mailbox.mails)
        world.press.add(
            "gazette", slug, datetime.now(UTC), title=f"Semiconductor {slug}", text=long_text(slug)
        )
        configure(tmp_path / "config", sources=world.press.sources(), **files)
        for words in (("once", "--all"), ("digest", "send", "morning")):
            done = await asyncio.to_thread(place, *words)
            assert done.code == 0, done.err
        return sorted(to for mail in world.mailbox.mails[before:] for to in mail.recipients)

    assert await news("amber") == sorted(PEOPLE)
    (mail,) = [one for one in world.mailbox.mails if one.recipients == (PEOPLE[0],)]
    headers = lint(mail.raw).headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(
        r"<https://(news\.example)(/tidings/unsubscribe/[\w-]{32})>", headers["List-Unsubscribe"]
    )
    assert found is not None

    daemon = Daemon(tmp_path)
    try:
        await asyncio.to_thread(daemon.until, "serving")
        async with aiohttp.ClientSession(headers={"Host": found[1]}) as mail_program:
            link = f"http://127.0.0.1:{port}{found[2]}"
            async with mail_program.get(link) as page:
                assert (page.status, "f…@policy.example" in await page.text()) == (200, True)
            async with mail_program.post(link, data={"List-Unsubscribe": "One-Click"}) as answer:
                assert answer.status == 200
        assert await asyncio.to_thread(daemon.stop) == 0
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()
    assert found[2].rpartition("/")[2] not in json.dumps(daemon.lines)
    (channel,) = [
        one
        for one in (await asyncio.to_thread(place, "channels", "list", "--json")).rows()
        if one["id"] == "desk"
    ]
    assert [(one["reader"], one["thread"]) for one in channel["unsubscribed"]] == [
        (PEOPLE[0], "digest-morning")
    ]

    assert await news("basin") == [PEOPLE[1]]


def test_a_port_that_is_taken_ends_the_daemon_with_a_remedy(
    tmp_path: Path, place: Callable[..., Done]
) -> None:
    """Readers would follow dead links; the operator is told at the start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        channels = "channels:\n  outbox: {type: file, dir: outbox}\n"
        web = f'web: {{public: "https://news.example", bind: "127.0.0.1:{port}"}}\n'
        configure(tmp_path / "config", tidings=channels + web)

        done = place("run")

    assert done.code == 1
    assert f"nothing can listen on 127.0.0.1:{port}" in done.err
    assert "another port" in done.err
