"""`tidings try site` and `tidings sources test` on sites without feeds: what is shown of rules and articles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from tests.acceptance.conftest import configure
from tidings.cli import app

LIST = b"""<!doctype html><html lang=en><title>Press room</title><body><main>
<li><h2><a href="/n/1">Ferries to run again</a></h2><time>2026-11-24</time></li>
<li><h2><a href="/n/2">Bridge closed</a></h2><time>2026-11-25</time></li>
<li><h2><a href="/tag/roads">All about roads</a></h2></li></main></body></html>"""
ARTICLE = (
    b"<!doctype html><html lang=en><title>Bridge closed | Council</title><body><article><h1>Bridge closed</h1>"
    b"<p class=by>A. Writer</p><div class=story>"
    + b"<p>The old bridge over the river is closed for a week, the council said on Wednesday.</p>" * 12
    + b"</div></article></body></html>"
)
RULES = """sources:
  - id: press
    site: "{url}/press"
    links: {{css: h2 a, only: /n/, published: time, title: .headline}}
    article: {{author: .by, title: .gone}}
  - {{id: feed, feed: "{url}/rss"}}
"""

Run = Callable[..., Result]


@pytest.fixture
def pages() -> dict[str, bytes]:
    """What the site of the test answers, by path."""
    return {"/press": LIST, "/n/1": ARTICLE, "/n/2": ARTICLE}


@pytest.fixture
def tidings(tmp_path: Path, pages: dict[str, bytes]) -> Iterator[Run]:
    """A command, run beside a configuration with that site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    configure(tmp_path / "config", sources=RULES.format(url=f"http://127.0.0.1:{server.server_port}"))
    env = {
        "TIDINGS_CONFIG": str(tmp_path / "config"),
        "TIDINGS_STATE": str(tmp_path / "state"),
        "COLUMNS": "200",
    }

    def run(*words: str) -> Result:
        done = CliRunner().invoke(app, words, env=env)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    yield run
    server.shutdown()
    server.server_close()


def test_try_site_shows_what_each_rule_found_and_how_the_newest_article_reads(tidings: Run) -> None:
    done = tidings("try", "site", "press")

    assert done.exit_code == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "press · listing · 2 articles"
    assert any(line.startswith("links 3 css 'h2 a'") for line in lines)
    assert any("only and skip 2 of 3 only '/n/' (1 dropped, such as" in line for line in lines)
    assert "published 2 of 2 css 'time' “2026-11-24”" in lines
    assert any(line.startswith("problem: css '.headline' for title finds nothing") for line in lines)
    (page,) = (place for place, line in enumerate(lines) if line.startswith("page http"))
    assert lines[page].endswith("/n/2")
    assert "title Bridge closed" in lines[page:]
    assert "title 0 css '.gone' (finds nothing here, so the extractor's own answer is taken)" in lines[page:]
    assert "author 1 css '.by' “A. Writer”" in lines[page:]


def test_try_site_says_all_of_it_to_programs(tidings: Run) -> None:
    done = tidings("try", "site", "press", "--pages", "2", "--json")

    row = json.loads(done.stdout)
    assert [(one["rule"], one["found"], one["of"]) for one in row["rules"]] == [
        ("links", 3, None),
        ("only and skip", 2, 3),
        ("title", 0, 2),
        ("published", 2, 2),
    ]
    assert [one["url"].rpartition("/")[2] for one in row["pages"]] == ["2", "1"]
    assert row["pages"][0]["title"] == "Bridge closed"
    assert "closed for a week" in row["pages"][0]["text"]
    assert (row["unfinished"], row["problems"]) == (None, [])
    assert row["lacks"].startswith("css '.headline' for title finds nothing")


def test_a_broken_list_and_a_missing_article_are_told(tidings: Run, pages: dict[str, bytes]) -> None:
    del pages["/n/2"]
    missing = tidings("try", "site", "press")
    pages["/press"] = LIST.replace(b"h2", b"h3")
    broken = tidings("try", "site", "press")
    for_programs = tidings("try", "site", "press", "--json")

    assert missing.exit_code == 0
    assert "could not be read: 127.0.0.1 answers 404" in missing.stdout
    assert broken.exit_code == for_programs.exit_code == 1
    assert "css 'main li h3 a' would find 3 links, such as “Ferries to run again”" in broken.stdout
    assert "press: css 'h2 a' finds no link on 127.0.0.1/press" in broken.stderr
    assert json.loads(for_programs.stdout)["error"] == "css 'h2 a' finds no link on 127.0.0.1/press"


def test_sources_test_shows_rules_and_on_request_articles(tidings: Run) -> None:
    plain = tidings("sources", "test", "press")
    row = json.loads(tidings("sources", "test", "press", "--now", "--pages", "1", "--json").stdout)

    assert "listing, 2 entries" in plain.stdout
    assert "published" in plain.stdout
    assert "page http" not in plain.stdout
    assert [one["rule"] for one in row["rules"]] == ["links", "only and skip", "title", "published"]
    assert row["pages"][0]["url"].endswith("/n/2")


def test_a_rule_that_finds_nothing_stands_where_sources_are_listed(tidings: Run) -> None:
    """Beside a source that is OK, with what to do; and in `status`."""
    tidings("once")
    listed = tidings("sources", "list").stdout
    status = tidings("status").stdout

    (line,) = (line for line in listed.splitlines() if " press " in line)
    assert line.startswith("ok ")
    assert "css '.headline' for title finds nothing in any of 2 articles on 127.0.0.1/press" in line
    assert (
        "→  correct the rules in its entry: `tidings try site press` shows what each of them finds" in listed
    )
    assert "their rules find too little: press" in status


def test_a_feed_is_pointed_to_its_own_command(tidings: Run) -> None:
    done = tidings("try", "site", "feed")

    assert done.exit_code == 2
    assert "`tidings sources test feed --pages 1`" in done.stderr
