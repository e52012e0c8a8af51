"""The hosts of the etiquette scorecard: one for each rule, with what it answers; and 32 days of polling them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

from crawler.records import PollState
from tests.acceptance.conftest import configure
from tests.acceptance.world import Wound, settings
from tests.fakes.recording_site import Answer, Ask, RecordingHost, Reply, Visit
from tidings.app import App, open_app

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 10, 1, 7, 0, tzinfo=UTC)
LENGTH = 32 * DAY
U = HOUR  # the floor
TICK, LATER_TICK = 30 * MINUTE, 2 * HOUR  # coarse: a poll that comes late must keep every rule, too
RESTARTS = 4 * DAY  # time between two
CONTACT = "https://example.org/monitoring"
TROUBLE_FROM, TROUBLE_UNTIL = START + DAY, START + 2 * DAY  # of the hosts that fail for a while

Headers = tuple[tuple[str, str], ...]


# -- what hosts answer -----------------------------------------------------------------------------


def rss(ask: Ask, *, news: int = 0, head: str = "") -> bytes:
    """A feed with five entries, one an hour before the start, and `news` further ones on top."""
    link = f"http://{ask.header('Host')}/"
    items = "".join(
        f"<item><title>Entry {number} of {link}</title><link>{link}{number}</link>"
        f"<pubDate>{format_datetime(START + (number - 5) * HOUR)}</pubDate><description>x</description></item>"
        for number in range(5 + news, news, -1)
    )
    return f"<rss version='2.0'><channel><title>Feed</title>{head}{items}</channel></rss>".encode()


def matches(ask: Ask, etag: str | None, modified: str | None) -> bool:
    """Whether a server with these validators would answer 304: byte by byte, If-None-Match first."""
    none_match, since = ask.validators
    return none_match == etag if etag is not None else modified is not None and since == modified


def steady(
    etag: str | None = None, modified: str | None = None, *, more: Headers = (), head: str = "", **reply: str
) -> Answer:
    """A feed that never changes, with these validators on every answer."""
    own = (*((("ETag", etag),) if etag else ()), *((("Last-Modified", modified),) if modified else ()), *more)

    def answer(ask: Ask, _before: int) -> Reply:
        if matches(ask, etag, modified):
            return Reply(status=304, headers=own)
        return Reply(body=rss(ask, head=head), headers=own)

    return answer


def always_busy(ask: Ask, before: int) -> Reply:
    """A feed with an entry more, and another ETag, at each request."""
    return Reply(body=rss(ask, news=before), headers=(("ETag", f'"{before}"'),))


def busy(ask: Ask, before: int) -> Reply:
    """The same for two days and a half, and at rest from then on."""
    return always_busy(ask, before) if ask.at < START + 50 * HOUR else steady('"rest"')(ask, before)


def between(during: Callable[[Ask, int], Reply], otherwise: Answer = busy) -> Answer:
    """`during` for the second day."""
    return lambda ask, before: (
        during(ask, before) if TROUBLE_FROM <= ask.at < TROUBLE_UNTIL else otherwise(ask, before)
    )


def for_four_days(first: Answer, then: Answer | None = None) -> Answer:
    """`first`, and at rest from the fifth day on."""
    later = then if then is not None else steady('"rest"')
    return lambda ask, before: first(ask, before) if ask.at < START + 4 * DAY else later(ask, before)


def every_third(trouble: Callable[[Ask], Reply]) -> Answer:
    """A feed that answers `trouble` to each third request."""
    return lambda ask, before: trouble(ask) if before % 3 == 2 else busy(ask, before)


def on_paths(**answers: Answer) -> Answer:
    """By the path, without its slash; all others are not found."""

    def answer(ask: Ask, before: int) -> Reply:
        known = answers.get(ask.path.lstrip("/").replace("/", "_").replace(".", "_"))
        return known(ask, before) if known is not None else Reply(status=404)

    return answer


def moved(status: int, target: str = "/new") -> Answer:
    return lambda _ask, _before: Reply(status=status, headers=(("Location", target),))


def plain(text: bytes) -> Answer:
    return lambda _ask, _before: Reply(body=text, headers=(("Content-Type", "text/html"),))


def _touched(ask: Ask, before: int) -> Reply:
    return Reply(body=rss(ask), headers=(("ETag", f'"t{before}"'), ("Last-Modified", f"opaque {before}")))


def _renewed(ask: Ask, before: int) -> Reply:
    validators = (("ETag", f'"r{before}"'), ("Last-Modified", f"renewed {before}"))
    if before and ask.header("If-None-Match") == f'"r{before - 1}"':
        return Reply(status=304, headers=validators)
    return Reply(body=rss(ask), headers=validators)


def _dropped(ask: Ask, before: int) -> Reply:
    return Reply(body=rss(ask, news=before), headers=() if before % 2 else (("ETag", f'"d{before}"'),))


def _no_nights(ask: Ask, before: int) -> Reply:
    return Reply(body=rss(ask, news=before, head=_SKIP), headers=(("ETag", f'"{before}"'),))


def _packed(ask: Ask, _before: int) -> Reply:
    own = (("ETag", '"5f1c-gzip"'), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    if matches(ask, '"5f1c-gzip"', None):
        return Reply(status=304, headers=own)
    return Reply(body=gzip.compress(rss(ask)), headers=own)


def _fresh_then_longer(ask: Ask, before: int) -> Reply:
    """max-age of two hours with a body, of eight with "not modified", none with every fourth answer."""
    if before and before % 2 and ask.header("If-None-Match"):
        return Reply(
            status=304,
            headers=(("ETag", ask.header("If-None-Match") or ""), ("Cache-Control", "max-age=28800")),
        )
    own = (("ETag", f'"f{before}"'), ("Cache-Control", "public, max-age=7200"))
    return Reply(body=rss(ask, news=before), headers=own)


def _fresh_said_once(ask: Ask, before: int) -> Reply:
    """max-age with the body only: "not modified" renews it (RFC 9111, 4.3.4)."""
    if before % 4:
        return Reply(status=304, headers=(("ETag", ask.header("If-None-Match") or ""),))
    return Reply(
        body=rss(ask, news=before), headers=(("ETag", f'"o{before}"'), ("Cache-Control", "max-age=21600"))
    )


def _dated_retry(ask: Ask) -> Reply:
    return Reply(status=429, headers=(("Retry-After", format_datetime(ask.at + 6 * HOUR, usegmt=True)),))


def _loop(ask: Ask, _before: int) -> Reply:
    number = int(ask.path.removeprefix("/hop") or 0) if ask.path.startswith("/hop") else 0
    return Reply(status=302, headers=(("Location", f"/hop{number + 1}"),))


def _gone(ask: Ask, before: int) -> Reply:
    return busy(ask, before) if before < 3 else Reply(status=410)


def _breaks_down(ask: Ask, before: int) -> Reply:
    return busy(ask, before) if ask.at < TROUBLE_FROM else Reply(status=500)


def _moves_back(ask: Ask, before: int) -> Reply:
    return moved(301)(ask, before) if ask.at < TROUBLE_FROM else busy(ask, before)


def _says_gone(ask: Ask, before: int) -> Reply:
    return busy(ask, before) if ask.at < TROUBLE_FROM else Reply(status=410)


ITEM = "<item><title>{0}</title><link>{1}{0}</link><guid isPermaLink='false'>{0}</guid></item>"


def _with_pages(*paths: str) -> Answer:
    """A feed whose entries have pages on the same host; one more on the second day."""

    def answer(ask: Ask, _before: int) -> Reply:
        listed = paths if ask.at < TROUBLE_FROM else (*paths, "late")
        host = f"http://{ask.header('Host')}/"
        items = "".join(ITEM.format(path, host) for path in listed)
        return Reply(body=f"<rss version='2.0'><channel><title>P</title>{items}</channel></rss>".encode())

    return answer


ARTICLE = b"<html><head><title>T</title></head><body><article>%s</article></body></html>" % (
    b"<p>The semiconductor plant opens its gates to visitors this autumn, and the town has hopes.</p>" * 20
)
SKIPPED = frozenset(range(6)) | {12}
_SKIP = "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in sorted(SKIPPED)) + "</skipHours>"
_HTML = plain(b"<!doctype html><html><head><title>Welcome</title></head><body><p>No feed</p></body></html>")


@dataclass(frozen=True)
class Rule:
    """A host of the scorecard."""

    answer: Answer
    healthy: bool = True  # it has a feed at any time, and no wish that would make us wait
    path: str = "/feed"


LM, RFC_850 = "Wed, 30 Sep 2026 23:59:59 GMT", "Wednesday, 30-Sep-26 23:59:59 GMT"
RULES: dict[str, Rule] = {
    "G-NO-COOKIE": Rule(steady('"k"', more=(("Set-Cookie", "seen=1; Path=/"),))),
    "G-NO-QUERY": Rule(steady('"q"'), path="/feed?a=%7Eb&c+d&&e=%2f"),
    "P-FLOOR": Rule(for_four_days(always_busy)),
    "P-PLAIN": Rule(steady()),
    "V-INM-EXACT": Rule(steady('"a/b c=\u00c3\u00a9!"', LM)),
    "V-ETAG-ONLY": Rule(steady('"only"')),
    "V-WEAK": Rule(steady('W/"weak"')),
    "V-GZIP-ETAG": Rule(_packed),
    "V-UNQUOTED": Rule(steady("unquoted")),
    "V-IMS-EXACT": Rule(steady('"x"', LM)),
    "V-LM-ONLY": Rule(steady(None, LM)),
    "V-LM-OPAQUE": Rule(steady(None, RFC_850)),
    "V-TOUCH": Rule(_touched),
    "V-CHANGING": Rule(busy),
    "V-304-RENEW": Rule(_renewed),
    "V-DROPPED": Rule(for_four_days(_dropped)),
    "C-MAXAGE": Rule(for_four_days(_fresh_then_longer), healthy=False),
    "C-MAXAGE-304": Rule(for_four_days(_fresh_said_once), healthy=False),
    "C-MAXAGE-CLAMP": Rule(steady('"c"', more=(("Cache-Control", "max-age=315360000"),)), healthy=False),
    "C-TTL": Rule(steady('"ttl"', head="<ttl>360</ttl>"), healthy=False),
    "C-SY": Rule(steady('"sy"', head="<sy:updatePeriod>monthly</sy:updatePeriod>")),
    "C-SKIPHOURS": Rule(for_four_days(_no_nights, steady('"rest"', head=_SKIP)), healthy=False),
    "S-301": Rule(on_paths(feed=moved(301), new=steady('"m"', LM))),
    "S-308": Rule(on_paths(feed=moved(308), new=busy)),
    "S-302": Rule(on_paths(feed=moved(302), new=steady('"m"', LM))),
    "S-307": Rule(on_paths(feed=moved(307), new=busy)),
    "S-LOOP": Rule(_loop, healthy=False),
    "S-410": Rule(_gone, healthy=False),
    "S-404-BACKOFF": Rule(between(lambda _ask, _before: Reply(status=404)), healthy=False),
    "S-500-BACKOFF": Rule(between(lambda _ask, _before: Reply(status=500)), healthy=False),
    "S-429": Rule(
        every_third(lambda _ask: Reply(status=429, headers=(("Retry-After", "21600"),))), healthy=False
    ),
    "S-429-DATE": Rule(every_third(_dated_retry), healthy=False),
    "S-503": Rule(
        every_third(lambda _ask: Reply(status=503, headers=(("Retry-After", "21600"),))), healthy=False
    ),
    "S-429-BARE": Rule(between(lambda _ask, _before: Reply(status=429)), healthy=False),
    "S-429-MAXAGE": Rule(
        every_third(lambda _ask: Reply(status=429, headers=(("Cache-Control", "max-age=43200"),))),
        healthy=False,
    ),
    "B-ROBOTS": Rule(
        on_paths(
            feed=_with_pages("open", "closed"),
            robots_txt=plain(b"User-agent: tidings\nDisallow: /closed\n"),
            open=plain(ARTICLE),
            late=plain(ARTICLE),
            closed=plain(ARTICLE),
        )
    ),
    "B-ROBOTS-503": Rule(
        on_paths(
            feed=_with_pages("open"),
            robots_txt=lambda _ask, _before: Reply(status=503),
            open=plain(ARTICLE),
            late=plain(ARTICLE),
        )
    ),
    "M-PAGE": Rule(on_paths(feed=moved(301), new=_HTML), healthy=False),
    "M-FAILS": Rule(on_paths(feed=_moves_back, new=_breaks_down), healthy=False),
    "M-GONE": Rule(on_paths(feed=_moves_back, new=_says_gone)),
    "M-401": Rule(lambda _ask, _before: Reply(status=401), healthy=False),
    "M-403": Rule(lambda _ask, _before: Reply(status=403), healthy=False),
    "M-CHALLENGE": Rule(
        lambda _ask, _before: Reply(status=503, headers=(("cf-mitigated", "challenge"),)), healthy=False
    ),
}


# -- 32 days ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """What the hosts saw in 32 days, and what the application knew at the end."""

    hosts: dict[str, RecordingHost]
    states: dict[str, PollState]
    after_restart: int  # requests made between a start and the next due moment

    def feed(self, rule: str) -> list[Visit]:
        return self.hosts[rule].of(RULES[rule].path)


async def thirty_two_days(folder: Path) -> Record:
    """Poll every host of `RULES` for 32 simulated days, the application closed and opened every fourth."""
    clock = Wound(START)
    async with AsyncExitStack() as stack:
        hosts = {
            rule: await stack.enter_async_context(
                RecordingHost(f"127.77.{number // 200}.{number % 200 + 1}", clock.now, one.answer)
            )
            for number, (rule, one) in enumerate(RULES.items())
        }
        configure(folder / "config", tidings=_TIDINGS, sources=_sources(hosts))
        after_restart = 0
        while clock.time < START + LENGTH:
            until = min(clock.time + RESTARTS, START + LENGTH)
            async with open_app(settings(folder), clock=clock) as app:
                before = _count(hosts)
                if clock.time > START:
                    await app.settle()
                    after_restart += _count(hosts) - before
                await _live(app, clock, until)
                states = {one.source_id: one for one in await app.stores.sources.states()}
    return Record(hosts, {rule: states[rule.lower()] for rule in hosts}, after_restart)


async def _live(app: App, clock: Wound, until: datetime) -> None:
    """Work off each tick at which something is due, and go on to the next."""
    while True:
        await app.settle()
        due = [one.next_poll_at for one in await app.stores.sources.states() if one.next_poll_at is not None]
        tick = TICK if clock.time < START + 4 * DAY else LATER_TICK
        steps = max(1, -((clock.time - min(due, default=until)) // tick))
        clock.time += min(steps, 6) * tick  # pages are due by their own times
        if clock.time >= until:
            clock.time = until
            await app.settle()
            return


def _count(hosts: dict[str, RecordingHost]) -> int:
    return sum(len(host.visits) for host in hosts.values())


_TIDINGS = (
    f"polling: {{host_delay: 0s, floor: 1h, every: 1h, contact: '{CONTACT}', allow_private: [127.0.0.0/8]}}\n"
    "channels:\n  outbox: {type: file, dir: outbox}\n"
)


def _sources(hosts: dict[str, RecordingHost]) -> str:
    lines = []
    for rule, host in hosts.items():
        text = "always" if rule.startswith("B-") else "never"
        lines.append(f'  - {{id: {rule.lower()}, feed: "{host.url(RULES[rule].path)}", full_text: {text}}}')
    return "sources:\n" + "\n".join(lines) + "\n"


def gaps(visits: list[Visit]) -> list[timedelta]:
    """Times between one request and the next."""
    return [b.at - a.at for a, b in pairwise(visits)]
