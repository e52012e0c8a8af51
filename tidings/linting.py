"""The rules held against the archive: what `check` warns of where something has been collected."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from alerts.advice import RuleWarning
from alerts.lint import Lint
from alerts.match import Matcher
from tidings.settings import Settings
from tidings.storage.archive import SqlArchive
from tidings.storage.engine import FILE

PATIENCE = timedelta(seconds=20)  # for a look at an archive, however large; it begins with the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an archive says of the rules."""

    warnings: tuple[RuleWarning, ...]
    articles: int  # that were looked at
    whole: bool  # False: older ones were left out


def has_archive(settings: Settings) -> bool:
    """Whether there may be one; asking does not make it."""
    return settings.database != "sqlite" or (settings.state_dir / FILE).exists()


async def look(
    settings: Settings,
    archive: SqlArchive,
    *,
    patience: timedelta = PATIENCE,
    seconds: Callable[[], float] = time.monotonic,
) -> Look:
    """Dissect the archive from its newest article on, for at most `patience`.

    Args:
        seconds: a clock that never goes backwards.
    """
    matcher = Matcher(settings.watchlists, tags=settings.tags)
    lint = Lint(settings.watchlists)
    end = seconds() + patience.total_seconds()
    whole = True
    async for articles in archive.walk():
        for article in articles:
            lint.count(article.first_seen_at, matcher.dissect(article))
        if seconds() >= end:
            whole = False
            break
    return Look(warnings=lint.warnings(), articles=lint.articles, whole=whole)
