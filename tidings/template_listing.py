"""Which templates are in use, whose they are, and what has become of copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alerts.pages import BUNDLED
from alerts.sandbox import Environment
from alerts.sandbox.names import taken_in
from alerts.template_files import ALERT, HTML, SHIPPED, TEXT, copy_of, own_files
from tidings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """One template."""

    name: str  # as messages and other templates name it
    file: str | None  # the user's; None: the bundled one is in use
    used_by: tuple[str, ...]  # digests by their ids, "alerts", other templates by their names
    copy_of: str | None = None  # the bundled template that it was copied from
    edited: bool = False  # it says something else than what it was copied from
    older: bool = False  # the bundled one has changed since


def listed(loaded: Settings) -> tuple[TemplateFile, ...]:
    """All templates of an installation, by name."""
    folder = loaded.config_dir / "templates"
    own = own_files(folder)
    bundled = {file for files in SHIPPED.values() for file in files}
    environment = Environment([folder, BUNDLED])
    uses = {name: taken_in(environment, name) for name in {*own, *bundled}}
    found = []
    for name in sorted(uses):
        users = (*_messages(loaded, name), *sorted(one for one, parts in uses.items() if name in parts))
        if name in own:
            found.append(_own(folder / name, name, users))
        else:
            found.append(TemplateFile(name=name, file=None, used_by=users))
    return tuple(found)


def _own(path: Path, name: str, users: tuple[str, ...]) -> TemplateFile:
    made = copy_of(path)
    return TemplateFile(
        name=name, file=str(path), used_by=users, copy_of=made.of, edited=made.edited, older=made.older
    )


def _messages(loaded: Settings, name: str) -> Iterator[str]:
    """What is made of a template."""
    for ending in (HTML, TEXT):
        if name.endswith(ending):
            base = name.removesuffix(ending)
            yield from (one.id for one in loaded.digests if one.template == base)
            if base == ALERT and loaded.alerts:
                yield "alerts"
