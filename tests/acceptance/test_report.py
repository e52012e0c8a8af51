"""`tidings report`: dossiers of a real archive, as pages, PDFs and JSON."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done, tidings
from tests.acceptance.test_impact import Desk
from tests.hostile import STRINGS
from tests.integration.storage.making import DAY, article, fold, match, poll, source
from tidings import pdf
from tidings.cli import app
from tidings.opening import open_stores
from tidings.storage.stores import Stores

HAS_CHROMIUM = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
NOW = datetime.now(UTC)
LATE = (NOW.date() - date(2025, 12, 31)).days
WATCHLIST = """\
watchlist: ores
title: Ores & <metals>
initiatives:
  - id: ores
    name: Ores <b>of</b> the south
    any: [lithium]
    commitments:
      - {id: mine, text: A mine by the end of 2025, due: 2025-12-31, any: [opens a mine]}
  - {id: water, name: Water, any: [water]}
digests:
  - {id: daily, to: [outbox], at: '08:00', zone: Asia/Kolkata}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write(WATCHLIST)
    return made


def fill(desk: Desk, *titles: str) -> None:
    """One story a day, the newest first, each told by two outlets and all matching `ores`."""

    async def work() -> None:
        async with open_stores(desk.settings()) as stores:
            await stores.sources.sync([source("post"), source("wire")], NOW - 400 * DAY)
            for place, name in enumerate(("post", "wire")):
                for back, title in enumerate(titles, start=1):
                    await told(stores, 1000 * place + back, title, name, NOW - back * DAY)

    async def told(stores: Stores, number: int, title: str, by: str, at: datetime) -> None:
        url = f"https://{by}.example/{number}"
        one = article(
            number,
            title=title,
            source_id=by,
            url=url,
            canonical_url=url,
            first_seen_at=at,
            published_at=at,
        )
        await stores.articles.record_poll(poll(one, at=at, by=by))
        await fold(stores, one, f"s{number % 1000}")
        await stores.matches.record_matches([(one, [match(one, "ores")])], at)

    asyncio.run(work())


def report(desk: Desk, *words: object) -> Done:
    env = {"TIDINGS_CONFIG": str(desk.folder / "config"), "TIDINGS_STATE": str(desk.folder / "state")}
    done = CliRunner().invoke(app, ["report", *map(str, words)], env=env, catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def test_a_dossier_is_one_page_that_says_first_what_is_overdue(desk: Desk) -> None:
    fill(desk, "Lithium price doubles", "A lithium battery burns")
    out = desk.folder / "out"

    done = report(desk, "ores", "--out", out, "--no-pdf")

    assert (done.code, done.out, done.err) == (0, f"{out / 'ores.html'}\n", "")
    assert [one.name for one in out.iterdir()] == ["ores.html"]
    html = (out / "ores.html").read_text(encoding="utf-8")
    assert "Ores &lt;b&gt;of&lt;/b&gt; the south" in html
    assert f"Overdue by {LATE:,} days" in html or f"Overdue by {LATE + 1:,} days" in html  # in Kolkata
    assert html.index("Overdue by") < html.index("2 new stories, told in 4 articles of 2 outlets")
    assert "Lithium price doubles" in html


def test_without_a_name_all_initiatives_are_told_with_an_index(desk: Desk) -> None:
    fill(desk, "Lithium price doubles")
    out = desk.folder / "out"

    done = report(desk, "--out", out, "--no-pdf")

    assert done.code == 0
    assert sorted(one.name for one in out.iterdir()) == ["index.html", "ores.html", "water.html"]
    assert done.out.splitlines()[-1] == str(out / "index.html")
    index = (out / "index.html").read_text(encoding="utf-8")
    assert 'href="water.html"' in index
    assert "Overdue by" in index
    assert "No report in these 90 days." in (out / "water.html").read_text(encoding="utf-8")


def test_json_holds_the_facts_of_the_page_and_writes_none(desk: Desk) -> None:
    fill(desk, "Lithium price doubles", "A lithium battery burns")

    done = report(desk, "ores", "--json", "--since", "30d", "--zone", "UTC")

    assert done.code == 0
    (one,) = (json.loads(line) for line in done.out.splitlines())
    assert one["figures"] == {"stories": 2, "went_on": 0, "reports": 4, "articles": 4, "outlets": 2}
    assert (one["before"], one["days"], one["zone"]) == (None, 30, "UTC")
    assert [story["title"] for story in one["stories"]] == [
        "Lithium price doubles",
        "A lithium battery burns",
    ]
    assert one["stories"][0]["outlets"] == ["post", "wire"]
    (promise,) = one["commitments"]
    assert (promise["id"], promise["overdue"], promise["days"], promise["reports"]) == (
        "mine",
        True,
        -LATE,
        0,
    )
    assert one["rules"]["any"][0]["text"] == "lithium"
    assert one["not_covered"]["days_without_any_article"] == 28
    assert not (desk.folder / "reports").exists()


def test_a_period_may_begin_and_end_on_a_day(desk: Desk) -> None:
    """The last day is part of it; the zone is that of the digest that tells the initiative."""
    fill(desk, *[f"Lithium {n}" for n in range(1, 9)])
    first, last = ((NOW - back * DAY).date() for back in (7, 3))

    done = report(desk, "ores", "--since", first, "--until", last, "--json")

    (one,) = (json.loads(line) for line in done.out.splitlines())
    assert (one["days"], one["zone"]) == (5, "Asia/Kolkata")
    assert 4 <= one["figures"]["stories"] <= 5
    assert {bar["first"] for bar in one["course"]["bars"]} == {str(first + n * DAY) for n in range(5)}


def test_the_time_before_is_compared_where_it_was_watched(desk: Desk) -> None:
    fill(desk, *[f"Lithium {n}" for n in range(1, 30)])

    done = report(desk, "ores", "--since", "10d", "--json", "--zone", "UTC")

    (one,) = (json.loads(line) for line in done.out.splitlines())
    assert (one["incomparable"], one["before"]["stories"] in (9, 10)) == (None, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("oers",), "there is no initiative 'oers'; did you mean 'ores'?"),
        (("ores", "--since", "soon"), "--since: 'soon'"),
        (("ores", "--since", "2026-13-41"), "--since: '2026-13-41' is neither an age (90d) nor a day"),
        (("ores", "--since", "2999-01-01"), "--since 2999-01-01: that is not before the end of the period"),
        (("ores", "--zone", "Berlin"), "--zone: 'Berlin' is no time zone; did you mean 'Europe/Berlin'?"),
    ],
)
def test_what_cannot_be_told_is_said_with_a_remedy(desk: Desk, words: tuple[str, ...], said: str) -> None:
    done = report(desk, *words)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (desk.folder / "reports").exists()


