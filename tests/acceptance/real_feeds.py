"""The 101 real feeds of the corpus, each served at a loopback address of its own, as a configuration.

`python -m tests.acceptance.real_feeds DIR` runs `tidings once --all` twice over them and leaves a digest in DIR.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds" / "real"

WATCHLIST = """\
watchlist: everyday
title: Everyday words
initiatives:
  - {id: technology, name: Technology and AI, any: [artificial intelligence, semiconductor, chips, data center, data centre]}
  - {id: climate, name: Climate and energy, any: [climate change, renewable, solar, nuclear power, oil price]}
  - {id: health, name: Health, any: [vaccine, hospital, public health, cancer]}
  - {id: trade, name: Trade and tariffs, any: [tariff, trade deal, export, sanction]}
  - {id: elections, name: Elections, any: [election, voter, ballot, prime minister]}
digests:
  - {id: daily, title: Everyday words, to: [outbox], at: "07:00"}
"""


def feeds() -> list[tuple[str, bytes]]:
    """Name and body of each feed, in order."""
    found = []
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and "expected" not in path.name and path.suffix != ".md":
            body = path.read_bytes()
            found.append((path.name, gzip.decompress(body) if path.suffix == ".gz" else body))
    return found


class Server(ThreadingHTTPServer):
    """Feed N lives at 127.1.0.N; validators are honoured; answers are counted by status."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, bodies: list[bytes]) -> None:
        self.bodies = bodies
        self.answers: Counter[int] = Counter()
        super().__init__(("0.0.0.0", 0), Handler)  # all of 127.0.0.0/8: one address a feed


class Handler(BaseHTTPRequestHandler):
    """One feed a host."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        number = int(self.connection.getsockname()[0].rsplit(".", 1)[1]) - 1
        body = self.server.bodies[number]
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        status = 304 if self.headers.get("If-None-Match") == tag else 200
        self.server.answers[status] += 1
        self.send_response(status)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def served(bodies: list[bytes]) -> Iterator[Server]:
    """The feeds, served from a thread."""
    server = Server(bodies)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def configure(folder: Path, names: list[str], port: int) -> None:
    """A configuration over the feeds, told however old they are; their pages are elsewhere and not read."""
    (folder / "watchlists").mkdir(parents=True)
    (folder / "tidings.yaml").write_text(
        "polling: {backfill: 4000d, host_delay: 0s, allow_private: [127.0.0.0/8]}\n"
        "channels:\n  outbox: {type: file, dir: outbox}\n"
    )
    rows = [
        f'  - {{id: feed-{number}, feed: "http://127.1.0.{number}:{port}/{name}", full_text: never}}\n'
        for number, name in enumerate(names, start=1)
    ]
    (folder / "sources.yaml").write_text("sources:\n" + "".join(rows))
    (folder / "watchlists" / "everyday.yaml").write_text(WATCHLIST)


def once(folder: Path) -> tuple[int, dict[str, object], str]:
    """`tidings once --all --json`: exit code, counts, what it complained of."""
    done = subprocess.run(
        [sys.executable, "-m", "tidings", "once", "--all", "--json"],
        env={**os.environ, "TIDINGS_CONFIG": str(folder / "config"), "TIDINGS_STATE": str(folder / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def main(folder: Path) -> None:
    found = feeds()
    with served([body for _, body in found]) as server:
        configure(folder / "config", [name for name, _ in found], server.server_port)
        for turn in ("first", "second"):
            server.answers.clear()
            start = time.perf_counter()
            code, counts, complaints = once(folder)
            taken = time.perf_counter() - start
            print(f"{turn}: exit {code} after {taken:.1f} s, {dict(server.answers)} answers")
            print(json.dumps(counts, indent=1))
            print(complaints)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
