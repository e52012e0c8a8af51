"""sources.yaml and sources/*.yaml: feeds, news sitemaps, sites without feeds, users' own spiders."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import Field, GetJsonSchemaHandler, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import CoreSchema

from crawler.records import ArticleRules, FullText, ListingRules, Selector, Source, SourceKind
from crawler.secret import Secret
from crawler.spiders import browser, link_patterns, readable
from tidings.settings.models.base import (
    Duration,
    Id,
    Language,
    LastingDuration,
    Positive,
    SecretFile,
    SecretText,
    Several,
    Shape,
    SpiderPath,
    WebAddress,
    Words,
    YesNo,
    Zone,
    one_of,
)
from tidings.settings.models.faults import fault
from tidings.settings.models.values import HEADER, settled, shown

KINDS = {
    "feed": SourceKind.FEED,
    "sitemap": SourceKind.SITEMAP,
    "site": SourceKind.SITE,
    "spider": SourceKind.SPIDER,
}
_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade"}
)


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise fault("'headers' holds no headers", "write 'Name: value' lines below it")
    found = []
    for name, content in value.items():
        if not re.match(HEADER, name):
            raise fault(
                f"{shown(name)} is no name of a header", "write for example Accept-Language: hi", at=(name,)
            )
        if name.lower() in ("authorization", "cookie", "proxy-authorization"):
            raise fault(f"the header {name} holds a secret", "use auth_file for logging in", at=(name,))
        if name.lower() in _OURS:
            raise fault(f"the header {name} is set by tidings itself", "remove it", at=(name,))
        found.append((name, settled(content)))
    return tuple(found)


Headers = Annotated[
    tuple[tuple[str, str], ...],
    PlainValidator(_headers),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


class SelectorShape(Shape):
    """Where something stands in a page; a plain text is a CSS selector."""

    css: Words | None = Field(default=None, description="A CSS selector.")
    xpath: Words | None = Field(default=None, description="Or an XPath expression.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"css": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.css is None) == (self.xpath is None):
            raise fault(
                "a place in a page needs css or xpath, one of them", 'write for example css: "article h2 a"'
            )
        if (reason := readable.unreadable(self.record(), listing=True)) is not None:
            kind = "css" if self.css is not None else "xpath"
            language = "CSS selector" if self.css is not None else "XPath expression"
            remedy = "try it in the console of a browser" + (
                ", or write it as xpath" if self.css is not None else ', such as "//article//h2/a"'
            )
            raise fault(
                f"{shown(self.css or self.xpath or '')} cannot be read as a {language}: {reason}".replace(
                    " a XPath", " an XPath"
                ),
                remedy,
                at=(kind,),
            )
        return self

    def record(self) -> Selector:
        """As a record."""
        return Selector(css=self.css, xpath=self.xpath)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        return {"anyOf": [{"type": "string"}, schema]}


def _pattern(value: object) -> str:
    written = settled(value)
    if (reason := link_patterns.unreadable(written)) is not None:
        raise fault(
            f"the pattern {shown(written)} cannot be read: {reason}",
            "write RE2 syntax, without look-around and back-references",
        )
    return written


LinkPattern = Annotated[str, PlainValidator(_pattern), WithJsonSchema({"type": "string"})]


class LinksShape(SelectorShape):
    """How a site without a feed lists its articles; a plain text is the CSS selector of their links."""

    follow: SelectorShape | None = Field(default=None, description="The link to the next page of the list.")
    pages: Positive = Field(default=1, description="List pages read in one visit.")
    only: Several[LinkPattern] = Field(
        default=(), description="An address in which none of these is found is no article."
    )
    skip: Several[LinkPattern] = Field(
        default=(), description="An address in which one of these is found is no article."
    )
    item: SelectorShape | None = Field(
        default=None,
        description="The element around one article, in which its link and the three below are looked for; "
        "default: what holds one link of an article.",
    )
    title: SelectorShape | None = Field(
        default=None, description="The title of an article; default: the words of its link."
    )
    summary: SelectorShape | None = Field(default=None, description="Its summary.")
    published: SelectorShape | None = Field(
        default=None, description="Its time, read in the source's `zone`."
    )

    @model_validator(mode="after")
    def _finds_elements(self) -> Self:
        for name in ("follow", "item"):
            shape: SelectorShape | None = getattr(self, name)
            if shape is not None and readable.finds_no_element(shape.record(), href=name == "follow"):
                raise fault(
                    f"'{name}' finds a text or number and no element", "name the element itself", at=(name,)
                )
        if readable.finds_no_element(self.record(), href=True):
            raise fault("'links' finds a text or number and no link", "name the `a` elements")
        if self.follow is None and self.pages > 1:
            raise fault(
                "'pages' wants several pages, but nothing says where the next one is",
                'add for example follow: "a.next"',
                at=("pages",),
            )
        return self

    def rules(self) -> ListingRules:
        """As a record."""
        return ListingRules(
            links=self.record(),
            follow=_selector(self.follow),
            pages=self.pages,
            only=self.only,
            skip=self.skip,
            item=_selector(self.item),
            title=_selector(self.title),
            summary=_selector(self.summary),
            published=_selector(self.published),
        )


class ArticleShape(Shape):
    """Where the parts of an article stand on its page; what is missing is left to the extractor."""

    title: SelectorShape | None = Field(default=None, description="The title.")
    text: SelectorShape | None = Field(default=None, description="The text.")
    published: SelectorShape | None = Field(default=None, description="The time of publication.")
    author: SelectorShape | None = Field(default=None, description="The author.")

    @model_validator(mode="after")
    def _is_plain(self) -> Self:
        for name in type(self).model_fields:
            shape: SelectorShape | None = getattr(self, name)
            if shape is not None and (reason := readable.unreadable(shape.record())) is not None:
                raise fault(
                    f"{shown(shape.css or shape.xpath or '')} cannot be used on articles: {reason}",
                    "write plain XPath 1.0 or CSS",
                    at=(name,),
                )
        return self

    def record(self) -> ArticleRules:
        """As a record."""
        return ArticleRules(
            title=_selector(self.title),
            text=_selector(self.text),
            published=_selector(self.published),
            author=_selector(self.author),
        )


class SourceShape(Shape):
    """One source: exactly one of feed, sitemap, site and spider."""

    id: Id = Field(description="Its name in commands and watchlists, unique over all sources.")
    feed: WebAddress | None = Field(default=None, description="Address of an RSS, Atom or JSON feed.")
    sitemap: WebAddress | None = Field(
        default=None, description="Address of a news sitemap or a sitemap index."
    )
    site: WebAddress | None = Field(
        default=None, description="Address of a page that lists articles; needs `links`."
    )
    spider: SpiderPath | None = Field(
        default=None,
        description="Your own Scrapy spider: its file beside the configuration, or the path of its class.",
    )
    name: Words | None = Field(default=None, description="Name of the outlet; default: the feed's own title.")
    tags: Several[Id] = Field(default=(), description="Words by which watchlists choose sources.")
    language: Language | None = Field(default=None, description="The language it is written in.")
    zone: Zone | None = Field(default=None, description="Time zone for times that come without one.")
    every: LastingDuration | None = Field(
        default=None,
        description="How often to ask; replaces the learned rhythm. The server's own wishes still hold.",
    )
    full_text: Annotated[FullText, one_of(FullText)] = Field(
        default=FullText.AUTO, description="Whether the page of an article is read: auto, always or never."
    )
    backfill: Duration | None = Field(
        default=None,
        description="On the first poll, younger entries are told; default: that of tidings.yaml.",
    )
    headers: Headers = Field(default=(), description="Further headers of the request.")
    auth: SecretText | None = Field(default=None, description='Value of the Authorization header: "${NAME}".')
    auth_file: SecretFile | None = Field(
        default=None, description="File with the value of the Authorization header."
    )
    paused: YesNo = Field(default=False, description="True: not asked.")
    javascript: YesNo = Field(
        default=False,
        description="With site: scripts make its pages, so a browser reads them; needs `tidings[javascript]` and Chromium.",
    )
    links: LinksShape | None = Field(
        default=None, description="With site: where the links to the articles stand."
    )
    article: ArticleShape | None = Field(
        default=None, description="Where the parts of an article stand on its page."
    )

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        chosen = [key for key in KINDS if getattr(self, key) is not None]
        if not chosen:
            raise fault(f"source '{self.id}' has no address", "add feed, sitemap, site or spider", at=("id",))
        if len(chosen) > 1:
            raise fault(
                f"source '{self.id}' has both {' and '.join(chosen)}",
                "make two sources of them",
                at=(chosen[1],),
            )
        if self.site and not self.links:
            raise fault(
                f"source '{self.id}' is a site without 'links'",
                'add for example links: {css: "article h2 a"}',
                at=("site",),
            )
        if self.links and not self.site:
            raise fault("'links' goes with 'site' only", "remove it", at=("links",))
        if self.javascript:
            self._check_javascript()
        secret = self.secret()
        if secret is not None and not re.fullmatch(r"[A-Za-z][\w-]* +[^\r\n]+", secret.reveal()):
            raise fault(
                "the secret for logging in has no scheme",
                "write the whole value of the header, such as 'Bearer TOKEN'",
                at=("auth_file" if self.auth_file else "auth",),
            )
        if self.auth and self.auth_file:
            raise fault("both auth and auth_file are given", "keep one of them", at=("auth",))
        return self

    def _check_javascript(self) -> None:
        if not self.site:
            raise fault("'javascript' goes with 'site' only", "remove it", at=("javascript",))
        if (missing := browser.lacking()) is not None:
            problem, remedy = missing
            raise fault(f"source '{self.id}' needs JavaScript, but {problem}", remedy, at=("javascript",))

    def secret(self) -> Secret | None:
        """The value of the Authorization header."""
        return self.auth or self.auth_file

    def record(self, backfill: timedelta) -> Source:
        """As a record. `backfill`: that of tidings.yaml."""
        kind = next(key for key in KINDS if getattr(self, key) is not None)
        return Source(
            id=self.id,
            kind=KINDS[kind],
            url=getattr(self, kind),
            name=self.name,
            tags=tuple(dict.fromkeys(self.tags)),
            language=self.language,
            zone=self.zone,
            every=self.every,
            full_text=self.full_text,
            backfill=backfill if self.backfill is None else self.backfill,
            headers=self.headers,
            auth=self.secret(),
            paused=self.paused,
            javascript=self.javascript,
            listing=None if self.links is None else self.links.rules(),
            article=None if self.article is None else self.article.record(),
        )


class SourcesFile(Shape):
    """sources.yaml, or a file in sources/."""

    sources: Several[SourceShape] = Field(default=(), description="The sources.")


def _selector(shape: SelectorShape | None) -> Selector | None:
    return None if shape is None else shape.record()
