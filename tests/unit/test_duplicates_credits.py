"""What is taken off a text before it is compared, and what never is."""

from __future__ import annotations

import time

import pytest

from crawler.agencies import AGENCIES, FIRST_WORDS, agency_named, agency_of
from crawler.credits import without_credits
from crawler.datelines import plain_title
from crawler.duplicates import tokens

STORY = "The harbour board approved two new ferries on Monday after a long debate about their cost."
SECOND = "Work on the first of them is to begin in the spring, its chairwoman said."

DATELINES = [
    "(Reuters) - ",
    "Reuters - ",
    "REUTERS: ",
    "AP - ",
    "(AP) ",
    "AFP: ",
    "LONDON (Reuters) - ",
    "LONDON, (Reuters) – ",
    "London (Reuters): ",
    "LONDON -- (Reuters) -- ",
    "[Reuters] ",
    "NEW DELHI, Feb 14 (Reuters) - ",
    "NEW DELHI, February 14 (Reuters) — ",
    "New Delhi, Feb. 14 (PTI) ",
    "New Delhi, 14 February (ANI): ",
    "New Delhi [India], February 14 (ANI): ",
    "Mumbai, (IANS) ",
    "WASHINGTON, March 3, 2026 (AP) — ",
    "WASHINGTON/NEW YORK, March 3 (Reuters) - ",
    "UNITED NATIONS, Dec. 3 (Xinhua) -- ",
    "RIO DE JANEIRO (AP) — ",
    "FRANKFURT AM MAIN (dpa) - ",
    "Berlin (dpa/AFP) - ",
    "Berlin (dpa/bb) - ",
    "Wien (APA) – ",
    "Bern (awp/sda) - ",
    "PARIS, 3 mars (Reuters) - ",
    "Paris (AFP) - ",
    "Madrid, 14 feb (EFE).- ",
    "MADRID, 14 Feb. (EUROPA PRESS) - ",
    "(ANSA) - ROMA, 14 FEB - ",
    "Roma, 14 feb. (askanews) – ",
    "Lisboa, 14 fev 2026 (Lusa) – ",
    "Warszawa (PAP) - ",
    "ANKARA (AA) - ",
    "KYIV, February 14 /Ukrinform/. ",
    "МОСКВА, 14 февраля. /ТАСС/. ",
    "МОСКВА, 14 фев - РИА Новости. ",
    "Москва. 14 февраля. ИНТЕРФАКС - ",
    "नई दिल्ली, 14 फरवरी (भाषा) ",
    "नयी दिल्ली (वार्ता) ",
    "الرياض 14 فبراير (رويترز) - ",
    "新华社北京2月14日电 ",
    "新华社北京2月14日电（记者 王明 李华）",
    "路透社伦敦14日电 ",
    "（中央社記者王明台北14日電）",
    "[ロンドン 14日 ロイター] - ",
    "(서울=연합뉴스) 홍길동 기자 = ",
    "NEW YORK, Feb. 14, 2026 /PRNewswire/ -- ",
    "NEW YORK--(BUSINESS WIRE)--",
    "VANCOUVER, British Columbia, Feb. 14, 2026 (GLOBE NEWSWIRE) -- ",
    "JERUSALEM (JTA) — ",
    "LAGOS, Nigeria, Feb. 14 (NAN) ",
    "NEW DELHI, Feb 14 - ",
    "NEW DELHI, FEBRUARY 14: ",
    "By Ann Lee\n\nLONDON (Reuters) - ",
    "By Ann Lee and Bo Ek, Associated Press\n",
    "By ANN LEE\nAssociated Press\n\n",
    "By Reuters\n",
    "By Ann Lee | AP\n",
    "Von Anna Lee, dpa\n\n",
    "Par Anne Lee avec AFP\n\n",
    "Source: Reuters\n\n",
    "PTI\n",
    "AFP\n\n",
    "来源：新华社\n",
    "(Adds quotes, details) ",
    "(Recasts; adds analyst comment in paragraphs 4-6)\n\nLONDON, Feb 14 (Reuters) - ",
    "LONDON, Feb 14 (Reuters) - (Updates with closing prices) ",
    "(Corrects spelling of name in paragraph 2) ",
]


