"""reader, as it comes, on its own storage. Runs in an environment of its own, so it imports nothing of ours.

`python with_reader.py URLS DATABASE WORKERS`; polls at each line of standard input and says how many were new.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from reader import make_reader  # type: ignore[import-not-found]  # not in our lock

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of what is odd in a feed
    with make_reader(sys.argv[2]) as reader:
        for url in Path(sys.argv[1]).read_text().split():
            reader.add_feed(url, exist_ok=True)
        print("READY", flush=True)
        for _ in sys.stdin:
            new = failed = 0
            for result in reader.update_feeds_iter(scheduled=False, workers=int(sys.argv[3])):
                if isinstance(result.value, Exception):
                    failed += 1
                elif result.value is not None:
                    new += result.value.new
            if failed:
                print(f"reader: {failed} feeds failed", file=sys.stderr)
            print(new, flush=True)
