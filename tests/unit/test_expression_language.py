"""The query language: what is an expression, how it binds, and what its errors say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import RuleError
from alerts.expression import (
    And,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Words,
    is_expression,
    leaves,
    parse,
    parse_item,
    spell,
)
from alerts.match import validate
from alerts.records import Field, Term


@pytest.mark.parametrize(
    "text",
    [
        "chips AND India",
        "chips OR India",
        "(India)AND(chips)",
        "NOT(chips)",
        "AI NEAR/5 roadmap",
        "AI BEFORE/5 roadmap",
        "AI NEAR/ten roadmap",
        "(road map)",
        "(A OR B)",
        "semiconduct*",
        "भारत*",
        "organi?ation",
        "title:TRUST",
        'text:"road map"',
        '"AI roadmap"~3',
        "=TRUST",
        "/indus[- ]?x/",
        "“AI roadmap”~3",
    ],
)
def test_an_item_with_signs_of_the_language_is_an_expression(text: str) -> None:
    """Operators in capitals, brackets, patterns, fields, slop, `=` and slashes."""
    assert is_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "TRUST initiative",
        "C++",
        "R&D",
        "What next?",
        "AC/DC",
        "E*TRADE",
        "AI*",
        "research and development",
        '"this AND that"',
        "TRUST (India)",
        "title: TRUST",
        "https://example.org/a",
        "BRANDY ORDER NOTE",
        "U.S.–India TRUST initiative",
    ],
)
def test_any_other_item_is_a_literal_phrase(text: str) -> None:
    """Its signs are signs."""
    assert not is_expression(text)
    assert parse_item(text) == Words(text=text, quoted=True)


def test_literal_settles_doubt() -> None:
    """`literal: true` makes an expression a phrase."""
    assert parse_item("R AND D", literal=True) == Words(text="R AND D", quoted=True)


def shape(node: Node) -> object:
    """A tree without offsets, short enough to compare."""
    match node:
        case Words():
            return node.text
        case Regex():
            return f"/{node.pattern}/"
        case And():
            return ("AND", *map(shape, node.parts))
        case Or():
            return ("OR", *map(shape, node.parts))
        case Not():
            return ("NOT", shape(node.part))
        case Near():
            return ("BEFORE" if node.ordered else "NEAR", node.distance, shape(node.left), shape(node.right))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a1 OR b1 AND c1", ("OR", "a1", ("AND", "b1", "c1"))),
        ("(a1 OR b1) AND c1", ("AND", ("OR", "a1", "b1"), "c1")),
        ("a1 AND NOT b1 OR c1", ("OR", ("AND", "a1", ("NOT", "b1")), "c1")),
        ("a1 AND NOT b1 NEAR/3 c1", ("AND", "a1", ("NOT", ("NEAR", 3, "b1", "c1")))),
        ("a1 NEAR/3 b1 AND c1 BEFORE/2 d1", ("AND", ("NEAR", 3, "a1", "b1"), ("BEFORE", 2, "c1", "d1"))),
        ("export controls AND chip plant", ("AND", "export controls", "chip plant")),
        ("a1 NEAR/3 b1 NEAR/4 c1", ("NEAR", 4, ("NEAR", 3, "a1", "b1"), "c1")),
        ("/indus[- ]?x/", "/indus[- ]?x/"),
        (r"/a\/b (c|d)/ AND e1", ("AND", r"/a\/b (c|d)/", "e1")),
        ("((a1))", "a1"),
        ("  a1\n AND\tb1 ", ("AND", "a1", "b1")),
    ],
)
def test_near_binds_tightest_then_not_and_or(text: str, expected: object) -> None:
    """Words side by side are a phrase."""
    assert shape(parse(text)) == expected


def test_fields_exactness_and_slop_belong_to_their_words() -> None:
    """A field before brackets holds for all in them."""
    first, second = parse('title:(TRUST OR =COMPACT) AND "AI roadmap"~3').parts  # type: ignore[union-attr]  # an AND
    assert [(leaf.field, leaf.exact) for leaf in leaves(first)] == [  # type: ignore[union-attr]  # words
        (Field.TITLE, False),
        (Field.TITLE, True),
    ]
    assert second.slop == 3
    assert second.offset == 30


@pytest.mark.parametrize(
    ("text", "offset", "problem"),
    [
        ("India AND chips and TRUST", 16, "“and” in small letters"),
        ("India AND (chips or TRUST)", 17, "“or” in small letters"),
        ("India OR not TRUST", 9, "“not” in small letters"),
        ("India AND trust near/5 chips", 16, "“near/5” is no operator"),
        ("India NEAR chips AND TRUST", 6, "“NEAR” is no operator"),
        ("India NEAR/ten chips", 6, "“NEAR/ten” is no operator"),
        ("India NEAR/9999 chips", 6, "reaches too far"),
        ("India AND", 9, "ends where a word is expected"),
        ("AND India", 0, "AND has nothing on one side"),
        ("India AND OR chips", 10, "OR has nothing on one side"),
        ("(India OR chips", 0, "never closed"),
        ("India OR chips)", 14, "never opened"),
        ("India AND ()", 10, "brackets are empty"),
        ('India AND "chips', 10, "never closed"),
        ('India AND ""', 10, "quotes are empty"),
        ("India (chips OR TRUST)", 6, "without an operator"),
        ('"road map" plan AND India', 11, "without an operator"),
        ("(India OR US) chips", 14, "without an operator"),
        ("India NOT chips", 6, "“NOT” follows “India”"),
        ("NOT chips", 0, "without a positive partner"),
        ("India OR NOT chips", 9, "without a positive partner"),
        ("NOT a1 AND NOT b1", 0, "without a positive partner"),
        ("a1 AND NOT NOT b1", 7, "NOT NOT"),
        ("India NEAR/5 (chips AND TRUST)", 14, "takes words, phrases or an OR-group"),
        ("AI* AND India", 2, "does not end a word of three letters"),
        ("*chips AND India", 0, "does not end a word of three letters"),
        ('"AI roadmap"~ AND India', 12, "~ needs the number"),
        ("roadmap~3 AND India", 0, "~ stands behind no quoted phrase"),
        ("title: AND India", 0, "no word behind it"),
        ("title:text:chips AND India", 0, "two fields"),
        ("= AND India", 0, "= has no word"),
        ("(" * 50 + "a1 b1" + ")" * 50, 40, "more than 40 brackets"),
        ("semi-conduc?t!r OR chips", 5, "holds signs beside"),
        ("India AND ...", 10, "holds no word"),
        ("/(a/", 1, "cannot be read"),
        ("chips AND /a*/", 11, "matches where nothing stands"),
        (r"/(?=a)b/", 1, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_place(text: str, offset: int, problem: str) -> None:
    """Malformed and ambiguous expressions are refused; the remedy stands beside."""
    with pytest.raises(RuleError) as error:
        validate(Term(text=text, where="w.yaml:3:9"))
    assert problem in error.value.problem
    assert error.value.remedy
    if problem != "holds signs beside":
        assert error.value.offset == offset
    assert "w.yaml:3:9" in error.value.__notes__[0]


@pytest.mark.parametrize(
    ("term", "problem"),
    [
        (Term(text="?!"), "holds no word"),
        (Term(text=""), "holds no word"),
        (Term(text="TRUST", near=("India AND Modi",)), "`near`, “India AND Modi”"),
        (Term(text="TRUST", exceptions=("trust AND fund",)), "`except`"),
        (Term(text="TRUST AND India", near=("Modi",)), "`near` stands beside an expression"),
        (Term(text="TRUST", near=("India",), within=5000), "out of range"),
    ],
)
def test_a_long_form_that_says_nothing_is_refused(term: Term, problem: str) -> None:
    """`near`, `except` and `within` are read with the term."""
    with pytest.raises(RuleError) as error:
        validate(term)
    assert problem in error.value.problem


_ATOM = st.sampled_from(
    ["chips", "export controls", '"road map"', '"AI plan"~2', "semicon*", "=TRUST", "title:iCET"]
)
_GROUP = st.recursive(
    _ATOM, lambda inner: st.tuples(inner, inner).map(lambda two: f"({two[0]} OR {two[1]})"), max_leaves=3
)
_NEAR = st.tuples(_GROUP, st.sampled_from(["NEAR/5", "BEFORE/0"]), _GROUP).map(" ".join)
_ANY = st.recursive(
    st.one_of(_GROUP, _NEAR),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) AND ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]} OR {two[1]}"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) AND NOT ({two[1]})"),
    ),
    max_leaves=6,
)


@given(_ANY)
def test_what_is_spelled_reads_back_as_the_same_tree(text: str) -> None:
    """`check --show` prints an expression that a user can paste."""
    tree = parse(text)
    assert shape(parse(spell(tree))) == shape(tree)


@given(st.text(alphabet='abAND ORT()"~*?=/:3NEAR', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing a user types ends in anything but a tree or a `RuleError` inside the text."""
    try:
        validate(Term(text=text))
    except RuleError as error:
        assert 0 <= error.offset <= len(text)  # most texts raise nothing
