"""What to look at in tidings.yaml when a test message was not taken. Pure."""

from __future__ import annotations

import re

from alerts.plans import ChannelPlan, EmailChannel

_NOBODY = re.compile(r"connect call failed|connection refused|no route to host", re.IGNORECASE)
_NO_NAME = re.compile(r"name or service not known|nodename nor servname|name resolution", re.IGNORECASE)
_MAIL = (
    (_NO_NAME, "look at smtp.host"),
    (_NOBODY, "nothing listens there: look at smtp.host and smtp.port"),
    (
        re.compile(r"timed? ?out|timeout|connection lost|unexpected eof|server disconnected", re.IGNORECASE),
        "it does not answer as a mail server: look at smtp.host and smtp.port (465 begins with TLS), and at firewalls",
    ),
    (re.compile(r": 53[0458] "), "look at smtp.user and its password"),
    (
        re.compile(r"wrong.version.number|record layer", re.IGNORECASE),
        "look at smtp.port: 465 begins with TLS, 587 does not",
    ),
)


def advice(plan: ChannelPlan, answer: str) -> str:
    """What to look at, as a clause behind `answer`; "" where the answer says so itself, or nobody knows."""
    if isinstance(plan, EmailChannel) and "; " not in answer:
        return next((f"; {what}" for pattern, what in _MAIL if pattern.search(answer)), "")
    return ""
