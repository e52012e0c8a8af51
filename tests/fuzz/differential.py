"""`python -m tests.fuzz.differential [N [FIRST]]`: both matchers on N random cases, and where they disagree.

A case is a watchlist of one to three initiatives and two articles, made from its number, so that a number that
disagrees can be looked at again. The exit code is 1 where one does.
"""

from __future__ import annotations

import sys
import time
from random import Random

from tests.plain.compare import Tally, compare
from tests.plain.smaller import smaller

SHOWN = 5  # disagreements printed in full


def main(cases: int = 1000, first: int = 0) -> int:
    """Compare, print, and count the disagreements."""
    tally = Tally()
    numbers: list[int] = []
    begun = time.monotonic()
    for number in range(first, first + cases):
        before = len(tally.disagreements)
        try:
            compare(Random(number), tally)
        except Exception as error:
            error.add_note(f"case {number}")
            raise
        if len(tally.disagreements) > before:
            numbers.append(number)
            if len(numbers) <= SHOWN:
                print(f"case {number}\n{smaller(tally.disagreements[before])}\n", flush=True)
    print(f"{cases} cases from {first} on, in {time.monotonic() - begun:.0f} s")
    for name, count in tally.counts.most_common():
        print(f"{count:9,} {name}")
    print(f"{len(tally.disagreements):9,} disagreements, in cases {numbers[:50]}")
    return len(tally.disagreements)


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:3]))))
