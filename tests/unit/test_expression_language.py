"""The query language: what is an expression, how it binds, and what its errors say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.doubts import doubts
from alerts.errors import RuleError
from alerts.expression import (
    And,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Words,
    has_pattern,
    is_expression,
    leaves,
    parse,
    parse_item,
    spell,
)
from alerts.lexer import Kind
from alerts.match import Matcher, subject, validate
from alerts.records import Field, Initiative, Term, Watchlist


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
        "«AI roadmap»~3",
        "„AI roadmap“~3",
        "chips AND",
        "\tAND chips",
        "A\u00a0AND\u00a0B",
        "India (road map)",
        "(TRUST)OR(chips)",
        "source:press",
        "url:example.org",
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
        "( TRUST )",
        "AND-gate",
        "AND, and",
        "A NEAR B",
        "AI near/10 chips",
        "subtitle:TRUST",
        "title:",
        "a ? b",
        "/usr",
        "“this AND that”",
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
        ("India AND =", 10, "= has no word"),
        ("India AND ( )", 10, "brackets are empty"),
        ("India AND chips)", 15, "never opened"),
        ("((India OR chips)", 0, "never closed"),
        ("India AND (chips AND)", 20, "closed where a word is expected"),
        ("India NEAR/5", 12, "ends where a word is expected"),
        ("NEAR/5 India", 0, "NEAR/5 has nothing on one side"),
        ("India NEAR/1000000 chips", 6, "reaches too far"),
        ("India Near/5 chips AND TRUST", 6, "“Near/5” is no operator"),
        ("India NEAR/5 NOT chips", 13, "NOT stands behind NEAR/5"),
        ("India NEAR/5 (chips NEAR/5 TRUST)", 14, "takes words, phrases or an OR-group"),
        (" NEAR/1 ".join(["a1"] * 50), 403, "more than 40 NEAR and BEFORE"),
        ("NOT " * 1000 + "a1", 0, "NOT NOT"),
        ("a1 AND NOT (NOT b1)", 7, "NOT NOT"),
        ("title:NOT chips", 6, "NOT stands behind title:"),
        ("Title:chips AND India", 0, "“Title:” is no field"),
        ("title:(text:chips OR TRUST)", 0, "two fields"),
        ("=title:TRUST", 0, "= stands before title:"),
        ("=/indus/ OR TRUST", 0, "= stands before a pattern"),
        ("India And chips OR TRUST", 6, "“And” not wholly in capitals"),
        ("India OR /indus/i", 9, "begins like a pattern"),
        ("India OR /indus", 9, "begins like a pattern"),
        ("India ＡＮＤ chips OR TRUST", 6, "“ＡＮＤ” looks like AND"),
        ("India ОR chips AND TRUST", 6, "“ОR” looks like OR"),  # Cyrillic О
        ("India ΝΟΤ chips AND TRUST", 6, "“ΝΟΤ” looks like NOT"),  # Greek
        ("India ＮＥＡＲ／５ chips AND TRUST", 6, "looks like NEAR/5"),
        ("India AND\u200b chips AND TRUST", 6, "looks like AND and holds an invisible sign"),
        ("（India OR chips） AND TRUST", 0, "“（” is no plain ("),
        ("title：chips AND TRUST", 5, "“：” is no plain :"),
        ("semiconduct＊ AND TRUST", 11, "“＊” is no plain *"),
        ("India AND chips\x00", 15, "invisible control character (U+0000)"),
        ("India AND \ud800", 10, "half a character"),
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


# -- the table of forms, by example ----------------------------------------------------------------


def matches(term: str | Term, text: str = "", **article: str) -> bool:
    """Whether an initiative of this one term meets an article."""
    made = Term(text=term) if isinstance(term, str) else term
    initiative = Initiative(id="it", name="It", watchlist_id="w", any=(made,))
    watchlist = Watchlist(id="w", title="W", context=(), initiatives=(initiative,))
    return bool(Matcher([watchlist]).judge(subject(text=text, **article)).matches)


@pytest.mark.parametrize(
    ("term", "meets", "misses"),
    [
        ("semiconductor", "A Semiconductor plant", "semi conductors"),
        ("export controls", "New export controls.", "Controls on export"),
        ("semiconduct*", "semiconductors", "superconductors"),
        ("organi?ation", "an organization", "an organiation"),
        ("alpha AND beta", "beta, then alpha", "alpha alone"),
        ("alpha OR beta", "beta", "gamma"),
        ("alpha AND NOT beta", "alpha", "alpha and beta"),
        ("alpha AND (beta OR gamma)", "gamma alpha", "gamma beta"),
        ("alpha NEAR/2 beta", "beta x y alpha", "beta x y z alpha"),
        ("alpha NEAR/2 beta", "It is alpha. Here beta begins", "alpha"),
        ("alpha NEAR/0 beta", "beta alpha", "alpha x beta"),
        ("alpha BEFORE/2 beta", "alpha x y beta", "beta x alpha"),
        ("alpha BEFORE/0 beta", "alpha beta", "beta alpha"),
        ("alpha NEAR/1 (beta OR gamma)", "gamma x alpha", "gamma x y alpha"),
        ("alpha NEAR/1 (road map OR /gam+a/)", "alpha x gammma", "alpha x road and map"),
        ('"AI roadmap"~3', "the AI and new chips roadmap", "AI a b c d roadmap"),
        ('"AI roadmap"~3', "AI roadmap", "roadmap for AI"),
        ("“AI roadmap”~3", "AI chips roadmap", "roadmap AI"),
        ("/indus[- ]?x/", "INDUS X begins", "indusxyz"),
        ("/(?-i)INDUS/", "INDUS", "Indus"),
        ("/alpha.*beta/", "alpha\nbeta", "alpha\n\nbeta"),
        ("/indus(x|y)/ AND alpha", "alpha indusy", "alpha indusz"),
        ("=TRUST", "the TRUST", "the Trust"),
        ("=trust", "the trust", "the TRUST"),
        ('="Trust Initiative"', "Trust Initiative", "TRUST Initiative"),
        ("C++", "in C++ here", "in C here"),
        ("R&D", "the R&D centre", "the R D centre"),
        ("What next?", "What next? Peace", "What next week"),
        ("भारत*", "भारतीय", "अमेरिका"),
    ],
)
def test_each_form_by_example(term: str, meets: str, misses: str) -> None:
    """The forms of the language on running text."""
    assert matches(term, meets)
    assert not matches(term, misses)


@pytest.mark.parametrize(
    ("term", "field"),
    [
        ("title:alpha", "title"),
        ("summary:(alpha OR beta)", "summary"),
        ("text:alpha", "text"),
        ("url:alpha", "url"),
        ("url:ALPHA", "url"),
        ("source:Alpha", "source"),
        ('title:"alpha beta"~1', "title"),
        ("title:=alpha", "title"),
        ("title:alph*", "title"),
        ("title:/alp.a/", "title"),
    ],
)
def test_a_field_holds_for_the_word_or_the_brackets_behind_it(term: str, field: str) -> None:
    """`title:TRUST` stands in the title and nowhere else."""
    words = (
        "https://example.org/alpha/beta" if field == "url" else "alpha beta" if field == "title" else "alpha"
    )
    other = "text" if field == "title" else "title"
    assert matches(term, **{"text": "", field: words})
    assert not matches(term, **{"text": "", other: words})


@pytest.mark.parametrize("text", ["TRUST x India", "Modi here, TRUST", f"TRUST {'x ' * 31}India", "TRUST"])
def test_the_long_form_with_near_is_near_an_or_group(text: str) -> None:
    """`{term: X, near: [A, B], within: n}` is `X NEAR/n (A OR B)`."""
    long = Term(text="TRUST", near=("India", "Modi"), within=30)
    assert matches(long, text) == matches("TRUST NEAR/30 (India OR Modi)", text)


@pytest.mark.parametrize("quotes", ["“”", "„“", "«»", "＂＂", "”“", '""'])
def test_typographic_quotes_are_quotes(quotes: str) -> None:
    """What a word processor makes of the quotes reads the same, at the same places."""
    opening, closing = quotes
    tree = parse(f"{opening}road map{closing}~2 AND {opening}this OR that{closing}")
    assert tree == parse('"road map"~2 AND "this OR that"')
    assert [leaf.offset for leaf in leaves(tree)] == [0, 17]


def test_a_slash_within_a_pattern_is_written_with_a_backslash() -> None:
    """A pattern that is the whole item may hold a bare one; spelled beside others it gets its backslash."""
    assert parse("/a/b/") == Regex(pattern="a/b")
    assert spell(Or(parts=(Regex(pattern="a/b"), Words(text="c1")))) == r"/a\/b/ OR c1"
    assert matches(r"/a\/b/ OR c1", "the a/b plan")


def test_words_that_would_be_operators_are_spelled_in_quotes() -> None:
    """A literal `or` stays a word in what `check --show` prints."""
    tree = Or(
        parts=(Words(text="or", quoted=True), Words(text="NEAR", quoted=True), Words(text="C++", quoted=True))
    )
    assert spell(tree) == '"or" OR "NEAR" OR "C++"'
    assert parse(spell(tree)) == tree


def test_plain_words_need_no_grammar() -> None:
    """lark is loaded at the first real expression, and never by the command's help."""
    probe = (
        "import sys, alerts.expression as e; e.parse_item('export controls'); e.parse('TRUST'); "
        "e.parse_item('/indus[- ]?x/'); assert 'lark' not in sys.modules; "
        "e.parse('a1 AND b1'); assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", probe], cwd=Path(__file__).parents[2], check=True)
    probe = (
        "import sys; sys.argv = ['tidings', '--help']\nfrom tidings.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nassert 'lark' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", probe], cwd=Path(__file__).parents[2], check=True, stdout=subprocess.DEVNULL
    )


