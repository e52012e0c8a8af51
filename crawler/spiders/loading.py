"""From the entry of a source to its spider class: ours, or a user's by dotted path or from a file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path, PurePath
from types import ModuleType

from scrapy import Spider

from crawler.errors import NotAFeedError
from crawler.records import Source, SourceKind
from crawler.spiders.listing import ListingSpider
from crawler.spiders.sitemap import SitemapSpider


def spider_of(source: Source, folders: Sequence[str]) -> type[Spider]:
    """The spider class for a source.

    Args:
        folders: where a user's file is looked for.
    Raises:
        NotAFeedError: a user's spider that cannot be loaded.
    """
    if source.kind is SourceKind.SITE:
        return ListingSpider
    if source.kind is SourceKind.SITEMAP:
        return SitemapSpider
    path, colon, name = source.url.partition(":")
    found = _in_file(path, name if colon else None, folders) if path.endswith(".py") else _dotted(source.url)
    if not (isinstance(found, type) and issubclass(found, Spider)):
        raise NotAFeedError(
            f"{source.url} is no spider class; derive it from crawler.spiders.base.TidingsSpider"
        )
    if not getattr(found, "name", None):
        found.name = found.__name__  # Scrapy wants one; nothing here uses it
    return found


def told(error: BaseException) -> str:
    """An error of a user's code in one line, with the place where it happened."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return text
    return f"{text} ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})"


def _dotted(path: str) -> object:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # users' modules may raise anything while they are imported
        raise NotAFeedError(f"the spider {path} cannot be loaded: {told(error)}") from error


def _in_file(path: str, name: str | None, folders: Sequence[str]) -> object:
    """A class in a file, which is read anew each time, so that an edit counts from the next visit on."""
    file = next((one for folder in folders if (one := Path(folder, path)).is_file()), None)
    if file is None:
        raise NotAFeedError(f"there is no file {path} beside the configuration")
    module = _run(file, path)
    if name is not None:
        if not hasattr(module, name):
            has = ", ".join(one.__name__ for one in _spiders(module)) or "no spider class"
            raise NotAFeedError(f"{path} has no class {name}; it has {has}")
        return getattr(module, name)
    spiders = _spiders(module)
    if not spiders:
        raise NotAFeedError(
            f"{path} holds no spider class; derive one from crawler.spiders.base.TidingsSpider"
        )
    if len(spiders) > 1:
        names = ", ".join(one.__name__ for one in spiders)
        raise NotAFeedError(f"{path} holds several spiders ({names}); name one: {path}:{spiders[0].__name__}")
    return spiders[0]


def _run(file: Path, path: str) -> ModuleType:
    name = "tidings_own_" + path.removesuffix(".py").replace("/", "_").replace(".", "_")
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise NotAFeedError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look their module up
    try:
        source = file.read_bytes()
        exec(compile(source, str(file), "exec"), module.__dict__)  # noqa: S102 - the operator's own file
    except Exception as error:  # users' modules may raise anything while they are run
        del sys.modules[name]
        raise NotAFeedError(f"the spider {path} cannot be loaded: {told(error)}") from error
    return module


def _spiders(module: ModuleType) -> list[type[Spider]]:
    """The spider classes that the file itself makes, without those that others of them are derived from."""
    own = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Spider) and one.__module__ == module.__name__
    ]
    return [one for one in own if not any(one in other.__mro__[1:] for other in own)]
