"""What people say of matches: that an article is about an initiative, or is not. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.records import require_aware


class Verdict(StrEnum):
    NOT_ABOUT = "not-about"
    ABOUT = "about"


class Way(StrEnum):
    """By which a judgement came; who gave it is not kept."""

    MAIL = "mail"  # the link in a message
    SITE = "site"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The last word on one article and one initiative. It outlives the article."""

    article_id: str
    initiative_id: str
    verdict: Verdict
    terms: tuple[str, ...]  # that were the evidence of the match then, as the user wrote them
    watchlist_version: str  # that had found it
    at: datetime
    way: Way

    def __post_init__(self) -> None:
        require_aware(at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A match as it is shown to whoever judges it."""

    article_id: str
    initiative_id: str
    title: str
    source: str  # the outlet's name
    url: str
    matched: tuple[str, ...]  # what people are told to have matched, see `alerts.evidence.shown`
    judgement: Judgement | None  # the last word so far
