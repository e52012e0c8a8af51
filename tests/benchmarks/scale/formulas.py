"""What queueing theory says in closed form, to hold the simulation against. Pure; rates are per second, times in seconds.

Source:
    Kleinrock, "Queueing Systems", volume 1; the laws of utilisation and of Little hold without assumptions.
"""

from __future__ import annotations

from math import factorial


def utilisation(rate: float, work: float, servers: int = 1) -> float:
    """Share of the time that servers are busy; above 1 the line grows for ever."""
    return rate * work / servers


def wait_md1(rate: float, work: float) -> float:
    """Mean wait before one server whose work always lasts the same, for arrivals by chance.

    Raises:
        ValueError: the server is overloaded.
    """
    load = utilisation(rate, work)
    if load >= 1:
        raise ValueError(f"a load of {load:.2f} has no mean wait")
    return load * work / (2 * (1 - load))


def wait_mm(rate: float, work: float, servers: int) -> float:
    """Mean wait before several servers, for arrivals and works by chance (Erlang C).

    Raises:
        ValueError: the servers are overloaded.
    """
    offered, load = rate * work, utilisation(rate, work, servers)
    if load >= 1:
        raise ValueError(f"a load of {load:.2f} has no mean wait")
    last = offered**servers / factorial(servers) / (1 - load)
    waits = last / (sum(offered**k / factorial(k) for k in range(servers)) + last)
    return waits * work / (servers * (1 - load))


def round_of(feeds: float, spacing: float, every: float) -> float:
    """Seconds between two polls of one feed of a host that has so many, however often they are wanted."""
    return max(every, feeds * spacing)


def most_feeds(spacing: float, every: float) -> float:
    """Feeds of one host that can each be polled `every` so many seconds."""
    return every / spacing
