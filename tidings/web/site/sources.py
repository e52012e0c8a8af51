"""The sources by how they are, and one of them: its health, its rhythm, and what came of it lately."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts.entries import Plain
from alerts.plots import HEIGHT, width
from alerts.recent import SHOWN, Recent
from alerts.safe import one_line
from alerts.wording import count, day
from crawler.care import TROUBLED, Need
from crawler.records import SourceState
from crawler.wording import shown, span
from tidings.caring import Cared, cared
from tidings.web.site.asked import Asked, NotThere, Page

ARTICLES = 20
_ORDER = {Need.NOW: 0, Need.SOMETIME: 1, Need.NOTHING: 2}


async def all_of_them(asked: Asked) -> Page:
    """`/sources`"""
    every = await cared(asked.settings, asked.stores, asked.now)
    state, tag = asked.query.get("state", ""), asked.query.get("tag", "")
    chosen = [
        one
        for one in every
        if (not state or one.care.state == state or (state == "needs you" and one.care.need is Need.NOW))
        and (not tag or tag in one.source.tags)
    ]
    counts = Counter(str(one.care.state) for one in every)
    needy = sum(one.care.need is Need.NOW for one in every)
    return Page(
        template="sources.html.j2",
        title="Sources",
        data={
            "sources": [_line(asked, one) for one in sorted(chosen, key=lambda one: _ORDER[one.care.need])],
            "every": len(every),
            "state": one_line(state, 40),
            "states": [
                *([{"name": "needs you", "number": needy}] if needy else []),
                *({"name": name, "number": number} for name, number in counts.most_common()),
            ],
            "tag": one_line(tag, 80),
            "tags": sorted({one_line(name, 80) for one in every for name in one.source.tags}),
        },
    )


async def one_of_them(asked: Asked) -> Page:
    """`/sources/ID`"""
    name = asked.names["id"]
    every = await cared(asked.settings, asked.stores, asked.now)
    one = next((each for each in every if each.source.id == name), None)
    if one is None:
        raise NotThere("There is no such source in the configuration now.")
    since = asked.now - timedelta(days=SHOWN)
    times, newest = await asked.stores.showing.of_source(name, since, ARTICLES)
    zone = ZoneInfo(asked.zone)
    today = asked.now.astimezone(zone).date()
    counts = Counter(when.astimezone(zone).date() for when in times)
    recent = Recent(
        days=tuple(counts.get(today - timedelta(days=back), 0) for back in reversed(range(SHOWN))),
        last_day=today,
    )
    entries = asked.entries()
    state = one.state
    care = one.care
    return Page(
        template="source.html.j2",
        title=_title(one),
        data={
            **_line(asked, one),
            "kind": str(one.source.kind),
            "evidence": [one_line(each, 400) for each in care.evidence],
            "held": count(care.held, "article") if care.held else "",
            "facts": [
                {"name": words, "value": value}
                for words, value in (
                    ("Address", shown(one.source.url)),
                    ("Moved to", shown(state.moved_to) if state.moved_to else ""),
                    ("Tags", ", ".join(one.source.tags)),
                    ("Last asked", asked.moment(state.last_polled_at)),
                    ("Last good answer", asked.moment(state.last_success_at)),
                    ("Last new entry", asked.moment(state.last_new_at)),
                    ("Asked every", span(state.interval) if state.interval else ""),
                    ("Failures in a row", f"{state.failures:,}" if state.failures else ""),
                    ("Entries in its list", "" if state.listed is None else f"{state.listed:,}"),
                )
                if value
            ],
            "gaps": [
                {
                    "start": asked.moment(gap.start),
                    "end": asked.moment(gap.end),
                    "why": str(gap.cause),
                    "filled": asked.moment(gap.filled_at),
                }
                for gap in care.gaps
            ],
            "rhythm": {
                "facts": _rhythm(recent),
                "picture": "days-1" if any(recent.days) else "",
                "width": width(recent),
                "height": HEIGHT,
            },
            "articles": [entries.telling(each) | {"id": each.article_id} for each in newest],
        },
        plots={"days-1": recent} if any(recent.days) else {},
    )


def _rhythm(found: Recent) -> str:
    """`412 articles in 30 days, most 31 on 14 Nov 2026`."""
    total = sum(found.days)
    if not total:
        return f"no article in {SHOWN} days"
    most = max(found.days)
    when = found.last_day - timedelta(days=found.days[::-1].index(most))
    return f"{count(total, 'article')} in {SHOWN} days, most {most:,} on {day(when)}"


def _title(one: Cared) -> str:
    return one_line(one.source.name or one.state.title or one.source.id, 120)


def _line(asked: Asked, one: Cared) -> Plain:
    care = one.care
    asked_again = care.state not in (SourceState.PAUSED, SourceState.GONE)
    return {
        "id": one.source.id,
        "name": _title(one),
        "state": str(care.state),
        "bad": care.state in TROUBLED,
        "needs": care.need is Need.NOW,
        "since": asked.moment(care.since),
        "problem": one_line(care.problem or "", 400),
        "remedy": one_line(care.remedy or "", 600) if care.need is not Need.NOTHING else "",
        "last_new": asked.moment(one.state.last_new_at),
        "next_poll": asked.moment(one.state.next_poll_at) if asked_again else "",
        "tags": [one_line(each, 60) for each in one.source.tags],
    }