@pytest.mark.parametrize("dateline", DATELINES)
def test_what_stands_before_a_story_is_no_part_of_it(dateline: str) -> None:
    """Datelines, agencies' marks, bylines and notes of updates, in the forms of many desks."""
    assert tokens(without_credits(f"{dateline}{STORY}\n\n{SECOND}")) == tokens(f"{STORY} {SECOND}")


NOTICES = [
    "Reporting by Ann Lee in Oslo; Editing by Bo Ek and Cy Day",
    "(Reporting by Ann Lee and Bo Ek; Additional reporting by Cy Day; Writing by Di Fox; Editing by Ed Gay)",
    "Additional reporting by Ann Lee in Paris",
    "Writing by Ann Lee. Editing by Bo Ek",
    "Compiled by Ann Lee",
    "(Edited by Ann Lee)",
    "(With inputs from agencies)",
    "(With inputs from PTI)",
    "With inputs from ANI",
    "With agency inputs",
    "(With files from The Canadian Press)",
    "(with AFP)",
    "(Source: Reuters)",
    "(Reuters)",
    "— AFP",
    "-ANI",
    "Reuters",
    "AFP/Reuters",
    "PTI SKV ABC",
    "--IANS int/jk",
    "(mit Material von dpa)",
    "Mit Material der dpa",
    "(avec AFP)",
    "(Con información de EFE)",
    "Com informações da Reuters",
    "Con informazioni da ANSA",
    "Associated Press writers Ann Lee in Oslo and Bo Ek in Rome contributed to this report.",
    "Ann Lee contributed to this story from Brussels.",
    "This story has not been edited by our staff and is published from a syndicated feed.",
    "(Except for the headline, this story has not been edited by Harbour Desk staff and is published from a syndicated feed.)",
    "(This story has not been edited by Harbour staff and is auto-generated from a syndicated feed.)",
    "This story has been published from a wire agency feed without modifications to the text.",
    "(Only the headline and picture of this report may have been reworked by the Harbour Desk staff; the rest of the content is auto-generated from a syndicated feed.)",
    "This article was originally published on The Conversation.",
    "This article was first published by the Harbour Desk.",
    "Copyright 2026 The Harbour Desk. All rights reserved.",
    "Copyright © 2026 Harbour Desk",
    "© 2026 AFP",
    "© Harbour Desk",
    "(c) 2026, Harbour Desk",
    "All rights reserved.",
    "Read more: Ferries at risk",
    "READ MORE | Ferries at risk",
    "Also read: Ferries at risk",
    "Read also:",
    "Related: Ferries at risk",
    "See also: Ferries at risk",
    "Watch: Ferries at risk",
    "Subscribe to our newsletter",
    "Sign up for our daily newsletter here",
    "Subscribe now for unlimited digital access",
    "Follow us on Twitter and Facebook",
    "Follow the Harbour Desk on WhatsApp",
    "Join our WhatsApp channel",
    "Download the Harbour Desk app",
    "Click here to read more",
    "Get the latest news in your inbox",
    "Catch all the Business News, Breaking News Events and Latest News Updates on Harbour Desk.",
    "Story continues below advertisement",
    "Advertisement",
    "First Published: Feb 14, 2026, 10:30 IST",
    "Published: 14 February 2026, 10:30 AM",
    "Last updated: 14 February 2026",
    "Our Standards: The Thomson Reuters Trust Principles.",
    "Photo: Ann Lee/AP",
    "Image credit: Harbour Desk",
    "Lesen Sie auch: Fähren in Gefahr",
    "Lire aussi : Des bateaux en danger",
    "Lea también: Barcos en peligro",
    "Leia também: Barcos em perigo",
    "Leggi anche",
    "Lees ook: Boten in gevaar",
    "Läs mer: Båtar i fara",
    "Les også: Båter i fare",
    "Czytaj też: Promy zagrożone",
    "Читайте также: Паромы под угрозой",
    "Baca juga: Feri terancam",
    "यह भी पढ़ें: नौका संकट में",
    "اقرأ أيضا: العبارات في خطر",
    "延伸阅读：渡轮",
    "责任编辑：王明",
    "Alle Rechte vorbehalten",
    "Tous droits réservés",
    "RIPRODUZIONE RISERVATA",
]  # fmt: skip


