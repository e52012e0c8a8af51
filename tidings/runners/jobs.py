"""What goes on the queue: tasks as jobs, batched so that carrying them costs little, and back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from crawler.shares import Share
from tidings.queues import Queue
from tidings.tasks import Compose, Deliver, PollSource, ReadPage, Rematch, Settle, Task

BATCH = 10  # polls or pages of a job: where one costs 10 ms, carrying it is some per cent of that
SHARES = 16  # in which articles are settled; so many workers can do it side by side

Claimed = TypeVar("Claimed", PollSource, ReadPage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job.

    Attributes:
        lock: of jobs with the same, one is performed at a time.
        once: of jobs with the same, one waits at a time.
    """

    name: str
    queue: Queue
    args: Mapping[str, Any] = field(default_factory=dict)
    lock: str | None = None
    once: str | None = None


DELIVER = Job(name="deliver", queue=Queue.TELL, once="deliver")
COLLECTING = ("polls", "pages")
NAMES = ("polls", "pages", "settle", "rematch", "compose", "deliver")


def jobs_of(
    tasks: Iterable[Task],
    *,
    host_of: Callable[[PollSource | ReadPage], str],
) -> Iterator[Job]:
    """The jobs for tasks. Polls and pages of one host go together, so that one process spaces its requests.

    Args:
        host_of: the host that a poll or page asks.
    """
    polls: list[PollSource] = []
    pages: list[ReadPage] = []
    for task in tasks:
        match task:
            case PollSource():
                polls.append(task)
            case ReadPage():
                pages.append(task)
            case Settle():
                for part in range(SHARES):
                    yield settle((part, SHARES))
            case Rematch():
                yield Job(name="rematch", queue=Queue.SETTLE, lock="rematch", once="rematch")
            case Compose():
                yield Job(name="compose", queue=Queue.TELL, lock="compose", once="compose")
            case Deliver():
                yield DELIVER
    for some in _batches(polls, host_of):
        args = {"sources": [task.source_id for task in some], "claim": _stamp(some)}
        yield Job(name="polls", queue=Queue.COLLECT, args=args)
    for batch in _batches(pages, host_of):
        args = {"articles": [task.article_id for task in batch], "claim": _stamp(batch)}
        yield Job(name="pages", queue=Queue.COLLECT, args=args)


def settle(share: Share) -> Job:
    """The job that settles one share."""
    name = f"settle {share[0]}"
    return Job(name="settle", queue=Queue.SETTLE, args={"share": list(share)}, lock=name, once=name)


def tasks_of(name: str, args: Mapping[str, Any]) -> tuple[Task, ...]:
    """The tasks of a job: what `jobs_of` made it from.

    Raises:
        KeyError, TypeError, ValueError: another version of the program made it, and it cannot be read.
    """
    match name:
        case "polls":
            claim = datetime.fromisoformat(args["claim"])
            return tuple(PollSource(one, claimed_until=claim) for one in args["sources"])
        case "pages":
            claim = datetime.fromisoformat(args["claim"])
            return tuple(ReadPage(one, claimed_until=claim, queued=True) for one in args["articles"])
        case "settle":
            part, of = args["share"]
            return (Settle(share=(int(part), int(of))),)
        case "rematch":
            return (Rematch(),)
        case "compose":
            return (Compose(),)
        case "deliver":
            return (Deliver(),)
    raise ValueError(f"no job is called {name!r}")


def _stamp(batch: Sequence[PollSource | ReadPage]) -> str:
    claim = batch[0].claimed_until
    if claim is None:
        raise ValueError(f"{batch[0]!r} is not claimed, and cannot go on the queue")
    return claim.isoformat()


def _batches(
    tasks: Sequence[Claimed], host_of: Callable[[PollSource | ReadPage], str]
) -> Iterator[list[Claimed]]:
    """Some at a time, of one claim; those of a host stay together."""
    groups: dict[tuple[datetime | None, str], list[Claimed]] = {}
    for task in tasks:
        groups.setdefault((task.claimed_until, host_of(task)), []).append(task)
    batch: list[Claimed] = []
    for (claim, _), of_host in groups.items():
        if batch and (batch[0].claimed_until != claim or len(batch) + len(of_host) > BATCH):
            yield batch
            batch = []
        batch.extend(of_host)
    if batch:
        yield batch
