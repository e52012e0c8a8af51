"""Which lines of a chosen text are not the story."""

from __future__ import annotations

import pytest

from crawler.extract.clean import clean
from crawler.extract.outline import Block, block

PROSE = tuple(
    block(f"On day {n} the harbour board heard {n} captains about the new ferries and their berths.", "p")
    for n in range(1, 9)
)


def texts(blocks: list[Block]) -> list[str]:
    return [one.text for one in blocks]


def cleaned_in_the_middle(line: Block) -> bool:
    """Whether the line goes and all else stays."""
    kept = clean([*PROSE[:4], line, *PROSE[4:]])
    assert [one for one in kept if one is not line] == list(PROSE)
    return line not in kept


def test_a_story_is_left_as_it_is() -> None:
    """Headings, quotes, lists, tables and code included."""
    story = [
        PROSE[0],
        block("What it costs", "heading"),
        block("Two ferries | 14 million", "cell"),
        block("“We waited for years,” said one of them.", "quote"),
        block("a third berth", "li"),
        block("the board's minutes", "li", 19),
        block("another mole", "li"),
        block("berths = 3", "pre"),
        PROSE[1],
    ]

    assert clean(story, title="Board funds ferries", authors=["Ada Quill"]) == story


@pytest.mark.parametrize(
    "line",
    [
        "Read more: Board elects a new chair",
        "READ ALSO | Storm keeps ferries in port",
        "Related: How a ferry is built",
        "Lesen Sie auch: Sturm hält Fähren im Hafen",
        "Auch lesen: Die neue Mole",
        "Mehr zum Thema: Der Hafen",
        "À lire aussi : La tempête retient les ferries",
        "PUEDES VER: La tormenta retiene los ferris",
        "LE PUEDE INTERESAR: La historia del puerto",
        "Leggi anche: La tempesta ferma i traghetti",
        "Leia também: Tempestade retém balsas",
        "Lees ook: Storm houdt veren in de haven",
        "Czytaj też: Sztorm zatrzymał promy",
        "Läs också: Stormen stoppar färjorna",
        "Les også: Stormen stopper fergene",
        "Читайте также: Шторм задержал паромы",
        "यह भी पढ़ें: तूफ़ान ने नौकाएँ रोकीं",
        "相关阅读：风暴使渡轮停航",
    ],
)
def test_lines_that_lead_to_other_stories_go_in_every_language(line: str) -> None:
    """Whether they are links or not: the words and the mark behind them are enough."""
    assert cleaned_in_the_middle(block(line.replace("：", ":"), "p"))


@pytest.mark.parametrize(
    "line",
    [
        "Sign up for our daily newsletter to get the harbour's news",
        "Subscribe to our channel for more from the waterfront",
        "Get the latest from the harbour straight to your inbox",
        "Follow us on Facebook and Instagram",
        "Download the Harbour Desk app for breaking news",
        "To view the full story, please subscribe to the Harbour Desk.",
        "Jetzt kostenlos anmelden und nichts verpassen",
        "Folgen Sie uns auf Instagram",
        "Inscrivez-vous à notre newsletter",
        "Suscríbete a nuestro boletín de noticias",
        "Iscriviti alla newsletter",
        "Externer Inhalt von einem sozialen Netzwerk: Ich bin damit einverstanden, dass er angezeigt wird. Datenschutz",
        "By signing up you agree to our terms and privacy policy.",
        "© 2026 Harbour Desk. All rights reserved.",
        "Photo: Ada Quill / Harbour Desk",
        "Getty Images",
        "The new mole at dusk (Ada Quill/AFP)",
        "Advertisement",
        "Share this article",
    ],
)
def test_offers_consent_rights_and_credits_go(line: str) -> None:
    """Wherever they stand."""
    assert cleaned_in_the_middle(block(line, "p"))


@pytest.mark.parametrize(
    "line",
    [
        "More on that the board would not say before it has read the report of its engineers.",
        "Related costs, such as those of the new berths, are borne by the two towns together.",
        "Read out in full, the letter of the captains took eleven minutes and ended in applause.",
        "The company has copyright in the plans, and the board had to ask before it could show them.",
        "“Follow the money,” the captain said, and pointed at the berths that nobody had asked for.",
        "Cookies were sold on the pier to pay for the first of the two ferries, as every summer.",
        "Subscribers of the ferry line pay half; the others will have to pay the full fare from May.",
        "Photo finishes are rare in the regatta, but this year two boats crossed the line together.",
        "Trending upwards for years, the number of passengers fell for the first time last winter.",
    ],
)
def test_sentences_that_begin_alike_stay(line: str) -> None:
    """In the middle of a story only a strong sign counts."""
    assert not cleaned_in_the_middle(block(line, "p"))


