"""`tidings channels test` against mail servers and hooks on loopback: their words, what to look at, no secrets."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult

from tests.acceptance.conftest import Done, configure, tidings
from tests.acceptance.world import MoodyMailbox, Press
from tidings.demo.mailbox import Mailbox

CANARY, TOKEN, KEY = "canary-9f2e-password", "canary-77b1-token", "whsec_Y2FuYXJ5LWtleQ=="
OFF, WHO, PW = "'off'", "tidings", "pw"
LOOPBACK = "allow_private: [127.0.0.0/8]"
Tried = Callable[..., Awaitable[Done]]


class Locked(Mailbox):
    """A mailbox that asks for a password and takes none."""

    def _session(self) -> SMTP:
        return SMTP(
            self,
            authenticator=lambda *_: AuthResult(success=False, handled=False),
            auth_require_tls=False,
        )


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """A press that takes hooks, and mailboxes of all tempers."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    kind, strange, locked = MoodyMailbox(), Mailbox(tls=context), Locked()
    kind.refuses = {
        "nobody@example.org": "550 5.1.1 no such mailbox",
        "full@example.org": "452 4.2.2 mailbox full",
    }
    async with Press() as press, kind, strange, locked:
        yield {"press": press, "kind": kind, "strange": strange, "locked": locked}


def smtp(port: int, **more: str) -> str:
    words = "".join(f", {name}: {value}" for name, value in more.items())
    return f"from: 'Tidings <tidings@example.org>', smtp: {{host: 127.0.0.1, port: {port}{words}}}"


def written(tmp_path: Path, servers: dict[str, Any]) -> None:
    """One channel of each kind and temper."""
    press: Press = servers["press"]
    base = f"http://127.0.0.1:{press.port}"
    press.pages = {"/plain": "thanks"}
    press.status = {"/over": 410, "/busy": 503, "/odd": 418}
    kind, strange, locked = (servers[name].port for name in ("kind", "strange", "locked"))
    channels = {
        "fine": f"type: email, to: [desk@example.org], {smtp(kind, tls=OFF)}",
        "unknown": f"type: email, to: [nobody@example.org, full@example.org], {smtp(kind, tls=OFF)}",
        "bare": f"type: email, to: [desk@example.org], {smtp(kind)}",
        "strange": f"type: email, to: [desk@example.org], {smtp(strange)}",
        "locked": f"type: email, to: [desk@example.org], {smtp(locked, tls=OFF, user=WHO, password_file=PW)}",
        "closed": f"type: email, to: [desk@example.org], {smtp(1, tls=OFF)}",
        "hook": f"type: webhook, url_file: url, secret_file: key, {LOOPBACK}",
        "guarded": "type: webhook, url_file: url",
        "gone": f"type: webhook, url: '{base}/over', {LOOPBACK}",
        "busy": f"type: webhook, url: '{base}/busy', {LOOPBACK}",
        "slack": f"type: webhook, url: '{base}/plain', format: slack, {LOOPBACK}",
        "ntfy": f"type: webhook, url: '{base}/plain', format: ntfy, {LOOPBACK}",
        "discord": f"type: webhook, url: '{base}/plain', format: discord, {LOOPBACK}",
        "teams": f"type: webhook, url: '{base}/plain', format: teams, {LOOPBACK}",
        "files": "type: file, dir: outbox",
        "blocked": "type: file, dir: blocked/outbox",
    }
    for name, text in {"pw": CANARY, "url": f"{base}/hook/{TOKEN}", "key": KEY}.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "blocked").write_text("a file")
    listed = "".join(f"  {name}: {{{text}}}\n" for name, text in channels.items())
    digests = "watchlist: chips\ninitiatives: [{id: chips, any: [semiconductor plant]}]\n"
    configure(tmp_path / "config", tidings=f"channels:\n{listed}", watchlists__chips=digests)


