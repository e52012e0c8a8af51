"""How often one visitor may ask: a bucket of requests each, that fills again with time. Pure."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

BURST = 60.0  # requests at once
RATE = 1.0  # a second, from then on
MISS = 9.0  # what a wrong guess costs beside the request itself
VISITORS = 4096  # remembered; then the one not seen for longest is forgotten
WHOLE_NET = 64  # bits of an IPv6 address that are one visitor


class Buckets:
    """One bucket a visitor. Times are seconds of a clock that only goes forward."""

    def __init__(self, *, burst: float = BURST, rate: float = RATE, most: int = VISITORS) -> None:
        self._burst, self._rate, self._most = burst, rate, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, visitor: str, now: float) -> bool:
        """Whether one more request is within the bounds; it is counted when it is."""
        left = self._now(visitor, now)
        if left < 1:
            return False
        self._keep(visitor, left - 1, now)
        return True

    def charge(self, visitor: str, cost: float, now: float) -> None:
        """Take `cost` requests out of the visitor's bucket."""
        self._keep(visitor, max(self._now(visitor, now) - cost, 0), now)

    def _now(self, visitor: str, now: float) -> float:
        left, since = self._left.get(visitor, (self._burst, now))
        return min(self._burst, left + max(now - since, 0) * self._rate)

    def _keep(self, visitor: str, left: float, now: float) -> None:
        self._left[visitor] = left, now
        self._left.move_to_end(visitor)
        if len(self._left) > self._most:
            self._left.popitem(last=False)


def visitor(peer: str, forwarded: str | None) -> str:
    """Who asks: the peer; behind a proxy of this house, the address that the proxy says it speaks for.

    Args:
        peer: address of the other end of the connection.
        forwarded: the header X-Forwarded-For; its last entry is the one that the nearest proxy wrote.
    """
    try:
        near = ip_address(peer)
    except ValueError:
        return peer
    if forwarded is not None and (near.is_loopback or near.is_private):
        try:
            near = ip_address(forwarded.rpartition(",")[2].strip())
        except ValueError:
            return str(near)
    if isinstance(near, IPv6Address):
        if near.ipv4_mapped is not None:
            return str(near.ipv4_mapped)
        return f"{IPv6Address(int(near) >> (128 - WHOLE_NET) << (128 - WHOLE_NET))}/{WHOLE_NET}"
    return str(near)
