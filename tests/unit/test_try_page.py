"""`tidings try page`: the choice and what it was made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tidings.cli import app

WORDS = "Something happened at the northern pier and people came to see it with their own eyes."
POSTS = "".join(
    f"<article><time datetime='2026-03-04T1{n}:05:00Z'>1{n}:05</time><h3>Post {n}</h3><p>{WORDS} {n}</p></article>"
    for n in (3, 2, 1)
)
PAGE = (
    "<!doctype html><html lang=en><head><title>Storm live | Harbour Desk</title>"
    "<meta name=author content='Ann Lee'><meta property=article:published_time content='2026-03-04T06:00:00Z'></head>"
    f"<body><main><h1>Storm live</h1><div>{POSTS}</div></main></body></html>"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


def told(file: Path, *options: str) -> str:
    words = ["try", "page", str(file), "--header", "content-type: text/html; charset=utf-8", *options]
    done = CliRunner().invoke(app, words, env={"TIDINGS_CONFIG": "nowhere"})
    assert done.exit_code == 0, done.output
    return done.output


def test_programs_get_candidates_and_posts(file: Path) -> None:
    """Each candidate with its field, place, value, fate and reason; each post as a part of the text."""
    (line,) = told(file, "--json").splitlines()
    row = json.loads(line)

    assert {one["field"] for one in row["candidates"] if one["chosen"]} == {
        "text",
        "title",
        "published",
        "authors",
    }
    assert set(row["candidates"][0]) == {"field", "origin", "value", "chosen", "why"}
    assert [post["title"] for post in row["posts"]] == ["Post 3", "Post 2", "Post 1"]
    first = row["posts"][0]
    assert row["text"][first["start"] : first["end"]].startswith("Post 3\n\n")
    assert first["posted"] == "2026-03-04T13:05:00Z"


def test_people_see_the_choice_and_why(file: Path) -> None:
    """The chosen one is marked; posts are listed with their times."""
    output = told(file)

    assert (
        "published, chosen from:\n  ✓ article:published_time: 2026-03-04T06:00:00Z\n      the strongest statement"
        in output
    )
    assert "title, chosen from:\n" in output
    assert "3 posts of a live blog\n  2026-03-04T13:05:00Z  Post 3\n" in output
