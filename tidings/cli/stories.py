"""`tidings stories …`: what was folded together and why; splitting and merging by hand, for good."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tidings.cli.options import USAGE, Config, Json, State, age, fail, known_initiative, run, settings
from tidings.cli.output import json_line, plain, table
from tidings.reasons import reason

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tidings.settings import Settings
    from tidings.storage.constraints import Constraint, Said
    from tidings.storage.stores import Stores
    from tidings.storage.story_commands import Merge, Split
    from tidings.storage.story_views import StoryArticle, StoryLine, ToldTo, WholeStory

T = TypeVar("T")
NAMED = 3  # of what a story is kept apart from

app = typer.Typer(
    help="See what was folded into one story and why; split and merge stories for good.", no_args_is_help=True
)

StoryId = Annotated[
    str, typer.Argument(metavar="STORY", help="Its id, of before a merge too, or one of its articles.")
]


@app.command("list")
def list_stories(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help="All of them in one title, in any letters and order."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="AGE", help="With an article since then, such as 30d.")
    ] = "7d",
    initiative: Annotated[
        str | None, typer.Option("--initiative", metavar="ID", help="That match this initiative.")
    ] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="ID", help="That this digest has told.")
    ] = None,
    min_outlets: Annotated[
        int, typer.Option("--min-outlets", metavar="N", min=1, help="Told by so many outlets or more.")
    ] = 1,
    widest: Annotated[
        bool, typer.Option("--widest", help="Those in most outlets first, not the newest.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Stop behind so many.")] = 50,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List stories, the newest first: how many articles, outlets and independent reports, and who was told."""
    from tidings.clock import SystemClock
    from tidings.storage.story_views import StoryQuery

    loaded = settings(config, state)
    query = StoryQuery(
        since=SystemClock().now() - age("--since", since),
        initiative=None if initiative is None else known_initiative(loaded, initiative).id,
        digest=None if digest is None else _known_digest(loaded, digest),
        min_outlets=min_outlets,
        words=tuple(words or ()),
        widest=widest,
        limit=limit,
    )
    lines, more = _look(loaded, lambda stores: stores.stories.list(query))
    if as_json:
        for line in lines:
            json_line(_as_plain(line))
        return
    table(
        ("story", "last seen", "articles", "outlets", "reports", "told by", "title"),
        [
            (
                line.id,
                line.last_seen,
                line.articles,
                len(line.outlets),
                line.reports,
                ", ".join(dict.fromkeys(told.digest_id or told.channel_id for told in line.told)) or None,
                _clean(line.title) or "(no title)",
            )
            for line in lines
        ],
        empty=f"no such story in the last {since}; --since looks further back",
    )
    if more:
        typer.echo(f"the {'widest' if widest else 'newest'} {len(lines):,}; --limit shows more")


@app.command("show")
def show(story: StoryId, config: Config = None, state: State = None, as_json: Json = False) -> None:
    """Show every article of a story in order of time: why it is in it, what it repeats, and who was told."""
    found = _look(settings(config, state), lambda stores: stores.stories.show(story))
    if as_json:
        json_line(_whole_as_plain(found))
        return
    for line in _whole(found):
        typer.echo(line)


