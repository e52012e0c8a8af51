"""`channels:` in tidings.yaml: mail, webhooks, files and apprise."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from alerts.plans import (
    AppriseChannel,
    ChannelPlan,
    EmailChannel,
    FileChannel,
    HookFormat,
    Tls,
    WebhookChannel,
)
from crawler.secret import Secret
from tidings.settings.models.base import (
    Filled,
    Network,
    Port,
    SecretAddress,
    SecretFile,
    SecretText,
    Several,
    Shape,
    Words,
    one_of,
)
from tidings.settings.models.faults import fault, suggestion
from tidings.settings.models.values import ADDRESS, shown, text

KINDS = ("email", "webhook", "file", "apprise")


def _mail_address(value: str) -> str:
    if not re.fullmatch(rf"{ADDRESS}|[^<>]*<{ADDRESS}>", value):
        raise fault("this is no mail address", 'write desk@example.org, or "Name <desk@example.org>"')
    return value


def _signing_secret(value: Secret) -> Secret:
    """One secret, or several parted by white space while a receiver changes over."""
    keys = value.reveal().split()
    if not keys or not all(map(_is_signing_key, keys)):
        raise fault(
            "the secret is not of the form of Standard Webhooks",
            "it begins with whsec_ and goes on in base64",
        )
    return value


def _is_signing_key(text: str) -> bool:
    scheme, _, key = text.partition("_")
    try:
        return scheme == "whsec" and bool(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        return False


def _token(value: Secret) -> Secret:
    if not re.fullmatch(r"[!-~]+", value.reveal()):
        raise fault("the token is no token of ntfy", "it is one word, tk_ and letters and digits")
    return value


def hook_address(value: Secret) -> Secret:
    """A web address that is a secret, because who knows it can speak through it."""
    if not re.fullmatch(r"https?://[^\s/]+\S*", value.reveal()):
        raise fault(
            "the url is no web address", "write it in full, such as https://hooks.example.org/tidings"
        )
    return value


def _apprise_address(value: Secret) -> Secret:
    if "://" not in value.reveal():
        raise fault("the url is no apprise address", "write it as apprise does, such as ntfy://host/topic")
    return value


def only_one(given: object, from_file: object, key: str) -> None:
    """Refuse a secret that is given in two ways."""
    if given and from_file:
        raise fault(f"both {key} and {key}_file are given", "keep one of them", at=(key,))


MailAddress = Annotated[Filled, AfterValidator(_mail_address)]


class SmtpShape(Shape):
    """The mail server."""

    host: Filled = Field(description="Its name.")
    port: Port = Field(default=587, description="587 (STARTTLS) or 465 (TLS) as a rule.")
    tls: Annotated[Tls, one_of(Tls)] = Field(
        default=Tls.REQUIRE, description="require: encrypted with a verified certificate; opportunistic; off."
    )
    user: Filled | None = Field(default=None, description="The user name.")
    password: SecretText | None = Field(
        default=None, description='"${NAME}": from the environment.', repr=False
    )
    password_file: SecretFile | None = Field(default=None, description="File with the password.", repr=False)

    @model_validator(mode="after")
    def _user_and_password_belong_together(self) -> Self:
        only_one(self.password, self.password_file, "password")
        if self.user is not None and self.secret() is None:
            raise fault(
                "smtp has a user but no password",
                'add password: "${SMTP_PASSWORD}" or password_file',
                at=("user",),
            )
        if self.user is None and self.secret() is not None:
            raise fault("smtp has a password but no user", "add user")
        return self

    def secret(self) -> Secret | None:
        """The password."""
        return self.password or self.password_file


class EmailShape(Shape):
    """Mail: one message a recipient."""

    type: Literal["email"] = Field(description="Mail.")
    sender: MailAddress = Field(alias="from", description='"Name <address>".')
    to: Several[MailAddress] = Field(description="The recipients; each gets a mail of their own.")
    smtp: SmtpShape = Field(description="The mail server.")

    @model_validator(mode="after")
    def _has_recipients(self) -> Self:
        if not self.to:
            raise fault("the channel has no recipient", "write to: [desk@example.org]", at=("to",))
        return self

    def record(self, name: str, state_dir: Path) -> ChannelPlan:
        """As a record."""
        return EmailChannel(
            id=name,
            sender=self.sender,
            to=tuple(dict.fromkeys(self.to)),
            host=self.smtp.host,
            port=self.smtp.port,
            tls=self.smtp.tls,
            user=self.smtp.user,
            password=self.smtp.secret(),
        )


class WebhookShape(Shape):
    """A signed JSON document to an address of yours, or a message to a chat service."""

    type: Literal["webhook"] = Field(description="A webhook.")
    url: Annotated[SecretAddress, AfterValidator(hook_address)] | None = Field(
        default=None, description='Where to; may hold "${NAME}".', repr=False
    )
    url_file: Annotated[SecretFile, AfterValidator(hook_address)] | None = Field(
        default=None, description="Or a file with the address.", repr=False
    )
    format: Annotated[HookFormat, one_of(HookFormat)] = Field(
        default=HookFormat.CLOUDEVENTS,
        description="What is sent: our own document, or a message for a service.",
    )
    secret: Several[Annotated[SecretText, AfterValidator(_signing_secret)]] = Field(
        default=(),
        description='Signs the document: "${NAME}", whsec_ and base64. Each of several signs.',
        repr=False,
    )
    secret_file: Several[Annotated[SecretFile, AfterValidator(_signing_secret)]] = Field(
        default=(), description="Or a file with the secret.", repr=False
    )
    token: Annotated[SecretText, AfterValidator(_token)] | None = Field(
        default=None, description='Access token of ntfy: "${NAME}".', repr=False
    )
    token_file: Annotated[SecretFile, AfterValidator(_token)] | None = Field(
        default=None, description="Or a file with the token.", repr=False
    )
    allow_private: Several[Network] = Field(
        default=(), description="Networks that may be asked although not public."
    )

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        only_one(self.url, self.url_file, "url")
        only_one(self.secret, self.secret_file, "secret")
        only_one(self.token, self.token_file, "token")
        if self.url is None and self.url_file is None:
            raise fault("the webhook has no address", "add url or url_file", at=("type",))
        if self.format is not HookFormat.CLOUDEVENTS and (self.secret or self.secret_file):
            raise fault(
                f"a message for {self.format} is not signed, and has no use for a secret",
                "drop the secret, or write format: cloudevents",
                at=("format",),
            )
        self._token_is_of_use()
        return self

    def _token_is_of_use(self) -> None:
        if self.token is None and self.token_file is None:
            return
        if self.format is not HookFormat.NTFY:
            raise fault("only ntfy takes a token", "drop it, or write format: ntfy", at=("format",))
        url = self.url or self.url_file
        if url is not None and url.reveal().startswith("http:") and not self.allow_private:
            raise fault(
                "the token would go over the net in the clear",
                "write the url with https; for a server in your own network name it in allow_private",
                at=("token" if self.token is not None else "token_file",),
            )

    def record(self, name: str, state_dir: Path) -> ChannelPlan:
        """As a record."""
        url = self.url or self.url_file
        assert url is not None
        keys = [one.reveal() for one in self.secret or self.secret_file]
        return WebhookChannel(
            id=name,
            url=url,
            secret=Secret(" ".join(keys)) if keys else None,
            token=self.token or self.token_file,
            format=self.format,
            allow_private=self.allow_private,
        )


class FileShape(Shape):
    """Files in a folder: KEY.eml, KEY.html, KEY.txt and KEY.json."""

    type: Literal["file"] = Field(description="Files.")
    dir: Words = Field(default="outbox", description="The folder; a relative one lies in the state folder.")

    def record(self, name: str, state_dir: Path) -> ChannelPlan:
        """As a record."""
        return FileChannel(id=name, dir=str((state_dir / self.dir).absolute()))


class AppriseShape(Shape):
    """Any of the services that apprise knows; needs the extra `tidings[apprise]`."""

    type: Literal["apprise"] = Field(description="A chat or push service by apprise.")
    url: Annotated[SecretAddress, AfterValidator(_apprise_address)] | None = Field(
        default=None, description='Its address; may hold "${NAME}".', repr=False
    )
    url_file: Annotated[SecretFile, AfterValidator(_apprise_address)] | None = Field(
        default=None, description="Or a file with the address.", repr=False
    )

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        only_one(self.url, self.url_file, "url")
        if self.url is None and self.url_file is None:
            raise fault("the channel has no address", "add url_file or url", at=("type",))
        return self

    def record(self, name: str, state_dir: Path) -> ChannelPlan:
        """As a record."""
        url = self.url or self.url_file
        assert url is not None
        return AppriseChannel(id=name, url=url)


def _with_a_known_type(value: object) -> object:
    """Refuses a channel whose type is missing or unknown, before its model is chosen by it."""
    if not isinstance(value, dict):
        raise fault("a channel needs keys of its own", "write for example {type: file, dir: outbox}")
    written = value.get("type")
    if written is None:
        raise fault("the channel has no type", f"add type: one of {', '.join(KINDS)}")
    name = text(written)
    if name not in KINDS:
        raise fault(
            f"there is no channel type {shown(name)}", suggestion(name, KINDS, what="types"), at=("type",)
        )
    return {**value, "type": name}


ChannelShape = Annotated[
    Annotated[EmailShape | WebhookShape | FileShape | AppriseShape, Field(discriminator="type")],
    BeforeValidator(_with_a_known_type),
]
