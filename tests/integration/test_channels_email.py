"""Mail over real SMTP on loopback: what is sent, to whom, how safely, and how refusals are sorted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from alerts.channels.email import Email, Patience
from alerts.courier import LEASE, LIMIT
from alerts.digest import compose
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, Message, Picture
from alerts.plans import EmailChannel, Tls
from alerts.render import Renderer
from crawler.secret import Secret
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

CANARY = "canary-9f2e-password"


def message(title: str = "India and U.S. open TRUST call") -> Message:
    digest = compose(plan(), (slot(),), SINCE, [found(title)], INITIATIVES, {}, COVERAGE, NOW)
    return Renderer().render(digest, NOW)


SAMPLE = message()
DOT = Picture(name="dot", png=b"\x89PNG\r\n\x1a\n" + b"x" * 5000)


def delivery(recipient: str = "desk@example.org") -> Delivery:
    return Delivery(
        id="0123456789abcdef0123456789abcdef",
        message_key="morning/2026-11-25T07:30",
        channel_id="desk",
        recipient=recipient,
        created_at=NOW,
    )


@dataclass
class Mailbox:
    """An SMTP handler that keeps what it takes, and says what a test wants it to say."""

    envelopes: list[Envelope] = field(default_factory=list)
    secure: list[bool] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    data: str = "250 OK queued as 4711"

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.rcpt.get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        self.secure.append(session.ssl is not None)
        if self.data.startswith("250"):
            self.envelopes.append(envelope)
        return self.data

    def mail(self) -> EmailMessage:
        (envelope,) = self.envelopes
        parsed = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]  # bytes here
        assert isinstance(parsed, EmailMessage)
        return parsed


@asynccontextmanager
async def serving(mailbox: Mailbox, **options: Any) -> AsyncIterator[int]:
    """A server in the test's own loop; gives its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(mailbox, loop=loop, **options), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> Callable[[], ssl.SSLContext]:
    def context() -> ssl.SSLContext:
        found = ssl.create_default_context()
        authority.configure_trust(found)
        return found

    return context


def channel_plan(port: int, **changes: Any) -> EmailChannel:
    values = {
        "id": "desk",
        "sender": "Tidings <tidings@example.org>",
        "to": ("desk@example.org", "second@example.org"),
        "host": "127.0.0.1",
        "port": port,
        "tls": Tls.OFF,
    }
    return EmailChannel(**(values | changes))


async def test_a_mail_arrives_with_both_parts_and_stable_headers() -> None:
    """Text and HTML arrive letter for letter; ids come from the delivery, the date from the message."""
    mailbox, sent = Mailbox(), SAMPLE
    async with serving(mailbox) as port:
        answer = await Email(channel_plan(port)).send(sent, delivery())

    mail = mailbox.mail()
    assert answer == "OK queued as 4711"
    assert mailbox.envelopes[0].rcpt_tos == ["desk@example.org"]
    assert mailbox.envelopes[0].mail_from == "tidings@example.org"
    assert mail["From"] == "Tidings <tidings@example.org>"
    assert mail["To"] == "desk@example.org"
    assert mail["Subject"] == sent.subject
    assert mail["Date"] == "Wed, 25 Nov 2026 12:30:00 +0000"
    assert mail["Message-ID"] == "<0123456789abcdef0123456789abcdef@example.org>"
    assert mail["References"].split()[0] == "<digest-morning@example.org>"
    assert mail["List-Id"] == "<digest-morning.tidings.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == sent.text  # type: ignore[attr-defined]  # an EmailMessage under this policy
    assert html.get_content().replace("\r\n", "\n").rstrip() == sent.html.rstrip()  # type: ignore[attr-defined]  # a part of the mail, by construction


async def test_a_repeat_is_the_same_to_the_byte() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        channel = Email(channel_plan(port))
        await channel.send(SAMPLE, delivery())
        await channel.send(SAMPLE, delivery())

    first, second = (one.original_content for one in mailbox.envelopes)
    assert first == second


def test_each_recipient_has_a_delivery_of_its_own() -> None:
    assert Email(channel_plan(25)).recipients() == ("desk@example.org", "second@example.org")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("550 5.1.1 no such mailbox", Refused),
        ("553 5.7.1 not allowed", Refused),
        ("451 4.7.1 greylisted", TryLater),
        ("452 4.2.2 mailbox full", TryLater),
        ("530 5.7.0 log in first", TryLater),
    ],
)
async def test_a_refused_recipient_is_sorted_by_its_code(code: str, error: type[Exception]) -> None:
    """A permanent refusal ends this delivery only: the other recipient's mail goes through."""
    mailbox = Mailbox(rcpt={"desk@example.org": code})
    async with serving(mailbox) as port:
        channel = Email(channel_plan(port))
        with pytest.raises(error, match=code[4:]):
            await channel.send(SAMPLE, delivery())
        await channel.send(SAMPLE, delivery("second@example.org"))

    assert [one.rcpt_tos for one in mailbox.envelopes] == [["second@example.org"]]


