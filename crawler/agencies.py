"""The news agencies that others print: how they sign in credits. Pure.

The spellings are ordinary words in part ("Trend", "Petra", "Beta"): they mean an agency only where a credit stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency: the name it is told by, and how else it signs."""

    name: str
    codes: tuple[str, ...] = ()  # as written: "AP", "dpa"; small letters make another word of them
    spellings: tuple[str, ...] = ()  # in any case


AGENCIES: tuple[Agency, ...] = (
    # the world over
    Agency("Reuters", (), (
        "Reuters", "Thomson Reuters", "Thomson Reuters Foundation", "Reuters Breakingviews", "路透社", "路透",
        "ロイター", "로이터", "Рейтер", "Рейтерс", "Ройтерс", "رويترز", "रॉयटर्स", "रायटर", "รอยเตอร์", "רויטרס", "Ρόιτερς",
    )),
    Agency("AP", ("AP",), (
        "Associated Press", "The Associated Press", "AP News", "美联社", "美聯社", "AP通信", "Ассошиэйтед Пресс",
        "أسوشيتد برس", "أسوشييتد برس", "एपी",
    )),
    Agency("AFP", ("AFP", "AFX"), (
        "Agence France-Presse", "Agence France Presse", "Agence France-Press", "法新社", "法新", "AFP通信", "AFP時事",
        "فرانس برس", "أ ف ب", "أ.ف.ب", "एएफपी", "Франс Пресс",
    )),
    Agency("UPI", ("UPI",), ("United Press International", "合众国际社")),
    Agency("Bloomberg", (), ("Bloomberg", "Bloomberg News", "Bloomberg Opinion", "彭博社", "彭博", "블룸버그", "ブルームバーグ")),
    Agency("Dow Jones", (), ("Dow Jones", "Dow Jones Newswires", "Dow Jones & Company", "道琼斯")),
    Agency("New York Times News Service", ("NYTNS", "NYT"), ("New York Times News Service", "The New York Times News Service", "N.Y. Times News Service")),
    Agency("Tribune News Service", ("TNS",), ("Tribune News Service", "Tribune Content Agency")),
    Agency("Inter Press Service", ("IPS",), ("Inter Press Service",)),
    Agency("The Conversation", (), ("The Conversation",)),
    Agency("SWNS", ("SWNS",), ("South West News Service",)),
    Agency("PR Newswire", (), ("PR Newswire", "PRNewswire", "PRNewswire-PRWeb")),
    Agency("Business Wire", (), ("Business Wire", "Businesswire")),
    Agency("GlobeNewswire", (), ("GlobeNewswire", "Globe Newswire")),
    Agency("Newsfile", (), ("Newsfile", "Newsfile Corp.", "Newsfile Corp")),
    Agency("ACCESSWIRE", (), ("Accesswire", "ACN Newswire")),
    # South Asia
    Agency("PTI", ("PTI",), ("Press Trust of India", "The Press Trust of India", "पीटीआई", "पीटीआइ")),
    Agency("PTI Bhasha", (), ("PTI Bhasha", "पीटीआई-भाषा", "पीटीआई भाषा", "भाषा")),
    Agency("ANI", ("ANI",), ("Asian News International", "एएनआई", "एएनआइ")),
    Agency("IANS", ("IANS",), ("Indo-Asian News Service", "Indo Asian News Service", "आईएएनएस", "आइएएनएस")),
    Agency("UNI", ("UNI",), ("United News of India", "यूएनआई", "वार्ता", "यूनीवार्ता")),
    Agency("Hindusthan Samachar", ("HS",), ("Hindusthan Samachar", "हिन्दुस्थान समाचार", "हि.स.")),
    Agency("APP", ("APP",), ("Associated Press of Pakistan", "اے پی پی")),
    Agency("PPI", ("PPI",), ("Pakistan Press International",)),
    Agency("INP", ("INP",), ("Independent News Pakistan",)),
    Agency("BSS", ("BSS",), ("Bangladesh Sangbad Sangstha", "বাসস")),
    Agency("UNB", ("UNB",), ("United News of Bangladesh", "ইউএনবি")),
    Agency("RSS", ("RSS",), ("Rastriya Samachar Samiti", "रासस")),
    Agency("Lankapuvath", (), ("Lankapuvath",)),
    # East and South-East Asia, the Pacific
    Agency("Xinhua", (), ("Xinhua", "Xinhua News Agency", "Xinhuanet", "新华社", "新華社", "新华网", "新華網", "신화통신", "Синьхуа", "شينخوا")),
    Agency("China News Service", ("CNS", "ECNS"), ("China News Service", "中新社", "中新网", "中新網", "中国新闻社")),
    Agency("CNA", ("CNA",), ("Central News Agency", "Focus Taiwan", "中央社")),
    Agency("Kyodo", (), ("Kyodo", "Kyodo News", "共同社", "共同", "共同通信", "共同通信社", "교도통신")),
    Agency("Jiji", (), ("Jiji", "Jiji Press", "時事", "時事通信", "時事通信社", "时事社", "지지통신")),
    Agency("Yonhap", (), ("Yonhap", "Yonhap News", "Yonhap News Agency", "연합뉴스", "聯合ニュース", "韩联社", "韓聯社")),
    Agency("Newsis", (), ("Newsis", "뉴시스")),
    Agency("News1", (), ("News1", "뉴스1")),
    Agency("KCNA", ("KCNA",), ("Korean Central News Agency", "朝中社", "조선중앙통신")),
    Agency("Montsame", (), ("Montsame",)),
    Agency("Bernama", (), ("Bernama", "马新社")),
    Agency("Antara", (), ("Antara", "Antara News")),
    Agency("VNA", ("VNA", "TTXVN"), ("Vietnam News Agency", "Thông tấn xã Việt Nam", "VNA/VNS")),
    Agency("TNA", ("TNA",), ("Thai News Agency", "สำนักข่าวไทย")),
    Agency("PNA", ("PNA",), ("Philippine News Agency", "Philippines News Agency")),
    Agency("AKP", ("AKP",), ("Agence Kampuchea Presse",)),
    Agency("AAP", ("AAP",), ("Australian Associated Press",)),
    Agency("NZN", ("NZN", "NZPA"), ("NZ Newswire", "New Zealand Press Association")),
    # the Americas
    Agency("The Canadian Press", ("CP",), ("The Canadian Press", "Canadian Press", "La Presse canadienne", "La Presse Canadienne")),
    Agency("EFE", ("EFE",), ("EFE", "Agencia EFE", "Agência EFE")),
    Agency("Télam", (), ("Télam", "Telam")),
    Agency("Noticias Argentinas", (), ("Noticias Argentinas", "Agencia NA")),
    Agency("Notimex", (), ("Notimex",)),
    Agency("Prensa Latina", (), ("Prensa Latina",)),
    Agency("ABI", ("ABI",), ("Agencia Boliviana de Información",)),
    Agency("Andina", (), ("Andina", "Agencia Andina")),
    Agency("Agência Brasil", (), ("Agência Brasil", "Agencia Brasil")),
    Agency("Estadão Conteúdo", (), ("Estadão Conteúdo", "Estadao Conteudo", "Agência Estado")),
    Agency("Folhapress", (), ("Folhapress",)),
    # Europe
    Agency("PA", ("PA",), ("PA Media", "Press Association", "The Press Association", "PA News Agency", "PA news agency")),
    Agency("dpa", ("dpa", "DPA", "dpa-AFX", "dpa/AFX", "dpa-infocom"), ("Deutsche Presse-Agentur", "dpa international", "德新社")),
    Agency("epd", ("epd",), ("Evangelischer Pressedienst",)),
    Agency("KNA", ("KNA",), ("Katholische Nachrichten-Agentur",)),
    Agency("SID", ("SID",), ("Sport-Informations-Dienst",)),
    Agency("APA", ("APA", "APA-OTS"), ("Austria Presse Agentur", "Austria Press Agency")),
    Agency("Keystone-SDA", ("SDA", "sda", "ATS", "ats"), ("Keystone-SDA", "Keystone-ATS", "Schweizerische Depeschenagentur", "Agence télégraphique suisse")),
    Agency("awp", ("awp", "AWP"), ("awp Finanznachrichten",)),
    Agency("Belga", (), ("Belga",)),
    Agency("ANP", ("ANP",), ("Algemeen Nederlands Persbureau",)),
    Agency("Ritzau", (), ("Ritzau", "/ritzau/")),
    Agency("NTB", ("NTB",), ("Norsk Telegrambyrå", "NTB-AFP", "NTB-Reuters")),
    Agency("TT", ("TT", "TT-AFP", "TT-Reuters", "TT-AFP-Reuters"), ("Tidningarnas Telegrambyrå", "TT Nyhetsbyrån")),
    Agency("STT", ("STT",), ("Suomen Tietotoimisto", "STT-Lehtikuva")),
    Agency("BNS", ("BNS",), ("Baltic News Service",)),
    Agency("ELTA", ("ELTA",), ("Lietuvos naujienų agentūra ELTA",)),
    Agency("LETA", ("LETA",), ()),
    Agency("PAP", ("PAP",), ("Polska Agencja Prasowa",)),
    Agency("ČTK", ("ČTK", "CTK"), ("Česká tisková kancelář", "Czech News Agency")),
    Agency("TASR", ("TASR",), ("Tlačová agentúra Slovenskej republiky",)),
    Agency("SITA", ("SITA",), ("Slovenská tlačová agentúra",)),
    Agency("MTI", ("MTI",), ("Magyar Távirati Iroda",)),
    Agency("Agerpres", (), ("Agerpres",)),
    Agency("Mediafax", (), ("Mediafax",)),
    Agency("BTA", ("BTA", "БТА"), ("Bulgarian News Agency",)),
    Agency("Tanjug", (), ("Tanjug", "Танјуг")),
    Agency("Beta", (), ("Beta", "Agencija Beta")),
    Agency("HINA", ("HINA",), ("Hina",)),
    Agency("FENA", ("FENA",), ("Fena",)),
    Agency("STA", ("STA",), ("Slovenian Press Agency", "Slovenska tiskovna agencija")),
    Agency("MIA", ("MIA", "МИА"), ()),
    Agency("AMNA", ("AMNA", "ANA-MPA", "ANA", "ΑΠΕ-ΜΠΕ", "ΑΠΕ"), ("Athens-Macedonian News Agency",)),
    Agency("CyNA", ("CyNA", "ΚΥΠΕ"), ("Cyprus News Agency",)),
    Agency("ANSA", ("ANSA",), ("Ansa", "Agenzia ANSA")),
    Agency("Adnkronos", (), ("Adnkronos", "AdnKronos")),
    Agency("AGI", ("AGI",), ("Agenzia Italia",)),
    Agency("LaPresse", (), ("LaPresse",)),
    Agency("Askanews", (), ("Askanews",)),
    Agency("Europa Press", (), ("Europa Press",)),
    Agency("Lusa", (), ("Lusa", "Agência Lusa")),
    Agency("TASS", ("TASS", "ITAR-TASS", "ТАСС", "ИТАР-ТАСС"), ("Tass", "Itar-Tass", "塔斯社", "تاس")),
    Agency("RIA Novosti", ("РИА",), ("RIA Novosti", "RIA", "РИА Новости", "俄新社")),
    Agency("Interfax", (), ("Interfax", "Интерфакс", "国际文传电讯社")),
    Agency("Interfax-Ukraine", (), ("Interfax-Ukraine", "Интерфакс-Украина", "Інтерфакс-Україна")),
    Agency("Ukrinform", (), ("Ukrinform", "Укринформ", "Укрінформ")),
    Agency("UNIAN", ("UNIAN", "УНИАН", "УНІАН"), ()),
    Agency("BelTA", ("BelTA", "BELTA", "БелТА", "БЕЛТА"), ()),
    # the Caucasus, Central Asia, Turkey, the Middle East
    Agency("Azertac", (), ("Azertac", "AZERTAC", "Azərtac")),
    Agency("Trend", (), ("Trend", "Trend News Agency")),
    Agency("Armenpress", (), ("Armenpress",)),
    Agency("Kazinform", (), ("Kazinform", "Казинформ")),
    Agency("UzA", ("UzA",), ()),
    Agency("Kabar", (), ("Kabar", "Кабар")),
    Agency("Anadolu", ("AA",), ("Anadolu", "Anadolu Agency", "Anadolu Ajansı", "الأناضول")),
    Agency("DHA", ("DHA",), ("Demirören Haber Ajansı", "Doğan Haber Ajansı")),
    Agency("İHA", ("İHA", "IHA"), ("İhlas Haber Ajansı",)),
    Agency("IRNA", ("IRNA",), ("Islamic Republic News Agency", "ایرنا")),
    Agency("ISNA", ("ISNA",), ("ایسنا",)),
    Agency("Fars", ("FNA",), ("Fars", "Fars News Agency", "فارس")),
    Agency("Mehr", (), ("Mehr", "Mehr News Agency", "مهر")),
    Agency("Tasnim", (), ("Tasnim", "Tasnim News Agency", "تسنیم")),
    Agency("SPA", ("SPA",), ("Saudi Press Agency", "واس")),
    Agency("WAM", ("WAM",), ("Emirates News Agency", "وام")),
    Agency("QNA", ("QNA",), ("Qatar News Agency", "قنا")),
    Agency("KUNA", ("KUNA",), ("Kuwait News Agency", "كونا")),
    Agency("BNA", ("BNA",), ("Bahrain News Agency", "بنا")),
    Agency("ONA", ("ONA",), ("Oman News Agency",)),
    Agency("Petra", (), ("Petra", "Jordan News Agency", "بترا")),
    Agency("SANA", ("SANA",), ("Syrian Arab News Agency", "سانا")),
    Agency("NNA", ("NNA",), ("National News Agency",)),
    Agency("INA", ("INA",), ("Iraqi News Agency", "واع")),
    Agency("WAFA", ("WAFA",), ("وفا",)),
    # Africa
    Agency("MENA", ("MENA",), ("Middle East News Agency", "أ ش أ")),
    Agency("MAP", ("MAP",), ("Maghreb Arabe Presse", "Maghreb Arab Press")),
    Agency("APS", ("APS",), ("Algérie Presse Service", "Algeria Press Service", "Agence de presse sénégalaise")),
    Agency("TAP", ("TAP",), ("Tunis Afrique Presse",)),
    Agency("LANA", ("LANA",), ("Libyan News Agency",)),
    Agency("SUNA", ("SUNA",), ("Sudan News Agency",)),
    Agency("NAN", ("NAN",), ("News Agency of Nigeria",)),
    Agency("GNA", ("GNA",), ("Ghana News Agency",)),
    Agency("ENA", ("ENA",), ("Ethiopian News Agency",)),
    Agency("SAnews", (), ("SAnews.gov.za", "SAnews")),
    Agency("Sapa", ("SAPA",), ("South African Press Association",)),
    Agency("African News Agency", ("ANA",), ("African News Agency",)),
    Agency("PANA", ("PANA",), ("Panapress",)),
)  # fmt: skip

