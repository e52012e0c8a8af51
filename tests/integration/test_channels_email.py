"""Mail over real SMTP on loopback: what is sent, to whom, how safely, and how refusals are sorted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import mime
from alerts.channels.email import Email
from alerts.digest import compose
from alerts.errors import AlertError, Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.plans import EmailChannel, Tls
from alerts.render import Renderer
from crawler.records import Secret
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

CANARY = "canary-9f2e-password"


def message(title: str = "India and U.S. open TRUST call") -> Message:
    digest = compose(plan(), (slot(),), SINCE, [found(title)], INITIATIVES, {}, COVERAGE, NOW)
    return Renderer().render(digest, NOW)


SAMPLE = message()


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
    assert mail["References"] == "<digest-morning@example.org>"
    assert mail["List-Id"] == "<morning.tidings.example.org>"
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


# -- the bytes of a mail ---------------------------------------------------------------------------

SENDER = mime.address("Tidings <tidings@example.org>")


def lint(mail: bytes) -> EmailMessage:
    """CRLF only, no line over 78 but ids, ASCII only, each header once."""
    assert b"\n" not in mail.replace(b"\r\n", b"")
    assert b"\r" not in mail.replace(b"\r\n", b"")
    assert mail.isascii()
    assert max(len(line) for line in mail.split(b"\r\n")) < 998
    head, _, body = mail.partition(b"\r\n\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= 78
    names = [
        line.split(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))
    ]
    assert len(names) == len(set(names))
    assert set(names) == {
        b"from", b"to", b"subject", b"date", b"message-id", b"references", b"list-id", b"auto-submitted",
        b"x-auto-response-suppress", b"mime-version", b"content-type",
    }  # fmt: skip
    parsed = message_from_bytes(mail, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


@pytest.mark.parametrize(
    "title",
    [
        "x\r\nBcc: thief@evil.example",
        "x\nBcc: thief@evil.example",
        "x\rBcc: thief@evil.example",
        "x\u2028Bcc: thief@evil.example",
        "x\u2029Bcc: thief@evil.example",
        "x\x85Bcc: thief@evil.example",
        "x\x0b\x0cBcc: thief@evil.example",
        "x\x1c\x1d\x1eBcc: thief@evil.example",
        "x\r\n\r\n<script>alert(1)</script>",
        "=?utf-8?q?x=0D=0ABcc:_thief@evil.example?=",
        "x\x00\x07y",
        "\ud800 lone",
        ".\r\n.\r\nMAIL FROM:<a@evil.example>",
    ],
)
def test_a_title_injects_no_header(title: str) -> None:
    parsed = lint(
        mime.mail(message(title), delivery(), sender=SENDER, recipient=mime.address("desk@example.org"))
    )

    assert "Bcc" not in parsed
    assert parsed["To"] == "desk@example.org"


def test_encoded_words_in_a_title_stay_the_letters_they_are() -> None:
    """A title that looks like an encoded word is shown as written, not decoded."""
    title = "=?utf-8?q?x=0D=0ABcc:_thief@evil.example?="

    parsed = lint(mime.mail(message(title), delivery(), sender=SENDER, recipient=None))

    assert parsed["Subject"] == title


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_every_subject_survives_folding(subject: str) -> None:
    """Long, wide, mixed: what is decoded is what was meant, and no line is too long."""
    one = replace(SAMPLE, subject=subject)

    mail = mime.mail(one, delivery(), sender=SENDER, recipient=None)

    head = mail.partition(b"\r\n\r\n")[0].decode()
    raw = head.partition("Subject: ")[2].partition("\r\nDate:")[0].replace("\r\n", "")
    assert str(make_header(decode_header(raw))) == (mime.one_line(subject, mime.SUBJECT) or "Tidings")
    assert max(len(line) for line in head.split("\r\n")) <= 78 or " " not in subject
    lint(mail)


def test_ids_of_a_long_domain_stay_whole() -> None:
    """The standard policy would encode them as prose, and threading would break."""
    domain = ".".join(["very-long-name-of-a-department"] * 5) + ".example"
    sender = mime.address(f"tidings@{domain}")

    mail = mime.mail(SAMPLE, delivery(), sender=sender, recipient=None)

    assert f"Message-ID: <{delivery().id}@{domain}>\r\n".encode() in mail
    assert f"References: <digest-morning@{domain}>\r\n".encode() in mail
    assert b"=?" not in mail.partition(b"Subject")[2].partition(b"References")[2].partition(b"\r\n\r\n")[0]


def test_a_sender_with_accents_is_encoded() -> None:
    mail = mime.mail(
        SAMPLE, delivery(), sender=mime.address("Büro für Technik <buero@example.org>"), recipient=None
    )

    assert lint(mail)["From"] == "Büro für Technik <buero@example.org>"


def test_an_international_host_is_written_in_ascii() -> None:
    found = mime.address("Desk <desk@büro.example>")

    assert lint(mime.mail(SAMPLE, delivery(), sender=SENDER, recipient=found))["To"] == (
        "Desk <desk@xn--bro-hoa.example>"
    )


@pytest.mark.parametrize(
    "text", ["", "nobody", "a@b@c", "a@b, c@d", "x <>", "@b", "jörg@example.org", "a@" + "b" * 80]
)
def test_what_is_no_address_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(AlertError, match="write user@host"):
        mime.address(text)


@pytest.mark.parametrize("text", ["a@b.example\r\nBcc: c@d.example", "Eve\r\nBcc: c@d.example <a@b.example>"])
def test_an_address_injects_no_header(text: str) -> None:
    """Either it is refused, or what follows the break is no header."""
    try:
        found = mime.address(text)
    except AlertError:
        return
    assert "Bcc" not in lint(mime.mail(SAMPLE, delivery(), sender=SENDER, recipient=found))
