"""`tidings impact`, and the bound that it stands behind: an edit is measured over the archive before it is in force."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from alerts.meaning import prints
from crawler.records import Article
from tests.acceptance.conftest import Done, configure
from tests.acceptance.test_once import serve, sources
from tests.acceptance.test_run import Daemon
from tests.integration.storage.making import DAY, HOUR, article, fold, poll, source
from tidings.app import App, open_app
from tidings.cli import app
from tidings.impact import too_much
from tidings.opening import open_stores
from tidings.reloading import take_edit
from tidings.settings import load

HEAD = "watchlist: ores\ntitle: Ores\ninitiatives:\n"
DIGEST = "digests:\n  - {id: daily, to: [outbox], at: '08:00'}\n"
LITHIUM = HEAD + "  - {id: ores, name: Ores, any: [lithium]}\n" + DIGEST
MINERALS = HEAD + "  - {id: ores, name: Ores, any: [lithium, minerals]}\n" + DIGEST
NARROW = HEAD + "  - {id: ores, name: Ores, any: [lithium], none: [battery]}\n" + DIGEST
WATER = "watchlist: water\ninitiatives:\n  - {id: water, any: [water]}\n"
TITLES = ("Lithium price doubles", "Rare minerals found", "A lithium battery burns", "Nothing of interest")


@dataclass
class Desk:
    """A folder with a configuration, an archive of some days, and the command."""

    folder: Path

    @property
    def watchlist(self) -> Path:
        return self.folder / "config" / "watchlists" / "ores.yaml"

    def write(self, text: str, **files: str) -> None:
        """Replace the watchlist `ores`, and other files by name."""
        configure(self.folder / "config", watchlists__ores=text, **files)
        (self.folder / "config" / "watchlists" / "chips.yaml").unlink(missing_ok=True)

    def fill(self, *titles: str) -> None:
        """An archive with these articles, one a day, the first of them the newest, each a story of its own."""
        now = datetime.now(UTC)

        async def work() -> None:
            async with open_stores(self.settings()) as stores:
                await stores.sources.sync([source()], now)
                many = [
                    article(n, title=title, first_seen_at=now - n * DAY - HOUR)
                    for n, title in enumerate(titles, start=1)
                ]
                await stores.articles.record_poll(poll(*many, at=now))
                for one in many:
                    await fold(stores, one)

        asyncio.run(work())

    def put_in_force(self) -> None:
        """What the daemon does with the configuration as it is."""
        found = self.settings()

        async def work() -> None:
            async with open_stores(found) as stores:
                await stores.edits.put_in_force(
                    found.watchlists, prints(found.watchlists, found.tags), datetime.now(UTC)
                )

        asyncio.run(work())

    def settings(self) -> Any:
        return load(self.folder / "config", state_dir=self.folder / "state", environ={})

    def impact(self, *words: object) -> Done:
        env = {"TIDINGS_CONFIG": str(self.folder / "config"), "TIDINGS_STATE": str(self.folder / "state")}
        done = CliRunner().invoke(app, ["impact", *map(str, words)], env=env, catch_exceptions=False)
        return Done(done.exit_code, done.stdout, done.stderr)

    def measured(self, *words: object) -> dict[str, Any]:
        """The JSON of a comparison that went well."""
        done = self.impact(*words, "--json")
        assert (done.code, done.err) == (0, "")
        return done.rows()[0]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """`lithium` is in force, `minerals` is being added."""
    found = Desk(tmp_path)
    found.write(LITHIUM)
    found.fill(*TITLES)
    found.put_in_force()
    found.write(MINERALS)
    return found


def changes(found: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["change"] for one in found["initiatives"]}


# -- against what is in force ------------------------------------------------------------------------


def test_an_edit_is_shown_before_it_is_in_force(desk: Desk) -> None:
    """Articles, stories and mails before and after, with the evidence of what is gained."""
    found = desk.measured()

    (one,) = found["initiatives"]
    assert (one["id"], one["watchlist"], one["change"]) == ("ores", "ores", "edited")
    assert one["articles"] == {"before": 2, "after": 3, "gained": 1, "lost": 0}
    assert one["stories"] == {"before": 2, "after": 3, "gained": 1, "lost": 0}
    assert one["gained_by"] == [{"term": "minerals", "articles": 1}]
    (gained,) = one["gained"]
    assert gained["title"] == "Rare minerals found"
    assert [(place["term"], place["field"], place["snippet"]) for place in gained["evidence"]] == [
        ("minerals", "title", "Rare minerals found")
    ]
    (digest,) = found["digests"]
    assert (digest["id"], digest["change"]) == ("daily", "unchanged")
    assert 0 < digest["mails_a_week"]["before"] < digest["mails_a_week"]["after"]
    assert found["articles"] == 4


def test_it_changes_nothing(desk: Desk) -> None:
    """What is in force stays, nothing is matched, and a second look says the same."""
    first = desk.measured()

    again = desk.measured()

    assert [one["articles"] for one in first["initiatives"]] == [
        one["articles"] for one in again["initiatives"]
    ]
    desk.write(LITHIUM)
    assert changes(desk.measured()) == {"ores": "unchanged"}


def test_what_is_lost_names_the_step(desk: Desk) -> None:
    """In JSON, and in the lines for a person."""
    desk.write(NARROW)

    (one,) = desk.measured()["initiatives"]
    said = desk.impact().out

    assert [(lost["title"], lost["stopped_at"]) for lost in one["lost"]] == [
        ("A lithium battery burns", "none: “battery” stands in the title")
    ]
    assert "− A lithium battery burns" in said
    assert "none: “battery” stands in the title" in said


def test_the_table_is_plain_on_a_pipe(desk: Desk) -> None:
    """One line a row, without colours; the story and its reason below."""
    done = desk.impact()

    assert done.code == 0
    assert "\x1b" not in done.out
    row = next(line for line in done.out.splitlines() if line.startswith("ores "))
    assert row.split() == ["ores", "edited", "2", "→", "3", "+1", "2", "→", "3", "+1", *row.split()[10:]]
    assert "“minerals” in the title" in done.out
    assert "what is in force since" in done.out


def test_added_removed_and_unchanged_initiatives(desk: Desk) -> None:
    """A removed file takes its initiatives with it; those that stay as they are are one line."""
    desk.write(LITHIUM, watchlists__water=WATER)
    desk.put_in_force()
    (desk.folder / "config" / "watchlists" / "water.yaml").unlink()
    desk.write(LITHIUM.replace(DIGEST, "  - {id: gold, any: [rare]}\n" + DIGEST))

    assert changes(desk.measured()) == {"ores": "unchanged", "gold": "added", "water": "removed"}
    assert desk.impact().out.rstrip().endswith("1 unchanged: ores")
    assert changes(desk.measured("water")) == {"water": "removed"}


def test_one_watchlist_is_looked_at_by_its_id_or_its_file(desk: Desk) -> None:
    """The others are left aside."""
    desk.write(MINERALS, watchlists__water=WATER)

    assert changes(desk.measured("ores")) == {"ores": "edited"}
    assert changes(desk.measured(desk.watchlist)) == {"ores": "edited"}
    assert changes(desk.measured("water")) == {"water": "added"}
    done = desk.impact("orse")
    assert (done.code, done.err) == (2, "no watchlist 'orse'; there are ores, water\n")


def test_a_watchlist_that_was_never_in_force_is_said_to_be_new(desk: Desk) -> None:
    """All that it finds is gained."""
    desk.write(LITHIUM, watchlists__water=WATER)

    found = desk.measured("water")

    assert found["notes"] == ["The watchlist water is not in force yet: all of it is new."]


def test_before_the_first_run_nothing_is_in_force(tmp_path: Path) -> None:
    """It is said, and all is compared with nothing."""
    desk = Desk(tmp_path)
    desk.write(LITHIUM)
    desk.fill(*TITLES)

    found = desk.measured()

    assert found["notes"][0].startswith("Nothing is in force yet")
    assert changes(found) == {"ores": "added"}
    assert "Nothing is in force yet" in desk.impact().out


def test_an_empty_archive_is_said_to_be_empty(tmp_path: Path) -> None:
    """It is no error."""
    desk = Desk(tmp_path)
    desk.write(LITHIUM)
    desk.put_in_force()
    desk.write(MINERALS)

    done = desk.impact()

    assert done.code == 0
    assert "Nothing is in the archive" in done.out


def test_an_edit_that_changes_no_rule_says_so(desk: Desk) -> None:
    """A comment is no edit of a rule."""
    desk.write("# for the desk\n" + LITHIUM)

    assert "No rule and no digest differs." in desk.impact().out


def test_an_edited_digest_is_counted_by_its_own_plan(desk: Desk) -> None:
    """The watchlist's file holds its digests; those before are known too."""
    desk.write(LITHIUM.replace("at: '08:00'", "immediately: true"))

    found = desk.measured()

    assert changes(found) == {"ores": "unchanged"}
    assert [(one["id"], one["change"]) for one in found["digests"]] == [("daily", "edited")]


