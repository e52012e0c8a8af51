"""Options that many commands share, and how a command reports failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.records import Initiative
    from tidings.settings import Settings

T = TypeVar("T")

OK, FAILED, USAGE, PARTIAL = 0, 1, 2, 3  # exit codes of the contract

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", envvar="TIDINGS_CONFIG", help="Configuration folder."),
]
State = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", envvar="TIDINGS_STATE", help="Folder of database, outbox and locks."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log every detail.")]


class Quietly:
    """Ends a command on Ctrl-C or a closed pipe without a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(fault, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(FAILED)


def load(config: Path | None, state: Path | None) -> Settings:
    """The validated configuration.

    Raises:
        ConfigError: every error of it at once.
    """
    from alerts.match import validate
    from tidings.folders import config_folder, state_folder
    from tidings.settings import load as load_settings

    return load_settings(
        config_folder(config, os.environ),
        state_dir=state_folder(state, os.environ),
        environ=os.environ,
        validate_term=validate,
    )


def settings(config: Path | None, state: Path | None) -> Settings:
    """The validated configuration; prints every error of it and exits 2 when there is one."""
    from tidings.settings import ConfigError

    try:
        return load(config, state)
    except ConfigError as fault:
        fail(str(fault), USAGE)


def age(option: str, given: str) -> timedelta:
    """A duration that was typed, such as 90d; one that is none ends the command."""
    from tidings.settings.typed import typed_duration

    try:
        return typed_duration(given)
    except ValueError as fault:
        fail(f"{option}: {fault}", USAGE)


def moment_given(option: str, given: str, now: datetime, *, last: bool, zone: str = "UTC") -> datetime:
    """What an age or a day in `zone` means, see `moment`; what is neither ends the command."""
    from tidings.settings.queries import moment

    try:
        return moment(given, now, last=last, zone=zone)
    except ValueError as fault:
        fail(f"{option}: {fault}", USAGE)


def known_initiative(loaded: Settings, name: str) -> Initiative:
    """The initiative with this id; an unknown one ends the command with the nearest that there are."""
    from tidings.settings.models.faults import suggestion

    found = loaded.initiatives.get(name)
    if found is None:
        known = suggestion(name, loaded.initiatives, what="initiatives")
        fail(f"there is no initiative '{name}'; {known}", USAGE)
    return found


def complain(message: str) -> None:
    """Say what went wrong, on standard error."""
    typer.echo(message, err=True)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong and end the command."""
    complain(message)
    raise typer.Exit(code)


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run an asynchronous command; storage troubles become one clear line."""
    import asyncio

    from tidings.storage.engine import StorageError

    try:
        return asyncio.run(work())
    except StorageError as fault:
        fail(str(fault))
