"""One alert of each type, every text of which is the test's choice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from alerts.alert_memory import Memory
from alerts.alert_records import Alert, CommitmentTold, SilenceOver, ToldStory
from alerts.bringers import Bringer, cause
from alerts.commitment_words import commitments_alert
from alerts.records import Commitment, CommitmentState, Initiative, Telling
from alerts.rhythm import Silence, Surge
from alerts.rhythm_words import over_alert, silence_alert, surge_alert
from alerts.trouble_words import trouble_alert
from alerts.troubles import Report, Trouble, TroubleKind
from crawler.records import SourceState

NOW = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)  # a Tuesday
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def samples(words: str = "Chips & tariffs", url: str = "https://post.example/1") -> dict[str, Alert]:
    """By type; `words` stands wherever a feed, a page, a server or a user may put text, `url` in every link."""
    initiative = Initiative(id="trust", name=words, watchlist_id="w")
    today = NOW.date()
    story = ToldStory(
        id="s1", title=words, url=url, source=words, published=NOW - HOUR, came=NOW - HOUR, outlets=3
    )
    telling = Telling(
        article_id="a1",
        title=words,
        url=url,
        source=words,
        source_id="post",
        published=NOW - DAY,
        found=NOW - DAY,
    )
    surge = Surge(
        start=today - DAY,
        day=today,
        stories=9,
        expected=1.96,
        low=0,
        high=4,
        weekdays=(2, 1),
        lately=(2,) * 14,
    )
    bringers = (
        Bringer(source=words, reports=9, state=SourceState.BLOCKED, since=NOW - 9 * DAY, problem=words),
        Bringer(source=f"{words} 2", reports=4, state=SourceState.OK, paused=True),
        Bringer(source=f"{words} 3", reports=2, state=SourceState.OK, configured=False),
        Bringer(source=f"{words} 4", reports=1, state=SourceState.OK),
        Bringer(source=f"{words} 5", reports=1, state=SourceState.OK, last_new_at=NOW),
    )
    silence = Silence(last_report=today - 19 * DAY, days=19, usual=4, begins=7, number=1)
    return {
        "surge": surge_alert(initiative, surge, (story,), read_on=today, until=NOW.time()),
        "silence": silence_alert(initiative, silence, cause(bringers, silence.last_report, "UTC")),
        "silence-over": over_alert(
            initiative,
            SilenceOver(last_report=today - 23 * DAY, days=23, stories=(story, story), more=2),
        ),
        "commitment": commitments_alert(
            [
                _promise("roadmap", words, telling, days=-23, reports=7),
                _promise("act", words, None, days=0, reports=0),
                _promise("fund", words, telling, days=30, reports=1),
                _promise("met", words, telling, days=None, reports=1, met_by=url),
            ],
            "UTC",
        ),
        "source-trouble": trouble_alert(_report(words, TroubleKind.SOURCE), NOW, for_operator=False),
        "operator": trouble_alert(_report(words, *TroubleKind), NOW, for_operator=True, notes=(words,)),
    }


def _promise(
    name: str,
    words: str,
    telling: Telling | None,
    *,
    days: int | None,
    reports: int,
    met_by: str | None = None,
) -> CommitmentTold:
    return CommitmentTold(
        initiative_id="trust",
        initiative=words,
        commitment=Commitment(
            id=name,
            text=words,
            due=None if days is None else NOW.date() + days * DAY,
            state=CommitmentState.OPEN if met_by is None else CommitmentState.MET,
            met=None if met_by is None else date(2026, 11, 3),
            by=met_by,
        ),
        days=days,
        evidence=() if telling is None else (telling,),
        reports=reports,
        watched_since=NOW - 60 * DAY,
        meant_for=NOW.date() - DAY if days == 0 else None,
        merged=2 if days == 0 else 0,
    )


def _report(words: str, *kinds: TroubleKind) -> Report:
    begun = [_trouble(words, kind, "begun") for kind in kinds]
    lasting = [_trouble(words, kind, "lasting") for kind in kinds]
    over = [
        Memory(
            channel_id="",
            kind=str(kind),
            subject="over",
            since=NOW - DAY,
            noticed_at=NOW - DAY,
            told_at=NOW - DAY,
            over_at=NOW - HOUR,
            reason=words,
        )
        for kind in kinds
    ]
    return Report(begun=tuple(begun), lasting=tuple(lasting), over=tuple(over))


def _trouble(words: str, kind: TroubleKind, subject: str) -> Trouble:
    return Trouble(
        kind=kind,
        subject=subject,
        name=words,
        state="failing",
        since=NOW - 2 * DAY,
        reason=words,
        evidence=(words, words),
        remedy=words,
        count=3,
    )
