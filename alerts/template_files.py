"""The files of templates: what is bundled, what is the user's, and from what a copy was made. Reads and writes files."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from alerts.pages import BUNDLED

HTML, TEXT = ".html.j2", ".txt.j2"
ALERT = "alert"  # the name of the templates of alerts; all others are of digests
SHIPPED = {  # what can be copied, and its files
    "digest": ("digest.html.j2", "digest.txt.j2"),
    ALERT: ("alert.html.j2", "alert.txt.j2"),
    "entries": ("entries.html.j2",),
    "frame": ("frame.html.j2",),
    "style": ("style.css.j2",),
}
PAIRS = ("digest", ALERT)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MARK = re.compile(r"\{#- Copied from (?P<of>[\w.-]+), print (?P<print>[0-9a-f]{12})\b.*?-#\}\n", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What is known of a user's template."""

    of: str | None = None  # the bundled file that it was copied from; None: it does not say
    edited: bool = False  # it says something else than what it was copied from
    older: bool = False  # the bundled file has changed since


class TemplateThere(Exception):
    """A file stands where a copy was to be written; nothing was."""


def own_files(folder: Path) -> tuple[str, ...]:
    """Names of the templates in a folder, as other templates take them in; none where there is no folder."""
    found = (path for path in folder.rglob("*.j2") if path.is_file() and not path.name.startswith("."))
    return tuple(sorted(path.relative_to(folder).as_posix() for path in found))


def for_digests(files: Collection[str]) -> tuple[str, ...]:
    """Names of templates that a digest may name: the bundled one, and those of which the user has a part."""
    own = (name.removesuffix(ending) for name in files for ending in (HTML, TEXT) if name.endswith(ending))
    return tuple(
        sorted({"digest", *(one for one in own if NAME.fullmatch(one))} - {ALERT, "entries", "frame"})
    )


def copy(name: str, folder: Path, *, named: str | None = None, force: bool = False) -> tuple[Path, ...]:
    """Write copies of what is bundled under `name` into `folder`, each with a mark of what it was copied from.

    Args:
        named: what the copies are called; None: as the bundled ones, in whose place they are used.
        force: overwrite what is there.

    Raises:
        TemplateThere: one of the files is there, and `force` is not given.
        OSError: the folder cannot be written.
    """
    copies = {
        folder / (file if named is None else named + file.removeprefix(name)): file for file in SHIPPED[name]
    }
    there = [path for path in copies if path.exists() or path.is_symlink()]
    if there and not force:
        raise TemplateThere(str(there[0]))
    folder.mkdir(parents=True, exist_ok=True)
    for path, file in copies.items():
        text = _bundled(file)
        mark = (
            f"{{#- Copied from {file}, print {_print(text)}. Leave this comment: by it "
            "`tidings templates list` knows whether the bundled one has changed since. -#}\n"
        )
        path.unlink(missing_ok=True)
        path.write_text(mark + text, encoding="utf-8")
    return tuple(copies)


def copy_of(path: Path) -> Copy:
    """From what the template at `path` was copied, and what has become of both."""
    text = path.read_text(encoding="utf-8", errors="replace")
    mark = _MARK.search(text[:1000])
    if mark is None:
        return Copy()
    bundled = mark["of"]
    known = bundled in {file for files in SHIPPED.values() for file in files}
    return Copy(
        of=bundled,
        edited=_print(text[: mark.start()] + text[mark.end() :]) != mark["print"],
        older=not known or _print(_bundled(bundled)) != mark["print"],
    )


def _bundled(file: str) -> str:
    return (BUNDLED / file).read_text(encoding="utf-8")


def _print(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
