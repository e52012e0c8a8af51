"""Which of its terms an article meets an initiative by, whatever becomes of it in the end."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.judge import Judgement
from alerts.reading import Reading
from alerts.records import Initiative, Term
from alerts.rules import Rule


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Which terms of an initiative an article meets, whether or not it matches in the end."""

    initiative: Initiative
    met: tuple[Term, ...]  # of `any` and of commitments
    forbidden: Term | None  # of `none`
    matches: bool


def dissect(rule: Rule, reading: Reading) -> Anatomy | None:
    """What of a rule one article meets; None where the article is none of its languages or sources, or meets nothing."""
    judgement = Judgement(rule, reading)
    if not judgement.language_fits() or not judgement.source_fits():
        return None
    items = [item for item, _ in judgement.any_hits()]
    items += [item for _, item, _ in judgement.kept_promises()]
    if not items and (rule.any or not rule.all):
        return None
    complete = judgement.missing() is None
    forbidden = judgement.forbidden()
    return Anatomy(
        initiative=rule.initiative,
        met=tuple(item.term for item in items),
        forbidden=forbidden[0].term if forbidden is not None and complete else None,
        matches=complete and forbidden is None,
    )
