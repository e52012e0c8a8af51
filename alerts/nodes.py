"""What an expression means: a tree of words, patterns and operators, and walks over it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace

from alerts.records import Field

# Two trees are equal when they say the same; where they were typed does not count.


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A word, or words in order."""

    text: str
    quoted: bool = False  # signs are signs; else `*` and `?` are patterns
    exact: bool = False  # exactly these letters
    slop: int = 0  # further words allowed in it
    field: Field | None = None  # None: the fields of the initiative
    offset: int = dataclasses.field(default=0, compare=False)  # of its first letter in the item


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """A pattern in RE2 syntax, without its slashes."""

    pattern: str
    field: Field | None = None
    offset: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: tuple[Node, ...]
    offset: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: tuple[Node, ...]
    offset: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: Node
    offset: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """`left` and `right` with at most `distance` words between; `ordered`: in this order, in one field."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False
    offset: int = dataclasses.field(default=0, compare=False)


Leaf = Words | Regex
Node = Words | Regex | And | Or | Not | Near


def leaves(node: Node, *, positive: bool = False) -> Iterator[Leaf]:
    """All words and patterns of a tree; `positive`: only those outside NOT."""
    match node:
        case Words() | Regex():
            yield node
        case And() | Or():
            for part in node.parts:
                yield from leaves(part, positive=positive)
        case Not():
            if not positive:
                yield from leaves(node.part)
        case Near():
            yield from leaves(node.left, positive=positive)
            yield from leaves(node.right, positive=positive)


def in_field(node: Node, field: Field) -> Node:
    """A tree whose words and patterns stand in `field` where they name none."""
    match node:
        case Words() | Regex():
            return node if node.field else replace(node, field=field)
        case And() | Or():
            return replace(node, parts=tuple(in_field(part, field) for part in node.parts))
        case Not():
            return replace(node, part=in_field(node.part, field))
        case Near():
            return replace(node, left=in_field(node.left, field), right=in_field(node.right, field))


def is_group(node: Node) -> bool:
    """Whether a tree is a word, a phrase, a pattern, or an OR-group of them."""
    return isinstance(node, Words | Regex) or (isinstance(node, Or) and all(map(is_group, node.parts)))
