"""A page that kills its reader: the others arrive, it is left alone, and its maker can be helped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawler.extract import read_page
from crawler.records import ArticleRules, Page
from tests.acceptance.conftest import configure, tidings
from tests.acceptance.world import HOUR, MINUTE, NOON, World, desk, page

POISON = b"the page of poison"


def poisoned(
    body: bytes, url: str, content_type: str | None, rules: ArticleRules | None, zone: str | None
) -> Page:
    """The reader, with a fault that takes the interpreter down."""
    if POISON in body:
        os.abort()
    return read_page(body, url, content_type, rules, zone)


async def test_a_page_that_aborts_its_interpreter_is_left_alone_and_told_of(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried three times; its neighbours are read; `status` names it, `quarantine` gives it out and takes it back."""
    monkeypatch.setattr("crawler.extract.extractor.read_page", poisoned)
    for slug in ("one", "poison", "two"):
        world.press.add("times", slug, NOON - HOUR, title=f"Notes on {slug}", text="Short.")
        told = [
            f"This is the page of {slug}, which says a good deal about {slug} and its part {n}."
            for n in range(9)
        ]
        world.press.pages[f"/{slug}"] = page(f"Notes on {slug}", *told)
    files = desk(world.mailbox.port, hook=world.press.hook, daily='at: "18:00", zone: UTC')
    configure(world.folder / "config", sources=world.press.sources(), **files)
    async with world.running() as app:
        await world.live(app, NOON)
        await world.live(app, NOON + 40 * MINUTE)
        counts = await app.stores.counts.take()
        (crashed,) = await app.stores.crashes.all()

    assert {str(state): n for state, n in counts.texts.items() if n} == {"read": 2, "quarantined": 1}
    assert world.press.asked["/poison"] == 3
    assert "signal 6" in crashed.reason
    env = {"TIDINGS_CONFIG": str(tmp_path / "config"), "TIDINGS_STATE": str(tmp_path / "state")}
    status = tidings("status", env=env).out
    assert (
        f"crashed three times: the child process died (signal 6): {crashed.article_id}, {crashed.url}"
        in status
    )
    assert "`tidings quarantine list`, then `save` or `retry`" in status
    (row,) = tidings("quarantine", "list", "--json", env=env).rows()
    assert (row["id"], row["quarantined"]) == (crashed.article_id, True)
    saved = tidings("quarantine", "save", crashed.article_id, "poison.html", env=env, cwd=tmp_path)
    assert (tmp_path / "poison.html").read_bytes() == world.press.pages["/poison"].encode()
    again = tidings(*saved.out.split()[1:5], "--url", crashed.url, "--json", env=env, cwd=tmp_path)
    assert again.rows()[0]["refused"] is None
    explained = tidings("explain", crashed.url, env=env).out
    assert "reading its page crashed three times: the child process died (signal 6)" in explained
    retried = tidings("quarantine", "retry", crashed.article_id, "no-such-article", env=env)
    assert (retried.code, retried.err.strip()) == (1, "no-such-article is not in quarantine")
    assert retried.out.strip() == f"{crashed.article_id} is read at the next opportunity"
