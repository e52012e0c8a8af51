"""Terms that can be read but hardly mean what they say: doubtful spelling, and trees that nothing can meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from alerts.expression import has_pattern, is_expression, parse_item
from alerts.fold import equalise, fold
from alerts.lexer import shown
from alerts.lookalikes import imitated, made_plain
from alerts.nodes import And, Leaf, Near, Node, Not, Or, Regex, Words, leaves
from alerts.records import DEFAULT_FIELDS, Field, Term


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is doubtful about a term, and what to do."""

    problem: str
    remedy: str


_LITERAL = "set `literal: true` if the words are meant"
_QUOTE = "put it into double quotes if the words are meant"


def doubts(term: Term, fields: tuple[Field, ...] = DEFAULT_FIELDS) -> Iterator[Doubt]:
    """All doubts about a term.

    Args:
        fields: those of its initiative, `in`.
    Raises:
        RuleError: it cannot be read.
    """
    yield from _about_signs(term.text)
    node = parse_item(term.text, literal=term.literal)
    if not term.literal:
        if is_expression(term.text):
            yield from _about_expression(term.text, node)
        quoted = tuple(_patterns_in_quotes(term.text))
        yield from quoted
        if not quoted and not is_expression(term.text):
            yield from _about_literal(term.text)
    yield from _dead(node)
    yield from _outside(node, fields)


# -- signs that no article holds -------------------------------------------------------------------

_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _about_signs(text: str) -> Iterator[Doubt]:
    if found := _ENTITY.search(text):
        yield Doubt(f"{shown(text)} holds the HTML entity {found[0]}", "write the sign itself, such as &")
    if _DIRECTION.search(text):
        yield Doubt(
            f"{shown(text)} holds an invisible mark that turns the direction of writing", "type it anew"
        )
    if "\ufffd" in text:
        yield Doubt(f"{shown(text)} holds a sign that stands for broken letters", "type it anew")


# -- literal phrases that look like something else -------------------------------------------------

_FIELDS = "|".join(Field)
_FOREIGN = r"(?:allin|in)?(?:title|text|url|body)|headline|hlead|lead|content|site|domain|lang|language|country|author"
_DISTANCE_LIKE = re.compile(r"(?<!\S)(?:near/\d+|before/\d+|NEAR|BEFORE)(?!\S)", re.IGNORECASE)
_FIELD_LIKE = re.compile(rf"(?<![\w:])((?i:{_FIELDS})(?=:\S)|(?:{_FIELDS})(?=:\s)):")
_FOREIGN_FIELD = re.compile(rf"(?<!\S)({_FOREIGN}):(?=\S)", re.IGNORECASE)
_FOREIGN_SIGN = re.compile(
    r"(?<=\S\s)(&&|\|\|?|(?:w|pre|adj|onear)/\d+|(?:adj|near|onear)\d+)(?=\s\S)", re.IGNORECASE
)
_OR = re.compile(r"(?<=\S\s)or(?=\s\S)", re.IGNORECASE)
_AND_NOT = re.compile(r"(?<=\S\s)(?:and|or|but)\s+not(?=\s\S)", re.IGNORECASE)
_AND = re.compile(r"(\S+)\s+and\s+(\S+)", re.IGNORECASE)
_SIGNED = re.compile(r"(?<!\S)[-+!](?=[^\W\d_])")
_SLOP_LIKE = re.compile(r"\"\s+~\s*\d|[^\s\"]~\d|\"~(?!\d)")
_FLAGGED = re.compile(r"/.+/[a-z]{1,4}")
_REGEX_LIKE = re.compile(r"\.[*+]|\\[bdswBDSW]|\[[^\]]+\][*+?{]|\(\?[:i]|\([^()\s]+\|[^()\s]+\)")
_TWO_QUOTED = re.compile(r"\"[^\"]+\"\s+\"[^\"]+\"")
_LONE_STAR = re.compile(r"(?<!\S)\*+(?!\S)")
_WIDE_STAR = re.compile(r"\w\.?\*(?!\w)")
_ONE_IN_BRACKETS = re.compile(r"\(\s*[^\s()]+\s*\)")


def _about_literal(text: str) -> Iterator[Doubt]:
    """At most one doubt: the first that fits says what was probably meant."""
    doubt = _likeness(text) or _joined(text) or _foreign(text)
    if doubt is not None:
        yield doubt


