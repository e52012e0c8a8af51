"""Matching, composing and delivering over ports: once each, nothing lost, every refusal with its reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.addressing import deliveries_for, delivery_id
from alerts.composer import Composed, Uncomposed
from alerts.courier import Result
from alerts.errors import Refused, TryLater
from alerts.messages import Delivery, DeliveryState, Message
from alerts.notify import Notifier
from alerts.plans import DigestPlan, WhenEmpty
from alerts.ports import Channel
from alerts.records import Initiative, Match, MatchedArticle
from alerts.render import Renderer
from crawler.records import Article
from tests.fakes.deliveries import MemoryDeliveries
from tests.fakes.outbox import INITIATIVES, NOW, SINCE, TRUST, GivenDigests, WaitingArticles, found, plan


@dataclass
class Clock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Way:
    """A channel that keeps what it gets, and raises what a test wants."""

    to: tuple[str, ...] = ("desk@example.org",)
    address: str = "print of the address"
    raises: list[Exception | None] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def recipients(self) -> tuple[str, ...]:
        return self.to

    def target(self) -> str:
        return self.address

    def as_sent(self, message: Message, delivery: Delivery) -> bytes:
        return message.text.encode()

    async def send(self, message: Message, delivery: Delivery) -> str:
        trouble = self.raises.pop(0) if self.raises else None
        if trouble is not None:
            raise trouble
        self.sent.append((message.key, delivery.recipient))
        return "250 OK"


@dataclass(frozen=True)
class Judgement:
    matches: Sequence[Match]


class WordJudge:
    """Matches what has TRUST in its title, and breaks on "poison"."""

    def judge(self, article: Article) -> Judgement:
        if "poison" in article.title:
            raise RecursionError("too deep")
        hit = Match(article_id=article.id, initiative_id="trust")
        return Judgement((hit,) if "TRUST" in article.title else ())


class House:
    """A notifier over stores in memory, with everything in reach of the test."""

    def __init__(
        self,
        *matched: MatchedArticle,
        plans: Sequence[DigestPlan] = (plan(),),
        channels: dict[str, Channel] | None = None,
        articles: Sequence[Article] = (),
        renderer: Renderer | None = None,
        initiatives: dict[str, Initiative] | None = None,
        digests: Any = None,
    ) -> None:
        self.clock = Clock()
        self.desk = Way()
        self.deliveries = MemoryDeliveries()
        self.digests = digests or GivenDigests(matched, self.deliveries)
        self.matches = WaitingArticles(articles)
        self.notifier = Notifier(
            matcher=WordJudge(),
            matches=self.matches,
            digests=self.digests,
            deliveries=self.deliveries,
            channels=channels if channels is not None else {"desk": self.desk},
            renderer=renderer or Renderer(),
            clock=self.clock,
            plans=plans,
            initiatives=initiatives or INITIATIVES,
            fraction=lambda: 0.5,
        )

    async def seen_since(self, when: datetime = SINCE) -> House:
        """As if every digest had been known since `when`."""
        for one in self.notifier._composer._plans:
            await self.digests.start(one, when)
        return self


def article(number: int, title: str) -> Article:
    return Article(
        id=f"{number:016x}", source_id="s", url="https://a.example", canonical_url="https://a.example",
        title=title, first_seen_at=NOW,
    )  # fmt: skip


# -- matching --------------------------------------------------------------------------------------


async def test_every_waiting_article_is_judged_and_marked() -> None:
    house = House(articles=[article(n, "TRUST call" if n % 2 else "weather") for n in range(7)])

    counts = await house.notifier.match_new(2)

    assert (counts.articles, counts.matches, counts.failed) == (7, 3, ())
    assert len(house.matches.matches) == 7


async def test_an_article_that_breaks_the_matcher_stops_no_other() -> None:
    house = House(articles=[article(1, "poison"), article(2, "TRUST"), article(3, "TRUST")])

    counts = await house.notifier.match_new(2)

    assert counts.failed == (f"{1:016x}",)
    assert counts.articles == 2
    assert f"{2:016x}" in house.matches.matches


async def test_articles_that_break_the_matcher_do_not_block_the_queue() -> None:
    """However many of them stand at its head, those behind are judged, and the round ends."""
    broken = [article(number, "poison") for number in range(5)]
    house = House(articles=[*broken, article(7, "TRUST"), article(8, "TRUST")])

    counts = await house.notifier.match_new(2)

    assert counts.failed == tuple(one.id for one in broken)
    assert (counts.articles, counts.matches) == (2, 2)


# -- composing -------------------------------------------------------------------------------------


async def test_a_due_digest_is_frozen_with_its_deliveries_before_anything_is_sent() -> None:
    house = await House(found("Chips"), channels=None).seen_since()

    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert composed.message.key == "morning/2026-11-25T07:30"
    assert house.desk.sent == []
    ((slot, message, deliveries),) = house.digests.outbox
    assert slot.key == "2026-11-25T07:30"
    assert message == composed.message
    assert [one.recipient for one in deliveries] == ["desk@example.org"]
    assert deliveries[0].id == delivery_id(message.key, "desk", "desk@example.org")


async def test_a_digest_that_breaks_keeps_no_other_from_its_readers() -> None:
    """It stays due, and who asked is told which it was."""

    class Torn(GivenDigests):
        whole = False

        async def matched(
            self, channel_id: str, plan: DigestPlan, *window: Any
        ) -> tuple[MatchedArticle, ...]:
            if plan.id == "broken" and not self.whole:
                raise LookupError("a row is not what it should be")
            return await super().matched(channel_id, plan, *window)

    house = House(plans=(plan(id="broken"), plan(id="sound")), digests=Torn((found("Chips"),)))
    await house.seen_since()

    with pytest.raises(Uncomposed, match="broken") as some:
        await house.notifier.compose_due()
    assert [one.slot.digest_id for one in some.value.done] == ["sound"]
    assert [slot.digest_id for slot, _, _ in house.digests.outbox] == ["sound"]
    assert isinstance(some.value.faults["broken"], LookupError)

    house.digests.whole = True
    assert [one.slot.digest_id for one in await house.notifier.compose_due()] == ["broken"]


async def test_a_digest_is_composed_once_however_often_it_is_asked_for() -> None:
    house = await House(found("Chips")).seen_since()

    first = await house.notifier.compose_due()
    again = await house.notifier.compose_due()

    assert (len(first), len(again)) == (1, 0)


async def test_two_processes_compose_one_digest() -> None:
    """The store's key decides: the loser reports nothing."""
    house = await House(found("Chips")).seen_since()
    other = House(found("Chips"))
    other.notifier._composer._digests = house.digests

    done = await asyncio.gather(house.notifier.compose_due(), other.notifier.compose_due())

    assert sum(len(one) for one in done) == 1
    assert len(house.digests.outbox) == 1


