"""`impact`: what an edited watchlist gains and loses over the archive, before it is in force."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import USAGE, Config, Json, State, age, fail, run, settings
from tidings.cli.output import json_line, progress, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from alerts.impact import Finding, Impact, InitiativeImpact, Numbers
    from tidings.impact import Comparison, TooMuch
    from tidings.settings import Settings
    from tidings.storage.edits import KeptWatchlist

SHOWN = 5  # stories of each initiative on the terminal; `--json` and `--html` have more


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("impact")(impact)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is compared with what, and how that is said."""

    compared: Comparison
    against: str
    notes: tuple[str, ...] = ()
    whole: bool = False  # all rules are compared with all in force, as the daemon does at an edit


def impact(
    watchlist: Annotated[
        str | None,
        typer.Argument(metavar="WATCHLIST", help="Id or file of one watchlist; default: all of them."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="AGE", help="How much of the archive to look at, such as 30d.")
    ] = "30d",
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="FILE|REV",
            help="Compare with a file, or with a git revision, instead of what is in force.",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page to show to others.")
    ] = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Show what the edited watchlists gain and lose over the archive, and the mails a week before and after.

    They are compared with what `tidings run` or `tidings once` put in force last. Nothing is changed.
    """
    from tidings.clock import SystemClock
    from tidings.impact import MONTH, judged, measure
    from tidings.opening import look_into

    length = age("--since", since)
    loaded = settings(config, state)
    now = SystemClock().now()
    most = loaded.edits.max_stories_per_week

    async def work() -> tuple[_Asked, Impact]:
        async with look_into(loaded) as stores:
            asked = _ask(loaded, await stores.edits.in_force(), watchlist, against)
            with progress("comparing") as live:
                found = await measure(
                    stores.archive,
                    asked.compared,
                    since=now - length,
                    until=now,
                    backfill=loaded.polling.backfill,
                    everything=most is not None and asked.whole and length == MONTH,
                    on_batch=lambda articles: live.show(f"{articles:,} articles"),
                )
            return asked, found

    asked, found = run(work)
    refused = judged(found, most) if most is not None else None
    bound = _bound(found, most, refused)
    if html is not None:
        _write(html, found, asked, bound, now)
    if as_json:
        json_line(as_plain(found, against=asked.against, notes=asked.notes, refused=refused is not None))
        return
    for line in _head(found, asked, bound):
        typer.echo(line)
    show(found)
    if html is not None:
        typer.echo(f"\nThe page is in {html}")


# -- what is compared ------------------------------------------------------------------------------


def _ask(
    loaded: Settings, kept: Sequence[KeptWatchlist], watchlist: str | None, against: str | None
) -> _Asked:
    from tidings.impact import UnknownWatchlist, named
    from tidings.revisions import NoRevision
    from tidings.settings import ConfigError

    try:
        scope = frozenset[str]() if watchlist is None else frozenset((named(loaded, kept, watchlist),))
        if against is None:
            return _against_those_in_force(loaded, kept, scope)
        if os.path.isfile(against):  # also says no to a name that no file can have
            return _against_file(loaded, Path(against), scope)
        return _against_revision(loaded, against, scope)
    except (ConfigError, NoRevision, UnknownWatchlist) as fault:
        fail(str(fault), USAGE)


def _against_those_in_force(loaded: Settings, kept: Sequence[KeptWatchlist], scope: frozenset[str]) -> _Asked:
    from crawler.wording import moment
    from tidings.impact import against_those_in_force

    compared = against_those_in_force(loaded, kept, scope)
    there = {one.watchlist_id for one in kept}
    missing = sorted(scope - there)
    notes = []
    if not kept:
        notes.append(
            "Nothing is in force yet: neither `tidings run` nor `tidings once` has worked on this state folder. "
            "So all is compared with nothing; --against compares with a file or a git revision."
        )
    elif missing:
        notes.append(f"The watchlist {missing[0]} is not in force yet: all of it is new.")
    since = max((one.since for one in kept if not scope or one.watchlist_id in scope), default=None)
    against = "nothing" if since is None else f"what is in force since {moment(since)}"
    return _Asked(
        compared=compared,
        against=f"{_whose(loaded, scope)} against {against}",
        notes=tuple(notes),
        whole=bool(kept) and not scope,
    )


def _against_file(loaded: Settings, path: Path, scope: frozenset[str]) -> _Asked:
    from tidings.impact import against_file

    try:
        data = path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read ({error.strerror})", USAGE)
    compared = against_file(loaded, str(path), data, scope)
    return _Asked(compared=compared, against=f"{_whose(loaded, compared.scope)} against {path}")


def _against_revision(loaded: Settings, revision: str, scope: frozenset[str]) -> _Asked:
    from tidings.impact import against_texts
    from tidings.revisions import watchlists_at

    folder = loaded.config_dir / "watchlists"
    texts = watchlists_at(revision, folder)
    asked = [one for one in loaded.watchlists if not scope or one.id in scope]
    if scope:
        own = {Path(one.path).name for one in asked}
        texts = {name: data for name, data in texts.items() if name in own}
    notes = [
        f"{one.path} is not in {revision}: all of it is new."
        for one in asked
        if Path(one.path).name not in texts
    ]
    return _Asked(
        compared=against_texts(loaded, {f"{revision}:{name}": data for name, data in texts.items()}, scope),
        against=f"{_whose(loaded, scope)} against revision {revision}",
        notes=tuple(notes),
    )


def _whose(loaded: Settings, scope: frozenset[str]) -> str:
    paths = [one.path for one in loaded.watchlists if one.id in scope]
    return paths[0] if paths else f"{loaded.config_dir / 'watchlists'}"


# -- what is shown ---------------------------------------------------------------------------------


def _bound(found: Impact, most: int | None, refused: TooMuch | None) -> str:
    """What the daemon would say of it; "" where no bound is set, or something else was measured than it measures."""
    from alerts.impact_words import rate, rates

    if most is None or found.stories_a_week is None:
        return ""
    line = f"All rules together: {rates(found.stories_a_week)} stories a week; edits.max_stories_per_week is {most:,}"
    if refused is None:
        return f"{line}."
    by = refused.initiative
    most_by = f", most of it by {by.id} ({rate(by.stories_a_week.after)})" if by and by.stories_a_week else ""
    return f"{line}: `tidings run` refuses this edit{most_by}."


def _head(found: Impact, asked: _Asked, bound: str) -> list[str]:
    from alerts.impact_words import headline, window

    lines = [asked.against, *asked.notes]
    if found.changed or found.digests or bound:
        lines.append(window(found))
    return [*lines, *([bound] if bound else []), headline(found)]


def show(found: Impact) -> None:
    """The figures and findings as tables and lines."""
    from alerts import impact_words as words
    from alerts.difference import Change

    if found.changed:
        typer.echo()
        columns = ("INITIATIVE", "CHANGE", "ARTICLES", "", "", "STORIES", "", "", "STORIES A WEEK")
        table(columns, [_row(one) for one in found.changed], empty="")
    if found.digests:
        typer.echo()
        rows = [
            (
                one.id,
                "" if one.change is Change.UNCHANGED else one.change,
                words.rate(one.mails_a_week.before),
                words.rate(one.mails_a_week.after),
            )
            for one in found.digests
        ]
        table(("DIGEST", "CHANGE", "MAILS A WEEK BEFORE", "AFTER"), rows, empty="")
    for one in found.changed:
        for line in _details(one):
            typer.echo(line)
    if found.unchanged:
        typer.echo(f"\n{len(found.unchanged)} unchanged: {', '.join(one.id for one in found.unchanged)}")


def _row(one: InitiativeImpact) -> tuple[str, ...]:
    from alerts import impact_words as words

    def three(value: Numbers | None) -> tuple[str, str, str]:
        if value is None:
            return "–", "", ""
        return words.numbers(value), words.gain(value.gained), words.loss(value.lost)

    a_week = "–" if one.stories_a_week is None else words.rates(one.stories_a_week)
    return (one.id, str(one.change), *three(one.articles), *three(one.stories), a_week)


def _details(one: InitiativeImpact) -> list[str]:
    from alerts import impact_words as words

    lines = [f"  {note}"] if (note := words.note(one)) else []
    if size := words.flow(one.articles, one.stories, "gained"):
        lines += [f"  gained {size}", f"    by {words.gained_by(one)}", *_findings(one.gained)]
    if size := words.flow(one.articles, one.stories, "lost"):
        lines += [f"  lost {size}", f"    matched by {words.lost_terms(one)}"]
        lines += [f"    stops now at {words.lost_by(one)}", *_findings(one.lost)]
    return ["", f"{one.id}: {one.name}", *lines] if lines else []


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for one in findings[:SHOWN]:
        yield from _finding(one)
    if len(findings) > SHOWN:
        yield "    … more in --html and --json"


def _finding(one: Finding) -> Iterator[str]:
    from alerts import impact_words as words
    from alerts.safe import one_line

    sign = "+" if one.stopped_at is None else "−"
    title = one_line(one.title, 200) or "(no title)"
    same = "" if one.whole_story else "; its story matches in both states"
    yield f"    {sign} {title} ({one.source_id}, {one.first_seen_at:%Y-%m-%d}{same})"
    if one.stopped_at is not None:
        yield f"        {one_line(one.stopped_at, 400)}"
    for evidence in words.places(one):
        around = words.snippet(evidence)
        matched = "matched by " if one.stopped_at is not None else ""
        yield f"        {matched}{words.place(evidence)}{around and f': {around}'}"


def _write(path: Path, found: Impact, asked: _Asked, bound: str, now: datetime) -> None:
    from alerts.impact_page import page_data
    from alerts.render import page

    data = page_data(found, against=asked.against, bound=bound, notes=asked.notes, made_at=now)
    try:
        path.write_text(page("impact", data), encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written ({error.strerror})")


# -- JSON ------------------------------------------------------------------------------------------


def as_plain(found: Impact, *, against: str, notes: Sequence[str], refused: bool) -> dict[str, Any]:
    """The shape that `--json` prints."""
    return {
        "against": against,
        "notes": notes,
        "since": found.since,
        "until": found.until,
        "days": round(found.days, 2),
        "articles": found.articles,
        "unjudged": found.unjudged,
        "stories_a_week": _rounded(found.stories_a_week),
        "refused": refused,
        "initiatives": [
            {
                "id": one.id,
                "name": one.name,
                "watchlist": one.watchlist_id,
                "change": one.change,
                "paused": {"before": one.paused[0], "after": one.paused[1]},
                "articles": one.articles,
                "stories": one.stories,
                "stories_a_week": _rounded(one.stories_a_week),
                "gained_by": [{"term": cause.words, "articles": cause.articles} for cause in one.gained_by],
                "lost_by": [{"stopped_at": cause.words, "articles": cause.articles} for cause in one.lost_by],
                "lost_terms": [{"term": cause.words, "articles": cause.articles} for cause in one.lost_terms],
                "gained": [_plain_finding(finding) for finding in one.gained],
                "lost": [_plain_finding(finding) for finding in one.lost],
            }
            for one in found.initiatives
        ],
        "digests": [
            {"id": one.id, "change": one.change, "mails_a_week": _rounded(one.mails_a_week)}
            for one in found.digests
        ],
    }


def _rounded(value: Any) -> dict[str, float] | None:
    return None if value is None else {"before": round(value.before, 2), "after": round(value.after, 2)}


def _plain_finding(one: Finding) -> dict[str, Any]:
    return {
        "id": one.article_id,
        "story": one.story_id,
        "whole_story": one.whole_story,
        "title": one.title,
        "url": one.url,
        "source": one.source_id,
        "published": one.published_at,
        "first_seen": one.first_seen_at,
        "evidence": one.evidence,
        "stopped_at": one.stopped_at,
    }
