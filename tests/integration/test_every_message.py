"""Every message that the product makes passes a mail tester: digests of all forms, alerts, notices, tests, a busy real day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import notice as notices
from alerts import sample
from alerts.addressing import deliveries_for
from alerts.channels import mime
from alerts.channels.email import Email
from alerts.channels.smaller import fitting
from alerts.digest import compose
from alerts.messages import Delivery, Message, MessageKind
from alerts.plans import EmailChannel, Tls
from alerts.records import Coverage, Digest, MatchedArticle
from alerts.render import Renderer
from alerts.render_alert import render_alert
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot
from tests.fakes.poison import alerts_of, poisoned
from tests.message_lint import CLIPPED, Linted, lint
from tests.quality.corpora import NoCorpus
from tests.quality.replay import headlines
from tidings.demo.mailbox import Mailbox

RENDERER = Renderer(not_about=sample.not_about)
BARE = Renderer()  # of an installation that readers cannot reach
SENDER = mime.address("Tidings <tidings@example.org>")
WORDS = {
    "English": "Ministers open TRUST initiative call for chip projects",
    "German": "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenversicherung",
    "Hindi": "भारत और अमेरिका ने ट्रस्ट पहल के तहत सेमीकंडक्टर समझौते पर हस्ताक्षर किए",
    "Arabic": "توقيع اتفاقية أشباه الموصلات بين الهند والولايات المتحدة (TRUST) في 2025",
    "Hebrew": "הסכם מוליכים למחצה: 3 חברות, TRUST",
    "Chinese": "印度与美国签署半导体协议并启动信任倡议的首批项目征集活动" * 3,
    "Thai": "อินเดียและสหรัฐลงนามข้อตกลงเซมิคอนดักเตอร์",
    "emoji": "🇮🇳🤝🇺🇸 👩‍🔬👨🏽‍🚀 chips 💾",
    "signs": "a < b & c > d \"e\" 'f' `g` {h} $i",
    "combining": "e\u0301te\u0301 à l\u2019oùest n\u0303",
    "one word": "x" * 300,
    "empty": "",
}


def mail(message: Message) -> bytes:
    delivery = Delivery(
        id="0123456789abcdef0123456789abcdef",
        message_key=message.key,
        channel_id="desk",
        recipient="desk@example.org",
        created_at=NOW,
    )
    return mime.mail(message, delivery, sender=SENDER, recipient=mime.address("desk@example.org"))


def digest(*matched: MatchedArticle, coverage: Coverage = COVERAGE, **changes: object) -> Digest:
    return compose(plan(**changes), (slot(),), SINCE, matched, INITIATIVES, {}, coverage, NOW)


def passing(one: Digest, renderer: Renderer = RENDERER) -> Linted:
    return lint(mail(renderer.render(one, NOW)))


# -- digests ---------------------------------------------------------------------------------------


def _forms() -> Iterator[tuple[str, Digest]]:
    yield "the sample", sample.digest()
    yield "the sample of an empty one", sample.empty()
    yield "nothing", digest()
    yield "nothing, nothing covered", digest(coverage=Coverage(checked=0))
    yield "one story", digest(found("One"))
    yield "one initiative only", digest(found("One"), initiatives=("trust",))
    yield "told again only", digest(found("One", told_at=SINCE))
    yield (
        "a story in two initiatives",
        digest(found("One", story="s"), found("One", story="s", initiative="compact")),
    )
    yield "late finds", digest(found("One", published=NOW - timedelta(days=9)), found("Two", published=None))
    yield "no safe link", digest(found("One", url="javascript:alert(1)"))
    yield (
        "one story in forty outlets",
        digest(*(found("One", source=f"Outlet {n}", story="s") for n in range(40))),
    )
    yield "beyond the cap", digest(*(found(f"Story {n}") for n in range(60)), max_stories=5)
    yield "told immediately", digest(found("One"), immediately=True)
    yield "every six hours", digest(found("One"), every=timedelta(hours=6))
    yield "another zone", digest(found("One"), zone="Asia/Kolkata")
    yield "after days away", replace(digest(found("One")), since=SINCE - timedelta(days=20))
    for language, text in WORDS.items():
        yield language, poisoned([text or "?", text, text[:40]], ["https://example.org/a?b=c&d=e"] * 3)


FORMS = dict(_forms())


@pytest.mark.parametrize("form", FORMS)
def test_a_digest_of_this_form_passes(form: str) -> None:
    """With links by which readers judge its stories, and without."""
    passing(FORMS[form])
    passing(FORMS[form], BARE)


@pytest.mark.parametrize("stories", [50, 500, 2000])
def test_a_long_digest_passes_and_is_not_clipped(stories: int) -> None:
    """What does not fit the HTML is counted there and stands in the text: a link of the HTML is in the text too."""
    made = [
        found(f"Story {n}: {WORDS['English']}", story=f"s{n}", source=f"Outlet {n % 60}")
        for n in range(stories)
    ]

    linted = passing(digest(*made, max_stories=stories))

    assert len(linted.html.encode()) < CLIPPED
    assert len(linted.text.split("https://")) > stories


def test_an_address_of_2048_characters_passes() -> None:
    """As long as a link may be; a longer one is none."""
    longest = ("https://example.org/" + "a" * 2048)[:2048]

    assert longest in passing(digest(found("One", url=longest))).links
    assert longest not in passing(digest(found("One", url=longest + "a"))).links


def test_a_real_day_passes() -> None:
    """Some five hundred headlines of the replayed news, as one digest."""
    try:
        day = list(headlines("headlines-us", "2025-07-31", "2025-08-01"))
    except NoCorpus as missing:
        pytest.skip(str(missing))
    chosen = Random(7).sample(day, min(500, len(day)))
    made = [
        found(one.title, source=one.publisher, story=f"s{one.number}", term="India tariff trade")
        for one in chosen
    ]

    linted = passing(digest(*made, max_stories=500))

    assert len(linted.links) > 100


@settings(max_examples=60, deadline=None)
@example(texts=["a \U0010fffe b \U0001ffff"], url="https://example.org/\U0002fffe")
@given(
    texts=st.lists(st.text(max_size=120), min_size=1, max_size=4),
    url=st.one_of(st.text(max_size=80), st.text(max_size=60).map(lambda path: f"https://example.org/{path}")),
)
def test_any_text_anywhere_passes(texts: list[str], url: str) -> None:
    """Digests and alerts of texts that nobody would think of."""
    passing(poisoned(texts, [url] * len(texts)))
    for alert in alerts_of(texts[:1], [url]):
        lint(mail(render_alert(alert, NOW, key="alert/1", pages=RENDERER.pages)))


# -- other messages --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", WORDS)
def test_alerts_and_notices_pass(language: str) -> None:
    """Of every type, in every script; each in the threads it belongs to."""
    text = WORDS[language]
    for alert in (*alerts_of([text], ["https://example.org/"]), sample.alert(), sample.bare_alert()):
        lint(mail(render_alert(alert, NOW, key="alert/1", pages=RENDERER.pages)))
    lint(mail(notices.notice(key="n/1", subject=text, paragraphs=(text, text * 9), created_at=NOW)))


def _within(limit: int, one: Message) -> bool:
    return len(one.text.encode()) <= limit


@pytest.mark.parametrize("kept", [0.9, 0.3, 0.02])
def test_a_mail_shortened_for_a_small_server_passes(kept: float) -> None:
    """Pictures and lines are gone; what is left is whole."""
    for form in ("the sample", "Arabic", "Chinese", "signs"):
        whole = RENDERER.render(FORMS[form], NOW)
        limit = max(int(len(whole.text.encode()) * kept), 400)

        made = fitting(whole, partial(_within, limit), limit=limit, where="ask us")

        assert made is not None
        assert made[1] > 0
        lint(mail(made[0]))


async def test_lines_that_a_server_would_take_for_its_own_arrive_as_they_are() -> None:
    """A dot alone, dots before words, the end of a mail, the line of a mailbox: over real SMTP on loopback."""
    text = ".\n..\n.hidden\nFrom nobody\n\n.\nQUIT\n"
    message = replace(RENDERER.render(FORMS["one story"], NOW), text=text)
    async with Mailbox() as mailbox:
        way = Email(
            EmailChannel(
                id="desk",
                sender="t@example.org",
                to=("desk@example.org",),
                host="127.0.0.1",
                port=mailbox.port,
                tls=Tls.OFF,
            )
        )
        (delivery,) = deliveries_for(message, "desk", way, NOW)
        await way.send(message, delivery)

        (came,) = mailbox.mails
        plain = came.message.get_body(("plain",))
        assert plain is not None
        assert plain.get_content().replace("\r\n", "\n") == text
        assert came.raw == way.as_sent(message, delivery)


def test_a_test_message_passes_and_is_in_no_thread() -> None:
    message = notices.test_message(NOW.astimezone(ZoneInfo("Asia/Kolkata")))

    headers = lint(mail(message)).headers

    assert message.kind is MessageKind.TEST
    assert headers.keys().isdisjoint({"References", "List-Id", "List-Unsubscribe"})


@pytest.mark.parametrize(
    ("make", "threads"),
    [
        (
            lambda: RENDERER.render(digest(found("One"), found("Two", initiative="compact")), NOW),
            ["digest-morning"],
        ),
        (lambda: RENDERER.render(digest(found("One")), NOW), ["digest-morning", "initiative-trust"]),
        (
            lambda: render_alert(sample.alert(), NOW, key="alert/1", pages=RENDERER.pages),
            ["initiative-sample-1"],
        ),
        (lambda: render_alert(sample.bare_alert(), NOW, key="alert/1", pages=RENDERER.pages), ["operator"]),
    ],
)
def test_a_message_is_in_its_threads(make: Callable[[], Message], threads: list[str]) -> None:
    """Mail programs show a digest with the earlier ones, and the alerts on an initiative together."""
    headers = lint(mail(make())).headers

    assert re.findall(r"<([^@>]+)@", headers["References"]) == threads
    assert headers["List-Id"] == f"<{threads[0]}.tidings.example.org>"
