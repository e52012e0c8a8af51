"""The base of all models, and the types their fields are made of."""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from crawler.secret import Secret
from tidings.settings.models import spider_file, values
from tidings.settings.models.faults import fault, suggestion
from tidings.settings.secrets import PLACEHOLDER, SecretFault, fill, read_secret
from tidings.settings.surroundings import Surroundings

T = TypeVar("T")


class Shape(BaseModel):
    """Keys that are known; any other is an error. A key without a value is as if it were not there."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    null_is_wrong: ClassVar[frozenset[str]] = frozenset()  # keys where "nothing" is surely a slip

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = cls.keys()
        return {
            key: value
            for key, value in data.items()
            if value is not None or key not in known or key in cls.null_is_wrong
        }

    @classmethod
    def keys(cls) -> frozenset[str]:
        """The keys a user may write."""
        return frozenset(info.alias or name for name, info in cls.model_fields.items())


def surroundings(info: ValidationInfo) -> Surroundings:
    """The context of this validation."""
    assert isinstance(info.context, Surroundings)
    return info.context


# -- lists -----------------------------------------------------------------------------------------


def one_of(kind: type[StrEnum]) -> Any:
    """Annotations for a field that takes one word of `kind`."""
    return PlainValidator(partial(values.choice, known=kind))


def _as_list(value: object) -> object:
    if isinstance(value, list):
        return value
    if value is None:
        raise fault("nothing stands here", "write one item a line with '- ' before it, or [] for none")
    return [value]


class _OneOrMany:
    """JSON Schema: one item may stand without a list."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        return {"anyOf": [schema["items"], {"type": "array", "items": schema["items"]}]}


Several = Annotated[tuple[T, ...], BeforeValidator(_as_list), _OneOrMany()]


# -- plain values ----------------------------------------------------------------------------------

_WORD: dict[str, Any] = {"type": ["string", "number", "boolean"]}  # editors type unquoted words themselves


def _string(pattern: str | None = None, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string"} | ({"pattern": pattern} if pattern else {}) | more)


Words = Annotated[str, PlainValidator(values.settled), WithJsonSchema(_WORD)]
Id = Annotated[str, PlainValidator(values.identifier), WithJsonSchema(_WORD)]
Duration = Annotated[
    timedelta, PlainValidator(values.duration), _string(values.DURATION, examples=["30s", "15m", "6h", "30d"])
]
LastingDuration = Annotated[
    timedelta,
    PlainValidator(values.lasting_duration),
    _string(values.DURATION, examples=["30s", "15m", "6h", "30d"]),
]


def _size(least: str, most: str) -> Any:
    return Annotated[
        int,
        PlainValidator(partial(values.size, least=least, most=most)),
        _string(values.SIZE, examples=["500kB", "10MiB"]),
    ]


BodySize = _size("500KiB", "256MiB")
HeaderSize = _size("8KiB", "1MiB")
KeptFor = Annotated[
    timedelta | None,
    PlainValidator(values.retention),
    _string(r"^([0-9]+[smhd]|forever)$", examples=["400d", "forever"]),
]
ClockTime = Annotated[time, PlainValidator(values.clock_time), _string(values.CLOCK_TIME, examples=["07:30"])]
QuietHours = Annotated[
    tuple[time, time], PlainValidator(values.quiet_hours), _string(values.QUIET, examples=["22:00-07:00"])
]
_DAY_NAMES = [*values.WEEK, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Days = Annotated[
    frozenset[int],
    PlainValidator(values.days),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["daily", "weekdays", "weekends", *_DAY_NAMES]},
                {"type": "array", "items": {"enum": _DAY_NAMES}},
            ]
        }
    ),
]
Zone = Annotated[str, PlainValidator(values.zone), _string(examples=["Europe/Berlin", "America/New_York"])]
Day = Annotated[date, PlainValidator(values.day), _string(values.DAY, examples=["2025-12-31"])]
Moment = Annotated[
    datetime, PlainValidator(values.moment), _string(examples=["2025-12-31", "2025-12-31T07:30Z"])
]
YesNo = Annotated[bool, PlainValidator(values.yes_no), WithJsonSchema({"type": "boolean"})]
WebAddress = Annotated[
    str, PlainValidator(values.web_address), _string(r"^https?://", examples=["https://example.org/rss.xml"])
]
PublicAddress = Annotated[
    str,
    PlainValidator(values.public_address),
    _string(r"^https://", examples=["https://news.example.org/tidings"]),
]
Language = Annotated[str, PlainValidator(values.language), _string(values.LANGUAGE, examples=["en", "hi"])]
Network = Annotated[str, PlainValidator(values.network), _string(examples=["127.0.0.0/8"])]
Host = Annotated[str, PlainValidator(values.host), _string(examples=["rsshub.example.org"])]
Bind = Annotated[
    tuple[str, int], PlainValidator(values.bind_address), _string(examples=["127.0.0.1:8787", "[::1]:8787"])
]


