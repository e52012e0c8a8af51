"""All stores in memory, wired to each other as those of the database are."""

from __future__ import annotations

from tests.fakes.articles import MemoryArticles
from tests.fakes.deliveries import MemoryDeliveries
from tests.fakes.digests import MemoryDigests
from tests.fakes.hosts import MemoryHosts
from tests.fakes.judgements import MemoryJudgements
from tests.fakes.matches import MemoryMatches
from tests.fakes.sources import MemorySources


class MemoryStores:
    """What `tidings.storage.stores.Stores` is on a database."""

    def __init__(self) -> None:
        self.sources = MemorySources()
        self.hosts = MemoryHosts()
        self.articles = MemoryArticles(self.sources)
        self.matches = MemoryMatches(self.articles)
        self.deliveries = MemoryDeliveries()
        self.digests = MemoryDigests(self.matches, self.deliveries)
        self.judgements = MemoryJudgements(self.digests)
