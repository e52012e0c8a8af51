"""The units of work, as small as a queue can carry, and the one function that performs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, assert_never

import structlog

from alerts.composer import Composed, Uncomposed
from alerts.courier import Outcome
from alerts.notify import Notifier
from alerts.rerun import Refound
from crawler.folder import StoryFolder
from crawler.pages import PageReader
from crawler.poll import Poller
from crawler.ports import ArticleStore, Clock, SourceStore
from crawler.records import PollResult, TextState
from crawler.shares import Share
from crawler.vocabulary import vocabulary_of
from tidings.alerting import Alerting
from tidings.rematching import SLICE, Progress, Rematcher
from tidings.storage.errors import OF_ALL, StorageError
from tidings.troubles import digest_work

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)  # longer than any poll or page may take, waiting for its host included
BANDS_FOR = timedelta(days=30)  # how far back a reprint is looked for
SETTLE_BATCH = 50  # articles folded or matched in one transaction; others wait for the database meanwhile
SETTLE_MOST = 500  # of a share at a time
DELIVERY_BATCH = 50
INDEX_ROUNDS = 10  # transactions in which articles are put into the index of words, at a time
NAMED = 5  # articles that a report names


@dataclass(frozen=True, slots=True)
class PollSource:
    """Poll one source, whose claim is held."""

    source_id: str
    asked: bool = False  # by a person, whatever hours the feed wants no poll in
    claimed_until: datetime | None = field(default=None, compare=False)  # end of the claim


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Read the page of one pending article, whose claim is held."""

    article_id: str
    host: str = field(default="", compare=False)  # that is asked
    claimed_until: datetime | None = field(default=None, compare=False)
    queued: bool = field(default=False, compare=False)  # the claim is the queue's until the page is begun


@dataclass(frozen=True, slots=True)
class Settle:
    """Fold and match whatever waits for it, or the first of a share of it."""

    share: Share | None = None  # None: all


@dataclass(frozen=True, slots=True)
class Rematch:
    """Judge the archive by rules that were edited: some seconds of it, or all that is left."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class Compose:
    """Compose and freeze the digests whose slot has passed, and the alerts that are due."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand over all that is due in the outbox."""


