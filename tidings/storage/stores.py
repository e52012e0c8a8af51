"""All stores of one database."""

from __future__ import annotations

from alerts.alert_memory import AlertStore
from alerts.ports import DeliveryStore, DigestStore, MatchStore
from crawler.ports import ArticleStore, HostStore, SourceStore, TurnStore
from tidings.storage.alert_memory import SqlAlertMemory
from tidings.storage.archive import SqlArchive
from tidings.storage.articles import SqlArticles
from tidings.storage.claims import SqlClaims
from tidings.storage.counts import SqlCounts
from tidings.storage.crashes import SqlCrashes
from tidings.storage.deliveries import SqlDeliveries
from tidings.storage.digests import SqlDigests
from tidings.storage.dossiers import SqlDossiers
from tidings.storage.edits import SqlEdits
from tidings.storage.engine import Database
from tidings.storage.exports import SqlExports
from tidings.storage.feeds import SqlFeeds
from tidings.storage.hosts import SqlHosts
from tidings.storage.installation import SqlInstallation
from tidings.storage.judgements import SqlJudgements
from tidings.storage.leases import SqlLeases
from tidings.storage.lookup import SqlLookup
from tidings.storage.matches import SqlMatches
from tidings.storage.retention import SqlRetention
from tidings.storage.rhythms import SqlRhythms
from tidings.storage.search import SqlSearch
from tidings.storage.sent import SqlSent
from tidings.storage.showing import SqlShowing
from tidings.storage.sources import SqlSources
from tidings.storage.story_commands import SqlStories
from tidings.storage.troubles import SqlTroubles
from tidings.storage.turns import SqlTurns
from tidings.storage.unsubscribed import SqlUnsubscribed
from tidings.storage.workers import SqlWorkers


class Stores:
    """The ports of crawler and alerts, filled from one database, and what the command line asks beside them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sources: SourceStore = SqlSources(database)
        self.articles: ArticleStore = SqlArticles(database)
        self.hosts: HostStore = SqlHosts(database)
        self.turns: TurnStore | None = None if database.is_sqlite else SqlTurns(database)
        self.matches: MatchStore = SqlMatches(database)
        self.digests: DigestStore = SqlDigests(database)
        self.deliveries: DeliveryStore = SqlDeliveries(database)
        self.alerts: AlertStore = SqlAlertMemory(database)
        self.archive = SqlArchive(database)
        self.claims = SqlClaims(database)
        self.counts = SqlCounts(database)
        self.exports = SqlExports(database)
        self.feeds = SqlFeeds(database)
        self.installation = SqlInstallation(database)
        self.judgements = SqlJudgements(database)
        self.leases = SqlLeases(database)
        self.lookup = SqlLookup(database)
        self.crashes = SqlCrashes(database)
        self.dossiers = SqlDossiers(database)
        self.edits = SqlEdits(database)
        self.retention = SqlRetention(database)
        self.rhythms = SqlRhythms(database)
        self.search = SqlSearch(database)
        self.sent = SqlSent(database)
        self.showing = SqlShowing(database)
        self.stories = SqlStories(database)
        self.troubles = SqlTroubles(database)
        self.unsubscribed = SqlUnsubscribed(database)
        self.workers = SqlWorkers(database)
