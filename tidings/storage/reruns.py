"""What a second look at the archive changes: matches found late, filed or told, and those that no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from alerts.records import Match
from alerts.rerun import Refound, Rerun
from crawler.records import Article
from tidings.storage import restoring
from tidings.storage.article_rows import A, V, chunks, hold
from tidings.storage.dialect import AnyRow, lock
from tidings.storage.match_rows import (
    WINDOWS,
    change,
    found_again,
    found_first,
    holds_again,
    in_no_window,
    keep,
    last_edge,
    stored_matches,
)
from tidings.storage.tables import article_versions, articles, match_commitments

C = match_commitments.c

Judged = Sequence[tuple[Article, Sequence[Match]]]


def record_rerun(connection: Connection, judged: Judged, rerun: Rerun, now: datetime) -> Refound:
    """See `alerts.ports.MatchStore`."""
    stored = stored_matches(connection, (article.id for article, _ in judged))
    if not stored and not any(found for _, found in judged):
        return Refound()  # as for most articles: no lock, nothing written
    lock(connection, WINDOWS)
    rerun = _after_a_restore(connection, rerun)
    touched = [(article, found) for article, found in judged if found or article.id in stored]
    hold(connection, (article.id for article, _ in touched))
    standing = _standing(connection, (article.id for article, _ in touched))
    stored = stored_matches(connection, standing)  # again: now nobody else changes them
    work = _Work(rerun=rerun, now=in_no_window(connection, now), edge=last_edge(connection))
    for article, found in touched:
        row = standing.get(article.id)
        if row is not None and row.version == article.version:
            mine = {one.initiative_id: replace(one, article_id=article.id) for one in found}
            before = stored.get(article.id, {})
            for initiative in sorted(rerun.initiatives):
                work.weigh(row, mine.get(initiative), before.get(initiative))
    return work.done(connection)


def _after_a_restore(connection: Connection, rerun: Rerun) -> Rerun:
    """An edit that a restored database meets as new was in force before, and has told what it found up to then."""
    facts = restoring.restored(connection)
    if facts is None or rerun.tell_since is None or rerun.found.at > facts.restored_at + restoring.SETTLES:
        return rerun
    return replace(rerun, tell_since=max(rerun.tell_since, facts.told_until))


def _standing(connection: Connection, article_ids: Iterable[str]) -> dict[str, AnyRow]:
    """What decides on the fate of a match, of articles that wait neither for folding nor for matching."""
    in_force = and_(V.article_id == A.id, V.version == A.version)
    query = (
        select(A.id, A.version, A.first_seen_at, A.backfilled, A.held_since, A.held_ended, V.kept_since)
        .select_from(articles.join(article_versions, in_force))
        .where(A.unfolded_since.is_(None), A.unmatched_since.is_(None))
    )
    return {
        row.id: row for some in chunks(article_ids) for row in connection.execute(query.where(A.id.in_(some)))
    }


@dataclass(slots=True)
class _Work:
    """What is to be written, article by article."""

    rerun: Rerun
    now: datetime  # later than `edge`
    edge: datetime | None  # some digest has told all up to there
    rows: list[dict[str, Any]] = field(default_factory=list)
    gone: list[AnyRow] = field(default_factory=list)
    promoted: list[AnyRow] = field(default_factory=list)
    passed_by: list[AnyRow] = field(default_factory=list)
    filed_under: list[tuple[Match | AnyRow, Sequence[str]]] = field(default_factory=list)
    refiled: list[tuple[AnyRow, Sequence[str]]] = field(
        default_factory=list
    )  # they stay, under other commitments
    count: Refound = field(default_factory=Refound)

    def weigh(self, article: AnyRow, match: Match | None, kept: AnyRow | None) -> None:
        """Decide on one article and one initiative."""
        if match is not None and kept is None:
            self._find(article, match)
        elif match is not None and kept is not None and kept.gone_at is not None:
            if holds_again(kept):
                self.rows.append(found_again(match, kept))
                self.filed_under.append((match, match.commitments))
            else:
                self._find(article, match)
        elif match is not None and kept is not None:
            self._hold(article, match, kept)
        elif kept is not None and kept.gone_at is None and article.kept_since is not None:
            self._lose(kept)  # a text that was dropped for its age would prove nothing

    def done(self, connection: Connection) -> Refound:
        """Write all of it."""
        keep(connection, self.rows)
        change(connection, self.gone, gone_at=self.now)
        change(
            connection,
            self.promoted,
            matched_at=self.now,
            filed=False,
            found_by=str(self.rerun.found.by),
            found_at=self.rerun.found.at,
        )
        change(connection, self.passed_by, matched_at=self.now)
        for kept, commitments in self.refiled:
            change(connection, [kept], commitments=list(commitments))
        for one, commitments in (*self.filed_under, *self.refiled):
            _file(connection, one.article_id, one.initiative_id, commitments)
        return self.count

    def _find(self, article: AnyRow, match: Match) -> None:
        """A new match: told where its article is young enough. What is held for review is told once it is released."""
        told = self._is_told(article)
        filed = not told and not _is_held(article)
        self.rows.append(found_first(match, self.now, found=self.rerun.found, filed=filed))
        self.filed_under.append((match, match.commitments))
        self.count += Refound(told=int(told), filed=int(not told))

    def _hold(self, article: AnyRow, match: Match, kept: AnyRow) -> None:
        """One that is there keeps time, evidence and version.

        What is filed may be told, if that is wanted. One that came as news and that no digest has told, though its
        time is past, is told now: its initiative was paused, in no digest, or out of the watchlists for a while.
        """
        if self._is_told(article):
            if kept.filed and self.rerun.tell_filed:
                self.promoted.append(kept)
                self.count += Refound(told=1)
            elif not kept.filed and kept.told_at is None and self._is_past(kept):
                self.passed_by.append(kept)
                self.count += Refound(told=1)
        whole = (
            article.kept_since is not None
        )  # else a commitment may have been met by words that are dropped
        met = match.commitments if whole else (*kept.commitments, *match.commitments)
        if set(met) != set(kept.commitments):
            self.refiled.append((kept, tuple(dict.fromkeys(met))))

    def _lose(self, kept: AnyRow) -> None:
        """One that was told stays, and is evidence of no commitment any more."""
        if kept.told_at is None:
            self.gone.append(kept)
            self.count += Refound(gone=1)
            self.filed_under.append((kept, ()))
        elif kept.commitments:
            self.refiled.append((kept, ()))

    def _is_past(self, kept: AnyRow) -> bool:
        return self.edge is not None and kept.matched_at <= self.edge

    def _is_told(self, article: AnyRow) -> bool:
        since = self.rerun.tell_since
        young = since is not None and article.first_seen_at >= since
        return young and not article.backfilled and not _is_held(article)


def _is_held(article: AnyRow) -> bool:
    return article.held_since is not None and article.held_ended is None


def _file(connection: Connection, article_id: str, initiative_id: str, commitments: Sequence[str]) -> None:
    """Make an article evidence of these commitments of an initiative, and of no others."""
    connection.execute(
        delete(match_commitments).where(C.article_id == article_id, C.initiative_id == initiative_id)
    )
    rows = [
        {"initiative_id": initiative_id, "commitment_id": one, "article_id": article_id}
        for one in dict.fromkeys(commitments)
    ]
    if rows:
        connection.execute(match_commitments.insert(), rows)