Task = PollSource | ReadPage | Settle | Rematch | Compose | Deliver


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one task did: counts to add up, and fields for one line in the log."""

    task: Task
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    problem: str | None = None  # something an operator may want to act on
    storage: bool = False  # the problem is that of the database, and is told once for all tasks
    warning: str | None = None  # something an operator should know, though all went well
    worth_a_line: bool = True  # False: nothing happened
    more: bool = False  # something of it is left to do


class Claims(Protocol):
    """Claims of the queue, which a worker makes its own."""

    async def begin_page(self, article_id: str, claim: datetime, until: datetime) -> bool:
        """Whether the page is ours to read, until `until`; not when the claim that ends at `claim` is over."""


class WordIndex(Protocol):
    """By which the archive is searched."""

    async def index_some(self) -> int:
        """Put some of the articles that wait for it into the index; returns how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The ports, filled: everything a task may need."""

    clock: Clock
    sources: SourceStore
    articles: ArticleStore
    poller: Poller
    reader: PageReader
    notifier: Notifier
    rematcher: Rematcher
    alerts: Alerting
    index: WordIndex
    claims: Claims
    wait_for_text: timedelta


async def perform(task: Task, services: Services) -> Report:
    """Do `task` once. Running it again is harmless: every step asks the database what is still to do."""
    match task:
        case PollSource():
            return await _poll(task, services)
        case ReadPage():
            return await _read(task, services)
        case Settle():
            return await _settle(task, services)
        case Rematch():
            return await _rematch(task, services)
        case Compose():
            return await _compose(task, services)
        case Deliver():
            return await _deliver(task, services)
    assert_never(task)


async def give_back(tasks: Iterable[Task], services: Services) -> None:
    """Return the claims of tasks that were never begun or were cut off; tasks without a claim lose nothing."""
    held = tuple(tasks)
    await services.sources.release(*(task.source_id for task in held if isinstance(task, PollSource)))
    await services.articles.release(*(task.article_id for task in held if isinstance(task, ReadPage)))


async def _poll(task: PollSource, services: Services) -> Report:
    try:
        outcome = await services.poller.poll(task.source_id, asked=task.asked)
    except StorageError:
        raise
    except (
        Exception
    ) as fault:  # it would else be tried again and again, and nobody would be told of the source
        log.exception("a poll broke", source=task.source_id)
        outcome = await services.poller.broke(task.source_id, fault)
    failed = outcome.result is PollResult.FAILED
    counts = {"polls": 1, "entries": outcome.listed, "articles": outcome.new}
    counts[{PollResult.UNCHANGED: "unchanged", PollResult.FAILED: "failed"}.get(outcome.result, "read")] = 1
    facts: dict[str, object] = {"source": task.source_id, "result": str(outcome.result)}
    facts |= {"listed": outcome.listed, "new": outcome.new}
    if outcome.status is not None:
        facts["status"] = outcome.status
    if outcome.problems:
        facts["repaired"] = list(outcome.problems)
    problem = outcome.problem if failed else None
    return Report(
        task=task,
        counts=counts,
        facts=facts,
        problem=problem,
        warning=outcome.warning,
        worth_a_line=outcome.new > 0,
    )


async def _read(task: ReadPage, services: Services) -> Report:
    if task.queued and task.claimed_until is not None:
        until = services.clock.now() + LEASE
        if not await services.claims.begin_page(task.article_id, task.claimed_until, until):
            return Report(task=task, worth_a_line=False)  # it waited for too long, and is another's
    article = await services.articles.get(task.article_id)
    if article is None or article.text_state is not TextState.PENDING:
        return Report(task=task, worth_a_line=False)
    reading = await services.reader.read(article)
    asked = reading.state is not TextState.SKIPPED
    facts: dict[str, object] = {"article": article.id, "url": article.url, "state": str(reading.state)}
    if reading.reason:
        facts["reason"] = reading.reason
    if reading.left_out:
        facts["left_out"] = [part[:80] for part in reading.left_out]
    return Report(task=task, counts={"pages": int(asked), f"pages {reading.state}": 1}, facts=facts)


async def _settle(task: Settle, services: Services) -> Report:
    """Fold first, so that a match is told in the right story; both loops end when nothing else waits.

    Of a share they end after some hundred articles, so that the work is shared out anew.
    """
    now = services.clock.now()
    share = task.share
    most = None if share is None else SETTLE_MOST
    folded = reprints = 0
    unfoldable: dict[str, str] = {}  # id → why; left for the next time
    while (most is None or folded < most) and (
        ids := await services.articles.unfolded(
            now, services.wait_for_text, SETTLE_BATCH, skip=unfoldable, share=share
        )
    ):
        folder = StoryFolder(vocabulary_of(await services.articles.word_counts(now)))
        done = await services.articles.fold(ids, folder, since=now - BANDS_FOR)
        unfoldable.update(done.failed)
        folded += len(done.folds)
        reprints += sum(fold.duplicate_of is not None for _, fold in done.folds)
    matched = await services.notifier.match_new(SETTLE_BATCH, share=share, most=most)
    for _ in range(
        INDEX_ROUNDS if share is None or share[0] == 0 else 0
    ):  # an archive that waits for it as a whole keeps nothing else waiting
        if not await services.index.index_some():
            break
    counts = {"folded": folded, "reprints": reprints, "judged": matched.articles, "matches": matched.matches}
    troubles = []
    if unfoldable:
        troubles.append(_some("not folded", [f"{one} ({why})" for one, why in unfoldable.items()]))
    if matched.failed:
        troubles.append(_some("the matcher broke on", matched.failed))
    return Report(
        task=task,
        counts=counts,
        facts=dict(counts),
        problem="; ".join(troubles) or None,
        worth_a_line=bool(folded or matched.articles),
        more=most is not None and max(folded, matched.articles) >= most,
    )


def _some(what: str, named: Sequence[str]) -> str:
    """`what` and the first few of the things named, so that a flood of them makes no flood of log."""
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f"{what} {', '.join(named[:NAMED])}{more}"


async def _rematch(task: Rematch, services: Services) -> Report:
    """One line when the whole archive is judged; what is found on the way is told meanwhile."""
    done: list[Progress] = []
    failed: list[str] = []
    while (progress := await services.rematcher.step(None if task.whole else SLICE)) is not None:
        failed += progress.failed
        if progress.done:
            done.append(progress)
        if not task.whole:
            break
    changed = sum((one.changed for one in done), Refound())
    facts: dict[str, object] = {
        "initiatives": [name for one in done for name in one.initiatives],
        "edited": [one.since.isoformat(timespec="seconds") for one in done],
        "articles": sum(one.articles for one in done),
        "told": changed.told,
        "filed": changed.filed,
        "gone": changed.gone,
    }
    counts = {
        "edits applied": len(done),
        "matches found late": changed.told,
        "matches filed": changed.filed,
        "matches gone": changed.gone,
    }
    broken = list(dict.fromkeys(failed))
    problem = _some("the matcher broke on", broken) if broken else None
    return Report(task=task, counts=counts, facts=facts, problem=problem, worth_a_line=bool(done))


async def _compose(task: Compose, services: Services) -> Report:
    """Alerts are told whatever becomes of the digests."""
    try:
        composed, broken = await _composed(services)
    except Exception:
        await services.alerts.tell_due()
        raise
    alerts = await services.alerts.tell_due()
    told = [one for one in composed if one.message is not None]
    counts = {
        "digests": len(told),
        "empty digests": len(composed) - len(told),
        "alerts": len(alerts.messages),
    }
    facts: dict[str, object] = {"digests": [one.slot.digest_id + " " + one.slot.key for one in told]}
    if alerts.messages:
        facts["alerts"] = [one.key for one in alerts.messages]
    problems = [
        *(f"digest {name} cannot be composed: {why}" for name, why in broken.items()),
        *(one.problem for one in composed if one.problem is not None),
        *alerts.problems,
    ]
    return Report(
        task=task,
        counts=counts,
        facts=facts,
        problem="; ".join(problems) or None,
        worth_a_line=bool(told or alerts.messages),
    )


async def _composed(services: Services) -> tuple[tuple[Composed, ...], Mapping[str, str]]:
    """What was composed, and why each digest that was due could not be; both are noted for the operator.

    Raises:
        StorageError: the database is in trouble as a whole, which is no fault of a digest.
    """
    broken: dict[str, str] = {}
    trouble: Exception | None = None
    try:
        composed = await services.notifier.compose_due()
    except Uncomposed as some:
        composed = some.done
        for name, fault in some.faults.items():
            if isinstance(fault, OF_ALL):
                trouble = fault
                continue
            log.error("digest cannot be composed", digest=name, exc_info=fault)
            broken[name] = f"{type(fault).__name__}: {fault}"
    for one in composed:
        await services.alerts.note_template(one.slot.digest_id, one.problem)
        await services.alerts.note_work(digest_work(one.slot.digest_id), None)
    for name, why in broken.items():
        await services.alerts.note_work(digest_work(name), why)
    if trouble is not None:
        raise trouble
    return composed, broken


async def _deliver(task: Deliver, services: Services) -> Report:
    outcomes = await _delivered(services)
    if any(one.channel_gone for one in outcomes):  # told to the operator by another channel, now
        await services.alerts.tell_due()
        outcomes += await _delivered(services)
    counts = {"sent": 0, "later": 0, "parked": 0}
    for one in outcomes:
        counts[one.result] += 1
    troubles = [f"{one.delivery.channel_id}: {one.error}" for one in outcomes if one.error]
    facts: dict[str, object] = {
        **counts,
        "deliveries": [f"{one.delivery.id} {one.result}" for one in outcomes],
    }
    return Report(
        task=task,
        counts={f"deliveries {name}": number for name, number in counts.items()},
        facts=facts,
        problem="; ".join(troubles) or None,
        worth_a_line=bool(outcomes),
    )


async def _delivered(services: Services) -> list[Outcome]:
    """One attempt at each that is due."""
    outcomes: list[Outcome] = []
    while some := await services.notifier.deliver_due(DELIVERY_BATCH):
        outcomes += some
    return outcomes
