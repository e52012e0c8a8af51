"""What a chat or push service is told of a message: its stories in short, read from the message's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from alerts.messages import Message
from alerts.safe import link, one_line
from crawler.records import SourceState
from crawler.wording import counted

TITLE = 160  # characters
BY = 80
NOTE = 120
NAME = 100
PARAGRAPH = 900
MOST_NOTES = 3
MOST_NAMED = 3  # failing sources
SOON = 30  # days before its day in which an open commitment is shown

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story on one line. All texts are one line each, without markup."""

    title: str
    url: str | None  # safe to click, ASCII
    by: str  # "The Meridian Post and 3 more"
    note: str = ""  # what is new in a story that was told before


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An initiative: what there is to tell of it, and how much of that was left out for room."""

    name: str
    items: tuple[Item, ...]
    due: tuple[str, ...] = ()  # open commitments that are overdue or due soon, a sentence each
    above: int = 0  # stories told under an initiative above
    items_lost: int = 0
    due_lost: int = 0
    noun: tuple[str, str] = ("story", "stories")  # what an item is

    @property
    def rest(self) -> str:
        """ "and 7 more stories"; "" when nothing is left out."""
        some = "more " if self.items or self.due else ""
        lost = [
            f"{number} {some}{one if number == 1 else many}"
            for number, one, many in (
                (self.items_lost, *self.noun),
                (self.due_lost, "commitment due", "commitments due"),
            )
            if number
        ]
        return f"{'and ' if some and lost else ''}{' and '.join(lost)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A message in short."""

    subject: str
    paragraphs: tuple[str, ...] = ()  # of a notice or a test
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    footer: str = ""  # what was looked at
    paragraphs_lost: int = 0
    parts_lost: int = 0
    items_lost: int = 0  # in the parts that are lost
    nouns: tuple[str, str] = ("initiative", "initiatives")  # what a part is

    @property
    def rest(self) -> str:
        """What is left out as a whole; "" when nothing is."""
        said = [f"and {counted(self.paragraphs_lost, 'more paragraph')}"] if self.paragraphs_lost else []
        if self.parts_lost:
            word = self.nouns[self.parts_lost != 1]
            items = f"{self.items_lost} {self._item_noun[self.items_lost != 1]}"
            more = "and {} more {} with {}" if self.parts else "{} {} with {}"
            said.append(more.format(self.parts_lost, word, items))
        return " ".join(said)

    @property
    def _item_noun(self) -> tuple[str, str]:
        return ("story", "stories") if self.nouns[0] == "initiative" else ("line", "lines")

    @property
    def click(self) -> str | None:
        """The address of the first story that has one."""
        return next((one.url for part in self.parts for one in part.items if one.url), None)


def brief(message: Message) -> Brief:
    """`message` in short; one that is no digest is told in its own words."""
    data: Json = json.loads(message.data)["data"]
    subject = one_line(message.subject, 180)
    if "alert" in data:
        return alert_brief(data, subject)
    if "initiatives" not in data:
        words = str(data.get("text") or message.text)
        said = (one_line(one, PARAGRAPH) for one in words.split("\n\n"))
        return Brief(subject=subject, paragraphs=tuple(one for one in said if one and one != subject))
    parts = _parts(data["initiatives"])
    notes = [*map(str, data["notes"]), *map(_held, data["held"])]
    if len(notes) > MOST_NOTES:
        notes = [*notes[:MOST_NOTES], f"and {counted(len(notes) - MOST_NOTES, 'more note')}"]
    return Brief(
        subject=subject,
        paragraphs=() if any(part.items for part in parts) else ("No new stories.",),
        parts=parts,
        notes=tuple(one_line(note, 2 * NOTE) for note in notes),
        footer=_coverage(data["coverage"]),
    )


def cut(whole: Brief, *, parts: int, items: int) -> Brief:
    """The first `parts` initiatives, of each the first `items` stories and commitments; what is lost is counted."""
    lost = whole.parts[parts:]
    paragraphs = max(items, 1)
    return replace(
        whole,
        paragraphs=whole.paragraphs[:paragraphs],
        paragraphs_lost=len(whole.paragraphs[paragraphs:]),
        parts=tuple(
            replace(
                part,
                items=part.items[:items],
                items_lost=part.items_lost + len(part.items[items:]),
                due=part.due[:items],
                due_lost=part.due_lost + len(part.due[items:]),
            )
            for part in whole.parts[:parts]
        ),
        parts_lost=len(lost),
        items_lost=sum(len(part.items) for part in lost),
    )


def alert_brief(data: Json, subject: str) -> Brief:
    """An alert: its sentences, and a line for each story, source, commitment or trouble."""
    said = (one_line(one, PARAGRAPH) for one in str(data["text"]).split("\n\n"))
    parts = (
        *_stories_part("Stories", data["surge"] or {}, "top"),
        *_stories_part("Since then", data["silence_over"] or {}, "stories"),
        *_lines_part(
            "Its sources", map(_silent, (data["silence"] or {}).get("sources", ())), ("source", "sources")
        ),
        *_lines_part("Commitments", map(_promise, data["commitments"]), ("commitment", "commitments")),
        *(
            part
            for phase, heading in (("begun", "New"), ("lasts", "Still"), ("over", "Well again"))
            for part in _lines_part(
                heading,
                (_trouble(one) for one in data["troubles"] if one["phase"] == phase),
                ("trouble", "troubles"),
            )
        ),
    )
    return Brief(subject=subject, paragraphs=tuple(filter(None, said)), parts=parts, nouns=("list", "lists"))


