"""One tick: ask the database what is due and hand it to the runner."""

from __future__ import annotations

from crawler.ports import ArticleStore, Clock, Shares, SourceStore
from tidings.pulse import Pulse
from tidings.runners import Runner
from tidings.storage.article_rows import page_host
from tidings.tasks import LEASE, Compose, Deliver, PollSource, ReadPage, Rematch, Settle

# In hand of one host; the gate lets two through at a time, so that a host which stalls holds few places, and one with
# hundreds of feeds keeps no other waiting.
POLLS_OF_ONE_HOST = 8
PAGES_OF_ONE_HOST = 4
# Polls in hand of sources that failed or took long the last time: half of those that are welcome at once, so that the
# others find room in any case.
TROUBLED = 100
EVERYTHING = 1_000_000  # `once --all` claims each source exactly once, in one go


class Ticker:
    """The heart-beat, the same for `run` and `once`.

    Args:
        pulse: while it says that nothing is to be collected, no poll and no page is begun; what is there is told.
    """

    def __init__(
        self, sources: SourceStore, articles: ArticleStore, runner: Runner, clock: Clock, pulse: Pulse
    ) -> None:
        self._sources = sources
        self._articles = articles
        self._runner = runner
        self._clock = clock
        self._pulse = pulse

    async def tick(self) -> int:
        """Claim what is due and submit it, and nudge all that follows; returns how many were claimed."""
        claimed = await self.collect()
        await self._runner.submit(Settle(), Rematch(), Compose(), Deliver())
        return claimed

    async def collect(self, *, everything: bool = False) -> int:
        """Claim what is due and submit it; returns how many polls and pages were claimed.

        `everything`: all sources now, whatever our own rhythm says.
        """
        self._pulse.sign()
        if not self._pulse.collecting:
            return 0
        await self._runner.look()
        now = self._clock.now()
        room = EVERYTHING if everything else self._runner.room(PollSource)
        lease = LEASE * 12 if everything else LEASE
        shares = Shares(per_host=POLLS_OF_ONE_HOST, troubled=TROUBLED, slow=self._runner.slow)
        polls = await self._sources.claim_due(
            now, room, lease, everything=everything, shares=None if everything else shares
        )
        until = now + lease
        await self._runner.submit(
            *(PollSource(source_id, asked=everything, claimed_until=until) for source_id in polls)
        )
        pages = await self._articles.claim_pending(
            now, self._runner.room(ReadPage), LEASE, per_host=PAGES_OF_ONE_HOST
        )
        until = now + LEASE
        await self._runner.submit(
            *(ReadPage(article.id, host=page_host(article.url), claimed_until=until) for article in pages)
        )
        return len(polls) + len(pages)
