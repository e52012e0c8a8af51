"""What became of the page of an article, and in which entry of a live blog words stand: in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crawler.records import Post, TextState
from tidings.storage.lookup import Life


def page_story(life: Life) -> str:
    """One line for every state: not asked for, passed over, read, refused or failed, why and when; or when it is due."""
    article = life.article
    reason = article.text_reason or ""
    match article.text_state:
        case TextState.FEED:
            return reason or "not read: what the feed says is the text"
        case TextState.READ:
            return f"read{_at(_last_read(life))}"
        case TextState.SKIPPED:
            decided = "" if life.page_at is None else f"decided{_at(life.page_at)}"
            said = _joined(reason or "not read", decided)
        case TextState.REFUSED:
            said = f"no readable article{_at(life.page_at)}: {reason}"
        case TextState.FAILED:
            said = _joined(f"could not be had: {reason}", _tries(life))
        case TextState.QUARANTINED:
            said = f"left alone{_at(life.page_at)}: {reason}; see `tidings quarantine list`"
        case TextState.PENDING:
            said = _pending(life)
    read = _last_read(life)
    return said if read is None else _joined(said, f"the text is that of the page as read{_at(read)}")


def in_post(posts: Sequence[Post], start: int) -> str:
    """`in the entry of 25 Nov 2026, 10:15 UTC, “Ministers arrive”` for this place of a text; "" in none."""
    post = next((one for one in posts if one.start <= start < one.end), None)
    if post is None:
        return ""
    when = "without a time"
    if post.posted_at is not None:
        there = post.posted_at.astimezone(UTC)
        when = f"of {there.day} {there:%b %Y, %H:%M} UTC"
    return f"in the entry {when}" + (f", “{post.title}”" if post.title else "")


def _pending(life: Life) -> str:
    if life.page_due_at is None:
        return "not read while the article is held for review"
    begun = f"{_times(life.attempts)} begun without an answer" if life.attempts else ""
    return _joined(f"due{_at(life.page_due_at)}", begun, _tries(life), life.article.text_reason)


def _tries(life: Life) -> str:
    if not life.page_tries:
        return ""
    last = ", last" if life.page_tries > 1 else ""
    return f"asked for {_times(life.page_tries)}{last}{_at(life.page_at)}"


def _last_read(life: Life) -> datetime | None:
    """When the text in force was read from the page last; None: it is the feed's."""
    in_force = next((one for one in life.versions if one.version == life.article.version), None)
    if life.article.text_state is TextState.READ and life.page_at is not None:
        return life.page_at
    if in_force is None or not in_force.from_page:
        return None
    return min(one.made_at for one in life.versions if one.from_page and one.text == in_force.text)


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f" at {moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _joined(*parts: str | None) -> str:
    return "; ".join(part for part in parts if part)
