"""What binds two articles: a copied text, a version, an address, a headline. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cached_property, lru_cache

from crawler.attribution import host_of
from crawler.datelines import plain_title
from crawler.duplicates import (
    LEAD,
    containment,
    is_short,
    plain_words,
    resemblance,
    shingles,
    shingles_of,
    short_shingles,
    tokens,
)
from crawler.records import Article

TITLE_HOLDS = timedelta(days=3)  # for so long an equal headline speaks for the same event

REPRINT = 0.7  # resemblance of a reprint
VERSION = 0.8  # containment of a version that was cut or lengthened
SMALLEST_PART = 0.2  # of the longer text: less is a quotation, not a version
OTHER_LEAD = 1 - SMALLEST_PART  # resemblance from which a copy or version may begin otherwise
CLOSE_VERSION = 0.6  # resemblance of two texts of one outlet under one headline
SAME_LEAD = 0.5  # containment of the leads' shingles
SHARED_TOPIC = 0.2  # of the longer words; 7 % of unrelated pairs of news reach it, 77 % of related
SHORT_COPY = 0.9  # resemblance of titles and leads
SHORT_STORY = 0.75
ALIKE_TITLES = 0.5  # share of words
BORNE_OUT = 0.3  # of what one headline says more, stands in the text of the other; and at least two words
FORM = 0.9  # resemblance of texts without their numbers
FORM_NUMBERS = 3  # of each text that the other has not
FORM_AGAIN = timedelta(hours=6)  # sooner, other numbers are a correction
TITLE_WORDS = 5  # fewer words make no headline that names one event
TOPIC_LETTERS = 5  # in a longer word
STEM = 5  # letters at the beginning of a word that its forms share
STEM_LETTERS = 5  # in a word that is compared so

_RECURRING = re.compile(
    r"\b(?:brief(?:ing|s)?|newsletter|horoscopes?|crossword|weather|forecast|round-?up|recap|digest|live (?:updates|blog)|"
    r"what (?:you need )?to (?:know|watch)|need to know|in pictures|photos of the|letters to the editor|quote of the|"
    r"this week in|week ahead|top (?:stories|news|headlines)|(?:news|headlines) (?:today|at)|today in|"
    r"market (?:wrap|report)|stocks to|morning (?:edition|report)|evening (?:edition|report)|obituar(?:y|ies)|podcast|"
    r"presseschau|revue de presse|wetter|météo|newsticker)\b",
    re.IGNORECASE,
)


class Tie(IntEnum):
    """What binds two articles, weakest first."""

    TITLE = 1  # the same headline within days
    ADDRESS = 2  # the same canonical address
    VERSION = 3  # one holds the other
    CUT = 4  # it is a part of an earlier one, so it says nothing new
    COPY = 5


@dataclass(frozen=True, slots=True)
class Relation:
    tie: Tie
    similarity: float | None
    why: str

    @property
    def is_reprint(self) -> bool:
        return self.tie >= Tie.CUT


class Profile:
    """What is compared of an article, each part computed when it is first asked for."""

    def __init__(self, article: Article) -> None:
        self._article = article

    @cached_property
    def host(self) -> str:
        return host_of(self._article.url)

    @cached_property
    def title(self) -> tuple[str, ...]:
        return tokens(plain_title(self._article.title))

    @cached_property
    def words(self) -> tuple[str, ...]:
        return plain_words(self._article.text)

    @cached_property
    def text(self) -> frozenset[str]:
        """Shingles; empty where the text is too short to be judged."""
        return frozenset() if is_short(self.words) else shingles(self._article.text)

    @cached_property
    def lead(self) -> frozenset[str]:
        """Shingles of its first words; empty where the text is too short."""
        return shingles_of(self.words[:LEAD]) if self.text else frozenset()

    @cached_property
    def short(self) -> frozenset[str]:
        """Shingles of title and lead."""
        return short_shingles(plain_title(self._article.title), self._article.summary or self._article.text)

    @cached_property
    def topic(self) -> frozenset[str]:
        """Its longer words; where it has none, shingles of title and lead."""
        return _longer((*self.title, *self._body)) or self.short

    @cached_property
    def stems(self) -> frozenset[str]:
        """The beginnings of the words of its text."""
        return _stems(self._body)

    @property
    def _body(self) -> tuple[str, ...]:
        return self.words or tokens(self._article.summary)


def relation(article: Article, other: Article) -> Relation | None:
    """What binds `article` to `other`, strongest tie first; None: nothing does.

    - COPY: at least 0.7 of all their word shingles are shared, and they begin alike. For texts under 30 words: 0.9
      of the pairs of words of title and lead.
    - CUT, VERSION: 0.8 of the smaller one's shingles stand in the larger, it is no mere quotation, and both
      begin alike.

      A page that strings texts together begins like one of them. What does not begin like the other has to
      share 0.8 with it, which leaves no room in it for a part of another text: a page is bound to one.
    - ADDRESS: equal canonical addresses, on the same host or borne out by title or text: a page may claim any.
    - TITLE: the same headline of five words or more, not of a kind that recurs, within three days, borne out
      by the texts; where one has no text, from different hosts only.

    On one host a text alone proves nothing, for templates, notices and failed extractions repeat: each headline
    has to be like the other or borne out by the other's text, their numbers must not differ, and the texts must not
    be one form with other numbers, hours apart.
    """
    one, two = profile(article), profile(other)
    same_host = _one_outlet(article, one.host, other, two.host)
    if not same_host or (_may_be_versions(one, two) and not _is_form(article, one, other, two)):
        found = _by_text(one, two) or (None if same_host else _by_short_text(article, one, other, two))
        if found is not None:
            return found
    return _by_address(article, one, other, two) or _by_title(article, one, other, two, same_host=same_host)


def _by_text(one: Profile, two: Profile) -> Relation | None:
    if not one.text or not two.text:
        return None
    if one.text == two.text:
        return Relation(Tie.COPY, 1.0, "same text")
    alike = resemblance(one.text, two.text)
    if alike < OTHER_LEAD and containment(one.lead, two.lead) < SAME_LEAD:
        return None
    if alike >= REPRINT:
        return Relation(Tie.COPY, round(alike, 4), f"{alike:.2f} of the word shingles shared")
    held = containment(one.text, two.text)
    common, large = len(one.text & two.text), max(len(one.text), len(two.text))
    if held < VERSION or common < SMALLEST_PART * large:
        return None
    if len(one.text) <= len(two.text):
        return Relation(Tie.CUT, round(alike, 4), f"{held:.2f} of it stands in a longer telling")
    return Relation(Tie.VERSION, round(alike, 4), f"holds {held:.2f} of a shorter telling")


def _by_short_text(article: Article, one: Profile, other: Article, two: Profile) -> Relation | None:
    if (one.text and two.text) or min(len(one.title), len(two.title)) < TITLE_WORDS or recurs(article):
        return None
    if abs(moment(article) - moment(other)) > TITLE_HOLDS:
        return None
    alike = resemblance(one.short, two.short)
    if alike >= SHORT_COPY and not one.text and not two.text:
        return Relation(Tie.COPY, round(alike, 4), f"{alike:.2f} of title and lead shared")
    if alike >= SHORT_STORY:
        return Relation(Tie.TITLE, round(alike, 4), f"{alike:.2f} of title and lead shared")
    return None


def _by_address(article: Article, one: Profile, other: Article, two: Profile) -> Relation | None:
    if not article.canonical_url or article.canonical_url != other.canonical_url:
        return None
    if (
        one.host != two.host
        and not _share_topic(one, two)
        and _word_share(one.title, two.title) < ALIKE_TITLES
    ):
        return None
    return Relation(Tie.ADDRESS, None, "same canonical address")


def _by_title(
    article: Article, one: Profile, other: Article, two: Profile, *, same_host: bool
) -> Relation | None:
    if one.title != two.title or recurs(article) or not _names_an_event(article.title, one.title):
        return None
    if abs(moment(article) - moment(other)) > TITLE_HOLDS:
        return None
    if one.text and two.text:
        borne_out = resemblance(one.text, two.text) >= CLOSE_VERSION if same_host else _share_topic(one, two)
    else:
        borne_out = not same_host
    return Relation(Tie.TITLE, None, "same headline within three days") if borne_out else None


def one_outlet(article: Article, other: Article) -> bool:
    """Whether one outlet told both."""
    return _one_outlet(article, profile(article).host, other, profile(other).host)


def strings_together(page: Article, article: Article) -> bool:
    """Whether a page holds the text of an article and before or behind it one about something else."""
    one, two = profile(page), profile(article)
    if containment(one.text, two.text) < VERSION or len(two.text) >= len(one.text):
        return False
    begins_alike = containment(one.lead, two.lead) >= SAME_LEAD
    more = one.words[len(two.words) :] if begins_alike else one.words[:LEAD]
    return containment(_longer(more), two.topic) < SHARED_TOPIC


def outlet_of(article: Article) -> str:
    """See `outlet_at`."""
    return outlet_at(article.url, article.source_id)


def outlet_at(url: str, source_id: str) -> str:
    """What tells outlets apart: the host; where an address is missing, the source."""
    return host_of(url) or source_id


def _one_outlet(article: Article, host: str, other: Article, other_host: str) -> bool:
    """Whether one host told both; where an address is missing, one source."""
    if host and other_host:
        return host == other_host
    return bool(article.source_id) and article.source_id == other.source_id


def _may_be_versions(one: Profile, two: Profile) -> bool:
    """Whether two headlines of one outlet may stand over one text.

    A word that one headline has more is *borne out* when it stands in the other's text, and speaks *against* it
    when it stands in its own text only: so do the values of a form. A notice that stands on every page
    bears out no headline.
    """
    numbers = _numbers(one.title), _numbers(two.title)
    if not (numbers[0] <= numbers[1] or numbers[1] <= numbers[0]):
        return False
    if not one.title or not two.title:
        return True
    own, others = _stems(one.title), _stems(two.title)
    more = [(own - others, one.stems, two.stems), (others - own, two.stems, one.stems)]
    borne_out = sum(len(stems & there) for stems, _, there in more)
    against = sum(len((stems & here) - there) for stems, here, there in more)
    if against > borne_out:
        return False
    return (
        _word_share(one.title, two.title) >= ALIKE_TITLES
        or borne_out >= BORNE_OUT * sum(len(stems) for stems, _, _ in more) > 0
    )


def _is_form(article: Article, one: Profile, other: Article, two: Profile) -> bool:
    """Whether one outlet filled one form with other numbers at another time, as market and weather reports are."""
    if abs(moment(article) - moment(other)) < FORM_AGAIN:
        return False
    numbers = _numbers(one.words), _numbers(two.words)
    if min(len(numbers[0] - numbers[1]), len(numbers[1] - numbers[0])) < FORM_NUMBERS:
        return False
    wording = [shingles_of([word for word in each.words if not word.isdigit()]) for each in (one, two)]
    return resemblance(*wording) >= FORM


def _longer(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word for word in words if len(word) >= TOPIC_LETTERS)


def _stems(words: Iterable[str]) -> frozenset[str]:
    """The beginnings of all but the shortest words; characters of unspaced scripts count as they are."""
    return frozenset(word[:STEM] for word in words if len(word) >= STEM_LETTERS or not word.isascii())


def _numbers(title: Sequence[str]) -> frozenset[str]:
    return frozenset(word for word in title if word.isdigit())


def _word_share(one: Sequence[str], two: Sequence[str]) -> float:
    return resemblance(frozenset(one), frozenset(two))


def _share_topic(one: Profile, two: Profile) -> bool:
    return containment(one.topic, two.topic) >= SHARED_TOPIC


def recurs(article: Article) -> bool:
    """Whether its headline is that of a column: a briefing, a forecast, a newsletter."""
    return _RECURRING.search(article.title) is not None


def _names_an_event(title: str, words: Sequence[str]) -> bool:
    """Long enough to be said of one event only; characters count where words are not parted by spaces."""
    return len(words) >= TITLE_WORDS and len(title) >= (20 if title.isascii() else 10)


@lru_cache(maxsize=128)  # a candidate is compared several times while one article is folded
def profile(article: Article) -> Profile:
    return Profile(article)


def moment(article: Article) -> datetime:
    """When it was told: as the source says, but never after it was seen."""
    return min(article.published_at or article.first_seen_at, article.first_seen_at)
