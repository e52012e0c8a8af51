"""Rules 2 to 4 for one word, phrase or pattern: where it occurs in a text, and how strongly."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import re2  # type: ignore[import-untyped]  # it ships no types

from alerts.common_words import is_common
from alerts.expression import Leaf, Regex, Words
from alerts.lexer import ends_prefix, is_letter
from alerts.plurals import forms, name_forms
from alerts.records import Case, Field
from tests.plain.signs import folded
from tests.plain.words import ONE, STAR, Gap, Reading, Word, gap_before, in_capitals, is_possessive, read


@dataclass(frozen=True, slots=True)
class Manner:
    """How the letters of a term are compared."""

    case: Case = Case.SMART
    plural: bool = True
    ordinary: bool | None = None


IGNORING_CASE = Manner(case=Case.FOLD)  # rule 4: "`none`, `except`, `near` and `context` ignore case"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place of a term: the numbers of its outer words, and code points of the original."""

    field: Field
    first: int
    last: int
    start: int
    end: int
    weak: frozenset[str] = frozenset()  # words of the text, folded, that prove little; none: strong
    words: int = 1  # of the term


@dataclass(frozen=True, slots=True)
class Sought:
    """A word or phrase of a rule, read like a text; `words` are those that a text must have, in order."""

    term: Reading
    words: list[Word]
    slop: int
    manner: Manner


def occurrences(
    leaf: Leaf, manner: Manner, reading: Reading, field: Field, *, named: bool
) -> list[Occurrence]:
    """All places of a word, phrase or pattern in one field; `named`: the rule says that this field is meant.

    Addresses and ids of sources are written in small letters whatever they name, so a term for them ignores
    case, and a full stop parts the words of a term for an address (the contract is silent; as the product).
    """
    if isinstance(leaf, Regex):
        return pattern_places(leaf.pattern, reading, field)
    if leaf.exact:
        manner = Manner(case=Case.EXACT, plural=False)
    elif named and field in (Field.URL, Field.SOURCE):
        manner = Manner(Case.FOLD, manner.plural)
    term = read(with_placeholders(leaf), address=named and field is Field.URL)
    words = [word for word in term.words if word.letters != STAR]
    sought = Sought(term, words, leaf.slop, manner)
    places = (place_at(sought, reading, field, first) for first in range(len(reading.words)))
    return [place for place in places if place is not None]


def with_placeholders(leaf: Words) -> str:
    """A term whose `*` and `?` are patterns, with signs of private use for them; in quotes they are signs."""
    if leaf.quoted:
        return leaf.text
    signs = list(leaf.text)
    for at, char in enumerate(leaf.text):
        if char == "*" and ends_prefix(leaf.text, at):
            signs[at] = STAR
        neighbours = leaf.text[at - 1 : at] + leaf.text[at + 1 : at + 2]
        if char == "?" and len(neighbours) == 2 and all(map(is_letter, neighbours)):
            signs[at] = ONE
    return "".join(signs)


def place_at(sought: Sought, reading: Reading, field: Field, first: int) -> Occurrence | None:
    """The shortest place of a phrase whose first word is word `first` of the text."""
    taken = follow(sought, reading, [first], sought.slop)
    if taken is None:
        return None
    start, end = reading.words[first].first, reading.words[taken[-1]].last
    lead, trail = outer_signs(sought)
    if lead:
        start = sign_before(reading, first, lead)
    if trail:
        end = sign_behind(reading, taken[-1], trail)
    if start < 0 or end < 0:
        return None
    places = (reading.signs[start].start, reading.signs[end].end)
    return Occurrence(field, first, taken[-1], *places, weak_words(sought, reading, taken), len(taken))


def follow(sought: Sought, reading: Reading, taken: list[int], room: int) -> list[int] | None:
    """Rule 3, from word to word: `taken` are the words of the text so far; `room` further ones may stand between."""
    here = len(taken) - 1
    if not same_word(sought, here, reading, taken[-1]):
        return None
    if len(taken) == len(sought.words):
        return taken
    following = sought.words[here + 1]
    number = taken[-1] + 1
    while number < len(reading.words) and room >= 0:
        if is_possessive(reading, number) and following.key != "s":
            number += 1  # rule 3: "A possessive inside is skipped"
            continue
        if may_go_on(sought.term, sought.term.words.index(following), reading, number):
            rest = follow(sought, reading, [*taken, number], room)
            if rest is not None:
                return rest
        if gap_before(reading, number) is not Gap.OPEN:
            return None  # a further word stands as the words of any phrase do
        number, room = number + 1, room - 1
    return None


