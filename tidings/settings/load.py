"""The configuration folder → `Settings`, or every error in it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from alerts.plans import AlertPlan, DigestPlan
from alerts.records import Watchlist
from tidings.settings.document import Document, Scalar
from tidings.settings.explain import problems_of
from tidings.settings.models.base import Shape
from tidings.settings.models.digests import DigestsFile
from tidings.settings.models.installation import PollingShape, TidingsFile
from tidings.settings.models.sources import SourcesFile
from tidings.settings.models.watchlist import WatchlistFile
from tidings.settings.names import names, twice
from tidings.settings.problems import ConfigError, Problem
from tidings.settings.records import Polling, Settings
from tidings.settings.surroundings import Surroundings, ValidateTerm
from tidings.settings.yaml import MAX_BYTES, parse

M = TypeVar("M", bound=Shape)

SUFFIXES = (".yaml", ".yml")


def version_of(data: bytes) -> str:
    """The `Watchlist.version` of a file with these bytes, and the like for others."""
    return hashlib.sha256(data).hexdigest()[:12]


def load(
    config_dir: Path,
    *,
    state_dir: Path,
    environ: Mapping[str, str],
    validate_term: ValidateTerm | None = None,
) -> Settings:
    """Read and check the whole folder.

    Args:
        config_dir: as the user typed it; file names in messages begin with it.
        state_dir: where relative paths of what is written begin.
        environ: where `${NAME}` is looked up.
        validate_term: raises `alerts.errors.RuleError` for a term that cannot be read.
    Raises:
        ConfigError: holds all errors of all files.
    """
    files = _files(config_dir)
    wrong: list[Problem] = []
    for one in files.every():
        one.read(wrong)
    sources = [one.document for one in files.sources]
    watchlists = [one.document for one in files.watchlists]
    digests = [one.document for one in files.digests]
    surroundings = Surroundings(
        config_dir=config_dir,
        environ=environ,
        names=names(files.installation.document, sources, watchlists),
        validate_term=validate_term,
    )
    wrong.extend(twice(sources, watchlists, digests))

    installation = _shape(files.installation, TidingsFile, surroundings, wrong)
    source_shapes = [_shape(one, SourcesFile, surroundings, wrong) for one in files.sources]
    watchlist_shapes = [_shape(one, WatchlistFile, surroundings, wrong) for one in files.watchlists]
    digest_shapes = [_shape(one, DigestsFile, surroundings, wrong) for one in files.digests]
    if wrong or installation is None:
        raise ConfigError(wrong)
    return _settings(
        config_dir,
        state_dir,
        files.version(config_dir),
        installation,
        [one for one in source_shapes if one is not None],
        [
            (one, shape)
            for one, shape in zip(files.watchlists, watchlist_shapes, strict=True)
            if shape is not None
        ],
        [one for one in digest_shapes if one is not None],
    )


def default_polling() -> Polling:
    """How sources are asked when nothing is configured."""
    return PollingShape().record()


def load_watchlist(path: Path, *, validate_term: ValidateTerm | None = None) -> Watchlist:
    """Read and check one watchlist; names of channels and sources are not checked.

    Raises:
        ConfigError: holds all its errors.
    """
    file = _File(path=path)
    wrong: list[Problem] = []
    file.read(wrong)
    surroundings = Surroundings(config_dir=path.parent, validate_term=validate_term)
    if file.document is not None:
        wrong.extend(twice([], [file.document], []))
    shape = _shape(file, WatchlistFile, surroundings, wrong)
    if wrong or shape is None:
        raise ConfigError(wrong)
    return file.watchlist(shape)


def parse_watchlist(data: bytes, *, name: str, validate_term: ValidateTerm | None = None) -> Watchlist:
    """As `load_watchlist`, of a text that is no file; messages call it `name`.

    Raises:
        ConfigError: holds all its errors.
    """
    (watchlist,), _ = parse_watchlists({name: data}, validate_term=validate_term)
    return watchlist


def parse_watchlists(
    texts: Mapping[str, bytes], *, everywhere: Sequence[str] = (), validate_term: ValidateTerm | None = None
) -> tuple[tuple[Watchlist, ...], tuple[DigestPlan, ...]]:
    """Watchlists that stand in no folder, with the digests in them; names of channels and sources are not checked.

    Args:
        texts: by the names that messages call them.
        everywhere: ids of initiatives beside theirs, which a digest of all initiatives tells too.
    Raises:
        ConfigError: holds all errors of all texts.
    """
    files = [_File(path=Path(name)) for name in texts]
    wrong: list[Problem] = []
    for one, data in zip(files, texts.values(), strict=True):
        one.take(data, wrong)
    surroundings = Surroundings(config_dir=Path(), validate_term=validate_term)
    wrong.extend(twice([], [one.document for one in files], []))
    shapes = [_shape(one, WatchlistFile, surroundings, wrong) for one in files]
    if wrong:
        raise ConfigError(wrong)
    read = [(one, shape) for one, shape in zip(files, shapes, strict=True) if shape is not None]
    watchlists = tuple(one.watchlist(shape) for one, shape in read)
    every = tuple(dict.fromkeys((*everywhere, *(one.id for each in watchlists for one in each.initiatives))))
    plans = tuple(
        digest.record(tuple(one.id for one in shape.initiatives), every)
        for _, shape in read
        for digest in shape.digests
    )
    return watchlists, plans


# -- files -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _File:
    """One file on its way from bytes to a document; None: not there (which is fine) or no YAML."""

    path: Path
    document: Document | None = None
    version: str = ""
    text: str = ""
    absent: bool = False

    def read(self, wrong: list[Problem]) -> None:
        """Fill in the document, or add to `wrong` why there is none."""
        shown = str(self.path)
        try:
            with self.path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            wrong.append(
                Problem(
                    file=shown,
                    problem=f"the file cannot be read ({reason})",
                    remedy="look at its name and mode",
                )
            )
            return
        self.take(data, wrong)

    def take(self, data: bytes, wrong: list[Problem]) -> None:
        """The same of bytes that are read already."""
        self.version = version_of(data)
        try:
            self.document = parse(data, str(self.path))
        except ConfigError as error:
            wrong.extend(error.problems)
        else:
            self.text = data.decode("utf-8")
            wrong.extend(self.document.problems)

    def watchlist(self, shape: WatchlistFile) -> Watchlist:
        """The record, with positions."""
        document = self.document
        assert document is not None
        made = shape.record(lambda *path: document.where(path), self.version)
        return replace(made, path=str(self.path), text=self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    installation: _File
    sources: tuple[_File, ...]
    watchlists: tuple[_File, ...]
    digests: tuple[_File, ...]

    def every(self) -> Iterator[_File]:
        if not self.installation.absent:
            yield self.installation
        yield from (*self.sources, *self.watchlists, *self.digests)

    def version(self, folder: Path) -> str:
        """The `Settings.version` of files that have been read: of their names in the folder and their bytes."""
        names = (f"{one.path.relative_to(folder).as_posix()} {one.version}" for one in self.every())
        return version_of("\n".join(sorted(names)).encode())


def _files(folder: Path) -> _Files:
    if not folder.is_dir():
        raise _nothing(folder, "there is no configuration folder here")
    installation = _named(folder, "tidings")
    if len(installation) > 1:
        two = Problem(
            file=str(installation[1].path), problem="tidings.yaml is there too", remedy="keep one of the two"
        )
        raise ConfigError([two])
    found = _Files(
        installation=installation[0] if installation else _absent(folder / "tidings.yaml"),
        sources=(*_named(folder, "sources"), *_inside(folder / "sources")),
        watchlists=_inside(folder / "watchlists"),
        digests=_named(folder, "digests"),
    )
    if not (installation or found.sources or found.watchlists or found.digests):
        raise _nothing(folder, "this folder holds no configuration")
    return found


def _nothing(folder: Path, problem: str) -> ConfigError:
    return ConfigError(
        [
            Problem(
                file=str(folder),
                problem=problem,
                remedy=f"run 'tidings init {folder}', or name another with --config",
            )
        ]
    )


def _named(folder: Path, stem: str) -> tuple[_File, ...]:
    return tuple(_File(path=path) for suffix in SUFFIXES if (path := folder / f"{stem}{suffix}").exists())


def _inside(folder: Path) -> tuple[_File, ...]:
    if not folder.is_dir():
        return ()
    paths = sorted(one for one in folder.iterdir() if one.suffix in SUFFIXES and not one.name.startswith("."))
    return tuple(_File(path=path) for path in paths)


def _absent(path: Path) -> _File:
    """A file whose keys all have defaults."""
    nothing = Scalar(value="", source="", style="", start=0)
    document = Document(file=str(path), text="", root=nothing, _line_starts=[0])
    return _File(path=path, document=document, absent=True)


# -- shapes ----------------------------------------------------------------------------------------


def _shape(file: _File, model: type[M], surroundings: Surroundings, wrong: list[Problem]) -> M | None:
    """The validated file; its errors are added to `wrong`."""
    if file.document is None:
        return None
    plain = file.document.plain()
    try:
        return model.model_validate({} if plain is None else plain, context=surroundings)
    except ValidationError as error:
        wrong.extend(problems_of(error, file.document, model))
        return None


def _settings(
    config_dir: Path,
    state_dir: Path,
    version: str,
    installation: TidingsFile,
    sources: list[SourcesFile],
    watchlists: list[tuple[_File, WatchlistFile]],
    digests: list[DigestsFile],
) -> Settings:
    backfill = installation.polling.backfill
    all_sources = tuple(one.record(backfill) for shape in sources for one in shape.sources)
    lists = tuple(one.watchlist(shape) for one, shape in watchlists)
    initiatives = {one.id: one for watchlist in lists for one in watchlist.initiatives}
    everywhere = tuple(initiatives)
    plans: list[DigestPlan] = []
    alerts: list[AlertPlan] = []
    told: list[tuple[WatchlistFile | DigestsFile, tuple[str, ...]]] = [
        *((shape, tuple(one.id for one in shape.initiatives)) for _, shape in watchlists),
        *((shape, everywhere) for shape in digests),
    ]
    for file, here in told:
        plans += [one.record(here, everywhere) for one in file.digests]
        alerts += [one.record(here, everywhere) for one in file.alerts]
    return Settings(
        config_dir=config_dir,
        state_dir=state_dir,
        version=version,
        database=installation.database,
        queue=installation.queue,
        polling=installation.polling.record(),
        retention=installation.retention.record(),
        web=installation.web.record(),
        heartbeat=None if installation.heartbeat is None else installation.heartbeat.record(),
        edits=installation.edits.record(),
        operator=installation.operator,
        channels=tuple(shape.record(name, state_dir) for name, shape in installation.channels.items()),
        sources=all_sources,
        watchlists=lists,
        digests=tuple(plans),
        digests_of=MappingProxyType(
            {shape.watchlist: tuple(plan.id for plan in shape.digests) for _, shape in watchlists}
        ),
        alerts=tuple(alerts),
        initiatives=MappingProxyType(initiatives),
        searches=MappingProxyType({one.id: one for watchlist in lists for one in watchlist.searches}),
        tags=MappingProxyType({one.id: one.tags for one in all_sources}),
    )
