"""A whole folder becomes records; what is not written has its default."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from alerts.match import validate
from alerts.plans import AlertKind, AppriseChannel, EmailChannel, FileChannel, Tls, WebhookChannel, WhenEmpty
from alerts.records import Case, Field, SavedSearch
from crawler.net.limits import Limits
from crawler.records import FullText, SourceKind
from crawler.secret import Secret
from tidings.settings import ConfigError, Settings, load, load_watchlist

FULL = Path(__file__).parents[1] / "data" / "settings" / "full"
SHIPPED = Path(__file__).parents[2] / "config"
ENVIRON = {
    "SMTP_PASSWORD": "hunter2",
    "HOOK_SECRET": "whsec_aHVudGVyMg==",
    "TOPIC": "hunter2",
    "FEED_AUTH": "Bearer hunter2",
}
STATE = Path("/state")


@pytest.fixture(scope="module")
def settings() -> Settings:
    """The full sample, which has every key of the contract."""
    return load(FULL, state_dir=STATE, environ=ENVIRON, validate_term=validate)


def test_installation(settings: Settings) -> None:
    """tidings.yaml becomes plain values."""
    assert (settings.database, settings.queue, settings.operator) == ("sqlite", None, "ops-webhook")
    assert settings.polling.timeout == timedelta(seconds=30)
    assert settings.polling.host_delay == timedelta(seconds=1)
    assert settings.polling.wait_for_text == timedelta(hours=1)
    assert settings.polling.allow_private == ("127.0.0.0/8",)
    assert settings.polling.bridges == ("rsshub.example.org",)
    assert settings.polling.pages_per_host is None
    assert settings.polling.limits == Limits(
        body=20_000_000,
        ratio=200,
        hops=7,
        connect=timedelta(seconds=5),
        total=timedelta(seconds=30),
        headers=128 * 1024,
        ports=frozenset({443, 9443}),
    )
    assert (settings.retention.text, settings.retention.matched) == (timedelta(days=90), None)
    assert (settings.web.host, settings.web.port, settings.web.token) == ("127.0.0.1", 8787, None)


def test_channels(settings: Settings) -> None:
    """Channels come with their secrets filled in, and files below the state folder."""
    assert settings.channels == (
        EmailChannel(
            id="policy-desk",
            sender="Tidings <tidings@example.org>",
            to=("desk@example.org",),
            host="mail.example.org",
            port=587,
            tls=Tls.REQUIRE,
            user="tidings",
            password=Secret("hunter2"),
        ),
        WebhookChannel(
            id="ops-webhook",
            url=Secret("https://hooks.example.org/tidings"),
            secret=Secret("whsec_aHVudGVyMg=="),
        ),
        FileChannel(id="outbox", dir="/state/outbox"),
        AppriseChannel(id="chat", url=Secret("ntfy://ntfy.example.org/hunter2")),
    )


def test_no_secret_is_shown(settings: Settings) -> None:
    """The settings can be logged."""
    assert "hunter2" not in repr(settings) + str(settings)


def test_sources(settings: Settings) -> None:
    """All four kinds; sources/*.yaml after sources.yaml."""
    by_id = {one.id: one for one in settings.sources}

    assert [(one.id, one.kind) for one in settings.sources] == [
        ("example-times", SourceKind.FEED),
        ("example-ministry", SourceKind.SITEMAP),
        ("example-council", SourceKind.SITE),
        ("example-own", SourceKind.SPIDER),
        ("example-private", SourceKind.FEED),
    ]
    assert by_id["example-times"].every == timedelta(minutes=15)
    assert by_id["example-times"].backfill == timedelta(days=3)
    council = by_id["example-council"]
    assert council.listing is not None
    assert council.article is not None
    assert (council.listing.links.css, council.listing.pages) == ("article h2 a", 2)
    assert council.listing.follow is not None
    assert council.listing.follow.css == "a.next"
    assert council.article.published is not None
    assert council.article.published.css == "time::attr(datetime)"
    assert council.article.author is None
    private = by_id["example-private"]
    assert (private.language, private.zone, private.paused) == ("no", "Europe/Oslo", True)
    assert (private.backfill, private.full_text) == (timedelta(0), FullText.AUTO)
    assert private.headers == (("Accept-Language", "no, en;q=0.5"),)
    assert private.auth == Secret("Bearer hunter2")
    assert settings.tags["example-times"] == ("india-press",)
    assert settings.tags["example-own"] == ()


def test_watchlists(settings: Settings) -> None:
    """Terms keep their text and their place; the version is that of the file."""
    (watchlist,) = settings.watchlists
    path = FULL / "watchlists" / "technology.yaml"
    trust = settings.initiatives["trust"]

    assert watchlist.version == hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert watchlist.context == ("India", "Indian", "Modi", "New Delhi")
    assert watchlist.initiatives == tuple(settings.initiatives.values())
    assert [(term.text, term.where) for term in trust.any] == [
        ("TRUST initiative", f"{path}:10:9"),
        ("Transforming the Relationship Utilizing Strategic Technology", f"{path}:11:9"),
        ("TRUST", f"{path}:12:16"),
        ("iCET", f"{path}:13:16"),
    ]
    assert (trust.any[2].near, trust.any[2].within, trust.any[2].case) == (("India", "Modi"), 30, Case.SMART)
    assert trust.any[3].valid_until == date(2025, 2, 13)
    assert trust.exceptions == ("trust fund", "brand trust", "anti-trust", "TS ICET")
    assert trust.fields == (Field.TITLE, Field.SUMMARY, Field.TEXT)
    assert (trust.languages, trust.sources) == (("en", "hi"), ("us-government", "india-press"))
    assert trust.context is None
    assert trust.where == f"{path}:7:9"
    (promise,) = trust.commitments
    assert (promise.due, promise.any[0].text) == (
        date(2025, 12, 31),
        '(roadmap OR "road map") NEAR/10 "AI infrastructure"',
    )
    assert promise.any[0].where == f"{path}:24:16"
    assert [(one.matches, one.title) for one in trust.examples] == [
        (True, "India and U.S. launch TRUST initiative on chips and AI"),
        (False, "Voters' trust in institutions falls, survey finds"),
        (False, "A trust fund"),
    ]
    assert trust.examples[2].published == datetime(2025, 2, 14, tzinfo=UTC)
    assert trust.examples[0].where == f"{path}:26:16"
    compact = settings.initiatives["compact"]
    assert (compact.name, compact.watchlist_id) == ("compact", "us-india-technology")
    assert [term.text for term in compact.any] == ["COMPACT"]


def test_digests_know_their_initiatives(settings: Settings) -> None:
    """Named ones, all of the file by default, all of the folder in digests.yaml."""
    morning, at_once, weekly = settings.digests

    assert morning.initiatives == ("trust",)
    assert at_once.initiatives == ("trust", "compact")
    assert weekly.initiatives == ("trust", "compact")
    assert morning.to == ("policy-desk", "ops-webhook")
    assert (morning.at, morning.days, morning.zone) == (
        (time(7, 30),),
        frozenset(range(5)),
        "America/New_York",
    )
    assert morning.quiet == (time(22), time(7))
    assert (at_once.immediately, at_once.gather) == (True, timedelta(minutes=5))
    assert (weekly.at, weekly.days) == ((time(7, 30), time(16)), frozenset({4, 0}))
    assert weekly.when_empty is WhenEmpty.SEND


def test_alerts(settings: Settings) -> None:
    """Only commitments have days before."""
    assert [(one.on, one.to, one.before) for one in settings.alerts] == [
        (AlertKind.SURGE, ("policy-desk",), ()),
        (AlertKind.SILENCE, ("policy-desk",), ()),
        (AlertKind.COMMITMENT, ("policy-desk",), (timedelta(days=30), timedelta(days=7), timedelta(0))),
        (AlertKind.SOURCE_TROUBLE, ("ops-webhook",), ()),
    ]


def test_one_watchlist_alone_is_enough(tmp_path: Path) -> None:
    """Everything else has a default: SQLite, files in an outbox, half an hour."""
    (tmp_path / "watchlists").mkdir()
    (tmp_path / "watchlists" / "w.yml").write_text(
        "watchlist: w\ninitiatives: {id: i, any: x}\ndigests: {id: d, to: outbox, every: 1h}\n"
    )

    settings = load(tmp_path, state_dir=STATE, environ={})

    assert settings.channels == (FileChannel(id="outbox", dir="/state/outbox"),)
    assert settings.polling.every == timedelta(minutes=30)
    assert settings.polling.contact is None
    assert settings.polling.limits == Limits()
    assert settings.polling.bridges == ()
    assert settings.polling.pages_per_host == 1000
    assert settings.digests[0].initiatives == ("i",)


def test_a_short_timeout_shortens_the_time_to_connect(tmp_path: Path) -> None:
    """Who sets `timeout` alone need not know of the other."""
    (tmp_path / "tidings.yaml").write_text("polling: {timeout: 4s}\n")

    assert load(tmp_path, state_dir=STATE, environ={}).polling.limits.connect == timedelta(seconds=4)


def test_keys_with_nothing_behind_them_have_their_default(tmp_path: Path) -> None:
    """A list whose items are all commented out is no error, where no terms are lost by it."""
    (tmp_path / "tidings.yaml").write_text(
        "polling:\n  # every: 5m\nchannels:\nweb: {bind: null, token_file: ~}\n"
    )
    (tmp_path / "sources.yaml").write_text("sources:\n  # - id: a\n")
    (tmp_path / "digests.yaml").write_text("# none yet\n")

    settings = load(tmp_path, state_dir=STATE, environ={})

    assert settings.sources == ()
    assert settings.web.port == 8787


def test_the_version_is_another_one_after_any_edit(tmp_path: Path) -> None:
    """Of each file there is, also of one that comes or goes; where the folder lies does not matter."""
    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"

    def version(folder: Path) -> str:
        return load(folder, state_dir=STATE, environ=ENVIRON).version

    for folder in (there, elsewhere):
        shutil.copytree(FULL, folder)
    before = version(there)
    assert version(elsewhere) == before
    files = sorted(there.rglob("*.yaml"))
    assert {file.name for file in files} >= {"tidings.yaml", "sources.yaml", "digests.yaml"}
    found = {before}
    for file in files:
        file.write_text(file.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
        found.add(version(there))
    (there / "watchlists" / "more.yml").write_text("watchlist: more\n", encoding="utf-8")
    found.add(version(there))

    assert len(found) == len(files) + 2


def test_searches_are_known_by_id_over_all_watchlists(tmp_path: Path) -> None:
    """Each with its place; its title is its id where it has no name."""
    folder = tmp_path / "watchlists"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        "watchlist: a\nsearches: [{id: fabs, name: New fabs, query: 'fab* since:30d'}]\n"
    )
    (folder / "b.yaml").write_text("watchlist: b\nsearches: {id: ores, query: ore}\n")

    found = load(tmp_path, state_dir=STATE, environ={}, validate_term=validate).searches

    assert found["fabs"] == SavedSearch(
        id="fabs", name="New fabs", query="fab* since:30d", where=f"{folder}/a.yaml:2:17"
    )
    assert (found["ores"].name, found["ores"].query) == ("ores", "ore")
    assert list(found) == ["fabs", "ores"]


def test_a_single_watchlist_is_read_without_its_folder(tmp_path: Path) -> None:
    """`try match --watchlist FILE`: channels and sources are not asked for."""
    path = tmp_path / "w.yaml"
    path.write_text(
        "watchlist: w\ncontext: India\n"
        "initiatives: [{id: i, any: [x], sources: [nowhere], context: []}]\n"
        "digests: [{id: d, to: [nobody], at: 07:30}]\n"
    )

    watchlist = load_watchlist(path, validate_term=validate)

    assert watchlist.context == ("India",)
    assert watchlist.initiatives[0].context == ()


def test_a_watchlist_that_is_not_there_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ConfigError, match=r"w\.yaml:1:1: error: the file cannot be read \(No such file"):
        load_watchlist(tmp_path / "w.yaml")


def test_the_shipped_configuration_works_as_it_is() -> None:
    """`tidings init` and then `tidings run`: nothing must be filled in first."""
    settings = load(SHIPPED, state_dir=STATE, environ={}, validate_term=validate)

    assert settings.channels == (FileChannel(id="outbox", dir="/state/outbox"),)
    assert settings.sources
    assert settings.initiatives
