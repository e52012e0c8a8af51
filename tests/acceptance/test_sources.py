"""`tidings sources …` as a person uses it: what it shows, what it asks, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from xml.sax.saxutils import escape

import pytest
from typer.testing import CliRunner, Result

from tests.acceptance.conftest import configure
from tidings.cli import app
from tidings.settings import load

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime.now(UTC)


def rss(title: str, *numbers: int, before: timedelta = timedelta()) -> bytes:
    """A feed with an entry for each number, an hour apart."""
    items = "".join(
        f"<item><title>{escape(title)} {number}</title><guid>{number}</guid><link>http://t.example/{number}</link>"
        f"<description>semiconductor</description><pubDate>{format_datetime(NOW - before - place * HOUR)}</pubDate></item>"
        for place, number in enumerate(numbers)
    )
    return f"<rss version='2.0'><channel><title>{escape(title)}</title>{items}</channel></rss>".encode()


def page(*links: str) -> bytes:
    """A page that names feeds."""
    named = "".join(
        f"<link rel=alternate type=application/rss+xml title='Feed {n}' href='{link}'>"
        for n, link in enumerate(links)
    )
    return f"<html><head><title>Front page</title>{named}</head><body>News</body></html>".encode()


@dataclass
class Site:
    """A host on loopback: what it answers by path, and what it was asked."""

    pages: dict[str, bytes | int | str] = field(default_factory=dict)  # a body, a status, or where it moved
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, If-None-Match
    headers: dict[str, str] = field(default_factory=dict)  # further ones of every answer
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def site() -> Iterator[Site]:
    """The host of the test."""
    here = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("If-None-Match")
            here.asked.append((self.path, known))
            said = here.pages.get(self.path, 404)
            status, body = said if isinstance(said, int) else 200, said if isinstance(said, bytes) else b""
            if isinstance(said, str):
                status = 301
            tag = f'"{len(body)}"'
            if body and known == tag:
                status, body = 304, b""
            self.send_response(status)
            if isinstance(said, str):
                self.send_header("Location", said)
            elif isinstance(said, bytes):
                self.send_header("ETag", tag)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_port
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


@dataclass
class Place:
    """A folder with a configuration, in which commands are run."""

    folder: Path

    def __call__(self, *words: object) -> Result:
        env = {
            "TIDINGS_CONFIG": str(self.folder / "config"),
            "TIDINGS_STATE": str(self.folder / "state"),
            "COLUMNS": "200",
        }
        done = CliRunner().invoke(app, [str(word) for word in words], env=env)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def rows(self, *words: object) -> dict[str, dict[str, Any]]:
        """What a command with --json says of each source."""
        lines = self(*words, "--json").stdout.splitlines()
        return {row["id"]: row for row in map(json.loads, lines)}

    @property
    def sources(self) -> Path:
        return self.folder / "config" / "sources.yaml"

    def configure(self, *lines: str) -> None:
        """Each line an entry of sources.yaml."""
        configure(self.folder / "config", sources="sources:\n" + "".join(f"  - {{{one}}}\n" for one in lines))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """With an empty list of sources."""
    here = Place(tmp_path)
    here.configure()
    return here


# -- list, status ----------------------------------------------------------------------------------


def test_each_source_is_listed_with_its_state_and_what_to_do(place: Place, site: Site) -> None:
    """Those that need somebody come last, right above the count, with the remedy on the line below."""
    site.pages |= {
        "/good": rss("Good", 1, 2, 3, 4),
        "/busy": 503,
        "/gone": 410,
        "/shut": 403,
        "/moved": "/good",
    }
    site.pages |= {"/page": page("/good")}
    place.configure(
        *(
            f"id: {name}, feed: '{site.url('/' + name)}'"
            for name in ("busy", "gone", "shut", "page", "moved")
        ),
        f"id: good, feed: '{site.url('/good')}', tags: [press]",
        "id: lost, feed: 'https://lost.invalid/rss'",
        f"id: resting, feed: '{site.url('/rest')}', paused: true",
    )
    assert place("once").exit_code == 3

    lines = place("sources", "list").stdout.splitlines()
    rows = place.rows("sources", "list")

    order = [line[30:].split()[0] for line in lines[1:-2] if "→" not in line]
    assert {name: row["state"] for name, row in rows.items()} == {
        "busy": "failing",
        "gone": "gone",
        "shut": "blocked",
        "page": "not a feed",
        "moved": "moved",
        "good": "ok",
        "lost": "failing",
        "resting": "paused",
    }
    assert list(rows) == ["busy", "gone", "shut", "page", "moved", "good", "lost", "resting"]
    assert order == ["good", "resting", "moved", "busy", "gone", "shut", "page", "lost"]
    assert sum("→" in line for line in lines) == 6
    assert f"put {site.url('/good')} into its entry" in "\n".join(lines)
    assert lines[-1].startswith("8 sources: ")
    assert lines[-1].endswith("; 5 need you")
    assert {"evidence", "remedy", "held", "gaps", "tags"} < set(rows["good"])
    assert all((row["remedy"] is None) == (row["state"] == "ok") for row in rows.values())
    assert rows["resting"]["since"] is rows["resting"]["next_poll"] is rows["gone"]["next_poll"] is None

    assert list(place.rows("sources", "list", "--only", "not-a-feed", "--only", "GONE")) == ["gone", "page"]
    assert list(place.rows("sources", "list", "--tag", "press")) == ["good"]
    assert list(place.rows("sources", "list", "--care")) == ["busy", "gone", "shut", "page", "moved", "lost"]

    status = place("status").stdout
    assert "; 5 of them need you" in status
    assert all(f"source {name} is" in status for name in ("busy", "gone", "shut", "page", "lost"))
    assert "note: moved for good: moved; `tidings sources list --care`" in status


def test_a_filter_that_names_nothing_says_what_there_is(place: Place, site: Site) -> None:
    """A misspelt state or tag is a wrong use."""
    place.configure(f"id: good, feed: '{site.url('/good')}', tags: [press]")

    state = place("sources", "list", "--only", "faling")
    tag = place("sources", "list", "--tag", "presse")

    assert (state.exit_code, tag.exit_code) == (2, 2)
    assert "did you mean 'failing'?" in state.stderr
    assert "did you mean 'press'?" in tag.stderr


def test_when_nothing_can_be_reached_the_status_names_the_network_once(place: Place) -> None:
    """Not two hundred sources one by one."""
    place.configure(*(f"id: lost-{n}, feed: 'https://lost-{n}.invalid/rss'" for n in range(4)))
    place("once")

    status = place("status").stdout

    assert "4 of 4 sources cannot be reached since " in status
    assert "look at the network and the DNS of this machine" in status
    assert "source lost-1 is" not in status


def test_sources_in_the_same_trouble_are_told_together(place: Place, site: Site) -> None:
    """A host with many feeds gets one sentence, and of many troubles the first twenty are told."""
    site.pages |= {f"/{status}": status for status in range(500, 524)}
    place.configure(
        *(f"id: alike-{n}, feed: '{site.url('/500')}?{n}'" for n in range(7)),
        *(f"id: own-{status}, feed: '{site.url(f'/{status}')}'" for status in range(500, 524)),
    )
    place("once")

    lines = place("status").stdout.splitlines()

    told = [line for line in lines if " failing since " in line]
    assert (
        "  7 sources (alike-0, alike-1, alike-2, alike-3, alike-4 and 2 more) are failing since " in told[0]
    )
    assert len(told) == 20
    assert "  5 further sources: `tidings sources list --care`" in lines


# -- release ---------------------------------------------------------------------------------------


@pytest.fixture
def flooded(place: Place, site: Site) -> Place:
    """A source that was renewed: 60 old entries under new ids."""
    site.pages["/feed"] = rss("Times", 1)
    place.configure(f"id: times, feed: '{site.url('/feed')}', full_text: never")
    assert place("once", "--all").exit_code == 0
    site.pages["/feed"] = rss("Times", *range(100, 160), before=30 * DAY)
    assert place("once", "--all").exit_code == 0
    return place


@pytest.mark.parametrize("verdict", ["new", "known"])
def test_a_flood_is_released_by_saying_what_it_is(flooded: Place, verdict: str) -> None:
    """Until then it is told what to decide, and afterwards the source is well."""
    before = flooded.rows("sources", "list")["times"]
    assert (before["state"], before["held"], before["need"]) == ("flooding", 60, "now")
    assert "--as new" in before["remedy"]

    done = flooded("sources", "release", "times", "--as", verdict)

    after = flooded.rows("sources", "list")["times"]
    assert done.exit_code == 0
    assert done.stdout.startswith(f"60 articles of times released as {verdict}: ")
    assert (after["state"], after["held"], after["remedy"]) == ("ok", 0, None)
    again = flooded("sources", "release", "times", "--as", verdict)
    assert (again.exit_code, again.stdout) == (0, "nothing of times is held for review\n")


def test_a_release_without_a_verdict_explains_both(flooded: Place) -> None:
    """Nothing is decided by a default."""
    done = flooded("sources", "release", "times")

    assert done.exit_code == 2
    assert "`--as new` tells" in done.stderr
    assert "`--as known` files" in done.stderr
    assert flooded.rows("sources", "list")["times"]["held"] == 60


@pytest.mark.parametrize("words", [("release", "tims", "--as", "new"), ("pause", "tims"), ("test", "tims")])
def test_an_unknown_source_is_answered_with_the_nearest(
    place: Place, site: Site, words: tuple[str, ...]
) -> None:
    """Exit code 2, for every command that takes an id."""
    place.configure(f"id: times, feed: '{site.url('/feed')}'")

    done = place("sources", *words)

    assert done.exit_code == 2
    assert "there is no source 'tims'; did you mean 'times'?" in done.stderr


# -- add -------------------------------------------------------------------------------------------


def test_an_address_becomes_lines_and_nothing_is_written(place: Place, site: Site) -> None:
    """Standard output holds the lines alone, whatever is in the title."""
    site.pages["/rss"] = rss("""Times: "World" 🌍 # 'news' ${HOME} \\ – {a: [b]}""", 1)
    before = place.sources.read_bytes()

    done = place("sources", "add", site.url("/rss"), "--tag", "press", "--id", "times")

    assert done.exit_code == 0
    assert place.sources.read_bytes() == before
    assert "--write appends" in done.stderr
    place.sources.write_text("sources:\n" + done.stdout, encoding="utf-8")
    (source,) = load(place.folder / "config", state_dir=place.folder, environ={}).sources
    assert (source.id, source.url, source.tags) == ("times", site.url("/rss"), ("press",))


