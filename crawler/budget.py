"""How many pages of one host are asked for in a day, and what is said of one that is not. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crawler.errors import Cause

NOT_ASKED = frozenset(
    {Cause.HELD, Cause.ROBOTS, Cause.ADDRESS, Cause.PORT}
)  # no request for the page went out
_DAY = timedelta(hours=24)


def hour_of(moment: datetime) -> datetime:
    """The hour, in UTC, under which a page asked for at `moment` is counted."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def first_hour(now: datetime) -> datetime:
    """The oldest hour that still counts: so many pages and no more in any 24 hours, whichever they are."""
    return hour_of(now) - _DAY


def over_budget(host: str, most: int) -> str:
    """Why a page of `host` is not read, of which `most` may be in 24 hours."""
    asked = "no page" if most == 0 else "1 page" if most == 1 else f"{most:,} pages"
    were = "may be" if most == 0 else "was" if most == 1 else "were"
    return (
        f"not read: {asked} of {host} {were} asked for in 24 h, "
        "and nothing in its title or summary comes near an initiative"
    )
