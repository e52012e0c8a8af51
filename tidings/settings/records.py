"""The validated configuration as one record."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from alerts.plans import AlertPlan, ChannelPlan, DigestPlan
from alerts.records import Initiative, SavedSearch, Watchlist
from crawler.net.limits import Limits
from crawler.records import Source
from crawler.secret import Secret


class Queue(StrEnum):
    """How work is spread over processes."""

    PROCRASTINATE = "procrastinate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How sources are asked."""

    every: timedelta  # first guess
    floor: timedelta
    ceiling: timedelta
    timeout: timedelta  # one fetch in all
    connect_timeout: timedelta  # of which finding and reaching the host may take so long
    max_size: int  # decoded bytes of one answer
    max_ratio: int  # decoded bytes for one byte on the wire
    max_headers: int  # bytes of all header lines
    max_redirects: int
    ports: tuple[int, ...]  # of public addresses
    backfill: timedelta  # on a first poll, younger entries are told
    host_delay: timedelta  # between two requests to one host
    pages_per_host: int | None  # in 24 hours, of articles that come near no initiative; None: any number
    wait_for_text: timedelta
    contact: str | None  # address for the User-Agent; None: not given
    allow_private: tuple[str, ...]  # networks
    bridges: tuple[str, ...]  # hosts whose Retry-After binds one source only

    @property
    def limits(self) -> Limits:
        """What one request may cost, for all that goes out."""
        return Limits(
            body=self.max_size,
            ratio=self.max_ratio,
            hops=self.max_redirects,
            connect=min(self.connect_timeout, self.timeout),
            total=self.timeout,
            headers=self.max_headers,
            ports=frozenset(self.ports),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept; None is for ever."""

    unmatched: timedelta | None
    text: timedelta | None
    matched: timedelta | None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; of names, `localhost` alone is known."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What is served by HTTP, and where."""

    host: str
    port: int
    token: Secret | None
    public: str | None = None  # https address without a slash at its end; None: nothing is served to readers
    hosts: tuple[str, ...] = ()  # further names of this machine, under which probes and metrics are asked for
    feeds_since: date | None = None  # addresses of feeds that were given out before it are void
    written: bool = field(default=False, compare=False)  # False: nobody asked for this address in particular


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Where a sign of life is sent, while all is well."""

    url: Secret
    every: timedelta
    allow_private: tuple[str, ...]  # networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What an edit of the watchlists may bring while the daemon runs."""

    max_stories_per_week: int | None  # over all initiatives; None: any number


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a user configured, checked as a whole."""

    config_dir: Path
    state_dir: Path
    version: str  # of all its YAML; another one after any edit of it
    database: str = field(repr=False)  # "sqlite", or an address; may hold a password
    queue: Queue | None  # None: this process
    polling: Polling
    retention: Retention
    web: Web
    heartbeat: Heartbeat | None
    edits: Edits
    operator: str | None  # id of the channel for trouble
    channels: tuple[ChannelPlan, ...]
    sources: tuple[Source, ...]
    watchlists: tuple[Watchlist, ...]
    digests: tuple[DigestPlan, ...]
    digests_of: Mapping[str, tuple[str, ...]]  # watchlist id → ids of the digests in its file
    alerts: tuple[AlertPlan, ...]
    initiatives: Mapping[str, Initiative]  # by id, over all watchlists
    searches: Mapping[str, SavedSearch]  # by id, over all watchlists
    tags: Mapping[str, tuple[str, ...]]  # source id → its tags