def may_go_on(term: Reading, wanted: int, reading: Reading, number: int) -> bool:
    """Whether the gap before word `number` of the text is one that the gap in the term allows.

    Rule 3: "A hyphen in the term makes it a phrase … and also accepts a spaced dash". Signs of a literal phrase
    are signs: they must stand there. (An em dash in a term is met by itself, and reads as a hyphen otherwise:
    silent, as the product.)
    """
    own, kind = term.between(wanted), gap_before(reading, number)
    signs = signs_in(own)
    if signs.strip("-—"):
        return signs == signs_in(reading.between(number)) and kind is not Gap.BLOCK
    if kind is Gap.OPEN:
        return True
    if "—" in own and signs_in(reading.between(number)) == signs and kind is not Gap.BLOCK:
        return True
    return kind is Gap.DASH and ("-" in own or "—" in own)


def signs_in(between: str) -> str:
    """What stands between two words without white space, quotes and markup."""
    return "".join(char for char in between if not char.isspace() and char not in "'\"`*_")


def outer_signs(sought: Sought) -> tuple[str, str]:
    """The signs of a term before its first and behind its last word: `$` of `$500`, `++` of `C++`."""
    around = " \t\n\"'`*_-—"
    term = sought.term
    lead = term.text[: term.words[0].first].strip(around).replace(" ", "")
    trail = term.text[term.words[-1].last + 1 :].strip(around).rstrip(".,").replace(" ", "")
    return lead, trail


def sign_before(reading: Reading, number: int, lead: str) -> int:
    """The number of the first of the signs `lead` directly before a word; -1 where they do not stand there."""
    first = reading.words[number].first
    begin = first - len(lead)
    return begin if begin >= 0 and reading.text[begin:first] == lead else -1


def sign_behind(reading: Reading, number: int, trail: str) -> int:
    """The number of the last of the signs `trail` directly behind a word; -1 where they do not stand there."""
    last = reading.words[number].last
    return last + len(trail) if reading.text[last + 1 : last + 1 + len(trail)] == trail else -1


def same_word(sought: Sought, here: int, reading: Reading, number: int) -> bool:
    """Rules 2 and 4: whether word `number` of the text is word `here` of the term.

    "`US` and `U.S.` in a term never match the lower-case pronoun `us`, not even with `fold`".
    """
    word, letters, manner = sought.words[here], reading.words[number].letters, sought.manner
    plural = has_plural(sought, here)
    if manner.case is Case.EXACT:
        return fits(word.letters, letters)
    if word.letters == "US" and letters == "us":
        return False
    if manner.case is Case.FOLD or not is_name(word.letters):
        return any(fits(form, folded(letters)) for form in spellings(word, plural))
    return is_as_a_name(word, plural, reading, number, single=len(sought.words) == 1)


def has_plural(sought: Sought, here: int) -> bool:
    """Rule 2: "The last word of a term matches in singular and plural … unless `case: exact` or `plural: false`"."""
    return sought.manner.plural and here == len(sought.words) - 1


def is_as_a_name(word: Word, plural: bool, reading: Reading, number: int, *, single: bool) -> bool:
    """Rule 4: "A name alone matches with its own capitals only. In a phrase an initial capital is enough …;
    all-lower never is." In a run in capitals "any name's letters match".
    """
    letters = reading.words[number].letters
    own = name_spellings(word, plural)
    if any(fits(form, letters) for form in own):
        return True
    if not any(fits(folded(form), folded(letters)) for form in own):
        return False
    if in_capitals(reading, number):
        return True
    return not single and letters[0].isupper()


def weak_words(sought: Sought, reading: Reading, taken: list[int]) -> frozenset[str]:
    """Rule 4, of the words `taken` from the text: those that prove little, folded. None in a term without smart case."""
    if sought.manner.case is not Case.SMART:
        return frozenset()
    return frozenset(
        reading.words[number].key
        for here, (word, number) in enumerate(zip(sought.words, taken, strict=True))
        if is_name(word.letters)
        and is_ordinary(word, sought.manner)
        and proves_little(word, has_plural(sought, here), reading, number)
    )


def proves_little(word: Word, plural: bool, reading: Reading, number: int) -> bool:
    """Rule 4: "A hit is weak when an ordinary name stands in a run in capitals, or has only its initial capital"."""
    letters = reading.words[number].letters
    return in_capitals(reading, number) or not any(
        fits(form, letters) for form in name_spellings(word, plural)
    )


