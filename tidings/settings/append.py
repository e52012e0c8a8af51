"""Adding sources to the user's files: a block at the end of one, or a new file. No line that is there changes."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from tidings.settings.document import Document, Items, Mapping, Scalar
from tidings.settings.models.values import settled, web_address
from tidings.settings.problems import ConfigError, Problem
from tidings.settings.quoting import quoted
from tidings.settings.yaml import parse

LONGEST_ID = 60
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A source to be written down."""

    id: str
    feed: str  # absolute address
    name: str | None = None
    site: str | None = None  # an address; written as a comment
    tags: tuple[str, ...] = ()


class ImportRow(NamedTuple):
    """One outline of an OPML file."""

    title: str
    feed: str
    site: str | None
    folders: tuple[str, ...]  # outermost first


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import wrote, and what it left out."""

    path: Path
    sources: tuple[NewSource, ...]
    skipped: tuple[tuple[str, str], ...]  # feed address, reason


def append_source(path: Path, source: NewSource) -> None:
    """Add `source` at the end of the file `path`, which is made if it is not there.

    Raises:
        ConfigError: the file cannot be read, is not a block list of sources to its end, or has this id.
    """
    old = (
        path.read_bytes()
        if path.exists()
        else b"# yaml-language-server: $schema=schema/sources.json\nsources:\n"
    )
    document = parse(old, str(path))
    if document.problems:
        raise ConfigError(document.problems)
    if source.id in _ids(document):
        raise ConfigError(
            [
                Problem(
                    file=str(path),
                    problem=f"there is a source '{source.id}' already",
                    remedy="choose another id",
                )
            ]
        )
    indent = _indent(document)
    newline = "\r\n" if b"\r\n" in old else "\n"
    block = newline.join(_block(source, indent)) + newline
    glue = "" if not old or old.endswith(b"\n") else newline
    lead = "" if _sources(document) else f"sources:{newline}"
    new = old + (glue + lead + block).encode()
    if _ids(parse(new, str(path))) != [*_ids(document), source.id]:
        raise _not_at_the_end(document)
    _replace(path, new)


def write_import(
    path: Path,
    rows: Iterable[ImportRow],
    *,
    taken: Collection[str],
    known: Collection[str],
    schema: str = "../schema",
) -> Imported:
    """Write the feeds of `rows` into the new file `path`.

    Args:
        taken: ids of sources that are configured already.
        known: addresses of feeds that are configured already; they are left out.
        schema: folder of the schemas as seen from the file.
    Raises:
        ConfigError: the file is there already, cannot be written, or no row is new.
    """
    if path.exists():
        raise ConfigError(
            [Problem(file=str(path), problem="the file is there already", remedy="choose another name")]
        )
    ids = set(taken)
    feeds = set(known)
    new: list[NewSource] = []
    skipped: list[tuple[str, str]] = []
    for row in rows:
        try:
            feed = web_address(row.feed)
        except PydanticCustomError as fault:
            skipped.append((row.feed, fault.message()))
            continue
        if feed in feeds:
            skipped.append((feed, "it is configured already"))
            continue
        title = _title(row.title)
        name = unique_id(title or "", feed, ids)
        ids.add(name)
        feeds.add(feed)
        tags = tuple(dict.fromkeys(tag for tag in map(slug, row.folders) if tag and tag != "all"))
        new.append(NewSource(id=name, feed=feed, name=title, site=row.site, tags=tags))
    if not new:
        raise ConfigError(
            [Problem(file=str(path), problem="there is no new feed to import", remedy="look at the list")]
        )
    lines = [f"# yaml-language-server: $schema={schema}/sources.json", "sources:"]
    for one in new:
        lines += _block(one, 2)
    data = ("\n".join(lines) + "\n").encode()
    if _ids(parse(data, str(path))) != [one.id for one in new]:
        raise AssertionError("the written sources do not read back")
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, data)
    return Imported(path=path, sources=tuple(new), skipped=tuple(skipped))


def unique_id(title: str, url: str, taken: Collection[str]) -> str:
    """An id made from the title, else from the host, with a number where it is taken."""
    host = (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("feeds.")
    base = slug(title) or slug(host.replace(".", "-")) or "source"
    base = "source-all" if base == "all" else base
    name, n = base, 1
    while name in taken:
        n += 1
        name = f"{base}-{n}"
    return name


def slug(text: str) -> str:
    """Letters and digits in lower case, joined by hyphens; accents are dropped, other scripts stay."""
    plain = unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text)))
    kept = "".join(sign if unicodedata.category(sign)[0] in "LMN" else "-" for sign in plain.lower())
    return re.sub("-+", "-", kept).strip("-")[:LONGEST_ID].strip("-")


def lines(source: NewSource) -> list[str]:
    """The lines of `source` as `append_source` writes them."""
    return _block(source, 2)


def _block(source: NewSource, indent: int) -> list[str]:
    lead, below = " " * indent + "- ", " " * indent + "  "
    lines = [f"{lead}id: {quoted(source.id)}", f"{below}feed: {quoted(source.feed)}"]
    site = _comment(source.site)
    if site:
        lines[0] += f"  # {site}"
    if source.name:
        lines.append(f"{below}name: {quoted(source.name)}")
    if source.tags:
        lines.append(f"{below}tags: [{', '.join(map(quoted, source.tags))}]")
    return lines


def _title(text: str) -> str | None:
    """A title fit for `name:`, or None: the feed's own title will do."""
    try:
        return settled(_UNFIT.sub(" ", text))
    except PydanticCustomError:
        return None


def _comment(site: str | None) -> str | None:
    """The address of the site where it is one; nothing else may stand in a comment."""
    try:
        return web_address(site)
    except PydanticCustomError:
        return None


def _sources(document: Document) -> bool:
    return isinstance(document.root, Mapping) and document.root.entry("sources") is not None


def _ids(document: Document) -> list[str]:
    found = document.root.entry("sources") if isinstance(document.root, Mapping) else None
    items = found[1].items if found and isinstance(found[1], Items) else ()
    entries = [one.entry("id") if isinstance(one, Mapping) else None for one in items]
    return [one[1].value if one and isinstance(one[1], Scalar) else "" for one in entries]


def _indent(document: Document) -> int:
    """Column of the dashes of the list, from 0; 2 for a list that is still empty."""
    found = document.root.entry("sources") if isinstance(document.root, Mapping) else None
    if found is None or (isinstance(found[1], Scalar) and found[1].is_null):
        return 2
    start = found[1].start
    line = document.text[document.text.rfind("\n", 0, start) + 1 :].split("\n", 1)[0]
    if not isinstance(found[1], Items) or not line.lstrip().startswith("- "):
        raise _not_at_the_end(document)
    return len(line) - len(line.lstrip())


def _not_at_the_end(document: Document) -> ConfigError:
    return ConfigError(
        [
            document.problem(
                ("sources",),
                "the list of sources does not go on to the end of the file, so nothing can be added to it",
                "write one source an item with '- ', as the last key of the file",
                at_key=True,
            )
        ]
    )


def _replace(path: Path, data: bytes) -> None:
    """Write whole or not at all, keeping the mode of the file that was there."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
