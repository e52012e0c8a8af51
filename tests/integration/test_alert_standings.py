"""`tidings status` says what its alerts cannot judge yet and why, and when each commitment is told next."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from tests.fakes.clock import NOON
from tests.integration.storage.making import article, fold, match, poll
from tidings.alert_standings import Standing, alert_lines, standings
from tidings.cli import app
from tidings.opening import open_stores
from tidings.settings import Settings, load

DAY = timedelta(days=1)
WATCHLIST = """\
watchlist: w
initiatives:
  - id: trust
    any: [semiconductor fabrication]
    commitments: [{id: roadmap, text: Roadmap, due: 2999-01-31}, {id: law, text: Law}]
  - {id: compact, any: [Mission 500], paused: true}
alerts:
  - {on: surge, to: [outbox]}
  - {on: silence, to: [outbox]}
  - {on: commitment, before: [30d], to: [outbox], at: "07:30"}
"""


def configured(folder: Path) -> Settings:
    config = folder / "config"
    (config / "watchlists").mkdir(parents=True)
    (config / "tidings.yaml").write_text("channels: {outbox: {type: file}}\n", encoding="utf-8")
    (config / "sources.yaml").write_text(
        'sources: [{id: times, feed: "https://times.example/rss"}]\n', encoding="utf-8"
    )
    (config / "watchlists" / "w.yaml").write_text(WATCHLIST, encoding="utf-8")
    return load(config, state_dir=folder / "state", environ={})


def test_status_says_what_cannot_be_judged_yet_and_what_is_told_next(tmp_path: Path) -> None:
    configured(tmp_path)
    places = ["--config", str(tmp_path / "config"), "--state", str(tmp_path / "state")]

    done = CliRunner().invoke(app, ["status", *places])
    as_json = json.loads(CliRunner().invoke(app, ["status", "--json", *places]).stdout)

    assert "  alert     surge of trust: not yet, nothing was collected yet" in done.stdout
    assert "  alert     silence of trust: not yet, no report yet" in done.stdout
    assert "  alert     commitment of trust/roadmap: told to outbox 01 Jan 2999 07:30 UTC" in done.stdout
    assert [(one["alert"], one["initiative"], one["state"]) for one in as_json["alerts"]] == [
        ("surge", "trust", "not yet"),
        ("silence", "trust", "not yet"),
        ("commitment", "trust", "waits"),
    ]
    assert as_json["alerts"][2]["next_told"] == "2999-01-01T07:30:00Z"


async def test_what_is_judged_has_its_numbers_and_what_is_ordinary_no_line(tmp_path: Path) -> None:
    """A story a day for a month, then a silence of a week."""
    settings = configured(tmp_path)
    async with open_stores(settings) as stores:
        await stores.sources.sync(settings.sources, NOON - 40 * DAY)
        for number in range(30):
            one = article(number + 1, first_seen_at=NOON - (37 - number) * DAY)
            await stores.articles.record_poll(poll(one, at=one.first_seen_at, by="times"))
            await fold(stores, one, f"story{number}")
            await stores.matches.record_matches([(one, [match(one)])], one.first_seen_at)

        surge, silence, commitment = await standings(settings, stores, NOON)

    assert (surge.state, silence.state, commitment.state) == ("ordinary", "silence", "waits")
    assert silence.why == "no report for 8 days, usually no longer than 1 day"
    (line,) = alert_lines([surge, silence])
    assert line.startswith("silence of trust: silence, no report for 8 days")


def test_many_lines_are_cut_and_counted() -> None:
    from alerts.plans import AlertKind

    many = [
        Standing(alert=AlertKind.SURGE, initiative=f"i{number}", state="not yet", why="young")
        for number in range(20)
    ]

    lines = list(alert_lines(many))
    assert (len(lines), lines[-1]) == (13, "and 8 more: `tidings status --json`")