@pytest.mark.parametrize(("code", "error"), [("554 5.6.0 spam", Refused), ("452 4.3.1 disk full", TryLater)])
async def test_refused_content_is_sorted_by_its_code(code: str, error: type[Exception]) -> None:
    async with serving(Mailbox(data=code)) as port:
        with pytest.raises(error, match=code[4:]):
            await Email(channel_plan(port)).send(SAMPLE, delivery())


@pytest.mark.parametrize(
    ("said", "of_recipient"),
    [
        ("550 5.1.1 no such mailbox", True),
        ("552 5.2.2 mailbox full", True),
        ("552 5.2.3 too large for this mailbox", False),
        ("554 5.7.1 relay access denied", False),
    ],
)
async def test_only_a_refusal_of_the_recipient_counts_against_them(said: str, of_recipient: bool) -> None:
    """And what is about our own settings says so, with what to do afterwards."""
    async with serving(Mailbox(rcpt={"desk@example.org": said})) as port:
        with pytest.raises(Refused) as error:
            await Email(channel_plan(port)).send(SAMPLE, delivery())

    assert error.value.of_recipient is of_recipient
    told = "look at `from` and `smtp.user` of the channel, then `tidings deliveries retry --parked --channel desk`"
    assert (told in str(error.value)) is ("relay" in said)


@pytest.mark.parametrize("limit", [40_000, 12_000, 2_500])
async def test_a_server_that_takes_only_small_mails_gets_a_shorter_one(limit: int) -> None:
    """Its first lines, then how many were left out and where they are; a repeat is the same to the byte."""
    long = replace(SAMPLE, text="".join(f"Line {n} of the news.\n" for n in range(3000)), pictures=(DOT,))
    mailbox = Mailbox()
    async with serving(mailbox, data_size_limit=limit) as port:
        channel = Email(channel_plan(port))
        answer = await channel.send(long, delivery())
        await channel.send(long, delivery())

    first, second = (one.original_content or b"" for one in mailbox.envelopes)
    mailbox.envelopes.pop()
    mail = mailbox.mail()
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # there is one
    words = " ".join(text.split())
    kept = text.count("of the news.")
    assert limit * 0.8 < len(first) <= limit
    assert first == second
    assert answer.startswith(
        f"in a smaller form, as the server takes no more than {limit:,} bytes: OK queued"
    )
    assert text.startswith("Line 0 of the news.\r\nLine 1 of") or text.startswith(
        "Line 0 of the news.\nLine 1 of"
    )
    assert (
        f"the mail server takes none of more than {limit:,} bytes. {3000 - kept:,} lines were left out"
        in words
    )
    assert f"`tidings deliveries show {delivery().id}` shows it whole." in words
    assert mail["Message-ID"] == f"<{delivery().id}@example.org>"
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]


async def test_a_mail_within_the_limit_goes_as_it_is() -> None:
    mailbox = Mailbox()
    async with serving(mailbox, data_size_limit=200_000) as port:
        channel = Email(channel_plan(port))
        assert await channel.send(SAMPLE, delivery()) == "OK queued as 4711"

    assert mailbox.envelopes[0].original_content == channel.as_sent(SAMPLE, delivery())


async def test_a_server_that_takes_hardly_anything_is_refused_with_a_remedy() -> None:
    mailbox = Mailbox()
    async with serving(mailbox, data_size_limit=500) as port:
        with pytest.raises(Refused, match=r"takes mails of 500 bytes at most.*ask its operator") as error:
            await Email(channel_plan(port)).send(SAMPLE, delivery())

    assert mailbox.envelopes == []
    assert not error.value.of_recipient


@pytest.mark.parametrize("trouble", ["nobody listens", "greets with 421", "no STARTTLS"])
async def test_what_would_happen_to_any_mail_is_told_as_such(trouble: str) -> None:
    """So that the others to this server wait as well."""

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 too many connections\r\n")
        writer.close()

    if trouble == "greets with 421":
        server = await asyncio.start_server(busy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
    else:
        async with serving(Mailbox()) as port:
            if trouble == "no STARTTLS":
                with pytest.raises(TryLater) as error:
                    await Email(channel_plan(port, tls=Tls.REQUIRE)).send(SAMPLE, delivery())
                assert error.value.for_all
                return
    with pytest.raises(TryLater) as error:
        await Email(channel_plan(port)).send(SAMPLE, delivery())
    if trouble == "greets with 421":
        server.close()
        await server.wait_closed()
    assert error.value.for_all


async def test_a_mail_that_never_gets_its_answer_is_given_ten_minutes() -> None:
    """RFC 5321: a client that gives up earlier sends twice what the server was still writing down."""
    assert Patience().end == 600.0
    assert LIMIT.total_seconds() >= 600.0 + Patience().connect
    assert LEASE > LIMIT


async def test_no_server_is_tried_later() -> None:
    async with serving(Mailbox()) as port:
        pass
    with pytest.raises(TryLater, match=r"127\.0\.0\.1"):
        await Email(channel_plan(port)).send(SAMPLE, delivery())


async def test_starttls_is_verified_and_used(
    server_tls: ssl.SSLContext, trusting: Callable[[], ssl.SSLContext]
) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls_context=server_tls, require_starttls=True) as port:
        plan_ = channel_plan(port, tls=Tls.REQUIRE, host="localhost")
        await Email(plan_, context=trusting).send(SAMPLE, delivery())

    assert mailbox.secure == [True]


