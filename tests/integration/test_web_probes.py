"""Probes and metrics over HTTP on loopback: what is told to whom, and what hostile requests get."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from crawler.secret import Secret
from tests.acceptance.conftest import free_port
from tests.fakes.clock import NOON, FixedClock
from tests.fakes.vitals import FakeVitals
from tidings import asking, probe_file
from tidings.cli import app
from tidings.settings import Settings, load
from tidings.storage.engine import Database
from tidings.storage.stores import Stores
from tidings.web.door import MOST, Door
from tidings.web.probes import PATHS
from tidings.web.server import CannotListen, WebServer

TOKEN = "a-token-of-some-length"
PUBLIC = "https://news.example.org/tidings"


class Asked:
    """A site on a port of its own, and who asks it."""

    def __init__(self, folder: Path, stores: Stores, session: aiohttp.ClientSession) -> None:
        (folder / "config").mkdir()
        (folder / "config" / "tidings.yaml").write_text("database: sqlite\n")
        loaded = load(folder / "config", state_dir=folder, environ={})
        self.folder = folder
        self.settings: Settings = replace(loaded, web=replace(loaded.web, port=free_port(), written=True))
        self.vitals = FakeVitals()
        self.site = WebServer(stores, FixedClock(NOON), self.vitals)
        self.session = session

    async def serve(self, **web: Any) -> None:
        """Follow settings whose `web` has these values."""
        self.settings = replace(self.settings, web=replace(self.settings.web, **web))
        await self.site.follow(self.settings)

    async def ask(
        self, path: str, *, method: str = "GET", host: str | None = None, token: str | None = None
    ) -> tuple[int, str, Any]:
        headers = {"Host": host} if host is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{self.site.port}{path}"
        async with self.session.request(method, url, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    database = Database.open("sqlite", state_dir=tmp_path)
    async with aiohttp.ClientSession() as session:
        one = Asked(tmp_path, Stores(database), session)
        try:
            yield one
        finally:
            await one.site.close()
            database.close()


# -- what is told ----------------------------------------------------------------------------------


async def test_on_loopback_all_is_told_without_a_token(asked: Asked) -> None:
    await asked.serve()

    assert json.loads((await asked.ask("/livez"))[1]) == {"alive": True, "phase": "running"}
    status, said, headers = await asked.ask("/readyz")
    assert (status, json.loads(said)["parts"]) == (
        200,
        {"ticks": "ok", "database": "ok", "disk": "ok", "queue": "ok"},
    )
    assert headers["Content-Type"].startswith("application/json")
    status, said, headers = await asked.ask("/metrics")
    assert (status, said) == (200, "tidings_alive 1.0\n")
    assert headers["Content-Type"].startswith("text/plain")


async def test_what_fails_is_named_with_503(asked: Asked) -> None:
    """Each probe fails for its own reason: a daemon may live and not be ready."""
    await asked.serve()
    asked.vitals.problems = {"disk": "3 MiB are free"}

    assert (await asked.ask("/livez"))[0] == 200
    status, said, _ = await asked.ask("/readyz")
    assert (status, json.loads(said)["ready"], json.loads(said)["parts"]["disk"]) == (
        503,
        False,
        "3 MiB are free",
    )

    asked.vitals.alive = False
    assert (await asked.ask("/livez"))[0] == 503


async def test_whether_it_lives_is_asked_of_nobody_else(asked: Asked) -> None:
    """`/livez` asks neither the database nor the disk: a slow one must not get the daemon killed."""
    await asked.serve()

    for _ in range(3):
        await asked.ask("/livez")

    assert asked.vitals.asked == 0


@pytest.mark.parametrize("web", [{"token": Secret(TOKEN)}, {"public": PUBLIC}])
async def test_behind_a_token_or_a_proxy_strangers_learn_one_word(asked: Asked, web: dict[str, Any]) -> None:
    """Where a proxy passes on what others ask, loopback is no proof that nobody else does."""
    await asked.serve(**web)
    asked.vitals.problems = {"database": "locked by backup.sh"}

    assert json.loads((await asked.ask("/livez"))[1]) == {"alive": True}
    status, said, _ = await asked.ask("/readyz")
    assert (status, json.loads(said)) == (503, {"ready": False})
    status, said, headers = await asked.ask("/metrics")
    assert status == 401
    assert "tidings_alive" not in said
    assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_token_opens(asked: Asked) -> None:
    await asked.serve(token=Secret(TOKEN))

    assert (await asked.ask("/metrics", token=TOKEN))[0] == 200
    assert "parts" in json.loads((await asked.ask("/readyz", token=TOKEN))[1])


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ÿ"])
async def test_a_wrong_token_opens_nothing(asked: Asked, wrong: str) -> None:
    await asked.serve(token=Secret(TOKEN))

    for path in PATHS:
        assert (await asked.ask(path, token=wrong))[0] == 401


async def test_guessing_the_token_is_slowed_down_and_readers_do_not_suffer(asked: Asked) -> None:
    """A claim to come from elsewhere opens no new account; what readers ask is counted apart."""
    await asked.serve(token=Secret(TOKEN), public=PUBLIC)
    answers = []
    for guess in range(12):
        headers = {"Authorization": f"Bearer guess-{guess}", "X-Forwarded-For": f"198.51.100.{guess}"}
        async with asked.session.get(
            f"http://127.0.0.1:{asked.site.port}/metrics", headers=headers
        ) as answer:
            answers.append(answer.status)
            retry = answer.headers.get("Retry-After")

    assert answers[:4] == [401] * 4
    assert answers[-4:] == [429] * 4
    assert retry == "60"
    assert (await asked.ask("/nothing", host="news.example.org"))[0] == 404


# -- who may ask -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8787", "", "127.0.0.1.evil.example", "news.example.org"]
)
async def test_another_name_gets_nothing(asked: Asked, host: str) -> None:
    """A page of another name that is made to point here (DNS rebinding) reads nothing."""
    await asked.serve()

    for path in PATHS:
        status, said, headers = await asked.ask(path, host=host)
        assert status == 421
        assert "alive" not in said
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9", "127.0.0.1:9000", "[::1]:80", "LOCALHOST:8787", "box:80"]
)
async def test_names_of_this_machine_are_answered_for(asked: Asked, host: str) -> None:
    """With any port: one that was mapped to ours is no other's. `web.hosts` adds names."""
    await asked.serve(hosts=("box",))

    assert (await asked.ask("/livez", host=host))[0] == 200


