"""What the product promises: nothing missed, nothing repeated, no noise, no silent failure.

Real parts over loopback, on a clock that the tests move. What dies in the middle stands in `test_killed.py`.
"""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import UTC, datetime

import pytest

from tests.acceptance.conftest import configure
from tests.acceptance.world import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    World,
    configured,
    desk,
    distinct,
    of_digest,
    page,
    plain,
    settings,
    told,
    until,
)
from tidings.daemon import live
from tidings.opening import open_stores
from tidings.state_of_things import take

HOURLY = "every: 1h"


def problems(world: World) -> list[str]:
    return [report.problem for report in world.reports if report.problem is not None]


# -- slots -----------------------------------------------------------------------------------------


async def test_slots_that_pass_while_it_is_down_are_told_once_after_the_start(world: World) -> None:
    """Two missed slots become one digest, whose window covers the whole gap."""
    world.press.add("times", "a", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)
    assert told(world.mailbox.mails).news == {"a": 1}
    async with world.running() as app:  # matched, not yet told, when it stops
        world.press.add("times", "b", world.clock.time)
        await world.live(app, NOON + 90 * MINUTE)

    world.clock.time = NOON + 4 * HOUR + 10 * MINUTE  # down over the slots of 14, 15 and 16 o'clock
    world.press.add("times", "c", world.clock.time - HOUR)
    async with world.running() as app:
        await world.live(app, NOON + 4 * HOUR + 50 * MINUTE)

    first, second = world.mailbox.mails
    assert told([second]).news == {"b": 1, "c": 1}
    assert "missed" in plain(second)
    assert told([first, second]).news == {"a": 1, "b": 1, "c": 1}


async def test_a_daemon_that_was_down_asks_its_sources_before_it_tells(world: World) -> None:
    """The digest that was missed is told after a first round of polls, with what was published meanwhile."""
    world.press.add("times", "a", NOON - HOUR)
    in_force = configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 10 * MINUTE)
    world.clock.time = NOON + 3 * HOUR
    world.press.add("times", "b", NOON + 2 * HOUR)

    async with world.running() as app:
        daemon = asyncio.create_task(live(app, lambda: in_force))
        await until(lambda: bool(world.mailbox.mails))
        signal.raise_signal(signal.SIGTERM)
        await daemon

    (mail,) = world.mailbox.mails
    assert told([mail]).news == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("day", "slots"),
    [
        (datetime(2026, 3, 8, tzinfo=UTC), ["2026-03-08T06:30", "2026-03-08T07:00"]),  # 02:30 is skipped
        (datetime(2026, 11, 1, tzinfo=UTC), ["2026-11-01T05:30", "2026-11-01T07:30"]),  # 01:30 comes twice
    ],
)
async def test_a_change_of_the_clock_tells_each_slot_once(
    world: World, day: datetime, slots: list[str]
) -> None:
    """In New York 02:30 of the short day is told at 03:00, and 01:30 of the long day the first time only."""
    world.clock.time = day
    world.press.add("times", "old", day - HOUR)
    configured(
        world.folder, world.press, world.mailbox, night='at: ["01:30", "02:30"], zone: America/New_York'
    )
    sent: list[str] = []
    async with world.running() as app:
        await app.settle()
        for number in range(1, 25 * 2):
            world.clock.time = day + number * 30 * MINUTE
            world.press.add("times", f"n{number}", world.clock.time)
            had = len(world.mailbox.mails)
            await app.settle()
            sent += [f"{world.clock.time:%Y-%m-%dT%H:%M}"] * (len(world.mailbox.mails) - had)

    assert sent == slots
    assert set(told(world.mailbox.mails).news.values()) == {1}


# -- editions of an article ------------------------------------------------------------------------


