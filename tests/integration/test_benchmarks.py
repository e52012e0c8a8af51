"""What the benchmarks measure on is what they say: honest hosts, feeds that change as told, a sound archive."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from crawler import identity
from crawler.feeds.parse import parse
from tests.benchmarks import archive
from tests.benchmarks.costs.meter import Meter
from tests.benchmarks.growth import open_shelf
from tests.benchmarks.polling.bodies import ENTRIES, feeds, news_feed
from tests.benchmarks.polling.hosts import Hosts
from tests.benchmarks.polling.processes import Talker, cpu_of, peak_of
from tests.fakes import postgres

SOME = 6


@pytest.fixture
def host() -> Iterator[tuple[Talker, int]]:
    talker = Talker([sys.executable, "-m", "tests.benchmarks.polling.hosts", "news", str(SOME)])
    yield talker, int(talker.ask(""))
    talker.end()


def _get(port: int, place: int, **headers: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection(f"127.1.0.{place}", port, timeout=10)) as connection:
        connection.request(
            "GET", "/feed", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        return response, response.read()


def test_a_host_says_304_to_whoever_has_its_edition_and_to_nobody_else(host: tuple[Talker, int]) -> None:
    """Both validators hold for one edition of one feed."""
    talker, port = host
    first, body = _get(port, 0)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]

    assert first.status == 200
    assert len(body) == int(first.headers["Content-Length"])
    assert _get(port, 0, If_None_Match=tag)[0].status == 304
    assert _get(port, 0, If_Modified_Since=date)[0].status == 304
    assert _get(port, 1, If_None_Match=tag)[0].status == 200

    added = [int(number) for number in talker.ask("1").split()]
    statuses = [_get(port, place, If_None_Match=f'"{place}-0"')[0].status for place in range(SOME)]
    assert statuses == [200 if number else 304 for number in added]
    assert sum(1 for number in added if number) == SOME // 2


def test_what_a_process_took_is_read_from_outside(host: tuple[Talker, int]) -> None:
    """CPU seconds and MiB of a running process are numbers, not zeros."""
    talker, _ = host

    assert cpu_of(talker.pid) > 0
    assert peak_of(talker.pid) > 5


def test_an_edition_brings_as_many_new_entries_as_it_says() -> None:
    """The keys of the entries tell new from known, as they do in the program."""
    hosts = Hosts(feeds("news", SOME))

    def listed(place: int) -> set[str]:
        _, _, body = hosts.full[place].partition(b"\r\n\r\n")
        feed = parse(body, url="https://a.example/feed", content_type=None)
        return {
            key for item in identity.read(feed.entries, "a") for key in (item.url_key, item.id_key) if key
        }

    before = [listed(place) for place in range(SOME)]
    added = hosts.publish(1)

    assert [len(listed(place) - before[place]) for place in range(SOME)] == [2 * number for number in added]


@pytest.mark.parametrize("place", [0, 2], ids=["rss", "atom"])
def test_a_generated_feed_is_whole(place: int) -> None:
    """Every entry has what a news entry has, and every third its text."""
    feed = news_feed(place)
    entries = parse(feed.body([]), url="https://a.example/feed", content_type=feed.media_type).entries

    assert len(entries) == ENTRIES
    assert all(one.id and one.link and one.title and one.published_at and one.summary for one in entries)
    assert sum(1 for one in entries if one.content) == len(range(0, ENTRIES, 3))


async def test_a_filled_archive_is_sound_and_works(tmp_path: Path) -> None:
    """Its clones are articles like any other: no row points nowhere, and a poll beside them finds its new entries."""
    number = 500
    async with open_shelf(tmp_path, number) as shelf:
        await shelf.turn(0)
        await shelf.turn(1)
        assert await shelf.app.stores.articles.unfolded(shelf.app.clock.now(), timedelta(), 10) == ()

    with closing(sqlite3.connect(tmp_path / "state" / "tidings.sqlite")) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (clones,) = database.execute("SELECT count(*) FROM articles WHERE source_id = 'wire'").fetchone()
        (matched,) = database.execute(
            "SELECT count(DISTINCT article_id) FROM matches JOIN articles ON id = article_id WHERE source_id = 'wire'"
        ).fetchone()
    assert clones == number + 1
    assert matched == number // archive.MATCHED + 1


async def test_a_meter_sees_what_work_takes_on_both_sides() -> None:
    """Rows that are written take log, tables, statements and CPU of the server; a sum takes CPU of ours alone."""
    with postgres.server(durable=True) as server, postgres.database(server) as url:
        meter = Meter(url)
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept (words text)"))
        for _ in range(3):
            async with meter.run("writing", 10):
                with engine.begin() as connection:
                    connection.execute(
                        text("INSERT INTO kept SELECT repeat('word ', 200) FROM generate_series(1, 5000)")
                    )
            async with meter.run("adding", ["one unit"]):
                assert sum(range(2_000_000))
        engine.dispose()
        meter.close()
    writing, adding = meter.costs()["writing"], meter.costs()["adding"]

    assert writing.stored_bytes > 500 * 1000
    assert writing.wal_bytes > 500 * 1000
    assert (writing.statements, writing.runs) == (0.1, 3)
    assert writing.server_ms > 0.1
    assert adding.cpu_ms > 5
    assert adding.server_ms < adding.cpu_ms
    assert (adding.statements, adding.stored_bytes) == (0, 0)
