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


def _cases() -> list[dict[str, Any]]:
    index = FOLDER / "cases.json"
    if not index.is_file():
        return []
    return [case for case in json.loads(index.read_text(encoding="utf-8")) if case["kind"] == "match"]


CASES = _cases()


@pytest.mark.skipif(not CASES, reason="the shared cases are not laid beside the repository")
def test_every_shared_case_of_matching_comes_out_as_told() -> None:
    """`case_sensitive: true` reads as smart case, `false` as fold."""
    wrong = []
    for case in CASES:
        stored = json.loads((FOLDER / case["file"]).read_text(encoding="utf-8"))
        matcher = Matcher([_watchlist(stored["rule"])])
        found = [bool(matcher.judge(_article(text)).matches) for text in stored["texts"]]
        wrong += [
            (case["id"], number)
            for number, (is_, should) in enumerate(zip(found, case["expect"]["matches"], strict=True))
            if is_ != should
        ]
    assert not wrong
    assert len(CASES) >= 16


def _watchlist(rule: dict[str, Any]) -> Watchlist:
    case = Case.SMART if rule["case_sensitive"] else Case.FOLD
    lists = {key: tuple(Term(text=text, case=case) for text in rule[key]) for key in ("any", "all", "none")}
    return Watchlist(id="w", title="", initiatives=(Initiative(id="i", name="", watchlist_id="w", **lists),))


def _article(text: str | dict[str, str]) -> Article:
    if isinstance(text, str):
        return subject(title=text)
    if "html" in text:
        tree = lxml.html.fromstring(f"<div>{text['html']}</div>")
        return subject(text="\n\n".join(str(block.text_content()) for block in tree.iter("p")))
    return subject(title=text.get("title", ""), text=text.get("text", ""))
