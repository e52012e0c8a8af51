"""Which texts are reprints or versions of each other, and that their keys bring them together."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from crawler.duplicates import band_keys, long_runs, resemblance, shingles, tokens
from crawler.records import Article
from crawler.ties import Relation, Tie, relation

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


VOCABULARY = [
    "".join(random.Random(f"{n}").choices("abcdefghijklmnopqrstuvwxyz", k=3 + n % 8)) for n in range(2_000)
]


def prose(seed: int, count: int = 200) -> list[str]:
    """Words as rare and as common as those of a language."""
    source = random.Random(seed)
    return [VOCABULARY[int(2_000 * source.random() ** 3)] for _ in range(count)]


def article(
    id: str, text: list[str] | str, *, title: str = "", host: str = "", hours: float = 0, **more: Any
) -> Article:
    url = f"https://{host or id}.example/{id}"
    return Article(
        id=id,
        source_id=host or id,
        url=url,
        canonical_url=url,
        title=title or " ".join(prose(hash_of(id), 7)),
        text=text if isinstance(text, str) else " ".join(text),
        first_seen_at=NOON + timedelta(hours=hours),
        **more,
    )


def hash_of(id: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(id))


def met(one: Article, two: Article) -> Relation | None:
    """What binds two articles; only where their keys bring them together."""
    return relation(two, one) if set(band_keys(one)) & set(band_keys(two)) else None


def changed(words: list[str], share: float, seed: int = 7) -> list[str]:
    source = random.Random(seed)
    return [word if source.random() > share else f"other{source.randrange(99)}" for word in words]


REPRINTS: dict[str, Callable[[list[str]], list[str] | str]] = {
    "the same": lambda words: words,
    "with a dateline and a credit": lambda words: (
        f"LONDON (Reuters) - {' '.join(words)}\n\n(Reporting by Ann Lee)"
    ),
    "with other words here and there": lambda words: changed(words, 0.03),
    "without its first sentence": lambda words: words[20:],
    "without its last fifth": lambda words: words[: len(words) * 4 // 5],
    "its first third": lambda words: words[: len(words) // 3],
    "with a sentence of the desk's own in the middle": lambda words: [
        *words[:90],
        *prose(99, 15),
        *words[90:],
    ],
    "in other type": lambda words: " ".join(words).upper().replace(" ", "  "),
    "cut into lines": lambda words: "\n".join(" ".join(words[n : n + 9]) for n in range(0, len(words), 9)),
}


@pytest.mark.parametrize("kind", REPRINTS)
def test_reprints_are_found_and_confirmed(kind: str) -> None:
    """Of 20 texts, each under another headline, by another outlet: whatever was done to them."""
    for seed in range(20):
        words = prose(seed, 300)
        found = met(article("a", words), article("b", REPRINTS[kind](words), hours=1))
        assert found is not None
        assert found.is_reprint


def test_a_lengthened_text_is_a_version_and_no_reprint() -> None:
    """It says more, and so it is told; whether the new stands at the end or before the old."""
    for seed in range(20):
        words = prose(seed, 200)
        for longer in ([*words, *prose(seed + 50, 150)], [*words[:40], *prose(seed + 50, 120), *words[40:]]):
            found = met(article("a", words), article("b", longer, hours=1))
            assert found is not None
            assert found.tie is Tie.VERSION


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (0x4E00, 0x9FFF, False),
        (0x3041, 0x3096, False),
        (0x0E01, 0x0E2E, False),
        (0x0E81, 0x0EAE, False),
        (0x1780, 0x17B3, False),
        (0x1000, 0x1020, False),
        (0x0905, 0x0939, True),
        (0x0B85, 0x0BB9, True),
        (0x0627, 0x064A, True),
        (0x0430, 0x044F, True),
        (0xAC00, 0xD7A3, True),
    ],
    ids="chinese japanese thai lao khmer burmese hindi tamil arabic russian korean".split(),  # noqa: SIM905
)
def test_any_script_will_do(first: int, last: int, words: bool) -> None:
    """A copy with small edits is one, two texts of one language are none; with spaces between words or without."""
    letters = [chr(code) for code in range(first, last + 1) if chr(code).isalpha()]
    common = ["".join(random.Random(f"{n}").choices(letters, k=1 + n % 5)) for n in range(1_500)]

    def text(seed: int) -> str:
        source = random.Random(seed)
        return (" " if words else "").join(common[int(1_500 * source.random() ** 2)] for _ in range(250))

    for seed in range(8):
        original, other = text(seed), text(seed + 100)
        middle = len(original) // 2
        copy = original[:middle] + original[middle + 6 :] + " 2026"
        found = met(article("a", original), article("b", copy, hours=1))
        assert found is not None
        assert found.tie is Tie.COPY
        cut = met(article("a", original), article("b", original[: len(original) // 2], hours=1))
        assert cut is not None
        assert cut.tie is Tie.CUT
        assert relation(article("b", other, hours=1), article("a", original)) is None


def test_vowel_signs_are_parts_of_words() -> None:
    """Scripts that write them as marks of their own have whole words all the same; points that come and go do not count."""
    assert tokens("हिन्दी में समाचार।") == ("हिन्दी", "में", "समाचार")
    assert tokens("தமிழ் செய்தி") == ("தமிழ்", "செய்தி")
    assert tokens("العَرَبِيَّة") == tokens("العربية")
    assert tokens("co\u00adoperate zero\u200bwidth") == ("cooperate", "zerowidth")
    assert tokens("bad \ud800 half") == ("bad", "half")


def test_a_mixed_text_has_runs_of_one_length_everywhere() -> None:
    """A text in two scripts changes no run but those that an edit touches, wherever half of it is passed."""
    chinese = "".join(chr(0x4E00 + n * 37 % 2_000) for n in range(100))
    english = " ".join(prose(1, 100))
    for more in range(-3, 4):
        one = shingles(f"{chinese} {english}")
        two = shingles(
            f"{chinese[: len(chinese) + more]} {english}"
            if more < 0
            else f"{chinese} {english} {'word ' * more}"
        )
        assert resemblance(one, two) > 0.85


def test_a_quotation_is_no_reprint() -> None:
    """A report that quotes three paragraphs of another, and one paragraph told again."""
    words = prose(1, 300)
    quoting = [*prose(2, 150), *words[100:160], *prose(3, 150)]
    assert met(article("a", words), article("b", quoting, hours=1)) is None
    assert met(article("a", words), article("b", words[100:135], hours=1)) is None


def test_a_page_that_strings_texts_together_is_at_most_the_one_it_begins_with() -> None:
    """Told before or after them, whatever their order in it."""
    texts = [prose(seed, 150) for seed in range(4)]
    page = article("page", [word for text in texts for word in text])
    for place, text in enumerate(texts):
        for hours in (-1, 1):
            one = article(f"a{place}", text, hours=hours)
            found = relation(one, page) if hours > 0 else relation(page, one)
            assert (found is not None) == (place == 0)


def test_a_chain_of_small_changes_binds_neighbours_only() -> None:
    """Each step is a copy of the one before; six steps on it is none of the first."""
    start, end = prose(1), prose(2)
    chain = [article(f"a{step}", end[: step * 10] + start[step * 10 :], hours=step) for step in range(21)]
    for step in range(20):
        found = relation(chain[step + 1], chain[step])
        assert found is not None
        assert found.tie is Tie.COPY
    assert all(relation(chain[step], chain[0]) is None for step in range(8, 21))


def test_template_text_of_one_host_binds_nothing() -> None:
    """Boilerplate around texts of their own, a notice instead of them, a form with other values."""
    around = prose(1, 60)
    pages = [
        article(f"p{n}", [*around, *prose(n + 10, 60), *around[::-1]], host="h", hours=n) for n in range(6)
    ]
    notices = [
        article(f"n{n}", prose(2, 80), host="h", title=f"{' '.join(prose(n + 30, 6))} | Harbour Desk")
        for n in range(6)
    ]
    towns = [
        article(
            town,
            [*prose(3, 60), town, *prose(4, 60)],
            host="h",
            title=f"What you can buy for a song in {town} tonight",
        )
        for town in ("norwich", "swansea", "glasgow")
    ]
    values = random.Random(5)
    markets = [
        article(
            f"m{day}",
            " ".join(
                f"{word} {values.randrange(10_000)}" if place % 12 == 0 else word
                for place, word in enumerate(prose(6, 160))
            ),
            host="h",
            title="Shares in the north at the end of the day",
            hours=24 * day,
        )
        for day in range(4)
    ]
    for group in (pages, notices, towns):
        for one in group:
            assert all(relation(other, one) is None for other in group if other is not one)
    for one, two in pairwise(markets):
        found = relation(two, one)
        assert found is None or not found.is_reprint


def test_a_correction_of_one_outlet_is_a_copy() -> None:
    """Another number within hours, under the same headline at a new address."""
    words = [*prose(1), "12", "were", "hurt", *prose(2)]
    corrected = [*prose(1), "15", "were", "hurt", *prose(2)]
    title = "Ferry runs into the northern pier"
    found = relation(
        article("b", corrected, title=title, host="h", hours=2), article("a", words, title=title, host="h")
    )
    assert found is not None
    assert found.tie is Tie.COPY


@pytest.mark.parametrize("hosts", [("h", "h"), ("g", "h")])
def test_a_text_told_again_under_another_headline_is_a_copy(hosts: tuple[str, str]) -> None:
    """By another outlet; by the same one where the text bears the new headline out."""
    words = [
        "Analysts",
        "see",
        "gold",
        "rising",
        "in",
        "the",
        "second",
        "half",
        "and",
        "firming",
        "later",
        *prose(1),
    ]
    found = relation(
        article("b", words, title="Analysts say gold is firming later this year", host=hosts[1], hours=2),
        article("a", words, title="Gold seen rising in the second half", host=hosts[0]),
    )
    assert found is not None
    assert found.tie is Tie.COPY


def test_short_texts_are_judged_by_title_and_lead() -> None:
    """The same headline and summary with a label, from another outlet, is a copy; another event is not."""
    title, lead = "Board funds two new ferries for the harbour", "The vote on Monday was close."
    one = article("a", "", title=title, summary=lead)
    found = met(one, article("b", "", title=f"UPDATE 1-{title}", summary=f"OSLO (Reuters) - {lead}", hours=2))
    assert found is not None
    assert found.tie is Tie.COPY
    other = article(
        "c",
        "",
        title="Board funds two new trams for the airport",
        summary="The vote on Friday was clear.",
        hours=2,
    )
    assert met(one, other) is None


def test_long_runs_are_a_sample_that_the_runs_alone_decide() -> None:
    """At most twelve, none of a text shorter than a run; of a text and its half about half are the same."""
    words = prose(1, 400)
    assert len(long_runs(words)) == 12
    assert long_runs(words[:9]) == ()
    assert len(long_runs(words[:10])) == 1
    shared = [
        len(set(long_runs(prose(seed, 400))) & set(long_runs(prose(seed, 400)[100:300])))
        for seed in range(50)
    ]
    assert 4 < sum(shared) / 50 < 8
    assert min(shared) > 0
