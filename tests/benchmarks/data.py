"""Inputs for the benchmarks: the corpora beside the repository."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


class NoCorpus(Exception):
    """The corpora are not here; the benchmark that needs them is left out."""


def folder(name: str) -> Path:
    """Where a corpus lies.

    Raises:
        NoCorpus: it is not here.
    """
    found = CORPUS / name
    if not found.exists():
        raise NoCorpus(f"../shared/corpus/{name} is not beside the repository")
    return found


def feeds() -> list[bytes]:
    """101 real feeds, as served."""
    place = folder("feeds/real")
    return [
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and "expected" not in path.name and path.suffix != ".md"
    ]


def pages(limit: int = 40) -> list[bytes]:
    """Real article pages."""
    return [
        gzip.decompress(path.read_bytes())
        for path in sorted(folder("extraction/aeb/html").glob("*.gz"))[:limit]
    ]


def texts(limit: int = 3000) -> list[tuple[str, str]]:
    """Title and body of wire stories."""
    path = folder("news") / "reuters-1987.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(range(limit), lines, strict=False)]
    return [(row["title"] or "", row["body"] or "") for row in rows]


def other_news() -> list[tuple[str, str]]:
    """Title and text of news of 2004."""
    rows = []
    for name in ("agnews-2004", "bbc-2004"):
        with gzip.open(folder("news") / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    return [(row.get("title") or "", row.get("body") or row.get("description") or "") for row in rows]
