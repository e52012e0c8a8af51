"""No secret is shown: a canary in every setting that can hold one, every command run while all goes wrong, nothing found."""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import structlog
import typer
from typer.testing import CliRunner

from tests.fakes.canaries import SHOWN, canary, configured, feed, places
from tests.fakes.echoing import Echoing
from tidings.cli import app
from tidings.settings.models.installation import TidingsFile
from tidings.settings.models.sources import SourcesFile

# -- the commands ----------------------------------------------------------------------------------

# What is run of each command; `{…}` is filled in with what the world has. None: it has nothing to do with a configuration.
COMMANDS: dict[str, tuple[str, ...] | None] = {
    "init": None,
    "demo": None,
    "run": (),  # in a process of its own, below
    "check": ("", "--json", "--show chips", "--show chips --json"),
    "worker": ("",),  # without a queue; with one: test_workers.py
    "once": ("--all --verbose", "--json"),
    "status": ("", "--json"),
    "health": ("", "--json"),
    "explain": ("{article0}", "{article1}", "{article2} --json", "{url}"),
    "rematch": ("chips --since 90d",),
    "impact": ("chips --since 90d", "chips --json"),
    "suggest": ("chips",),
    "search": ("semiconductor", "semiconductor --json"),
    "judge": ("{article0} chips --about", "{article0} chips --forget --json"),
    "judgements list": ("", "--json"),
    "judgements propose": ("chips",),
    "feeds list": ("", "--json"),
    "feeds write": ("{folder} --base https://news.example/feeds", "{folder} --json"),
    "export": tuple(
        f"{what} --format {form}{more}"
        for what, more in (
            ("articles", " --text"),
            ("matches", " --text"),
            ("stories", ""),
            ("deliveries", " --recipients"),
        )
        for form in ("jsonl", "csv")
    ),
    "report": ("chips --no-pdf --out {html}s", "chips --json"),
    "try feed": ("{feed}", "{feed} --json", "{failing} --header X-Key:canarytyped"),
    "try page": ("{page}", "{page} --json", "{failing}"),
    "try match": ("{page}",),
    "try url": ("{page}",),
    "try stories": ("{page} {page}",),
    "try site": ("site", "site2", "site --json"),
    "sources list": ("", "--json", "--care", "--care --json"),
    "sources add": ("{feed}", "{failing_secret}", "{notfeed_secret}"),
    "sources test": ("--now", "--now --json"),
    "sources pause": ("good",),
    "sources resume": ("good",),
    "sources release": ("good",),
    "sources import": ("{opml}",),
    "sources export": ("",),
    "channels test": ("", "--json"),
    "channels list": ("", "--json"),
    "channels resubscribe": ("mail desk@news.example hourly",),
    "channels resume": ("mail",),
    "digest preview": ("hourly", "hourly --html {html}", "hourly --text", "hourly --json", "hourly --sample"),
    "digest slots": ("hourly",),
    "digest send": ("hourly", "hourly --again"),
    "templates list": ("",),
    "templates copy": None,
    "deliveries list": ("", "--json"),
    "deliveries show": tuple(
        f"{{delivery{place}}}{more}"
        for place in (0, 3, 10)
        for more in ("", " --json", " --mail", " --html {html}")
    ),
    "deliveries retry": ("{delivery0}", "{delivery2} --json"),
    "deliveries cancel": ("{delivery0}",),
    "quarantine list": ("", "--json"),
    "quarantine save": ("{article0} saved.html",),
    "quarantine retry": ("{article0}",),
    "stories list": ("", "--json"),
    "stories show": ("{article0}", "{article1} --json"),
    "stories split": ("{article0} {article1}",),
    "stories merge": ("{article0} {article1}",),
    "db upgrade": ("",),
    "db backup": ("{backup}",),
    "db check": ("", "--json"),
    "db restore": ("{backup}",),
    "db copy": ("postgresql://tidings:canarytyped@127.0.0.1:1/news", "--verify nowhere://canarytyped"),
}


def _leaves(group: Any, context: Any, path: str = "") -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        if hasattr(command, "list_commands"):
            yield from _leaves(command, inner, f"{path}{name} ")
        else:
            yield path + name


def all_commands() -> set[str]:
    root: Any = typer.main.get_command(app)
    return set(_leaves(root, root.make_context("tidings", [], resilient_parsing=True)))


# Where an address must stand whole, since that is what the command or the table is for.
ALLOWED = {
    ("sources export", "sources.feed"),  # the list, for another reader
    ("sources export", "sources.sitemap"),
    ("sources test", "sources.feed"),  # the new address of a source that moved, to be copied
}
COLUMNS = {("sources", "url"), ("sources", "moved_to")}  # what is asked


