"""Header fields of a mail as bytes: encoded, folded, and read back to see that they are what was meant. Pure.

The standard library encodes long ids and addresses as if they were prose, and has let line breaks through
(CVE-2024-6923, CVE-2026-1299); a mail's header is written here in whole, and `fields` reads it from the final bytes.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from email.headerregistry import Address

from alerts.errors import AlertError

CRLF = "\r\n"
LINE = 76  # characters of a line, of the Subject and of names; ids and addresses stay whole, however long
LONGEST_LINE = 998  # bytes, without CRLF (RFC 5322, 2.1.1)

_WORD = 75  # characters of an encoded word at most (RFC 2047, 2)
_OPEN, _CLOSE = "=?utf-8?{}?", "?="
_FRAME = len(_OPEN.format("b")) + len(_CLOSE)
_LONGEST_PLAIN = 60  # of one word of a subject; a longer one cannot be folded and is encoded
_PLAIN_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_QUOTABLE = re.compile(r"[ -~]+")
_FIELD = re.compile(rb"([!-9;-~]+): ([!-~]?[ -~]*)")
_MORE = re.compile(rb"[ \t]+[!-~][ -~]*")


class MalformedMail(AlertError):
    """The header of a finished mail is not what was written: it must not be sent."""


def prose(name: str, text: str) -> str:
    """The value of a field of free words, such as Subject, folded; `text` is one line without controls."""
    words = text.split(" ")
    if not text.isascii() or "=?" in text or max(map(len, words)) > _LONGEST_PLAIN:
        return _encoded(text, LINE - len(name) - 2)
    lines, used = [""], len(name) + 2
    for word in words:
        if lines[-1] and used + 1 + len(word) > LINE:
            lines.append(word)
            used = 1 + len(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
            used += 1 + len(word)
    return f"{CRLF} ".join(lines)


def mailbox(name: str, address: Address) -> str:
    """The value of a field with one address, such as From."""
    shown, spec = address.display_name, f"<{address.addr_spec}>"
    if not shown:
        return address.addr_spec
    if len(shown) > _LONGEST_PLAIN or "=?" in shown or not _QUOTABLE.fullmatch(shown):
        phrase = _encoded(shown, LINE - len(name) - 2)
    elif _ATOMS.fullmatch(shown) and shown == " ".join(shown.split()):
        phrase = shown
    else:
        phrase = '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
    last = len(phrase) - phrase.rfind(CRLF) - 1 + (0 if CRLF in phrase else len(name) + 2)
    return phrase + (" " if last + 1 + len(spec) <= LINE else f"{CRLF} ") + spec


def ids(name: str, values: Sequence[str]) -> str:
    """The value of a field of message ids, such as References: broken between them, never inside one."""
    lines, used = [""], len(name) + 2
    for value in values:
        if lines[-1] and used + 1 + len(value) > LINE:
            lines.append(value)
            used = 1 + len(value)
        else:
            lines[-1] += f" {value}" if lines[-1] else value
            used += 1 + len(value)
    return f"{CRLF} ".join(lines)


def block(written: Sequence[tuple[str, str]]) -> bytes:
    """The fields as they go over the wire, with the empty line that ends them.

    Raises:
        MalformedMail: a value would be more, or other, than the one field that it was meant to be.
    """
    text = "".join(f"{name}: {value}{CRLF}" for name, value in written) + CRLF
    try:
        data = text.encode("ascii")
    except UnicodeEncodeError as error:
        raise MalformedMail("a header field of this mail is not ASCII") from error
    check(data, written)
    return data


def check(mail: bytes, written: Sequence[tuple[str, str]]) -> None:
    """Read the header of the final bytes: exactly the fields that were written, each with its value.

    Raises:
        MalformedMail: it is not.
    """
    wanted = tuple((name, value.replace(CRLF, "").encode("ascii", "replace")) for name, value in written)
    if fields(mail) != wanted:
        raise MalformedMail("the header of this mail does not hold exactly the fields that were written")


def fields(mail: bytes) -> tuple[tuple[str, bytes], ...]:
    """Names and unfolded values of a header, up to the empty line that ends it; by RFC 5322 without its old forms.

    Raises:
        MalformedMail: a line is no field and continues none, is empty, too long, or holds more than printable ASCII.
    """
    found: list[tuple[str, bytes]] = []
    head, end, _ = mail.partition(b"\r\n\r\n")
    if not end:
        raise MalformedMail("the header of this mail has no end")
    for line in head.split(b"\r\n"):
        if len(line) > LONGEST_LINE:
            raise MalformedMail("a header line of this mail is too long")
        if found and _MORE.fullmatch(line):
            name, value = found[-1]
            found[-1] = name, value + line
        elif field := _FIELD.fullmatch(line):
            found.append((field[1].decode("ascii"), field[2]))
        else:
            raise MalformedMail("a header line of this mail is no field")
    return tuple(found)


def _encoded(text: str, first: int) -> str:
    """`text` as encoded words of UTF-8, the first of at most `first` characters, each of whole characters."""
    data = text.encode("utf-8", "replace")
    short = _q_size(data) <= _b_size(data)
    size, spelled = (_q_size, _q) if short else (_b_size, _b)
    frame = _OPEN.format("q" if short else "b")
    pieces = _pieces(text, size, first - _FRAME)
    return f"{CRLF} ".join(f"{frame}{spelled(piece)}{_CLOSE}" for piece in pieces)


def _pieces(text: str, size: Callable[[bytes], int], room: int) -> Iterator[bytes]:
    piece = b""
    for character in text:
        more = character.encode("utf-8", "replace")
        if piece and size(piece + more) > room:
            yield piece
            piece, room = b"", _WORD - _FRAME
        piece += more
    yield piece


def _b(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _b_size(data: bytes) -> int:
    return 4 * -(-len(data) // 3)


def _q(data: bytes) -> str:
    return "".join(chr(c) if c in _PLAIN_BYTES else "_" if c == 0x20 else f"={c:02X}" for c in data)


def _q_size(data: bytes) -> int:
    return sum(1 if c in _PLAIN_BYTES or c == 0x20 else 3 for c in data)
