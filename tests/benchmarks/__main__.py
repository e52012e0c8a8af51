"""`python -m tests.benchmarks [NAME…]`: every benchmark, or those named; `scale` alone takes options, too."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

from tests.benchmarks import (
    copy,
    costs,
    crawl,
    digests,
    duplicates,
    feeds,
    folding,
    growth,
    handing_on,
    idle,
    impact,
    matching,
    pages,
    polling,
    scale,
    search,
    sources,
    starting,
    stories,
    turns,
    workers,
)
from tests.benchmarks.data import NoCorpus

BENCHMARKS: dict[str, Callable[[], None]] = {
    "feeds": feeds.bench,
    "polling": polling.bench,
    "growth": growth.bench,
    "matching": matching.bench,
    "impact": impact.bench,
    "duplicates": duplicates.bench,
    "stories": stories.bench,
    "folding": folding.bench,
    "pages": pages.bench,
    "crawl": crawl.bench,
    "digests": digests.bench,
    "search": search.bench,
    "handing-on": handing_on.bench,
    "copy": copy.bench,
    "turns": turns.bench,
    "sources": sources.bench,
    "costs": costs.bench,
    "scale": scale.bench,
    "workers": workers.bench,
    "starting": starting.bench,
    "idle": idle.bench,
}


def main(names: list[str]) -> int:
    if names[:1] == ["scale"]:
        scale.bench(names[1:])
        return 0
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        print(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}", file=sys.stderr
        )
        return 2
    print(f"Python {platform.python_version()} on {platform.machine()}; CPU time, medians; read the ratios.")
    for name, bench in BENCHMARKS.items():
        if not names or name in names:
            try:
                bench()
            except NoCorpus as reason:
                print(f"\n{name}: left out, {reason}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
