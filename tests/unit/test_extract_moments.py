"""Which of a page's times is that of its publication, and what datelines say."""

from __future__ import annotations

import pytest

from crawler.extract.dateline import find_day
from crawler.extract.moments import Stated, choose_moment
from crawler.extract.read import read_page


def chosen(*stated: str, zone: str | None = None) -> str | None:
    value = choose_moment(
        "published", [Stated(str(n), text) for n, text in enumerate(stated)], zone=zone
    ).value
    return value.isoformat() if value else None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (["2026-03-04T09:00:00Z", "2026-03-05T09:00:00Z"], "2026-03-04T09:00:00+00:00"),
        (["soon", "2026-03-04T09:00:00Z"], "2026-03-04T09:00:00+00:00"),
        (["2026-03-04", "2026-03-04T09:15:00+01:00"], "2026-03-04T08:15:00+00:00"),
        (["2026-03-04", "2026-03-09T09:15:00+01:00"], "2026-03-04T00:00:00+00:00"),
        (["2026-03-04T03:01:00", "2026-03-04T03:01:00-04:00"], "2026-03-04T07:01:00+00:00"),
        (["2026-03-04T03:01:00", "2026-03-04T05:22:00-04:00"], "2026-03-04T03:01:00+00:00"),
        ([], None),
        (["yesterday"], None),
    ],
)
def test_the_strongest_statement_counts_and_a_later_one_makes_it_exact(
    stated: list[str], expected: str | None
) -> None:
    """An hour for a day, a zone for a clock time; never another moment."""
    assert chosen(*stated) == expected


def test_why_a_time_was_passed_over_is_told() -> None:
    """Unreadable, before the publication, or weaker."""
    published = choose_moment(
        "published", [Stated("a", "2026-03-04T09:00Z"), Stated("b", "today")], zone=None
    )
    updated = choose_moment(
        "updated", [Stated("c", "2020-01-01T00:00Z")], zone=None, not_before=published.value
    )

    assert {one.origin: one.why for one in published.candidates} == {
        "a": "the strongest statement",
        "b": "it names no time",
    }
    assert updated.value is None
    assert [one.why for one in updated.candidates] == ["it is before the publication"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Datum: 18.10.2025", "2025-10-18"),
        ("By Ann Lee, March 4, 2026", "2026-03-04"),
        ("Von Ann Lee | 4. März 2026, 09:15 Uhr", "2026-03-04T09:15"),
        ("Publié le 4 février 2026 à 18h30", "2026-02-04T18:30"),
        ("4 de marzo de 2026", "2026-03-04"),
        ("Written: 2026-03-04 15:03:30 / Updated: 2026-03-05 15:30:46", "2026-03-04T15:03"),
        ("March 4, 2026 3:05 pm", "2026-03-04T15:05"),
        ("4 मार्च 2026", "2026-03-04"),
        ("2026年3月4日", "2026-03-04"),
        ("14/03/2026", "2026-03-14"),
        ("Updated March 4, 2026", None),
        ("© Harbour Desk, March 4, 2026", None),
        ("31 February 2026", None),
        ("3/4/2026", None),
        ("Berth 12, pier 2026", None),
        ("The board met on 4 March 2026. " + "It was a long meeting. " * 10, None),
    ],
)
def test_a_line_that_is_read_as_a_dateline_names_one_day(line: str, expected: str | None) -> None:
    """In many languages; what may be another day, a change or a right is none."""
    assert find_day(line) == expected


def test_the_order_of_day_and_month_is_that_of_the_language() -> None:
    """American English puts the month first."""
    assert find_day("3/4/2026", language="en-us") == "2026-03-04"
    assert find_day("3/4/2026", language="fr") == "2026-04-03"


def test_a_day_below_the_heading_serves_where_the_page_states_none() -> None:
    """Not one of a table, nor of another story in the margin."""
    text = "".join(
        f"<p>Paragraph {n} tells of the harbour board and its ferries at length.</p>" for n in range(9)
    )
    html = (
        "<html><body><main><h1>Board funds two ferries</h1><table><tr><td>Founded 1 May 1998</td></tr></table>"
        f"<div class=info>Harbour Desk · 4 March 2026</div>{text}</main></body></html>"
    )
    read = read_page(html.encode(), "https://news.example/x", "text/html")

    assert read.published_at is not None
    assert read.published_at.date().isoformat() == "2026-03-04"
    assert ("dateline", True) in {
        (one.origin, one.chosen) for one in read.candidates if one.field == "published"
    }
