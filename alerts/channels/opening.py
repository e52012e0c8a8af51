"""Which class serves which kind of channel: the one list."""

from __future__ import annotations

from typing import assert_never

from alerts.channels.apprise import Apprise
from alerts.channels.email import Email, Unsubscribe
from alerts.channels.file import Folder
from alerts.channels.webhook import Post, Webhook
from alerts.plans import AppriseChannel, ChannelPlan, EmailChannel, FileChannel, WebhookChannel
from alerts.ports import Channel


def open_channel(plan: ChannelPlan, *, post: Post, unsubscribe: Unsubscribe | None = None) -> Channel:
    """The channel of `plan`; nothing is connected or written before the first `send`.

    Raises:
        AlertError: an address or a signing secret in the plan cannot be used.
    """
    match plan:
        case EmailChannel():
            return Email(plan, unsubscribe=unsubscribe)
        case WebhookChannel():
            return Webhook(plan, post=post)
        case FileChannel():
            return Folder(plan)
        case AppriseChannel():
            return Apprise(plan)
    assert_never(plan)
