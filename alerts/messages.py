"""What is sent: a message, frozen for every channel and attempt, and its deliveries. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageKind(StrEnum):
    """What a message is for."""

    DIGEST = "digest"
    ALERT = "alert"  # on an initiative: surge, silence, commitment
    NOTICE = "notice"  # for the operator: trouble with sources, channels, configuration
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that belongs to a message; its HTML shows it as `cid:NAME`."""

    name: str  # letters, digits, `-`; unique in its message
    png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered digest or notice: frozen, the same for every channel and attempt."""

    key: str  # stable: "morning/2026-11-25T07:30"
    subject: str
    text: str
    html: str
    data: str  # the CloudEvents document as JSON, serialised once
    created_at: datetime
    kind: MessageKind = MessageKind.DIGEST
    digest_id: str = ""
    refers_to: tuple[str, ...] = ()  # keys of messages that told its follow-ups first, oldest first
    threads: tuple[str, ...] = ()  # to which a mail belongs: "digest-morning", "initiative-trust"
    pictures: tuple[Picture, ...] = ()


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    PARKED = "parked"  # refused, or given up: see last_error
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one recipient of one channel."""

    id: str  # stable: hash of message key, channel, recipient; also Message-ID and webhook-id
    message_key: str
    channel_id: str
    recipient: str  # mail address; "" where the channel has one receiver
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    created_at: datetime
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    last_error: str | None = None
    answer: str | None = None  # what the other side said on success
    refused: bool = False  # parked because the other side will never take it
    asked: bool = False  # a person wants it tried, whatever stands in the way
    held_up: bool = False  # it was put off because of its channel, not of itself