@pytest.mark.parametrize("host", ["news.example.org", "news.example.org:443", "NEWS.example.org"])
async def test_the_public_name_serves_readers_only(asked: Asked, host: str) -> None:
    """Though a token is known, and however the path is written."""
    await asked.serve(public=PUBLIC, token=Secret(TOKEN), hosts=("news.example.org",))

    for path in (*PATHS, "/%6detrics", "/tidings/metrics", "//metrics", "/metrics/"):
        status, said, _ = await asked.ask(path, host=host, token=TOKEN)
        assert status == 404, path
        assert "tidings_alive" not in said
    for path in PATHS:  # nor under another port of that name, though `web.hosts` has it
        assert (await asked.ask(path, host="news.example.org:8443", token=TOKEN))[0] == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
async def test_only_get_and_head_are_answered(asked: Asked, method: str) -> None:
    await asked.serve()

    for path in PATHS:
        status, _, headers = await asked.ask(path, method=method)
        assert (status, headers["Allow"]) == (405, "GET,HEAD")


async def test_a_head_has_the_headers_alone(asked: Asked) -> None:
    await asked.serve()

    status, said, headers = await asked.ask("/metrics", method="HEAD")

    assert (status, said) == (200, "")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "tidings"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /livez?" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 5000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
    ids=["long line", "long header", "two hosts", "no host", "TLS", "proxy request"],
)
async def test_no_hostile_request_is_answered_with_news(asked: Asked, request_bytes: bytes) -> None:
    """Each is refused, and the next good one is answered."""
    await asked.serve()

    reader, writer = await asyncio.open_connection("127.0.0.1", asked.site.port)
    writer.write(request_bytes)
    writer.write_eof()
    said = await reader.read(65536)
    writer.close()

    assert b" 200 " not in said.split(b"\r\n")[0]
    assert b"alive" not in said
    assert (await asked.ask("/livez"))[0] == 200


async def test_a_wide_address_is_known_by_the_address_that_was_reached(asked: Asked) -> None:
    """Bound to all addresses, the one that was connected to is a name; a made-up one is not."""
    await asked.serve(host="0.0.0.0", token=Secret(TOKEN))

    assert (await asked.ask("/livez", host="127.0.0.1:8787"))[0] == 200
    assert (await asked.ask("/livez", host="192.0.2.7:8787"))[0] == 421
    assert (await asked.ask("/metrics"))[0] == 401


# -- the file for `tidings health` -----------------------------------------------------------------


async def test_the_state_folder_holds_a_key_for_its_owner_only(asked: Asked) -> None:
    """It opens as the token does, changes at each start, and goes with the daemon."""
    await asked.serve(token=Secret(TOKEN))
    found = probe_file.read(asked.folder)
    assert found is not None

    assert stat.S_IMODE((asked.folder / probe_file.FILE).stat().st_mode) == 0o600
    assert (await asked.ask("/metrics", token=found.key))[0] == 200
    assert found.key not in repr(found)

    await asked.site.close()
    assert probe_file.read(asked.folder) is None


