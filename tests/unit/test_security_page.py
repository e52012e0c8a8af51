"""The security page is true: it has all threats, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
THREATS = 52


@cache
def known() -> frozenset[str]:
    """`test_file::test_name` of all tests there are."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(f"{path.stem}::{node.name}")
    return frozenset(found)


def test_each_threat_has_one_row() -> None:
    numbers = [int(row.split("|")[1]) for row in ROWS]

    assert sorted(numbers) == list(range(1, THREATS + 1))


def test_each_row_says_what_is_done_and_names_tests_that_exist() -> None:
    for row in ROWS:
        _, number, who, threat, done, shown, _ = (cell.strip() for cell in row.split("|"))
        named = re.findall(r"`(test_\w+::test_\w+)`", shown)
        assert re.fullmatch(r"[FNCRO](, [FNCRO])*", who), number
        assert all((threat, done, named)), number
        assert [one for one in named if one not in known()] == [], number
