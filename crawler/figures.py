"""The figures of a text, however they are written: "12", "twelve", "$500 bn", "5 per cent", "25 November". Pure.

Times of day, relative times ("3 hours ago") and counters ("3 min read", "12 comments") are no figures: they change
without anything being said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crawler.flat import composed, flat
from crawler.number_words import CURRENCIES, MAGNITUDES, MONTHS, NUMBERS, PERCENT

DATE, SCORE, YEAR = "date", "score", "year"  # units
_LARGE = 1_000_000
LONGEST = 15  # digits; a longer run is the number of an account or a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a text."""

    value: float  # of a date 100 × month + day
    step: float  # what its last digit counts: 1e8 in "2.5 billion"
    unit: str  # "%", a sign of a currency, one of the units above; "" for a plain number
    start: int  # in the composed text
    end: int
    text: str  # as it is written

    def same(self, other: Figure) -> bool:
        """Whether both may be one figure, which one of them rounds."""
        if self.unit != other.unit:
            return False
        if self.step == other.step:
            return self.value == other.value
        return abs(self.value - other.value) <= max(self.step, other.step) / 2 * 1.000_001


def figures(text: str) -> tuple[Figure, ...]:
    """The figures of a text, in their order."""
    text = composed(text)
    plain = _NO_FIGURE.sub(lambda found: "\0" * len(found.group()), flat(text))
    found = []
    for one in _FIGURE.finditer(plain):
        start, end = one.span()
        measured = _measured(one)
        if measured is not None:
            value, step, unit = measured
            shown = text[start:end].strip()
            found.append(Figure(value=value, step=step, unit=unit, start=start, end=end, text=shown))
    return tuple(found)


def times(text: str) -> tuple[str, ...]:
    """The times of day in a text, as `flat` writes them."""
    return tuple(_TIME.findall(flat(text)))


def _measured(found: re.Match[str]) -> tuple[float, float, str] | None:
    """Value, step and unit; None where it is no figure after all."""
    part = found.groupdict()
    if part["month"] or part["month_first"]:
        month = MONTHS[part["month"] or part["month_first"]]
        return 100.0 * month + int(part["day"] or part["day_second"]), 1.0, DATE
    if part["east_month"]:
        return 100.0 * int(part["east_month"]) + int(part["east_day"]), 1.0, DATE
    if part["iso"]:
        return 100.0 * int(part["iso"][5:7]) + int(part["iso"][8:]), 1.0, DATE
    if part["one"]:
        return 1_000.0 * int(part["one"]) + int(part["two"]), 1.0, SCORE
    scale = MAGNITUDES.get(part["scale"] or "", 1.0) * MAGNITUDES.get(part["more_scale"] or "", 1.0)
    unit = _unit(part["before"], part["unit"])
    if part["word"]:
        number = NUMBERS[part["word"]] + (NUMBERS[part["word_more"]] if part["word_more"] else 0)
        return number * scale, scale, unit
    digits = part["number"]
    if sum(map(str.isdigit, digits)) > LONGEST:
        return None
    value, decimals = _value(digits)
    if not unit and scale == 1 and len(digits) == 4 and digits.isdigit() and 1900 <= value <= 2100:
        unit = YEAR
    is_rounded = value >= _LARGE and value % 1_000 == 0  # 4,403,000 for 4,403,852
    return value * scale, scale * 1_000 if is_rounded else scale / 10**decimals, unit


def _unit(before: str | None, after: str | None) -> str:
    if after is not None and (after in PERCENT or after[0] == "%"):
        return "%"
    sign = (before or after or "").strip()
    if sign.endswith("$"):
        return "$"
    return CURRENCIES.get(sign, CURRENCIES.get(sign.rstrip("."), ""))


def _value(digits: str) -> tuple[float, int]:
    """A number as it is written in any country, and how many digits follow its point."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return float("".join(filter(str.isdigit, digits))), 0
    whole, after = digits[:last], digits[last + 1 :]
    mark = digits[last]
    is_point = mark not in whole and (len(after) != 3 or whole == "0" or any(not c.isdigit() for c in whole))
    if not is_point:
        return float("".join(filter(str.isdigit, digits))), 0
    return float("".join(filter(str.isdigit, whole)) + "." + after), len(after)


def _any(words: Iterable[str]) -> str:
    """Any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_SPACE = r"[ \u00a0\u202f\u2009]"
