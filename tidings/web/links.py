"""Links by which a reader unsubscribes: what each stands for, and which tokens are ours. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from alerts.messages import Delivery, Message
from alerts.plans import AlertKind, EmailChannel
from alerts.safe import masked, one_line
from alerts.threads import MOST, digest_thread, initiative_thread, reader, subscriptions
from tidings.settings import Settings
from tidings.web.signing import SIGNATURE, Signer

PATH = "/unsubscribe/"
TOKEN = rf"{SIGNATURE}(?:[.]{SIGNATURE}){{0,{MOST - 1}}}"
_NAME = 120  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a reader gets over one channel, and one link leaves."""

    channel_id: str
    reader: str  # the address alone, in small letters
    threads: tuple[str, ...]
    names: tuple[str, ...]  # of the threads, for people: 'the digest “Morning”'

    @property
    def masked(self) -> str:
        """The address so that its owner knows it, and nobody else learns it: `d…@example.org`."""
        return masked(self.reader)


class Links:
    """Signs links, and tells what a token stands for.

    A token is the signature of channel, reader and thread, and holds nothing else: a link in a mail that was passed
    on names nobody. Known are the tokens of all that the settings send by mail; a link has one for each thread.
    """

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._settings = settings
        self._signer = signer

    def address(self, message: Message, delivery: Delivery) -> str | None:
        """Where the recipient unsubscribes from the threads of `message`; None: there is nothing to leave."""
        public, threads = self._settings.web.public, subscriptions(message)
        if public is None or not threads or not delivery.recipient:
            return None
        who = reader(delivery.recipient)
        return f"{public}{PATH}{'.'.join(self._token(delivery.channel_id, who, one) for one in threads)}"

    def find(self, token: str) -> Subscription | None:
        """What a token stands for; None: part of it is none of ours, or for what is not sent any more."""
        found = [self._known.get(one) for one in token.split(".")]
        known = [one for one in found if one is not None]
        if len(known) < len(found) or len({(one.channel_id, one.reader) for one in known}) != 1:
            return None
        return replace(
            known[0],
            threads=tuple(thread for one in known for thread in one.threads),
            names=tuple(name for one in known for name in one.names),
        )

    @cached_property
    def _known(self) -> Mapping[str, Subscription]:
        return {self._token(one.channel_id, one.reader, *one.threads): one for one in _sent(self._settings)}

    def _token(self, channel_id: str, who: str, thread: str) -> str:
        return self._signer.sign("unsubscribe", channel_id, who, thread)


def _sent(settings: Settings) -> Iterator[Subscription]:
    """Everything that goes out by mail and can be left."""
    threads: dict[str, dict[str, str]] = {}  # channel id → thread → its name
    for digest in settings.digests:
        for channel_id in digest.to:
            name = f"the digest “{one_line(digest.title or digest.id, _NAME)}”"
            threads.setdefault(channel_id, {})[digest_thread(digest.id)] = name
    for alert in settings.alerts:
        if alert.on is not AlertKind.SOURCE_TROUBLE:
            for channel_id in alert.to:
                for initiative in alert.initiatives:
                    title = one_line(settings.initiatives[initiative].name, _NAME)
                    name = f"alerts on “{title}”"
                    threads.setdefault(channel_id, {})[initiative_thread(initiative)] = name
    for channel in settings.channels:
        if isinstance(channel, EmailChannel):
            for recipient in channel.to:
                for thread, name in threads.get(channel.id, {}).items():
                    yield Subscription(
                        channel_id=channel.id, reader=reader(recipient), threads=(thread,), names=(name,)
                    )
