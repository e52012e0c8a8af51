"""What a soak has shown, as lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from crawler.failpoints import POINTS
from tests.soak.board import Hand
from tests.soak.soak import ANY_TIME, OUTSIDE, Outcome

SEEN_OUTSIDE = {
    "smtp_rcpt": "The mail server has sender and recipient, and its answer is not given.",
    "smtp_data_sent": "The mail server has the whole mail, and its answer is not given.",
    "hook_sent": "A hook has the whole message, and its answer is not given.",
}
HANDS = {
    Hand.POLL: "a poll",
    Hand.PAGE: "a page",
    Hand.WRITE: "a transaction with changed rows",
    Hand.RENDER: "a digest being rendered",
    Hand.SEND: "a delivery",
}


def lines(outcome: Outcome) -> Iterator[str]:
    """The table, and below it what is wrong."""
    account, aims = outcome.account, outcome.by_aim()
    minutes, seconds = divmod(round(outcome.seconds), 60)
    yield f"seed {outcome.seed}, {minutes} min {seconds:02} s"
    yield ""
    yield f"{'articles published':<34}{account.articles:>8,}"
    yield f"{'hourly digests':<34}{account.slots:>8,}"
    yield f"{'different mails':<34}{account.mails:>8,}"
    yield f"{'different hooks':<34}{account.hooks:>8,}"
    yield f"{'alerts':<34}{account.alerts:>8,}"
    yield ""
    tries = sum(death.aim == ANY_TIME for death in outcome.deaths)
    yield f"{'kills':<34}{len(outcome.deaths):>8,}"
    yield f"{'  that interrupted something':<34}{len(outcome.counted):>8,}"
    yield f"{'  at any time':<34}{tries:>8,}"
    yield f"{'    of them in the middle of work':<34}{aims[ANY_TIME]:>8,}"
    hands = Counter(hand for death in outcome.counted if death.aim == ANY_TIME for hand in death.in_hand)
    for hand, name in HANDS.items():
        yield f"      {name:<34}{hands[hand]:>8,}"
    yield ""
    yield f"{'to be told (article and receiver)':<34}{account.expected:>8,}"
    yield f"{'edits to be told':<34}{account.edits:>8,}"
    yield f"{'lost':<34}{len(account.lost):>8,}"
    yield f"{'told twice':<34}{len(account.doubled):>8,}"
    yield f"{'repeats of a mail or hook':<34}{account.repeats:>8,}"
    yield f"{'  at most after one kill':<34}{account.most_repeats:>8,}"
    yield f"{'  with other bytes':<34}{account.other_bytes:>8,}"
    yield ""
    for name, sentence in {**POINTS, **SEEN_OUTSIDE}.items():
        kind = "*" if name in OUTSIDE else " "
        yield f"{name:<20}{kind}{aims[name]:>4}  {sentence}"
    yield "* killed by the other side, which has it"
    for fault in account.faults:
        yield f"FAULT: {fault}"


def deaths(outcome: Outcome) -> Iterator[str]:
    """One line for each kill, to look for what a fault came of."""
    for one in outcome.deaths:
        held = ", ".join(HANDS[hand] for hand in one.in_hand) or "nothing"
        yield f"{one.number:5} {one.at:%d %b %H:%M:%S} {one.aim:<20} seed {one.seed}: {held}"
