"""Cells of CSV: nothing is lost, and nothing is run by the program that opens them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import STRINGS
from tidings.spreadsheets import cell

STARTS = tuple("=+-@＝＋－＠\t\r\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Plain", "Plain"),
        ('=HYPERLINK("http://evil.example","x")', '\'=HYPERLINK("http://evil.example","x")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("  =1", "'  =1"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        (-1, -1),
        (2.5, 2.5),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ("", ""),
        (["a", "b"], "a; b"),
        (["=a", "b"], "'=a; b"),
        ([], ""),
        ([{"digest": None}], '[{"digest": null}]'),
    ],
)
def test_a_cell_is_what_it_is_and_no_formula(value: object, shown: object) -> None:
    assert cell(value) == shown


@given(st.one_of(st.text(), st.lists(st.text()), st.sampled_from(STRINGS)))
def test_no_cell_is_a_formula_and_the_text_is_all_there(value: str | list[str]) -> None:
    """Whatever stands in it; read back it is the text, behind at most one sign that says that it is one."""
    shown = cell(value)
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerow([shown, "end"])
    ((read, end),) = csv.reader(io.StringIO(file.getvalue(), newline=""))

    assert (read, end) == (shown, "end")
    assert not read.lstrip(" ").startswith(STARTS)
    text = value if isinstance(value, str) else "; ".join(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    assert read in (text, f"'{text}")
