"""The sources that the simulation polls: how they share hosts, how often they bring something, how fast they answer.

What is known of real ones:
    hosts: of 799 feeds in public OPML lists 547 have a host of their own; the others stand on 47 hosts, of which the
        n-th largest has about 69 / n. That is Zipf's law with two feeds at its end, and it is carried on to any number.
    rates: of 461 publishers of headlines the logarithm of the rate has a standard deviation of 1.5.
Assumed: half of the sources bring less than four entries a day, and half of the hosts answer within 0.25 s.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from crawler.schedule import PollPolicy, interval

SHARED = 252 / 799  # of all sources stand on hosts of many
FEWEST = 2  # feeds of the smallest of these
MEDIAN_RATE, SPREAD, MOST_RATE = 4.0, 1.5, 300.0  # entries a day
ANSWER, ANSWER_SPREAD, LONGEST = 0.25, 1.0, 30.0  # seconds; a tarpit holds a request for the longest
FAILING = 0.05  # of the sources: they are asked once a day
DAY = 86_400.0


@dataclass(slots=True)
class World:
    """All sources; the parallel columns are by source, or by host."""

    every: array[float]  # seconds between two polls of a source, without jitter
    rate: array[float]  # entries a second
    host: array[int]
    feeds: array[int]  # of a host
    delay: array[float]  # median seconds of a host's answer
    failing: bytearray  # 1: the source fails whenever it is asked
    wanted: array[float] = field(default_factory=lambda: array("d"))  # polls a second of a host, as planned

    def __post_init__(self) -> None:
        self.wanted = array("d", bytes(8 * len(self.feeds)))
        for place, host in enumerate(self.host):
            self.wanted[host] += 1 / self.every[place]

    @property
    def polls(self) -> float:
        """Polls a second, were there no politeness."""
        return sum(self.wanted)

    def polite(self, spacing: float) -> float:
        """Polls a second that hosts allow."""
        return sum(min(one, 1 / spacing) for one in self.wanted)

    @property
    def entries(self) -> float:
        """New entries a second, on average over a day, of sources that answer."""
        return sum(rate for place, rate in enumerate(self.rate) if not self.failing[place])


def hosts_of_many(sources: int) -> Iterator[int]:
    """How many feeds each host of many has, the largest first; with those alone on theirs they make up `sources`."""
    left = round(SHARED * sources)
    low, high = 0, left + 1
    while high - low > 1:  # the most hosts that are not too many
        middle = (low + high) // 2
        low, high = (middle, high) if sum(_sizes(middle)) <= left else (low, middle)
    yield from _sizes(low)


def _sizes(number: int) -> Iterator[int]:
    """Zipf's law for so many hosts."""
    return (max(FEWEST, round(FEWEST * number / place)) for place in range(1, number + 1))


def made(sources: int, *, every: timedelta | None, seed: int = 1) -> World:
    """A world.

    Args:
        every: of each source; None: by what its past teaches, as `crawler.schedule` has it.
    """
    dice = random.Random(seed)
    host = array("l")
    feeds = array("l")
    for size in hosts_of_many(sources):
        host.extend([len(feeds)] * size)
        feeds.append(size)
    alone = sources - len(host)
    host.extend(range(len(feeds), len(feeds) + alone))
    feeds.extend([1] * alone)
    normal, chance = dice.gauss, dice.random
    rate = array("d", (min(MOST_RATE, MEDIAN_RATE * math.exp(SPREAD * normal(0, 1))) / DAY for _ in host))
    failing = bytearray(chance() < FAILING for _ in host)
    fixed = every.total_seconds() if every is not None else None
    return World(
        every=array(
            "d", (DAY if bad else fixed or _learned(one) for one, bad in zip(rate, failing, strict=True))
        ),
        rate=rate,
        host=host,
        feeds=feeds,
        delay=array("d", (ANSWER * math.exp(0.8 * ANSWER_SPREAD * normal(0, 1)) for _ in feeds)),
        failing=failing,
    )


def rhythm(hour: float) -> float:
    """How much of the average rate there is at an hour of the day; most at nine in the morning."""
    return 1 + 0.45 * math.cos((hour - 9) / 12 * math.pi)


_POLICY = PollPolicy()


def _learned(rate: float) -> float:
    """Seconds between two polls of a source with validators that brings so many entries a second."""
    gap = timedelta(seconds=min(1 / rate, 30 * DAY))
    return interval(_POLICY, every=None, learned=gap / 2, silence=gap / 2, validators=True).total_seconds()
