"""The day in a line that readers see: "Von Ann Lee, 4. März 2026, 09:15 Uhr"; pure."""

from __future__ import annotations

import re
from datetime import date

LONGEST = 160  # characters; a line that is longer is prose, and its dates are those of its story

_NAMES = (
    "january januar januari janvier enero gennaio janeiro jänner jan ene gen янв января جنوری يناير जनवरी sty stycznia ianuarie leden ledna ocak",
    "february februar februari février fevrier febrero febbraio fevereiro feber feb fév fev февр февраля фев فروری فبراير फ़रवरी फरवरी lut lutego februarie února şubat",
    "march märz maerz maart mars marzo março marco marts mar mär марта мар مارچ مارس मार्च marca martie března mart",
    "april avril abril aprile apr avr abr апреля апр اپریل أبريل अप्रैल kwi kwietnia aprilie dubna nisan",
    "may mai mei mayo maggio maio maj mag мая май مئی مايو मई maja května mayıs",
    "june juni juin junio giugno junho jun giu июня июн جون يونيو जून cze czerwca iunie června haziran",
    "july juli juillet julio luglio julho jul juil lug июля июл جولائی يوليو जुलाई lip lipca iulie července temmuz",
    "august augustus août aout agosto augusti aug ago августа авг اگست أغسطس अगस्त sie sierpnia srpna ağustos",
    "september septembre septiembre settembre setembro sept sep set сентября сен ستمبر سبتمبر सितंबर सितम्बर wrz września septembrie září eylül",
    "october oktober octobre octubre ottobre outubro oct okt ott out октября окт اکتوبر أكتوبر अक्टूबर अक्तूबर paź października octombrie října ekim",
    "november novembre noviembre novembro nov ноября ноя نومبر نوفمبر नवंबर नवम्बर lis listopada noiembrie kasım",
    "december dezember décembre decembre diciembre dicembre dezembro dec dez déc dic декабря дек دسمبر ديسمبر दिसंबर दिसम्बर gru grudnia decembrie prosince aralık",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_CLOCK = r"(?:[^\d\n]{1,14}(?P<hour>[01]?\d|2[0-3])[:.h](?P<minute>[0-5]\d)(?::[0-5]\d)?(?!\d)(?P<half>\s*[ap]\.?m\b)?)?"
_FORMS = tuple(
    re.compile(form + _CLOCK, re.IGNORECASE)
    for form in (
        rf"(?<![\d.])(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|º)?[.,]?[\s-]+(?:de\s+|of\s+)?(?P<name>{_MONTH})\.?,?[\s-]+(?:de\s+)?{_YEAR}(?!\d)",
        rf"(?<!\w)(?P<name>{_MONTH})\.?\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)",
        rf"(?<!\d){_YEAR}\s*[-/.年]\s*(?P<month>[01]?\d)\s*[-/.月]\s*(?P<day>[0-3]?\d)(?![\d])日?",
        rf"(?<![\d.])(?P<day>[0-3]?\d)\.\s?(?P<month>[01]?\d)\.\s?{_YEAR}(?!\d)",
        rf"(?<![\d/])(?P<one>[0-3]?\d)[/-](?P<two>[0-3]?\d)[/-]{_YEAR}(?!\d)",
    )
)
_UPDATED = re.compile(
    r"\b(?:updated?|modified|aktualisiert|geändert|stand|mis à jour|modifié|actualizad[oa]|aggiornato|atualizado|uppdaterad|bijgewerkt|обновлено)\b",
    re.IGNORECASE,
)
_NOT_A_DATELINE = re.compile(r"©|copyright|all rights reserved|\(c\)", re.IGNORECASE)


def find_day(line: str, *, language: str | None = None) -> str | None:
    """ISO 8601 of the first day that a line names, with its clock time where it is given; None when there is none.

    Of "Updated" lines without another word there is none: the day is not that of the publication. "3/4/2026" is read
    by the language: month first in American English, else the day first where both are possible; not at all where the
    language is unknown and both are.
    """
    line = line.strip()
    if not line or len(line) > LONGEST or _NOT_A_DATELINE.search(line):
        return None
    found = min(
        (match for form in _FORMS if (match := form.search(line))),
        key=lambda match: match.start(),
        default=None,
    )
    if found is None or _UPDATED.search(line[: found.start()]):
        return None
    day = _day(found.groupdict(), language)
    if day is None:
        return None
    return day.isoformat() + _clock(found.groupdict())


def _day(said: dict[str, str | None], language: str | None) -> date | None:
    year = int(said["year"] or 0)
    try:
        if said.get("name"):
            return date(year, _MONTHS[str(said["name"]).lower()], int(said["day"] or 0))
        if said.get("month"):
            return date(year, int(said["month"] or 0), int(said["day"] or 0))
        one, two = int(said["one"] or 0), int(said["two"] or 0)
        if one > 12 or (
            two <= 12 and (one == two or (language is not None and language != "en-us" and language != "en"))
        ):
            return date(year, two, one)
        return date(year, one, two) if two > 12 or language == "en-us" else None
    except ValueError:
        return None


def _clock(said: dict[str, str | None]) -> str:
    if said["hour"] is None:
        return ""
    hour = int(said["hour"])
    if said["half"]:
        hour = hour % 12 + (12 if "p" in said["half"].lower() else 0)
    return f"T{hour:02}:{said['minute']}"
