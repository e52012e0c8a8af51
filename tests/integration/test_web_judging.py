"""Readers say by the link in a mail that an article is not about an initiative: over HTTP, with a real database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import html5lib
import pytest
from structlog.testing import capture_logs

from alerts.judgements import Verdict, Way
from crawler.records import Article
from tests.acceptance.conftest import free_port
from tests.fakes.clock import NOON as NOW
from tests.integration.storage.making import article, evidence, fold, match, poll
from tests.integration.test_web_unsubscribe import PUBLIC, Running, configured
from tests.message_lint import look_at_page
from tidings.app import signer
from tidings.settings import load
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.web.judging_links import JudgingLinks
from tidings.web.signing import Signer

HOSTILE = "Chips</p><script>alert(1)</script> <img src=x onerror=alert(1)> \u202egnp\u202c"
ANSWER = {"confirm": "yes", "verdict": "not-about"}
AFTER_ALL = {"confirm": "yes", "verdict": "about"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    settings = configured(tmp_path, port=free_port())
    database = Database.open("sqlite", state_dir=tmp_path)
    async with aiohttp.ClientSession() as session:
        one = Running(settings, Stores(database), session)
        try:
            await matched(one.stores, article(1, title=HOSTILE), article(2))
            await one.site.follow(settings)
            yield one
        finally:
            await one.site.close()
            database.close()


async def matched(stores: Any, *articles: Article) -> None:
    await stores.articles.record_poll(poll(*articles))
    for one in articles:
        await fold(stores, one)
        stored = await stores.articles.get(one.id)
        found = match(one, "chips", evidence=(evidence(term='semi"<b>'),))
        await stores.matches.record_matches([(stored, [found])], NOW)


def link(running: Running, number: int = 1, initiative: str = "chips") -> str:
    links = JudgingLinks(running.settings, signer(running.settings))
    return links.address(article(number).id, initiative)


async def said(running: Running) -> list[tuple[str, str, Verdict, Way]]:
    found = await running.stores.judgements.list()
    return [(one.article_id, one.initiative_id, one.verdict, one.way) for one in found]


WRONG = [(article(1).id, "chips", Verdict.NOT_ABOUT, Way.MAIL)]


async def test_a_link_that_is_only_opened_changes_nothing(running: Running) -> None:
    """Scanners of mail follow every link; the page says which article it is, and under what it was told."""
    for method in ("GET", "HEAD", "GET"):
        status, page, headers = await running.ask(method, link(running))

    assert status == 200
    assert "Not about Chips &lt;b&gt;&amp;?" in page
    assert "It was matched by “<bdi>semi&quot;&lt;b&gt;</bdi>”." in page
    assert await said(running) == []
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_the_button_of_the_page_says_so_and_the_next_one_takes_it_back(running: Running) -> None:
    """Exactly what the forms of the pages send; each leads back to the page's own address."""
    _, page, _ = await running.ask("GET", link(running))
    status, thanks, _ = await running.ask("POST", link(running), data=form_of(page))
    assert status == 200
    assert await said(running) == WRONG
    assert "thank you" in thanks
    assert (await running.ask("GET", link(running)))[1] == thanks

    status, after, _ = await running.ask("POST", link(running), data=form_of(thanks))
    assert status == 200
    assert [one[2] for one in await said(running)] == [Verdict.ABOUT]
    assert "It was judged to be about it." in after

    await running.ask("POST", link(running), data=form_of(after))
    assert await said(running) == WRONG


def form_of(page: str) -> dict[str, str]:
    (form,) = html5lib.parse(page, namespaceHTMLElements=False).iter("form")
    assert form.get("method") == "post"
    assert form.get("action") is None
    return {field.get("name"): field.get("value") for field in form.iter("input")}


async def test_said_twice_it_is_said_once(running: Running) -> None:
    """With the same answer, and one line in the log."""
    with capture_logs() as lines:
        first = await running.ask("POST", link(running), data=ANSWER)
        running.clock.advance(timedelta(seconds=5))
        again = await running.ask("POST", link(running), data=ANSWER)

    assert first[:2] == again[:2]
    assert await said(running) == WRONG
    assert [one["way"] for one in lines if one["event"] == "judged"] == ["mail"]
    assert link(running).rpartition("/")[2] not in str(lines)
    assert (await running.stores.judgements.list())[0].at == NOW


async def test_it_is_told_no_more(running: Running) -> None:
    (plan,) = running.settings.digests
    await running.ask("POST", link(running), data=ANSWER)

    found = await running.stores.digests.matched("desk", plan, NOW.replace(year=2000), NOW)

    assert [one.telling.article_id for one in found] == [article(2).id]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"verdict": "not-about"},
        {"confirm": "yes"},
        {"confirm": "no", "verdict": "not-about"},
        {"confirm": "yes", "verdict": "drop"},
        {"List-Unsubscribe": "One-Click"},
    ],
)
async def test_another_form_changes_nothing(running: Running, form: dict[str, str]) -> None:
    status, _, _ = await running.ask("POST", link(running), data=form)

    assert status == 400
    assert await said(running) == []


