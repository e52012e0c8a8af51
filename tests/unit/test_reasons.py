"""Why an article is in its story: what the folder says is understood, and put into words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crawler.likeness import SAME_STORY
from crawler.records import Article
from crawler.shelf import fold_all
from crawler.stories import degree
from tidings.reasons import ENOUGH, LIKE, NEW, as_folded, reason

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GROUNDED = (
    "A ferry ran aground in fog off Port Hallam, and lifeboats took all 212 passengers ashore. The Northern Star of "
    "Graybridge Lines struck the Merrow bank, the coast guard said, and tugs wait for the evening tide.",
    "More than two hundred people were brought to safety by lifeboats after the ferry Northern Star got stuck on the "
    "Merrow bank near Port Hallam. Passengers of Graybridge Lines said that the fog hid the bow.",
)


def article(number: int, text: str) -> Article:
    url = f"https://paper{number}.example/ferry"
    return Article(
        id=f"a{number}",
        source_id=f"paper{number}",
        url=url,
        canonical_url=url,
        title=("Ferry runs aground off Port Hallam", "Lifeboats rescue hundreds from Northern Star")[number],
        text=text,
        published_at=NOON + timedelta(hours=number),
        first_seen_at=NOON + timedelta(hours=number),
    )


def test_what_the_folder_says_of_reports_of_one_event_is_understood() -> None:
    """The folder's own words are met here, and the number from which it joins."""
    first, second = (fold for _, fold in fold_all([article(0, GROUNDED[0]), article(1, GROUNDED[1])]))

    assert (first.why, second.story_id) == (NEW, first.story_id)
    assert second.why.startswith(LIKE)
    assert degree(SAME_STORY) == ENOUGH
    said = reason(second.why, second.similarity)
    assert said.startswith("like its reports by the words ")
    assert said.endswith(f"(similarity {second.similarity:.2f}; 0.50 is enough)")


def test_other_reasons_keep_their_words() -> None:
    assert reason("same text", 1.0) == "same text (similarity 1.00)"
    assert reason("same canonical address", None) == "same canonical address"
    assert reason("", None) == "no reason kept"
    assert reason(NEW, None) == "began this story"


def test_who_began_a_story_that_was_joined_to_another_says_so() -> None:
    """Where the folder's words are of the moment when it was folded."""
    assert as_folded(NEW, "b", "sa") == "began sb, which is part of this story"
    assert as_folded(NEW, "a", "sa") == NEW
    assert as_folded("same text", "b", "sa") == "same text"
