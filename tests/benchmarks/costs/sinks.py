"""A mailbox and a receiver of hooks in a process of their own: `python -m tests.benchmarks.costs.sinks SECRET`.

Prints the port of the one and the address of the other, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys

from tidings.demo.hooksink import HookSink
from tidings.demo.mailbox import Mailbox


async def main(secret: str) -> None:
    async with Mailbox() as mailbox, HookSink(secret) as hooks:
        print(mailbox.port, hooks.url, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(len(mailbox.mails), len(hooks.hooks), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
