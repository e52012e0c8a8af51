"""The bytes of a mail: parts, threads, pictures and headers, and what is refused because it would be more than was meant."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import headers, mime
from alerts.delivery_ids import delivery_id
from alerts.errors import AlertError
from alerts.messages import Delivery, Message, MessageKind, Picture
from alerts.safe import one_line
from alerts.threads import reader, subscriptions, threads
from tests.fakes.clock import NOON
from tests.message_lint import lint, look

SENDER = mime.address("Tidings <tidings@example.org>")
READER = mime.address("desk@example.org")
ID = "0123456789abcdef0123456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3
PAGE = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>t</title></head>\n<body>{}</body></html>\n'


def message(body: str = "<p>x</p>", **changes: Any) -> Message:
    fields = {"key": "morning/1", "subject": "Morning", "text": "x\n", "data": "{}", "created_at": NOON}
    return Message(**(fields | {"html": PAGE.format(body), "digest_id": "morning"} | changes))


def mail(one: Message, to: str = "desk@example.org", **changes: Any) -> bytes:
    delivery = Delivery(id=ID, message_key=one.key, channel_id="desk", recipient=to, created_at=NOON)
    return mime.mail(one, delivery, **({"sender": SENDER, "recipient": READER} | changes))


def parsed(data: bytes) -> EmailMessage:
    found = message_from_bytes(data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


# -- parts -----------------------------------------------------------------------------------------


def test_text_and_html_arrive_letter_for_letter() -> None:
    """Long lines, blanks at their ends, dots, empty lines, every script; the last line as it was."""
    text = ".\n..\n\n.x \nFrom x\t\n" + "ü漢😀\u200d" * 400 + "\n" + "a" * 2048 + "\nend\n"
    html = PAGE.format("<p>" + "é" * 3000 + "</p>")

    first, second = parsed(mail(message(text=text, html=html))).iter_parts()

    assert first.get_payload(decode=True).decode() == text.replace("\n", "\r\n")  # type: ignore[union-attr]  # bytes
    assert second.get_payload(decode=True).decode() == html.replace("\n", "\r\n")  # type: ignore[union-attr]  # bytes


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_mail_has_them_whatever_they_ended_with(ending: str) -> None:
    """A bare CR or LF on the wire is how mails are smuggled past a server."""
    data = mail(message(text=f"a{ending}.{ending}{ending}b{ending}"))

    assert b"a\r\n=2E\r\n\r\nb\r\n" in data
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_an_address_of_2048_characters_stays_whole() -> None:
    """In the text, in a link, in the subject and in the address to unsubscribe."""
    url = "https://example.org/" + "a%41-" * 405

    found = lint(
        mail(
            message(f'<p><a href="{url[:2048]}">{url[:2048]}</a></p>', text=f"{url[:2048]}\n", subject=url),
            unsubscribe=url[:900],
        )
    )

    assert found.links == [url[:2048]]
    assert found.headers["Subject"] == one_line(url, mime.SUBJECT)
    assert found.headers["List-Unsubscribe"] == f"<{url[:900]}>"


def test_pictures_that_are_shown_travel_with_the_html() -> None:
    """Beside it in multipart/related, by ids of this mail; those that are not shown stay at home."""
    pictures = tuple(Picture(name=name, png=PNG) for name in ("plot-trust", "plot-compact", "unused"))
    body = (
        '<p>src="cid:plot-trust" &lt;img src="cid:plot-compact"&gt;</p>'
        '<img class="plot" alt="a &gt; b, src=\'cid:unused\'" src="cid:plot-trust" width="10">'
        '<img src="cid:plot-compact" alt="">'
    )
    one = message(body, pictures=pictures)

    found = lint(mail(one))

    data = mail(one)
    ids = [part["Content-ID"] for part in parsed(data).walk() if part.get_content_type() == "image/png"]
    assert ids == [f"<{name}.{ID}@example.org>" for name in ("plot-trust", "plot-compact")]
    assert 'src="cid:plot-trust" &lt;img src="cid:plot-compact"&gt;' in found.html
    assert parsed(data).get_content_type() == "multipart/alternative"
    images = [part for part in parsed(data).walk() if part.get_content_maintype() == "image"]
    assert [part.get_payload(decode=True) for part in images] == [PNG, PNG]


def test_pictures_with_any_name_are_found() -> None:
    """Names come from initiatives, whose ids may be of any script."""
    names = ("план", "a.b..c", "x" * 90, "-", "a_b")
    body = "".join(f'<img alt="" src="cid:{name}">' for name in names)

    data = mail(message(body, pictures=tuple(Picture(name=name, png=PNG) for name in names)))

    lint(data)
    assert data.count(b"Content-ID: ") == len(names)


def test_a_mail_without_pictures_has_two_parts() -> None:
    assert [part.get_content_type() for part in parsed(mail(message())).iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_a_repeat_is_the_same_to_the_byte() -> None:
    one = message('<img alt="" src="cid:p">', pictures=(Picture(name="p", png=PNG),), refers_to=("a", "b"))

    assert mail(one, unsubscribe="https://x.example/u") == mail(one, unsubscribe="https://x.example/u")


# -- threads ---------------------------------------------------------------------------------------


def test_a_mail_refers_to_its_threads_and_to_what_it_follows() -> None:
    """Roots of all threads first, then the newest eight earlier mails to this reader."""
    keys = tuple(f"k{n}" for n in range(11))
    one = message(threads=("digest-morning", "initiative-trust"), refers_to=keys)

    found = lint(mail(one, "reader@example.org"))

    earlier = [f"<{delivery_id(key, 'desk', 'reader@example.org')}@example.org>" for key in keys[-8:]]
    roots = ["<digest-morning@example.org>", "<initiative-trust@example.org>"]
    assert found.headers["References"].split() == roots + earlier
    assert found.headers["In-Reply-To"].split() == earlier
    assert found.headers["List-Id"] == "<digest-morning.tidings.example.org>"


def test_a_message_without_threads_is_in_that_of_its_digest() -> None:
    """One that was frozen before there were any; a test message is in none."""
    assert lint(mail(message())).headers["References"] == "<digest-morning@example.org>"
    for name in ("References", "List-Id", "In-Reply-To"):
        assert name not in lint(mail(message(digest_id="", kind=MessageKind.TEST))).headers


def test_threads_of_any_name_stay_apart() -> None:
    """Ids are letters of any script; what cannot stand in a header becomes a hash of its own."""
    names = (
        "digest-новости",
        "digest-新闻",
        "digest-a_b",
        "digest-a.b",
        "digest-a..b",
        "digest-" + "x" * 80,
        "digest-",
    )
    roots = {lint(mail(message(threads=(name,)))).headers["References"] for name in names}

    assert len(roots) == len(names)


@pytest.mark.parametrize(
    ("kind", "given", "leaves"),
    [
        (MessageKind.DIGEST, ("digest-morning", "initiative-trust"), ("digest-morning",)),
        (MessageKind.DIGEST, (), ("digest-morning",)),
        (MessageKind.ALERT, ("initiative-trust",), ("initiative-trust",)),
        (MessageKind.ALERT, ("initiative-a", "initiative-b"), ("initiative-a", "initiative-b")),
        (MessageKind.ALERT, ("operator",), ()),
        (MessageKind.NOTICE, ("operator",), ()),
        (MessageKind.TEST, ("digest-x",), ()),
    ],
)
def test_what_a_reader_can_leave(kind: MessageKind, given: tuple[str, ...], leaves: tuple[str, ...]) -> None:
    assert subscriptions(message(kind=kind, threads=given)) == leaves


def test_a_test_message_of_no_digest_is_in_no_thread() -> None:
    assert threads(message(digest_id="")) == ()


@pytest.mark.parametrize(
    "recipient",
    ["Desk <DESK@Example.org>", "desk@example.org", " desk@example.org ", '"a <b>" <desk@example.org>'],
)
def test_a_reader_is_an_address_whatever_the_name(recipient: str) -> None:
    assert reader(recipient) == "desk@example.org"


def test_one_click_stands_in_two_fields() -> None:
    """RFC 8058 wants both; without an address there is neither."""
    found = lint(mail(message(), unsubscribe="https://news.example.org/unsubscribe/abc"))

    assert found.headers["List-Unsubscribe"] == "<https://news.example.org/unsubscribe/abc>"
    assert found.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in lint(mail(message())).headers


# -- headers ---------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=300))
def test_every_subject_survives_folding(subject: str) -> None:
    """Long, wide, mixed, lone surrogates: what is decoded is what was meant, in lines of at most 78."""
    data = mail(message(subject=subject))

    found = lint(data)
    assert found.headers["Subject"] == (one_line(subject, mime.SUBJECT) or "Tidings")
    assert parsed(data)["Subject"] == found.headers["Subject"]
    assert max(map(len, data.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_every_name_of_a_person_survives(name: str) -> None:
    """Quotation marks, brackets, commas, encoded words: shown as they are, and never a second address."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    who = mime.address(f'"{quoted}" <user@example.org>')

    shown = lint(mail(message(), sender=who, recipient=who)).headers["From"]

    written = re.fullmatch(r'"(.*)" <user@example\.org>', shown)
    plain = (
        re.sub(r"\\(.)", r"\1", written[1]) if written else shown.removesuffix("<user@example.org>").strip()
    )
    assert plain == (who.display_name or "user@example.org")
    assert who.display_name == one_line(name, 120)


