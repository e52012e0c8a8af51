"""A whole poll of thousands of feeds, with storage and matching, against other readers: `polling.bench`.

The settings of the environment: TIDINGS_BENCH_FEEDS, the number of feeds (2,000; 200 to try it), and
TIDINGS_BENCH_READER, a Python interpreter that has reader.
"""

from __future__ import annotations

import os
import sys

from tests.benchmarks.data import NoCorpus
from tests.benchmarks.polling.contest import race

FEEDS = 2_000
REAL_PART = 4  # one in so many for the real feeds, which are nine times as large


def bench() -> None:
    if sys.platform != "linux":
        raise NoCorpus("it needs Linux: 2,000 loopback addresses and /proc")
    number = int(os.environ.get("TIDINGS_BENCH_FEEDS", FEEDS))
    race("news", number)
    race("real", max(number // REAL_PART, 1))
