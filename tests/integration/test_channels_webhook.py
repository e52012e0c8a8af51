"""Hooks over real HTTP on loopback: signed as the reference library wants it, every status classified, no secret shown."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Reference

from alerts import notice
from alerts.channels.opening import open_channel
from alerts.channels.webhook import Webhook
from alerts.digest import compose
from alerts.errors import AlertError, Refused, TryLater
from alerts.messages import Delivery
from alerts.plans import HookFormat, WebhookChannel
from alerts.render import Renderer
from crawler.errors import ForbiddenAddress, TemporaryFetchError
from crawler.net.guard import AddressGuard
from crawler.net.post import MAX_ANSWER
from crawler.net.post import post as guarded_post
from crawler.secret import Secret
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

KEY = "whsec_" + base64.b64encode(b"canary-key-of-thirty-two-bytes!!").decode()
OTHER_KEY = "whsec_" + base64.b64encode(b"another-key-of-thirty-two-bytes!").decode()
CANARY = "canary-token-7c41"
SAMPLE = Renderer().render(
    compose(plan(), (slot(),), SINCE, [found("भारत & <U.S.> – TRUST")], INITIATIVES, {}, COVERAGE, NOW), NOW
)
DELIVERY = Delivery(
    id="0123456789abcdef0123456789abcdef",
    message_key=SAMPLE.key,
    channel_id="ops",
    recipient="",
    created_at=NOW,
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Sink:
    """A receiver on loopback that answers as it is told and keeps what came."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "thanks"
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None  # instead of all this

    async def take(self, request: web.Request) -> web.StreamResponse:
        if self.handler is not None:
            return await self.handler(request)
        self.seen.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers, text=self.body)


@asynccontextmanager
async def serving(sink: Sink) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/{path:.*}", sink.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/{CANARY}?token={CANARY}-query"
    finally:
        await runner.cleanup()


async def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """The product's own guarded POST, with loopback allowed."""
    said = await guarded_post(url, body, headers, guard=AddressGuard(("127.0.0.0/8",)))
    return Answer(said.status, dict(said.headers), said.body)


def hook(url: str, secret: str | None = KEY) -> WebhookChannel:
    return WebhookChannel(id="ops", url=Secret(url), secret=None if secret is None else Secret(secret))


async def test_the_reference_library_accepts_the_signature() -> None:
    """Those very bytes are signed and sent; the id is the delivery's."""
    sink = Sink()
    async with serving(sink) as url:
        answer = await open_channel(hook(url), post=post).send(SAMPLE, DELIVERY)

    headers, body = sink.seen[0]
    assert answer == "127.0.0.1: 200 OK: thanks"
    assert body == SAMPLE.data.encode()
    assert Reference(KEY).verify(body, headers) == json.loads(SAMPLE.data)
    lower = {name.lower(): value for name, value in headers.items()}
    assert lower["webhook-id"] == DELIVERY.id
    assert lower["content-type"] == "application/cloudevents+json; charset=utf-8"


async def test_two_secrets_give_two_signatures() -> None:
    """A receiver may hold either while keys change."""
    sink = Sink()
    async with serving(sink) as url:
        await Webhook(hook(url, f"{KEY} {OTHER_KEY}"), post=post).send(SAMPLE, DELIVERY)

    headers, body = sink.seen[0]
    for key in (KEY, OTHER_KEY):
        Reference(key).verify(body, headers)


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        (HookFormat.SLACK, "application/json; charset=utf-8"),
        (HookFormat.DISCORD, "application/json; charset=utf-8"),
        (HookFormat.TEAMS, "application/json; charset=utf-8"),
        (HookFormat.NTFY, "text/plain; charset=utf-8"),
    ],
)
async def test_a_chat_service_gets_its_own_body_and_no_signature(service: HookFormat, kind: str) -> None:
    """A digest and a test message alike; a status of theirs is judged as any other."""
    sink = Sink()
    async with serving(sink) as url:
        channel = open_channel(replace(hook(url, None), format=service), post=post)
        for message in (SAMPLE, notice.test_message(NOW)):
            assert await channel.send(message, DELIVERY) == "127.0.0.1: 200 OK: thanks"
        sink.status = 410
        with pytest.raises(Refused, match="gone for good") as error:
            await channel.send(SAMPLE, DELIVERY)

    assert error.value.disable
    for headers, body in sink.seen:
        lower = {name.lower(): value for name, value in headers.items()}
        assert lower["content-type"] == kind
        assert lower["user-agent"] == "tidings"
        assert not any(name.startswith("webhook-") for name in lower)
        assert b"specversion" not in body
        assert ("title" in lower) is (service is HookFormat.NTFY)
    assert "भारत".encode() in sink.seen[0][1]
    assert b"This is a test" in sink.seen[1][1]


