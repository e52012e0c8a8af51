"""The words on a database that was restored from a backup, and the moment at which it is put in use again."""

from __future__ import annotations

import logging
from datetime import datetime

from crawler.wording import counted, moment
from tidings.settings import Settings
from tidings.storage import restoring
from tidings.storage.restoring import WentOn
from tidings.storage.stores import Stores

log = logging.getLogger(
    __name__
)  # the library's own: commands that set up no log still say it on standard error


async def settle(settings: Settings, stores: Stores, now: datetime, *, aloud: bool = True) -> WentOn | None:
    """Where the database is a backup, also one that was copied in place by hand, go on from it without asking any
    source early and without telling anything again; None: it is none."""
    if await stores.database.read(restoring.mark) is None:
        return None
    await stores.sources.sync(settings.sources, now)  # so that one that is missing in the backup waits, too
    done = await stores.database.write(lambda connection: restoring.go_on(connection, settings.digests, now))
    if done is not None and aloud:
        log.warning("%s", "; ".join(lines(done)))
    return done


def lines(done: WentOn) -> tuple[str, ...]:
    """What was done, for the operator; a line each."""
    facts = done.restored
    found = [
        f"the database is a backup of {moment(facts.restored_from)}, and goes on from there",
        f"what was published up to {moment(facts.told_until)} and found before then counts as told",
    ]
    if done.first_poll is not None:
        found.append(
            f"{counted(done.sources, 'source')} wait their time: the first is asked {moment(done.first_poll)}"
        )
    if done.parked:
        one = counted(done.parked, "delivery", "deliveries")
        found.append(
            f"{one} may have been sent since the backup and {'is' if done.parked == 1 else 'are'} parked: "
            "`tidings deliveries list --state parked` shows, `tidings deliveries retry ID` sends"
        )
    return tuple(found)
