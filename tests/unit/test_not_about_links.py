"""In a digest stands beside each story where its readers say that it is not about the initiative."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import html5lib
import pytest

from alerts import sample
from alerts.digest import compose
from alerts.messages import Message
from alerts.records import MatchedArticle
from alerts.render import HTML_BYTES, Renderer
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot
from tests.message_lint import look_at_page

START = "https://news.example.org/tidings/not-about"


def address(article_id: str, initiative_id: str) -> str:
    return f"{START}/{article_id}/{quote(initiative_id, safe='')}/{'A' * 32}"


RENDERER = Renderer(not_about=address)


def message(*matched: MatchedArticle, renderer: Renderer = RENDERER, most: int = 40) -> Message:
    names = {
        name: replace(one, name="Chips <b>&" if name == "trust" else one.name)
        for name, one in INITIATIVES.items()
    }
    digest = compose(plan(max_stories=most), (slot(),), SINCE, matched, names, {}, COVERAGE, NOW)
    return renderer.render(digest, NOW)


def links(html: str) -> dict[str, str]:
    """Where the links lead, and what they say."""
    page = html5lib.parse(html, namespaceHTMLElements=False)
    return {
        one.get("href"): "".join(one.itertext())
        for one in page.iter("a")
        if one.get("href", "").startswith(START)
    }


def in_text(text: str) -> set[str]:
    return set(re.findall(rf"{START}/\S+", text))


def test_each_story_of_the_mail_has_its_link() -> None:
    """That of its leading article; in both parts, and with the name of the initiative, which is text."""
    one, other = found("Chip call opens", story="a"), found("A chip off the block", story="b")

    told = message(one, other)

    wanted = {address(each.telling.article_id, "trust") for each in (one, other)}
    assert links(told.html) == dict.fromkeys(wanted, "Not about Chips <b>&?")
    assert in_text(told.text) == wanted
    assert "Not about Chips <b>&?" in told.text
    assert [each for each in look_at_page(told.html) if "not-about" in each] == []


def test_where_readers_cannot_reach_us_there_is_none_and_nothing_else_differs() -> None:
    one = found("Chip call opens")
    bare = message(one, renderer=Renderer())

    assert "not-about" not in bare.html + bare.text
    assert "Not about" not in bare.html + bare.text
    assert bare.data == message(one).data
    lines = [line for line in message(one).text.splitlines() if "ot about" not in line and START not in line]
    assert lines == bare.text.splitlines()


def test_what_is_told_in_short_has_one_too() -> None:
    """By title, told before, updated, or under another heading."""
    told = RENDERER.render(sample.digest(), sample.NOW)

    shown = links(told.html)
    assert in_text(told.text) == shown.keys()
    assert len(shown) == 9
    assert {"/".join(one.split("/")[-3:-1]) for one in shown} >= {
        f"{number:016x}/sample-{initiative}"
        for number, initiative in ((2, 1), (3, 1), (16, 1), (17, 1), (19, 2))
    }
    assert set(shown.values()) == {
        "Not about Harbour tunnel?",
        "Not about Night trains?",
        "Not about this?",
    }


def test_a_repeat_has_the_same_bytes() -> None:
    one = found("Chip call opens")

    assert message(one) == message(one)


def test_a_long_name_is_not_repeated_at_each_story() -> None:
    names = {"trust": replace(INITIATIVES["trust"], name="A name without end " * 8)}
    digest = compose(plan(), (slot(),), SINCE, [found("News")], names, {}, COVERAGE, NOW)

    told = RENDERER.render(digest, NOW)

    assert list(links(told.html).values()) == ["Not about this?"]
    assert "Not about this?" in told.text


def test_with_links_a_page_never_passes_what_mail_programs_show_whole() -> None:
    """Stories in full keep theirs; those told in short give them up first. The text part has all of them."""
    many = [found(f"Story {n} " + "word " * 20, story=f"s{n}") for n in range(90)]
    titles = [found(f"Brief {n} " + "word " * 15, story=f"b{n}") for n in range(60)]

    told = message(*many, *titles, most=90)

    full = len(re.findall(r"<h3", told.html))
    assert len(told.html.encode()) <= HTML_BYTES
    assert len(links(told.html)) == full > 10
    assert len(in_text(told.text)) == 150


@pytest.mark.parametrize(
    "template", ["{{ title }}", "{% for s in sections[0].stories %}{{ s.not_about }}{% endfor %}"]
)
def test_a_template_of_ones_own_may_show_it_or_not(tmp_path: Path, template: str) -> None:
    for ending in ("html", "txt"):
        (tmp_path / f"digest.{ending}.j2").write_text(template)

    told = message(found("News"), renderer=Renderer(tmp_path, not_about=address))

    assert (START in told.text) is ("not_about" in template)