@pytest.mark.parametrize("notice", NOTICES)
def test_what_stands_after_or_between_paragraphs_is_no_part_of_a_story(notice: str) -> None:
    """Credits, notices of copyright and syndication, and lines that point elsewhere, wherever they stand."""
    plain = tokens(f"{STORY} {SECOND}")
    assert tokens(without_credits(f"{STORY}\n\n{SECOND}\n\n{notice}")) == plain
    assert tokens(without_credits(f"{STORY}\n{notice}\n{SECOND}")) == plain


@pytest.mark.parametrize(
    "notice", [one for one in NOTICES if one.startswith("(") and "©" not in one[:3]][:10]
)
def test_a_credit_in_brackets_may_end_a_paragraph(notice: str) -> None:
    """As agencies' customers print it."""
    if notice.startswith(
        ("(Reporting", "(Edited", "(With", "(with", "(Source", "(Reuters", "(mit", "(avec", "(Con")
    ):
        assert tokens(without_credits(f"{STORY} {notice}")) == tokens(STORY)


REAL = [
    "The board (a body of nine) met on Monday.",
    "The World Health Organization (WHO) said on Monday that the outbreak was over.",
    "The Associated Press (AP) said on Monday that it would open an office in Oslo.",
    "Saudi Press Agency (SPA) reported on Monday that the minister had left.",
    "Punjab Assembly (PA) met on Monday to discuss the water bill.",
    "American Airlines (AA) said on Monday it would fly to Oslo.",
    "The Palestinian Authority (PA) met on Monday.",
    "Rates rose (see table) on Monday.",
    "Reporting rules changed on Monday, and editing by hand is no longer allowed.",
    "Reporting by the newspaper showed that the bridge had been unsafe for years.",
    "With reporting from the ground increasingly hard, the paper closed its office.",
    "With input from its members still missing, the council adjourned.",
    "The report was published on Monday, and says that the bridge is unsafe.",
    "The story was edited by the minister himself, two witnesses said.",
    "This report comes at a time when rates are rising.",
    "Copyright lawyers said on Monday that the bill goes too far.",
    "Subscribe to the theory or not, the numbers are clear.",
    "Follow the money, the prosecutor told the jury on Monday.",
    "Watch the skies this week, astronomers said.",
    "Read more books, the minister told pupils on Monday.",
    "Related charges against two officials were dropped on Monday.",
    "See also how the numbers changed after 2020.",
    "Photo identification will be needed to vote, the court held.",
    "Click fraud cost advertisers two billion dollars last year.",
    "Get the vaccine, doctors urged on Monday.",
    "Share prices fell on Monday.",
    "Advertisement spending fell on Monday.",
    "Published figures show that prices fell on Monday.",
    "Updated forecasts show that prices will fall.",
    "By Monday, the river had risen to four metres.",
    "By noon the river had risen.",
    "Source code of the program was leaked on Monday.",
    "Sources say the deal is close.",
    "Trend is your friend, traders say.",
    "Bloomberg said on Monday that he would run again.",
    "AP reported on Monday that the deal was close.",
    "Reuters and AFP had offices in the building, which was hit on Monday.",
    "COVID-19: what we know of the new variant so far.",
    "Two men – both from Oslo – were held on Monday.",
    "Police said: nobody was hurt in the fire on Monday.",
    "March 14: the day on which the war began, and what came of it.",
    "(c) the offer was made in good faith.",
    "Get well soon, the mayor wrote.",
    "Related-party deals rose on Monday.",
    "Watch-makers in Geneva said sales fell.",
    "Listen, the minister said, and then she left.",
    "More from the fund than from the bank went to the poor.",
    "Via Roma was closed on Monday.",
    "Photo editors and reporters walked out on Monday.",
    "Join the army or leave, the men were told.",
    "Tap water is safe again, the board said.",
    "Download speeds fell by a fifth on Monday.",
    "In pictures released on Monday, the ship is seen burning.",
    "Story of the year: how the ferries were paid for in the end.",
    "Mit der Bahn fuhren am Montag mehr Menschen.",
    "Con el tren viajaron el lunes mil personas.",
    "Com a chuva, o rio subiu na segunda-feira.",
    "Avec la pluie, la rivière est montée lundi.",
    "Our standards of living fell last year.",
    "An earlier version of the bill failed in March.",
    "All rights of the tenants were ignored, the court held.",
    "Support for the government fell on Monday.",
    "Find us a better plan, the mayor told the board.",
    "She contributed to this reform as a minister.",
]  # fmt: skip


