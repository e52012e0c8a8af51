"""Why a page is no readable article."""

from __future__ import annotations

import pytest

from crawler.extract.language import wrong_language
from crawler.extract.read import read_page
from crawler.extract.refuse import Look, not_html, why_not
from crawler.records import ArticleRules, Selector

PROSE = (
    "The harbour board has decided to fund two ferries, and the city is to pay for the pier in the north. "
    * 12
)
LINKS = {"links": 60, "linked": 0.8}


def reason(**known: object) -> str | None:
    given: dict[str, object] = {
        "title": "Board funds two ferries", "heading": "", "text": PROSE, "url": "https://news.example/x", "marked": True,
        "declared": None, "paywalled": False, "links": 0, "linked": 0.0,
    }  # fmt: skip
    return why_not(Look(**(given | known)))  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"title": "Just a moment...", "text": "Wait."}, "challenge: the page says 'Just a moment...'"),
        ({"url": "https://consent.news.example/x"}, "consent: its host begins with 'consent.'"),
        ({"title": "Before you continue", "text": "We use cookies."}, "consent: the page says 'Before you continue'"),
        ({"heading": "404 – Seite nicht gefunden", "text": "Leider."}, "not found: the page says '404 – Seite"),
        ({"title": "Site under maintenance", "text": "Soon."}, "not found: the page says 'Site under maintenance'"),
        ({"title": "Desk", "text": "We’ll be back soon."}, "not found: the page says"),
        ({"paywalled": True, "text": "The first lines."}, "paywall: only 16 characters are free"),
        ({"title": "Sign in", "text": "Your password, please.", "password": True}, "not an article: it asks for a password"),
        ({"text": "A clip.", "video": True}, "not an article: a video with 7 characters of text"),
        ({"url": "https://news.example/", "text": "Links", **LINKS}, "not an article: a home page that lists others, 60 links"),
        ({"url": "https://news.example/tag/ferries", "text": "Links", **LINKS}, "not an article: a page of 'tag' that lists"),
        ({"url": "https://news.example/?s=ferries", "text": "Links", **LINKS}, "not an article: a search that lists"),
        ({"text": "You need to enable JavaScript to run this app."}, "no text: the page only shows itself to scripts"),
        ({"text": ""}, "no text: no article"),
        ({"text": "Too little."}, "too short: 11 characters"),
        ({"misspoken": "the address promises 'hi', and the text is in English"}, "wrong language: the address promises"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_shows_it(known: dict[str, object], expected: str) -> None:
    """The page's own words, or a count."""
    found = reason(**known)
    assert found is not None
    assert found.startswith(expected)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"declared": False},
        {"text": "The ferry to the island runs every hour again.", "marked": False},
        {"title": "404: how a message became famous", "text": PROSE * 2},
        {"title": "Sign in, please: how clubs greet", "text": PROSE * 2, "password": True},
        {"url": "https://news.example/tag/ferries", "declared": True, **LINKS},
        {"paywalled": True, "text": PROSE * 2},
        {"video": True},
    ],
)
def test_an_article_is_not_refused_for_a_word_or_its_brevity(known: dict[str, object]) -> None:
    """A whole sentence on a page without links is a story; a story about a thing is not the thing."""
    assert reason(**known) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"%PDF-1.7\n\x00\x01", "a PDF document"), (b"PK\x03\x04\x00", "a ZIP archive"), (b"\x89PNG\r\n\x1a\n", "a picture")],
)  # fmt: skip
def test_what_a_file_is_told_by_its_first_bytes(body: bytes, kind: str) -> None:
    """Whatever its label says."""
    found = not_html(body, "text/html", binary=True)
    assert found is not None
    assert found.startswith("not HTML: binary content (text/html)")
    assert kind in found


HINDI = "बंदरगाह बोर्ड ने दो नई नौकाओं के लिए धन देने का फैसला किया है और शहर उत्तरी घाट का खर्च उठाएगा। " * 4
GERMAN = (
    "Der Hafen ist für die Stadt nicht nur eine Last, und das Geld für die Fähren kommt auch von dem Land. "
    * 4
)
TRANSLATIONS = (
    ("hi", "https://news.example/hi/x"),
    ("en", "https://news.example/en/x"),
    ("de", "https://news.example/de/x"),
)


@pytest.mark.parametrize(
    ("text", "url", "declared", "expected"),
    [
        (PROSE, "https://news.example/hi/x", "en", "the address promises 'hi', and the text is in English"),
        (PROSE, "https://news.example/de/x", "de", "the address promises 'de', and the text is in English"),
        (
            PROSE,
            "https://news.example/hi/other",
            None,
            "the address promises 'hi', and the text is in English",
        ),
        (
            HINDI,
            "https://news.example/en/x",
            "en",
            "the address promises 'en', and the text is in another script",
        ),
        (PROSE, None, "hi-in", "the page promises 'hi', and the text is in English"),
        (HINDI, "https://news.example/hi/x", "en", None),
        (HINDI, None, "en", None),
        (GERMAN, None, "en", None),
        (GERMAN, "https://news.example/de/x", "en", None),
        (PROSE, "https://news.example/it/x", None, None),
        (PROSE[:150], "https://news.example/hi/x", "hi", None),
    ],
)
def test_a_page_in_another_language_than_promised_is_told_apart(
    text: str, url: str | None, declared: str | None, expected: str | None
) -> None:
    """By its address among its translations, or its declaration; a template's "en" promises nothing."""
    assert wrong_language(text, url=url, declared=declared, translations=TRANSLATIONS) == expected


def test_an_english_landing_page_at_a_hindi_address_is_refused() -> None:
    """With the reason, and without text that could be matched."""
    links = "".join(f"<link rel=alternate hreflang={code} href={href}>" for code, href in TRANSLATIONS)
    html = f"<html lang=en><head><title>Welcome</title>{links}</head><body><main><p>{PROSE}</p></main></body></html>"
    read = read_page(html.encode(), "https://news.example/hi/x", "text/html")

    assert read.refused == "wrong language: the address promises 'hi', and the text is in English"
    assert read.text == ""


def test_a_rule_for_the_text_that_finds_nothing_is_named() -> None:
    """So that its maker learns that the site has changed; the extractor is not asked in its place."""
    story = (
        "<article><h1>Board funds ferries</h1>"
        + "<p>Two ferries are bought this year.</p>" * 9
        + "</article>"
    )
    rules = ArticleRules(text=Selector(css=".body"))

    page = read_page(story.encode(), "https://desk.example/ferries", "text/html", rules)

    assert page.refused == "no text: the source's rule for it, css '.body', finds nothing on this page"