async def test_an_unknown_authority_is_not_trusted(server_tls: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls_context=server_tls) as port:
        with pytest.raises(TryLater, match=r"TLS: .*certificate"):
            await Email(channel_plan(port, tls=Tls.REQUIRE, host="localhost")).send(SAMPLE, delivery())

    assert mailbox.envelopes == []


async def test_a_certificate_of_another_host_is_not_trusted(
    authority: trustme.CA, trusting: Callable[[], ssl.SSLContext]
) -> None:
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mail.elsewhere.example").configure_cert(other)
    async with serving(Mailbox(), tls_context=other) as port:
        with pytest.raises(TryLater, match="TLS"):
            await Email(channel_plan(port, tls=Tls.REQUIRE, host="localhost"), context=trusting).send(
                SAMPLE, delivery()
            )


async def test_require_sends_nothing_to_a_server_without_starttls() -> None:
    """Also a downgrade by somebody in between: the mail waits."""
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        with pytest.raises(TryLater, match="offers no STARTTLS"):
            await Email(channel_plan(port, tls=Tls.REQUIRE)).send(SAMPLE, delivery())

    assert mailbox.envelopes == []


@pytest.mark.parametrize("offered", [True, False])
async def test_opportunistic_encrypts_where_it_can(offered: bool, server_tls: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls_context=server_tls if offered else None) as port:
        await Email(channel_plan(port, tls=Tls.OPPORTUNISTIC)).send(SAMPLE, delivery())

    assert mailbox.secure == [offered]


class Door:
    """An authenticator with one right password."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def __call__(
        self, server: Server, session: Session, envelope: Envelope, mechanism: str, login: object
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.seen.append(login.password)
        right = login == LoginPassword(b"tidings", CANARY.encode())
        return AuthResult(success=right, handled=False)


async def test_login_over_tls(server_tls: ssl.SSLContext, trusting: Callable[[], ssl.SSLContext]) -> None:
    mailbox, door = Mailbox(), Door()
    async with serving(mailbox, tls_context=server_tls, authenticator=door, auth_required=True) as port:
        plan_ = channel_plan(port, tls=Tls.REQUIRE, host="localhost", user="tidings", password=Secret(CANARY))
        await Email(plan_, context=trusting).send(SAMPLE, delivery())

    assert mailbox.secure == [True]


async def test_a_wrong_password_is_tried_later_and_never_shown(
    server_tls: ssl.SSLContext, trusting: Callable[[], ssl.SSLContext]
) -> None:
    """The operator has days to correct it; the mail is not lost."""
    wrong = Secret(CANARY + "-wrong")
    async with serving(Mailbox(), tls_context=server_tls, authenticator=Door(), auth_required=True) as port:
        plan_ = channel_plan(port, tls=Tls.REQUIRE, host="localhost", user="tidings", password=wrong)
        with pytest.raises(TryLater, match="535") as error:
            await Email(plan_, context=trusting).send(SAMPLE, delivery())

    assert CANARY not in f"{error.value!r} {error.value.__cause__!r} {plan_!r}"


@pytest.mark.parametrize("tls", [Tls.OPPORTUNISTIC])
async def test_a_password_never_goes_over_plain_text(tls: Tls) -> None:
    door = Door()
    async with serving(Mailbox(), authenticator=door, auth_require_tls=False) as port:
        plan_ = channel_plan(port, tls=tls, user="tidings", password=Secret(CANARY))
        with pytest.raises(TryLater, match="not encrypted"):
            await Email(plan_).send(SAMPLE, delivery())

    assert door.seen == []


async def test_a_password_for_opportunistic_tls_needs_a_verified_certificate(
    server_tls: ssl.SSLContext,
) -> None:
    door = Door()
    async with serving(Mailbox(), tls_context=server_tls, authenticator=door) as port:
        plan_ = channel_plan(
            port, tls=Tls.OPPORTUNISTIC, host="localhost", user="tidings", password=Secret(CANARY)
        )
        with pytest.raises(TryLater, match="TLS"):
            await Email(plan_).send(SAMPLE, delivery())

    assert door.seen == []
