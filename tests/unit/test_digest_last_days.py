"""What a digest says of initiatives by their last days: plots, silence, and those without news."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from lxml import html as lxml_html

from alerts.digest import compose, is_empty
from alerts.messages import Message
from alerts.plans import DigestPlan
from alerts.recent import Recent
from alerts.records import Digest, MatchedArticle
from alerts.render import HTML_BYTES, Renderer
from alerts.subjects import SUBJECT, overview, subject
from tests.fakes.outbox import COMPACT, COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

RENDERER = Renderer()
TODAY = date(2026, 11, 25)
BUSY = Recent(days=(*[0] * 27, 2, 0, 3), last_day=TODAY)
SILENT = Recent(days=(*[0] * 10, 1, *[0] * 19), last_day=TODAY, silent_for=19, usual=6)
DAYS = {"trust": BUSY, "compact": SILENT}
NAMES = {"trust": replace(INITIATIVES["trust"], commitments=()), "compact": COMPACT}


def digest(
    *matched: MatchedArticle, recent: Mapping[str, Recent] = DAYS, of: DigestPlan | None = None
) -> Digest:
    return compose(of or plan(), (slot(),), SINCE, matched, NAMES, {}, COVERAGE, NOW, recent=recent)


def news(number: int = 2) -> list[MatchedArticle]:
    return [found(f"Story {n}", source=f"Paper {n}") for n in range(number)]


def page(message: Message) -> str:
    return " ".join(lxml_html.document_fromstring(message.html).text_content().split())


def test_a_silent_initiative_has_a_section_and_stands_last_in_the_subject() -> None:
    """With the days, and what is usual; in each form."""
    one = digest(*news())
    message = RENDERER.render(one, NOW)

    assert [part.initiative_id for part in one.sections] == ["trust", "compact"]
    assert message.subject == "TRUST: 2 stories, 2 outlets · COMPACT: quiet for 19 days"
    assert "1 initiative unusually quiet." in overview(one)
    for part in (" ".join(message.text.split()), page(message)):
        assert "quiet for 19 days" in part
        assert "No report for 19 days; its pauses are usually no longer than 6." in part
    (_, silent) = json.loads(message.data)["data"]["initiatives"]
    assert silent["last_days"]["silent_for"] == 19
    assert silent["last_days"]["usual"] == 6
    assert silent["last_days"]["days"] == list(SILENT.days)


def test_silence_comes_after_news_wherever_its_initiative_stands() -> None:
    other = {"trust": SILENT, "compact": BUSY}

    both = [found(f"Compact {n}", initiative="compact") for n in range(2)]

    assert subject(digest(*both, recent=other)) == "COMPACT: 2 stories, 1 outlet · TRUST: quiet for 19 days"


def test_one_story_keeps_its_title_and_silence_what_room_is_left() -> None:
    assert subject(digest(*news(1))) == "Story 0 · COMPACT: quiet for 19 days"
    assert subject(digest(found("word " * 34))) == ("word " * 34).strip()


def test_many_silent_initiatives_are_counted_in_a_subject() -> None:
    names = {f"i{n}": replace(COMPACT, id=f"i{n}", name=f"Initiative number {n}") for n in range(30)}
    one = compose(
        plan(initiatives=tuple(names)), (slot(),), SINCE, [], names, {}, COVERAGE, NOW,
        recent=dict.fromkeys(names, SILENT),
    )  # fmt: skip

    told = subject(one)

    assert len(told) <= SUBJECT
    assert re.fullmatch(
        r"Nothing new · Initiative number 0: quiet for 19 days · .* · \d\d more initiatives", told
    )


def test_silence_alone_is_no_news() -> None:
    """A digest of nothing else is empty; sent all the same, its subject names what is silent."""
    one = digest()

    assert is_empty(one)
    assert subject(one) == "Nothing new · COMPACT: quiet for 19 days"
    assert [part.initiative_id for part in one.idle] == ["trust"]


def test_an_initiative_with_a_late_report_is_not_called_silent() -> None:
    """As of an article of long ago that was found today."""
    late = [found(f"Old {n}", initiative="compact", published=NOW - timedelta(days=40)) for n in range(2)]

    one = digest(*late)

    assert subject(one) == "COMPACT: 2 stories, 1 outlet"
    assert [part.silent_for for part in one.sections] == [None]


@pytest.mark.parametrize("rhythm", [{"immediately": True}, {"every": timedelta(hours=1)}])
def test_what_has_no_times_of_day_tells_of_news_only(rhythm: dict[str, object]) -> None:
    """Silence and idle initiatives would be told many times a day."""
    one = digest(*news(), of=plan(**rhythm))

    assert [part.initiative_id for part in one.sections] == ["trust"]
    assert one.idle == ()
    assert one.sections[0].recent == BUSY


def test_initiatives_without_news_stand_at_the_end() -> None:
    """With their plots; those of which nothing came lately by name only."""
    names = NAMES | {"empty": replace(COMPACT, id="empty", name="Never heard of")}
    days = DAYS | {"compact": BUSY, "empty": Recent(days=(0,) * 30, last_day=TODAY)}
    one = compose(
        plan(initiatives=tuple(names)), (slot(),), SINCE, news(), names, {}, COVERAGE, NOW, recent=days
    )
    message = RENDERER.render(one, NOW)

    assert [part.initiative_id for part in one.idle] == ["compact", "empty"]
    assert [one.name for one in message.pictures] == ["days-1", "days-2"]
    for part in (" ".join(message.text.split()), page(message)):
        _, _, end = part.partition("Nothing new on")
        assert re.search(
            r"COMPACT for the 21st century .*5 stories in 30 days, most 3 today.* Never heard of", end
        )


def test_each_plot_is_part_of_the_message_and_told_in_words() -> None:
    message = RENDERER.render(digest(*news()), NOW)
    images = list(lxml_html.document_fromstring(message.html).iter("img"))

    assert [one.get("src") for one in images] == [f"cid:{one.name}" for one in message.pictures]
    assert [one.get("alt") for one in images] == [
        "5 stories in 30 days, most 3 today",
        "1 story in 30 days, on 6 Nov",
    ]
    assert all(one.get("width") == "180" and one.get("height") == "32" for one in images)
    assert all(one.png.startswith(b"\x89PNG") for one in message.pictures)
    assert "···························▅·▆ 5 stories in 30 days, most 3 today" in message.text


def test_without_last_days_nothing_is_drawn() -> None:
    message = RENDERER.render(digest(*news(), recent={}), NOW)

    assert message.pictures == ()
    assert "<img" not in message.html
    assert "30 days" not in message.text
    assert json.loads(message.data)["data"]["initiatives"][0]["last_days"] is None


def test_a_template_that_shows_no_plot_gets_none(tmp_path: Path) -> None:
    """A picture that no page shows would stand in mail programs as an attachment."""
    (tmp_path / "digest.html.j2").write_text("<p>{{ title }} cid:days-1</p>")

    assert Renderer(tmp_path).render(digest(*news()), NOW).pictures == ()


def test_a_copied_template_finds_the_bundled_frame(tmp_path: Path) -> None:
    """A user who copies `digest.html.j2` alone gets the same page."""
    bundled = Path(__file__).parents[2] / "alerts" / "templates" / "digest.html.j2"
    (tmp_path / "digest.html.j2").write_text(bundled.read_text(encoding="utf-8"), encoding="utf-8")

    one = digest(*news())

    assert Renderer(tmp_path).render(one, NOW) == RENDERER.render(one, NOW)


def test_threads_name_the_digest_and_the_only_initiative_with_news() -> None:
    both = [*news(), found("Compact", initiative="compact")]

    assert RENDERER.render(digest(*news()), NOW).threads == ("digest-morning", "initiative-trust")
    assert RENDERER.render(digest(*both), NOW).threads == ("digest-morning",)
    assert RENDERER.render(digest(), NOW).threads == ("digest-morning",)


def test_five_hundred_stories_stand_in_one_page_with_every_title() -> None:
    """The first in full, the next with their links, the others in short; what is missing is said."""
    many = [
        found(
            f"Story {n} of the long day on which everything happened at once",
            story=f"s{n}",
            hours=5 + n / 100,
        )
        for n in range(500)
    ]
    message = RENDERER.render(digest(*many), NOW)

    assert HTML_BYTES * 0.9 < len(message.html.encode()) <= HTML_BYTES
    assert all(f"Story {n} of" in message.html for n in range(500))
    assert all(f"Story {n} of" in message.text for n in range(500))
    in_full = message.html.count("<h3")
    links = message.html.count('href="')
    assert 12 <= in_full <= 40
    assert re.search(
        rf"whole: {500 - in_full} stories in short \(\d+ of them without a link\)\.", message.html
    )
    assert links > 200  # the first in short have theirs, too
    assert "without even a title" not in message.html


def test_many_outlets_of_the_stories_in_full_leave_links_to_the_others() -> None:
    """Details of a few stories give way to the links of many, and hardly any room is left over; in a mail, lines end
    with two signs."""
    told = [
        found(f"Report {n} of outlet {m} on this part of the long day", story=f"s{n}", source=f"Outlet {m}")
        for n in range(12)
        for m in range(9)
    ]
    many = [
        found(f"Story {n} of the long day on which everything happened", story=f"m{n}") for n in range(560)
    ]

    page = RENDERER.render(digest(*told, *many), NOW).html
    size = len(page.replace("\n", "\r\n").encode())

    assert HTML_BYTES * 0.95 < size <= HTML_BYTES
    assert all(f"Story {n} of" in page for n in range(560))
    assert page.count('<li><a href="') > 40


def test_the_page_names_its_charset_before_all_else() -> None:
    """A browser that opens it as a file looks at its first 1,024 bytes only."""
    assert 'charset="utf-8"' in RENDERER.render(digest(*news()), NOW).html[:200]


def test_colours_for_dark_screens_are_kept() -> None:
    """By the query of most programs, and by the mark of Outlook.com in a sheet of its own."""
    sheets = re.findall(r"<style>(.*?)</style>", RENDERER.render(digest(*news()), NOW).html, re.DOTALL)

    assert ["prefers-color-scheme: dark" in sheet for sheet in sheets] == [True, False]
    assert ["[data-ogsc] .card" in sheet for sheet in sheets] == [False, True]
