"""When rules mean the same: what of an initiative is for people, and what decides on articles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from alerts.meaning import prints
from alerts.records import (
    Case,
    Commitment,
    CommitmentState,
    Example,
    Field,
    Initiative,
    Term,
    Watchlist,
)
from tidings.settings import load_watchlist

TAGS = {"times": ("india-press",), "gazette": ("us-government", "official"), "post": ()}
RULE = Initiative(
    id="trust",
    name="TRUST",
    watchlist_id="pacts",
    any=(Term(text="TRUST initiative", near=("India", "Modi")), Term(text="iCET")),
    none=(Term(text="anti-trust"),),
    exceptions=("trust fund",),
    sources=("india-press",),
    commitments=(Commitment(id="roadmap", text="A roadmap", any=(Term(text="roadmap"),)),),
)


def print_of(rule: Initiative, *, context: tuple[str, ...] = ("India",), tags: object = None) -> str:
    watchlist = Watchlist(id="pacts", title="Pacts", context=context, initiatives=(rule,))
    return prints([watchlist], TAGS if tags is None else tags)[rule.id]  # type: ignore[arg-type]  # any mapping


def any_with(**options: object) -> Callable[[Initiative], Initiative]:
    """The same rule with other options of its first term."""
    return lambda rule: replace(rule, any=(replace(rule.any[0], **options), *rule.any[1:]))  # type: ignore[arg-type]  # by name


def commitment(**facts: object) -> Callable[[Initiative], Initiative]:
    return lambda rule: replace(rule, commitments=(replace(rule.commitments[0], **facts),))  # type: ignore[arg-type]  # by name


SAME: dict[str, Callable[[Initiative], Initiative]] = {
    "its name": lambda rule: replace(rule, name="U.S.–India TRUST initiative"),
    "examples": lambda rule: replace(rule, examples=(Example(matches=True, title="TRUST initiative"),)),
    "a pause": lambda rule: replace(rule, paused=True),
    "its place": lambda rule: replace(rule, where="pacts.yaml:9:5"),
    "the place of a term": any_with(where="pacts.yaml:9:5"),
    "the order of terms": lambda rule: replace(rule, any=rule.any[::-1]),
    "a term twice": lambda rule: replace(rule, any=(*rule.any, rule.any[0])),
    "the order of near words": any_with(near=("Modi", "India")),
    "the order of fields": lambda rule: replace(rule, fields=rule.fields[::-1]),
    "the watchlist's context said again": lambda rule: replace(rule, context=("India",)),
    "the text of a commitment": commitment(text="The roadmap"),
    "the day of a commitment": commitment(due=date(2026, 12, 31), state=CommitmentState.MISSED),
    "a commitment without rules": lambda rule: replace(
        rule, commitments=(*rule.commitments, Commitment(id="summit", text="A summit"))
    ),
}
DIFFERENT: dict[str, Callable[[Initiative], Initiative]] = {
    "a term": lambda rule: replace(rule, any=(*rule.any, Term(text="initiative"))),
    "any and all": lambda rule: replace(rule, any=rule.any[:1], all=rule.any[1:]),
    "all and none": lambda rule: replace(rule, none=(), all=rule.none),
    "spelling": any_with(text="Trust initiative"),
    "case": any_with(case=Case.FOLD),
    "near": any_with(near=("India",)),
    "within": any_with(within=10),
    "an exception of a term": any_with(exceptions=("TRUST initiative fund",)),
    "from": any_with(valid_from=date(2025, 2, 13)),
    "until": any_with(valid_until=date(2025, 2, 13)),
    "ordinary": any_with(ordinary=False),
    "plural": any_with(plural=False),
    "literal": any_with(literal=True),
    "except": lambda rule: replace(rule, exceptions=()),
    "fields": lambda rule: replace(rule, fields=(Field.TITLE,)),
    "languages": lambda rule: replace(rule, languages=("hi",)),
    "sources": lambda rule: replace(rule, sources=()),
    "no context": lambda rule: replace(rule, context=()),
    "the rule of a commitment": commitment(any=(Term(text="road map"),)),
    "the id of a commitment": commitment(id="plan"),
}


@pytest.mark.parametrize("change", SAME)
def test_what_is_for_people_changes_nothing(change: str) -> None:
    """No run over the archive follows."""
    assert print_of(SAME[change](RULE)) == print_of(RULE)


@pytest.mark.parametrize("change", DIFFERENT)
def test_what_decides_on_articles_is_another_meaning(change: str) -> None:
    """Each option of each term, the fields, languages and sources, and what commitments look for."""
    assert print_of(DIFFERENT[change](RULE)) != print_of(RULE)


def test_the_context_of_the_watchlist_counts_where_it_is_used() -> None:
    """An initiative with a context of its own does not care."""
    own = replace(RULE, context=("Delhi",))

    assert print_of(RULE, context=("India", "Modi")) != print_of(RULE)
    assert print_of(own, context=("India", "Modi")) == print_of(own)


def test_tags_count_where_they_are_asked_for() -> None:
    """Another source under a wanted tag widens the rule; another tag does not."""
    wider, beside = {**TAGS, "post": ("india-press",)}, {**TAGS, "post": ("sport",)}
    reads = replace(RULE, any=(Term(text="TRUST AND source:sport"),))

    assert print_of(RULE, tags=wider) != print_of(RULE)
    assert print_of(RULE, tags=beside) == print_of(RULE)
    assert print_of(reads, tags=beside) != print_of(reads)


def test_a_file_with_other_comments_and_another_order_of_keys_means_the_same(tmp_path: Path) -> None:
    """As it is read from disk."""
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(
        "watchlist: pacts\ncontext: [India]\n"
        "initiatives:\n  - {id: trust, any: [TRUST initiative, iCET], languages: [en, hi]}\n"
    )
    other.write_text(
        "# pacts of two countries\nwatchlist: pacts\ninitiatives:\n"
        "  - languages: [hi, en]\n    any:\n      - iCET  # until 2025\n      - 'TRUST initiative'\n    id: trust\n"
        "context: India\n"
    )
    first, second = load_watchlist(one), load_watchlist(other)

    assert prints([first], {}) == prints([second], {})
    assert first.version != second.version
    assert (first.text, first.path) == (one.read_text(), str(one))
