"""Whatever feeds, pages, servers and users write: nothing that leaves the house runs, loads, calls or injects anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import html5lib
import pytest

from alerts import sample
from alerts.alert_records import Alert, AlertType, ToldStory
from alerts.bodies import discord, ntfy, slack, teams
from alerts.bodies.brief import brief
from alerts.channels import mime
from alerts.channels.file import file_name
from alerts.difference import State
from alerts.impact import Measure
from alerts.impact_page import page_data
from alerts.messages import Delivery, Message
from alerts.notice import notice
from alerts.records import Initiative, Term, Watchlist
from alerts.render import Renderer, page
from alerts.render_alert import render_alert
from alerts.safe import link, one_line
from crawler.records import Article, TextState
from tests.fakes.outbox import NOW
from tests.fakes.poison import alerts_of, alerts_on, poisoned
from tests.hostile import LINKS, STRINGS
from tests.message_lint import HIDDEN, lint, look_at_page

SENDER = mime.address("Tidings <tidings@example.org>")
READER = mime.address("desk@example.org")
AT_ONCE = 8  # strings in one digest, so that it is shown whole
CHUNKS = [STRINGS[start : start + AT_ONCE] for start in range(0, len(STRINGS), AT_ONCE)]
RENDERER = Renderer(not_about=sample.not_about)


def mail(message: Message, **more: Any) -> bytes:
    delivery = Delivery(
        id="0123456789abcdef0123456789abcdef",  # known to the strings that try to end a part
        message_key=message.key,
        channel_id="desk",
        recipient="desk@example.org",
        created_at=NOW,
    )
    return mime.mail(message, delivery, **({"sender": SENDER, "recipient": READER} | more))


@cache
def digest(number: int) -> Message:
    """Each string of the chunk in every field, with links that are hostile too."""
    texts = CHUNKS[number]
    urls = [LINKS[(number * AT_ONCE + n) % len(LINKS)] for n in range(len(texts))]
    return RENDERER.render(poisoned(texts, urls), NOW)


def squashed(text: str) -> str:
    return "".join(text.split())


def strings(value: object) -> Iterator[str]:
    """All texts of a JSON document, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def test_there_are_enough_of_them() -> None:
    """Three hundred different texts, and eighty addresses; none is harmless only because it is empty."""
    assert len(set(STRINGS)) >= 300
    assert len(set(LINKS)) >= 80


# -- digests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(CHUNKS)))
def test_a_digest_of_hostile_texts_is_a_mail_without_a_finding(number: int) -> None:
    """No script, handler, form or remote load; only links to the web; no field of the header but ours; all letters shown."""
    message = digest(number)

    found = lint(mail(message))

    said = squashed(found.text)
    for text in CHUNKS[number]:
        assert squashed(one_line(text, 60).rstrip("…")) in said
    assert all(re.match(r"https?://", one) for one in found.links)


@pytest.mark.parametrize("number", range(len(CHUNKS)))
def test_the_json_of_a_digest_is_json_without_hidden_signs(number: int) -> None:
    """Texts come back as they are told; addresses are http and https, or null."""
    document = json.loads(digest(number).data)

    assert not HIDDEN.search(digest(number).data)
    for one in strings(document):
        assert not HIDDEN.search(one)
    assert [one for one in _urls(document) if not re.match(r"https?://[^\s@/]+(/|$)", one)] == []


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "url" and one is not None:
                yield one
            yield from _urls(one)
    elif isinstance(value, list):
        for one in value:
            yield from _urls(one)


# -- alerts, notices and names ---------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(CHUNKS)))
def test_an_alert_of_hostile_texts_is_a_mail_without_a_finding(number: int) -> None:
    """Surge, silence and its end, commitments, trouble of sources and for the operator; and what chat is told of them."""
    texts = CHUNKS[number]
    urls = [LINKS[(number * AT_ONCE + n) % len(LINKS)] for n in range(len(texts))]
    for alert in alerts_of(texts, urls):
        said = squashed(assert_alert_is_harmless(alert))
        whole = texts if alert.type in (AlertType.COMMITMENT, AlertType.OPERATOR) else texts[:1]
        for text in whole:
            assert squashed(one_line(text, 60).rstrip("…")) in said


