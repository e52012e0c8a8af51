"""`tidings demo`: two days of a made-up newsroom, seen from its papers."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from alerts.dossier_page import page_data
from alerts.dossier_records import Dossier
from alerts.render import page
from crawler.records import SourceState
from tests.acceptance.conftest import Done, tidings
from tests.message_lint import lint
from tidings.demo.clock import DAWN, SCRIPT_LENGTH
from tidings.demo.expected import EXPECTED
from tidings.dossiers import gather, period_of
from tidings.opening import look_into
from tidings.settings import load
from tidings.storage.engine import Database
from tidings.storage.lookup import Life
from tidings.storage.stores import Stores


@dataclass(frozen=True)
class Played:
    """What a demo left behind."""

    folder: Path
    done: Done
    lives: Mapping[str, Life]  # by slug

    def mails(self) -> list[EmailMessage]:
        found = []
        for path in sorted((self.folder / "mail").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    done = tidings("demo", "--out", folder)
    assert done.code == 0, done.err
    return Played(folder, done, asyncio.run(_lives(folder)))


async def _lives(folder: Path) -> dict[str, Life]:
    """Every article of the demo's database by the last part of its address."""
    database = Database.open("sqlite", state_dir=folder / "state")
    try:
        stores = Stores(database)
        found = {}
        for article_id in await _ids(stores):
            life = await stores.lookup.find(article_id)
            assert life is not None
            found[_slug(life.article.url)] = life
        return found
    finally:
        database.close()


async def _ids(stores: Stores) -> list[str]:
    from sqlalchemy import select

    from tidings.storage.tables import articles

    return await stores.sources._database.read(
        lambda connection: list(connection.execute(select(articles.c.id)).scalars())
    )


def _slug(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1].split(".")[0]


def test_every_article_of_a_living_outlet_is_seen(played: Played) -> None:
    """Nothing is missed: RSS, Atom, RDF, JSON Feed, windows-1251, a sitemap, a listing and a user's own spider alike."""
    wanted = {one.slug for one in EXPECTED.values() if one.seen}
    assert wanted - played.lives.keys() == set()


def test_the_outlet_that_takes_a_program_is_read_by_the_spider_beside_the_configuration(
    played: Played,
) -> None:
    """Its time and summary come from the spider, its text from its page."""
    article = played.lives["secretariat-minutes-trust"].article

    assert (played.folder / "config" / "spiders" / "papers.py").is_file()
    assert article.source_id == "technology-secretariat"
    assert article.published_at == DAWN + timedelta(hours=9)
    assert article.summary == "Decisions on laboratories, calendars and a shared register of equipment."
    assert article.text.startswith("The coordinators of the TRUST initiative")


def test_each_article_matches_what_it_is_about_and_nothing_else(played: Played) -> None:
    """Brand trust, compact cars, Indus Waters, IndusInd Bank and antitrust match nothing."""
    wrong = {}
    for slug, life in played.lives.items():
        found = {match.initiative_id for match in life.matches}
        if found != EXPECTED[slug].initiatives:
            wrong[slug] = (found, EXPECTED[slug].initiatives)
    assert wrong == {}


def test_the_wire_story_in_five_outlets_is_one_story(played: Played) -> None:
    """Reprints join the story of the wire; nothing else does."""
    reprints = {slug: one.reprints for slug, one in EXPECTED.items() if one.reprints}
    assert len(reprints) == 4
    for slug, original in reprints.items():
        assert original is not None
        assert played.lives[slug].article.story_id == played.lives[original].article.story_id
        assert played.lives[slug].article.duplicate_of is not None
    folded = [slug for slug, life in played.lives.items() if life.article.duplicate_of is not None]
    assert sorted(folded) == sorted(reprints)


def test_a_story_is_told_once_and_its_outlets_are_listed(played: Played) -> None:
    """The morning's digest has one entry: the wire's text in four outlets, and the analysis of a fifth."""
    title = "U.S. and India open TRUST working group on chip supply"
    hooks = [
        json.loads(json.loads(path.read_text())["body"])
        for path in sorted((played.folder / "hooks").glob("*.json"))
    ]
    entries = [
        story
        for hook in hooks
        for initiative in hook["data"]["initiatives"]
        for story in initiative["stories"]
        if story["title"] == title and initiative["id"] == "trust"
    ]
    assert len(entries) == 1
    assert len(entries[0]["outlets"]) == 5
    assert entries[0]["reports"] == 2
    assert entries[0]["agencies"] == [{"name": "Deccan Wire", "outlets": 4}]


