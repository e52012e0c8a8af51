"""Claims in the name of somebody: work that goes through the queue, begun by one worker and freed when that dies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from tidings.storage.article_rows import A, chunks
from tidings.storage.engine import Database
from tidings.storage.outbox_tables import deliveries
from tidings.storage.tables import articles, sources

QUEUE = "queue"  # the holder of what was put on the queue and nobody has begun

D, S = deliveries.c, sources.c
_BEGIN_PAGE = (
    update(articles)
    .where(
        A.id == bindparam("own"),
        A.claimed_by == QUEUE,
        A.claimed_until == bindparam("claim", type_=A.claimed_until.type),
    )
    .values(
        attempts=A.attempts + 1,
        claimed_until=bindparam("until", type_=A.claimed_until.type),
        claimed_by=bindparam("holder", type_=A.claimed_by.type),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """What is claimed at a moment, by whomever."""

    polls: int
    pages: int
    settles: bool  # whether an article waits to be folded or matched


class SqlClaims:
    """A claim names its end; who begins what it is for must know that end, so of two that were given it one is late."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_polls(
        self, source_ids: Sequence[str], claim: datetime, until: datetime
    ) -> tuple[str, ...]:
        """Those of the sources whose claim of the queue ends at `claim`, in the order asked; it is ours until `until` now."""
        holder = self._database.holder

        def step(connection: Connection) -> set[str]:
            begun: set[str] = set()
            for some in chunks(sorted(source_ids)):
                begun.update(
                    connection.execute(
                        update(sources)
                        .where(S.id.in_(some), S.claimed_by == QUEUE, S.claimed_until == claim)
                        .values(claimed_until=until, claimed_by=holder)
                        .returning(S.id)
                    ).scalars()
                )
            return begun

        begun = await self._database.write(step)
        return tuple(one for one in source_ids if one in begun)

    async def begin_page(self, article_id: str, claim: datetime, until: datetime) -> bool:
        """The same for one page; the attempt counts from now on. False: it is not to be read by us."""
        asked = {"own": article_id, "claim": claim, "until": until, "holder": self._database.holder}
        return await self._database.write(lambda c: c.execute(_BEGIN_PAGE, asked).rowcount > 0)

    async def in_hand(self, now: datetime) -> InHand:
        """What is claimed, and whether there is anything to settle."""
        polls = select(func.count()).select_from(sources).where(S.claimed_until > now)
        pages = (
            select(func.count())
            .select_from(articles)
            .where(A.page_due_at.is_not(None), A.claimed_until > now)
        )
        unfolded = select(A.id).where(A.unfolded_since.is_not(None)).limit(1)
        unmatched = select(A.id).where(A.unmatched_since.is_not(None), A.unfolded_since.is_(None)).limit(1)
        unindexed = select(A.id).where(A.unindexed_since.is_not(None)).limit(1)

        def step(connection: Connection) -> InHand:
            return InHand(
                polls=connection.execute(polls).scalar_one(),
                pages=connection.execute(pages).scalar_one(),
                settles=any(connection.execute(one).first() for one in (unfolded, unmatched, unindexed)),
            )

        return await self._database.read(step)


def free(connection: Connection, holder: str) -> int:
    """End all claims of a holder that is dead; how many. What it had begun counts as tried."""
    freed = 0
    for table, waits in ((sources, S.claimed_until), (articles, A.page_due_at), (deliveries, D.due_at)):
        mine = (table.c.claimed_by == holder, table.c.claimed_until.is_not(None), waits.is_not(None))
        freed += connection.execute(update(table).where(*mine).values(claimed_until=None)).rowcount
    return freed
