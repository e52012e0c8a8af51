"""Readers unsubscribe by the link in a mail: over HTTP on loopback, with a real database behind it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import html5lib
import pytest
import structlog
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from alerts.messages import Delivery, DeliveryState, Message, MessageKind
from tests.acceptance.conftest import free_port
from tests.fakes.clock import NOON as NOW
from tests.fakes.clock import FixedClock
from tests.fakes.vitals import FakeVitals
from tests.message_lint import look_at_page
from tidings.cli import app
from tidings.settings import ConfigError, Settings, load
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.storage.unsubscribed import SqlUnsubscribed
from tidings.web.key import signing_key
from tidings.web.links import Links
from tidings.web.rates import Buckets, visitor
from tidings.web.server import CannotListen, WebServer, hosts
from tidings.web.signing import Signer

HOST = "news.example.org"
PUBLIC = f"https://{HOST}/tidings"
INSTALLATION = """
web: {{public: "{public}", bind: "127.0.0.1:{port}"}}
channels:
  desk:
    type: email
    from: tidings@example.org
    to: ["Desk <Desk@example.org>", second@example.org]
    smtp: {{host: localhost, port: 2525, tls: "off"}}
  outbox: {{type: file}}
"""
RULES = """
watchlist: w
initiatives:
  - {id: chips, name: "Chips <b>&", any: [semiconductor]}
  - {id: ports, name: Ports, any: [harbour]}
digests:
  - {id: morning, title: "Morning “news” <script>", to: [desk], at: 07:30}
alerts:
  - {on: surge, to: [desk]}
  - {on: source-trouble, to: [desk]}
"""


def configured(folder: Path, *, port: int, public: str = PUBLIC) -> Settings:
    (folder / "config" / "watchlists").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "tidings.yaml").write_text(INSTALLATION.format(public=public, port=port))
    (folder / "config" / "watchlists" / "w.yaml").write_text(RULES)
    return load(folder / "config", state_dir=folder, environ={})


def message(*threads: str, kind: MessageKind = MessageKind.DIGEST) -> Message:
    named = threads or ("digest-morning",)
    return Message(
        key="k", subject="s", text="t", html="h", data="{}", created_at=NOW, kind=kind, threads=named
    )


def delivery(recipient: str = "Desk <Desk@example.org>", key: str = "k") -> Delivery:
    return Delivery(
        id=f"{key}-{recipient}", message_key=key, channel_id="desk", recipient=recipient, created_at=NOW, next_attempt_at=NOW
    )  # fmt: skip


class Running:
    """A site on a port of its own, and who asks it."""

    def __init__(self, settings: Settings, stores: Stores, session: aiohttp.ClientSession) -> None:
        self.settings, self.stores, self.session = settings, stores, session
        self.clock = FixedClock(NOW)
        self.site = WebServer(stores, self.clock, FakeVitals())
        self.links = Links(settings, Signer(lambda: signing_key(settings.state_dir)))

    def link(self, to: Message | None = None, recipient: str = "Desk <Desk@example.org>") -> str:
        found = self.links.address(to or message(), delivery(recipient))
        assert found is not None
        return found

    async def ask(self, method: str, link: str, **more: Any) -> tuple[int, str, Any]:
        """The request as the reverse proxy passes it on."""
        headers = {"Host": HOST} | more.pop("headers", {})
        url = link.replace(f"https://{HOST}", f"http://127.0.0.1:{self.site.port}")
        async with self.session.request(
            method, url, headers=headers, allow_redirects=False, **more
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    async def left(self) -> list[tuple[str, str, str]]:
        return [(one.channel_id, one.reader, one.thread) for one in await self.stores.unsubscribed.list()]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    settings = configured(tmp_path, port=free_port())
    database = Database.open("sqlite", state_dir=tmp_path)
    async with aiohttp.ClientSession() as session:
        one = Running(settings, Stores(database), session)
        try:
            await one.site.follow(settings)
            yield one
        finally:
            await one.site.close()
            database.close()


GONE = [("desk", "desk@example.org", "digest-morning")]


async def test_a_link_that_is_only_opened_changes_nothing(running: Running) -> None:
    """Scanners of mail follow every link; the page asks, and says what it is about without naming anybody."""
    for method in ("GET", "HEAD", "GET"):
        status, said, headers = await running.ask(method, running.link())

    assert status == 200
    assert "Morning “news” &lt;script&gt;" in said
    assert "d…@example.org" in said
    assert "desk@example.org" not in said
    assert await running.left() == []
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_one_click_of_a_mail_program_unsubscribes(running: Running) -> None:
    """RFC 8058, in either form of a form; again and again with the same answer."""
    link = running.link()

    first = await running.ask("POST", link, data={"List-Unsubscribe": "One-Click"})
    with aiohttp.MultipartWriter("form-data") as form:
        part = form.append("One-Click")
        part.set_content_disposition("form-data", name="List-Unsubscribe")
    again = await running.ask("POST", link, data=form)

    assert first[:2] == again[:2]
    assert first[0] == 200
    assert "unsubscribed" in first[1]
    assert await running.left() == GONE


async def test_the_button_of_the_page_unsubscribes(running: Running) -> None:
    """Exactly what the form of the page sends; it leads back to the page's own address."""
    _, page, _ = await running.ask("GET", running.link())
    (form,) = html5lib.parse(page, namespaceHTMLElements=False).iter("form")
    (field,) = form.iter("input")

    status, _, _ = await running.ask("POST", running.link(), data={field.get("name"): field.get("value")})

    assert form.get("method") == "post"
    assert form.get("action") is None
    assert status == 200
    assert await running.left() == GONE


