"""Chat and push services by way of apprise, an optional extra."""

from __future__ import annotations

from alerts.channels.redact import secrets_of, told
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.plans import AppriseChannel

BODY = 3500  # characters; most services cut or split longer ones


class Apprise:
    """A `Channel` over one apprise address. Apprise gives no status and no Retry-After: each failure is tried again."""

    def __init__(self, plan: AppriseChannel) -> None:
        self._plan = plan

    def recipients(self) -> tuple[str, ...]:
        return ("",)

    async def send(self, message: Message, delivery: Delivery) -> str:
        """See `Channel.send`; the services behind apprise know no ids, so a repeat may show twice."""
        try:
            import apprise  # loads some 650 modules, and only those who use it pay for it
        except ImportError as error:
            raise TryLater(
                f"channel {self._plan.id}: apprise is not installed; install tidings[apprise]"
            ) from error
        url = self._plan.url.reveal()
        service = apprise.Apprise()
        if not service.add(url):
            raise Refused(
                f"channel {self._plan.id}: apprise does not know this kind of address; correct url_file"
            )
        try:
            done = await service.async_notify(
                title=message.subject, body=shortened(message.text), body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # plugins of the library raise whatever they like
            said = told(str(error) or type(error).__name__, (url, *secrets_of(url)))
            raise TryLater(f"channel {self._plan.id}: {said}") from None
        if not done:
            raise TryLater(f"channel {self._plan.id}: the service took no message; apprise does not say why")
        return "handed over by apprise"


def shortened(text: str, most: int = BODY) -> str:
    """The first whole lines of `text` within `most` characters, and how many lines are left out."""
    if len(text) <= most:
        return text
    head = text[: most - 40]
    kept = head.rpartition("\n")[0] or head
    left = len(text.splitlines()) - len(kept.splitlines())
    return f"{kept}\n… and {left} more lines in the full digest"
