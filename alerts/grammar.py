"""Signs → tree, by the grammar in `query.lark`; the only importer of lark, itself imported at the first use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from lark import Lark, Transformer, UnexpectedToken
from lark import Token as Terminal
from lark.exceptions import VisitError
from lark.lexer import Lexer

from alerts.errors import RuleError
from alerts.lexer import Kind, Token
from alerts.nodes import And, Near, Node, Not, Or, Regex, Words, in_field, is_group, leaves
from alerts.records import Field

DEEPEST = 40  # brackets within brackets, and NEAR behind NEAR

_TERMINALS = {kind: kind.name for kind in Kind} | {
    Kind.OPEN: "LPAR",  # lark's own names for "(", ")" and "="
    Kind.CLOSE: "RPAR",
    Kind.EXACT: "EQUAL",
}
_ENDS_PART = frozenset({Kind.WORD, Kind.QUOTED, Kind.SLOP, Kind.REGEX, Kind.CLOSE})


def tree(text: str, signs: Sequence[Token]) -> Node:
    """The tree of an expression.

    Args:
        text: as it was typed.
        signs: its tokens.
    Raises:
        RuleError: the signs stand in no order of the language; `offset` says where.
    """
    _refuse_too_deep(signs)
    try:
        parsed = _parser().parse(signs)  # lark hands them to our lexer
        made = _Builder(text).transform(parsed)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        raise _misplaced(text, signs, error.token.start_pos, at_end) from None
    except VisitError as error:
        raise error.orig_exc from None
    assert isinstance(made, Words | Regex | And | Or | Not | Near)
    return made


@cache
def _parser() -> Lark:
    grammar = files("alerts").joinpath("query.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=_Signs, maybe_placeholders=False)


class _Signs(Lexer):
    """Our tokens as lark's; `start_pos` and `end_pos` are offsets in the item."""

    def __init__(self, _conf: object) -> None:
        """What lark would have this lexer look for is known to ours."""

    def lex(self, signs: Sequence[Token]) -> Iterator[Terminal]:  # type: ignore[override]  # lark's older interface
        for sign in signs:
            yield Terminal(_TERMINALS[sign.kind], sign.text, start_pos=sign.offset, end_pos=sign.end)


