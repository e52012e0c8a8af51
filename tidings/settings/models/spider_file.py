"""A user's spider in a file beside the configuration: looked at without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tidings.settings.models.faults import fault, suggestion
from tidings.settings.models.values import shown

_LARGEST = 1 << 20  # bytes


def check(config_dir: Path, path: str, name: str | None) -> None:
    """Whether the file can be read as Python and has the class.

    Args:
        path: as written, from the configuration folder on.
        name: of the class; None: the one in the file.
    Raises:
        PydanticCustomError: not so; says what to do.
    """
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise fault(
            f"the spider {shown(path)} does not lie beside the configuration",
            f"put it into the folder of this file, and write such as spiders/{parts.name}",
        )
    try:
        with (config_dir / path).open("rb") as stream:
            text = stream.read(_LARGEST)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise fault(
            f"the spider's file {shown(path)} cannot be read ({reason})",
            f"it is looked for at {config_dir / path}",
        ) from None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else "it cannot be parsed"
        raise fault(f"the spider's file {path}{line} is no Python: {what}", "correct the file") from None
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    if name is None and not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
        raise fault(
            f"the spider's file {path} holds no class",
            "derive one from crawler.spiders.base.TidingsSpider; docs/spiders.md shows how",
        )
    if name is not None and name not in set(_bound(tree)) and "*" not in set(_bound(tree)):
        raise fault(
            f"the spider's file {path} has no class {shown(name)}", suggestion(name, classes, what="classes")
        )


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that the file may give to a class; "*" for all of another module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
