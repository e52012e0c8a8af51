"""Whether a text can be in the language that a page's address or declaration promises; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

_ENOUGH = 200  # characters; the language of less is a guess
_WORDS = 400  # of a text that are looked at
_THEIRS = 0.05  # share of letters; a text with fewer in the language's script is not in it
_CERTAIN = 0.12  # share of function words
_AHEAD = 3.0  # times as many as those of the promised language

_SCRIPTS = {  # code points of the scripts that are not Latin, and the languages written in each
    "hi mr ne sa": ((0x0900, 0x097F),),
    "bn as": ((0x0980, 0x09FF),),
    "pa": ((0x0A00, 0x0A7F), (0x0600, 0x06FF)),
    "gu": ((0x0A80, 0x0AFF),),
    "or": ((0x0B00, 0x0B7F),),
    "ta": ((0x0B80, 0x0BFF),),
    "te": ((0x0C00, 0x0C7F),),
    "kn": ((0x0C80, 0x0CFF),),
    "ml": ((0x0D00, 0x0D7F),),
    "si": ((0x0D80, 0x0DFF),),
    "th": ((0x0E00, 0x0E7F),),
    "ka": ((0x10A0, 0x10FF),),
    "am ti": ((0x1200, 0x137F),),
    "he yi": ((0x0590, 0x05FF),),
    "ar fa ur ps": ((0x0600, 0x06FF), (0x0750, 0x077F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    "ru uk bg be mk": ((0x0400, 0x052F),),
    "el": ((0x0370, 0x03FF), (0x1F00, 0x1FFF)),
    "hy": ((0x0530, 0x058F),),
    "zh": ((0x4E00, 0x9FFF), (0x3400, 0x4DBF)),
    "ja": ((0x3040, 0x30FF), (0x4E00, 0x9FFF)),
    "ko": ((0xAC00, 0xD7AF), (0x1100, 0x11FF)),
}
_FUNCTION_WORDS = {
    "en": "the and of to in is that for with was are as it be this have from on by at",
    "de": "der die das und ist nicht mit den von zu ein eine für auf im dem sich des auch als",
    "fr": "le la les des et est une dans pour que qui sur pas du au avec sont plus par ce",
    "es": "el los las del que y una por con para es se su más como al pero fue este ha",
    "pt": "o os da do das dos que e uma por com para não é se mais como ao foi em",
    "it": "il di che gli della per una con non è del sono nel alla dei più anche si le da",
    "nl": "de het een van en is dat niet op te zijn voor met die aan er ook door naar bij",
    "sv": "och att det som en är på för av med den till inte har ett om de var från vi",
    "pl": "w i na się nie do że z jest to jak po od za przez oraz dla o są ale",
    "tr": "ve bir bu için ile da de olarak olan çok daha gibi ne kadar sonra ise en o mi var",
}
_NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "nl": "Dutch",
    "sv": "Swedish", "pl": "Polish", "tr": "Turkish",
}  # fmt: skip


def wrong_language(
    text: str, *, url: str | None, declared: str | None, translations: Sequence[tuple[str, str]]
) -> str | None:
    """How a text is in another language than was promised, in words; None where it is not, or cannot be told.

    The address promises a language where the page lists its translations and the address is one of them, or carries
    the code of one. The page's declaration is a promise only where its language is not written in Latin letters: many
    publishers leave the "en" of a template on pages in any language.

    Args:
        declared: BCP 47, as the page declares itself.
        translations: (language, absolute address) of the page in other languages.
    """
    if len(text) < _ENOUGH:
        return None
    for promise, who in ((address_language(url, translations), "the address"), (_base(declared), "the page")):
        if promise is None or (who == "the page" and _ranges(promise) is None):
            continue
        other = _other_than(promise, text)
        if other is not None:
            return f"{who} promises {promise!r}, and the text is {other}"
    return None


def address_language(url: str | None, translations: Sequence[tuple[str, str]]) -> str | None:
    """The language that the address stands for among the page's translations, or None."""
    if url is None or len(translations) < 2:
        return None
    codes = {base for code, _ in translations if (base := _base(code)) is not None}
    mine = {_base(code) for code, address in translations if address.rstrip("/") == url.rstrip("/")} - {None}
    if len(mine) == 1:
        return mine.pop()
    parts = urlsplit(url)
    marks = [(parts.hostname or "").split(".")[0], *parts.path.strip("/").split("/")[:1]]
    return next((base for mark in marks if (base := _base(mark)) in codes and len(mark) in (2, 5)), None)


def _other_than(language: str, text: str) -> str | None:
    """What a text is written in, when it cannot be in a language; None when it can, or nothing is known of it."""
    letters = [character for character in text[:4_000] if character.isalpha()]
    latin = sum(character < "\u0250" for character in letters)
    ranges = _ranges(language)
    if ranges is not None:
        own = sum(any(low <= ord(character) <= high for low, high in ranges) for character in letters)
        if own < _THEIRS * len(letters):
            return (
                f"in {_certain(text) or 'another script'}"
                if latin > len(letters) / 2
                else "in another script"
            )
        return None
    if language not in _FUNCTION_WORDS:
        return None
    if latin < _THEIRS * len(letters):
        return "in another script"
    shares = _shares(text)
    best = max(shares, key=lambda code: shares[code])
    if best != language and shares[best] >= _CERTAIN and shares[best] >= _AHEAD * shares[language]:
        return f"in {_NAMES[best]}"
    return None


def _certain(text: str) -> str | None:
    shares = _shares(text)
    best = max(shares, key=lambda code: shares[code])
    return _NAMES[best] if shares[best] >= _CERTAIN else None


def _shares(text: str) -> dict[str, float]:
    words = re.findall(r"[^\W\d_]+", text.casefold())[:_WORDS]
    counts = Counter(words)
    return {
        code: sum(counts[word] for word in own) / (len(words) or 1) for code, own in _function_words().items()
    }


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}


def _ranges(language: str) -> tuple[tuple[int, int], ...] | None:
    return next((ranges for codes, ranges in _SCRIPTS.items() if language in codes.split()), None)


def _base(code: str | None) -> str | None:
    base = (code or "").strip().lower().replace("_", "-").split("-")[0]
    return base if re.fullmatch(r"[a-z]{2,3}", base) else None
