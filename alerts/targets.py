"""Where a channel leads, as a print: two that are equal lead to the same place, and none can be read. Pure."""

from __future__ import annotations

from hashlib import sha256
from typing import assert_never

from alerts.plans import AppriseChannel, ChannelPlan, EmailChannel, FileChannel, WebhookChannel


def target_of(plan: ChannelPlan) -> str:
    """The print of its address, server or folder, in 64 hexadecimal digits."""
    match plan:
        case EmailChannel():
            address = f"{plan.host}:{plan.port}"
        case WebhookChannel() | AppriseChannel():
            address = plan.url.reveal()
        case FileChannel():
            address = plan.dir
        case _:
            assert_never(plan)
    return sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
