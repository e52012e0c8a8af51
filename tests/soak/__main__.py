"""`python -m tests.soak [--small] [--seed N] [--folder DIR]`: kill the program hundreds of times, count what was told.

Exit code 1 and a list of faults when anything was lost, told twice, or repeated with other bytes. The folder with the
database and a list of all deaths is kept then. The same seed plays the same news and the same deaths again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--small", action="store_true", help="a run of half a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty one; a temporary one by default")
    chosen = parser.parse_args(words)
    # Whoever is killed leaves his locks to be cleaned up at the end, which is no news here.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::UserWarning:multiprocessing.resource_tracker")

    from tests.soak import table
    from tests.soak.run import FULL, SMALL, whole

    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="tidings-soak-"))

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    tell(f"seed {chosen.seed} in {folder}")
    outcome = asyncio.run(whole(folder, SMALL if chosen.small else FULL, chosen.seed, tell))
    sys.stdout.write("\n".join(table.lines(outcome)) + "\n")
    (folder / "deaths.txt").write_text("\n".join(table.deaths(outcome)) + "\n", encoding="utf-8")
    if outcome.account.faults:
        return 1
    if chosen.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":  # children import this file
    sys.exit(main(sys.argv[1:]))
