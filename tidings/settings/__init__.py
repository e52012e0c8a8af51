"""The configuration: YAML and environment in, validated records out, errors with file, line, column and remedy."""

from __future__ import annotations

from tidings.settings.load import (
    default_polling,
    load,
    load_watchlist,
    parse_watchlist,
    parse_watchlists,
    version_of,
)
from tidings.settings.problems import ConfigError, Problem
from tidings.settings.records import Edits, Heartbeat, Polling, Queue, Retention, Settings, Web

__all__ = [
    "ConfigError",
    "Edits",
    "Heartbeat",
    "Polling",
    "Problem",
    "Queue",
    "Retention",
    "Settings",
    "Web",
    "default_polling",
    "load",
    "load_watchlist",
    "parse_watchlist",
    "parse_watchlists",
    "version_of",
]
