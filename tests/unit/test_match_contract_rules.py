"""Sentences of the watchlist language that were once not kept, each with a watchlist and a text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from alerts.match import Matcher, subject, validate
from alerts.records import Field, Initiative, Term, Watchlist
from crawler.records import Article
from tidings.settings import ConfigError, load_watchlist

SIZE = 200_000  # characters of a very long article


def matcher(*items: str | Term, none: tuple[Term, ...] = (), fields: tuple[Field, ...] = ()) -> Matcher:
    """One initiative, with India as its context."""
    terms = tuple(Term(text=item) if isinstance(item, str) else item for item in items)
    more = {"fields": fields} if fields else {}
    made = Initiative(id="i", name="I", watchlist_id="w", any=terms, none=none, **more)
    return Matcher([Watchlist(id="w", title="W", context=("India",), initiatives=(made,))])


def matches(made: Matcher, article: Article | str) -> bool:
    """Whether an article, or a title, meets the initiative."""
    return bool(made.judge(subject(title=article) if isinstance(article, str) else article).matches)


@pytest.mark.parametrize(
    ("term", "title", "expected"),
    [
        # an em dash in the term is met by itself, and reads as a hyphen otherwise
        ("US—India", "US—India deal", True),
        ("US — India", "A US — India deal", True),
        ("US—India", "U.S.-India deal", True),
        ("US-India", "US—India deal", False),
        # the terms of a script without spaces go by sequence, those with * and ? too
        ("人工智*", "中国人工智能发展", True),
        ("人工智*", "人工的智能", False),
        ("半导?芯", "半导体芯片", True),
        ("半导?芯", "半导芯片", False),
        ("人工智* AND 中国", "中国人工智能发展", True),
        # a mark belongs to its letter: no word of more letters ends in a single one
        ("प्रोजेक्ट भारत", "प्रोजेक्ट. भारत", False),
        ("प्रोजेक्ट भारत", "प्रोजेक्ट भारत", True),
        ("U.S. deal", "US deal", True),
        # a possessive is no further word of a phrase with room in it
        ('"India roadmap"~1', "India's AI roadmap", True),
        ('"India roadmap"~1', "India's big AI roadmap", False),
    ],
)
def test_phrases(term: str, title: str, expected: bool) -> None:
    """A term and a title."""
    assert matches(matcher(term), title) is expected


@pytest.mark.parametrize(
    ("url", "term", "fields", "expected"),
    [
        ("https://www.example.org/a", "url:example.org", (), True),
        ("https://example.org/a", "url:example.org", (), True),
        ("https://example.com/org", "url:example.org", (), False),
        ("https://example.org/trust-initiative.html", 'url:"TRUST initiative"', (), True),
        ("https://www.example.org/trust-initiative.html", "TRUST initiative", (Field.URL,), True),
        ("https://www.example.org/a", "example.org", (Field.URL,), True),
        ("https://www.example.org/a", r"url:/example\.org/", (), True),
    ],
)
def test_a_full_stop_parts_the_words_of_an_address(
    url: str, term: str, fields: tuple[Field, ...], expected: bool
) -> None:
    """`in: [url]` alone reads as `url:` before each term."""
    assert matches(matcher(term, fields=fields), subject(title="News", url=url)) is expected


def test_a_term_of_none_has_exceptions_of_its_own() -> None:
    """What an `except` of a forbidden term covers forbids nothing."""
    made = matcher("BTA", none=(Term(text="fund", exceptions=("pension fund",)),))

    assert matches(made, "BTA talks and a pension fund")
    assert not matches(made, "BTA talks, a pension fund and a fund")


@pytest.mark.parametrize("line", ["context: [a AND b]", "context: [India, x NEAR/3 y]"])
def test_an_expression_among_context_words_is_an_error_at_its_place(tmp_path: Path, line: str) -> None:
    """`context`, `near` and `except` hold words, phrases and patterns; a file with more is refused."""
    file = tmp_path / "w.yaml"
    file.write_text(f"watchlist: w\n{line}\ninitiatives:\n  - id: i\n    any: [TRUST]\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"w\.yaml:2:\d+: error: .* holds more than words and OR"):
        load_watchlist(file, validate_term=validate)


def test_an_expression_among_exceptions_is_an_error_at_its_place(tmp_path: Path) -> None:
    """The same under `except`."""
    file = tmp_path / "w.yaml"
    file.write_text(
        "watchlist: w\ninitiatives:\n  - id: i\n    any: [TRUST]\n    except: [a AND b]\n", encoding="utf-8"
    )

    with pytest.raises(ConfigError, match=r"w\.yaml:5:14: error: .* holds more than words and OR"):
        load_watchlist(file, validate_term=validate)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("TRUST NEAR/1000 COMPACT", "TRUST COMPACT "),
        ("TRUST NEAR/1000 COMPACT NEAR/1000 TRUST", "TRUST COMPACT "),
        ("alpha BEFORE/1000 beta", "beta alpha "),
        ("/1/", "1.5 "),
        (r"/\bfoo\b/", "foo.bar "),
        (r"/\s+/", "人a工 "),
        ("/(a+)+b/", "aa"),
        ("/(.*a){12}b/", "ab"),
    ],
)
def test_no_text_makes_a_rule_slow(term: str, text: str) -> None:
    """A hostile article of 200,000 characters is judged in about its length; before, some took a minute."""
    made = matcher(term)
    article = subject(text=(text * (SIZE // len(text))))
    begun = time.process_time()

    made.judge(article)

    assert time.process_time() - begun < 5  # seconds; a fraction of one on an idle machine


def test_two_thousand_patterns_are_looked_up_by_their_first_letters() -> None:
    """The patterns that a word could meet are found by its head, not tried one after the other."""
    heads = [a + b for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
    made = matcher(*(f"{head[0]}?{head[1]}{end}" for head in heads for end in ("x", "y", "z")))
    article = subject(text=" ".join(f"{a}{b}" for a in heads for b in heads[:55])[:SIZE])
    begun = time.process_time()

    made.judge(article)

    assert time.process_time() - begun < 5
    assert matches(made, "the word abcx")


def test_near_finds_a_partner_behind_a_long_one_and_on_either_side() -> None:
    """A partner is found whether it overlaps, stands before or stands behind; a place is not its own."""
    assert matches(matcher("alpha NEAR/1 alpha"), "alpha x alpha")
    assert not matches(matcher("alpha NEAR/1 alpha"), "alpha x x alpha")
    assert matches(matcher('alpha NEAR/0 ("beta gamma"~9 OR beta)'), "beta x x x gamma alpha")
    assert not matches(matcher("alpha NEAR/0 beta"), "beta x x x gamma alpha")
    assert matches(matcher('x NEAR/0 "beta gamma"~9'), "beta x gamma")


@pytest.mark.parametrize(
    ("pattern", "title", "found"),
    [
        ("/foo|foobar/", "foobar foo é foobar", ["foobar", "foo", "foobar"]),
        ("/é+/", "é éé xé", ["é", "éé"]),
        ("/1/", "1.5 1 2,1 1", ["1", "1"]),
    ],
)
def test_a_pattern_finds_whole_words_with_their_places(pattern: str, title: str, found: list[str]) -> None:
    """Where the first reading cuts a word, another that does not is taken; offsets count letters, not bytes."""
    evidence = matcher(pattern).judge(subject(title=title)).matches[0].evidence

    assert [title[one.start : one.end] for one in evidence] == found
