"""Hits that counted → evidence that can be kept and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from alerts.expression import is_expression
from alerts.reading import Hit, Reading
from alerts.records import Evidence, Field, Strength
from alerts.rules import Item
from alerts.snippet import snippet

_MOST = 5  # places kept of one term in one field
_LONGEST = 200  # letters of the words that are kept
_ORDER = {field: number for number, field in enumerate(Field)}


def evidence(met: Iterable[tuple[Item, list[Hit]]], reading: Reading) -> Iterator[Evidence]:
    """At most five places of a term in a field, in the order of the rule, strong ones first chosen."""
    for item, hits in met:
        for hit in hits if len(hits) == 1 else _chosen(hits):
            text = reading.text(hit.field)
            start, end = text.span(hit.at.start, hit.at.end)
            yield Evidence(
                term=item.term.text,
                field=hit.field,
                start=start,
                end=end,
                snippet=snippet(text.original, start, end),
                strength=Strength.WEAK if hit.is_weak else Strength.STRONG,
                words=" ".join(text.original[start:end].split())[:_LONGEST],
            )


def shown(one: Evidence) -> str:
    """What a person is told to have matched: a term as it was written, of an expression the words that met it."""
    return one.words if one.words and is_expression(one.term) else one.term


def best(found: Sequence[Evidence]) -> Evidence | None:
    """What says most: strong before weak, running text before the headline, then the first; None for none."""
    return min(
        found, key=lambda one: (one.strength is not Strength.STRONG, one.field is Field.TITLE), default=None
    )


def best_snippet(found: Sequence[Evidence]) -> str:
    """The words around what says most; "" for no evidence."""
    one = best(found)
    return "" if one is None else one.snippet


def _chosen(hits: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for field in dict.fromkeys(hit.field for hit in hits):
        there = sorted(
            (hit for hit in hits if hit.field is field), key=lambda hit: (hit.is_weak, hit.at.start)
        )
        once: dict[tuple[int, int], Hit] = {}  # two words of a term may stand there
        for hit in there:
            once.setdefault((hit.at.start, hit.at.end), hit)
        kept += list(once.values())[:_MOST]
    return sorted(kept, key=lambda hit: (_ORDER[hit.field], hit.at.start))
