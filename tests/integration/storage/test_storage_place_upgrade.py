"""An upgrade takes the keys of feeds out of the addresses of entries that link to no page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alembic import command
from sqlalchemy import Engine

from crawler.wording import place_of
from tests.integration.storage.test_storage_schema import MOMENT, OLD_ROWS, migrations
from tests.integration.storage.test_storage_told_upgrade import put, rows_of
from tidings.storage.keys import fingerprint

FEED = "https://reader:hunter2@times.example/feed?key=hunter2"
PLAIN = "https://times.example/feed"
LINKED = "https://times.example/read?id=7#part-2"
HOUR = timedelta(hours=1)


def article(name: str, url: str) -> dict[str, Any]:
    plain = OLD_ROWS["articles"]
    assert isinstance(plain, dict)
    return {
        **plain,
        "id": name,
        "url": url,
        "url_print": fingerprint(url),
        "canonical_url": url,
        "canonical_print": fingerprint(url),
    }


def sighting(name: str, url: str, hours: int) -> dict[str, Any]:
    return {
        "article_id": name,
        "source_id": "times",
        "url_print": fingerprint(url),
        "url": url,
        "title": "Council votes",
        "seen_at": MOMENT + hours * HOUR,
    }


def test_an_upgrade_takes_the_keys_of_feeds_out_of_addresses(engine: Engine) -> None:
    """Of articles and of where they were seen; what was seen under two keys was seen once, and links stay as they are."""
    config = migrations()
    alone, twice, linked = (letter * 16 for letter in "abc")
    source = OLD_ROWS["sources"]
    assert isinstance(source, dict)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        put(connection, {"sources": [{**source, "url": FEED, "scrolled": 0, "skip_days": []}]})
        places = {alone: f"{FEED}#{alone}", twice: f"{FEED}#{twice}", linked: LINKED}
        put(
            connection,
            {"articles": [{**article(name, url), "page_tries": 0} for name, url in places.items()]},
        )
        seen = [
            sighting(alone, places[alone], 0),
            sighting(twice, f"{FEED}-2#{twice}", 2),
            sighting(twice, places[twice], 1),
            sighting(twice, f"{PLAIN}#{twice}", 3),
            sighting(linked, LINKED, 0),
        ]
        put(connection, {"sightings": seen})

    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        articles = rows_of(
            connection, "articles", "id", "url", "url_print", "canonical_url", "canonical_print"
        )
        sightings = rows_of(connection, "sightings", "article_id", "url", "url_print", "seen_at")

    assert place_of(FEED) == PLAIN
    wanted = {alone: f"{PLAIN}#{alone}", twice: f"{PLAIN}#{twice}", linked: LINKED}
    assert articles == {(name, url, fingerprint(url), url, fingerprint(url)) for name, url in wanted.items()}
    assert sightings == {
        (name, url, fingerprint(url), MOMENT + (HOUR if name == twice else 0 * HOUR))
        for name, url in wanted.items()
    }
