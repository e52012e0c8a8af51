"""What an outlet shows at a given moment: pure, from the script, a timeline and a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tidings.demo.clock import Timeline
from tidings.demo.outlets import Outlet
from tidings.demo.script import Piece, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An article as its outlet shows it now."""

    piece: Piece
    version: Version
    url: str
    published: datetime  # in the outlet's own offset
    updated: datetime  # of the version in force

    @property
    def corrected(self) -> bool:
        return self.version is not self.piece.versions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An outlet with all it has published so far, newest first."""

    outlet: Outlet
    base: str  # "http://127.0.18.1:8080"
    articles: tuple[Published, ...]

    @property
    def changed(self) -> datetime | None:
        """When the edition last changed; None while it is empty."""
        return max((article.updated for article in self.articles), default=None)


def edition(
    outlet: Outlet, pieces: Iterable[Piece], *, base: str, timeline: Timeline, now: datetime
) -> Edition:
    """The edition of `outlet` at `now`."""
    zone = timezone(outlet.offset)
    articles = []
    for piece in pieces:
        if piece.outlet != outlet.id:
            continue
        versions = [version for version in piece.versions if timeline.when(version.at) <= now]
        if versions:
            articles.append(
                Published(
                    piece=piece,
                    version=versions[-1],
                    url=base + path_of(outlet, piece),
                    published=timeline.when(piece.at).astimezone(zone),
                    updated=timeline.when(versions[-1].at).astimezone(zone),
                )
            )
    articles.sort(key=lambda article: (article.published, article.piece.slug), reverse=True)
    return Edition(outlet=outlet, base=base, articles=tuple(articles))


def path_of(outlet: Outlet, piece: Piece) -> str:
    """The path of an article; those for members lie where robots.txt lets nobody in."""
    if piece.section == "Members":
        return f"/members/{piece.slug}"
    return outlet.path.format(section=piece.section.lower(), slug=piece.slug)


def status_of(outlet: Outlet, timeline: Timeline, now: datetime) -> int:
    """200, or the status with which a failing outlet answers everything at `now`."""
    status = 200
    for trouble in outlet.trouble:
        if timeline.when(trouble.since) <= now:
            status = trouble.status
    return status


def due_between(
    pieces: Iterable[Piece], timeline: Timeline, after: datetime, until: datetime
) -> tuple[tuple[Piece, Version], ...]:
    """Articles and corrections that appear with after < time <= until, in that order."""
    found = [
        (timeline.when(version.at), piece, version)
        for piece in pieces
        for version in piece.versions
        if after < timeline.when(version.at) <= until
    ]
    found.sort(key=lambda item: (item[0], item[1].slug))
    return tuple((piece, version) for _, piece, version in found)


RECENT = timedelta(hours=48)  # how far back a news sitemap reaches
