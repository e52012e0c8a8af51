"""`tidings deliveries` and `tidings channels list|resume` over a real database: found, shown as sent, tried again, given up."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.messages import Delivery, Message, MessageKind, Picture
from alerts.obstacles import Parking
from alerts.plans import WebhookChannel
from alerts.targets import target_of
from crawler.secret import Secret
from tidings.cli import app
from tidings.storage.engine import Database
from tidings.storage.stores import Stores

NOW = datetime.now(UTC).replace(microsecond=0)  # ages are reckoned from the clock of the machine
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CANARY = "canary-7c41"
INSTALLATION = f"""
channels:
  desk:
    type: email
    from: tidings@example.org
    to: ["Desk <desk@example.org>", left@example.org]
    smtp: {{host: localhost, port: 2525, tls: "off"}}
  hook: {{type: webhook, url: "https://hooks.example.org/{CANARY}"}}
"""


class House:
    """An installation with a few deliveries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tidings.yaml").write_text(INSTALLATION)

    def do(self, work: Callable[[Stores], Awaitable[None]]) -> None:
        database = Database.open("sqlite", state_dir=self.folder)
        try:
            asyncio.run(work(Stores(database)))  # type: ignore[arg-type]  # all of it is async def
        finally:
            database.close()

    def command(self, *words: str) -> Result:
        where = ["--config", str(self.folder), "--state", str(self.folder)]
        return CliRunner().invoke(app, [*words, *where], catch_exceptions=False)

    def ids(self, *words: str) -> list[str]:
        lines = self.command("deliveries", "list", "--json", *words).stdout.splitlines()
        return sorted(json.loads(line)["id"] for line in lines)

    def state(self, delivery_id: str) -> str:
        shown = self.command("deliveries", "show", delivery_id, "--json").stdout
        return str(json.loads(shown)["delivery"]["state"])


def message(key: str) -> Message:
    return Message(
        key=key,
        subject="Chips: 1 story",
        text="One story.\n",
        html='<!doctype html><html><body><p>One story.</p><img src="cid:plot" alt="plot"></body></html>',
        data='{"id": "1"}',
        created_at=NOW,
        kind=MessageKind.NOTICE,
        pictures=(Picture(name="plot", png=b"\x89PNG\r\n\x1a\n"),),
    )


def delivery(
    name: str, key: str, channel: str = "desk", to: str = "left@example.org", **facts: object
) -> Delivery:
    plain: dict[str, object] = {"created_at": NOW, "next_attempt_at": NOW}
    return Delivery(id=name, message_key=key, channel_id=channel, recipient=to, **{**plain, **facts})  # type: ignore[arg-type]  # as the record has them


@pytest.fixture
def house(filled: Path, tmp_path: Path) -> House:
    """A copy of that installation."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return House(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two parked mails, a parked hook, one that waits, one that was sent, and one of a channel that is no more."""
    kept = House(tmp_path_factory.mktemp("filled"))

    async def fill(stores: Stores) -> None:
        new = {
            "morning/1": [delivery("aa11", "morning/1"), delivery("aa12", "morning/1", to="Desk <desk@example.org>")],
            "morning/2": [delivery("bb21", "morning/2"), delivery("bb22", "morning/2", "hook", "")],
            "evening/1": [
                delivery("cc31", "evening/1", created_at=NOW - 3 * DAY, next_attempt_at=NOW + DAY),
                delivery("cc32", "evening/1", "old"),
            ],
        }  # fmt: skip
        for key, deliveries in new.items():
            await stores.deliveries.add(message(key), deliveries)
        await stores.deliveries.claim_due(NOW, 100, HOUR)
        for name in ("aa11", "bb21", "bb22"):
            await stores.deliveries.park(name, now=NOW, error="no such mailbox", why=Parking.NO_RECIPIENT)
        await stores.deliveries.sent("aa12", now=NOW, answer="250 OK")

    kept.do(fill)
    return kept.folder


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["aa11", "aa12", "bb21", "bb22", "cc31", "cc32"]),
        (("--only", "parked"), ["aa11", "bb21", "bb22"]),
        (("--only", "sent"), ["aa12"]),
        (("--channel", "hook"), ["bb22"]),
        (("--message", "morning/"), ["aa11", "aa12", "bb21", "bb22"]),
        (("--message", "evening", "--since", "2d"), ["cc32"]),
        (("--only", "parked", "--channel", "desk", "--message", "morning/2"), ["bb21"]),
    ],
)
def test_deliveries_are_found_by_what_is_asked(
    house: House, words: tuple[str, ...], expected: list[str]
) -> None:
    assert house.ids(*words) == expected


