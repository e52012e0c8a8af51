"""A disk that is full at some moments of writing; `python -m tests.soak.full_disk` tries all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.full_disk import LASTS, play


@pytest.mark.parametrize("k", [1, 24, 77, 160])
async def test_whenever_the_disk_is_full_everything_is_told_once_after_it(tmp_path: Path, k: int) -> None:
    """By mail and by hook, with nothing lost and nothing sent twice."""
    found = await play(tmp_path, k)

    assert sum(found.failed.values()) == LASTS
    assert found.faults == []