# -- the search ------------------------------------------------------------------------------------


def _all_places() -> list[str]:
    return sorted({one for model in (TidingsFile, SourcesFile) for one in places(model)} - SHOWN)


_IN_BASE64 = tuple(  # "canary" as it stands behind no, one or two other bytes
    base64.b64encode(b"\0" * before + b"canary").decode()[skipped : skipped + 6]
    for before, skipped in ((0, 0), (1, 2), (2, 3))
)


def _found(text: str) -> set[str]:
    """Canaries in a text, as they are, in an address, or in base64."""
    named = set(re.findall(r"canary[a-z]+", text.lower()))
    if any(one in text for one in _IN_BASE64):
        for piece in re.findall(r"[A-Za-z0-9+/]{16,}", text):
            whole = piece[: len(piece) - (len(piece) % 4 == 1)]
            plain = base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("latin-1")
            named |= set(re.findall(r"canary[a-z]+", plain))
    return named


class Guilty(list[str]):
    """What was found where it should not be."""

    def look(self, where: str, text: str, *allowed: str) -> None:
        for one in sorted(_found(text)):
            if not any(one == canary(place) for place in allowed):
                at = text.lower().find(one)
                self.append(f"{where}: {one}: …{text[max(0, at - 80) : at + 20]!r}")


@pytest.fixture
def quiet() -> Iterator[None]:
    """What a command that runs in this process does to logging and hooks is undone."""
    import logging
    import threading

    root = logging.getLogger()
    kept = root.handlers[:], root.level, sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers[:], level, sys.excepthook, threading.excepthook, sys.unraisablehook = kept
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def _told(*words: str) -> tuple[str, str]:
    """All that a command prints, with the traceback where it ends in one; and its standard output alone."""
    done = CliRunner().invoke(app, list(words))
    crash = ""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        crash = "".join(traceback.format_exception(done.exception))
    return done.output + crash, done.stdout


def _rows(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _told(*words)[1].splitlines() if line.startswith("{")]


def _filled(folder: Path, world: Echoing) -> dict[str, str]:
    """What stands for `{…}` in COMMANDS."""
    at = world.base
    found = {
        "page": f"{at}/page/one",
        "url": f"{at}/page/one",
        "feed": f"{at}/feed/good",
        "failing": f"{at}/fails/x",
        "failing_secret": f"{at}/fails/x?k={canary('typed')}",
        "notfeed_secret": f"{at}/page/x?k={canary('typed')}",
        "opml": str(folder / "list.opml"),
        "html": str(folder / "preview.html"),
        "backup": str(folder / "copy.db"),
        "folder": str(folder / "feeds"),
    }
    articles = _rows("search", "semiconductor", "--json")
    deliveries = _rows("deliveries", "list", "--json")
    found |= {f"article{place}": one["id"] for place, one in enumerate(articles)}
    found |= {f"delivery{place}": one["id"] for place, one in enumerate(deliveries)}
    (folder / "list.opml").write_text(_told("sources", "export")[1])
    return found


# -- the tests -------------------------------------------------------------------------------------


def test_every_command_is_run_here() -> None:
    assert set(COMMANDS) == all_commands()


def test_the_search_finds_what_is_there() -> None:
    """In words, in an address, and in base64 wherever it begins."""
    for text in ("Canarytyped", *(base64.b64encode(b"x" * n + b"canarytyped y").decode() for n in range(6))):
        assert "canarytyped" in _found(f"a {text}! b")


def test_every_setting_that_can_hold_a_secret_has_a_canary(tmp_path: Path) -> None:
    """A new setting of the kind fails here until it has one, or is named in SHOWN."""
    written = ""
    for files in (False, True):
        folder = tmp_path / str(files)
        env = configured(folder, Echoing(), files=files, server=True)
        written += " ".join(env.values()) + "\n"
        written += "\n".join(one.read_text() for one in folder.rglob("*") if one.is_file())

    assert [place for place in _all_places() if canary(place) not in _found(written)] == []


def test_no_command_and_no_reader_is_told_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    """Sources and channels of all kinds fail, and servers say again all they were sent."""
    world, guilty = Echoing(), Guilty()
    world.feed = feed
    with world.open():
        _enter(tmp_path, monkeypatch, configured(tmp_path, world, files=False))
        first = ("once", "digest send", "channels test")
        filled: dict[str, str] = {}
        for command in sorted(COMMANDS, key=lambda one: (one not in first, one == "db restore")):
            for words in COMMANDS[command] or ():
                if not filled and command not in first:
                    filled = _filled(tmp_path, world)
                allowed = [place for name, place in ALLOWED if name == command]
                guilty.look(
                    f"tidings {command} {words}",
                    _told(*command.split(), *words.format(**filled).split())[0],
                    *allowed,
                )
        _look_at_files(tmp_path, guilty)
        _look_at_requests(world, guilty)
        assert any(path.startswith("/takes") for path, _, _ in world.heard)

    assert not guilty, "\n".join(guilty)


