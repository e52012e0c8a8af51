"""Watchlists made ready for matching: terms → leaves in one index, items and rules over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alerts.errors import RuleError
from alerts.expression import And, Near, Node, Not, Or, Regex, Words, in_field, is_group, parse_item
from alerts.lexer import MOST_WORDS_BETWEEN
from alerts.patterns import Pattern
from alerts.phrase import Phrase, compile_phrase
from alerts.records import Case, Commitment, Field, Initiative, Term, Watchlist

_LOWER_FIELDS = (Field.URL, Field.SOURCE)  # written in small letters whatever they name
_HEAD = 3  # letters at most by which patterns are indexed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """A word, phrase or pattern; one record for all places of the rules that ask for the same."""

    number: int
    finder: Phrase | Pattern
    shown: str  # in words for a person
    field: Field | None = None
    evidence: bool = True  # False: stands beside a hit, is none


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

    def items(self) -> Iterator[Item]:
        """All items whose hits count for the initiative."""
        yield from self.any
        yield from self.all
        for promise in self.promises:
            yield from promise.items


@dataclass(slots=True)
class Lexicon:
    """Every leaf once, and by which words of a text each can be found."""

    leaves: list[Leaf] = field(default_factory=list)
    _known: dict[object, Leaf] = field(default_factory=dict)
    _by_word: dict[str, list[int]] = field(default_factory=dict)
    _by_head: dict[str, list[tuple[re.Pattern[str], int]]] = field(default_factory=dict)
    _always: list[int] = field(default_factory=list)
    _others: dict[int, list[frozenset[str]]] = field(default_factory=dict)

    def words(
        self,
        words: Words,
        *,
        case: Case = Case.SMART,
        plural: bool = True,
        ordinary: bool | None = None,
        evidence: bool = True,
    ) -> Leaf:
        """The leaf of a word or phrase.

        Raises:
            RuleError: it holds no word, or a pattern that cannot be read.
        """
        if words.exact:
            case = Case.EXACT
        elif words.field in _LOWER_FIELDS:
            case = Case.FOLD
        key = (words.text, words.quoted, words.slop, words.field, case, plural, ordinary, evidence)
        if key not in self._known:
            try:
                phrase = compile_phrase(
                    words.text,
                    case=case,
                    plural=plural,
                    ordinary=ordinary,
                    patterns=not words.quoted,
                    slop=words.slop,
                    address=words.field is Field.URL,
                )
            except RuleError as error:
                raise RuleError(error.problem, error.remedy, offset=words.offset + error.offset) from None
            self._index_phrase(phrase)
            self._known[key] = self._add(phrase, words.text, words.field, evidence)
        return self._known[key]

    def regex(self, regex: Regex, *, evidence: bool = True) -> Leaf:
        """The leaf of a pattern.

        Raises:
            RuleError: it cannot be compiled.
        """
        key = (regex.pattern, regex.field, evidence)
        if key not in self._known:
            try:
                pattern = Pattern(regex.pattern)
            except RuleError as error:
                raise RuleError(error.problem, error.remedy, offset=regex.offset) from error
            self._always.append(len(self.leaves))
            self._known[key] = self._add(pattern, f"/{regex.pattern}/", regex.field, evidence)
        return self._known[key]

    def active(self, vocabulary: set[str]) -> set[int]:
        """Numbers of the leaves that a text of these words could hold: all words of a phrase are there."""
        found: set[int] = set()
        by_word, by_head = self._by_word, self._by_head
        lengths = {len(head) for head in by_head}
        for word in vocabulary:
            if word in by_word:
                found.update(by_word[word])
            for length in lengths:
                if word[:length] in by_head:
                    found.update(
                        number for pattern, number in by_head[word[:length]] if pattern.fullmatch(word)
                    )
        others = self._others
        return {
            number
            for number in found
            if number not in others or not any(keys.isdisjoint(vocabulary) for keys in others[number])
        }.union(self._always)

    def _add(self, finder: Phrase | Pattern, shown: str, where: Field | None, evidence: bool) -> Leaf:
        leaf = Leaf(
            number=len(self.leaves), finder=finder, shown=shown.strip(), field=where, evidence=evidence
        )
        self.leaves.append(leaf)
        return leaf

    def _index_phrase(self, phrase: Phrase) -> None:
        word, number = phrase.words[phrase.anchor], len(self.leaves)
        others = [other.keys for other in phrase.words if other is not word and other.pattern is None]
        if others:
            self._others[number] = others
        if word.pattern is None:
            for key in word.keys:
                self._by_word.setdefault(key, []).append(number)
            return
        (head,) = word.keys
        self._by_head.setdefault(head[:_HEAD], []).append((word.pattern, number))


def compile_rule(initiative: Initiative, watchlist: Watchlist, lexicon: Lexicon) -> Rule:
    """An initiative made ready over `lexicon`.

    Raises:
        RuleError: a term that cannot be read; a note names its place.
    """
    context = watchlist.context if initiative.context is None else initiative.context
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
    return Item(term=term, tree=tree, exceptions=_beside(term.exceptions, "except", lexicon))


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


def is_single(leaf: Leaf) -> bool:
    """Whether a leaf is one word."""
    return isinstance(leaf.finder, Phrase) and leaf.finder.is_single


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