def test_the_grammar_names_every_sign_of_the_lexer() -> None:
    """A sign that one of the two does not know would be an error of its own."""
    grammar = files("alerts").joinpath("query.lark").read_text(encoding="utf-8")
    for kind in Kind:
        named = kind.value if kind.value in "()=" else kind.name
        assert named in grammar


# -- any tree, any text ----------------------------------------------------------------------------

_LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cf"], exclude_characters='"“”„‟＂«»')
_WORDS = st.builds(
    Words,
    text=st.sampled_from(
        ["chips", "export controls", "semicon*", "organi?ation", "R&D", "भारत*", "C++", "U.S."]
    ),
    exact=st.booleans(),
    field=st.one_of(st.none(), st.sampled_from(Field)),
)
_QUOTED = st.builds(
    Words,
    text=st.one_of(
        st.text(_LETTERS, min_size=1, max_size=12).filter(str.strip),
        st.sampled_from(
            ["and", "OR", "NEAR/5", "near", "title:x", "(a b)", "/x/", "=a", "a~3", "semicon*", "a-b"]
        ),
    ),
    quoted=st.just(True),
    exact=st.booleans(),
    slop=st.integers(0, 50),
    field=st.one_of(st.none(), st.sampled_from(Field)),
)
_REGEX = st.builds(
    Regex,
    pattern=st.sampled_from([r"indus[- ]?x", r"(a|b) c", r"a\/b", r"\\", '"a"', "a)b("]),
    field=st.one_of(st.none(), st.sampled_from(Field)),
)
_LEAF = st.one_of(_WORDS, _QUOTED, _REGEX)
_GROUP = st.one_of(_LEAF, st.builds(Or, parts=st.lists(_LEAF, min_size=2, max_size=3).map(tuple)))
_NEAR = st.recursive(
    _GROUP,
    lambda left: st.builds(
        Near, left=left, right=_GROUP, distance=st.integers(0, 1000), ordered=st.booleans()
    ),
    max_leaves=4,
)


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """AND and OR over parts of other kinds; NOT beside a positive."""
    alternatives = inner.filter(lambda node: not isinstance(node, Or))
    wanted = inner.filter(lambda node: not isinstance(node, And))
    either = st.lists(alternatives, min_size=2, max_size=3).map(lambda parts: Or(parts=tuple(parts)))
    both = st.tuples(wanted, st.lists(st.one_of(wanted, inner.map(_denied)), min_size=1, max_size=3)).map(
        lambda made: And(parts=(made[0], *made[1]))
    )
    return st.one_of(either, both)


