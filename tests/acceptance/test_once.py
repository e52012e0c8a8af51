"""`tidings once` on sources that answer, and on sources that do not."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.acceptance import real_feeds
from tests.acceptance.conftest import Done, configure

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Chip Post</title><link>http://chips.example/</link>
<item><title>A semiconductor plant opens</title><link>http://chips.example/{number}</link><guid>{number}</guid>
<description>{text}</description></item></channel></rss>"""
LONG = "The semiconductor plant opened on time, and its first wafers left the line in the same week. " * 20


class Feeds(BaseHTTPRequestHandler):
    """One feed a path, with an ETag."""

    def do_GET(self) -> None:
        known = self.headers.get("If-None-Match") == '"1"'
        body = FEED.format(number=self.path.strip("/"), text=LONG).encode()
        self.send_response(304 if known else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0" if known else str(len(body)))
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def serve(port: int = 0) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", port), Feeds)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def port() -> int:
    """A port on which nobody listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
    number = server.server_port
    server.server_close()
    return number


def sources(port: int, number: int = 3) -> str:
    return "sources:\n" + "".join(
        f'  - {{id: feed-{n}, feed: "http://127.0.0.1:{port}/{n}"}}\n' for n in range(1, number + 1)
    )


def test_an_unreachable_source_costs_one_line_and_nothing_else(
    place: Callable[..., Done], tmp_path: Path, port: int
) -> None:
    """With every source away, `once --all` exits 3 with one clear line a source; later all of it arrives."""
    configure(tmp_path / "config", sources=sources(port))

    away = place("once", "--all")

    assert away.code == 3
    lines = away.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["feed-1", "feed-2", "feed-3"]
    assert all("refused the connection" in line for line in lines)

    server = serve(port)
    try:
        back = place("once", "--all", "--json")
        again = place("once", "--all", "--json")
    finally:
        server.shutdown()
        server.server_close()
    assert back.code == again.code == 0
    first, second = back.rows()[0], again.rows()[0]
    assert (first["articles"], first["matches"]) == (3, 3)
    assert (second["articles"], second["unchanged"]) == (0, 3)


def test_a_host_that_does_not_exist_is_named(place: Callable[..., Done], tmp_path: Path) -> None:
    """The line says which name does not resolve, without the query of the address."""
    configure(
        tmp_path / "config",
        sources='sources:\n  - {id: lost, feed: "http://nowhere.invalid/feed?key=geheim"}\n',
    )
    done = place("once", "--all")
    assert done.code == 3
    assert done.err.startswith("lost: ")
    assert "nowhere.invalid" in done.err
    assert "geheim" not in done.err


def test_a_digest_can_be_sent_by_hand_into_the_outbox(place: Callable[..., Done], tmp_path: Path) -> None:
    """`digest send` composes what was found since the last one; a second call has nothing to tell."""
    server = serve()
    try:
        configure(tmp_path / "config", sources=sources(server.server_port, 1))
        assert place("once", "--all").code == 0
    finally:
        server.shutdown()
        server.server_close()

    sent = place("digest", "send", "hourly")
    assert sent.code == 0, sent.err
    assert "A semiconductor plant opens" in sent.out
    assert {path.suffix for path in (tmp_path / "state" / "outbox").iterdir()} == {
        ".eml",
        ".html",
        ".json",
        ".txt",
    }
    assert "nothing was sent" in place("digest", "send", "hourly").out


def test_a_paused_source_is_not_asked(place: Callable[..., Done], tmp_path: Path, port: int) -> None:
    """`sources pause` holds for `--all` too, until `resume`."""
    configure(tmp_path / "config", sources=sources(port, 1))
    assert place("sources", "pause", "feed-1").code == 0
    assert place("once", "--all").code == 0
    assert place("sources", "list", "--json").rows()[0]["state"] == "paused"
    assert place("sources", "resume", "feed-1").code == 0
    assert place("once", "--all").code == 3


@pytest.mark.skipif(
    not real_feeds.CORPUS.exists(), reason="../shared/corpus/feeds/real is not beside the repository"
)
def test_real_feeds_bring_their_articles_once(tmp_path: Path) -> None:
    """Real feeds are read at the first run; at the second, every server answers 304 and nothing is new."""
    chosen = [(name, body) for name, body in real_feeds.feeds() if len(body) < 40_000][:30]
    with real_feeds.served([body for _, body in chosen]) as server:
        real_feeds.configure(tmp_path / "config", [name for name, _ in chosen], server.server_port)
        code, first, complaints = real_feeds.once(tmp_path)
        assert (code, complaints) == (0, "")
        assert server.answers == {200: len(chosen)}
        server.answers.clear()
        code, second, _ = real_feeds.once(tmp_path)
        assert code == 0
        assert server.answers == {304: len(chosen)}
    assert first["polls"] == second["unchanged"] == len(chosen)
    assert int(str(first["articles"])) > 200
    assert second["articles"] == 0


def test_a_feed_from_a_file_shows_what_would_be_collected(place: Callable[..., Done], tmp_path: Path) -> None:
    """`try feed` needs no configuration; an input that cannot be read is a line with `error`."""
    good = tmp_path / "good.xml"
    good.write_bytes(gzip.compress(FEED.format(number=7, text="Short.").encode()))
    done = place("try", "feed", good, tmp_path / "missing.xml", "--json")
    rows = done.rows()
    assert done.code == 1
    assert rows[0]["entries"][0]["link"] == "http://chips.example/7"
    assert "No such file" in rows[1]["error"]