async def test_a_digest_first_seen_after_its_time_waits_for_the_next() -> None:
    house = House(found("Chips"))
    house.clock.time = NOW + timedelta(seconds=1)

    assert await house.notifier.compose_due() == ()
    house.clock.time = NOW + timedelta(days=1)
    assert len(await house.notifier.compose_due()) == 1


async def test_after_a_downtime_one_digest_covers_all_missed_slots() -> None:
    house = await House(found("Monday", matched_at=NOW - timedelta(days=2)), found("Today")).seen_since(
        NOW - timedelta(days=3)
    )

    (composed,) = await house.notifier.compose_due()

    assert composed.digest.since == NOW - timedelta(days=3)
    assert composed.digest.stories == 2
    assert "2 missed slots" in composed.digest.notes[0]


async def test_an_empty_digest_is_skipped_or_sent_as_the_user_wishes() -> None:
    """Either way its slot counts as done."""
    skip = plan(id="skip", when_empty=WhenEmpty.SKIP)
    send = plan(id="send", when_empty=WhenEmpty.SEND)
    house = await House(plans=(skip, send)).seen_since()

    done = {one.slot.digest_id: one.message for one in await house.notifier.compose_due()}

    assert done["skip"] is None
    assert done["send"] is not None
    assert done["send"].subject.startswith("Nothing new")
    assert await house.notifier.compose_due() == ()
    assert [one.message_key for one in await house.deliveries.list()] == ["send/2026-11-25T07:30"]


async def test_a_paused_digest_is_not_composed() -> None:
    house = await House(found("Chips"), plans=(plan(paused=True),)).seen_since()

    assert await house.notifier.compose_due() == ()


async def test_what_was_told_comes_back_only_as_also_now_in() -> None:
    house = await House(found("Chips", story="s1", source="First")).seen_since()
    await house.notifier.compose_due()
    house.digests.articles.append(
        found("Chips", story="s1", source="Second", matched_at=NOW + timedelta(hours=2))
    )
    house.clock.time = NOW + timedelta(days=1)

    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert composed.message.subject == "Also now in Second: Chips"
    assert composed.digest.stories == 0


async def test_reports_on_a_commitment_are_shown_under_it() -> None:
    house = await House(found("Chips")).seen_since()
    house.digests.evidence["trust", "ai-roadmap"] = (found("Roadmap still missing").telling,)

    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert "Roadmap still missing" in composed.message.text


