"""A POST to a web address: our JSON, signed as Standard Webhooks has it, or what a chat service takes."""

from __future__ import annotations

import asyncio
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

from standardwebhooks import Webhook as Signer

from alerts.bodies import discord, ntfy, slack, teams
from alerts.bodies.brief import Brief, brief
from alerts.bodies.posted import Posted
from alerts.channels.redact import host_of, secrets_of, told
from alerts.errors import GONE, AlertError, Refused, TryLater
from alerts.messages import Delivery, Message
from alerts.plans import HookFormat, WebhookChannel
from alerts.targets import target_of
from crawler.errors import CrawlError, ForbiddenAddress
from crawler.failpoints import reach

_NOT_THIS_ONE = frozenset(
    {400, 413, 414, 415, 422, 431}
)  # about this very message: the same bytes fail again

_SECONDS = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_TOO_MUCH = frozenset({429, 502, 503, 504})  # about the receiver just now: others wait as well
_REMEDIES = {
    401: "it does not know who we are: look at the secret or the token of the channel",
    403: "it does not let us: look at the address, the secret and the token of the channel",
    404: "there is nothing at this address: look at the url of the channel",
}
_SHOWN = {
    "authorization": "***",
    "webhook-timestamp": "(the time of the attempt)",
    "webhook-signature": "(made at each attempt)",
}

_BODIES: Mapping[HookFormat, Callable[[Brief], Posted]] = {
    HookFormat.SLACK: slack.body,
    HookFormat.DISCORD: discord.body,
    HookFormat.TEAMS: teams.body,
    HookFormat.NTFY: ntfy.body,
}


class Answer(Protocol):
    """What a receiver said."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in any letter case."""

    @property
    def body(self) -> bytes:
        """Its beginning; it is shown to the operator and not trusted."""


class Post(Protocol):
    """A guarded POST that follows no redirects.

    Raises:
        CrawlError: there is no answer, or the guard refused the address.
    """

    async def __call__(self, url: str, body: bytes, headers: dict[str, str], /) -> Answer: ...


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Webhook:
    """A `Channel` that posts `message.data`, or what is made of it for the service of `plan.format`.

    `message.data` is signed, and `webhook-id` is the delivery's id at each attempt. Chat services know no signatures.

    Raises:
        AlertError: the signing secret is not `whsec_` and base64. Several, parted by white space, are
            all used, so that a receiver can change over.
    """

    def __init__(self, plan: WebhookChannel, *, post: Post, now: Callable[[], datetime] = _utc_now) -> None:
        self._plan = plan
        self._post = post
        self._now = now
        self._keys = plan.secret.reveal().split() if plan.secret is not None else []
        self._signers = [_signer(key, plan.id) for key in self._keys]

    def recipients(self) -> tuple[str, ...]:
        return ("",)

    def target(self) -> str:
        """The address, as a print."""
        return target_of(self._plan)

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        """See `Channel.as_sent`: the header, without address, token and signature, and the body as it is."""
        made = self._made(message, delivery)
        shown = {name: _SHOWN.get(name, value) for name, value in made.headers.items()}
        lines = [f"POST to {host_of(self._plan.url.reveal())}", *(f"{k}: {v}" for k, v in shown.items())]
        return "\n".join(lines).encode() + b"\n\n" + made.body

    async def send(self, message: Message, delivery: Delivery) -> str:
        """See `Channel.send`. Only 2xx is success; a redirect is refused, 410 ends the channel."""
        try:
            posted = await asyncio.to_thread(
                self._made, message, delivery
            )  # a long digest takes a while to fit
            answer = await self._post(self._plan.url.reveal(), posted.body, dict(posted.headers))
        except ForbiddenAddress as error:
            raise Refused(self._said(f"{error}; add its network to allow_private if it is yours")) from None
        except (CrawlError, OSError) as error:
            raise TryLater(self._said(str(error) or type(error).__name__), for_all=True) from None
        return self._judged(answer)

    def _made(self, message: Message, delivery: Delivery) -> Posted:
        make = _BODIES.get(self._plan.format)
        if make is None:
            return Posted(body=message.data.encode(), headers=self._headers(message, delivery))
        made = make(brief(message))
        headers = {**made.headers, "user-agent": "tidings"}
        if self._plan.token is not None:
            headers["authorization"] = f"Bearer {self._plan.token.reveal()}"
        return Posted(body=made.body, headers=headers)

    def _headers(self, message: Message, delivery: Delivery) -> dict[str, str]:
        at = self._now()
        headers = {
            "content-type": "application/cloudevents+json; charset=utf-8",
            "user-agent": "tidings (standard-webhooks)",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(at.timestamp())),
        }
        if self._signers:
            headers["webhook-signature"] = " ".join(
                signer.sign(delivery.id, at, message.data) for signer in self._signers
            )
        return headers

    def _judged(self, answer: Answer) -> str:
        status = answer.status
        words = answer.body[:500].decode("utf-8", "replace").strip()
        said = self._said(f"{_named(status)}: {words}" if words else _named(status))
        if 200 <= status < 300:
            reach("hook_2xx")
            return said
        if status == HTTPStatus.GONE:
            raise Refused(f"{said}; {GONE}, remove the channel or correct its url", disable=True)
        if 300 <= status < 400:
            raise Refused(f"{said}; redirects are not followed, write the final address into url")
        if status in _NOT_THIS_ONE:
            raise Refused(said)
        words = f"{said}; {remedy}" if (remedy := _REMEDIES.get(status)) else said
        wish = _wish(answer.headers, self._now())
        raise TryLater(words, retry_after=wish, for_all=status in _TOO_MUCH)

    def _said(self, text: str) -> str:
        url = self._plan.url.reveal()
        tokens = (self._plan.token.reveal(),) if self._plan.token is not None else ()
        return told(f"{host_of(url)}: {text}", (*secrets_of(url), *self._keys, *tokens))


def _signer(key: str, channel: str) -> Signer:
    try:
        return Signer(key)
    except (binascii.Error, ValueError, RuntimeError):
        pass
    except Exception as error:  # the library's own class for an empty secret is not exported
        if type(error).__name__ != "EmptyWebhookSecretError":
            raise
    raise AlertError(f"channel {channel}: the secret cannot be used; it is whsec_ followed by base64")


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _wish(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Retry-After, in seconds or as a date; None when absent, unreadable or in the past."""
    text = next((value.strip() for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        if seconds := _SECONDS.fullmatch(text):
            whole = int(seconds[1][:12]) + bool(seconds[2] and int(seconds[2]))  # Discord sends fractions
            return min(timedelta(seconds=whole), timedelta(days=366))
        wish = parsedate_to_datetime(text) - now
    except (ValueError, OverflowError, TypeError):
        return None
    return wish if wish > timedelta(0) else None
