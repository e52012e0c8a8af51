"""The whole life of an article: seen where, read how, folded into what, matched by what or why not, told to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from alerts import highlight
from alerts.entries import Plain
from alerts.evidence import shown
from alerts.match import Matcher
from alerts.records import Evidence, Field, Match, Miss, Strength
from alerts.safe import link, one_line
from alerts.wording import count
from crawler.records import Article, Post
from tidings.life_words import how_changed, how_folded, how_judged, how_matched, review
from tidings.page_story import in_post, page_story
from tidings.storage.lookup import Life
from tidings.web.site.asked import Asked, NotThere, Page

TEXT = 40_000  # characters of a text that are shown
SNIPPET = 420
STATES = {"sent": "sent", "pending": "waiting", "parked": "parked", "cancelled": "cancelled"}


class Articles:
    """The view. The rules in force are compiled once, for why an article does not match.

    Args:
        matcher: gives them, compiled.
    """

    def __init__(self, matcher: Callable[[Asked], Matcher]) -> None:
        self._matcher = matcher

    async def page(self, asked: Asked) -> Page:
        """`/articles/ID`"""
        life = await asked.stores.lookup.find(asked.names["id"])
        if life is None:
            raise NotThere("There is no such article, or it was purged.")
        verdict = await asyncio.to_thread(self._judge, asked, life.article)
        article = life.article
        known = asked.settings.initiatives
        address = link(article.url)
        return Page(
            template="article.html.j2",
            title=one_line(article.title, 300) or "(no title)",
            data={
                "id": article.id,
                "to": asked.here,
                "href": address.href if address else "",
                "host": address.host if address else "",
                "url": one_line(article.url, 300),
                "source": one_line(article.source_id),
                "authors": one_line(", ".join(article.authors), 200),
                "published": asked.moment(article.published_at) or "no date",
                "language": one_line(article.language or "not declared", 20),
                "paywalled": article.paywalled,
                "review": one_line(review(article)) if article.held_since is not None else "",
                "backfilled": article.backfilled and article.held_since is None,
                "sightings": [
                    {
                        "at": asked.moment(one.seen_at),
                        "source": one_line(one.source_id),
                        "url": one_line(one.url, 200),
                    }
                    for one in life.sightings
                ],
                "page": one_line(page_story(life)),
                "changes": [one_line(one) for one in how_changed(life)],
                "versions": [
                    {
                        "version": one.version,
                        "at": asked.moment(one.made_at),
                        "what": ("dropped for its age" if one.purged else count(len(one.text), "character"))
                        + (", from the page" if one.from_page else ", from the feed"),
                    }
                    for one in life.versions
                ],
                "story": article.story_id or "",
                "folded": [one_line(one) for one in how_folded(life)],
                "matches": [
                    _match(asked, one, life)
                    | {"watched": one.initiative_id in known}
                    | {
                        "name": one_line(
                            known[one.initiative_id].name if one.initiative_id in known else one.initiative_id
                        )
                    }
                    for one in life.matches
                ],
                "misses": [
                    {
                        "id": one.initiative_id,
                        "name": one_line(known[one.initiative_id].name),
                        "why": one_line(one.stopped_at, 400),
                    }
                    for one in verdict
                    if one.initiative_id in known
                ],
                "told": any(one.told_at is not None for one in life.matches),
                "deliveries": [
                    {
                        "id": one.id,
                        "what": "it was told" if one.message_key in life.told else "its story was told",
                        "channel": one_line(one.channel_id),
                        "recipient": one_line(one.recipient, 80),
                        "state": STATES[str(one.state)],
                        "at": asked.moment(one.sent_at or one.created_at),
                        "problem": one_line(one.last_error or "", 240) if one.sent_at is None else "",
                    }
                    for one in life.deliveries
                ],
                "summary": one_line(article.summary, 2_000),
                "text": [one_line(one) for one in article.text[:TEXT].split("\n") if one.strip()],
                "cut": len(article.text) > TEXT,
            },
        )

    def _judge(self, asked: Asked, article: Article) -> tuple[Miss, ...]:
        return self._matcher(asked).judge(article, explain=True).misses


def _match(asked: Asked, one: Match, life: Life) -> Plain:
    posts = {version.version: version.posts for version in life.versions}.get(one.text_version, ())
    return {
        "id": one.initiative_id,
        "at": asked.moment(one.matched_at),
        "gone": one.gone_at is not None,
        "commitments": [one_line(name) for name in one.commitments],
        "how": [one_line(line) for line in (*how_matched(one), *how_judged(life, one.initiative_id))],
        "verdict": next(
            (str(said.verdict) for said in life.judgements if said.initiative_id == one.initiative_id), ""
        ),
        "evidence": _evidence(one, posts),
    }


def _evidence(match: Match, posts: Sequence[Post]) -> list[Plain]:
    """What counted, each piece of the article once with all that was found in it."""
    pieces: dict[tuple[str, str, str, bool], list[Evidence]] = {}
    for one in match.evidence:
        place = in_post(posts, one.start) if one.field is Field.TEXT else ""
        weak = one.strength is not Strength.STRONG
        pieces.setdefault((str(one.field), one.snippet, place, weak), []).append(one)
    return [
        {
            "terms": list(dict.fromkeys(one_line(shown(one), 120) for one in found)),
            "field": field,
            "place": one_line(place),
            "weak": weak,
            "snippet": [
                {"text": piece, "hit": hit}
                for piece, hit in highlight.parts(
                    one_line(snippet, SNIPPET), dict.fromkeys(one.words or one.term for one in found)
                )
            ],
        }
        for (field, snippet, place, weak), found in pieces.items()
    ]
