"""Housekeeping: what is older than `retention` says is dropped every six hours, however often the daemon is started anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from tidings.storage.errors import StorageError

if TYPE_CHECKING:
    from tidings.app import App

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=6)
LOOK = timedelta(minutes=10)  # between two looks at whether it is time


async def keep_house(app: App) -> bool:
    """Drop what is old when that was done six hours ago or longer; whether it was done now. Never raises."""
    try:
        if not is_due(await app.stores.installation.tidied_at(), app.clock.now()):
            return False
        purged = await app.tidy()
    except StorageError as fault:
        log.warning("housekeeping was put off; the next one tries again", problem=str(fault))
        return False
    except Exception:
        log.exception("housekeeping failed; the next one tries again")
        return False
    log.info("housekeeping", purged=purged)
    return True


def is_due(last: datetime | None, now: datetime) -> bool:
    """Also when the last one was by a clock far ahead."""
    return last is None or abs(now - last) >= EVERY
