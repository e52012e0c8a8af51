"""Chat and push services by way of apprise, an optional extra."""

from __future__ import annotations

import logging

from alerts.channels.redact import secrets_of, told
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.plans import AppriseChannel
from alerts.targets import target_of

BODY = 3500  # characters; most services cut or split longer ones
SECONDS = 60.0  # for one attempt, however many requests a service takes for it


class Apprise:
    """A `Channel` over one apprise address. Apprise gives no status and no Retry-After: each failure is tried again."""

    def __init__(self, plan: AppriseChannel) -> None:
        self._plan = plan

    def recipients(self) -> tuple[str, ...]:
        return ("",)

    def target(self) -> str:
        """The address, as a print."""
        return target_of(self._plan)

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        """See `Channel.as_sent`: title and text; what a service makes of them is known to apprise alone."""
        return f"{message.subject}\n\n{shortened(message.text)}".encode("utf-8", "replace")

    async def send(self, message: Message, delivery: Delivery) -> str:
        """See `Channel.send`; the services behind apprise know no ids, so a repeat may show twice."""
        try:
            import apprise  # loads some 650 modules, and only those who use it pay for it
        except ImportError as error:
            raise TryLater(
                f"channel {self._plan.id}: apprise is not installed; install tidings[apprise]", for_all=True
            ) from error
        _keep_addresses_out_of_the_log()
        service = apprise.Apprise()
        if not service.add(self._plan.url.reveal()):
            raise Refused(
                f"channel {self._plan.id}: apprise does not know this kind of address; correct url_file"
            )
        try:
            done = await service.async_notify(
                title=message.subject,
                body=shortened(message.text),
                body_format=apprise.NotifyFormat.TEXT,
                timeout=SECONDS,
            )
        except Exception as error:  # plugins of the library raise whatever they like
            raise TryLater(self._said(str(error) or type(error).__name__)) from None
        if not done:
            said = "; ".join(entry.message for entry in done.logs())
            raise TryLater(self._said(said or f"no answer within {SECONDS:.0f} seconds"))
        return "handed over by apprise"

    def _said(self, text: str) -> str:
        return f"channel {self._plan.id}: {told(text, secrets_of(self._plan.url.reveal()))}"


def _keep_addresses_out_of_the_log() -> None:
    """Apprise and its HTTP library log whole addresses, tokens included."""
    logging.getLogger("apprise").propagate = False
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def shortened(text: str, most: int = BODY) -> str:
    """The first whole lines of `text` within `most` characters, and how many lines are left out."""
    if len(text) <= most:
        return text
    head = text[: most - 40]
    kept = head.rpartition("\n")[0] or head
    left = len(text.splitlines()) - len(kept.splitlines())
    return f"{kept}\n… and {left} more lines in the full digest"
