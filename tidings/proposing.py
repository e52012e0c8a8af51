"""Exclusions that follow from what people said of an initiative's matches, and what they would change."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from alerts.difference import State
from alerts.exclusions import Proposal, propose
from alerts.judgements import Verdict
from alerts.records import Initiative, Watchlist
from tidings.impact import Comparison, state_of
from tidings.settings import Settings
from tidings.storage.judgements import SqlJudgements

OTHERS = 1_000  # matches that nobody judged, the newest, with which the wrong ones are compared


async def proposed(settings: Settings, judgements: SqlJudgements, initiative: Initiative) -> Proposal:
    """What to exclude from an initiative, as it stands in these settings; nothing is changed."""
    said = {one.article_id: one.verdict for one in await judgements.list(initiative.id)}
    judged = await judgements.texts(said)
    others = await judgements.matched(initiative.id, OTHERS + len(said)) if judged else ()
    return await asyncio.to_thread(
        propose,
        initiative,
        _watchlist_of(settings, initiative),
        wrong=[one for name, one in judged.items() if said[name] is Verdict.NOT_ABOUT],
        right=[one for name, one in judged.items() if said[name] is Verdict.ABOUT],
        others=[one for one in others if one.id not in said][:OTHERS],
        tags=settings.tags,
    )


def compared(settings: Settings, found: Proposal) -> Comparison:
    """The rules as they are against those with all that is proposed."""
    before = state_of(settings)
    name = found.initiative.id
    edited = tuple(
        replace(
            watchlist,
            initiatives=tuple(found.edited if one.id == name else one for one in watchlist.initiatives),
        )
        for watchlist in settings.watchlists
    )
    after = State(watchlists=edited, digests=settings.digests, tags=settings.tags)
    return Comparison(before=before, after=after, scope=frozenset((found.initiative.watchlist_id,)))


def _watchlist_of(settings: Settings, initiative: Initiative) -> Watchlist:
    return next(one for one in settings.watchlists if one.id == initiative.watchlist_id)
