"""Hits that counted → evidence that can be kept and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alerts.reading import Hit, Reading
from alerts.records import Evidence, Field, Strength
from alerts.rules import Item

_MOST = 5  # places kept of one term in one field


def evidence(met: Iterable[tuple[Item, list[Hit]]], reading: Reading) -> Iterator[Evidence]:
    """At most five places of a term in a field, in the order of the rule, strong ones first chosen."""
    order = {field: number for number, field in enumerate(Field)}
    for item, hits in met:
        kept: list[Hit] = []
        for field in dict.fromkeys(hit.field for hit in hits):
            there = sorted(
                (hit for hit in hits if hit.field is field), key=lambda hit: (hit.is_weak, hit.at.start)
            )
            kept += there[:_MOST]
        for hit in sorted(kept, key=lambda hit: (order[hit.field], hit.at.start)):
            text = reading.text(hit.field)
            start, end = text.span(hit.at.start, hit.at.end)
            yield Evidence(
                term=item.term.text,
                field=hit.field,
                start=start,
                end=end,
                snippet=text.snippet(start, end),
                strength=Strength.WEAK if hit.is_weak else Strength.STRONG,
            )
