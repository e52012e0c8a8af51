"""What the demo promises to show is what the shipped rules find in its articles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.match import Matcher, subject, validate
from crawler.records import Article
from crawler.stories import decide
from tidings.demo.clock import Timeline
from tidings.demo.expected import EXPECTED
from tidings.demo.outlets import OUTLETS, Form
from tidings.demo.script import Piece, Version, pieces
from tidings.settings import load_watchlist

WATCHLIST = Path(__file__).parents[2] / "config" / "watchlists" / "us-india-technology.yaml"
WITHOUT_SUMMARY = {outlet.id for outlet in OUTLETS if outlet.form in (Form.SITEMAP, Form.LISTING)}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher([load_watchlist(WATCHLIST, validate_term=validate)])


def readable(piece: Piece, version: Version) -> str:
    """What a reader without a subscription or a membership gets of the text."""
    if piece.section == "Members":
        return ""
    return "\n\n".join(version.paragraphs[:1] if piece.subscribers_only else version.paragraphs)


@pytest.mark.parametrize("piece", pieces(), ids=lambda piece: piece.slug)
def test_an_article_matches_exactly_what_it_should(matcher: Matcher, piece: Piece) -> None:
    """In every version, from title, summary where the outlet gives one, and text."""
    for version in piece.versions:
        verdict = matcher.judge(
            subject(
                title=version.title,
                summary="" if piece.outlet in WITHOUT_SUMMARY else version.summary,
                text=readable(piece, version),
                published=Timeline().when(version.at),
            )
        )

        assert {match.initiative_id for match in verdict.matches} == EXPECTED[piece.slug].initiatives
        filed = {name for match in verdict.matches for name in match.commitments}
        assert filed >= EXPECTED[piece.slug].commitments


def test_the_reprints_fold_into_the_wire_s_story_and_nothing_of_another_event_does() -> None:
    hosts = {outlet.id: outlet.host for outlet in OUTLETS}
    folded: list[Article] = []
    for piece in pieces():
        version, url = piece.versions[0], f"http://{hosts[piece.outlet]}/{piece.slug}"
        article = Article(
            id=piece.slug,
            source_id=piece.outlet,
            url=url,
            canonical_url=url,
            title=version.title,
            summary=version.summary,
            text=readable(piece, version),
            first_seen_at=Timeline().when(version.at),
        )
        fold = decide(article, folded)
        folded.append(replace(article, story_id=fold.story_id, duplicate_of=fold.duplicate_of))

    reprints = {article.id: article.duplicate_of for article in folded if article.duplicate_of}
    assert reprints == {slug: one.reprints for slug, one in EXPECTED.items() if one.reprints}
    stories: dict[str | None, set[str]] = {}
    for article in folded:
        stories.setdefault(article.story_id, set()).add(EXPECTED[article.id].event or article.id)
    assert [events for events in stories.values() if len(events) > 1] == []
