"""Rules 2 to 4 for one text: its words, what stands between two of them, and the runs in capitals."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum

from tests.plain.signs import Sign, equalised, folded

STAR = "\ue000"  # stands for any letters at the end of a word of a term
ONE = "\ue001"  # stands for one letter of a word of a term

_BY_CHARACTER = ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "THAI")
_BETWEEN_LETTERS = ".·\u2027"
_BETWEEN_FIGURES = ".,;"
_ENDS = ".!?"
_ENDS_WITHOUT_SPACE = "।॥。؟۔"
_MARKUP = "*_`"
_ABBREVIATIONS = (
    "mr mrs ms dr prof sen rep gov gen lt col sgt capt cmdr adm maj brig rev st jr sr vs dept "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
)


class Gap(Enum):
    """What stands between two words."""

    OPEN = "white space, an unspaced hyphen, quotes, markup"
    DASH = "a spaced hyphen or dash"
    SIGN = "anything else"
    SENTENCE = "a sentence end"
    BLOCK = "a blank line"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an equalised text; `first` and `last` are the numbers of its outer signs."""

    letters: str
    first: int
    last: int

    @property
    def key(self) -> str:
        return folded(self.letters)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its equalised signs and its words."""

    original: str
    signs: list[Sign]
    words: list[Word]

    @property
    def text(self) -> str:
        """The equalised text."""
        return "".join(sign.char for sign in self.signs)

    def between(self, number: int) -> str:
        """The signs before word `number`, back to the word before it or to the start; behind the last: the rest."""
        first = self.words[number - 1].last + 1 if number else 0
        last = self.words[number].first if number < len(self.words) else len(self.signs)
        return "".join(sign.char for sign in self.signs[first:last])


def read(original: str, *, address: bool = False) -> Reading:
    """Rules 1 and 2. In an address a full stop parts too (the contract is silent; as the product)."""
    signs = equalised(original)
    return Reading(original, signs, words_of("".join(sign.char for sign in signs), address))


def words_of(text: str, address: bool) -> list[Word]:
    """Rule 2: the words of an equalised text, letter by letter."""
    words: list[Word] = []
    first: int | None = None
    for at in range(len(text) + 1):
        if first is not None and (
            at == len(text) or not goes_on(text, first, at) or (address and text[at] == ".")
        ):
            words.append(Word(text[first:at], first, at - 1))
            first = None
        if first is None and at < len(text) and begins_a_word(text[at]):
            first = at
    return words


def begins_a_word(char: str) -> bool:
    """Letters and figures; a combining mark needs a letter before it."""
    return char in (STAR, ONE) or unicodedata.category(char)[0] in "LN"


def is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def goes_on(text: str, first: int, at: int) -> bool:
    """Whether the word that began at `first` takes the sign at `at`.

    Rule 2: "Words are those of UAX #29 (combining marks belong to their letter), with three changes: an
    apostrophe parts on both sides, an underscore parts, a change of script parts; Chinese, Japanese and Thai go
    by character sequence."
    """
    char = text[at]
    if is_mark(char):
        return True
    scripts = [script(one) for one in text[first:at] if script(one)]
    if scripts and scripts[-1] in _BY_CHARACTER:
        return False
    if not begins_a_word(char):
        return joins_its_neighbours(text, first, at)
    if not script(char):
        return True
    if script(char) in _BY_CHARACTER:
        return False
    return not scripts or scripts[-1] == script(char)


def joins_its_neighbours(text: str, first: int, at: int) -> bool:
    """UAX #29: a stop or middle dot between letters, a stop or comma between figures, `"` between Hebrew letters."""
    before = at - 1
    while is_mark(text[before]):
        before -= 1
    if before < first or at + 1 == len(text):
        return False
    left, right = text[before], text[at + 1]
    if not begins_a_word(left) or not begins_a_word(right):
        return False
    if text[at] in _BETWEEN_FIGURES and is_figure(left) and is_figure(right):
        return True
    if is_figure(left) or is_figure(right) or script(right) in _BY_CHARACTER or script(left) != script(right):
        return False
    return text[at] in _BETWEEN_LETTERS or (text[at] in '"\u05f4' and script(left) == "HEBREW")


