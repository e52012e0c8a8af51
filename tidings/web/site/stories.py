"""The stories, and one of them with every telling: why it is in it, what it repeats, and who was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.entries import Plain
from alerts.safe import one_line
from alerts.wording import count
from tidings.reasons import as_folded, reason
from tidings.storage.story_views import StoryArticle, StoryLine, StoryProblem, StoryQuery
from tidings.web.site.asked import Asked, NotThere, Page

MOST = 100  # on a page
SPANS = {"1": "a day", "7": "a week", "30": "30 days", "365": "a year", "0": "all time"}
OUTLETS = ("1", "2", "3", "5", "10")


async def all_of_them(asked: Asked) -> Page:
    """`/stories`"""
    asked_for = asked.query
    days = asked_for.get("days", "7") if asked_for.get("days", "7") in SPANS else "7"
    outlets = asked_for.get("outlets", "1") if asked_for.get("outlets", "1") in OUTLETS else "1"
    initiative = asked_for.get("initiative", "")
    words = asked_for.get("words", "").strip()
    query = StoryQuery(
        since=None if days == "0" else asked.now - timedelta(days=int(days)),
        initiative=initiative if initiative in asked.settings.initiatives else None,
        min_outlets=int(outlets),
        words=tuple(words.split()),
        widest=asked_for.get("order") == "widest",
        limit=MOST,
    )
    found, more = await asked.stores.stories.list(query)
    return Page(
        template="stories.html.j2",
        title="Stories",
        data={
            "stories": [_line(asked, one) for one in found],
            "more": more,
            "most": MOST,
            "days": days,
            "spans": [{"days": name, "words": words} for name, words in SPANS.items()],
            "outlets": outlets,
            "least": list(OUTLETS),
            "initiative": query.initiative or "",
            "initiatives": [
                {"id": one.id, "name": one_line(one.name, 80)} for one in asked.settings.initiatives.values()
            ],
            "words": one_line(words, 200),
            "widest": query.widest,
        },
    )


async def one_of_them(asked: Asked) -> Page:
    """`/stories/ID`, also by an id of before it was joined to another."""
    try:
        found = await asked.stores.stories.show(asked.names["id"])
    except StoryProblem:
        raise NotThere("There is no such story, or all of it was purged.") from None
    line = found.line
    titles = {one.telling.article_id: one_line(one.telling.title, 200) for one in found.articles}
    return Page(
        template="story.html.j2",
        title=one_line(line.title, 300) or "(no title)",
        data={
            "id": line.id,
            "aliases": list(found.aliases),
            "summary": _summary(line),
            "first_seen": asked.moment(line.first_seen),
            "last_seen": asked.moment(line.last_seen),
            "initiatives": _initiatives(asked, line.initiatives),
            "told": [
                {
                    "digest": one_line(one.digest_id),
                    "channel": one_line(one.channel_id),
                    "at": asked.moment(one.at),
                }
                for one in line.told
            ],
            "articles": [_article(asked, one, line.id, titles) for one in found.articles],
            "constraints": [
                {
                    "words": f"{one.said.command}: {one_line(one.subject)} is kept "
                    f"{'in' if one.kind == 'together' else 'out of'} this story",
                    "at": asked.moment(one.said.at),
                    "by": one_line(one.said.by or ""),
                }
                for one in found.constraints
            ],
        },
    )


def _summary(line: StoryLine) -> str:
    return (
        f"{count(line.articles, 'article')} in {count(len(line.outlets), 'outlet')}, "
        f"{count(line.reports, 'independent report')}"
    )


def _line(asked: Asked, line: StoryLine) -> Plain:
    return {
        "id": line.id,
        "title": one_line(line.title, 300) or "(no title)",
        "outlets": [one_line(one, 60) for one in line.outlets[:3]],
        "outlets_lost": max(len(line.outlets) - 3, 0),
        "summary": _summary(line),
        "last_seen": asked.moment(line.last_seen),
        "initiatives": _initiatives(asked, line.initiatives),
        "told": bool(line.told),
    }


def _initiatives(asked: Asked, ids: tuple[str, ...]) -> list[Plain]:
    known = asked.settings.initiatives
    return [
        {"id": one, "name": one_line(known[one].name, 80) if one in known else one, "known": one in known}
        for one in ids
    ]


def _article(asked: Asked, one: StoryArticle, story_id: str, titles: dict[str, str]) -> Plain:
    telling = replace(one.telling, source=one.outlet)
    return asked.entries().telling(telling) | {
        "id": telling.article_id,
        "found": asked.moment(telling.found),
        "why": one_line(reason(as_folded(one.why, telling.article_id, story_id), one.similarity)),
        "repeats": one.duplicate_of or "",
        "repeats_title": titles.get(one.duplicate_of or "", ""),
        "changes": [
            {"said": one_line(change.said, 420), "at": asked.moment(change.at)} for change in one.changes
        ],
        "initiatives": _initiatives(asked, one.initiatives),
        "told": [
            {"channels": one_line(", ".join(told.channels)), "at": asked.moment(told.at)} for told in one.told
        ],
    }
