"""Watchlist files after public bug reports, in their neutral layout: read with our keys, same meaning."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from alerts.records import Case
from tidings.settings import ConfigError, load_watchlist

CASES = Path(__file__).parents[3] / "shared" / "cases"


def _cases() -> list[Any]:
    try:
        listed = json.loads((CASES / "cases.json").read_text(encoding="utf-8"))
    except OSError:
        return [
            pytest.param(None, marks=pytest.mark.skip(reason="the shared cases are not beside this checkout"))
        ]
    return [pytest.param(case, id=case["id"]) for case in listed if case["kind"] == "watchlist"]


def adapted(data: bytes) -> bytes:
    """Our keys for the neutral ones, line for line: `name` is our `id`, `case_sensitive: false` our `case: fold`."""
    data = data.replace(b"watchlists:", b"initiatives:").replace(b"- name:", b"- id:")
    if b"case_sensitive: false" in data:
        data = re.sub(rb"- (?!id:)(.+?)(?=\r?\n)", rb"- {term: \1, case: fold}", data)
        data = data.replace(b"case_sensitive: false", b"paused: false")
    return data + b"watchlist: case\n"


@pytest.mark.parametrize("case", _cases())
def test_a_watchlist_of_a_bug_report(case: dict[str, Any], tmp_path: Path) -> None:
    """Words are kept as typed, or the error names the line; nothing is changed in silence."""
    path = tmp_path / "case.yaml"
    path.write_bytes(adapted((CASES / case["file"]).read_bytes()))
    expect = case["expect"]

    try:
        watchlist = load_watchlist(path)
    except ConfigError as error:
        problem = error.problems[0]
        lines = expect.get("or_error_line_any_of", [expect.get("line", expect.get("or_error_line"))])
        assert problem.line in lines
        words = expect.get("error_contains_one_of", [])
        assert not words or any(word in problem.problem.lower() for word in words)
        assert len(error.problems) == 1
    else:
        assert "lists" in expect
        found = {one.id: one for one in watchlist.initiatives}
        for name, wanted in expect["lists"].items():
            assert [term.text for term in found[name].any] == wanted["any"]
            if wanted.get("case_sensitive") is False:
                assert {term.case for term in found[name].any} == {Case.FOLD}