@pytest.mark.parametrize("text", REAL)
def test_real_text_stays_to_the_last_word(text: str) -> None:
    """As the first words of a story, as a paragraph of its own and as the end of one."""
    for whole in (text, f"{STORY}\n\n{text}\n\n{SECOND}", f"{STORY} {text}"):
        assert without_credits(whole) == whole


def test_lines_of_a_wrapped_paragraph_are_no_lines_of_their_own() -> None:
    """What begins a line there begins no paragraph."""
    text = (
        "The harbour board said it had been approached\nby Northwest Airlines and President Reagan.\n"
        "It was reported in the morning by the country's news\nagency IRNA. The board said it had not yet read the\n"
        "Reuters report. It wants to see the text of the law of\ncopyright 1987 before it decides."
    )
    assert without_credits(text) == text


def test_labels_of_desks_are_no_part_of_a_headline() -> None:
    """But a headline of nothing else stays."""
    for label in ("UPDATE 2-", "UPDATE 1 - ", "WRAPUP 3-", "RPT-", "RPT-UPDATE 1-", "EXCLUSIVE-", "Exclusive: ", "BREAKING NEWS: ", "CORRECTED-", "WATCH | ", "LIVE: "):  # fmt: skip
        assert plain_title(f"{label}Board funds ferries") == "Board funds ferries"
    for title in (
        "Update on ferries",
        "Live music returns",
        "Exclusive club burns down",
        "Watch: ",
        "Breaking up is hard",
    ):
        assert plain_title(title) == title


def test_agencies_are_named_as_they_sign() -> None:
    """By code as it is written, by name in any case, the first of several; nobody by a word that merely contains one."""
    assert agency_of("AP") == agency_of("The Associated Press") == agency_of("美联社") == "AP"
    assert agency_of("with inputs from PTI") == "PTI"
    assert agency_of("AFP/Reuters") == "AFP"
    assert agency_of("路透社北京") == "Reuters"
    assert agency_named("ap") is None
    assert agency_of("NATO") is None
    assert len({one.name for one in AGENCIES}) == len(AGENCIES)
    assert "" not in FIRST_WORDS


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 200_000,
        " " * 200_000 + "(",
        "- " * 100_000,
        "(Reuters) - " * 20_000,
        "\n".join(["with inputs from " * 15] * 2_000),
        "\n".join(["by " + "a" * 280] * 2_000),
        "A" * 200_000 + "(Reuters)",
        "UPDATE 1-" * 20_000,
        "x ( " * 50_000 + ")",
    ],
)
def test_hostile_texts_cost_little(hostile: str) -> None:
    """No pattern looks at a long text again and again."""
    begun = time.process_time()
    without_credits(hostile)
    plain_title(hostile)
    assert time.process_time() - begun < 2
