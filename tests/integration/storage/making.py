"""Records for the store contract, with everything filled that a case does not care about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event

from alerts.messages import Delivery, Message
from alerts.outgoing import Outgoing, Standing, Window
from alerts.plans import DigestPlan
from alerts.records import DigestSlot, Evidence, Field, Match, MatchedArticle, Strength
from crawler.folds import Fold, Vector
from crawler.ports import Surroundings
from crawler.records import (
    Article,
    Page,
    Poll,
    PollState,
    Sighting,
    Source,
    SourceKind,
    SourceState,
    TextState,
)
from tests.fakes.clock import NOON
from tidings.storage.engine import Database

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE = timedelta(minutes=10)


def source(name: str = "times", /, **facts: Any) -> Source:
    return Source(**{"id": name, "kind": SourceKind.FEED, "url": f"https://{name}.example/feed", **facts})


def article(number: int = 1, **facts: Any) -> Article:
    url = f"https://times.example/{number}"
    plain = {
        "id": f"{number:016x}",
        "source_id": "times",
        "url": url,
        "canonical_url": url,
        "title": f"Report number {number}",
        "text_state": TextState.FEED,
        "first_seen_at": NOON,
    }
    return Article(**{**plain, **facts})


def keys_of(one: Article) -> tuple[str, ...]:
    return (f"url:{one.canonical_url}", f"{one.source_id} guid:{one.id}")


def poll(*articles: Article, at: datetime = NOON, by: str = "times", **more: Any) -> Poll:
    """A good poll at `at` that lists `articles`; `state` in `more` adds to its state, the rest to the poll."""
    state = {
        "source_id": by,
        "state": SourceState.OK,
        "last_polled_at": at,
        "last_success_at": at,
        "next_poll_at": at + HOUR,
        **more.pop("state", {}),
    }
    plain: dict[str, Any] = {
        "articles": articles,
        "keys": tuple((one.id, keys_of(one)) for one in articles),
        "sightings": tuple(
            Sighting(article_id=one.id, source_id=by, url=one.url, title=one.title, seen_at=at)
            for one in articles
        ),
    }
    return Poll(**{"state": PollState(**state), **plain, **more})


def page(text: str = "The text of the page.", **facts: Any) -> Page:
    return Page(**{"title": "A title of the page", "text": text, **facts})


def no_keys(_article: Article) -> tuple[int, ...]:
    return ()


@dataclass(frozen=True)
class By:
    """A folder made of two functions, for which articles are about nothing."""

    keys: Callable[[Article], Sequence[int]]
    choose: Callable[[Article, Sequence[Article]], Fold]

    def about(self, _article: Article) -> Vector:
        return {}

    def decide(self, article: Article, _about: Vector, around: Surroundings) -> Fold:
        return self.choose(article, around.candidates)


def into(story: str, **facts: Any) -> Any:
    """A decision that is always the same."""

    def decide(_article: Article, _candidates: Sequence[Article]) -> Fold:
        return Fold(story_id=story, **facts)

    return decide


async def fold(stores: Any, one: Article, story: str | None = None, **facts: Any) -> None:
    """Fold an article into a story (its own by default) without looking."""
    await stores.articles.fold(
        [one.id], By(no_keys, into(story or f"story-{one.id}", **facts)), since=NOON - DAY
    )


def evidence(**facts: Any) -> Evidence:
    plain = {
        "term": "TRUST initiative",
        "field": Field.TITLE,
        "start": 0,
        "end": 16,
        "snippet": "TRUST initiative ‘starts’",
        "strength": Strength.STRONG,
    }
    return Evidence(**{**plain, **facts})


def match(one: Article, initiative: str = "trust", **facts: Any) -> Match:
    plain = {"article_id": one.id, "initiative_id": initiative, "evidence": (evidence(),)}
    return Match(**{**plain, "watchlist_version": "0123456789ab", **facts})


def plan(**facts: Any) -> DigestPlan:
    return DigestPlan(**{"id": "morning", "to": ("desk",), "initiatives": ("trust",), **facts})


def slot(key: str = "2026-11-25T13:00", **facts: Any) -> DigestSlot:
    return DigestSlot(**{"digest_id": "morning", "key": key, "due": NOON + HOUR, **facts})


def message(key: str = "morning/2026-11-25T13:00", **facts: Any) -> Message:
    plain = {"subject": "1 story", "text": "text", "html": "<p>text</p>", "data": '{"id": 1}'}
    return Message(**{"key": key, **plain, "created_at": NOON, "digest_id": "morning", **facts})


def delivery(number: int = 1, **facts: Any) -> Delivery:
    plain = {
        "id": f"delivery-{number}",
        "message_key": "morning/2026-11-25T13:00",
        "channel_id": "desk",
        "recipient": f"{number}@example.org",
        "created_at": NOON,
    }
    return Delivery(**{**plain, **facts})


async def freeze(
    stores: Any,
    slot: DigestSlot,
    *,
    until: datetime,
    now: datetime,
    message: Message | None = None,
    to: Sequence[str] = ("desk",),
    deliveries: Sequence[Delivery] | None = None,
    window: Window | None = None,
    **told: Any,
) -> bool:
    """Freeze a slot with one message to these channels, or none; by default with a delivery for each of them."""
    if message is not None and deliveries is None:
        deliveries = [
            delivery(id=f"{message.key} to {one}", message_key=message.key, channel_id=one, recipient="")
            for one in to
        ]
    tellings = (
        ()
        if message is None
        else (Outgoing(message=message, channels=tuple(to), deliveries=tuple(deliveries or ()), **told),)
    )
    done: bool = await stores.digests.freeze(slot, until=until, tellings=tellings, now=now, window=window)
    return done


async def window_of(
    stores: Any, plan: DigestPlan, since: datetime, until: datetime, live: Sequence[str] | None = None
) -> Window:
    """The window of a digest as it stands now."""
    standings = []
    for channel_id in plan.to:
        found = await stores.digests.matched(channel_id, plan, since, until)
        changed = await stores.digests.changed(channel_id, plan, since, until)
        told_before = sum(one.told_at is not None for one in found)
        standings.append(
            Standing(channel_id=channel_id, matches=len(found), told_before=told_before, changes=len(changed))
        )
    return Window(
        initiatives=plan.initiatives,
        since=since,
        standings=tuple(standings),
        live=plan.initiatives if live is None else tuple(live),
    )


def versions_of(found: Sequence[MatchedArticle]) -> tuple[tuple[str, int], ...]:
    """What is told as news of these."""
    return tuple({one.telling.article_id: one.version for one in found if not one.changes}.items())


async def told_and_matched(stores: Any, *articles: Article, at: datetime = NOON, by: str = "times") -> None:
    """Store, fold (each its own story) and match `articles` under `trust` at `at`."""
    await stores.articles.record_poll(poll(*articles, at=at, by=by))
    for one in articles:
        await fold(stores, one)
        stored = await stores.articles.get(one.id)
        await stores.matches.record_matches([(stored, [match(one)])], at)


@contextmanager
def written(database: Database) -> Iterator[list[tuple[str, int]]]:
    """Statements that write, by their first three words, and for how many rows each."""
    found: list[tuple[str, int]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            found.append((" ".join(statement.split()[:3]), len(parameters) if many else 1))

    event.listen(database._writing, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(database._writing, "before_cursor_execute", hear)
