"""Chinese, Japanese and Korean dates as plain ones: numerals, eras. Pure."""

from __future__ import annotations

import re

_DIGITS = {
    "〇": 0,
    "零": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_ERAS = {
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "民國": 1911,
    "民国": 1911,
}  # the year before the era's first
_NUMERALS = "[〇零○一二三四五六七八九十]"
_WRITTEN_YEAR = re.compile(rf"({_NUMERALS}{{4}})(?=\s*年)")
_WRITTEN_NUMBER = re.compile(rf"({_NUMERALS}{{1,3}})(?=\s*[月日号號時时点點分])")
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(\d{{1,3}}|元|{_NUMERALS}{{1,4}})\s*年")
_TOLD_DAY = re.compile(r"[(（][月火水木金土日一二三四五六월화수목금토일祝・]{1,3}[)）]")


def plain_eastern(text: str) -> str:
    """`text` with Chinese numerals as digits, years of an era as those of our calendar, no weekday in brackets.

    What holds no 年 is left as it is.
    """
    if "年" not in text:
        return _TOLD_DAY.sub(" ", text)
    text = _TOLD_DAY.sub(" ", text)
    text = _ERA.sub(
        lambda found: f"{_ERAS[found[1]] + (1 if found[2] == '元' else _number(found[2]))}年", text
    )
    text = _WRITTEN_YEAR.sub(lambda found: "".join(str(_DIGITS.get(sign, 0)) for sign in found[1]), text)
    return _WRITTEN_NUMBER.sub(lambda found: str(_number(found[1])), text)


def _number(written: str) -> int:
    """A number below a hundred: 三十一 is 31; digits are themselves."""
    if written.isdecimal():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    units = 0
    for sign in ones:
        units = 10 * units + _DIGITS[sign]
    return 10 * _DIGITS.get(tens, 1) + units if ten else units