async def test_a_broken_template_does_not_hold_back_the_news(tmp_path: Path) -> None:
    """The bundled template takes over, and the digest says what is wrong with the user's."""
    (tmp_path / "digest.txt.j2").write_text("{{ oops }}")
    house = await House(found("Chips"), renderer=Renderer(tmp_path)).seen_since()

    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert composed.problem is not None
    assert "digest.txt.j2:1: 'oops' is undefined" in composed.problem
    assert "Chips" in composed.message.text
    assert "Your template failed" in composed.message.text


# -- immediately -----------------------------------------------------------------------------------

ALARM = plan(id="alarm", immediately=True, gather=timedelta(minutes=5))


async def test_immediately_waits_to_gather_then_tells_all_of_the_story() -> None:
    first = found("Chips", story="s1", source="First", matched_at=NOW)
    second = found("Chips", story="s1", source="Second", matched_at=NOW + timedelta(minutes=3))
    house = await House(first, second, plans=(ALARM,)).seen_since()

    house.clock.time = NOW + timedelta(minutes=4, seconds=59)
    assert await house.notifier.compose_due() == ()
    house.clock.time = NOW + timedelta(minutes=5)
    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert composed.message.subject == "Chips"
    assert "2 outlets" in composed.message.text
    assert await house.notifier.compose_due() == ()


def grown(house: House, hours: float) -> None:
    house.digests.articles.append(
        found("Chips", story="s1", source="Later Paper", matched_at=NOW + timedelta(hours=hours))
    )


async def told_at_once(*plans: DigestPlan) -> House:
    house = await House(found("Chips", story="s1", matched_at=NOW), plans=plans).seen_since()
    house.clock.time = NOW + timedelta(minutes=5)
    assert "alarm" in {one.slot.digest_id for one in await house.notifier.compose_due()}
    grown(house, 1)
    return house


async def test_later_outlets_are_told_once_a_day() -> None:
    house = await told_at_once(ALARM)

    house.clock.time = NOW + timedelta(hours=24, minutes=59)
    assert await house.notifier.compose_due() == ()
    house.clock.time = NOW + timedelta(hours=25)
    (composed,) = await house.notifier.compose_due()

    assert composed.message is not None
    assert composed.message.subject == "Also now in Later Paper: Chips"


async def test_later_outlets_are_left_to_a_timed_digest_to_the_same_desk() -> None:
    house = await told_at_once(ALARM, plan())

    house.clock.time = NOW + timedelta(hours=30)
    composed = await house.notifier.compose_due()

    assert [one.slot.digest_id for one in composed] == ["morning"]


async def test_a_paused_initiative_raises_no_alarm() -> None:
    quiet = INITIATIVES | {"trust": replace(TRUST, paused=True)}
    house = await House(found("Chips", matched_at=NOW), plans=(ALARM,), initiatives=quiet).seen_since()
    house.clock.time = NOW + timedelta(hours=1)

    assert await house.notifier.compose_due() == ()


# -- out of turn -----------------------------------------------------------------------------------


async def test_a_preview_changes_nothing() -> None:
    house = await House(found("Chips")).seen_since()

    (message,) = await house.notifier.preview(plan(), NOW)

    assert "Chips" in message.text
    assert json.loads(message.data)["id"] == "morning/2026-11-25T07:30"
    assert house.digests.outbox == []
    assert len(await house.notifier.compose_due()) == 1


async def test_a_preview_before_the_slot_stands_for_the_slot_to_come() -> None:
    house = await House(found("Chips", hours=6)).seen_since()

    (message,) = await house.notifier.preview(plan(), NOW - timedelta(hours=5))

    assert message.key == "morning/2026-11-25T07:30"


async def test_compose_now_tells_at_once_and_ends_the_window() -> None:
    house = await House(found("Chips")).seen_since()
    house.clock.time = NOW - timedelta(hours=1)

    (composed,) = await house.notifier.compose_now(plan())
    nothing = await house.notifier.compose_now(plan())

    assert composed.message is not None
    assert composed.message.key == "morning/2026-11-25T06:30:00.000"
    assert nothing == ()


# -- delivering ------------------------------------------------------------------------------------


async def outbox(house: House, to: Sequence[str] = ("desk",)) -> list[str]:
    """One frozen message to these channels; ids of its deliveries."""
    house.notifier._composer._plans = {"morning": plan(to=tuple(to))}
    await house.seen_since()
    done: tuple[Composed, ...] = await house.notifier.compose_due()
    return [one.id for one in done[0].deliveries]


async def test_a_sent_delivery_is_closed_with_its_answer() -> None:
    house = House(found("Chips"))
    (only,) = await outbox(house)

    (outcome,) = await house.notifier.deliver_due(10)

    assert (outcome.result, outcome.answer) == (Result.SENT, "250 OK")
    assert house.deliveries[only].state is DeliveryState.SENT
    assert await house.notifier.deliver_due(10) == ()
    assert house.desk.sent == [("morning/2026-11-25T07:30", "desk@example.org")]


