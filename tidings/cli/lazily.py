"""A group of commands whose files are imported when they are called, so that help and completion answer at once."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_group


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A command, or a group of them, of the first level."""

    name: str
    file: (
        str  # the module; it has `add_to(app)`, which registers commands, or is a group of them called `app`
    )
    about: str  # one line for the list of commands; the command's own help tells more

    def load(self) -> Any:
        """Import the file and make the command."""
        module = import_module(self.file)
        box = typer.Typer(rich_markup_mode=None)
        box.callback()(lambda: None)  # a box of a single command is a group all the same
        if hasattr(module, "add_to"):
            module.add_to(box)
        else:
            box.add_typer(module.app, name=self.name)
        return get_group(box).commands[self.name]


class LazyGroup(TyperGroup):
    """A group of `verbs`, in their order."""

    verbs: ClassVar[tuple[Verb, ...]] = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands(self.verbs)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands for `--help`, which imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(one.name, one.about) for one in self.verbs])


class _Commands(MutableMapping[str, Any]):
    """Commands by name; each is made when it is asked for."""

    def __init__(self, verbs: tuple[Verb, ...]) -> None:
        self._made: dict[str, Any] = {one.name: one for one in verbs}

    def __getitem__(self, name: str) -> Any:
        found = self._made[name]
        if isinstance(found, Verb):
            found = self._made[name] = found.load()
        return found

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