def test_written_lines_stand_at_the_end_and_all_others_stay(place: Place, site: Site) -> None:
    """Comments, order and spacing of the file are the user's."""
    site.pages |= {"/": page("/rss"), "/rss": rss("Emoji 🚀: the feed", 1)}
    mine = "# mine\nsources:\n\n  - id: a   # first\n    feed: 'https://a.example/'   \n  # the end\n"
    place.sources.write_text(mine, encoding="utf-8")

    done = place("sources", "add", site.url("/"), "--write")

    written = place.sources.read_text(encoding="utf-8")
    assert done.exit_code == 0
    assert written.startswith(mine)
    added = load(place.folder / "config", state_dir=place.folder, environ={}).sources[-1]
    assert (added.id, added.url, added.name) == ("emoji-the-feed", site.url("/rss"), "Emoji 🚀: the feed")


def test_of_several_feeds_all_are_shown_and_one_is_picked(place: Place, site: Site) -> None:
    """Five are asked, or only the one of the given number."""
    feeds = [f"/{n}" for n in range(7)]
    site.pages |= {"/": page(*feeds)} | {path: rss(f"Feed {path}", 1) for path in feeds}
    del site.pages["/1"]

    first = place("sources", "add", site.url("/"))
    asked, site.asked = site.paths, []
    sixth = place("sources", "add", site.url("/"), "--pick", "6")

    assert f'feed: "{site.url("/0")}"' in first.stdout
    assert [line[:4] for line in first.stderr.splitlines()[:7]] == [f"#  {n}" for n in range(1, 8)]
    assert "(127.0.0.1 answers 404 (not found))" in first.stderr
    assert "--pick N chooses another" in first.stderr
    assert asked == ["/", *feeds[:5]]
    assert f'feed: "{site.url("/5")}"' in sixth.stdout
    assert site.paths == ["/", "/5"]
    assert place("sources", "add", site.url("/"), "--pick", "9").exit_code == 2
    assert place("sources", "add", site.url("/"), "--pick", "2").exit_code == 1


