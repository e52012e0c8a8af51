"""What an initiative may lack, mined from the archive; see `alerts.suggest`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.match import Matcher
from alerts.records import Initiative, Watchlist
from alerts.suggest import LOOKED, OTHERS, Miner
from tidings.settings import Settings
from tidings.storage.archive import SqlArchive

_EVERY = 3  # of the articles of other subjects, one in so many is compared with


def owner(settings: Settings, initiative_id: str) -> tuple[Initiative, Watchlist] | None:
    """The initiative with this id, and its watchlist."""
    for watchlist in settings.watchlists:
        for initiative in watchlist.initiatives:
            if initiative.id == initiative_id:
                return initiative, watchlist
    return None


async def mine(
    settings: Settings, archive: SqlArchive, initiative: Initiative, watchlist: Watchlist, since: datetime
) -> Miner:
    """Look through the archive, newest first and no further back than `since`."""
    matcher = Matcher((replace(watchlist, initiatives=(initiative,)),), tags=settings.tags)
    miner = Miner(initiative, watchlist)
    context = watchlist.context if initiative.context is None else initiative.context
    passed = looked = 0
    async for articles in archive.walk(since):
        for article in articles:
            if matcher.judge(article).matches:
                miner.count(article, matches=True)
            elif matcher.nearly(article) or miner.may_hold_other_spelling(article):
                miner.count(article, matches=False)
            else:
                if looked < LOOKED and (not context or matcher.near(article)):
                    looked += 1
                    miner.look(article)
                passed += 1
                if miner.others < OTHERS and passed % _EVERY == 0:
                    miner.compare(article)
    return miner
