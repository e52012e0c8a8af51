"""Shares of all articles, by their ids: what one of several workers settles beside the others. Pure."""

from __future__ import annotations

from typing import TypeAlias

Share: TypeAlias = tuple[int, int]  # (k, n): the k-th of n shares, counted from 0

_IDS = 1 << 64  # articles' ids are 16 hex digits of a hash, so stretches of equal length hold equally many


def stretch(share: Share) -> tuple[str, str | None]:
    """The first id that a share may hold, and the first after it; None: there is no end.

    Ids are compared by their characters' numbers. Each id is in one of the n shares, whatever it is made of.

    Raises:
        ValueError: there is no such share.
    """
    place, number = share
    if not 0 <= place < number:
        raise ValueError(f"there is no share {place} of {number}")
    first = "" if place == 0 else _id(place, number)
    return first, None if place + 1 == number else _id(place + 1, number)


def holds(share: Share | None, article_id: str) -> bool:
    """Whether an article is of this share; None: everything is."""
    if share is None:
        return True
    first, end = stretch(share)
    return first <= article_id and (end is None or article_id < end)


def _id(place: int, number: int) -> str:
    return f"{place * _IDS // number:016x}"
