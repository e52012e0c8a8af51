"""Where the reports of an initiative came from: by outlet, tag, country and language. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from alerts.dossier_records import Share, Sources, Told
from alerts.records import Telling
from crawler.attribution import host_of

UNTAGGED, NOWHERE, UNKNOWN = "no tag", "no country in the address", "not known"
NAMELESS = (UNTAGGED, NOWHERE, UNKNOWN)

# Ends of addresses that belong to a country and are sold as words to everybody.
_WORDS = frozenset(
    ("ai", "am", "cc", "co", "fm", "gg", "im", "io", "la", "ly", "me", "sh", "so", "st", "to", "tv", "ws")
)
_OTHERS = {"uk": "United Kingdom", "eu": "European Union", "gb": "United Kingdom", "su": "Russia"}
_LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "gu": "Gujarati",
    "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "kn": "Kannada", "ko": "Korean", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay", "ne": "Nepali",
    "nl": "Dutch", "no": "Norwegian", "nb": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "si": "Sinhala", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip


@dataclass(slots=True)
class _Counted:
    stories: set[str] = field(default_factory=set)
    articles: int = 0
    outlets: set[str] = field(default_factory=set)


def sources(stories: Iterable[Told], tags: Mapping[str, tuple[str, ...]]) -> Sources:
    """What came from whom, the largest share first.

    Args:
        tags: of each source, by its id. What comes from a source with several counts under each.
    """
    by: dict[str, dict[str, _Counted]] = {
        name: defaultdict(_Counted) for name in ("outlets", "tags", "countries", "languages")
    }
    kinds: dict[str, Callable[[Telling], tuple[str, ...]]] = {
        "outlets": lambda one: (one.source,),
        "tags": lambda one: tags.get(one.source_id) or (UNTAGGED,),
        "countries": lambda one: (country_of(one.url) or NOWHERE,),
        "languages": lambda one: (language_named(one.language),),
    }
    for told in stories:
        for telling in (told.story.lead, *told.story.also):
            for kind, names in kinds.items():
                for name in names(telling):
                    counted = by[kind][name]
                    counted.stories.add(told.story.id)
                    counted.articles += 1
                    counted.outlets.add(telling.source)
    return Sources(**{kind: _shares(found) for kind, found in by.items()})


def country_of(url: str) -> str | None:
    """The country that the end of an address stands for; None where it stands for none."""
    end = host_of(url).rpartition(".")[2].lower()
    if end in _OTHERS:
        return _OTHERS[end]
    return None if end in _WORDS else _countries().get(end)


def language_named(code: str | None) -> str:
    """`English` for `en-GB`; the code itself where its name is not known."""
    if not code:
        return UNKNOWN
    return _LANGUAGES.get(code.split("-")[0].lower(), code)


def _shares(found: Mapping[str, _Counted]) -> tuple[Share, ...]:
    """What has no name comes last."""
    shares = [
        Share(name=name, stories=len(one.stories), articles=one.articles, outlets=len(one.outlets))
        for name, one in found.items()
    ]
    return tuple(
        sorted(shares, key=lambda one: (one.name in NAMELESS, -one.articles, -one.stories, one.name))
    )


@cache
def _countries() -> Mapping[str, str]:
    """English names by the codes of ISO 3166, which ends of addresses are."""
    text = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {code.lower(): name for code, name in pairs}