def _stories_part(name: str, figures: Json, key: str) -> Iterable[Part]:
    return _lines_part(
        name, map(_alert_story, figures.get(key, ())), ("story", "stories"), lost=figures.get("more", 0)
    )


def _lines_part(name: str, items: Iterable[Item], noun: tuple[str, str], lost: int = 0) -> Iterable[Part]:
    found = tuple(items)
    if found:
        yield Part(name=name, items=found, items_lost=lost, noun=noun)


def _alert_story(one: Json) -> Item:
    others = one["outlets"] - 1
    by = one_line(one["source"], BY - 20)
    return Item(
        title=one_line(one["title"], TITLE) or "(no title)",
        url=one["url"],
        by=f"{by} and {others} more" if others > 0 else by,
    )


def _silent(one: Json) -> Item:
    standing = {
        "fails": "fails",
        "paused": "is paused",
        "removed": "was removed",
        "still": "answers, with nothing new",
        "news": "answers, with other news",
    }[one["standing"]]
    return Item(
        title=one_line(one["source"], BY),
        url=None,
        by=f"{standing}, brought {counted(one['reports'], 'report')}",
        note=one_line(one["reason"] or "", NOTE),
    )


def _promise(one: Json) -> Item:
    """With its newest report, where there is one."""
    days, state = one["days"], one["state"]
    found = counted(one["reports"], "report") if one["reports"] else "no report found"
    if state != "open" or days is None:
        met = f" on {one['met']}" if one["met"] else ""
        by = f"{state}{met}"
    else:
        when = "due today" if days == 0 else f"due in {counted(days, 'day')}"
        late = f"overdue by {counted(-days, 'day')}"
        by = f"{late if days < 0 else when}, {found}"
    newest = one["evidence"][0]["title"] if one["evidence"] else ""
    return Item(
        title=one_line(one["text"], TITLE),
        url=one["by"] or (one["evidence"][0]["url"] if one["evidence"] else None),
        by=by,
        note=one_line(newest, NOTE),
    )


def _trouble(one: Json) -> Item:
    over = one["phase"] == "over"
    remedy = "" if over or not one["remedy"] else f"; {one['remedy']}"
    return Item(
        title=one_line(one["name"], BY),
        url=None,
        by="well again" if over else one_line(one["state"], BY),
        note="" if over else one_line(f"{one['reason']}{remedy}", 2 * NOTE),
    )


def _parts(initiatives: Iterable[Json]) -> tuple[Part, ...]:
    """Each story once: under the first initiative that tells it."""
    told: set[str] = set()
    parts = []
    for one in initiatives:
        here = [story for story in one["stories"] if story["id"] not in told]
        told |= {story["id"] for story in here}
        parts.append(
            Part(
                name=one_line(one["name"], NAME),
                items=tuple(_item(story) for story in here),
                due=tuple(filter(None, map(_due, one["commitments"]))),
                above=len(one["stories"]) - len(here),
            )
        )
    return tuple(parts)


def _item(story: Json) -> Item:
    safe = link(story["url"]) if story["url"] else None
    others = max(len(story["outlets"]) - 1, 0)
    by = one_line(story["source"], BY - 20)
    return Item(
        title=one_line(story["title"], TITLE) or "(no title)",
        url=None if safe is None else safe.href,
        by=f"{by} and {others} more" if others else by,
        note=one_line(_news(story), NOTE),
    )


def _news(story: Json) -> str:
    if story["first_told"] is None:
        late = story["late_days"]
        return f"found {counted(late, 'day')} after publication" if late else ""
    if story["updates"]:
        return f"told before; {story['updates'][-1]['changed']}"
    return (
        f"told before; also now in {_named(story['new_outlets'])}" if story["new_outlets"] else "told before"
    )


def _due(line: Json) -> str:
    """A sentence on an open commitment that is overdue or due soon; "" for any other."""
    days = line["days"]
    if line["state"] != "open" or line["due"] is None or days is None or days > SOON:
        return ""
    on = date.fromisoformat(line["due"])
    day = f"{on.day} {on:%b %Y}"
    reports = len(line["evidence"])
    found = counted(reports, "report") if reports else "no report found"
    when = f"overdue since {day}" if line["overdue"] else f"due {day}"
    return f"{one_line(line['text'], TITLE)}: {when}, {found}"


def _held(flood: Json) -> str:
    source = one_line(flood["source"], BY)
    return f"{source}: {flood['articles']} articles came at once and are held for review"


def _coverage(found: Json) -> str:
    blocked = [one["source"] for one in found["failing"] if one["state"] == SourceState.BLOCKED]
    failing = [one["source"] for one in found["failing"] if one["state"] != SourceState.BLOCKED]
    gaps = sum(1 for one in found["gaps"] if not one["caught_up"])
    said = [f"{counted(found['checked'], 'source')} checked"]
    if failing:
        said.append(f"{len(failing)} failing ({_named(failing)})")
    if blocked:
        said.append(f"{len(blocked)} blocked ({_named(blocked)})")
    if found["quiet"]:
        said.append(f"{len(found['quiet'])} quiet")
    if gaps:
        said.append(f"{counted(gaps, 'span')} not covered")
    return ", ".join(said)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, 40) for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
