"""Tidings as `tidings once --all` runs it: fetching, reading, telling new from known, storing, folding, matching.

`python -m tests.benchmarks.polling.with_tidings CONFIG STATE`; polls at each line of standard input.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

from tidings import log
from tidings.app import open_app
from tidings.settings import load
from tidings.tasks import Report


async def main(config: Path, state: Path) -> None:
    counts: Counter[str] = Counter()

    def note(report: Report) -> None:
        counts.update(report.counts)
        if report.problem is not None:
            print(report.problem, file=sys.stderr)

    settings = load(config, state_dir=state, environ={})
    async with open_app(settings, on_report=note) as app:
        print("READY", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            counts.clear()
            await app.settle(everything=True)
            print(counts["articles"], flush=True)


if __name__ == "__main__":
    log.configure(verbose=False, outcomes=False)
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
