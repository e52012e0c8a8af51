"""How long `tidings --help` takes, against importing the five named libraries."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

FIVE = "import scrapy.crawler, feedparser, apscheduler.schedulers.asyncio, sqlalchemy, trafilatura"


def bench() -> None:
    commands = {
        "tidings --help": [sys.executable, "-m", "tidings", "--help"],
        "import of the five libraries": [sys.executable, "-c", FIVE],
        "bare interpreter": [sys.executable, "-c", "pass"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(6):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            if turn:
                taken[name].append(time.perf_counter() - start)
    print("\nStarting, wall time")
    base = statistics.median(taken["import of the five libraries"])
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"  {name:42} {middle * 1e3:8.0f} ms  {middle / base:5.2f}x the five imports")