async def test_an_edited_entry_is_not_told_again(world: World) -> None:
    """A corrected headline, a comment counter and a later time are no news, and make no mail."""
    world.press.add("times", "a", NOON - HOUR, text="Semiconductor plant a. 3 comments. " * 60)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY, now="immediately: true")
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)
        for number, title in enumerate(("Semiconductor plant a opens late", "Semiconductor plant a: opened")):
            world.press.feeds["times"].clear()
            world.press.add(
                "times", "a", NOON, title=title, text=f"Semiconductor plant a. {number}7 comments. " * 60
            )
            await world.live(app, world.clock.time + 90 * MINUTE)
        await world.live(app, world.clock.time + 25 * HOUR, step=HOUR)

    (mail,) = world.mailbox.mails
    assert of_digest([mail], "now") == [mail]
    assert told([mail]).news == {"a": 1}
    async with open_stores(settings(world.folder)) as stores:
        life = await stores.lookup.find(f"http://127.0.0.1:{world.press.port}/a")
    assert life is not None
    assert life.article.title == "Semiconductor plant a: opened"


async def test_an_edit_that_meets_a_rule_for_the_first_time_is_told(world: World) -> None:
    """News that enters an article with a correction is found and told once."""
    world.press.add("times", "a", NOON - HOUR, title="A plant opens", text="A plant for something. " * 80)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)
        assert world.mailbox.mails == []
        world.press.feeds["times"].clear()
        world.press.add("times", "a", NOON - HOUR, title="A semiconductor plant opens", text="It is. " * 300)
        await world.live(app, NOON + 4 * HOUR)

    assert told(world.mailbox.mails).news == {"a": 1}


async def test_a_text_that_comes_late_is_matched_then_and_told_once(world: World) -> None:
    """The page is down for two hours; the word stands in its text only. Nothing is lost, nothing repeated."""
    world.press.add("times", "a", NOON - HOUR, title="A plant opens its doors in Gujarat", text="A plant.")
    world.press.add("times", "b", NOON - HOUR, title="Semiconductor plant b opens", text="Another plant.")
    world.press.status = {"/a": 503, "/b": 503}
    words = "Thousands of workers came to the opening of the plant in the state on a rainy morning. " * 12
    world.press.pages["/a"] = page("A plant opens its doors in Gujarat", words, "Semiconductor wafers. " * 20)
    world.press.pages["/b"] = page("Semiconductor plant b opens", words[::-1], words.upper())
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 2 * HOUR)
        assert told(world.mailbox.mails).news == {"b": 1}  # its headline was enough, after an hour of waiting
        world.press.status.clear()
        await world.live(app, NOON + 8 * HOUR, step=30 * MINUTE)

    assert told(world.mailbox.mails).news == {"a": 1, "b": 1}


async def test_a_page_behind_a_wall_is_matched_by_title_and_summary(world: World) -> None:
    """A paywalled page and one that answers 403 hold nothing back, and the digest says they were not read."""
    world.press.add("times", "a", NOON - HOUR, text="What the semiconductor plant costs.", title="A plant")
    world.press.add("times", "b", NOON - HOUR, title="Semiconductor plant b opens", text="Short.")
    world.press.pages["/a"] = page("A plant", "Subscribe to read on.", paywalled=True)
    world.press.status["/b"] = 403
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)

    assert told(world.mailbox.mails).news == {"a": 1, "b": 1}
    assert "2 articles were matched without the full page" in " ".join(plain(world.mailbox.mails[0]).split())


# -- stories ---------------------------------------------------------------------------------------


async def test_a_story_told_at_once_is_told_once_and_its_later_outlets_in_the_timed_digest(
    world: World,
) -> None:
    """The second outlet of a story raises no second alarm: it stands in the next timed digest."""
    text = "The semiconductor plant in Dholera starts its first line of wafers this week. " * 30
    world.press.add("times", "a", NOON - HOUR, title="Semiconductor plant opens in Dholera today", text=text)
    world.press.add("post", "other", NOON - 30 * DAY)
    configured(
        world.folder, world.press, world.mailbox, evening='at: "18:00"', now="immediately: true, gather: 5m"
    )
    async with world.running() as app:
        await world.live(app, NOON + 30 * MINUTE)
        assert told(of_digest(world.mailbox.mails, "now")).news == {"a": 1}
        world.press.add(
            "post", "b", NOON + 40 * MINUTE, title="Semiconductor plant opens in Dholera today", text=text
        )
        await world.live(app, NOON + 31 * HOUR, step=HOUR)

    assert len(of_digest(world.mailbox.mails, "now")) == 1
    (evening,) = of_digest(world.mailbox.mails, "evening")
    assert (told([evening]).news, told([evening]).again) == ({}, {"b": 1})
    assert evening.message["In-Reply-To"] == of_digest(world.mailbox.mails, "now")[0].message["Message-ID"]