def test_a_paragraph_that_is_one_link_with_a_title_goes_and_one_in_a_list_of_sources_stays() -> None:
    """The latter is announced by a colon, or ends as a sentence does."""
    title = "Storm keeps ferries in port for a third day"
    sentence = "The board's minutes are public since this morning."
    announced = block("The documents that the board released:", "p")

    assert cleaned_in_the_middle(block(title, "p", len(title)))
    assert not cleaned_in_the_middle(block(sentence, "p", len(sentence)))
    assert texts(clean([*PROSE[:4], announced, block(title, "p", len(title)), *PROSE[4:]]))[4:6] == [
        announced.text,
        title,
    ]


def test_a_label_goes_with_the_links_that_it_announces() -> None:
    """And what comes after them stays."""
    links = [block(f"Another story of the harbour, number {n}", "heading", 37) for n in range(2)]

    assert clean([*PROSE[:4], block("Auch interessant", "heading"), *links, *PROSE[4:]]) == list(PROSE)


def test_a_list_of_links_goes_and_a_list_with_links_in_it_stays() -> None:
    """An item of a story may well be a link as long as others are not."""
    link = block("The plan of the mole", "li", 20)
    items = [link, block("the letter of the captains, in full", "li"), block("the minutes of May", "li")]

    assert clean([*PROSE, link, link]) == list(PROSE)
    assert clean([*PROSE[:4], *items, *PROSE[4:]]) == [*PROSE[:4], *items, *PROSE[4:]]


@pytest.mark.parametrize(
    "heading",
    ["Comments", "Leave a comment", "Kommentare", "3 commentaires", "About the author", "Über die Autorin"],
)
def test_what_follows_a_heading_of_the_end_goes(heading: str) -> None:
    """However much like prose it reads."""
    after = block("I have waited for these ferries for years, and now they are the wrong colour.", "p")

    assert clean([*PROSE, block(heading, "heading"), after]) == list(PROSE)


def test_the_same_heading_near_the_beginning_ends_nothing() -> None:
    """A report may have a chapter of comments."""
    story = [*PROSE[:2], block("Comments", "heading"), *PROSE[2:]]

    assert clean(story) == story


def test_title_byline_and_date_before_the_story_go() -> None:
    """They are fields of their own."""
    head = [
        block("Board funds ferries", "heading"),
        block("By Ada Quill", "text"),
        block("Published: 4 March 2026, 10:00", "text"),
        block("4 March 2026", "text"),
    ]

    assert clean([*head, *PROSE], title="Board funds ferries") == list(PROSE)


@pytest.mark.parametrize(
    "line",
    [
        block("Ada Quill is the harbour correspondent of the Desk and a captain herself.", "p"),
        block("Tags: ferries, harbour", "p"),
        block("Topics", "heading"),
        block("This article was updated on 5 March.", "p"),
        block("Ben Tiller contributed reporting from the pier.", "p"),
        block("Another story of the harbour and its people", "p", 42),
        block("***", "p"),
    ],
    ids=lambda line: line.text[:20],
)
def test_lines_after_the_end_go(line: Block) -> None:
    """Who wrote it, where it is filed, what to read then."""
    assert clean([*PROSE, line], authors=["Ada Quill"]) == list(PROSE)


def test_a_story_that_ends_with_its_author_speaking_keeps_the_sentence() -> None:
    """A name alone is no sign."""
    last = block("Ada Quill watched the ferry leave until nobody waved any more.", "p")

    assert clean([*PROSE, last], authors=["Ada Quill"]) == [*PROSE, last]


def test_a_teaser_that_stands_twice_is_left_out_once_and_a_refrain_is_not() -> None:
    """Paragraphs may be repeated on purpose."""
    teaser = block("The mole and what became of it, told by those who built it", "text")
    refrain = block("The mole is long and the winter is longer, they say on the pier.", "p")

    assert clean([*PROSE[:2], teaser, *PROSE[2:4], teaser, *PROSE[4:]]).count(teaser) == 1
    assert clean([*PROSE[:2], refrain, *PROSE[2:4], refrain, *PROSE[4:]]).count(refrain) == 2
