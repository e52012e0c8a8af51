"""`tidings try stories`: the lines of a file become articles, and people and programs see how they fold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crawler.records import Article
from tidings.cli import app
from tidings.texts import Given, Wrong, dated, read_articles, read_texts

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WIRE = (
    "BERLIN (Reuters) - A rail strike halted trains across Germany on Monday morning as the union and the "
    "operator failed to agree on wages, leaving hundreds of thousands of commuters stranded at stations in "
    "Berlin, Hamburg and Munich, the operator said in a statement that it sent out before dawn."
)
FIRST = {
    "id": 1,
    "title": "Rail strike halts trains across Germany",
    "text": WIRE,
    "url": "https://www.reuters.com/world/rail?utm_source=feed",
    "published": "2026-11-24T09:00:00Z",
    "source": "reuters",
}
COPY = {
    **FIRST,
    "id": "b",
    "url": "https://times.example/rail",
    "published": "2026-11-24T10:30:00+01:00",
    "source": "times",
}
OTHER = {"id": "c", "title": "Bank raises rates", "source": "post"}


def lines(*rows: Any) -> list[bytes]:
    return [(row if isinstance(row, str) else json.dumps(row)).encode() + b"\n" for row in rows]


def read(*rows: Any, name: str = "x.jsonl") -> list[Given | Wrong]:
    return list(read_articles(lines(*rows), name=name))


def articles(*rows: Any) -> list[Article]:
    return [one.article for one in read(*rows) if isinstance(one, Given)]


def tried(tmp_path: Path, *rows: Any, options: Sequence[str] = ()) -> Result:
    """The command on one file."""
    file = tmp_path / "articles.jsonl"
    file.write_bytes(b"".join(lines(*rows)))
    return CliRunner().invoke(app, ["try", "stories", str(file), *options])


# -- reading ---------------------------------------------------------------------------------------


def test_an_article_has_what_its_line_says() -> None:
    """The outlet, the address in its canonical form, times in UTC; an id that is a number stays one."""
    (given,) = read({**FIRST, "authors": ["Ann Lee", ""], "language": "en", "summary": "In short."})

    assert isinstance(given, Given)
    one = given.article
    assert (given.id, one.id, one.source_id) == (1, "1", "reuters")
    assert (one.url, one.canonical_url) == (FIRST["url"], "https://reuters.com/world/rail")
    assert (one.published_at, one.first_seen_at) == (NOON - timedelta(hours=3),) * 2
    assert (one.authors, one.language, one.summary, one.text) == (("Ann Lee",), "en", "In short.", WIRE)


def test_an_article_came_when_its_line_says_else_when_it_was_published() -> None:
    """What an aggregator saw first is not when the outlet dates it."""
    (one,) = articles({**FIRST, "first_seen": "2026-11-24T12:00Z"})

    assert (one.first_seen_at, one.published_at) == (NOON, NOON - timedelta(hours=3))


def test_an_article_without_a_time_came_with_the_one_before_it() -> None:
    """At the beginning, with the first that has a time; where none has, all came now."""
    hours = [None, 9, None, 11, None]
    rows = [{"id": n, "published": hour and f"2026-11-24T{hour:02}:00:00Z"} for n, hour in enumerate(hours)]

    timed = dated(articles(*rows), NOON + timedelta(days=1))
    assert [one.first_seen_at.hour for one in timed] == [9, 9, 9, 11, 11]
    assert [one.published_at is None for one in timed] == [True, False, True, False, True]
    untimed = dated(articles({"id": 1}, {"id": 2}), NOON)
    assert [one.first_seen_at for one in untimed] == [NOON, NOON]


@pytest.mark.parametrize(
    ("row", "where", "problem"),
    [
        ('{"id": 2', "x.jsonl:2:9", "not JSON"),
        ("[" * 100_000, "x.jsonl:2:1", "not JSON"),
        ('{"id": ' + "9" * 5000 + "}", "x.jsonl:2:1", "not JSON"),
        ("[2]", "x.jsonl:2", "expected an object with `title` and `text`, found [2]"),
        ({"title": "no id"}, "x.jsonl:2", "the object has no `id`"),
        ({"id": ""}, "x.jsonl:2", "the object has no `id`"),
        ({"id": ["a"]}, "x.jsonl:2", "has ['a'] as its `id`, which is no text or number"),
        ({"id": True}, "x.jsonl:2", "has True as its `id`"),
        ({"id": "a"}, "x.jsonl:2", "the id 'a' is that of x.jsonl:1 already"),
        ({"id": 2, "published": "Tuesday"}, "x.jsonl:2", "`published` is no ISO 8601 time: 'Tuesday'"),
        ({"id": 2, "first_seen": 7}, "x.jsonl:2", "`first_seen` is no ISO 8601 time: 7"),
        ({"id": 2, "published": "0001-01-01T00:00:00+14:00"}, "x.jsonl:2", "is no ISO 8601 time"),
        ({"id": 2, "published": "0001-01-01"}, "x.jsonl:2", "no news is of the year 1"),
        ({"id": 2, "published": "9999-12-31", "first_seen": "2026-11-24"}, "x.jsonl:2", "the year 9999"),
    ],
)
def test_a_line_that_is_no_article_is_named(row: Any, where: str, problem: str) -> None:
    """With file and line; those around it are read."""
    before, wrong, after = read({"id": "a"}, row, {"id": "z"})

    assert isinstance(before, Given)
    assert isinstance(wrong, Wrong)
    assert (wrong.where, problem in wrong.problem) == (where, True)
    assert isinstance(after, Given)


def test_ids_are_the_same_as_text_and_as_number_and_over_all_files() -> None:
    """A story names its articles by the text of their ids."""
    known: dict[str, str] = {}
    first = list(read_articles(lines({"id": 1}), name="a.jsonl", known=known))
    again = list(read_articles(lines({"id": "1"}), name="b.jsonl", known=known))
    same = list(read_articles(lines({"id": 1}), name="a.jsonl", known=known))

    assert isinstance(first[0], Given)
    for wrong in (*again, *same):
        assert isinstance(wrong, Wrong)
        assert wrong.problem.endswith("is that of a.jsonl:1 already; give each article its own")


def test_lines_end_at_line_feeds_only() -> None:
    """JSON may hold other separators of lines as they are; a byte order mark and blank lines say nothing."""
    text = "one\u2028two\x85three"
    rows = [b"\xef\xbb\xbf" + json.dumps({"id": 1, "title": text}, ensure_ascii=False).encode(), b"", b"  "]

    (given,) = read_articles(rows, name="x.jsonl")
    assert isinstance(given, Given)
    assert given.article.title == text
    (judged,) = read_texts(b"\n".join(rows), name="x.jsonl")
    assert judged.title == text


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    """JSON can hold it, no output can."""
    (given,) = read('{"id": "a\\ud800", "title": "\\udfff!"}')

    assert isinstance(given, Given)
    assert (given.id, given.article.id, given.article.title) == ("a?", "a?", "?!")


def test_a_json_file_is_a_list_of_articles() -> None:
    """Its wrong places count items; where it is not JSON at all, lines."""
    whole = json.dumps([FIRST, {"title": "no id"}], indent=1).encode().splitlines(keepends=True)

    given, wrong = read_articles(whole, name="x.json")
    assert isinstance(given, Given)
    assert wrong == Wrong("x.json:2", "the object has no `id`; give each article one of its own")
    (broken,) = read_articles([b"[\n", b"{]"], name="x.json")
    assert isinstance(broken, Wrong)
    assert broken.where == "x.json:2:2"


# -- the command -----------------------------------------------------------------------------------


def test_programs_get_a_line_an_article_in_input_order(tmp_path: Path) -> None:
    """Ids as they were given; the story, the reprint and how alike it is, why, and whose text it is."""
    done = tried(tmp_path, COPY, OTHER, FIRST, options=["--json"])
    copy, other, first = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.exit_code == 0
    assert (first["id"], first["duplicate_of"], first["similarity"]) == (1, None, None)
    assert (copy["id"], copy["duplicate_of"], copy["similarity"]) == ("b", 1, 1.0)
    assert first["story"] == copy["story"] != other["story"]
    assert (first["credit"], copy["credit"], other["credit"]) == ("Reuters", "Reuters", None)
    assert set(first) == {"id", "story", "duplicate_of", "similarity", "why", "credit"}


def test_people_see_the_stories_with_their_outlets_and_reasons(tmp_path: Path) -> None:
    """Those of several articles first, then what stands alone, and the sum."""
    done = tried(tmp_path, FIRST, OTHER, COPY)

    assert done.exit_code == 0
    told = done.stdout.splitlines()
    assert told[0] == "Rail strike halts trains across Germany"
    assert "2 articles in 2 outlets, 1 independent report; told first by Reuters" in told[1]
    assert "a reprint of 1, same text (similarity 1.00)" in done.stdout
    alone = told.index("1 article in no story with others")
    assert "Bank raises rates  (post)" in told[alone + 1]
    assert told[-1] == "3 articles, 2 stories, 1 of more than one article; 1 reprint"


def test_an_outlet_without_a_name_goes_by_its_host(tmp_path: Path) -> None:
    """And counts as one all the same."""
    rows = [{key: value for key, value in one.items() if key != "source"} for one in (FIRST, COPY)]
    done = tried(tmp_path, *rows)

    assert "2 articles in 2 outlets, 1 independent report" in done.stdout
    assert "(times.example)" in done.stdout


def test_a_wrong_line_is_an_error_in_its_place_and_the_others_are_folded(tmp_path: Path) -> None:
    """The exit code says so."""
    missing = str(tmp_path / "missing.jsonl")
    done = tried(tmp_path, FIRST, "nonsense", COPY, options=["--json", missing])
    rows = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.exit_code == 1
    assert [row.get("id") for row in rows] == [1, None, "b", None]
    assert rows[1]["input"].endswith("articles.jsonl:2:1")
    assert rows[1]["error"].startswith("not JSON")
    assert rows[3] == {"input": missing, "error": "cannot be read: No such file or directory"}
    people = tried(tmp_path, FIRST, "nonsense")
    assert people.exit_code == 1
    assert "articles.jsonl:2:1: not JSON" in people.stderr
    assert "1 article, 1 story" in people.stdout


def test_articles_come_from_standard_input_too() -> None:
    """As `-`, beside files."""
    done = CliRunner().invoke(app, ["try", "stories", "-", "--json"], input=b"".join(lines(FIRST)))

    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1]


def test_articles_that_say_nothing_are_stories_of_their_own(tmp_path: Path) -> None:
    """Without title, text, time, address and outlet; no file is an empty file."""
    rows = [
        json.loads(line)
        for line in tried(
            tmp_path, {"id": 1}, {"id": 2, "title": "", "text": None}, options=["--json"]
        ).stdout.splitlines()
    ]

    assert [row["story"] for row in rows] == ["s1", "s2"]
    assert tried(tmp_path).stdout == "0 articles, 0 stories, 0 of more than one article; 0 reprints\n"
    assert tried(tmp_path, options=["--json"]).stdout == ""


def test_a_hostile_title_does_no_harm_on_a_terminal(tmp_path: Path) -> None:
    """Control characters and marks of direction are not printed."""
    done = tried(tmp_path, {"id": 1, "title": "Bank\x1b[31m \u202eraises\nrates"})

    assert "Bank[31m raises rates" in done.stdout
