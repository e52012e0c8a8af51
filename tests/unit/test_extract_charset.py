"""Which characters a page's bytes stand for."""

from __future__ import annotations

import pytest

from crawler.extract.charset import decode, is_binary

META = '<meta charset="{}">'


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("é".encode(), None, "é"),
        ("é".encode(), "text/html; charset=iso-8859-1", "é"),
        ("é".encode("cp1252"), "text/html; charset=utf-8", "é"),
        ("“5 €”".encode("cp1252"), "text/html; charset=ISO-8859-1", "“5 €”"),
        ("Порт".encode("cp1251"), 'text/html; charset="windows-1251"', "Порт"),
        ("朱镕基".encode("gb18030"), "text/html; charset=gb2312", "朱镕基"),
        ("①髙".encode("cp932"), "text/html; charset=Shift_JIS", "①髙"),
        ("한국".encode("euc-kr"), "text/html; charset=euc-kr", "한국"),
        ("東京".encode("iso2022_jp"), "text/html; charset=iso-2022-jp", "東京"),
        ("\ufeffé".encode(), "text/html; charset=iso-8859-1", "é"),
        ("é".encode("utf-16"), None, "é"),
        ("<p>é</p>".encode("utf-16-le"), "text/html; charset=utf-16le", "<p>é</p>"),
        ("é".encode("cp1252"), "text/html; charset=nonsense", "é"),
        ("é".encode("cp1252"), "text/html; charset=rot13", "é"),
        ("été à Brême".encode() + b"\xe9", None, "été à Brême"),
    ],
)
def test_the_bytes_decide_before_their_labels(body: bytes, content_type: str | None, expected: str) -> None:
    """A label is believed when it can read the bytes, and as the superset that authors really use."""
    assert decode(body, content_type) == expected


def test_the_pages_own_word_counts_when_the_header_cannot_be_right() -> None:
    """A server that says UTF-8 for everything does not spoil a page that knows better."""
    page = META.format("windows-1251") + "Порт открыт"
    assert decode(page.encode("cp1251"), "text/html; charset=utf-8").endswith("Порт открыт")


def test_one_bad_byte_does_not_turn_utf8_into_something_else() -> None:
    """A page of UTF-8 with a foreign paste stays UTF-8, with one replacement mark."""
    assert (
        decode("Ærø og Fanø – øerne".encode() + b" \xff " + "æøå".encode())
        == "Ærø og Fanø – øerne \ufffd æøå"
    )


def test_what_no_database_takes_is_gone() -> None:
    """NUL and control characters never reach a text."""
    assert decode(b"<p>a\x00b\x08c\td\n</p>") == "<p>abc\td\n</p>"


@pytest.mark.parametrize(
    ("body", "binary"),
    [
        (b"%PDF-1.7\n", True),
        (b"\x89PNG\r\n", True),
        (b"PK\x03\x04", True),
        (b"\x00" * 100, True),
        (b"<html>", False),
        ("<html>".encode("utf-16"), False),
        ("<html>".encode("utf-16-be"), False),
    ],
)
def test_pictures_and_archives_are_told_from_text(body: bytes, binary: bool) -> None:
    """By their first bytes, whatever the header says."""
    assert is_binary(body) is binary