async def test_health_tells_in_words_what_the_daemon_says(asked: Asked) -> None:
    """Behind a token as well, and without reading a configuration."""
    await asked.serve(token=Secret(TOKEN))

    async def said(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(
            CliRunner().invoke, app, ["health", *words, "--state", str(asked.folder)]
        )
        return done.exit_code, done.stdout.strip()

    assert await said() == (0, "ready")
    assert await said("--live") == (0, "alive")
    asked.vitals.problems = {"database": "no answer within 2 s", "disk": "3 MiB are free"}
    assert await said() == (1, "not ready: database: no answer within 2 s; disk: 3 MiB are free")
    assert (await said("--live"))[0] == 0
    code, line = await said("--json")
    assert (code, json.loads(line)["parts"]["disk"], json.loads(line)["ok"]) == (1, "3 MiB are free", False)


async def test_status_notes_what_only_the_daemon_knows(asked: Asked) -> None:
    """A heartbeat that is not taken, and an address that was taken; of a daemon that is well there is nothing to note."""
    assert asking.beat(asked.folder) is None
    await asked.serve()
    well = await asyncio.to_thread(asking.beat, asked.folder)
    assert well == asking.Beat(address=f"http://127.0.0.1:{asked.site.port}", phase="running")

    asked.vitals.heartbeat = {"problem": "it was answered with status 404", "since": "2026-11-25T12:00:00Z"}
    told = await asyncio.to_thread(asking.beat, asked.folder)
    assert told is not None
    assert told.notes == (
        "the heartbeat is not taken since 2026-11-25T12:00:00Z: it was answered with status 404",
    )

    probe_file.write(asked.folder, probe_file.Probe(process=1, problem="web.bind: taken"))
    assert asking.beat(asked.folder) == asking.Beat(notes=("the daemon cannot be asked: web.bind: taken",))


def test_health_says_when_no_daemon_runs(tmp_path: Path) -> None:
    """Never started, or ended without a goodbye."""
    nothing = asking.ask(tmp_path)
    assert (nothing.good, nothing.words) == (
        False,
        f"no daemon runs on {tmp_path}; start it with `tidings run`",
    )

    probe_file.write(tmp_path, probe_file.Probe(process=17, host="127.0.0.1", port=free_port(), key="k"))
    assert asking.ask(tmp_path).words.endswith("process 17 is gone, or stops")


async def test_health_waits_only_so_long_and_believes_no_stranger(tmp_path: Path) -> None:
    """Something that listens and says nothing, and something that says something else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if speaks:
            writer.write(b"220 mail.example.org ESMTP\r\n")
        await reader.read()
        writer.close()

    speaks = False
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    probe_file.write(tmp_path, probe_file.Probe(process=17, host="127.0.0.1", port=port, key="k"))

    silent = await asyncio.to_thread(asking.ask, tmp_path, seconds=0.2)
    speaks = True
    strange = await asyncio.to_thread(asking.ask, tmp_path, seconds=2.0)
    server.close()

    assert not silent.good
    assert "within 0.2 s" in silent.words
    assert not strange.good
    assert "does not answer as the daemon does" in strange.words


# -- an address that is taken ----------------------------------------------------------------------


async def test_where_nobody_wrote_an_address_a_taken_one_is_a_warning(asked: Asked) -> None:
    """The daemon goes on, `tidings health` says why it cannot be asked, and the next reload tries again."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with capture_logs() as lines:
            await asked.serve(port=port, written=False)
            await asked.site.follow(asked.settings)
        assert [line["event"] for line in lines] == ["probes and metrics are not served"]
        assert "can listen on" in str(asked.site.problem)
        assert "another port" in asking.ask(asked.folder).words
        with pytest.raises(CannotListen):
            await asked.serve(written=True, hosts=("x",))

    await asked.site.follow(replace(asked.settings, web=replace(asked.settings.web, written=False)))
    assert asked.site.problem is None
    assert (await asked.ask("/livez"))[0] == 200


async def test_no_crowd_of_connections_takes_the_handles_of_the_daemon(asked: Asked) -> None:
    """More than so many are closed at once; those that asked before, and those that come after, are answered."""
    await asked.serve()
    port = asked.site.port
    assert port is not None
    assert (await asked.ask("/livez"))[0] == 200
    crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST + 20)]
    closed = 0
    for reader, _ in crowd[MOST:]:
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        closed += 1
    assert closed == 20
    assert (await asked.ask("/livez"))[0] == 200
    for _, writer in crowd:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    async with aiohttp.ClientSession() as other, other.get(f"http://127.0.0.1:{port}/livez") as answer:
        assert answer.status == 200


async def test_a_connection_that_asks_nothing_is_closed(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one that never comes to the end of its headers."""
    monkeypatch.setattr("tidings.web.server.Door", partial(Door, silent=0.05))
    await asked.serve()
    port = asked.site.port
    assert port is not None
    for beginning in (b"", b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
    assert (await asked.ask("/livez"))[0] == 200