def _likeness(text: str) -> Doubt | None:
    """It would be an expression with a letter changed."""
    phrase = f"{shown(text)} is a literal phrase, though it looks like an expression"
    plain = made_plain(text)
    if plain != text and is_expression(plain):
        odd = next((word for word in text.split() if imitated(word)), "")
        return Doubt(
            f"{phrase}: {shown(odd)} is written with other letters" if odd else phrase,
            f"type it anew: {plain}; or {_LITERAL}",
        )
    if _DISTANCE_LIKE.search(text) and len(text.split()) > 2:
        return Doubt(phrase, f"write NEAR/10 or BEFORE/10, in capitals with a number, or {_LITERAL}")
    if found := _FIELD_LIKE.search(text):
        name = found[1].lower()
        return Doubt(phrase, f"write `{name}:TRUST`, in small letters and without a space, or {_LITERAL}")
    if _SLOP_LIKE.search(text):
        return Doubt(phrase, f'write `"AI roadmap"~3`, quotes and number without a space, or {_LITERAL}')
    if _FLAGGED.fullmatch(text):
        return Doubt(
            f"{shown(text)} is a literal phrase: letters stand behind the slash",
            f"drop them; a pattern ignores case unless it begins (?-i). Or {_LITERAL}",
        )
    if text.startswith("/") and not text.endswith("/"):
        return Doubt(
            f"{shown(text)} begins like a pattern and is a literal phrase",
            f"close it with a slash; quote it, since a # behind a space begins a comment in YAML. Or {_LITERAL}",
        )
    if _LONE_STAR.search(text):
        return Doubt(
            f"the * of {shown(text)} stands for nothing",
            'write `"AI roadmap"~1` for one further word, or drop the sign',
        )
    if _WIDE_STAR.search(text):
        return Doubt(
            f"the * of {shown(text)} stands for nothing: a prefix has three letters or more",
            "write a longer prefix, or drop the sign",
        )
    return None


def _joined(text: str) -> Doubt | None:
    """Its words are joined as if `and`, `or`, a semicolon or two quotes were operators."""
    phrase = f"{shown(text)} is one literal phrase"
    if found := _AND_NOT.search(text):
        return Doubt(
            f"{phrase}: “{found[0]}” in small letters joins nothing", f"write AND NOT, or {_LITERAL}"
        )
    if found := _OR.search(text):
        return Doubt(f"{phrase}: “{found[0]}” in small letters joins nothing", f"write OR, or {_LITERAL}")
    for found in _AND.finditer(text):
        if any(_is_long_name(word) for word in found.groups()):
            return Doubt(
                f"{phrase}: “and” in small letters joins nothing",
                f"write AND if both are to occur anywhere, or {_LITERAL}",
            )
    if _TWO_QUOTED.search(text):
        return Doubt(f"{phrase}: its quotes say nothing", f"put AND or OR between them, or {_LITERAL}")
    if re.search(r"\w;\s+\w", text):
        return Doubt(f"{phrase} with a semicolon in it", f"write one term an item, or {_LITERAL}")
    return None


def _foreign(text: str) -> Doubt | None:
    """It is written in another language of queries."""
    if found := _FOREIGN_FIELD.search(text) or _FOREIGN_SIGN.search(text):
        return _unknown(text, found[1])
    if found := _SIGNED.search(text):
        return Doubt(
            f"the {found[0]} before a word of {shown(text)} says nothing",
            "write AND or AND NOT, or move the term to `all` or `none`",
        )
    if _REGEX_LIKE.search(text):
        return Doubt(
            f"{shown(text)} is a literal phrase, though it looks like a pattern",
            f"write it between slashes: /…/, or {_LITERAL}",
        )
    if _ONE_IN_BRACKETS.fullmatch(text.strip()):
        return Doubt(
            f"the brackets of {shown(text)} are signs that must stand in the text",
            f"drop them, or {_LITERAL}",
        )
    return None


def _unknown(text: str, sign: str) -> Doubt:
    name = sign.lower()
    own = next((field for field in ("title", "text", "url") if name.endswith(field)), None)
    if own is None:
        own = {"headline": "title", "hlead": "title", "body": "text", "site": "url", "domain": "url"}.get(
            name
        )
    remedy = (
        f"write `{own}:`"
        if own
        else "the language has AND, OR, NOT, NEAR/n, BEFORE/n, and fields such as title:"
    )
    return Doubt(f"“{sign}” in {shown(text)} is no sign of the language", f"{remedy}; or {_LITERAL}")


def _is_long_name(word: str) -> bool:
    letters = word.strip(".,;:'\"’()")
    return len(letters) >= 3 and letters.isalpha() and letters.isupper()


# -- expressions -----------------------------------------------------------------------------------

_CAPITAL_JOINER = re.compile(r"\s(?:AND|OR|NOT)\s")
_QUOTED = re.compile(r"[\"“”„‟＂«»]([^\"“”„‟＂«»]+)[\"“”„‟＂«»]")


def _about_expression(text: str, node: Node) -> Iterator[Doubt]:
    if isinstance(node, Regex):
        return
    if isinstance(node, And | Or) and text.isupper() and not re.search(r"[\"“”()/=:*?]", text):
        sides = _CAPITAL_JOINER.split(text)
        if any(len(side.split()) > 1 for side in sides):
            yield Doubt(
                f"{shown(text)} is an expression, since AND, OR and NOT in capitals are operators",
                "put all of it into double quotes if it is a name, else each phrase of it",
            )
    for leaf in leaves(node):
        if isinstance(leaf, Words) and not leaf.quoted:
            found = _FOREIGN_FIELD.search(leaf.text) or _FOREIGN_SIGN.search(leaf.text)
            if found:
                doubt = _unknown(leaf.text, found[1])
                yield Doubt(doubt.problem, doubt.remedy.replace(_LITERAL, _QUOTE))


