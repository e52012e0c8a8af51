"""A word or phrase of a rule, and where it stands in a text (rules 2, 3 and 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from alerts.common_words import is_common
from alerts.errors import RuleError
from alerts.expression import has_pattern
from alerts.fold import equalise, fold
from alerts.gaps import Gap, signs
from alerts.lexer import is_letter
from alerts.plurals import forms, name_forms
from alerts.records import Case
from alerts.text import Text
from alerts.words import UNSPACED

_EM_DASH = "—"
_HYPHENS = f"-{_EM_DASH}"
_HYPHEN = re.compile("[-‐‑–]")
_WILD = re.compile("([*?])")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_BY_LETTER = re.compile(rf"[{UNSPACED}]\*?|[^{UNSPACED}]+")
_NO_SIGNS = " \t\r\n\"'`*_-—"  # may stand around a term without being part of it
_ANY = "ª"  # a letter that has no plural rule of its own, in the place of `?`
_MOST_AGAIN = (
    50  # openings of a phrase with room that are tried in every way; a text with more is made to be slow
)
_LONELY = frozenset({"A", "I", "O"})  # words that are in capitals for other reasons


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a phrase stands in one text: places of its first and last word, and letters in the equalised text."""

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
    in_row: tuple[frozenset[str], ...] | None = None  # the forms of several words without others between

    @property
    def is_single(self) -> bool:
        return len(self.words) == 1

    @property
    def row(self) -> re.Pattern[str] | None:
        """Several words in a folded text of ASCII signs, whatever signs, and perhaps a possessive, stand between.

        None where others may stand between, or where a word is a pattern.
        """
        return _row(self.in_row) if self.in_row is not None else None

    def find(self, text: Text, *, any_letters: bool = False) -> list[Occurrence]:
        """All places in `text`, rising; `any_letters` asks no word for its case."""
        found: list[Occurrence] = []
        again = _MOST_AGAIN
        for first in self._openings(text):
            if not self._fits(self.words[0], text, first, any_letters):
                continue
            places = (self._loose if self.slop else self._strict)(text, first, any_letters)
            if self.slop and not places and again:
                again -= 1
                places = self._loosest(text, first, any_letters)
            if places and self._has_signs(text, places[0], places[-1]):
                found.append(
                    Occurrence(
                        first=first,
                        last=places[-1],
                        start=first - len(self.before),
                        end=text.end(places[-1]) + len(self.after),
                        weak=self._weak(text, places),
                    )
                )
        return found

    def _openings(self, text: Text) -> Iterable[int]:
        """Places of the words that could be the first one."""
        if len(self.words) > 1 and text.equal.isascii() and (row := self.row) is not None:
            return [at for at in _found(row, text.folded) if text.is_place(at)]
        word = self.words[0]
        if word.pattern is None:
            lists = [places for key in word.keys if (places := text.places(key))]
            return lists[0] if len(lists) == 1 else sorted(at for places in lists for at in places)
        (head,) = word.keys
        return [at for at in text.beginning_with(head) if word.pattern.fullmatch(text.key(at))]

    def _strict(self, text: Text, first: int, any_letters: bool) -> list[int]:
        places = [first]
        for word in self.words[1:]:
            before, at = _next(word, text, places[-1])
            if (
                at is None
                or not _joined(word, text, before, at)
                or not self._fits(word, text, at, any_letters)
            ):
                return []
            places.append(at)
        return places

    def _loose(self, text: Text, first: int, any_letters: bool) -> list[int]:
        """With further words inside, in one sentence; the earliest place of each word, as it mostly leaves most room."""
        places = [first]
        room = self.slop
        for word in self.words[1:]:
            found = next(self._within(word, text, places[-1], room, any_letters), None)
            if found is None:
                return []
            places.append(found[0])
            room = found[1]
        return places

    def _loosest(self, text: Text, first: int, any_letters: bool) -> list[int]:
        """Like `_loose`, with every place of each word, where the earliest leads nowhere."""
        rooms = {first: self.slop}  # place of the word so far → room that is left behind it, at most
        ways: list[dict[int, int]] = []  # for each further word, its place → that of the one before
        for word in self.words[1:]:
            reached: dict[int, int] = {}
            way: dict[int, int] = {}
            for place, room in rooms.items():
                for at, left in self._within(word, text, place, room, any_letters):
                    if left > reached.get(at, -1):
                        reached[at], way[at] = left, place
            if not reached:
                return []
            rooms = reached
            ways.append(way)
        places = [min(rooms)]
        for way in reversed(ways):
            places.append(way[places[-1]])
        return places[::-1]

    def _within(
        self, word: Word, text: Text, place: int, room: int, any_letters: bool
    ) -> Iterator[tuple[int, int]]:
        """Places of a word behind `place` with at most `room` others between, each with the room that is left."""
        before, at = _next(word, text, place)
        while at is not None:
            if _joined(word, text, before, at) and self._fits(word, text, at, any_letters):
                yield at, room
            room -= 1
            if room < 0 or text.gap(before, at) is not Gap.OPEN:
                return
            before, at = _next(word, text, at)

    def _fits(self, word: Word, text: Text, place: int, any_letters: bool) -> bool:
        key = text.key(place)
        if word.pattern is None:
            if key not in word.keys:
                return False
        elif not word.pattern.fullmatch(key):
            return False
        if any_letters:
            return True
        if self.case is Case.EXACT:
            return word.has_letters(text.letters(place))
        if word.country and text.letters(place) == "us":
            return False
        if not word.name or self.case is Case.FOLD:
            return True
        letters = text.letters(place)
        if word.has_letters(letters):
            return True
        if self.is_single:
            return letters.isupper() and text.order.in_capitals(place)
        return letters[0].isupper()

    def _has_signs(self, text: Text, first: int, last: int) -> bool:
        return (not self.before or text.equal.endswith(self.before, 0, first)) and (
            not self.after or text.equal.startswith(self.after, text.end(last))
        )

    def _weak(self, text: Text, places: list[int]) -> tuple[str, ...]:
        if self.case is not Case.SMART:
            return ()
        return tuple(
            text.key(place)
            for word, place in zip(self.words, places, strict=True)
            if word.ordinary and (not word.has_letters(text.letters(place)) or text.order.in_capitals(place))
        )