def test_a_folder_that_cannot_be_made_is_named(desk: Desk) -> None:
    (desk.folder / "file").write_text("")

    done = report(desk, "ores", "--no-pdf", "--out", desk.folder / "file")

    assert done.code == 1
    assert f"{desk.folder / 'file'} cannot be made (File exists); name another folder with --out" in done.err


def test_an_archive_that_is_not_there_yet_gives_a_page_and_stays_away(desk: Desk) -> None:
    out = desk.folder / "out"

    done = report(desk, "ores", "--no-pdf", "--out", out)

    assert done.code == 0
    assert "Nothing was collected yet." in (out / "ores.html").read_text(encoding="utf-8")
    assert not (desk.folder / "state" / "tidings.sqlite").exists()


def test_hostile_titles_are_shown_as_they_are(desk: Desk) -> None:
    fill(desk, *STRINGS[:80])
    out = desk.folder / "out"

    assert report(desk, "ores", "--no-pdf", "--out", out).code == 0

    html = (out / "ores.html").read_text(encoding="utf-8")
    assert "<script" not in html.lower()
    assert "<iframe" not in html.lower()
    assert "&lt;script" in html


@pytest.mark.skipif(not HAS_CHROMIUM, reason="no Chromium is installed")
def test_a_pdf_is_printed_beside_the_page(desk: Desk) -> None:
    fill(desk, "Lithium price doubles")
    out = desk.folder / "out"

    done = report(desk, "ores", "--pdf", "--out", out)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [str(out / "ores.html"), str(out / "ores.pdf")]
    printed = (out / "ores.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 1


def without_chromium(desk: Desk, *words: object) -> Done:
    """The command where the PATH names no browser."""
    return tidings(
        *("--config", desk.folder / "config", "--state", desk.folder / "state", "report", *words),
        env={"PATH": str(desk.folder)},
    )


def test_without_a_browser_the_page_is_written_and_it_is_said_what_is_missing(desk: Desk) -> None:
    """That is no failure, unless a PDF was asked for."""
    fill(desk, "Lithium price doubles")
    out = desk.folder / "out"

    plain = without_chromium(desk, "ores", "--out", out)
    asked = without_chromium(desk, "ores", "--out", out, "--pdf")

    assert (plain.code, plain.out) == (0, f"{out / 'ores.html'}\n")
    assert "no PDF: no Chromium is installed; install it, or put a link to it on the PATH" in plain.err
    assert (asked.code, asked.out) == (1, f"{out / 'ores.html'}\n")
    assert "no PDF: no Chromium is installed" in asked.err


def browser(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else that goes by the name of a browser."""
    fake = folder / "chromium"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_browser_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait", monkeypatch)

    with pytest.raises(pdf.NoPdf, match="Chromium was not done after 1 s"):
        pdf.print_page("<p>x", limit=1)

    child = int((tmp_path / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split(") ")[1][0] in "ZX"


def test_a_browser_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser(tmp_path, "echo no room left >&2; exit 1", monkeypatch)

    with pytest.raises(pdf.NoPdf, match="Chromium makes no PDF: no room left"):
        pdf.print_page("<p>x")