def test_the_fifth_outlet_of_the_next_day_refers_to_the_mail_of_the_first(played: Played) -> None:
    """It is told as "also now in", by the mail of the second morning, which answers the one that told it at once."""
    mails = {
        digest: [
            mail
            for mail in played.mails()
            if mail["List-Id"] == f"<digest-{digest}.tidings.newsroom.example>"
        ]
        for digest in ("trust-now", "morning")
    }
    first, second = mails["trust-now"][0], mails["morning"][-1]
    words = " ".join(str(second.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]  # it has one

    assert "U.S. and India open TRUST working group on chip supply (first told Tue 17 Nov, 08:30" in words
    assert "also now in Transpacific Technology Council (Deccan Wire)" in words
    assert first["Message-ID"] in str(second["In-Reply-To"]).split()


def test_a_correction_is_told_as_an_update(played: Played) -> None:
    """Once, by the digest that told the article as it was."""
    mails = [str(mail.get_body(("plain",)).get_content()) for mail in played.mails()]  # type: ignore[union-attr]  # each has one

    told = [text for text in mails if "* UPDATED: " in text]
    assert len(told) == 1
    assert "3 GW of power” became" in " ".join(told[0].split())


def test_the_page_behind_a_paywall_is_matched_on_what_is_free(played: Played) -> None:
    """The paywalled article matches, and its text is known to be missing."""
    locked = [life for life in played.lives.values() if life.article.paywalled]
    assert locked
    assert all("paywall" in (life.article.text_reason or "") for life in locked)


def test_a_correction_is_a_version_of_its_article(played: Played) -> None:
    """The corrected headline attaches to the article that was there."""
    corrected = [life for life in played.lives.values() if "2 GW" in life.article.title]
    assert len(corrected) == 1
    assert any("3 GW" in version.title for version in corrected[0].versions)


def test_the_failing_outlet_is_named_in_the_digest(played: Played) -> None:
    """A digest says which source it could not see."""
    texts = [mail.get_body(("plain",)) for mail in played.mails() if "stories" in (mail["Subject"] or "")]
    assert texts
    assert all(text is not None and "Harbour Times" in text.get_content() for text in texts)


def test_mails_have_two_parts_and_stable_headers(played: Played) -> None:
    """Every mail is multipart/alternative with its own Message-ID, and marked as automatic."""
    mails = played.mails()
    assert len(mails) >= 5
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)
    for mail in mails:
        assert mail.get_content_type() == "multipart/alternative"
        text, page = mail.iter_parts()
        assert text.get_content_type() == "text/plain"
        assert page.get_content_type() in {"text/html", "multipart/related"}
        assert mail["Auto-Submitted"] == "auto-generated"


def test_every_mail_passes_a_mail_tester(played: Played) -> None:
    """Its bytes as they came over the wire."""
    for path in sorted((played.folder / "mail").glob("*.eml")):
        lint(path.read_bytes())


def test_nothing_waits_when_the_demo_ends(played: Played) -> None:
    """`status` on the demo's folders shows no delivery and no page left over."""
    done = tidings(
        "--config", played.folder / "config", "--state", played.folder / "state", "status", "--json"
    )
    counts = done.rows()[0]["counts"]
    assert done.code == 0
    assert counts["deliveries"]["pending"] == counts["deliveries"]["parked"] == 0
    assert counts["pending_text"] == counts["unfolded"] == counts["unmatched"] == 0


def test_explain_tells_why_an_article_did_not_match(played: Played) -> None:
    """The hard negative names the step at which it stopped."""
    life = next(life for slug, life in played.lives.items() if "trust" in EXPECTED[slug].trap)
    done = tidings(
        "--config", played.folder / "config", "--state", played.folder / "state", "explain", life.article.url
    )
    assert done.code == 0
    assert "not trust:" in done.out
    assert "told to nobody yet" in done.out


def test_a_dossier_of_trust_says_first_that_the_road_map_is_overdue(played: Played) -> None:
    """The promise stands under another initiative of the watchlist; a story of this one reports on it."""
    loaded = load(played.folder / "config", state_dir=played.folder / "state", environ={})
    until = DAWN + SCRIPT_LENGTH

    async def work() -> Dossier:
        async with look_into(loaded) as stores:
            period = period_of(timedelta(days=90), until, "America/New_York")
            return await gather(stores, loaded, loaded.initiatives["trust"], period, until)

    one = asyncio.run(work())
    html = page("dossier", page_data(one))

    assert [told.commitment.id for told in one.overdue] == ["ai-roadmap"]
    assert one.now.reports < one.now.articles  # the wire's text stands in five outlets
    assert html.index("Overdue by 323 days") < html.index("Roadmap for accelerating AI infrastructure")
    assert html.index("Roadmap for accelerating AI infrastructure") < html.index("new stories")
    assert [each.state for each in one.missed.coverage.failing] == [SourceState.BLOCKED]
