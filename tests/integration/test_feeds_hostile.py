"""Damaged feeds and bombs: read or refused, soon and in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.feeds import CORPUS

ROOT = Path(__file__).parents[2]
MUTANTS = int(os.environ.get("HOSTILE_FEEDS", "200"))

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")


@pytest.mark.slow
@pytest.mark.timeout(120 + MUTANTS // 20)
def test_no_feed_breaks_stalls_or_swells_its_reader() -> None:
    """`HOSTILE_FEEDS` damaged feeds (200) and every bomb: no other error, 5 s of work each at most, below 256 MiB."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.mutants", str(MUTANTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)

    assert told["findings"] == []
    assert told["tried"] > MUTANTS + 40
    assert told["slowest_s"] < 5, told["slowest"]
    assert told["grown_mib"] < 256