async def test_forged_links_lead_nowhere(running: Running) -> None:
    """A letter changed, another key, another purpose, another article or initiative: the same answer for all."""
    good = link(running)
    start, _, signature = good.rpartition("/")
    secret = signer(running.settings)
    other_key = JudgingLinks(running.settings, Signer(lambda: b"x" * 32))
    forged = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        other_key.address(article(1).id, "chips"),
        f"{start}/{secret.sign('unsubscribe', article(1).id, 'chips')}",
        f"{start}/{secret.sign('judge', article(1).id)}",
        f"{PUBLIC}/not-about/{article(2).id}/chips/{signature}",
        f"{PUBLIC}/not-about/{article(1).id}/ports/{signature}",
        f"{PUBLIC}/not-about/{article(1).id.upper()}x/chips/{signature}",
        f"{PUBLIC}/not-about/{article(1).id}/chips/",
        f"{PUBLIC}/unsubscribe/{signature}",
        f"{good}/x",
    ]
    answers = {
        (await running.ask(method, one, data=data, headers={"X-Forwarded-For": f"198.51.100.{n}"}))[:2]
        for n, one in enumerate(forged)
        for method, data in (("GET", None), ("POST", ANSWER))
    }

    (answer,) = answers
    assert answer[0] == 404
    assert await said(running) == []


async def test_guessing_is_slowed_down(running: Running) -> None:
    guess = link(running)[:-32] + "a" * 32
    statuses = [
        (await running.ask("GET", guess, headers={"X-Forwarded-For": "192.0.2.1"}))[0] for _ in range(10)
    ]

    assert (statuses[0], statuses[-1]) == (404, 429)
    assert (await running.ask("GET", link(running), headers={"X-Forwarded-For": "192.0.2.9"}))[0] == 200


async def test_what_is_not_there_any_more_is_said(running: Running) -> None:
    """An article that was purged, one that never matched, an initiative that left the watchlists."""
    for one in (link(running, 9), link(running, initiative="ports"), link(running, initiative="former")):
        for method, data in (("GET", None), ("POST", ANSWER)):
            status, page, _ = await running.ask(method, one, data=data)
            assert status == 410
            assert "It is not kept any more" in page
    assert await said(running) == []


async def test_pages_hold_no_script_and_load_nothing(running: Running) -> None:
    """Whatever a title, an outlet, a term or a name holds."""
    for method, data in (("GET", None), ("POST", ANSWER), ("POST", AFTER_ALL)):
        _, page, headers = await running.ask(method, link(running), data=data)
        assert [one for one in look_at_page(page) if not re.match(r"<(form|input|button)>", one)] == []
        assert "\u202e" not in page
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]


async def test_an_initiative_may_be_called_in_any_script(running: Running) -> None:
    """The address is ASCII all the same, and leads to it."""
    found = link(running, initiative="व्यापार.समझौता")

    assert found.isascii()
    assert (await running.ask("GET", found))[0] == 410  # ours, and not watched


async def test_other_methods_and_large_forms_are_refused(running: Running) -> None:
    assert (await running.ask("DELETE", link(running)))[0] == 405
    assert (await running.ask("POST", link(running), data=ANSWER | {"x": "y" * 5000}))[0] == 413
    assert await said(running) == []


async def test_the_prefix_may_be_cut_off_by_the_proxy(running: Running) -> None:
    cut = link(running).replace("/tidings/", "/")

    assert (await running.ask("GET", cut))[1] == (await running.ask("GET", link(running)))[1]


async def test_without_a_public_address_there_is_no_link_and_no_page(tmp_path: Path) -> None:
    settings = configured(tmp_path, port=free_port(), public=PUBLIC)
    readers = JudgingLinks(settings, signer(settings)).address(article(1).id, "chips")
    (tmp_path / "config" / "tidings.yaml").write_text(
        f'web: {{bind: "127.0.0.1:{free_port()}"}}\nchannels:\n  desk: {{type: file}}\n'
    )
    private = load(tmp_path / "config", state_dir=tmp_path, environ={})
    assert JudgingLinks(private, signer(private)).address(article(1).id, "chips") == ""

    database = Database.open("sqlite", state_dir=tmp_path)
    async with aiohttp.ClientSession() as session:
        one = Running(private, Stores(database), session)
        try:
            await matched(one.stores, article(1))
            await one.site.follow(private)
            host = f"127.0.0.1:{one.site.port}"
            path = readers.removeprefix(PUBLIC)
            status, _, _ = await one.ask("GET", f"http://{host}{path}", headers={"Host": host})
        finally:
            await one.site.close()
            database.close()

    assert status == 404


def test_a_secret_that_cannot_be_read_keeps_no_digest_back(tmp_path: Path) -> None:
    """Mails wait for it; hooks and files go out, without links."""
    settings = configured(tmp_path, port=free_port())
    (tmp_path / "unsubscribe.key").write_text("no key")

    assert JudgingLinks(settings, signer(settings)).address(article(1).id, "chips") == ""
