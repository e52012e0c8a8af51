"""What a later version of an article says otherwise in substance, and what is no change to tell of."""

from __future__ import annotations

import time
from typing import Any

import pytest

from crawler.changes import Words, compare
from crawler.folds import ChangeKind

CORRECTION, HEADLINE, NUMBERS, TEXT = ChangeKind

LEAD = "At least 12 people died when a fire swept through a factory in Delhi on Tuesday, officials said."
MORE = (
    "The fire began on the second floor, where workers were asleep. Firefighters needed six hours to put it out.",
    "The owner of the factory had no licence, a police officer said. He was arrested in the evening.",
    "Fires are common in the city, where many buildings have a single exit and no alarm.",
    "The state government promised the families help. The opposition asked for an inquiry by a judge.",
)
STORY = "\n\n".join((LEAD, *MORE))
OTHER_TEXT = "\n\n".join(
    (
        "Ministers of eleven states met in the capital to speak about water. Nobody expected them to agree.",
        "Yet late at night a paper was signed that gives each of them a share of the river in dry years.",
        "Farmers in the delta had blocked roads for weeks. Their leader called the paper a beginning and no more.",
        "Engineers doubt that the dams can be opened and shut as the paper wants it, since two of them are silted up.",
        "A court will look at the paper in spring. Until then the old shares hold, and each state counts for itself.",
        "The prime minister thanked all sides and left for the coast, where another meeting on fishing rights waits.",
    )
)


def page(text: str = STORY, **facts: Any) -> Words:
    return Words(**{"title": "Fire in Delhi factory", "text": text, "from_page": True, **facts})


def kinds(before: Words, after: Words) -> set[ChangeKind]:
    found = compare(before, after)
    return set() if found is None else set(found.kinds)


