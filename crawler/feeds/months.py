"""Month names of many languages, by their beginnings. Pure."""

from __future__ import annotations

import re
import unicodedata

# Language → beginnings of the twelve names; `|` parts spellings, `_` stands for a space. A beginning counts for
# a whole word. Where languages disagree, the language of the text decides, else the one that stands first.
_BEGINNINGS = {
    "en": "jan feb mar apr may jun jul aug sep oct nov dec",
    "fr": "janv févr|fév|fev mars avr mai juin juil août|aout sept oct nov déc",
    "de": "jän|jan feb mär|maer|mrz apr mai jun jul aug sep okt nov dez",
    "es": "ene feb mar abr may jun jul ago sep|set oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb maa|mrt apr mei jun jul aug sep okt nov dec",
    "sv": "jan feb mar apr maj|mai jun jul aug sep okt nov dec|des",
    "fi": "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "pl": "sty lut mar kwi maj|maja cze lip sie wrz paź|paz lis gru",
    "cs": "led|ledna úno břez|bře dub|dubna kvě červn|červen červenc srp zář říj listopad pros",
    "sk": "jan feb mar apr máj|maj jún jul|júl aug sep okt nov dec",
    "hu": "jan feb már ápr máj jún júl aug szept|sze okt nov dec",
    "ro": "ian feb mar apr mai iun iul aug sept oct noi|nov dec",
    "tr": "ocak|oca şub|sub|şubat mart nis mayıs haz tem ağu|agu eyl eki kas ara|aralık",
    "el": "ιαν φεβ|φεβρ μαρ|μάρ απρ μαι|μαΐ|μάι ιουν|ιούν ιουλ|ιούλ αυγ|αύγ σεπ οκτ νοε|νοέ δεκ",
    "ru": "янв|януари фев март|мар апр мая|май|маи июн|юни июл|юли авг сен|сеп окт ноя|ное дек",  # Bulgarian too
    "uk": "січ лют бер квіт|кві трав|тра черв|чер лип серп|сер верес|вер жовт|жов листоп|лис груд|гру",
    "be": "студ лют сакав|сак крас мая|трав|тра чэрв|чэр ліп жні|жн верас|вер кастр|кас ліст|ліс снеж|сне",
    "sr": "јан феб мар апр мај јун јул авг сеп окт нов дец",  # Macedonian too
    "id": "jan feb|peb mar|mac apr mei jun jul agu|ogo sep okt nov des|dis",  # Malay too
    "hi": "जन|जनवरी फर|फ़र मार्च अप्र मई जून जुल अगस्त|अग सित अक्ट|अक्तू नव|नवंबर दिस",
    "mr": "जाने फेब्रु|फेब मार्च एप्रि मे जून जुलै ऑग सप्टें|सप्ट ऑक्ट नोव्हें|नोव्ह डिसें|डिस",
    "bn": "জানু ফেব মার্চ এপ্রি মে জুন জুলা আগ সেপ অক্টো নভে ডিসে",
    "ta": "ஜன பிப் மார்ச் ஏப் மே ஜூன் ஜூலை ஆக செப் அக் நவ டிச",
    "te": "జన ఫిబ్ర మార్చి ఏప్రి మే జూన్ జులై|జూలై ఆగ సెప్ అక్టో నవం డిసెం",
    "gu": "જાન્યુ ફેબ્રુ માર્ચ એપ્રિ મે જૂન જુલા ઑગ|ઓગ સપ્ટે ઑક્ટો|ઓક્ટો નવે ડિસે",
    "pa": "ਜਨ ਫ਼ਰ|ਫਰ ਮਾਰਚ ਅਪ੍ਰੈ|ਅਪਰੈ ਮਈ ਜੂਨ ਜੁਲਾ ਅਗ ਸਤੰ ਅਕਤੂ ਨਵੰ ਦਸੰ",
    "ml": "ജനു ഫെബ്രു മാർച്ച് ഏപ്രി മേയ്|മെയ് ജൂൺ ജൂലൈ ഓഗ|ആഗ സെപ് ഒക്ടോ നവം ഡിസം",
    "kn": "ಜನ ಫೆಬ್ರ ಮಾರ್ಚ್ ಏಪ್ರಿ ಮೇ ಜೂನ್ ಜುಲೈ ಆಗ ಸೆಪ್ಟೆಂ|ಸೆಪ್ಟಂ ಅಕ್ಟೋ ನವೆಂ|ನವಂ ಡಿಸೆಂ|ಡಿಸಂ",
    "ur": "جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر",
    "fa": "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه|جولای اوت|آگوست سپتامبر اکتبر نوامبر دسامبر",
    "ar": "يناير|كانون_الثاني|جانفي فبراير|شباط|فيفري مارس|آذار|اذار أبريل|ابريل|إبريل|نيسان|أفريل مايو|أيار|ايار|ماي "
    "يونيو|يونيه|حزيران|جوان يوليو|يوليه|تموز|جويلية|يوليوز أغسطس|اغسطس|آب|أوت|غشت سبتمبر|أيلول|ايلول|شتنبر "
    "أكتوبر|اكتوبر|تشرين_الأول|تشرين_الاول نوفمبر|تشرين_الثاني|نونبر ديسمبر|كانون_الأول|كانون_الاول|دجنبر",
    "he": "ינואר|ינו פברואר|פבר מרץ|מרס אפריל|אפר מאי יוני יולי אוגוסט|אוג ספטמבר|ספט אוקטובר|אוק נובמבר|נוב דצמבר|דצמ",
    "th": "มกรา|ม.ค กุมภา|ก.พ มีนา|มี.ค เมษา|เม.ย พฤษภา|พ.ค มิถุนา|มิ.ย กรกฎา|ก.ค สิงหา|ส.ค กันยา|ก.ย ตุลา|ต.ค พฤศจิกา|พ.ย ธันวา|ธ.ค",
    "vi": "tháng_một|tháng_giêng tháng_hai tháng_ba tháng_tư tháng_năm tháng_sáu tháng_bảy tháng_tám tháng_chín tháng_mười "
    "tháng_mười_một tháng_mười_hai|tháng_chạp",
    "hr": "siječ|sij velj ožuj|ožu trav|tra svib|svi lip srp kolov|kol ruj listop|lis stud|stu pros",
    "sl": "jan feb mar apr maj jun jul avg sep okt nov dec",
    "lt": "saus vasar kov baland|bal geg birž liep rugp rugs spal lapkr gruod",
    "lv": "jan feb mar apr mai jūn jūl aug sep okt nov dec",
    "et": "jaan veebr märts|mär apr mai juuni juuli aug sept okt nov dets",
    "ca": "gen febr març abr maig juny jul ag|ago set oct nov des",
    "eu": "urtarril|urt otsail|ots martxo apiril|api maiatz|mai ekain|eka uztail|uzt abuztu|abu irail|ira urri azaro|aza abendu|abe",
    "gl": "xan feb mar abr mai xuñ xul ago set out nov dec",
    "is": "jan feb mar apr maí jún júl ágú sep okt nóv des",
    "ga": "eanáir|ean feabh márta aib beal meith iúil lúna meán_fómhair|meán deireadh_fómhair|dfómh samh noll",
    "cy": "ion chwef maw ebr mai meh gorff awst med hyd tach rhag",
    "sq": "jan shk mar pri maj qer korr gush shta tet nën|nen dhj",
    "sw": "jan feb mac apr mei jun jul ago sep okt nov des",
    "tl": "ene peb mar abr may hun hul ago set okt nob dis",
    "az": "yan fev mar apr may iyun|iyn iyul|iyl avq|avg sen okt noy dek",  # Uzbek too
    "kk": "қаң ақп нау сәу мам мау шіл там қыр қаз қар жел",
    "ka": "იან თებ მარ აპრ მაი ივნ ივლ აგვ სექ ოქტ ნოე დეკ",
    "hy": "հուն|հունվ փետ մարտ ապր մայ հունիս հուլ օգոս սեպ հոկ նոյ դեկ",
}
_SAME = {"nb": "sv", "nn": "sv", "no": "sv", "da": "sv", "bg": "ru", "mk": "sr", "bs": "hr", "ms": "id", "fil": "tl", "uz": "az", "ne": "hi"}  # fmt: skip


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _beginnings(line: str) -> dict[str, int]:
    return {
        _folded(spelling): number
        for number, spellings in enumerate(line.split(), start=1)
        for spelling in spellings.split("|")
    }


