"""Cutting an expression into its signs, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from alerts.errors import RuleError
from alerts.records import Field

MOST_WORDS_BETWEEN = 1000
MOST_SLOP = 50


class Kind(Enum):
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
    WORD = "word"
    REGEX = "/regex/"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is without quotes, slashes or colon; `number` is the n of NEAR/n, BEFORE/n and ~n."""

    kind: Kind
    text: str
    offset: int
    number: int = 0

    @property
    def shown(self) -> str:
        """The token in a message."""
        return f"“{self.text}”"


_FIELD = re.compile(rf"({'|'.join(Field)}):")
_DISTANCE = re.compile(r"(NEAR|BEFORE)/(\d{1,6})")
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/(?=[\s)]|$)")
_SLOP = re.compile(r"~(\d{1,6})(?=[\s)]|$)")
_WORD = re.compile(r"[^\s()\"]+")
_LOWER = frozenset({"and", "or", "not"})
_PLAIN = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}


def ends_prefix(text: str, star: int) -> bool:
    """Whether the `*` at `star` ends a word of three letters or more (marks count as letters)."""
    letters = 0
    while letters < star and is_letter(text[star - letters - 1]):
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
            yield Token(Kind.OPEN if char == "(" else Kind.CLOSE, char, at)
            at += 1
        elif char == '"':
            token, at = _quoted(text, at)
            yield token
        elif char == "=" and at + 1 < len(text):
            if text[at + 1].isspace() or text[at + 1] in "()=":
                raise RuleError("= has no word behind it", "write it before a word: `=TRUST`", offset=at)
            yield Token(Kind.EXACT, char, at)
            at += 1
        elif found := _REGEX.match(text, at):
            yield Token(Kind.REGEX, found[1], at)
            at = found.end()
        elif found := _FIELD.match(text, at):
            at = found.end()
            if at == len(text) or text[at].isspace():
                raise RuleError(
                    f"“{found[0]}” has no word behind it",
                    f"leave no space: `{found[0]}TRUST`",
                    offset=found.start(),
                )
            yield Token(Kind.FIELD, found[1], found.start())
        else:
            token, at = _word(text, at)
            yield token


def _quoted(text: str, at: int) -> tuple[Token, int]:
    closing = text.find('"', at + 1)
    if closing < 0:
        raise RuleError(
            f"the quote in “{text[at : at + 40]}” is never closed",
            "close it, or drop the quote",
            offset=at,
        )
    inside, end, slop = text[at + 1 : closing], closing + 1, 0
    if text[end : end + 1] == "~":
        found = _SLOP.match(text, end)
        if found is None or int(found[1]) > MOST_SLOP:
            raise RuleError(
                "~ needs the number of further words", f"write `~3`; at most {MOST_SLOP}", offset=end
            )
        slop, end = int(found[1]), found.end()
    if not inside.strip():
        raise RuleError("the quotes are empty", "put words between them, or drop them", offset=at)
    return Token(Kind.QUOTED, inside, at, slop), end


def _word(text: str, at: int) -> tuple[Token, int]:
    found = _WORD.match(text, at)
    assert found is not None  # the callers have taken spaces, brackets and quotes
    word, end = found.group(), found.end()
    if word in _PLAIN:
        return Token(_PLAIN[word], word, at), end
    if distance := _DISTANCE.fullmatch(word):
        number = int(distance[2])
        if number > MOST_WORDS_BETWEEN:
            raise RuleError(
                f"{word} reaches too far", f"at most {MOST_WORDS_BETWEEN} words; use AND", offset=at
            )
        return Token(Kind[distance[1]], word, at, number), end
    _refuse_doubtful(word, at)
    return Token(Kind.WORD, word, at), end


def _refuse_doubtful(word: str, at: int) -> None:
    """Words that look like an operator or a pattern and are none."""
    bare = word.lower()
    if word in _LOWER:
        raise RuleError(
            f"“{word}” in small letters stands in an expression",
            f"write {word.upper()} for the operator, or put the phrase into double quotes",
            offset=at,
        )
    if bare.startswith(("near/", "before/")) or word in ("NEAR", "BEFORE"):
        name = re.split(r"/", word)[0].upper()
        raise RuleError(
            f"“{word}” is no operator", f"write `{name}/10`, in capitals with a number of words", offset=at
        )
    if "~" in word:
        raise RuleError("~ stands behind no quoted phrase", 'write `"AI roadmap"~3`', offset=at)
    for found in re.finditer(r"\*", word):
        if not ends_prefix(word, found.start()):
            raise RuleError(
                f"the * in “{word}” does not end a word of three letters or more",
                "write a longer prefix, or put the word into double quotes to match the sign",
                offset=at + found.start(),
            )
