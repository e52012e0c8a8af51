"""What must have been told in the end, and what may have been: the promises of the manual, in memory. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

STORY = timedelta(days=13)  # between two reports, for which they are surely one story
Pair = tuple[str, str]  # slug of an article, id of an initiative


class Told(StrEnum):
    """What is to become of a pair."""

    MUST = "must"  # once, as news
    MAY = "may"  # once at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a feed says of one article."""

    slug: str
    subjects: frozenset[str]  # ids of the initiatives whose word is in it
    words: str  # slug of the article whose words it has: its own, or that of which it is a reprint
    published: datetime


@dataclass(slots=True)
class Belief:
    """Kept up by the machine with each thing that it does.

    Attributes:
        in_force: initiatives in the watchlist.
        pairs: what is to become of each article under each initiative; one that is missing must not be told.
        known: what the program has stored, by slug; after a death its subjects are those that it has for certain.
        retitled: words of articles that had another headline once, so that they may be another story than their reprints.
        perhaps: subjects that a version has which a dying program may have stored.
    """

    in_force: set[str] = field(default_factory=set)
    pairs: dict[Pair, Told] = field(default_factory=dict)
    known: dict[str, Entry] = field(default_factory=dict)
    retitled: set[str] = field(default_factory=set)
    perhaps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def was_served(self, entries: Iterable[Entry]) -> None:
        """A list of these entries went to a program that may have died of it: whatever it stored may be told."""
        for one in entries:
            self.perhaps[one.slug] |= one.subjects
            if (before := self.known.get(one.slug)) is not None:
                self.known[one.slug] = replace(before, subjects=before.subjects & one.subjects)
            for subject in self.in_force:
                pair = (one.slug, subject)
                if subject in one.subjects:
                    self.pairs.setdefault(pair, Told.MAY)
                elif self.pairs.get(pair) is Told.MUST:
                    self.pairs[pair] = Told.MAY

    def was_taken(self, entries: Iterable[Entry]) -> None:
        """A list was served, and the program went on well: what is in it is stored, and found."""
        for one in entries:
            before = self.known.get(one.slug)
            self.known[one.slug] = one
            for subject in self.in_force:
                pair = (one.slug, subject)
                if subject in one.subjects:
                    if before is None or subject not in before.subjects or pair not in self.pairs:
                        self.pairs[pair] = Told.MUST
                elif self.pairs.get(pair) is Told.MUST:
                    self.pairs[pair] = Told.MAY  # told before it was edited, or not

    def added(self, initiative: str) -> None:
        """A new one is run over the archive; of one that came back, what was told before stays told."""
        self.in_force.add(initiative)
        for one in self.known.values():
            if initiative in one.subjects:
                self.pairs[one.slug, initiative] = Told.MUST
        for slug, subjects in self.perhaps.items():
            if initiative in subjects:
                self.pairs.setdefault((slug, initiative), Told.MAY)

    def removed(self, initiative: str) -> None:
        """What waits for its digest is not told any more."""
        self.in_force.discard(initiative)
        for pair in self.pairs:
            if pair[1] == initiative:
                self.pairs[pair] = Told.MAY

    def faults(self, told: Mapping[str, Sequence[frozenset[Pair]]]) -> Iterator[str]:
        """What is wrong with what was told.

        Args:
            told: by way (mail, hook), what each message tells as news.
        """
        for way, messages in told.items():
            counted = Counter(pair for message in messages for pair in message)
            for (slug, initiative), number in sorted(counted.items()):
                if (slug, initiative) not in self.pairs:
                    yield f"{slug} was told under {initiative} by {way}, and must not be"
                if number > 1:
                    yield f"{slug} was told {number} times under {initiative} by {way}"
            stories = Counter(
                story
                for message in messages
                for story in {(self._words(slug), initiative) for slug, initiative in message}
            )
            for (words, initiative), number in sorted(stories.items()):
                if number > 1 and words not in self.retitled and self._is_one_story(words):
                    yield f"the story of {words} was told {number} times under {initiative} by {way}"
            for (slug, initiative), state in sorted(self.pairs.items()):
                if state is Told.MUST and (self._words(slug), initiative) not in stories:
                    yield f"{slug} was not told under {initiative} by {way}"

    def _is_one_story(self, words: str) -> bool:
        """A story takes reports for some days after its last."""
        moments = sorted(one.published for one in self.known.values() if one.words == words)
        return all(later - before < STORY for before, later in pairwise(moments))

    def stored(self, urls: Counter[str]) -> Iterator[str]:
        """What is wrong with the articles of the database.

        Args:
            urls: how many articles there are of each slug.
        """
        for slug, number in sorted(urls.items()):
            if number > 1 and self._words(slug) not in self.retitled:
                yield f"{slug} is {number} articles"
            if slug not in self.known and slug not in self.perhaps:
                yield f"{slug} is an article, and was never served"
        for slug in sorted(self.known.keys() - urls.keys()):
            yield f"{slug} was served, and is no article"

    def _words(self, slug: str) -> str:
        """A reprint is in the story of its original, and one of them is its link."""
        return self.known[slug].words if slug in self.known else slug


@dataclass(slots=True)
class Feeds:
    """What each feed lists, newest first, and which of them are in the configuration."""

    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    configured: set[str] = field(default_factory=set)

    def listed(self, names: Set[str]) -> list[Entry]:
        """All entries of these feeds."""
        return [one for name in sorted(names) for one in self.entries[name]]

    def of(self, slug: str) -> tuple[str, int] | None:
        """The feed that lists an article, and where."""
        for name, entries in self.entries.items():
            for place, one in enumerate(entries):
                if one.slug == slug:
                    return name, place
        return None