_TABLES = {language: _beginnings(line) for language, line in _BEGINNINGS.items()}
_ALL: dict[str, int] = {}
for _table in _TABLES.values():
    _ALL = {**_table, **_ALL}
_LONGEST = max(map(len, _ALL))
_OF_SEVERAL_WORDS = re.compile(
    "|".join(re.escape(name).replace("_", r"\s+") for name in sorted(_ALL, key=len, reverse=True) if "_" in name),
    re.I,
)  # fmt: skip


def join_names(text: str) -> str:
    """`text` with `_` in the month names of several words (كانون الثاني, tháng mười hai), so that each is one word."""
    return _OF_SEVERAL_WORDS.sub(lambda found: "_".join(found[0].split()), text)


def month_of(word: str, language: str | None = None) -> int | None:
    """1 to 12 when `word` begins as a month's name does, the longest beginning deciding.

    Args:
        language: BCP 47; its own names go before those of all others (listopad is October in Croatian).
    """
    text = _folded(word).strip(". ")
    primary = (language or "").lower().partition("-")[0]
    own = _TABLES.get(_SAME.get(primary, primary), {})
    for table in (own, _ALL):
        for length in range(min(len(text), _LONGEST), 1, -1):
            if (number := table.get(text[:length])) is not None:
                return number
    return None
