"""The query language: an item as it was typed → a tree, with places for errors.

either  := both (OR both)*
both    := denied (AND denied)*
denied  := NOT denied | nearby
nearby  := part ((NEAR/n | BEFORE/n) part)*
part    := "(" either ")" | field:part | "=" words | words | "quoted phrase"[~n] | /regex/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from alerts.errors import RuleError
from alerts.lexer import Kind, Token, ends_prefix, is_letter, tokens
from alerts.records import Field

_DEEPEST = 40  # brackets within brackets


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A word, or words in order."""

    text: str
    quoted: bool = False  # signs are signs; else `*` and `?` are patterns
    exact: bool = False  # exactly these letters
    slop: int = 0  # further words allowed in it
    field: Field | None = None  # None: the fields of the initiative
    offset: int = 0  # of its first letter in the item


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """A pattern in RE2 syntax, without its slashes."""

    pattern: str
    field: Field | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: tuple[Node, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: tuple[Node, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: Node
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """`left` and `right` with at most `distance` words between; `ordered`: in this order, in one field."""

    left: Node
    right: Node
    distance: int
    ordered: bool = False
    offset: int = 0


Leaf = Words | Regex
Node = Words | Regex | And | Or | Not | Near

_OPERATOR = re.compile(r"(?<![^\s()\"])(?:AND|OR|NOT|NEAR/\S*|BEFORE/\S*)(?![^\s()\"])")
_GROUP = re.compile(r"(?<!\w)\(\s*[^\s()]+\s[^()]*\)|(?<!\w)\(\s*\(")
_FIELD = re.compile(rf"(?<![\w:])(?:{'|'.join(Field)}):(?=\S)")
_SLOP = re.compile(r"\"\"~\d")


def is_expression(text: str) -> bool:
    """Whether an item is an expression; else it is a literal phrase, and its signs are signs."""
    text = _plain_quotes(text).strip()
    if text.startswith("=") or is_regex(text):
        return True
    outside = re.sub(r'"[^"]*"', '""', text)
    return has_pattern(outside) or any(form.search(outside) for form in (_OPERATOR, _GROUP, _FIELD, _SLOP))


def has_pattern(text: str) -> bool:
    """Whether words hold a `*` or `?` that stands for letters."""
    return any(
        (sign == "*" and ends_prefix(text, at))
        or (sign == "?" and 0 < at < len(text) - 1 and is_letter(text[at - 1]) and is_letter(text[at + 1]))
        for at, sign in enumerate(text)
    )


def is_regex(text: str) -> bool:
    """Whether an item is wholly `/…/`."""
    return len(text) > 2 and text[0] == text[-1] == "/" and not re.search(r"(?<!\\)/\s", text[1:-1])


def parse_item(text: str, *, literal: bool = False) -> Node:
    """The tree of an item of a watchlist: an expression where it is one, else one literal phrase.

    Raises:
        RuleError: see `parse`.
    """
    if not literal and is_expression(text):
        return parse(text)
    return Words(text=text, quoted=True)


def parse(text: str) -> Node:
    """The tree of an expression; words side by side are a phrase.

    Raises:
        RuleError: it cannot be read, or could be read in two ways; `offset` says where.
    """
    stripped = text.strip()
    if is_regex(stripped):
        start = text.index("/")
        return Regex(pattern=stripped[1:-1], offset=start + 1)
    node = _Parser(text).parse()
    _require_positive(node)
    return node


def spell(node: Node) -> str:
    """An expression that reads back as the same tree."""
    match node:
        case Words():
            return _spell_words(node)
        case Regex():
            return _with_field(node.field, f"/{node.pattern}/")
        case And():
            return " AND ".join(_bracketed(part, (Or,)) for part in node.parts)
        case Or():
            return " OR ".join(spell(part) for part in node.parts)
        case Not():
            return f"NOT {_bracketed(node.part, (And, Or))}"
        case Near():
            word = "BEFORE" if node.ordered else "NEAR"
            left = _bracketed(node.left, (And, Or, Not))
            right = _bracketed(node.right, (And, Or, Not, Near))
            return f"{left} {word}/{node.distance} {right}"


def leaves(node: Node, *, positive: bool = False) -> Iterator[Leaf]:
    """All words and patterns of a tree; `positive`: only those outside NOT."""
    match node:
        case Words() | Regex():
            yield node
        case And() | Or():
            for part in node.parts:
                yield from leaves(part, positive=positive)
        case Not():
            if not positive:
                yield from leaves(node.part)
        case Near():
            yield from leaves(node.left, positive=positive)
            yield from leaves(node.right, positive=positive)


def in_field(node: Node, field: Field) -> Node:
    """A tree whose words and patterns stand in `field` where they name none."""
    match node:
        case Words() | Regex():
            return node if node.field else replace(node, field=field)
        case And() | Or():
            return replace(node, parts=tuple(in_field(part, field) for part in node.parts))
        case Not():
            return replace(node, part=in_field(node.part, field))
        case Near():
            return replace(node, left=in_field(node.left, field), right=in_field(node.right, field))


def is_group(node: Node) -> bool:
    """Whether a tree is a word, a phrase, a pattern, or an OR-group of them."""
    return isinstance(node, Words | Regex) or (isinstance(node, Or) and all(map(is_group, node.parts)))


def _spell_words(node: Words) -> str:
    plain = re.fullmatch(r"[\w.]+(?:-[\w.]+)*", node.text) and not is_expression(node.text)
    text = node.text if plain or not node.quoted else f'"{_plain_quotes(node.text).replace(chr(34), "")}"'
    if node.slop:
        text += f"~{node.slop}"
    return _with_field(node.field, f"={text}" if node.exact else text)


def _with_field(field: Field | None, text: str) -> str:
    return f"{field}:{text}" if field else text


def _bracketed(node: Node, kinds: tuple[type, ...]) -> str:
    return f"({spell(node)})" if isinstance(node, kinds) else spell(node)


def _plain_quotes(text: str) -> str:
    return text.translate({ord(sign): '"' for sign in "“”„‟＂"})


def _require_positive(node: Node) -> None:
    """Refuse a NOT without a positive partner.

    Raises:
        RuleError: at the NOT.
    """
    match node:
        case Not():
            raise RuleError(
                "NOT stands without a positive partner",
                "write `A AND NOT B`, or put the term into `none`",
                offset=node.offset,
            )
        case And():
            if all(isinstance(part, Not) for part in node.parts):
                _require_positive(node.parts[0])
            for part in node.parts:
                if isinstance(part, Not):
                    inner = part.part
                    if not isinstance(inner, Not):
                        _require_positive(inner)
                    else:
                        raise RuleError("NOT NOT says nothing", "drop both", offset=part.offset)
                else:
                    _require_positive(part)
        case Or():
            for part in node.parts:
                _require_positive(part)
        case _:
            return


class _Parser:
    """Recursive descent over the tokens of one item."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tuple(tokens(_plain_quotes(text)))
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._either()
        if (token := self._peek()) is not None:
            if token.kind is Kind.CLOSE:
                raise RuleError("a bracket is closed that was never opened", "drop it", offset=token.offset)
            raise self._misplaced(token)
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *kinds: Kind) -> Token | None:
        token = self._peek()
        if token is None or token.kind not in kinds:
            return None
        self._at += 1
        return token

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take(Kind.OR):
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        flat = (inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
        return Or(parts=tuple(flat), offset=parts[0].offset)

    def _both(self) -> Node:
        parts = [self._denied()]
        while self._take(Kind.AND):
            parts.append(self._denied())
        if len(parts) == 1:
            return parts[0]
        flat = (inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
        return And(parts=tuple(flat), offset=parts[0].offset)

    def _denied(self) -> Node:
        token = self._take(Kind.NOT)
        if token is None:
            return self._nearby()
        self._deeper(token)
        node = Not(part=self._denied(), offset=token.offset)
        self._depth -= 1
        return node

    def _nearby(self) -> Node:
        left = self._part()
        while (token := self._take(Kind.NEAR, Kind.BEFORE)) is not None:
            right = self._part()
            for side in (left, right):
                if not is_group(side) and not (side is left and isinstance(side, Near)):
                    raise RuleError(
                        f"{token.text} takes words, phrases or an OR-group of them",
                        "join other expressions with AND",
                        offset=side.offset,
                    )
            left = Near(
                left=left,
                right=right,
                distance=token.number,
                ordered=token.kind is Kind.BEFORE,
                offset=left.offset,
            )
        return left

    def _part(self) -> Node:
        token = self._peek()
        if token is None:
            raise RuleError(
                "the expression ends where a word is expected",
                "complete it, or put the item into double quotes to match it as it stands",
                offset=len(self._text.rstrip()),
            )
        if (opened := self._take(Kind.OPEN)) is not None:
            return self._group(opened)
        if (field := self._take(Kind.FIELD)) is not None:
            self._deeper(field)
            part = self._part()
            self._depth -= 1
            if any(leaf.field is not None for leaf in leaves(part)):
                raise RuleError("two fields stand before one word", "keep one of them", offset=field.offset)
            return in_field(part, Field(field.text))
        if (regex := self._take(Kind.REGEX)) is not None:
            return Regex(pattern=regex.text, offset=regex.offset + 1)
        exact = self._take(Kind.EXACT) is not None
        if (quoted := self._take(Kind.QUOTED)) is not None:
            node = Words(text=quoted.text, quoted=True, exact=exact, slop=quoted.number, offset=quoted.offset)
            self._end_of_words(quoted)
            return node
        if self._peek() is not None and self._tokens[self._at].kind is Kind.WORD:
            return self._words(exact)
        raise self._misplaced(self._peek() or token)

    def _words(self, exact: bool) -> Words:
        first = last = self._tokens[self._at]
        while (token := self._take(Kind.WORD)) is not None:
            last = token
        self._end_of_words(last)
        text = self._text[first.offset : last.offset + len(last.text)]
        return Words(text=text, exact=exact, offset=first.offset)

    def _end_of_words(self, last: Token) -> None:
        token = self._peek()
        if token is not None and token.kind in (
            Kind.WORD, Kind.QUOTED, Kind.OPEN, Kind.FIELD, Kind.REGEX, Kind.EXACT, Kind.NOT
        ):  # fmt: skip
            remedy = (
                "write `AND NOT`"
                if token.kind is Kind.NOT
                else "put AND or OR between them, or all of it into double quotes"
            )
            raise RuleError(
                f"{token.shown} follows {last.shown} without an operator", remedy, offset=token.offset
            )

    def _group(self, opened: Token) -> Node:
        self._deeper(opened)
        if (closed := self._take(Kind.CLOSE)) is not None:
            raise RuleError("the brackets are empty", "drop them", offset=closed.offset - 1)
        node = self._either()
        if self._take(Kind.CLOSE) is None:
            if (token := self._peek()) is not None:
                raise self._misplaced(token)
            raise RuleError("the bracket is never closed", "close it", offset=opened.offset)
        self._depth -= 1
        self._end_of_words(Token(Kind.CLOSE, ")", opened.offset))
        return node

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RuleError(
                f"more than {_DEEPEST} brackets stand within each other", "split it", offset=token.offset
            )

    def _misplaced(self, token: Token) -> RuleError:
        if token.kind is Kind.CLOSE:
            problem = "a bracket is closed where a word is expected"
        elif token.kind in (Kind.AND, Kind.OR, Kind.NEAR, Kind.BEFORE):
            problem = f"{token.text} has nothing on one side"
        else:
            problem = f"{token.shown} stands where an operator is expected"
        return RuleError(
            problem,
            "complete it, or put words that are no operators into double quotes",
            offset=token.offset,
        )
