"""`tidings sources list`: how each source is, and what to do about those that need somebody."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import USAGE, Config, Json, State, fail, run, settings
from tidings.cli.output import json_line

if TYPE_CHECKING:
    from crawler.records import SourceState
    from tidings.caring import Cared

NARROW = 40  # columns below which what is told of a source goes on lines of its own
INDENT = 12
LONGEST = 32  # columns of an id beyond which it does not widen the column for all


def list_sources(
    states: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="STATE", help="Only sources in this state, such as failing."),
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Only sources with this tag.")
    ] = None,
    care: Annotated[bool, typer.Option("--care", help="Only sources that need somebody.")] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Tell how each source is, since when, and why; those that need somebody last, with what to do.

    They stand last because that is what a terminal still shows of a long list. With --json all stand in the
    order of the configuration.
    """
    from tidings.caring import look
    from tidings.opening import look_into

    loaded = settings(config, state)
    wanted = {_state_called(name) for name in states or ()}
    tagged = set(tags or ())
    _check_tags(tagged, {tag for one in loaded.sources for tag in one.tags})

    async def work() -> tuple[Cared, ...]:
        async with look_into(loaded) as stores:
            return await look(loaded, stores, datetime.now(UTC))

    chosen = [
        one
        for one in run(work)
        if (not wanted or one.care.state in wanted)
        and (not tagged or tagged & set(one.source.tags))
        and (not care or one.care.need != "nothing")
    ]
    if as_json:
        for one in chosen:
            json_line(row(one))
        return
    if not loaded.sources:
        typer.echo("no sources yet; `tidings sources add URL` finds the feed of a site")
        return
    for line in told(chosen, width=_width()):
        typer.echo(line)


def row(one: Cared) -> dict[str, Any]:
    """One source for programs."""
    from crawler.records import SourceState
    from crawler.wording import shown

    care = one.care
    asked = care.state not in (SourceState.PAUSED, SourceState.GONE)
    return {
        "id": care.source_id,
        "kind": one.source.kind,
        "url": shown(one.source.url),
        "state": care.state,
        "since": care.since,
        "problem": care.problem,
        "last_success": one.state.last_success_at,
        "next_poll": one.state.next_poll_at if asked else None,
        "need": care.need,
        "evidence": care.evidence,
        "remedy": care.remedy,
        "held": care.held,
        "gaps": [
            {"from": gap.start, "until": gap.end, "cause": gap.cause, "filled": gap.filled_at}
            for gap in care.gaps
        ],
        "failures": one.state.failures,
        "last_new": one.state.last_new_at,
        "moved_to": one.state.moved_to and shown(one.state.moved_to),
        "title": one.source.name or one.state.title,
        "tags": one.source.tags,
    }


def told(chosen: Sequence[Cared], *, width: int | None) -> Iterator[str]:
    """One source a line for people, and a line with the remedy where one is needed.

    Args:
        width: columns of the terminal; None: as long as it takes.
    """
    from rich.cells import cell_len

    from crawler.care import Need

    order = (Need.NOTHING, Need.SOMETIME, Need.NOW)
    widths = (cell_len(one.care.source_id) for one in chosen)
    longest = max((width for width in widths if width <= LONGEST), default=0)
    if chosen:
        yield f"{'state':10}  {'since (UTC)':16}  source"
    for one in sorted(chosen, key=lambda one: order.index(one.care.need)):
        care = one.care
        since = f"{care.since.astimezone(UTC):%Y-%m-%d %H:%M}" if care.since else "–"
        head = f"{care.state:10}  {since:16}  "
        yield from _beside(head + care.source_id, cell_len(head) + longest + 2, _known(one), width)
        if care.remedy and care.need is not Need.NOTHING:
            yield from _beside(f"{'→':>10}", INDENT, care.remedy, width)
    if chosen:
        yield ""
    yield _summary(chosen)


def _known(one: Cared) -> str:
    from crawler.care import Need
    from crawler.records import SourceState
    from crawler.wording import span

    care, state = one.care, one.state
    if care.state is SourceState.OK and not care.gaps:
        parts = [care.problem or "", f"usually every {span(2 * state.interval)}" if state.interval else ""]
        parts.append(f"last new {_short(state.last_new_at)}" if state.last_new_at else "")
    else:
        parts = [care.problem or "", *care.evidence]
    if care.state not in (SourceState.PAUSED, SourceState.GONE) and state.next_poll_at:
        parts.append(f"next poll {_short(state.next_poll_at)}")
    if care.state is SourceState.PAUSED and care.need is Need.NOTHING:
        parts.append(care.remedy or "")
    return "; ".join(filter(None, parts))


def _short(when: datetime) -> str:
    """A time in UTC, with its year where that is another one."""
    year = "" if when.year == datetime.now(UTC).year else " %Y"
    return when.astimezone(UTC).strftime(f"%d %b{year} %H:%M")


def _beside(head: str, column: int, text: str, width: int | None) -> Iterator[str]:
    """`text` from `column` on behind `head`; on a terminal wrapped, and below the head where there is little room."""
    from rich.cells import cell_len

    gap = " " * max(column - cell_len(head), 2)
    if width is None or not text:
        yield f"{head}{gap}{text}".rstrip()
        return
    if width - column < NARROW:
        column = INDENT
    if cell_len(head) + 2 > column:
        yield head
        head = ""
    for line in textwrap.wrap(text, max(width - column, 20), break_on_hyphens=False, break_long_words=False):
        yield head + " " * (column - cell_len(head)) + line
        head = ""


def _summary(chosen: Sequence[Cared]) -> str:
    from crawler.care import Need
    from crawler.wording import counted

    if not chosen:
        return "no source is like that"
    counts = Counter(one.care.state for one in chosen)
    states = ", ".join(f"{number} {label}" for label, number in counts.most_common())
    needy = sum(1 for one in chosen if one.care.need is Need.NOW)
    end = f"; {needy} need{'s' if needy == 1 else ''} you" if needy else ""
    return f"{counted(len(chosen), 'source')}: {states}{end}"


def _state_called(name: str) -> SourceState:
    from crawler.records import SourceState
    from tidings.settings.models.faults import suggestion

    plain = name.strip().lower().replace("-", " ").replace("_", " ")
    try:
        return SourceState(plain)
    except ValueError:
        fail(f"there is no state '{name}'; {suggestion(plain, SourceState, what='states')}", USAGE)


def _check_tags(tagged: set[str], known: set[str]) -> None:
    from tidings.settings.models.faults import suggestion

    for tag in sorted(tagged - known):
        fail(f"no source has the tag '{tag}'; {suggestion(tag, known, what='tags')}", USAGE)


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
