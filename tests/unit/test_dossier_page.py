"""The page of a dossier, and the index of several: read as a browser reads them, with what is hostile in every place."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest

from alerts.dossier_page import ALSO, TIMELINE, Files, index_data, page_data
from alerts.dossier_records import Dossier, Held, NewTerm
from alerts.records import Commitment, Coverage, FailingSource, Gap
from alerts.render import page
from alerts.safe import one_line
from tests.fakes.dossiers import DAY, KEPT, NOW, RULED, WATCHLIST, came, made, rich, setting
from tests.hostile import LINKS, STRINGS
from tests.message_lint import look_at_page

X = "{http://www.w3.org/1999/xhtml}"
DRAWING = re.compile(r"<svg .*?</svg>", re.DOTALL)


def written(one: Dossier) -> str:
    return page("dossier", page_data(one))


def faults(html: str) -> list[str]:
    """What is wrong with a page; drawings are looked at by themselves, and links within the page are meant."""
    found = look_at_page(DRAWING.sub("<b>drawing</b>", html))
    return [one for one in found if "clip" not in one and "leads to '#" not in one]


def tree(html: str) -> Any:
    return html5lib.parse(html)


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def squashed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def part(html: str, heading: str) -> Any:
    """The section under an `<h2>` with this id."""
    for section in tree(html).iter(f"{X}section"):
        if any(one.get("id") == heading for one in section.iter(f"{X}h2")):
            return section
    raise AssertionError(f"no part {heading}")


def test_an_overdue_commitment_stands_in_words_before_everything_else() -> None:
    """Above the figures, so that it is seen on the first screen; colour only adds to it."""
    html = written(rich())

    body = words(tree(html).find(f"{X}body"))
    overdue = body.index(
        "Overdue by 329 days Roadmap for AI infrastructure Due 31 Dec 2025; 1 report is filed"
    )
    assert overdue < body.index("new stories") < body.index("Coverage over time")
    assert body.index("Coverage over time", body.index("All stories")) > overdue


def test_each_commitment_stands_with_its_day_and_its_evidence() -> None:
    said = words(part(written(rich()), "commitments"))

    assert said == (
        "Commitments Overdue by 329 days due 31 Dec 2025 Roadmap for AI infrastructure 1 report is filed under it:"
        " A draft Ledger, ledger.example · Wed 25 Nov, 09:00"
        " Met on 31 Oct 2025, 61 days early due 31 Dec 2025 Ten-year pact"
        " No report found since 21 Oct 2025, when we began to look. Met by ministry.example."
    )


def test_headings_follow_each_other_and_the_parts_are_linked() -> None:
    """One h1, no level left out, and each address within the page leads somewhere."""
    found_tree = tree(written(rich()))
    levels = [int(one.tag[-1]) for one in found_tree.iter() if re.fullmatch(rf"{X}h[1-6]", str(one.tag))]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [one.get("id") for one in found_tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    inner = [one.get("href")[1:] for one in found_tree.iter(f"{X}a") if one.get("href", "").startswith("#")]
    assert inner
    assert set(inner) <= set(ids)
    for table in found_tree.iter(f"{X}table"):
        assert {one.get("scope") for one in table.iter(f"{X}th")} <= {"col", "row"}


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """No element and no attribute asks for anything; its policy forbids it as well."""
    html = written(rich())

    policy = next(one for one in tree(html).iter(f"{X}meta") if one.get("http-equiv"))
    assert policy.get("content", "").startswith("default-src 'none'; style-src 'unsafe-inline'")
    names = {str(one.tag).rpartition("}")[2] for one in tree(html).iter()}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "form", "image", "use", "style2"})
    for one in tree(html).iter():
        for name, value in one.attrib.items():
            assert str(name).rpartition("}")[2].lower() not in {"src", "srcset", "data", "action", "style"}
            assert not str(name).startswith("on")
            assert "url(" not in value
    assert not re.search(
        r"url\(|@import|https?:|expression\(", "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    )


AT_ONCE = 20
CHUNKS = [STRINGS[at : at + AT_ONCE] for at in range(0, len(STRINGS), AT_ONCE)]


@pytest.mark.parametrize("number", range(len(CHUNKS)))
def test_whatever_articles_sources_and_rules_say_it_is_shown_and_not_obeyed(number: int) -> None:
    texts = CHUNKS[number]
    evil = texts[0]
    reports = [
        came(
            2,
            text,
            source=f"{text} {place}",
            story=f"s{place // 2}",
            url=LINKS[(number * AT_ONCE + place) % len(LINKS)],
            snippet=text,
            language=text,
            terms=(text,),
        )
        for place, text in enumerate(texts)
    ]
    promises = tuple(
        Commitment(id=f"c{place}", text=text, due=date(2025, 1, 1), by=LINKS[place])
        for place, text in enumerate(texts)
    )
    initiative = replace(RULED, name=evil, commitments=promises, exceptions=tuple(texts))
    one = made(
        *reports,
        about=setting(
            initiative=initiative,
            watchlist=replace(WATCHLIST, title=evil, context=tuple(texts)),
            tags={report.article.telling.source_id: (evil,) for report in reports},
        ),
        filed={("trust", "c0"): (tuple(report.article.telling for report in reports[:5]), 9)},
        coverage=Coverage(
            checked=1,
            failing=tuple(FailingSource(source=text, since=NOW, reason=text) for text in texts),
            quiet=tuple(texts),
            gaps=tuple(Gap(source=text, start=NOW - DAY, end=NOW) for text in texts),
        ),
        held=tuple(Held(source=text, articles=1) for text in texts),
        rules=KEPT,
    )
    terms = tuple(
        NewTerm(text=text, stories=3, before=0, example=report.article.telling)
        for text, report in zip(texts, reports, strict=True)
    )

    html = written(replace(one, terms=terms))

    assert faults(html) == []
    for drawing in DRAWING.findall(html):
        assert "script" not in {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(drawing).iter()}
    said = squashed("".join(tree(html).itertext()))
    for text in texts:
        assert squashed(one_line(text, 60).rstrip("…")) in said


def test_many_stories_are_counted_and_those_that_went_furthest_are_named() -> None:
    """So that the page stays one that a phone shows."""
    many = [came(1 + n / 100, f"Single {n}", story=f"s{n}") for n in range(TIMELINE + 30)]
    wide = [came(25, "Wide", source=name, story="wide") for name in ("Post", "Wire")]

    html = written(made(*many, *wide))

    said = words(part(html, "stories"))
    assert said.count("Single ") == TIMELINE - 1
    assert "Wide" in said
    assert "and 31 more stories, in fewer outlets than those that are named" in said


def test_the_short_list_names_what_went_furthest_and_not_all_of_it() -> None:
    """By independent reports, then by outlets; a story of one outlet is not widely reported."""
    wide = [came(2, f"Wide {name}", source=name, story="wide") for name in "ABCDEFGH"]
    less = [came(1, f"Less {name}", source=name, story="less") for name in "AB"]

    html = written(made(*wide, *less, came(1, "Alone", story="alone")))

    said = words(part(html, "widest"))
    assert said.index("Wide A") < said.index("Less A")
    assert "Alone" not in said
    assert said.count("Also") == ALSO + 1
    assert "and 3 more articles" in said


def test_an_outlet_is_named_once_in_the_line_of_a_story() -> None:
    """Also where it has told it three times, and never beside its own headline."""
    told = [
        came(3 - n / 10, f"Part {n}", source=name, story="a")
        for n, name in enumerate(("Post", "Post", "Wire", "Wire"))
    ]

    said = words(part(written(made(*told)), "stories"))

    assert said.count("Post") == 1
    assert said.count("Wire") == 1


def test_sources_that_missed_the_same_time_stand_in_one_line() -> None:
    gaps = tuple(Gap(source=f"Paper {n}", start=NOW - 5 * DAY, end=NOW - 2 * DAY) for n in range(30))

    said = words(part(written(made(came(1), coverage=Coverage(checked=9, gaps=gaps))), "missed"))

    assert "3 days not covered at 30 sources." in said
    assert (
        "Not covered: 30 sources: Paper 0, Paper 1, Paper 2 and 27 more, Fri 20 Nov, 12:00 to Mon 23 Nov, 12:00"
        in said
    )


def test_a_dossier_without_anything_is_a_page_too() -> None:
    html = written(made(watched_since=None, collected=frozenset(), last_polled=None))

    assert faults(html) == []
    said = words(tree(html).find(f"{X}body"))
    assert "No report in these 30 days." in said
    assert "Nothing was collected yet." in said


def test_the_index_leads_to_each_dossier_with_what_is_overdue_first() -> None:
    one, two = rich(), made(came(2))
    html = page(
        "dossiers",
        index_data([(two, Files(html="b.html", pdf="")), (one, Files(html="a.html", pdf="a.pdf"))]),
    )

    assert look_at_page(html.replace('href="', 'href="https://x.example/')) == []
    links_there = [link.get("href") for link in tree(html).iter(f"{X}a")]
    assert links_there == ["b.html", "a.html", "b.html", "a.html", "a.pdf"]
    body = words(tree(html).find(f"{X}body"))
    assert body.index("Overdue by 329 days") < body.index("Independent reports")


# -- colours ---------------------------------------------------------------------------------------


def _colours(css: str) -> list[dict[str, str]]:
    """The sets of colours of the sheet: light, dark, print over light."""
    sets = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css)
    ]
    return [sets[0], sets[1], {**sets[0], **sets[2]}]


def _light(colour: str) -> float:
    """Relative luminance by WCAG."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((_light(one), _light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
def test_words_and_shapes_stand_out_from_their_ground(number: int) -> None:
    """WCAG AA: 4.5 for words, 3 for shapes."""
    css = re.findall(r"<style>(.*?)</style>", written(made()), re.S)[0]
    colour = _colours(css)[number]

    for ink, ground in (
        *((name, "paper") for name in ("ink", "text", "quiet", "brand", "bad", "warn", "good", "silence")),
        *((name, "soft") for name in ("ink", "text", "quiet", "brand")),
        *((name, f"{name}-soft") for name in ("bad", "warn", "good")),
        *(("quiet", f"{name}-soft") for name in ("bad", "warn", "good")),
    ):
        assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    for shape in ("bar", "surge", "silence"):
        assert contrast(colour[shape], colour["paper"]) >= 3, shape
