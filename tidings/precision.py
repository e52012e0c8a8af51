"""What people said of matches, held against the rules of a configuration: how often each term is right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from alerts.judgements import Judgement
from alerts.match import Matcher
from alerts.precision import Judged, Precision, lines, precision
from crawler.records import Article
from tidings.settings import Settings
from tidings.storage.judgements import SqlJudgements


async def measured(settings: Settings, judgements: SqlJudgements) -> tuple[Precision, ...]:
    """Each term of which a match was judged, in the order of the rules.

    An article is matched anew by these rules, so that one that they exclude now counts no more. Of one whose text is not
    kept the terms count that had matched when it was judged, as far as they stand in the rule.
    """
    every = await judgements.list()
    if not every:
        return ()
    articles = await judgements.texts(one.article_id for one in every)
    judged = await asyncio.to_thread(_judged_anew, settings, every, articles)
    concerned = dict.fromkeys(one.initiative_id for one in judged)
    matches = await judgements.matches_by_term(concerned)
    return precision(settings.initiatives.values(), judged, matches)


async def said(
    settings: Settings, judgements: SqlJudgements, initiative_id: str | None = None
) -> tuple[str, ...]:
    """The same as plain sentences, for reports: of all initiatives, or of one; none where nothing was judged."""
    every = await measured(settings, judgements)
    return tuple(lines(one for one in every if initiative_id in (None, one.initiative.id)))


def _judged_anew(
    settings: Settings, every: Sequence[Judgement], articles: Mapping[str, Article]
) -> list[Judged]:
    matcher = Matcher(settings.watchlists, tags=settings.tags)
    by_article = {}
    for article_id, article in articles.items():
        with suppress(Exception):  # a hostile text must not end it: then its terms of before count
            by_article[article_id] = {one.initiative_id: one for one in matcher.judge(article).matches}
    found = []
    for one in every:
        if one.initiative_id not in settings.initiatives:
            continue
        terms = one.terms
        if one.article_id in by_article:
            match = by_article[one.article_id].get(one.initiative_id)
            terms = () if match is None else tuple(dict.fromkeys(each.term for each in match.evidence))
        if terms:
            found.append(Judged(initiative_id=one.initiative_id, verdict=one.verdict, terms=terms))
    return found
