"""What an edit of a watchlist does: recent finds told once, older ones filed, nothing withdrawn, whatever interrupts.

`TIDINGS_EDIT_SEEDS=50 TIDINGS_KILL_SEEDS=60 pytest tests/acceptance/test_edits.py` tries more than the suite has time for.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.acceptance.conftest import Done, configure
from tests.acceptance.doomed import Doom, Moment
from tests.acceptance.test_killed import child
from tests.acceptance.world import DAY, HOUR, MINUTE, NOON, World, settings
from tidings.app import App
from tidings.cli import app as command
from tidings.lock import DaemonLock, lock_file
from tidings.opening import open_stores
from tidings.storage.lookup import Life
from tidings.tasks import Rematch

INITIATIVES = "  - {id: chips, name: Chips, any: [semiconductor]}\n"
MINERALS = "  - {id: minerals, name: Minerals, any: [lithium]}\n"
SEEDS = int(os.environ.get("TIDINGS_EDIT_SEEDS", "1"))
TRIES = int(os.environ.get("TIDINGS_KILL_SEEDS", "4"))


def lithium(slug: str) -> str:
    """A report on a mine, in words of its own: each mine is another story."""
    words = random.Random(slug)
    own = " ".join("".join(words.choices("abdefgiklmnoprstu", k=words.randint(4, 9))) for _ in range(200))
    return f"A lithium mine called {slug}. {own}"


def watchlist(initiatives: str = INITIATIVES, *, more: str = "") -> str:
    return (
        f"watchlist: chips\ntitle: Chips\n{more}initiatives:\n{initiatives}"
        "digests:\n  - {id: hourly, to: [outbox], every: 1h, zone: Asia/Kolkata}\n"
    )


def write(world: World, text: str) -> None:
    """Write the configuration: every feed of the press, told hourly into files."""
    tidings_yaml = (
        "polling: {host_delay: 0s, floor: 1m, timeout: 10s, allow_private: [127.0.0.0/8]}\n"
        "channels:\n  outbox: {type: file, dir: outbox}\n"
    )
    configure(
        world.folder / "config", tidings=tidings_yaml, sources=world.press.sources(), watchlists__chips=text
    )


async def edit(world: World, app: App, text: str) -> None:
    """What the daemon does some seconds after the file was saved."""
    write(world, text)
    await app.apply(settings(world.folder))


def mails(world: World) -> list[dict[str, Any]]:
    """The documents of the digests that were handed over, in order."""
    paths = sorted((world.folder / "state" / "outbox").glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return sorted(found, key=lambda one: one["time"])


def stories(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Stories told in it, by initiative and the last part of their address."""
    return {
        (part["id"], one["url"].rpartition("/")[2]): one
        for part in document["data"]["initiatives"]
        for one in part["stories"]
    }


def text_of(world: World, document: dict[str, Any]) -> tuple[str, str]:
    """The text and the HTML that were handed over with a document."""
    folder = world.folder / "state" / "outbox"
    (path,) = (one for one in folder.glob("*.json") if json.loads(one.read_text())["id"] == document["id"])
    return path.with_suffix(".txt").read_text(), path.with_suffix(".html").read_text()


async def life(world: World, slug: str) -> Life:
    async with open_stores(settings(world.folder)) as stores:
        found = await stores.lookup.find(f"http://127.0.0.1:{world.press.port}/{slug}")
    assert found is not None
    return found


async def old_and_recent(world: World, app: App) -> None:
    """A month with a report on chips and one on lithium at its start, and the same a day before its end."""
    await app.settle()
    for slug, after in (("old", DAY), ("recent", 30 * DAY)):
        world.clock.time = NOON + after
        world.press.add("times", f"{slug}-chip", world.clock.time)
        world.press.add(
            "times",
            f"{slug}-mine",
            world.clock.time,
            title=f"A mine called {slug}",
            text=lithium(slug),
        )
        await world.live(app, world.clock.time + 2 * HOUR, step=HOUR)
    world.clock.time = NOON + 31 * DAY
    await app.settle()


@pytest.fixture
def month(world: World) -> World:
    world.press.add("times", "first", NOON - HOUR)
    write(world, watchlist())
    return world