async def test_a_follow_up_refers_to_the_mail_that_told_the_story_first(world: World) -> None:
    """By its Message-ID for mail programs, by its subject for people, by its key for programs."""
    text = "The semiconductor plant in Dholera starts its first line of wafers this week. " * 30
    title = "Semiconductor plant opens in Dholera today"
    world.press.add("times", "a", NOON - HOUR, title=title, text=text)
    world.press.add("post", "other", NOON - 30 * DAY)
    world.folder.joinpath("state").mkdir(exist_ok=True)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY, hook=world.press.hook)
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)
        world.press.add("post", "b", world.clock.time, title=title, text=text)
        await world.live(app, NOON + 3 * HOUR)

    first, second = of_digest(world.mailbox.mails, "hourly")
    assert (told([first]).news, told([second]).again) == ({"a": 1}, {"b": 1})
    assert second.message["Subject"] == f"Also now in post: {title}"
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    assert first.message["Message-ID"] in second.message["References"].split()
    assert first.message["In-Reply-To"] is None
    assert f"- {title} (first told " in " ".join(plain(second).split())
    hooks = [json.loads(body) for _, body in world.press.hooks]
    (story,) = hooks[1]["data"]["initiatives"][0]["stories"]
    assert story["told_in"]["key"] == hooks[0]["id"]
    assert (story["told_in"]["subject"], story["new_outlets"]) == (title, ["post"])


async def test_an_agency_s_text_in_three_outlets_is_told_as_one_report_of_that_agency(world: World) -> None:
    """Two have put beginnings of their own in front of it; a fourth outlet's own report stands beside it."""
    title = "Semiconductor plant opens in Dholera today"
    wire = (
        "The semiconductor plant in Dholera started its first line of wafers on Monday, eleven months late, and its "
        "owner, Sahyadri Foundries, said it would ship the first power chips to carmakers in August. The plant cost "
        "910 billion rupees, half of it paid by the state of Gujarat and the Indian government. It is to make 50,000 "
        "wafers a month when all four lines run. Its chief executive, Meera Joshi, told guests that 2,300 people work "
        "there now. Analysts had doubted that water from the Narmada canal would reach the site in time."
    )
    world.press.add("times", "times", NOON - HOUR, title=title, text=f"DHOLERA, March 2 (Reuters) - {wire}")
    for name in ("post", "echo"):
        start = f"Readers of the {name.title()} have waited long for this day. "
        text = f"{start * 6}{wire[:420]}\n\n(Reporting by Jane Doe; Editing by John Roe)"
        world.press.add(name, name, NOON - HOUR, title=title, text=text)
    own = (
        "Meera Joshi pressed a green button and the semiconductor plant in Dholera came to life. For Sahyadri Foundries "
        "it is the end of eleven months of delays; for Gujarat, which paid a good part of the 910 billion rupees, a bet "
        "on power chips for carmakers. We walked through hall two, where 2,300 people will watch over wafers day and "
        "night, and saw the pipes that bring water from the Narmada canal. Shipping begins in August."
    )
    world.press.add("star", "star", NOON - HOUR, title=title, text=own)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)

    (mail,) = world.mailbox.mails
    words = " ".join(plain(mail).split())
    assert "4 outlets, 2 independent reports (Reuters in 3 of them)" in words


# -- sources ---------------------------------------------------------------------------------------