def test_a_database_that_cannot_be_used_keeps_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    world, guilty = Echoing(), Guilty()
    with world.open():
        _enter(tmp_path, monkeypatch, configured(tmp_path, world, files=True, server=True))
        filled = _Anything()
        assert "refused" in _told("status")[0]
        for command, ways in COMMANDS.items():
            for words in (ways or ())[:1]:
                allowed = [place for name, place in ALLOWED if name == command]
                said = _told(*command.split(), *words.format_map(filled).split())[0]
                guilty.look(f"tidings {command}", said, *allowed)

    assert not guilty, "\n".join(guilty)


def test_the_daemon_and_its_spiders_keep_secrets(tmp_path: Path) -> None:
    """Its log at every detail, what it answers, and how the process of the spiders was started."""
    world, guilty = Echoing(), Guilty()
    world.feed = feed
    with world.open():
        env = {**os.environ, **configured(tmp_path, world, files=True), **_folders(tmp_path)}
        port = int(
            re.findall(r'bind: "127.0.0.1:(\d+)"', (tmp_path / "config" / "tidings.yaml").read_text())[0]
        )
        log = tmp_path / "log"
        with log.open("w") as out:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "tidings", "run", "--verbose"], env=env, stderr=out
            )
            try:
                _until(
                    lambda: (
                        any(path.startswith("/fails/site") for path, _, _ in world.heard)
                        and _children(daemon.pid) != []
                    )
                )
                children = [(one, _started(one)) for one in _children(daemon.pid)]
                assert any(given for _, given in children)
                for pid, given in children:
                    guilty.look(f"how child {pid} was started", given)
                guilty.look("the daemon's arguments", Path(f"/proc/{daemon.pid}/cmdline").read_text())
                token = canary("web.token_file")
                for path in ("livez", "readyz", "metrics", "", "nothing?token=" + token):
                    guilty.look(f"/{path}", _asked(port, path, token))
            finally:
                daemon.terminate()
                daemon.wait(20)
        written = log.read_text()
        guilty.look("the log", written)
        _look_at_files(tmp_path, guilty)
        _look_at_requests(world, guilty)

    assert not guilty, "\n".join(guilty)
    assert all(json.loads(line) for line in written.splitlines())
    assert '"event": "PollSource"' in written


class _Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "x"


def _folders(folder: Path) -> dict[str, str]:
    return {"TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")}


def _enter(folder: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    for name, value in {**env, **_folders(folder)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)


def _look_at_files(folder: Path, guilty: Guilty) -> None:
    """What was written: outbox, logs, previews; and the database, table by table."""
    for path in folder.rglob("*"):
        if not path.is_file() or "config" in path.parts or path.suffix == ".opml":
            continue
        if not path.read_bytes().startswith(b"SQLite format 3"):
            text = path.read_text("latin-1")
            guilty.look(str(path.relative_to(folder)), text.replace("=\n", "").replace("=3D", "="))
            continue
        with closing(sqlite3.connect(path)) as database:
            for (table,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                rows = database.execute(f'SELECT * FROM "{table}"')
                for row in rows.fetchall():
                    for column, value in zip((one[0] for one in rows.description), row, strict=True):
                        if (table, column) not in COLUMNS:
                            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                            guilty.look(f"{path.name}, {table}.{column}", text)


def _look_at_requests(world: Echoing, guilty: Guilty) -> None:
    """A receiver learns its own address, its own token and nothing else."""
    for path, lines, body in world.heard:
        guilty.look(f"body for {path[:20]}", body.decode("latin-1"))
        if path.startswith(("/takes", "/feed", "/page", "/robots")):
            guilty.look(f"header for {path[:20]}", lines)


def _children(pid: int) -> list[int]:
    """All processes below this one."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            if int(one.joinpath("stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found += [int(one.name), *_children(int(one.name))]
    return found


def _started(pid: int) -> str:
    """Arguments and environment of a process; "" when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text()
    return ""


def _asked(port: int, path: str, token: str) -> str:
    asked = Request(f"http://127.0.0.1:{port}/{path}", headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(asked, timeout=10) as answer:
            return str(answer.headers) + answer.read().decode()
    except HTTPError as error:
        return str(error.headers) + error.read().decode()


def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
