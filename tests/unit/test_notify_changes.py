"""Digests of what changed since it was told: sent for that alone, kept as told, and not too often where told at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.outgoing import Outgoing, Standing, Window
from alerts.plans import DigestPlan
from alerts.records import MatchedArticle
from crawler.folds import Change, ChangeKind
from tests.fakes.outbox import INITIATIVES, NOW, SINCE, TRUST, GivenDigests, found, plan
from tests.unit.test_notify_flow import House

ALARM = plan(id="alarm", immediately=True, gather=timedelta(minutes=5))
TOLD = NOW - timedelta(days=3)


def changed(at: datetime, **facts: Any) -> MatchedArticle:
    """An article that was told three days ago and says something else since `at`."""
    change = Change(
        article_id="0" * 16,
        before=1,
        after=2,
        at=at,
        kinds=(ChangeKind.NUMBERS,),
        said="12 became 15",
    )
    one = found(
        "Chips", article_id="0" * 16, story="s1", matched_at=TOLD, told_at=TOLD, changes=(change,), **facts
    )
    return replace(one, version=2)


class Frozen(GivenDigests):
    """Remembers from what each digest was composed, and what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[Window | None] = []
        self.tellings: list[Outgoing] = []

    async def freeze(self, slot: Any, **facts: Any) -> bool:
        self.windows.append(facts["window"])
        self.tellings += facts["tellings"]
        return await super().freeze(slot, **facts)


async def house(*plans: DigestPlan, **how: Any) -> tuple[House, Frozen]:
    """A house whose digests were known since yesterday."""
    made = House(plans=plans, **how)
    digests = Frozen()
    made.digests = made.notifier._composer._digests = digests
    await made.seen_since(SINCE)
    return made, digests


async def test_a_digest_whose_only_news_is_a_change_is_sent() -> None:
    """And what it told is kept: the change, and the version that readers know now."""
    made, digests = await house(plan())
    one = changed(NOW - timedelta(hours=2))
    digests.changes = [one]

    (composed,) = await made.notifier.compose_due()

    assert composed.message is not None
    assert "12 became 15" in " ".join(composed.message.text.split())
    (window,) = digests.windows
    assert window is not None
    assert window.standings == (Standing(channel_id="desk", changes=1),)
    (telling,) = digests.tellings
    assert (telling.channels, telling.versions, telling.changes) == (("desk",), (), one.changes)


async def test_a_digest_says_which_version_of_each_article_is_told() -> None:
    """Of initiatives that are told only; what there was to tell of all of them is counted."""
    paused = INITIATIVES | {"compact": replace(INITIATIVES["compact"], paused=True)}
    made, digests = await house(plan(), initiatives=paused)
    digests.articles = [
        replace(found("Chips", article_id="a" * 16), version=7),
        found("Ships", article_id="b" * 16, initiative="compact"),
    ]
    digests.changes = [
        changed(NOW - timedelta(hours=2)),
        changed(NOW - timedelta(hours=2), initiative="compact"),
    ]

    await made.notifier.compose_due()

    (window,) = digests.windows
    assert window is not None
    assert window.standings == (Standing(channel_id="desk", matches=2, changes=2),)
    assert window.live == ("trust",)
    (telling,) = digests.tellings
    assert dict(telling.versions) == {"a" * 16: 7}
    assert telling.changes == digests.changes[0].changes


@pytest.mark.parametrize(("hours", "is_told"), [(23.9, False), (24, True)])
async def test_a_plan_told_immediately_tells_changes_once_a_day(hours: float, is_told: bool) -> None:
    """As it does of later outlets of a story."""
    made, digests = await house(ALARM)
    digests.changes = [changed(NOW)]
    made.clock.time = NOW + timedelta(hours=hours)

    assert bool(await made.notifier.compose_due()) is is_told


async def test_a_new_story_takes_changes_along() -> None:
    """They are told with it, sooner than a day."""
    made, digests = await house(ALARM)
    digests.changes = [changed(NOW)]
    digests.articles = [found("Ships", matched_at=NOW)]
    made.clock.time = NOW + timedelta(minutes=5)

    (composed,) = await made.notifier.compose_due()

    assert composed.message is not None
    assert "12 became 15" in " ".join(composed.message.text.split())


async def test_changes_are_left_to_a_timed_digest_to_the_same_desk() -> None:
    """Which tells them at its time."""
    made, digests = await house(ALARM, plan())
    digests.changes = [changed(NOW)]
    made.clock.time = NOW + timedelta(hours=30)

    assert [one.slot.digest_id for one in await made.notifier.compose_due()] == ["morning"]


async def test_a_preview_tells_what_changed_and_keeps_nothing() -> None:
    """It is shown as it would be sent."""
    made, digests = await house(plan())
    digests.changes = [changed(NOW - timedelta(hours=2))]

    (message,) = await made.notifier.preview(plan())

    assert "12 became 15" in " ".join(message.text.split())
    assert digests.windows == []


async def test_a_paused_initiative_tells_no_change() -> None:
    """Nor does it raise an alarm for one."""
    quiet = INITIATIVES | {"trust": replace(TRUST, paused=True)}
    made, digests = await house(ALARM, initiatives=quiet)
    digests.changes = [changed(NOW)]
    made.clock.time = NOW + timedelta(hours=30)

    assert await made.notifier.compose_due() == ()