async def test_a_source_that_is_down_is_named_and_its_backlog_is_told(world: World) -> None:
    """Every digest names it with the time not covered; back again, what it has is told, and marked late."""
    world.press.add("times", "a", NOON - HOUR)
    world.press.add("post", "b", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, daily='at: "18:00"')
    async with world.running() as app:
        await world.live(app, NOON + HOUR)
        world.press.status["/feed/post"] = 503
        for day in range(1, 5):
            world.press.add("times", f"t{day}", NOON + day * DAY)
            world.press.add("post", f"p{day}", NOON + day * DAY)
            await world.live(app, NOON + day * DAY + 6 * HOUR + 10 * MINUTE, step=2 * HOUR)
        del world.press.status["/feed/post"]
        await world.live(app, NOON + 6 * DAY, step=2 * HOUR)

    mails = [(mail, plain(mail)) for mail in world.mailbox.mails]
    while_down = [text for mail, text in mails if set(told([mail]).news) & {"t1", "t2", "t3", "t4"}]
    assert len(while_down) >= 4
    assert all("Failing: post" in text and "Not covered: post" in text for text in while_down)
    assert told(world.mailbox.mails).news == dict.fromkeys(
        ("a", "b", *(f"{one}{day}" for one in "tp" for day in range(1, 5))), 1
    )
    last = mails[-1][1]
    assert "LATE FIND: published 3 days ago" in last or "LATE FIND: published 4 days ago" in last
    assert "Failing: post" not in last


async def test_a_first_poll_tells_what_is_young(world: World) -> None:
    """Entries older than the backfill are known and not told, of a source added later as of the first."""
    for days in range(1, 30):
        world.press.add("times", f"old{days}", NOON - days * DAY)
    settings_ = configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running(settings_) as app:
        await world.live(app, NOON + 70 * MINUTE)
        assert told(world.mailbox.mails).news == {"old1": 1, "old2": 1, "old3": 1}
        world.mailbox.mails.clear()
        for days in range(1, 200):
            world.press.add("post", f"more{days}", NOON - days * DAY)
        configure(
            world.folder / "config",
            sources=world.press.sources(),
            **desk(world.mailbox.port, hourly=HOURLY),
        )
        await app.apply(settings(world.folder))
        await world.live(app, NOON + 5 * HOUR)

    assert set(told(world.mailbox.mails).news) == {"more1", "more2"}  # more3 is older than three days by now


# -- mail ------------------------------------------------------------------------------------------


async def test_a_moody_mail_server_gets_one_mail(world: World) -> None:
    """451, then a connection that drops, then 250: one mail, under one Message-ID, with the tries counted."""
    world.press.add("times", "a", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    world.mailbox.moods = ["451 4.3.0 try again later", "drop"]
    async with world.running() as app:
        await world.live(app, NOON + 3 * HOUR)

    assert len(world.mailbox.mails) == 1
    async with open_stores(settings(world.folder)) as stores:
        (delivery,) = await stores.deliveries.list()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("sent", 3, None)
    assert len(problems(world)) == 2
    assert "451" in problems(world)[0]


async def test_one_refused_recipient_is_parked_and_the_others_get_their_mail_once(world: World) -> None:
    """550 for one of two: it is tried no more, kept with its reason, and `status` asks for somebody."""
    world.press.add("times", "a", NOON - HOUR)
    configure(
        world.folder / "config",
        sources=world.press.sources(),
        **desk(world.mailbox.port, "desk@policy.example", "left@policy.example", hourly=HOURLY),
    )
    world.mailbox.refuses = {"left@policy.example": "550 5.1.1 no such mailbox"}
    in_force = settings(world.folder)
    async with world.running(in_force) as app:
        await world.live(app, NOON + 5 * HOUR)
        needs = (await take(in_force, app.stores, world.clock.time)).needs

    assert [mail.recipients for mail in world.mailbox.mails] == [("desk@policy.example",)]
    async with open_stores(in_force) as stores:
        states = {
            one.recipient: (one.state, one.attempts, one.last_error) for one in await stores.deliveries.list()
        }
    assert states["desk@policy.example"] == ("sent", 1, None)
    state, attempts, error = states["left@policy.example"]
    assert (state, attempts) == ("parked", 1)
    assert "550 5.1.1 no such mailbox" in str(error)
    assert [need for need in needs if "1 deliveries are parked" in need]


async def test_sixty_recipients_get_their_mail_in_one_run(world: World) -> None:
    """`once` sends what is due, however much it is."""
    world.press.add("times", "a", NOON - HOUR)
    people = [f"reader{number}@policy.example" for number in range(60)]
    configure(
        world.folder / "config",
        sources=world.press.sources(),
        **desk(world.mailbox.port, *people, hourly=HOURLY),
    )
    async with world.running() as app:
        await app.settle()
        world.clock.time = NOON + HOUR
        await app.settle()

    assert sorted(mail.recipients[0] for mail in world.mailbox.mails) == sorted(people)


async def test_a_channel_that_is_gone_costs_the_others_nothing(world: World) -> None:
    """Of three channels one answers 410: the others get every digest, the gone one is asked once and parked."""
    world.press.add("times", "a", NOON - HOUR)
    files = desk(world.mailbox.port, hourly=HOURLY)
    files["tidings"] += "".join(
        f'  {name}: {{type: webhook, url: "http://127.0.0.1:{world.press.port}/hook/{name}", '
        "allow_private: [127.0.0.0/8]}\n"
        for name in ("alive", "dead")
    )
    files["watchlists__chips"] = files["watchlists__chips"].replace("to: [desk]", "to: [dead, desk, alive]")
    configure(world.folder / "config", sources=world.press.sources(), **files)
    world.press.status["/hook/dead"] = 410
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)
        world.press.add("times", "b", world.clock.time)
        await world.live(app, NOON + 3 * HOUR)

    assert told(world.mailbox.mails).news == {"a": 1, "b": 1}
    assert world.press.asked["/hook/alive"] == 2
    assert world.press.asked["/hook/dead"] == 1
    assert [problem for problem in problems(world) if "410" in problem]