@lru_cache(maxsize=1 << 16)
def _row(words: tuple[frozenset[str], ...]) -> re.Pattern[str]:
    return re.compile(
        r"[^a-z0-9]+(?:s[^a-z0-9]+)?".join(f"(?:{'|'.join(map(re.escape, sorted(keys)))})" for keys in words)
    )


def _found(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    """Where it begins in `text`; the places may overlap."""
    found = pattern.search(text)
    while found is not None:
        yield found.start()
        found = pattern.search(text, found.start() + 1)


def _next(word: Word, text: Text, place: int) -> tuple[int, int | None]:
    """The word behind `place` that stands for `word`, and the one before it; a possessive is skipped."""
    at = text.following(place)
    if at is not None and text.is_possessive(place, at) and "s" not in word.keys:
        return at, text.following(at)
    return place, at


def _joined(word: Word, text: Text, before: int, place: int) -> bool:
    """Whether what stands before a word lets the phrase go on."""
    gap = text.gap(before, place)
    if word.signs and gap is not Gap.BLOCK and signs(text.between(before, place)) == word.signs:
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
        places = text.order.places
        if not places:
            raise RuleError(f"“{source}” holds no word", "write at least one word of letters or figures")
        words = []
        for number, place in enumerate(places):
            between = signs(text.between(places[number - 1], place)) if number else ""
            hyphen = bool(between) and not between.strip(_HYPHENS)
            words.append(
                self._word(
                    text.letters(place),
                    last=place == places[-1],
                    hyphen=hyphen,
                    signs="" if hyphen and _EM_DASH not in between else between,
                )
            )
        return self._phrase(
            words,
            slop,
            before=text.equal[: places[0]].strip(_NO_SIGNS).replace(" ", ""),
            after=text.equal[text.end(places[-1]) :].strip(_NO_SIGNS).rstrip(".,").replace(" ", ""),
        )

    def patterned(self, source: str, slop: int) -> Phrase:
        words: list[Word] = []
        runs = [list(filter(None, _HYPHEN.split(run))) for run in source.split()]
        for number, pieces in enumerate(runs, start=1):
            for behind, piece in enumerate(pieces):
                last = number == len(runs) and behind == len(pieces) - 1
                maker = self if last else replace(self, plural=False)
                first, *others = maker._piece(piece)
                words += [replace(first, hyphen=behind > 0), *others]
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
        in_row = len(words) > 1 and not slop and not any(word.pattern for word in words)
        return Phrase(
            words=tuple(words),
            case=self.case,
            slop=slop,
            before=before,
            after=after,
            anchor=_anchor(words),
            in_row=tuple(word.keys for word in words) if in_row else None,
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
        own, keys = {letters}, {fold(letters)}
        if self.plural and "*" not in letters:
            own, keys = _wild_forms(letters, name=name)
        return Word(
            keys=frozenset({fold(head)}),
            pattern=_compile(keys),
            own_pattern=_compile(own),
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


def _wild_forms(letters: str, *, name: bool) -> tuple[set[str], set[str]]:
    """Singular and plural of a word that holds a `?`, in its own letters and folded."""
    if name:
        own = set(name_forms(letters))
        return own, set(map(fold, own))
    keys = {form.replace(_ANY, "?") for form in forms(fold(letters).replace("?", _ANY))}
    return {letters}, keys


def _compile(spellings: Iterable[str]) -> re.Pattern[str]:
    made = {"*": ".*", "?": r"[^\W\d_]"}
    alternatives = ("".join(made.get(sign) or re.escape(sign) for sign in one) for one in sorted(spellings))
    return re.compile("|".join(alternatives), re.DOTALL)


def _anchor(words: list[Word]) -> int:
    """The word that is likely to be rarest: no common word, then the longest."""

    def rarity(number: int) -> tuple[bool, bool, int]:
        word = words[number]
        key = min(word.keys)
        return word.pattern is None, not is_common(key), len(key)

    return max(range(len(words)), key=rarity)
