"""Dossiers in a real browser, by light and dark, at a desk and on a phone, and on paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the extra `javascript` drives the browser")

from alerts.dossier_page import Files, index_data, page_data
from alerts.dossier_records import Dossier
from alerts.render import page
from tests.browsing import CHROMIUM, browser, look
from tests.fakes.dossiers import RULED, came, made, rich, setting
from tests.hostile import STRINGS

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def hostile() -> Dossier:
    """Titles, outlets, terms and a name that want to be more than words."""
    name = "<img src=https://elsewhere.example/x.png onerror=alert(1)>"
    reports = [
        came(1 + n / 10, text, source=text, story=f"s{n}", terms=(text,))
        for n, text in enumerate(STRINGS[:40])
    ]
    return made(*reports, about=setting(initiative=replace(RULED, name=name)))


async def test_a_browser_and_axe_find_no_fault_in_a_dossier(tmp_path: Path) -> None:
    """No message on the console, nothing asked of anybody, nothing too wide, nothing serious for who reads otherwise."""
    pages = {"rich": rich(), "hostile": hostile(), "empty": made(watched_since=None, collected=frozenset())}
    for name, one in pages.items():
        (tmp_path / f"{name}.html").write_text(page("dossier", page_data(one)), encoding="utf-8")
    files = [(one, Files(html=f"{name}.html", pdf="")) for name, one in pages.items()]
    (tmp_path / "index.html").write_text(page("dossiers", index_data(files)), encoding="utf-8")

    def at(*names: str) -> list[str]:
        return [(tmp_path / f"{name}.html").as_uri() for name in names]

    async with browser() as chromium:
        seen = await look(chromium, at("rich", "index"))
        odd = await look(chromium, at("hostile", "empty"), widths=[380], schemes=["dark"])

    assert seen.findings + odd.findings == []


async def test_what_is_overdue_is_on_the_first_screen_of_a_phone(tmp_path: Path) -> None:
    """Large, and in words."""
    path = tmp_path / "rich.html"
    path.write_text(page("dossier", page_data(rich())), encoding="utf-8")

    async with browser() as chromium:
        tab = await chromium.new_page(viewport={"width": 380, "height": 700})
        await tab.goto(path.as_uri())
        cry = tab.locator(".cry").first
        box = await cry.bounding_box()
        size = await cry.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        words = await cry.inner_text()

    assert words == "Overdue by 329 days"
    assert box is not None
    assert box["y"] + box["height"] < 350
    assert size >= 20
