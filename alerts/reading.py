"""An article as the rules read it: its fields cut into words once, and where each leaf stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from alerts.languages import detected
from alerts.lexicon import Leaf
from alerts.phrase import Occurrence
from alerts.records import Field
from alerts.text import Text
from crawler.records import Article

UNSEEN = datetime(1, 1, 1, tzinfo=UTC)  # `first_seen_at` of a text of which no time is known


@dataclass(frozen=True, slots=True)
class Hit:
    """A leaf at one place of one field."""

    leaf: Leaf
    field: Field
    at: Occurrence

    @property
    def is_weak(self) -> bool:
        """Whether it proves little by itself (rule 4)."""
        return bool(self.at.weak)


class Reading:
    """One article and what was found in it so far; `active` holds the numbers of leaves that may be there."""

    def __init__(self, article: Article, tags: tuple[str, ...] = ()) -> None:
        self.article = article
        self.tags = tags
        self.active: set[int] | None = None
        self._texts: dict[Field, Text] = {}
        self._hits: dict[tuple[int, Field], list[Hit]] = {}
        self._detected: str | None = None  # "": it cannot be told

    def text(self, field: Field) -> Text:
        """A field, cut into words at the first asking."""
        if field not in self._texts:
            self._texts[field] = Text(self._original(field), address=field is Field.URL)
        return self._texts[field]

    def raw(self, fields: Iterable[Field]) -> str:
        """These fields as they came, one behind the other."""
        return "\n".join(map(self._original, fields))

    def texts(self, fields: Iterable[Field]) -> list[Text]:
        """These fields, without the empty ones."""
        return [text for field in fields if (text := self.text(field)).original]

    def hits(self, leaf: Leaf, fields: Iterable[Field]) -> list[Hit]:
        """The places of a leaf in its own field, else in `fields`."""
        if self.active is not None and leaf.number not in self.active:
            return []
        found: list[Hit] = []
        for field in (leaf.field,) if leaf.field else fields:
            key = (leaf.number, field)
            there = self._hits.get(key)
            if there is None:
                text = self.text(field)
                places = leaf.finder.find(text) if text.original else ()
                there = self._hits[key] = [Hit(leaf, field, at) for at in places]
            found += there
        return found

    def detected_language(self) -> str | None:
        """The language that the text is surely in, looked for once; None where it cannot be told."""
        if self._detected is None:
            article = self.article
            self._detected = detected(f"{article.title}\n{article.summary}\n{article.text}") or ""
        return self._detected or None

    def day(self) -> date | None:
        """The UTC day the source gave, else that of the first sight; None when neither is known."""
        moment = self.article.published_at or self.article.first_seen_at
        return None if moment == UNSEEN else moment.astimezone(UTC).date()

    def _original(self, field: Field) -> str:
        article = self.article
        match field:
            case Field.TITLE:
                return article.title
            case Field.SUMMARY:
                return article.summary
            case Field.TEXT:
                return article.text
            case Field.AUTHOR:
                return "\n\n".join(article.authors)
            case Field.URL:
                return article.url
            case Field.SOURCE:
                return "\n\n".join((article.source_id, *self.tags))
