"""Reading article pages, against trafilatura's defaults and readability-lxml."""

from __future__ import annotations

import trafilatura
from readability import Document

from crawler.extract.read import read_page
from tests.benchmarks import data
from tests.benchmarks.race import race, show


def bench() -> None:
    bodies = data.pages()

    def ours() -> None:
        for body in bodies:
            read_page(body, "http://pages.example/article", "text/html", None)

    def default() -> None:
        for body in bodies:
            trafilatura.bare_extraction(body, with_metadata=True)

    def readable() -> None:
        for body in bodies:
            Document(body.decode("utf-8", "replace")).summary()

    results = race(
        {
            "tidings, text and metadata": ours,
            "trafilatura, text and metadata": default,
            "readability-lxml, text": readable,
        },
        rounds=3,
    )
    show(
        f"Reading {len(bodies)} pages",
        results,
        base="trafilatura, text and metadata",
        unit="pages",
        amount=len(bodies),
    )
