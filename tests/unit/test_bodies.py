"""What chat and push services get: within their limits, with an honest rest, and nothing in a headline is markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import notice as notices
from alerts.bodies import discord, ntfy, slack, teams
from alerts.bodies.brief import Brief, Item, Part, brief
from alerts.bodies.fitting import units
from alerts.bodies.posted import Posted
from alerts.digest import compose
from alerts.envelope import document
from alerts.messages import Message
from alerts.records import Coverage, MatchedArticle
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

BODIES: dict[str, Callable[[Brief], Posted]] = {
    "slack": slack.body,
    "discord": discord.body,
    "teams": teams.body,
    "ntfy": ntfy.body,
}
HOSTILE = (
    "<!channel> @everyone <@123> [click](https://evil.example) *bold* _it_ ~no~ `code` ||spoiler|| </at> "
    "{{DATE(2026-01-01T00:00:00Z)}} & &lt; # - 1. \\"
)


def message(
    *matched: MatchedArticle, coverage: Coverage = COVERAGE, subject: str = "Morning digest"
) -> Message:
    """A digest as the webhook gets it; only its subject and its JSON matter here."""
    digest = compose(plan(), [slot()], SINCE, list(matched), INITIATIVES, {}, coverage, NOW)
    data = document(digest, key="morning/2026-11-25T07:30", created_at=NOW)
    return Message(key="k", subject=subject, text="", html="", data=data, created_at=NOW)


def many(number: int, title: str = "Story {}") -> list[MatchedArticle]:
    return [found(title.format(n), story=f"s{n}") for n in range(number)]


def texts(service: str, posted: Posted) -> list[str]:
    """Every text of a body that the service reads as markup."""
    if service == "ntfy":
        return [posted.body.decode()]
    one = json.loads(posted.body)
    if service == "slack":
        sections = [block["text"]["text"] for block in one["blocks"] if block["type"] == "section"]
        context = [part["text"] for block in one["blocks"] for part in block.get("elements", ())]
        return [one["text"], *sections, *context]
    if service == "discord":
        return [one["content"], *(e.get(key, "") for e in one["embeds"] for key in ("title", "description"))]
    return [block["text"] for block in one["attachments"][0]["content"]["body"]]


def limits_hold(service: str, posted: Posted) -> bool:
    """The published limits of each service, written down once more."""
    if service == "ntfy":
        return len(posted.body) <= 4096
    one = json.loads(posted.body)
    if service == "teams":
        return len(posted.body) <= 28_000
    if service == "slack":
        return (
            len(one["blocks"]) <= 50
            and all(units(text) <= 3000 for text in texts(service, posted))
            and units(one["blocks"][0]["text"]["text"]) <= 150
            and all(len(block.get("elements", ())) <= 10 for block in one["blocks"])
            and len(posted.body) <= 40_000
        )
    lengths = [(units(e.get("title", "")), units(e.get("description", ""))) for e in one["embeds"]]
    return (
        units(one["content"]) <= 2000
        and len(lengths) <= 10
        and all(title <= 256 and description <= 4096 for title, description in lengths)
        and sum(map(sum, lengths)) <= 6000
    )


@pytest.mark.parametrize("service", BODIES)
def test_a_digest_is_told_with_its_links_and_what_was_looked_at(service: str) -> None:
    shared = [
        found("Chip call opens", source=f"Paper {n}", story="chips", url=f"https://p{n}.example/1")
        for n in range(4)
    ]
    said = "\n".join(texts(service, BODIES[service](brief(message(*shared)))))

    assert "Chip call opens" in said
    assert "and 3 more" in said
    assert "https://p0.example/1" in said
    assert "214 sources checked, 1 failing" in said
    assert "overdue since 31 Dec 2025, no report found" in said
    assert "due 9 Dec 2026" in said
    assert "Yearly review" not in said
    assert "more stories" not in said


@pytest.mark.parametrize("service", BODIES)
@pytest.mark.parametrize("number", [0, 1, 12, 60, 500])
def test_limits_hold_and_what_is_left_out_is_counted(service: str, number: int) -> None:
    """Told and left out make the whole, for long titles of any script too."""
    for title in ("Story {} of the day", "वार्ता {} " + "कृत्रिम बुद्धिमत्ता " * 12, "𝕊tory {} " + "&<>*_" * 40):
        posted = BODIES[service](brief(message(*many(number, title), found("Other", initiative="compact"))))

        assert limits_hold(service, posted)
        said = "\n".join(texts(service, posted))
        told = len(set(re.findall(r"https://www\.themeridianpost\.example/[\w/]+", said)))
        lost = sum(map(int, re.findall(r"(\d+) (?:more )?stor(?:y|ies)\b", said)))
        assert told + lost == number + 1
        assert told >= min(number, 3)


@pytest.mark.parametrize("service", BODIES)
def test_many_initiatives_are_counted_too(service: str) -> None:
    """Two hundred initiatives with five stories each: those beyond the room are named as a number."""
    item = Item(title="T" * 150, url="https://a.example/" + "x" * 900, by="B" * 70, note="N" * 110)
    parts = tuple(
        Part(name=f"Initiative {n} " + "x" * 80, items=(item,) * 5, due=("D" * 200,) * 9) for n in range(200)
    )
    posted = BODIES[service](Brief(subject="S" * 180, parts=parts, notes=("n" * 240,) * 4, footer="f" * 200))

    assert limits_hold(service, posted)
    said = "\n".join(texts(service, posted))
    shown = len(re.findall(r"Initiative \d+", said))
    (lost, stories) = re.search(r"(\d+) more initiatives with (\d+) stories", said).groups()  # type: ignore[union-attr]  # fails the test
    assert shown + int(lost) == 200
    assert int(stories) == 5 * int(lost)


@pytest.mark.parametrize("service", BODIES)
def test_a_link_too_long_for_the_service_leaves_its_title(service: str) -> None:
    posted = BODIES[service](brief(message(found("Long way", url="https://a.example/?" + "&" * 2000))))

    assert limits_hold(service, posted)
    assert any("Long way" in text for text in texts(service, posted))


@pytest.mark.parametrize("service", BODIES)
@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://a@b.example/", ""])
def test_an_address_that_is_not_safe_is_no_link(service: str, url: str) -> None:
    posted = BODIES[service](brief(message(found("Title", url=url))))

    assert not any("https" in text or "javascript:" in text for text in texts(service, posted))
    assert "click" not in posted.headers


@pytest.mark.parametrize("service", BODIES)
def test_a_test_and_a_notice_are_told_in_their_own_words(service: str) -> None:
    said = "\n".join(texts(service, BODIES[service](brief(notices.test_message(NOW)))))
    assert "This is a test" in said

    long = notices.notice(key="n", subject="Trouble", paragraphs=["Wörter " * 300] * 40, created_at=NOW)
    posted = BODIES[service](brief(long))
    assert limits_hold(service, posted)
    told = sum(text.count("Wörter Wörter Wörter Wörter") > 0 for text in texts(service, posted))
    assert told >= 1
    assert re.search(r"and \d+ more paragraphs", "\n".join(texts(service, posted)))


@pytest.mark.parametrize("service", BODIES)
def test_an_empty_digest_says_so(service: str) -> None:
    assert any("No new stories" in text for text in texts(service, BODIES[service](brief(message()))))


@pytest.mark.parametrize("service", BODIES)
def test_a_story_of_two_initiatives_is_told_once(service: str) -> None:
    both = [
        found("Both", story="s"),
        found("Both", story="s", initiative="compact", url="https://b.example/"),
    ]
    said = "\n".join(texts(service, BODIES[service](brief(message(*both)))))

    assert len(re.findall(r"\bBoth\b", said)) == 1
    assert "1 told above" in said


@pytest.mark.parametrize("service", BODIES)
def test_a_story_told_before_says_what_is_new(service: str) -> None:
    grown = found("Grown", source="Latecomer", told_at=NOW - timedelta(days=2))
    said = "\n".join(texts(service, BODIES[service](brief(message(grown)))))

    assert "told before; also now in Latecomer" in said.replace("\\", "")


@pytest.mark.parametrize("service", BODIES)
def test_the_same_message_gives_the_same_bytes(service: str) -> None:
    one = message(*many(60))

    assert BODIES[service](brief(one)) == BODIES[service](brief(replace(one)))


@settings(max_examples=60)
@given(words=st.lists(st.text(max_size=400), min_size=4, max_size=4))
def test_no_text_breaks_a_body_or_gets_out_of_its_place(words: list[str]) -> None:
    """Title, outlet, initiative and subject of any characters: the limits hold, and each service sees no markup."""
    title, source, name, subject = words
    one = found(title, source=source, url="https://a.example/x")
    renamed = {**INITIATIVES, "trust": replace(INITIATIVES["trust"], name=name, commitments=())}
    digest = compose(plan(), [slot()], SINCE, [one], renamed, {}, COVERAGE, NOW)
    data = document(digest, key="k", created_at=NOW)
    told = brief(Message(key="k", subject=subject, text="", html="", data=data, created_at=NOW))
    posts = {service: make(told) for service, make in BODIES.items()}

    for service, posted in posts.items():
        assert limits_hold(service, posted)
        assert all(value.isascii() and value.isprintable() for value in posted.headers.values())
    tags = re.findall("<[^>]*>", " ".join(texts("slack", posts["slack"])))
    assert [tag.partition("|")[0] for tag in tags] == ["<https://a.example/x"]
    for service in ("discord", "teams"):
        bare = re.sub(r"\\[^0-9A-Za-z\s]", "", "\n".join(texts(service, posts[service])))
        assert re.findall(r"\]\([^)]*\)", bare) == ["](https://a.example/x)"]
        assert not re.search(r"[`~<_]|@everyone", bare)


def test_slack_gets_no_tag_and_no_mark_of_a_headline() -> None:
    (line,) = (
        t
        for t in texts("slack", slack.body(brief(message(found(HOSTILE, url="https://a.example/?x|y&z")))))
        if "•" in t
    )
    first = line.splitlines()[1]

    assert first.startswith("• <https://a.example/?x%7Cy&amp;z|&lt;!channel&gt; ")
    assert re.findall(r"<[^>]*>", first) == [first[2 : first.index("> –") + 1]]
    assert not set("*_~`") & set(first)
    assert "&amp;lt;" in first


def test_slack_leaves_ordinary_titles_as_they_are() -> None:
    assert slack.escaped("R&D: 'chips' – who's next?") == "R&amp;D: 'chips' – who's next?"
    assert slack.escaped("snake_case and _slanted_") == "snake_case and ˍslantedˍ"


def test_discord_calls_nobody_and_shows_signs_as_signs() -> None:
    posted = discord.body(
        brief(message(found(HOSTILE, url="https://a.example/(x)"), subject="@everyone **now**"))
    )
    one = json.loads(posted.body)

    assert one["allowed_mentions"] == {"parse": []}
    (line,) = (text for text in one["embeds"][0]["description"].splitlines() if "channel" in text)
    bare = re.sub(r"\\[^0-9A-Za-z\s]", "", line)  # what stands behind a backslash is a sign and no markup
    assert re.findall(r"[\[\]()<>@*_~`|#]", bare) == ["[", "]", "(", ")"]
    assert "](https://a.example/%28x%29)" in line
    assert one["content"].startswith(r"**\@everyone \*\*now\*\***")


def test_teams_gets_one_card_without_markdown_of_a_headline() -> None:
    posted = teams.body(brief(message(found(HOSTILE, url="https://a.example/(x)"))))
    (attachment,) = json.loads(posted.body)["attachments"]
    card: dict[str, Any] = attachment["content"]

    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert all(block["type"] == "TextBlock" and block["wrap"] for block in card["body"])
    (line,) = (block["text"] for block in card["body"] if "channel" in block["text"])
    bare = re.sub(r"\\[^0-9A-Za-z\s]", "", line)
    assert re.findall(r"[\[\]*_~`<]|\{\{|&\w+;", bare) == ["[", "]"]
    assert "](https://a.example/%28x%29)" in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- minus", "\\- minus"),
        ("# seven", "\\# seven"),
        ("1. first", "1\\. first"),
        ("2026 plans", "2026 plans"),
        ("R&D & more", "R&D & more"),
        ("a &lt; b", "a \\&lt; b"),
    ],
)
def test_teams_takes_a_line_for_a_line(text: str, shown: str) -> None:
    assert teams.escaped(text) == shown


@pytest.mark.parametrize(
    "subject",
    [
        "Plain",
        "TRUST – भारत 🙂",
        "x\r\nClick: https://evil.example",
        "=?UTF-8?B?eA==?=",
        "é" * 180,
        "a\0b\x1f\x7f",
    ],
)
def test_a_title_of_ntfy_is_one_ascii_header_that_reads_back(subject: str) -> None:
    """No line break and no byte beyond ASCII, whatever stands in it."""
    told = brief(replace(message(found("One", url="https://a.example/ü")), subject=subject))
    headers = ntfy.body(told).headers

    assert set(headers) == {"content-type", "title", "click"}
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    assert str(make_header(decode_header(headers["title"]))) == told.subject
    assert all(len(word) <= 75 for word in headers["title"].split() if word.startswith("=?"))
    assert headers["click"] == "https://a.example/%C3%BC"
