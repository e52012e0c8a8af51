"""`python -m tests.quality [SET…]`: how well pages are read, against trafilatura alone; and the floors.

`--misses` names the pages that cost most. `--keep` raises the floors to what was measured; a floor is lowered by
`--keep --lower` only, and a corpus that has changed needs it, too.
"""

from __future__ import annotations

import argparse
import sys

from tests.quality import floors
from tests.quality.corpora import SETS, NoCorpus
from tests.quality.measure import Report, measure


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help="default: all")
    parser.add_argument("--misses", action="store_true", help="name the pages that cost most")
    parser.add_argument("--against", action="store_true", help="show trafilatura alone beside it")
    parser.add_argument("--keep", action="store_true", help="raise the floors to what was measured")
    parser.add_argument("--lower", action="store_true", help="with --keep: lower them, too")
    asked = parser.parse_args(arguments)
    reports: list[Report] = []
    for name in asked.sets or SETS:
        try:
            reports.append(measure(name))
        except NoCorpus as reason:
            print(f"{name}: left out, {reason}", file=sys.stderr)
            continue
        _show(reports[-1], misses=asked.misses)
        if asked.against:
            _show(measure(name, "trafilatura"), misses=False)
    if asked.keep:
        floors.keep(reports, lower=asked.lower)
    below = [line for report in reports for line in floors.below(report)]
    for line in below:
        print(line, file=sys.stderr)
    return 1 if below else 0


def _show(report: Report, *, misses: bool) -> None:
    figures = ", ".join(f"{name} {value:.4f}" for name, value in report.figures.items())
    print(f"{report.set} ({report.pages} pages), {report.reader}: {figures}")
    for miss in report.misses if misses else ():
        print(f"    {miss}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
