"""All stores of one database."""

from __future__ import annotations

from tidings.storage.articles import SqlArticles
from tidings.storage.counts import SqlCounts
from tidings.storage.deliveries import SqlDeliveries
from tidings.storage.digests import SqlDigests
from tidings.storage.engine import Database
from tidings.storage.lookup import SqlLookup
from tidings.storage.matches import SqlMatches
from tidings.storage.retention import SqlRetention
from tidings.storage.sources import SqlSources


class Stores:
    """The ports of crawler and alerts, filled from one database, and what the command line asks beside them."""

    def __init__(self, database: Database) -> None:
        self.sources = SqlSources(database)
        self.articles = SqlArticles(database)
        self.matches = SqlMatches(database)
        self.digests = SqlDigests(database)
        self.deliveries = SqlDeliveries(database)
        self.counts = SqlCounts(database)
        self.lookup = SqlLookup(database)
        self.retention = SqlRetention(database)
