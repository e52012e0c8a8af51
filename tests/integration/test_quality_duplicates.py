"""Reprints among wire stories are found, and what is named a reprint is one: never less than was reached."""

from __future__ import annotations

import pytest

from tests.quality.duplicates import PAIRS, STORIES, measure, rows, truth

pytestmark = pytest.mark.skipif(
    not (STORIES.exists() and PAIRS.exists()), reason="../shared/corpus is not beside the repository"
)
EVERY = 12  # of the stories that are in no pair; `python -m tests.quality.duplicates` folds all


@pytest.mark.parametrize(
    ("titled", "one_host", "half", "held"),
    [(False, False, 0.44, 0.92), (True, False, 0.70, 0.95), (True, True, 0.62, 0.91)],
    ids=["bodies only", "titles, an outlet each", "titles, one outlet"],
)
def test_of_pairs_of_wire_stories_hardly_one_is_missed_or_wrongly_named(
    titled: bool, one_host: bool, half: float, held: float
) -> None:
    """98 of 100 pairs with 0.7 of their shingles in common are found, and of those named 98 of 100 are true."""
    known = truth()
    paired = {one for pair in known for one in pair}
    stories = [row for number, row in enumerate(rows()) if row["id"] in paired or number % EVERY == 0]

    scores = measure(stories, known, titled=titled, one_host=one_host)

    assert scores.named > 400
    assert scores.recall >= 0.98
    assert scores.precision >= 0.98
    assert scores.cluster_precision >= 0.98
    assert scores.half_together >= half
    assert scores.held_together >= held
