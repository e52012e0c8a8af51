"""The demo's script: what is told when, and what it is meant to show."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tidings.demo.clock import DAWN, SCRIPT_LENGTH, SimulatedClock, Timeline
from tidings.demo.edition import due_between, edition, status_of
from tidings.demo.expected import EXPECTED
from tidings.demo.outlets import OUTLETS
from tidings.demo.script import ScriptError, pieces, read_piece

HEAD = "outlet: potomac-ledger\nat: +01:30\ntitle: A\nsummary: B\nbyline: Staff\nsection: World\n"
INITIATIVES = {
    "trust",
    "ai-infrastructure-roadmap",
    "indus-innovation",
    "indus-x",
    "compact",
    "trade-agreement",
    "mineral-security-partnership",
    "nsf-anrf",
    "export-controls",
}


def test_the_script_has_nine_outlets_and_some_fifty_articles() -> None:
    assert len(OUTLETS) == 9
    assert len({outlet.host for outlet in OUTLETS}) == 9
    assert 40 <= len(pieces()) <= 60
    assert {piece.outlet for piece in pieces()} == {outlet.id for outlet in OUTLETS}


def test_every_initiative_is_reported_and_every_initiative_has_a_trap() -> None:
    reported = {name for one in EXPECTED.values() if one.told for name in one.initiatives}
    trapped = {name for one in EXPECTED.values() for name in one.trap}

    assert reported == INITIATIVES
    assert trapped >= INITIATIVES - {"nsf-anrf", "export-controls"}


def test_no_article_is_meant_to_match_what_it_is_a_trap_for() -> None:
    assert not [slug for slug, one in EXPECTED.items() if one.trap & one.initiatives]


def test_the_wire_story_is_reprinted_in_four_more_outlets_with_a_credit() -> None:
    """Small edits only: each copy shares nearly all its words with the original, and names the wire, as author or in its text."""
    by_slug = {piece.slug: piece for piece in pieces()}
    wire = by_slug["trust-chip-working-group-wire"]
    copies = [piece for piece in pieces() if piece.reprints == wire.slug]

    assert len({wire.outlet, *(copy.outlet for copy in copies)}) == 5
    original = Counter(" ".join(wire.versions[0].paragraphs).split())
    for copy in copies:
        text = " ".join(copy.versions[0].paragraphs)
        shared = (original & Counter(text.split())).total()
        assert shared / original.total() > 0.9
        assert text != " ".join(wire.versions[0].paragraphs)
        assert "Deccan Wire" in f"{copy.byline} {text}"


def test_a_corrected_article_changes_its_number_in_title_and_text() -> None:
    corrected = next(piece for piece in pieces() if len(piece.versions) > 1)
    first, second = corrected.versions

    assert "3 GW" in first.title
    assert "2 GW" in second.title
    assert second.paragraphs[-1].startswith("Correction:")
    assert corrected.version(second.at - timedelta(minutes=1)) is first
    assert corrected.version(second.at) is second
    assert corrected.version(first.at - timedelta(minutes=1)) is None


def test_everything_lies_within_the_two_days_or_before_them() -> None:
    assert all(version.at < SCRIPT_LENGTH for piece in pieces() for version in piece.versions)
    assert {piece.slug for piece in pieces() if not piece.told} == {
        piece.slug for piece in pieces() if piece.at < -timedelta(days=3)
    }


def test_every_outlet_that_answers_has_something_to_show_from_the_start() -> None:
    for outlet in OUTLETS:
        if not outlet.trouble:
            assert edition(outlet, pieces(), base="http://x", timeline=Timeline(), now=DAWN).articles


def test_the_failing_outlet_breaks_on_day_one_and_forbids_on_day_two() -> None:
    outlet = next(one for one in OUTLETS if one.trouble)

    assert status_of(outlet, Timeline(), DAWN + timedelta(hours=23)) == 500
    assert status_of(outlet, Timeline(), DAWN + timedelta(hours=24)) == 403


def test_each_appearance_lies_in_exactly_one_step() -> None:
    """However the two days are cut into steps, nothing is told twice and nothing left out."""
    line, stride = Timeline(), timedelta(minutes=50)
    cuts = [DAWN + stride * n for n in range(62)]

    seen = [
        (piece.slug, version.at)
        for after, until in pairwise(cuts)
        for piece, version in due_between(pieces(), line, after, until)
    ]

    assert seen == sorted(set(seen), key=lambda item: (item[1], item[0]))
    assert len(seen) == sum(version.at > timedelta(0) for piece in pieces() for version in piece.versions)


def test_a_pressed_timeline_keeps_the_age_of_old_news() -> None:
    line = Timeline(start=datetime(2030, 1, 1, tzinfo=UTC), scale=0.01)

    assert line.when(timedelta(hours=50)) == datetime(2030, 1, 1, 0, 30, tzinfo=UTC)
    assert line.when(-timedelta(days=9)) == datetime(2029, 12, 23, tzinfo=UTC)
    assert line.seconds(600) == 6


def test_the_simulated_clock_moves_when_told_and_never_back() -> None:
    clock = SimulatedClock()

    assert clock.now() == clock.now() == DAWN
    assert clock.advance(timedelta(minutes=30)) == DAWN + timedelta(minutes=30)
    with pytest.raises(ValueError, match="cannot be advanced"):
        clock.advance(-timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("outlet: x\nat: +1:00\n\ntext", "missing|'title'"),
        (HEAD.replace("+01:30", "later") + "\ntext", "no offset"),
        (HEAD + "colour: blue\n\ntext", "no line of a head"),
    ],
)
def test_an_article_file_that_cannot_be_read_is_named(text: str, named: str) -> None:
    with pytest.raises(ScriptError, match=f"odd-one: .*({named})"):
        read_piece("odd-one", text)
