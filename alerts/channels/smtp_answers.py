"""What a mail server's refusal is about: whom the mail is for, this very mail, or all that we send. Pure.

Source: RFC 5321, section 4.2.2, RFC 3463 and the IANA registry of enhanced status codes.
"""

from __future__ import annotations

import re
from enum import StrEnum, auto


class Stage(StrEnum):
    """What was said last when the answer came."""

    BEFORE = auto()  # greeting, EHLO, STARTTLS, AUTH: nothing of this mail was said yet
    MAIL = auto()
    RCPT = auto()
    DATA = auto()  # DATA itself, and the end of the mail


class About(StrEnum):
    """What a refusal is about, and so what becomes of the mail."""

    LATER = auto()  # about this moment
    SERVER = auto()  # about this moment, and any mail would fare the same
    RECIPIENT = auto()  # there is no such mailbox, or it takes nothing
    SIZE = auto()  # too big
    MESSAGE = auto()  # this very mail
    US = auto()  # our sender or our right to send


_LOGIN = frozenset({530, 534, 535, 538})
_CLOSING = 421
_OF_RECIPIENT = frozenset({550, 551, 552, 553, 556})  # in answer to RCPT, where no enhanced code says more
_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})\b")
_RELAY = re.compile(r"\brelay", re.IGNORECASE)
_OUR_SENDER = frozenset({7, 8})  # X.1.7, X.1.8: bad sender's address
_MAILBOX_GONE = frozenset({17, 18})  # X.7.17, X.7.18: the mailbox or its domain has changed hands (RFC 7293)


def about(stage: Stage, code: int, text: str) -> About:
    """Sort an answer that is no success.

    Args:
        code: the reply code; one that is no 5yz is about this moment.
        text: without the reply code; it may begin with an enhanced status code.
    """
    if stage is Stage.BEFORE or code == _CLOSING or code in _LOGIN:
        return About.SERVER
    if not 500 <= code < 600:
        return About.LATER
    found = _ENHANCED.match(text.lstrip())
    subject, detail = (int(found[1]), int(found[2])) if found else (0, 0)
    if (subject, detail) in {(3, 4), (2, 3)} or (code == 552 and subject == 0 and stage is not Stage.RCPT):
        return About.SIZE
    if (subject == 1 and detail not in _OUR_SENDER) or subject == 2:
        return About.US if stage is Stage.MAIL else About.RECIPIENT
    if stage is Stage.DATA:
        return About.MESSAGE
    if stage is Stage.MAIL or _RELAY.search(text):
        return About.US
    if subject == 0:
        return About.RECIPIENT if code in _OF_RECIPIENT else About.US
    if subject == 4 or (subject == 7 and detail in _MAILBOX_GONE):
        return About.RECIPIENT
    return About.MESSAGE if subject == 6 else About.US
