"""The nine outlets of the demo: who they are, how they publish and how they misbehave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Form(StrEnum):
    """How an outlet lists its articles."""

    RSS = "rss"
    ATOM = "atom"
    RDF = "rdf"
    JSON = "json"
    SITEMAP = "sitemap"
    LISTING = "listing"
    SPIDER = "spider"  # a page for each day, read by a spider of the user's own


class Layout(StrEnum):
    """How an outlet builds its article pages."""

    SEMANTIC = "semantic"  # header, main, article, aside
    BOXES = "boxes"  # div in div, classes only
    SPARSE = "sparse"  # paragraphs and little else


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """From `since` on, every request is answered with `status`."""

    since: timedelta
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One invented outlet. It is served at its own loopback address, whatever its `domain` says."""

    id: str
    name: str
    domain: str
    host: str  # loopback address
    form: Form
    listing: str  # path of the feed, sitemap or list
    layout: Layout
    path: str  # of an article: {section} and {slug} are filled in
    language: str
    offset: timedelta  # of its local time from UTC
    tags: tuple[str, ...]
    encoding: str = "utf-8"  # of feed and pages
    full_content: bool = False
    tracking: str = ""  # query that its feed adds to links
    weak_etag: bool = False
    trouble: tuple[Trouble, ...] = ()


_EASTERN = timedelta(hours=-5)
_INDIAN = timedelta(hours=5, minutes=30)

OUTLETS: tuple[Outlet, ...] = (
    Outlet(
        id="potomac-ledger",
        name="The Potomac Ledger",
        domain="potomac-ledger.example",
        host="127.0.18.1",
        form=Form.RSS,
        listing="/feeds/latest.rss",
        layout=Layout.SEMANTIC,
        path="/{section}/{slug}.html",
        language="en-us",
        offset=_EASTERN,
        tags=("us-press",),
        tracking="utm_source=rss&utm_medium=feed",
    ),
    Outlet(
        id="yamuna-chronicle",
        name="Yamuna Chronicle",
        domain="yamuna-chronicle.example",
        host="127.0.18.2",
        form=Form.ATOM,
        listing="/atom.xml",
        layout=Layout.BOXES,
        path="/{section}/{slug}",
        language="en-in",
        offset=_INDIAN,
        tags=("india-press",),
    ),
    Outlet(
        id="deccan-wire",
        name="Deccan Wire Service",
        domain="deccan-wire.example",
        host="127.0.18.3",
        form=Form.RDF,
        listing="/index.rdf",
        layout=Layout.SPARSE,
        path="/{section}/{slug}/",
        language="en-in",
        offset=_INDIAN,
        tags=("wire", "india-press"),
        weak_etag=True,
    ),
    Outlet(
        id="silicon-corridor",
        name="Silicon Corridor",
        domain="silicon-corridor.example",
        host="127.0.18.4",
        form=Form.JSON,
        listing="/feed.json",
        layout=Layout.SEMANTIC,
        path="/{section}/{slug}",
        language="en-in",
        offset=_INDIAN,
        tags=("trade-press",),
        full_content=True,
    ),
    Outlet(
        id="neva-herald",
        name="Невский технологический вестник",
        domain="neva-herald.example",
        host="127.0.18.5",
        form=Form.RSS,
        listing="/rss.xml",
        layout=Layout.BOXES,
        path="/news/{slug}.html",
        language="ru",
        offset=timedelta(hours=3),
        tags=("foreign-press",),
        encoding="windows-1251",
    ),
    Outlet(
        id="capital-monitor",
        name="Capital Monitor",
        domain="capital-monitor.example",
        host="127.0.18.6",
        form=Form.SITEMAP,
        listing="/news-sitemap.xml",
        layout=Layout.BOXES,
        path="/{section}/{slug}",
        language="en-us",
        offset=_EASTERN,
        tags=("us-press",),
    ),
    Outlet(
        id="transpacific-council",
        name="Transpacific Technology Council",
        domain="transpacific-council.example",
        host="127.0.18.7",
        form=Form.LISTING,
        listing="/analysis/",
        layout=Layout.SEMANTIC,
        path="/analysis/{slug}",
        language="en",
        offset=_EASTERN,
        tags=("think-tank",),
    ),
    Outlet(
        id="technology-secretariat",
        name="Joint Technology Secretariat",
        domain="technology-secretariat.example",
        host="127.0.18.9",
        form=Form.SPIDER,
        listing="/papers/",
        layout=Layout.SPARSE,
        path="/papers/{slug}",
        language="en-in",
        offset=_INDIAN,
        tags=("official",),
    ),
    Outlet(
        id="harbour-times",
        name="The Harbour Times",
        domain="harbour-times.example",
        host="127.0.18.8",
        form=Form.RSS,
        listing="/rss",
        layout=Layout.SPARSE,
        path="/{section}/{slug}",
        language="en-us",
        offset=_EASTERN,
        tags=("us-press",),
        trouble=(
            Trouble(since=timedelta(days=-30), status=500),
            Trouble(since=timedelta(hours=24), status=403),
        ),
    ),
)
