"""An alert becomes a message: HTML and text by the same kind of templates as digests, JSON by code."""

from __future__ import annotations

from datetime import datetime

from alerts.alert_document import alert_document
from alerts.alert_envelope import alert_envelope
from alerts.alert_records import Alert, AlertType
from alerts.messages import Message, MessageKind
from alerts.pages import HTML_BYTES, Pages
from alerts.threads import initiative_thread

TEMPLATE = "alert"  # alert.html.j2 and alert.txt.j2
_ROOM = (None, 100, 50, 25, 12, 6, 3)  # entries of a list, tried until the page fits
_NOTICES = frozenset({AlertType.SOURCE_TROUBLE, AlertType.OPERATOR})


def render_alert(
    alert: Alert, created_at: datetime, *, key: str, pages: Pages, bundled: bool = False
) -> Message:
    """The message of `alert`, the same for the same arguments. Where its HTML would be too long it shows fewer entries
    of each list and counts the others; the text part has all of them.

    Args:
        key: of the message.
        bundled: leave the user's templates aside.

    Raises:
        TemplateFault: a template is missing or cannot be used; names file and line.
    """
    whole = alert_document(alert, created_at)
    html = ""
    with pages.opened(bundled=bundled) as writer:
        text = writer.text(f"{TEMPLATE}.txt.j2", whole)
        for most in _ROOM:
            html = writer.html(f"{TEMPLATE}.html.j2", alert_document(alert, created_at, most=most))
            if len(html.encode("utf-8")) <= HTML_BYTES:
                break
    return Message(
        key=key,
        subject=str(whole["subject"]),
        text=text,
        html=html,
        data=alert_envelope(alert, key=key, created_at=created_at),
        created_at=created_at,
        kind=MessageKind.NOTICE if alert.type in _NOTICES else MessageKind.ALERT,
        threads=threads_of(alert),
    )


def threads_of(alert: Alert) -> tuple[str, ...]:
    """The threads of its mails: those of its initiatives, or of the sources or the operator."""
    if alert.initiatives:
        return tuple(initiative_thread(name) for name, _ in alert.initiatives)
    return ("operator",) if alert.type is AlertType.OPERATOR else ("sources",)
