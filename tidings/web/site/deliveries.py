"""What went out and what waits, and one delivery with the message as its reader sees it."""

from __future__ import annotations

from alerts.entries import Plain
from alerts.messages import Delivery, DeliveryState, Message
from alerts.pictures import standalone
from alerts.safe import one_line
from tidings.web.site.asked import Asked, NotThere, Page

MOST = 50  # on a page


async def all_of_them(asked: Asked) -> Page:
    """`/deliveries`"""
    state, channel = asked.query.get("state", ""), asked.query.get("channel", "")
    known = {str(one) for one in DeliveryState}
    found, further = await asked.stores.showing.deliveries(
        state=DeliveryState(state) if state in known else None,
        channel=channel or None,
        before=asked.before(),
        limit=MOST,
    )
    return Page(
        template="deliveries.html.j2",
        title="Deliveries",
        data={
            "deliveries": [
                _line(asked, one.delivery) | {"subject": one_line(one.subject, 200)} for one in found
            ],
            "state": state if state in known else "",
            "states": sorted(known),
            "channel": one_line(channel, 80),
            "channels": [one_line(one.id, 80) for one in asked.settings.channels],
            "older": asked.further(further),
        },
    )


async def one_of_them(asked: Asked) -> Page:
    """`/deliveries/ID`"""
    delivery, message = await _found(asked)
    return Page(
        template="delivery.html.j2",
        title=one_line(message.subject, 200),
        data={
            **_line(asked, delivery),
            "facts": [
                {"name": name, "value": one_line(value, 600)}
                for name, value in (
                    ("Message", delivery.message_key),
                    ("Channel", delivery.channel_id),
                    ("Recipient", delivery.recipient),
                    ("State", str(delivery.state)),
                    ("Composed", asked.moment(delivery.created_at)),
                    ("Handed over", asked.moment(delivery.sent_at)),
                    ("Answer", delivery.answer or ""),
                    ("Attempts", f"{delivery.attempts:,}"),
                    ("Next attempt", asked.moment(delivery.next_attempt_at)),
                    ("Last error", delivery.last_error or ""),
                )
                if value
            ],
            "has_page": bool(message.html),
            "text": message.text,
        },
    )


async def page_of(asked: Asked) -> str:
    """The HTML part of the message, its pictures in it."""
    _, message = await _found(asked)
    return standalone(message.html, message.pictures)


async def _found(asked: Asked) -> tuple[Delivery, Message]:
    found = await asked.stores.deliveries.get(asked.names["id"])
    if found is None:
        raise NotThere("There is no such delivery, or it was purged.")
    return found


def _line(asked: Asked, one: Delivery) -> Plain:
    return {
        "id": one.id,
        "channel": one_line(one.channel_id, 80),
        "recipient": one_line(one.recipient, 80),
        "state": str(one.state),
        "bad": one.state is DeliveryState.PARKED,
        "made": asked.moment(one.created_at),
        "sent": asked.moment(one.sent_at),
        "problem": one_line(one.last_error or "", 240) if one.sent_at is None else "",
    }
