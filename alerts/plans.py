"""Who is told what, when and by which way, as it is configured: plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum

from crawler.secret import Secret


class WhenEmpty(StrEnum):
    SKIP = "skip"
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPlan:
    """When, to whom and about what. Exactly one of `at`, `every`, `immediately` is set."""

    id: str
    to: tuple[str, ...]  # channel ids
    initiatives: tuple[str, ...]  # ids, resolved
    at: tuple[time, ...] = ()
    days: frozenset[int] = frozenset(range(7))  # 0 is Monday
    zone: str = "UTC"  # IANA
    every: timedelta | None = None
    immediately: bool = False
    gather: timedelta = timedelta(minutes=5)
    quiet: tuple[time, time] | None = None  # local, may pass midnight
    max_stories: int = 40
    when_empty: WhenEmpty = WhenEmpty.SKIP
    template: str = "digest"
    paused: bool = False
    title: str | None = None


class AlertKind(StrEnum):
    SURGE = "surge"
    SILENCE = "silence"
    COMMITMENT = "commitment"
    SOURCE_TROUBLE = "source-trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPlan:
    """A message of its own on an event, see `alerts:` in the contract."""

    on: AlertKind
    to: tuple[str, ...]
    before: tuple[timedelta, ...] = ()
    at: tuple[time, ...] = ()
    zone: str = "UTC"
    initiatives: tuple[str, ...] = ()


class Tls(StrEnum):
    REQUIRE = "require"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChannel:
    id: str
    sender: str  # "Name <address>"
    to: tuple[str, ...]
    host: str
    port: int = 587
    tls: Tls = Tls.REQUIRE
    user: str | None = None
    password: Secret | None = None


class HookFormat(StrEnum):
    """Whose language a webhook speaks."""

    CLOUDEVENTS = "cloudevents"  # our own document, signed
    SLACK = "slack"
    DISCORD = "discord"
    TEAMS = "teams"
    NTFY = "ntfy"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    id: str
    url: Secret  # may hold a token
    secret: Secret | None = None  # whsec_…; several, parted by white space, while keys change
    token: Secret | None = None  # of an account at ntfy
    format: HookFormat = HookFormat.CLOUDEVENTS
    allow_private: tuple[str, ...] = ()  # CIDR


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChannel:
    id: str
    dir: str  # absolute


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    id: str
    url: Secret


ChannelPlan = EmailChannel | WebhookChannel | FileChannel | AppriseChannel
