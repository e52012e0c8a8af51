"""Named moments of the work at which a test lets the process die; while nobody watches, reaching one does nothing.

The files that do the work say `reach("name")` where dying would hurt most. `TIDINGS_FAILPOINT=name:n` in the environment
lets the program die by SIGKILL when it reaches that moment for the n-th time; `make soak` does so for each of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

ENVIRONMENT = "TIDINGS_FAILPOINT"

POINTS: Mapping[str, str] = {
    "before_fetch": "A feed is claimed and about to be asked for.",
    "after_body": "The answer of a feed is read; nothing of it is parsed or stored.",
    "after_parse": "A feed's entries are read out of its document; none is stored.",
    "tx_begin": "A write transaction has begun, and nothing is written in it.",
    "after_validators": "The new state of a source, its validators among it, is written, its entries are not yet.",
    "after_entry_insert": "New articles are written, their identity keys are not, and nothing is committed.",
    "tx_commit": "All statements of a write transaction are run, its commit is not.",
    "tx_committed": "A write transaction is committed, and nobody in the program knows.",
    "page_fetched": "The page of an article is fetched; its text is not extracted.",
    "page_read": "The text of a page is extracted; nothing of it is stored.",
    "page_insert": "What a page said is written, and not committed.",
    "fold_decided": "The story of an article is decided, and not written.",
    "fold_insert": "The story of an article is written, the centre of the story is not.",
    "match_begin": "Some articles are about to be judged.",
    "match_insert": "Matches are written, their articles are not marked as matched.",
    "digest_render": "A digest is due, and about to be rendered.",
    "digest_commit": "A digest is rendered; nothing of it is frozen.",
    "told_marks": "What a digest tells is marked as told, its message is not in the outbox yet.",
    "outbox_insert": "A message is in the outbox, its deliveries are not yet.",
    "outbox_commit": "A message and its deliveries are in the outbox, and not committed.",
    "alert_frozen": "An alert and what is remembered of it stand beside each other in the outbox, and are not committed.",
    "delivery_claimed": "A delivery is claimed, its attempt counted, and nothing is sent.",
    "smtp_connect": "The mail server is connected and has been told nothing.",
    "smtp_250_read": "The mail server has taken the mail and said so; nothing of that is stored.",
    "hook_2xx": "A hook was answered by 2xx; nothing of that is stored.",
    "mark_sent": "A mail or a hook was taken, and is about to be marked as sent.",
    "marked": "That it was sent is committed; the delivery is not over for the program.",
    "lease_renew": "The daemon is about to write down that it lives.",
    "schema_migrate": "A step of the schema is run, in the transaction of all steps, or all tables of a new database are made.",
    "copy_page": "A page of a table is written to the server that the database moves to, and not committed.",
}


@dataclass(frozen=True, slots=True)
class Doom:
    """Death at the `number`-th time that `point` is reached, counted from 1."""

    point: str
    number: int


_watcher: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """The work has come to this moment."""
    if _watcher is not None:
        _watcher(name)


def watch(watcher: Callable[[str], None] | None) -> None:
    """Let `watcher` hear of each moment that is reached, in the thread that reaches it; None: nobody any more."""
    global _watcher
    _watcher = watcher


def arm(environ: Mapping[str, str]) -> None:
    """Die as `TIDINGS_FAILPOINT` says; where it is not set, nothing is changed.

    Raises:
        ValueError: it names no moment of ours, or no number from 1.
    """
    if text := environ.get(ENVIRONMENT):
        watch(fatal(read(text)))


def read(text: str) -> Doom:
    """`name:n` as a record; without `:n` it is the first time.

    Raises:
        ValueError: there is no such moment, or `n` is no number from 1.
    """
    name, _, times = text.partition(":")
    if name not in POINTS:
        raise ValueError(
            f"{ENVIRONMENT}: there is no fail-point {name!r}; write one of {', '.join(sorted(POINTS))}"
        )
    if times and not (times.isascii() and times.isdigit() and int(times) > 0):
        raise ValueError(
            f"{ENVIRONMENT}: {times!r} in {text!r} is no number of times; write {name}:1 or more"
        )
    return Doom(name, int(times or 1))


def fatal(doom: Doom) -> Callable[[str], None]:
    """A watcher that lets this process die by SIGKILL, at once and without any cleaning up."""
    times = count(1)  # one step of it is one step of the interpreter, whichever thread takes it

    def watcher(name: str) -> None:
        if name == doom.point and next(times) == doom.number:
            os.kill(os.getpid(), signal.SIGKILL)

    return watcher
