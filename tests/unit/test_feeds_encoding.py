"""The bytes of a feed are read as the letters that were meant."""

from __future__ import annotations

import gzip

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


def test_damage_in_utf8_costs_the_damaged_letters_only() -> None:
    """A cut multi-byte letter does not turn a whole UTF-8 document into windows-1252."""
    found = decode(("Größe über alles, Äpfel, Öl ".encode() * 3) + b"\xe2\x80", None)

    assert found.text.startswith("Größe über")
    assert "\ufffd" not in found.text
    assert found.problems


def test_a_dangerous_encoding_is_not_believed() -> None:
    """UTF-7 hides markup from whoever looks at the bytes."""
    assert decode(b"<?xml version='1.0' encoding='utf-7'?>+ADw-\xff", None).encoding == "cp1252"


def test_gzip_is_known_by_its_first_bytes() -> None:
    """No header is needed, and it is said."""
    body, problems = unpack(gzip.compress(b"<rss/>"))

    assert body == b"<rss/>"
    assert problems


def test_a_gzip_bomb_is_dropped_at_the_limit() -> None:
    """64 MiB of zeros in a few kB are never unpacked."""
    with pytest.raises(TooLarge):
        unpack(gzip.compress(bytes(64 << 20)))


def test_a_damaged_archive_is_no_feed() -> None:
    """It is told as such."""
    with pytest.raises(NotAFeedError, match="gzip"):
        unpack(b"\x1f\x8b\x08nonsense-here")