@pytest.mark.parametrize("form", [{}, {"x": "y"}, {"List-Unsubscribe": "yes"}, {"confirm": "no"}])
async def test_another_form_changes_nothing(running: Running, form: dict[str, str]) -> None:
    status, _, _ = await running.ask("POST", running.link(), data=form)

    assert status == 400
    assert await running.left() == []


async def test_alerts_are_left_apart_from_digests(running: Running) -> None:
    """Each initiative by itself; of what is for the operator, and of tests, there is nothing to leave."""
    alert = message("initiative-chips", kind=MessageKind.ALERT)

    status, said, _ = await running.ask("POST", running.link(alert), data={"List-Unsubscribe": "One-Click"})

    assert status == 200
    assert "alerts on “Chips &lt;b&gt;&amp;”" in said
    assert await running.left() == [("desk", "desk@example.org", "initiative-chips")]
    for other in (
        message("operator", kind=MessageKind.NOTICE),
        message("digest-morning", kind=MessageKind.TEST),
    ):
        assert running.links.address(other, delivery()) is None
    assert running.links.address(message(), delivery("")) is None


async def test_an_alert_on_several_initiatives_is_left_for_all_of_them(running: Running) -> None:
    """Who has left one of them still gets what is about the other too; its tokens are of no use to other readers."""
    outbox, both = (
        running.stores.deliveries,
        message("initiative-chips", "initiative-ports", kind=MessageKind.ALERT),
    )
    await running.stores.unsubscribed.add("desk", "desk@example.org", ["initiative-chips"], now=NOW)
    await outbox.add(both, [delivery()])
    one, other = running.link(both), running.link(both, "second@example.org")
    crossed = f"{one[:-32]}{other[-32:]}"

    assert len(await outbox.list()) == 1
    assert (await running.ask("POST", crossed, data={"confirm": "yes"}))[0] == 404
    _, said, _ = await running.ask("POST", one, data={"List-Unsubscribe": "One-Click"})

    assert "alerts on “Chips &lt;b&gt;&amp;”" in said
    assert "alerts on “Ports”" in said
    assert [thread for _, _, thread in await running.left()] == ["initiative-chips", "initiative-ports"]
    assert await outbox.claim_due(NOW, 10, timedelta(minutes=10)) == ()
    assert [one.state for one in await outbox.list()] == [DeliveryState.CANCELLED]


