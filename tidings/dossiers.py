"""Dossiers of initiatives: what the configuration and the database say of a period, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.dossier import asked_for, dossier
from alerts.dossier_records import Dossier, Period, Setting
from alerts.dossier_terms import comparable, new_terms, sampled
from alerts.meaning import prints
from alerts.records import Initiative
from alerts.rhythm import DAY
from tidings import __version__
from tidings.precision import said
from tidings.settings import Settings
from tidings.storage.dossiers import Asked, SqlDossiers
from tidings.storage.stores import Stores


def period_of(since: timedelta | datetime, until: datetime, zone: str) -> Period:
    """The period up to `until`: from a moment on, or whole days of `zone`, that of `until` among them.

    Raises:
        ValueError: it would begin after its end.
    """
    if isinstance(since, datetime):
        start = since
    else:
        last = (until - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
        start = _midnight(last - (max(-(-since // DAY), 1) - 1) * DAY, zone)
    if start >= until:
        raise ValueError("it begins after its end")
    return Period(start=start, end=until, zone=zone)


async def gather(
    stores: Stores, settings: Settings, initiative: Initiative, period: Period, now: datetime
) -> Dossier:
    """The dossier of one initiative of the configuration."""
    store = stores.dossiers
    watchlist = next(one for one in settings.watchlists if one.id == initiative.watchlist_id)
    setting = Setting(
        initiative=initiative,
        watchlist=watchlist,
        tags=settings.tags,
        print=prints((watchlist,), settings.tags)[initiative.id],
        kept=settings.retention.matched,
    )
    asked = Asked(
        initiative_id=initiative.id,
        period=period,
        days=tuple(
            (day, _midnight(day, period.zone), _midnight(day + DAY, period.zone)) for day in period.each_day()
        ),
        commitments=asked_for(setting),
        sources=frozenset(_sources(settings, initiative)) if initiative.sources else None,
    )
    material = await store.material(asked)
    made = await asyncio.to_thread(dossier, material, setting, period, now=now, version=__version__)
    made = replace(made, judged=await said(settings, stores.judgements, initiative.id))
    if made.before is None or not comparable(made.stories, made.earlier):
        return made
    return await _with_terms(store, made)


async def _with_terms(store: SqlDossiers, made: Dossier) -> Dossier:
    stories, earlier = sampled(made.stories), sampled(made.earlier)
    leads = await store.articles(one.story.lead.article_id for one in (*stories, *earlier))
    by_id = {one.id: one for one in leads}
    found = await asyncio.to_thread(new_terms, made.initiative, made.watchlist, stories, earlier, by_id)
    return replace(made, terms=found)


def _sources(settings: Settings, initiative: Initiative) -> Iterable[str]:
    """Ids of the sources in which an initiative is looked for."""
    wanted = frozenset(initiative.sources)
    return (name for name, tags in settings.tags.items() if name in wanted or not wanted.isdisjoint(tags))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
