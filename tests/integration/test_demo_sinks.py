"""The demo's mailbox and hook sink, spoken to by real clients."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest
import trustme
from standardwebhooks import Webhook

from tidings.demo.clock import SimulatedClock
from tidings.demo.hooksink import HookSink, SignatureFault, new_secret, verify
from tidings.demo.mailbox import Mailbox

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Tidings <tidings@newsroom.example>"
    message["To"] = "desk@policy.example"
    message["Subject"] = "Morning digest: 3 stories – TRUST"
    message["Message-ID"] = "<one@newsroom.example>"
    message.set_content("Three stories.")
    message.add_alternative("<p>Three <b>stories</b>.</p>", subtype="html")
    return message


async def test_a_mail_is_kept_as_it_came_and_written_with_its_html(tmp_path: Path) -> None:
    async with Mailbox() as mailbox:
        await aiosmtplib.send(mail(), hostname=mailbox.host, port=mailbox.port, start_tls=False)

    (kept,) = mailbox.mails
    written = {path.relative_to(tmp_path).as_posix() for path in mailbox.write(tmp_path)}

    assert kept.sender == "tidings@newsroom.example"
    assert kept.recipients == ("desk@policy.example",)
    assert kept.message["Message-ID"] == "<one@newsroom.example>"
    assert written == {
        "mail/0001-morning-digest-3-stories-trust.eml",
        "digests/0001-morning-digest-3-stories-trust.html",
    }
    assert (tmp_path / "mail/0001-morning-digest-3-stories-trust.eml").read_bytes() == kept.raw
    html = (tmp_path / "digests/0001-morning-digest-3-stories-trust.html").read_text()
    assert html.strip() == "<p>Three <b>stories</b>.</p>"


async def test_a_mailbox_with_tls_takes_mail_after_starttls_only() -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)

    async with Mailbox(tls=server) as mailbox:
        with pytest.raises(aiosmtplib.SMTPException):
            await aiosmtplib.send(mail(), hostname=mailbox.host, port=mailbox.port, start_tls=False)
        await aiosmtplib.send(
            mail(), hostname=mailbox.host, port=mailbox.port, start_tls=True, tls_context=client
        )

    assert len(mailbox.mails) == 1


async def test_the_mailbox_closes_although_a_sender_stays_connected() -> None:
    mailbox = Mailbox()
    await mailbox.start()
    client = aiosmtplib.SMTP(hostname=mailbox.host, port=mailbox.port, start_tls=False)
    await client.connect()

    await asyncio.wait_for(mailbox.stop(), 5)

    client.close()


def signed(secret: str, body: str, at: datetime) -> dict[str, str]:
    return {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": "v1,AAAA " + Webhook(secret).sign("msg-1", at, body),
        "content-type": "application/cloudevents+json",
    }


async def test_a_signed_hook_is_kept_and_written_so_that_it_can_be_verified_again(tmp_path: Path) -> None:
    """The library's own check passes on what was written."""
    secret, body = new_secret(), '{"data":{"digest":"morning"},"note":"U.S.–India"}'
    async with HookSink(secret) as sink, aiohttp.ClientSession() as http:
        headers = signed(secret, body, datetime.now(UTC))
        async with http.post(sink.url, data=body.encode(), headers=headers) as response:
            assert response.status == 200

    (path,) = sink.write(tmp_path)
    written = json.loads(path.read_text())

    assert path.relative_to(tmp_path).as_posix() == "hooks/0001.json"
    assert Webhook(secret).verify(written["body"], written["headers"])["data"] == {"digest": "morning"}


async def test_a_hook_signed_by_the_demo_s_clock_is_believed_too() -> None:
    secret = new_secret()
    clock = SimulatedClock(NOON)
    async with HookSink(secret, clock=clock) as sink, aiohttp.ClientSession() as http:
        async with http.post(sink.url, data=b"{}", headers=signed(secret, "{}", NOON)) as response:
            assert response.status == 200


async def test_an_unsigned_hook_is_refused_and_the_reason_kept() -> None:
    async with HookSink(new_secret()) as sink, aiohttp.ClientSession() as http:
        async with http.post(sink.url, data=b"{}") as response:
            assert response.status == 401

    assert sink.hooks == []
    assert sink.refused == ["a webhook-id, webhook-timestamp or webhook-signature header is missing"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-timestamp": "soon"}, "not seconds since 1970"),
        ({"webhook-timestamp": "9" * 30}, "not seconds since 1970"),
        (
            {"webhook-timestamp": str(int((NOON - timedelta(minutes=6)).timestamp()))},
            "more than five minutes",
        ),
        ({"webhook-id": "msg-2"}, "no signature fits"),
        ({"webhook-signature": "v1,gibberish v2,x é"}, "no signature fits"),
        ({"webhook-signature": ""}, "missing"),
    ],
)
def test_a_hook_that_does_not_add_up_is_refused(change: dict[str, str], reason: str) -> None:
    secret = new_secret()

    with pytest.raises(SignatureFault, match=reason):
        verify(b"{}", signed(secret, "{}", NOON) | change, secret=secret, now=[NOON])


def test_a_body_that_was_changed_is_refused() -> None:
    secret = new_secret()

    verify(b"{}", signed(secret, "{}", NOON), secret=secret, now=[NOON])
    with pytest.raises(SignatureFault, match="no signature fits"):
        verify(b"{} ", signed(secret, "{}", NOON), secret=secret, now=[NOON])