@pytest.mark.parametrize(
    ("age", "articles"), [("30d", 4), ("50h", 2)], ids=["more than there is", "two days"]
)
def test_since_says_how_much_of_the_archive(desk: Desk, age: str, articles: int) -> None:
    """Older articles are left out."""
    assert desk.measured("--since", age)["articles"] == articles


@pytest.mark.parametrize("age", ["", "30", "0d", "a month", "-5d"])
def test_an_age_that_is_none_is_wrong_usage(desk: Desk, age: str) -> None:
    """With the remedy."""
    done = desk.impact("--since", age)

    assert done.code == 2
    assert done.err.startswith("--since: ")


def test_an_edit_that_cannot_be_read_is_named_at_its_line(desk: Desk) -> None:
    """As `check` would."""
    desk.write(MINERALS.replace("any:", "anny:"))

    done = desk.impact()

    assert done.code == 2
    assert "ores.yaml:4:" in done.err


# -- against a file ----------------------------------------------------------------------------------


def test_a_file_stands_for_the_watchlist_of_its_id(desk: Desk) -> None:
    """Or for the only one there is, or for the one that is named."""
    other = desk.folder / "draft.yaml"
    other.write_text(NARROW.replace("watchlist: ores", "watchlist: draft"), encoding="utf-8")
    desk.write(LITHIUM)

    found = desk.measured("--against", other)

    assert changes(found) == {"ores": "edited"}
    assert found["initiatives"][0]["articles"] == {"before": 1, "after": 2, "gained": 1, "lost": 0}
    desk.write(LITHIUM, watchlists__water=WATER)
    done = desk.impact("--against", other)
    assert done.code == 2
    assert "has no watchlist 'draft' to compare it with; name one" in done.err
    assert changes(desk.measured("ores", "--against", other)) == {"ores": "edited"}


