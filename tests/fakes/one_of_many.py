"""`python -m tests.fakes.one_of_many …`: a process that asks one host beside others, at the gate of their installation.

It says `ready`, waits for a line, makes its requests and says what they cost. A path is /NAME/NUMBER/BEGAN, the last in
seconds of the machine's monotonic clock, which all processes have in common.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path

from crawler.net.hosts import HostGate
from tidings.storage.engine import Database
from tidings.storage.turns import SqlTurns


async def ask(gate: HostGate, address: str, port: int, path: str) -> None:
    """One request, whole, at the host's turn."""
    async with gate.turn(address):
        began = time.monotonic()
        reader, writer = await asyncio.open_connection(address, port)
        try:
            writer.write(f"GET {path}/{began} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
            await reader.read()
        finally:
            writer.close()


async def run(want: argparse.Namespace) -> None:
    database = Database.open(want.database, state_dir=want.folder, create=False)
    gate = HostGate(
        timedelta(seconds=want.spacing), turns=SqlTurns(database), lasts=timedelta(seconds=want.lasts)
    )
    numbers = iter(range(want.requests))

    async def asks() -> None:
        for number in numbers:
            await ask(gate, want.address, want.port, f"/{want.name}/{number}")

    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(asks() for _ in range(want.together)))
    _say(f"{time.perf_counter() - wall} {time.process_time() - cpu}")
    await gate.close()
    database.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--spacing", type=float, required=True)
    parser.add_argument("--lasts", type=float, default=60.0)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument(
        "--together", type=int, default=3, help="requests that this process would make at once"
    )
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