def _patterns_in_quotes(text: str) -> Iterator[Doubt]:
    if text.startswith("/"):
        return
    for found in _QUOTED.finditer(text):
        if has_pattern(found[1]):
            sign = "*" if "*" in found[1] else "?"
            yield Doubt(
                f"the {sign} in “{found[1]}” is a sign, since it stands in double quotes",
                "drop the quotes to make it stand for letters, or drop the sign",
            )


# -- trees that nothing can meet -------------------------------------------------------------------

_HEAD_AND_BODY = frozenset(DEFAULT_FIELDS)


def _dead(node: Node) -> Iterator[Doubt]:
    match node:
        case Or():
            yield from _repeated(node.parts, "OR")
            for part in node.parts:
                yield from _dead(part)
        case And():
            yield from _repeated(node.parts, "AND")
            yield from _contradictions(node)
            for part in node.parts:
                if not isinstance(part, Not):
                    yield from _dead(part)
        case Near():
            yield from _dead(node.left)
            yield from _dead(node.right)
            yield from _parted(node)
        case _:
            return


def _repeated(parts: tuple[Node, ...], sign: str) -> Iterator[Doubt]:
    seen: set[Node] = set()
    for part in parts:
        if part in seen:
            yield Doubt(f"{_named(part)} stands twice beside {sign}", "drop one")
        seen.add(part)


def _contradictions(node: And) -> Iterator[Doubt]:
    """What is asked for and denied at once."""
    negatives = [part.part for part in node.parts if isinstance(part, Not)]
    if not negatives:
        return
    denied = {
        _key(one) for negative in negatives for one in _branches(negative) if isinstance(one, Words | Regex)
    }
    for part in node.parts:
        if not isinstance(part, Not) and (covered := _covered(part, denied)) is not None:
            yield Doubt(
                f"{_named(covered)} is asked for and denied by NOT: nothing can match", "drop one of the two"
            )


def _covered(node: Node, denied: set[object]) -> Node | None:
    """The part of a tree that can never be true, since all its ways are denied."""
    match node:
        case Or():
            ways = [_covered(part, denied) for part in node.parts]
            return ways[0] if all(way is not None for way in ways) else None
        case And():
            asked = (part for part in node.parts if not isinstance(part, Not))
            return next((way for part in asked if (way := _covered(part, denied)) is not None), None)
        case Near():
            return _covered(node.left, denied) or _covered(node.right, denied)
        case Words() | Regex():
            return node if denied.intersection(_key(other) for other in _wider(node)) else None
        case _:
            return None


def _branches(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Or) else (node,)


def _key(leaf: Leaf) -> object:
    """A leaf as NOT reads it: the words whatever their case, unless they are exact."""
    if isinstance(leaf, Regex) or leaf.exact:
        return leaf
    return replace(
        leaf, text=" ".join(fold(equalise(leaf.text).text).split()), quoted=not has_pattern(leaf.text)
    )


def _wider(leaf: Leaf) -> Iterator[Leaf]:
    """The leaf, and those that stand wherever it stands."""
    yield leaf
    if leaf.field in DEFAULT_FIELDS:
        yield replace(leaf, field=None)
    if isinstance(leaf, Words) and leaf.exact:
        yield from _wider(replace(leaf, exact=False))


def _parted(node: Near) -> Iterator[Doubt]:
    """Two sides in fields that are never near each other (rule 5)."""
    left = {leaf.field for leaf in leaves(node.left)}
    right = {leaf.field for leaf in leaves(node.right)}
    if None in left | right or left & right:
        return
    if node.ordered or not (left | right <= _HEAD_AND_BODY and Field.TITLE in left | right):
        sign = "BEFORE" if node.ordered else "NEAR"
        yield Doubt(
            f"{_named(node.left)} and {_named(node.right)} stand in different fields: {sign} can never be met",
            "name one field for both, or use AND",
        )


def _outside(node: Node, fields: tuple[Field, ...]) -> Iterator[Doubt]:
    """A field that a narrowed `in` leaves out."""
    if set(fields) >= set(DEFAULT_FIELDS):
        return
    for name in dict.fromkeys(leaf.field for leaf in leaves(node, positive=True)):
        if name is not None and name not in fields and name in DEFAULT_FIELDS:
            yield Doubt(
                f"{name}: is read although `in` leaves it out: {', '.join(fields)}",
                f"add {name} to `in`, or drop the field of the term",
            )


def _named(node: Node) -> str:
    """A tree in a message, by its first leaf."""
    leaf = next(leaves(node))
    return shown(leaf.text if isinstance(leaf, Words) else f"/{leaf.pattern}/")
