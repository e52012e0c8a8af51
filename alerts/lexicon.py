"""Every word, phrase and pattern that the rules ask for, once."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.common_words import is_common
from alerts.errors import RuleError
from alerts.expression import Regex, Words
from alerts.patterns import Pattern
from alerts.phrase import Phrase, compile_phrase
from alerts.records import Case, Field

_LOWER_FIELDS = (Field.URL, Field.SOURCE)  # written in small letters whatever they name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """A word, phrase or pattern; one record for all places of the rules that ask for the same."""

    number: int
    finder: Phrase | Pattern
    shown: str  # in words for a person
    field: Field | None = None
    evidence: bool = True  # False: stands beside a hit, is none

    @property
    def rarity(self) -> tuple[bool, int]:
        """How rare it is likely to be; a pattern may stand anywhere."""
        if isinstance(self.finder, Pattern):
            return False, 0
        return rarity(self.finder.words[self.finder.anchor].keys)


@dataclass(slots=True)
class Lexicon:
    """Every leaf once, numbered."""

    leaves: list[Leaf] = field(default_factory=list)
    _known: dict[object, Leaf] = field(default_factory=dict)

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
            self._known[key] = self._add(pattern, f"/{regex.pattern}/", regex.field, evidence)
        return self._known[key]

    def _add(self, finder: Phrase | Pattern, shown: str, where: Field | None, evidence: bool) -> Leaf:
        leaf = Leaf(
            number=len(self.leaves), finder=finder, shown=shown.strip(), field=where, evidence=evidence
        )
        self.leaves.append(leaf)
        return leaf


def rarity(keys: frozenset[str]) -> tuple[bool, int]:
    """How rare a word is likely to be: common or not, then by its length."""
    key = min(keys)
    return not is_common(key), len(key)


def is_single(leaf: Leaf) -> bool:
    """Whether a leaf is one word."""
    return isinstance(leaf.finder, Phrase) and leaf.finder.is_single