@pytest.mark.parametrize("text", STRINGS, ids=range(len(STRINGS)))
def test_an_alert_on_an_initiative_of_any_name_is_harmless(text: str) -> None:
    """Its name stands in subject, title and sentences; one type of alert for each text, in turn."""
    story = ToldStory(id="s", title=text, url="", source=text, published=None, came=NOW)
    alerts = alerts_on(text, (story,), [])

    assert_alert_is_harmless(alerts[len(text) % len(alerts)])


def assert_alert_is_harmless(alert: Alert) -> str:
    """The text part of its mail."""
    message = render_alert(alert, NOW, key=f"{alert.type}/1", pages=RENDERER.pages)
    assert not HIDDEN.search(message.data)
    assert [one for one in _urls(json.loads(message.data)) if not re.match(r"https?://", one)] == []
    assert_chat_is_harmless(message)
    return lint(mail(message)).text


def test_a_notice_of_hostile_texts_is_a_mail_without_a_finding() -> None:
    """Each string as its subject and as a paragraph."""
    for text in STRINGS:
        message = notice(key=text, subject=text, paragraphs=(text, f"a {text} b"), created_at=NOW)

        found = lint(mail(message))

        assert found.headers["Subject"] == (one_line(one_line(text, 180), mime.SUBJECT) or "Tidings")
        assert squashed(one_line(text)) in squashed(found.text)


@pytest.mark.parametrize("field", ["subject", "digest_id", "threads", "refers_to"])
def test_no_field_of_a_message_injects_a_header(field: str) -> None:
    """Names of digests and threads come from files of the user, who may have pasted them."""
    message = digest(0)
    for text in STRINGS:
        value: Any = text if field in ("subject", "digest_id") else (text, "initiative-x")

        found = lint(mail(replace(message, text="x\n", html=_EMPTY, pictures=(), **{field: value})))

        assert found.headers["To"] == "desk@example.org"


_EMPTY = '<!doctype html><html lang="en"><head><title>x</title></head><body><p>x</p></body></html>'


def test_no_name_of_a_sender_or_reader_injects_a_header() -> None:
    """A name is refused as no address, or written so that it stays a name."""
    message = replace(digest(0), text="x\n", html=_EMPTY, pictures=())
    accepted = 0
    for text in STRINGS:
        try:
            who = mime.address(f"{text} <user@example.org>")
        except mime.AlertError:
            continue
        accepted += 1

        found = lint(mail(message, sender=who, recipient=who))

        assert found.headers["To"].endswith("user@example.org>") or found.headers["To"] == "user@example.org"
    assert accepted > 50


def test_html_of_a_template_that_is_hostile_itself_breaks_no_mail() -> None:
    """The structure holds whatever the parts say; what they say is the template's own."""
    for text in STRINGS:
        data = mail(replace(digest(0), text=text, html=text, pictures=()))

        boundary = b"\r\n--=_tidings_0123456789abcdef0123456789abcdef"
        assert data.count(boundary) == 3
        assert data.isascii()
        assert max(map(len, data.split(b"\r\n"))) <= 78


