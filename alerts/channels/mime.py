"""A message as the bytes of a mail, safe against injected headers and rewritten ones."""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.headerregistry import Address
from email.utils import format_datetime
from hashlib import sha256

from alerts.channels import headers
from alerts.delivery_ids import delivery_id
from alerts.errors import AlertError
from alerts.messages import Delivery, Message, Picture
from alerts.safe import one_line
from alerts.threads import threads

SUBJECT = 250  # characters at most
REFERENCES = 8  # earlier mails that one refers to, the newest of them

_LONGEST_NAME = 120  # of a sender or recipient
_LOCAL = re.compile(r"(?=.{1,64}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_LONGEST_LIST_ID = 255
_CRLF = b"\r\n"
_NOT_ATOM = re.compile(r"[^A-Za-z0-9.-]+")
_ATOM = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LONGEST_ATOM = 64
_IMAGE = re.compile(r"""<img(?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?)*\s*/?>""")
_SOURCE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*("[^"]*"|'[^']*')""")


def address(text: str) -> Address:
    """`Name <user@host>` or `user@host`, checked; an international host is written in ASCII.

    Raises:
        AlertError: it is no single mail address.
    """
    name, spec = _named(one_line(text))
    local, _, host = spec.rpartition("@")
    with suppress(ValueError):  # no IDNA form
        domain = host.encode("idna").decode("ascii")
        if name is not None and _LOCAL.fullmatch(local) and _HOST.fullmatch(domain) and len(domain) <= 253:
            return Address(display_name=one_line(name, _LONGEST_NAME), username=local, domain=domain)
    raise AlertError(f"{one_line(text, 100)!r} is no mail address; write user@host or Name <user@host>")


def _named(text: str) -> tuple[str | None, str]:
    """Name and address; the name is None where it could as well be another address."""
    name, bracket, spec = text.rpartition("<")
    if not bracket or not spec.endswith(">"):
        return "", text
    spec = spec[:-1]
    name = name.strip()
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', name)
    if quoted is not None:
        return re.sub(r"\\(.)", r"\1", quoted[1]), spec
    return (None if re.search(r'[<>,;@"]', name) else name), spec


def mail(
    message: Message,
    delivery: Delivery,
    *,
    sender: Address,
    recipient: Address | None,
    unsubscribe: str | None = None,
) -> bytes:
    """The mail of one delivery: byte for byte the same at each attempt.

    Message-ID comes from the delivery, Date from the message; all mails of a thread refer to its root
    id, so that mail programs show them together. One that tells of stories told before answers the
    mails that told them first to this recipient. Pictures that the HTML shows travel with it. Lines end with CRLF.

    Args:
        unsubscribe: the https address that takes this recipient off, by one click (RFC 8058).
    Raises:
        MalformedMail: the header of the finished mail is not exactly what was written here.
    """
    domain = sender.domain
    mark = _NOT_ATOM.sub("-", delivery.id)[:_LONGEST_ATOM]
    names = tuple(_atom(name) for name in threads(message))
    earlier = [
        f"<{delivery_id(key, delivery.channel_id, delivery.recipient)}@{domain}>"
        for key in message.refers_to[-REFERENCES:]
    ]
    referred = [*(f"<{name}@{domain}>" for name in names), *earlier]
    boundary = f"=_tidings_{mark}"  # no quoted-printable or base64 line holds "=_"
    subject = one_line(message.subject, SUBJECT) or "Tidings"
    to = headers.mailbox("To", recipient) if recipient is not None else "undisclosed-recipients:;"
    written = [
        ("From", headers.mailbox("From", sender)),
        ("To", to),
        ("Subject", headers.prose("Subject", subject)),
        ("Date", format_datetime(message.created_at)),
        ("Message-ID", f"<{mark}@{domain}>"),
    ]
    if earlier:
        written.append(("In-Reply-To", headers.ids("In-Reply-To", earlier)))
    if referred:
        written.append(("References", headers.ids("References", referred)))
    if names:
        written.append(("List-Id", _list_id(names[0], domain)))
    if unsubscribe is not None:
        written.append(("List-Unsubscribe", f"<{unsubscribe}>"))
        written.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    written += [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;{headers.CRLF} boundary="{boundary}"'),
    ]
    text = _part([("Content-Type", 'text/plain; charset="utf-8"')], message.text)
    whole = headers.block(written) + _joined(boundary, [text, _page(message, mark, domain)])
    headers.check(whole, written)
    return whole


def _list_id(thread: str, domain: str) -> str:
    """Within 255 characters; where that is not to be had, in the name space without a domain (RFC 2919, 3)."""
    found = f"<{thread}.tidings.{domain}>"
    if len(found) > _LONGEST_LIST_ID:
        found = f"<{sha256(found.encode('ascii')).hexdigest()[:32]}.localhost>"
    return found


def _page(message: Message, mark: str, domain: str) -> bytes:
    """The HTML part; with the pictures that it shows, where there are any."""
    content_ids = {one.name: f"{_atom(one.name)}.{mark}@{domain}" for one in message.pictures}
    html, shown = _with_content_ids(message.html, content_ids)
    page = _part([("Content-Type", 'text/html; charset="utf-8"')], html)
    pictures = [one for one in message.pictures if one.name in shown]
    if not pictures:
        return page
    boundary = f"=_related_{mark}"
    kind = f'multipart/related; type="text/html";{headers.CRLF} boundary="{boundary}"'
    images = [_image(one, content_ids[one.name]) for one in pictures]
    return headers.block([("Content-Type", kind)]) + _joined(boundary, [page, *images])


def _with_content_ids(html: str, content_ids: dict[str, str]) -> tuple[str, set[str]]:
    """`html` with the full ids of its pictures, and the names of those that it shows."""
    shown = set()

    def source(attribute: re.Match[str]) -> str:
        name = attribute[2][1:-1].removeprefix("cid:")
        if (
            attribute[1].lower() != "src"
            or not attribute[2][1:].startswith("cid:")
            or name not in content_ids
        ):
            return attribute[0]
        shown.add(name)
        return f'{attribute[1]}="cid:{content_ids[name]}"'

    if not content_ids:
        return html, shown
    return _IMAGE.sub(lambda image: _SOURCE.sub(source, image[0]), html), shown


def _part(kind: Sequence[tuple[str, str]], text: str) -> bytes:
    """A text in quoted-printable: ASCII lines of at most 76 characters, whatever stands in it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    head = headers.block([*kind, ("Content-Transfer-Encoding", "quoted-printable")])
    return head + b2a_qp(lines, istext=True).replace(b"\n", _CRLF)


def _image(picture: Picture, content_id: str) -> bytes:
    head = [
        ("Content-Type", "image/png"),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-ID", f"<{content_id}>"),
        ("Content-Disposition", f'inline;{headers.CRLF} filename="{_atom(picture.name)}.png"'),
    ]
    return headers.block(head) + encodebytes(picture.png).replace(b"\n", _CRLF)


def _joined(boundary: str, parts: Sequence[bytes]) -> bytes:
    line = f"--{boundary}".encode("ascii")

    def lines() -> Iterator[bytes]:
        for part in parts:
            yield line + _CRLF + part + _CRLF
        yield line + b"--" + _CRLF

    return b"".join(lines())


def _atom(name: str) -> str:
    """A name as it may stand in an id; one that must be changed ends with a hash, so that it stays its own."""
    if len(name) <= _LONGEST_ATOM and _ATOM.fullmatch(name):
        return name
    plain = _NOT_ATOM.sub("-", name).strip(".-")[:40]
    return f"{plain.replace('..', '-')}-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:12]}".lstrip(
        "-"
    )
