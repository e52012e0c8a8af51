"""Cutting an expression into its signs, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from alerts.errors import RuleError
from alerts.lookalikes import imitated, sign_behind, visible
from alerts.records import Field

MOST_WORDS_BETWEEN = 1000
MOST_SLOP = 50


class Kind(Enum):
    """The signs of the language; names are those of `query.lark`."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR/n"
    BEFORE = "BEFORE/n"
    OPEN = "("
    CLOSE = ")"
    FIELD = "field:"
    EXACT = "="
    QUOTED = "quoted phrase"
    SLOP = "~n"
    WORD = "word"
    REGEX = "/regex/"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is without quotes, slashes, colon or `~`; `number` is the n of NEAR/n, BEFORE/n and ~n."""

    kind: Kind
    text: str
    offset: int
    end: int  # offset behind its last letter
    number: int = 0

    @property
    def shown(self) -> str:
        """The token in a message."""
        return shown(self.text)


_FIELD = re.compile(rf"({'|'.join(Field)}):")
_FIELD_ANYHOW = re.compile(rf"(?:{'|'.join(Field)}):", re.IGNORECASE)
_DISTANCE = re.compile(r"(NEAR|BEFORE)/(\d+)")
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/(?=[\s)]|$)", re.DOTALL)
_SLOP = re.compile(r"~(\d{1,6})(?=[\s)]|$)")
_WORD = re.compile(r"[^\s()\"]+")
_JOINERS = frozenset({"and", "or", "not"})
_PLAIN = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}
_MOST_SHOWN = 40
_JOINING = "\u200c\u200d"  # letters of Hindi and Persian lean on them


def shown(text: str) -> str:
    """A part of an item in a message: cut where it is long, with what shows nothing made visible."""
    part = "".join(map(_made_visible, text[:_MOST_SHOWN]))
    return f"“{part}”" if len(text) <= _MOST_SHOWN else f"“{part}…”"


def _made_visible(char: str) -> str:
    if char in _JOINING or unicodedata.category(char) not in ("Cf", "Cc", "Cs"):
        return char
    return " " if char.isspace() else f"\\u{ord(char):04x}"


def ends_prefix(text: str, star: int) -> bool:
    """Whether the `*` at `star` ends a word of three letters or more (marks count as letters)."""
    letters = 0
    while letters < min(star, 3) and is_letter(text[star - letters - 1]):
        letters += 1
    after = text[star + 1 : star + 2]
    return letters >= 3 and not (after == "*" or (after and is_letter(after)))


def is_letter(char: str) -> bool:
    """Whether a sign can stand in a word: a letter, a figure, or a combining mark."""
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")


def tokens(text: str) -> Iterator[Token]:
    """The signs of an expression, in order; typographic quotes are to be made plain before.

    Raises:
        RuleError: something that is no sign of the language, or could be taken for another.
    """
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
            continue
        if char in "()":
            yield Token(Kind.OPEN if char == "(" else Kind.CLOSE, char, at, at + 1)
            at += 1
        elif char == '"':
            for token in _quoted(text, at):
                yield token
                at = token.end
        elif char == "=":
            if at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] in "()=":
                raise RuleError("= has no word behind it", "write it before a word: `=TRUST`", offset=at)
            yield Token(Kind.EXACT, char, at, at + 1)
            at += 1
        elif found := _REGEX.match(text, at):
            yield Token(Kind.REGEX, found[1], at, found.end())
            at = found.end()
        elif found := _FIELD.match(text, at):
            at = found.end()
            if at == len(text) or text[at].isspace():
                raise RuleError(
                    f"“{found[0]}” has no word behind it",
                    f"leave no space: `{found[0]}TRUST`",
                    offset=found.start(),
                )
            yield Token(Kind.FIELD, found[1], found.start(), at)
        else:
            token = _word(text, at)
            yield token
            at = token.end


def _quoted(text: str, at: int) -> Iterator[Token]:
    """The quoted phrase at `at`, and the `~n` behind it."""
    closing = text.find('"', at + 1)
    if closing < 0:
        raise RuleError(
            f"the quote in {shown(text[at:])} is never closed", "close it, or drop the quote", offset=at
        )
    inside, end = text[at + 1 : closing], closing + 1
    if not inside.strip():
        raise RuleError("the quotes are empty", "put words between them, or drop them", offset=at)
    yield Token(Kind.QUOTED, inside, at, end)
    if text.startswith("~", end):
        found = _SLOP.match(text, end)
        if found is None or int(found[1]) > MOST_SLOP:
            raise RuleError(
                "~ needs the number of further words", f"write `~3`; at most {MOST_SLOP}", offset=end
            )
        yield Token(Kind.SLOP, found[1], end, found.end(), int(found[1]))


def _word(text: str, at: int) -> Token:
    found = _WORD.match(text, at)
    assert found is not None  # the caller has taken spaces, brackets and quotes
    word, end = found.group(), found.end()
    if word in _PLAIN:
        return Token(_PLAIN[word], word, at, end)
    if distance := _DISTANCE.fullmatch(word):
        digits = distance[2].lstrip("0")
        if len(digits) > len(str(MOST_WORDS_BETWEEN)) or int(digits or "0") > MOST_WORDS_BETWEEN:
            raise RuleError(
                f"{shown(word)} reaches too far", f"at most {MOST_WORDS_BETWEEN} words; use AND", offset=at
            )
        return Token(Kind[distance[1]], word, at, end, int(digits or "0"))
    _refuse_doubtful(word, at)
    return Token(Kind.WORD, word, at, end)


def _refuse_doubtful(word: str, at: int) -> None:
    """Words that look like an operator, a field or a pattern and are none.

    Raises:
        RuleError: at the doubtful letter.
    """
    bare = word.lower()
    if bare in _JOINERS:
        how = "in small letters stands" if word == bare else "not wholly in capitals stands"
        raise RuleError(
            f"“{word}” {how} in an expression",
            f"write {word.upper()} for the operator, or put the phrase into double quotes",
            offset=at,
        )
    if bare.startswith(("near/", "before/")) or (bare in ("near", "before") and word.isupper()):
        raise RuleError(
            f"{shown(word)} is no operator",
            f"write `{bare.partition('/')[0].upper()}/10`, in capitals with a number of words",
            offset=at,
        )
    if (meant := imitated(word)) is not None:
        why = "holds an invisible sign" if visible(word) == meant else "is written with other letters"
        raise RuleError(
            f"{shown(word)} looks like {meant} and {why}",
            f"type {meant} anew in plain letters, or put the phrase into double quotes",
            offset=at,
        )
    if (sign := sign_behind(word)) is not None:
        where, plain = sign
        raise RuleError(
            f"“{word[where]}” is no plain {plain}",
            f"write {plain}, or put the phrase into double quotes to match the sign",
            offset=at + where,
        )
    if found := _FIELD_ANYHOW.match(word):
        name = found[0].lower()
        raise RuleError(
            f"“{found[0]}” is no field", f"write `{name}` in small letters, or use double quotes", offset=at
        )
    if word.startswith("/"):
        raise RuleError(
            f"{shown(word)} begins like a pattern and does not end like one",
            r"close it with a slash before the next space, with no letter behind and `\/` for a slash within;"
            " or put it into double quotes",
            offset=at,
        )
    if "~" in word:
        raise RuleError("~ stands behind no quoted phrase", 'write `"AI roadmap"~3`', offset=at)
    for star in re.finditer(r"\*", word):
        if not ends_prefix(word, star.start()):
            raise RuleError(
                f"the * in {shown(word)} does not end a word of three letters or more",
                "write a longer prefix, or put the word into double quotes to match the sign",
                offset=at + star.start(),
            )