async def test_a_busy_receiver_is_tried_again_when_the_schedule_says() -> None:
    house = House(found("Chips"))
    house.desk.raises = [TryLater("451 greylisted")]
    (only,) = await outbox(house)

    (outcome,) = await house.notifier.deliver_due(10)

    assert outcome.result is Result.LATER
    assert outcome.next_attempt_at == NOW + timedelta(minutes=1)
    assert house.deliveries[only].last_error == "451 greylisted"
    assert await house.notifier.deliver_due(10) == ()
    house.clock.time += timedelta(minutes=1)
    assert [one.result for one in await house.notifier.deliver_due(10)] == [Result.SENT]


async def test_a_refused_delivery_is_parked_and_its_neighbours_are_sent() -> None:
    house = House(found("Chips"))
    house.desk.to = ("a@example.org", "b@example.org", "c@example.org")
    house.desk.raises = [None, Refused("550 no such mailbox")]
    await outbox(house)

    outcomes = await house.notifier.deliver_due(10)

    assert sorted(one.result for one in outcomes) == ["parked", "sent", "sent"]
    parked = [one for one in await house.deliveries.list() if one.state is DeliveryState.PARKED]
    assert [one.last_error for one in parked] == ["550 no such mailbox"]


async def test_an_unknown_channel_is_parked_with_its_reason() -> None:
    house = House(found("Chips"))
    (only,) = await outbox(house, ["gone-from-the-file"])

    (outcome,) = await house.notifier.deliver_due(10)

    assert outcome.result is Result.PARKED
    assert "no such channel" in (house.deliveries[only].last_error or "")


async def test_a_channel_that_answers_410_gets_nothing_more_but_an_operators_retry() -> None:
    house = House(found("Chips"))
    house.desk.to = ("a@example.org",)
    house.desk.raises = [Refused("410 gone", disable=True)]
    (first,) = await outbox(house)
    (outcome,) = await house.notifier.deliver_due(10)
    assert outcome.channel_gone

    message = house.deliveries.messages["morning/2026-11-25T07:30"]
    later = replace(message, key="morning/2026-11-26T07:30")
    await house.deliveries.add(later, deliveries_for(later, "desk", house.desk, NOW))
    (untried,) = await house.notifier.deliver_due(10)
    assert (untried.result, untried.channel_gone) == (Result.PARKED, True)
    assert house.desk.sent == []

    await house.deliveries.retry(first, now=NOW)
    assert [one.result for one in await house.notifier.deliver_due(10)] == [Result.SENT]


async def test_a_fault_of_ours_is_tried_later_and_shows_no_words() -> None:
    house = House(found("Chips"))
    house.desk.raises = [KeyError("canary-secret")]
    await outbox(house)

    (outcome,) = await house.notifier.deliver_due(10)

    assert outcome.result is Result.LATER
    assert outcome.error == "unexpected KeyError in the channel"


async def test_a_delivery_is_given_up_after_its_time() -> None:
    house = House(found("Chips"))
    house.desk.raises = [TryLater("busy")] * 400
    (only,) = await outbox(house)

    for _ in range(400):
        outcomes = await house.notifier.deliver_due(10)
        if outcomes[0].result is Result.PARKED:
            break
        house.clock.time = outcomes[0].next_attempt_at or house.clock.time

    assert house.deliveries[only].state is DeliveryState.PARKED
    assert (house.deliveries[only].last_error or "").startswith("given up after")
    assert house.clock.time == NOW + timedelta(days=5)


async def test_a_limit_is_a_limit() -> None:
    house = House(found("Chips"))
    house.desk.to = tuple(f"r{n}@example.org" for n in range(9))
    await outbox(house)

    assert len(await house.notifier.deliver_due(6)) == 6
    assert len(await house.notifier.deliver_due(6)) == 3


def test_delivery_ids_are_stable_and_differ_by_message_channel_and_recipient() -> None:
    """They are Message-ID and webhook-id: a changed rule would repeat mails after an upgrade."""
    base = delivery_id("morning/2026-11-25T07:30", "desk", "a@example.org")

    assert base == "9c4e99eded280c8c764ded56a0d3179d"
    others = {
        delivery_id("morning/2026-11-25T07:31", "desk", "a@example.org"),
        delivery_id("morning/2026-11-25T07:30", "other", "a@example.org"),
        delivery_id("morning/2026-11-25T07:30", "desk", "b@example.org"),
    }
    assert base not in others
    assert len(others) == 3


@pytest.mark.parametrize("result", Result)
def test_results_are_plain_words(result: Result) -> None:
    """They name the counters of the log."""
    assert result in {"sent", "later", "parked"}
