"""Which letters the bytes of a feed stand for, decided on the whole document. Pure."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass

from crawler.errors import NotAFeedError, TooLarge
from crawler.feeds.guess import guess, guess_latin

_GZIP = b"\x1f\x8b"
_ZLIB = {b"\x78\x01", b"\x78\x9c", b"\x78\xda"}
_MOST_WRAPPINGS, _MOST_MEMBERS = 2, 64
LARGEST = 10 << 20  # bytes of a document after unpacking

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = tuple(
    (re.compile(rb"(?:" + before + rb"[\t\n\r ]" + after + rb")*" + before + rb"[<{\[]" + after), name)
    for before, after, name in (
        (b"", rb"\0\0\0", "utf-32-le"),
        (rb"\0\0\0", b"", "utf-32-be"),
        (b"", rb"\0(?!\0)", "utf-16-le"),
        (rb"\0", b"", "utf-16-be"),
    )
)
# What a page calls itself → the larger set that its writers really use.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Labels in use that Python does not know.
_ALIASES = {
    "gb_2312-80": "gb2312",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "koi8": "koi8-r",
    "ks_c_5601-1987": "cp949",
    "unicode": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "windows-31j": "cp932",
}
_WINDOWS = re.compile(r"(?:x-)?(?:windows|win|cp|ansi|microsoft-cp|ms)[-_ ]?(8\d\d|9\d\d|125\d)", re.I)
_ESCAPES = {b"\x1b$B": "iso2022_jp", b"\x1b$@": "iso2022_jp", b"\x1b$)C": "iso2022_kr"}
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
_OTHER_LATIN = {"cp1250", "cp1254", "cp1257"}  # of languages that Latin-1 cannot write
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})\s*[\"']", re.I)
_LANGUAGE = re.compile(rb"(?:<(?:dc:)?language>\s*|xml:lang\s*=\s*[\"'])([A-Za-z]{2})\b")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.I)
_SIGNS = frozenset(
    b"\x80\x84\x85\x91\x92\x93\x94\x96\x97\xa0\xa3\xa7\xab\xb0\xbb"
)  # € „ … ‘ ’ “ ” – — £ § « ° »
_TWICE = re.compile(
    rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]"
)  # the two parts of a letter, each encoded again
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
    """Undo a gzip or zlib that no header told of, twice if need be; other bodies come back as they are.

    It is known by its first bytes (1f 8b; 78 01, 78 9c or 78 da), also behind white space.

    Raises:
        TooLarge: the unpacked document passes 10 MiB.
        NotAFeedError: the archive is damaged from its start.
    """
    problems: tuple[str, ...] = ()
    for _ in range(_MOST_WRAPPINGS):
        packed = body.lstrip(b"\t\n\r ") if body[:1] in b"\t\n\r " else body
        if not packed.startswith(_GZIP) and packed[:2] not in _ZLIB:
            break
        body, problem = _unpacked(packed)
        problems = (problem,)
    return body, problems


def _unpacked(packed: bytes) -> tuple[bytes, str]:
    """The members of an archive, one after the other; rubbish behind them is left out."""
    kind = "gzip" if packed.startswith(_GZIP) else "zlib"
    problem = f"the document was {kind} although no header said so"
    data = b""
    for _ in range(_MOST_MEMBERS):
        unpacker = zlib.decompressobj(wbits=47)
        try:
            data += unpacker.decompress(packed, LARGEST + 1 - len(data))
        except zlib.error as error:
            if data:
                return data, f"{problem} and was damaged"
            raise NotAFeedError(f"the body is a damaged {kind} archive") from error
        if len(data) > LARGEST:
            raise TooLarge(f"the document unpacks to more than {LARGEST >> 20} MiB")
        if not unpacker.eof:
            return data, f"{problem} and was cut short"
        packed = unpacker.unused_data
        if not packed.startswith(_GZIP):
            break
    return data, problem


def decode(body: bytes, content_type: str | None, language: str | None = None) -> Decoded:
    """The text of `body`, by what it is before what it says of itself.

    Order: byte order mark; wide characters seen at the start; a seven-bit encoding that is declared and
    used, or used whatever is declared; UTF-8 where the whole document is valid; UTF-8 with some damage; then the
    declarations (HTTP header, XML), each widened to the set that its writers really use, a header's Latin-1 after
    all others because servers add it unasked, and no Latin-1 for letters that are clearly none; then what the
    letters themselves show; then what is usual in the language; windows-1252 last.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _tolerant(body[len(mark) :], name)
    for start, name in _WIDE:
        if start.match(body):
            return _tolerant(body, name)

    declared = _candidates(body, content_type)
    for name in declared:
        if name in _SEVEN_BIT and (b"\x1b" in body or b"~{" in body):
            return _tolerant(body, name)
    for escape, name in _ESCAPES.items() if b"\x1b" in body and body.isascii() else ():
        if escape in body:
            return Decoded(body.decode(name, "replace"), name, _told(name, declared, "utf-8" in declared))
    try:
        text = body.decode("utf-8")
        return _once(text) if _TWICE.search(body) else Decoded(text, "utf-8")
    except UnicodeDecodeError:
        pass

    says_utf8 = "utf-8" in declared
    if damage := _mostly_utf8(body):
        problem = f"{damage} bytes were no valid UTF-8; they are read as windows-1252 or left out"
        return Decoded(body.decode("utf-8", "tidings-mixed"), "utf-8", (problem,))
    seen, usual = guess(body), _usual(body, language)
    not_western = seen or any(name in _OTHER_LATIN for name in usual)
    stated = [one for one in declared if one != "utf-8" and not (one == "cp1252" and not_western)]
    for name in (*stated, *_likely(body, seen, usual), "cp1252"):
        try:
            text = body.decode(name)
        except UnicodeDecodeError:
            continue
        return Decoded(text, name, _told(name, declared, says_utf8))
    name = next(iter((*stated, *_likely(body, seen, usual))), "cp1252")
    text = body.decode(name, "replace").replace("\ufffd", "")
    return Decoded(text, name, _told(name, declared, says_utf8))


