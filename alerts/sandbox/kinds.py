"""Kinds of values in a template, as far as they are known, and what is said of a name that they do not have. Pure.

A kind is a type as template_types.py writes it (a TypedDict, a list of some kind, str, int, bool), one of the classes
below, or `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from alerts.template_types import nouns

UNKNOWN: Any = Any


class _Wrong:
    """The kind of what was complained of already: nothing more is said of it."""


WRONG: Any = _Wrong
ALIKE = {  # what else people call a field
    "author": "source",
    "body": "snippet",
    "date": "when",
    "description": "snippet",
    "excerpt": "snippet",
    "headline": "title",
    "link": "href",
    "name": "title",
    "outlet": "source",
    "published": "when",
    "summary": "snippet",
    "time": "when",
    "uri": "href",
    "url": "href",
    "articles": "stories",
    "initiatives": "sections",
}

MOST = 30  # names that are listed


class Loop(TypedDict):
    """`loop`, within a `for`."""

    index: int
    index0: int
    revindex: int
    revindex0: int
    first: bool
    last: bool
    length: int
    depth: int
    depth0: int
    previtem: Any
    nextitem: Any
    cycle: Any
    changed: Any


@dataclass(frozen=True, slots=True)
class Grouped:
    """One group that the filter `groupby` makes."""

    item: Any  # the kind of what is grouped


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a name, and what to do."""

    problem: str
    remedy: str


@cache
def fields(kind: Any) -> Mapping[str, Any]:
    """The fields of a thing with their kinds; none for anything else."""
    return get_type_hints(kind) if is_typeddict(kind) else {}


def item_of(kind: Any) -> Any:
    """What a loop over `kind` gives, one at a time."""
    if get_origin(kind) is list:
        return plain(get_args(kind)[0])
    return str if kind is str or is_typeddict(kind) else UNKNOWN


def listed(kind: Any) -> Any:
    """A list of things of `kind`."""
    return list[kind]


def plain(kind: Any) -> Any:
    """Without `None` beside it."""
    if get_origin(kind) in (Union, UnionType):
        parts = [one for one in get_args(kind) if one is not NoneType]
        return parts[0] if len(parts) == 1 else UNKNOWN
    return kind


def together(kinds: Iterable[Any]) -> Any:
    """The kind of a value that may be any of these."""
    different = list(dict.fromkeys(kinds))
    return different[0] if len(different) == 1 else UNKNOWN


def named(kind: Any) -> str:
    """`a story`, `a list`, `a text`."""
    if is_typeddict(kind):
        return nouns().get(kind, f"`{kind.__name__.lower()}`")
    if get_origin(kind) is list:
        return "a list"
    return {str: "a text", int: "a number", bool: "a yes or no"}.get(kind, "this")


def attribute(kind: Any, name: str, said: str) -> tuple[Any, Wrong | None]:
    """The kind of `name` of a value of `kind`; and what is wrong when there is none such.

    Args:
        said: how the template names the value; "" when that cannot be said in a word.
    """
    if isinstance(kind, Grouped):
        found = {"grouper": UNKNOWN, "list": listed(kind.item)}
        return found.get(name, UNKNOWN), None if name in found else _lacks("a group", name, found)
    known = fields(kind)
    if name in known:
        return plain(known[name]), None
    own = {str: str, int: int, bool: bool}.get(kind) or (list if get_origin(kind) is list else None)
    if is_typeddict(kind):
        return UNKNOWN, None if name in dir(dict) else _lacks(named(kind), name, known)
    if own is None or name in dir(own):
        return UNKNOWN, None
    if own is list:
        whole = f"`{said}`" if said else "it"
        one = f"`{said}[0].{name}`" if said else f"`[0].{name}`"
        return UNKNOWN, Wrong(f"{whole} is a list and has no `{name}`", f"loop over it, or take one: {one}")
    return UNKNOWN, Wrong(f"{named(kind)} has no `{name}`", "leave it out")


def unknown_name(name: str, scope: Mapping[str, Any]) -> Wrong:
    """A name that nothing in `scope` has: the nearest that there is, or where it is to be found."""
    problem = f"`{name}` is not defined here"
    newest = list(reversed(list(scope.items())))
    for holder, kind in newest:
        if name in fields(kind):
            return Wrong(problem, f"did you mean `{holder}.{name}`?")
    if get_origin(scope.get(f"{name}s")) is list:
        return Wrong(problem, f"it is one of `{name}s`: write it within `{{% for {name} in {name}s %}}`")
    near = _nearest(name, scope)
    if near is not None:
        return Wrong(problem, f"did you mean `{near}`?")
    for holder, kind in scope.items():
        inside = item_of(kind)
        found = _meant(name, fields(inside))
        if found is not None:
            one = named(inside).split()[-1]
            meant = "" if found == name else f"did you mean `{found}`? "
            remedy = f"{meant}each of `{holder}` has it: write `{{% for {one} in {holder} %}}`, then `{one}.{found}`"
            return Wrong(problem, remedy)
    for holder, kind in newest:
        found = _meant(name, fields(kind))
        if found is not None:
            return Wrong(problem, f"did you mean `{holder}.{found}`?")
    there = [one for one in scope if one not in {"range", "self", "super"}]
    return Wrong(problem, f"there are {_some(there)}" if there else "leave it out")


def near_of(name: str, known: Iterable[str], what: str) -> str:
    """The remedy for a word that is none of `known`."""
    names = list(known)
    near = _nearest(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    return f"{what} are {', '.join(sorted(names))}"


def _lacks(noun: str, name: str, known: Mapping[str, Any]) -> Wrong:
    meant = _meant(name, known)
    return Wrong(f"{noun} has no `{name}`", f"did you mean `{meant}`?" if meant else f"it has {_some(known)}")


def _meant(name: str, known: Collection[str]) -> str | None:
    """Which of `known` is written nearly so, or is what others call so."""
    alike = ALIKE.get(name.lower())
    return _nearest(name, known) or (alike if alike in known else None)


def _some(names: Iterable[str]) -> str:
    every = [f"`{one}`" for one in names]
    return ", ".join(every[:MOST]) + (f" and {len(every) - MOST} more" if len(every) > MOST else "")


def _nearest(name: str, known: Iterable[str]) -> str | None:
    names = {one.lower(): one for one in known}
    letters = sorted(name.lower())
    turned = next((one for one in names if sorted(one) == letters), None)  # as "fro" for "for"
    near = [turned] if turned else get_close_matches(name.lower(), names, n=1, cutoff=0.65)
    return names[near[0]] if near else None
