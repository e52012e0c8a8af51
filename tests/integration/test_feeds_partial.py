"""Real feeds polled twice: what is stored is the same, whether known entries are read again or not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from crawler.asking import Asker
from crawler.feeds.encoding import decode, unpack
from crawler.feeds.slices import cut
from crawler.records import PollOutcome
from tests.fakes.articles import MemoryArticles
from tests.fakes.feeds import CORPUS, corpus
from tests.unit.test_poll_outcomes import HOUR, Room, answer

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")


class Forgetful(MemoryArticles):
    """Remembers nothing of lists, so that each is read whole."""

    async def seen(self, source_id: str) -> bytes:
        return b""


def editions(body: bytes, chance: random.Random) -> list[bytes]:
    """The feed as it may have been some entries ago, with an entry in other words, in another order, and as it is."""
    slices = cut(decode(unpack(body)[0], None).text)
    if slices is None or len(slices.entries) < 3:
        return [body, body.replace(b"<title>", b"<title>~", 1), body + b"\n"]
    places = range(len(slices.entries))
    older = slices.only(set(chance.sample(places, len(places) // 2 + 1)))
    now = slices.only(set(places))
    edited = now.replace(slices.entries[-1], slices.entries[-1].replace("<title>", "<title>Edited: ", 1))
    turned = slices.head + "".join(reversed(slices.entries)) + slices.tail
    return [text.encode() for text in (older, now, edited, turned, older, now)]


async def polled(room: Room, bodies: list[bytes]) -> list[PollOutcome]:
    outcomes = []
    for number, body in enumerate(bodies):
        outcomes.append(await room.poll(answer(body=body, etag=f'"{number}"', content_type=None)))
        room.clock.advance(HOUR / 10)
    return outcomes


def kept(room: Room) -> dict[str, Any]:
    articles = room.articles
    return {
        "articles": {one.article.id: one.article for one in articles.kept.values()},
        "versions": {one.article.id: one.versions for one in articles.kept.values()},
        "keys": articles.keys,
        "sightings": articles.sightings,
        "edits": [poll.edits for poll in articles.polls],
        "states": [poll.state for poll in articles.polls],
        "gaps": [poll.gap for poll in articles.polls],
    }


async def test_reading_in_part_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Articles, versions, keys, sightings, edits, gaps and the state of the source; and most feeds are read in part."""
    in_part = 0
    with_list = Asker._with_list

    async def counted(self: Asker, *given: Any) -> Any:
        nonlocal in_part
        found = await with_list(self, *given)
        in_part += found.before is not None
        return found

    monkeypatch.setattr(Asker, "_with_list", counted)
    chance = random.Random(20261125)
    number = 0
    for name, body in corpus():
        if len(body) > 60_000 or name.startswith("feedparser-cases"):  # those are of one entry each
            continue
        bodies = editions(body, chance)
        partly, wholly = Room(), Room(articles=Forgetful())
        outcomes = await polled(partly, bodies), await polled(wholly, bodies)
        number += len(bodies)
        told = [[(one.result, one.listed, one.new, one.warning) for one in some] for some in outcomes]
        assert told[0] == told[1], name
        assert kept(partly) == kept(wholly), name
    assert in_part > number / 3  # the others have an entry or two, or stand in a form that is not cut
