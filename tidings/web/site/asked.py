"""What a page is asked for, and what it answers: plain values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from alerts.entries import Entries, Plain
from alerts.recent import Recent
from alerts.wording import short_moment
from tidings.feeds_out.addresses import FeedAddresses
from tidings.feeds_out.records import FeedKind, FeedName
from tidings.settings import Settings
from tidings.storage.showing import Place
from tidings.storage.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, with what is needed to answer it."""

    stores: Stores
    settings: Settings
    now: datetime
    zone: str  # in which times are told (IANA)
    root: str  # before every path of the site; "" or "/news"
    path: str  # without the root
    addresses: FeedAddresses
    names: Mapping[str, str] = field(default_factory=dict)  # what the path names
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def here(self) -> str:
        """The address of the page, without the root."""
        asked = urlencode({name: value for name, value in self.query.items() if value})
        return f"{self.path}?{asked}" if asked else self.path

    def entries(self) -> Entries:
        """Stories as mails show them."""
        return Entries(self.now, self.zone)

    def moment(self, when: datetime | None) -> str:
        """`Tue 24 Nov, 18:40` in the zone of the site; "" where there is none."""
        return "" if when is None else short_moment(when, self.zone, self.now)

    def before(self) -> Place | None:
        """Where the page that is asked for begins; None: with the newest, also where nonsense is asked for."""
        at, _, name = self.query.get("before", "").partition(".")
        if not (at.isascii() and at.isdigit() and len(at) < 18):
            return None
        return Place(at=datetime.fromtimestamp(0, UTC) + int(at) * _MICROSECOND, id=name[:64])

    def feeds(self, kind: FeedKind, name: str) -> Plain:
        """Where an initiative or a search can be read as a feed."""
        found = self.addresses.at(self.root, FeedName(kind, name))
        return {"atom": found.atom, "json": found.json}

    def further(self, place: Place | None) -> str:
        """The address of the next page; "" where there is none."""
        if place is None:
            return ""
        at = (place.at - datetime.fromtimestamp(0, UTC)) // _MICROSECOND
        rest = {name: value for name, value in self.query.items() if name != "before" and value}
        return f"{self.root}{self.path}?{urlencode(rest | {'before': f'{at}.{place.id}'})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is shown: a template, and what it is given."""

    template: str
    title: str
    data: Plain
    plots: Mapping[str, Recent] = field(
        default_factory=dict
    )  # by the names under which the template shows them
    status: int = 200


class NotThere(Exception):
    """There is no such thing as the path names; the message says what to do."""


_MICROSECOND = timedelta(microseconds=1)
View = Callable[[Asked], Awaitable[Page]]
