"""Whose text an article says it is: wire credits of many countries, and what looks like one and is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.agencies import AGENCIES
from crawler.agency_hosts import HOSTS
from crawler.provenance import credit_of
from crawler.records import Article

BODY = (
    "Officials of both countries met on Tuesday and agreed to share a list of forty parts with industry before "
    "the end of the quarter, two people who know of the talks said.\n\n"
    "The group is to find out where a single supplier stands behind a part, and to suggest a second one. "
    "It will meet every six weeks."
)


def article(**facts: Any) -> Article:
    plain: dict[str, Any] = {
        "id": "0" * 16,
        "source_id": "meridian",
        "url": "https://meridian.example/world/parts",
        "canonical_url": "https://meridian.example/world/parts",
        "title": "Both countries share a list of parts",
        "first_seen_at": datetime(2026, 11, 25, 12, tzinfo=UTC),
    }
    return Article(**(plain | facts))


@pytest.mark.parametrize(
    ("dateline", "agency"),
    [
        ("(Reuters) - ", "Reuters"),
        ("LONDON (Reuters) - ", "Reuters"),
        ("LONDON, Nov 25 (Reuters) - ", "Reuters"),
        ("Nov 25 (Reuters) - ", "Reuters"),
        ("NEW DELHI/WASHINGTON, Nov 25 (Reuters) – ", "Reuters"),
        ("WASHINGTON, March 3, 2026 (AP) — ", "AP"),
        ("ST. LOUIS (AP) — ", "AP"),
        ("SÃO PAULO (AP) _ ", "AP"),
        ("New Delhi, Nov 25 (PTI) ", "PTI"),
        ("NEW DELHI: (ANI) ", "ANI"),
        ("New Delhi [India], November 25 (ANI): ", "ANI"),
        ("New Delhi, Nov 25 (IANS) ", "IANS"),
        ("Paris (AFP) - ", "AFP"),
        ("PARIS, 25 nov 2026 (AFP) - ", "AFP"),
        ("BEIJING, Nov. 25 (Xinhua) -- ", "Xinhua"),
        ("TOKYO (Kyodo) -- ", "Kyodo"),
        ("SEOUL, Nov. 25 (Yonhap) -- ", "Yonhap"),
        ("KUALA LUMPUR, Nov 25 (Bernama) -- ", "Bernama"),
        ("ANKARA (AA) – ", "Anadolu"),
        ("Berlin (dpa) - ", "dpa"),
        ("Berlin/London (dpa/AFP) - ", "dpa"),
        ("Frankfurt am Main (dpa-AFX) - ", "dpa"),
        ("Wien (APA) – ", "APA"),
        ("Madrid, 25 nov (EFE).- ", "EFE"),
        ("(ANSA) - ROMA, 25 NOV - ", "ANSA"),
        ("Roma, 25 nov. (Adnkronos) - ", "Adnkronos"),
        ("OSLO (NTB): ", "NTB"),
        ("OSLO (©NTB): ", "NTB"),
        ("AMSTERDAM (ANP) - ", "ANP"),
        ("Praha 25. listopadu (ČTK) - ", "ČTK"),
        ("Lisboa, 25 nov (Lusa) — ", "Lusa"),
        ("МОСКВА, 25 ноября. /ТАСС/. ", "TASS"),
        ("MOSCOW, November 25. /TASS/. ", "TASS"),
        ("МОСКВА, 25 ноя — РИА Новости. ", "RIA Novosti"),
        ("Москва. 25 ноября. INTERFAX.RU - ", "Interfax"),
        ("新华社北京11月25日电 ", "Xinhua"),
        ("新华社北京11月25日电（记者李明）", "Xinhua"),
        ("中新社北京11月25日电 ", "China News Service"),
        ("【ワシントン共同】", "Kyodo"),
        ("【ニューヨーク時事】", "Jiji"),
        ("［東京　２５日　ロイター］ - ", "Reuters"),
        ("(서울=연합뉴스) 김민수 기자 = ", "Yonhap"),
        ("[서울=뉴시스] ", "Newsis"),
        ("نيويورك (رويترز) - ", "Reuters"),
        ("नई दिल्ली, 25 नवंबर (भाषा) ", "PTI Bhasha"),
        ("Reuters - ", "Reuters"),
        ("AP — ", "AP"),
        ("BENGALURU (Deccan Wire) — ", "Deccan Wire"),
    ],
)
def test_a_dateline_names_its_agency(dateline: str, agency: str | None) -> None:
    assert credit_of(article(text=dateline + BODY)) == agency


@pytest.mark.parametrize(
    ("author", "agency"),
    [
        ("Reuters", "Reuters"),
        ("By Reuters", "Reuters"),
        ("Reuters Staff", "Reuters"),
        ("Thomson Reuters", "Reuters"),
        ("Jane Doe, Associated Press", "AP"),
        ("By Jane, Associated Press", "AP"),
        ("By JANE DOE Associated Press", "AP"),
        ("Jane Doe (AP)", "AP"),
        ("The Associated Press", "AP"),
        ("Jane Doe | Reuters", "Reuters"),
        ("Jane Doe and John Roe, Bloomberg News", "Bloomberg"),
        ("Agence France-Presse", "AFP"),
        ("AFP Staff Writers", "AFP"),
        ("Le Monde avec AFP", "AFP"),
        ("PTI", "PTI"),
        ("Press Trust of India", "PTI"),
        ("ANI | Updated: Nov 25", "ANI"),
        ("dpa", "dpa"),
        ("Agencia EFE", "EFE"),
        ("Efe", "EFE"),
        ("TT", "TT"),
        ("新华社", "Xinhua"),
        ("共同通信", "Kyodo"),
        ("ТАСС", "TASS"),
        ("The Canadian Press", "The Canadian Press"),
        ("Deccan Wire Service", "Deccan Wire"),
        ("Jane Doe", None),
        ("Efe Bakır", None),
        ("Ana Silva", None),
        ("Petra Novak", None),
        ("Trend Desk of the Meridian", None),
        ("Former Reuters correspondent Jane Doe", None),
        ("Jane Doe, formerly of Reuters", None),
        ("Staff reporter", None),
        ("map", None),
        ("NA", None),
        ("N/A", None),
        ("RSS", None),
        ("Trend", None),
        ("App", None),
    ],
)
def test_a_byline_names_its_agency(author: str, agency: str | None) -> None:
    assert credit_of(article(text=BODY, authors=("Staff", author))) == agency


@pytest.mark.parametrize(
    ("first_lines", "agency"),
    [
        ("By Jane Doe, Associated Press", "AP"),
        ("By JANE DOE Associated Press", "AP"),
        ("Jane Doe\nReuters", "Reuters"),
        ("Von dpa", "dpa"),
        ("Source: AFP", "AFP"),
        (
            "A ship waits at the pier. REUTERS/Jane Doe/File Photo\n\nLONDON (Reuters) - Ships wait.",
            "Reuters",
        ),
        ("By Jane Doe, Staff Writer", None),
        ("A ship waits at the pier. (AP Photo/Jane Doe)", None),
        ("A ship waits at the pier. REUTERS/Jane Doe", None),
        ("Photo: AFP", None),
        ("RSS", None),
        ("AA", None),
        ("Trend", None),
    ],
)
def test_the_first_lines_of_a_text_may_name_it(first_lines: str, agency: str | None) -> None:
    assert credit_of(article(text=f"{first_lines}\n\n{BODY}")) == agency


@pytest.mark.parametrize(
    ("ending", "agency"),
    [
        ("\n\n(Reporting by Jane Doe in New Delhi; Editing by John Roe)", "Reuters"),
        (" (Reporting by Jane Doe; writing by John Roe; editing by Ann Poe)", "Reuters"),
        (
            "\n\nReporting by Jane Doe and John Roe; Additional reporting by Ann Poe; Editing by Zoe Coe",
            "Reuters",
        ),
        ("\n\nOur Standards: The Thomson Reuters Trust Principles.", "Reuters"),
        ("\n\n(Reporting by AFP; editing by Jane Doe)", "AFP"),
        ("\n\nWith inputs from ANI", "ANI"),
        ("\n\n(With inputs from PTI, Reuters)", "PTI"),
        ("\n\n(With agency inputs from ANI)", "ANI"),
        (" (With PTI inputs)", "PTI"),
        (
            "\n\n(With inputs from Deccan Wire; only the headline has been changed by our desk.)",
            "Deccan Wire",
        ),
        ("\n\nThis report was provided by Deccan Wire Service.", "Deccan Wire"),
        ("\n\nThis story was originally published by Reuters.", "Reuters"),
        ("\n\nAssociated Press writer Jane Doe in Paris contributed to this report.", "AP"),
        (" PTI SKL KSS MR", "PTI"),
        (" PTI", "PTI"),
        (" He is in the PTI", None),
        ("\n\nWhy it is complicated [ Bloomberg ]", None),
        ("\n\nPTI SKL KSS MR", "PTI"),
        ("\n\n(ANI)", "ANI"),
        (" (AFP)", "AFP"),
        (" – AFP", "AFP"),
        (" -- Bernama", "Bernama"),
        ("\n\nSource: AFP", "AFP"),
        ("\n\nQuelle: ntv.de, jog/dpa", "dpa"),
        ("\n\nht/dpa", "dpa"),
        ("\n\n(mit Material von dpa)", "dpa"),
        (" (avec AFP)", "AFP"),
        ("\n\n(Con información de EFE)", "EFE"),
        ("\n\nFonte: ANSA", "ANSA"),
        ("\n\n© Reuters", "Reuters"),
        ("\n\nCopyright 2026 The Associated Press. All rights reserved.", "AP"),
        ("\n\n©2026 AFP", "AFP"),
        ("\n\n(PAP)\n\nabc/ def/", "PAP"),
        ("（共同）", "Kyodo"),
        ("\n\n来源：新华社", "Xinhua"),
        ("\n\n(©NTB)", "NTB"),
        (" /ritzau/", "Ritzau"),
        ("\n\n(With inputs from agencies)", None),
        ("\n\n(With inputs from our correspondent in Pune)", None),
        ("\n\nThis story has not been edited by our staff and is published from a syndicated feed.", None),
        ("\n\nPhoto: Reuters", None),
        ("\n\nImage credit: AFP via Getty Images", None),
        ("\n\nREUTERS/Jane Doe", None),
        (" He declined to speak to the AP.", None),
        (" A spokesman confirmed it to AFP.", None),
        ("\n\nWritten by Jane Doe", None),
        ("\n\n(see the map)", None),
        ("\n\nRSS", None),
        ("\n\nMAP", None),
        ("\n\n(MAP)", "MAP"),
    ],
)
def test_a_sign_off_names_its_agency(ending: str, agency: str | None) -> None:
    assert credit_of(article(text=BODY + ending)) == agency


@pytest.mark.parametrize(
    "text",
    [
        f"Modi told Reuters on Monday that the talks went well. {BODY}",
        f"The Associated Press (AP) reported on Monday that the talks went well. {BODY}",
        f"Reuters could not at once verify the report. {BODY}",
        f"According to AFP, the talks went well. {BODY}",
        f"{BODY}\n\nA Reuters report said that the talks would go on.",
        f"{BODY}\n\nHe spoke to the Press Trust of India (PTI) and to others.",
        f"Pakistan Tehreek-e-Insaf (PTI) Chairman Imran Doe said on Monday that he would go. {BODY}",
        f"Pakistan Tehreek-e-Insaf (PTI) - the party of the former captain - said so. {BODY}",
        f"The Aam Aadmi Party (AAP) - now in power - said on Monday that it would pay. {BODY}",
        f"The bilateral trade agreement (BTA) — a first part of it — is due in spring. {BODY}",
        f"Bilateral Trade Agreement (BTA) - what is in it. {BODY}",
        f"Reuters chief executive Jane Doe said on Monday that profits rose. {BODY}",
        f"据路透社报道，双方会谈顺利。{BODY}",
        f"Shares of Trend Micro rose. {BODY}",
        f"Reuters - the agency - said on Monday that it would hire. {BODY}",
        f"Beta - A first version of it is out. {BODY}",
        f"WASHINGTON - An engineer will soon be able to fly. {BODY}",
        f"WASHINGTON (Analysis) - An engineer will soon be able to fly. {BODY}",
        f"A photographer of the (AP) agency was there. {BODY}",
        f"{BODY} So says the official Associated Press of Pakistan (APP).",
        f"(NTT) expects its profits to fall. {BODY}",
        f"CAPE CANAVERAL (Florida) — Scientists said so. {BODY}",
        f"SEOUL (South Korea) — Officials said so. {BODY}",
        f"{BODY}\n\n(With inputs from Jane Doe in Pune)",
        f"{BODY}\n\nOriginally published on Space.com.",
        BODY,
        "",
    ],
)
def test_a_mention_is_no_credit(text: str) -> None:
    """What a text says of an agency, or of a party with its letters, does not make it that agency's text."""
    assert credit_of(article(text=text, title="Modi told Reuters so: Reuters")) is None


