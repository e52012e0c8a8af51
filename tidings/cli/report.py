"""`report`: a dossier of an initiative over a period, as a page and a PDF to hand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import (
    USAGE,
    Config,
    Json,
    State,
    age,
    complain,
    fail,
    known_initiative,
    moment_given,
    run,
    settings,
)
from tidings.cli.output import json_line, progress

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.dossier_page import Files
    from alerts.dossier_records import Dossier, Period
    from alerts.records import Initiative
    from tidings.settings import Settings

INDEX = "index.html"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("report")(report)


def report(
    initiatives: Annotated[
        list[str] | None,
        typer.Argument(metavar="INITIATIVE", help="Ids of initiatives; default: all of them."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="AGE|DAY", help="How far back, such as 90d or 2026-03-01.")
    ] = "90d",
    until: Annotated[
        str | None, typer.Option("--until", metavar="AGE|DAY", help="Up to then; a day is included.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the files go; default: reports. It is made."),
    ] = None,
    pdf: Annotated[
        bool | None,
        typer.Option(
            "--pdf/--no-pdf", help="Print each page as a PDF too; default: where there is a Chromium."
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone",
            metavar="ZONE",
            help="The time zone of days and times; default: that of the first digest of the initiative, or UTC.",
        ),
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Write a dossier of each initiative: figures against the time before, commitments, coverage over time, stories,
    sources, and what was not covered. With several, an index is written beside them.

    With --json the facts are printed, a line each, and files are written only where --out says so.
    """
    from tidings.clock import SystemClock

    loaded = settings(config, state)
    asked = _asked(loaded, initiatives or ())
    now = SystemClock().now()
    periods = {one.id: _period(loaded, one, since, until, zone, now) for one in asked}
    found = _gathered(loaded, asked, periods, now)
    if as_json:
        from alerts.dossier_document import document

        for one in found:
            json_line(document(one))
    if as_json and out is None:
        return
    written = _write(found, out or Path("reports"), pdf)
    if not as_json:
        for line in written.lines:
            typer.echo(line)
    if written.fault:
        fail(written.fault)


def _asked(loaded: Settings, names: list[str] | tuple[str, ...]) -> tuple[Initiative, ...]:
    asked = tuple(known_initiative(loaded, name) for name in dict.fromkeys(names))
    asked = asked or tuple(loaded.initiatives.values())
    if not asked:
        fail("there are no initiatives; write a watchlist, or `tidings init` for one to begin with", USAGE)
    return asked


def _period(
    loaded: Settings, initiative: Initiative, since: str, until: str | None, zone: str | None, now: datetime
) -> Period:
    from tidings.dossiers import period_of
    from tidings.settings.typed import typed_zone

    try:
        place = _zone_of(loaded, initiative) if zone is None else typed_zone(zone)
    except ValueError as fault:
        fail(f"--zone: {fault}", USAGE)
    end = now if until is None else min(moment_given("--until", until, now, last=True, zone=place), now)
    if since.count("-") == 2:
        start = moment_given("--since", since, now, last=False, zone=place)
        length = None
    else:
        length = age("--since", since)
    try:
        return period_of(start if length is None else length, end, place)
    except ValueError:
        fail(f"--since {since}: that is not before the end of the period, {end:%Y-%m-%d %H:%M} UTC", USAGE)


def _zone_of(loaded: Settings, initiative: Initiative) -> str:
    return next((one.zone for one in loaded.digests if initiative.id in one.initiatives), "UTC")


def _gathered(
    loaded: Settings, asked: tuple[Initiative, ...], periods: dict[str, Period], now: datetime
) -> list[Dossier]:
    from tidings.dossiers import gather
    from tidings.opening import look_into

    async def work() -> list[Dossier]:
        async with look_into(loaded) as stores:
            with progress("reading") as live:
                found = []
                for one in asked:
                    live.show(one.id)
                    found.append(await gather(stores, loaded, one, periods[one.id], now))
            return found

    return run(work)


# -- files -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    lines: tuple[str, ...]  # for a person
    fault: str  # what was asked for and cannot be had; "": nothing


def _write(found: list[Dossier], out: Path, pdf: bool | None) -> _Written:
    """The pages, their PDFs, and an index of several."""
    from alerts.dossier_page import Files, index_data, page_data
    from alerts.render import page

    problem = _obstacle() if pdf is not False else ""
    lines: list[str] = []
    done: list[tuple[Dossier, Files]] = []
    _make(out)
    with progress("writing") as live:
        for one in found:
            live.show(one.initiative.id)
            name = one.initiative.id
            html = page("dossier", page_data(one))
            _put(out / f"{name}.html", html.encode("utf-8"))
            printed = ""
            if pdf is not False and not problem:
                problem, printed = _print(html, out / f"{name}.pdf")
            done.append((one, Files(html=f"{name}.html", pdf=printed)))
            lines += [f"{out / each}" for each in (f"{name}.html", printed) if each]
        if len(found) > 1:
            _put(out / INDEX, page("dossiers", index_data(done)).encode("utf-8"))
            lines.append(f"{out / INDEX}")
    if problem and not pdf:
        complain(f"no PDF: {problem}")
    return _Written(lines=tuple(lines), fault=f"no PDF: {problem}" if problem and pdf else "")


def _obstacle() -> str:
    from tidings.pdf import lacking

    return lacking()


def _print(html: str, path: Path) -> tuple[str, str]:
    """What went wrong, and the name of the file; "" each."""
    from tidings.pdf import NoPdf, print_page

    try:
        printed = print_page(html)
    except NoPdf as fault:
        path.unlink(missing_ok=True)  # one of an earlier time would be taken for this
        return str(fault), ""
    _put(path, printed)
    return "", path.name


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{out} cannot be made ({error.strerror}); name another folder with --out")


def _put(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"{path} cannot be written ({error.strerror}); name another folder with --out")
