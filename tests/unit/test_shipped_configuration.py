"""The configuration that is shipped: it loads, it is complete, and its parts fit each other."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

CONFIG = Path(__file__).parents[2] / "config"
INITIATIVES = [
    "trust",
    "ai-infrastructure-roadmap",
    "indus-innovation",
    "indus-x",
    "compact",
    "trade-agreement",
    "mineral-security-partnership",
    "nsf-anrf",
    "export-controls",
]
TAGS = {
    "us-government",
    "india-government",
    "us-press",
    "india-press",
    "trade-press",
    "think-tank",
    "wire",
    "search",
}


def read(name: str) -> Any:
    return YAML(typ="safe").load((CONFIG / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def watchlist() -> Any:
    return read("watchlists/us-india-technology.yaml")


@pytest.fixture(scope="module")
def sources() -> list[Any]:
    found: list[Any] = read("sources.yaml")["sources"]
    return found


def test_the_watchlist_tracks_the_nine_initiatives(watchlist: Any) -> None:
    assert [one["id"] for one in watchlist["initiatives"]] == INITIATIVES


@pytest.mark.parametrize("name", INITIATIVES)
def test_an_initiative_has_rules_and_examples_of_both_kinds(watchlist: Any, name: str) -> None:
    initiative = next(one for one in watchlist["initiatives"] if one["id"] == name)

    assert initiative["any"]
    assert len(initiative["examples"]["match"]) >= 3
    assert len(initiative["examples"]["ignore"]) >= 3


def test_the_dated_promises_are_there_with_their_days(watchlist: Any) -> None:
    due = {
        one["id"]: date.fromisoformat(str(one["due"]))
        for initiative in watchlist["initiatives"]
        for one in initiative.get("commitments", [])
        if "due" in one
    }

    assert due["ai-roadmap"] == date(2025, 12, 31)
    assert due["first-tranche"] == date(2025, 12, 21)
    assert due["mission-500"] == date(2030, 12, 31)
    assert due["ten-year-defence-framework"] == date(2025, 12, 31)


def test_a_commitment_that_was_met_says_when_and_where_that_is_reported(watchlist: Any) -> None:
    commitments = [
        one for initiative in watchlist["initiatives"] for one in initiative.get("commitments", [])
    ]

    assert len({one["id"] for one in commitments}) == len(commitments)
    for one in commitments:
        assert one["any"], one["id"]
        if one["state"] == "met":
            assert one["met"]
            assert one["by"].startswith("https://")


def test_both_spellings_of_the_long_names_are_watched(watchlist: Any) -> None:
    terms = {
        item if isinstance(item, str) else item["term"]
        for initiative in watchlist["initiatives"]
        for item in initiative["any"]
    }

    for letter in "sz":
        assert f"Transforming the Relationship Utili{letter}ing Strategic Technology" in terms
        for noun in ("Opportunity", "Opportunities"):
            assert f"Cataly{letter}ing {noun} for Military Partnership" in terms


def test_a_former_name_ends_on_the_day_of_its_successor(watchlist: Any) -> None:
    former = [
        item
        for initiative in watchlist["initiatives"]
        for item in initiative["any"]
        if isinstance(item, dict) and "until" in item
    ]

    assert "iCET" in {item["term"] for item in former}
    assert {str(item["until"]) for item in former} == {"2025-02-13"}


def test_a_word_in_a_script_without_capitals_needs_company(watchlist: Any) -> None:
    for initiative in watchlist["initiatives"]:
        for item in initiative["any"]:
            term = item if isinstance(item, str) else item["term"]
            if any("\u0900" <= letter <= "\u097f" for letter in term):
                assert item["near"], term


def test_the_digest_goes_to_the_outbox_which_needs_no_account(watchlist: Any) -> None:
    (digest,) = watchlist["digests"]

    assert (digest["id"], digest["to"], digest["at"], digest["days"], digest["zone"]) == (
        "morning",
        ["outbox"],
        "07:30",
        "weekdays",
        "America/New_York",
    )
    assert [(alert["on"], alert["to"]) for alert in watchlist["alerts"]] == [("commitment", ["outbox"])]


def test_there_are_forty_to_sixty_sources_with_ids_and_addresses_of_their_own(sources: list[Any]) -> None:
    addresses = [one.get("feed") or one.get("sitemap") or one.get("site") for one in sources]

    assert 40 <= len(sources) <= 60
    assert not [name for name, count in Counter(one["id"] for one in sources).items() if count > 1]
    assert not [address for address, count in Counter(addresses).items() if count > 1]
    assert all(address.startswith("https://") for address in addresses)


def test_every_tag_is_one_that_the_file_explains_and_each_is_used(sources: list[Any]) -> None:
    assert {tag for one in sources for tag in one["tags"]} == TAGS
    explained = (CONFIG / "sources.yaml").read_text(encoding="utf-8").partition("sources:\n")[0]
    assert all(tag in explained for tag in TAGS)


def test_feeds_sitemaps_a_listing_and_searches_are_among_the_sources(sources: list[Any]) -> None:
    kinds = Counter(kind for one in sources for kind in ("feed", "sitemap", "site") if kind in one)
    searches = [one for one in sources if "search" in one["tags"]]

    assert kinds["sitemap"] >= 2
    assert kinds["site"] == 1
    assert kinds.total() == len(sources)
    assert len(searches) >= len(INITIATIVES)
    assert all(one["full_text"] == "never" for one in searches)


def test_what_a_watchlist_asks_of_sources_exists(watchlist: Any, sources: list[Any]) -> None:
    known = {one["id"] for one in sources} | TAGS
    named = {name for initiative in watchlist["initiatives"] for name in initiative.get("sources", [])}

    assert named <= known


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("sources.yaml", "schema/sources.json"),
        ("watchlists/us-india-technology.yaml", "../schema/watchlist.json"),
    ],
)
def test_a_file_names_its_schema_in_its_first_line(name: str, schema: str) -> None:
    first = (CONFIG / name).read_text(encoding="utf-8").splitlines()[0]

    assert first == f"# yaml-language-server: $schema={schema}"
