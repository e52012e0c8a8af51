"""Stories and articles → entries of a feed: metadata and a snippet, never a text of others. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from uuid import UUID, uuid5

from alerts import wording
from alerts.digest import story_of
from alerts.entries import NAME, SNIPPET, TITLE, marked, why
from alerts.records import Initiative, Match, MatchedArticle, SavedSearch, Story, Telling
from alerts.safe import link, one_line
from crawler.records import require_aware
from tidings.feeds_out.records import MOST, Category, FeedEntry, RelatedLink

INITIATIVES, COMMITMENTS, SEARCHES = (
    f"urn:tidings:{word}" for word in ("initiative", "commitment", "search")
)  # schemes of categories
AUTHORS = 5  # named of one article
OUTLETS = 12  # linked beside the lead
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTelling:
    """A match, or an article that a search finds, with what a feed needs of it."""

    telling: Telling
    match: Match
    story_id: str
    authors: tuple[str, ...]
    text_length: int
    text_state: str
    version: int
    may_be_told: bool  # neither known of old, nor held for review, nor only filed
    changed_at: datetime | None  # it was told, and says something else in substance since
    is_meant: bool = True  # nobody judged that it is not about the initiative

    def __post_init__(self) -> None:
        require_aware(changed_at=self.changed_at)

    @property
    def is_shown(self) -> bool:
        """It stands in the feed."""
        return self.may_be_told and self.is_meant and self.match.gone_at is None

    @property
    def mark(self) -> object:
        """Another one, where the feed says something else of it; its `repr` tells that across processes too."""
        match = self.match
        return (
            self.telling,
            (self.story_id, self.authors, self.text_length, self.text_state, self.version),
            (
                self.may_be_told,
                self.is_meant,
                self.changed_at,
                match.matched_at,
                match.gone_at,
                match.commitments,
            ),
            (match.text_version, match.watchlist_version),
        )

    @property
    def matched(self) -> MatchedArticle:
        """As a digest takes it."""
        return MatchedArticle(
            match=self.match,
            telling=self.telling,
            story_id=self.story_id,
            duplicate_of=self.telling.copy_of,
            text_length=self.text_length,
            text_state=self.text_state,
            version=self.version,
        )


def of_initiative(
    initiative: Initiative, tellings: Iterable[FeedTelling], space: UUID
) -> tuple[FeedEntry, ...]:
    """One entry a story, those first that something came to last.

    It is named after the first article of the story that ever matched, so its id stays when stories are joined.

    Args:
        tellings: all of the initiative in these stories, also those that are not shown.
        space: of the ids of this installation.
    """
    stories: dict[str, list[FeedTelling]] = defaultdict(list)
    for one in tellings:
        stories[one.story_id].append(one)
    promised = {one.id: one.text for one in initiative.commitments}
    found = []
    for told in stories.values():
        shown = [one for one in told if one.is_shown]
        if not shown:
            continue
        first = min((one for one in told if one.may_be_told), key=_came)
        story = story_of([one.matched for one in shown])
        found.append(
            _entry(
                story,
                shown,
                id=name(space, "story", initiative.id, first.telling.article_id),
                categories=(
                    _category(INITIATIVES, initiative.id, initiative.name),
                    *(_category(COMMITMENTS, one, promised.get(one, one)) for one in story.commitments),
                ),
            )
        )
    return _newest(found)


def of_search(search: SavedSearch, tellings: Iterable[FeedTelling], space: UUID) -> tuple[FeedEntry, ...]:
    """One entry an article, the newest first."""
    return _newest(
        _entry(
            story_of([one.matched]),
            [one],
            id=name(space, "article", search.id, one.telling.article_id),
            categories=(_category(SEARCHES, search.id, search.name),),
        )
        for one in tellings
    )


def name(space: UUID, *parts: str) -> str:
    """The id of what `parts` say, here and nowhere else."""
    return uuid5(space, "\x1f".join(parts)).urn


def language_of(given: str | None) -> str:
    """A tag as XML takes it; "" for anything else."""
    return given if given is not None and _LANGUAGE.fullmatch(given) else ""


def _newest(found: Iterable[FeedEntry]) -> tuple[FeedEntry, ...]:
    return tuple(sorted(found, key=lambda one: (one.updated, one.id), reverse=True)[:MOST])


def _came(one: FeedTelling) -> tuple[datetime, str]:
    return one.match.matched_at or one.telling.found, one.telling.article_id


def _entry(
    story: Story, shown: Sequence[FeedTelling], *, id: str, categories: tuple[Category, ...]
) -> FeedEntry:
    lead = story.lead
    authors = {one.telling.article_id: one.authors for one in shown}[lead.article_id]
    title = one_line(lead.title, TITLE)
    snippet = one_line(story.snippet, SNIPPET)
    if snippet.strip("… ").casefold() in title.casefold():
        snippet = ""  # the evidence is the headline
    address = link(lead.url)
    related = tuple(_related(story.also))
    spread = wording.spread(story)
    reason = f"Found by {why(story.evidence)}." if story.evidence else ""
    told = f"{_outlet(lead)}; {spread}" if spread else _outlet(lead)
    return FeedEntry(
        id=id,
        title=title or "(no title)",
        language=language_of(lead.language),
        link=None if address is None else address.href,
        published=lead.found if lead.published is None else min(lead.published, lead.found),
        updated=max(moment for one in shown for moment in (_came(one)[0], one.changed_at) if moment),
        authors=tuple(filter(None, (one_line(one, NAME) for one in authors[:AUTHORS]))) or (_outlet(lead),),
        summary=" ".join(filter(None, (f"{told}:" if snippet else f"{told}.", snippet, reason))),
        html=_html(story, (snippet, told, reason), related, categories),
        related=related,
        categories=categories,
    )


def _outlet(telling: Telling) -> str:
    return one_line(telling.source, NAME) or "(no name)"


def _related(also: Iterable[Telling]) -> Iterable[RelatedLink]:
    """The other tellings that can be opened, each address once."""
    known: Mapping[str, RelatedLink] = {
        address.href: RelatedLink(href=address.href, title=_outlet(one))
        for one in also
        if (address := link(one.url)) is not None
    }
    return list(known.values())[:OUTLETS]


def _category(scheme: str, term: str, label: str) -> Category:
    return Category(scheme=scheme, term=one_line(term, NAME), label=one_line(label, TITLE))


def _html(
    story: Story,
    said: tuple[str, str, str],
    related: Sequence[RelatedLink],
    categories: Sequence[Category],
) -> str:
    """A paragraph each: the snippet with its marks, who tells it, why it was found, where else it stands."""
    snippet, told, reason = said
    pieces = ((escape(str(one["text"])), one["hit"]) for one in marked(snippet, story.evidence))
    lines = ["".join(f"<b>{text}</b>" if hit else text for text, hit in pieces), escape(told), escape(reason)]
    if related:
        links = ", ".join(f'<a href="{escape(one.href)}">{escape(one.title)}</a>' for one in related)
        lines.append(f"Also in {links}")
    promised = [one.label for one in categories if one.scheme == COMMITMENTS]
    if promised:
        lines.append(f"On {escape('; '.join(promised))}")
    return "".join(f"<p>{line}</p>" for line in lines if line)
