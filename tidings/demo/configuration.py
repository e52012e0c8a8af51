"""The demo's configuration folder: the outlets as sources, the shipped watchlist, a mail and a hook channel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tidings.demo.hooksink import HookSink
from tidings.demo.mailbox import Mailbox
from tidings.demo.newsroom import Newsroom
from tidings.demo.outlets import Form, Outlet
from tidings.demo.own_spider import FILE, spider_text

RECIPIENT = "desk@policy.example"
_TELLING = re.compile(r"(?:^#[^\n]*\n)*^(?:digests|alerts):.*\Z", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How fast the demo lives; durations as the configuration writes them."""

    every: str  # how often a source is polled
    morning: str  # the `at`/`every` lines of the timed digest, one key a line
    gather: str  # how long an immediate digest waits for further articles
    backfill: str = "3d"


SIMULATED = Rhythm(every="30m", morning='at: "07:30"\ndays: weekdays\nzone: America/New_York', gather="5m")
WALL_CLOCK = Rhythm(every="10s", morning="every: 2m", gather="10s")


def write_configuration(
    folder: Path,
    *,
    newsroom: Newsroom,
    mailbox: Mailbox,
    hooks: HookSink,
    watchlist: str,
    rhythm: Rhythm = SIMULATED,
) -> Path:
    """Write all files of a configuration; newsroom, mailbox and hook sink must be open.

    Args:
        folder: made when it is not there; files of the same names are replaced.
        watchlist: text of the shipped `us-india-technology.yaml`; its digests and alerts give way to the demo's.
    Returns:
        `folder`.
    Raises:
        ValueError: the watchlist's text has no `digests:` to replace.
    """
    (folder / "watchlists").mkdir(parents=True, exist_ok=True)
    (folder / "tidings.yaml").write_text(_settings(mailbox, hooks, rhythm), encoding="utf-8")
    (folder / "sources.yaml").write_text(_sources(newsroom, rhythm), encoding="utf-8")
    (folder / "watchlists" / "us-india-technology.yaml").write_text(
        _watchlist(watchlist, rhythm), encoding="utf-8"
    )
    for outlet in newsroom.outlets:
        if outlet.form is Form.SPIDER:
            spider = folder / FILE
            spider.parent.mkdir(exist_ok=True)
            spider.write_text(spider_text(newsroom.listing(outlet)), encoding="utf-8")
    secret = folder / "hook-secret"
    secret.touch(mode=0o600)
    secret.write_text(hooks.secret + "\n", encoding="utf-8")
    return folder


def _settings(mailbox: Mailbox, hooks: HookSink, rhythm: Rhythm) -> str:
    return f"""\
# The demo: everything on loopback, nothing leaves this machine.
polling:
  every: {rhythm.every}
  floor: {rhythm.every}
  host_delay: 0s                 # every host is our own
  timeout: 10s
  backfill: {rhythm.backfill}
  allow_private: [127.0.0.0/8]
channels:
  desk:
    type: email
    from: "Tidings <tidings@newsroom.example>"
    to: [{RECIPIENT}]
    smtp: {{host: {mailbox.host}, port: {mailbox.port}, tls: off}}
  hook:
    type: webhook
    url: {json.dumps(hooks.url)}
    secret_file: hook-secret
    allow_private: [127.0.0.0/8]
"""


def _sources(newsroom: Newsroom, rhythm: Rhythm) -> str:
    return "sources:\n" + "".join(
        _source(outlet, newsroom.listing(outlet), rhythm) for outlet in newsroom.outlets
    )


def _source(outlet: Outlet, address: str, rhythm: Rhythm) -> str:
    key = {Form.SITEMAP: "sitemap", Form.LISTING: "site", Form.SPIDER: "spider"}.get(outlet.form, "feed")
    value = FILE if outlet.form is Form.SPIDER else address
    lines = [
        f"id: {outlet.id}",
        f"name: {json.dumps(outlet.name, ensure_ascii=False)}",
        f'{key}: "{value}"',
    ]
    if outlet.form is Form.LISTING:
        lines.append('links: {css: "article h2 a"}')
    lines += [f"tags: [{', '.join(outlet.tags)}]", f"every: {rhythm.every}"]
    return "  - " + "\n    ".join(lines) + "\n"


def _watchlist(shipped: str, rhythm: Rhythm) -> str:
    rules, replaced = _TELLING.subn("", shipped, count=1)
    if not replaced:
        raise ValueError("the watchlist has no digests to replace")
    when = rhythm.morning.replace("\n", "\n    ")
    return f"""\
{rules.rstrip()}

digests:
  - id: morning
    title: Morning digest
    to: [desk, hook]
    {when}
    when_empty: skip
  - id: trust-now
    title: TRUST, at once
    to: [desk]
    immediately: true
    gather: {rhythm.gather}
    initiatives: [trust]
"""
