"""The sources that a command's arguments name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidings.cli.options import USAGE, fail

if TYPE_CHECKING:
    from crawler.records import Source


def named(sources: Sequence[Source], ids: Sequence[str] | None) -> list[Source]:
    """Those named, each once; all of them when none is. Ends the command when there is no such source."""
    if not ids:
        return list(sources)
    by_id = {one.id: one for one in sources}
    unknown = [one for one in ids if one not in by_id]
    if unknown:
        fail("\n".join(no_such(one, by_id) for one in unknown), USAGE)
    return [by_id[one] for one in dict.fromkeys(ids)]


def no_such(name: str, known: Sequence[str] | dict[str, Source]) -> str:
    """What to say of a name that no source has."""
    from tidings.settings.models.faults import suggestion

    return f"there is no source '{name}'; {suggestion(name, known, what='sources')}"
