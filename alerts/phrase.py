"""A word or phrase of a rule, and where it stands in a text (rules 2, 3 and 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from alerts.common_words import is_common
from alerts.errors import RuleError
from alerts.expression import has_pattern
from alerts.fold import equalise, fold
from alerts.lexer import is_letter
from alerts.plurals import forms, name_forms
from alerts.records import Case
from alerts.text import Gap, Text, signs
from alerts.words import UNSPACED

_EM_DASH = "—"
_HYPHENS = f"-{_EM_DASH}"
_HYPHEN = re.compile("[-‐‑–]")
_WILD = re.compile("([*?])")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_BY_LETTER = re.compile(rf"[{UNSPACED}]\*?|[^{UNSPACED}]+")
_NO_SIGNS = " \t\r\n\"'`*_-—"  # may stand around a term without being part of it
_LONELY = frozenset({"A", "I", "O"})  # words that are in capitals for other reasons


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place in one text: numbers of its first and last word, and letters in the equalised text."""

    first: int
    last: int
    start: int
    end: int
    weak: tuple[str, ...] = ()  # ordinary names that prove little here (rule 4), folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a phrase, with the ways it may be written."""

    keys: frozenset[str]  # folded; a pattern's literal head when `pattern` is set
    letters: frozenset[str] = frozenset()  # in its own case
    pattern: re.Pattern[str] | None = None  # on the folded word
    own_pattern: re.Pattern[str] | None = None  # on the word in its own case
    name: bool = False
    ordinary: bool = False
    country: bool = False  # US, never the pronoun
    hyphen: bool = False  # stands behind a hyphen: a spaced dash will do
    signs: str = ""  # stands behind these signs; beside a hyphen, behind an em dash too

    def has_letters(self, letters: str) -> bool:
        """Whether a word of a text is written in the term's own letters."""
        if self.own_pattern is not None:
            return self.own_pattern.fullmatch(letters) is not None
        return letters in self.letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words in order, ready to be looked for."""

    words: tuple[Word, ...]
    case: Case = Case.SMART
    slop: int = 0
    before: str = ""  # signs directly before the first word
    after: str = ""  # signs directly behind the last one
    anchor: int = 0  # the word by which the phrase is indexed

    @property
    def is_single(self) -> bool:
        return len(self.words) == 1

    def find(self, text: Text, *, any_letters: bool = False) -> list[Occurrence]:
        """All places in `text`, rising; `any_letters` asks no word for its case."""
        found = []
        for first in self._openings(text):
            if not self._fits(self.words[0], text, first, any_letters):
                continue
            if self.slop:
                numbers = self._loose(text, first, any_letters)
            else:
                numbers = self._strict(text, first, any_letters)
            if numbers and self._has_signs(text, numbers[0], numbers[-1]):
                found.append(
                    Occurrence(
                        first=first,
                        last=numbers[-1],
                        start=text.starts[first] - len(self.before),
                        end=text.ends[numbers[-1]] + len(self.after),
                        weak=self._weak(text, numbers),
                    )
                )
        return found

    def _openings(self, text: Text) -> Iterable[int]:
        """Numbers of the words that could be the first one."""
        word = self.words[0]
        index = text.index
        if word.pattern is None:
            lists = [index[key] for key in word.keys if key in index]
        else:
            (head,) = word.keys
            lists = [index[key] for key in text.beginning_with(head) if word.pattern.fullmatch(key)]
        return lists[0] if len(lists) == 1 else sorted(number for places in lists for number in places)

    def _strict(self, text: Text, first: int, any_letters: bool) -> list[int]:
        numbers = [first]
        at = first
        for word in self.words[1:]:
            at += 1
            if at < len(text) and text.is_possessive(at) and "s" not in word.keys:
                at += 1  # a possessive inside is skipped
            if at >= len(text) or not _joined(word, text, at) or not self._fits(word, text, at, any_letters):
                return []
            numbers.append(at)
        return numbers

    def _loose(self, text: Text, first: int, any_letters: bool) -> list[int]:
        """With further words inside, in one sentence; the earliest place of each word leaves most room."""
        numbers = [first]
        at = first
        furthest = first + len(self.words) - 1 + self.slop
        for word in self.words[1:]:
            at += 1
            while True:
                if at < len(text) and text.is_possessive(at) and "s" not in word.keys:
                    at, furthest = at + 1, furthest + 1  # a possessive inside is skipped
                if at >= len(text) or at > furthest or text.gap(at) in (Gap.SENTENCE, Gap.BLOCK):
                    return []
                if self._fits(word, text, at, any_letters):
                    break
                at += 1
            numbers.append(at)
        return numbers

    def _fits(self, word: Word, text: Text, number: int, any_letters: bool) -> bool:
        key = text.keys[number]
        if word.pattern is None:
            if key not in word.keys:
                return False
        elif not word.pattern.fullmatch(key):
            return False
        if any_letters:
            return True
        if self.case is Case.EXACT:
            return word.has_letters(text.letters(number))
        if word.country and text.letters(number) == "us":
            return False
        if not word.name or self.case is Case.FOLD:
            return True
        letters = text.letters(number)
        if word.has_letters(letters):
            return True
        if self.is_single:
            return letters.isupper() and text.in_capitals(number)
        return letters[0].isupper()

    def _has_signs(self, text: Text, first: int, last: int) -> bool:
        return (not self.before or text.equal.endswith(self.before, 0, text.starts[first])) and (
            not self.after or text.equal.startswith(self.after, text.ends[last])
        )

    def _weak(self, text: Text, numbers: list[int]) -> tuple[str, ...]:
        if self.case is not Case.SMART:
            return ()
        return tuple(
            text.keys[number]
            for word, number in zip(self.words, numbers, strict=True)
            if word.ordinary and (not word.has_letters(text.letters(number)) or text.in_capitals(number))
        )


def _joined(word: Word, text: Text, number: int) -> bool:
    """Whether what stands before a word lets the phrase go on."""
    gap = text.gap(number)
    if word.signs and gap is not Gap.BLOCK and signs(text.between(number)) == word.signs:
        return True
    if word.signs and not word.hyphen:
        return False
    return gap is Gap.OPEN or (gap is Gap.DASH and word.hyphen)


def compile_phrase(
    source: str,
    *,
    case: Case = Case.SMART,
    plural: bool = True,
    ordinary: bool | None = None,
    patterns: bool = False,
    slop: int = 0,
    address: bool = False,
) -> Phrase:
    """A literal phrase, or one whose words may hold `*` and `?` (`patterns`); `address`: of a URL.

    Raises:
        RuleError: there is no word in it, or a pattern holds signs.
    """
    make = _Maker(case=case, plural=plural and case is not Case.EXACT, ordinary=ordinary, address=address)
    if patterns and has_pattern(source):
        return make.patterned(source, slop)
    return make.literal(source, slop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    case: Case
    plural: bool
    ordinary: bool | None
    address: bool = False

    def literal(self, source: str, slop: int) -> Phrase:
        text = Text(source, address=self.address)
        if not len(text):
            raise RuleError(f"“{source}” holds no word", "write at least one word of letters or figures")
        last = len(text) - 1
        words = []
        for number in range(len(text)):
            between = signs(text.between(number)) if number else ""
            hyphen = bool(between) and not between.strip(_HYPHENS)
            words.append(
                self._word(
                    text.letters(number),
                    last=number == last,
                    hyphen=hyphen,
                    signs="" if hyphen and _EM_DASH not in between else between,
                )
            )
        return self._phrase(
            words,
            slop,
            before=text.equal[: text.starts[0]].strip(_NO_SIGNS).replace(" ", ""),
            after=text.equal[text.ends[last] :].strip(_NO_SIGNS).rstrip(".,").replace(" ", ""),
        )

    def patterned(self, source: str, slop: int) -> Phrase:
        words: list[Word] = []
        for run in source.split():
            for number, piece in enumerate(filter(None, _HYPHEN.split(run))):
                first, *others = self._piece(piece)
                words += [replace(first, hyphen=number > 0), *others]
        return self._phrase(words, slop)

    def _piece(self, piece: str) -> Iterator[Word]:
        """The words of a piece without spaces and hyphens; a script without spaces has one word a letter."""
        if not has_pattern(piece):
            yield from self.literal(piece, 0).words
            return
        for part in _BY_LETTER.findall(_equalised(piece)):
            if "?" in part or ("*" in part and not _UNSPACED.match(part)):
                yield self._pattern(part)
            else:  # behind such a letter * asks for nothing: its terms go by sequence
                yield from self.literal(part.rstrip("*"), 0).words

    def _phrase(self, words: list[Word], slop: int, before: str = "", after: str = "") -> Phrase:
        return Phrase(
            words=tuple(words), case=self.case, slop=slop, before=before, after=after, anchor=_anchor(words)
        )

    def _word(self, letters: str, *, last: bool, hyphen: bool, signs: str) -> Word:
        key = fold(letters)
        name = is_name(letters)
        own = frozenset({letters})
        keys = frozenset({key})
        if last and self.plural:
            if name:
                own = name_forms(letters)
                keys = frozenset(map(fold, own))
            else:
                keys = forms(key)
        return Word(
            keys=keys,
            letters=own,
            name=name,
            ordinary=name and (is_common(key) if self.ordinary is None else self.ordinary),
            country=letters == "US",
            hyphen=hyphen,
            signs=signs,
        )

    def _pattern(self, piece: str) -> Word:
        if not all(sign in "*?" or is_letter(sign) for sign in piece):
            raise RuleError(
                f"“{piece}” holds signs beside its * or ?", "write letters only, or put it into double quotes"
            )
        letters = _equalised(piece)
        head = _WILD.split(letters)[0]
        name = is_name(_WILD.sub("", letters))
        return Word(
            keys=frozenset({fold(head)}),
            pattern=_compile(fold(letters)),
            own_pattern=_compile(letters),
            name=name,
            ordinary=name and (is_common(fold(head)) if self.ordinary is None else self.ordinary),
        )


def _equalised(piece: str) -> str:
    return "".join(part if part in "*?" else equalise(part).text for part in _WILD.split(piece))


def is_name(letters: str) -> bool:
    """Whether a word of a term is in capitals or has an inner capital, and so is a name (rule 4)."""
    if letters in _LONELY or letters.islower():
        return False
    return letters.isupper() or any(map(str.isupper, letters[1:]))


def _compile(letters: str) -> re.Pattern[str]:
    made = {"*": ".*", "?": r"[^\W\d_]"}
    return re.compile("".join(made.get(sign) or re.escape(sign) for sign in letters), re.DOTALL)


def _anchor(words: list[Word]) -> int:
    """The word that is likely to be rarest: no common word, then the longest."""

    def rarity(number: int) -> tuple[bool, bool, int]:
        word = words[number]
        key = min(word.keys)
        return word.pattern is None, not is_common(key), len(key)

    return max(range(len(words)), key=rarity)
