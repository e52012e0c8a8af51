"""The dossier of an initiative, made while one waits: the page that `tidings report` writes."""

from __future__ import annotations

from datetime import timedelta

from alerts.dossier_page import page_data
from alerts.render import page
from tidings.dossiers import gather, period_of
from tidings.web.site.asked import Asked, NotThere

SPANS = {"30": "30 days", "90": "90 days", "365": "a year"}  # that it may be about


async def dossier_of(asked: Asked) -> str:
    """`/initiatives/ID/dossier?days=90`, a whole page of its own."""
    initiative = asked.settings.initiatives.get(asked.names["id"])
    if initiative is None:
        raise NotThere("There is no such initiative in the watchlists now.")
    days = asked.query.get("days", "90")
    length = timedelta(days=int(days if days in SPANS else "90"))
    period = period_of(length, asked.now, asked.zone)
    made = await gather(asked.stores, asked.settings, initiative, period, asked.now)
    return page("dossier", page_data(made))
