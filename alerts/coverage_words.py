"""What was looked at and what was not, in sentences: pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts import wording
from alerts.records import Coverage, FailingSource, Gap, Unread
from alerts.safe import one_line
from alerts.spans import uncovered
from crawler.records import SourceState

_STATES = {SourceState.GONE: "Gone", SourceState.NOT_A_FEED: "No feed", SourceState.BLOCKED: "Blocked"}
UNREAD = {
    Unread.BUDGET: "over the budget of their host",
    Unread.PAYWALL: "behind paywalls",
    Unread.REFUSED: "without a readable page",
    Unread.UNREACHABLE: "unreachable",
    Unread.CRASHED: "crashing the reader",
    Unread.WAITING: "still awaited",
}


def line(found: Coverage, since: datetime, until: datetime, zone: str) -> str:
    """What was looked at in a window; failures and gaps are also listed one by one."""
    checked = wording.count(found.checked, "source")
    span = f"checked from {wording.moment(since, zone)} to {wording.moment(until, zone)}."
    words = [f"{checked} {span}" if found.checked else f"No source was {span}"]
    if found.failing:
        words.append(f"{failing(found.failing)}.")
    elif found.checked:
        words.append("None failing or blocked.")
    if found.quiet:
        names = wording.listed([one_line(name, 60) for name in found.quiet])
        words.append(f"Unusually quiet: {names}.")
    if unread := unread_pages(found):
        words.append(unread)
    if found.held:
        words.append(f"{wording.count(found.held, 'article is', 'articles are')} held for review.")
    if found.checked or found.gaps:
        words.append(not_covered(found.gaps))
    return " ".join(words)


def failing(found: Iterable[FailingSource]) -> str:
    """`2 sources failing, 1 blocked`, `1 source blocked`; "" for none."""
    blocked = [one.blocked for one in found]
    counts = ((blocked.count(False), "failing"), (blocked.count(True), "blocked"))
    said = [(number, word) for number, word in counts if number]
    return ", ".join(
        f"{wording.count(number, 'source')} {word}" if place == 0 else f"{number:,} {word}"
        for place, (number, word) in enumerate(said)
    )


def state(one: FailingSource) -> str:
    """`Failing`, `Blocked`, `Gone`, `No feed`."""
    return _STATES.get(one.state, "Failing")


def not_covered(gaps: Iterable[Gap]) -> str:
    """`2 h 40 min not covered at 3 sources, see below.` Times that several sources miss count once."""
    missing = [gap for gap in gaps if not gap.caught_up]
    if not missing:
        return "No gaps."
    sources = wording.count(len({gap.source for gap in missing}), "source")
    return f"{duration(uncovered(missing))} not covered at {sources}, see below."


def duration(span: timedelta) -> str:
    """`40 min`, `2 h 40 min`, `24 h`, `3 days 2 h`; under a minute is one."""
    minutes = max(round(span / timedelta(minutes=1)), 1)
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        parts = (f"{hours} h" if hours else "", f"{rest} min" if rest else "")
    else:
        days, hours = divmod(hours, 24)
        parts = (f"{days:,} days", f"{hours} h" if hours else "")
    return " ".join(part for part in parts if part)


def unread_pages(found: Coverage) -> str:
    """How many articles were matched, and judged at all, without their page, and why: one sentence, or ""."""
    total = sum(number for _, number in found.without_page)
    why = ", ".join(f"{number:,} {UNREAD[reason]}" for reason, number in found.without_page)
    were = "was" if total == 1 else "were"
    judged = f"{total:,} of {wording.count(found.judged, 'article')} {were} judged"
    if not found.unread:
        return f"{judged} on title and summary only: {why}." if total else ""
    matched = (
        f"{wording.count(found.unread, 'article was', 'articles were')} matched without the full page, "
        "on title and summary only"
    )
    return f"{matched}; in all {judged} so: {why}." if total else f"{matched}."