def test_an_error_in_the_other_file_is_named_at_its_line(desk: Desk) -> None:
    """All of them at once, as for any file."""
    other = desk.folder / "old.yaml"
    other.write_text(LITHIUM.replace("[lithium]", "[(lithium OR]"), encoding="utf-8")

    done = desk.impact("--against", other)

    assert done.code == 2
    assert f"{other}:4:" in done.err


# -- against a revision ------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> None:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    who = ("-c", "user.name=Desk", "-c", "user.email=desk@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True)


@pytest.fixture
def history(desk: Desk) -> Iterator[Desk]:
    """The configuration in a repository: `lithium` and `water` in its first commit, `narrow` tags a later one."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    desk.write(LITHIUM, watchlists__water=WATER)
    git(desk.folder, "init", "--quiet", "--initial-branch=main")
    for text, name in ((LITHIUM, "first"), (NARROW, "narrow")):
        desk.write(text)
        git(desk.folder, "add", "config")
        git(desk.folder, "commit", "--quiet", "--message", name)
        git(desk.folder, "tag", name)
    desk.write(MINERALS, watchlists__water=WATER)
    return desk


@pytest.mark.parametrize(
    ("revision", "articles"),
    [
        ("HEAD", {"before": 1, "after": 3, "gained": 2, "lost": 0}),
        ("narrow", {"before": 1, "after": 3, "gained": 2, "lost": 0}),
        ("HEAD~1", {"before": 2, "after": 3, "gained": 1, "lost": 0}),
        ("first^{commit}", {"before": 2, "after": 3, "gained": 1, "lost": 0}),
    ],
)
def test_a_revision_is_asked_of_git(history: Desk, revision: str, articles: dict[str, int]) -> None:
    """All watchlists of the folder, as they were committed."""
    found = history.measured("--against", revision)

    assert changes(found) == {"ores": "edited", "water": "unchanged"}
    assert found["initiatives"][0]["articles"] == articles


def test_a_file_that_a_revision_does_not_hold_is_new(history: Desk) -> None:
    """And one that it alone holds is removed."""
    (history.folder / "config" / "watchlists" / "water.yaml").unlink()
    history.write(LITHIUM, watchlists__gold="watchlist: gold\ninitiatives:\n  - {id: gold, any: [rare]}\n")

    found = history.measured("--against", "first")

    assert changes(found) == {"gold": "added", "ores": "unchanged", "water": "removed"}
    assert [note.rpartition("/")[2] for note in found["notes"]] == [
        "gold.yaml is not in first: all of it is new."
    ]
    assert changes(history.measured("gold", "--against", "first")) == {"gold": "added"}


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("v9", "git knows no such revision"),
        ("config/watchlists/lost.yaml", "git knows no such revision"),
        ("HEAD:config", "git knows no such revision"),
        ("--output=x", "is no revision"),
        ("-h", "is no revision"),
        (" ", "is no revision"),
        ("HEAD\n--output=x", "git knows no such revision"),
        ("$(touch x)", "git knows no such revision"),
        ("HEAD; touch x", "git knows no such revision"),
        ("x" * 5000, "git knows no such revision"),
    ],
)
def test_what_is_neither_file_nor_revision_is_wrong_usage(history: Desk, revision: str, said: str) -> None:
    """It is never taken for an option or run by a shell."""
    before = sorted(history.folder.rglob("x"))

    done = history.impact(f"--against={revision}")

    assert done.code == 2
    assert said in done.err
    assert sorted(history.folder.rglob("x")) == before


def test_a_folder_without_a_history_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is a machine without git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(desk.folder.parent))

    assert "cannot read the history of" in desk.impact("--against", "HEAD").err
    monkeypatch.setenv("PATH", str(desk.folder))
    done = desk.impact("--against", "HEAD")
    assert done.code == 2
    assert "git is not installed" in done.err


# -- the page ----------------------------------------------------------------------------------------


def test_the_page_is_one_file_that_loads_nothing(desk: Desk) -> None:
    """Hostile titles and links are shown as text; hits are marked; no script, no address but that of an article."""
    desk.write(MINERALS.replace("name: Ores", "name: '<script>alert(1)</script>'"))
    path = desk.folder / "impact.html"

    done = desk.impact("--html", path)

    page = path.read_text(encoding="utf-8")
    assert str(path) in done.out
    assert "Rare <mark>minerals</mark> found" in page
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "src=" not in page.replace("style-src", "").replace("default-src", "")
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_a_page_that_cannot_be_written_fails(desk: Desk) -> None:
    """With the path."""
    done = desk.impact("--html", desk.folder / "nowhere" / "impact.html")

    assert done.code == 1
    assert "nowhere/impact.html cannot be written (No such file or directory)" in done.err


# -- the bound ---------------------------------------------------------------------------------------


PRIVATE = "polling: {host_delay: 0s, allow_private: [127.0.0.0/8]}\n"


def bounded(most: int) -> str:
    return f"channels:\n  outbox: {{type: file, dir: outbox}}\nedits: {{max_stories_per_week: {most}}}\n"


def test_the_command_says_what_the_daemon_would_refuse(desk: Desk) -> None:
    """Where a bound is set, all rules are measured, and the numbers are those of a reload."""
    desk.write(MINERALS, tidings=bounded(3))

    found = desk.measured()
    said = desk.impact().out

    assert found["refused"] is True
    assert found["stories_a_week"]["after"] > found["stories_a_week"]["before"] > 3
    assert "edits.max_stories_per_week is 3: `tidings run` refuses this edit, most of it by ores" in said
    desk.write(NARROW, tidings=bounded(3))
    assert desk.measured()["refused"] is False, "it brings less than the rules before it"
    assert "refused" not in desk.impact("ores").out, "one watchlist is not what the daemon measures"
    desk.write(MINERALS, tidings=bounded(3))
    assert desk.measured("--since", "60d")["stories_a_week"] is None, "and neither are sixty days"
    desk.write(MINERALS, tidings=bounded(300))
    assert desk.measured()["refused"] is False
    desk.write(MINERALS)
    assert desk.measured()["refused"] is False


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Desk, App]]:
    """An application at work on `lithium`, of which the archive has some four stories a week."""
    desk = Desk(tmp_path)
    desk.write(LITHIUM, tidings=bounded(4))
    await asyncio.to_thread(desk.fill, *TITLES)
    async with open_app(desk.settings()) as opened:
        yield desk, opened


def terms(opened: App) -> list[str]:
    """The terms in force."""
    return [term.text for term in opened.settings.initiatives["ores"].any]


async def test_an_edit_over_the_bound_is_refused_and_the_old_rules_stay(running: tuple[Desk, App]) -> None:
    """The line in the log says the numbers, the initiative that brings most, and the remedy."""
    desk, opened = running
    desk.write(MINERALS, tidings=bounded(4))

    with capture_logs() as lines:
        await take_edit(opened, desk.settings)

    assert terms(opened) == ["lithium"]
    (line,) = lines
    assert line["event"] == "the edit brings too much and is refused whole, the rules before it stay in force"
    assert line["log_level"] == "error"
    assert line["stories_a_week_then"] > line["max_stories_per_week"] == 4
    assert line["stories_a_week_then"] > line["stories_a_week_now"]
    assert line["most_by"] == "ores"
    assert "`tidings impact`" in line["remedy"]
    (kept,) = await opened.stores.edits.in_force()
    assert "minerals" not in kept.text
    (noticed,) = await opened.stores.troubles.noticed()  # told to the operator
    assert noticed.reason.endswith(
        "stories a week, most of them by ores, and edits.max_stories_per_week allows 4"
    )


@pytest.mark.parametrize(
    ("text", "most"),
    [(MINERALS, 100), (NARROW, 1), (LITHIUM.replace("name: Ores", "name: Lithium"), 1)],
    ids=["within the bound", "less than before", "the same rules"],
)
async def test_an_edit_within_the_bound_or_with_less_than_before_is_taken(
    running: tuple[Desk, App], text: str, most: int
) -> None:
    """A bound that is exceeded already keeps nobody from narrowing."""
    desk, opened = running
    desk.write(text, tidings=bounded(most))

    with capture_logs() as lines:
        await take_edit(opened, desk.settings)

    assert [line["event"] for line in lines] == ["reloaded"]
    assert opened.settings.edits.max_stories_per_week == most


async def test_an_initiative_that_is_no_longer_paused_is_measured_too(running: tuple[Desk, App]) -> None:
    """Its rule is the same, and now it is told."""
    desk, opened = running
    paused = MINERALS.replace("any: [lithium, minerals]", "any: [lithium, minerals], paused: true")
    desk.write(paused, tidings=bounded(1))
    await take_edit(opened, desk.settings)
    assert opened.settings.initiatives["ores"].paused
    desk.write(MINERALS, tidings=bounded(1))

    with capture_logs() as lines:
        await take_edit(opened, desk.settings)

    assert [(line["log_level"], line["most_by"]) for line in lines] == [("error", "ores")]
    assert opened.settings.initiatives["ores"].paused


async def test_without_a_bound_nothing_is_measured(running: tuple[Desk, App]) -> None:
    """The default."""
    desk, opened = running
    desk.write(MINERALS)

    with capture_logs() as lines:
        await take_edit(opened, desk.settings)

    assert [line["event"] for line in lines] == ["reloaded"]
    assert terms(opened) == ["lithium", "minerals"]


class Shelf:
    """An archive in memory."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = articles

    async def walk(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[Article]]:
        yield self.articles


