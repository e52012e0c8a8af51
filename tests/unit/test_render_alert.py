"""An alert becomes a message in all forms: the same words in each, figures for programs, nothing hostile."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from alerts import contract
from alerts.alert_desk import AlertDesk
from alerts.alert_records import AlertType, Entry, Listing
from alerts.bodies.brief import brief, cut
from alerts.messages import MessageKind
from alerts.pages import Pages
from alerts.render_alert import HTML_BYTES, render_alert
from alerts.troubles import TroubleKind
from tests.fakes.alert_samples import NOW, samples
from tests.fakes.alerts import MemoryAlerts
from tests.published import published_faults

PAGES = Pages()
TYPES = sorted(samples())
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "line\r\nBcc: a@b.example",
    "\u202egnp.exe\u2028x\x00",
    "</style><svg onload=alert(1)>",
]


@pytest.mark.parametrize("name", TYPES)
def test_its_json_meets_the_published_schema(name: str) -> None:
    message = render_alert(samples()[name], NOW, key="k", pages=PAGES)
    whole = json.loads(message.data)

    assert (whole["type"], whole["dataschema"]) == ("tidings.alert.v1", contract.ALERT_SCHEMA)
    assert whole["data"]["alert"] == name
    assert published_faults(whole) == []


@pytest.mark.parametrize(
    ("name", "filled"),
    [
        ("surge", {"surge"}),
        ("silence", {"silence"}),
        ("silence-over", {"silence_over"}),
        ("commitment", {"commitments"}),
        ("source-trouble", {"troubles"}),
        ("operator", {"troubles"}),
    ],
)
def test_the_figures_are_those_of_its_type(name: str, filled: set[str]) -> None:
    data = json.loads(render_alert(samples()[name], NOW, key="k", pages=PAGES).data)["data"]

    assert {
        key for key in ("surge", "silence", "silence_over", "commitments", "troubles") if data[key]
    } == filled


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(name: str, words: str) -> None:
    """In every field: no tag, no handler, no header line, no template, in no part."""
    message = render_alert(samples(words, "javascript:alert(1)")[name], NOW, key="k", pages=PAGES)

    assert not re.search(r"<(script|img|svg|iframe)", message.html, re.IGNORECASE)
    assert "javascript:" not in message.html + message.text + message.data
    assert "javascript:" not in repr(brief(message))
    assert not re.search(r"[\r\u202e\u2028\x00]", message.subject + message.text + message.html)
    assert "\n" not in message.subject
    assert "49" not in message.text.replace("{{ 7 * 7 }}", "")
    assert published_faults(json.loads(message.data)) == []


@pytest.mark.parametrize("name", TYPES)
def test_text_and_html_tell_the_same_sentences(name: str) -> None:
    alert = samples()[name]
    message = render_alert(alert, NOW, key="k", pages=PAGES)
    text = " ".join(message.text.split())
    html = " ".join(re.sub(r"<[^>]+>", " ", message.html.replace("&amp;", "&")).split())

    for sentence in (*alert.paragraphs, *alert.closing, *(one.heading for one in alert.lists)):
        assert sentence in text
        assert sentence in html


@pytest.mark.parametrize(
    ("name", "kind", "threads"),
    [
        ("surge", MessageKind.ALERT, ("initiative-trust",)),
        ("commitment", MessageKind.ALERT, ("initiative-trust",)),
        ("source-trouble", MessageKind.NOTICE, ("sources",)),
        ("operator", MessageKind.NOTICE, ("operator",)),
    ],
)
def test_its_mails_have_a_thread(name: str, kind: MessageKind, threads: tuple[str, ...]) -> None:
    message = render_alert(samples()[name], NOW, key="k", pages=PAGES)

    assert (message.kind, message.threads) == (kind, threads)


def test_a_long_list_is_cut_to_what_mail_programs_show_and_the_text_has_all() -> None:
    """Two thousand sources fail together."""
    alert = samples()["source-trouble"]
    many = Listing(heading="New", entries=(Entry(title="The Gazette", lines=("y " * 150,)),) * 2000)
    message = render_alert(replace(alert, lists=(many,)), NOW, key="k", pages=PAGES)

    assert len(message.html.encode()) <= HTML_BYTES
    assert re.search(r"and 19\d\d more", message.html)
    assert message.text.count("The Gazette") == 2000


def test_the_user_s_own_template_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "alert.txt.j2").write_text("MINE: {{ subject }}\n", encoding="utf-8")

    message = render_alert(samples()["surge"], NOW, key="k", pages=Pages(tmp_path))

    assert message.text.startswith("MINE: Surge: Chips & tariffs: 9 stories today")
    assert "9 stories today" in message.html


async def test_a_template_that_fails_gives_way_to_the_bundled_one_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "alert.txt.j2").write_text("{{ nothing }}", encoding="utf-8")
    desk = AlertDesk(store=MemoryAlerts(), channels={}, pages=Pages(tmp_path))
    alert = samples()["surge"]

    message = await desk.tell(alert, key="k", channel_id="desk", now=NOW, before=(), after=())

    assert message is not None
    assert "Your template failed, this is the bundled one:" in message.text
    assert "alert.txt.j2:1" in desk.problems[AlertType.SURGE]


async def test_that_a_template_fails_for_one_type_of_alert_is_known_until_that_type_renders_well(
    tmp_path: Path,
) -> None:
    """An alert of another type that it renders well says nothing about it."""
    own = tmp_path / "alert.txt.j2"
    own.write_text("{% if subject.startswith('Surge') %}{{ nothing }}{% endif %}\n", encoding="utf-8")
    desk = AlertDesk(store=MemoryAlerts(), channels={}, pages=Pages(tmp_path))

    async def tell(name: str, key: str) -> None:
        await desk.tell(samples()[name], key=key, channel_id="desk", now=NOW, before=(), after=())

    await tell("surge", "1")
    await tell("silence", "2")
    assert list(desk.problems) == [AlertType.SURGE]

    own.write_text("MINE\n", encoding="utf-8")
    desk = AlertDesk(store=MemoryAlerts(), channels={}, pages=Pages(tmp_path))
    await tell("surge", "3")
    assert desk.problems == {}


# -- in short, for chats ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("surge", ["Chips & tariffs | Chips & tariffs and 2 more"]),
        ("silence-over", ["Chips & tariffs | Chips & tariffs and 2 more"] * 2),
        (
            "commitment",
            [
                "Chips & tariffs | overdue by 23 days, 7 reports",
                "Chips & tariffs | due today, no report found",
                "Chips & tariffs | due in 30 days, 1 report",
                "Chips & tariffs | met on 2026-11-03",
            ],
        ),
        (
            "source-trouble",
            ["Chips & tariffs | failing", "Chips & tariffs | failing", "Chips & tariffs | well again"],
        ),
    ],
)
def test_a_chat_is_told_a_line_for_each_thing(name: str, lines: list[str]) -> None:
    found = brief(render_alert(samples()[name], NOW, key="k", pages=PAGES))

    assert [f"{one.title} | {one.by}" for part in found.parts for one in part.items] == lines
    assert found.subject == samples()[name].subject
    assert found.paragraphs[0] == samples()[name].paragraphs[0]


def test_a_chat_is_told_what_each_source_of_a_silence_does() -> None:
    found = brief(render_alert(samples()["silence"], NOW, key="k", pages=PAGES))

    (part,) = found.parts
    assert [one.by for one in part.items] == [
        "fails, brought 9 reports",
        "is paused, brought 4 reports",
        "was removed, brought 2 reports",
        "answers, with nothing new, brought 1 report",
        "answers, with other news, brought 1 report",
    ]


def test_what_a_chat_has_no_room_for_is_counted() -> None:
    whole = brief(render_alert(samples()["operator"], NOW, key="k", pages=PAGES))

    short = cut(whole, parts=1, items=2)

    assert short.parts[0].rest == f"and {len(TroubleKind) - 2} more troubles"
    assert short.rest.endswith(f"and 2 more lists with {2 * len(TroubleKind)} lines")
