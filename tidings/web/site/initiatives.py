"""The initiatives, and one of them: its last days, its commitments, its rule and its stories."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from alerts.commitments import lines
from alerts.digest import story_of
from alerts.entries import Plain, last_days, worth_a_plot
from alerts.match import spelled
from alerts.records import Initiative
from alerts.safe import one_line
from alerts.wording import count
from tidings.feeds_out.records import FeedKind
from tidings.web.site.asked import Asked, NotThere, Page
from tidings.web.site.dossier import SPANS
from tidings.web.site.overview import rows

STORIES = 20  # of a page
REPORTS = 5  # of a commitment
EVERY = 1_000  # initiatives on one page


async def all_of_them(asked: Asked) -> Page:
    """`/initiatives`"""
    initiatives, plots = await rows(asked, EVERY)
    return Page(
        template="initiatives.html.j2",
        title="Initiatives",
        data={"initiatives": initiatives, "more": max(len(asked.settings.initiatives) - EVERY, 0)},
        plots=plots,
    )


async def one_of_them(asked: Asked) -> Page:
    """`/initiatives/ID`"""
    name = asked.names["id"]
    initiative = asked.settings.initiatives.get(name)
    if initiative is None:
        raise NotThere("There is no such initiative in the watchlists now.")
    recent = (await asked.stores.digests.recent([name], asked.now, asked.zone))[name]
    picture = "days-1" if worth_a_plot(recent) else ""
    before = asked.before()
    found, further = await asked.stores.showing.stories(name, before=before, limit=STORIES)
    judged = {one.article_id: one.verdict for one in await asked.stores.judgements.list(name)}
    entries = asked.entries()
    promised = {one.id: one_line(one.text, 80) for one in initiative.commitments}
    stories: list[Plain] = []
    for articles in found:
        story = story_of(articles)
        stories.append(
            entries.story(story, promised)
            | {
                "id": story.id,
                "article": story.lead.article_id,
                "articles": len(articles),
                "verdict": str(judged.get(story.lead.article_id, "")),
            }
        )
    return Page(
        template="initiative.html.j2",
        title=one_line(initiative.name, 160),
        data={
            "id": initiative.id,
            "watchlist": one_line(initiative.watchlist_id),
            "paused": initiative.paused,
            "recent": last_days(recent, picture),
            "commitments": [] if before is not None else await _commitments(asked, initiative),
            "rule": spelled(initiative).splitlines(),
            "sources": list(initiative.sources),
            "languages": list(initiative.languages),
            "stories": stories,
            "first": before is None,
            "spans": [{"days": days, "words": words} for days, words in SPANS.items()],
            "feeds": asked.feeds(FeedKind.INITIATIVE, initiative.id),
            "older": asked.further(further),
            "to": asked.here,
        },
        plots={picture: recent} if picture else {},
    )


async def _commitments(asked: Asked, initiative: Initiative) -> list[Plain]:
    """All of them, as digests show those that press."""
    evidence, every = {}, {}
    for one in initiative.commitments:
        filed, number = await asked.stores.rhythms.filed(initiative.id, one.id, REPORTS)
        evidence[initiative.id, one.id] = filed
        every[one.id] = number
    shown = lines(
        initiative,
        today=asked.now.astimezone(ZoneInfo(asked.zone)).date(),
        filed=every,
        evidence=evidence,
    )
    entries = asked.entries()
    return [
        entries.commitment(replace(line, evidence=evidence[initiative.id, line.id]))
        | {
            "reports_lost": max(every[line.id] - REPORTS, 0),
            "in_all": count(every[line.id], "report") if every[line.id] else "",
        }
        for line in shown
    ]
