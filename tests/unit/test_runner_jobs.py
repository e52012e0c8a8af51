"""Tasks as jobs of the queue and back: batches, shares, locks."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.fakes.clock import NOON
from tidings.runners.jobs import BATCH, SHARES, Job, jobs_of, tasks_of
from tidings.tasks import Compose, Deliver, PollSource, ReadPage, Rematch, Settle, Task

CLAIM = NOON + timedelta(minutes=10, microseconds=123)


def polls(*names: str) -> list[PollSource]:
    return [PollSource(name, claimed_until=CLAIM) for name in names]


def host(task: PollSource | ReadPage) -> str:
    """`a1` and `a2` are of host a."""
    return task.host if isinstance(task, ReadPage) else task.source_id[0]


def made(*tasks: Task) -> list[Job]:
    return list(jobs_of(tasks, host_of=host))


def test_what_was_put_on_the_queue_comes_back() -> None:
    """Through JSON; the end of the claim to the microsecond."""
    pages = [ReadPage(f"page{n}", host="a", claimed_until=CLAIM) for n in range(3)]
    jobs = made(*polls("a1", "b1"), *pages, Settle(), Rematch(), Compose(), Deliver())
    back = [task for job in jobs for task in tasks_of(job.name, json.loads(json.dumps(dict(job.args))))]

    assert [task for task in back if isinstance(task, PollSource)] == polls("a1", "b1")
    assert [task.article_id for task in back if isinstance(task, ReadPage)] == ["page0", "page1", "page2"]
    assert {task.claimed_until for task in back if isinstance(task, PollSource | ReadPage)} == {CLAIM}
    assert all(task.queued for task in back if isinstance(task, ReadPage))
    assert [task for task in back if isinstance(task, Rematch | Compose | Deliver)] == [
        Rematch(),
        Compose(),
        Deliver(),
    ]


def test_polls_of_one_host_are_in_one_job() -> None:
    """However they are ordered; a job is not filled up with half a host."""
    names = [f"{letter}{n}" for n in range(4) for letter in "abcd"]
    jobs = made(*polls(*names))

    hosts = [{name[0] for name in job.args["sources"]} for job in jobs]
    assert sum(map(len, hosts)) == len(set().union(*hosts))
    assert sorted(name for job in jobs for name in job.args["sources"]) == sorted(names)
    assert all(len(job.args["sources"]) <= BATCH for job in jobs)


def test_claims_that_end_at_different_times_are_in_different_jobs() -> None:
    later = PollSource("b1", claimed_until=CLAIM + timedelta(seconds=5))
    jobs = made(*polls("a1"), later)

    assert [job.args["claim"] for job in jobs] == [CLAIM.isoformat(), later.claimed_until.isoformat()]  # type: ignore[union-attr]  # it was given above


def test_a_task_without_a_claim_cannot_wait_on_a_queue() -> None:
    """Nobody could tell whether it is still to be done."""
    with pytest.raises(ValueError, match="is not claimed"):
        made(PollSource("a1"))


def test_settling_is_shared_out_and_each_share_is_settled_by_one_at_a_time() -> None:
    jobs = made(Settle())

    assert [tasks_of(job.name, job.args) for job in jobs] == [
        (Settle(share=(part, SHARES)),) for part in range(SHARES)
    ]
    assert len({job.lock for job in jobs}) == len({job.once for job in jobs}) == SHARES


def test_only_one_nudge_of_a_kind_waits() -> None:
    """Digests are composed one at a time; deliveries are claimed one by one, and need no lock."""
    once = {job.name: (job.once, job.lock) for job in made(Rematch(), Compose(), Deliver())}

    assert once == {
        "rematch": ("rematch", "rematch"),
        "compose": ("compose", "compose"),
        "deliver": ("deliver", None),
    }


@pytest.mark.parametrize(
    ("name", "args"),
    [("polls", {}), ("polls", {"claim": "soon", "sources": []}), ("settle", {"share": 3}), ("knit", {})],
)
def test_a_job_of_another_version_is_known_as_such(name: str, args: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        tasks_of(name, args)