async def test_forged_and_unknown_links_lead_nowhere(running: Running) -> None:
    """A token with one letter changed, of another key, of another thread or of nobody: 404, the same for all."""
    link = running.link()
    other = Links(running.settings, Signer(lambda: b"x" * 32)).address(message(), delivery())
    forged = [
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link.swapcase().replace(PUBLIC.swapcase(), PUBLIC).replace("UNSUBSCRIBE", "unsubscribe"),
        str(other),
        running.link(message("digest-evening")),
        running.link(recipient="nobody@example.org"),
        f"{PUBLIC}/unsubscribe/",
        f"{PUBLIC}/unsubscribe/{'a' * 31}",
        f"{PUBLIC}/unsubscribe/{'%00' * 32}",
        f"{PUBLIC}/unsubscribe/{'a' * 32}/x",
        f"{link}.{'a' * 32}",
        f"{link}.",
        f"{PUBLIC}/",
        f"{PUBLIC}/../../etc/passwd",
    ]
    answers = {
        (await running.ask(method, one, headers={"X-Forwarded-For": f"198.51.100.{n}"}))[:2]
        for n, one in enumerate(forged)
        for method in ("GET", "POST")
    }

    (answer,) = answers
    assert answer[0] == 404
    assert await running.left() == []


async def test_pages_hold_no_script_and_load_nothing(running: Running) -> None:
    """The policy names the one style sheet by its hash, so that nothing else could either."""
    for method, link in (("GET", running.link()), ("POST", running.link()), ("GET", f"{PUBLIC}/nothing")):
        _, page, headers = await running.ask(
            method, link, data={"confirm": "yes"} if method == "POST" else None
        )
        wrong = [one for one in look_at_page(page) if not re.match(r"<(form|input|button)>", one)]
        assert wrong == []
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Python" not in headers["Server"]


async def test_only_known_names_are_answered_for(running: Running) -> None:
    """A page of another name that points here (DNS rebinding) gets nothing."""
    for host, wanted in (("evil.example", 421), ("", 421), (f"{HOST}:8443", 421), (f"{HOST}.", 421)):
        assert (await running.ask("GET", running.link(), headers={"Host": host}))[0] == wanted
    for host in (
        HOST,
        HOST.upper(),
        f"{HOST}:443",
        f"127.0.0.1:{running.site.port}",
        f"localhost:{running.site.port}",
    ):
        assert (await running.ask("GET", running.link(), headers={"Host": host}))[0] == 200


async def test_a_form_that_cannot_be_read_is_refused_in_words(running: Running) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=martian"}

    status, text, _ = await running.ask("POST", running.link(), data=b"confirm=yes", headers=form)

    assert (status, "That was no request" in text) == (400, True)
    assert await running.left() == []


async def test_a_large_body_is_not_read(running: Running) -> None:
    status, _, _ = await running.ask(
        "POST", running.link(), data={"List-Unsubscribe": "One-Click", "x": "y" * 5000}
    )

    assert status == 413
    assert await running.left() == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(running: Running, method: str) -> None:
    assert (await running.ask(method, running.link()))[0] == 405