def name_spellings(word: Word, plural: bool) -> frozenset[str]:
    """Rule 2: "a name takes `-s`"."""
    if not plural or STAR in word.letters:
        return frozenset({word.letters})
    place = word.letters.find(ONE)
    return with_one(place, name_forms(word.letters.replace(ONE, "E")))


def spellings(word: Word, plural: bool) -> frozenset[str]:
    """Rule 2: "The last word of a term matches in singular and plural (…; a name takes -s)"."""
    if not plural:
        return frozenset({word.key})
    if is_name(word.letters):
        return frozenset(folded(form) for form in name_spellings(word, plural))
    if STAR in word.key:
        return frozenset({word.key})
    place = word.key.find(ONE)
    return with_one(place, forms(word.key.replace(ONE, "e")))


def with_one(place: int, written: frozenset[str]) -> frozenset[str]:
    """Forms of a word that had a letter put in for its `?`, with the `?` back in its place; -1: it had none."""
    if place < 0:
        return written
    return frozenset(f"{form[:place]}{ONE}{form[place + 1 :]}" for form in written if len(form) > place + 1)


def is_name(letters: str) -> bool:
    """Rule 4: "a word in capitals or with an inner capital"; `A`, `I` and `O` have capitals for other reasons."""
    letters = letters.replace(STAR, "").replace(ONE, "")
    if letters in ("A", "I", "O") or letters.islower():
        return False
    return letters.isupper() or any(char.isupper() for char in letters[1:])


def is_ordinary(word: Word, manner: Manner) -> bool:
    """Rule 4: "when its lower-case form is in the bundled list of common words …; `ordinary` overrides"."""
    head = word.key.split(STAR)[0].split(ONE)[0]
    return is_common(head) if manner.ordinary is None else manner.ordinary


def fits(pattern: str, letters: str) -> bool:
    """Whether letters meet a word of a term, in which STAR is any letters at the end and ONE is one letter."""
    if pattern.endswith(STAR):
        return fits(pattern[:-1], letters[: len(pattern) - 1])
    return len(pattern) == len(letters) and all(
        wanted == char or (wanted == ONE and char.isalpha())
        for wanted, char in zip(pattern, letters, strict=True)
    )


def pattern_places(pattern: str, reading: Reading, field: Field) -> list[Occurrence]:
    """The language: "RE2 syntax; on the equalised text, ignores case unless it begins `(?-i)`, begins and ends at
    a word boundary, within one paragraph". From left to right, none within another; at each place the reading that
    RE2 prefers, or the longest where that one cuts a word.
    """
    text = reading.text
    line = text.replace("\n", " ")  # rule 1: spaces are one kind
    compiled = re2.compile(f"(?i){pattern}")
    edges = [place for place in range(len(text) + 1) if is_boundary(reading, place)]
    found: list[Occurrence] = []
    behind = 0
    for begin, close in paragraphs(text):
        within = [place for place in edges if begin <= place <= close]
        for first in within:
            if first < behind:
                continue
            ends = [last for last in within if last > first and compiled.fullmatch(line[first:last])]
            preferred = compiled.match(line[first:close])
            if not ends:
                continue
            last = first + preferred.end() if preferred and first + preferred.end() in ends else ends[-1]
            place_of = words_in(reading, first, last)
            if place_of is not None:
                start, end = reading.signs[first].start, reading.signs[last - 1].end
                found.append(Occurrence(field, *place_of, start, end))
                behind = last
    return found


def words_in(reading: Reading, first: int, last: int) -> tuple[int, int] | None:
    """The numbers of the outer words between two places; None where there is no word."""
    numbers = [
        number for number, word in enumerate(reading.words) if first <= word.first and word.last < last
    ]
    return (numbers[0], numbers[-1]) if numbers else None


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Where the paragraphs begin and end; a line without letters parts two."""
    parts: list[tuple[int, int]] = []
    at = 0
    for blank, lines in itertools.groupby(text.splitlines(keepends=True), key=lambda line: not line.strip()):
        length = sum(map(len, lines))
        if not blank:
            parts.append((at, at + length))
        at += length
    return parts


def is_boundary(reading: Reading, place: int) -> bool:
    """Whether a place is not within a word."""
    return not any(word.first < place <= word.last for word in reading.words)
