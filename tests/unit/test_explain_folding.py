"""What `explain` says of an article's story: why it is in it, whom it repeats, and what has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.records import Telling
from crawler.folds import Change, ChangeKind, Fold
from crawler.records import Article
from tidings.life_words import folded, how_changed, how_folded
from tidings.storage.lookup import Life

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FOUNDER, COPIED, OWN = "a" * 16, "b" * 16, "c" * 16


def telling(article_id: str, title: str, source: str) -> Telling:
    return Telling(
        article_id=article_id,
        title=title,
        url=f"https://{source.lower()}.example/story",
        source=source,
        source_id=source.lower(),
        published=None,
        found=NOON,
    )


def life(fold: Fold | None, **facts: Any) -> Life:
    plain: dict[str, Any] = {
        "article": Article(
            id=OWN,
            source_id="post",
            url="https://post.example/story",
            canonical_url="https://post.example/story",
            title="Plant opens",
            first_seen_at=NOON,
        ),
        "versions": (),
        "sightings": (),
        "fold": fold,
        "story": (telling(FOUNDER, "A plant opens", "Times"), telling(COPIED, "Plant is open", "Echo")),
        "matches": (),
        "deliveries": (),
        "page_due_at": None,
        "attempts": 0,
    }
    return Life(**(plain | facts))


def test_a_reprint_says_which_story_which_original_why_and_how_alike() -> None:
    """With titles and addresses, since an id says nothing to a person."""
    one = life(
        Fold(
            story_id=f"s{FOUNDER}",
            duplicate_of=COPIED,
            similarity=0.9312,
            why="0.93 of the word shingles shared",
            credit="Reuters",
        )
    )

    assert how_folded(one) == [
        f"story s{FOUNDER}",
        "    which began with “A plant opens” in Times: https://times.example/story",
        "    folded into it because: 0.93 of the word shingles shared (similarity 0.93)",
        "    a reprint of “Plant is open” in Echo: https://echo.example/story",
        "    credited to Reuters",
        f"    with 2 other articles: tidings stories show s{FOUNDER}",
    ]


def test_another_report_says_by_which_words_it_is_like_the_others_and_what_the_number_means() -> None:
    one = life(
        Fold(story_id=f"s{FOUNDER}", similarity=0.6181, why="like its reports: chip, trust, packaging")
    )

    assert how_folded(one)[2] == (
        "    folded into it because: like its reports by the words chip, trust, packaging "
        "(similarity 0.62; 0.50 is enough)"
    )


def test_the_first_of_a_story_says_that_it_began_it() -> None:
    assert how_folded(life(Fold(story_id=f"s{OWN}", why="new"), story=())) == [
        f"story s{OWN}",
        "    it began this story",
    ]


def test_an_original_that_is_not_kept_any_more_is_named_by_its_id() -> None:
    lines = how_folded(life(Fold(story_id=f"s{OWN}", duplicate_of="d" * 16, why="same text")))

    assert f"    a reprint of {'d' * 16}, which is not kept in this story" in lines


def test_what_waits_for_folding_says_so() -> None:
    assert how_folded(life(None)) == ["not folded yet"]
    assert folded(life(None)) is None


def test_programs_are_told_the_same() -> None:
    one = life(Fold(story_id=f"s{FOUNDER}", similarity=0.81, why="4 rare terms shared"))

    assert folded(one) == {
        "story": f"s{FOUNDER}",
        "why": "4 rare terms shared",
        "similarity": 0.81,
        "credit": None,
        "began_it": False,
        "began_by": {
            "id": FOUNDER,
            "title": "A plant opens",
            "source": "Times",
            "url": "https://times.example/story",
        },
        "reprint_of": None,
        "others": 2,
    }


def test_changes_are_listed_with_the_channel_that_was_told_them() -> None:
    change = Change(
        article_id=OWN,
        before=1,
        after=2,
        at=NOON,
        kinds=(ChangeKind.NUMBERS,),
        said="12 became 15",
    )
    one = life(None, changes=(change,), told_changes=(("desk", NOON + timedelta(hours=1), change),))

    assert how_changed(one) == [
        "version 2 at 2026-11-25T12:00:00Z says otherwise than version 1: 12 became 15",
        "told as updated to desk at 2026-11-25T13:00:00Z: 12 became 15",
    ]
