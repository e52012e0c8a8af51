"""Outlets against independent reports: who tells a story of their own, who repeats whom, and who was first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.provenance import Provenance, Told, elsewhere, trace

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def told(
    name: str,
    *,
    hours: float = 0,
    credit: str | None = None,
    copy_of: str | None = None,
    url: str | None = None,
    outlet: str | None = None,
    source: str | None = None,
    elsewhere: str | None = None,
) -> Told:
    """A telling by the outlet `name`, which is its id too."""
    return Told(
        id=name,
        outlet=outlet or name.title(),
        source_id=source or name,
        url=url or f"https://{name}.example/story",
        at=NOON + timedelta(hours=hours),
        credit=credit,
        copy_of=copy_of,
        elsewhere=elsewhere,
    )


def reports(found: Provenance) -> list[tuple[str | None, str, tuple[str, ...]]]:
    return [(one.agency, one.original, one.tellings) for one in found.reports]


def test_different_authors_are_independent_reports() -> None:
    found = trace([told("a"), told("b", hours=1)])

    assert reports(found) == [(None, "a", ("a",)), (None, "b", ("b",))]
    assert found.told_first == "A"


def test_near_copies_are_one_report_with_their_original() -> None:
    found = trace([told("a"), told("b", hours=1, copy_of="a"), told("c", hours=2, copy_of="b")])

    assert reports(found) == [(None, "a", ("a", "b", "c"))]


def test_what_is_credited_to_one_agency_is_one_report_whatever_its_words() -> None:
    """A rewritten beginning, which no comparison of texts sees through, hides no common origin."""
    found = trace(
        [told("a", credit="Reuters"), told("b", hours=1, credit="Reuters"), told("c", credit="PTI")]
    )

    assert [(one.agency, one.tellings) for one in found.reports] == [
        ("Reuters", ("a", "b")),
        ("PTI", ("c",)),
    ]


def test_an_agency_s_own_telling_is_the_original_even_when_seen_later() -> None:
    own = told("wire", hours=5, credit="Reuters", url="https://www.reuters.com/world/x", copy_of="a")
    found = trace([told("a", credit="Reuters"), own])

    (report,) = found.reports
    assert (report.original, report.at_source) == ("wire", True)
    assert found.told_first == "Reuters"


def test_without_it_the_earliest_that_names_the_agency_stands_for_it() -> None:
    (report,) = trace([told("b", hours=1, credit="AFP"), told("a", credit="AFP")]).reports

    assert (report.original, report.at_source) == ("a", False)


def test_a_planted_early_copy_is_not_the_original_of_an_agency_s_text() -> None:
    """It was there first and names nobody; its copies say whose text it is."""
    found = trace(
        [
            told("planted", hours=-2),
            told("paper", credit="Reuters", copy_of="planted"),
            told("mirror", hours=1, copy_of="planted"),
        ]
    )

    assert reports(found) == [("Reuters", "paper", ("paper", "planted", "mirror"))]
    assert found.told_first == "Reuters"


def test_a_planted_copy_with_another_name_on_it_takes_nothing_along() -> None:
    """One false credit makes no single report of two agencies' texts."""
    found = trace(
        [
            told("one", credit="Reuters"),
            told("two", hours=1, credit="Reuters", copy_of="one"),
            told("three", hours=2, credit="AFP"),
            told("planted", hours=3, credit="AFP", copy_of="one"),
        ]
    )

    assert [(one.agency, one.original) for one in found.reports] == [("Reuters", "one"), ("AFP", "three")]


def test_copies_of_what_is_not_here_are_one_report() -> None:
    found = trace([told("a", copy_of="gone"), told("b", hours=1, copy_of="gone")])

    (report,) = found.reports
    assert (report.original, report.at_source) == ("a", False)


def test_copies_of_what_is_not_here_are_the_agency_s_that_one_of_them_names() -> None:
    found = trace([told("a", copy_of="gone"), told("b", hours=1, copy_of="gone", credit="dpa")])

    assert reports(found) == [("dpa", "b", ("b", "a"))]


def test_copies_in_a_circle_end() -> None:
    found = trace([told("a", copy_of="b"), told("b", copy_of="a")])

    assert sum(len(one.tellings) for one in found.reports) == 2


def test_a_page_that_names_another_site_s_address_repeats_it() -> None:
    own = told("a", hours=1, url="https://a.example/story?utm_source=x")
    found = trace([told("b", elsewhere="https://a.example/story"), own])

    assert reports(found) == [(None, "a", ("a", "b"))]


def test_pages_that_name_the_same_address_are_one_report() -> None:
    found = trace(
        [told("b", elsewhere="https://x.example/1"), told("c", hours=1, elsewhere="https://x.example/1")]
    )

    assert reports(found) == [(None, "b", ("b", "c"))]


def test_an_agency_that_no_list_knows_is_known_by_its_outlet_s_name() -> None:
    own = told("wire", hours=1, credit="Deccan Wire", outlet="Deccan Wire Service")
    (report,) = trace([told("a", credit="Deccan Wire"), own]).reports

    assert (report.original, report.at_source) == ("wire", True)


# -- outlets ---------------------------------------------------------------------------------------


def outlets(*tellings: Told) -> list[str]:
    return list(trace(tellings).outlets.values())


def test_two_feeds_of_one_host_are_one_outlet() -> None:
    one = told("world", outlet="Times, World", url="https://www.times.example/1")
    two = told("india", hours=1, outlet="Times, India", url="https://times.example/2")

    assert outlets(one, two) == ["Times, World", "Times, World"]


def test_a_source_that_lists_several_sites_is_an_outlet_for_each() -> None:
    one = told("x", outlet="All News", source="all", url="https://a-paper.example/1")
    two = told("y", hours=1, outlet="All News", source="all", url="https://b-paper.example/1")

    assert outlets(one, two) == ["All News", "b-paper.example"]


def test_a_house_with_several_hosts_in_one_source_is_one_outlet() -> None:
    one = told("x", outlet="Herald", source="herald", url="https://herald.co.uk/1")
    two = told("y", hours=1, outlet="Herald", source="herald", url="https://sport.herald.co.uk/1")
    three = told("z", hours=2, outlet="Herald", source="herald", url="https://rival.co.uk/1")

    assert outlets(one, two, three) == ["Herald", "Herald", "rival.co.uk"]


def test_addresses_without_a_name_tell_no_outlets_apart() -> None:
    """On one machine the sources do."""
    one = told("a", url="http://127.0.0.1:81/1")
    two = told("b", hours=1, url="http://127.0.0.1:81/2")

    assert outlets(one, two) == ["A", "B"]


@pytest.mark.parametrize(
    ("url", "canonical", "found"),
    [
        ("https://a.example/1", "https://a.example/1", False),
        ("https://www.a.example/1", "https://a.example/1", False),
        ("https://m.a.example/1", "https://a.example/other", False),
        ("https://edition.paper.com/1", "https://www.paper.com/1", False),
        ("https://a.co.uk/1", "https://b.co.uk/1", True),
        ("https://a.example/1", "https://b.example/1", True),
        ("https://a.example/1", "", False),
        ("no address", "https://b.example/1", False),
    ],
)
def test_an_address_on_another_site_is_told_from_a_house_s_own(url: str, canonical: str, found: bool) -> None:
    assert elsewhere(url, canonical) == (canonical if found else None)