def _likely(body: bytes, seen: str | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Encodings to be tried when the declarations are wrong, by the letters and by the language."""
    if seen:
        return (seen, *usual)
    return (guess_latin(body, next(iter(usual), None)), *usual)


def _once(text: str) -> Decoded:
    """A text that was encoded twice is decoded twice, when it is so from beginning to end (cafÃ© for café)."""
    try:
        again = text.encode("cp1252", "tidings-as-is").decode("utf-8")
    except UnicodeError:
        return Decoded(text, "utf-8")
    return Decoded(again, "utf-8", ("the document was encoded as UTF-8 twice",))


def _as_is(error: UnicodeError) -> tuple[bytes, int]:
    """Control characters, as Latin-1 has them where windows-1252 has signs, stand for their bytes."""
    if isinstance(error, UnicodeEncodeError) and 0x80 <= ord(error.object[error.start]) < 0xA0:
        return bytes([ord(error.object[error.start])]), error.start + 1
    raise error


def _mixed(error: UnicodeError) -> tuple[str, int]:
    """A byte among ASCII that is a letter or sign of windows-1252 is that; the rest of a cut letter is nothing."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    text, at, end = error.object, error.start, error.end
    beside = text[max(at - 1, 0) : at] + text[end : end + 1]
    if end - at > 1 or not beside.isascii():
        return "", end
    sign = text[at]
    letters = sum(one.isalpha() for one in beside.decode("ascii"))
    begins = sign in (
        0xE2,
        0xF0,
        0xF1,
        0xF2,
        0xF3,
        0xF4,
    )  # a quotation mark or picture, more often than a letter
    letter = 0xC0 <= sign < 0xFE and sign not in (0xC2, 0xC3) and letters > (1 if begins else 0)
    return (bytes([sign]).decode("cp1252") if letter or sign in _SIGNS else ""), end


codecs.register_error("tidings-as-is", _as_is)
codecs.register_error("tidings-mixed", _mixed)


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
    plain = label.strip().lower()
    while plain.startswith("x-"):
        plain = plain.removeprefix("x-")
    if windows := _WINDOWS.fullmatch(plain):
        plain = f"cp{windows[1]}"
    try:
        name = codecs.lookup(_ALIASES.get(plain, plain)).name
    except LookupError:
        return "cp932" if "sjis" in plain else None
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
    """What the language of the source, or the one that the document states, is usually written in."""
    stated = _LANGUAGE.search(body[:4096])
    names = [language[:2].lower() if language else None, stated[1].decode().lower() if stated else None]
    return tuple(dict.fromkeys(_USUAL[name] for name in names if name in _USUAL))
