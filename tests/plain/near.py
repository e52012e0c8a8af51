"""Rule 5: what stands near what, every pair looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.records import Field
from tests.plain.terms import Occurrence

OPENING = 60  # words of summary and text that are near the title


@dataclass(frozen=True, slots=True)
class Group:
    """A hit, or hits that stand near each other: where they stand as a whole."""

    field: Field
    first: int
    last: int
    hits: tuple[Occurrence, ...]


def alone(hit: Occurrence) -> Group:
    """A hit by itself."""
    return Group(hit.field, hit.first, hit.last, (hit,))


def pairs(lefts: Sequence[Group], rights: Sequence[Group], distance: int, *, ordered: bool) -> list[Group]:
    """`A NEAR/10 B`, `A BEFORE/5 B`: "at most so many words between, either order / this order"."""
    return [
        together(left, right)
        for left in lefts
        for right in rights
        if (is_before(left, right, distance) if ordered else is_near(left, right, distance))
    ]


def together(left: Group, right: Group) -> Group:
    """A pair; over two fields it stands where its left side does (the contract is silent; as the product)."""
    hits = (*left.hits, *right.hits)
    if left.field is not right.field:
        return Group(left.field, left.first, left.last, hits)
    return Group(left.field, min(left.first, right.first), max(left.last, right.last), hits)


def is_near(hit: Group, other: Group, distance: int) -> bool:
    """Rule 5: "Near crosses sentences and paragraphs, not fields, with one exception: title and body belong
    together, so a context word in the title is near every hit, and to a hit in the title the first 60 words of
    summary and text are near." The left side of NEAR is the hit, the right one its context.
    """
    if hit.field is other.field:
        return (hit.first, hit.last) != (other.first, other.last) and words_between(hit, other) <= distance
    if other.field is Field.TITLE:
        return True
    return hit.field is Field.TITLE and other.field in (Field.SUMMARY, Field.TEXT) and other.first < OPENING


def is_before(left: Group, right: Group, distance: int) -> bool:
    """In this order, in one field, with at most so many words between."""
    return left.field is right.field and left.last < right.first and words_between(left, right) <= distance


def words_between(one: Group, other: Group) -> int:
    """0 where they touch or overlap."""
    return max(0, other.first - one.last - 1, one.first - other.last - 1)
