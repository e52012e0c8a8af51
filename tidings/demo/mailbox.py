"""The demo's mailbox: an SMTP server on loopback that takes everything and keeps it as it came."""

from __future__ import annotations

import asyncio
import re
import ssl
import unicodedata
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from aiosmtpd.smtp import SMTP

from alerts.messages import Picture
from alerts.pictures import standalone


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it came over the wire."""

    sender: str  # of the envelope
    recipients: tuple[str, ...]  # of the envelope
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def html(self) -> str | None:
        """The HTML part with its pictures in it, as a page for a browser; None when there is none."""
        message = self.message
        part = message.get_body(("html",))
        if part is None:
            return None
        pictures = [
            Picture(name=str(one["Content-ID"]).strip("<>"), png=bytes(one.get_content()))
            for one in message.walk()
            if one.get_content_type() == "image/png" and isinstance(one, EmailMessage)
        ]
        return standalone(str(part.get_content()), pictures)


class Mailbox:
    """Takes mail for any address at `host`:`port`; with a TLS context only after STARTTLS."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.host = "127.0.0.1"
        self.mails: list[Mail] = []
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._sessions: WeakSet[SMTP] = WeakSet()

    @property
    def port(self) -> int:
        """The port it listens on, while it is open."""
        assert self._server is not None, "the mailbox is closed"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.get_running_loop().create_server(self._session, self.host, 0)

    async def stop(self) -> None:
        """Listen no more and hang up on who is still connected; what came stays in `mails`."""
        if self._server is not None:
            self._server.close()
            for session in self._sessions:
                if session.transport is not None:
                    session.transport.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Each mail as `mail/NNNN-subject.eml`, its HTML as `digests/NNNN-subject.html`; the files written."""
        written: list[Path] = []
        for number, mail in enumerate(self.mails, 1):
            name = f"{number:04}-{_file_name(mail.subject)}"
            written.append(_write(folder / "mail" / f"{name}.eml", mail.raw))
            if mail.html is not None:
                written.append(_write(folder / "digests" / f"{name}.html", mail.html.encode()))
        return tuple(written)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        """aiosmtpd's call for each mail."""
        self.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content))
        return f"250 2.0.0 kept as number {len(self.mails)}"

    def _session(self) -> SMTP:
        session = SMTP(
            self,
            hostname="mailbox.example",
            ident="mailbox of the demo",
            enable_SMTPUTF8=True,
            tls_context=self._tls,
            require_starttls=self._tls is not None,
        )
        self._sessions.add(session)
        return session


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _file_name(subject: str) -> str:
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].rstrip("-") or "mail"
