"""Adding sources to the user's files: a block at the end of one, or a new file. No line that is there changes."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Mapping as Names
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from tidings.settings.document import Document, Items, Mapping, Scalar
from tidings.settings.models.values import identifier, language, settled, web_address
from tidings.settings.problems import ConfigError, Problem
from tidings.settings.quoting import quoted
from tidings.settings.yaml import parse

LONGEST_ID = 60
LONGEST_NAME = 200
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A source to be written down."""

    id: str
    feed: str  # absolute address
    kind: str = "feed"  # or "sitemap": the key that the address stands under
    name: str | None = None
    site: str | None = None  # an address; written as a comment
    tags: tuple[str, ...] = ()
    language: str | None = None


class ImportRow(NamedTuple):
    """One outline of an OPML file."""

    title: str
    feed: str
    site: str | None
    folders: tuple[str, ...]  # outermost first; they become tags where there are none
    id: str | None = None  # wished for; another is made where it is taken or can be none
    tags: tuple[str, ...] = ()
    language: str | None = None
    kind: str = "feed"  # or "sitemap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import wrote, and what it left out."""

    path: Path
    sources: tuple[NewSource, ...]  # none: no file was written
    skipped: tuple[tuple[str, str], ...]  # address of a feed that is here already, where
    refused: tuple[tuple[str, str], ...]  # what cannot be a source, why


def sources_file(config_dir: Path) -> Path:
    """The file to which a source is added: sources.yaml, or sources.yml where it is called so."""
    other = config_dir / "sources.yml"
    path = config_dir / "sources.yaml"
    return other if other.exists() and not path.exists() else path


def free_file(folder: Path, stem: str) -> Path:
    """A file of the folder that is not there yet, called after `stem`, with a number where that is taken."""
    base, n = slug(stem) or "imported", 1
    taken = {one.stem for one in folder.iterdir()} if folder.is_dir() else set()
    name = base
    while name in taken:
        n += 1
        name = f"{base}-{n}"
    return folder / f"{name}.yaml"


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
    if not _reads_back(new, str(path), before=_ids(document), added=[source]):
        raise _not_at_the_end(document)
    _replace(path, new)


def write_import(
    path: Path,
    rows: Iterable[ImportRow],
    *,
    taken: Collection[str],
    known: Names[str, str],
    tags: Sequence[str] = (),
    schema: str = "../schema",
) -> Imported:
    """Write the feeds of `rows` into the new file `path`; no file when there is no new one.

    Args:
        taken: ids of sources that are configured already.
        known: addresses of feeds that are configured already, with their ids; they are left out.
        tags: given to every source, before its own.
        schema: folder of the schemas as seen from the file.
    Raises:
        ConfigError: the file is there already, or cannot be written.
    """
    if path.exists():
        raise ConfigError(
            [Problem(file=str(path), problem="the file is there already", remedy="choose another name")]
        )
    ids = set(taken)
    here = {feed_key(url): f"it is configured already, as {name}" for url, name in known.items()}
    new: list[NewSource] = []
    skipped: list[tuple[str, str]] = []
    refused: list[tuple[str, str]] = []
    for row in rows:
        try:
            feed = web_address(row.feed)
        except PydanticCustomError as fault:
            refused.append((row.feed, fault.message()))
            continue
        one = _imported(row, feed, ids, tags)
        if feed_key(feed) in here:
            skipped.append((feed, here[feed_key(feed)]))
            new = [_with_tags(known, one.tags) if known.feed == feed else known for known in new]
            continue
        ids.add(one.id)
        here[feed_key(feed)] = f"the list has it twice; it is {one.id} now"
        new.append(one)
    if new:
        lines = [f"# yaml-language-server: $schema={schema}/sources.json", "sources:"]
        for one in new:
            lines += _block(one, 2)
        data = ("\n".join(lines) + "\n").encode()
        if not _reads_back(data, str(path), before=[], added=new):
            raise AssertionError("the written sources do not read back")
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    return Imported(path=path, sources=tuple(new), skipped=tuple(skipped), refused=tuple(refused))


def _with_tags(source: NewSource, tags: Iterable[str]) -> NewSource:
    """A feed that stands in several folders of a list has the tags of all of them."""
    return replace(source, tags=tuple(dict.fromkeys((*source.tags, *tags))))


def _imported(row: ImportRow, feed: str, taken: Collection[str], tags: Sequence[str]) -> NewSource:
    name = fit_name(row.title)
    wished = row.id if row.id and row.id not in taken and _fits(identifier, row.id) else None
    ours = row.id is not None  # then its tags are as we wrote them
    own = [tag if ours and _fits(identifier, tag) else slug(tag) for tag in row.tags]
    own = own or [slug(folder) for folder in row.folders]
    return NewSource(
        id=wished or unique_id(row.id or name or "", feed, taken),
        feed=feed,
        kind=row.kind,
        name=name,
        site=row.site,
        tags=tuple(dict.fromkeys(tag for tag in (*tags, *own) if tag and tag != "all")),
        language=row.language if row.language and _fits(language, row.language) else None,
    )


def feed_key(url: str) -> str:
    """Equal for two spellings of one feed's address: http or https, letter case of the host, a slash at the end."""
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return url
    return f"{parts.hostname}:{port}{parts.path.rstrip('/')}?{parts.query}"


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
    lines = [f"{lead}id: {quoted(source.id)}", f"{below}{source.kind}: {quoted(source.feed)}"]
    site = _comment(source.site)
    if site:
        lines[0] += f"  # {site}"
    if source.name:
        lines.append(f"{below}name: {quoted(source.name)}")
    if source.tags:
        lines.append(f"{below}tags: [{', '.join(map(quoted, source.tags))}]")
    if source.language:
        lines.append(f"{below}language: {quoted(source.language)}")
    return lines


def _reads_back(data: bytes, file: str, *, before: Sequence[str], added: Sequence[NewSource]) -> bool:
    """Whether the new text holds the old sources, and behind them the added ones with all that was to be written."""
    document = parse(data, file)
    if document.problems or _ids(document) != [*before, *(one.id for one in added)]:
        return False
    plain = document.plain()
    items = plain.get("sources") if isinstance(plain, dict) else None
    return isinstance(items, list) and items[len(before) :] == [_as_read(one) for one in added]


def _as_read(source: NewSource) -> dict[str, object]:
    """The entry as it stands in a file that was read."""
    keys = {
        "id": source.id,
        source.kind: source.feed,
        "name": source.name,
        "tags": list(source.tags),
        "language": source.language,
    }
    return {key: value for key, value in keys.items() if value}


def _fits(rule: Callable[[object], str], text: str) -> bool:
    """Whether `text` stands unchanged under a rule of the files."""
    try:
        return rule(text) == text
    except PydanticCustomError:
        return False


def fit_name(text: str) -> str | None:
    """A title fit for `name:`, or None: the feed's own title will do."""
    try:
        return settled(_UNFIT.sub(" ", text)[:LONGEST_NAME])
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
    if isinstance(found[1], Items) and not found[1].items:
        raise ConfigError(
            [
                document.problem(
                    ("sources",),
                    "the list of sources is written as an empty one, so nothing can be added below it",
                    "remove the brackets: 'sources:' alone is an empty list too",
                )
            ]
        )
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
