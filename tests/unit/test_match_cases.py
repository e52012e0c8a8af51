"""The shared cases of matching, made after public bug reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from alerts.match import Matcher, subject
from alerts.records import Case, Initiative, Term, Watchlist
from crawler.records import Article

FOLDER = Path(__file__).parents[2].parent / "shared" / "cases"


def _cases() -> list[Any]:
    try:
        listed = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
    except OSError:
        return [
            pytest.param(None, marks=pytest.mark.skip(reason="the shared cases are not beside this checkout"))
        ]
    return [pytest.param(case, id=case["id"]) for case in listed if case["kind"] == "match"]


CASES = _cases()


@pytest.mark.parametrize("case", CASES)
def test_a_shared_case_of_matching_comes_out_as_told(case: dict[str, Any]) -> None:
    """`case_sensitive: true` reads as smart case, `false` as fold."""
    stored = json.loads((FOLDER / case["file"]).read_text(encoding="utf-8"))
    matcher = Matcher([_watchlist(stored["rule"])])

    found = [bool(matcher.judge(_article(text)).matches) for text in stored["texts"]]

    assert found == case["expect"]["matches"], stored["texts"]


@pytest.mark.skipif(
    not (FOLDER / "cases.json").exists(), reason="the shared cases are not beside this checkout"
)
def test_none_of_the_sixteen_cases_is_left_out() -> None:
    assert len(CASES) >= 16


def _watchlist(rule: dict[str, Any]) -> Watchlist:
    case = Case.SMART if rule["case_sensitive"] else Case.FOLD

    def terms(key: str) -> tuple[Term, ...]:
        return tuple(Term(text=text, case=case) for text in rule[key])

    initiative = Initiative(
        id="i", name="", watchlist_id="w", any=terms("any"), all=terms("all"), none=terms("none")
    )
    return Watchlist(id="w", title="", initiatives=(initiative,))


def _article(text: str | dict[str, str]) -> Article:
    if isinstance(text, str):
        return subject(title=text)
    if "html" in text:
        tree = lxml.html.fromstring(f"<div>{text['html']}</div>")
        return subject(text="\n\n".join(str(block.text_content()) for block in tree.iter("p")))
    return subject(title=text.get("title", ""), text=text.get("text", ""))