def changed(before: str, after: str) -> tuple[Words, Words]:
    """Two pages that differ in one sentence."""
    return page(f"{STORY}\n\n{before}"), page(f"{STORY}\n\n{after}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("At least 12 people died in the blast, police said.", "At least 15 people died in the blast, police said."),
        ("Twelve people died in the blast, police said.", "The blast killed 15 people, police said."),
        ("The company will invest $500 bn in chips by 2030.", "The company will invest $300 bn in chips by 2030."),
        ("The company will invest $5 million in chips.", "The company will invest $5 billion in chips."),
        ("The summit begins in Geneva on 12 May.", "The summit begins in Geneva on 15 May."),
        ("Inflation was 5.2 per cent in the year to May.", "Inflation was 5.7 per cent in the year to May."),
        ("The bridge was opened by the king in 1968.", "The bridge was opened by the king in 1986."),
        ("India beat Ghana 2-1 in the last match.", "India beat Ghana 3-1 in the last match."),
        ("Bei dem Brand starben zwölf Menschen, teilte die Polizei mit.",
         "Bei dem Brand starben 15 Menschen, teilte die Polizei mit."),
        ("L'incendie a fait douze morts, selon la police.", "L'incendie a fait quinze morts, selon la police."),
        ("El incendio dejó 12 muertos, según la policía.", "El incendio dejó 15 muertos, según la policía."),
        ("При пожаре погибли 12 человек, сообщила полиция.", "При пожаре погибли 15 человек, сообщила полиция."),
        ("पुलिस ने कहा कि आग में १२ लोगों की मौत हुई।", "पुलिस ने कहा कि आग में १५ लोगों की मौत हुई।"),
        ("警方称，火灾造成12人死亡，另有多人受伤。", "警方称，火灾造成15人死亡，另有多人受伤。"),
        ("警察によると、火災で12人が死亡した。", "警察によると、火災で15人が死亡した。"),
        ("경찰은 이번 화재로 12명이 숨졌다고 밝혔다.", "경찰은 이번 화재로 15명이 숨졌다고 밝혔다."),
        ("وقالت الشرطة إن الحريق أدى إلى مقتل 12 شخصا.", "وقالت الشرطة إن الحريق أدى إلى مقتل 15 شخصا."),
        ("As of noon, 12 people were missing.", "As of 5 pm, 15 people were missing."),
    ],
)  # fmt: skip
def test_a_figure_in_place_of_another_is_told(before: str, after: str) -> None:
    """Tolls, sums, dates, rates, years and scores, in digits and words, in any script."""
    assert kinds(*changed(before, after)) == {NUMBERS}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Twelve people died in the blast, police said.", "12 people died in the blast, police said."),
        (
            "The company will invest $500 bn in chips.",
            "The company will invest 500 billion dollars in chips.",
        ),
        ("The firm spent 2.48 billion euros on it.", "The firm spent around €2.5bn on it."),
        ("Inflation was 5,2 Prozent im Mai, so das Amt.", "Inflation war 5.2% im Mai, so das Amt."),
        ("The fund has 4,403,252 dollars left for it.", "The fund has 4,403,000 dollars left for it."),
        ("The desk bought bonds at 0900 for the fund.", "The desk bought bonds at 0930 for the fund."),
        ("The town has 1400000 people and one bridge.", "The town has 1,400,000 people and one bridge."),
        (
            "Der Ort hat 1.400.000 Einwohner und eine Brücke.",
            "Der Ort hat 1 400 000 Einwohner und eine Brücke.",
        ),
        ("The council met at 14:05 and voted at once.", "The council met at 2.35 pm and voted at once."),
        ("The council met three hours ago in the hall.", "The council met five hours ago in the hall."),
        ("Der Rat tagte vor 3 Stunden im Rathaus.", "Der Rat tagte vor 5 Stunden im Rathaus."),
        ("Updated 14:05 on 25 November 2026", "Updated 16:40 on 26 November 2026"),
        ("Aktualisiert am 25.11.2026, 14:05 Uhr", "Aktualisiert am 26.11.2026, 16:40 Uhr"),
        ("Mis à jour le 25 novembre à 14h05", "Mis à jour le 26 novembre à 16h40"),
        ("3 min read", "5 min read"),
        ("12 comments", "48 comments"),
        ("1.2K shares", "3.4K shares"),
        ("Subscribe for 1 dollar a week for 3 months", "Subscribe for 2 dollars a week for 6 months"),
        ("© 2025 The Times Group. All rights reserved.", "© 2026 The Times Group. All rights reserved."),
        ("Shares of Tata were up 1.2% at 10:05.", "Shares of Tata were up 1.6% at 14:20."),
        ("Related: 5 things to know about fires", "Related: 7 things to know about fires"),
        ("Five ways to stay safe in a fire", "Court rejects bail plea of 3 builders"),
        ("The minister spoke to reporters.", "The minister spoke to 40 reporters of 12 papers."),
    ],
)
def test_figures_that_say_the_same_and_counters_are_not_told(before: str, after: str) -> None:
    """Another way of writing, a rounder number, a clock, a counter, a notice of the house, a link to something else."""
    assert kinds(*changed(before, after)) == set()