def test_no_path_is_guessed_before_it_is_wished(place: Place, site: Site) -> None:
    """Without --probe only the page itself is asked, and what could be done is said."""
    site.pages |= {"/news": page(), "/feed.xml": rss("Hidden", 1)}

    without = place("sources", "add", site.url("/news"))
    asked, site.asked = site.paths, []
    probed = place("sources", "add", site.url("/news"), "--probe")

    assert (without.exit_code, asked) == (1, ["/news"])
    assert "no address was guessed: --probe asks usual ones (/feed, " in without.stderr
    assert probed.exit_code == 0
    assert f'feed: "{site.url("/feed.xml")}"' in probed.stdout
    assert site.paths[0] == "/news"
    assert site.paths[-1] == "/feed.xml"
    assert len(set(site.paths)) == len(site.paths)


def test_a_host_that_turns_away_is_not_probed_further(place: Place, site: Site) -> None:
    """The first refusal ends it."""
    site.pages |= {"/": page(), "/feed": 429}

    done = place("sources", "add", site.url("/"), "--probe")

    assert done.exit_code == 1
    assert site.paths == ["/", "/feed"]


def test_a_feed_that_moved_for_good_is_written_where_it_is(place: Place, site: Site) -> None:
    """And one that is here already is named."""
    site.pages |= {"/old": "/new", "/new": rss("Times", 1)}

    moved = place("sources", "add", site.url("/old"))
    place.configure(f"id: times, feed: '{site.url('/new')}'")
    known = place("sources", "add", site.url("/old"))
    site.asked = []
    named = place("sources", "add", site.url("/new/"), "--write")

    assert f'feed: "{site.url("/new")}"' in moved.stdout
    assert "has moved there for good" in moved.stderr
    assert (known.exit_code, named.exit_code) == (2, 2)
    assert "as times" in known.stderr
    assert "as times" in named.stderr
    assert site.paths == []


