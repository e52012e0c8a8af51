"""The ceiling: aiohttp asks for all feeds with validators and reads the bodies; nothing is parsed or stored.

`python with_aiohttp.py URLS`, where URLS is a file with one address a line; polls at each line of standard input.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp

from tidings.runners.inline import AT_ONCE
from tidings.tasks import PollSource


async def poll(urls: list[str], validators: dict[str, dict[str, str]]) -> int:
    changed = 0
    turn = asyncio.Semaphore(AT_ONCE[PollSource])
    async with aiohttp.ClientSession() as session:

        async def one(url: str) -> None:
            nonlocal changed
            async with turn, session.get(url, headers=validators.get(url)) as response:
                await response.read()
                if response.status == 200:
                    changed += 1
                    validators[url] = {
                        "If-None-Match": response.headers["ETag"],
                        "If-Modified-Since": response.headers["Last-Modified"],
                    }

        await asyncio.gather(*(one(url) for url in urls))
    return changed


if __name__ == "__main__":
    addresses = Path(sys.argv[1]).read_text().split()
    known: dict[str, dict[str, str]] = {}
    print("READY", flush=True)
    for _ in sys.stdin:
        print(asyncio.run(poll(addresses, known)), flush=True)