async def test_a_new_rule_tells_the_last_days_and_files_what_is_older(month: World) -> None:
    """The next digest tells the recent find under its edit; the old one is in the archive with its evidence."""
    async with month.running() as app:
        await old_and_recent(month, app)
        before = len(mails(month))
        await edit(month, app, watchlist(INITIATIVES + MINERALS))
        edited = month.clock.time
        await month.live(app, edited + 3 * HOUR, step=20 * MINUTE)

    (found,) = mails(month)[before:]
    told = stories(found)
    assert list(told) == [("minerals", "recent-mine")]
    assert told["minerals", "recent-mine"]["found_by_edit"] == edited.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told["minerals", "recent-mine"]["found_by_rematch"] is None
    text, html = text_of(month, found)
    assert "Found by your edit of 25 Dec" in text
    assert re.search(r"<h4[^>]*>Found by your edit of 25 Dec</h4>", html)
    assert all("old-mine" not in one for one in (text, html))

    old = await life(month, "old-mine")
    (filed,) = old.matches
    assert (filed.initiative_id, filed.filed, filed.told_at) == ("minerals", True, None)
    assert filed.evidence
    assert filed.watchlist_since == edited
    assert old.deliveries == ()


async def test_an_edit_that_means_the_same_finds_nothing(month: World) -> None:
    """Names, examples, comments and order are for people: no run, no mail, another version of the file."""
    async with month.running() as app:
        await old_and_recent(month, app)
        (before,) = await month_in_force(app)
        told = len(mails(month))
        same = '  # for the ministry\n  - {any: [semiconductor], name: Chips and fabs, id: chips, examples: {match: ["A semiconductor"]}}\n'
        await edit(month, app, watchlist(same))
        assert await app.stores.edits.pending() == ()
        await month.live(app, month.clock.time + 2 * HOUR, step=HOUR)
        (after,) = await month_in_force(app)

    assert len(mails(month)) == told
    assert after.version != before.version
    assert after.text == (month.folder / "config/watchlists/chips.yaml").read_text()
    assert (before.watchlist_id, before.since) == ("chips", NOON)


async def month_in_force(app: App) -> tuple[Any, ...]:
    return await app.stores.edits.in_force()


async def test_a_narrowed_rule_withdraws_nothing_and_tells_nothing_more(month: World) -> None:
    """What was told stays as it was; what still waited for its digest is not told."""
    async with month.running() as app:
        await old_and_recent(month, app)
        month.press.add("times", "waiting", month.clock.time, title="Semiconductor fab waits")
        month.clock.time += 20 * MINUTE
        await app.collect()
        before = mails(month)
        await edit(month, app, watchlist("  - {id: chips, name: Chips, any: [photoresist]}\n"))
        await month.live(app, month.clock.time + 3 * HOUR, step=20 * MINUTE)

    assert mails(month) == before
    (told,) = (await life(month, "recent-chip")).matches
    assert told.told_at is not None
    assert told.gone_at is None
    (untold,) = (await life(month, "waiting")).matches
    assert (untold.told_at, untold.gone_at is not None) == (None, True)


async def test_what_was_told_is_not_told_again_by_a_rule_that_comes_back(month: World) -> None:
    """Narrowed and widened again, or taken out and put back: the readers hear nothing twice."""
    async with month.running() as app:
        await old_and_recent(month, app)
        before = mails(month)
        for initiatives in (
            "  - {id: chips, name: Chips, any: [photoresist]}\n",
            INITIATIVES,
            MINERALS,
            INITIATIVES,
        ):
            await edit(month, app, watchlist(initiatives))
            await app.settle()
        await month.live(app, month.clock.time + 2 * HOUR, step=HOUR)

    told = [place for one in mails(month)[len(before) :] for place in stories(one)]
    assert [place for place in told if place[0] == "chips"] == []


async def test_a_story_told_under_one_initiative_is_not_told_in_full_under_another(month: World) -> None:
    """A new initiative that finds a told report lists it as told before."""
    async with month.running() as app:
        await old_and_recent(month, app)
        before = len(mails(month))
        await edit(month, app, watchlist(INITIATIVES + "  - {id: plants, name: Plants, any: [plant]}\n"))
        await month.live(app, month.clock.time + 2 * HOUR, step=HOUR)

    (found,) = mails(month)[before:]
    story = stories(found)["plants", "recent-chip"]
    assert story["first_told"] is not None
    text, _ = text_of(month, found)
    assert "No new stories" in text


