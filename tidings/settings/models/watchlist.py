"""watchlists/*.yaml: initiatives, their terms, commitments and examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from alerts.errors import RuleError
from alerts.expression import is_group, parse_item
from alerts.records import (
    DEFAULT_FIELDS,
    Case,
    Commitment,
    CommitmentState,
    Example,
    Initiative,
    SavedSearch,
    Term,
    Watchlist,
)
from alerts.records import Field as Part
from tidings.settings.document import Text
from tidings.settings.models.base import (
    Day,
    Id,
    Language,
    Moment,
    Several,
    Shape,
    SourceName,
    WebAddress,
    Words,
    YesNo,
    one_of,
    surroundings,
)
from tidings.settings.models.digests import AlertShape, DigestShape
from tidings.settings.models.faults import fault, suggestion
from tidings.settings.models.values import CONTROL, count, shown, text
from tidings.settings.queries import Narrowed, moment, parted
from tidings.settings.quoting import single_quoted

Where = Callable[..., str]  # path below the present one → "FILE:LINE:COLUMN"

LONGEST_TERM = 2_000  # characters

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # whether an age can be read depends on no clock
_TERM_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"]}


def _term_text(value: object) -> str:
    """What is looked for, exactly as it stands there."""
    if value is None:
        raise fault(
            "this item is empty",
            "write a word or phrase, or remove the dash; quote it if it is meant: 'null'",
        )
    if isinstance(value, dict):
        raise _key_and_value(value)
    if not isinstance(value, str):
        raise fault(
            "a list stands where a term is expected", "write one term a line; quote one that begins with ["
        )
    if isinstance(value, Text) and value.run_on:
        raise fault(
            "two lines run together to one term",
            "begin each term with '- ' in the same column, or quote the long one",
        )
    if len(value) > LONGEST_TERM:
        raise fault(
            f"this term has {len(value)} characters", f"use {LONGEST_TERM} at most; split it into several"
        )
    if CONTROL.search(value):
        raise fault("the term holds an invisible control character", "write it without escapes such as \\0")
    if not value.strip():
        raise fault("this item is empty", "write a word or phrase between the quotes, or remove the line")
    return str(value).rstrip("\n")


def _key_and_value(value: dict[Any, Any]) -> Exception:
    key, what = next(iter(value.items()), ("", ""))
    written = f"{key}: {what}" if isinstance(what, str) else f"{key}:"
    if not value:
        return fault("empty brackets stand where a term is expected", "write a term, or remove the line")
    return fault(f"{shown(written)} is read as a key and its value", f"quote it: {single_quoted(written)}")


def _checked(term: Term, info: ValidationInfo, *at: str) -> None:
    validate = surroundings(info).validate_term
    if validate is None:
        return
    try:
        validate(term)
    except RuleError as error:
        raise fault(error.problem, error.remedy, index=error.offset, at=at) from None


def _check_phrase(value: str, info: ValidationInfo) -> str:
    _checked(Term(text=value, case=Case.FOLD), info)
    if surroundings(info).validate_term is not None and not is_group(parse_item(value)):
        raise fault(
            f"{shown(value)} holds more than words and OR",
            "give single words, phrases or patterns, one an item",
        )
    return value


TermText = Annotated[str, PlainValidator(_term_text), WithJsonSchema(_TERM_SCHEMA)]
Phrase = Annotated[TermText, AfterValidator(_check_phrase)]
Within = Annotated[
    int,
    PlainValidator(lambda value: count(value, most=1000)),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]


class TermShape(Shape):
    """One thing to look for: a word, a phrase, an expression; or the long form with `term` and more."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"term", "near", "except"})

    term: TermText = Field(description="The word, phrase or expression.")
    case: Annotated[Case, one_of(Case)] = Field(
        default=Case.SMART,
        description="smart: words in capitals are names; fold: ignore case; exact: letters as they are.",
    )
    near: Several[Phrase] = Field(default=(), description="One of these must stand near the hit.")
    within: Within = Field(default=30, description="At most so many words between the hit and a `near` word.")
    exceptions: Several[Phrase] = Field(
        default=(), alias="except", description="A hit that is part of one of these is not meant."
    )
    valid_from: Day | None = Field(
        default=None, alias="from", description="Only for news published from this day on."
    )
    valid_until: Day | None = Field(
        default=None, alias="until", description="Only for news published until this day."
    )
    ordinary: YesNo | None = Field(
        default=None,
        description="Whether a name in capitals is also a common word; default: the bundled list says.",
    )
    plural: YesNo = Field(default=True, description="Whether the plural matches too.")
    literal: YesNo = Field(default=False, description="True: never read as an expression.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        if isinstance(data, dict):
            if not cls.keys() & data.keys():
                raise _key_and_value(data)
            return data
        return {"term": _term_text(data)}

    @model_validator(mode="after")
    def _is_sound(self, info: ValidationInfo) -> Self:
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise fault(
                f"until ({self.valid_until}) lies before from ({self.valid_from})",
                "exchange the two",
                at=("until",),
            )
        _checked(self.record(""), info, "term")
        return self

    def record(self, where: str) -> Term:
        """As a record. `where`: position of the term."""
        return Term(
            text=self.term,
            case=self.case,
            near=self.near,
            within=self.within,
            exceptions=self.exceptions,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            ordinary=self.ordinary,
            plural=self.plural,
            literal=self.literal,
            where=where,
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        return {"anyOf": [_TERM_SCHEMA, schema]}


class CommitmentShape(Shape):
    """A dated promise."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"any"})

    id: Id = Field(description="Its name in the digest and the archive; unique in the initiative.")
    text: Words = Field(description="What was promised.")
    due: Day | None = Field(default=None, description="Until when.")
    state: Annotated[CommitmentState, one_of(CommitmentState)] = Field(
        default=CommitmentState.OPEN, description="open, met, missed or dropped: set by you, never guessed."
    )
    met: Day | None = Field(default=None, description="The day it was met.")
    by: WebAddress | None = Field(default=None, description="Where that is reported.")
    any: Several[TermShape] = Field(default=(), description="Articles with one of these are filed under it.")

    @model_validator(mode="after")
    def _state_and_day_agree(self) -> Self:
        if self.state is CommitmentState.MET and self.met is None:
            raise fault(f"'{self.id}' is met, but not when", "add the day: met: 2025-12-31", at=("state",))
        if self.met is not None and self.state is not CommitmentState.MET:
            raise fault(
                f"'{self.id}' has a day on which it was met, but its state is {self.state}",
                "write state: met",
                at=("met",),
            )
        return self

    def record(self, where: Where) -> Commitment:
        """As a record."""
        return Commitment(
            id=self.id,
            text=self.text,
            due=self.due,
            state=self.state,
            met=self.met,
            by=self.by,
            any=_terms(self.any, where, "any"),
        )


class ExampleShape(Shape):
    """An article to try the rule on; a plain text is a title."""

    title: Words = Field(default="", description="Its title.")
    summary: Words = Field(default="", description="Its summary.")
    text: Words = Field(default="", description="Its text.")
    language: Language | None = Field(default=None, description="Its language.")
    source: SourceName | None = Field(default=None, description="The source it comes from.")
    published: Moment | None = Field(default=None, description="When it was published.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        if isinstance(data, dict):
            if data and not cls.keys() & data.keys():
                raise _key_and_value(data)
            return data
        return {"title": text(data)}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.title or self.summary or self.text):
            raise fault("the example has no words", "give it a title, a summary or a text")
        return self

    def record(self, where: str, *, matches: bool) -> Example:
        """As a record."""
        return Example(
            matches=matches,
            title=self.title,
            summary=self.summary,
            text=self.text,
            language=self.language,
            source=self.source,
            published=self.published,
            where=where,
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        return {"anyOf": [_TERM_SCHEMA, schema]}


class ExamplesShape(Shape):
    """Tests of the rule; `tidings check` runs them."""

    match: Several[ExampleShape] = Field(default=(), description="The rule must match these.")
    ignore: Several[ExampleShape] = Field(default=(), description="The rule must not match these.")

    def record(self, where: Where) -> tuple[Example, ...]:
        """As records, those to be matched first."""
        return (
            *(one.record(where("match", n), matches=True) for n, one in enumerate(self.match)),
            *(one.record(where("ignore", n), matches=False) for n, one in enumerate(self.ignore)),
        )


class InitiativeShape(Shape):
    """What to look for: `(any OR …) AND all AND NOT none`."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"any", "all", "none", "except", "context"})

    id: Id = Field(description="Its name in commands, digests and data; unique over all watchlists.")
    name: Words | None = Field(default=None, description="Its title in the digest; default: the id.")
    any: Several[TermShape] = Field(default=(), description="One of these is enough.")
    all: Several[TermShape] = Field(default=(), description="Every one of these must occur.")
    none: Several[TermShape] = Field(
        default=(), description="One of these anywhere, and the article is about something else."
    )
    exceptions: Several[Phrase] = Field(
        default=(),
        alias="except",
        description="A hit that is part of one of these is not meant; others still count.",
    )
    fields: Several[Annotated[Part, one_of(Part)]] = Field(
        default=DEFAULT_FIELDS, alias="in", description="Where to look: title, summary, text, author, url."
    )
    languages: Several[Language] = Field(
        default=(), description="Only articles in these languages; default: all."
    )
    sources: Several[SourceName] = Field(
        default=(), description="Only from these sources (ids or tags); default: all."
    )
    context: Several[Phrase] | None = Field(
        default=None,
        description="What it is about, used wherever a hit alone proves little; default: the watchlist's.",
    )
    commitments: Several[CommitmentShape] = Field(default=(), description="Dated promises.")
    examples: ExamplesShape = Field(default_factory=ExamplesShape, description="Tests of the rule.")
    paused: YesNo = Field(default=False, description="True: goes on matching, tells nobody.")

    @model_validator(mode="after")
    def _looks_for_something(self) -> Self:
        promised = any(one.any for one in self.commitments)
        if not self.any and not self.all and not promised:
            raise fault(
                f"initiative '{self.id}' has nothing to look for", "add terms under 'any:'", at=("id",)
            )
        if not self.fields:
            raise fault(
                "'in' names no part of the article", "write for example in: [title, text]", at=("in",)
            )
        seen: set[str] = set()
        for n, one in enumerate(self.commitments):
            if one.id in seen:
                raise fault(
                    f"commitment '{one.id}' stands twice in initiative '{self.id}'",
                    "give each its own id",
                    at=("commitments", n, "id"),
                )
            seen.add(one.id)
        return self

    def record(self, watchlist_id: str, where: Where) -> Initiative:
        """As a record."""
        return Initiative(
            id=self.id,
            name=self.name or self.id,
            watchlist_id=watchlist_id,
            any=_terms(self.any, where, "any"),
            all=_terms(self.all, where, "all"),
            none=_terms(self.none, where, "none"),
            exceptions=self.exceptions,
            fields=self.fields,
            languages=self.languages,
            sources=self.sources,
            context=self.context,
            commitments=tuple(
                one.record(_below(where, "commitments", n)) for n, one in enumerate(self.commitments)
            ),
            examples=self.examples.record(_below(where, "examples")),
            paused=self.paused,
            where=where("id"),
        )


class SearchShape(Shape):
    """A question to the archive that bears a name: a feed of it is served, and `tidings search` asks it by its id."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"query"})

    id: Id = Field(description="Its name in commands and addresses; unique over all watchlists.")
    name: Words | None = Field(default=None, description="Its title in the feed; default: the id.")
    query: TermText = Field(
        description="An item of the language, with since:, until:, initiative: and story: beside the words."
    )

    @model_validator(mode="after")
    def _can_be_asked(self, info: ValidationInfo) -> Self:
        try:
            words, narrowed = parted(self.query)
        except RuleError as error:
            raise fault(error.problem, error.remedy, index=error.offset, at=("query",)) from None
        for one in narrowed:
            self._is_known(one, info)
        if words.strip() or not narrowed:
            _checked(Term(text=words, ordinary=False), info, "query")
        return self

    def _is_known(self, one: Narrowed, info: ValidationInfo) -> None:
        known = surroundings(info).names.initiatives
        if one.key in ("since", "until"):
            try:
                moment(one.value, _ANY_DAY, last=one.key == "until")
            except ValueError:
                raise fault(
                    f"'{one.value}' names no time",
                    f"write an age ({one.key}:90d) or a day ({one.key}:2026-03-01)",
                    index=one.at,
                    at=("query",),
                ) from None
        elif one.key == "initiative" and known is not None and one.value not in known:
            remedy = suggestion(one.value, known, what="initiatives")
            raise fault(f"there is no initiative '{one.value}'", remedy, index=one.at, at=("query",))

    def record(self, where: str) -> SavedSearch:
        """As a record."""
        return SavedSearch(id=self.id, name=self.name or self.id, query=self.query, where=where)


class WatchlistFile(Shape):
    """One watchlist: initiatives with a common context, and who is told of them."""

    null_is_wrong: ClassVar[frozenset[str]] = frozenset({"context"})

    watchlist: Id = Field(description="Its id, unique over the folder.")
    title: Words | None = Field(default=None, description="Its title; default: the id.")
    context: Several[Phrase] = Field(
        default=(), description="What all of it is about, used wherever a hit alone proves little."
    )
    initiatives: Several[InitiativeShape] = Field(default=(), description="What to look for.")
    searches: Several[SearchShape] = Field(default=(), description="Questions to the archive with a name.")
    digests: Several[DigestShape] = Field(default=(), description="Who is told, and when.")
    alerts: Several[AlertShape] = Field(default=(), description="Extra messages on events.")

    def record(self, where: Where, version: str) -> Watchlist:
        """As a record. `version`: 12 hex digits of the file's sha256."""
        return Watchlist(
            id=self.watchlist,
            title=self.title or self.watchlist,
            context=self.context,
            initiatives=tuple(
                one.record(self.watchlist, _below(where, "initiatives", n))
                for n, one in enumerate(self.initiatives)
            ),
            searches=tuple(one.record(where("searches", n, "id")) for n, one in enumerate(self.searches)),
            version=version,
        )


def _terms(shapes: tuple[TermShape, ...], where: Where, key: str) -> tuple[Term, ...]:
    return tuple(one.record(where(key, n, "term")) for n, one in enumerate(shapes))


def _below(where: Where, *path: str | int) -> Where:
    return lambda *further: where(*path, *further)
