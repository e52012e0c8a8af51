"""The hosts on which a news agency tells itself. Pure."""

from __future__ import annotations

# Host → the agency's name as in `agencies`; hosts below it are the agency's too.
HOSTS = {
    # the world over
    "afp.com": "AFP", "ap.org": "AP", "apnews.com": "AP", "bloomberg.com": "Bloomberg", "businesswire.com": "Business Wire",
    "dowjones.com": "Dow Jones", "globenewswire.com": "GlobeNewswire", "ipsnews.net": "Inter Press Service",
    "newsfilecorp.com": "Newsfile", "prnewswire.com": "PR Newswire", "reuters.com": "Reuters",
    "theconversation.com": "The Conversation", "upi.com": "UPI",
    # South Asia
    "aninews.in": "ANI", "app.com.pk": "APP", "bssnews.net": "BSS", "hindusthansamachar.in": "Hindusthan Samachar",
    "ians.in": "IANS", "ptinews.com": "PTI", "unb.com.bd": "UNB", "uniindia.com": "UNI",
    # East and South-East Asia, the Pacific
    "aap.com.au": "AAP", "antaranews.com": "Antara", "bernama.com": "Bernama", "chinanews.com": "China News Service",
    "chinanews.com.cn": "China News Service", "cna.com.tw": "CNA", "ecns.cn": "China News Service", "focustaiwan.tw": "CNA",
    "jiji.com": "Jiji", "kcna.kp": "KCNA", "kyodonews.jp": "Kyodo", "kyodonews.net": "Kyodo", "montsame.mn": "Montsame",
    "news.cn": "Xinhua", "news1.kr": "News1", "newsis.com": "Newsis", "pna.gov.ph": "PNA", "tna.mcot.net": "TNA",
    "vietnamplus.vn": "VNA", "vnanet.vn": "VNA", "xinhuanet.com": "Xinhua", "yna.co.kr": "Yonhap",
    "yonhapnewstv.co.kr": "Yonhap",
    # the Americas
    "agenciabrasil.ebc.com.br": "Agência Brasil", "andina.pe": "Andina", "efe.com": "EFE",
    "noticiasargentinas.com": "Noticias Argentinas", "prensa-latina.cu": "Prensa Latina", "telam.com.ar": "Télam",
    "thecanadianpress.com": "The Canadian Press",
    # Europe
    "adnkronos.com": "Adnkronos", "agerpres.ro": "Agerpres", "agi.it": "AGI", "amna.gr": "AMNA", "anp.nl": "ANP",
    "ansa.it": "ANSA", "apa.at": "APA", "askanews.it": "Askanews", "belga.be": "Belga", "belta.by": "BelTA",
    "beta.rs": "Beta", "bns.lt": "BNS", "bta.bg": "BTA", "ceskenoviny.cz": "ČTK", "ctk.cz": "ČTK",
    "dpa-international.com": "dpa", "dpa.com": "dpa", "elta.lt": "ELTA", "epd.de": "epd", "europapress.es": "Europa Press",
    "hina.hr": "HINA", "interfax.com": "Interfax", "interfax.com.ua": "Interfax-Ukraine", "interfax.ru": "Interfax",
    "keystone-sda.ch": "Keystone-SDA", "kna.de": "KNA", "lapresse.it": "LaPresse", "leta.lv": "LETA", "lusa.pt": "Lusa",
    "mediafax.ro": "Mediafax", "mia.mk": "MIA", "mti.hu": "MTI", "ntb.no": "NTB", "pa.media": "PA", "pap.pl": "PAP",
    "ria.ru": "RIA Novosti", "ritzau.dk": "Ritzau", "sita.sk": "SITA", "sta.si": "STA", "stt.fi": "STT",
    "tanjug.rs": "Tanjug", "tasr.sk": "TASR", "tass.com": "TASS", "tass.ru": "TASS", "tt.se": "TT",
    "ukrinform.net": "Ukrinform", "ukrinform.ua": "Ukrinform", "unian.net": "UNIAN", "unian.ua": "UNIAN",
    # the Caucasus, Central Asia, Turkey, the Middle East
    "aa.com.tr": "Anadolu", "armenpress.am": "Armenpress", "azertag.az": "Azertac", "bna.bh": "BNA", "dha.com.tr": "DHA",
    "farsnews.ir": "Fars", "iha.com.tr": "İHA", "ina.iq": "INA", "inform.kz": "Kazinform", "irna.ir": "IRNA",
    "isna.ir": "ISNA", "kuna.net.kw": "KUNA", "mehrnews.com": "Mehr", "nna-leb.gov.lb": "NNA", "omannews.gov.om": "ONA",
    "petra.gov.jo": "Petra", "qna.org.qa": "QNA", "sana.sy": "SANA", "spa.gov.sa": "SPA", "tasnimnews.com": "Tasnim",
    "trend.az": "Trend", "uza.uz": "UzA", "wafa.ps": "WAFA", "wam.ae": "WAM",
    # Africa
    "aps.dz": "APS", "ena.et": "ENA", "gna.org.gh": "GNA", "mapnews.ma": "MAP", "mena.org.eg": "MENA",
    "nannews.ng": "NAN", "panapress.com": "PANA", "sanews.gov.za": "SAnews", "tap.info.tn": "TAP",
}  # fmt: skip