async def test_news_that_comes_after_the_edit_is_news(month: World) -> None:
    """It is matched by the new rules as it comes, before the run over the archive reaches it, and bears no note."""
    async with month.running() as app:
        await old_and_recent(month, app)
        before = len(mails(month))
        await edit(month, app, watchlist(INITIATIVES + MINERALS))
        month.clock.time += 15 * MINUTE
        month.press.add("times", "fresh", month.clock.time, title="Lithium for all", text=lithium("fresh"))
        await month.live(app, month.clock.time + 2 * HOUR, step=20 * MINUTE)

    told = {place: one for document in mails(month)[before:] for place, one in stories(document).items()}
    assert {place[1]: one["found_by_edit"] is None for place, one in told.items()} == {
        "fresh": True,
        "recent-mine": False,
    }
    (match,) = (await life(month, "fresh")).matches
    assert (match.found, match.filed) == (None, False)


async def test_a_run_goes_on_where_it_was_when_the_process_died(
    month: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digests that pass meanwhile tell what was found so far; each article is told once, none is left out."""
    monkeypatch.setattr("tidings.rematching.BATCH", 2)
    monkeypatch.setattr("tidings.rematching.SLICE", 0.0)  # one batch at a time
    async with month.running() as app:
        await app.settle()
        for number in range(9):
            month.clock.time = NOON + DAY + number * HOUR
            slug = f"mine-{number}"
            month.press.add(
                "times", slug, month.clock.time, title=f"A mine called {slug}", text=lithium(slug)
            )
            await app.settle()
        await edit(month, app, watchlist(INITIATIVES + MINERALS))
    for _ in range(8):  # each time one batch, then it is gone
        async with month.running() as app:
            await app.runner.submit(Rematch())
            await app.runner.drain()
            month.clock.time += 25 * MINUTE
            await app.services.notifier.compose_due()
    async with month.running() as app:
        assert await app.stores.edits.pending() == ()
        await month.live(app, month.clock.time + 2 * HOUR, step=HOUR)

    told = [place for one in mails(month) for place in stories(one) if place[0] == "minerals"]
    assert sorted(told) == [("minerals", f"mine-{number}") for number in range(9)]


@pytest.mark.parametrize("seed", range(TRIES))
async def test_a_process_that_dies_over_an_edit_loses_and_repeats_nothing(
    month: World, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """kill -9 at any commit from the noticing of the edit to the mail; the next start does the rest."""
    async with month.running() as app:
        await old_and_recent(month, app)
    before = {one["id"] for one in mails(month)}
    write(month, watchlist(INITIATIVES + MINERALS))
    hours = [month.clock.time + number * HOUR for number in range(1, 4)]
    rehearsal = shutil.copytree(month.folder, tmp_path_factory.mktemp("rehearsal") / "all")
    assert await child(rehearsal, hours[:2], None, rehearsal / "writes") == 0
    chance = random.Random(seed)
    doom = Doom(
        write=chance.randint(1, int((rehearsal / "writes").read_text())), moment=chance.choice(list(Moment))
    )

    assert await child(month.folder, hours[:2], doom) == -9
    assert await child(month.folder, hours) == 0

    told = [place for one in mails(month) if one["id"] not in before for place in stories(one)]
    assert told == [("minerals", "recent-mine")], doom
    (filed,) = (await life(month, "old-mine")).matches
    assert (filed.filed, filed.gone_at) == (True, None)


async def test_an_edit_while_nothing_runs_is_noticed_at_the_start(month: World) -> None:
    """Also by `once`: the same process that notices it runs it over the whole archive before it tells."""
    async with month.running() as app:
        await old_and_recent(month, app)
    before = len(mails(month))
    write(month, watchlist(INITIATIVES + MINERALS))
    month.clock.time += 2 * HOUR
    async with month.running() as app:
        await app.settle()
        assert await app.stores.edits.pending() == ()

    (found,) = mails(month)[before:]
    assert [place for place, one in stories(found).items() if one["found_by_edit"]] == [
        ("minerals", "recent-mine")
    ]


async def test_a_changed_commitment_files_what_the_archive_holds(month: World) -> None:
    """A commitment that is added finds its old reports: they are its evidence in the next digest, not news."""
    rule = "context: [mine]\n"
    duty = (
        "  - {id: chips, name: Chips, any: [semiconductor], commitments: "
        "[{id: dig, text: A mine, due: 2026-11-30, any: [lithium]}]}\n"
    )
    async with month.running() as app:
        await old_and_recent(month, app)
        before = len(mails(month))
        await edit(month, app, watchlist(duty, more=rule))
        await month.live(app, month.clock.time + 2 * HOUR, step=HOUR)

    (found,) = mails(month)[before:]
    (part,) = found["data"]["initiatives"]
    (commitment,) = part["commitments"]
    assert {one["url"].rpartition("/")[2] for one in commitment["evidence"]} == {"recent-mine", "old-mine"}
    assert [one["url"].rpartition("/")[2] for one in part["stories"]] == ["recent-mine"]


WORDS = ("gallium", "niobium", "tantalum", "vanadium")


def rules_of(rules: dict[str, tuple[str, ...]]) -> str:
    return "".join(
        f"  - {{id: {name}, name: {name}, any: {json.dumps(words)}}}\n" for name, words in rules.items()
    )


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_whatever_is_edited_each_initiative_tells_an_article_once_and_leaves_no_recent_one_out(
    world: World, seed: int
) -> None:
    """Weeks of news, edits and restarts at random.

    What is told meets the rules of that moment, once. In the end each initiative has told what meets its rules and
    was first seen later than three days before they were written.
    """
    chance = random.Random(seed)

    def chosen() -> tuple[str, ...]:
        return tuple(chance.sample(WORDS, chance.randint(1, 3)))

    rules = {"one": chosen(), "two": chosen()}
    written = dict.fromkeys(rules, NOON - 30 * DAY)
    seen: dict[str, tuple[datetime, tuple[str, ...]]] = {}
    told: dict[tuple[str, str], datetime] = {}
    world.press.feeds["times"].clear()
    write(world, watchlist(rules_of(rules)))

    def meets(initiative: str, slug: str) -> bool:
        return not set(rules.get(initiative, ())).isdisjoint(seen[slug][1])

    def listen(read: set[str]) -> None:
        for document in mails(world):
            if document["id"] not in read:
                read.add(document["id"])
                for pair in stories(document):
                    assert pair not in told, f"{pair} told twice"
                    assert meets(*pair), f"{pair} told against the rules"
                    told[pair] = world.clock.time

    read: set[str] = set()
    for step in range(10):
        async with world.running() as app:
            for _ in range(chance.randint(1, 4)):
                world.clock.time += chance.randint(1, 30) * HOUR
                if chance.random() < 0.7:
                    slug, words = f"s{step}n{len(seen)}", chosen()
                    seen[slug] = world.clock.time, words
                    text = f"{slug} and {' and '.join(words)}. " + f"The {slug} of the {slug}, at last. " * 60
                    world.press.add("times", slug, world.clock.time, title=f"On {slug}", text=text)
                if chance.random() < 0.5:
                    await app.settle()
                else:  # matched, and told by a later one
                    await app.collect()
                listen(read)
            if chance.random() < 0.5:
                name = chance.choice(["one", "two", "three"])
                words = chosen()
                if name in rules and chance.random() < 0.3:
                    del rules[name]
                elif set(rules.get(name, ())) != set(words):
                    rules[name], written[name] = words, world.clock.time
                write(world, watchlist(rules_of(rules)))
                if chance.random() < 0.5:  # else it is noticed at the next start
                    await app.apply(settings(world.folder))
    async with world.running() as app:
        await world.live(app, world.clock.time + 3 * HOUR, step=HOUR)
    listen(read)

    wanted = {
        (name, slug)
        for name in rules
        for slug, (at, _) in seen.items()
        if meets(name, slug) and at > written[name] - 3 * DAY
    }
    assert wanted - told.keys() == set()
    assert told


# -- tidings rematch -------------------------------------------------------------------------------


async def rematch(world: World, *words: str) -> Done:
    """The command, in this process; in a thread, because it runs a loop of its own."""
    where = {"TIDINGS_CONFIG": str(world.folder / "config"), "TIDINGS_STATE": str(world.folder / "state")}
    done = await asyncio.to_thread(CliRunner().invoke, command, ["rematch", *words], env=where)
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
async def archive(world: World) -> World:
    """An archive of this week, as the command's own clock sees it, of which a widened rule was filed away."""
    world.clock.time = datetime.now(UTC).replace(microsecond=0) - timedelta(days=6)
    world.press.add("times", "first", world.clock.time - HOUR)
    write(world, watchlist())
    async with world.running() as app:
        await app.settle()
        world.clock.time += HOUR
        for slug in ("mine-a", "mine-b"):
            world.press.add(
                "times", slug, world.clock.time, title=f"A mine called {slug}", text=lithium(slug)
            )
        await world.live(app, world.clock.time + 2 * HOUR, step=HOUR)
        world.clock.time = datetime.now(UTC).replace(microsecond=0) - 3 * HOUR
        await app.settle()
    return world


async def test_rematch_files_and_with_tell_tells_once(archive: World) -> None:
    """By hand: filed first, told when that is wanted, and a second time there is nothing more to tell."""
    write(archive, watchlist(INITIATIVES + MINERALS))
    before = len(mails(archive))

    first = await rematch(archive, "minerals", "--since", "30d", "--json")
    assert first.code == 0, first.err
    (said,) = first.rows()
    assert (said["told"], said["filed"], said["initiatives"]) == (0, 0, ["minerals"])
    (applied,) = said["edits"]  # it was edited, and this is the first process to notice
    assert (applied["told"], applied["filed"], applied["articles"]) == (0, 2, 3)

    (told,) = (await rematch(archive, "minerals", "--since", "30d", "--tell", "--json")).rows()
    (again,) = (await rematch(archive, "--since", "30d", "--tell", "--json")).rows()
    assert (told["told"], told["filed"]) == (2, 0)
    assert (again["told"], again["filed"], again["gone"]) == (0, 0, 0)

    async with archive.running() as app:
        archive.clock.time = datetime.now(UTC) + HOUR
        await archive.live(app, archive.clock.time + 2 * HOUR, step=HOUR)
    (found,) = mails(archive)[before:]
    assert {place[1] for place in stories(found)} == {"mine-a", "mine-b"}
    assert all(one["found_by_rematch"] and not one["found_by_edit"] for one in stories(found).values())
    text, _ = text_of(archive, found)
    assert "Found by rematch of" in text

    (last,) = (await rematch(archive, "--since", "30d", "--tell", "--json")).rows()
    assert (last["told"], last["filed"], last["gone"]) == (0, 0, 0)


async def test_rematch_leaves_younger_finds_to_their_own_time(archive: World) -> None:
    """`--since` bounds what is looked at; older articles stay as they are."""
    write(archive, watchlist(INITIATIVES + MINERALS))
    await rematch(archive)

    (said,) = (await rematch(archive, "--since", "2d", "--tell", "--json")).rows()

    assert (said["articles"], said["told"]) == (0, 0)


async def test_rematch_of_an_unknown_initiative_says_which_there_are(archive: World) -> None:
    """Wrong usage, with the nearest name."""
    done = await rematch(archive, "chip")

    assert done.code == 2
    assert "did you mean 'chips'?" in done.err
    assert (await rematch(archive, "--since", "soon")).code == 2


async def test_rematch_in_words(archive: World) -> None:
    """One line for each thing that a person may want to know."""
    done = await rematch(archive, "chips", "--since", "30d")

    assert done.out.splitlines() == [
        "looked at 3 articles of the last 30d by the rules of 1 initiative",
        "0 new, filed and not told",
    ]


async def test_rematch_says_when_no_digest_tells_what_it_finds(archive: World) -> None:
    """A paused initiative goes on matching; `--tell` has nobody to tell it to."""
    write(archive, watchlist(INITIATIVES + MINERALS.replace("name:", "paused: true, name:")))

    done = await rematch(archive, "--since", "30d", "--tell")

    assert done.code == 0
    assert "no digest tells of minerals" in done.err


async def test_rematch_waits_for_what_a_running_daemon_has_not_taken(archive: World) -> None:
    """The files count once they are in force: a refused edit is not smuggled in."""
    write(archive, watchlist(INITIATIVES + MINERALS))
    with DaemonLock(lock_file("sqlite", archive.folder / "state")):
        done = await rematch(archive)

    assert done.code == 1
    assert "chips: the edited file is not in force" in done.err
    with DaemonLock(lock_file("sqlite", archive.folder / "state")):
        write(archive, watchlist())
        assert (await rematch(archive)).code == 0
