"""The script of the two days: which outlet tells what, and when, read from `articles/*.md`.

A file is a head of `key: value` lines, a blank line and paragraphs; `=== at +28:00` begins a corrected
version with a head and paragraphs of its own. What the demo should show of an article stands in its head
too (`about`, `commitments`, `event`, `reprints`, `trap`, `told`), see `expected.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

_OFFSET = re.compile(r"([+-])(?:(\d+):([0-5]\d)|(\d+)d)")
_VERSION = re.compile(r"^=== ", re.MULTILINE)
_HEAD = ("outlet", "at", "title", "summary", "byline", "section", "access")
_EXPECTATIONS = ("about", "commitments", "event", "reprints", "trap", "told")
_KEYS = frozenset((*_HEAD, *_EXPECTATIONS))


class ScriptError(ValueError):
    """An article file that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An article as it reads from `at` on."""

    at: timedelta  # after the start of the demo; negative: before it
    title: str
    summary: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One article of one outlet in all its versions, oldest first."""

    slug: str
    outlet: str
    section: str
    byline: str
    versions: tuple[Version, ...]
    subscribers_only: bool = False
    about: frozenset[str] = frozenset()  # initiatives it should match
    commitments: frozenset[str] = frozenset()
    event: str | None = None  # what it reports; pieces of one event may fold
    reprints: str | None = None  # slug of the piece it copies; must fold with it
    trap: frozenset[str] = frozenset()  # initiatives it must not match although their words occur
    told: bool = True  # False: older than the backfill

    @property
    def at(self) -> timedelta:
        """When it appears."""
        return self.versions[0].at

    def version(self, elapsed: timedelta) -> Version | None:
        """The version in force so long after the start; None before it appears."""
        return next((one for one in reversed(self.versions) if one.at <= elapsed), None)


@cache
def pieces() -> tuple[Piece, ...]:
    """All articles of the demo, in the order in which they appear."""
    folder = files(__package__) / "articles"
    found = (
        read_piece(item.name.removesuffix(".md"), item.read_text(encoding="utf-8"))
        for item in folder.iterdir()
        if item.name.endswith(".md")
    )
    return tuple(sorted(found, key=lambda piece: (piece.at, piece.slug)))


def read_piece(slug: str, text: str) -> Piece:
    """One article file.

    Raises:
        ScriptError: names the slug and what is wrong.
    """
    first, *later = _VERSION.split(text)
    head, paragraphs = _split(slug, first)
    versions = [_version(slug, head, paragraphs)]
    for part in later:
        corrected, paragraphs = _split(slug, part.replace("at ", "at: ", 1))
        versions.append(_version(slug, {**head, **corrected}, paragraphs))
    try:
        return Piece(
            slug=slug,
            outlet=head["outlet"],
            section=head["section"],
            byline=head["byline"],
            versions=tuple(sorted(versions, key=lambda version: version.at)),
            subscribers_only=head.get("access") == "subscribers",
            about=_words(head.get("about")),
            commitments=_words(head.get("commitments")),
            event=head.get("event"),
            reprints=head.get("reprints"),
            trap=_words(head.get("trap")),
            told=head.get("told") != "no",
        )
    except KeyError as error:
        raise ScriptError(f"{slug}: {error} is missing in the head") from None


def _split(slug: str, text: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    top, _, rest = text.strip().partition("\n\n")
    head: dict[str, str] = {}
    for line in top.splitlines():
        key, colon, value = line.partition(": ")
        if not colon or key not in _KEYS:
            raise ScriptError(f"{slug}: {line!r} is no line of a head")
        head[key] = value.strip()
    return head, tuple(" ".join(part.split()) for part in rest.split("\n\n") if part.strip())


def _version(slug: str, head: Mapping[str, str], paragraphs: Iterable[str]) -> Version:
    try:
        return Version(
            at=_offset(head["at"]),
            title=head["title"],
            summary=head["summary"],
            paragraphs=tuple(paragraphs),
        )
    except (KeyError, ValueError) as error:
        raise ScriptError(f"{slug}: {error}") from None


def _offset(text: str) -> timedelta:
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no offset such as +03:30 or -9d")
    sign, hours, minutes, days = found.groups()
    size = timedelta(days=int(days)) if days else timedelta(hours=int(hours), minutes=int(minutes))
    return size if sign == "+" else -size


def _words(text: str | None) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",")) if text else frozenset()
