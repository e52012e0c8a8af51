"""`tidings try stories …`: how articles of a file would fold, without storing anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import FAILED, Json, complain
from tidings.cli.output import json_line, plain, progress
from tidings.reasons import as_folded, reason

if TYPE_CHECKING:
    from crawler.folds import Fold
    from crawler.records import Article
    from tidings.texts import Given, Wrong

STDIN = "-"


@dataclass(frozen=True, slots=True)
class _Folded:
    """An article with what was decided on it."""

    article: Article
    fold: Fold


def stories(
    inputs: Annotated[
        list[str], typer.Argument(metavar="FILE.jsonl|-", help="Articles, one JSON object a line.")
    ],
    as_json: Json = False,
) -> None:
    """Show how these articles (`id, title, text, url, published, source`) would fold into stories.

    They come in the order of their times, and all files are one archive. `source` names the outlet. A line that
    is no article is named; the others are folded without it.
    """
    from crawler.shelf import fold_all
    from tidings.clock import SystemClock
    from tidings.texts import Given, dated

    with progress("folding") as live:
        items: list[Given | Wrong] = []
        for item in _read(inputs):
            items.append(item)
            if len(items) % 1000 == 0:
                live.show(f"{len(items):,} articles read")
        given = [item for item in items if isinstance(item, Given)]
        live.show(f"{len(given):,} articles")
        articles = dated((one.article for one in given), SystemClock().now())
        folds = dict(fold_all(articles))
    if as_json:
        _print_rows(items, folds)
    else:
        _print_stories([_Folded(one, folds[one.id]) for one in articles])
        for item in items:
            if not isinstance(item, Given):
                complain(f"{item.where}: {item.problem}")
    if len(given) < len(items):
        raise typer.Exit(FAILED)


def _read(inputs: Sequence[str]) -> Iterator[Given | Wrong]:
    import sys

    from tidings.texts import Wrong, read_articles

    known: dict[str, str] = {}
    for name in inputs:
        if name == STDIN:
            yield from read_articles(sys.stdin.buffer, name="standard input", known=known)
            continue
        try:
            with Path(name).open("rb") as lines:
                yield from read_articles(lines, name=name, known=known)
        except OSError as fault:
            yield Wrong(name, f"cannot be read: {fault.strerror}")


def _print_rows(items: Sequence[Given | Wrong], folds: dict[str, Fold]) -> None:
    """A line each, in input order."""
    from tidings.texts import Given

    ids = {one.article.id: one.id for one in items if isinstance(one, Given)}
    for item in items:
        if not isinstance(item, Given):
            json_line({"input": item.where, "error": item.problem})
            continue
        fold = folds[item.article.id]
        original = fold.duplicate_of
        json_line(
            {
                "id": item.id,
                "story": fold.story_id,
                "duplicate_of": None if original is None else ids.get(original, original),
                "similarity": fold.similarity,
                "why": as_folded(fold.why, item.article.id, fold.story_id),
                "credit": fold.credit,
            }
        )


def _print_stories(folded: Sequence[_Folded]) -> None:
    """The largest stories first, then what stands alone."""
    members: dict[str, list[_Folded]] = defaultdict(list)
    for one in sorted(folded, key=lambda one: one.article.first_seen_at):
        members[one.fold.story_id].append(one)
    together = {name: some for name, some in members.items() if len(some) > 1}
    for name, some in sorted(together.items(), key=lambda story: -len(story[1])):
        for line in _story(name, some):
            typer.echo(line)
        typer.echo("")
    alone = [some[0] for some in members.values() if len(some) == 1]
    if alone:
        typer.echo(f"{_count(len(alone), 'article')} in no story with others")
    for one in alone:
        typer.echo(f"  {_when(one)}  {one.article.id}  {_title(one)}{_in(one)}")
    reprints = sum(one.fold.duplicate_of is not None for one in folded)
    if alone:
        typer.echo("")
    typer.echo(
        f"{_count(len(folded), 'article')}, {_count(len(members), 'story', 'stories')}, "
        f"{len(together):,} of more than one article; {_count(reprints, 'reprint')}"
    )


def _story(name: str, members: Sequence[_Folded]) -> Iterator[str]:
    from crawler.provenance import Told, elsewhere, trace
    from crawler.ties import moment

    traced = trace(
        [
            Told(
                id=one.article.id,
                outlet=_outlet(one),
                source_id=one.article.source_id,
                url=one.article.url,
                at=moment(one.article),
                credit=one.fold.credit,
                copy_of=one.fold.duplicate_of,
                elsewhere=elsewhere(one.article.url, one.article.canonical_url),
            )
            for one in members
        ]
    )
    outlets = tuple(dict.fromkeys(outlet for outlet in traced.outlets.values() if outlet))
    first = traced.reports[0].original
    yield next(_title(one) for one in members if one.article.id == first)
    yield (
        f"  story {name}: {_count(len(members), 'article')} in {_count(len(outlets), 'outlet')}, "
        f"{_count(len(traced.reports), 'independent report')}"
        + (f"; told first by {traced.told_first}" if traced.told_first else "")
    )
    for one in members:
        credit = f", credited to {one.fold.credit}" if one.fold.credit else ""
        yield f"  {_when(one)}  {one.article.id}  {_title(one)}{_in(one)}{credit}"
        reprint = f"a reprint of {one.fold.duplicate_of}, " if one.fold.duplicate_of else ""
        why = as_folded(one.fold.why, one.article.id, name)
        yield f"  {'':20}  {reprint}{reason(why, one.fold.similarity)}"


def _when(one: _Folded) -> str:
    return f"{plain(one.article.published_at) or 'no time':20}"


def _title(one: _Folded) -> str:
    from alerts.safe import one_line

    return one_line(one.article.title) or "(no title)"


def _outlet(one: _Folded) -> str:
    """As the line calls it, else its host; "" where neither is known."""
    from crawler.attribution import host_of

    return one.article.source_id or host_of(one.article.url)


def _in(one: _Folded) -> str:
    from alerts.safe import one_line

    outlet = one_line(_outlet(one))
    return f"  ({outlet})" if outlet else ""


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
