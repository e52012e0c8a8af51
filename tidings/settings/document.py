"""A YAML file as read: texts, lists and mappings that know where they stand, before any typing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tidings.settings.problems import Problem
from tidings.settings.quoting import offset_in_source

Path: TypeAlias = Sequence[str | int]
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"

NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Text(str):
    """The text of a scalar. `run_on` tells that several unquoted lines became one text."""

    run_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One text, exactly as it stands there: `007` is `007`, `NO` is `NO`."""

    value: str
    source: str  # as written, with quotes and escapes
    style: str  # "" unquoted, else one of ' " | >
    start: int  # offset in the file

    @property
    def is_null(self) -> bool:
        """Nothing stands here, or an unquoted `null` or `~`."""
        return self.style == "" and self.value in NULLS

    def offset(self, index: int) -> int:
        """Where in the file the character `index` of the value stands."""
        return self.start + offset_in_source(self.source, self.style, index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys and their values, in the order of the file; keys are unique."""

    entries: tuple[tuple[Scalar, Node], ...]
    start: int

    def entry(self, key: str) -> tuple[Scalar, Node] | None:
        """Key and value by the key's text."""
        return next((pair for pair in self.entries if pair[0].value == key), None)


Node: TypeAlias = Scalar | Items | Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file, with the errors that did not keep it from being read."""

    file: str
    text: str
    root: Node
    problems: tuple[Problem, ...] = ()
    _line_starts: list[int] = field(default_factory=list, repr=False)

    def plain(self) -> Plain:
        """The file as texts, lists and dictionaries; a null is None."""
        return _plain(self.root)

    def node(self, path: Path) -> Node:
        """The node at `path`, or the deepest one on the way to it.

        Steps that the file does not have are passed over: `any: x` is read as a list of one, so its
        path has an index where the file has none.
        """
        return self._walk(path)[1]

    def problem(
        self, path: Path, problem: str, remedy: str, *, at_key: bool = False, index: int = 0
    ) -> Problem:
        """An error at `path`; `at_key`: at the key rather than its value; `index`: inside its text."""
        key, node = self._walk(path)
        absent = isinstance(node, Scalar) and node.is_null  # it begins somewhere in the lines below
        if key is not None and (at_key or absent):
            offset = key.start
        elif isinstance(node, Scalar):
            offset = node.offset(index) if index else node.start
        else:
            offset = node.start
        line, column = position(self._line_starts, offset)
        return Problem(file=self.file, line=line, column=column, problem=problem, remedy=remedy)

    def where(self, path: Path) -> str:
        """`FILE:LINE:COLUMN` of the first letter at `path`."""
        node = self.node(path)
        offset = node.offset(0) if isinstance(node, Scalar) else node.start
        line, column = position(self._line_starts, offset)
        return f"{self.file}:{line}:{column}"

    def _walk(self, path: Path) -> tuple[Scalar | None, Node]:
        key: Scalar | None = None
        node = self.root
        for step in path:
            if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
                key, node = None, node.items[step]
            elif isinstance(node, Mapping) and isinstance(step, str):
                found = node.entry(step)
                if found is not None:
                    key, node = found
        return key, node


def line_starts(text: str) -> list[int]:
    """Offset of each line's first character; lines end with a line feed."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts


def position(starts: Sequence[int], offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


def _plain(node: Node) -> Plain:
    match node:
        case Scalar():
            if node.is_null:
                return None
            text = Text(node.value)
            text.run_on = node.style == "" and "\n" in node.source
            return text
        case Items():
            return [_plain(item) for item in node.items]
        case Mapping():
            return {key.value: _plain(value) for key, value in node.entries}
