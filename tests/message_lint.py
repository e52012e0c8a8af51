"""What a mail tester would find in a finished mail: bytes in, findings out. It shares no code with what makes mails."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import html5lib

CLIPPED = 102_400  # bytes of HTML from which Gmail shows a part only
REQUIRED = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")
KNOWN = frozenset(
    {
        *REQUIRED, "In-Reply-To", "References", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
        "X-Auto-Response-Suppress",
    }
)  # fmt: skip
WIDTH = 78  # columns of the text part, less for lines that are one address

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = rf"{ATOM}(?:\.{ATOM})*"
MESSAGE_ID = re.compile(rf"<{DOT_ATOM}@{DOT_ATOM}>")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")
LIST_ID = re.compile(r"<[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+>")
WORD = re.compile(r"=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=")
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
LIVE_STYLE = re.compile(
    r"url\s*\(|@import|@font-face|expression\s*\(|behaviou?r\s*:|-moz-binding|javascript:|\\", re.I
)
FORBIDDEN = frozenset(
    [
        "script",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "form",
        "input",
        "button",
        "textarea",
        "select",
        "link",
        "base",
        "svg",
        "math",
        "video",
        "audio",
        "source",
        "track",
        "picture",
        "template",
        "portal",
        "dialog",
        "marquee",
        "isindex",
        "noscript",
    ]
)
LOADING = frozenset(
    [
        "srcset",
        "background",
        "poster",
        "data",
        "action",
        "formaction",
        "longdesc",
        "cite",
        "ping",
        "lowsrc",
        "dynsrc",
        "manifest",
    ]
)
VOID_PREFIX = "{http://www.w3.org/1999/xhtml}"


@dataclass
class Linted:
    """A mail that was looked at."""

    findings: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)  # decoded
    text: str = ""
    html: str = ""
    tree: Any = None

    @property
    def links(self) -> list[str]:
        """All addresses of the HTML part, as they stand there."""
        return [one.get("href") for one in self.tree.iter(f"{VOID_PREFIX}a") if one.get("href")]


def lint(mail: bytes) -> Linted:
    """Look at everything, and fail with all that is wrong."""
    found = look(mail)
    assert found.findings == [], "\n".join(found.findings)
    return found


def look(mail: bytes) -> Linted:
    """Look at everything."""
    found = Linted()
    wrong = found.findings
    wrong += _bytes(mail)
    wrong += _header(mail, found.headers)
    parsed = message_from_bytes(mail, policy=default)
    assert isinstance(parsed, EmailMessage)
    text, html, images = _parts(parsed, wrong)
    if text is None or html is None:
        return found
    found.text, found.html = _decoded(text, wrong), _decoded(html, wrong)
    wrong += _text(found.text)
    page, found.tree = _page(found.html)
    wrong += page
    wrong += _pictures(found.tree, images)
    wrong += _agree(found)
    return found


# -- bytes and header ------------------------------------------------------------------------------


def _bytes(mail: bytes) -> Iterator[str]:
    if not mail.isascii() or b"\0" in mail:
        yield "the mail is not ASCII"
    if b"\r" in mail.replace(b"\r\n", b"") or b"\n" in mail.replace(b"\r\n", b""):
        yield "a line does not end with CRLF"
    if not mail.endswith(b"\r\n"):
        yield "the last line does not end"
    lines = mail.split(b"\r\n")
    if max(map(len, lines)) > 998:
        yield "a line is longer than 998 bytes"
    body = mail.partition(b"\r\n\r\n")[2]
    if max(len(line) for line in body.split(b"\r\n") if not line.startswith(b"Content-ID: <")) > 78:
        yield "a line of the body is longer than 78 bytes"


def _header(mail: bytes, values: dict[str, str]) -> Iterator[str]:
    fields: list[tuple[str, str]] = []
    for line in mail.partition(b"\r\n\r\n")[0].decode("ascii", "replace").split("\r\n"):
        if len(line) > 78 and len(line.split()) > (1 if line[0] == " " else 2):
            yield f"the header line {line!r} should be folded"
        if line[:1] in (" ", "\t"):
            if not fields or not line.strip():
                yield "a header line continues nothing, or holds nothing"
            else:
                fields[-1] = fields[-1][0], fields[-1][1] + line
        else:
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[!-9;-~]+", name):
                yield f"{line!r} is no header field"
            fields.append((name, value.removeprefix(" ")))
    names = Counter(name.lower() for name, _ in fields)
    yield from (f"{name} stands there {n} times" for name, n in names.items() if n > 1)
    yield from (f"{name} is missing" for name in REQUIRED if name.lower() not in names)
    yield from (f"{name} is a header field nobody meant" for name, _ in fields if name not in KNOWN)
    for name, value in fields:
        values[name] = yield from _unencoded(name, value)
        if HIDDEN.search(values[name]) or "\n" in values[name]:
            yield f"{name} holds characters that are not shown"
    yield from _addresses(dict(fields))
    yield from _ids(values)
    yield from _list(values)


def _unencoded(name: str, value: str) -> Any:
    """The value with its encoded words decoded, strictly; findings are yielded."""
    prose = name in ("Subject", "From", "To")
    decoded, at, before_was_word = [], 0, False
    for word in WORD.finditer(value):
        between = value[at : word.start()]
        if not prose:
            yield f"{name} holds an encoded word, and takes none"
        if (word.start() and value[word.start() - 1] not in " \t") or value[
            word.end() : word.end() + 1
        ] not in ("", " "):
            yield f"an encoded word of {name} does not stand by itself"
        if len(word[0]) > 75:
            yield f"an encoded word of {name} has {len(word[0])} characters"
        if not (before_was_word and not between.strip()):
            decoded.append(between)
        decoded.append((yield from _word(name, word)))
        at, before_was_word = word.end(), True
    return "".join([*decoded, value[at:]])


def _word(name: str, word: re.Match[str]) -> Any:
    charset, how, coded = word[1].lower(), word[2].lower(), word[3]
    try:
        if charset != "utf-8" or how not in ("q", "b"):
            raise ValueError(charset)
        if how == "b":
            return binascii.a2b_base64(coded, strict_mode=True).decode("utf-8")
        if not re.fullmatch(r"(?:=[0-9A-F]{2}|[A-Za-z0-9!*+/_-])*", coded):
            raise ValueError(coded)
        return binascii.a2b_qp(coded.encode("ascii"), header=True).decode("utf-8")
    except ValueError:
        yield f"{name} holds a broken encoded word: {word[0]}"
        return ""


def _addresses(values: dict[str, str]) -> Iterator[str]:
    """Of the header as it stands, because names hold signs once they are decoded."""
    senders = getaddresses([values.get("From", "")])
    if len(senders) != 1 or not re.fullmatch(r"[!-~]+@[A-Za-z0-9.-]+", senders[0][1]):
        yield f"From is not one address: {senders}"
    to = values.get("To", "")
    if to != "undisclosed-recipients:;" and (len(getaddresses([to])) != 1 or "@" not in to):
        yield f"To is not one address: {to}"
    if not values.get("Subject", "").strip():
        yield "there is no subject"


def _ids(values: dict[str, str]) -> Iterator[str]:
    own = values.get("Message-ID", "")
    if not MESSAGE_ID.fullmatch(own):
        yield f"{own!r} is no message id"
    date = values.get("Date", "")
    if not DATE.fullmatch(date) or parsedate_to_datetime(date).tzinfo is None:
        yield f"{date!r} is no date"
    references = values.get("References", "").split()
    answered = values.get("In-Reply-To", "").split()
    yield from (
        f"{one} is no message id" for one in (*references, *answered) if not MESSAGE_ID.fullmatch(one)
    )
    if len(references) != len(set(references)) or own in references:
        yield "References names a mail twice, or itself"
    if not set(answered) <= set(references):
        yield "In-Reply-To names a mail that References does not"


def _list(values: dict[str, str]) -> Iterator[str]:
    if values.get("Auto-Submitted") != "auto-generated":
        yield "it does not say that a program sent it"
    named = values.get("List-Id")
    if named is not None and (not LIST_ID.fullmatch(named) or len(named) > 255):
        yield f"{named!r} is no list id"
    leave, click = values.get("List-Unsubscribe"), values.get("List-Unsubscribe-Post")
    if (leave is None) != (click is None) or click not in (None, "List-Unsubscribe=One-Click"):
        yield "one-click needs both of its fields"
    if leave is not None and not re.fullmatch(r"<https://[!-;=?-~]+>", leave):
        yield f"{leave!r} is no https address"


# -- parts -----------------------------------------------------------------------------------------


def _parts(mail: EmailMessage, wrong: list[str]) -> tuple[Any, Any, list[Any]]:
    """Text, HTML and images."""
    for part in mail.walk():
        wrong += [f"{part.get_content_type()}: {defect!r}" for defect in part.defects]
        if (part.preamble or "").strip() or (part.epilogue or "").strip():
            wrong.append("something stands outside of the parts")
    inside = list(mail.iter_parts()) if mail.is_multipart() else []
    kinds = [part.get_content_type() for part in inside]
    if mail.get_content_type() != "multipart/alternative" or kinds not in (
        ["text/plain", "text/html"],
        ["text/plain", "multipart/related"],
    ):
        wrong.append(f"the mail is {mail.get_content_type()} of {kinds}")
        return None, None, []
    if kinds[1] == "text/html":
        return inside[0], inside[1], []
    page, *images = inside[1].iter_parts()  # type: ignore[attr-defined]  # an EmailMessage under this policy
    if page.get_content_type() != "text/html" or inside[1].get_param("type") != "text/html" or not images:
        wrong.append("the HTML does not come first among what belongs to it")
        return None, None, []
    for image in images:
        data = _transferred(image, wrong)
        if image.get_content_type() != "image/png" or not data.startswith(b"\x89PNG\r\n\x1a\n"):
            wrong.append("a picture is no PNG")
        if image.get_content_disposition() != "inline" or not re.fullmatch(
            r"[A-Za-z0-9.-]+\.png", image.get_filename("")
        ):
            wrong.append("a picture is not meant to be shown in its place")
        if not MESSAGE_ID.fullmatch(str(image["Content-ID"])):
            wrong.append(f"{image['Content-ID']} is no content id")
    return inside[0], page, images


def _transferred(part: Any, wrong: list[str]) -> bytes:
    """The bytes of a part, its coding taken literally."""
    how, coded = str(part["Content-Transfer-Encoding"]), part.get_payload()
    if how == "base64":
        try:
            return binascii.a2b_base64("".join(coded.split()), strict_mode=True)
        except binascii.Error as error:
            wrong.append(f"broken base64: {error}")
    elif how != "quoted-printable":
        wrong.append(f"a part is sent as {how}")
    else:
        for line in coded.split("\n"):
            line = line.removesuffix("\r")
            if (
                len(line) > 76
                or not re.fullmatch(r"(?:=[0-9A-F]{2}|[ -<>-~\t])*=?", line)
                or line[-1:] in (" ", "\t")
            ):
                wrong.append(f"broken quoted-printable: {line!r}")
                break
    return part.get_payload(decode=True) or b""


def _decoded(part: Any, wrong: list[str]) -> str:
    if part.get_content_charset() != "utf-8":
        wrong.append(f"a text is sent as {part.get_content_charset()}")
    try:
        return _transferred(part, wrong).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        wrong.append("a text is no UTF-8")
        return ""


def _text(text: str) -> Iterator[str]:
    if not text.strip() or not text.endswith("\n"):
        yield "the text part is empty or does not end"
    if HIDDEN.search(text) or "\r" in text:
        yield f"the text part holds characters that are not shown: {HIDDEN.findall(text)[:5]!r}"
    for line in text.split("\n"):
        if _columns(line) > WIDTH and not line.lstrip(" ").startswith(("http://", "https://", "tidings ")):
            yield f"a line of the text part has {_columns(line)} columns: {line[:100]!r}"
        if line != line.rstrip():
            yield f"a line of the text part ends with blanks: {line!r}"


def _columns(line: str) -> int:
    return (
        len(line)
        if line.isascii()
        else sum(
            0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
            for c in line
        )
    )


# -- the page --------------------------------------------------------------------------------------


def look_at_page(html: str) -> list[str]:
    """What is wrong with a page as a mail program reads it; also for pages that go elsewhere."""
    return list(_page(html)[0])


@lru_cache(maxsize=8)  # many mails in a row have the same page
def _page(html: str) -> tuple[tuple[str, ...], Any]:
    wrong = []
    if len(html.encode("utf-8", "replace")) >= CLIPPED:
        wrong.append("mail programs would clip the HTML")
    if HIDDEN.search(html):
        wrong.append(f"the HTML holds characters that are not shown: {HIDDEN.findall(html)[:5]!r}")
    parser = html5lib.HTMLParser()
    tree = parser.parse(html)
    wrong += [f"HTML at {where}: {what} {data}" for where, what, data in parser.errors]
    if not tree.get("lang"):
        wrong.append("the HTML names no language")
    titles = [_words(one) for one in tree.iter(f"{VOID_PREFIX}title")]
    if len(titles) != 1 or not titles[0]:
        wrong.append(f"the HTML has the titles {titles}")
    for element in tree.iter():
        if isinstance(element.tag, str):
            wrong += _element(element)
        elif not re.fullmatch(r"\[if mso\]>.*<!\[endif\]", element.text or "", re.DOTALL) or re.search(
            r"script|on\w+=|https?:|src|href", element.text or "", re.I
        ):
            wrong.append(f"a comment that was not meant: {element.text!r}")
    return tuple(wrong), tree


def _element(element: Any) -> Iterator[str]:
    name = element.tag.removeprefix(VOID_PREFIX)
    if name in FORBIDDEN or name.startswith("{"):
        yield f"<{name}> stands in the HTML"
    if name == "style" and LIVE_STYLE.search(element.text or ""):
        yield "the style sheet loads or runs something"
    if name == "meta" and element.get("http-equiv", "content-security-policy").lower() not in (
        "content-security-policy",
        "x-ua-compatible",
        "content-type",
    ):
        yield f"<meta> does {element.get('http-equiv')}"
    if name == "img" and (not element.get("src") or element.get("alt") is None):
        yield "a picture has no source or no words in its place"
    if name == "a" and not element.get("href"):
        yield "a link leads nowhere"
    for key, value in element.attrib.items():
        if not isinstance(key, str) or key.lower().startswith("on") or key.lower() in LOADING:
            yield f"<{name} {key}> stands in the HTML"
        elif key == "style" and LIVE_STYLE.search(value):
            yield f"the style {value!r} loads or runs something"
        elif key == "href":
            yield from _link(value)
        elif key == "src" and urlsplit(value).scheme != "cid":
            yield f"<{name}> loads {value[:80]!r}"


def _link(href: str) -> Iterator[str]:
    parts = urlsplit(href)
    if not re.match(r"(https?://[^/?#]+|mailto:[^@]+@)", href) or "@" in parts.netloc:
        yield f"a link leads to {href[:80]!r}"
    if not re.fullmatch(r"""[!#-;=?-_a-z~|\[\]]+""", href):
        yield f"the link {href[:80]!r} holds characters that belong in no address"


def _pictures(tree: Any, images: list[Any]) -> Iterator[str]:
    shown = {one.get("src", "").removeprefix("cid:") for one in tree.iter(f"{VOID_PREFIX}img")}
    sent = [str(image["Content-ID"]).strip("<>") for image in images]
    if len(sent) != len(set(sent)) or shown != set(sent):
        yield f"pictures shown {sorted(shown)} are not those sent {sorted(sent)}"


def _agree(found: Linted) -> Iterator[str]:
    """All that is linked or is a headline in the HTML stands in the text, wherever its lines break."""
    text = _squashed(found.text)
    for link in found.links:
        if _squashed(link) not in text:
            yield f"the text part does not name {link[:120]}"
    for tag in ("a", "h1", "h2", "h3"):
        for one in found.tree.iter(f"{VOID_PREFIX}{tag}"):
            own = _words(one, without="span" if tag in ("h2", "h3") else "")
            if _squashed(own) not in text:
                yield f"the text part does not say {own[:120]!r}"


def _words(element: Any, without: str = "") -> str:
    inside = "".join(
        ("" if isinstance(one.tag, str) and one.tag == VOID_PREFIX + without else _words(one, without))
        + (one.tail or "")
        for one in element
    )
    return ((element.text or "") if isinstance(element.tag, str) else "") + inside


def _squashed(text: str) -> str:
    return "".join(text.split())
