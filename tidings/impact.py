"""What an edited configuration would change: the rules before and after it, over the archive of some days."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.difference import State
from alerts.impact import Impact, InitiativeImpact, Measure, Rate
from alerts.match import validate
from alerts.meaning import prints
from alerts.plans import DigestPlan
from alerts.records import Watchlist
from tidings.settings import ConfigError, Problem, Settings, parse_watchlists, version_of
from tidings.storage.archive import SqlArchive
from tidings.storage.edits import KeptWatchlist

REMEDY = "`tidings impact` shows what it brings; narrow it, or raise edits.max_stories_per_week"
MONTH = timedelta(days=30)  # of the archive, over which an edit is measured


class UnknownWatchlist(Exception):
    """A user names a watchlist that neither the configuration nor what is in force holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two states of the configuration, and which watchlists of them are asked about."""

    before: State
    after: State
    scope: frozenset[str] = frozenset()  # ids of watchlists; none: all


def state_of(settings: Settings) -> State:
    """The rules and digests of a configuration."""
    return State(watchlists=settings.watchlists, digests=settings.digests, tags=settings.tags)


def against_texts(
    settings: Settings, texts: Mapping[str, bytes], scope: frozenset[str] = frozenset()
) -> Comparison:
    """The configuration against one in which other watchlists stood.

    What is the same byte for byte in both is left alone. Tags, and the digests of digests.yaml, are the present ones
    on both sides: no more than the watchlists is known of the past.

    Args:
        texts: the watchlists before, by the names that messages call them.
        scope: ids of the watchlists of the configuration that they replace; all when empty.
    Raises:
        ConfigError: a text that cannot be read, with all its errors.
    """
    asked = [one for one in settings.watchlists if not scope or one.id in scope]
    versions = {version_of(data): name for name, data in texts.items()}
    alike = versions.keys() & {one.version for one in asked}
    edited = frozenset(one.id for one in asked if one.version not in alike)
    old = {name: texts[name] for version, name in versions.items() if version not in alike}
    return _against(settings, *_parsed(settings, old), edited=edited, scope=scope)


def against_file(
    settings: Settings, path: str, data: bytes, scope: frozenset[str] = frozenset()
) -> Comparison:
    """The configuration against one in which the watchlist of another file stood.

    It stands for the one in `scope`, else for the one that has its id, else for the only one there is.

    Raises:
        ConfigError: its errors, or that it cannot be told which it stands for.
    """
    watchlists, plans = _parsed(settings, {path: data})
    ids = frozenset(one.id for one in settings.watchlists)
    replaced = scope or ids.intersection(one.id for one in watchlists) or ids
    if len(replaced) > 1:
        problem = Problem(
            file=path,
            problem=f"the configuration has no watchlist '{watchlists[0].id}' to compare it with",
            remedy=f"name one: tidings impact WATCHLIST --against {path}; there are {', '.join(sorted(ids))}",
        )
        raise ConfigError([problem])
    return _against(settings, watchlists, plans, edited=replaced, scope=replaced)


def against_those_in_force(
    settings: Settings, kept: Sequence[KeptWatchlist], scope: frozenset[str] = frozenset()
) -> Comparison:
    """The configuration against what the daemon put in force last.

    Raises:
        ConfigError: a watchlist in force that this version cannot read any more.
    """
    texts = {
        f"{one.path} (in force)": one.text.encode() for one in kept if not scope or one.watchlist_id in scope
    }
    return against_texts(settings, texts, scope)


def _parsed(
    settings: Settings, texts: Mapping[str, bytes]
) -> tuple[tuple[Watchlist, ...], tuple[DigestPlan, ...]]:
    return parse_watchlists(texts, everywhere=tuple(settings.initiatives), validate_term=validate)


def _against(
    settings: Settings,
    old: tuple[Watchlist, ...],
    old_plans: tuple[DigestPlan, ...],
    *,
    edited: frozenset[str],
    scope: frozenset[str],
) -> Comparison:
    """The configuration against one with `old` in the place of the watchlists `edited`."""
    kept = (one for one in settings.watchlists if one.id not in edited)
    before = _without_twins((*old, *kept))
    replaced = {plan.id for plan in old_plans}.union(*(settings.digests_of.get(one, ()) for one in edited))
    shared = (plan for plan in settings.digests if plan.id not in replaced)
    digests = (*old_plans, *_as_of(shared, settings, before))
    return Comparison(
        before=State(watchlists=before, digests=digests, tags=settings.tags),
        after=state_of(settings),
        scope=scope.union(one.id for one in old) if scope else scope,
    )


def _without_twins(watchlists: Iterable[Watchlist]) -> tuple[Watchlist, ...]:
    """An initiative that has moved between files since stands once, where it stood."""
    met: set[str] = set()
    result = []
    for watchlist in watchlists:
        initiatives = tuple(one for one in watchlist.initiatives if one.id not in met)
        met.update(one.id for one in initiatives)
        result.append(replace(watchlist, initiatives=initiatives))
    return tuple(result)


def _as_of(
    plans: Iterable[DigestPlan], settings: Settings, watchlists: Iterable[Watchlist]
) -> Iterable[DigestPlan]:
    """A digest of all initiatives told all of that time."""
    every = tuple(one.id for watchlist in watchlists for one in watchlist.initiatives)
    for plan in plans:
        tells_all = set(plan.initiatives) >= settings.initiatives.keys()
        yield replace(plan, initiatives=every) if tells_all else plan


async def measure(
    archive: SqlArchive,
    compared: Comparison,
    *,
    since: datetime,
    until: datetime,
    backfill: timedelta,
    everything: bool = False,
    on_batch: Callable[[int], None] = lambda articles: None,
) -> Impact:
    """Judge the archive between `since` and `until` by both states.

    Some hundred articles at a time are judged, in a thread, so that other work goes on meanwhile. Where nothing
    differs and not `everything` is asked about, the archive is not read.

    Args:
        backfill: see `alerts.impact.Measure.result`.
        on_batch: told how many articles were judged so far.
    """
    work = await asyncio.to_thread(Measure, compared.before, compared.after, everything=everything)
    if work.concerned or everything:
        judged = 0
        async for articles in archive.walk(since, until):
            await asyncio.to_thread(work.take, articles)
            judged += len(articles)
            on_batch(judged)
    return await asyncio.to_thread(work.result, since, until, backfill=backfill, scope=compared.scope)


# -- the bound of `edits.max_stories_per_week` -------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMuch:
    """An edit that would bring more than `edits.max_stories_per_week` allows."""

    most: int
    stories_a_week: Rate
    initiative: InitiativeImpact | None  # the one that would bring most more

    def facts(self) -> dict[str, object]:
        """For one line in the log."""
        facts: dict[str, object] = {
            "stories_a_week_now": round(self.stories_a_week.before, 1),
            "stories_a_week_then": round(self.stories_a_week.after, 1),
            "max_stories_per_week": self.most,
        }
        if self.initiative is not None and self.initiative.stories_a_week is not None:
            facts["most_by"] = self.initiative.id
            facts["most_by_stories_a_week"] = round(self.initiative.stories_a_week.after, 1)
        return facts | {"remedy": REMEDY}

    def words(self) -> str:
        """For a person."""
        by = "" if self.initiative is None else f", most of them by {self.initiative.id}"
        return (
            f"it would bring about {self.stories_a_week.after:.0f} stories a week{by},"
            f" and edits.max_stories_per_week allows {self.most}"
        )


async def too_much(
    archive: SqlArchive, in_force: Settings, edited: Settings, now: datetime
) -> TooMuch | None:
    """What is wrong with the volume of an edit; None where it may come into force.

    It may when it has no bound, keeps within it, or brings no more than what is in force.
    """
    most = edited.edits.max_stories_per_week
    if most is None or _told(in_force) == _told(edited):
        return None
    compared = Comparison(before=state_of(in_force), after=state_of(edited))
    found = await measure(
        archive,
        compared,
        since=now - MONTH,
        until=now,
        backfill=edited.polling.backfill,
        everything=True,
    )
    return judged(found, most)


def _told(settings: Settings) -> dict[str, str]:
    """The rules of the initiatives that are told."""
    rules = prints(settings.watchlists, settings.tags)
    return {name: rule for name, rule in rules.items() if not settings.initiatives[name].paused}


def judged(found: Impact, most: int) -> TooMuch | None:
    """The same of what was measured over all initiatives."""
    rate = found.stories_a_week
    if rate is None or rate.after <= max(most, rate.before):
        return None
    growing = [one for one in found.initiatives if one.stories_a_week is not None]
    return TooMuch(most=most, stories_a_week=rate, initiative=max(growing, key=_growth, default=None))


def _growth(one: InitiativeImpact) -> float:
    """How many stories a week more are told of it."""
    if one.stories_a_week is None:
        return 0.0
    was, now = one.paused
    return (not now) * one.stories_a_week.after - (not was) * one.stories_a_week.before


# -- the command's arguments -------------------------------------------------------------------------


def named(settings: Settings, kept: Sequence[KeptWatchlist], word: str) -> str:
    """The id of the watchlist that a user means by its id or its file; one that is only in force counts too.

    Raises:
        UnknownWatchlist: there is none; the message names those that there are.
    """
    known = {one.id: one.path for one in settings.watchlists}
    known |= {one.watchlist_id: one.path for one in kept if one.watchlist_id not in known}
    if word in known:
        return word
    for name, path in known.items():
        if path and path.rpartition("/")[2] == word.rpartition("/")[2]:
            return name
    raise UnknownWatchlist(f"no watchlist {word!r}; there are {', '.join(known) or 'none'}")