@app.command("split")
def split(
    story: StoryId,
    articles: Annotated[
        list[str],
        typer.Argument(metavar="ARTICLE", help="Those that do not belong there: ids or addresses."),
    ],
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Put articles of a story into one of their own, for good: no text and no edit joins them again.

    What was told of them stays told. Works beside a running daemon.
    """
    loaded = settings(config, state)
    done = _change(loaded, lambda stores: stores.stories.split(story, articles, _said("split")))
    if as_json:
        json_line(done)
        return
    for line in _after_split(done):
        typer.echo(line)


@app.command("merge")
def merge(
    stories: Annotated[
        list[str], typer.Argument(metavar="STORY", help="Two or more: ids, or articles of the stories.")
    ],
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Make stories one under the name of the oldest, for good: no text and no edit parts them again.

    What was told of one counts as told of all. Works beside a running daemon.
    """
    if len(stories) < 2:
        fail(f"{stories[0]} alone cannot be merged; name two stories or more", USAGE)
    loaded = settings(config, state)
    done = _change(loaded, lambda stores: stores.stories.merge(stories, _said("merge")))
    if as_json:
        json_line(done)
        return
    for line in _after_merge(done):
        typer.echo(line)


def _look(loaded: Settings, question: Callable[[Stores], Coroutine[Any, Any, T]]) -> T:
    """What the stores answer; a story that cannot be had ends the command."""
    from tidings.opening import look_into

    return _answer(look_into(loaded), question)


def _change(loaded: Settings, order: Callable[[Stores], Coroutine[Any, Any, T]]) -> T:
    """What came of an order; a story that cannot be had ends the command."""
    from tidings.opening import open_stores

    return _answer(open_stores(loaded), order)


def _answer(
    opened: AbstractAsyncContextManager[Stores], question: Callable[[Stores], Coroutine[Any, Any, T]]
) -> T:
    from tidings.storage.story_views import StoryProblem

    async def work() -> T:
        async with opened as stores:
            return await question(stores)

    try:
        return run(work)
    except StoryProblem as fault:
        fail(str(fault))


def _said(command: str) -> Said:
    from getpass import getuser

    from tidings.clock import SystemClock
    from tidings.storage.constraints import Said

    try:
        who: str | None = getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        who = None
    return Said(at=SystemClock().now(), command=command, by=who)


def _known_digest(loaded: Settings, name: str) -> str:
    from tidings.settings.models.faults import suggestion

    known = {plan.id: plan for plan in loaded.digests}
    if name not in known:
        fail(f"there is no digest '{name}'; {suggestion(name, known, what='digests')}", USAGE)
    return name


# -- for programs ----------------------------------------------------------------------------------


def _as_plain(line: StoryLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "title": line.title,
        "articles": line.articles,
        "outlets": line.outlets,
        "reports": line.reports,
        "first_seen": line.first_seen,
        "last_seen": line.last_seen,
        "initiatives": line.initiatives,
        "told": [
            {"digest": told.digest_id or None, "channel": told.channel_id, "at": told.at}
            for told in line.told
        ],
    }


def _whole_as_plain(found: WholeStory) -> dict[str, Any]:
    return {
        **_as_plain(found.line),
        "aliases": found.aliases,
        "articles": [
            {
                "id": one.telling.article_id,
                "title": one.telling.title,
                "url": one.telling.url,
                "source": one.telling.source_id,
                "outlet": one.outlet,
                "published": one.telling.published,
                "first_seen": one.telling.found,
                "credit": one.telling.credit,
                "why": one.why,
                "similarity": one.similarity,
                "duplicate_of": one.duplicate_of,
                "version": one.version,
                "changes": one.changes,
                "initiatives": one.initiatives,
                "told": [
                    {
                        "digest": told.digest_id,
                        "message": told.message_key,
                        "at": told.at,
                        "channels": told.channels,
                    }
                    for told in one.told
                ],
            }
            for one in found.articles
        ],
        "constraints": [
            {
                "kind": one.kind,
                "story": one.story_id,
                "subject": one.subject,
                "at": one.said.at,
                "command": one.said.command,
                "by": one.said.by,
            }
            for one in found.constraints
        ],
    }


# -- for people ------------------------------------------------------------------------------------


def _whole(found: WholeStory) -> list[str]:
    line = found.line
    lines = [_clean(line.title) or "(no title)"]
    names = f", also called {', '.join(found.aliases)}" if found.aliases else ""
    lines.append(f"  story {line.id}{names}")
    lines.append(
        f"  {_count(line.articles, 'article')} in {_count(len(line.outlets), 'outlet')}, "
        f"{_count(line.reports, 'independent report')}, "
        f"first seen {plain(line.first_seen)}, last {plain(line.last_seen)}"
    )
    lines.append(f"  matches {', '.join(line.initiatives) or 'no initiative'}")
    lines += [f"  told to {_whom(told)}, first at {plain(told.at)}" for told in line.told]
    if not line.told:
        lines.append("  told to nobody yet")
    lines += [f"  {said}" for said in _rules(found)]
    pins = {one.subject: one for one in found.constraints if one.kind == "together"}
    for one in found.articles:
        lines.append("")
        lines += _article(one, pins.get(one.telling.article_id))
    return lines


def _article(one: StoryArticle, pin: Constraint | None) -> list[str]:
    telling = one.telling
    credit = f", credited to {telling.credit}" if telling.credit else ""
    lines = [
        f"  {plain(telling.found)}  {_clean(telling.title) or '(no title)'}  ({_clean(one.outlet)}{credit})",
        f"      {_clean(telling.url)}",
    ]
    reprint = f", a reprint of {one.duplicate_of}" if one.duplicate_of else ""
    lines.append(f"      id {telling.article_id}{reprint}: {reason(one.why, one.similarity)}")
    if pin is not None:
        lines.append(f"      stays in this story by {_by(pin)}")
    lines += [
        f"      version {change.after} of {plain(change.at)}: {_clean(change.said)}" for change in one.changes
    ]
    if one.version > 1 and not one.changes:
        lines.append(f"      version {one.version}, which says the same")
    for told in one.told:
        whom = f" to {', '.join(told.channels)}" if told.channels else ""
        lines.append(f"      told in {told.message_key}{whom} at {plain(told.at)}")
    return lines


def _whom(told: ToldTo) -> str:
    return told.channel_id + (f" in the digest {told.digest_id}" if told.digest_id else "")


def _rules(found: WholeStory) -> list[str]:
    """What else this story is not, and which articles it does not take back."""
    here = {one.telling.article_id for one in found.articles}
    others: dict[str, list[str]] = {}
    for one in found.constraints:
        if one.kind == "apart" and one.subject not in here:
            other = one.story_id if one.subject == found.line.id else one.subject
            others.setdefault(_by(one), []).append(other)
    return [f"kept apart from {_named(names)} by {said}" for said, names in others.items()]


def _named(names: Sequence[str]) -> str:
    """Stories by their ids, and how many articles; a few of either by their ids where it is one kind."""
    known = tuple(dict.fromkeys(names))
    stories = [name for name in known if name.startswith("s")]
    articles = [name for name in known if not name.startswith("s")]
    shown = _few(stories or articles)
    return f"{shown} and {_count(len(articles), 'article')}" if stories and articles else shown


def _few(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _by(one: Constraint) -> str:
    who = f" by {one.said.by}" if one.said.by else ""
    return f"`stories {one.said.command}` of {plain(one.said.at)}{who}"


def _after_split(done: Split) -> list[str]:
    lines = [
        f"{_count(len(done.moved), 'article')} left {done.before} and {_are(done.moved)} story {done.new} now; "
        f"{_count(len(done.stayed), 'article')} stayed"
    ]
    if done.story != done.before:
        lines.append(
            f"the story of those that stayed is called {done.story}, as {done.before} was named after an article "
            "that left; it is found under both names"
        )
    lines.append("they are kept apart from now on, and what was told of either is not told again as news")
    lines.append(f"to undo it: tidings stories merge {done.story} {done.new}")
    return lines


def _after_merge(done: Merge) -> list[str]:
    lines = [
        f"{name} with {_count(len(articles), 'article')} is part of {done.story} now, and is found under both names"
        for name, articles in done.joined
    ]
    lines.append(
        f"{done.story} has {_count(done.articles, 'article')}, which stay together; "
        "what was told of one of the stories counts as told"
    )
    for _, articles in done.joined:
        lines.append(f"to undo it: {shlex.join(['tidings', 'stories', 'split', done.story, *articles])}")
    return lines


def _clean(text: str) -> str:
    """What feeds say, harmless on a terminal."""
    from alerts.safe import one_line

    return one_line(text)


def _are(several: tuple[str, ...]) -> str:
    return "is" if len(several) == 1 else "are"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
