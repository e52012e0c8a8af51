"""Which letters the bytes of a feed stand for, decided on the whole document. Pure."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass

from crawler.errors import NotAFeedError, TooLarge

LARGEST = 10 << 20  # bytes of a document after unpacking

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
# What a page calls itself → the larger set that its writers really use.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_SEVEN_BIT = {"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr", "hz"}  # pass for ASCII
_REFUSED = {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
# Tried when bytes are no UTF-8 and nothing true is declared.
_USUAL = {
    "ar": "cp1256",
    "bg": "cp1251",
    "cs": "cp1250",
    "el": "cp1253",
    "fa": "cp1256",
    "he": "cp1255",
    "hr": "cp1250",
    "hu": "cp1250",
    "ja": "cp932",
    "ko": "cp949",
    "lt": "cp1257",
    "lv": "cp1257",
    "pl": "cp1250",
    "ro": "cp1250",
    "ru": "cp1251",
    "sk": "cp1250",
    "sl": "cp1250",
    "sr": "cp1251",
    "th": "cp874",
    "tr": "cp1254",
    "uk": "cp1251",
    "vi": "cp1258",
    "zh": "gb18030",
}
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})\s*[\"']", re.I)
_LANGUAGE = re.compile(rb"(?:<(?:dc:)?language>\s*|xml:lang\s*=\s*[\"'])([A-Za-z]{2})\b")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.I)
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)  # a cheap look at how much of a document is UTF-8


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a document, how it was read, and what was odd about it."""

    text: str
    encoding: str
    problems: tuple[str, ...] = ()


def unpack(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Undo a gzip that no header told of (magic bytes 1f 8b); other bodies come back as they are.

    Raises:
        TooLarge: the unpacked document passes 10 MiB.
        NotAFeedError: the archive is damaged from its start.
    """
    if not body.startswith(b"\x1f\x8b"):
        return body, ()
    unpacker = zlib.decompressobj(wbits=31)
    problem = "the document was gzip although no header said so"
    try:
        data = unpacker.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise NotAFeedError("the body is a damaged gzip archive") from error
    if len(data) > LARGEST:
        raise TooLarge(f"the document unpacks to more than {LARGEST >> 20} MiB")
    if not unpacker.eof:
        problem += " and was cut short"
    return data, (problem,)


def decode(body: bytes, content_type: str | None, language: str | None = None) -> Decoded:
    """The text of `body`, by what it is before what it says of itself.

    Order: byte order mark; wide characters seen at the start; a seven-bit encoding that is declared and
    used; UTF-8 where the whole document is valid; then the declarations (HTTP header, XML), each widened to
    the set that its writers really use, a header's Latin-1 after all others because servers add it unasked;
    then UTF-8 with some damage; then what is usual in the language; windows-1252 last.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _tolerant(body[len(mark) :], name)
    for start, name in _WIDE:
        if body.startswith(start):
            return _tolerant(body, name)

    declared = _candidates(body, content_type)
    for name in declared:
        if name in _SEVEN_BIT and (b"\x1b" in body or b"~{" in body):
            return _tolerant(body, name)
    try:
        return Decoded(body.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass

    says_utf8 = "utf-8" in declared
    if damage := _mostly_utf8(body):
        problem = f"{damage} bytes were no valid UTF-8 and are left out"
        return Decoded(body.decode("utf-8", "replace").replace("\ufffd", ""), "utf-8", (problem,))
    for name in (*(one for one in declared if one != "utf-8"), *_usual(body, language)):
        try:
            text = body.decode(name)
        except UnicodeDecodeError:
            continue
        return Decoded(text, name, _told(name, declared, says_utf8))
    name = next((one for one in declared if one != "utf-8"), "cp1252")
    text = body.decode(name, "replace").replace("\ufffd", "")
    return Decoded(text, name, _told(name, declared, says_utf8))


def _told(name: str, declared: list[str], says_utf8: bool) -> tuple[str, ...]:
    if name in declared and not says_utf8:
        return ()
    stated = "UTF-8" if says_utf8 else declared[0] if declared else "nothing"
    return (f"the document declares {stated} but is read as {name}",)


def _tolerant(body: bytes, name: str) -> Decoded:
    try:
        return Decoded(body.decode(name), name)
    except UnicodeDecodeError:
        text = body.decode(name, "replace").replace("\ufffd", "")
        return Decoded(text, name, (f"some bytes were no valid {name} and are left out",))


def _candidates(body: bytes, content_type: str | None) -> list[str]:
    """Declared encodings, widened, most credible first."""
    header = _CHARSET.search(content_type or "")
    inside = _DECLARED.search(body[:2048])
    from_header = _codec(header[1]) if header else None
    from_xml = _codec(inside[1].decode("ascii")) if inside else None
    order = [from_xml, from_header] if from_header == "cp1252" else [from_header, from_xml]
    return list(dict.fromkeys(name for name in order if name))


def _codec(label: str) -> str | None:
    """Python's codec for a charset label, widened; None for unknown or unsafe ones."""
    try:
        name = codecs.lookup(label.strip().lower().removeprefix("x-")).name
    except LookupError:
        return "cp932" if "sjis" in label.lower() else None
    if name in _REFUSED or name.startswith(("utf-16", "utf-32")):
        return None  # wide encodings were seen above, or the declaration is wrong
    try:
        b"".decode(name)
    except (LookupError, TypeError):
        return None  # a codec between bytes and bytes
    return _SUPERSETS.get(name, name)


def _mostly_utf8(body: bytes) -> int:
    """How many bytes are damage in a document that is UTF-8 but for them; 0: it is something else."""
    good = len(_MULTIBYTE.findall(body))
    bad = body.decode("utf-8", "replace").count("\ufffd") - body.count("\ufffd".encode())
    return max(bad, 0) if good > 2 * bad else 0


def _usual(body: bytes, language: str | None) -> tuple[str, ...]:
    stated = _LANGUAGE.search(body[:4096])
    names = [language[:2].lower() if language else None, stated[1].decode().lower() if stated else None]
    return (*(_USUAL[name] for name in names if name in _USUAL), "cp1252")
