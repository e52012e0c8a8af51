"""Which characters the bytes of an HTML page stand for, decided on the bytes first and on their labels last."""

from __future__ import annotations

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# What a label means in practice (WHATWG Encoding Standard): the superset that authors really use.
_SUPERSETS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}

_META = re.compile(rb"""<meta\b[^>]{0,400}?charset\s*=\s*["']?\s*([a-z0-9_:.-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([a-z0-9_:.-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([a-z0-9_:.-]+)""", re.IGNORECASE)
_HEAD = 4096  # bytes in which a page may name its charset

_BROKEN_UTF8 = re.compile("�")
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of a page; characters that no text may hold (NUL, controls, surrogates) are taken out.

    In this order: a byte order mark; an escape-sequence charset that is named; valid UTF-8; the charset of
    the header, then the page's own word, each as the superset in use, when it can read every byte; nearly
    valid UTF-8; windows-1252. A label that cannot read the bytes is wrong, whoever gave it.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(encoding, "replace"))

    labels = [found for found in (_from_header(content_type), *_from_page(body)) if found]
    if b"\x1b" in body and "iso2022_jp" in labels:  # its bytes are all ASCII, so valid UTF-8 proves nothing
        return _clean(body.decode("iso2022_jp", "replace"))
    if (read := _strictly(body, "utf-8")) is not None and b"\x00" not in body[:200]:
        return read if _is_clean(body, read) else _clean(read)
    for label in labels:
        if label != "utf-8" and (read := _strictly(body, label)) is not None:
            return _clean(read)
    return _clean(_guess(body, labels))


def is_binary(body: bytes) -> bool:
    """Whether these bytes are no text at all: a picture, an archive, a PDF."""
    start = body[:1024]
    if start.startswith(
        (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"RIFF")
    ):
        return True
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    if start.count(b"\x00") * 3 > len(start):  # UTF-16 without its mark has a NUL in every second place
        return b"<\x00" not in start and b"\x00<" not in start
    return b"\x00" in start and b"<" not in start


def _strictly(body: bytes, encoding: str) -> str | None:
    """The text when every byte can be read; a character cut off at the very end does not count after others."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(body, final=False)
        return body.decode(encoding) if text.isascii() else text
    except (UnicodeDecodeError, LookupError):
        return None


def _guess(body: bytes, labels: list[str]) -> str:
    loose = body.decode("utf-8", "replace")
    broken = len(_BROKEN_UTF8.findall(loose))
    read = sum(1 for char in loose if char > "\x7f") - broken
    if read > 4 * broken:  # one foreign paste or a cut character in a page of UTF-8
        return loose
    fallback = next((label for label in labels if label != "utf-8"), "cp1252")
    return body.decode(fallback, "replace")


def _from_header(content_type: str | None) -> str | None:
    found = _HEADER.search(content_type or "")
    return _known(found.group(1)) if found else None


def _from_page(body: bytes) -> tuple[str | None, ...]:
    head = body[:_HEAD]
    return tuple(
        _known(found.group(1).decode("ascii")) for found in (_META.search(head), _XML.search(head)) if found
    )


def _known(label: str) -> str | None:
    """Python's name for the superset of a label; None for a name nobody knows or that is no charset."""
    try:
        name = codecs.lookup(label.strip(" :.")).name
    except LookupError:
        return None
    name = _SUPERSETS.get(name, name)
    try:
        b"abcd".decode(name, "replace")
    except LookupError:  # "rot13" and its kind are codecs, but of text
        return None
    return None if name in ("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape") else name


def _is_clean(body: bytes, text: str) -> bool:
    """Whether valid UTF-8 holds nothing unwanted; a tenth of the time of looking through its text."""
    return len(body.translate(None, _CONTROLS)) == len(body) and "\ufffe" not in text and "\uffff" not in text


def _clean(text: str) -> str:
    return _UNWANTED.sub("", text)
