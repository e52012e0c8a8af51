"""A digest in a real browser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from alerts.records import Coverage, Digest, Evidence, Field, Section, Story, Strength, Telling
from alerts.render import Renderer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = '<img src="/pixel.png"><script src="/x.js"></script><style>@import "/x.css";</style>'

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def digest() -> Digest:
    """One story whose every text tries to load something."""
    lead = Telling(
        article_id="0" * 16,
        title=f"TRUST working group meets {HOSTILE}",
        url="http://127.0.0.1:1/story",
        source=f"Outlet {HOSTILE}",
        source_id="outlet",
        published=NOON - timedelta(hours=2),
        found=NOON,
    )
    evidence = Evidence(
        term="TRUST", field=Field.TITLE, start=0, end=5, snippet=f"TRUST {HOSTILE}", strength=Strength.STRONG
    )
    story = Story(id="s", lead=lead, snippet=evidence.snippet, evidence=(evidence,), outlets=(lead.source,))
    return Digest(
        digest_id="morning",
        title="Morning",
        slot=NOON,
        since=NOON - timedelta(days=1),
        until=NOON,
        zone="UTC",
        sections=(Section(initiative_id="trust", name="TRUST", stories=(story,)),),
        coverage=Coverage(checked=3),
    )


class Page(ThreadingHTTPServer):
    """Serves one page at any address, and notes what is asked for."""

    daemon_threads = True

    def __init__(self, html: str) -> None:
        self.html = html.encode()
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self.server.html)))
        self.end_headers()
        self.wfile.write(self.server.html)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def page() -> Iterator[Page]:
    server = Page(Renderer(None).render(digest(), NOON).html)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_digest_loads_nothing_and_runs_nothing(page: Page, tmp_path: Path) -> None:
    """Chromium draws the digest; it asks for no image, style or script, and the hostile text is text."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=390,800",
            "--dump-dom",
            f"http://127.0.0.1:{page.server_port}/digest",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert set(page.asked) - {"/favicon.ico"} == {"/digest"}
    assert "<script" not in done.stdout
    assert "<img" not in done.stdout
    assert "TRUST working group meets" in done.stdout
