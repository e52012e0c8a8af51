"""Whether a feed carries the whole text of an article, as far as that can be told."""

from __future__ import annotations

import pytest

from crawler.carried import carries_all, is_cut
from crawler.intake import unread_for
from crawler.records import Entry, FullText, Source, SourceKind

PARAGRAPH = (
    "The council of the harbour town met on Tuesday evening and spoke about the ferries for two hours. "
)
WHOLE = "\n\n".join([PARAGRAPH.strip() * 3] * 6)


@pytest.mark.parametrize(
    "end",
    [
        "and the minister said […]",
        "and the minister said [...]",
        "and the minister said…",
        "and the minister said ...",
        "and the minister said [+2317 chars]",
        "and the minister said […]\n\nThe post Ferries come back appeared first on The Harbour Times.",
        "He left.\n\nRead more",
        "He left. Read more »",
        "He left. Read the full story at The Harbour Times.",
        "He left.\n\nContinue reading Ferries come back →",
        "Er ging. Weiterlesen",
        "Il partit.\n\nLire la suite",
        "Se fue. Leer más",
        "Он ушёл.\n\nЧитать далее",
        "彼は去った。続きを読む",
        "वे चले गए।\n\nआगे पढ़ें",
    ],
)
def test_a_text_that_invites_to_read_on_is_cut_however_long(end: str) -> None:
    """In any of the languages in which blogs do so."""
    assert is_cut(f"{WHOLE}\n\n{end}")
    assert not carries_all(f"{WHOLE}\n\n{end}")


@pytest.mark.parametrize(
    "end",
    [
        "He left.",
        "He said: “We shall see.”",
        "(Reporting by the harbour desk)",
        "Photo: The Harbour Times",
        "Contact: desk@harbour.example",
        "वे चले गए।",
        "The post office closes at five.",
        "The post Ferries come back appeared first on The Harbour Times.",
    ],
)
def test_a_text_that_ends_is_whole(end: str) -> None:
    """Bylines, captions and signatures may follow the last sentence."""
    assert carries_all(f"{WHOLE}\n\n{end}")


def test_words_that_invite_to_read_on_count_at_the_end_only() -> None:
    """Within an article they are part of it."""
    assert carries_all(f"Read more books, says the mayor.\n\n{WHOLE}")


def test_a_last_paragraph_that_breaks_off_is_cut() -> None:
    """Where the paragraphs before it end their sentences; a text without any punctuation says nothing."""
    assert is_cut(f"{WHOLE}\n\n{PARAGRAPH * 2}The minister then said that the")
    assert not is_cut("word " * 500)


def test_whether_a_short_text_is_whole_cannot_be_told() -> None:
    """Nothing is missed: its page is read."""
    assert not carries_all("He left.")
    assert not carries_all(WHOLE[:1_400].rpartition(".")[0] + ".")


@pytest.mark.parametrize(
    ("full_text", "content", "link", "expected"),
    [
        (FullText.AUTO, WHOLE, "https://a.example/1", "not read: the feed carries the whole text"),
        (FullText.AUTO, WHOLE + " […]", "https://a.example/1", None),
        (FullText.AUTO, "Short.", "https://a.example/1", None),
        (FullText.ALWAYS, WHOLE, "https://a.example/1", None),
        (FullText.NEVER, "Short.", "https://a.example/1", "not read: its source has `full_text: never`"),
        (FullText.ALWAYS, WHOLE, None, "not read: the entry links to none"),
    ],
)
def test_why_a_page_is_never_read_is_said(
    full_text: FullText, content: str, link: str | None, expected: str | None
) -> None:
    """`explain` shows it."""
    source = Source(id="s", kind=SourceKind.FEED, url="https://a.example/rss", full_text=full_text)
    assert unread_for(Entry(id="1", link=link, title="T", content=content), source) == expected
