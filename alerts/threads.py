"""To which threads a message belongs, and what a reader of it can unsubscribe from. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.messages import Message, MessageKind

MOST = 20  # threads that one link leaves, and so all that a reader can leave of one message
_DIGEST, _INITIATIVE = "digest-", "initiative-"


def threads(message: Message) -> tuple[str, ...]:
    """Names of the threads of a message, its own first; a digest always has one."""
    return named(message.threads, message.digest_id)


def subscriptions(message: Message) -> tuple[str, ...]:
    """The threads that a reader of this message may leave; none of a test, nor of what is for the operator."""
    return leavable(message.kind, threads(message))


def named(given: Sequence[str], digest_id: str) -> tuple[str, ...]:
    """The threads that a message was given, or else that of its digest."""
    return tuple(given) or ((digest_thread(digest_id),) if digest_id else ())


def leavable(kind: MessageKind, threads: Sequence[str]) -> tuple[str, ...]:
    """What a reader of such a message may leave: its digest, or the alerts on each of its initiatives."""
    if kind is MessageKind.DIGEST:
        return tuple(threads[:1])
    if kind is MessageKind.ALERT:
        return tuple(one for one in threads if one.startswith(_INITIATIVE))[:MOST]
    return ()


def digest_thread(digest_id: str) -> str:
    """The thread of all messages of a digest."""
    return f"{_DIGEST}{digest_id}"


def initiative_thread(initiative_id: str) -> str:
    """The thread of the alerts on an initiative."""
    return f"{_INITIATIVE}{initiative_id}"


def reader(recipient: str) -> str:
    """Who `Name <user@host>` is, whatever the name: the address alone, in small letters."""
    name, bracket, rest = recipient.rpartition("<")
    address = rest.partition(">")[0] if bracket else name or rest
    return address.strip().casefold()
