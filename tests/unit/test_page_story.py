"""What `explain` says of the page of an article, and of the entry of a live blog in which words stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.records import Article, Post, TextState
from tidings.page_story import in_post, page_story
from tidings.storage.lookup import Life, TextVersion

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def version(number: int, text: str, *, from_page: bool, at: datetime = NOON) -> TextVersion:
    return TextVersion(
        version=number, made_at=at, from_page=from_page, title="T", summary="", text=text, purged=False
    )


FEED = (version(1, "Short", from_page=False),)
PAGE = (
    *FEED,
    version(2, "Whole", from_page=True, at=NOON + HOUR),
    version(3, "Whole", from_page=True, at=NOON + 2 * HOUR),  # a new title
)


def life(
    state: TextState, reason: str | None = None, *, versions: tuple[TextVersion, ...] = FEED, **facts: object
) -> Life:
    article = Article(
        id="a1", source_id="s", url="https://a.example/1", canonical_url="https://a.example/1", title="T",
        first_seen_at=NOON, text_state=state, text_reason=reason, version=len(versions),
    )  # fmt: skip
    plain = Life(
        article=article, versions=versions, sightings=(), fold=None, story=(), matches=(), deliveries=(),
        page_due_at=None, attempts=0,
    )  # fmt: skip
    return replace(plain, **facts)  # type: ignore[arg-type]  # whatever a case gives


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (life(TextState.FEED, "not read: the feed carries the whole text"), "not read: the feed carries the whole text"),
        (life(TextState.FEED), "not read: what the feed says is the text"),
        (
            life(TextState.READ, versions=PAGE, page_at=NOON + 9 * HOUR, page_tries=2),
            "read at 2026-11-25 21:00:00Z",
        ),
        (life(TextState.READ, versions=PAGE), "read at 2026-11-25 13:00:00Z"),
        (
            life(TextState.SKIPPED, "not read: 5 pages", page_at=NOON),
            "not read: 5 pages; decided at 2026-11-25 12:00:00Z",
        ),
        (
            life(TextState.REFUSED, "paywall: only 15 characters are free", page_at=NOON, page_tries=1),
            "no readable article at 2026-11-25 12:00:00Z: paywall: only 15 characters are free",
        ),
        (
            life(TextState.FAILED, "503", page_at=NOON, page_tries=4),
            "could not be had: 503; asked for 4 times, last at 2026-11-25 12:00:00Z",
        ),
        (
            life(TextState.FAILED, "404", versions=PAGE, page_at=NOON + 9 * HOUR, page_tries=1),
            "could not be had: 404; asked for once at 2026-11-25 21:00:00Z; "
            "the text is that of the page as read at 2026-11-25 13:00:00Z",
        ),
        (
            life(TextState.QUARANTINED, "crashed three times"),
            "left alone: crashed three times; see `tidings quarantine list`",
        ),
        (life(TextState.PENDING, page_due_at=NOON), "due at 2026-11-25 12:00:00Z"),
        (
            life(TextState.PENDING, "503", page_due_at=NOON + HOUR, page_at=NOON, page_tries=2, attempts=1),
            "due at 2026-11-25 13:00:00Z; once begun without an answer; "
            "asked for twice, last at 2026-11-25 12:00:00Z; 503",
        ),
        (life(TextState.PENDING), "not read while the article is held for review"),
    ],
)  # fmt: skip
def test_every_state_of_a_page_is_told(given: Life, expected: str) -> None:
    """Why, when and how often; and whose words the text is."""
    assert page_story(given) == expected


def test_the_entry_of_a_live_blog_is_named_by_time_and_title() -> None:
    """In UTC; what stands in no entry has none."""
    east = NOON.astimezone(datetime.fromisoformat("2026-11-25T12:00+05:30").tzinfo)
    posts = (
        Post(start=10, end=20, posted_at=east, title="Ministers arrive"),
        Post(start=22, end=30, posted_at=NOON),
        Post(start=32, end=40, title="Later"),
    )
    assert in_post(posts, 10) == "in the entry of 25 Nov 2026, 12:00 UTC, “Ministers arrive”"
    assert in_post(posts, 29) == "in the entry of 25 Nov 2026, 12:00 UTC"
    assert in_post(posts, 32) == "in the entry without a time, “Later”"
    assert (in_post(posts, 9), in_post(posts, 20), in_post((), 0)) == ("", "", "")