_GAP = rf"(?:{_SPACE}|-)?"
_NO_LETTER = r"(?![a-z])"
_ENDS = r"(?![a-z0-9]|[.,:]\d)"  # scripts without spaces write a figure and a word as one
# Every repetition has an end, so that no text takes more than linear time.
_NUMBER = (
    rf"\d{{1,3}}(?:(?:[.,']|{_SPACE})\d{{2,3}}(?!\d)){{1,5}}(?:[.,]\d{{1,9}})?|\d{{1,15}}(?:[.,]\d{{1,9}})?"
)
_SIGNS = re.escape(
    "".join(sign for sign in CURRENCIES if len(sign) == 1 and not sign.isalpha() and ord(sign) < 0x3000)
)
_MONTH = _any(MONTHS)
_SCALE = _any(MAGNITUDES)
_WORD = _any(NUMBERS)
_COUNTED = r"sec|seconds?|min|mins|minutes?|hours?|hrs?|days?|weeks?|months?|years?"
_TIME = re.compile(
    r"(?<![\d.,:])(?:[01]?\d|2[0-4])(?:"
    r":[0-5]\d(?::[0-5]\d)?(?: ?(?:[ap]\.?m\b\.?|uhr\b|h\b))?"
    r"|h[0-5]\d\b|\.[0-5]\d ?(?:[ap]\.?m\b\.?|uhr\b)| ?(?:[ap]\.m\.|[ap]m\b|uhr\b)|[点點時时시](?: ?[0-5]?\d[分분])?)"
    r"|\b[0-2]\d[0-5]\d ?(?:gmt|utc|hrs|ist|est|edt|cet)\b"
)
_NO_FIGURE = re.compile(
    "|".join(
        (
            r"\bhttps?://\S{1,2000}",
            _TIME.pattern,
            r"(?<![\d.,])0\d{3}(?!\d|[.,]\d)",  # 0900, a time of day
            rf"\b(?:{_WORD}|\d{{1,3}}) (?:{_COUNTED}) (?:ago|fa)\b",
            r"\b\d{1,3}[- ]min(?:ute)?s?[- ](?:read|de lecture|de lectura|lesezeit|di lettura|de leitura)\b",
            r"\b(?:vor|hace|il y a|il y a environ|ha) \d{1,3} [a-z]{1,20}",
            r"\b\d{1,3} [a-zа-я]{1,20} (?:geleden|fa|atras|назад|temu)\b",
            r"(?<!\d)\d{1,3} ?(?:秒|分|分钟|分鐘|小时|小時|時間|天|日|周|個月|个月|か月|年|분|시간|일)(?:前|전)",
            r"(?<!\d)\d{1,3} (?:मिनट|घंटे|दिन) पहले|منذ \d{1,3} \w{1,20}",
        )
    )
)
_FIGURE = re.compile(
    rf"(?<![a-z0-9.,])(?<![a-z]-)(?:"
    rf"(?P<day>[0-3]?\d)(?:\.|st|nd|rd|th|º)?(?:{_SPACE}(?:de|of|di))?{_SPACE}?(?P<month>{_MONTH})(?!\w)"
    rf"|(?P<month_first>{_MONTH})\.?{_SPACE}(?P<day_second>[0-3]?\d)(?:st|nd|rd|th)?(?![\d:]|[.,]\d)"
    r"|(?P<east_month>[01]?\d)[月월] ?(?P<east_day>[0-3]?\d)[日号號일]"
    r"|(?P<iso>\d{4}-[01]\d-[0-3]\d)(?!\d)"
    r"|(?P<one>\d{1,3})[-:](?P<two>\d{1,3})(?![\d\w.,:-]|-\w)"
    rf"|(?P<before>(?:us|hk|au?|c|nz|s|r)?\$|[{_SIGNS}]|(?:rs\.?|usd|eur|gbp|inr|chf)(?={_SPACE}?\d))?{_SPACE}?"
    rf"(?:(?P<number>{_NUMBER})|(?P<word>{_WORD})(?:[- ](?P<word_more>{_WORD}))?(?!\w))(?:st|nd|rd|th)?"
    rf"(?:{_GAP}(?P<scale>{_SCALE}){_NO_LETTER}\.?(?:{_SPACE}(?P<more_scale>{_SCALE}){_NO_LETTER})?)?"
    rf"(?:(?:{_GAP}|{_SPACE}de{_SPACE}|{_SPACE}d')(?P<unit>{_any((*PERCENT, *CURRENCIES))}){_NO_LETTER})?"
    rf"{_ENDS})"
)