_CODES = {code: one.name for one in reversed(AGENCIES) for code in (*one.codes, one.name)}
SMALL_CODES = frozenset(code for code in _CODES if code.islower())
_SPELLINGS = {
    spelling.casefold(): one.name
    for one in reversed(AGENCIES)
    for spelling in (*one.spellings, *(() if one.name in one.codes else (one.name,)))
}

FIRST_WORDS = frozenset(
    re.split(r"[\W_]+", sign.casefold().lstrip("/"), maxsplit=1)[0] for sign in (*_CODES, *_SPELLINGS)
)


def _alternatives() -> str:
    """Any code as written or spelling in any case, longest first."""
    codes = "|".join(map(re.escape, sorted(_CODES, key=len, reverse=True)))
    spellings = "|".join(
        re.escape(one).replace(r"\ ", r"\s+") for one in sorted(_SPELLINGS, key=len, reverse=True)
    )
    return rf"(?:(?i:{spellings})|(?-i:{codes}))"


AGENCY = _alternatives()  # source of a pattern; it sees neither the words before nor those after
_SIGNED = re.compile(rf"(?<![^\W\u3040-\u9fff]){AGENCY}(?![^\W\u3040-\u9fff])")  # no spaces in Chinese


def agency_named(words: str) -> str | None:
    """The agency that these words name, no word more: "AP", "The Associated Press"."""
    words = " ".join(words.split())
    return _CODES.get(words) or _SPELLINGS.get(words.casefold())


def agency_of(signed: str) -> str | None:
    """The agency that signs so: "AP", "The Associated Press", "with inputs from PTI", "路透社"; None: nobody known.

    Of several, "AFP/Reuters", it is the first. Give it a credit, not running text: many spellings are words.
    """
    if found := agency_named(signed):
        return found
    match = _SIGNED.search(" ".join(signed.split()))
    if match is None:
        return None
    return _CODES.get(match[0]) or _SPELLINGS[match[0].casefold()]
