"""A digest that is named on the command line, and a time that is typed there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.options import USAGE, fail

if TYPE_CHECKING:
    from alerts.plans import DigestPlan
    from tidings.settings import Settings

DigestId = Annotated[str, typer.Argument(metavar="ID", help="A digest of the watchlists.")]


def named_digest(loaded: Settings, digest_id: str) -> DigestPlan:
    """The digest with this id; an unknown one ends the command with the nearest that there are."""
    from tidings.settings.models.faults import suggestion

    plans = {one.id: one for one in loaded.digests}
    if digest_id not in plans:
        fail(f"there is no digest '{digest_id}'; {suggestion(digest_id, plans, what='digests')}", USAGE)
    return plans[digest_id]


def moment(given: str | None) -> datetime:
    """A time that was typed, in UTC; now when None."""
    if given is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        fail(
            f"{given!r} is no time; write it like 2026-11-25T07:30 or with a zone, 2026-11-25T07:30+01:00",
            USAGE,
        )
    return found.astimezone(UTC)
