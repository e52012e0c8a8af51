"""Month names of many languages, by their beginnings. Pure."""

from __future__ import annotations

import unicodedata

# One line a language: beginnings of the twelve names; `|` parts spellings. A beginning counts for a whole word.
_BEGINNINGS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",  # English
    "janv févr|fév|fev mars avr mai juin juil août|aout sept oct nov déc",  # French
    "jän|jan feb mär|maer apr mai jun jul aug sep okt nov dez",  # German
    "ene feb mar abr may jun jul ago sep|set oct nov dic",  # Spanish
    "gen feb mar apr mag giu lug ago set ott nov dic",  # Italian
    "jan fev mar abr mai jun jul ago set out nov dez",  # Portuguese
    "jan feb maa|mrt apr mei jun jul aug sep okt nov dec",  # Dutch
    "jan feb mar apr maj|mai jun jul aug sep okt nov dec|des",  # Scandinavian
    "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",  # Finnish
    "sty lut mar kwi maj|maja cze lip sie wrz paź|paz lis gru",  # Polish
    "led|ledna úno břez|bře dub|dubna kvě červn|červen červenc srp zář říj listopad pros",  # Czech
    "jan feb már ápr máj jún júl aug szept|sze okt nov dec",  # Hungarian, Slovak
    "ian feb mar apr mai iun iul aug sept oct noi|nov dec",  # Romanian
    "ocak|oca şub|sub|şubat mart nis mayıs haz tem ağu|agu eyl eki kas ara|aralık",  # Turkish
    "ιαν φεβ|φεβρ μαρ|μάρ απρ μαι|μαΐ|μάι ιουν|ιούν ιουλ|ιούλ αυγ|αύγ σεπ οκτ νοε|νοέ δεκ",  # Greek
    "янв|януари фев март|мар апр мая|май|маи июн|юни июл|юли авг сен|сеп окт ноя|ное дек",  # Russian, Bulgarian
    "січ лют бер квіт|кві трав|тра черв|чер лип серп|сер верес|вер жовт|жов листоп|лис груд|гру",  # Ukrainian
    "jan feb|peb mar|mac apr mei jun jul agu|ogo sep okt nov des|dis",  # Indonesian, Malay
    "जन|जनवरी फर|फ़र मार्च अप्र मई जून जुल अगस्त|अग सित अक्ट|अक्तू नव|नवंबर दिस",  # Hindi
    "জানু ফেব মার্চ এপ্রি মে জুন জুলা আগ সেপ অক্টো নভে ডিসে",  # Bengali
    "يناير|كانون_الثاني فبراير|شباط مارس|آذار أبريل|ابريل|نيسان مايو|أيار يونيو|حزيران يوليو|تموز أغسطس|اغسطس|آب "
    "سبتمبر|أيلول أكتوبر|اكتوبر|تشرين_الأول نوفمبر|تشرين_الثاني ديسمبر|كانون_الأول",  # Arabic
    "ינואר פברואר מרץ|מרס אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",  # Hebrew
    "มกราคม|ม.ค กุมภา|ก.พ มีนา|มี.ค เมษา|เม.ย พฤษภา|พ.ค มิถุนา|มิ.ย กรกฎา|ก.ค สิงหา|ส.ค กันยา|ก.ย ตุลา|ต.ค พฤศจิกา|พ.ย ธันวา|ธ.ค",
)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


_TABLE: dict[str, int] = {}
for _line in _BEGINNINGS:
    for _number, _spellings in enumerate(_line.split(), start=1):
        for _spelling in _spellings.split("|"):
            _TABLE.setdefault(_folded(_spelling), _number)
_LONGEST = max(map(len, _TABLE))


def month_of(word: str) -> int | None:
    """1 to 12 when `word` begins as a month's name does in some language, the longest beginning deciding."""
    text = _folded(word).strip(". ")
    for length in range(min(len(text), _LONGEST), 1, -1):
        if (number := _TABLE.get(text[:length])) is not None:
            return number
    return None
