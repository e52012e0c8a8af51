"""The rules of the model: what may happen to an installation, and that all is told in the end."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from crawler.failpoints import POINTS
from tests.acceptance.world import DAY, HOUR, MINUTE
from tests.soak.model.belief import Belief, Feeds
from tests.soak.model.stage import SUBJECTS, Stage, entry, renamed, until_told

T = TypeVar("T")

FEEDS = ("times", "post", "wire")
DOWN_FOR = 2 * DAY  # that a receiver may be down; what waits longer than some days is given up, as promised
MOMENTS = 30  # of a tick, at one of which it dies

some_subjects = st.sets(st.sampled_from(sorted(SUBJECTS)), max_size=3).map(frozenset)


class Installation(RuleBasedStateMachine):
    """A year in the life of an installation, in a minute; `steps` counts what was done, over all examples."""

    steps: ClassVar[Counter[str]] = Counter()
    deaths: ClassVar[Counter[str]] = Counter()
    pairs: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._folder = Path(tempfile.mkdtemp(prefix="tidings-model-"))
        self.stage = Stage(self._folder)
        self.belief, self.feeds = Belief(), Feeds()
        self.texts: dict[str, str] = {}
        self.guids: dict[str, str] = {}
        self.number = 0
        self.down_since: dict[str, Any] = {}
        self._open = self.worked = False

    def _do(self, work: Coroutine[Any, Any, T], name: str) -> T:
        self.steps[name] += 1
        return self._loop.run_until_complete(work)

    @initialize(
        feeds=st.sets(st.sampled_from(FEEDS), min_size=1),
        first=st.sets(st.sampled_from(sorted(SUBJECTS)), min_size=1),
    )
    def begin(self, feeds: set[str], first: set[str]) -> None:
        """A new installation."""
        self.feeds.configured = set(feeds)
        self.stage.feeds, self.stage.initiatives = set(feeds), set(first)
        self.belief.in_force = set(first)
        for name in FEEDS:
            self.stage.press.feeds[name] = []
        self._do(self.stage.open(), "a new installation")
        self._open = True
        self.tick(0)

    # -- the news ------------------------------------------------------------------------------------

    @rule(feed=st.sampled_from(FEEDS), news=st.lists(some_subjects, min_size=1, max_size=4))
    def publish(self, feed: str, news: list[frozenset[str]]) -> None:
        """New articles."""
        self.steps["new articles"] += 1
        for subjects in news:
            self.number += 1
            self.feeds.entries[feed].insert(0, entry(f"n{self.number}", subjects, self.stage.clock.time))
        self._show(feed)

    @rule(feed=st.sampled_from(FEEDS), subjects=some_subjects, minutes=st.sampled_from((5, 10)))
    def publish_and_tick(self, feed: str, subjects: frozenset[str], minutes: int) -> None:
        """The usual course of things."""
        self.publish(feed, [subjects | {"zinc"}])
        self.tick(minutes)

    @rule(data=st.data(), feed=st.sampled_from(FEEDS))
    @precondition(lambda self: any(self.feeds.entries.values()))
    def reprint(self, data: st.DataObject, feed: str) -> None:
        """Word for word, under another address, in another feed: two entries of one list with one title are any two."""
        where, place = self._some(data)
        one = self.feeds.entries[where][place]
        if any(other.words == one.words for other in self.feeds.entries[feed]):
            return
        self.steps["a reprint"] += 1
        self.number += 1
        again = entry(f"n{self.number}", one.subjects, self.stage.clock.time, words=one.words)
        self.feeds.entries[feed].insert(0, again)
        self._show(feed)

    @rule(data=st.data(), subjects=some_subjects)
    @precondition(lambda self: any(self.feeds.entries.values()))
    def retitle(self, data: st.DataObject, subjects: frozenset[str]) -> None:
        """An article that is listed gets another headline."""
        self.steps["another headline"] += 1
        feed, place = self._some(data)
        one = self.feeds.entries[feed][place]
        self.belief.retitled.add(one.words)
        self.feeds.entries[feed][place] = renamed(one, subjects)
        self._show(feed)

    @rule(data=st.data())
    @precondition(lambda self: any(self.feeds.entries.values()))
    def rewrite(self, data: st.DataObject) -> None:
        """Its text grows, and says nothing else."""
        self.steps["another text"] += 1
        feed, place = self._some(data)
        slug = self.feeds.entries[feed][place].slug
        self.texts[slug] = self.texts.get(slug, "") + f"More is known of {slug} today. "
        self._show(feed)

    @rule(data=st.data())
    @precondition(lambda self: any(self.feeds.entries.values()))
    def rename(self, data: st.DataObject) -> None:
        """The same address comes under another guid."""
        self.steps["another guid"] += 1
        feed, place = self._some(data)
        slug = self.feeds.entries[feed][place].slug
        self.guids[slug] = f"{self.guids.get(slug, slug)}x"
        self._show(feed)

    @rule(data=st.data())
    @precondition(lambda self: any(self.feeds.entries.values()))
    def withdraw(self, data: st.DataObject) -> None:
        """An article leaves its feed."""
        self.steps["an article leaves"] += 1
        feed, place = self._some(data)
        del self.feeds.entries[feed][place]
        self._show(feed)

    # -- the configuration ---------------------------------------------------------------------------

    @rule(feed=st.sampled_from(FEEDS))
    def turn_feed(self, feed: str) -> None:
        """A feed comes into the configuration, or leaves it."""
        self.feeds.configured ^= {feed}
        self.stage.feeds = set(self.feeds.configured)
        self.stage.write()
        self._do(self.stage.reload(), "a feed comes or goes")

    @rule(feed=st.sampled_from(FEEDS), paused=st.booleans())
    @precondition(lambda self: self.feeds.configured)
    def pause(self, feed: str, paused: bool) -> None:
        """By hand."""
        self._do(self.stage.app.stores.sources.set_paused(feed, paused), "pause or resume")

    @rule(name=st.sampled_from(sorted(SUBJECTS)))
    def turn_initiative(self, name: str) -> None:
        """An initiative comes into the watchlist, or leaves it; one stays."""
        if self.belief.in_force == {name}:
            return
        if name in self.belief.in_force:
            self.belief.removed(name)
        else:
            self.belief.added(name)
        self.stage.initiatives = set(self.belief.in_force)
        self.stage.write()
        self._do(self.stage.reload(), "an initiative comes or goes")

    @rule(data=st.data())
    def reword(self, data: st.DataObject) -> None:
        """An initiative gets a term that stands nowhere, or loses it: nothing is told again for that."""
        self.stage.reworded ^= {data.draw(st.sampled_from(sorted(self.belief.in_force)))}
        self.stage.write()
        self._do(self.stage.reload(), "an initiative is reworded")

    # -- receivers -----------------------------------------------------------------------------------

    @rule(mood=st.sampled_from(("well", "down", "silent")), status=st.sampled_from((0, 0, 500, 503)))
    def receivers(self, mood: str, status: int) -> None:
        """The mail server works, takes nothing, or takes mails without a word; the hooks work, or answer with a fault."""
        self.steps["receivers"] += 1
        self.stage.office.mood = mood
        self._note("mail", well=mood == "well")
        self.stage.press.status = {f"/hook/{name}": status for name in SUBJECTS} if status else {}
        self._note("hook", well=not status)

    # -- time ----------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from((0, 1, 5, 10, 10, 15)))
    def tick(self, minutes: int) -> None:
        """Some minutes pass, and what is due is done."""
        self._do(self.stage.tick(minutes * MINUTE), "a tick")
        self._taken()

    @rule(by=st.sampled_from((HOUR, DAY, -HOUR)))
    def jump(self, by: timedelta) -> None:
        """The machine slept, or its clock was set."""
        self._well_in_time(by)
        self._do(self.stage.tick(by), "the clock jumps")
        self._taken()

    @rule(minutes=st.sampled_from((1, 10, 15)), number=st.integers(1, MOMENTS))
    def die(self, minutes: int, number: int) -> None:
        """In the middle of its work, and it is started again."""
        self._die(minutes, number, None)

    @rule(minutes=st.sampled_from((5, 10, 15)), number=st.integers(1, 2), at=st.sampled_from(sorted(POINTS)))
    def die_at(self, minutes: int, number: int, at: str) -> None:
        """At one of its named moments, where a tick comes to it."""
        self._die(minutes, number, at)

    def _die(self, minutes: int, number: int, at: str | None) -> None:
        work = self.stage.tick_to_death(minutes * MINUTE, number, at)
        moment = self._do(work, "a tick to die in")
        if moment is None:
            self._taken()
            return
        self.deaths[moment] += 1
        served, self.stage.press.served = self.stage.press.served, set()
        self.belief.was_served(self.feeds.listed(served))

    @rule()
    @precondition(lambda self: self.worked)
    def restart(self) -> None:
        """In order."""
        self.worked = False

        async def work() -> None:
            await self.stage.end()
            await self.stage.start()

        self._do(work(), "a restart")

    # -- the end -------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """All receivers work, hours pass, and then model, inbox and database agree."""
        try:
            if self._open:
                self._settle()
        finally:
            self._loop.run_until_complete(self.stage.close())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _settle(self) -> None:
        stage = self.stage
        stage.office.mood = "well"
        stage.press.status.clear()

        async def work() -> None:
            for name in self.feeds.configured:
                await stage.app.stores.sources.set_paused(name, paused=False)
            await until_told(stage, lambda: not list(self._now()))

        self._do(work(), "the end")
        self._taken()
        wrong = list(self._now())
        damage = stage.damage()
        assert not wrong, "\n".join(wrong)
        assert damage == "ok", damage
        unlike = list(self.belief.stored(stage.articles()))
        assert not unlike, "\n".join(unlike)
        waiting = self._loop.run_until_complete(stage.waiting())
        assert not waiting, f"{waiting} deliveries wait"
        self.pairs.update(map(str, self.belief.pairs.values()))

    def _now(self) -> Any:
        self._taken()
        return self.belief.faults(self.stage.told())

    # -- parts ---------------------------------------------------------------------------------------

    def _some(self, data: st.DataObject) -> tuple[str, int]:
        places = [(name, place) for name in FEEDS for place in range(len(self.feeds.entries[name]))]
        return data.draw(st.sampled_from(places))

    def _show(self, feed: str) -> None:
        self.stage.show(feed, self.feeds.entries[feed], self.texts, self.guids)

    def _taken(self) -> None:
        """What was served to a program that went on well is stored."""
        self.worked = True
        served, self.stage.press.served = self.stage.press.served, set()
        self.belief.was_taken(self.feeds.listed(served))

    def _note(self, receiver: str, *, well: bool) -> None:
        if well:
            self.down_since.pop(receiver, None)
        else:
            self.down_since.setdefault(receiver, self.stage.clock.time)

    def _well_in_time(self, by: timedelta) -> None:
        """No receiver is down for longer than is promised to be waited for."""
        if any(self.stage.clock.time + by - since > DOWN_FOR for since in self.down_since.values()):
            self.stage.office.mood = "well"
            self.stage.press.status.clear()
            self.down_since.clear()
