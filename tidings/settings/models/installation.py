"""tidings.yaml: the installation: database, polling, retention, what is served, heartbeat, channels."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from crawler.net.guard import PORTS
from crawler.secret import Secret
from tidings.settings.models.base import (
    Bind,
    BodySize,
    ChannelName,
    Day,
    Duration,
    HeaderSize,
    Host,
    Id,
    KeptFor,
    LastingDuration,
    MostPages,
    Network,
    Port,
    Positive,
    PublicAddress,
    Ratio,
    Redirects,
    SecretAddress,
    SecretFile,
    SecretText,
    Several,
    Shape,
    WebAddress,
    one_of,
    surroundings,
)
from tidings.settings.models.channels import ChannelShape, hook_address, only_one
from tidings.settings.models.faults import fault
from tidings.settings.models.values import shown, text
from tidings.settings.records import Edits, Heartbeat, Polling, Queue, Retention, Web, is_loopback
from tidings.settings.secrets import SecretFault, fill

DEFAULT_CHANNELS: dict[str, dict[str, str]] = {"outbox": {"type": "file", "dir": "outbox"}}
SHORTEST_BEAT = timedelta(seconds=10)
_DATABASE = r"sqlite(:///.+)?|(postgresql|postgres)(\+psycopg)?://\S+"


def _database(value: object, info: ValidationInfo) -> str:
    written = text(value)
    try:
        address = fill(written, surroundings(info).environ)
    except SecretFault as error:
        raise fault(error.problem, error.remedy) from None
    if not re.fullmatch(_DATABASE, address):
        scheme = re.match(r"([a-z+]{1,20})://", written)
        raise fault(
            f"{shown(scheme[1]) if scheme else 'this'} is no database that tidings knows",
            "write sqlite, or postgresql://user@host/name",
        )
    return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", address)


def _is_mapping(value: object) -> object:
    if not isinstance(value, dict):
        raise fault("'channels' holds no channels", "write 'NAME: {type: …}' lines below it")
    return value


Database = Annotated[
    str,
    PlainValidator(_database),
    WithJsonSchema({"type": "string", "examples": ["sqlite", "postgresql://tidings@localhost/tidings"]}),
]


class PollingShape(Shape):
    """How sources are asked."""

    every: LastingDuration = Field(
        default=timedelta(minutes=30),
        description="First guess; then each source's own rhythm, within floor and ceiling.",
    )
    floor: Duration = Field(default=timedelta(minutes=15), description="Never more often than this.")
    ceiling: LastingDuration = Field(default=timedelta(hours=24), description="Never less often than this.")
    timeout: LastingDuration = Field(
        default=timedelta(seconds=30), description="One fetch in all, however slow."
    )
    connect_timeout: LastingDuration = Field(
        default=timedelta(seconds=10),
        description="Finding and reaching a host, within `timeout`.",
    )
    max_size: BodySize = Field(
        default="10MiB", validate_default=True, description="One answer, unpacked; a larger one is dropped."
    )
    max_ratio: Ratio = Field(
        default=100, description="How many times its size a packed answer may have unpacked."
    )
    max_headers: HeaderSize = Field(
        default="64KiB", validate_default=True, description="All header lines of one answer."
    )
    max_redirects: Redirects = Field(default=5, description="Redirects followed from one address.")
    ports: Several[Port] = Field(
        default=tuple(sorted(PORTS)), description="Ports on which public addresses may be asked."
    )
    backfill: Duration = Field(
        default=timedelta(days=3),
        description="On a first poll, younger entries are told, older ones known but not told.",
    )
    host_delay: Duration = Field(
        default=timedelta(seconds=1), description="Time between two requests to one host."
    )
    pages_per_host: MostPages = Field(
        default=1000,
        description="Article pages of one host asked for in 24 hours; those near an initiative are asked for past it.",
    )
    wait_for_text: Duration = Field(
        default=timedelta(hours=1),
        description="How long an article waits for its page before it is matched without it.",
    )
    contact: WebAddress | None = Field(default=None, description="Page about you; goes into the User-Agent.")
    allow_private: Several[Network] = Field(
        default=(), description="Networks that may be fetched although they are not public, on any port."
    )
    bridges: Several[Host] = Field(
        default=(),
        description="Hosts that carry feeds of many sites: their wish to wait binds the feed that got it, not all.",
    )

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.floor > self.ceiling:
            raise fault("floor is longer than ceiling", "exchange the two", at=("floor",))
        return self

    @model_validator(mode="after")
    def _connect_within_timeout(self) -> Self:
        if "connect_timeout" in self.model_fields_set and self.connect_timeout > self.timeout:
            raise fault("connect_timeout is longer than timeout", "make it shorter", at=("connect_timeout",))
        return self

    @model_validator(mode="after")
    def _some_port(self) -> Self:
        if not self.ports:
            raise fault("no port is left to ask on", "name some, such as [80, 443]", at=("ports",))
        return self

    def record(self) -> Polling:
        """As a record."""
        return Polling(
            every=self.every,
            floor=self.floor,
            ceiling=self.ceiling,
            timeout=self.timeout,
            connect_timeout=self.connect_timeout,
            max_size=self.max_size,
            max_ratio=self.max_ratio,
            max_headers=self.max_headers,
            max_redirects=self.max_redirects,
            ports=self.ports,
            backfill=self.backfill,
            host_delay=self.host_delay,
            pages_per_host=self.pages_per_host,
            wait_for_text=self.wait_for_text,
            contact=self.contact,
            allow_private=self.allow_private,
            bridges=self.bridges,
        )


class RetentionShape(Shape):
    """How long articles are kept."""

    unmatched: KeptFor = Field(default=timedelta(days=400), description="Articles that matched nothing.")
    text: KeptFor = Field(default=timedelta(days=400), description="Texts of articles.")
    matched: KeptFor = Field(default=None, description="What is known of matched articles.")

    def record(self) -> Retention:
        """As a record."""
        return Retention(unmatched=self.unmatched, text=self.text, matched=self.matched)


class WebShape(Shape):
    """What is served by HTTP."""

    public: PublicAddress | None = Field(
        default=None,
        description="The https address under which readers reach `bind`, by a reverse proxy; with it, mails carry "
        "links to unsubscribe and to judge stories. The site is there only with a token.",
    )
    bind: Bind = Field(default=("127.0.0.1", 8787), description="Host and port to listen on.")
    hosts: Several[Host] = Field(
        default=(),
        description="Further names under which probes, metrics and the site may be asked for; `bind` and its addresses "
        "are known.",
    )
    token: SecretText | None = Field(
        default=None,
        description='"${NAME}": asked of who wants the site, details of the probes, and metrics; needed beyond loopback.',
        repr=False,
    )
    token_file: SecretFile | None = Field(default=None, description="File with the token.", repr=False)

    feeds_since: Day | None = Field(
        default=None,
        description="Another day here makes other addresses of all feeds: those that are out lead nowhere then.",
    )

    @model_validator(mode="after")
    def _wide_needs_a_token(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise fault("both token and token_file are given", "keep one of them", at=("token",))
        if self.secret() is None and not is_loopback(self.bind[0]):
            raise fault(
                f"metrics would be open to others on {self.bind[0]}",
                'add token_file, or bind: "127.0.0.1:8787"',
                at=("bind",),
            )
        return self

    def secret(self) -> Secret | None:
        """The token."""
        return self.token or self.token_file

    def record(self) -> Web:
        """As a record."""
        return Web(
            host=self.bind[0],
            port=self.bind[1],
            token=self.secret(),
            public=self.public,
            hosts=self.hosts,
            feeds_since=self.feeds_since,
            written=bool(self.model_fields_set),
        )


class HeartbeatShape(Shape):
    """A sign of life to a service that raises the alarm when it stays away."""

    url: Annotated[SecretAddress, AfterValidator(hook_address)] | None = Field(
        default=None, description='Asked by GET; may hold "${NAME}".', repr=False
    )
    url_file: Annotated[SecretFile, AfterValidator(hook_address)] | None = Field(
        default=None, description="Or a file with the address.", repr=False
    )
    every: LastingDuration = Field(
        default=timedelta(minutes=5), description="Time between two signs, 10s or more."
    )
    allow_private: Several[Network] = Field(
        default=(), description="Networks that may be asked although not public."
    )

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        only_one(self.url, self.url_file, "url")
        if self.url is None and self.url_file is None:
            raise fault("the heartbeat has no address", "add url or url_file")
        if self.every < SHORTEST_BEAT:
            raise fault("a heartbeat so often helps nobody", "write 10s or more", at=("every",))
        return self

    def record(self) -> Heartbeat:
        """As a record."""
        url = self.url or self.url_file
        assert url is not None
        return Heartbeat(url=url, every=self.every, allow_private=self.allow_private)


class EditsShape(Shape):
    """What an edit of the watchlists may bring while `tidings run` is at work."""

    max_stories_per_week: Positive | None = Field(
        default=None,
        description="An edit that would bring more stories a week than this, and more than the rules before it, is "
        "refused. Reckoned over the last 30 days of the archive and all initiatives; default: any number.",
    )

    def record(self) -> Edits:
        """As a record."""
        return Edits(max_stories_per_week=self.max_stories_per_week)


class TidingsFile(Shape):
    """tidings.yaml: the installation."""

    database: Database = Field(
        default="sqlite", description="sqlite (a file in the state folder) or postgresql://…", repr=False
    )
    queue: Annotated[Queue, one_of(Queue)] | None = Field(
        default=None, description="procrastinate spreads the work over processes; needs PostgreSQL."
    )
    polling: PollingShape = Field(default_factory=PollingShape, description="How sources are asked.")
    retention: RetentionShape = Field(
        default_factory=RetentionShape, description="How long articles are kept."
    )
    web: WebShape = Field(default_factory=WebShape, description="What is served by HTTP.")
    heartbeat: HeartbeatShape | None = Field(
        default=None, description="A sign of life to a service that raises the alarm when it stays away."
    )
    edits: EditsShape = Field(
        default_factory=EditsShape, description="What an edit may bring while `tidings run` is at work."
    )
    operator: ChannelName | None = Field(
        default=None,
        description="The channel for trouble: channels that are gone, refused edits, failing sources.",
    )
    channels: Annotated[dict[Id, ChannelShape], BeforeValidator(_is_mapping)] = Field(
        default=DEFAULT_CHANNELS,
        validate_default=True,
        description="Ways out: mail, webhooks, files, apprise.",
    )

    @model_validator(mode="after")
    def _queue_needs_postgresql(self) -> Self:
        if self.queue is not None and not self.database.startswith("postgresql"):
            raise fault(
                f"queue: {self.queue} needs PostgreSQL",
                "set database: postgresql://…, or remove queue",
                at=("queue",),
            )
        return self