WRONG = {
    "another scheme": ("ftp://x.example/feed", 2, "https://"),
    "no address": ("javascript:alert(1)", 2, "no web address"),
    "a password": ("https://me:geheim@x.example/", 2, "auth_file"),
    "no such host": ("https://nowhere.invalid/feed?key=geheim", 1, "nowhere.invalid does not resolve"),
    "an inside address": ("http://10.0.0.1/feed", 1, "allow_private"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_address_is_told_with_a_remedy(place: Place, mistake: str) -> None:
    """And without what may be secret in it."""
    address, code, word = WRONG[mistake]

    done = place("sources", "add", address)

    assert (done.exit_code, done.stdout) == (code, "")
    assert word in done.stderr
    assert "geheim" not in done.stderr


def test_a_list_of_feeds_is_no_feed(place: Place, site: Site) -> None:
    """It is for `import`, and no page on which to look further."""
    site.pages["/list"] = b"<opml version='2.0'><body/></opml>"

    done = place("sources", "add", site.url("/list"), "--probe")

    assert (done.exit_code, site.paths) == (1, ["/list"])
    assert "sources import" in done.stderr


def test_a_sitemap_becomes_a_source_of_its_kind(place: Place, site: Site) -> None:
    """Written as `sitemap:`, and known the next time."""
    site.pages["/news.xml"] = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>"

    done = place("sources", "add", site.url("/news.xml"), "--id", "map", "--write")
    again = place("sources", "add", site.url("/news.xml"))

    (source,) = load(place.folder / "config", state_dir=place.folder, environ={}).sources
    assert (done.exit_code, source.kind, source.url) == (0, "sitemap", site.url("/news.xml"))
    assert (again.exit_code, "as map" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--id", "My feed"], "my-feed"),
        (["--id", "taken"], "choose another with --id"),
        (["--tag", "Press & TV"], "press-tv"),
    ],
)
def test_a_word_that_cannot_be_written_is_refused_before_anything_is_asked(
    place: Place, site: Site, words: list[str], said: str
) -> None:
    """Ids and tags follow the rules of the files."""
    place.configure("id: taken, feed: 'https://a.example/'")

    done = place("sources", "add", site.url("/rss"), *words)

    assert (done.exit_code, site.paths) == (2, [])
    assert said in done.stderr


def test_a_file_that_cannot_be_added_to_gets_its_lines_shown(place: Place, site: Site) -> None:
    """So that they can be put there by hand."""
    site.pages["/rss"] = rss("Times", 1)
    place.sources.write_text("sources: []\n")

    done = place("sources", "add", site.url("/rss"), "--write")

    assert done.exit_code == 2
    assert "remove the brackets" in done.stderr
    assert "- id: times" in done.stdout
    assert place.sources.read_text() == "sources: []\n"


def on_a_terminal(place: Place, keys: str, *words: str) -> str:
    """What a person sees who types `keys`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {
            "TIDINGS_CONFIG": str(place.folder / "config"),
            "TIDINGS_STATE": str(place.folder / "s"),
        }
        os.execv(sys.executable, [sys.executable, "-m", "tidings", *words])
    seen = b""
    try:
        while select.select([terminal], [], [], 20)[0] and (part := os.read(terminal, 4096)):
            seen += part
            if keys and b"]: " in seen:
                os.write(terminal, keys.encode())
                keys = ""
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(terminal)  # which ends a command that still waits
        os.waitpid(pid, 0)
    return seen.decode()


def test_a_person_is_asked_which_feed_and_before_paths_are_guessed(place: Place, site: Site) -> None:
    """On a terminal only."""
    site.pages |= {"/": page("/a", "/b"), "/a": rss("A", 1), "/b": rss("B", 1), "/none": page()}

    which = on_a_terminal(place, "2\n", "sources", "add", site.url("/"))
    site.asked = []
    guess = on_a_terminal(place, "\n", "sources", "add", site.url("/none"))

    assert "Which one? [1]: " in which
    assert f'feed: "{site.url("/b")}"' in which
    assert "one after the other? [y/N]: " in guess
    assert site.paths == ["/none"]


# -- test ------------------------------------------------------------------------------------------


def test_a_test_shows_what_is_answered_and_stores_no_article(place: Place, site: Site) -> None:
    """A source that was never polled stays due, and its first poll brings everything."""
    site.pages["/feed"] = rss("Times", 1, 2, 3).replace(b"<title>Times 1", b"<title>Times & 1")
    place.configure(f"id: times, feed: '{site.url('/feed')}', full_text: never")

    shown = place("sources", "test")
    row = place.rows("sources", "test")["times"]
    polled = json.loads(place("once", "--json").stdout)

    assert shown.exit_code == 0
    assert "times: ok, rss20, 3 entries, newest " in shown.stdout
    assert "  repaired: " in shown.stdout
    assert (row["state"], row["status"], row["format"], row["entries"]) == ("ok", 200, "rss20", 3)
    assert polled["articles"] == 3


def test_a_test_is_conditional_and_keeps_the_floor(place: Place, site: Site) -> None:
    """Within the floor it tells what the last poll found; with --now it asks as the next poll would."""
    site.pages["/feed"] = rss("Times", 1, 2, 3)
    place.configure(f"id: times, feed: '{site.url('/feed')}', full_text: never")
    place("once")
    site.asked = []

    alone = place("sources", "test")
    asked = site.paths
    now = place("sources", "test", "--now")

    assert (alone.exit_code, asked) == (0, [])
    assert "times: ok; not asked: it was asked less than 15m ago" in alone.stdout
    assert "--now asks it all the same" in alone.stderr
    assert "not modified since the last poll (304), 3 entries then" in now.stdout
    assert [tag is not None for _, tag in site.asked] == [True]


def test_the_next_poll_keeps_its_distance_from_a_test(place: Place, site: Site) -> None:
    """New entries that a test saw come with the next poll, since their validators were not kept."""
    site.pages["/feed"] = rss("Times", 1, 2, 3)
    place.configure(f"id: times, feed: '{site.url('/feed')}', full_text: never")
    place("once")
    site.pages["/feed"] = rss("Times", 1, 2, 3, 4)
    site.headers["Cache-Control"] = "max-age=7200"

    assert "4 entries" in place("sources", "test", "--now").stdout
    waits = datetime.fromisoformat(place.rows("sources", "list")["times"]["next_poll"])
    site.asked = []
    once = json.loads(place("once", "--all", "--json").stdout)

    assert waits - NOW >= 2 * HOUR - timedelta(minutes=1)
    assert (site.paths, once.get("articles", 0)) == ([], 0)


def test_a_test_ends_with_the_state_of_its_sources(place: Place, site: Site) -> None:
    """3 when some are in trouble, 1 when all are; the remedy stands below."""
    site.pages |= {"/good": rss("Good", 1), "/gone": 410}
    place.configure(
        f"id: good, feed: '{site.url('/good')}'",
        f"id: gone, feed: '{site.url('/gone')}'",
        f"id: shut, feed: '{site.url('/shut')}', paused: true",
    )

    all_of_them = place("sources", "test")
    one = place("sources", "test", "gone")

    assert (all_of_them.exit_code, one.exit_code) == (3, 1)
    assert "  → remove its entry" in all_of_them.stdout
    assert "shut: not asked: paused in its entry" in all_of_them.stdout
    assert "/shut" not in site.paths


# -- import, export --------------------------------------------------------------------------------


def test_an_import_says_what_was_added_known_and_not_taken(place: Place, tmp_path: Path) -> None:
    """Into a file of its own; a second time there is nothing left to do."""
    place.configure("id: here, feed: 'https://here.example/rss'")
    opml = tmp_path / "My feeds.opml"
    opml.write_text(
        "<opml version='2.0'><body><outline text='Press'>"
        "<outline text='Times' xmlUrl='https://times.example/rss'/>"
        "<outline text='Here' xmlUrl='http://here.example/rss/'/>"
        "</outline></body></opml>"
    )

    done = place("sources", "import", opml, "--tag", "mine")
    again = place("sources", "import", opml)

    path = place.folder / "config" / "sources" / "my-feeds.yaml"
    sources = load(place.folder / "config", state_dir=tmp_path, environ={}).sources
    assert [(one.id, one.tags) for one in sources] == [("here", ()), ("times", ("mine", "press"))]
    assert done.exit_code == again.exit_code == 0
    assert done.stdout == f"wrote 1 source to {path}; 1 already here\n"
    assert "already here: http://here.example/rss/: it is configured already, as here" in done.stderr
    assert again.stdout.startswith("nothing to import; 2 already here")
    assert [one.name for one in path.parent.iterdir()] == ["my-feeds.yaml"]


def test_an_import_touches_no_file_that_is_there(place: Place, tmp_path: Path) -> None:
    """It takes the next free name."""
    folder = place.folder / "config" / "sources"
    folder.mkdir()
    (folder / "list.yaml").write_text("# mine\n")
    opml = tmp_path / "list.opml"
    opml.write_text("<opml><body><outline text='T' xmlUrl='https://t.example/rss'/></body></opml>")

    done = place("sources", "import", opml)

    assert str(folder / "list-2.yaml") in done.stdout
    assert (folder / "list.yaml").read_text() == "# mine\n"


@pytest.mark.parametrize(("name", "text", "code"), [("gone.opml", None, 2), ("x.opml", "no list", 1)])
def test_a_file_that_is_no_list_is_told(
    place: Place, tmp_path: Path, name: str, text: str | None, code: int
) -> None:
    """Without a traceback."""
    if text is not None:
        (tmp_path / name).write_text(text)

    done = place("sources", "import", tmp_path / name)

    assert done.exit_code == code
    assert name in done.stderr


def test_what_is_exported_can_be_imported_again(place: Place, tmp_path: Path) -> None:
    """Feeds and sitemaps with ids, names, tags and languages; what needs rules of its own is named."""
    place.configure(
        """id: times, feed: 'https://t.example/rss?a=1&b=2', name: 'Times: "World" & 🌍', tags: [press, us]""",
        "id: plain, feed: 'https://p.example/rss'",
        "id: मंत्रालय, feed: 'https://m.example/rss', tags: [सरकार]",
        "id: map, sitemap: 'https://s.example/news.xml', language: pt-br, tags: [press]",
        "id: council, site: 'https://c.example/press', links: {css: h2 a}",
    )
    before = load(place.folder / "config", state_dir=tmp_path, environ={}).sources

    done = place("sources", "export")
    (tmp_path / "all.opml").write_text(done.stdout, encoding="utf-8")
    place.configure()
    place("sources", "import", tmp_path / "all.opml")

    after = load(place.folder / "config", state_dir=tmp_path, environ={}).sources
    assert set(after) == {one for one in before if one.kind != "site"}
    assert done.stderr == "left out, since OPML holds no rules for them: council\n"
