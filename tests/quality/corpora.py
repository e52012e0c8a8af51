"""The labelled pages beside the repository, in one shape."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXTRACTION = Path(__file__).parents[3] / "shared" / "corpus" / "extraction"
SETS = {"aeb": "ground-truth", "trafilatura": "expected", "readability": "expected"}


class NoCorpus(Exception):
    """The labelled pages are not beside the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One page and what people say of it; what is None or empty was not judged."""

    set: str
    name: str
    url: str | None
    body: bytes = field(repr=False)
    text: str | None = None  # the whole article
    present: tuple[str, ...] = ()  # phrases of the article
    absent: tuple[str, ...] = ()  # phrases of the page that are not the article's
    title: str | None = None
    author: str | None = None
    published: str | None = None  # ISO 8601; a day or a time


def samples(name: str) -> Iterator[Sample]:
    """The pages of one set, by name.

    Raises:
        NoCorpus: it is not here.
    """
    folder = _folder(name)
    truth = json.loads(gzip.decompress((folder / f"{SETS[name]}.json.gz").read_bytes()))
    for key in sorted(truth):
        path = folder / "html" / (key if key.endswith(".gz") else f"{key}.html.gz")
        if not path.exists():
            path = folder / "html" / f"{key}.gz"
        yield _SHAPES[name](key, gzip.decompress(path.read_bytes()), truth[key])


def digest(name: str) -> str:
    """Of a set's pages and labels: a floor holds for the very files it was measured on."""
    sums = hashlib.sha256()
    for path in sorted(_folder(name).rglob("*.gz")):
        sums.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return sums.hexdigest()[:16]


def _folder(name: str) -> Path:
    folder = EXTRACTION / name
    if not folder.exists():
        raise NoCorpus(f"../shared/corpus/extraction/{name} is not beside the repository")
    return folder


def _aeb(key: str, body: bytes, truth: Any) -> Sample:
    return Sample(set="aeb", name=key, url=truth["url"], body=body, text=truth["articleBody"])


def _trafilatura(key: str, body: bytes, truth: Any) -> Sample:
    return Sample(
        set="trafilatura",
        name=key,
        url=truth["url"],
        body=body,
        present=tuple(truth.get("with", ())),
        absent=tuple(truth.get("without", ())),
        title=truth.get("title") or None,
        author=_joined(truth.get("author")),
        published=truth.get("date") or None,
    )


def _readability(key: str, body: bytes, truth: Any) -> Sample:
    said = truth["metadata"]
    return Sample(
        set="readability",
        name=key,
        url=None,
        body=body,
        text=truth["expected_text"],
        title=said.get("title"),
        author=said.get("byline"),
        published=said.get("publishedTime"),
    )


def _joined(names: str | list[str] | None) -> str | None:
    return ("; ".join(names) if isinstance(names, list) else names) or None


_SHAPES = {"aeb": _aeb, "trafilatura": _trafilatura, "readability": _readability}
