"""The measured unit costs in the shape in which the model asks for them: seconds and bytes of each step. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from tests.benchmarks.costs.file import Cost, Measured
from tidings.runners.jobs import BATCH

ROUND_TRIP = 0.0003  # seconds to the server and back for each statement, in one computing centre
CARRIED = 0.31  # of the entries come with their text: 3,600 of 101 real feeds
CHANGED = (
    0.3  # of the sources give no validators, so that their feed is read whenever it is asked for; assumed
)
FEED_BYTES, PAGE_BYTES = 41_000.0, 43_000.0  # on the way, packed: a fifth of 205 kB and a quarter of 173 kB
CONNECTION_BYTES = 6_000.0  # of one encrypted connection: certificates, keys, packets
OF_BOTH = ("cpu", "server", "trips", "wal", "stored")


@dataclass(frozen=True, slots=True)
class Price:
    """What one step takes."""

    cpu: float  # seconds of a worker's core
    server: float  # seconds of the server's cores
    trips: float = 0.0  # seconds on the way to the server and back
    wal: float = 0.0  # bytes
    stored: float = 0.0  # bytes

    def __add__(self, other: Price) -> Price:
        return Price(*(getattr(self, name) + getattr(other, name) for name in OF_BOTH))

    def __mul__(self, number: float) -> Price:
        return Price(*(getattr(self, name) * number for name in OF_BOTH))


class Prices:
    """Of everything."""

    def __init__(self, measured: Measured) -> None:
        def of(name: str) -> Price:
            return _price(measured.costs[name])

        self.sync = measured.sync_ms / 1e3
        self.meeting = measured.meeting
        self.unchanged = of("poll, 304")
        self._points = [(number, of(f"poll, 200, {what}")) for number, what in ((0, "nothing new"), (2, "2 new"), (20, "20 new"))]  # fmt: skip
        self.claim = of("claiming sources")
        self.put = of("job of 10 polls put on the queue")
        self.job = of("job of 10 polls taken and finished") + of("claims begun by a worker") * BATCH
        self.page = of("page")
        self.claim_page = of("claiming pages")
        self.fold = of("fold")
        self.match = of("match, 200 initiatives")
        self.index = of("index of words")
        self.digest = of("digest composed")
        self.delivery = of("delivery by mail")
        self.retention = of("retention")
        self.article = self.fold + self.match + self.index

    def poll(self, new: float) -> Price:
        """A feed that was read, with so many new entries: between what was measured, and beyond it, in proportion."""
        place = min(max(bisect_right(self._points, new, key=lambda one: one[0]), 1), len(self._points) - 1)
        (low, one), (high, two) = self._points[place - 1], self._points[place]
        share = (new - low) / (high - low)
        return one * (1 - share) + two * share

    @property
    def of_queue(self) -> float:
        """CPU of both sides that carrying one poll by the queue takes, by that of the poll itself where nothing is new."""
        carried = (self.put + self.job) * (1 / BATCH)
        poll = self.unchanged * (1 - CHANGED) + self.poll(0) * CHANGED
        return (carried.cpu + carried.server) / (poll.cpu + poll.server)


def _price(cost: Cost) -> Price:
    return Price(
        cpu=cost.cpu_ms / 1e3,
        server=cost.server_ms / 1e3,
        trips=cost.statements * ROUND_TRIP,
        wal=cost.wal_bytes,
        stored=cost.stored_bytes,
    )