async def test_the_token_of_ntfy_goes_in_a_header_and_is_shown_nowhere() -> None:
    """Not in what the receiver echoes, nor where a delivery is shown as it is sent."""
    token = "tk_canary4rk2qp7"
    sink = Sink(status=403, body=f"who is {token}?")
    async with serving(sink) as url:
        plan_ = replace(hook(url, None), format=HookFormat.NTFY, token=Secret(token))
        channel = Webhook(plan_, post=post)
        with pytest.raises(TryLater, match="look at the address, the secret and the token") as error:
            await channel.send(SAMPLE, DELIVERY)

    headers, _ = sink.seen[0]
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == f"Bearer {token}"
    shown = channel.as_sent(SAMPLE, DELIVERY).decode()
    assert "authorization: ***\n" in shown
    assert "canary" not in f"{error.value!r} {plan_!r} {shown}"


async def test_what_is_handed_over_can_be_shown_without_secrets() -> None:
    """The body byte for byte; address, time and signature belong to an attempt or to nobody else."""
    sink = Sink()
    async with serving(sink) as url:
        channel = Webhook(hook(url), post=post)
        await channel.send(SAMPLE, DELIVERY)

    head, _, body = channel.as_sent(SAMPLE, DELIVERY).partition(b"\n\n")
    assert body == sink.seen[0][1]
    assert head.decode().splitlines() == [
        "POST to 127.0.0.1",
        "content-type: application/cloudevents+json; charset=utf-8",
        "user-agent: tidings (standard-webhooks)",
        f"webhook-id: {DELIVERY.id}",
        "webhook-timestamp: (the time of the attempt)",
        "webhook-signature: (made at each attempt)",
    ]


def test_another_address_has_another_print_and_the_print_shows_nothing() -> None:
    first, second = (Webhook(hook(f"https://a.example/{CANARY}{n}"), post=post).target() for n in (1, 2))

    assert first != second
    assert CANARY not in first