def _denied(node: Node) -> Node:
    return Not(part=node)


_TREE = st.recursive(_NEAR, _several, max_leaves=8)


def same_meaning(node: Node) -> Node:
    """A tree with its literal words quoted, whether they need it or not."""
    match node:
        case Words():
            return replace(node, quoted=node.quoted or not has_pattern(node.text))
        case Regex():
            return node
        case And() | Or():
            return replace(node, parts=tuple(map(same_meaning, node.parts)))
        case Not():
            return replace(node, part=same_meaning(node.part))
        case Near():
            return replace(node, left=same_meaning(node.left), right=same_meaning(node.right))


@settings(max_examples=150, deadline=None)
@given(_TREE)
def test_what_is_spelled_reads_back_as_the_same_tree(tree: Node) -> None:
    """`check --show` prints an expression that a user can paste."""
    assert same_meaning(parse(spell(tree))) == same_meaning(tree)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(alphabet='abAND ORT()"~*?=/:3NEAR', max_size=40),
        st.text(st.characters(), max_size=40),
        st.lists(
            st.sampled_from(
                ["AND", "OR", "NOT", "NEAR/5", "BEFORE/0", "(", ")", '"', "title:", "=", "/a/", "~2", "chips",
                 "semicon*", '"road map"', "and", "\ud800", "\u202e", "\x00", "ＡＮＤ", "（", "\n", "～", "а"]
            ),
            max_size=15,
        ).map(" ".join),
    )
)  # fmt: skip
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing a user types ends in anything but a tree or a `RuleError` inside the text."""
    try:
        validate(Term(text=text))
    except RuleError as error:
        assert 0 <= error.offset <= len(text)
        assert error.problem
        assert error.remedy
    else:
        spell(parse_item(text))
        assert all(doubt.remedy for doubt in doubts(Term(text=text)))
