"""Names over the whole folder, read before anything is validated: what there is, and what stands twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tidings.settings.document import Document, Items, Mapping, Node, Scalar
from tidings.settings.models.installation import DEFAULT_CHANNELS
from tidings.settings.problems import Problem
from tidings.settings.surroundings import Names

Readable = Sequence[Document | None]  # None: a file that is no YAML


def names(installation: Document | None, sources: Readable, watchlists: Readable) -> Names:
    """What files may refer to. A set is None when a file that could add to it cannot be read."""
    return Names(
        channels=None if installation is None else frozenset(_channels(installation)),
        sources=_union(_source_words(one) for one in _all(sources)) if None not in sources else None,
        initiatives=_union(_texts(one, "initiatives", "id") for one in _all(watchlists))
        if None not in watchlists
        else None,
    )


def twice(sources: Readable, watchlists: Readable, digests: Readable) -> Iterator[Problem]:
    """Ids that stand twice over the folder: an error at the later one."""
    both = (*watchlists, *digests)
    yield from _repeated("source", [(one, ("sources", "id")) for one in _all(sources)])
    yield from _repeated("watchlist", [(one, ("watchlist",)) for one in _all(watchlists)])
    yield from _repeated("initiative", [(one, ("initiatives", "id")) for one in _all(watchlists)])
    yield from _repeated("search", [(one, ("searches", "id")) for one in _all(watchlists)])
    yield from _repeated("digest", [(one, ("digests", "id")) for one in _all(both)])


def _repeated(kind: str, places: Sequence[tuple[Document, tuple[str, ...]]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for document, keys in places:
        for path, name in _at(document, keys):
            where = document.where(path)
            if name in first:
                yield document.problem(
                    path,
                    f"the {kind} id '{name}' stands already at {first[name]}",
                    "give one of them another id",
                )
            first.setdefault(name, where)


def _at(document: Document, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Paths and texts: of a key of the file, or of a key of each item of a list."""
    if len(keys) == 1:
        found = _value(document.root, keys[0])
        if isinstance(found, Scalar) and not found.is_null:
            yield keys, found.value
        return
    for n, item in enumerate(_items(document.root, keys[0])):
        found = _value(item, keys[1])
        if isinstance(found, Scalar) and not found.is_null:
            yield (keys[0], n, keys[1]), found.value


def _texts(document: Document, *keys: str) -> Iterator[str]:
    for _, text in _at(document, keys):
        yield text.strip()


def _source_words(document: Document) -> Iterator[str]:
    yield from _texts(document, "sources", "id")
    for item in _items(document.root, "sources"):
        for tag in _items(item, "tags"):
            if isinstance(tag, Scalar):
                yield tag.value.strip()


def _channels(document: Document) -> Iterable[str]:
    found = _value(document.root, "channels")
    if isinstance(found, Mapping):
        return [key.value for key, _ in found.entries]
    return DEFAULT_CHANNELS


def _items(node: Node, key: str) -> tuple[Node, ...]:
    """The items of the list at `key`; one value is a list of one."""
    found = _value(node, key)
    if found is None:
        return ()
    return found.items if isinstance(found, Items) else (found,)


def _value(node: Node, key: str) -> Node | None:
    entry = node.entry(key) if isinstance(node, Mapping) else None
    return None if entry is None else entry[1]


def _all(documents: Readable) -> list[Document]:
    return [one for one in documents if one is not None]


def _union(words: Iterable[Iterator[str]]) -> frozenset[str]:
    return frozenset(word for group in words for word in group)
