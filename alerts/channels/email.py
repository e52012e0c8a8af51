"""Mail by SMTP: one mail a recipient, over a verified connection unless the user says otherwise."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from functools import partial
from typing import NoReturn, TypeAlias

import aiosmtplib

from alerts.channels import mime
from alerts.channels.redact import told
from alerts.channels.smaller import fitting
from alerts.channels.smtp_answers import About, Stage, about
from alerts.errors import AlertError, Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.plans import EmailChannel, Tls
from alerts.targets import target_of
from crawler.failpoints import reach

IMPLICIT_TLS_PORT = 465
_UNKNOWN_COMMAND = frozenset({500, 502})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds to wait for a mail server."""

    connect: float = 30.0  # until its greeting
    command: float = 120.0  # for each answer
    end: float = 600.0  # for the answer to a whole mail; who gives up earlier sends it twice (RFC 1047)
    goodbye: float = 5.0


PATIENCE = Patience()

Unsubscribe: TypeAlias = Callable[
    [Message, Delivery], str | None
]  # where the recipient may leave, if anywhere


class Email:
    """A `Channel` that hands mails to an SMTP server, each over a connection of its own.

    Args:
        patience: how long a server is waited for.
        context: makes the TLS settings of a connection; by default the system's authorities, TLS 1.2.
        unsubscribe: the https address by which a recipient leaves with one click; None: there is none.
    """

    def __init__(
        self,
        plan: EmailChannel,
        *,
        patience: Patience = PATIENCE,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        unsubscribe: Unsubscribe | None = None,
    ) -> None:
        self._plan = plan
        self._patience = patience
        self._context = context
        self._made_tls: ssl.SSLContext | None = None
        self._unsubscribe = unsubscribe
        self._sender = mime.address(plan.sender)
        for recipient in plan.to:
            mime.address(recipient)

    def recipients(self) -> tuple[str, ...]:
        return self._plan.to

    def target(self) -> str:
        """The server, as a print."""
        return target_of(self._plan)

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        """See `Channel.as_sent`: the mail; one that the server found too big went out in a smaller form."""
        _, mail = self._made(message, delivery)
        return mail

    async def send(self, message: Message, delivery: Delivery) -> str:
        """See `Channel.send`; a repeat carries the same Message-ID, Date and bytes."""
        recipient, mail = self._made(message, delivery)
        smaller = partial(self._smaller, message, delivery, recipient)
        smtp = aiosmtplib.SMTP(
            hostname=self._plan.host,
            port=self._plan.port,
            timeout=self._patience.connect,
            use_tls=self._implicit,
            start_tls=False,
            tls_context=self._tls(),
        )
        try:
            await self._prepare(smtp)
            return await self._hand_over(smtp, mail, recipient.addr_spec, smaller)
        finally:
            smtp.close()

    def _made(self, message: Message, delivery: Delivery) -> tuple[Address, bytes]:
        """The recipient and the mail.

        Raises:
            Refused: it cannot be written.
            TryLater: the key that signs the link to unsubscribe cannot be read.
        """
        try:
            recipient = mime.address(delivery.recipient)
            return recipient, self._mail(message, delivery, recipient)
        except AlertError as error:
            raise Refused(str(error)) from error
        except OSError as error:
            raise TryLater(self._said(str(error), named=False)) from error

    def _mail(self, message: Message, delivery: Delivery, recipient: Address) -> bytes:
        leave = self._unsubscribe(message, delivery) if self._unsubscribe is not None else None
        return mime.mail(message, delivery, sender=self._sender, recipient=recipient, unsubscribe=leave)

    # -- the talk with the server ------------------------------------------------------------------

    @property
    def _implicit(self) -> bool:
        return self._plan.port == IMPLICIT_TLS_PORT and self._plan.tls is not Tls.OFF

    async def _prepare(self, smtp: aiosmtplib.SMTP) -> None:
        """Connect, encrypt and log in: what fails here would fail for any mail, so all wait for a while."""
        try:
            await smtp.connect()
            reach("smtp_connect")
            smtp.timeout = self._patience.command
            await _greet(smtp)
            await self._log_in(smtp, secure=await self._encrypt(smtp))
        except aiosmtplib.SMTPResponseException as error:
            raise TryLater(self._said(f"{error.code} {error.message}"), for_all=True) from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "no secure connection"
            raise TryLater(
                self._said(f"TLS: {reason}; tls: require needs a valid certificate"), for_all=True
            ) from None
        except (aiosmtplib.SMTPException, OSError) as error:  # time-outs are OSError
            raise TryLater(self._said(str(error) or type(error).__name__), for_all=True) from None

    async def _encrypt(self, smtp: aiosmtplib.SMTP) -> bool:
        """Whether the connection is encrypted now, and may be used."""
        if self._implicit or self._plan.tls is Tls.OFF:
            return self._implicit
        if smtp.supports_extension("starttls"):
            await smtp.starttls()
            await _greet(smtp)
            return True
        if self._plan.tls is Tls.REQUIRE:
            raise TryLater(
                self._said("the server offers no STARTTLS; set smtp.tls to opportunistic to send anyway"),
                for_all=True,
            )
        return False

    async def _log_in(self, smtp: aiosmtplib.SMTP, *, secure: bool) -> None:
        plan = self._plan
        if plan.user is None or plan.password is None:
            return
        if not secure and not (plan.tls is Tls.OFF and plan.host in _LOOPBACK):
            raise TryLater(
                self._said("the connection is not encrypted, so the password was not sent"), for_all=True
            )
        await smtp.login(plan.user, plan.password.reveal())

    async def _hand_over(
        self, smtp: aiosmtplib.SMTP, mail: bytes, recipient: str, smaller: Callable[[int], bytes]
    ) -> str:
        stage, shortened = Stage.MAIL, ""
        try:
            most = _most_bytes(smtp)
            if most is not None and len(mail) > most:
                mail = smaller(most)
                shortened = f"in a smaller form, as the server takes no more than {most:,} bytes: "
            size = [f"size={len(mail)}"] if smtp.supports_extension("size") else []
            await smtp.mail(self._sender.addr_spec, options=size)
            stage = Stage.RCPT
            await smtp.rcpt(recipient)
            stage = Stage.DATA
            response = await smtp.data(mail, timeout=self._patience.end)
            reach("smtp_250_read")
        except aiosmtplib.SMTPResponseException as error:
            await self._part(smtp)
            self._answered(stage, error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TryLater(self._said(str(error) or type(error).__name__), for_all=True) from None
        await self._part(smtp)
        return shortened + self._said(response.message, named=False)

    async def _part(self, smtp: aiosmtplib.SMTP) -> None:
        """Say goodbye; the mail is theirs, or is not, however they part."""
        with suppress(aiosmtplib.SMTPException, OSError):
            await smtp.quit(timeout=self._patience.goodbye)

    def _smaller(self, message: Message, delivery: Delivery, recipient: Address, most: int) -> bytes:
        """The mail in at most `most` bytes.

        Raises:
            Refused: the server takes hardly any mail.
        """
        where = f"`tidings deliveries show {delivery.id}` shows it whole."
        found = fitting(
            message,
            lambda form: len(self._mail(form, delivery, recipient)) <= most,
            limit=most,
            where=where,
        )
        if found is None:
            raise Refused(
                self._said(f"the server takes mails of {most:,} bytes at most, too little for any of ours")
                + "; ask its operator for more, or send by another"
            )
        return self._mail(found[0], delivery, recipient)

    def _tls(self) -> ssl.SSLContext:
        """Verified, except where the user asks for opportunistic encryption and no password goes over it.

        Made once: reading the machine's authorities takes longer than all else about a mail.
        """
        if self._made_tls is not None:
            return self._made_tls
        context = self._context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._plan.tls is Tls.OPPORTUNISTIC and self._plan.user is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self._made_tls = context
        return context

    def _answered(self, stage: Stage, code: int, text: str) -> NoReturn:
        """Sort a refusal by what it is about; the remedy stands behind the server's words."""
        said = self._said(f"{code} {text}")
        match about(stage, code, text):
            case About.RECIPIENT:
                remedy = "correct the address, or take it off the channel"
                raise Refused(f"{said}; {remedy}", of_recipient=True) from None
            case About.SIZE:
                raise Refused(f"{said}; it is too big, so lower max_stories of its digest") from None
            case About.MESSAGE:
                raise Refused(f"{said}; the server will not take this very mail") from None
            case About.US:
                retry = f"tidings deliveries retry --parked --channel {self._plan.id}"
                remedy = f"look at `from` and `smtp.user` of the channel, then `{retry}`"
                raise Refused(f"{said}; it is about us, not about the recipient: {remedy}") from None
            case About.SERVER:
                raise TryLater(said, for_all=True) from None
            case About.LATER:
                raise TryLater(said) from None

    def _said(self, text: str, *, named: bool = True) -> str:
        return told(f"{self._plan.host}: {text}" if named else text, self._secrets())

    def _secrets(self) -> Iterator[str]:
        """The password and the user, unless that is an address that every reader sees; and both as they are sent."""
        user, password = self._plan.user, self._plan.password
        if user is None or password is None:
            return
        yield password.reveal()
        yield f"\0{user}\0{password.reveal()}"
        if user not in (self._sender.addr_spec, *self._plan.to):
            yield user


async def _greet(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code not in _UNKNOWN_COMMAND:
            raise
        await smtp.helo()


def _most_bytes(smtp: aiosmtplib.SMTP) -> int | None:
    """The largest mail that the server says it takes (RFC 1870); None: it sets no limit."""
    text = smtp.esmtp_extensions.get("size", "").strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
