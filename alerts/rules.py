"""Watchlists made ready for matching: terms → leaves of one lexicon, items and rules over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.errors import RuleError
from alerts.expression import And, Near, Node, Not, Or, Regex, Words, in_field, is_group, parse_item
from alerts.lexer import MOST_WORDS_BETWEEN
from alerts.lexicon import Leaf, Lexicon, is_single
from alerts.records import Case, Commitment, Field, Initiative, Term, Watchlist


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    parts: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    parts: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    part: Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """`right` near `left`; the title counts as near where `ordered` is not set (rule 5)."""

    left: Branch
    right: Branch
    distance: int
    ordered: bool


Branch = Leaf | Every | Either | Without | Close


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A term, ready."""

    term: Term
    tree: Branch
    exceptions: tuple[Leaf, ...] = ()
    needs: tuple[
        frozenset[int], ...
    ] = ()  # numbers of leaves, of each set one at least; the rarest set first

    @property
    def is_word(self) -> bool:
        """Whether the item is one word and nothing else."""
        return isinstance(self.tree, Leaf) and is_single(self.tree)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A commitment, ready."""

    commitment: Commitment
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An initiative, ready."""

    initiative: Initiative
    version: str
    any: tuple[Item, ...]
    all: tuple[Item, ...]
    none: tuple[Item, ...]
    promises: tuple[Promise, ...]
    exceptions: tuple[Leaf, ...]
    context: tuple[Leaf, ...]

    def decisive(self) -> Iterator[Item]:
        """Items of which one at least is met by every article that matches."""
        promised = [item for promise in self.promises for item in promise.items]
        yield from (*self.any, *promised) if self.any or not self.all else self.all

    def items(self) -> Iterator[Item]:
        """All items whose hits count for the initiative."""
        yield from self.any
        yield from self.all
        for promise in self.promises:
            yield from promise.items


def compile_rule(initiative: Initiative, watchlist: Watchlist, lexicon: Lexicon) -> Rule:
    """An initiative made ready over `lexicon`.

    Raises:
        RuleError: a term that cannot be read; a note names its place.
    """
    context = watchlist.context_of(initiative)
    only = initiative.fields[0] if len(initiative.fields) == 1 else None  # `in: url` reads as `url:`
    return Rule(
        initiative=initiative,
        version=watchlist.version,
        any=tuple(compile_item(term, lexicon, only=only) for term in initiative.any),
        all=tuple(compile_item(term, lexicon, only=only) for term in initiative.all),
        none=tuple(compile_item(term, lexicon, smart=False, only=only) for term in initiative.none),
        promises=tuple(
            Promise(commitment=it, items=tuple(compile_item(term, lexicon, only=only) for term in it.any))
            for it in initiative.commitments
        ),
        exceptions=_beside(initiative.exceptions, "except", lexicon),
        context=_beside(context, "context", lexicon),
    )


def compile_item(term: Term, lexicon: Lexicon, *, smart: bool = True, only: Field | None = None) -> Item:
    """A term made ready over `lexicon`.

    Args:
        smart: False ignores case where the term does not say otherwise.
        only: the one field that is read, for words that name none.
    Raises:
        RuleError: it cannot be read; `offset` counts in its text, a note names its place.
    """
    try:
        return _compile_item(term, lexicon, smart=smart, only=only)
    except RuleError as error:
        error.add_note(f"{term.where}: {term.text}")
        raise


def _compile_item(term: Term, lexicon: Lexicon, *, smart: bool, only: Field | None) -> Item:
    if not 0 <= term.within <= MOST_WORDS_BETWEEN:
        raise RuleError(f"`within: {term.within}` is out of range", f"give 0 to {MOST_WORDS_BETWEEN} words")
    case = Case.FOLD if term.case is Case.SMART and not smart else term.case
    node = parse_item(term.text, literal=term.literal)
    if only is not None:
        node = in_field(node, only)
    if term.near and not is_group(node):
        raise RuleError(
            "`near` stands beside an expression",
            "write NEAR/n inside the expression, beside the word it is for",
        )
    tree = _branch(node, term, case, lexicon)
    if term.near:
        near = _beside(term.near, "near", lexicon)
        tree = Close(left=tree, right=Either(parts=near), distance=term.within, ordered=False)
    return Item(
        term=term,
        tree=tree,
        exceptions=_beside(term.exceptions, "except", lexicon),
        needs=tuple(frozenset(leaf.number for leaf in need) for need in _needs(tree)),
    )


def _needs(branch: Branch) -> list[tuple[Leaf, ...]]:
    """What must stand in a text for a branch to be true: of each set one leaf; the rarest set first."""
    match branch:
        case Leaf():
            return [(branch,)]
        case Close():
            needs = [*_needs(branch.left), *_needs(branch.right)]
        case Every():
            needs = [need for part in branch.parts for need in _needs(part)]
        case Either():
            parts = [_needs(part) for part in branch.parts]
            needs = [tuple(leaf for part in parts for leaf in part[0])] if all(parts) else []
        case Without():
            return []
    return sorted(needs, key=lambda need: min(leaf.rarity for leaf in need), reverse=True)


def _branch(node: Node, term: Term, case: Case, lexicon: Lexicon) -> Branch:
    match node:
        case Words():
            return lexicon.words(node, case=case, plural=term.plural, ordinary=term.ordinary)
        case Regex():
            return lexicon.regex(node)
        case And():
            return Every(parts=tuple(_branch(part, term, case, lexicon) for part in node.parts))
        case Or():
            return Either(parts=tuple(_branch(part, term, case, lexicon) for part in node.parts))
        case Not():  # reads like `none`, which ignores case
            denied = Case.FOLD if case is Case.SMART else case
            return Without(part=_branch(node.part, term, denied, lexicon))
        case Near():
            return Close(
                left=_branch(node.left, term, case, lexicon),
                right=_branch(node.right, term, case, lexicon),
                distance=node.distance,
                ordered=node.ordered,
            )


def _beside(texts: Iterable[str], key: str, lexicon: Lexicon) -> tuple[Leaf, ...]:
    """The leaves of `near`, `context` or `except`: words, phrases and patterns, case ignored.

    Raises:
        RuleError: names the key and the entry.
    """
    found: list[Leaf] = []
    for text in texts:
        try:
            node = parse_item(text)
            if not is_group(node):
                raise RuleError("it holds more than words and OR", "give single words, phrases or patterns")
            found += _group(node, lexicon)
        except RuleError as error:
            raise RuleError(f"`{key}`, “{text}”: {error.problem}", error.remedy) from error
    return tuple(found)


def _group(node: Node, lexicon: Lexicon) -> Iterator[Leaf]:
    match node:
        case Words():
            yield lexicon.words(node, case=Case.FOLD, evidence=False)
        case Regex():
            yield lexicon.regex(node, evidence=False)
        case Or():
            for part in node.parts:
                yield from _group(part, lexicon)


def branch_leaves(branch: Branch, *, positive: bool = True) -> Iterator[Leaf]:
    """The leaves of a tree; `positive`: only those outside NOT."""
    match branch:
        case Leaf():
            yield branch
        case Every() | Either():
            for part in branch.parts:
                yield from branch_leaves(part, positive=positive)
        case Without():
            if not positive:
                yield from branch_leaves(branch.part, positive=False)
        case Close():
            yield from branch_leaves(branch.left, positive=positive)
            yield from branch_leaves(branch.right, positive=positive)
