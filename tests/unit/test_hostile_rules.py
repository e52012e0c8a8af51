"""Rules made to hurt: patterns that explode, endless expressions, broken letters. Run as a script, it prints a table."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from alerts.errors import RuleError
from alerts.expression import And, Or, is_expression, parse, parse_item, spell
from alerts.match import Matcher, spelled, subject, validate, warnings
from alerts.records import Initiative, Term, Watchlist
from crawler.records import Article

SIZE = 200_000  # characters of the text
MOST_SECONDS = 1.0  # of processor time; an idle machine takes under 0.1

# A pattern, what its text repeats, and what ends the text so that the last try fails.
EXPLOSIVE = (
    # a quantifier within a quantifier
    (r"(a+)+$", "a", "!"),
    (r"(a+)+b", "a", "!"),
    (r"(a*)*b", "a", "!"),
    (r"(a|a)*b", "a", "!"),
    (r"(a|aa)+b", "a", "!"),
    (r"(a+){2,}b", "a", "!"),
    (r"((a+)+)+b", "a", "!"),
    (r"((((a*)*)*)*)*b", "a", "!"),
    (r"(a?){50}a{50}", "a", "!"),
    (r"(\w+\s?)*!!", "aaa ", "."),
    (r"(\w+)*\d{3}z", "word", "!"),
    (r"([a-z]+)*[0-9]z", "abc", "!"),
    (r"([a-zA-Z]+)*q9", "a", "!"),
    (r"(.*)*z9", "a", "!"),
    (r"(.+)+z9", "a b ", "!"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a", "!"),
    (r"(x+x+)+y", "x", "!"),
    (r"(x*x*)*y", "x", "!"),
    # alternatives that overlap
    (r"(a|ab|b)*c9", "ab", "!"),
    (r"(\d|\d\d|\d\d\d)+z", "1", "!"),
    (r"(.|\s)*z9", "a ", "!"),
    (r"(\w|\d|_)+\$z", "a1_", "!"),
    (r"(foo|foobar|bar)*baz", "foobar", "!"),
    (r"([^z]|[a-y])*z9", "a", "!"),
    (r"(?:a|b|ab|ba|aab)*z", "aab", "!"),
    # one unbounded part behind the other
    (r"a*a*a*a*a*b", "a", "!"),
    (r".*.*.*.*=z9", "a", "!"),
    (r".*a.*a.*a.*a.*z9", "a ", "!"),
    (r"\s*\s*\s*\s*z9", " ", "x"),
    (r"\s+$z", " a", "x"),
    (r"a.*b.*c.*d.*e9", "a b c d ", "!"),
    (r".{0,500}.{0,500}z9", "a ", "!"),
    (r"[\s\S]*[\s\S]*z9", "a\n", "!"),
    # counted repetitions
    (r"(a{1,100}){1,100}", "a", "!"),
    (r"(a{1,30}){1,30}b", "a", "!"),
    (r"a{1,1000}b", "a", "!"),
    (r"a{1000}", "a", "!"),
    (r"((a{0,9}){0,9}){0,9}b", "a", "!"),
    (r"(\w{1,200} ){1,4}z9", "abcdefghij ", "!"),
    (r"a{2147483647}", "a", "!"),
    # what RE2 has no room for
    (r"(a+)\1b", "a", "!"),
    (r"(?P<x>a+)(?P=x)b", "a", "!"),
    (r"(?=(a+))\1b", "a", "!"),
    (r"(?<=a+)b", "a", "!"),
    (r"(?>a+)b", "a", "!"),
    (r"(?:a++)b", "a", "!"),
    # from the field: addresses, markup, dates
    (r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+", "a", "!"),
    (r"(https?://)?([\da-z.-]+)+\.([a-z.]{2,6})([/\w .-]*)*/?z9", "a.", "!"),
    (r"<!--(.|\n)*?--+\s*>z", "<!--", "!"),
    (r"(\"[^\"]*\"|'[^']*')*z9", "'a'", "!"),
    (r"((\d+[.,]?)+ ?(crore|lakh|billion)?)+ rupees9", "1,000", "!"),
    # classes of Unicode
    (r"(\pL+\pM*)+z9", "क्षि", "!"),
    (r"(\p{Devanagari}|\pL|\pM)+z9", "भारत", "!"),
    (r"([\p{L}\p{N}]+\p{P}?)*z9", "ñ", "!"),
    (r"(\p{Han}+)+z", "京都", "!"),
    (r"(?:\PN+)*9z", "ж", "!"),
    (r"(?:\x{1F600}|.)+z9", "😀", "!"),
    # found everywhere, or nearly
    (r"a", "a ", ""),
    (r".", "a", ""),
    (r"\w+", "ab ", ""),
    (r"[^a]|a", "ab-", ""),
    (r"a|b|ab", "ab", ""),
    (r"a b", "a-b.c", ""),
    # programs that outgrow a small memory
    (r"(ab?){1,900}z", "ab", "!"),
    (r"(a?b?){1,500}z", "a", "!"),
    (r".{0,500}.{0,500}z9", "भारत ", "!"),
)


def article(unit: str, tail: str) -> Article:
    """Runs of one unit, 200,000 characters, with what meets nothing behind."""
    return subject(title="India", text=(unit * (SIZE // len(unit) + 1))[: SIZE - len(tail)] + tail)


def watchlist(*any_: str) -> Watchlist:
    terms = tuple(Term(text=text, where=f"w.yaml:{n}:5") for n, text in enumerate(any_, start=1))
    initiative = Initiative(id="it", name="It", watchlist_id="w", any=terms, where="w.yaml:1:1")
    return Watchlist(id="w", title="W", context=("India",), initiatives=(initiative,))


def seconds(pattern: str, unit: str, tail: str) -> tuple[float, str]:
    """Processor time of compiling and judging, and what came of it."""
    made = article(unit, tail)
    began = time.process_time()
    try:
        matcher = Matcher([watchlist(f"/{pattern}/")])
    except RuleError as error:
        return time.process_time() - began, f"refused: {error.problem}"
    verdict = matcher.judge(made)
    took = time.process_time() - began
    return took, f"{len(verdict.matches[0].evidence)} hits" if verdict.matches else "no hit"


@pytest.mark.parametrize(("pattern", "unit", "tail"), EXPLOSIVE, ids=[one[0] for one in EXPLOSIVE])
def test_no_pattern_runs_for_ever(pattern: str, unit: str, tail: str) -> None:
    """Each is refused with a reason or judged over 200,000 characters in a blink."""
    assert parse_item(f"/{pattern}/").pattern == pattern  # type: ignore[union-attr]  # a pattern
    took, outcome = seconds(pattern, unit, tail)
    assert took < MOST_SECONDS, outcome
    assert not outcome.startswith("refused") or any(
        reason in outcome for reason in ("cannot be read", "matches where nothing stands")
    )


# -- expressions without end -----------------------------------------------------------------------

WORDS = tuple(f"chip{number}" for number in range(10_000))
PAIRS = tuple(zip(WORDS[::2], WORDS[1::2], strict=True))
ENDLESS = {
    "or": " OR ".join(WORDS),
    "and": " AND ".join(WORDS),
    "not": f"India AND NOT ({' OR '.join(WORDS)})",
    "phrases": " OR ".join(f'"{word} plant"' for word in WORDS),
    "pairs": " AND ".join(f"({one} OR {other})" for one, other in PAIRS),
    "alternatives of pairs": " OR ".join(f"{one} NEAR/5 {other}" for one, other in PAIRS),
    "near": f"({' OR '.join(WORDS[:5000])}) NEAR/10 ({' OR '.join(WORDS[5000:])})",
    "field": f"title:({' OR '.join(WORDS)})",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_ten_thousand_branches_are_read_and_spelled(kind: str) -> None:
    """They reach neither the depth of the stack nor a user's patience."""
    began = time.process_time()
    tree = parse(ENDLESS[kind])
    again = spell(tree)
    assert time.process_time() - began < 3  # 0.25 s on an idle machine
    assert again == ENDLESS[kind] if kind != "field" else again.count("title:") == 10_000
    if kind in ("or", "and"):
        assert isinstance(tree, And | Or)
        assert len(tree.parts) == 10_000
        assert tree.parts[9_999].offset == ENDLESS[kind].index("chip9999")


