"""Questions that may hang: one at a time, waited for a little, asked anew when the answer is stale."""

from __future__ import annotations

import asyncio

from tests.fakes.net_site import SetMonotonic
from tidings.limited import Answer, Limited


class Oracle:
    """Answers when the test lets it."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = asyncio.Event()
        self.fault: Exception | None = None

    async def answer(self) -> int:
        self.asked += 1
        number = self.asked
        await self.free.wait()
        if self.fault is not None:
            raise self.fault
        return number


def limited(oracle: Oracle, time: SetMonotonic, *, patience: float = 5.0) -> Limited[int]:
    return Limited(oracle.answer, patience=patience, fresh=2.0, seconds=time.now)


async def test_many_who_ask_at_once_are_one_question() -> None:
    """And for as long as the answer is fresh it is given again."""
    oracle, time = Oracle(), SetMonotonic()
    one = limited(oracle, time)
    asking = [asyncio.create_task(one.ask()) for _ in range(20)]
    await asyncio.sleep(0)
    oracle.free.set()

    assert await asyncio.gather(*asking) == [Answer(value=1)] * 20
    time.seconds += 1.9
    assert await one.ask() == Answer(value=1)
    time.seconds += 0.1
    assert await one.ask() == Answer(value=2)


async def test_who_asks_a_silent_one_is_told_so_with_the_last_answer() -> None:
    """No second question is put while the first hangs, and its late answer counts from when it came."""
    oracle, time = Oracle(), SetMonotonic()
    one = limited(oracle, time, patience=0.01)
    oracle.free.set()
    await one.ask()
    oracle.free.clear()
    time.seconds += 10

    late = [await one.ask() for _ in range(3)]
    oracle.free.set()
    await asyncio.sleep(0.01)
    time.seconds += 2

    assert late == [Answer(value=1, problem="no answer within 0.01 s")] * 3
    assert oracle.asked == 2
    assert await one.ask() == Answer(value=3)


async def test_a_question_that_fails_is_a_problem_in_its_own_words() -> None:
    """It is not put again at once; those who come meanwhile hear the same."""
    oracle, time = Oracle(), SetMonotonic()
    one = limited(oracle, time)
    oracle.free.set()
    oracle.fault = OSError("the disk is on fire")

    assert (await one.ask()).problem == (await one.ask()).problem == "the disk is on fire"
    assert oracle.asked == 1
    oracle.fault = None
    time.seconds += 2
    assert await one.ask() == Answer(value=2)


async def test_closing_waits_for_nothing() -> None:
    oracle = Oracle()
    one = limited(oracle, SetMonotonic(), patience=0.01)
    await one.ask()

    await one.close()

    assert (await one.ask()).problem is not None
