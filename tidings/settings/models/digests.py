"""`digests:` and `alerts:`, in a watchlist or in digests.yaml: who is told, when, of what."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import Field, PlainValidator, model_validator

from alerts.plans import AlertKind, AlertPlan, DigestPlan, WhenEmpty
from tidings.settings.models.base import (
    ChannelName,
    ClockTime,
    Days,
    Duration,
    Id,
    InitiativeName,
    LastingDuration,
    Positive,
    QuietHours,
    Several,
    Shape,
    Words,
    YesNo,
    Zone,
    one_of,
)
from tidings.settings.models.faults import fault
from tidings.settings.models.values import shown, text

EVERY_DAY = frozenset(range(7))
BEFORE_DUE = (timedelta(days=30), timedelta(days=7), timedelta(0))


def _template(value: object) -> str:
    name = text(value)
    if "/" in name or "\\" in name or name.startswith(".") or name.endswith(".j2"):
        raise fault(
            f"{shown(name)} is no name of a template",
            "write the name only: 'digest' stands for digest.html.j2",
        )
    return name


class DigestShape(Shape):
    """One digest: a message with what was matched since its last slot."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"to"})

    id: Id = Field(description="Its name, unique over the folder.")
    title: Words | None = Field(
        default=None, description="Its title in the subject; default: made from the id."
    )
    to: Several[ChannelName] = Field(description="Channels from tidings.yaml.")
    at: Several[ClockTime] = Field(default=(), description="Times of day at which it is told.")
    every: LastingDuration | None = Field(default=None, description="Or: told every so often.")
    immediately: YesNo = Field(default=False, description="Or: each story is told once, at once.")
    gather: Duration = Field(
        default=timedelta(minutes=5),
        description="With immediately: how long a story waits for its first articles.",
    )
    days: Days = Field(
        default=EVERY_DAY, description="daily, weekdays, weekends, or a list such as [mon, thu]."
    )
    zone: Zone = Field(default="UTC", description="The time zone of `at`, `days` and `quiet`.")
    quiet: QuietHours | None = Field(
        default=None, description="Held back in this span of the day, told after."
    )
    initiatives: Several[InitiativeName] | None = Field(
        default=None, description="Which initiatives; default: all of this file; `all`: of all files."
    )
    max_stories: Positive = Field(default=40, description="More than these are listed by title only.")
    when_empty: Annotated[WhenEmpty, one_of(WhenEmpty)] = Field(
        default=WhenEmpty.SKIP, description="With nothing to tell: skip, or send all the same."
    )
    template: Annotated[str, PlainValidator(_template)] = Field(
        default="digest", description="Name of the templates: NAME.html.j2 and NAME.txt.j2."
    )
    paused: YesNo = Field(default=False, description="True: nothing is told.")

    @model_validator(mode="after")
    def _has_one_rhythm(self) -> Self:
        chosen = [
            key
            for key, given in (("at", self.at), ("every", self.every), ("immediately", self.immediately))
            if given
        ]
        if not chosen:
            raise fault(
                f"digest '{self.id}' does not say when", 'add a time, such as at: "07:30"', at=("id",)
            )
        if len(chosen) > 1:
            raise fault(
                f"digest '{self.id}' has both {' and '.join(chosen)}", "keep one of them", at=(chosen[-1],)
            )
        if not self.to:
            raise fault(f"digest '{self.id}' goes to nobody", "name a channel: to: [outbox]", at=("to",))
        return self

    def record(self, here: tuple[str, ...], everywhere: tuple[str, ...]) -> DigestPlan:
        """As a record. `here`: ids of this file's initiatives; `everywhere`: of all."""
        return DigestPlan(
            id=self.id,
            title=self.title,
            to=_once(self.to),
            initiatives=_resolved(self.initiatives, here, everywhere),
            at=tuple(sorted(set(self.at))),
            days=self.days,
            zone=self.zone,
            every=self.every,
            immediately=self.immediately,
            gather=self.gather,
            quiet=self.quiet,
            max_stories=self.max_stories,
            when_empty=self.when_empty,
            template=self.template,
            paused=self.paused,
        )


class AlertShape(Shape):
    """A message of its own on an event."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"to"})

    on: Annotated[AlertKind, one_of(AlertKind)] = Field(
        description="surge, silence, commitment (a date comes near) or source-trouble."
    )
    to: Several[ChannelName] = Field(description="Channels from tidings.yaml.")
    before: Several[Duration] | None = Field(
        default=None, description="With commitment: how long before its date; 0d is the day itself."
    )
    at: Several[ClockTime] = Field(
        default=(),
        description="Sent at these times; default: with the next digest to the channel, else at once.",
    )
    zone: Zone = Field(default="UTC", description="The time zone of `at` and of days.")
    initiatives: Several[InitiativeName] | None = Field(
        default=None, description="Which initiatives; default: all of this file; `all`: of all files."
    )

    @model_validator(mode="after")
    def _fits_its_event(self) -> Self:
        if self.before is not None and self.on is not AlertKind.COMMITMENT:
            raise fault(
                f"'before' does not go with on: {self.on}",
                "remove it; only commitments have dates",
                at=("before",),
            )
        if not self.to:
            raise fault("the alert goes to nobody", "name a channel: to: [outbox]", at=("to",))
        return self

    def record(self, here: tuple[str, ...], everywhere: tuple[str, ...]) -> AlertPlan:
        """As a record. `here`: ids of this file's initiatives; `everywhere`: of all."""
        before = BEFORE_DUE if self.before is None else self.before
        return AlertPlan(
            on=self.on,
            to=_once(self.to),
            before=tuple(sorted(set(before), reverse=True)) if self.on is AlertKind.COMMITMENT else (),
            at=tuple(sorted(set(self.at))),
            zone=self.zone,
            initiatives=_resolved(self.initiatives, here, everywhere),
        )


class DigestsFile(Shape):
    """digests.yaml: digests and alerts over several watchlists."""

    digests: Several[DigestShape] = Field(default=(), description="Digests over several watchlists.")
    alerts: Several[AlertShape] = Field(default=(), description="Alerts over several watchlists.")


def _resolved(
    wanted: tuple[str, ...] | None, here: tuple[str, ...], everywhere: tuple[str, ...]
) -> tuple[str, ...]:
    if wanted is None:
        return here
    return everywhere if "all" in wanted else _once(wanted)


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