def test_ten_thousand_branches_are_compiled_judged_and_advised_on() -> None:
    """The whole way of a rule, and of an article that holds all its words."""
    made = watchlist(ENDLESS["near"])
    began = time.process_time()
    verdict = Matcher([made]).judge(subject(title="India", text=" ".join(WORDS)), explain=True)
    assert len(verdict.matches) == 1
    assert spelled(made.initiatives[0])
    assert not [warning for warning in warnings(made) if "can never" in warning.problem]
    assert time.process_time() - began < 10  # about 2 s on an idle machine


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(" * 1000 + "alpha OR beta" + ")" * 1000, "more than 40 brackets"),
        ("title:(" * 1000 + "alpha OR beta" + ")" * 1000, "more than 40 brackets"),
        ("alpha AND (" * 1000 + "beta" + ")" * 1000, "more than 40 brackets"),
        ("alpha AND NOT (" * 1000 + "beta" + ")" * 1000, "more than 40 brackets"),
        ("(" * 1000, "more than 40 brackets"),
        (")" * 1000 + " AND alpha", "never opened"),
        ("NOT " * 1000 + "alpha", "NOT NOT"),
        ("title:" * 1000 + "alpha", "two fields"),
        ("=" * 1000 + "alpha", "= has no word"),
        (" NEAR/1 ".join(["alpha"] * 1000), "more than 40 NEAR"),
        (" BEFORE/1 ".join(["alpha"] * 1000), "more than 40 NEAR"),
        ("alpha AND " + '"' * 1001, "quotes are empty"),
        ("alpha AND " + "NEAR/5 " * 1000, "NEAR/5 has nothing on one side"),
        ("alpha AND /" + "(" * 999 + "/", "cannot be read"),
        ("alpha NEAR/" + "9" * 5000 + " beta", "reaches too far"),
        ('"alpha beta"~' + "9" * 5000, "~ needs the number"),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_nested_without_end_is_refused(text: str, problem: str) -> None:
    """A thousand levels are an error with a place, in a moment."""
    began = time.process_time()
    with pytest.raises(RuleError) as error:
        validate(Term(text=text))
    assert time.process_time() - began < 0.5
    assert problem in error.value.problem
    assert 0 <= error.value.offset <= len(text)


