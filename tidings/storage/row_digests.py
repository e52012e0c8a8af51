"""What the rows of a table come to: their number, and a digest that does not ask for their order. Constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Table

from tidings.storage.types import Words, storable

_BITS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """All rows of one table."""

    rows: int
    digest: int  # the sum of the hashes of its rows, 0 <= digest < 2**128


def sum_of(table: Table, rows: Iterable[Sequence[Any]]) -> Sum:
    """Add up rows as SQLAlchemy's types read them, each with all columns of `table` in their order.

    A row counts by the `repr` of its values, which are of the same Python types whatever database they come from.
    Text counts as databases can hold it, see `storable`.
    """
    words = [place for place, column in enumerate(table.columns) if isinstance(column.type, Words)]
    number = total = 0
    for row in rows:
        values = list(row)
        for place in words:
            text = values[place]
            if text is not None:
                values[place] = storable(text)
        form = repr(values).encode("utf-8", "surrogatepass")
        total += int.from_bytes(blake2b(form, digest_size=_BITS // 8).digest(), "big")
        number += 1
    return Sum(rows=number, digest=total % (1 << _BITS))
