"""Chat and push services by the real apprise, before a service on loopback: what arrives, and what is said when nothing does."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from alerts.channels.apprise import BODY, Apprise
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.notice import notice
from alerts.plans import AppriseChannel
from crawler.secret import Secret
from tests.fakes.clock import NOON

pytest.importorskip("apprise", reason="the extra tidings[apprise] is not installed")

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # of the library, as it loads its plugins

CANARY = "canary-7c41"
SAMPLE = notice(key="n/1", subject="भारत: trouble", paragraphs=["Three sources fail."], created_at=NOON)
DELIVERY = Delivery(id="0" * 32, message_key="n/1", channel_id="chat", recipient="", created_at=NOON)


@dataclass
class Service:
    """Takes what apprise posts, and answers as it is told."""

    status: int = 200
    body: str = "{}"
    seen: list[bytes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append(await request.read())
        return web.Response(status=self.status, text=self.body)


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def chat(url: str) -> Apprise:
    return Apprise(AppriseChannel(id="chat", url=Secret(url)))


async def sent(scheme: str, message: Message, service: Service) -> str:
    async with serving(service) as port:
        channel = chat(f"{scheme}://user:{CANARY}-password@127.0.0.1:{port}/{CANARY}-token")
        return await channel.send(message, DELIVERY)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that reaches the program's log at its most talkative."""
    kept, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(kept), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(handler)
    root.setLevel(level)


async def test_a_json_service_gets_title_and_text() -> None:
    service = Service()

    assert await sent("json", SAMPLE, service) == "handed over by apprise"

    got = json.loads(service.seen[0])
    assert (got["title"], got["message"].split()) == (SAMPLE.subject, SAMPLE.text.split())


async def test_an_ntfy_server_gets_title_and_text() -> None:
    service = Service()

    assert await sent("ntfy", SAMPLE, service) == "handed over by apprise"

    assert "Three sources fail." in service.seen[0].decode()


async def test_a_long_message_is_cut_at_a_line() -> None:
    """What is left out is counted."""
    service = Service()
    long = notice(key="n/2", subject="Long", paragraphs=["word " * 40] * 100, created_at=NOON)

    await sent("json", long, service)

    text = json.loads(service.seen[0])["message"]
    assert len(text) <= BODY
    assert "more lines in the full digest" in text


@pytest.mark.parametrize("status", [400, 403, 429, 500])
async def test_a_refusal_is_tried_later_with_the_reason_and_without_a_secret(
    status: int, log: io.StringIO
) -> None:
    """Neither in the error nor in the log at its most talkative, though the service echoes what it got."""
    service = Service(status=status, body=f"you are user:{CANARY}-password for {CANARY}-token")

    with pytest.raises(TryLater, match=f"channel chat: .*{status}") as error:
        await sent("json", SAMPLE, service)

    assert CANARY not in f"{error.value!r} {error.value.__cause__!r} {log.getvalue()}"


async def test_no_service_is_tried_later_without_a_secret(log: io.StringIO) -> None:
    async with serving(Service()) as port:
        pass

    with pytest.raises(TryLater, match="channel chat: ") as error:
        await chat(f"json://127.0.0.1:{port}/{CANARY}-token").send(SAMPLE, DELIVERY)

    assert CANARY not in f"{error.value!r} {error.value.__cause__!r} {log.getvalue()}"


async def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="does not know this kind of address; correct url_file") as error:
        await chat(f"nosuchservice://{CANARY}").send(SAMPLE, DELIVERY)

    assert CANARY not in f"{error.value!r} {error.value.__cause__!r}"


def test_another_address_has_another_print_and_the_print_shows_nothing() -> None:
    first, second = (chat(f"json://host/{CANARY}-{number}").target() for number in (1, 2))

    assert first != second
    assert CANARY not in first


def test_what_is_handed_over_can_be_shown_without_the_address() -> None:
    shown = chat(f"json://host/{CANARY}").as_sent(SAMPLE, DELIVERY).decode()

    assert shown.startswith(SAMPLE.subject)
    assert "Three sources fail." in shown
    assert CANARY not in shown
