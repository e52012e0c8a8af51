"""Messages that are no digest, such as a test or a word to the operator: built in code, without templates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from alerts import contract, envelope
from alerts.messages import Message, MessageKind
from alerts.safe import one_line
from alerts.wrap import wrapped

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{subject}</title></head>
<body style="margin:0;padding:24px;font:15px/1.5 -apple-system,'Segoe UI',Helvetica,Arial,sans-serif">
<h1 style="margin:0 0 12px;font:bold 22px/1.3 Georgia,serif">{subject}</h1>
{body}
</body></html>
"""


def notice(
    *, key: str, subject: str, paragraphs: Sequence[str], created_at: datetime, test: bool = False
) -> Message:
    """A short message in all four forms; its JSON has `{"subject", "text", "test"}` as data."""
    title = one_line(subject, 180) or "Tidings"
    lines = [one_line(paragraph) for paragraph in paragraphs]
    body = "\n".join(f'<p style="margin:0 0 12px" dir="auto">{escape(line)}</p>' for line in lines)
    document: contract.NoticeEnvelope = {
        "specversion": "1.0",
        "id": key,
        "source": "/tidings",
        "type": "tidings.test.v1" if test else "tidings.notice.v1",
        "dataschema": contract.NOTICE_SCHEMA,
        "time": envelope.stamp(created_at),
        "data": {"subject": title, "text": "\n\n".join(lines), "test": test},
    }
    return Message(
        key=key,
        subject=title,
        text="\n\n".join(wrapped(line) for line in (title, *lines)) + "\n",
        html=_PAGE.format(subject=escape(title), body=body),
        data=envelope.serialised(document),
        created_at=created_at,
        kind=MessageKind.TEST if test else MessageKind.NOTICE,
    )


def test_message(now: datetime) -> Message:
    """The marked message of `tidings channels test`; another key at each second."""
    stamp = envelope.stamp(now)
    return notice(
        key=f"test/{stamp}",
        subject="Test message from Tidings",
        paragraphs=(
            "This is a test. It was sent by hand to see whether this channel works; no news is in it.",
            f"If you can read it, digests will arrive here too. Made at {stamp}.",
        ),
        created_at=now,
        test=True,
    )