NOTICES = [
    "Correction: An earlier version of this article said that 40 people died.",
    "Correction, Nov. 26: The factory has no licence for paint.",
    "CORRECTION | The owner's name is Rao.",
    "Correction\nThe owner of the factory is Mr Rao, not Mr Rau.",
    "Editor’s note: This story has been changed to remove a quote.",
    "This article was amended on 26 November 2026 to correct the name of the owner.",
    "An earlier version of this story misstated the name of the owner.",
    "(This story corrects the spelling of a name in paragraph 3)",
    "(Corrects date in first paragraph)",
    "Clarification (26 November 2026): the licence had run out.",
    "This article has been retracted.",
    "Korrektur: In einer früheren Version hieß der Besitzer anders.",
    "In einer früheren Version dieses Artikels stand, der Besitzer sei geflohen.",
    "Anmerkung der Redaktion: Wir haben den Namen geändert.",
    "Rectificatif : le propriétaire s'appelle Rao et non Rau.",
    "Une version précédente de cet article donnait un autre nom.",
    "Fe de errores: el dueño se llama Rao.",
    "Una versión anterior de esta noticia daba otro nombre.",
    "Errata corrige: il proprietario si chiama Rao.",
    "Erramos: o dono da fábrica se chama Rao.",
    "Correctie: in een eerdere versie van dit artikel stond een andere naam.",
    "Rättelse: I en tidigare version angavs fel namn.",
    "Sprostowanie: właściciel nazywa się Rao.",
    "Düzeltme: Haberin önceki sürümünde ad yanlıştı.",
    "Koreksi: pemilik pabrik bernama Rao.",
    "Исправление: в предыдущей версии имя было названо неверно.",
    "更正：本文早前版本误写了厂主的名字。",
    "訂正：工場の所有者の名前に誤りがありました。",
    "정정: 공장 주인의 이름을 바로잡습니다.",
    "تصحيح: اسم صاحب المصنع هو راو وليس راي.",
    "भूल सुधार: फैक्ट्री के मालिक का नाम राव है।",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_an_added_notice_of_correction_is_told_in_its_own_words(notice: str) -> None:
    """Wherever it stands, in many languages."""
    for text in (f"{STORY}\n\n{notice}", f"{notice}\n\n{STORY}"):
        found = compare(page(), page(text))

        assert found is not None
        assert CORRECTION in found.kinds
        assert " ".join(notice.split())[:40] in found.said


@pytest.mark.parametrize(
    "text",
    [
        "The correction in stocks deepened on Tuesday as investors sold.",
        "Corrections\nNewsletters\nContact",
        "Report a correction",
        "Corrections: how we work",
        "This article has been updated with a comment by the minister.",
        "The army issued a clarification on Tuesday.",
        "An earlier version of the software had the same flaw.",
        "外交部澄清有关报道，称中方立场不变。",
    ],
)
def test_the_word_alone_is_no_notice(text: str) -> None:
    """A falling market, a link of the house, an update, somebody else's clarification."""
    assert kinds(*changed("Nobody knows why.", text)) == set()


def test_a_notice_that_was_there_is_told_no_more() -> None:
    """Not when it moves, nor when a word of it changes."""
    notice = "Correction: An earlier version of this article said that the owner fled to Nepal."
    before = page(f"{STORY}\n\n{notice}")

    assert kinds(before, page(f"{notice}\n\n{STORY}")) == set()
    assert kinds(before, page(f"{STORY}\n\n{notice.replace('said', 'stated')}")) == set()


@pytest.mark.parametrize(
    "label", ["CORRECTED-{}", "Correction: {}", "{} (corrected)", "Korrektur: {}", "更正：{}"]
)
def test_a_headline_that_is_marked_as_corrected_is_told(label: str) -> None:
    """Agencies say so there."""
    title = "Fire in Delhi factory"

    assert kinds(page(), page(title=label.format(title))) == {CORRECTION}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STORY, STORY.replace("\n\n", "\n\n\n").replace(" ", "  ", 7)),
        (STORY, STORY.replace("'", "’").replace(" - ", " – ") + " "),
        (STORY, STORY.replace("licence", "license").replace("officer", "oficer")),
        (
            STORY,
            f"{STORY}\n\nAlso read: Ten die in hotel fire\n\nMore from Delhi\n\nFollow us for 24 hours of news",
        ),
        (
            f"{STORY}\n\nMost read\n\n5 best phones\n\n10 held in raid",
            f"{STORY}\n\nMost read\n\n7 best cars\n\n3 shot",
        ),
        (
            STORY,
            f"{STORY}\n\nThe mayor came at night and spoke to the families of 3 workers who had come from Bihar.",
        ),
        (STORY, "\n\n".join((LEAD, *MORE[:2]))),
        (STORY, "\n\n".join((LEAD, *reversed(MORE)))),
        (f"NEW DELHI, Nov 25 (Reuters) - {STORY}", f"NEW DELHI, Nov 26 (Reuters) - {STORY}"),
        (STORY, ""),
        ("", STORY),
    ],
)
def test_what_outlets_do_all_the_time_is_not_told(before: str, after: str) -> None:
    """Spaces, typography, spelling, boxes at the end, a paragraph more or less, their order, a new date line."""
    assert kinds(page(before), page(after)) == set()


def test_the_page_in_place_of_the_feeds_words_is_no_edit() -> None:
    """Its text came later than the summary, whatever it says; another headline is an edit also then."""
    feed = Words(
        title="Fire in Delhi factory: 12 dead", summary="Twelve died.", text="Twelve died in a fire."
    )
    read = Words(title=feed.title, summary=feed.summary, from_page=True, text=STORY.replace("12", "15"))
    other = Words(title="Fire in Delhi factory: 15 dead", summary=feed.summary, from_page=True, text=STORY)

    assert compare(feed, read) is None
    assert kinds(feed, other) == {HEADLINE, NUMBERS}


