"""`tidings init`: the commented starter configuration that is shipped with the program."""

from __future__ import annotations

from pathlib import Path

import tidings

PARTS = ("tidings.yaml", "sources.yaml", "digests.yaml", "sources", "watchlists", "schema", "templates")


class StarterError(Exception):
    """The starter configuration cannot be written; the message says why and what to do."""


def shipped_config() -> Path:
    """Where the starter configuration lies: in the installed package, or in the checkout.

    Raises:
        StarterError: in neither.
    """
    package = Path(tidings.__file__).parent
    for place in (package / "shipped", package.parent / "config"):
        if (place / "tidings.yaml").is_file():
            return place
    raise StarterError("the starter configuration is missing from this installation; install tidings again")


def write_starter(folder: Path, shipped: Path) -> tuple[Path, ...]:
    """Copy the shipped configuration into `folder`, made if need be. Nothing is overwritten.

    Returns the files that were written, in order.

    Raises:
        StarterError: one of the files is there already (then nothing is written), or the folder
            cannot be written.
    """
    copies = [(one, folder / one.relative_to(shipped)) for one in _files(shipped)]
    there = [target for _, target in copies if target.exists()]
    if there:
        raise StarterError(f"{there[0]} is there already, and nothing is overwritten; name another folder")
    try:
        for source, target in copies:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as stream:
                stream.write(source.read_bytes())
    except OSError as error:
        raise StarterError(f"{folder} cannot be written ({error.strerror}); name another folder") from error
    return tuple(target for _, target in copies)


def _files(shipped: Path) -> list[Path]:
    found: list[Path] = []
    for part in PARTS:
        path = shipped / part
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
        elif path.is_file():
            found.append(path)
    return found
