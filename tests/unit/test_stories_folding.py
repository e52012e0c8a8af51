"""Which story an article joins, and of what it is a reprint."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.folds import Fold
from crawler.records import Article
from crawler.shelf import fold_all
from crawler.stories import decide, story_id_of

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TITLE = "Harbour board funds two new ferries"


def prose(seed: int, count: int = 200) -> list[str]:
    source = random.Random(seed)
    return [
        "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 9))) for _ in range(count)
    ]


def article(
    id: str,
    text: str | list[str] = "",
    *,
    title: str = TITLE,
    host: str | None = None,
    hours: float = 0,
    **more: Any,
) -> Article:
    url = f"https://{host or id}.example/{id}"
    return Article(
        id=id,
        source_id=more.pop("source_id", host or id),
        url=url,
        canonical_url=more.pop("canonical_url", url),
        title=title,
        text=text if isinstance(text, str) else " ".join(text),
        first_seen_at=NOON + timedelta(hours=hours),
        **more,
    )


def folds(*articles: Article) -> dict[str, Fold]:
    return dict(fold_all(articles))


def test_an_article_that_resembles_nothing_founds_a_story() -> None:
    """Its id is made from the article's."""
    one = article("a", prose(1))
    assert decide(one, ()) == Fold(story_id=story_id_of(one), why="new")


def test_a_reprint_names_the_earliest_telling() -> None:
    """Under another headline, another agency mark, with small edits."""
    text = prose(1)
    edited = [word if n % 40 else "edited" for n, word in enumerate(text)]
    found = folds(
        article("a", text),
        article("b", "LONDON (Reuters) - " + " ".join(text), title="Two ferries paid for", hours=1),
        article("c", edited, title="Money for ferries", hours=2),
    )

    assert {fold.story_id for fold in found.values()} == {"sa"}
    assert (found["b"].duplicate_of, found["b"].similarity, found["b"].why) == ("a", 1.0, "same text")
    assert found["c"].duplicate_of == "a"
    assert found["c"].why.endswith("of the word shingles shared")


def test_order_of_time_decides_not_order_of_input() -> None:
    """The earliest telling is the original, wherever it stands in the list."""
    found = folds(article("late", prose(1), hours=5), article("early", prose(1)))
    assert found["late"].duplicate_of == "early"
    assert found["early"].duplicate_of is None


def test_a_cut_version_is_a_reprint_and_a_lengthened_one_a_report() -> None:
    """What says nothing new is folded away; what adds is told in the same story."""
    text = prose(1, 300)
    found = folds(
        article("whole", text),
        article("cut", text[:120], title="Ferries: the short of it", hours=1),
        article("longer", text + prose(2, 250), title="Ferries: the long of it", hours=2),
    )
    assert {fold.story_id for fold in found.values()} == {"swhole"}
    assert found["cut"].duplicate_of == "whole"
    assert found["longer"].duplicate_of is None


def test_unrelated_articles_stay_apart() -> None:
    """Different texts under different headlines."""
    found = folds(*(article(f"a{n}", prose(n), title=" ".join(prose(n + 100, 7))) for n in range(20)))
    assert len({fold.story_id for fold in found.values()}) == 20


def test_a_planted_page_that_strings_texts_together_glues_nothing() -> None:
    """Of two unrelated stories that stand in an earlier page, the two do not become one."""
    ferries, chips = prose(1), prose(2)
    found = folds(
        article("planted", ferries + chips, title="Everything at once"),
        article("ferries", ferries, title="Harbour board funds ferries", hours=1),
        article("chips", chips, title="Plant for chips is opened in the north", hours=2),
        article("ferries2", ferries, title="Ferries are paid for", hours=3),
        article("chips2", chips, title="Chips made in the north", hours=4),
    )
    assert found["ferries"].story_id != found["chips"].story_id
    assert found["ferries2"].story_id == found["ferries"].story_id
    assert found["chips2"].story_id == found["chips"].story_id


