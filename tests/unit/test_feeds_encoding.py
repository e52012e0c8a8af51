"""The bytes of a feed are read as the letters that were meant."""

from __future__ import annotations

import gzip
import zlib

import pytest

from crawler.errors import NotAFeedError, TooLarge
from crawler.feeds.encoding import decode, unpack


@pytest.mark.parametrize(
    ("body", "header", "encoding", "text"),
    [
        ("Zürich".encode(), "text/xml; charset=iso-8859-1", "utf-8", "Zürich"),
        (b"5 \x80 \x96 ok", "text/xml; charset=utf-8", "cp1252", "5 € – ok"),
        (b"5 \x80", "text/xml; charset=iso-8859-1", "cp1252", "5 €"),
        ("Порт".encode("cp1251"), "text/xml; charset=windows-1251", "cp1251", "Порт"),
        ("<?xml version='1.0' encoding='windows-1251'?>Порт".encode("cp1251"), "text/xml; charset=ISO-8859-1", "cp1251", "Порт"),
        ("<?xml version='1.0' encoding='gb2312'?>镕基".encode("gb18030"), None, "gb18030", "镕基"),
        ("<?xml version='1.0' encoding='iso-2022-jp'?>日本".encode("iso2022_jp"), None, "iso2022_jp", "日本"),
        ("<rss>ü</rss>".encode("utf-16"), None, "utf-16-le", "<rss>ü</rss>"),
        ("<rss>ü</rss>".encode("utf-16-be"), None, "utf-16-be", "<rss>ü</rss>"),
        ("<language>ru</language>Порт".encode("cp1251"), None, "cp1251", "Порт"),
    ],
)  # fmt: skip
def test_the_encoding_is_decided_on_the_document(
    body: bytes, header: str | None, encoding: str, text: str
) -> None:
    """What the bytes are goes before what is said of them; declared sets are read as their supersets."""
    found = decode(body, header)

    assert found.encoding == encoding
    assert text in found.text


RUSSIAN = "Порт открыт после шторма, сообщили в пятницу в управлении порта"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "iso8859-5"),
        ("Το λιμάνι άνοιξε μετά την καταιγίδα", "cp1253"),
        ("הנמל נפתח לאחר הסערה הגדולה", "cp1255"),
        ("فتح الميناء بعد العاصفة", "cp1256"),
        ("ท่าเรือเปิดหลังพายุ", "cp874"),
        ("港は嵐の後に再開した、と市長は述べた", "cp932"),
        ("港は嵐の後に再開した、と市長は述べた", "euc_jp"),
        ("港は嵐の後に再開した、と市長は述べた", "iso2022_jp"),
        ("항구가 폭풍 후 다시 열렸다고 시장이 말했다", "cp949"),
        ("港口在风暴后重新开放，市长说", "gb18030"),
        ("港口在風暴後重新開放，市長說", "big5hkscs"),
        ("Port otwarty po burzy – żółć, źdźbło", "cp1250"),
    ],
)
@pytest.mark.parametrize("header", [None, "text/xml; charset=utf-8", "text/xml; charset=x-unknown"])
def test_letters_tell_the_encoding_where_nothing_true_is_declared(
    text: str, codec: str, header: str | None
) -> None:
    """A missing, wrong or unknown label costs no letter of any script."""
    body = f"<rss><title>{text}</title><description>{text} {text}</description></rss>".encode(codec)

    assert text in decode(body, header).text


