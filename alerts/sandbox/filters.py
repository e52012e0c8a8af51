"""What filters make of a value, as far as it is known, and which filters and methods there are not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, get_origin, is_typeddict

from alerts.sandbox.environment import NOT_FOR_TEMPLATES, RISKY
from alerts.sandbox.kinds import UNKNOWN, Grouped, Wrong, item_of, listed, near_of, together

SAME = frozenset({"sort", "reverse", "list", "unique", "select", "reject", "selectattr", "rejectattr"})
ONE = frozenset({"first", "last", "random", "min", "max"})
NUMBERS = frozenset({"length", "count", "int", "round", "abs", "sum", "wordcount", "float"})
TEXTS = frozenset(
    {
        *("capitalize", "e", "escape", "forceescape", "join", "lower", "replace", "string", "striptags"),
        *("title", "trim", "truncate", "upper", "urlencode", "wordwrap", "wrap", "filesizeformat"),
    }
)
CHANGES = frozenset({"append", "clear", "extend", "insert", "pop", "remove", "setdefault", "update"})


def made(name: str, kind: Any, *, by: Any, given: Sequence[Any]) -> Any:
    """The kind of what the filter `name` makes of a value of `kind`.

    Args:
        by: the kind of the field by which it works.
        given: kinds of its arguments.
    """
    if name in SAME:
        return kind
    if name in ONE:
        return item_of(kind)
    if name in NUMBERS:
        return int
    if name in TEXTS:
        return str
    match name:
        case "batch" | "slice":
            return listed(kind) if get_origin(kind) is list else UNKNOWN
        case "map":
            return listed(by)
        case "groupby":
            return listed(Grouped(item_of(kind)))
        case "default" | "d":
            return together((kind, given[0])) if given else kind
    return UNKNOWN


def forbidden(name: str, kind: Any) -> Wrong | None:
    """What is wrong with an attribute that no template may use; None: nothing."""
    if name.startswith("_"):
        return Wrong(
            f"`{name}` may not be used: it begins with `_`", "use the fields that docs/templates.md lists"
        )
    if name in NOT_FOR_TEMPLATES:
        return Wrong(
            f"`{name}` is switched off, since it can fill the memory", "use the filter `wrap` or CSS"
        )
    if name in CHANGES and (get_origin(kind) is list or is_typeddict(kind)):
        return Wrong(
            f"`{name}` would change what the template is given", "build the text with a loop instead"
        )
    return None


def no_filter(name: str, known: Iterable[str]) -> Wrong:
    """What is said of a filter that is none of `known`."""
    if name == "safe":
        return Wrong(
            "there is no filter `safe`: titles come from strangers, and nothing switches escaping off",
            "leave it out",
        )
    if name in RISKY:
        return Wrong(f"the filter `{name}` is switched off", "leave it out")
    words = [one for one in known if re.fullmatch(r"[a-z]\w+", one)]
    return Wrong(f"there is no filter `{name}`", near_of(name, words, "the filters"))