def test_the_summary_of_a_feed_may_carry_the_dateline() -> None:
    """Where the page leaves it out."""
    assert credit_of(article(summary="LONDON (Reuters) - Both sides …", text=BODY)) == "Reuters"


@pytest.mark.parametrize(
    ("facts", "agency"),
    [
        ({"url": "https://www.reuters.com/world/parts"}, "Reuters"),
        ({"url": "https://apnews.com/article/parts"}, "AP"),
        ({"url": "https://hindi.aninews.in/parts"}, "ANI"),
        ({"canonical_url": "https://reuters.com/world/parts"}, "Reuters"),
        ({"source_id": "Reuters"}, "Reuters"),
        ({"source_id": "associated-press"}, "AP"),
        ({"source_id": "pti"}, "PTI"),
        ({"source_id": "rss"}, None),
        ({"source_id": "app"}, None),
        ({"source_id": "trend"}, None),
        ({"source_id": "reuters-of-the-west"}, None),
        ({"url": "https://notreuters.com/world/parts"}, None),
        ({"url": "https://reuters.com.evil.example/world"}, None),
        ({"url": "http://[broken/"}, None),
    ],
)
def test_an_agency_tells_itself_at_its_own_address(facts: dict[str, str], agency: str | None) -> None:
    assert credit_of(article(text=BODY, **facts)) == agency


def test_every_host_is_that_of_a_known_agency() -> None:
    assert set(HOSTS.values()) <= {one.name for one in AGENCIES}


@pytest.mark.parametrize(
    "part", ["AP/AP/", "AP and ", "AP, ", "(AP ", "with ab ", "Reporting by a; ", "a/", "新华社1日"]
)
def test_a_line_that_repeats_a_form_without_end_is_read_at_once(part: str) -> None:
    """It names one agency or none; a pattern that tried every way to read it would not come back."""
    repeated = part * 400

    for facts in ({"text": repeated}, {"text": f"{repeated}!"}, {"authors": (repeated[:139],)}):
        assert credit_of(article(**facts)) in {None, "AP", "Reuters", "Xinhua"}
