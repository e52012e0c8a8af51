"""Mail by SMTP: one mail a recipient, over a verified connection unless the user says otherwise."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import aiosmtplib

from alerts.channels import mime
from alerts.channels.redact import told
from alerts.errors import AlertError, Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.plans import EmailChannel, Tls

CONNECT_SECONDS = 30.0
COMMAND_SECONDS = 120.0
GOODBYE_SECONDS = 5.0
IMPLICIT_TLS_PORT = 465
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOGIN_TROUBLE = frozenset({530, 534, 535, 538})  # about our settings, not about this mail


class Email:
    """A `Channel` that hands mails to an SMTP server, each over a connection of its own.

    Args:
        context: makes the TLS settings of a connection; by default the system's authorities, TLS 1.2.
    """

    def __init__(
        self, plan: EmailChannel, *, context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    ) -> None:
        self._plan = plan
        self._context = context
        self._sender = mime.address(plan.sender)
        for recipient in plan.to:
            mime.address(recipient)

    def recipients(self) -> tuple[str, ...]:
        return self._plan.to

    async def send(self, message: Message, delivery: Delivery) -> str:
        """See `Channel.send`; a repeat carries the same Message-ID, Date and bytes."""
        try:
            recipient = mime.address(delivery.recipient)
        except AlertError as error:
            raise Refused(str(error)) from error
        mail = mime.mail(message, delivery, sender=self._sender, recipient=recipient)
        try:
            return await self._hand_over(mail, recipient.addr_spec)
        except aiosmtplib.SMTPRecipientsRefused as error:
            self._answered(error.recipients[0])
        except aiosmtplib.SMTPConnectResponseError as error:
            raise TryLater(self._said(f"{error.code} {error.message}")) from None
        except aiosmtplib.SMTPResponseException as error:
            self._answered(error)
        except aiosmtplib.SMTPNotSupported as error:
            raise Refused(self._said(error.message)) from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "no secure connection"
            raise TryLater(self._said(f"TLS: {reason}; tls: require needs a valid certificate")) from None
        except (aiosmtplib.SMTPException, OSError) as error:  # time-outs are OSError
            raise TryLater(self._said(str(error) or type(error).__name__)) from None

    async def _hand_over(self, mail: bytes, recipient: str) -> str:
        plan = self._plan
        implicit = plan.port == IMPLICIT_TLS_PORT and plan.tls is not Tls.OFF
        smtp = aiosmtplib.SMTP(
            hostname=plan.host,
            port=plan.port,
            timeout=CONNECT_SECONDS,
            use_tls=implicit,
            start_tls=False,
            tls_context=self._tls(),
        )
        try:
            await smtp.connect()
            secure = implicit
            if not implicit and plan.tls is not Tls.OFF:
                await smtp.ehlo()
                if smtp.supports_extension("starttls"):
                    await smtp.starttls()
                    secure = True
                elif plan.tls is Tls.REQUIRE:
                    raise TryLater(
                        self._said(
                            "the server offers no STARTTLS; set smtp.tls to opportunistic to send anyway"
                        )
                    )
            if plan.user is not None and plan.password is not None:
                if not secure and not (plan.tls is Tls.OFF and plan.host in _LOOPBACK):
                    raise TryLater(
                        self._said("the connection is not encrypted, so the password was not sent")
                    )
                await smtp.login(plan.user, plan.password.reveal())
            _, answer = await smtp.sendmail(
                self._sender.addr_spec, [recipient], mail, timeout=COMMAND_SECONDS
            )
            with suppress(aiosmtplib.SMTPException, OSError):  # the mail is theirs, however they part
                await smtp.quit(timeout=GOODBYE_SECONDS)
        finally:
            smtp.close()
        return self._said(answer, named=False)

    def _tls(self) -> ssl.SSLContext:
        """Verified, except where the user asks for opportunistic encryption and no password goes over it."""
        context = self._context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._plan.tls is Tls.OPPORTUNISTIC and self._plan.user is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _answered(self, error: aiosmtplib.SMTPResponseException) -> NoReturn:
        """Sort a refusal by its code: 5yz is for good, unless it is about our login."""
        said = self._said(f"{error.code} {error.message}")
        if 500 <= error.code < 600 and error.code not in _LOGIN_TROUBLE:
            raise Refused(said) from None
        raise TryLater(said) from None

    def _said(self, text: str, *, named: bool = True) -> str:
        secret = self._plan.password.reveal() if self._plan.password is not None else ""
        return told(f"{self._plan.host}: {text}" if named else text, (secret,))