@pytest.mark.parametrize("codec", ["cp1251", "koi8-r", "gb18030"])
@pytest.mark.parametrize("declaration", ["ISO-8859-1", "us-ascii", "windows-1252"])
def test_a_western_label_is_not_believed_for_other_letters(codec: str, declaration: str) -> None:
    """Servers and generators add it unasked; and a language that it cannot write is not written in it."""
    text = RUSSIAN if codec != "gb18030" else "港口在风暴后重新开放，市长说"
    body = f"<?xml version='1.0' encoding='{declaration}'?><rss>{text}</rss>".encode(codec)
    turkish = f"<?xml version='1.0' encoding='{declaration}'?><language>tr</language>şehir açıldı".encode(
        "cp1254"
    )

    assert text in decode(body, None).text
    assert "şehir açıldı" in decode(turkish, None).text


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("win-1251", "cp1251"),
        ("CP-1251", "cp1251"),
        ("koi8", "koi8-r"),
        ("GB_2312-80", "gb18030"),
        ("windows-31j", "cp932"),
        ("x-windows-949", "cp949"),
        ("x-x-big5", "big5hkscs"),
        ("windows-874", "cp874"),
        ("iso-8859-8-i", "cp1255"),
        ("utf8mb4", "utf-8"),
    ],
)
def test_labels_in_use_are_known(label: str, codec: str) -> None:
    """Also those that no registry has."""
    assert decode(b"\xb1\xb1" if codec != "utf-8" else b"x", f"text/xml; charset={label}").encoding == codec


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("start", ["", "\n\r\n "])
@pytest.mark.parametrize("document", ["<rss>港口</rss>", '{"title": "港口"}'])
def test_wide_characters_are_seen_without_a_mark(codec: str, start: str, document: str) -> None:
    """Behind white space too, and whatever is declared."""
    found = decode((start + document).encode(codec), "text/xml; charset=utf-8")

    assert found.text == start + document


def test_a_text_encoded_twice_is_decoded_twice() -> None:
    """When it is so from beginning to end; one quoted example of it is left as it stands."""
    text = "“Café” – œuvre, 5 € и порт"
    twice = text.encode().decode("latin-1").encode()

    assert decode(twice, None).text == text
    assert decode(twice, None).problems
    assert decode("cafÃ© is café encoded twice".encode(), None).text == "cafÃ© is café encoded twice"


def test_damage_in_utf8_costs_the_damaged_letters_only() -> None:
    """A cut multi-byte letter does not turn a whole UTF-8 document into windows-1252."""
    found = decode(("Größe über alles, Äpfel, Öl ".encode() * 3) + b"\xe2\x80", None)

    assert found.text.startswith("Größe über")
    assert "\ufffd" not in found.text
    assert found.problems


@pytest.mark.parametrize(
    ("damaged", "read"),
    [
        (b"caf\xe9 nouveau", "café nouveau"),
        (b"\x93quoted\x94 \x96 5 \x80", "“quoted” – 5 €"),
        (b"Zug f" + b"\xc3", "Zug f"),
        ("港口".encode() + b"\xe9", "港口"),
        (b"cut \xe2\x80", "cut "),
    ],
)
def test_one_foreign_byte_is_read_as_it_was_meant(damaged: bytes, read: str) -> None:
    """A letter of windows-1252 among UTF-8 is that letter; what is left of a cut one is nothing."""
    body = "<title>Größe über alles, Äpfel, Öl</title>".encode() * 3 + b"<b>" + damaged + b"</b>"

    found = decode(body, "text/xml; charset=utf-8")

    assert f"<b>{read}</b>" in found.text
    assert found.text.startswith("<title>Größe über")
    assert found.problems


def test_a_dangerous_encoding_is_not_believed() -> None:
    """UTF-7 hides markup from whoever looks at the bytes."""
    assert decode(b"<?xml version='1.0' encoding='utf-7'?>+ADw-\xff", None).encoding == "cp1252"


def test_gzip_is_known_by_its_first_bytes() -> None:
    """No header is needed, and it is said."""
    body, problems = unpack(gzip.compress(b"<rss/>"))

    assert body == b"<rss/>"
    assert problems


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(gzip.compress(b"<rss></rss>")),
        b"\r\n" + gzip.compress(b"<rss></rss>"),
        gzip.compress(b"<rss>") + gzip.compress(b"</rss>") + b"\0\0",
        zlib.compress(b"<rss></rss>"),
    ],
    ids=["twice", "behind white space", "in two members", "zlib"],
)
def test_a_packed_body_is_unpacked_however_it_was_packed(body: bytes) -> None:
    """Rubbish behind it is left out."""
    assert unpack(body)[0] == b"<rss></rss>"


def test_thousands_of_empty_members_take_no_time() -> None:
    """Only some dozens are looked at."""
    assert unpack(gzip.compress(b"") * 50_000)[0] == b""


def test_a_gzip_bomb_is_dropped_at_the_limit() -> None:
    """64 MiB of zeros in a few kB are never unpacked."""
    with pytest.raises(TooLarge):
        unpack(gzip.compress(bytes(64 << 20)))


def test_a_damaged_archive_is_no_feed() -> None:
    """It is told as such."""
    with pytest.raises(NotAFeedError, match="gzip"):
        unpack(b"\x1f\x8b\x08nonsense-here")