# -- the report on an edit -------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(CHUNKS)))
def test_a_report_on_an_edit_is_a_page_without_a_finding(number: int) -> None:
    """Articles, sources, names and notes of it are hostile; it is opened in a browser."""
    texts = CHUNKS[number]
    articles = [
        Article(
            id=f"a{n}",
            source_id=text,
            url=LINKS[(number * AT_ONCE + n) % len(LINKS)],
            canonical_url=f"https://wire.example/{n}",
            title=f"{text} minerals {text}",
            text=f"{text} minerals {text}",
            text_state=TextState.FEED,
            story_id=f"s{n}",
            first_seen_at=NOW - timedelta(days=1),
        )
        for n, text in enumerate(texts)
    ]

    def rules(term: str) -> State:
        some = tuple(
            Initiative(id=f"i{n}", name=text, watchlist_id="w", any=(Term(text=term),))
            for n, text in enumerate(texts)
        )
        return State(watchlists=(Watchlist(id="w", title=texts[0], initiatives=some),), digests=())

    measure = Measure(rules("lithium"), rules("minerals"))
    measure.take(articles)
    found = measure.result(NOW - timedelta(days=28), NOW)
    data = page_data(found, against=texts[0], bound="", notes=tuple(texts), made_at=NOW)

    html = page("impact", data)

    assert [one for one in look_at_page(html) if "clip" not in one] == []
    said = squashed("".join(html5lib.parse(html).itertext()))
    for text in texts:
        assert squashed(one_line(text, 60).rstrip("…")) in said


# -- chat ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(CHUNKS)))
def test_nothing_in_a_chat_message_calls_anybody_or_is_markup(number: int) -> None:
    """Slack, Discord and Teams show the letters; ntfy has nothing but them; headers are ASCII on one line."""
    assert_chat_is_harmless(digest(number))


def assert_chat_is_harmless(message: Message) -> None:
    short = brief(message)

    for made in (slack.body(short), discord.body(short), teams.body(short), ntfy.body(short)):
        assert not HIDDEN.search(made.body.decode())
        for name, value in made.headers.items():
            assert re.fullmatch(r"[a-z-]+", name)
            assert value.isascii()
            assert value.isprintable()
    for text in _slack_texts(json.loads(slack.body(short).body)):
        for tag in re.findall(r"<[^>]*>?", text):
            assert re.fullmatch(r"<https?://[^|<>\s]+\|[^<>]*>", tag), tag
    said = json.loads(discord.body(short).body)
    assert said["allowed_mentions"]["parse"] == []
    for text in strings(said):
        assert not re.search(r"(?<!\\)(@everyone|@here|<@|<#|<:|<t:|<a:)", text)
    for text in strings(json.loads(teams.body(short).body)):
        assert "{{" not in text
        assert not re.search(r"(?<!\\)<", text)


def _slack_texts(document: dict[str, Any]) -> Iterator[str]:
    """What Slack reads as markup."""
    yield document["text"]
    for block in document["blocks"]:
        for one in (block.get("text"), *block.get("elements", ())):
            if one and one["type"] == "mrkdwn":
                yield one["text"]


# -- files and links -------------------------------------------------------------------------------


def test_file_names_are_names() -> None:
    """Never a path, never hidden, never longer than a file system takes, and different for different keys."""
    names = [file_name(text) for text in STRINGS]

    assert all(re.fullmatch(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,119}", name) for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("url", LINKS, ids=range(len(LINKS)))
def test_an_address_is_a_safe_link_or_none(url: str) -> None:
    """ASCII without quotes and brackets, http or https, no user name, the host that it is said to be."""
    found = link(url)

    if found is not None:
        assert re.fullmatch(r"https?://[a-z0-9._\[\]:-]+/[!#-&(-;=?-Z\[\]_a-z|~]*", found.href)
        assert found.host in found.href.split("/")[2]
        assert len(found.href) < 8200
        html = f'<!doctype html><html lang="en"><head><title>x</title></head><body><p><a href="{found.href.replace("&", "&amp;")}">x</a></p></body></html>'
        assert look_at_page(html) == []


def test_dates_are_not_texts() -> None:
    """The one value of a mail's header that is neither: always written by us."""
    message = replace(digest(0), created_at=datetime(1, 1, 1, tzinfo=UTC))

    assert lint(mail(message)).headers["Date"] == "Mon, 01 Jan 0001 00:00:00 +0000"
