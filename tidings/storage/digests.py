"""`DigestStore` on the database: what was composed, and what there is to compose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Join, and_, exists, func, select

from alerts.moments import REACH
from alerts.outgoing import Outgoing, Standing, Window
from alerts.plans import DigestPlan
from alerts.recent import Recent, recent
from alerts.records import Coverage, DigestSlot, Flood, MatchedArticle, Telling
from crawler.failpoints import reach
from tidings.storage import changes, clock_back, digest_starts
from tidings.storage.article_rows import A, chunks
from tidings.storage.coverage import coverage
from tidings.storage.deliveries import add_deliveries, add_message
from tidings.storage.dialect import AnyRow, insert, lock
from tidings.storage.engine import Database
from tidings.storage.judgements import meant
from tidings.storage.match_rows import WATCHLIST_SINCE, WINDOWS, M, change, to_match, with_version
from tidings.storage.outbox_tables import (
    digest_slots,
    message_articles,
    message_stories,
    told_stories,
    told_versions,
)
from tidings.storage.review import FREE, floods_for
from tidings.storage.rhythms import SqlRhythms
from tidings.storage.sources import S
from tidings.storage.stories import hold_names
from tidings.storage.tables import articles, match_commitments, matches, sources
from tidings.storage.tellings import COLUMNS, to_telling
from tidings.storage.told import Told, told_before

D = digest_slots.c
C = match_commitments.c
T = told_versions.c


class SqlDigests:
    """See `alerts.ports.DigestStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, plans: Sequence[DigestPlan], now: datetime) -> None:
        """These digests are in force from now on: remember where the first window of each begins."""
        await self._database.write(lambda connection: digest_starts.begin(connection, plans, now))

    async def first(self, plan: DigestPlan, plans: Sequence[DigestPlan], now: datetime) -> datetime:
        """Where the first window of a digest begins; nothing is remembered."""
        starts = await self._database.read(
            lambda connection: digest_starts.firsts(connection, [plan], plans, now)
        )
        return starts[plan.id]

    async def last_until(self, digest_id: str) -> datetime | None:
        """End of the window of the last composed slot; None: never composed."""
        return await self._database.read(lambda connection: digest_starts.last_until(connection, digest_id))

    async def start(self, digest_id: str, now: datetime) -> datetime:
        """First time this digest was seen."""
        return await self._database.write(lambda connection: digest_starts.start(connection, digest_id, now))

    async def frozen(self, digest_id: str, keys: Sequence[str]) -> Mapping[str, timedelta]:
        """Those of the keys under which a slot of the digest was composed, and how long before it was due."""
        return await self._database.read(lambda connection: _frozen(connection, digest_id, keys))

    async def set_back(self, now: datetime) -> bool:
        """Count as of now what was dated later, where the clock was ahead by minutes at least."""
        if not await self._database.read(lambda connection: clock_back.was_ahead(connection, now)):
            return False
        await self._database.write(lambda connection: clock_back.set_back(connection, now))
        return True

    async def matched(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        """Matches with since < matched_at <= until that hold and of which the channel's readers were not told the
        article since; by time of match, then article, then initiative."""
        return await self._database.read(
            lambda connection: _matched(connection, channel_id, plan.initiatives, since, until)
        )

    async def changed(
        self, channel_id: str, plan: DigestPlan, since: datetime, until: datetime
    ) -> tuple[MatchedArticle, ...]:
        """Articles told to this channel that have changed in substance, up to `until`, and not told so to it yet."""
        return await self._database.read(
            lambda connection: changes.changed(connection, channel_id, plan.initiatives, since, until)
        )

    async def floods(self, plan: DigestPlan, since: datetime, until: datetime) -> tuple[Flood, ...]:
        """What is held for review now and matched in the window."""
        return await self._database.read(lambda connection: floods_for(connection, plan, since, until))

    async def left_out(self, plan: DigestPlan, since: datetime, until: datetime) -> Mapping[str, int]:
        """Matches of the window that nobody is told because people said that they are not about their initiative."""
        return await self._database.read(
            lambda connection: _left_out(connection, plan.initiatives, since, until)
        )

    async def commitment_evidence(
        self, initiative_id: str, commitment_id: str, limit: int
    ) -> tuple[Telling, ...]:
        """Reports filed under a commitment, newest first, over the whole archive."""
        return await self._database.read(
            lambda connection: _filed(connection, initiative_id, commitment_id, limit)
        )

    async def coverage(self, since: datetime, until: datetime) -> Coverage:
        """What was looked at in the window, and what was not."""
        return await self._database.read(lambda connection: coverage(connection, since, until))

    async def recent(self, initiative_ids: Sequence[str], now: datetime, zone: str) -> Mapping[str, Recent]:
        """The last 30 days of these initiatives by the calendar of `zone`."""
        rhythms = SqlRhythms(self._database)
        return {
            name: recent(await rhythms.moments(name, now - REACH), now, zone)
            for name in dict.fromkeys(initiative_ids)
        }

    async def freeze(
        self,
        slot: DigestSlot,
        *,
        until: datetime,
        tellings: Sequence[Outgoing],
        now: datetime,
        window: Window | None = None,
    ) -> bool:
        """Slot, messages, deliveries and what was told to whom in one transaction; False: something was there before."""
        return await self._database.write(
            lambda connection: _freeze(connection, slot, until, tellings, now, window)
        )


# -- what there is to tell -------------------------------------------------------------------------


def _matched(
    connection: Connection, channel_id: str, initiatives: Sequence[str], since: datetime, until: datetime
) -> tuple[MatchedArticle, ...]:
    rows = connection.execute(
        select(
            matches,
            WATCHLIST_SINCE,
            *COLUMNS,
            A.story_id,
            A.text_length,
            A.text_state,
            A.version,
            told_stories.c.first_told_at,
        )
        .select_from(with_version(_with_told(channel_id)).join(sources, S.id == A.source_id))
        .where(_in_window(initiatives, since, until), may_be_told(), T.article_id.is_(None))
        .order_by(M.matched_at, M.article_id, M.initiative_id)
    )
    found = rows.all()
    told_ids = (row.story_id for row in found if row.first_told_at is not None)
    before = told_before(connection, channel_id, told_ids)
    return tuple(_to_matched(row, before.get(row.story_id)) for row in found)


def _with_told(channel_id: str) -> Join:
    """Matches with their articles; a story that the channel's readers were told; an article that they were told since
    it matched."""
    story = and_(told_stories.c.story_id == A.story_id, told_stories.c.channel_id == channel_id)
    article = and_(T.article_id == A.id, T.channel_id == channel_id, T.told_at >= M.matched_at)
    return (
        matches.join(articles, A.id == M.article_id)
        .outerjoin(told_stories, story)
        .outerjoin(told_versions, article)
    )


def _in_window(
    initiatives: Sequence[str], since: datetime, until: datetime, *, not_meant: bool = False
) -> ColumnElement[bool]:
    """The matches of a window, less those that people said are not about their initiative; or these."""
    return and_(
        M.initiative_id.in_(initiatives),
        M.matched_at > since,
        M.matched_at <= until,
        M.gone_at.is_(None),
        ~M.filed,
        meant(M.article_id, M.initiative_id, otherwise=not_meant),
    )


def may_be_told() -> ColumnElement[bool]:
    """Articles that are neither known of old nor held for review."""
    return and_(~A.backfilled, FREE)


def _left_out(
    connection: Connection, initiatives: Sequence[str], since: datetime, until: datetime
) -> dict[str, int]:
    rows = connection.execute(
        select(M.initiative_id, func.count().label("number"))
        .select_from(matches.join(articles, A.id == M.article_id))
        .where(_in_window(initiatives, since, until, not_meant=True), may_be_told(), M.told_at.is_(None))
        .group_by(M.initiative_id)
        .order_by(M.initiative_id)
    )
    return {row.initiative_id: row.number for row in rows}


def _to_matched(row: AnyRow, before: Told | None) -> MatchedArticle:
    return MatchedArticle(
        match=to_match(row),
        telling=to_telling(row),
        story_id=row.story_id,
        duplicate_of=row.duplicate_of,
        told_at=row.first_told_at,
        told_in=None if before is None else before.first_in,
        earlier=() if before is None else before.tellings,
        text_length=row.text_length,
        text_state=row.text_state,
        version=row.version,
    )


def _filed(connection: Connection, initiative_id: str, commitment_id: str, limit: int) -> tuple[Telling, ...]:
    rows = connection.execute(
        select(*COLUMNS)
        .select_from(
            match_commitments.join(articles, A.id == C.article_id).join(sources, S.id == A.source_id)
        )
        .where(
            C.initiative_id == initiative_id,
            C.commitment_id == commitment_id,
            FREE,
            meant(C.article_id, C.initiative_id),
        )
        .order_by(func.coalesce(A.published_at, A.first_seen_at).desc(), A.id)
        .limit(limit)
    )
    return tuple(to_telling(row) for row in rows)


# -- freezing --------------------------------------------------------------------------------------


def _frozen(connection: Connection, digest_id: str, keys: Sequence[str]) -> dict[str, timedelta]:
    return {
        row.key: max(row.due - row.frozen_at, timedelta())
        for some in chunks(keys)
        for row in connection.execute(
            select(D.key, D.due, D.frozen_at).where(D.digest_id == digest_id, D.key.in_(some))
        )
    }


def _has_changed(connection: Connection, digest_id: str, window: Window, until: datetime) -> bool:
    """Whether another process froze a window of this digest, or changed what is to be told in this one, since it was read."""
    last = digest_starts.last_until(connection, digest_id)
    if last is not None and last > window.since:
        return True
    return any(one != _standing(connection, one.channel_id, window, until) for one in window.standings)


def _standing(connection: Connection, channel_id: str, window: Window, until: datetime) -> Standing:
    in_window = and_(_in_window(window.initiatives, window.since, until), may_be_told())
    matches_now, told_before_now = connection.execute(
        select(func.count(), func.count(told_stories.c.first_told_at))
        .select_from(_with_told(channel_id))
        .where(in_window, T.article_id.is_(None))
    ).one()
    return Standing(
        channel_id=channel_id,
        matches=matches_now,
        told_before=told_before_now,
        changes=changes.number(connection, channel_id, window.initiatives, window.since, until),
    )


def _freeze(
    connection: Connection,
    slot: DigestSlot,
    until: datetime,
    tellings: Sequence[Outgoing],
    now: datetime,
    window: Window | None,
) -> bool:
    lock(connection, WINDOWS)
    if window is not None and _has_changed(connection, slot.digest_id, window, until):
        return False
    row = {
        "digest_id": slot.digest_id,
        "key": slot.key,
        "due": slot.due,
        "until": until,
        "message_key": tellings[0].message.key if tellings else None,
        "frozen_at": now,
    }
    added = connection.execute(
        insert(connection, digest_slots).values(row).on_conflict_do_nothing().returning(D.key)
    ).first()
    if added is None:
        return False
    # Stories before their articles, as whoever joins or parts stories holds them.
    hold_names(connection, (story_id for one in tellings for story_id in one.story_ids))
    told = [(one, changes.tell(connection, one, now)) for one in tellings]
    if window is not None:
        _mark_told(connection, window, until, now)
    if tellings:
        reach("told_marks")
    for one, article_ids in told:
        add_message(connection, one.message)
        add_deliveries(connection, one.deliveries)
        _carry(connection, one, article_ids, now)
    return True


def _carry(connection: Connection, one: Outgoing, article_ids: Sequence[str], now: datetime) -> None:
    """Remember which stories and articles a message tells, and the stories of its channels' readers."""
    key = one.message.key
    if article_ids:
        connection.execute(
            insert(connection, message_articles).on_conflict_do_nothing(),
            [{"message_key": key, "article_id": article_id} for article_id in article_ids],
        )
    story_ids = hold_names(connection, one.story_ids)
    if not story_ids:
        return
    connection.execute(
        insert(connection, message_stories).on_conflict_do_nothing(),
        [{"message_key": key, "story_id": story_id} for story_id in story_ids],
    )
    told = [
        {"channel_id": channel_id, "story_id": story_id, "first_told_at": now}
        for channel_id in one.channels
        for story_id in story_ids
    ]
    if told:
        connection.execute(insert(connection, told_stories).on_conflict_do_nothing(), told)


def _mark_told(connection: Connection, window: Window, until: datetime, now: datetime) -> None:
    """Remember of each match in the window that readers of the digest were told its article, now or before.

    Rows are held in the order of their ids, as by everyone who changes matches: no two wait for each other.
    """
    channels = [one.channel_id for one in window.standings]
    untold = (
        select(M.article_id, M.initiative_id)
        .where(
            _in_window(window.live, window.since, until),
            M.told_at.is_(None),
            exists().where(A.id == M.article_id, may_be_told()),
            exists().where(T.article_id == M.article_id, T.channel_id.in_(channels)),
        )
        .order_by(M.article_id, M.initiative_id)
        .with_for_update()
    )
    change(connection, connection.execute(untold).all(), told_at=now)
