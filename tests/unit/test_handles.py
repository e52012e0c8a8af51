"""The limit of open files: raised as far as may be, never lowered."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tidings.handles import ENOUGH, wanted


@pytest.mark.parametrize(
    ("soft", "hard", "limit"),
    [(1024, 524288, ENOUGH), (1024, 4096, 4096), (1024, 1024, 1024), (20000, 20000, 20000), (-1, -1, -1), (256, -1, ENOUGH)],
)  # fmt: skip
def test_the_limit_is_raised_as_far_as_the_system_lets_it(soft: int, hard: int, limit: int) -> None:
    """One that is high already stays; -1 is no limit."""
    assert wanted(soft, hard) == limit


def test_a_process_raises_its_own_limit() -> None:
    """Of a shell that allows 300 at first and 400 at most."""
    script = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (300, 400)); "
        "from tidings.handles import allow_enough; allow_enough(); print(r.getrlimit(r.RLIMIT_NOFILE))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "(400, 400)"
