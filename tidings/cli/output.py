"""How commands print: JSON lines for programs, aligned columns for people, progress on a terminal only."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Protocol

import typer

from tidings.stamps import stamp


def plain(value: object) -> Any:
    """`value` as JSON holds it: records as objects, UTC times with `Z`, durations in seconds."""
    match value:
        case datetime():
            return stamp(value)
        case Enum():
            return value.value
        case None | str() | bool() | int() | float():
            return value
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    return str(value)


def json_line(value: object) -> None:
    """One JSON value a line."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Aligned columns, cut to the terminal's width; whole lines on a pipe."""
    if not rows:
        typer.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 4000, highlight=False)
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        drawn.add_column(name, overflow="fold" if not sys.stdout.isatty() else "ellipsis", no_wrap=True)
    for row in rows:
        drawn.add_row(*(_cell(item) for item in row))
    with console.capture() as captured:
        console.print(drawn)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def _cell(item: object) -> str:
    from rich.markup import escape

    if item is None:
        return "–"
    if isinstance(item, datetime):
        return item.astimezone().strftime("%Y-%m-%d %H:%M")
    return escape(str(plain(item)))


class Progress(Protocol):
    """Shows how far long work has come."""

    def show(self, text: str) -> None: ...


class _Silent:
    def show(self, text: str) -> None:
        return None


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A live line on a terminal, nothing on a pipe."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status(title) as status:

        class Live:
            def show(self, text: str) -> None:
                status.update(f"{title} {escape(text)}")

        yield Live()
