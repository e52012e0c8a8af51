"""What stands near a hit (rule 5), found without a walk over all places."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice

from alerts.reading import Hit
from alerts.records import Field

OPENING = 60  # words of summary and of text that are near a hit in the title
_MOST = 40  # partners of one hit that are tried; a text with more is made to be slow
_MOST_WEAK = 8
_RUNNING = (Field.SUMMARY, Field.TEXT)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Hits that stand for each other: a single one, or a hit and its partner of NEAR."""

    field: Field
    first: int
    last: int
    hits: tuple[Hit, ...]


class Neighbours:
    """Clusters in which partners are looked for; those without a weak hit come first."""

    def __init__(self, clusters: Iterable[Cluster]) -> None:
        strong: dict[Field, list[Cluster]] = {}
        weak: dict[Field, list[Cluster]] = {}
        for cluster in clusters:
            kind = weak if any(hit.is_weak for hit in cluster.hits) else strong
            kind.setdefault(cluster.field, []).append(cluster)
        self._kinds = [{field: _Row(found) for field, found in kind.items()} for kind in (strong, weak)]

    def beside(self, left: Cluster, distance: int, *, ordered: bool) -> Cluster | None:
        """A cluster with at most `distance` words between it and `left`; a place is not its own neighbour.

        `ordered`: behind it, in the same field. Else the title is near all, and its own hits see the
        opening words of summary and text.
        """
        return next(self._partners(left, distance, ordered=ordered), None)

    def all_beside(self, left: Cluster, distance: int, *, ordered: bool, every: bool) -> Iterator[Cluster]:
        """Clusters beside `left`: one without a weak hit, where there is one, else all that have.

        `every`: all of both kinds, for a third that may stand near some of these pairs only.
        """
        for found in islice(self._partners(left, distance, ordered=ordered), _MOST if every else _MOST_WEAK):
            yield found
            if not every and not any(hit.is_weak for hit in found.hits):
                return

    def _partners(self, left: Cluster, distance: int, *, ordered: bool) -> Iterator[Cluster]:
        for rows in self._kinds:
            row = rows.get(left.field)
            if row is not None:
                yield from row.behind(left, distance) if ordered else row.around(left, distance)
            if not ordered:
                yield from _across(rows, left)


class _Row:
    """Clusters of one field in order, with the furthest word that one of them reaches, up to each."""

    def __init__(self, clusters: list[Cluster]) -> None:
        self.clusters = sorted(clusters, key=lambda cluster: (cluster.first, cluster.last))
        self._firsts = [cluster.first for cluster in self.clusters]
        self._furthest = list(accumulate((cluster.last for cluster in self.clusters), max))

    def behind(self, left: Cluster, distance: int) -> Iterator[Cluster]:
        """Those that begin behind `left`, near enough, the next one first."""
        at = bisect_left(self._firsts, left.last + 1)
        while at < len(self.clusters) and self._firsts[at] <= left.last + 1 + distance:
            yield self.clusters[at]
            at += 1

    def around(self, left: Cluster, distance: int) -> Iterator[Cluster]:
        """Those near enough on either side, from `left` on and then back; overlapping is near."""
        begun = at = bisect_left(self._firsts, left.first)
        while at < len(self.clusters) and self._firsts[at] <= left.last + 1 + distance:
            if not _is_same_place(self.clusters[at], left):
                yield self.clusters[at]
            at += 1
        while begun and self._furthest[begun - 1] >= left.first - 1 - distance:
            begun -= 1
            if self.clusters[begun].last >= left.first - 1 - distance:
                yield self.clusters[begun]


def _across(rows: dict[Field, _Row], left: Cluster) -> Iterator[Cluster]:
    if left.field is not Field.TITLE:
        if Field.TITLE in rows:
            yield from rows[Field.TITLE].clusters
        return
    for field in _RUNNING:
        if field in rows:
            yield from (cluster for cluster in rows[field].clusters if cluster.first < OPENING)


def _is_same_place(one: Cluster, other: Cluster) -> bool:
    return (one.first, one.last) == (other.first, other.last)
