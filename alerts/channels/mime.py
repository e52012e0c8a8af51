"""A message as the bytes of a mail, safe against injected headers and rewritten ones."""

from __future__ import annotations

import re
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any

from alerts.delivery_ids import delivery_id
from alerts.errors import AlertError
from alerts.messages import Delivery, Message
from alerts.safe import one_line

SUBJECT = 250  # characters at most
_CRLF = "\r\n"
REFERENCES = 8  # earlier mails that one refers to, the newest of them
_WRITTEN_HERE = frozenset({"subject", "message-id", "references", "in-reply-to", "list-id"})
_ATOM = re.compile(r"[^A-Za-z0-9.-]+")


class _MailPolicy(EmailPolicy):
    """Lines of the body stay within 78 columns; ids stay whole, however long; a subject is never parsed.

    The standard policy encodes a long Message-ID or References as if it were prose, which breaks
    threading; a policy with long lines would let the body run to 998 columns; and setting a subject
    decodes what looks like an encoded word in it, line breaks included.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name.lower() not in _WRITTEN_HERE:
            return super().header_store_parse(name, value)
        if not isinstance(value, str) or len(value.splitlines()) != 1:
            raise ValueError(f"{name} is not one line")
        return name, value

    def fold(self, name: str, value: str) -> str:
        if name.lower() == "subject":
            plain = value.isascii() and "=?" not in value
            header = Header(value, "us-ascii" if plain else "utf-8", maxlinelen=76, header_name=name)
            return f"{name}: {header.encode(linesep=_CRLF)}{_CRLF}"
        if name.lower() in _WRITTEN_HERE:
            return f"{name}: {value}{_CRLF}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


def address(text: str) -> Address:
    """`Name <user@host>` or `user@host`, checked; an international host is written in ASCII.

    Raises:
        AlertError: it is no single mail address.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["To"] = one_line(text)
        (found,) = message["To"].addresses
        domain = found.domain.encode("idna").decode("ascii")
        if found.username and found.username.isascii() and domain and not message["To"].defects:
            return Address(display_name=found.display_name, username=found.username, domain=domain)
    except (ValueError, IndexError):
        pass
    raise AlertError(f"{one_line(text, 100)!r} is no mail address; write user@host or Name <user@host>")


def mail(message: Message, delivery: Delivery, *, sender: Address, recipient: Address | None) -> bytes:
    """The mail of one delivery: byte for byte the same at each attempt.

    Message-ID comes from the delivery, Date from the message; all mails of one digest refer to one
    root id, so that mail programs show them as a thread. One that tells of stories told before answers the
    mails that told them first to this recipient. Lines end with CRLF.
    """
    domain = sender.domain
    thread = _ATOM.sub("-", message.digest_id) or "notice"
    mime = EmailMessage(policy=_MailPolicy(linesep=_CRLF, max_line_length=78))
    mime["From"] = sender
    mime["To"] = recipient if recipient is not None else "undisclosed-recipients:;"
    mime["Subject"] = one_line(message.subject, SUBJECT) or "Tidings"
    mime["Date"] = format_datetime(message.created_at)
    mime["Message-ID"] = f"<{_ATOM.sub('-', delivery.id)}@{domain}>"
    earlier = [
        f"<{delivery_id(key, delivery.channel_id, delivery.recipient)}@{domain}>"
        for key in message.refers_to[-REFERENCES:]
    ]
    if earlier:
        mime["In-Reply-To"] = " ".join(earlier)
    mime["References"] = " ".join((f"<digest-{thread}@{domain}>", *earlier))
    mime["List-Id"] = f"<{thread}.tidings.{domain}>"
    mime["Auto-Submitted"] = "auto-generated"
    mime["X-Auto-Response-Suppress"] = "All"
    mime.set_content(message.text, cte="quoted-printable")
    mime.add_alternative(message.html, subtype="html", cte="quoted-printable")
    mime.set_boundary(f"=_tidings_{_ATOM.sub('-', delivery.id)[:40]}")
    return mime.as_bytes()
