"""Draw what templates are given, from alerts/template_types.py, into docs/templates.md: `python docs/draw_templates.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints, is_typeddict

from alerts.sandbox.environment import Environment
from alerts.template_types import nouns

PAGE = Path(__file__).with_name("templates.md")
BEGIN, END = "<!-- variables:begin -->", "<!-- variables:end -->"
PLAIN = {str: "text", int: "number", bool: "yes or no"}
PLURALS = {"story": "stories", "entry": "entries", "title": "titles"}


def page(text: str) -> str:
    """The page with its tables drawn anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{chapters()}\n{END}{after}"


def chapters() -> str:
    """A chapter for each thing: its fields, the kind of each, and a sentence on it."""
    lines: list[str] = []
    for shape, noun in nouns().items():
        lines += [f"### {_heading(noun)}", "", " ".join((shape.__doc__ or "").split()), ""]
        base = _base(shape)
        if base is not None:
            lines += [f"It has the fields of {_link(base)}, and:", ""]
        lines += [*_table(shape, base), ""]
    filters = ", ".join(f"`{name}`" for name in sorted(Environment([]).filters) if name.isidentifier())
    return "\n".join((*lines, "### Filters", "", f"{filters}."))


def _table(shape: Any, base: Any) -> Iterator[str]:
    yield "| variable | kind | what it holds |"
    yield "|---|---|---|"
    inherited = get_type_hints(base).keys() if base is not None else ()
    for name, hint in get_type_hints(shape, include_extras=True).items():
        if name not in inherited:
            kind, sentence = get_args(hint)
            yield f"| `{name}` | {_kind(kind)} | {sentence} |"


def _base(shape: Any) -> Any:
    """The largest other thing all of whose fields it has, too; None: none."""
    own = get_type_hints(shape, include_extras=True).items()
    bases = [
        one for one in nouns() if one is not shape and get_type_hints(one, include_extras=True).items() <= own
    ]
    return max(bases, key=lambda one: len(get_type_hints(one)), default=None)


def _kind(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is list:
        (inside,) = get_args(kind)
        return f"list of {_link(inside, several=True) if is_typeddict(inside) else PLAIN[inside] + 's'}"
    return _link(kind) if is_typeddict(kind) else PLAIN[kind]


def _link(shape: Any, *, several: bool = False) -> str:
    noun = nouns()[shape]
    bare = noun.split(" ", 1)[1]
    shown = _plural(bare) if several else noun
    return f"[{shown}](#{_heading(noun).lower().replace(' ', '-')})"


def _plural(noun: str) -> str:
    *first, last = noun.split()
    return " ".join((*first, PLURALS.get(last, f"{last}s")))


def _heading(noun: str) -> str:
    return noun[:1].upper() + noun[1:]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