def test_a_chain_of_small_changes_ends() -> None:
    """Twenty steps from one text to an unrelated one, each like the last: the ends are two stories."""
    start, end = prose(1), prose(2)
    chain = [
        article(
            f"a{step:02}",
            end[: step * 10] + start[step * 10 :],
            title=" ".join(prose(50 + step, 7)),
            hours=step,
        )
        for step in range(21)
    ]
    found = folds(*chain)
    assert found["a01"].story_id == found["a00"].story_id
    assert found["a20"].story_id != found["a00"].story_id


def test_a_hosts_template_makes_no_story() -> None:
    """One host's pages that yield the same notice, or one form with other values, stay apart."""
    notice, form = prose(1), prose(2)
    failed = [article(f"f{n}", notice, title=" ".join(prose(n + 10, 7)), host="blocked") for n in range(5)]
    quakes = [
        article(
            f"q{n}",
            [*form, str(n)],
            title=f"Earthquake of magnitude {n} shakes the northern coast",
            host="quakes",
        )
        for n in range(4, 8)
    ]
    weather = [
        article(town, [*prose(3), town], title=f"Weather tomorrow in {town}", host="weather")
        for town in ("norwich", "swansea", "glasgow")
    ]
    found = folds(*failed, *quakes, *weather)
    assert len({found[one.id].story_id for one in weather}) == 3
    assert len({found[one.id].story_id for one in failed}) == 5
    assert len({found[one.id].story_id for one in quakes}) == 4


def test_a_new_version_on_one_host_joins() -> None:
    """The same host, nearly the same headline, nearly the same text at a new address."""
    text = prose(1)
    found = folds(
        article("a", text, host="h"),
        article("b", [*text, "update"], title=f"{TITLE} today", host="h", hours=2),
    )
    assert found["b"].story_id == found["a"].story_id


def test_one_outlet_may_send_a_text_again_under_another_headline() -> None:
    """What the new headline says stands in the text: it is the same story, unlike a notice under every headline."""
    text = ["Kuwait", "seeks", "foreign", "protection", "for", "its", "tankers", *prose(1)]
    found = folds(
        article("a", text, title="Kuwait seeks protection for tankers", host="wire"),
        article("b", text, title="Foreign protection sought, Kuwait says", host="wire", hours=2),
    )
    assert found["b"].duplicate_of == "a"


def test_an_equal_headline_of_different_outlets_joins() -> None:
    """Where one has no text, within three days; not later, and not on one host."""
    found = folds(
        article("a", prose(1)),
        article("b", hours=20),
        article("d", host="a", hours=21),
    )
    assert found["b"].story_id == "sa"
    assert found["b"].why == "same headline within three days"
    assert found["d"].why != "same headline within three days"
    late = folds(article("a", prose(1)), article("c", hours=24 * 5))
    assert late["c"].story_id != "sa"


def test_an_equal_headline_over_unrelated_texts_proves_nothing() -> None:
    """The texts know better."""
    found = folds(article("a", prose(1)), article("b", prose(2), hours=1))
    assert found["a"].story_id != found["b"].story_id


@pytest.mark.parametrize(
    "title",
    [
        "Morning briefing",
        "Morning briefing: what you need to know today",
        "Opinion",
        "Stocks to watch on this Tuesday",
    ],
)
def test_recurring_headlines_fold_nothing(title: str) -> None:
    """Columns of different outlets are not one story."""
    found = folds(article("a", title=title), article("b", title=title, hours=1))
    assert found["a"].story_id != found["b"].story_id


def test_a_headline_that_was_there_last_week_is_a_columns() -> None:
    """Seen more than three days ago and again: it names no event."""
    title = "Letters from the northern harbour pier"
    old, new = article("old", title=title, hours=-24 * 8), article("new", title=title)
    stored = [replace(one, story_id=story_id_of(one)) for one in (old, new)]
    assert decide(article("next", title=title, hours=1), stored).why == "new"


