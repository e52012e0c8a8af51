"""The composition root: settings in, a working application out; cleanups run in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.channels.email import Unsubscribe
from alerts.channels.opening import open_channel
from alerts.match import Matcher
from alerts.notify import Notifier
from alerts.plans import ChannelPlan, WebhookChannel
from alerts.ports import Channel
from alerts.render import Renderer
from crawler.extract import PageExtractor
from crawler.isolation import ChildPool
from crawler.net.fetch import HttpFetcher
from crawler.net.guard import AddressGuard
from crawler.net.hosts import HostGate
from crawler.net.post import post
from crawler.pages import PageBudget, PageReader
from crawler.poll import Poller, PollPolicy
from crawler.ports import Clock, HostStore, TurnStore
from crawler.records import Source
from crawler.site_memory import SiteMemory
from crawler.spiders.crew import SpiderCrew
from tidings import __version__
from tidings.alerting import Alerting
from tidings.clock import SystemClock
from tidings.opening import open_stores
from tidings.pulse import Pulse
from tidings.rematching import Rematcher
from tidings.runners.inline import AT_ONCE, InlineRunner
from tidings.settings import Polling, Settings
from tidings.storage.article_rows import page_host
from tidings.storage.claims import QUEUE
from tidings.storage.errors import StorageError
from tidings.storage.stores import Stores
from tidings.storage_watch import StorageWatch
from tidings.tasks import Compose, Deliver, PollSource, Rematch, Report, Services, Settle
from tidings.tenure import Tenure
from tidings.ticker import Ticker
from tidings.web.judging_links import JudgingLinks
from tidings.web.key import share_key, signing_key
from tidings.web.links import Links
from tidings.web.signing import Signer

if TYPE_CHECKING:
    from tidings.runners.queue import QueueRunner

LOOK_AGAIN = 1.0  # seconds between two looks for what is due, while something is under way


class Part(Enum):
    """Which part of the work a process does."""

    WHOLE = "all of it"
    SCHEDULER = "finds what is due, and puts it on the queue; all of it where there is none"
    WORKER = "takes from the queue what others put there"


@dataclass(slots=True)
class App:
    """Everything that runs, wired. `services` is replaced as a whole when the settings change."""

    settings: Settings
    clock: Clock
    stores: Stores
    services: Services
    runner: InlineRunner | QueueRunner
    ticker: Ticker
    pulse: Pulse
    watch: StorageWatch
    tenure: Tenure
    rewire: Callable[[Settings], Services]
    leads: bool  # puts rules and sources in force for all processes of the installation

    async def apply(self, settings: Settings) -> None:
        """Put other rules, sources and channels in force, from the next task on.

        What belongs to the process (database, network limits) keeps its start-up value. Initiatives whose rules
        are new or changed are run over the archive by the next tasks.
        """
        services = self.rewire(settings)
        if self.leads:
            await services.notifier.begin()
            await services.rematcher.put_in_force()
        self.services = services
        self.settings = settings
        if self.leads:
            await self.stores.sources.sync(settings.sources, self.clock.now())
            await self.services.reader.reconsider()

    async def tidy(self) -> object:
        """Drop what is older than `retention` says; a small key of it stays known. Returns how much of what."""
        keep, now = self.settings.retention, self.clock.now()
        purged = await self.stores.retention.purge(
            now, unmatched=keep.unmatched, text=keep.text, matched=keep.matched
        )
        await self.stores.installation.tidied(now)
        return purged

    async def settle(self, *, everything: bool = False) -> None:
        """Collect until there is nothing left to do now, then tell: what `once` and the demo are made of.

        Rules that were edited are run over the whole archive. Digests are composed last, so that one whose slot
        has passed tells what is found now.
        """
        await self.collect(everything=everything)
        for task in (Rematch(whole=True), Compose(), Deliver()):
            await self.runner.submit(task)
            await self.runner.drain()

    async def collect(self, *, everything: bool = False, patience: timedelta | None = None) -> None:
        """Poll, read, fold and match until nothing of it is left to do now; then begin with what edits left to do.

        `patience`: begin nothing more after so long, and wait no longer for what is under way.
        """
        loop = asyncio.get_running_loop()
        deadline = None if patience is None else loop.time() + patience.total_seconds()
        with suppress(TimeoutError):
            claimed = await self.ticker.collect(everything=everything)
            while claimed or self.runner.is_busy:
                async with asyncio.timeout_at(deadline):
                    await self.runner.drain(LOOK_AGAIN)  # a host that says nothing keeps no other waiting
                claimed = await self.ticker.collect()
            for task in (Settle(), Rematch()):
                await self.runner.submit(task)
                async with asyncio.timeout_at(deadline):
                    await self.runner.drain()


@dataclass(frozen=True, slots=True)
class Crawler:
    """The parts that reach out: one guard, one gate, one user agent for all of them."""

    fetcher: HttpFetcher
    crew: SpiderCrew
    children: ChildPool


@asynccontextmanager
async def open_crawler(
    polling: Polling,
    *,
    modules: Path | None = None,
    clock: Clock | None = None,
    hosts: HostStore | None = None,
    turns: TurnStore | None = None,
) -> AsyncIterator[Crawler]:
    """Fetcher, spider child and process pool; nothing of it starts before it is needed.

    Args:
        modules: the folder in which users' own spiders are found.
        hosts: what is remembered of hosts; None: nothing beyond this block.
        turns: whose turn it is with a host; None: nobody's but ours.
    """
    time = clock if clock is not None else SystemClock()
    user_agent = (
        f"tidings/{__version__} (+{polling.contact})" if polling.contact else f"tidings/{__version__}"
    )
    async with AsyncExitStack() as stack:
        limits = polling.limits
        gate = HostGate(
            polling.host_delay,
            bridges=polling.bridges,
            store=hosts,
            turns=turns,
            lasts=2 * limits.total,
            now=time.now,
        )
        stack.push_async_callback(gate.close)
        fetcher = await stack.enter_async_context(
            HttpFetcher(
                guard=AddressGuard(polling.allow_private, ports=limits.ports),
                gate=gate,
                limits=limits,
                user_agent=user_agent,
                clock=time,
                memory=hosts,
            )
        )
        children = ChildPool()
        stack.push_async_callback(children.close)
        crew = SpiderCrew(
            gate=gate,
            allow_private=polling.allow_private,
            user_agent=user_agent,
            limits=limits,
            memory=hosts,
            modules=(str(modules),) if modules is not None else (),
        )
        stack.push_async_callback(crew.close)
        yield Crawler(fetcher, crew, children)


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    on_report: Callable[[Report], None] | None = None,
    alone: bool = False,
    part: Part = Part.WHOLE,
    polls: int = AT_ONCE[PollSource],
) -> AsyncIterator[App]:
    """Build the application on `settings`; leaving the block closes all of it, newest first.

    Args:
        alone: as the one daemon of a SQLite file; others beside it take only what nobody has claimed.
        part: which part of the work is done here.
        polls: made at once in this process.

    Raises:
        AlreadyRunning: the daemon of another machine works on the file.
        QueueUnavailable: there is no queue to put work on.
    """
    time = clock if clock is not None else SystemClock()
    pulse = Pulse(time.now())
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings, clock=time))
        if not stores.database.is_sqlite:
            try:
                await share_key(settings.state_dir, stores.installation)
            except OSError as fault:
                raise StorageError(str(fault)) from fault
        watch = StorageWatch(stores, pulse, time, settings.state_dir)
        tenure = Tenure(stores, time)
        if alone:
            await tenure.begin()
            stack.push_async_callback(tenure.end)
        crawler = await stack.enter_async_context(
            open_crawler(
                settings.polling,
                modules=settings.config_dir,
                clock=time,
                hosts=stores.hosts,
                turns=stores.turns,
            )
        )
        extractor = PageExtractor(crawler.children)

        def wire(in_force: Settings) -> Services:
            sources = {source.id: source for source in in_force.sources}
            polling = in_force.polling
            matcher = Matcher(in_force.watchlists, tags=in_force.tags)
            most = polling.pages_per_host
            tell = notifier(in_force, stores, time, matcher)
            return Services(
                clock=time,
                sources=stores.sources,
                articles=stores.articles,
                poller=Poller(
                    sources=sources,
                    states=stores.sources,
                    articles=stores.articles,
                    fetcher=crawler.fetcher,
                    lister=crawler.crew,
                    isolation=crawler.children,
                    clock=time,
                    policy=PollPolicy(every=polling.every, floor=polling.floor, ceiling=polling.ceiling),
                ),
                reader=PageReader(
                    store=stores.articles,
                    fetcher=crawler.fetcher,
                    extractor=extractor,
                    sources=sources,
                    clock=time,
                    renderer=crawler.crew,
                    budget=None
                    if most is None
                    else PageBudget(most=most, counts=stores.hosts, near=matcher.near),
                    memory=SiteMemory(stores.hosts, matcher.near),
                ),
                notifier=tell,
                rematcher=rematcher(in_force, stores, time, tell),
                alerts=alerting(in_force, stores, time),
                index=stores.search,
                claims=stores.claims,
                wait_for_text=polling.wait_for_text,
            )

        services = wire(settings)
        leads = part is not Part.WORKER
        if leads:
            await stores.sources.sync(settings.sources, time.now())
            await services.notifier.begin()
            await services.rematcher.put_in_force()
            await services.reader.reconsider()  # the initiatives may have been edited meanwhile
        runner: InlineRunner | QueueRunner
        if part is Part.SCHEDULER and settings.queue is not None:
            runner = await stack.enter_async_context(_queue(stores, time, lambda: app.settings))
        else:
            runner = InlineRunner(lambda: app.services, on_report=on_report, polls=polls)
        stack.push_async_callback(runner.stop, 0)  # an interrupted `once` holds on to nothing
        app = App(
            settings=settings,
            clock=time,
            stores=stores,
            services=services,
            runner=runner,
            ticker=Ticker(stores.sources, stores.articles, runner, time, pulse),
            pulse=pulse,
            watch=watch,
            tenure=tenure,
            rewire=wire,
            leads=leads,
        )
        # An edit puts others in their place, and then their rules are not to be kept beside the new ones.
        del services
        yield app


@asynccontextmanager
async def _queue(
    stores: Stores, clock: Clock, in_force: Callable[[], Settings]
) -> AsyncIterator[QueueRunner]:
    """The queue, for the process that puts work on it. Its library is loaded only here."""
    from tidings.runners.engine import open_engine
    from tidings.runners.queue import QueueRunner

    stores.database.holder = QUEUE
    known: tuple[tuple[Source, ...], dict[str, str]] = ((), {})

    def host_of(source_id: str) -> str:
        nonlocal known
        sources = in_force().sources
        if known[0] is not sources:
            known = sources, {source.id: page_host(source.url) for source in sources}
        return known[1].get(source_id, "")

    async with open_engine(stores.database.address) as engine:
        yield QueueRunner(
            engine,
            claims=stores.claims,
            workers=stores.workers,
            clock=clock,
            host_of=host_of,
            version=lambda: in_force().version,
        )


def notifier(settings: Settings, stores: Stores, clock: Clock, matcher: Matcher | None = None) -> Notifier:
    """Matching, composing and delivering, for the daemon and for commands that only tell.

    Args:
        matcher: where one of these settings is made already.
    """
    return Notifier(
        matcher=matcher or Matcher(settings.watchlists, tags=settings.tags),
        matches=stores.matches,
        digests=stores.digests,
        deliveries=stores.deliveries,
        channels=channels(settings),
        renderer=Renderer(
            templates(settings.config_dir), not_about=JudgingLinks(settings, signer(settings)).address
        ),
        clock=clock,
        plans=settings.digests,
        initiatives=settings.initiatives,
    )


def alerting(settings: Settings, stores: Stores, clock: Clock) -> Alerting:
    """All alerts, and the words for the operator."""
    return Alerting(settings, stores, clock, channels(settings), templates(settings.config_dir))


def rematcher(settings: Settings, stores: Stores, clock: Clock, notifier: Notifier) -> Rematcher:
    """The rules of these settings, to be run over the archive."""
    return Rematcher(
        watchlists=settings.watchlists,
        tags=settings.tags,
        backfill=settings.polling.backfill,
        edits=stores.edits,
        archive=stores.archive,
        notifier=notifier,
        clock=clock,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _HookAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def channels(settings: Settings) -> dict[str, Channel]:
    """All channels, by id."""
    links = Links(settings, signer(settings))
    return {plan.id: channel(plan, settings.polling, links.address) for plan in settings.channels}


def signer(settings: Settings) -> Signer:
    """Signs the addresses that readers get, with the secret of this installation."""
    return Signer(partial(signing_key, settings.state_dir))


def channel(plan: ChannelPlan, polling: Polling, unsubscribe: Unsubscribe | None = None) -> Channel:
    """A channel whose outgoing connections pass the address guard.

    Args:
        unsubscribe: where a reader of mail may leave, see `alerts.channels.email.Unsubscribe`.
    """
    allowed = plan.allow_private if isinstance(plan, WebhookChannel) else ()
    limits = polling.limits
    guard = AddressGuard(allowed, ports=limits.ports)

    async def guarded(url: str, body: bytes, headers: dict[str, str]) -> _HookAnswer:
        said = await post(url, body, headers, guard=guard, limits=limits)
        return _HookAnswer(status=said.status, headers=dict(said.headers), body=said.body)

    return open_channel(plan, post=guarded, unsubscribe=unsubscribe)


def templates(config_dir: Path) -> Path | None:
    """The user's own templates, where there are any."""
    folder = config_dir / "templates"
    return folder if folder.is_dir() else None
