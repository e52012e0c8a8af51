"""A world on loopback where all goes wrong, and that says again whatever it was told, secrets included."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

Heard = tuple[str, str, bytes]  # path with query, headers as lines, body


class Echoing:
    """Feeds, pages and hooks at one port, a mail server at another, in a thread of their own.

    `/feed/good` is a feed; `/fails/…` answers 500, `/moved/…` 301 to `/feed/good?…`, `/knows/…` 401, each with all that
    came in its body and reason. The mail server takes no password, and says which it was given, in both spellings.
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.feed: Callable[[str], str] = lambda base: ""
        self.port = self.mail_port = 0

    @contextmanager
    def open(self) -> Iterator[Echoing]:
        """Answers until the end of the block."""
        ready, loop = threading.Event(), asyncio.new_event_loop()
        stop = asyncio.Event()

        async def serve() -> None:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", self._answer)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.port = runner.addresses[0][1]
            mail = await asyncio.start_server(self._mail, "127.0.0.1", 0)
            self.mail_port = mail.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()
            mail.close()
            await runner.cleanup()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            loop.close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        lines = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        self.heard.append((request.path_qs, lines, body))
        again = f"{self.base}{request.path_qs} {' '.join(request.headers.values())}"
        kind = request.path.split("/")[1]
        if kind == "feed":
            return web.Response(text=self.feed(self.base), content_type="application/rss+xml")
        if kind == "robots.txt":
            return web.Response(status=404)
        if kind == "takes":
            return web.Response(text=again)
        if kind == "moved":
            return web.Response(
                status=301, headers={"Location": f"{self.base}/feed/good?{request.query_string}"}
            )
        if kind == "page":
            return web.Response(
                text=f"<html><title>{again}</title><p>{again}</p></html>", content_type="text/html"
            )
        return web.Response(status=401 if kind == "knows" else 500, reason=again[:200], text=again)

    async def _mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        try:
            await say("220 here")
            while line := (await reader.readline()).decode("latin-1").strip():
                verb = line.split(" ")[0].upper()
                if verb in ("EHLO", "HELO"):
                    await say("250-here")
                    await say("250 AUTH PLAIN LOGIN")
                elif verb == "AUTH":
                    given = line.split(" ")[-1]
                    plain = base64.b64decode(given + "==").decode("latin-1").replace("\0", " ")
                    await say(f"535 5.7.8 no such user: {given} {plain}")
                elif verb == "QUIT":
                    await say("221 bye")
                    break
                else:
                    await say(f"451 4.3.0 not now: {line}")
        except (OSError, ValueError):
            pass
        finally:
            writer.close()
