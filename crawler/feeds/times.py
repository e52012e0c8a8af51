"""The time of day in a date as people write it, and what stands around it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HALVES = {
    **dict.fromkeys(("上午", "早上", "凌晨", "清晨", "오전", "午前", "ص", "पूर्वाह्न", "π.μ.", "sa"), "a"),
    **dict.fromkeys(("下午", "中午", "傍晚", "晚上", "오후", "午後", "م", "अपराह्न", "μ.μ.", "ch"), "p"),
}
_EAST_HALF = "上午|早上|凌晨|清晨|오전|午前|下午|中午|傍晚|晚上|오후|午後"
_HALF_AFTER = r"(?:\s*(?:([ap])(?:\.\s?m\b\.?|m\b)|(ص|م|पूर्वाह्न|अपराह्न|[πμ]\.μ\.|SA\b|CH\b)(?!\w)))?"
_COLON = re.compile(
    r"(?:\b([ap])m\s+)?(?<![\d:])(\d{1,2}):(?:(\d{2})(?::(\d{2})(?:[.,]\d+)?)?|(\d):(\d{1,2}))(?![\d:])"
    + _HALF_AFTER,
    re.I,
)
_EAST = re.compile(
    rf"({_EAST_HALF})\s*(\d{{1,2}})\s*[時时시点點:](?:\s*(\d{{1,2}})\s*[分분:]?(?:\s*(\d{{1,2}})\s*[秒초]?)?)?"
    r"|(?<!\d)(\d{1,2})\s*[時时시点點](?:\s*(\d{1,2})\s*[分분]?(?:\s*(\d{1,2})\s*[秒초]?)?)?"
)
_LETTER_H = re.compile(r"(?<![\d:])(\d{1,2})\s?h(?:\s?(\d{2}))?\b(?!\s*(?:ago|read))", re.I)  # 10h30, 10 h
_HOUR_AND_HALF = re.compile(r"(?<![\d:.])(\d{1,2})\s?([ap])(?:\.\s?m\b\.?|m\b)", re.I)  # 9 am
_ISO_HOUR = re.compile(r"(?<=\d[Tt])(\d{2})(?=[Zz]|[+-]\d{2})")
_MARK = r"\b(?:kl|klo|kell|um|om|pukul|jam|alle|ore|ora|la|at|à|às)\.?\s*"
_UNIT = r"\s*(?:uhr|uur|hrs?|น\.)"
_DOTTED = re.compile(
    rf"(?:(?:{_MARK}|(?<!\d)\d{{4}},?\s+|\.\d{{2}},?\s+)(?<![\d.])(\d{{1,2}})\.(\d{{2}})(?:\.(\d{{2}}))?(?![\d.]*\d)"
    rf"|(?<![\d.])(\d{{1,2}})\.(\d{{2}})(?:\.(\d{{2}}))?(?={_UNIT}))" + _HALF_AFTER,
    re.I,
)
_HOUR_ALONE = re.compile(
    rf"(?<![\d.:])(\d{{1,2}})(?=\s*(?:uhr|uur)\b)|{_MARK}(?<!\d)(\d{{1,2}})(?![\d.:/-]|\s*[\w])", re.I
)


@dataclass(frozen=True, slots=True)
class Found:
    """A time of day; `hour` may be 24, and is at most two digits of what was written."""

    hour: int
    minute: int
    second: int
    has_half: bool  # am or pm was said
    before: str  # the text before it
    after: str  # and behind it


def time_in(text: str) -> Found:
    """The time of day in `text`; midnight, with all of the text before it, when there is none."""
    if found := _EAST.search(text):
        half = _HALVES.get(found[1] or "", "")
        numbers = found.group(2, 3, 4) if found[1] else found.group(5, 6, 7)
        return _made(text, found, numbers, half)
    if found := _COLON.search(text):
        numbers = (found[2], found[3] or found[5], found[4] or found[6])
        return _made(text, found, numbers, _half(found[1] or found[7], found[8]))
    if found := _HOUR_AND_HALF.search(text):
        return _made(text, found, (found[1], None, None), found[2].lower())
    if found := _ISO_HOUR.search(text) or _LETTER_H.search(text):
        return _made(text, found, (found[1], found[2] if found.re is _LETTER_H else None, None), "")
    if found := _DOTTED.search(text):
        numbers = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
        return _made(text, found, numbers, _half(found[7], found[8]), start=found.start(1 if found[1] else 4))
    if found := _HOUR_ALONE.search(text):
        return _made(text, found, (found[1] or found[2], None, None), "")
    return Found(0, 0, 0, False, text, "")


def _half(latin: str | None, other: str | None) -> str:
    return latin.lower() if latin else _HALVES.get((other or "").lower(), "")


def _made(
    text: str, found: re.Match[str], numbers: tuple[str | None, ...], half: str, start: int | None = None
) -> Found:
    hour, minute, second = (int(number or 0) for number in numbers)
    if half and not 1 <= hour <= 12:
        half = ""  # "14:05 PM"
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    before = text[: found.start() if start is None else start]
    return Found(
        hour, minute, second, bool(half), before.removesuffix("T").removesuffix("t"), text[found.end() :]
    )
