"""Two days in a minute: the clock moves on step by step, and what happens at each step is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tidings.demo.clock import SCRIPT_LENGTH, SimulatedClock
from tidings.demo.edition import due_between, status_of
from tidings.demo.hooksink import HookSink
from tidings.demo.mailbox import Mailbox
from tidings.demo.newsroom import Newsroom

STRIDE = timedelta(minutes=30)
_READER = ZoneInfo("America/New_York")  # whose morning it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the two days came to."""

    steps: int
    articles: int  # that appeared while the clock ran
    corrections: int
    mails: int
    hooks: int


async def play(
    newsroom: Newsroom,
    mailbox: Mailbox,
    hooks: HookSink,
    clock: SimulatedClock,
    *,
    step: Callable[[], Awaitable[Any]],
    say: Callable[[str], None],
    stride: timedelta = STRIDE,
    length: timedelta = SCRIPT_LENGTH,
) -> Played:
    """Advance `clock` to the end of the script, calling `step` after each stride.

    Args:
        step: one whole tick of the application. A mapping that it returns is told as counts, anything else
            that is not None as text.
        say: takes a line for a person.
    """
    names = {outlet.id: outlet.name for outlet in newsroom.outlets}
    end = clock.now() + length
    steps = articles = corrections = 0
    health = {outlet.id: 200 for outlet in newsroom.outlets}
    before: datetime | None = None  # at the first step: all that lies before is old news
    while True:
        now = clock.now()
        stamp = f"{now.astimezone(_READER):%a %H:%M}"
        if before is None:
            old = sum(newsroom.timeline.when(piece.at) <= now for piece in newsroom.script)
            say(f"{stamp}  {len(names)} outlets open with {old} articles of earlier days")
        else:
            for piece, version in due_between(newsroom.script, newsroom.timeline, before, now):
                if version is piece.versions[0]:
                    articles += 1
                    say(f"{stamp}  {names[piece.outlet]}: {version.title}")
                else:
                    corrections += 1
                    say(f"{stamp}  {names[piece.outlet]} corrects: {version.title}")
        for outlet in newsroom.outlets:
            status = status_of(outlet, newsroom.timeline, now)
            if status != health[outlet.id]:
                health[outlet.id] = status
                say(f"{stamp}  {outlet.name} answers with {status} from now on")
        had_mails, had_hooks = len(mailbox.mails), len(hooks.hooks)
        told = _as_line(await step())
        steps += 1
        if told:
            say(f"{stamp}    {told}")
        for mail in mailbox.mails[had_mails:]:
            say(f"{stamp}    mail to {', '.join(mail.recipients)}: {mail.subject}")
        for hook in hooks.hooks[had_hooks:]:
            say(
                f"{stamp}    hook {hook.headers.get('webhook-id', '')}: signature holds, {len(hook.body)} characters"
            )
        if now >= end:
            break
        before = now
        clock.advance(min(stride, end - now))
    return Played(
        steps=steps,
        articles=articles,
        corrections=corrections,
        mails=len(mailbox.mails),
        hooks=len(hooks.hooks),
    )


def _as_line(result: Any) -> str:
    """Counts that are not zero, "polled 8, new 3"; other results as they print."""
    if result is None:
        return ""
    if isinstance(result, Mapping):
        return ", ".join(f"{name} {count}" for name, count in result.items() if count)
    return str(result)
