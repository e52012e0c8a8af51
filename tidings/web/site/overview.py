"""The first page: what is running, what needs somebody, what came last, and what comes next."""

from __future__ import annotations

from alerts.digest import story_of
from alerts.entries import Plain, last_days, worth_a_plot
from alerts.recent import Recent
from alerts.records import CommitmentState
from alerts.safe import one_line
from alerts.wording import count
from crawler.records import SourceState
from tidings.running import heading
from tidings.state_of_things import Status, take
from tidings.web.site.asked import Asked, Page
from tidings.web.site.kept import Kept

LATELY = 8  # stories
MOST = 60  # initiatives with their last days; the others are named
STATUS_SECONDS = 10.0  # a look at everything costs a second with a million articles

_BAD = {SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE, SourceState.NOT_A_FEED}


class Overview:
    """The view; the look at everything is kept for some seconds longer than the page."""

    def __init__(self) -> None:
        self._status: Kept[Status] = Kept(seconds=STATUS_SECONDS, most=1)

    async def page(self, asked: Asked) -> Page:
        """`/`"""
        status = await self._status.get(
            "status", lambda: take(asked.settings, asked.stores, asked.now, synced=True)
        )
        found, _ = await asked.stores.showing.stories(None, before=None, limit=LATELY)
        entries = asked.entries()
        names = asked.settings.initiatives
        lately: list[Plain] = []
        for articles in found:
            ids = dict.fromkeys(one.match.initiative_id for one in articles)
            lately.append(
                entries.title(story_of(articles))
                | {
                    "id": articles[0].story_id,
                    "under": [_named(one, names[one].name) for one in ids if one in names],
                }
            )
        initiatives, plots = await rows(asked, MOST)
        return Page(
            template="overview.html.j2",
            title="Overview",
            data={
                "state": next(heading(status.daemon, status.taken_at, status.version)),
                "needs": [one_line(one) for one in status.needs],
                "notes": [one_line(one) for one in status.notes],
                "next": list(_next(status, asked)),
                "figures": list(_figures(status)),
                "lately": lately,
                "initiatives": initiatives,
                "more": max(len(names) - MOST, 0),
            },
            plots=plots,
        )


async def rows(asked: Asked, most: int) -> tuple[list[Plain], dict[str, Recent]]:
    """A line for each initiative: its last days, and what of its commitments is overdue."""
    known = list(asked.settings.initiatives.values())[:most]
    recent = await asked.stores.digests.recent([one.id for one in known], asked.now, asked.zone)
    plots: dict[str, Recent] = {}
    found: list[Plain] = []
    today = asked.now.date()
    for one in known:
        days = recent[one.id]
        name = ""
        if worth_a_plot(days):
            name = f"days-{len(plots) + 1}"
            plots[name] = days
        overdue = sum(
            promise.state is CommitmentState.OPEN and promise.due is not None and promise.due < today
            for promise in one.commitments
        )
        found.append(
            {
                **_named(one.id, one.name),
                "paused": one.paused,
                "last_days": last_days(days, name),
                "silent": days.silent_for is not None,
                "overdue": count(overdue, "commitment") + " overdue" if overdue else "",
                "commitments": len(one.commitments),
            }
        )
    return found, plots


def _named(name: str, words: str) -> Plain:
    return {"id": name, "name": one_line(words, 160)}


def _next(status: Status, asked: Asked) -> list[Plain]:
    found: list[Plain] = []
    if status.next_poll is not None:
        late = status.next_poll <= status.taken_at
        found.append({"what": "Poll of a source", "when": "now" if late else asked.moment(status.next_poll)})
    found += [
        {
            "what": f"Digest “{one.digest}”",
            "when": "as soon as there is news" if one.due is None else asked.moment(one.due),
        }
        for one in status.next_digests
    ]
    if status.next_housekeeping is not None:
        found.append({"what": "Housekeeping", "when": asked.moment(status.next_housekeeping)})
    return found


def _figures(status: Status) -> list[Plain]:
    counts = status.counts
    return [
        {
            "path": "/sources",
            "number": f"{sum(counts.sources.values()):,}",
            "name": "sources",
            "more": [
                {
                    "text": f"{number:,} {state}",
                    "bad": state in _BAD,
                    "path": f"/sources?state={state}".replace(" ", "+"),
                }
                for state, number in counts.sources.items()
                if number
            ],
        },
        {
            "path": "/stories",
            "number": f"{counts.stories:,}",
            "name": "stories",
            "more": [
                {"text": f"{counts.articles:,} articles", "bad": False, "path": ""},
                {"text": f"{counts.matches:,} matches", "bad": False, "path": ""},
            ],
        },
        {
            "path": "/deliveries",
            "number": f"{sum(counts.deliveries.values()):,}",
            "name": "deliveries",
            "more": [
                {
                    "text": f"{number:,} {state}",
                    "bad": str(state) == "parked",
                    "path": f"/deliveries?state={state}",
                }
                for state, number in counts.deliveries.items()
                if number
            ],
        },
    ]