class _Builder(Transformer[Terminal, Node]):
    """Each rule of the grammar as a node of our tree."""

    def __init__(self, text: str) -> None:
        super().__init__(visit_tokens=False)
        self._text = text

    def start(self, parts: list[Node]) -> Node:
        return parts[0]

    def either(self, parts: list[Node]) -> Node:
        flat = (inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
        return Or(parts=tuple(flat), offset=parts[0].offset)

    def both(self, parts: list[Node]) -> Node:
        flat = (inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
        return And(parts=tuple(flat), offset=parts[0].offset)

    def denied(self, parts: list[Terminal | Node]) -> Node:
        denial, part = parts
        return Not(part=_node(part), offset=_offset(denial))

    def nearby(self, parts: list[Terminal | Node]) -> Node:
        """`A NEAR/5 B NEAR/3 C`: C stands near the pair of A and B."""
        left = _node(parts[0])
        for number in range(1, len(parts), 2):
            sign, right = parts[number], _node(parts[number + 1])
            assert isinstance(sign, Terminal)
            for side in (left, right):
                if not is_group(side) and not (side is left and isinstance(side, Near)):
                    raise _no_group(sign, side)
            if _pairs(left) == DEEPEST:
                raise RuleError(
                    f"more than {DEEPEST} NEAR and BEFORE stand behind each other",
                    "use AND for some of them",
                    offset=_offset(sign),
                )
            left = Near(
                left=left,
                right=right,
                distance=int(sign.partition("/")[2]),
                ordered=sign.type == Kind.BEFORE.name,
                offset=left.offset,
            )
        return left

    def in_field(self, parts: list[Terminal | Node]) -> Node:
        name, part = parts[0], _node(parts[1])
        if any(leaf.field is not None for leaf in leaves(part)):
            raise _two_fields(_offset(name))
        return in_field(part, Field(str(name)))

    def words(self, words: list[Terminal]) -> Node:
        start, end = words[0].start_pos, words[-1].end_pos
        return Words(text=self._text[start:end], offset=start or 0)

    def quoted(self, parts: list[Terminal]) -> Node:
        phrase, *slop = parts
        return Words(text=str(phrase), quoted=True, slop=int(slop[0]) if slop else 0, offset=_offset(phrase))

    def exact(self, parts: list[Words]) -> Node:
        return replace(parts[0], exact=True)

    def regex(self, parts: list[Terminal]) -> Node:
        return Regex(pattern=str(parts[0]), offset=_offset(parts[0]) + 1)


def _node(part: Terminal | Node) -> Node:
    assert not isinstance(part, Terminal)
    return part


def _offset(part: Terminal | Node) -> int:
    if not isinstance(part, Terminal):
        return part.offset
    assert part.start_pos is not None  # our lexer sets it
    return part.start_pos


def _pairs(node: Node) -> int:
    """How many pairs hang on the left of each other."""
    found = 0
    while isinstance(node, Near):
        found, node = found + 1, node.left
    return found


# -- errors ----------------------------------------------------------------------------------------


def _refuse_too_deep(signs: Sequence[Token]) -> None:
    depth = 0
    for sign in signs:
        depth += (sign.kind is Kind.OPEN) - (sign.kind is Kind.CLOSE)
        if depth > DEEPEST:
            raise RuleError(
                f"more than {DEEPEST} brackets stand within each other", "split it", offset=sign.offset
            )


def _misplaced(text: str, signs: Sequence[Token], offset: int | None, at_end: bool) -> RuleError:
    """What is wrong with the first sign that the grammar has no place for."""
    number = len(signs) if at_end else next(n for n, sign in enumerate(signs) if sign.offset == offset)
    before = signs[number - 1] if number else None
    opened = _open_brackets(signs[:number])
    complete = before is not None and before.kind in _ENDS_PART
    if number == len(signs):
        if complete and opened:
            return RuleError("the bracket is never closed", "close it", offset=opened[-1].offset)
        return RuleError(
            "the expression ends where a word is expected",
            "complete it, or put the item into double quotes to match it as it stands",
            offset=len(text.rstrip()),
        )
    sign = signs[number]
    if sign.kind is Kind.CLOSE:
        return _misplaced_close(sign, before, opened)
    if before is None:
        return _one_sided(sign)
    if complete:
        return _no_operator(sign, before)
    return _misplaced_behind(sign, before)


def _misplaced_close(sign: Token, before: Token | None, opened: Sequence[Token]) -> RuleError:
    if before is not None and before.kind is Kind.OPEN:
        return RuleError("the brackets are empty", "drop them", offset=before.offset)
    if not opened:
        return RuleError("a bracket is closed that was never opened", "drop it", offset=sign.offset)
    return RuleError(
        "a bracket is closed where a word is expected",
        "complete it, or put words that are no operators into double quotes",
        offset=sign.offset,
    )


def _misplaced_behind(sign: Token, before: Token) -> RuleError:
    """A sign behind one that waits for a word."""
    match before.kind, sign.kind:
        case Kind.NOT, Kind.NOT:
            return RuleError("NOT NOT says nothing", "drop both", offset=before.offset)
        case ((Kind.NEAR | Kind.BEFORE), Kind.NOT):
            return RuleError(
                f"NOT stands behind {before.text}, which takes words, phrases or an OR-group of them",
                "write NOT before the pair: `AND NOT (A NEAR/5 B)`",
                offset=sign.offset,
            )
        case Kind.FIELD, Kind.FIELD:
            return _two_fields(before.offset)
        case Kind.FIELD, Kind.NOT:
            return RuleError(
                f"NOT stands behind {before.text}:",
                f"write NOT before it: `NOT {before.text}:TRUST`",
                offset=sign.offset,
            )
        case Kind.EXACT, Kind.FIELD:
            return RuleError(
                f"= stands before {sign.text}:", f"write `{sign.text}:=TRUST`", offset=before.offset
            )
        case Kind.EXACT, Kind.REGEX:
            return RuleError(
                "= stands before a pattern",
                "drop it; a pattern that begins with (?-i) takes letters as they are",
                offset=before.offset,
            )
    return _one_sided(sign)


def _one_sided(sign: Token) -> RuleError:
    return RuleError(
        f"{sign.text} has nothing on one side",
        "complete it, or put words that are no operators into double quotes",
        offset=sign.offset,
    )


def _no_operator(sign: Token, before: Token) -> RuleError:
    remedy = "put AND or OR between them, or all of it into double quotes"
    if sign.kind is Kind.NOT:
        remedy = "write `AND NOT`"
    return RuleError(f"{sign.shown} follows {before.shown} without an operator", remedy, offset=sign.offset)


def _no_group(sign: Terminal, side: Node) -> RuleError:
    return RuleError(
        f"{sign} takes words, phrases or an OR-group of them",
        "join other expressions with AND",
        offset=side.offset,
    )


def _two_fields(offset: int) -> RuleError:
    return RuleError("two fields stand before one word", "keep one of them", offset=offset)


def _open_brackets(signs: Sequence[Token]) -> list[Token]:
    opened: list[Token] = []
    for sign in signs:
        if sign.kind is Kind.OPEN:
            opened.append(sign)
        elif sign.kind is Kind.CLOSE:
            opened.pop()
    return opened