def test_an_age_that_is_none_is_said_to_be(house: House) -> None:
    done = house.command("deliveries", "list", "--since", "soon")

    assert (done.exit_code, "--since: " in done.stderr) == (2, True)


def test_the_beginning_of_an_id_will_do(house: House) -> None:
    done = house.command("deliveries", "show", "cc31")

    assert "message key      evening/1" in done.stdout
    assert "One story." in done.stdout


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("aa", 2, "several deliveries begin with aa: aa11, aa12; write more of the id"),
        ("zz", 1, "no delivery 'zz'; `tidings deliveries list` names them"),
        ("", 1, "no delivery ''; `tidings deliveries list` names them"),
    ],
)
def test_an_id_that_is_not_clear_is_said_to_be(house: House, given: str, code: int, said: str) -> None:
    for verb in ("show", "retry", "cancel"):
        done = house.command("deliveries", verb, given)

        assert (done.exit_code, done.stderr.strip()) == (code, said)


def test_the_mail_is_shown_byte_for_byte(house: House) -> None:
    """With its pictures, as the channel hands it over."""
    done = house.command("deliveries", "show", "aa12", "--mail")

    mail = message_from_bytes(done.stdout_bytes, policy=default)
    assert b"\n" not in done.stdout_bytes.replace(b"\r\n", b"")
    assert (mail["To"], mail["Message-ID"]) == ("Desk <desk@example.org>", "<aa12@example.org>")
    assert "image/png" in [part.get_content_type() for part in mail.walk()]
    assert not mail.defects


def test_a_hook_is_shown_without_its_address(house: House) -> None:
    done = house.command("deliveries", "show", "bb22", "--mail")

    assert done.stdout.startswith("POST to hooks.example.org\n")
    assert done.stdout.endswith('\n\n{"id": "1"}')
    assert CANARY not in done.stdout


def test_as_json_there_are_the_names_of_pictures_and_what_was_handed_over(house: House) -> None:
    found = json.loads(house.command("deliveries", "show", "aa12", "--mail", "--json").stdout)

    assert found["message"]["pictures"] == ["plot"]
    assert "Message-ID: <aa12@example.org>" in found["as_sent"]


def test_how_a_channel_that_is_no_more_wrote_is_not_known(house: House) -> None:
    done = house.command("deliveries", "show", "cc32", "--mail")

    assert (done.exit_code, "is not in tidings.yaml any more" in done.stderr) == (1, True)
    assert house.command("deliveries", "show", "cc32").exit_code == 0


def test_several_are_tried_again_and_one_that_cannot_be_is_said(house: House) -> None:
    done = house.command("deliveries", "retry", "aa11", "bb2", "bb22")
    assert done.exit_code == 2  # bb2 may be two

    done = house.command("deliveries", "retry", "aa11", "bb22", "aa12", "aa1" + "1")
    assert done.exit_code == 3
    assert done.stdout.splitlines() == ["aa11 is due now", "bb22 is due now"]
    assert done.stderr.startswith("aa12 is no waiting or parked delivery")
    assert [house.state(one) for one in ("aa11", "bb22", "aa12")] == ["pending", "pending", "sent"]


@pytest.mark.parametrize(
    ("words", "acted"),
    [
        (("--parked",), {"aa11", "bb21", "bb22"}),
        (("--channel", "desk"), {"aa11", "bb21"}),
        (("--parked", "--channel", "hook"), {"bb22"}),
    ],
)
@pytest.mark.parametrize(("verb", "state"), [("retry", "pending"), ("cancel", "cancelled")])
def test_all_that_is_parked_is_meant_at_once(
    house: House, words: tuple[str, ...], acted: set[str], verb: str, state: str
) -> None:
    """What waits or is sent is left alone."""
    done = house.command("deliveries", verb, *words, "--json")

    assert {json.loads(line)["delivery"] for line in done.stdout.splitlines()} == acted
    assert {house.state(one) for one in acted} == {state}
    assert (house.state("cc31"), house.state("aa12")) == ("pending", "sent")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name deliveries by their ids, or all that are parked by --parked or --channel ID"),
        (
            ("aa11", "--parked"),
            2,
            "name deliveries by their ids, or all that are parked by --parked or --channel ID",
        ),
        (("--channel", "desc"), 2, "no such channel: desc; tidings.yaml has desk, hook"),
    ],
)
def test_what_is_meant_must_be_clear(house: House, words: tuple[str, ...], code: int, said: str) -> None:
    for verb in ("retry", "cancel"):
        done = house.command("deliveries", verb, *words)

        assert (done.exit_code, done.stderr.strip()) == (code, said)


