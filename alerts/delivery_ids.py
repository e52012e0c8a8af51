"""The stable id of one message to one recipient: its Message-ID, its webhook-id, and the name of its delivery. Pure."""

from __future__ import annotations

from hashlib import sha256


def delivery_id(message_key: str, channel_id: str, recipient: str) -> str:
    """Stable id of one message to one recipient: 32 hex digits; also Message-ID and webhook-id."""
    parts = "\x1f".join((message_key, channel_id, recipient))
    return sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]
