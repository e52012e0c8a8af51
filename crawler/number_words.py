"""How numbers, magnitudes, months and currencies are called in many languages, as `flat` writes them. Data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crawler.flat import flat

_TENS = {
    "en": "ten twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zehn zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
    "fr": "dix vingt trente quarante cinquante soixante",
    "es": "diez veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "dieci venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "dez vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
# From two on: words for one are articles in most languages.
_UNITS = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen",
    "de": "zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn"
    " achtzehn neunzehn",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete"
    " dieciocho diecinueve",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici"
    " diciassette diciotto diciannove",
    "pt": "dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete"
    " dezoito dezenove",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien",
    "ru": "два три четыре пять шесть семь восемь девять десять",
    "hi": "दो तीन चार पांच छह सात आठ नौ दस",
}
_OTHERWISE = frozenset({"once", "sei", "due"})  # common words of other languages


def _numbers() -> dict[str, int]:
    found: dict[str, int] = {}
    for words in _UNITS.values():
        for value, word in enumerate(words.split(), start=2):
            found.setdefault(word, value)
    for words in _TENS.values():
        for value, word in enumerate(words.split(), start=1):
            found.setdefault(word, 10 * value)
    found |= {"zwoelf": 12, "fuenf": 5, "fuenfzehn": 15, "dozen": 12, "dutzend": 12, "两": 2}
    return {flat(word): value for word, value in found.items() if word not in _OTHERWISE}


NUMBERS: Mapping[str, int] = MappingProxyType(_numbers())

MAGNITUDES: Mapping[str, float] = MappingProxyType(
    {
        word: value
        for value, words in {
            1e2: "hundred hundreds hundert",
            1e3: "thousand k tausend tsd mille mil mila duizend tys тысяч тысячи тыс ألف हजार หมื่น",
            1e4: "万 萬 만",
            1e5: "lakh lakhs lac lacs लाख",
            1e6: "million millions mn mln m mio millionen millionen million millones millon milione milioni milhao"
            " milhoes miljoen milionow миллион миллиона миллионов млн مليون",
            1e7: "crore crores cr करोड़ करोड",
            1e8: "亿 億 억",
            1e9: "billion billions bn bln b mrd milliarde milliarden milliard milliards md miliardo miliardi mld bilhao"
            " bilhoes miljard миллиард миллиарда миллиардов млрд مليار",
            1e12: "trillion trillions tn trn trilhao trilhoes billionen billones 兆 조 триллион триллиона триллионов трлн",
        }.items()
        for word in flat(words).split()
    }
)

PERCENT = frozenset(
    flat(word)
    for word in (
        "%", "percent", "per cent", "pct", "prozent", "pour cent", "por ciento", "per cento", "por cento", "procent",
        "процент", "процента", "процентов", "प्रतिशत", "फीसदी", "بالمئة", "في المئة", "パーセント", "퍼센트",
    )
)  # fmt: skip

CURRENCIES: Mapping[str, str] = MappingProxyType(
    {
        word: sign
        for sign, words in {
            "$": "$ us$ usd dollar dollars dolar dolares dollari dolares доллар доллара долларов डॉलर 美元 ドル 달러 دولار",
            "€": "€ eur euro euros евро यूरो 欧元 歐元 ユーロ 유로 يورو",
            "£": "£ gbp pound pounds pfund livres libras sterline фунтов",
            "₹": "₹ rs rs. inr rupee rupees रुपये रुपए रुपया",
            "¥": "¥ yen yuan cny jpy jpy 元 円 人民币 人民幣",
            "₽": "₽ rub рубль рубля рублей",
            "₩": "₩ won krw 원",
            "chf": "chf franken francs",
        }.items()
        for word in flat(words).split()
    }
)

MONTHS: Mapping[str, int] = MappingProxyType(
    {
        word: month
        for month, words in enumerate(
            (
                "january jan januar janner janvier enero gennaio janeiro januari января जनवरी يناير",
                "february feb februar fevrier fevr febrero febbraio fevereiro februari февраля फरवरी फ़रवरी فبراير",
                "march mar marz maerz mars marzo marco maart марта मार्च مارس",
                "april apr avril abril aprile апреля अप्रैल أبريل ابريل",
                "may mai mayo maggio maio mei мая मई مايو",
                "june jun juni juin junio giugno junho июня जून يونيو",
                "july jul juli juillet julio luglio julho июля जुलाई يوليو",
                "august aug aout agosto augustus августа अगस्त أغسطس",
                "september sep sept septembre septiembre settembre setembro сентября सितंबर सितम्बर سبتمبر",
                "october oct oktober okt octobre octubre ottobre outubro октября अक्टूबर أكتوبر",
                "november nov novembre noviembre novembro ноября नवंबर नवम्बर نوفمبر",
                "december dec dezember dez decembre diciembre dicembre dezembro декабря दिसंबर दिसम्बर ديسمبر",
            ),
            start=1,
        )
        for word in flat(words).split()
    }
)