def _number(least: int, most: int) -> Any:
    return Annotated[
        int,
        PlainValidator(partial(values.count, least=least, most=most)),
        WithJsonSchema({"type": "integer", "minimum": least, "maximum": most}),
    ]


MostPages = Annotated[
    int | None,
    PlainValidator(values.most_pages),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0, "maximum": values.MOST_PAGES}, {"const": "unlimited"}]}
    ),
]
Ratio = _number(10, 10_000)
Redirects = _number(0, 10)
Positive = Annotated[
    int, PlainValidator(partial(values.count, least=1)), WithJsonSchema({"type": "integer", "minimum": 1})
]
Port = Annotated[
    int,
    PlainValidator(partial(values.count, least=1, most=65535)),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535}),
]


# -- secrets ---------------------------------------------------------------------------------------


def _filled(value: object, info: ValidationInfo) -> str:
    written = values.text(value)
    try:
        return fill(written, surroundings(info).environ)
    except SecretFault as error:
        raise fault(error.problem, error.remedy) from None


def _from_environment(value: object, info: ValidationInfo) -> Secret:
    written = values.text(value)
    if not PLACEHOLDER.search(written):
        raise fault(
            "the secret itself stands in the file",
            'write "${NAME}" and set NAME in the environment, or use a …_file key',
        )
    return Secret(_filled(value, info))


def _perhaps_from_environment(value: object, info: ValidationInfo) -> Secret:
    return Secret(_filled(value, info))


def _from_file(value: object, info: ValidationInfo) -> Secret:
    written = values.settled(value)
    path = surroundings(info).config_dir / os.path.expanduser(written)
    try:
        return read_secret(path, str(path))
    except SecretFault as error:
        raise fault(error.problem, error.remedy) from None


def _spider(value: object, info: ValidationInfo) -> str:
    written = values.text(value)
    path, colon, name = written.partition(":")
    if path.endswith(".py"):
        spider_file.check(surroundings(info).config_dir, path, name if colon else None)
        return written
    return values.dotted_path(written)


SpiderPath = Annotated[
    str,
    PlainValidator(_spider),
    _string(examples=["spiders/council.py", "spiders/council.py:CouncilSpider", "my_spiders.CouncilSpider"]),
]
Filled = Annotated[str, PlainValidator(_filled), _string()]
SecretText = Annotated[
    Secret,
    PlainValidator(_from_environment),
    _string(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", examples=["${SMTP_PASSWORD}"]),
]
SecretAddress = Annotated[
    Secret, PlainValidator(_perhaps_from_environment), _string(examples=["${HOOK_URL}"])
]
SecretFile = Annotated[Secret, PlainValidator(_from_file), _string(examples=["smtp-password"])]


# -- names of things in other files ----------------------------------------------------------------


def _channel(value: object, info: ValidationInfo) -> str:
    name = values.text(value)
    known = surroundings(info).names.channels
    if known is not None and name not in known:
        raise fault(f"there is no channel {values.shown(name)}", suggestion(name, known, what="channels"))
    return name


def _source(value: object, info: ValidationInfo) -> str:
    name = values.text(value)
    known = surroundings(info).names.sources
    if known is not None and name not in known:
        raise fault(
            f"no source has the id or tag {values.shown(name)}", suggestion(name, known, what="ids and tags")
        )
    return name


def _initiative(value: object, info: ValidationInfo) -> str:
    name = values.text(value)
    known = surroundings(info).names.initiatives
    if known is not None and name != "all" and name not in known:
        raise fault(
            f"there is no initiative {values.shown(name)}", suggestion(name, known, what="initiatives")
        )
    return name


ChannelName = Annotated[str, PlainValidator(_channel), WithJsonSchema(_WORD)]
SourceName = Annotated[str, PlainValidator(_source), WithJsonSchema(_WORD)]
InitiativeName = Annotated[str, PlainValidator(_initiative), WithJsonSchema(_WORD)]
