"""The site in a real browser, by light and dark, at a desk and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the extra `javascript` drives the browser")

from crawler.secret import Secret
from tests.browsing import CHROMIUM, browser, look
from tests.fakes.shown import shown

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

PAGES = [
    "/",
    "/initiatives",
    "/initiatives/chips",
    "/initiatives/chips/dossier?days=30",
    "/stories?days=0",
    "/sources",
    "/sources/broken",
    "/deliveries",
    "/search?q=semiconductor",
    "/search?q=(",
]


async def test_a_browser_and_axe_find_no_fault_in_any_page(tmp_path: Path) -> None:
    """No message on the console, no request to elsewhere, nothing too wide, nothing serious for who reads otherwise.

    Hostile titles are among what is shown.
    """
    async with shown(tmp_path) as site, browser() as chromium:
        named = [site.base + path for path in PAGES]
        matched, _ = await site.app.stores.showing.stories("chips", before=None, limit=100)
        hostile = next(one for one in matched if "onerror" in one[0].telling.title)[0]
        (delivery, *_), _ = await site.app.stores.showing.deliveries(limit=5)
        named += [
            f"{site.base}/stories/{hostile.story_id}",
            f"{site.base}/articles/{hostile.telling.article_id}",
            f"{site.base}/deliveries/{delivery.delivery.id}",
        ]
        seen = await look(chromium, named, widths=[1100], schemes=["light"])
        phone = await look(chromium, named, widths=[380], schemes=["dark"])
        await site.serve(token=Secret("open-sesame"))
        door = await look(chromium, [f"{site.base}/"])

    assert seen.findings + phone.findings + door.findings == []
    assert len(seen.pages) == len(PAGES) + 3


async def test_a_page_with_faults_is_found_out(tmp_path: Path) -> None:
    """The look itself: a picture of elsewhere without a text, words that can hardly be read, a page that is too wide."""
    async with shown(tmp_path) as site, browser() as chromium:
        site.world.press.pages["/bad"] = (
            "<html lang=en><title>Bad</title><body><main><img src='http://elsewhere.example/x.png'>"
            "<p style='color:#ddd;width:3000px'>Hardly to be read</p></main></body></html>"
        )
        bad = f"http://127.0.0.1:{site.world.press.port}/bad"
        seen = await look(chromium, [bad], widths=[380], schemes=["light"])

    found = "\n".join(seen.findings)
    for words in (
        "asks http://elsewhere.example",
        "image-alt",
        "color-contrast",
        "pixels too wide",
        "console error",
    ):
        assert words in found