async def test_other_work_goes_on_while_an_edit_is_measured(tmp_path: Path) -> None:
    """The archive is judged in a thread; a tick finds its turn meanwhile."""
    desk = Desk(tmp_path)
    desk.write(LITHIUM, tidings=bounded(1))
    before = desk.settings()
    desk.write(MINERALS, tidings=bounded(1))
    now = datetime.now(UTC)
    shelf: Any = Shelf(
        [article(n, first_seen_at=now - HOUR, text="Minerals and no end. " * 300) for n in range(40)]
    )
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    refused = await too_much(shelf, before, desk.settings(), now)
    ticking.cancel()

    assert refused is not None
    assert turns > 20, "in the loop itself each step would leave it one turn"


def test_the_daemon_refuses_an_edit_and_takes_the_next(tmp_path: Path) -> None:
    """A real `tidings run`: the log has the reason, `impact` shows it, a narrower edit comes into force."""
    server = serve()
    desk = Desk(tmp_path)
    desk.write(LITHIUM, tidings=PRIVATE + bounded(4), sources=sources(server.server_port))
    desk.fill(*TITLES)
    running = Daemon(tmp_path)
    try:
        running.until("PollSource", source="feed-3")  # by then the folder is watched
        desk.watchlist.write_text(MINERALS, encoding="utf-8")
        refused = running.until(
            "the edit brings too much and is refused whole, the rules before it stay in force"
        )
        assert refused["most_by"] == "ores"
        assert desk.measured()["refused"] is True
        desk.watchlist.write_text(NARROW, encoding="utf-8")
        running.until("reloaded")
        assert running.stop() == 0
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        server.shutdown()
        server.server_close()
    assert changes(desk.measured()) == {"ores": "unchanged"}
