"""What must stand in an article for a rule to be met, as an index of words can be asked for it; never too narrow. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alerts.lexicon import Leaf
from alerts.patterns import Pattern
from alerts.phrase import Word
from alerts.records import Field
from alerts.rules import Branch, Close, Either, Every, Item, Rule, Without
from alerts.text import Text

INDEXED = (Field.TITLE, Field.SUMMARY, Field.TEXT)  # of an article; an index knows the title from the body
SHORTEST_HEAD = 2  # letters; the words that begin with a shorter one are too many to be looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """Words, each in one of its forms, in the title or in the body.

    Attributes:
        words: the forms of each, folded; one that ends in `*` stands for all that begin so.
        in_row: they stand in a row, in whatever order; a possessive may be between two of them.
        title: only in the title.
        body: only in the body.
    """

    words: tuple[tuple[str, ...], ...]
    in_row: bool = False
    title: bool = False
    body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    parts: tuple[Need, ...]


Need = Stands | AllOf | OneOf


def needed(rule: Rule) -> Need | None:
    """What an article needs to meet a rule; None: it may be any article."""
    fields = rule.initiative.fields
    decisive = [_of_item(item, fields) for item in rule.decisive()]
    found = one_of(decisive) if rule.any or not rule.all else _all_of(decisive)
    return _all_of([found, *(_of_item(item, fields) for item in rule.all)]) if rule.any else found


def indexed(original: str) -> str:
    """A field as an index of words is to have it: folded, and words parted by blanks or signs.

    An index may part words further, at the full stop of `example.org` say, where it does the same with what it is asked.
    """
    text = Text(original)
    if text.equal.isascii():
        return text.folded
    return " ".join(map(text.key, text.order.places))


def one_of(parts: Sequence[Need | None]) -> Need | None:
    """One of these at least; None where one of them asks for nothing."""
    known = tuple(dict.fromkeys(part for part in parts if part is not None))
    if len(known) < len(set(parts)) or not known:
        return None
    return OneOf(parts=known) if len(known) > 1 else known[0]


def _of_item(item: Item, fields: Collection[Field]) -> Need | None:
    return _of(item.tree, fields)


def _of(branch: Branch, fields: Collection[Field]) -> Need | None:
    match branch:
        case Leaf():
            return _of_leaf(branch, fields)
        case Every():
            return _all_of([_of(part, fields) for part in branch.parts])
        case Either():
            return one_of([_of(part, fields) for part in branch.parts])
        case Close():
            return _all_of([_of(branch.left, fields), _of(branch.right, fields)])
        case Without():
            return None


def _of_leaf(leaf: Leaf, fields: Collection[Field]) -> Need | None:
    asked = {leaf.field} if leaf.field is not None else set(fields)
    if isinstance(leaf.finder, Pattern) or not asked <= set(INDEXED):
        return None
    words = [_forms(word) for word in leaf.finder.words]
    if any(forms is None for forms in words):
        return None
    return Stands(
        words=tuple(forms for forms in words if forms is not None),
        in_row=not leaf.finder.slop and len(words) > 1,
        title=asked == {Field.TITLE},
        body=Field.TITLE not in asked,
    )


def _forms(word: Word) -> tuple[str, ...] | None:
    """How a word may be written; None where it begins with too little to be looked for."""
    if word.pattern is None:
        return tuple(sorted(word.keys))
    (head,) = word.keys
    return (f"{head}*",) if len(head) >= SHORTEST_HEAD else None


def _all_of(parts: Sequence[Need | None]) -> Need | None:
    known = tuple(dict.fromkeys(part for part in parts if part is not None))
    return AllOf(parts=known) if len(known) > 1 else known[0] if known else None