def test_the_summary_is_compared_wherever_the_text_is_from() -> None:
    """It is always the feed's."""
    before = page(summary="Twelve workers died in a fire in a Delhi factory.")
    after = page(summary="Fifteen workers died in a fire in a Delhi factory.")

    assert kinds(before, after) == {NUMBERS}
    late = page("Twelve workers died in a fire in a Delhi factory.", summary=after.summary)
    assert kinds(page(late.text or "", summary=before.summary), late) == {
        NUMBERS
    }  # the page is read again later


def test_a_text_that_is_not_kept_any_more_is_compared_by_headline() -> None:
    """It was dropped for its age."""
    assert compare(page(text=None), page("Something else, 12 times.")) is None  # type: ignore[arg-type]  # not kept
    assert kinds(page(text=None), page(title="Flood in Delhi factory")) == {HEADLINE}  # type: ignore[arg-type]  # same


def test_a_live_blog_may_grow_and_change_its_headline() -> None:
    """Only corrections of it are told."""
    before = page(title="Delhi fire live: 12 dead", live=True)
    grown = page(
        f"15:10 Fifteen dead\n\n15 people died, police say.\n\n{STORY}",
        title="Delhi fire live: 15 dead",
        live=True,
    )

    assert compare(before, grown) is None
    assert kinds(before, page(f"{NOTICES[0]}\n\n{STORY}", title=before.title, live=True)) == {CORRECTION}


def test_a_text_that_is_written_anew_is_noted_and_not_told() -> None:
    """Headline and figures are what readers were told."""
    before, after = "\n\n".join((*MORE, *MORE, *MORE)).replace("six hours", "hours"), OTHER_TEXT * 2
    found = compare(page(before), page(after))

    assert found is not None
    assert found.kinds == (TEXT,)
    assert not found.told


def test_everything_that_changed_is_said_in_one_line() -> None:
    """The notice first, then the headline, then figures that the headlines do not show."""
    before = page(STORY, title="Fire kills 12 in Delhi")
    text = STORY.replace("12 people", "15 people").replace("six hours", "nine hours")
    after = page(f"{text}\n\nCorrection: the name of the owner is Rao.", title="Fire kills 15 in Delhi")

    found = compare(before, after)

    assert found is not None
    assert found.kinds == (CORRECTION, HEADLINE, NUMBERS)
    assert found.said == (
        "correction: “Correction: the name of the owner is Rao.”; "
        "headline: “Fire kills 12 in Delhi” became “Fire kills 15 in Delhi”; six became nine"
    )
    assert (found.old, found.new) == ("Fire kills 12 in Delhi", "Fire kills 15 in Delhi")


def test_what_is_said_is_short_and_one_line() -> None:
    """However long headline and notice are, and however many figures changed."""
    before = page(
        "\n\n".join(
            f"The mine {name} yields {n} tonnes of ore a day." for n, name in enumerate("abcdefgh", 30)
        )
    )
    text = (
        before.text.replace(" tonnes", "0 tonnes")
        + "\n\nCorrection: "
        + "this was wrong and\nthat, too. " * 30
    )  # type: ignore[union-attr]  # set
    found = compare(page(before.text or "", title="One thing " * 40), page(text, title="Nothing else " * 40))

    assert found is not None
    assert "\n" not in found.said
    assert len(found.said) < 600
    assert found.said.endswith("more figures")


@pytest.mark.parametrize(
    "text",
    [
        "1" * 200_000,
        "1 " * 100_000,
        "12, 15. " * 25_000,
        "The toll is 12. " * 12_000,
        "\n".join(f"Line {n} says {n} things of {n * 7} men" for n in range(6_000)),
        "Correction " * 18_000,
        "in einer " * 22_000,
        "火" * 200_000,
        "火12。" * 50_000,
        "a1b2" * 50_000,
        "(" * 200_000,
        "NEW DELHI, " * 18_000,
    ],
)
def test_hostile_texts_are_compared_in_bounded_time(text: str) -> None:
    """The longest texts that are kept, of any make."""
    started = time.process_time()
    compare(page(text), page(text[7:].replace("12", "15")))

    assert time.process_time() - started < 5
