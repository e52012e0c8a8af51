"""What the tests of dossiers share: reports on the TRUST initiative by the day, and the dossier made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alerts.dossier import dossier
from alerts.dossier_records import Came, Dossier, Held, Material, NewTerm, Period, RulesKept, Setting
from alerts.moments import Moments
from alerts.records import (
    Commitment,
    CommitmentState,
    Coverage,
    FailingSource,
    Gap,
    MatchedArticle,
    Term,
    Watchlist,
)
from tests.fakes.outbox import COMPACT, TRUST, found

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PERIOD = Period(start=datetime(2026, 10, 27, tzinfo=UTC), end=NOW, zone="UTC")  # thirty days
LONG_AGO = NOW - 400 * DAY
RULED = replace(TRUST, any=(Term(text="TRUST initiative"), Term(text="iCET", near=("India",))))
WATCHLIST = Watchlist(
    id="us-india",
    title="U.S.–India technology",
    context=("India",),
    initiatives=(RULED, COMPACT),
    version="0123456789ab",
    path="watchlists/us-india.yaml",
)


def came(
    days: float, title: str = "Talks", *, story: str | None = None, terms: tuple[str, ...] = (), **facts: Any
) -> Came:
    """A report that came so many days before NOW."""
    at = NOW - days * DAY
    article: MatchedArticle = found(title, story=story, **facts)
    told = replace(article.telling, published=at, found=at)
    return Came(article=replace(article, telling=told), at=at, terms=terms)


def material(*reports: Came, **facts: Any) -> Material:
    """As the database would give it: watched for long, something of some source every day."""
    in_order = tuple(sorted(reports, key=lambda one: one.at))
    first: dict[str, datetime] = {}
    for one in in_order:
        first.setdefault(one.article.story_id, one.at)
    plain: dict[str, Any] = {
        "reports": in_order,
        "moments": Moments(
            watched_since=facts.pop("watched_since", LONG_AGO),
            stories=tuple(first.values()),
            last_report=in_order[-1].at if in_order else None,
        ),
        "report_before": max((one.at for one in in_order if one.at < PERIOD.start), default=None),
        "collected": frozenset(PERIOD.each_day()),
        "last_polled": NOW,
        "filed": {},
        "coverage": Coverage(checked=9),
    }
    return Material(**{**plain, **facts})


def setting(**facts: Any) -> Setting:
    plain = {"initiative": RULED, "watchlist": WATCHLIST, "tags": {}, "print": "p"}
    return Setting(**{**plain, **facts})


def made(*reports: Came, period: Period = PERIOD, about: Setting | None = None, **facts: Any) -> Dossier:
    """The dossier of these reports."""
    return dossier(material(*reports, **facts), about or setting(), period, now=NOW, version="0.1.0")


KEPT = RulesKept(since=NOW - 9 * DAY, print="p", pending=False)
PROMISES = (
    Commitment(id="road", text="Roadmap for AI infrastructure", due=date(2025, 12, 31)),
    Commitment(
        id="pact",
        text="Ten-year pact",
        due=date(2025, 12, 31),
        state=CommitmentState.MET,
        met=date(2025, 10, 31),
        by="https://ministry.example/pact",
    ),
)
PROMISED = setting(initiative=replace(RULED, commitments=PROMISES))


def rich() -> Dossier:
    """With something in every part."""
    burst = [came(4, f"Burst {n}", story=f"b{n}") for n in range(14)]
    steady = [came(back, f"Day {back}", story=f"d{back}") for back in range(1, 90) if not 14 <= back <= 22]
    wide = [came(2, f"Told in {name}", source=name, story="wide") for name in "ABCDEFG"]
    one = made(
        *burst,
        *steady,
        *wide,
        about=PROMISED,
        filed={("trust", "road"): ((found("A draft", source="Ledger").telling,), 1)},
        coverage=Coverage(
            checked=8,
            failing=(FailingSource(source="Post", since=NOW - 3 * DAY, reason="503"),),
            gaps=(Gap(source="Post", start=NOW - 5 * DAY, end=NOW - 2 * DAY),),
        ),
        held=(Held(source="Wire", articles=40),),
        rules=KEPT,
    )
    return replace(one, terms=(NewTerm(text="Quantum", stories=4, before=0, example=found("Q").telling),))


def tagged(tags: Mapping[str, Iterable[str]]) -> Setting:
    return setting(tags={name: tuple(some) for name, some in tags.items()})