async def test_guessing_is_slowed_down(running: Running) -> None:
    """A visitor who guesses is sent away after a few tries; others, seen through the proxy, are not."""
    guess = f"{PUBLIC}/unsubscribe/{'a' * 32}"
    statuses = [
        (await running.ask("GET", guess, headers={"X-Forwarded-For": "192.0.2.1"}))[0] for _ in range(10)
    ]
    _, _, headers = await running.ask("GET", running.link(), headers={"X-Forwarded-For": "192.0.2.1"})
    other = await running.ask("GET", running.link(), headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7"})

    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert headers["Retry-After"] == "60"
    assert other[0] == 200


async def test_the_prefix_may_be_kept_or_cut_off_by_the_proxy(running: Running) -> None:
    cut = running.link().replace("/tidings/", "/")

    assert (await running.ask("GET", cut))[1] == (await running.ask("GET", running.link()))[1]


async def test_no_log_holds_a_link_or_an_address(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    """Also of requests that are no HTTP."""
    caplog.set_level(logging.DEBUG)
    structlog.reset_defaults()
    token = running.link().rpartition("/")[2]
    with capture_logs() as lines:
        await running.ask("POST", running.link(), data={"confirm": "yes"})
        await running.ask("GET", running.link() + "x")
        with socket.create_connection(("127.0.0.1", running.site.port or 0)) as raw:
            raw.sendall(f"GET /unsubscribe/{token} HTTP/9.9\r\nHost: \x00\r\n\r\n".encode())
            raw.setblocking(False)
            await running.ask("GET", running.link())

    assert any(one["event"] == "unsubscribed" for one in lines)
    for shown in (str(lines), caplog.text):
        assert token not in shown
        assert "desk@example.org" not in shown


# -- what follows from it --------------------------------------------------------------------------


async def test_who_has_left_is_sent_nothing_more(running: Running) -> None:
    """No new delivery is made, and what waits, or is asked for once more, is given up; others get theirs."""
    outbox, lease = running.stores.deliveries, timedelta(minutes=10)
    before, after = replace(message(), key="before"), replace(message(), key="after")
    alert = replace(message("initiative-chips", kind=MessageKind.ALERT), key="alert")
    await outbox.add(before, [delivery(key="before"), delivery("second@example.org", key="before")])

    await running.ask("POST", running.link(), data={"List-Unsubscribe": "One-Click"})
    await outbox.add(
        after, [delivery("desk@EXAMPLE.org", key="after"), delivery("second@example.org", key="after")]
    )
    await outbox.add(alert, [delivery(key="alert")])
    claimed = await outbox.claim_due(NOW, 10, lease)
    await outbox.again("before", NOW + lease)
    again = await outbox.claim_due(NOW + lease, 10, lease)

    sent = [
        ("after", "second@example.org"),
        ("alert", "Desk <Desk@example.org>"),
        ("before", "second@example.org"),
    ]
    assert sorted((one.message_key, one.recipient) for one, _ in claimed) == sent
    assert sorted((one.message_key, one.recipient) for one, _ in again) == sent
    kept = {(one.message_key, one.recipient): one for one in await outbox.list()}
    assert len(kept) == 4
    given_up = kept["before", "Desk <Desk@example.org>"]
    assert (given_up.state, given_up.last_error) == (DeliveryState.CANCELLED, "the reader has unsubscribed")


async def test_a_reader_can_be_taken_back(running: Running) -> None:
    readers, outbox = running.stores.unsubscribed, running.stores.deliveries
    await readers.add("desk", "desk@example.org", ["digest-morning", "initiative-chips"], now=NOW)
    assert await readers.add("desk", "desk@example.org", ["digest-morning"], now=NOW) == ()

    assert await readers.remove("desk", "DESK <desk@example.org>", ["digest-morning"]) == ("digest-morning",)
    assert await readers.remove("desk", "second@example.org") == ()
    await outbox.add(message(), [delivery()])

    assert len(await outbox.list()) == 1
    assert await running.left() == [("desk", "desk@example.org", "initiative-chips")]
    assert await readers.remove("desk", "desk@example.org") == ("initiative-chips",)


# -- starting, moving, stopping --------------------------------------------------------------------


async def test_it_moves_with_the_settings(running: Running, tmp_path: Path) -> None:
    """A reload may move it, and end what is for readers; then links are not in mails either."""
    old, new = running.site.port, free_port()
    await running.site.follow(configured(tmp_path, port=new, public=f"https://{HOST}"))

    assert running.site.port == new != old
    assert (await running.ask("GET", running.link().replace("/tidings/", "/")))[0] == 200

    nowhere = replace(running.settings, web=replace(running.settings.web, public=None))
    await running.site.follow(nowhere)

    here = f"127.0.0.1:{new}"
    assert (await running.ask("GET", running.link().replace("/tidings/", "/"), headers={"Host": here}))[
        0
    ] == 404
    assert Links(nowhere, Signer(lambda: b"x" * 32)).address(message(), delivery()) is None


async def test_a_port_that_is_taken_is_said_to_be(running: Running) -> None:
    second = WebServer(running.stores, running.clock, FakeVitals())

    with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{running.site.port} .*another port"):
        await second.follow(running.settings)

    assert second.port is None


# -- the parts -------------------------------------------------------------------------------------


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """Read again it is the same; what is no key is left as it is."""
    key = signing_key(tmp_path / "state")
    path = tmp_path / "state" / "unsubscribe.key"

    assert signing_key(tmp_path / "state") == key
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    path.write_text("not hex")
    with pytest.raises(OSError, match="no key of 32 bytes"):
        signing_key(tmp_path / "state")
    assert path.read_text() == "not hex"


def test_links_are_the_same_each_time_and_differ_for_each_reader(tmp_path: Path) -> None:
    """So a repeat of a mail has the same bytes; a new name of the same address changes nothing."""
    settings = configured(tmp_path, port=8787)
    links, again = (Links(settings, Signer(lambda: b"k" * 32)) for _ in range(2))

    def link(of: Links, recipient: str, thread: str = "digest-morning") -> str | None:
        return of.address(message(thread), delivery(recipient))

    assert link(links, "Desk <Desk@example.org>") == link(again, "desk@EXAMPLE.org")
    assert (
        len(
            {
                link(links, who, what)
                for who in ("a@x.example", "b@x.example")
                for what in ("digest-a", "digest-b")
            }
        )
        == 4
    )
    assert len(str(link(links, "a@x.example"))) < 90


def test_a_bucket_fills_again() -> None:
    """Times are seconds; a visitor not seen for long is forgotten first."""
    buckets = Buckets(burst=2, rate=0.5, most=2)

    assert [buckets.allow("a", 0), buckets.allow("a", 0), buckets.allow("a", 0)] == [True, True, False]
    assert [buckets.allow("a", 1.9), buckets.allow("a", 2), buckets.allow("a", 2)] == [False, True, False]
    buckets.charge("b", 9, 2)
    assert not buckets.allow("b", 3)
    buckets.charge("c", 1, 3)
    assert buckets.allow("a", 3)


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("1.1.1.1", "198.51.100.7", "1.1.1.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("172.17.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
        ("", None, ""),
    ],
)
def test_a_visitor_is_who_asks_not_who_they_say_they_are(peer: str, forwarded: str | None, who: str) -> None:
    """A proxy of this house is believed; a network of IPv6 is one visitor."""
    assert visitor(peer, forwarded) == who


def test_names_that_are_answered_for(tmp_path: Path) -> None:
    settings = configured(tmp_path, port=8787, public="https://news.example.org:8443/x/y/")

    assert settings.web.public == "https://news.example.org:8443/x/y"
    assert hosts(settings.web, settings.web.public) == {
        "news.example.org:8443", "localhost:8787", "127.0.0.1:8787", "[::1]:8787",
    }  # fmt: skip


@pytest.mark.parametrize(
    "public",
    [
        "http://news.example.org",
        "https://u:p@news.example.org",
        "https://x.example/?a=b",
        "https://x.example/#a",
        "news.example.org",
        "https://x.example/a b",
        "https://x.example/{token}",
        "https://" + "a" * 400,
    ],
)
def test_an_address_that_readers_cannot_use_is_refused(tmp_path: Path, public: str) -> None:
    with pytest.raises(ConfigError, match=r"tidings\.yaml:2:15: error: .*; .*"):
        configured(tmp_path, port=8787, public=public)


# -- commands --------------------------------------------------------------------------------------


def test_the_operator_sees_who_has_left_and_takes_them_back(tmp_path: Path) -> None:
    """By address, whatever the name; of one thing or of everything."""

    def command(*words: str) -> Result:
        folders = ["--config", str(tmp_path / "config"), "--state", str(tmp_path)]
        return CliRunner().invoke(app, ["channels", *words, *folders])

    configured(tmp_path, port=8787)
    assert "unsubscribed" not in command("list").output  # where nothing ever ran, nothing is made either
    assert not (tmp_path / "tidings.sqlite").exists()
    database = Database.open("sqlite", state_dir=tmp_path)
    threads = ["digest-morning", "initiative-chips", "initiative-ports"]
    asyncio.run(SqlUnsubscribed(database).add("desk", "desk@example.org", threads, now=NOW))
    database.close()

    listed = command("list").output
    (row, _) = (json.loads(line) for line in command("list", "--json").output.splitlines())
    wrong = command("resubscribe", "desk", "second@example.org")
    other = command("resubscribe", "desk", "desk@example.org", "evening")
    one = command("resubscribe", "desk", "The desk <DESK@example.org>", "chips")
    rest = command("resubscribe", "desk", "desk@example.org")

    assert "desk@example.org" in listed
    assert "initiative-chips" in listed
    assert [each["thread"] for each in row["unsubscribed"]] == threads
    assert (wrong.exit_code, other.exit_code, one.exit_code, rest.exit_code) == (1, 1, 0, 0)
    assert command("resubscribe", "nothing", "a@b.example").exit_code == 2
    assert "has not unsubscribed from anything of desk" in wrong.output
    assert "from digest-morning, initiative-chips" in other.output
    assert one.output == "desk@example.org gets initiative-chips again over desk, from the next one on\n"
    assert "gets digest-morning, initiative-ports again" in rest.output
    assert "unsubscribed" not in command("list").output
