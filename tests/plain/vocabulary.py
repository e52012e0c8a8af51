"""The words, signs and patterns of which random articles and rules are made: six scripts and their traps."""

from __future__ import annotations

SCRIPTS: dict[str, tuple[str, ...]] = {
    "latin": (
        "TRUST", "trust", "Trust", "initiative", "COMPACT", "compact", "US", "us", "U.S.", "U.K.", "N.S.F.", "NSF",
        "iCET", "BTA", "INDUS", "INDUS-X", "X", "India", "Indian", "chip", "policy", "road", "map", "roadmap", "AI",
        "organisation", "organization", "café", "résumé", "Modí", "Perú", "Straße", "İstanbul", "Iğdır",
        "C++", "R&D", "5G", "G20", "Node.js", "1,000.50", "2030", "Dr.", "anti-trust", "fund", "news", "MSP", "GPU", "a", "of", "l'Inde",
        "first", "office", "box", "Dr Rao", "Gen Singh", "McRae", "e.g.", "I", "What",
        "next", "?", "$500", "AC/DC", "plan B", "Corp.",
    ),
    "cyrillic": ("Москва", "США", "доверие", "ДОВЕРИЕ", "пакт", "ёлка", "ВТО", "Я", "и", "йод", "ЕАЭС", "рынок", "край", "мой"),
    "greek": ("Αθήνα", "συμφωνία", "λόγος", "ΛΟΓΟΣ", "ΕΕ", "Ελλάδα", "ο", "ΆΜΕΣΗ", "τσιπ", "δρόμος", "ΕΛΛΆ", "αλλά"),
    "devanagari": ("भारत", "कर", "करी", "ट्रस्ट", "पहल", "अमेरिका", "हिन्दी", "में", "क", "प्रोजेक्ट", "ज़मीन"),
    "semitic": ("الهند", "ثقة", "اتفاق", "اَلثِّقَة", 'ארה"ב', "ישראל", "אמון", "הסכם", "في", "שָׁלוֹם"),
    "sequence": ("半导体", "中国", "美国", "人工智能", "インド", "東京", "ひらがな", "ไทย", "ประเทศ", "の", "ガス", "カバ", "サーバー"),
}  # fmt: skip
ORDINARY = ("TRUST", "COMPACT", "AI", "US", "FUND", "CHIPS")
SPACES = (" ", " ", " ", " ", " ", " ", " ", " ", "  ", "\u00a0", "\n", "\u2009")
JOINTS = ("-", "‑", "–", " – ", " - ", "- ", "—", " — ", ", ", ": ", "; ", "/", " (", ") ", "_", "'", '" ', " “", "”",
          "", ".", "&", " & ", "...", "… ", "[1] ", "* ", " *", " -- ", ". ", ". ", "! ", "。", "、", "।  ", "·")  # fmt: skip
ENDS = (". ", ". ", ". ", "! ", "? ", ".” ", ".\n", ") . ", "\n\n", ".\n\n", "\n \n", "。", "। ")
QUOTES = ("'{}'", '"{}"', "‘{}’", "“{}”", "«{}»", "„{}“", "({})", "*{}*", "**{}**", "_{}_", "[{}]", "`{}`")
TAILS = ("™", "®", "²", "³", "†", "[1]", "[12]", "(TM)", "(R)", "*", "'s", "’s", "’s", "'", "s", "s", "s", "es", "'da", "s'")  # fmt: skip
PATTERNS = ("/indus[- ]?x/", "/(?-i)[A-Z]{3,9}/", "/[a-z]+ initiative/", "/(us|u\\.s\\.) trust/", "/[0-9]+g/", "/\\w+ fund/",
            "/λόγο[ςσ]/", "/半导.?/")  # fmt: skip