def test_equal_canonical_addresses_join() -> None:
    """An AMP copy is its page; a stranger's claim needs its words to bear it out."""
    page = "https://news.example/a"
    found = folds(
        article("a", prose(1), host="news", canonical_url=page),
        article("amp", "", title="Ferries", host="news", canonical_url=page, hours=1),
        article("thief", prose(9), title="Buy gold coins now and here", canonical_url=page, hours=2),
    )
    assert found["amp"].story_id == "sa"
    assert found["thief"].story_id != "sa"


def test_a_story_takes_no_more_after_fourteen_days() -> None:
    """A reprint within them prolongs it; one long after founds a story of its own."""
    found = folds(
        article("a", prose(1)),
        article("b", prose(1), title="Ferries once more", hours=24 * 10),
        article("c", prose(1), title="Ferries, the end", hours=24 * 20),
        article("d", prose(1), title="Ferries in memory", hours=24 * 40),
    )
    assert found["b"].story_id == found["c"].story_id == "sa"
    assert found["d"].story_id == "sd"


def test_a_story_found_again_keeps_its_place() -> None:
    """Folding a founder again, after an edit, neither moves it nor makes it a copy of its own reprints."""
    text = " ".join(prose(1))
    first = article("a", text, story_id="sa")
    reprint = article("b", text, hours=1, story_id="sa", duplicate_of="a", similarity=1.0)
    assert decide(first, [reprint]) == Fold(story_id="sa", why="stays in its story")


def test_two_that_turn_out_to_be_one_join_under_the_older() -> None:
    """An article folded on its title moves when its text has come."""
    text = " ".join(prose(1))
    first = article("a", text, story_id="sa")
    second = article("b", text, title="Ferries", hours=1, story_id="sb")
    fold = decide(second, [first])
    assert (fold.story_id, fold.duplicate_of) == ("sa", "a")


def test_a_founder_beyond_reach_is_reached_through_its_reprints() -> None:
    """A story of hundreds of reprints goes on although the candidates are cut."""
    text = " ".join(prose(1))
    reprint = article("b", text, hours=1, story_id="sa", duplicate_of="a", similarity=0.98)
    assert decide(article("c", text, title="Ferries", hours=2), [reprint]).duplicate_of == "a"
    drifted = replace(reprint, duplicate_of=None, similarity=0.3)
    assert decide(article("c", text, title="Ferries", hours=2), [drifted]).story_id == "sc"


def test_the_order_of_candidates_makes_no_difference() -> None:
    """The database may hand them over as it likes."""
    text = prose(1)
    pool = [
        article(
            f"a{n}",
            text[: 200 - n],
            title=" ".join(prose(n + 30, 7)),
            hours=n,
            story_id="sa0" if n < 3 else f"sa{n}",
        )
        for n in range(6)
    ]
    one = article("new", text, title="Ferries", hours=9)
    results = {decide(one, random.Random(seed).sample(pool, len(pool))) for seed in range(10)}
    assert len(results) == 1


@pytest.mark.skipif(
    not (CORPUS / "neardup").exists(), reason="the shared corpus is not beside the repository"
)
def test_real_wire_stories_fold_with_their_copies() -> None:
    """Of re-sent Reuters stories of 1987 at least 98 % of the pairs with 0.7 of their shingles share a story."""
    with gzip.open(CORPUS / "neardup" / "reuters-exact-jaccard.jsonl.gz", "rt", encoding="utf-8") as lines:
        pairs = [pair for pair in map(json.loads, lines) if pair["jaccard"] >= 0.7][::4]
    wanted = {str(pair[side]) for pair in pairs for side in "ab"}
    with gzip.open(CORPUS / "news" / "reuters-1987.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if str(row["id"]) in wanted]
    found = folds(
        *(article(str(r["id"]), r["body"], title=r["title"] or "", hours=n / 100) for n, r in enumerate(rows))
    )

    together = sum(found[str(pair["a"])].story_id == found[str(pair["b"])].story_id for pair in pairs)

    assert len(pairs) > 100
    assert together >= 0.98 * len(pairs)
