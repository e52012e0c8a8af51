"""Where alerts become messages: rendered, addressed, and frozen together with what is remembered of them. Over ports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from alerts.addressing import deliveries_for
from alerts.alert_memory import AlertStore, Memory
from alerts.alert_records import Alert, AlertType
from alerts.envelope import stamp
from alerts.errors import TemplateFault
from alerts.messages import Message
from alerts.pages import Pages
from alerts.ports import Channel
from alerts.render_alert import render_alert


class AlertDesk:
    """The one way out of an alert.

    Attributes:
        problems: types of alerts at the last of which the user's template failed and the bundled one was used, and why.
    """

    def __init__(self, *, store: AlertStore, channels: Mapping[str, Channel], pages: Pages) -> None:
        self._store = store
        self._channels = channels
        self._pages = pages
        self.problems: dict[AlertType, str] = {}

    async def remembered(self, *kinds: str) -> Mapping[tuple[str, str, str], Memory]:
        """All of these kinds, by channel, kind and subject."""
        return {one.id: one for one in await self._store.remembered(kinds)}

    async def remember(self, before: Sequence[Memory], after: Sequence[Memory]) -> None:
        """Put down what was only noticed; what another process put down meanwhile stays."""
        if {one.id: one for one in before} != {one.id: one for one in after}:
            await self._store.tell(before=before, after=after)

    async def tell(
        self,
        alert: Alert,
        *,
        key: str,
        channel_id: str,
        now: datetime,
        before: Sequence[Memory],
        after: Sequence[Memory],
        refers_to: Sequence[str] = (),
        owed_since: datetime | None = None,
    ) -> Message | None:
        """Freeze the alert for all recipients of a channel, due now; None: it was told before.

        Args:
            owed_since: see `AlertStore.tell`.
            refers_to: keys of messages that its mails answer.
        """
        message = replace(
            await asyncio.to_thread(self._rendered, alert, key, now), refers_to=tuple(refers_to)
        )
        new = await self._store.tell(
            before=before,
            after=after,
            message=message,
            deliveries=deliveries_for(message, channel_id, self._channels.get(channel_id), now),
            owed_since=owed_since,
        )
        return message if new else None

    def _rendered(self, alert: Alert, key: str, now: datetime) -> Message:
        try:
            message = render_alert(alert, now, key=key, pages=self._pages)
        except TemplateFault as fault:
            self.problems[alert.type] = str(fault)
            said = f"Your template failed, this is the bundled one: {fault}"
            noted = replace(alert, closing=(*alert.closing, said))
            return render_alert(noted, now, key=key, pages=self._pages, bundled=True)
        self.problems.pop(alert.type, None)
        return message


def stamped(what: str, now: datetime, after: Sequence[Memory]) -> str:
    """The key of a message on several things: two of the same second differ in what is remembered after them."""
    stages = "\x1f".join(f"{one.id} {one.since} {one.stage} {one.told_at} {one.over_at}" for one in after)
    return f"{what}/{stamp(now)}-{sha256(stages.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
