"""`ArticleStore` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crawler.folds import Fold, Folded, WordCounts
from crawler.identity import canonical_url
from crawler.ports import Folder, Surroundings
from crawler.records import Article, Edit, Fetched, HeldFlood, Page, Poll, Sighting, SourceState, TextState
from crawler.shares import Share, holds
from tests.fakes.sources import MemorySources
from tidings.storage.article_rows import first_due, page_host
from tidings.storage.keys import title_fingerprint
from tidings.storage.rereads import next_reread


@dataclass(slots=True)
class Kept:
    """One article and where its work stands."""

    article: Article
    unfolded_since: datetime | None
    page_due_at: datetime | None
    claimed_until: datetime | None = None
    attempts: int = 0
    first_read_at: datetime | None = None
    rereads: int = 0
    from_page: bool = False
    unmatched_since: datetime | None = None
    matched_version: int = 0
    judged_at: datetime | None = None
    bands: frozenset[int] = frozenset()
    credit: str | None = None
    versions: list[Article] = field(default_factory=list)
    made: list[tuple[datetime, bool]] = field(
        default_factory=list
    )  # of each version: when, and from its page?


def is_held(article: Article) -> bool:
    return article.held_since is not None and article.held_ended is None


class MemoryArticles:
    """See `crawler.ports.ArticleStore`."""

    def __init__(self, sources: MemorySources | None = None) -> None:
        self.sources = sources or MemorySources()
        self.kept: dict[str, Kept] = {}
        self.keys: dict[str, str] = {}
        self.sightings: list[Sighting] = []
        self.polls: list[Poll] = []
        self.lists: dict[str, bytes] = {}
        self.crashes: list[tuple[str, str, Fetched | None]] = []  # article, reason, page
        self.released: Callable[[str, datetime], None] = lambda article_id, now: None  # set by the matches
        self.heirs: dict[str, str] = {}  # story that ended → the one its last article went to

    async def known(self, keys: Sequence[str]) -> Mapping[str, str]:
        return {key: self.keys[key] for key in keys if key in self.keys}

    async def get(self, article_id: str) -> Article | None:
        return self.kept[article_id].article if article_id in self.kept else None

    async def by_ids(self, article_ids: Sequence[str]) -> tuple[Article, ...]:
        return tuple(self.kept[one].article for one in article_ids if one in self.kept)

    async def seen(self, source_id: str) -> bytes:
        return self.lists.get(source_id, b"")

    async def titles(self, source_id: str, titles: Sequence[str]) -> frozenset[str]:
        known = {
            title_fingerprint(one.article.title)
            for one in self.kept.values()
            if one.article.source_id == source_id
        }
        return frozenset(title for title in titles if title and title_fingerprint(title) in known)

    async def release_held(self, source_id: str, *, as_new: bool, now: datetime) -> int:
        number = 0
        for one in self.kept.values():
            if one.article.source_id == source_id and is_held(one.article):
                one.article = replace(one.article, held_ended=now, backfilled=not as_new)
                if one.article.text_state is TextState.PENDING and as_new:
                    one.page_due_at = now
                elif one.article.text_state is TextState.PENDING:
                    one.article = replace(one.article, text_state=TextState.FEED)
                number += 1
                if as_new:
                    self.released(one.article.id, now)
        source = self.sources.kept.get(source_id)
        if source is not None and source.state.state is SourceState.FLOODING:
            source.state = replace(source.state, state=SourceState.OK, since=now, problem=None)
        return number

    async def held(self) -> tuple[HeldFlood, ...]:
        floods = Counter(
            (one.article.source_id, one.article.held_since)
            for one in self.kept.values()
            if is_held(one.article)
        )
        return tuple(
            HeldFlood(source_id=source_id, since=since, articles=number)
            for (source_id, since), number in sorted(floods.items())
            if since is not None
        )

    async def record_poll(self, poll: Poll) -> tuple[str, ...]:
        now = moment(poll)
        keys = dict(poll.keys)
        new, same = [], {}
        for article in poll.articles:
            its_keys = tuple(key for key in keys.get(article.id, ()) if not key.startswith("v:"))
            twin = article.id if article.id in self.kept else None
            twin = twin or next((self.keys[key] for key in its_keys if key in self.keys), None)
            if twin is not None:
                same[article.id] = twin
                continue
            new.append(article.id)
            self._add(article)
            self.keys.update(dict.fromkeys(its_keys, article.id))
        for article_id, its_keys in keys.items():
            for key in its_keys:
                self.keys.setdefault(key, same.get(article_id, article_id))
        for sighting in poll.sightings:
            self._see(replace(sighting, article_id=same.get(sighting.article_id, sighting.article_id)))
        for edit in poll.edits:
            article_id = same.get(edit.article_id, edit.article_id)
            if article_id in self.kept:
                self._edit(self.kept[article_id], edit, now)
        current = self.sources.polled(poll.state, now, poll.url)
        self.sources.also(poll, now)
        if poll.seen is not None and current:
            self.lists[poll.state.source_id] = poll.seen
        self.polls.append(poll)
        return tuple(new)

    async def claim_pending(
        self, now: datetime, limit: int, lease: timedelta, *, per_host: int | None = None
    ) -> tuple[Article, ...]:
        due = [
            one
            for one in self.kept.values()
            if one.page_due_at is not None
            and one.page_due_at <= now
            and (one.claimed_until is None or one.claimed_until <= now)
        ]
        for one in [one for one in due if one.attempts >= 3]:
            due.remove(one)
            self._leave_alone(one)
        due.sort(key=lambda one: (one.page_due_at, one.article.backfilled, one.article.id))
        taken = Counter(
            page_host(one.article.url)
            for one in self.kept.values()
            if one.page_due_at is not None and one.claimed_until is not None and one.claimed_until > now
        )
        claimed = []
        for one in due:
            host = page_host(one.article.url)
            if len(claimed) < limit and (per_host is None or taken[host] < per_host):
                taken[host] += 1
                claimed.append(one)
        for one in claimed:
            one.attempts += 1
            one.claimed_until = now + lease
        return tuple(one.article for one in claimed)

    async def release(self, *article_ids: str) -> None:
        for one in (self.kept[article_id] for article_id in article_ids if article_id in self.kept):
            if one.claimed_until is not None:
                one.attempts, one.claimed_until = max(0, one.attempts - 1), None

    async def skipped(self, since: datetime) -> tuple[str, ...]:
        return tuple(
            one.article.id
            for one in self.kept.values()
            if one.article.text_state is TextState.SKIPPED
            and (one.article.held_ended or one.article.first_seen_at) > since
        )

    async def read_after_all(self, article_ids: Sequence[str], now: datetime) -> None:
        for one in (self.kept[article_id] for article_id in article_ids if article_id in self.kept):
            if one.article.text_state is TextState.SKIPPED:
                one.article = replace(one.article, text_state=TextState.PENDING, text_reason=None)
                one.page_due_at, one.attempts = now, 0

    async def record_crash(
        self, article_id: str, *, reason: str, fetched: Fetched | None, now: datetime
    ) -> None:
        one = self.kept[article_id]
        if one.article.text_state is not TextState.PENDING:
            return
        before = one.article.text_reason or ""
        said = f"crashed: {reason}"
        if before.startswith("crashed: "):
            said = before if before.endswith(reason) else f"{before}, then {reason}"
        one.article = replace(one.article, text_reason=said)
        self.crashes.append((article_id, reason, fetched))
        if one.attempts >= 3:
            self._leave_alone(one)

    def _leave_alone(self, one: Kept) -> None:
        one.page_due_at = one.claimed_until = None
        last = one.article.text_reason or ""
        reason = "reading its page ended three times without an answer"
        if last.startswith("crashed: "):
            reason = f"reading its page crashed three times: {last.removeprefix('crashed: ')}"
        one.article = replace(one.article, text_state=TextState.QUARANTINED, text_reason=reason)

    async def record_page(
        self,
        article_id: str,
        *,
        state: TextState,
        page: Page | None,
        reason: str | None,
        now: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        if article_id not in self.kept:
            return
        one = self.kept[article_id]
        one.attempts, one.claimed_until = 0, None
        one.page_due_at = (retry_at or now) if state is TextState.PENDING else None
        if state not in {TextState.PENDING, TextState.SKIPPED}:
            one.first_read_at = one.first_read_at or now
        before = one.article
        one.article = replace(before, text_state=state, text_reason=reason)
        if page is None:
            return
        one.article = with_facts(one.article, page)
        if state is TextState.READ and page.text:
            one.article = replace(one.article, text=page.text)
            one.from_page = one.from_page or page.text != before.text
        self._renew(one, before, now)

    async def unfolded(
        self,
        now: datetime,
        wait_for_text: timedelta,
        limit: int,
        *,
        skip: Collection[str] = (),
        share: Share | None = None,
    ) -> tuple[str, ...]:
        waiting = [
            (one.unfolded_since, one.article.first_seen_at, one.article.id)
            for one in self.kept.values()
            if one.unfolded_since is not None
            and one.article.id not in skip
            and holds(share, one.article.id)
            and (one.page_due_at is None or one.unfolded_since <= now - wait_for_text)
        ]
        return tuple(article_id for _, _, article_id in sorted(waiting)[:limit])

    async def word_counts(self, now: datetime) -> WordCounts:
        return WordCounts()

    async def fold(
        self,
        article_ids: Sequence[str],
        folder: Folder,
        *,
        since: datetime,
    ) -> Folded:
        folds, failed = [], []
        for article_id in dict.fromkeys(article_ids):
            if article_id in self.kept:
                try:
                    folds.append((article_id, self._fold(self.kept[article_id], folder, since)))
                except Exception as fault:
                    failed.append((article_id, f"{type(fault).__name__}: {fault}"))
        return Folded(folds=tuple(folds), failed=tuple(failed))

    def _fold(
        self,
        one: Kept,
        folder: Folder,
        since: datetime,
    ) -> Fold:
        before = one.article.story_id
        bands = frozenset(folder.keys(one.article))
        candidates = [
            other.article
            for other in self.kept.values()
            if other is not one
            and other.article.story_id is not None
            and other.article.first_seen_at > since
            and (bands & other.bands or alike(one.article, other.article))
        ]
        candidates.sort(key=lambda article: (article.first_seen_at, article.id))
        made = folder.decide(one.article, {}, Surroundings(candidates=candidates))
        one.bands, one.credit = bands, made.credit
        one.article = replace(
            one.article,
            story_id=made.story_id,
            duplicate_of=made.duplicate_of,
            similarity=made.similarity,
        )
        if before not in {None, *(other.article.story_id for other in self.kept.values())}:
            self.heirs[str(before)] = made.story_id
        waits = one.matched_version < one.article.version
        one.unmatched_since = (one.unmatched_since or one.unfolded_since) if waits else None
        one.unfolded_since = None
        return made

    def _add(self, article: Article) -> None:
        self.kept[article.id] = Kept(
            article,
            article.first_seen_at,
            first_due(article),
            versions=[article],
            made=[(article.first_seen_at, False)],
        )

    def _see(self, sighting: Sighting) -> None:
        place = (sighting.article_id, sighting.source_id, sighting.url)
        known = {(one.article_id, one.source_id, one.url) for one in self.sightings}
        if sighting.article_id in self.kept and place not in known:
            self.sightings.append(sighting)

    def _edit(self, one: Kept, edit: Edit, now: datetime) -> None:
        before = one.article
        whole = edit.summary if before.text and before.text == before.summary else ""
        carried = "" if one.from_page else edit.content or whole
        one.article = replace(
            before,
            title=edit.title or before.title,
            summary=edit.summary,
            text=carried or before.text,
            updated_at=edit.updated_at or before.updated_at,
        )
        self._renew(one, before, now)
        due = next_reread(one.first_read_at, one.rereads, now)
        settled = before.text_state not in {TextState.PENDING, TextState.QUARANTINED}
        if edit.reread and settled and due is not None:
            one.rereads += one.first_read_at is not None
            one.page_due_at, one.claimed_until, one.attempts = due, None, 0
            one.article = replace(one.article, text_state=TextState.PENDING, text_reason=None)

    def _renew(self, one: Kept, before: Article, now: datetime) -> None:
        """Count a version when the words changed."""
        after = one.article
        if (after.title, after.summary, after.text) != (before.title, before.summary, before.text):
            one.article = replace(after, version=before.version + 1)
            one.versions.append(one.article)
            one.made.append((now, one.from_page))
            one.unfolded_since = now


def moment(poll: Poll) -> datetime:
    seen = [article.first_seen_at for article in poll.articles]
    seen += [sighting.seen_at for sighting in poll.sightings]
    found = poll.state.last_polled_at or max(seen, default=poll.state.next_poll_at)
    if found is None:
        raise ValueError(f"the poll of {poll.state.source_id} does not say when it was: set last_polled_at")
    return found


def alike(one: Article, other: Article) -> bool:
    """Whether two articles share an address or a title."""
    titles = [" ".join(article.title.casefold().split()) for article in (one, other)]
    return one.canonical_url == other.canonical_url or (titles[0] != "" and titles[0] == titles[1])


def with_facts(article: Article, page: Page) -> Article:
    """What the page adds to what the feed said; the feed's own words stay."""
    newer = page.updated_at
    if newer is None or (article.updated_at is not None and article.updated_at > newer):
        newer = article.updated_at
    return replace(
        article,
        title=article.title or page.title,
        authors=article.authors or page.authors,
        published_at=article.published_at or page.published_at,
        updated_at=newer,
        language=article.language or page.language,
        paywalled=article.paywalled or page.paywalled,
        canonical_url=canonical_url(page.canonical_url) if page.canonical_url else article.canonical_url,
    )