def test_encoded_words_in_a_title_stay_the_letters_they_are() -> None:
    title = "=?utf-8?q?x=0D=0ABcc:_thief@evil.example?="

    assert parsed(mail(message(subject=title)))["Subject"] == title


def test_ids_of_a_long_domain_stay_whole() -> None:
    """The standard library would encode them as prose, and threads would break."""
    domain = ".".join(["very-long-name-of-a-department"] * 5) + ".example"

    data = mail(message(refers_to=("a", "b")), sender=mime.address(f"tidings@{domain}"))

    assert f"Message-ID: <{ID}@{domain}>\r\n".encode() in data
    assert f"References: <digest-morning@{domain}>\r\n <".encode() in data
    lint(data)


def test_addresses_as_long_as_they_may_be_stay_whole() -> None:
    spec = "a" * 64 + "@" + ".".join(["b" * 60] * 4)
    who = mime.address(f"{'Ü' * 100} <{spec}>")

    assert lint(mail(message(), sender=who, recipient=who)).headers["To"].endswith(f"<{spec}>")


def test_an_international_host_is_written_in_ascii() -> None:
    who = mime.address("Desk <desk@büro.example>")

    assert lint(mail(message(), recipient=who)).headers["To"] == "Desk <desk@xn--bro-hoa.example>"