async def test_the_signature_is_that_of_the_published_example() -> None:
    """Standard Webhooks gives one example of a key, a message and its signature; ours is the same."""
    seen: dict[str, str] = {}

    async def keep(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        seen.update(headers)
        return Answer(204, {}, b"")

    example = replace(SAMPLE, data='{"test": 2432232314}')
    channel = Webhook(
        hook("https://hooks.example.org/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        post=keep,
        now=lambda: datetime.fromtimestamp(1614265330, UTC),
    )
    await channel.send(example, replace(DELIVERY, id="msg_p5jXN8AQM9LWM0D4loKWxJek"))

    assert seen["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_only_the_beginning_of_a_long_answer_is_read() -> None:
    """64 KiB of it; a receiver that sends without end is not waited for."""
    sent = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        await request.read()
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 64 * MAX_ANSWER:
            try:
                await response.write(b"x" * MAX_ANSWER)
            except ConnectionError:
                break
            sent += MAX_ANSWER
        return response

    sink = Sink(handler=flood)
    async with serving(sink) as url:
        said = await guarded_post(url, b"{}", {}, guard=AddressGuard(("127.0.0.0/8",)))
        answer = await Webhook(hook(url), post=post).send(SAMPLE, DELIVERY)

    assert len(said.body) == MAX_ANSWER == 64 * 1024
    assert answer.startswith("127.0.0.1: 200 OK: xxx")
    assert len(answer) <= 300


def test_an_attempt_takes_15_seconds_at_most() -> None:
    assert inspect.signature(guarded_post).parameters["timeout"].default == 15.0


async def test_a_receiver_that_never_answers_is_tried_later() -> None:
    release = asyncio.Event()

    async def stall(request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    async def hasty(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        said = await guarded_post(url, body, headers, guard=AddressGuard(("127.0.0.0/8",)), timeout=0.2)
        return Answer(said.status, dict(said.headers), said.body)

    sink = Sink(handler=stall)
    async with serving(sink) as url:
        with pytest.raises(TryLater):
            await Webhook(hook(url), post=hasty).send(SAMPLE, DELIVERY)
        release.set()


async def test_a_repeat_keeps_the_id_and_takes_a_new_time() -> None:
    sink, times = Sink(), iter([NOW, NOW + timedelta(minutes=5)])
    async with serving(sink) as url:
        channel = Webhook(hook(url), post=post, now=lambda: next(times))
        for _ in range(2):
            await channel.send(SAMPLE, DELIVERY)

    first, second = ({k.lower(): v for k, v in headers.items()} for headers, _ in sink.seen)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 300
    assert first["webhook-signature"] != second["webhook-signature"]


async def test_without_a_secret_nothing_is_signed() -> None:
    sink = Sink()
    async with serving(sink) as url:
        await Webhook(hook(url, None), post=post).send(SAMPLE, DELIVERY)

    assert "webhook-signature" not in {name.lower() for name in sink.seen[0][0]}


def answered(status: int, **headers: str) -> Webhook:
    async def say(url: str, body: bytes, sent: dict[str, str]) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(status, named, b"said")

    return Webhook(hook(f"https://hooks.example.org/{CANARY}"), post=say, now=lambda: NOW)


@pytest.mark.parametrize("status", range(100, 600))
async def test_every_status_is_classified(status: int) -> None:
    """2xx is success alone; a redirect or a word about this message ends it; all else is tried again."""
    channel = answered(status)
    if 200 <= status < 300:
        assert str(status) in await channel.send(SAMPLE, DELIVERY)
        return
    expected = Refused if 300 <= status < 400 or status in {400, 410, 413, 414, 415, 422, 431} else TryLater
    with pytest.raises(expected, match=f"hooks.example.org: {status}") as error:
        await channel.send(SAMPLE, DELIVERY)
    assert getattr(error.value, "disable", False) is (status == 410)
    assert getattr(error.value, "for_all", False) is (status in {429, 502, 503, 504})
    assert CANARY not in str(error.value)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("0.65", timedelta(seconds=1)),
        ("2.0", timedelta(seconds=2)),
        ("1.5.2", None),
        ("Wed, 25 Nov 2026 13:00:00 GMT", timedelta(minutes=30)),
        ("Wed, 25 Nov 2026 11:00:00 GMT", None),
        ("99999999999999999999", timedelta(days=366)),
        ("-1", None),
        ("soon", None),
        ("Wed, 25 Nov 99999 13:00:00 GMT", None),
        ("١٢٠", None),
        ("", None),
    ],
)
async def test_retry_after_is_read_in_both_forms(text: str, wish: timedelta | None) -> None:
    with pytest.raises(TryLater) as error:
        await answered(429, Retry_After=text).send(SAMPLE, DELIVERY)

    assert error.value.retry_after == wish


async def test_a_redirect_is_not_followed() -> None:
    sink = Sink(status=302, headers={"Location": "http://169.254.169.254/latest"})
    async with serving(sink) as url:
        with pytest.raises(Refused, match="redirects are not followed"):
            await Webhook(hook(url), post=post).send(SAMPLE, DELIVERY)

    assert len(sink.seen) == 1


async def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    """The guard looks before it connects; the error says how to allow a hook of one's own."""
    sink = Sink()

    async def strict(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        said = await guarded_post(url, body, headers, guard=AddressGuard(()))
        return Answer(said.status, dict(said.headers), said.body)

    async with serving(sink) as url:
        with pytest.raises(Refused, match="add its network to allow_private") as error:
            await Webhook(hook(url), post=strict).send(SAMPLE, DELIVERY)

    assert sink.seen == []
    assert CANARY not in str(error.value)


async def test_no_secret_stands_in_any_error() -> None:
    """A receiver that echoes our address and key back to us does not get them into our log."""
    for status in (200, 302, 400, 410, 500):
        sink = Sink(status=status)
        async with serving(sink) as url:
            sink.body = f"you asked for {url} /hooks/{CANARY} with {KEY}"
            channel = Webhook(hook(url), post=post)
            try:
                said = await channel.send(SAMPLE, DELIVERY)
            except (Refused, TryLater) as error:
                said = f"{error!r} {error.__cause__!r}"
        assert CANARY not in said
        assert KEY not in said


@pytest.mark.parametrize(
    ("raised", "becomes"),
    [
        (TemporaryFetchError(f"no answer from https://hooks.example.org/{CANARY}"), TryLater),
        (ForbiddenAddress("hooks.example.org is 10.0.0.7, a private address"), Refused),
        (ConnectionResetError("reset"), TryLater),
        (TimeoutError(), TryLater),
    ],
)
async def test_no_answer_is_tried_later_and_a_guarded_address_is_refused(
    raised: Exception, becomes: type[Exception]
) -> None:
    async def fail(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        raise raised

    with pytest.raises(becomes) as error:
        await Webhook(hook(f"https://hooks.example.org/{CANARY}"), post=fail).send(SAMPLE, DELIVERY)

    assert CANARY not in str(error.value)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%%%", "whsec_a", " "])
def test_a_secret_that_signs_nothing_is_an_error_without_it(secret: str) -> None:
    if not secret.strip():
        assert Webhook(hook("https://a.example", secret), post=post).recipients() == ("",)
        return
    with pytest.raises(AlertError, match="whsec_ followed by base64") as error:
        Webhook(hook("https://a.example", secret), post=post)
    assert error.value.__cause__ is None
