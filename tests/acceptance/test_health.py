"""The health of a real `tidings run`, as probes, Prometheus and a service outside see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.conftest import Done, configure, free_port
from tests.acceptance.test_once import serve, sources
from tests.acceptance.test_run import Daemon


class Service(ThreadingHTTPServer):
    """A service outside that expects a sign of life."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.beaten = Event()
        Thread(target=self.serve_forever, daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Service)
        if self.path == "/beat/S3CRET":
            self.server.beaten.set()
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_a_daemon_is_ready_is_measured_and_sends_its_sign(tmp_path: Path, place: Callable[..., Done]) -> None:
    """From its first tick until its end; no log holds the address of the heartbeat."""
    server, outside, port = serve(), Service(), free_port()
    configure(
        tmp_path / "config",
        sources=sources(server.server_port),
        tidings="polling: {host_delay: 0s, allow_private: [127.0.0.0/8]}\n"
        f'web: {{bind: "127.0.0.1:{port}"}}\n'
        f'heartbeat: {{url: "http://127.0.0.1:{outside.server_port}/beat/S3CRET", allow_private: [127.0.0.0/8]}}\n',
    )
    nobody = place("health")
    daemon = Daemon(tmp_path)
    try:
        daemon.until("PollSource", source="feed-3")
        daemon.until("Settle")
        assert outside.beaten.wait(30)
        ready, alive = place("health", "--json"), place("health", "--live")
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            found = {
                (one.name, *one.labels.values()): one.value
                for family in text_string_to_metric_families(answer.read().decode())
                for one in family.samples
            }
        assert daemon.stop() == 0
        gone = place("health")
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()
        for one in (server, outside):
            one.shutdown()
            one.server_close()

    assert (nobody.code, nobody.out.startswith("no daemon runs on")) == (1, True)
    facts = json.loads(ready.out)
    assert (ready.code, facts["ok"], facts["words"]) == (0, True, "ready")
    assert facts["phase"] in {"catching up", "running"}
    assert (alive.code, alive.out) == (0, "alive\n")
    assert found["tidings_polls_total", "read"] == 3
    assert found["tidings_new_articles_total",] == 3
    assert found["tidings_alive",] == 1
    assert found["tidings_resident_memory_bytes", "daemon"] > 20_000_000
    assert (gone.code, gone.out.startswith("no daemon runs on")) == (1, True)
    assert not [line for line in daemon.lines if line["level"] in {"warning", "error"}]
    assert "S3CRET" not in str(daemon.lines)
