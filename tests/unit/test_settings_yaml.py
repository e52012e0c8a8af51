"""Reading YAML: texts as they stand, exact places, and files that mean harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.settings.document import Scalar
from tidings.settings.problems import ConfigError
from tidings.settings.quoting import quoted, single_quoted
from tidings.settings.yaml import parse


def refused(text: str | bytes) -> str:
    """The first error of a file."""
    with pytest.raises(ConfigError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "f.yaml")
    return str(caught.value.problems[0])


def test_every_unquoted_word_is_kept_as_it_stands() -> None:
    """No type is guessed: countries, octal and exponent forms, dates and times stay texts."""
    document = parse(
        b"[NO, on, yes, 007, 1e3, 2030, 2026-03-04, 07:30, 0x1F, .5, true, C++, 'null', ~]", "f.yaml"
    )

    assert document.plain() == [
        *(
            "NO",
            "on",
            "yes",
            "007",
            "1e3",
            "2030",
            "2026-03-04",
            "07:30",
            "0x1F",
            ".5",
            "true",
            "C++",
            "null",
        ),
        None,
    ]


@pytest.mark.parametrize(
    ("source", "index", "place"),
    [
        ("- abc def", 4, (1, 7)),
        ("- 'it''s X'", 5, (1, 10)),
        (r'- "a\"\u0041X"', 3, (1, 13)),
        ("- 'one\n   two'", 4, (2, 4)),
        ("- 'one\n\n   two'", 4, (3, 4)),
        ('- "one \\\n   two"', 4, (2, 4)),
        ("- |\n  one two", 4, (2, 7)),
        ("- &mark abc def", 4, (1, 13)),
        ("- &mark 'abc def'", 4, (1, 14)),
    ],
)
def test_a_character_of_a_text_is_found_in_the_file(source: str, index: int, place: tuple[int, int]) -> None:
    """Quotes, escapes and folded lines are counted, so that a rule's error points at the very sign."""
    document = parse(source.encode(), "f.yaml")

    problem = document.problem((0,), "p", "r", index=index)

    assert (problem.line, problem.column) == place


def test_byte_order_mark_and_windows_lines_change_nothing() -> None:
    """A file saved by a Windows editor reads alike, and its columns are right."""
    document = parse("\ufeffa: भारत\r\nb:\r\n  - x\r\n".encode(), "f.yaml")

    assert document.plain() == {"a": "भारत", "b": ["x"]}
    assert document.where(("a",)) == "f.yaml:1:4"
    assert document.where(("b", 0)) == "f.yaml:3:5"


def test_tabs_inside_texts_are_fine() -> None:
    """Only a tab in the indentation, or where a space should part two words, is an error."""
    document = parse(b"a: x\t\n\t\nb: |\n  one\n  \ttwo\nc: 'x\n\ty'\n", "f.yaml")

    assert document.plain() == {"a": "x", "b": "one\n\ttwo\n", "c": "x y"}


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("&TRUST initiative", "'&TRUST' marks a text for repetition and is no part of the item"),
        ("TRUST #1", "'#1' begins a comment and is no part of the item"),
        ("TRUST #1st plan", "'#1st' begins a comment and is no part of the item"),
        ("TRUST # the first", None),
        ("TRUST #note", None),
        ("'TRUST #1'", None),
        ("C#1", None),
    ],
)
def test_signs_that_yaml_takes_away_from_an_item_are_named(item: str, problem: str | None) -> None:
    """An item that loses a part without a word would match something else than it says."""
    found = parse(f"any:\n  - {item}\n".encode(), "w.yaml").problems
    assert [(one.line, one.column, one.problem) for one in found] == ([(2, 5, problem)] if problem else [])


def test_an_alias_repeats_a_text() -> None:
    """Anchors are allowed within measure."""
    assert parse(b"a: &x [one, two]\nb: *x\n", "f.yaml").plain() == {"a": ["one", "two"], "b": ["one", "two"]}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "alias bomb": (BOMB, "repeats too much"),
    "many aliases": ("a: &a x\nb: [" + "*a," * 200_000 + "]", "repeats too much"),
    "alias of itself": ("a: &a [*a]", "there is none"),
    "deep brackets": ("a: " + "[" * 50_000, "more than 32 levels"),
    "deep braces": ("{a: " * 50_000, "more than 32 levels"),
    "deep dashes": ("- " * 50_000, "more than 32 levels"),
    "deep keys": ("? " * 50_000, "a key is expected"),
    "deep indentation": ("".join(" " * n + "a:\n" for n in range(1_000)), "more than 32 levels"),
    "python object": ("a: !!python/object/apply:os.system ['true']", "begins with '!'"),
    "python name": ("!!python/name:os.system", "begins with '!'"),
    "string tag": ("a: !!str 007", "begins with '!'"),
    "tab after a colon": ("a:\tx\n", "a tab stands between two words"),
    "own tag": ("- !important x", "begins with '!'"),
    "directive": ("%YAML 1.1\n---\na: no\n", "begins with '%'"),
    "second document": ("a: 1\n---\nb: 2\n", "a second document"),
    "too large": ("a: " + "x" * 1_100_000, "more than 1 MiB"),
    "control character": ("a: \x07\n", "U+0007"),
    "zero byte": ("a: x\0y\n", "U+0000"),
    "latin-1": ("a: Müller\n".encode("latin-1"), "not written in UTF-8"),
    "utf-16": ("a: x\n".encode("utf-16"), "not written in UTF-8"),
    "duplicate keys": ("k: v\n" * 10_000, "duplicate key 'k'"),
    "list as key": ("? [a]\n: b\n", "a key is expected"),
    "no key": (": x\n", "the key before ':' is missing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_quickly(name: str) -> None:
    """Whatever the file tries, it is an ordinary error, and soon."""
    text, words = HOSTILE[name]
    began = time.process_time()

    message = refused(text)

    assert words in message
    assert time.process_time() - began < 5
    assert len(message) < 500


def test_a_line_that_may_hold_a_password_is_not_shown() -> None:
    """A syntax error beside a secret tells the place only."""
    for line in (
        "password: @hunter2",
        "password hunter2",
        "url: *https://u:hunter2@example.org",
        "token: 'x' hunter2",
    ):
        message = refused(f"a: 1\n{line}\nb: 2\n")

        assert message.startswith("f.yaml:2:")
        assert "hunter2" not in message


@given(st.text(max_size=60))
def test_quoted_texts_read_back(text: str) -> None:
    """What the program writes into YAML reads as the same text."""
    safe = "".join(sign for sign in text if not "\ud800" <= sign <= "\udfff")

    assert parse(f"a: {quoted(safe)}\n".encode(), "f.yaml").plain() == {"a": safe}


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_single_quoted_texts_read_back(text: str) -> None:
    """The remedy that is offered for an unquoted expression is right."""
    root = parse(single_quoted(text).encode(), "f.yaml").root

    assert isinstance(root, Scalar)
    assert root.value.strip() == text.strip()


@given(
    st.binary(max_size=200)
    | st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%@`#~ \n\t\r\\<=.0"), max_size=80).map(str.encode)
)
def test_any_bytes_are_a_document_or_a_configuration_error(data: bytes) -> None:
    """No other exception leaves the reader, and every problem lies in the file."""
    try:
        document = parse(data, "f.yaml")
    except ConfigError as error:
        assert error.problems
        assert all(one.line >= 1 and one.column >= 1 for one in error.problems)
    else:
        document.plain()
