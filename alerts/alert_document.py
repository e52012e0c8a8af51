"""An alert as plain dicts, lists, texts and numbers: all that its templates see. Pure."""

from __future__ import annotations

from datetime import datetime

from alerts.alert_records import Alert, AlertType, Entry, Listing
from alerts.document import Plain
from alerts.safe import link, one_line
from alerts.wording import moment

PARAGRAPH, TITLE, NOTE, HEADING, SUBJECT = 1200, 300, 240, 160, 180  # characters shown at most

_BRANDS = {
    AlertType.SURGE: "Alert: surge",
    AlertType.SILENCE: "Alert: silence",
    AlertType.SILENCE_OVER: "Alert: silence over",
    AlertType.COMMITMENT: "Alert: commitments",
    AlertType.SOURCE_TROUBLE: "Alert: sources",
    AlertType.OPERATOR: "For the operator",
}


def alert_document(alert: Alert, created_at: datetime, *, most: int | None = None) -> Plain:
    """What the templates are given. Every text is one clean line; every link is safe or "".

    Args:
        most: entries of a list that there is room for; None: all.
    """
    return {
        "type": str(alert.type),
        "brand": f"{_BRANDS[alert.type]} · {moment(created_at, alert.zone)}",
        "subject": one_line(alert.subject, SUBJECT),
        "paragraphs": _lines(alert.paragraphs),
        "lists": [_listing(one, most) for one in alert.lists],
        "closing": _lines(alert.closing),
    }


def _listing(one: Listing, most: int | None) -> Plain:
    shown = one.entries if most is None else one.entries[:most]
    return {
        "heading": one_line(one.heading, HEADING),
        "entries": [_entry(entry) for entry in shown],
        "more": one.more + len(one.entries) - len(shown),
    }


def _entry(one: Entry) -> Plain:
    address = link(one.url) if one.url else None
    return {
        "title": one_line(one.title, TITLE) or "(no title)",
        "href": address.href if address else "",
        "host": address.host if address else "",
        "note": one_line(one.note, NOTE),
        "lines": _lines(one.lines),
        "bad": one.bad,
        "links": [_entry(each) for each in one.links],
    }


def _lines(texts: tuple[str, ...]) -> list[str]:
    return [clean for text in texts if (clean := one_line(text, PARAGRAPH))]
