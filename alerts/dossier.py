"""From what the database holds to a dossier of one initiative over one period: figures, stories, commitments. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from alerts.alert_records import CommitmentTold
from alerts.commitments import AHEAD
from alerts.digest import story_of
from alerts.dossier_records import (
    Came,
    Dossier,
    Material,
    Missed,
    Period,
    Rules,
    Setting,
    Tally,
    Told,
)
from alerts.dossier_sources import sources
from alerts.dossier_time import course
from alerts.records import Commitment, CommitmentState, Initiative, Unread
from alerts.rhythm import DAY
from alerts.wording import count, day

_ENDED = (CommitmentState.MISSED, CommitmentState.MET, CommitmentState.DROPPED)


def dossier(
    material: Material,
    setting: Setting,
    period: Period,
    *,
    now: datetime,
    version: str,
) -> Dossier:
    """What is said of an initiative over a period, the same for the same arguments.

    Args:
        now: when it is made.
        version: of this program.
    """
    initiative = setting.initiative
    stories = told(material.reports, period)
    why_not = _incomparable(material, setting, period, now)
    earlier = () if why_not else told(material.reports, period.before)
    mine, others = _commitments(material, setting, period)
    return Dossier(
        initiative=initiative,
        watchlist=setting.watchlist,
        period=period,
        made_at=now,
        version=version,
        now=tally(stories),
        before=None if why_not else tally(earlier),
        incomparable=why_not,
        watched_since=material.moments.watched_since,
        last_polled=material.last_polled,
        commitments=mine,
        related=others,
        touched=frozenset(
            filed for one in stories for filed in material.filed_of.get(one.story.id, frozenset())
        ),
        course=course(
            period,
            material.moments,
            stories=_begun(stories, period),
            outlets=_outlets(stories, material.reports, period),
            collected=material.collected,
            report_before=material.report_before,
        ),
        stories=stories,
        earlier=earlier,
        sources=sources(stories, setting.tags),
        missed=_missed(material, setting, period, now),
        rules=_rules(material, setting, period),
    )


# -- stories and figures ---------------------------------------------------------------------------


def told(reports: Sequence[Came], period: Period) -> tuple[Told, ...]:
    """The stories with a report in the period, those first whose last report is the newest.

    What a reprint repeats may have come before the period, so earlier tellings are taken into account.
    """
    by_story: dict[str, list[Came]] = defaultdict(list)
    for one in reports:
        if one.at < period.end:
            by_story[one.article.story_id].append(one)
    found = (_told(every, period) for every in by_story.values() if every[-1].at >= period.start)
    return tuple(sorted(found, key=lambda one: (one.latest, one.story.id), reverse=True))


def _told(every: Sequence[Came], period: Period) -> Told:
    """One story, from all its reports up to the end of the period, in the order of time."""
    here = [one for one in every if one.at >= period.start]
    earlier = tuple(one.article.telling for one in every if one.at < period.start)
    articles = [one.article for one in here]
    if earlier:
        articles[0] = replace(articles[0], earlier=earlier)
    return Told(
        story=story_of(articles),
        first=every[0].at,
        latest=every[-1].at,
        began_before=bool(earlier),
    )


def tally(stories: Iterable[Told]) -> Tally:
    """The figures of the period of these stories."""
    begun = went_on = reports = articles = 0
    outlets: set[str] = set()
    for one in stories:
        begun += not one.began_before
        went_on += one.began_before
        reports += one.story.reports
        articles += 1 + len(one.story.also)
        outlets.update(one.story.outlets)
    return Tally(stories=begun, went_on=went_on, reports=reports, articles=articles, outlets=len(outlets))


def _begun(stories: Iterable[Told], period: Period) -> Mapping[date, int]:
    return Counter(period.day_of(one.first) for one in stories if not one.began_before)


def _outlets(stories: Iterable[Told], reports: Iterable[Came], period: Period) -> Mapping[date, set[str]]:
    """The outlets that reported on each day."""
    names = {
        telling.article_id: telling.source for one in stories for telling in (one.story.lead, *one.story.also)
    }
    found: dict[date, set[str]] = defaultdict(set)
    for one in reports:
        if period.holds(one.at):
            found[period.day_of(one.at)].add(names[one.article.telling.article_id])
    return found


def _incomparable(material: Material, setting: Setting, period: Period, now: datetime) -> str:
    """Why the period before proves nothing; "" where it does."""
    before, since = period.before, material.moments.watched_since
    if since is None or since >= period.end:
        return "nothing was collected yet"
    if since > before.start + DAY:
        return f"watching began on {day(period.day_of(since))}"
    if setting.kept is not None and before.start < now - setting.kept:
        return f"articles are kept for {count(setting.kept.days, 'day')} only"
    return ""


# -- commitments -----------------------------------------------------------------------------------


def _commitments(
    material: Material, setting: Setting, period: Period
) -> tuple[tuple[CommitmentTold, ...], tuple[CommitmentTold, ...]]:
    """Those of the initiative, and those of the others of its watchlist that press."""

    def of(initiative: Initiative) -> list[CommitmentTold]:
        return [_commitment(initiative, one, material, period) for one in initiative.commitments]

    mine = of(setting.initiative)
    others = [
        told
        for initiative in setting.watchlist.initiatives
        if initiative.id != setting.initiative.id and not initiative.paused
        for told in of(initiative)
        if _presses(told)
    ]
    return tuple(sorted(mine, key=_pressing)), tuple(sorted(others, key=_pressing))


def asked_for(setting: Setting) -> tuple[tuple[str, str], ...]:
    """Initiative and id of each commitment of which a dossier may speak."""
    return tuple((one.id, promise.id) for one in setting.watchlist.initiatives for promise in one.commitments)


def _commitment(
    initiative: Initiative, one: Commitment, material: Material, period: Period
) -> CommitmentTold:
    evidence, reports = material.filed.get((initiative.id, one.id), ((), 0))
    return CommitmentTold(
        initiative_id=initiative.id,
        initiative=initiative.name,
        commitment=one,
        days=None if one.due is None else (one.due - period.last).days,
        evidence=evidence,
        reports=reports,
        watched_since=material.moments.watched_since,
    )


def _presses(one: CommitmentTold) -> bool:
    return (
        one.commitment.state is CommitmentState.OPEN
        and one.days is not None
        and timedelta(days=one.days) <= AHEAD
    )


def _pressing(one: CommitmentTold) -> tuple[int, bool, int, str]:
    """Overdue ones before those that are due, the longest first; then without a day, missed, met, dropped."""
    state = one.commitment.state
    rank = 1 + _ENDED.index(state) if state in _ENDED else 0
    return rank, one.days is None, one.days or 0, one.commitment.id


# -- what was not covered, and by what it was found ------------------------------------------------


def _missed(material: Material, setting: Setting, period: Period, now: datetime) -> Missed:
    gone = None if setting.kept is None else now - setting.kept
    unread: Counter[Unread] = Counter()
    judged = bare = 0
    for one in material.reports:
        if period.holds(one.at):
            judged += 1
            if one.unread is not None:
                unread[one.unread] += 1
            elif not one.article.text_length:
                bare += 1
    return Missed(
        coverage=material.coverage,
        judged=judged,
        unread=tuple((why, unread[why]) for why in Unread if unread[why]),
        bare=bare,
        held=material.held,
        known=material.known,
        blind=period.days - len(material.collected),
        not_about=material.not_about,
        forgotten=None if gone is None or gone <= period.start else period.day_of(gone),
    )


def _rules(material: Material, setting: Setting, period: Period) -> Rules:
    kept = material.rules
    found_by = Counter(term for one in material.reports if period.holds(one.at) for term in one.terms)
    return Rules(
        watchlist=setting.watchlist.title,
        path=setting.watchlist.path,
        version=setting.watchlist.version,
        since=None if kept is None else kept.since,
        pending=kept is not None and kept.pending,
        edited=kept is not None and kept.print != setting.print,
        found_by=tuple(sorted(found_by.items(), key=lambda one: (-one[1], one[0]))),
    )
