"""What stands near a hit (rule 5), found without a walk over all places."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.reading import Hit
from alerts.records import Field

OPENING = 60  # words of summary and of text that are near a hit in the title
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
        for rows in self._kinds:
            row = rows.get(left.field)
            if ordered:
                found = row.behind(left, distance) if row else None
            else:
                found = (row.around(left, distance) if row else None) or _across(rows, left)
            if found is not None:
                return found
        return None


class _Row:
    """Clusters of one field in order, with the one that reaches furthest up to each."""

    def __init__(self, clusters: list[Cluster]) -> None:
        self.clusters = sorted(clusters, key=lambda cluster: (cluster.first, cluster.last))
        self._firsts = [cluster.first for cluster in self.clusters]
        self._furthest: list[Cluster] = []
        for cluster in self.clusters:
            before = self._furthest[-1] if self._furthest else cluster
            self._furthest.append(cluster if cluster.last >= before.last else before)

    def behind(self, left: Cluster, distance: int) -> Cluster | None:
        """The next one that begins behind `left`, if it is near enough."""
        at = bisect_left(self._firsts, left.last + 1)
        if at < len(self.clusters) and self._firsts[at] <= left.last + 1 + distance:
            return self.clusters[at]
        return None

    def around(self, left: Cluster, distance: int) -> Cluster | None:
        """One near enough on either side; overlapping is near."""
        begun = at = bisect_left(self._firsts, left.first)
        while at < len(self.clusters) and _is_same_place(self.clusters[at], left):
            at += 1
        if at < len(self.clusters) and self._firsts[at] <= left.last + 1 + distance:
            return self.clusters[at]
        if begun and self._furthest[begun - 1].last >= left.first - 1 - distance:
            return self._furthest[begun - 1]
        return None


def _across(rows: dict[Field, _Row], left: Cluster) -> Cluster | None:
    if left.field is not Field.TITLE:
        return rows[Field.TITLE].clusters[0] if Field.TITLE in rows else None
    for field in _RUNNING:
        if field in rows and rows[field].clusters[0].first < OPENING:
            return rows[field].clusters[0]
    return None


def _is_same_place(one: Cluster, other: Cluster) -> bool:
    return (one.first, one.last) == (other.first, other.last)
