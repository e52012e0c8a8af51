"""Which feeds an installation has. Pure."""

from __future__ import annotations

from alerts.safe import one_line
from tidings.feeds_out.records import FeedKind, FeedName
from tidings.settings import Settings

TITLE = 300  # characters


def names(settings: Settings) -> dict[FeedName, str]:
    """Every initiative and every saved search, each with its title as one line."""
    every = (
        *((FeedKind.INITIATIVE, one.id, one.name) for one in settings.initiatives.values()),
        *((FeedKind.SEARCH, one.id, one.name) for one in settings.searches.values()),
    )
    return {FeedName(kind, id): one_line(title, TITLE) or id for kind, id, title in every}