# -- reload ----------------------------------------------------------------------------------------


async def test_a_reload_with_a_widened_rule_loses_nothing_and_repeats_nothing(world: World) -> None:
    """What waits to be told is told under the new rules, once; what was told is not told again."""
    world.press.add("times", "a", NOON - HOUR)
    configured(world.folder, world.press, world.mailbox, hourly=HOURLY)
    async with world.running() as app:
        await world.live(app, NOON + 70 * MINUTE)
        world.press.add("times", "b", world.clock.time)
        await world.live(app, NOON + 90 * MINUTE)
        files = desk(world.mailbox.port, hourly=HOURLY)
        files["watchlists__chips"] = files["watchlists__chips"].replace(
            "any: [semiconductor]", "any: [semiconductor, wafer]"
        )
        configure(world.folder / "config", sources=world.press.sources(), **files)
        await app.apply(settings(world.folder))
        world.press.add("times", "c", world.clock.time, title="A wafer line opens", text="wafer. " * 400)
        await world.live(app, NOON + 5 * HOUR)

    assert told(world.mailbox.mails).news == {"a": 1, "b": 1, "c": 1}
    assert problems(world) == []


# -- together --------------------------------------------------------------------------------------


async def test_two_at_work_on_one_database_tell_everything_once(world: World) -> None:
    """Two processes that poll, match, compose and send at the same moments: no article is lost between their
    windows, none is in two of them, and no mail goes out twice."""
    expected = {"begin"}
    world.press.add("times", "begin", NOON)
    world.press.add("post", "begin2", NOON)
    configured(
        world.folder, world.press, world.mailbox, often="every: 20m", now="immediately: true, gather: 0s"
    )
    async with world.running() as one, world.running() as other:
        for number in range(12):
            for feed in ("times", "post"):
                expected.add(f"{feed}{number}")
                world.press.add(feed, f"{feed}{number}", world.clock.time)
            await asyncio.gather(
                *(task for app in (one, other) for task in (app.settle(), app.ticker.tick()))
            )
            await asyncio.gather(one.runner.drain(), other.runner.drain())
            world.clock.time += 10 * MINUTE
        await world.live(one, world.clock.time + HOUR)

    mails = world.mailbox.mails
    assert len(distinct(mails)) == len(mails)
    assert told(mails).news == dict.fromkeys(expected | {"begin2"}, 1)
    assert of_digest(mails, "now")
    assert problems(world) == []