def test_a_mail_to_nobody_in_particular_says_so() -> None:
    assert lint(mail(message(), recipient=None)).headers["To"] == "undisclosed-recipients:;"


@pytest.mark.parametrize(
    "text",
    [
        "", "nobody", "a@b@c", "a@b, c@d", "x <>", "@b", "jörg@example.org", "a@" + "b" * 80, "a b@c.example",
        "A <a@b.example>, B <c@d.example>", "a@b, c@d <e@f.example>", "a@b.example>", "<a@b.example", "a@-..b",
        "a..b@c.example", "a" * 65 + "@b.example", "a@" + "b." * 130 + "c", "undisclosed-recipients:;", "x: a@b.example;",
        '"a b"@c.example', "a@[127.0.0.1]",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(AlertError, match="write user@host"):
        mime.address(text)


def test_a_field_that_would_be_more_than_one_is_not_sent() -> None:
    """The check reads the bytes, whatever let the break through."""
    for value in (
        "x\r\nBcc: a@evil.example",
        "x\nBcc: a",
        "x\rBcc: a",
        "x\r\n\r\nbody",
        "x\x00",
        "ü",
        "x\r\n y\r\nZ: a",
        "x\r\n ",
        "a" * 1200,
    ):
        with pytest.raises(headers.MalformedMail):
            headers.block([("From", "a@b.example"), ("Subject", value)])
    with pytest.raises(headers.MalformedMail):
        headers.check(b"From: a\r\nBcc: b\r\n\r\n", [("From", "a")])
    with pytest.raises(headers.MalformedMail):
        headers.fields(b"From: a\r\n")


def test_an_address_to_unsubscribe_injects_no_header() -> None:
    with pytest.raises(headers.MalformedMail):
        mail(message(), unsubscribe="https://x.example/\r\nBcc: thief@evil.example")


# -- the lint itself -------------------------------------------------------------------------------


def test_a_good_mail_has_no_finding() -> None:
    assert look(mail(message())).findings == []


BROKEN: dict[str, tuple[str, str]] = {
    "no subject": ("Subject: Morning\r\n", ""),
    "twice": ("Subject: Morning\r\n", "Subject: Morning\r\nSubject: x\r\n"),
    "injected": ("Subject: Morning\r\n", "Subject: Morning\r\nBcc: thief@evil.example\r\n"),
    "bare LF": ("Subject: Morning\r\n", "Subject: Morning\n"),
    "bare CR": ("x\r\n\r\n--", "x\r\r\n\r\n--"),
    "long line": ("x\r\n\r\n--", "x" * 80 + "\r\n\r\n--"),
    "very long line": ("Subject: Morning", "Subject: " + "x" * 1000),
    "not folded": ("Subject: Morning", "Subject: " + "word " * 20 + "x"),
    "not ASCII": ("Subject: Morning", "Subject: M\xfcrgen"),
    "broken word": ("Subject: Morning", "Subject: =?utf-8?q?=C3?="),
    "other charset": ("Subject: Morning", "Subject: =?latin-1?q?=FC?="),
    "word too long": ("Subject: Morning", "Subject: =?utf-8?q?" + "x" * 70 + "?="),
    "word glued": ("Subject: Morning", "Subject: x=?utf-8?q?x?="),
    "word in an id": ("Message-ID: <", "Message-ID: =?utf-8?q?x?= <"),
    "no message id": (f"Message-ID: <{ID}@example.org>", "Message-ID: x"),
    "no date": ("Date: Wed, 25", "Date: 25"),
    "references": ("References: <digest-morning@example.org>", "References: digest-morning"),
    "answers nobody": ("References:", "In-Reply-To: <x@example.org>\r\nReferences:"),
    "list id": ("List-Id: <", "List-Id: x <"),
    "one field of two": ("List-Id:", "List-Unsubscribe: <https://x.example>\r\nList-Id:"),
    "http": ("List-Id:", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Unsubscribe: <http://x.example>\r\nList-Id:"),
    "no program": ("Auto-Submitted: auto-generated", "Auto-Submitted: no"),
    "mixed": ("multipart/alternative", "multipart/mixed"),
    "no boundary": (f"--=_tidings_{ID}--", ""),
    "charset": ('text/plain; charset="utf-8"', 'text/plain; charset="latin-1"'),
    "no utf-8": ("\r\n\r\nx\r\n", "\r\n\r\n=FF\r\n"),
    "broken coding": ("\r\n\r\nx\r\n", "\r\n\r\nx=Z\r\n"),
    "8bit": ("quoted-printable\r\n\r\nx", "8bit\r\n\r\nx"),
    "hidden sign": ("\r\n\r\nx\r\n", "\r\n\r\nx=E2=80=AE\r\n"),
    "blank at the end": ("\r\n\r\nx\r\n", "\r\n\r\nx=20\r\n"),
    "wide": ("\r\n\r\nx\r\n", "\r\n\r\n" + "x" * 70 + "=\r\n" + "x" * 20 + "\r\n"),
    "empty": ("\r\n\r\nx\r\n", "\r\n\r\n\r\n"),
    "outside": (f"\r\n\r\n--=_tidings_{ID}\r\nContent-Type: text/plain", f"\r\n\r\nhello\r\n--=_tidings_{ID}\r\nContent-Type: text/plain"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_the_lint_sees_a_broken_mail(fault: str) -> None:
    old, new = (one.encode("latin-1") for one in BROKEN[fault])
    data = mail(message())
    assert old in data

    assert look(data.replace(old, new, 1)).findings != []


BAD_BODIES = [
    "<script>x</script>", "<p onclick=x>y</p>", '<img src="https://evil.example/p.png" alt="">', '<img src="cid:x" alt="">',
    '<a href="javascript:x">y</a>', '<a href="https://example.org/not-in-the-text">x</a>', '<a href="">x</a>', "<a>x</a>",
    '<a href="https://u@example.org/">x</a>', '<a href="data:text/html,x">x</a>', "<h2>not in the text</h2>",
    '<p style="background:url(//evil.example/x)">y</p>', '<p style="width:expression(1)">y</p>', "<svg></svg>", "<math></math>",
    "<style>@import 'x';</style>", '<table background="//evil.example/x"></table>', "<form></form>", "<iframe></iframe>",
    '<link rel="stylesheet" href="https://evil.example">', '<base href="https://evil.example">', "<p>x</div>", "<!-- note -->",
    '<meta http-equiv="refresh" content="0;url=//evil.example">', "<p>\u202e</p>", '<img srcset="https://evil.example/p.png 2x" alt="">',
    "<!--[if mso]><img src=//evil.example/p.png><![endif]-->", "<p>" + "x" * 102_400 + "</p>", '<p title="a" title="b">x</p>',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_the_lint_sees_a_bad_page(body: str) -> None:
    assert look(mail(message(body))).findings != []


def test_the_lint_sees_what_a_page_lacks() -> None:
    for old, new in (('<html lang="en">', "<html>"), ("<title>t</title>", ""), ("<!doctype html>\n", "")):
        assert look(mail(message(html=PAGE.format("<p>x</p>").replace(old, new)))).findings != []


def test_the_lint_sees_a_picture_that_is_none() -> None:
    body = '<img alt="" src="cid:p">'

    assert look(mail(message(body, pictures=(Picture(name="p", png=b"GIF89a"),)))).findings != []
    good = mail(message(body, pictures=(Picture(name="p", png=PNG),)))
    assert look(good).findings == []
    assert look(good.replace(b"inline;", b"attachment;")).findings != []
    assert look(good.replace(b"Content-ID: <p.", b"Content-ID: <q.")).findings != []
