"""Digests as files: whole or absent, named by safe keys, links never followed; and the optional chat services."""

from __future__ import annotations

import builtins
import json
import os
from base64 import b64encode
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.apprise import BODY, Apprise, shortened
from alerts.channels.file import Folder, file_name
from alerts.channels.opening import open_channel
from alerts.digest import compose
from alerts.errors import TryLater
from alerts.messages import Delivery, MessageKind, Picture
from alerts.notice import test_message as marked_test
from alerts.plans import AppriseChannel, FileChannel
from alerts.render import Renderer
from crawler.secret import Secret
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

SAMPLE = Renderer().render(
    compose(plan(), (slot(),), SINCE, [found("भारत opens TRUST call")], INITIATIVES, {}, COVERAGE, NOW), NOW
)
DELIVERY = Delivery(id="0" * 32, message_key=SAMPLE.key, channel_id="outbox", recipient="", created_at=NOW)


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


async def test_four_files_hold_the_message(tmp_path: Path) -> None:
    """The folder is made; nothing but the four files is left in it."""
    folder = tmp_path / "var" / "outbox"

    answer = await Folder(FileChannel(id="outbox", dir=str(folder))).send(SAMPLE, DELIVERY)

    name = "morning_2026-11-25T07-30"
    assert answer == f"written to {name}.{{eml,html,txt,json}}"
    assert sorted(os.listdir(folder)) == sorted(f"{name}.{end}" for end in ("eml", "html", "txt", "json"))
    assert (folder / f"{name}.html").read_text() == SAMPLE.html
    assert (folder / f"{name}.txt").read_text() == SAMPLE.text
    assert json.loads((folder / f"{name}.json").read_text())["id"] == SAMPLE.key
    mail = message_from_bytes((folder / f"{name}.eml").read_bytes(), policy=default)
    assert mail["Subject"] == SAMPLE.subject
    assert not mail.defects


async def test_the_page_stands_alone_with_its_pictures(tmp_path: Path) -> None:
    """A browser shows it without the mail that the picture would travel in."""
    picture = Picture(name="plot", png=b"\x89PNG\r\n\x1a\n")
    page = SAMPLE.html.replace("</body>", '<img alt="plot" src="cid:plot"></body>')
    one = replace(SAMPLE, html=page, pictures=(picture,))

    await Folder(FileChannel(id="outbox", dir=str(tmp_path))).send(one, DELIVERY)

    html = (tmp_path / "morning_2026-11-25T07-30.html").read_text()
    assert f'src="data:image/png;base64,{b64encode(picture.png).decode()}"' in html
    assert 'src="cid:' not in html
    mail = message_from_bytes((tmp_path / "morning_2026-11-25T07-30.eml").read_bytes(), policy=default)
    assert "image/png" in [part.get_content_type() for part in mail.walk()]


async def test_a_repeat_replaces_the_files_by_equal_ones(tmp_path: Path) -> None:
    channel = Folder(FileChannel(id="outbox", dir=str(tmp_path)))
    await channel.send(SAMPLE, DELIVERY)
    before = contents(tmp_path)

    await channel.send(SAMPLE, DELIVERY)

    assert contents(tmp_path) == before


async def test_a_link_in_the_way_is_replaced_not_followed(tmp_path: Path) -> None:
    """Neither at the final name nor at the name written first."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "outbox"
    folder.mkdir()
    (folder / "morning_2026-11-25T07-30.txt").symlink_to(victim)
    (folder / ".morning_2026-11-25T07-30.html.part").symlink_to(victim)

    await Folder(FileChannel(id="outbox", dir=str(folder))).send(SAMPLE, DELIVERY)

    assert victim.read_text() == "precious"
    assert not (folder / "morning_2026-11-25T07-30.txt").is_symlink()


async def test_a_folder_that_cannot_be_written_is_tried_later(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(TryLater, match="taken"):
        await Folder(FileChannel(id="outbox", dir=str(tmp_path / "taken"))).send(SAMPLE, DELIVERY)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("morning/2026-11-25T07:30", "morning_2026-11-25T07-30"),
        ("../../etc/cron.d/x", "=.._.._etc_cron.d_x"),
        ("/etc/passwd", "_etc_passwd"),
        (".hidden", "=.hidden"),
        ("", "="),
        ("a\x00b\nc", "a=0=b=A=c"),
        ("a b\u202ec", "a=20=b=202E=c"),
    ],
)
def test_file_names_come_from_safe_letters_only(key: str, name: str) -> None:
    assert file_name(key) == name
    assert "/" not in name


def test_long_keys_stay_apart() -> None:
    one, other = (file_name("k" * 500 + end) for end in "ab")

    assert one != other
    assert len(one) <= 120


# -- chat ------------------------------------------------------------------------------------------


CHAT = AppriseChannel(id="chat", url=Secret("slack://canary-a/canary-b/canary-c"))


async def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> object:
        if name == "apprise":
            raise ImportError(name)
        return genuine(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)

    with pytest.raises(TryLater, match=r"install tidings\[apprise\]"):
        await Apprise(CHAT).send(SAMPLE, DELIVERY)


def test_a_long_text_is_cut_at_a_line_and_says_how_much_is_left() -> None:
    text = "".join(f"line {n}\n" for n in range(1000))

    cut = shortened(text)

    assert len(cut) <= BODY
    kept = cut.count("\n")
    assert cut.endswith(f"… and {1000 - kept} more lines in the full digest")


async def _unused(url: str, body: bytes, headers: dict[str, str]) -> Any:
    raise AssertionError


def test_each_kind_of_plan_opens_its_channel(tmp_path: Path) -> None:
    assert isinstance(open_channel(CHAT, post=_unused), Apprise)
    assert isinstance(open_channel(FileChannel(id="o", dir=str(tmp_path)), post=_unused), Folder)


def test_a_test_message_is_marked_in_every_form() -> None:
    message = marked_test(NOW)

    assert message.kind is MessageKind.TEST
    assert "no news is in it" in " ".join(message.text.split())
    assert "no news is in it" in message.html
    assert json.loads(message.data)["data"]["test"] is True