def test_forty_levels_are_read() -> None:
    """The limit itself is within it."""
    assert spell(parse("alpha AND (beta OR " * 20 + "gamma" + ")" * 20)).count("(") == 20
    chain = " NEAR/1 ".join(["alpha"] * 41)
    assert spell(parse(chain)) == chain


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "x " * 500_000, "x OR " * 200_000, "(" * 1_000_000, '"' * 1_000_000, "*" * 1_000_000],
    ids=["letters", "words", "branches", "brackets", "quotes", "stars"],
)
def test_a_term_of_a_megabyte_is_refused(text: str) -> None:
    """It is not even looked at."""
    began = time.process_time()
    with pytest.raises(RuleError, match="has 1,000,000 characters"):
        validate(Term(text=text))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        "x* ",
        "(",
        "( ",
        "(a ",
        ")",
        '" ',
        "a?",
        "*",
        "/",
        "\\",
        "title:",
        "~1",
        "NEAR/",
        "АND ",
        "\u200b",
        "\n",
        "=a ",
    ],
)
def test_telling_an_expression_from_a_phrase_takes_no_time(unit: str) -> None:
    """No input makes the signs that decide it costly: the time grows with the length, not faster."""
    text = unit * (100_000 // len(unit))
    began = time.process_time()
    is_expression(text)
    assert time.process_time() - began < 1


# -- through the command ---------------------------------------------------------------------------


def check(term: str | bytes, folder: Path) -> tuple[int, str]:
    """Exit code and error output of `tidings check` on a watchlist with one item, as it stands in YAML."""
    from typer.testing import CliRunner

    from tidings.cli import app

    head = b"watchlist: w\ncontext: [India]\ninitiatives:\n  - id: it\n    any:\n      - "
    file = folder / "w.yaml"
    file.write_bytes(head + (term.encode() if isinstance(term, str) else term) + b"\n")
    done = CliRunner().invoke(app, ["check", str(file)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr.replace(f"{file}:", "w.yaml:")


@pytest.mark.parametrize(
    ("term", "place", "problem"),
    [
        (ENDLESS["or"], "6:9", f"{len(ENDLESS['or'])} characters"),
        ("'" + "x" * 1_000_000 + "'", "6:9", "1000000 characters"),
        ("(" * 900 + "alpha OR beta" + ")" * 900, "6:49", "more than 40 brackets"),
        ("NOT " * 400 + "alpha", "6:9", "NOT NOT"),
        (" NEAR/1 ".join(["alpha"] * 100), "6:535", "more than 40 NEAR"),
        ("/(a{1,100}){1,100}/", "6:10", "cannot be read"),
        (r"/(a+)\1/", "6:10", "cannot be read"),
        ("alpha AND /(?=a)b/", "6:20", "cannot be read"),
        ("'alpha AND /a*/'", "6:21", "matches where nothing stands"),
        (r'"alpha\0 AND beta"', "6:9", "control character"),
        (b"alpha \x01 AND beta", "6:15", "control character"),
        (b"alpha \x7f AND beta", "6:15", "control character"),
        (r'"alpha \ud800 AND beta"', "6:16", "half a character"),
        (r'"\udfff"', "6:9", "half a character"),
        (b"alpha \xed\xa0\x80 AND beta", "6:15", "not written in UTF-8"),
        (b"alpha \xff AND beta", "6:15", "not written in UTF-8"),
        ("alpha AND\u200f beta AND gamma", "6:15", "holds an invisible sign"),
        ("alpha \u202eAND beta AND gamma", "6:15", "holds an invisible sign"),
        ("alpha ＡＮＤ beta OR gamma", "6:15", "looks like AND"),
        ("alpha AND beta and gamma", "6:24", "“and” in small letters"),
        ("alpha NEAR beta OR gamma", "6:15", "“NEAR” is no operator"),
        ("alpha AND (beta", "6:19", "never closed"),
        ("'\"alpha AND beta'", "6:9", "never closed"),
        ("'it''s AND'", "6:19", "ends where a word is expected"),
        ("'*'", "6:9", "holds no word"),
        ("'* AND alpha'", "6:9", "does not end a word"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_check_says_what_is_wrong_and_where(
    term: str | bytes, place: str, problem: str, tmp_path: Path
) -> None:
    """`FILE:LINE:COLUMN: error: PROBLEM; REMEDY`, whatever the file holds."""
    code, said = check(term, tmp_path)
    assert code == 2
    assert said.startswith(f"w.yaml:{place}: error: ")
    assert problem in said
    assert "; " in said
    assert "Traceback" not in said
    assert len(said) < 5_000


@pytest.mark.parametrize(
    ("term", "corrected"),
    [
        ('"AI roadmap"~3', "'\"AI roadmap\"~3'"),
        ('"road map" AND India', "'\"road map\" AND India'"),
        ('"it\'s" OR chips', "'\"it''s\" OR chips'"),
        ("*chips AND India", "'*chips AND India'"),
        ("/a: b/", "'/a: b/'"),
        ("title: TRUST", "'title: TRUST'"),
    ],
)
def test_an_expression_that_wants_single_quotes_is_shown_with_them(
    term: str, corrected: str, tmp_path: Path
) -> None:
    """The error shows the line as it should be."""
    code, said = check(term, tmp_path)
    assert code == 2
    assert said.startswith("w.yaml:6:9: error: ")
    assert corrected in said


@pytest.mark.parametrize(
    ("term", "problem"),
    [
        ("alpha \u202ebeta", r"“alpha \u202ebeta” holds an invisible mark"),
        ("alpha АND beta", "“АND” is written with other letters"),
        ("X", "“X” is a single letter"),
        ("alpha OR X OR beta", "“X” is a single letter"),
        ("alpha AND NOT Alpha", "“alpha” is asked for and denied"),
        ("alpha or beta", "“or” in small letters joins nothing"),
    ],
)
def test_check_warns_of_what_can_be_read_and_is_hardly_meant(term: str, problem: str, tmp_path: Path) -> None:
    """A warning is no error: the watchlist stays in force."""
    code, said = check(term, tmp_path)
    assert code == 0
    assert said.startswith("w.yaml:6:9: warning: ")
    assert problem in said


def main() -> None:
    seconds("a", "a", "")  # loads what is loaded once
    rows = sorted(((*seconds(*one), one[0]) for one in EXPLOSIVE), reverse=True)
    for took, outcome, pattern in rows:
        sys.stdout.write(f"{took * 1000:7.1f} ms  /{pattern}/  {outcome[:90]}\n")
    sys.stdout.write(f"{len(rows)} patterns, {SIZE:,} characters each; slowest {rows[0][0] * 1000:.0f} ms\n")


if __name__ == "__main__":
    main()
