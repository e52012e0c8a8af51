"""What a refusal of a mail server is about, by what was said last, its code and its enhanced code."""

from __future__ import annotations

import pytest

from alerts.channels.smtp_answers import About, Stage, about

BEFORE, MAIL, RCPT, DATA = Stage.BEFORE, Stage.MAIL, Stage.RCPT, Stage.DATA


@pytest.mark.parametrize(
    ("stage", "answer", "expected"),
    [
        # at any time
        (BEFORE, "554 no mail from you", About.SERVER),
        (BEFORE, "421 too busy", About.SERVER),
        (BEFORE, "454 4.7.0 TLS not available", About.SERVER),
        (BEFORE, "535 5.7.8 wrong password", About.SERVER),
        (RCPT, "421 4.3.2 closing", About.SERVER),
        (MAIL, "530 5.7.0 log in first", About.SERVER),
        (MAIL, "451 4.3.0 again, please", About.LATER),
        (RCPT, "450 4.2.1 busy", About.LATER),
        (RCPT, "451 4.7.1 greylisted", About.LATER),
        (RCPT, "452 4.2.2 mailbox full", About.LATER),
        (DATA, "452 4.3.1 disk full", About.LATER),
        (DATA, "354 what?", About.LATER),
        # whom it is for
        (RCPT, "550 5.1.1 no such mailbox", About.RECIPIENT),
        (RCPT, "550 no such user here", About.RECIPIENT),
        (RCPT, "550 5.0.0 unknown", About.RECIPIENT),
        (RCPT, "551 moved", About.RECIPIENT),
        (RCPT, "552 5.2.2 mailbox full", About.RECIPIENT),
        (RCPT, "552 quota exceeded", About.RECIPIENT),
        (RCPT, "553 mailbox name not allowed", About.RECIPIENT),
        (RCPT, "554 5.2.1 mailbox disabled", About.RECIPIENT),
        (RCPT, "550 5.4.1 recipient address rejected", About.RECIPIENT),
        (RCPT, "550 5.7.17 mailbox owner has changed", About.RECIPIENT),
        (RCPT, "556 5.1.10 the domain takes no mail", About.RECIPIENT),
        (DATA, "550 5.1.1 no such mailbox after all", About.RECIPIENT),
        (DATA, "552 5.2.2 mailbox full", About.RECIPIENT),
        # this mail
        (MAIL, "552 message too large", About.SIZE),
        (MAIL, "552 5.3.4 message too large", About.SIZE),
        (RCPT, "552 5.2.3 too large for this mailbox", About.SIZE),
        (RCPT, "552 5.3.4 too large", About.SIZE),
        (DATA, "552 too much", About.SIZE),
        (DATA, "554 5.3.4 too big", About.SIZE),
        (DATA, "554 5.6.0 spam", About.MESSAGE),
        (DATA, "550 5.7.1 content rejected", About.MESSAGE),
        (DATA, "554 transaction failed", About.MESSAGE),
        (RCPT, "554 5.6.1 media not supported", About.MESSAGE),
        # us
        (MAIL, "550 5.7.1 sender not allowed", About.US),
        (MAIL, "550 5.1.8 bad sender domain", About.US),
        (MAIL, "553 5.1.1 sender unknown", About.US),
        (RCPT, "554 5.7.1 relay access denied", About.US),
        (RCPT, "550 relaying denied", About.US),
        (RCPT, "553 5.7.1 not owned by user", About.US),
        (RCPT, "550 5.1.8 sender domain not found", About.US),
        (RCPT, "554 no", About.US),
        (RCPT, "501 5.5.4 bad parameter", About.US),
        (RCPT, "550 5.3.2 system takes no mail", About.US),
    ],
)
def test_a_refusal_is_sorted_by_what_it_is_about(stage: Stage, answer: str, expected: About) -> None:
    code, _, text = answer.partition(" ")

    assert about(stage, int(code), text) is expected
