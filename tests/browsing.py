"""Pages in a real browser: what it complains of, what it asks of others, and what axe finds for who reads otherwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (1100, 380)
SCHEMES = ("light", "dark")
SERIOUS = frozenset({"serious", "critical"})
_AXE = files("axe_playwright_python").joinpath("axe.min.js")
_LOOK = "() => axe.run(document, {resultTypes: ['violations'], iframes: false})"
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_LINKS = "() => [...document.querySelectorAll(\"a[href]:not([href*='/feeds/'])\")].map(one => one.href)"  # of pages


@dataclass
class Looked:
    """What was seen of some pages."""

    pages: list[str] = field(default_factory=list)  # their addresses
    findings: list[str] = field(default_factory=list)  # faults, each with the page it is on


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium of the system."""
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(
            executable_path=CHROMIUM, chromium_sandbox=False, args=["--disable-dev-shm-usage"]
        )
        try:
            yield chromium
        finally:
            await chromium.close()


async def look(
    chromium: Browser,
    addresses: Sequence[str],
    *,
    follow: int = 0,
    widths: Iterable[int] = WIDTHS,
    schemes: Iterable[str] = SCHEMES,
    pictures: Path | None = None,
    axe: bool = True,
) -> Looked:
    """Visit pages and, up to `follow` of them, those of the same host that they link to, in each width and scheme.

    Args:
        pictures: folder for a picture of each page.
        axe: have axe look at each, as long as it takes; False: only what the browser itself says.
    """
    looked = Looked()
    wanted = list(dict.fromkeys(addresses))
    host = urlsplit(wanted[0]).netloc if wanted else ""
    for scheme in schemes:
        for width in widths:
            context = await chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,  # type: ignore[arg-type]  # the two that there are
            )
            page = await context.new_page()
            _listen(page, host, looked)
            at = 0
            while at < len(wanted):
                address = wanted[at]
                at += 1
                answer = await page.goto(address)
                where = f"{urlsplit(address).path}?{urlsplit(address).query} ({scheme}, {width})"
                if answer is None or answer.status >= 400:
                    looked.findings.append(f"{where}: status {answer and answer.status}")
                    continue
                looked.findings += [f"{where}: {one}" for one in await _faults(page, axe=axe)]
                if pictures is not None:
                    pictures.mkdir(parents=True, exist_ok=True)
                    name = f"{at:03}-{scheme}-{width}.png"
                    await page.screenshot(path=pictures / name, full_page=True)
                for link in await page.evaluate(_LINKS) if len(wanted) < follow else ():
                    plain = urldefrag(urljoin(address, link)).url
                    if urlsplit(plain).netloc == host and plain not in wanted and len(wanted) < follow:
                        wanted.append(plain)
            await context.close()
    looked.pages = wanted
    return looked


def _listen(page: Page, host: str, looked: Looked) -> None:
    """Errors of the console, the policy's among them, and requests that fail or go elsewhere."""

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            looked.findings.append(f"{page.url}: console {message.type}: {message.text}")

    def asked(request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"} and urlsplit(request.url).netloc != host:
            looked.findings.append(f"{page.url}: asks {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: looked.findings.append(f"{page.url}: {error}"))
    page.on("request", asked)


async def _faults(page: Page, *, axe: bool) -> list[str]:
    found = []
    if (over := await page.evaluate(_OVERFLOW)) > 0:
        found.append(f"{over} pixels too wide")
    if axe:
        await page.evaluate(_AXE.read_text(encoding="utf-8"))
        result: dict[str, Any] = await page.evaluate(_LOOK)
        for fault in result["violations"]:
            if fault["impact"] in SERIOUS:
                places = json.dumps([node["target"] for node in fault["nodes"][:3]])
                found.append(f"{fault['impact']}: {fault['id']}: {fault['help']} at {places}")
    return found
