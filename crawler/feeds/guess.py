"""Which encoding bytes are in when nothing true is said of them: by the letters that then stand there. Pure."""

from __future__ import annotations

import re

_SAMPLE = 100_000  # bytes that are looked at
_LEAST = 12  # bytes beyond ASCII below which nothing can be told
_LATIN_RUN = 1.7  # bytes beyond ASCII in a row, on average, up to which a text is in Latin letters
_CLEAR = 0.6  # share of frequent letters from which a guess counts
_CLEAR_PAIRS = 0.8  # the same of two-byte signs

_HIGH = re.compile(rb"[\x80-\xff]+")
_NOT_HEBREW = re.compile(rb"[\xc0-\xdf\xfb-\xff]")
_CYRILLIC = frozenset("оаеинтрсвлік")
# Encoding → the letters most used in its languages.
_LETTERS = {
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "iso8859-5": _CYRILLIC,
    "cp866": _CYRILLIC,
    "cp1253": frozenset("αοιετσνηυρπκμςλάίόέή"),
    "cp1256": frozenset("اليمنوترهبةعدفسكق"),
    "iso8859-6": frozenset("اليمنوترهبةعدفسكق"),
    "cp874": frozenset("านรอกเงมยลวดท่สตะ้ิัีบคหปไพแลุใ็์"),
}
_HEBREW = frozenset("יוהלארתמשבנדחפקעכםגן")
# Usual encoding → those that a text may be in, the likeliest first.
_LATIN = {
    "cp1252": ("cp1252", "cp1250", "iso8859-2", "iso8859-15"),
    "cp1250": ("cp1250", "iso8859-2"),
    "cp1257": ("cp1257", "iso8859-13"),
}


def guess(body: bytes) -> str | None:
    """The encoding of a text in other than Latin letters, or None when none is clear.

    Telling apart works from some dozen letters on. Of encodings that differ in few letters the usual one is given.
    """
    sample = body[:_SAMPLE]
    runs = _HIGH.findall(sample)
    count = sum(map(len, runs))
    if count < _LEAST or count / len(runs) < _LATIN_RUN:
        return None
    high = b" ".join(runs)
    shares = {name: _share(high, name, letters) for name, letters in _LETTERS.items()}
    if not _NOT_HEBREW.search(high):
        shares["cp1255"] = _share(high, "cp1255", _HEBREW)
    best = max(shares, key=lambda name: shares[name])
    if shares[best] >= _CLEAR:
        return best
    return _pairs(sample)


def guess_latin(body: bytes, usual: str | None = None) -> str:
    """The encoding of a text in Latin letters in which the fewest signs stand inside words; the usual one if in doubt.

    Args:
        usual: in the language, where that is known.
    """
    names = _LATIN.get(usual or "", (usual,) if usual else _LATIN["cp1252"])
    sample = body[:_SAMPLE]
    return min(names, key=lambda name: (_signs_in_words(sample.decode(name, "replace")), names.index(name)))


def _share(high: bytes, name: str, letters: frozenset[str]) -> float:
    text = high.decode(name, "replace").replace(" ", "")
    return sum(1 for sign in text if sign in letters) / len(text)


_IN_WORD = re.compile(
    "[\x80-\x9f¢¤¦¨¬¯±²³´¶¸¹¼½¾÷˘˝˙˛˜ˆ†‡‰\ufffd](?=[^\\W\\d_])"  # a sign before a letter
    "|(?<=[a-zß-öø-ÿ])[À-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĘĚĽŁŃŇŐŒŘŚŞŠŤŮŰŸŹŻŽ](?=[a-z])"  # or a capital between small letters
)


def _signs_in_words(text: str) -> int:
    return len(_IN_WORD.findall(text))


def _pairs(sample: bytes) -> str | None:
    """Among the two-byte encodings of East Asia, by the rows in which their most used signs stand."""
    found = {
        "euc_jp": _kana(sample, "euc_jp"),
        "cp932": _kana(sample, "cp932"),
        "cp949": _rows(sample, "cp949", 0xB0, 0xC8, trail=0xA1) if _fits(sample, "cp949") else 0.0,
        "gb18030": _rows(sample, "gb18030", 0xB0, 0xD7, trail=0xA1) if _fits(sample, "gb18030") else 0.0,
        "big5hkscs": _rows(sample, "big5hkscs", 0xA4, 0xC6, trail=0x40)
        if _fits(sample, "big5hkscs")
        else 0.0,
    }
    for name, least in (
        ("euc_jp", 0.25),
        ("cp932", 0.25),
        ("cp949", 0.9),
    ):  # what these hold, the others may hold too
        if found[name] >= least:
            return name
    best = max(("gb18030", "big5hkscs"), key=lambda name: found[name])
    return best if found[best] >= _CLEAR_PAIRS else None


def _fits(sample: bytes, name: str) -> bool:
    """Whether nearly all of the sample can be read so; its end may cut a sign."""
    text = sample.decode(name, "replace")
    return 50 * text.count("\ufffd") <= sum(1 for sign in text if sign > "\x7f")


def _kana(sample: bytes, name: str) -> float:
    """Share of hiragana among the signs beyond ASCII, when the sample can be read so."""
    if not _fits(sample, name):
        return 0.0
    signs = [sign for sign in sample.decode(name, "replace") if sign > "\x7f"]
    return sum(1 for sign in signs if "\u3041" <= sign <= "\u309f") / max(len(signs), 1)


def _rows(sample: bytes, name: str, first: int, last: int, *, trail: int) -> float:
    """Share of the signs whose two bytes stand in the rows of the most used ones; punctuation does not count."""
    signs = [sign.encode(name) for sign in sample.decode(name, "ignore") if sign > "\x7f"]
    words = [pair for pair in signs if len(pair) == 2 and not (0xA1 <= pair[0] <= 0xA3)]
    common = sum(1 for pair in words if first <= pair[0] <= last and pair[1] >= trail)
    return common / max(len(words), 1)
