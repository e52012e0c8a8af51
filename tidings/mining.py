"""What an initiative may lack, mined from the archive; see `alerts.suggest`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.match import Matcher
from alerts.records import Initiative
from alerts.suggest import LOOKED, OTHERS, Miner
from tidings.settings import Settings
from tidings.storage.archive import SqlArchive

_EVERY = 3  # of the articles of other subjects, one in so many is compared with


async def mine(settings: Settings, archive: SqlArchive, initiative: Initiative, since: datetime) -> Miner:
    """Look through the archive, newest first and no further back than `since`."""
    watchlist = next(one for one in settings.watchlists if one.id == initiative.watchlist_id)
    matcher = Matcher((replace(watchlist, initiatives=(initiative,)),), tags=settings.tags)
    miner = Miner(initiative, watchlist)
    context = watchlist.context_of(initiative)
    passed = looked = 0
    async for articles in archive.walk(since):
        for article in articles:
            verdict = matcher.judge(article)
            if verdict.matches:
                miner.count(article, matches=True)
            elif verdict.judged or miner.may_hold_other_spelling(article):
                miner.count(article, matches=False)
            else:
                if looked < LOOKED and (not context or matcher.near(article)):
                    looked += 1
                    miner.look(article)
                passed += 1
                if miner.others < OTHERS and passed % _EVERY == 0:
                    miner.compare(article)
    return miner
