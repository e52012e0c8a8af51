"""Draw every key of every configuration file, from the models, into docs/configuration.md: `python docs/draw_settings.py`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from tidings.settings.models import base, channels, installation, sources, watchlist
from tidings.settings.models.base import Shape
from tidings.settings.models.digests import EVERY_DAY
from tidings.settings.schema import FILES

PAGE = Path(__file__).with_name("configuration.md")
BEGIN, END = "<!-- settings:begin -->", "<!-- settings:end -->"

TITLES = {
    "tidings": "tidings.yaml",
    "sources": "sources.yaml and sources/*.yaml",
    "watchlist": "watchlists/*.yaml",
    "digests": "digests.yaml",
}
WORDS: tuple[tuple[Any, str], ...] = (
    (base.Words, "text"),
    (base.Id, "id"),
    (base.Duration, "duration (also `0s`)"),
    (base.LastingDuration, "duration"),
    (base.KeptFor, "duration or `forever`"),
    (base.BodySize, "size from `500KiB` to `256MiB`"),
    (base.HeaderSize, "size from `8KiB` to `1MiB`"),
    (base.ClockTime, "time of day"),
    (base.QuietHours, "two times of day, such as `22:00-07:00`"),
    (base.Days, "`daily`, `weekdays`, `weekends`, a day, or a list of them"),
    (base.Zone, "time zone, such as `Europe/Berlin`"),
    (base.Day, "date"),
    (base.Moment, "date, or date and time"),
    (base.YesNo, "`true` or `false`"),
    (base.WebAddress, "web address"),
    (base.PublicAddress, "https address, such as `https://news.example.org/tidings`"),
    (base.Language, "language code, such as `en`"),
    (base.Network, "network, such as `127.0.0.0/8`"),
    (base.Host, "host, such as `rsshub.example.org`"),
    (base.SpiderPath, "file, such as `spiders/council.py`, or path of a Python class"),
    (base.Bind, "host and port"),
    (base.MostPages, "whole number from 0, or `unlimited`"),
    (base.Ratio, "whole number from 10 to 10000"),
    (base.Redirects, "whole number from 0 to 10"),
    (base.Positive, "whole number from 1"),
    (base.Port, "whole number from 1 to 65535"),
    (base.SecretText, "`${NAME}` from the environment"),
    (base.SecretAddress, "address, may hold `${NAME}`"),
    (base.SecretFile, "name of a file"),
    (base.Filled, "text, may hold `${NAME}`"),
    (base.ChannelName, "id of a channel"),
    (base.SourceName, "id or tag of a source"),
    (base.InitiativeName, "id of an initiative"),
    (channels.MailAddress, "mail address, may hold `${NAME}`"),
    (installation.Database, "`sqlite` or an address, may hold `${NAME}`"),
    (sources.LinkPattern, "pattern in RE2 syntax"),
    (sources.Headers, "`Name: value` lines"),
    (watchlist.TermText, "text"),
    (watchlist.Phrase, "phrase"),
    (watchlist.Within, "whole number from 0 to 1000"),
    (str, "text"),
)


def page(text: str) -> str:
    """The page with its tables drawn anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """A chapter a file, in it a table for each mapping that is met first there."""
    drawn: set[type[Shape]] = set()
    lines: list[str] = []
    for name, model in FILES.items():
        lines += [f"### {TITLES[name]}", "", *_table(model), ""]
        for shape in _below(model):
            if shape not in drawn:
                drawn.add(shape)
                lines += [f"#### {_heading(shape)}", "", _first_line(shape), "", *_table(shape), ""]
    return "\n".join(lines).rstrip()


def keys(model: type[Shape]) -> Iterator[tuple[str, Any, FieldInfo]]:
    """Each key a user may write, with its type as annotated and its field."""
    hints = get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        yield field.alias or name, hints[name], field


def _table(model: type[Shape]) -> Iterator[str]:
    yield "| key | type | default | what it says |"
    yield "|---|---|---|---|"
    for key, hint, field in keys(model):
        description = (field.description or next(_first_line(one) for one in _shapes(hint))).replace(
            "<", "&lt;"
        )
        cells = (f"`{key}`", words(hint), default(hint, field), description)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _below(model: type[Shape]) -> Iterator[type[Shape]]:
    """The shapes inside a shape, each followed by those inside it; one that is met twice comes once."""
    met: dict[type[Shape], None] = {}

    def walk(one: type[Shape]) -> None:
        for _, hint, _ in keys(one):
            for inner in _shapes(hint):
                if inner not in met:
                    met[inner] = None
                    walk(inner)

    walk(model)
    yield from met


def _shapes(hint: Any) -> Iterator[type[Shape]]:
    if isinstance(hint, type) and issubclass(hint, Shape):
        yield hint
    for part in get_args(hint):
        yield from _shapes(part)


def _heading(shape: type[Shape]) -> str:
    return f"Keys of {shape.__name__.removesuffix('Shape').lower()}"


def _first_line(shape: type[Shape]) -> str:
    return (shape.__doc__ or "").splitlines()[0]


# -- cells -----------------------------------------------------------------------------------------


def words(hint: Any) -> str:
    """The type of a value, for a person.

    Raises:
        LookupError: a type without words; give it some in WORDS.
    """
    known = _known(hint)
    if known is not None:
        return known
    origin, parts = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Shape):
        heading = _heading(hint)
        return f"[{heading.removeprefix('Keys of ')}](#{heading.lower().replace(' ', '-')})"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        *others, last = (f"`{one}`" for one in hint)
        return f"{', '.join(others)} or {last}" if others else last
    if origin is Annotated:
        return words(parts[0])
    if origin is Literal:
        return f"`{parts[0]}`"
    if origin in (Union, UnionType):
        return " or ".join(words(one) for one in parts if one is not NoneType)
    if origin is tuple:
        return f"{words(parts[0])}, or a list of them"
    if origin is dict:
        return f"names of yours, each with {words(parts[1])}"
    raise LookupError(f"{hint!r} has no words; add it to WORDS in docs/draw_settings.py")


def _known(hint: Any) -> str | None:
    """The words of the longest alias of which `hint` is made; further validators may stand behind it."""
    origin, notes = _parts(hint)
    found = [
        (len(_parts(alias)[1]), text)
        for alias, text in WORDS
        if _parts(alias)[0] == origin and _parts(alias)[1] == notes[: len(_parts(alias)[1])]
    ]
    return max(found)[1] if found else None


def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(hint) is Annotated:
        return get_args(hint)[0], tuple(get_args(hint)[1:])
    return hint, ()


def default(hint: Any, field: FieldInfo) -> str:
    """What holds when the key is not written, spelled as in YAML; "–" for nothing."""
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Shape):
        return "see there"
    if value is None:
        return "`forever`" if hint == base.KeptFor else "–"
    if value in ((), ""):
        return "–"
    return f"`{_spelled(value)}`"


def _spelled(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            seconds = int(value.total_seconds())
            units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
            return next(f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0)
        case (str(host), int(port)):
            return f"{host}:{port}"
        case tuple():
            return f"[{', '.join(map(_spelled, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {_spelled(item)}' for key, item in value.items())}}}"
        case frozenset() if value == EVERY_DAY:
            return "daily"
    return str(value)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
