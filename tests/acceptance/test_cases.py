"""The cases from bug reports, through the commands that a user types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tidings.cli import app

CASES = Path(__file__).parents[3] / "shared" / "cases"
ALL: list[dict[str, Any]] = json.loads((CASES / "cases.json").read_text()) if CASES.exists() else []

pytestmark = pytest.mark.skipif(not ALL, reason="../shared/cases is not beside the repository")


def of_kind(kind: str, *, steps: bool = False) -> list[Any]:
    chosen = [case for case in ALL if case["kind"] == kind and ("steps" in case) == steps]
    return [pytest.param(case, id=case["id"]) for case in chosen]


def rows(*words: object) -> list[dict[str, Any]]:
    """The JSON lines that a command prints."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"TIDINGS_CONFIG": "nowhere"})
    return [json.loads(line) for line in done.stdout.splitlines()]


def headers(case: dict[str, Any]) -> list[str]:
    return [
        part
        for name, value in (case.get("headers") or {}).items()
        for part in ("--header", f"{name}: {value}")
    ]


def spaces(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("case", of_kind("feed"))
def test_a_feed_is_read_as_its_author_meant_it(case: dict[str, Any]) -> None:
    """`try feed` finds what the case expects of its entries."""
    expect = case["expect"]
    address = ["--url", case["url"]] if case.get("url") else []
    (row,) = rows("try", "feed", CASES / case["file"], *address, *headers(case), "--json")
    if expect.get("is_feed") is False:
        assert "error" in row
        return
    entries = row["entries"]
    titles = [spaces(entry["title"]) for entry in entries]
    assert len(entries) == expect.get("entries", len(entries))
    assert titles == expect.get("titles", titles)
    assert [entry["link"] for entry in entries] == expect.get("links", [entry["link"] for entry in entries])
    assert [entry["id"] for entry in entries] == expect.get("ids", [entry["id"] for entry in entries])
    assert [entry["published"] for entry in entries] == expect.get(
        "published", [entry["published"] for entry in entries]
    )
    assert row["title"] == expect.get("feed_title", row["title"])
    assert titles[0] == expect.get("first_title", titles[0])
    assert titles[-1] == expect.get("last_title", titles[-1])


@pytest.mark.parametrize("case", of_kind("page"))
def test_a_page_is_read_as_a_person_would(case: dict[str, Any], tmp_path: Path) -> None:
    """`try page` finds the article, or says that it is none."""
    if "files" in case:
        first, second = (
            rows("try", "page", CASES / name, *headers(case), "--json")[0] for name in case["files"]
        )
        assert (first["text"] != second["text"]) == case["expect"]["changed"]
        return
    expect = case["expect"]
    address = ["--url", case["url"]] if case.get("url") else []
    (row,) = rows("try", "page", CASES / case["file"], *address, *headers(case), "--json")
    assert spaces(row["title"]) == expect.get("title", spaces(row["title"]))
    text = spaces(row["text"])
    assert [part for part in expect.get("text_contains", []) if spaces(part) not in text] == []
    assert [part for part in expect.get("text_excludes", []) if spaces(part) in text] == []
    assert row["published"] == expect.get("published", row["published"])
    assert row["updated"] == expect.get("modified", row["updated"])
    assert row["canonical_url"] == expect.get("canonical", row["canonical_url"])
    assert row["paywalled"] == expect.get("paywalled", row["paywalled"])
    assert (row["refused"] is None) == expect.get("is_article", row["refused"] is None) or row["paywalled"]
    if "matches" in expect:
        file = _watchlist(case["rule"], tmp_path)
        (judged,) = rows("try", "match", "--watchlist", file, CASES / case["file"], "--json")
        assert bool(judged["matches"]) == expect["matches"]


@pytest.mark.parametrize("case", of_kind("match"))
def test_a_text_matches_when_a_person_would_say_so(case: dict[str, Any], tmp_path: Path) -> None:
    """`try match` judges each text of the case as expected."""
    given = json.loads((CASES / case["file"]).read_text())
    texts = [{"title": text} if isinstance(text, str) else text for text in given["texts"]]
    lines = tmp_path / "texts.jsonl"
    lines.write_text("".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    judged = rows("try", "match", "--watchlist", _watchlist(given["rule"], tmp_path), lines, "--json")
    assert [bool(row["matches"]) for row in judged] == case["expect"]["matches"]


def _watchlist(rule: dict[str, Any], folder: Path) -> Path:
    """The neutral rule of a case as one of ours: `case_sensitive` is smart case, else `fold`."""
    case = "smart" if rule.get("case_sensitive") else "fold"
    initiative: dict[str, Any] = {"id": "case", "name": "Case"}
    for key in ("any", "all", "none"):
        if rule.get(key):
            initiative[key] = [{"term": term, "case": case, "literal": True} for term in rule[key]]
    path = folder / "case.yaml"
    document = {"watchlist": "case", "title": "Case", "initiatives": [initiative]}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("case", of_kind("url_same"))
def test_addresses_of_one_article_have_one_canonical_form(case: dict[str, Any]) -> None:
    """`try url` gives equal forms for equal articles, and others for others."""
    pairs = json.loads((CASES / case["file"]).read_text())["pairs"]
    forms = rows("try", "url", *(address for pair in pairs for address in pair), "--json")
    found = [
        one["canonical"] == other["canonical"] for one, other in zip(forms[::2], forms[1::2], strict=True)
    ]
    assert found == case["expect"]["same"]
