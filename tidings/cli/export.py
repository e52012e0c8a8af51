"""`export`: the archive and what was told of it, for other programs and for spreadsheets."""

from __future__ import annotations

import csv
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from tidings.cli.options import USAGE, Config, State, complain, fail, moment_given, run, settings

if TYPE_CHECKING:
    from tidings.exports import Wanted


class What(StrEnum):
    """What there is to export."""

    ARTICLES = "articles"
    MATCHES = "matches"
    STORIES = "stories"
    DELIVERIES = "deliveries"


class Format(StrEnum):
    """How it is written."""

    JSONL = "jsonl"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("export")(export)


def export(
    what: Annotated[What, typer.Argument(help="What to export.")],
    form: Annotated[
        Format, typer.Option("--format", help="JSON Lines, or CSV for a spreadsheet.")
    ] = Format.JSONL,
    since: Annotated[
        str | None, typer.Option("--since", metavar="AGE|DAY", help="Not older, such as 90d or 2026-03-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="AGE|DAY", help="Not younger; a day is included.")
    ] = None,
    initiative: Annotated[
        str | None,
        typer.Option("--initiative", metavar="ID", help="Only what matches this initiative; its matches."),
    ] = None,
    text: Annotated[
        bool,
        typer.Option("--text", help="Articles and matches with summary and text, which are others' work."),
    ] = False,
    recipients: Annotated[
        bool,
        typer.Option("--recipients", help="Deliveries with whole mail addresses, which are personal data."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write there, and put the file in place when it is whole."
        ),
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Export articles, matches, stories or deliveries, a line each, the oldest first (stories by their ids).

    Metadata only, and recipients so that nobody learns their address, unless you ask for more. Works beside a
    running daemon; docs/exports.md describes each field.
    """
    from tidings.clock import SystemClock
    from tidings.exports import Wanted
    from tidings.opening import look_into

    if text and what not in (What.ARTICLES, What.MATCHES):
        fail(f"--text: {what} have no texts", USAGE)
    if recipients and what is not What.DELIVERIES:
        fail(f"--recipients: {what} have none", USAGE)
    if initiative is not None and what is What.DELIVERIES:
        fail("--initiative: a delivery belongs to a digest, and that to any number of initiatives", USAGE)
    loaded = settings(config, state)
    if initiative is not None and initiative not in loaded.initiatives:
        complain(f"no watchlist has an initiative '{initiative}' now; what it matched before is exported")
    now = SystemClock().now()
    wanted = Wanted(
        since=None if since is None else moment_given("--since", since, now, last=False),
        until=now if until is None else min(now, moment_given("--until", until, now, last=True)),
        initiative=initiative,
        text=text,
        recipients=recipients,
    )

    async def work() -> int:
        number = 0
        async with look_into(loaded) as stores:
            with _opened(out) as file:
                writer = _Writer(file, what, form, wanted)
                async for rows in getattr(stores.exports, what)(wanted):
                    writer.write(rows)
                    number += len(rows)
        return number

    try:
        number = run(work)
    except BrokenPipeError:
        raise
    except OSError as fault:
        fail(f"{fault.filename or out} cannot be written ({fault.strerror or fault})")
    if out is not None:
        complain(f"{number:,} {what if number != 1 else _ONE[what]} in {out}")


_ONE = {
    What.ARTICLES: "article",
    What.MATCHES: "match",
    What.STORIES: "story",
    What.DELIVERIES: "delivery",
}


class _Writer:
    """Writes rows, the header of CSV before them."""

    def __init__(self, file: TextIO, what: What, form: Format, wanted: Wanted) -> None:
        self._file = file
        self._csv = None
        if form is Format.CSV:
            self._columns = _columns(what, wanted)
            self._csv = csv.writer(file, lineterminator="\n")
            self._csv.writerow(self._columns)

    def write(self, rows: list[Any]) -> None:
        from tidings.spreadsheets import cell

        if self._csv is None:
            self._file.write("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in rows))
        else:
            self._csv.writerows([cell(one.get(name)) for name in self._columns] for one in rows)


def _columns(what: What, wanted: Wanted) -> list[str]:
    from tidings import exports

    shape = {
        What.ARTICLES: exports.ExportedArticle,
        What.MATCHES: exports.ExportedMatch,
        What.STORIES: exports.ExportedStory,
        What.DELIVERIES: exports.ExportedDelivery,
    }[what]
    left_out = exports.NOT_IN_CSV if wanted.text else (*exports.NOT_IN_CSV, "summary", "text")
    return [name for name in shape.__annotations__ if name not in left_out]


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that takes the place of `out` when all of it is written."""
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    beside = out.with_name(f".{out.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(beside, "x", encoding="utf-8", newline="") as file:
            yield file
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)
