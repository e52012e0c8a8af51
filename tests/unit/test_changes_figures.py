"""Figures as they are written in many countries, and what looks like one and says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.changes import Words, compare
from crawler.figures import figures
from crawler.flat import composed, flat
from crawler.word_forms import same_word


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("12 killed", [(12, "")]),
        ("Twelve killed, twenty-five hurt", [(12, ""), (25, "")]),
        ("Zwölf Tote, fünfzehn Verletzte", [(12, ""), (15, "")]),
        ("dix-sept morts", [(17, "")]),
        ("US$500 billion deal", [(5e11, "$")]),
        ("$500bn", [(5e11, "$")]),
        ("500 Mrd. Euro", [(5e11, "€")]),
        ("3 mil millones de euros", [(3e9, "€")]),
        ("Rs. 5,000", [(5000, "₹")]),
        ("₹1 lakh crore", [(1e12, "₹")]),
        ("5,00,000 people", [(500_000, "")]),
        ("1.400.000 Einwohner", [(1_400_000, "")]),
        ("1 400 000 habitants", [(1_400_000, "")]),
        ("10.000,50 Euro", [(10_000.5, "€")]),
        ("5 per cent", [(5, "%")]),
        ("5,2 Prozent", [(5.2, "%")]),
        ("12 May", [(512, "date")]),
        ("Nov. 25, 2026", [(1125, "date"), (2026, "year")]),
        ("15 de mayo", [(515, "date")]),
        ("2026-11-25", [(1125, "date")]),
        ("11月25日", [(1125, "date")]),
        ("火災で12人が死亡", [(12, "")]),
        ("5亿元", [(5e8, "¥")]),
        ("१२ की मौत", [(12, "")]),
        ("مقتل ١٢ شخصا", [(12, "")]),
        ("win 2-1", [(2001, "score")]),
        ("at 14:05, at 2.05 pm, at 14h30, at 0900, at 14 Uhr, 14時30分, at 0405 GMT", []),
        ("3 hours ago, vor 3 Stunden, il y a 3 heures, hace 3 horas, 3 ore fa, 3分前, 3 часа назад", []),
        ("a 3 min read", []),
        ("G20, A320, F-16, COVID-19, iPhone17, 5G", []),
        ("https://times.example/2026/11/25/12-killed", []),
        ("number 1234567890123456789", []),
    ],
)
def test_figures_are_read_as_they_are_meant(text: str, values: list[tuple[float, str]]) -> None:
    """Value and unit of each, in the order of the text."""
    assert [(one.value, one.unit) for one in figures(text)] == [
        (pytest.approx(v), unit) for v, unit in values
    ]


@given(st.text(max_size=300))
def test_a_figure_stands_where_it_says(text: str) -> None:
    """Its places are those of the text in composed letters, which are as many when they are flat."""
    whole = composed(text)
    assert len(flat(text)) == len(whole)
    for one in figures(text):
        assert whole[one.start : one.end].strip() == one.text


@given(st.text(max_size=200), st.text(max_size=400), st.text(max_size=400), st.booleans())
def test_any_two_versions_can_be_compared(title: str, text: str, other: str, from_page: bool) -> None:
    """What is said is one line; a version says the same as itself."""
    one = Words(title=title, text=text, from_page=from_page)
    found = compare(one, Words(title=other[:200], text=other, from_page=from_page))

    assert found is None or (found.said and len(found.said.splitlines()) == 1)
    assert compare(one, one) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rises", "rise"),
        ("cut", "cutting"),
        ("denied", "denies"),
        ("deny", "denied"),
        ("organise", "organize"),
        ("centre", "center"),
        ("goverment", "government"),
        ("minsiter", "minister"),
        ("colombia", "columbia"),
        ("정부가", "정부는"),
        ("отклонил", "отклонила"),
    ],
)
def test_forms_and_slips_of_a_word_are_one(one: str, other: str) -> None:
    """In either order."""
    assert same_word(one, other)
    assert same_word(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("iran", "iraq"),
        ("hires", "fires"),
        ("niger", "nigeria"),
        ("austria", "australia"),
        ("import", "export"),
        ("legal", "illegal"),
        ("employer", "employee"),
        ("police", "policy"),
        ("party", "parts"),
        ("contract", "contrast"),
        ("повысил", "понизил"),
    ],
)
def test_words_that_only_look_alike_are_two(one: str, other: str) -> None:
    """One letter makes another word."""
    assert not same_word(one, other)
    assert not same_word(other, one)
