"""Names and phrases that the stories of a period have, and those of the period before hardly had. Pure.

Each story counts once, by the telling that leads it, so that a text which many outlets carry makes nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import log

from alerts.dossier_records import NewTerm, Told
from alerts.naming import phrases, plain
from alerts.records import Initiative, Watchlist
from alerts.suggest import holds, literals
from crawler.records import Article

SAMPLE = 1_000  # stories of each period that are read
ENOUGH = 20  # stories of each period: fewer say nothing of what is usual
LEAST = 3  # stories that hold a term
LIFT = 6.0  # times as often as before
SHOWN = 10


@dataclass(slots=True)
class _Seen:
    now: int = 0
    before: int = 0
    spellings: Counter[str] = field(default_factory=Counter)
    outlets: set[str] = field(default_factory=set)
    example: Told | None = None


def sampled(stories: Iterable[Told]) -> tuple[Told, ...]:
    """At most `SAMPLE` of them, chosen by nothing that has to do with time or subject."""
    return tuple(sorted(stories, key=lambda one: blake2b(one.story.id.encode()).digest())[:SAMPLE])


def comparable(now: Collection[Told], before: Collection[Told]) -> bool:
    """Whether there are enough stories to tell what is new."""
    return min(len(now), len(before)) >= ENOUGH


def new_terms(
    initiative: Initiative,
    watchlist: Watchlist,
    now: Sequence[Told],
    before: Sequence[Told],
    articles: Mapping[str, Article],
) -> tuple[NewTerm, ...]:
    """Those in three stories of two outlets at least, and six times as often as before; the most telling first.

    What the rules ask for, and the names of outlets, are none.

    Args:
        now, before: samples of the stories of both periods.
        articles: the leads of both, with their texts, by id; one that is missing is left out.
    """
    seen: dict[str, _Seen] = {}
    for told in now:
        if (article := articles.get(told.story.lead.article_id)) is not None:
            for key, spelling in phrases(article).items():
                one = seen.setdefault(key, _Seen())
                one.now += 1
                one.spellings[spelling] += 1
                one.outlets.update(told.story.outlets)
                one.example = one.example or told
    for told in before:
        if (article := articles.get(told.story.lead.article_id)) is not None:
            for key in phrases(article):
                if key in seen:
                    seen[key].before += 1
    known = _known(initiative, watchlist, (*now, *before))
    return tuple(_best(seen, known, len(now), len(before)))


def _known(initiative: Initiative, watchlist: Watchlist, stories: Iterable[Told]) -> frozenset[str]:
    rules = (*literals(initiative.terms), *watchlist.context_of(initiative), initiative.name)
    outlets = (name for told in stories for name in told.story.outlets)
    return frozenset(map(plain, (*rules, *outlets)))


def _best(seen: Mapping[str, _Seen], known: frozenset[str], now: int, before: int) -> Iterable[NewTerm]:
    weights = {
        key: one.now * log(lift)
        for key, one in seen.items()
        if one.now >= LEAST
        and len(one.outlets) > 1
        and (lift := (one.now / now) / ((one.before + 0.5) / (before + 1))) >= LIFT
        and not any(holds(other, key) or holds(key, other) for other in known)
    }
    taken: list[str] = []
    for key in sorted(weights, key=lambda key: (-weights[key], -len(key), key)):
        if len(taken) == SHOWN:
            return
        if any(holds(other, key) or holds(key, other) for other in taken):
            continue  # a part of what is told already, or more of it
        one = seen[key]
        if one.example is not None:
            taken.append(key)
            yield NewTerm(
                text=one.spellings.most_common(1)[0][0],
                stories=one.now,
                before=one.before,
                example=one.example.story.lead,
            )