def test_nothing_to_do_is_no_failure(house: House) -> None:
    house.command("deliveries", "cancel", "--parked")

    done = house.command("deliveries", "retry", "--parked")

    assert (done.exit_code, done.stdout.strip()) == (0, "nothing is parked")


def obstructed(house: House) -> None:
    """A hook that is gone, a mail server that wants patience, a suspended recipient."""

    async def fill(stores: Stores) -> None:
        for n in range(3):
            await stores.deliveries.add(message(f"m/{n}"), [delivery(f"dd{n}", f"m/{n}")])
            await stores.deliveries.park(f"dd{n}", now=NOW, error="550 no", why=Parking.NO_RECIPIENT)
        hook = WebhookChannel(id="hook", url=Secret(f"https://hooks.example.org/{CANARY}"))
        await stores.deliveries.ban("hook", target_of(hook), NOW, "410")
        await stores.deliveries.hold("desk", NOW, NOW + DAY, "429")

    house.do(fill)


def test_the_list_of_channels_says_what_stands_in_the_way(house: House) -> None:
    obstructed(house)

    rows = {
        row["id"]: row
        for row in map(json.loads, house.command("channels", "list", "--json").stdout.splitlines())
    }
    shown = house.command("channels", "list").stdout

    assert rows["hook"]["gone"]["reason"] == "410"
    assert rows["desk"]["hold"]["reason"] == "429"
    assert [one["recipient"] for one in rows["desk"]["suspended"]] == ["left@example.org"]
    assert "gone since " in shown
    assert "on hold until " in shown
    assert "suspended: left@example.org" in shown


def test_resume_lifts_a_suspension_by_the_address_alone(house: House) -> None:
    """Whatever the letter case; and says what is parked still."""
    obstructed(house)

    done = house.command("channels", "resume", "desk", "LEFT@example.org")

    assert done.stdout.splitlines() == [
        "LEFT@example.org of desk is sent to again",
        "5 parked: `tidings deliveries retry --channel desk` sends them, too",
    ]
    assert "suspended" not in house.command("channels", "list").stdout
    again = house.command("channels", "resume", "desk", "LEFT@example.org").stdout
    assert again.startswith("nothing stood in the way of LEFT@example.org of desk")


def test_resume_lifts_all_of_a_channel(house: House) -> None:
    obstructed(house)

    assert json.loads(house.command("channels", "resume", "desk", "--json").stdout)["lifted"] == 2
    assert house.command("channels", "resume", "hook").stdout.startswith("hook is sent to again")
    assert "since" not in house.command("channels", "list").stdout


def test_resume_of_an_unknown_channel_says_which_there_are(house: House) -> None:
    done = house.command("channels", "resume", "desc")

    assert (done.exit_code, done.stderr.strip()) == (2, "no such channel: desc; tidings.yaml has desk, hook")


def test_before_the_first_start_nothing_stands_in_the_way(tmp_path: Path) -> None:
    """And looking makes no database."""
    house = House(tmp_path)

    assert " ok" in house.command("channels", "list").stdout
    assert [one.name for one in tmp_path.iterdir()] == ["tidings.yaml"]


def test_a_digest_that_is_sent_again_leaves_out_who_has_unsubscribed(house: House) -> None:
    """Though they got it the first time."""
    digest = replace(message("noon/1"), kind=MessageKind.DIGEST, digest_id="noon", threads=("digest-noon",))
    counted: list[int] = []

    async def work(stores: Stores) -> None:
        new = [delivery("ee1", "noon/1"), delivery("ee2", "noon/1", to="Desk <desk@example.org>")]
        await stores.deliveries.add(digest, new)
        for one in new:
            await stores.deliveries.sent(one.id, now=NOW, answer="250 OK")
        await stores.unsubscribed.add("desk", "left@example.org", ("digest-noon",), now=NOW)
        counted.append(await stores.deliveries.again("noon/1", NOW))

    house.do(work)

    assert counted == [1]
    assert (house.state("ee1"), house.state("ee2")) == ("sent", "pending")
