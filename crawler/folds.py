"""What folding decides: records of stories, reprints and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crawler.records import require_aware

STAYS = "stays in its story"  # why of a fold that changes nothing: what it was folded for holds on


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Which story an article belongs to, and whether it is a reprint. Made by `stories.decide`."""

    story_id: str
    duplicate_of: str | None = None
    similarity: float | None = None
    why: str = ""  # "same text", "0.93 of its word shingles", "new"
    credit: str | None = None  # the agency whose text it says it is: "Reuters"; None: it names none
    joins: tuple[str, ...] = ()  # younger stories that turn out to be this one; their articles move into it


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What became of articles that were folded together, each in the order given."""

    folds: tuple[tuple[str, Fold], ...] = ()  # (article id, decision)
    failed: tuple[tuple[str, str], ...] = ()  # (article id, why there is no decision); they wait as before


Vector = Mapping[str, float]  # word → weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """What the independent reports of one story say, taken together."""

    story_id: str
    first_at: datetime
    last_at: datetime
    reports: int
    total: Vector  # sum of the reports' vectors
    founder: Vector  # of the report that it began with


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A headline of an article that shares words with the one in question."""

    outlet: str
    title: str
    at: datetime  # first seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WordCounts:
    """How many articles of a sample hold a word; words of few are left out."""

    articles: int = 0  # of the sample
    counts: Mapping[str, int] = field(default_factory=dict)


def founder_of(story_id: str) -> str:
    """The id of the article that a story is named after: `s` and that id, with `~2` … where the name was taken.

    It is among the articles of its story, unless it was purged.
    """
    name, _, number = story_id.rpartition("~")
    return (name if number.isdigit() else story_id)[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What the operator said of an article and of stories that it may join: it holds whatever texts say.

    Only what concerns the stories that were asked about is in it. Stories are named as they are called now.
    """

    # Article → the story that it was put into: of it and of its candidates. Each stands for its story like a founder.
    pins: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[tuple[str, str]] = frozenset()  # (article or story, story) that are not one

    def pinned(self, article_id: str) -> str | None:
        """The story in which this article stays; None: it is free."""
        return self.pins.get(article_id)

    def may_join(self, article_id: str, story_id: str) -> bool:
        """Whether this article may be put into this story, or left there."""
        pinned = self.pins.get(article_id)
        return pinned == story_id or (pinned is None and (article_id, story_id) not in self.apart)

    def may_be_one(self, story_id: str, other_id: str) -> bool:
        """Whether these stories may be joined."""
        return (story_id, other_id) not in self.apart and (other_id, story_id) not in self.apart

    def joinable(self, story_id: str, others: Iterable[str]) -> tuple[str, ...]:
        """Those of `others`, first come first served, that may be one with this story and with each other."""
        together = [story_id]
        for one in others:
            if one not in together and all(self.may_be_one(one, other) for other in together):
                together.append(one)
        return tuple(together[1:])


UNCONSTRAINED = Constraints()  # as most of the time: nothing was said


class ChangeKind(StrEnum):
    """In which way a later version of an article says something else."""

    CORRECTION = "correction"  # a notice of correction, clarification or retraction was added
    HEADLINE = "headline"  # the headline makes another claim
    NUMBERS = "numbers"  # figures were replaced by others
    TEXT = "text"  # a large part is written anew; alone it is kept for `explain`, and not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a later version of an article says otherwise than an earlier one. Made of `changes.compare`."""

    article_id: str
    before: int  # version
    after: int  # version
    at: datetime  # when `after` came into force
    kinds: tuple[ChangeKind, ...]  # in the order of `ChangeKind`, at least one
    said: str  # one line for readers: "headline: “A” became “B”; 12 became 15"
    old: str = ""  # the headline of `before`, where the headline changed its claim; else ""
    new: str = ""  # that of `after`

    def __post_init__(self) -> None:
        require_aware(at=self.at)

    @property
    def told(self) -> bool:
        """Whether readers are told of it: a text merely written anew is no news."""
        return any(kind is not ChangeKind.TEXT for kind in self.kinds)