def is_figure(char: str) -> bool:
    return unicodedata.category(char)[0] == "N"


def script(char: str) -> str:
    """The script of a letter by its name in the Unicode data; "" for figures, marks and signs."""
    if unicodedata.category(char)[0] != "L":
        return ""
    return unicodedata.name(char, "").split(" ")[0]


def gap(between: str) -> Gap:
    """Rule 3: what stands between two words, and whether a phrase may go over it.

    "Their words may be parted by white space, an unspaced hyphen or en dash, quotation marks and inline markup.
    A comma, colon, semicolon, slash, bracket, em dash, spaced dash, block boundary or sentence end parts them."
    """
    lines = between.split("\n")
    if any(line.strip() == "" for line in lines[1:-1]):
        return Gap.BLOCK
    bare = "".join(char for char in between if char not in "'\"" + _MARKUP)
    if not bare.strip():
        return Gap.OPEN
    if bare == "-":
        return Gap.OPEN
    if bare.strip() == "-":
        return Gap.DASH
    return Gap.SIGN


def gap_before(reading: Reading, number: int) -> Gap:
    """The gap between word `number` and the one before it; the stop of an abbreviation is none."""
    between = reading.between(number)
    kind = gap(between)
    if kind is Gap.BLOCK:
        return kind
    if ends_a_sentence(reading, number, between):
        return Gap.SENTENCE
    if is_abbreviation(reading.words[number - 1].key) and between.startswith("."):
        return gap(between.lstrip("."))
    return kind


def ends_a_sentence(reading: Reading, number: int, between: str) -> bool:
    """Whether a sentence ends before word `number`: a stop with white space or this word behind it.

    Closing quotes and brackets may stand between. The stop of an abbreviation ends none.
    """
    between = "".join(char for char in between if char not in "'\"" + _MARKUP)
    if is_abbreviation(reading.words[number - 1].key) and between.lstrip(".").isspace():
        return False
    return any(
        char in _ENDS_WITHOUT_SPACE or (char in _ENDS and not between[at + 1 :].lstrip(")]}")[:1].strip())
        for at, char in enumerate(between)
    )


def is_abbreviation(key: str) -> bool:
    return key in _ABBREVIATIONS.split()


def sentences(reading: Reading) -> list[list[int]]:
    """The numbers of the words, sentence by sentence."""
    parts: list[list[int]] = []
    for number in range(len(reading.words)):
        if number == 0 or gap_before(reading, number) in (Gap.SENTENCE, Gap.BLOCK):
            parts.append([])
        parts[-1].append(number)
    return parts


def in_capitals(reading: Reading, number: int) -> bool:
    """Rule 4: "A run in capitals is a title or sentence whose every word is in capitals, or three such words or
    more in a row." Figures and the `s` of a possessive say nothing.
    """
    (sentence,) = [one for one in sentences(reading) if number in one]
    telling = [one for one in sentence if says_something(reading, one)]
    if number not in telling:
        return False
    if all(is_in_capitals(reading.words[one].letters) for one in telling):
        return True
    row = [number]
    place = telling.index(number)
    for one in reversed(telling[:place]):
        if not is_in_capitals(reading.words[one].letters):
            break
        row.append(one)
    for one in telling[place + 1 :]:
        if not is_in_capitals(reading.words[one].letters):
            break
        row.append(one)
    return is_in_capitals(reading.words[number].letters) and len(row) >= 3


def says_something(reading: Reading, number: int) -> bool:
    letters = reading.words[number].letters
    return not is_possessive(reading, number) and any(char.isalpha() for char in letters)


def is_in_capitals(letters: str) -> bool:
    return letters.isupper()


def is_possessive(reading: Reading, number: int) -> bool:
    """Whether a word is the `s` of `India's`."""
    return number > 0 and reading.words[number].letters in ("s", "S") and reading.between(number) == "'"


def is_head_with_one_capital(reading: Reading, number: int) -> bool:
    """Whether a word has its one capital because a sentence begins with it."""
    letters = reading.words[number].letters
    begins = number == 0 or gap_before(reading, number) in (Gap.SENTENCE, Gap.BLOCK)
    return begins and letters[:1].isupper() and letters[1:].islower()