@pytest.fixture
def run(tmp_path: Path, servers: dict[str, Any]) -> Tried:
    """`tidings channels test WORDS…` among these servers."""
    written(tmp_path, servers)
    env = {"TIDINGS_CONFIG": str(tmp_path / "config"), "TIDINGS_STATE": str(tmp_path / "state")}

    async def tried(*words: str) -> Done:
        return await asyncio.to_thread(lambda: tidings("channels", "test", *words, env=env))

    return tried


TAKEN = {
    "fine desk@example.org": "taken: ",
    "hook": "taken: 127.0.0.1: 200 OK",
    "slack": "taken: 127.0.0.1: 200 OK: thanks",
    "ntfy": "taken: 127.0.0.1: 200 OK: thanks",
    "discord": "taken: 127.0.0.1: 200 OK: thanks",
    "teams": "taken: 127.0.0.1: 200 OK: thanks",
    "files": "taken: written to test_",
}
LATER = {
    "unknown full@example.org": "452 4.2.2 mailbox full",
    "bare desk@example.org": "the server offers no STARTTLS; set smtp.tls to opportunistic",
    "strange desk@example.org": "certificate; tls: require needs a valid certificate",
    "locked desk@example.org": "535 5.7.8 Authentication credentials invalid; look at smtp.user and its password",
    "closed desk@example.org": "nothing listens there: look at smtp.host and smtp.port",
    "busy": "503 Service Unavailable: out of order",
    "blocked": "Not a directory",
}
REFUSED = {
    "unknown nobody@example.org": "550 5.1.1 no such mailbox",
    "guarded": "is not a public address; add its network to allow_private if it is yours",
    "gone": "410 Gone: out of order; it is gone for good",
}


async def test_each_channel_says_what_the_other_side_said(
    run: Tried, servers: dict[str, Any], tmp_path: Path
) -> None:
    """All of them in one go; what was not taken is on standard error, with what becomes of a digest."""
    done = await run()

    assert done.code == 3
    taken = dict(line.split(": ", 1) for line in done.out.splitlines())
    failed = dict(line.split(": ", 1) for line in done.err.splitlines())
    assert taken.keys() == TAKEN.keys()
    for where, words in TAKEN.items():
        assert taken[where].startswith(words), where
    assert failed.keys() == LATER.keys() | REFUSED.keys()
    for where, words in LATER.items():
        assert failed[where].startswith("not taken; a digest would be tried again: "), where
        assert words in failed[where]
    for where, words in REFUSED.items():
        assert failed[where].startswith("refused; a digest would be parked: "), where
        assert words in failed[where]
    assert not any(secret in done.out + done.err for secret in (CANARY, TOKEN, KEY))
    (mail,) = servers["kind"].mails
    assert mail.subject == "Test message from Tidings"
    ((_, body),) = servers["press"].hooks
    assert json.loads(body)["type"] == "tidings.test.v1"
    assert (tmp_path / "state" / "outbox").is_dir()


async def test_for_programs_it_is_a_line_each(run: Tried) -> None:
    """Whether it was taken, how it ended, and the words."""
    done = await run("fine", "gone", "--json")

    assert done.code == 3
    assert [(row["channel"], row["recipient"], row["ok"], row["end"]) for row in done.rows()] == [
        ("fine", "desk@example.org", True, "taken"),
        ("gone", None, False, "refused"),
    ]


async def test_mail_channels_can_be_tried_with_an_address_of_ones_own(
    run: Tried, servers: dict[str, Any]
) -> None:
    """The readers get nothing."""
    done = await run("unknown", "--to", "me@example.org")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("unknown me@example.org: taken: ")
    assert [mail.recipients for mail in servers["kind"].mails] == [("me@example.org",)]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("fin",), 2, "there is no channel 'fin'; did you mean 'fine'?"),
        (("hook", "--to", "me@example.org"), 2, "--to is for mail channels, and these are none: hook"),
        (("fine", "--to", "me"), 2, "--to: 'me' is no mail address"),
        (("gone",), 1, "refused"),
    ],
)
async def test_what_cannot_be_tried_says_why(
    run: Tried, words: tuple[str, ...], code: int, says: str
) -> None:
    """In one line."""
    done = await run(*words)

    assert done.code == code
    assert says in done.err
    assert done.err.count("\n") == 1
