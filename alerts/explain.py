"""Why an article does not meet an initiative: the step at which it stopped, and the nearest miss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.judge import Judgement
from alerts.lexicon import Leaf
from alerts.phrase import Phrase
from alerts.reading import Hit, Reading
from alerts.records import Field, Miss
from alerts.rules import Branch, Close, Either, Every, Item, Rule, branch_leaves


@dataclass(frozen=True, slots=True)
class _Nearest:
    """How far one item came; the higher, the nearer to a match."""

    rank: int
    words: str


_ABSENT, _LETTERS, _PARTS, _DATE, _EXCEPTED, _FAR, _WEAK = range(7)


def explain(rule: Rule, reading: Reading) -> Miss:
    """The step at which the article stopped; to be asked only where `judge` gave no match."""
    return Miss(initiative_id=rule.initiative.id, stopped_at=_stopped_at(Judgement(rule, reading)))


def _stopped_at(judgement: Judgement) -> str:
    rule, article = judgement.rule, judgement.reading.article
    if not judgement.language_fits():
        said = f"in “{article.language}”"
        if not article.language:
            said = f"by its words in “{judgement.reading.detected_language()}”"
        return f"languages: it is {said}, wanted {_listed(rule.initiative.languages)}"
    if not judgement.source_fits():
        return f"sources: “{article.source_id}” is none of {_listed(rule.initiative.sources)}"
    if not judgement.any_hits() and not judgement.kept_promises() and (rule.any or not rule.all):
        return _nothing_met(judgement)
    if (item := judgement.missing()) is not None:
        return f"all: {_nearest(judgement, item).words}"
    if (found := judgement.forbidden()) is not None:
        item, hit = found
        return f"none: “{item.term.text}” stands in the {hit.field}"
    raise ValueError(f"{article.id} does match {rule.initiative.id}")


def _nothing_met(judgement: Judgement) -> str:
    rule = judgement.rule
    misses = [_nearest(judgement, item) for item in rule.any]
    for promise in rule.promises:
        for item in promise.items:
            if (hits := judgement.meets(item)) is not None:
                word = _where(hits)
                misses.append(
                    _Nearest(_WEAK, f"commitment {promise.commitment.id}: {word}; {_no_context(rule, item)}")
                )
            else:
                misses.append(_nearest(judgement, item))
    if not misses:
        return "any: the initiative has no rule"
    best = max(misses, key=lambda miss: miss.rank)
    if best.rank is _ABSENT and len(misses) > 1:
        return f"any: none of its {len(misses)} terms occurs"
    return f"any: {best.words}"


def _nearest(judgement: Judgement, item: Item) -> _Nearest:
    """What is missing for an item that is not met."""
    if not judgement.day_fits(item):
        return _out_of_date(judgement, item)
    leaves = [leaf for leaf in branch_leaves(item.tree) if leaf.evidence]
    standing = [hit for leaf in leaves for hit in judgement.reading.hits(leaf, judgement.fields)]
    if not standing:
        return _letters(judgement, leaves, item)
    meant = [hit for hit in standing if not judgement.is_excepted(hit, item)]
    if not meant:
        return _Nearest(_EXCEPTED, f"{_where(standing)}, but only in a phrase of `except`")
    return _within(judgement, item, item.tree, meant)


def _within(judgement: Judgement, item: Item, branch: Branch, meant: Sequence[Hit]) -> _Nearest:
    """An item whose words stand there and are meant, and which is not met all the same."""
    match branch:
        case Every():
            numbers = {hit.leaf.number for hit in meant}
            for part in branch.parts:
                absent = [leaf for leaf in branch_leaves(part) if leaf.number not in numbers]
                if absent and len(absent) == len(list(branch_leaves(part))):
                    return _Nearest(_PARTS, f"{_where(meant)}, but {_names(absent)} does not")
        case Close():
            numbers = {hit.leaf.number for hit in meant}
            partners = list(branch_leaves(branch.right))
            lefts = [hit for hit in meant if hit.leaf in set(branch_leaves(branch.left))]
            if not lefts:
                return _Nearest(_PARTS, f"{_where(meant)}, but {_names(branch_leaves(branch.left))} does not")
            if not any(hit.is_weak for hit in lefts) or not _has_partner(judgement, branch):
                return _Nearest(
                    _FAR, f"{_where(lefts)}, but not {_names(partners)} within {branch.distance} words"
                )
        case Either() | Leaf():
            pass
        case _:
            pass
    weak = [hit for hit in meant if hit.is_weak]
    if not weak:
        return _Nearest(_PARTS, f"{_where(meant)}, but the expression “{item.term.text}” is not met")
    return _Nearest(_WEAK, _unsupported(judgement, item, weak[0]))


def _has_partner(judgement: Judgement, branch: Close) -> bool:
    fields = judgement.context_fields()
    return any(judgement.reading.hits(leaf, fields) for leaf in branch_leaves(branch.right))


def _unsupported(judgement: Judgement, item: Item, hit: Hit) -> str:
    text = judgement.reading.text(hit.field)
    written = text.letters(hit.at.first)
    how = "in capitals only" if text.order.in_capitals(hit.at.first) else f"as “{written}” only"
    place = "a headline" if hit.field is Field.TITLE else f"the {hit.field}"
    stood = f"“{hit.leaf.shown}” stood in {place} {how}"
    if judgement.is_contradicted(hit):
        lower = next(key for key in hit.at.weak)
        return f"{stood}; the running text has “{lower}” in small letters only"
    return f"{stood}; {_no_context(judgement.rule, item)}"


def _no_context(rule: Rule, item: Item) -> str:
    if not rule.context:
        return "no context is defined"
    return f"no context within {item.term.within} words ({_names(rule.context)})"


def _out_of_date(judgement: Judgement, item: Item) -> _Nearest:
    term = item.term
    bounds = [
        f"{word} {day}" for word, day in (("from", term.valid_from), ("until", term.valid_until)) if day
    ]
    standing = any(
        judgement.reading.hits(leaf, judgement.fields) for leaf in branch_leaves(item.tree) if leaf.evidence
    )
    words = f"“{term.text}” holds {' '.join(bounds)}; the article is of {judgement.reading.day()}"
    return _Nearest(_DATE if standing else _ABSENT, words)


def _letters(judgement: Judgement, leaves: Iterable[Leaf], item: Item) -> _Nearest:
    """Words that stand there in other letters, or not at all."""
    for leaf in leaves:
        if not isinstance(leaf.finder, Phrase):
            continue
        for field in (leaf.field,) if leaf.field else judgement.fields:
            text = judgement.reading.text(field)
            for at in leaf.finder.find(text, any_letters=True):
                written = " ".join(text.equal[at.start : at.end].split())
                return _Nearest(_LETTERS, f"“{leaf.shown}” stands in the {field} only as “{written}”")
    return _Nearest(_ABSENT, f"“{item.term.text}” does not occur")


def _where(hits: Sequence[Hit]) -> str:
    first = hits[0]
    return f"“{first.leaf.shown}” stands in the {first.field}"


def _names(leaves: Iterable[Leaf]) -> str:
    shown = list(dict.fromkeys(leaf.shown for leaf in leaves))
    return ", ".join(shown[:4]) + (", …" if len(shown) > 4 else "")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"“{value}”" for value in values)
