"""The query language: an item as it was typed → a tree, and a tree as an expression to paste.

The grammar itself is `query.lark`.
"""

from __future__ import annotations

import re

from alerts.errors import RuleError
from alerts.lexer import Kind, ends_prefix, is_letter, tokens
from alerts.nodes import And, Leaf, Near, Node, Not, Or, Regex, Words, in_field, is_group, leaves
from alerts.records import Field

__all__ = [
    "And", "Leaf", "Near", "Node", "Not", "Or", "Regex", "Words",
    "has_pattern", "in_field", "is_expression", "is_group", "is_regex", "leaves", "parse", "parse_item", "spell",
]  # fmt: skip

_OPERATOR = re.compile(r"(?<![^\s()\"])(?:AND|OR|NOT|NEAR/\S*|BEFORE/\S*)(?![^\s()\"])")
_GROUP = re.compile(r"(?<!\w)\(\s*[^\s()]+\s+[^\s()][^()]*\)|(?<!\w)\(\s*\(")
_FIELD = re.compile(rf"(?<![\w:])(?:{'|'.join(Field)}):(?=\S)")
_SLOP = re.compile(r"\"\"~\d")
_BARE = re.compile(r"[\w.]+(?:-[\w.]+)*")
_ENDS_EARLIER = re.compile(r"/(?:\\.|[^\\/]|/(?!\s))*+/\s", re.DOTALL)
_SLASH = re.compile(r"(\\.)|/", re.DOTALL)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟＂«»", '"'))

LONGEST = 500_000  # characters of one item


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
    """Whether an item is wholly `/…/`: no bare slash before white space ends the pattern earlier."""
    return len(text) > 2 and text[0] == text[-1] == "/" and not _ENDS_EARLIER.match(text)


def parse_item(text: str, *, literal: bool = False) -> Node:
    """The tree of an item of a watchlist: an expression where it is one, else one literal phrase.

    Raises:
        RuleError: see `parse`.
    """
    _refuse_unreadable(text)
    if not literal and is_expression(text):
        return parse(text)
    return Words(text=text, quoted=True)


def parse(text: str) -> Node:
    """The tree of an expression; words side by side are a phrase.

    Raises:
        RuleError: it cannot be read, or could be read in two ways; `offset` says where.
    """
    _refuse_unreadable(text)
    stripped = text.strip()
    if is_regex(stripped):
        start = text.index("/")
        return Regex(pattern=stripped[1:-1], offset=start + 1)
    signs = tuple(tokens(_plain_quotes(text)))
    if len(signs) == 1 and signs[0].kind is Kind.WORD:  # spares a search for one word the grammar
        return Words(text=signs[0].text, offset=signs[0].offset)

    from alerts.grammar import tree  # lark takes 0.1 s to load; a list of plain words needs none

    node = tree(text, signs)
    _require_positive(node)
    return node


def spell(node: Node) -> str:
    """An expression that reads back as the same tree."""
    match node:
        case Words():
            return _spell_words(node)
        case Regex():
            return _with_field(node.field, f"/{_SLASH.sub(_escaped, node.pattern)}/")
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


def _spell_words(node: Words) -> str:
    if not node.quoted or (not node.slop and _is_bare(node.text)):
        text = node.text
    else:
        text = f'"{_plain_quotes(node.text).replace(chr(34), "")}"'
    if node.slop:
        text += f"~{node.slop}"
    return _with_field(node.field, f"={text}" if node.exact else text)


def _is_bare(text: str) -> bool:
    """Whether a literal word reads the same without quotes."""
    if not _BARE.fullmatch(text) or is_expression(text):
        return False
    try:
        (sign,) = tokens(text)
    except RuleError:  # `and`, `near`: words that want quotes in an expression
        return False
    return sign.kind is Kind.WORD


def _escaped(slash: re.Match[str]) -> str:
    return slash[1] or r"\/"


def _with_field(field: Field | None, text: str) -> str:
    return f"{field}:{text}" if field else text


def _bracketed(node: Node, kinds: tuple[type, ...]) -> str:
    return f"({spell(node)})" if isinstance(node, kinds) else spell(node)


def _plain_quotes(text: str) -> str:
    return text.translate(_QUOTES)


def _refuse_unreadable(text: str) -> None:
    """Refuse what no article holds, or no machine should be asked to read.

    Raises:
        RuleError: at the first such character.
    """
    if len(text) > LONGEST:
        raise RuleError(
            f"this item has {len(text):,} characters",
            f"at most {LONGEST:,} are read; split it into several",
            offset=LONGEST,
        )
    if found := _UNREADABLE.search(text):
        kind = "half a character" if found[0] >= "\ud800" else "an invisible control character"
        raise RuleError(
            f"the item holds {kind} (U+{ord(found[0]):04X})", "type it anew", offset=found.start()
        )


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
                _require_positive(_denied(part) if isinstance(part, Not) else part)
        case Or():
            for part in node.parts:
                _require_positive(part)
        case _:
            return


def _denied(node: Not) -> Node:
    if isinstance(node.part, Not):
        raise RuleError("NOT NOT says nothing", "drop both", offset=node.offset)
    return node.part
