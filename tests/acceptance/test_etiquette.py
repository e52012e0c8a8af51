"""The etiquette scorecard: what hosts may expect of a poller, each rule by its id, seen from the host's side.

Most rules are read from one run of the whole application over 32 simulated days (`scorecard.py`); those about
slowness and about many requests at once run by the real clock.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from crawler.records import SourceState
from tests.acceptance.conftest import configure
from tests.acceptance.scorecard import (
    CONTACT,
    DAY,
    HOUR,
    LENGTH,
    LM,
    RESTARTS,
    RFC_850,
    RULES,
    SKIPPED,
    START,
    TROUBLE_FROM,
    TROUBLE_UNTIL,
    Record,
    U,
    gaps,
    thirty_two_days,
)
from tests.acceptance.world import Wound, settings
from tests.fakes.recording_site import Ask, RecordingHost, Reply, Visit
from tidings import __version__
from tidings.app import open_app

Row = Callable[[Record], None]
ROWS: dict[str, Row] = {}
PAGES = {"/robots.txt", "/open", "/closed", "/late"}
GIVEN_UP = {"M-FAILS", "M-GONE"}  # their second address was adopted and given up; its validators went with it


def rule(*ids: str) -> Callable[[Row], Row]:
    """Register a check under the ids of the rules that it shows."""

    def register(check: Row) -> Row:
        assert not ROWS.keys() & set(ids)
        ROWS.update(dict.fromkeys(ids, check))
        return check

    return register


def row_for(one: str) -> Callable[[Callable[[Record, str], None]], Callable[[Record, str], None]]:
    """Register a check that is told which of the hosts (space-separated ids) it is about."""

    def register(check: Callable[[Record, str], None]) -> Callable[[Record, str], None]:
        for name in one.split():
            assert name not in ROWS
            ROWS[name] = lambda record, name=name: check(record, name)  # type: ignore[misc]  # bound now
        return check

    return register


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return asyncio.run(thirty_two_days(tmp_path_factory.mktemp("etiquette")))


def all_visits(record: Record) -> Iterator[Visit]:
    for host in record.hosts.values():
        yield from host.visits


def feed_visits(record: Record, name: str) -> list[Visit]:
    """Requests for the feed, redirects included, without robots.txt and pages."""
    return [one for one in record.hosts[name].visits if one.path not in PAGES]


# -- every request ---------------------------------------------------------------------------------


@rule("G-UA-PRESENT", "G-UA-OWN", "G-UA-CONTACT", "G-UA-STABLE")
def one_name_with_a_way_to_reach_us(record: Record) -> None:
    """Feeds, pages and robots.txt alike."""
    assert {one.ask.header("User-Agent") for one in all_visits(record)} == {
        f"tidings/{__version__} (+{CONTACT})"
    }


@rule("G-NO-COOKIE", "G-NO-REFERER", "G-NO-BYPASS")
def nothing_but_what_is_needed(record: Record) -> None:
    """No header beyond these, though cookies were set and redirects followed."""
    needed = {"Host", "User-Agent", "Accept", "Accept-Encoding", "If-None-Match", "If-Modified-Since"}
    assert {name for one in all_visits(record) for name, _ in one.ask.lines} <= needed
    assert len(record.feed("G-NO-COOKIE")) > 30


@rule("G-NO-QUERY", "G-NO-PROBES", "G-FAVICON")
def only_addresses_that_somebody_gave(record: Record) -> None:
    """Byte for byte, no guesses, no icons; robots.txt before pages only."""
    assert {one.path for one in record.hosts["G-NO-QUERY"].visits} == {RULES["G-NO-QUERY"].path}
    for name, host in record.hosts.items():
        given = {RULES[name].path, "/new", *(f"/hop{number}" for number in range(10))}
        assert {one.path for one in host.visits} <= given | (PAGES if name.startswith("B-") else set())


@rule("G-GET-ONLY", "G-HTTP11", "G-GZIP", "G-ACCEPT")
def plain_modern_requests(record: Record) -> None:
    for one in all_visits(record):
        assert (one.ask.method, one.ask.version) == ("GET", "HTTP/1.1")
        assert "gzip" in (one.ask.header("Accept-Encoding") or "")
        if one.path not in PAGES:
            assert re.search("application/(rss|atom)", one.ask.header("Accept") or "")


@rule("Vary")
def one_representation_of_a_feed(record: Record) -> None:
    """What a cache may vary by never changes from one request to the next."""
    for name in record.hosts:
        chosen = ("Accept", "Accept-Encoding", "User-Agent")
        assert len({tuple(map(one.ask.header, chosen)) for one in feed_visits(record, name)}) == 1


# -- pace ------------------------------------------------------------------------------------------


@rule("P-FLOOR", "P-NO-DOUBLE", "S-3xx-FLOOR")
def never_sooner_than_the_floor(record: Record) -> None:
    """Every address of every host, through redirects, errors and seven restarts."""
    for name, host in record.hosts.items():
        for path in {one.path for one in feed_visits(record, name)}:
            assert min(gaps(host.of(path)), default=U) >= U, (name, path)


@rule("P-ALIVE")
def a_healthy_feed_is_not_forgotten(record: Record) -> None:
    """Asked again within 26 floors, to the last day."""
    for name in (name for name, one in RULES.items() if one.healthy):
        visits = feed_visits(record, name)
        assert max(gaps(visits)) <= 26 * U, name
        assert visits[-1].at >= START + LENGTH - 26 * U, name


@rule("jitter")
def feeds_that_began_together_do_not_stay_together(record: Record) -> None:
    """All were asked at the same moment once; on the fourth day no moment sees half of those that are well."""
    well = [name for name, one in RULES.items() if one.healthy]
    fourth = (START + 3 * DAY, START + 4 * DAY)
    at_once = Counter(one.at for name in well for one in record.feed(name) if fourth[0] < one.at <= fourth[1])
    assert max(at_once.values()) < len(well) / 2


# -- validators ------------------------------------------------------------------------------------


def check_validators(record: Record, name: str) -> None:
    """Each request carries exactly what the last answer with a body, and 304s since then, gave."""
    held: tuple[str | None, str | None] = (None, None)
    for one in feed_visits(record, name):
        assert one.ask.validators == held, (name, one.at, one.path)
        etag, modified = one.reply.header("ETag"), one.reply.header("Last-Modified")
        if one.reply.status == 200:
            held = (etag, modified)
        elif one.reply.status == 304:
            held = (etag or held[0], modified or held[1])


FIXED = {
    "V-INM-EXACT": ('"a/b c=\u00c3\u00a9!"', LM),
    "V-ETAG-ONLY": ('"only"', None),
    "V-NO-INVENTED-IMS": ('"only"', None),
    "V-WEAK": ('W/"weak"', None),
    "V-UNQUOTED": ("unquoted", None),
    "V-GZIP-ETAG": ('"5f1c-gzip"', None),
    "V-IMS-EXACT": ('"x"', LM),
    "V-LM-ONLY": (None, LM),
    "V-NO-INVENTED-INM": (None, LM),
    "V-LM-OPAQUE": (None, RFC_850),
    "P-PLAIN": (None, None),
}
HOST_OF = {"V-NO-INVENTED-IMS": "V-ETAG-ONLY", "V-NO-INVENTED-INM": "V-LM-ONLY"}


@row_for(" ".join(FIXED))
def validators_come_back_as_they_came(record: Record, name: str) -> None:
    """Byte for byte, weak, packed, unquoted or in an old form of date; none that was not received."""
    first, *rest = feed_visits(record, HOST_OF.get(name, name))
    assert first.ask.validators == (None, None)
    assert {one.ask.validators for one in rest} == {FIXED[name]}
    assert len(rest) > 30


@row_for("V-TOUCH V-CHANGING V-304-RENEW V-DROPPED")
def the_newest_validators_count(record: Record, name: str) -> None:
    """With the same body and another, renewed by 304, cleared by a 200 without."""
    check_validators(record, name)
    assert len({one.ask.validators for one in feed_visits(record, name)}) > 5


@rule("nothing unconditional after the first")
def every_later_request_is_conditional(record: Record) -> None:
    """All hosts, with redirects, errors and restarts; where there was something to send."""
    for name in record.hosts.keys() - GIVEN_UP:
        check_validators(record, name)


# -- freshness -------------------------------------------------------------------------------------


@row_for("C-MAXAGE C-MAXAGE-304")
def max_age_is_waited_out(record: Record, name: str) -> None:
    """Counted from the last answer; a 304 without one renews that of the body."""
    fresh = timedelta()
    for one, after in pairwise(feed_visits(record, name)):
        said = re.search(r"max-age=(\d+)", one.reply.header("Cache-Control") or "")
        if said or one.reply.status == 200:
            fresh = timedelta(seconds=int(said[1])) if said else timedelta()
        assert after.at - one.at >= fresh
    assert len(record.feed(name)) > 20


@rule("C-MAXAGE-CLAMP")
def ten_years_are_a_month(record: Record) -> None:
    """Asked again within 31 days, and not much before."""
    (gap,) = gaps(record.feed("C-MAXAGE-CLAMP"))
    assert 29 * DAY < gap <= 31 * DAY


@rule("C-TTL")
def ttl_is_a_minimum(record: Record) -> None:
    """Through 304s, which bring no document."""
    assert min(gaps(record.feed("C-TTL"))) >= 6 * HOUR


@rule("C-SKIPHOURS")
def silent_in_the_hours_to_be_skipped(record: Record) -> None:
    """Also where the tick comes late."""
    later = record.feed("C-SKIPHOURS")[1:]
    assert not {one.at.hour for one in later} & SKIPPED
    assert len(later) > 40


@rule("C-SY")
def syndication_hints_are_only_hints(record: Record) -> None:
    """`updatePeriod` is a default of publishing software; the feed's own rhythm counts."""
    assert len(record.feed("C-SY")) > 30


# -- statuses --------------------------------------------------------------------------------------


@row_for("S-301 S-308")
def a_permanent_move_is_adopted(record: Record, name: str) -> None:
    """From the next poll on."""
    host = record.hosts[name]
    assert len(host.of("/feed")) == 1
    assert len(host.of("/new")) > 30
    assert record.states[name].moved_to == host.url("/new")


@row_for("S-302 S-307")
def a_temporary_move_is_not(record: Record, name: str) -> None:
    """The original is asked each time, and the target once for each."""
    paths = [one.path for one in record.hosts[name].visits]
    assert paths == ["/feed", "/new"] * (len(paths) // 2)
    assert record.states[name].moved_to is None


@rule("S-3xx-COND")
def redirects_are_conditional(record: Record) -> None:
    """At both ends."""
    for name in ("S-301", "S-302", "S-307", "S-308"):
        check_validators(record, name)


@rule("S-LOOP")
def a_chain_without_end_is_left(record: Record) -> None:
    """After five redirects."""
    asked = [len(list(group)) for _, group in groupby(record.hosts["S-LOOP"].visits, key=lambda one: one.at)]
    assert max(asked) == 6


@rule("S-410")
def gone_is_gone(record: Record) -> None:
    """No request in the 31 days after."""
    assert [one.reply.status for one in record.feed("S-410")] == [200, 200, 200, 410]
    assert record.states["S-410"].state is SourceState.GONE


@row_for("S-404-BACKOFF S-500-BACKOFF S-429-BARE")
def errors_slow_us_down(record: Record, name: str) -> None:
    """To half of the rate of the day before at the most, and with success it is as before."""
    visits = record.feed(name)
    before = [one for one in visits if one.at < TROUBLE_FROM]
    during = [one for one in visits if TROUBLE_FROM <= one.at < TROUBLE_UNTIL]
    assert len(before) >= 12
    assert 2 <= len(during) <= len(before) / 2
    assert next(one.reply.status for one in visits if one.at >= TROUBLE_UNTIL) in (200, 304)


WAITS = {"S-429": 6 * HOUR, "S-429-DATE": 6 * HOUR, "S-503": 6 * HOUR, "S-429-MAXAGE": 12 * HOUR}


@row_for("S-429 S-429-DATE S-503 S-429-MAXAGE")
def the_servers_wish_is_waited_out(record: Record, name: str) -> None:
    """Retry-After in both forms, and max-age on a 429; then asked again."""
    after = [b.at - a.at for a, b in pairwise(record.feed(name)) if a.reply.status in (429, 503)]
    assert len(after) > 5
    assert min(after) >= WAITS[name]


@row_for("M-401 M-403 M-CHALLENGE")
def not_wanted_is_blocked(record: Record, name: str) -> None:
    """Told as such, and asked less and less."""
    assert record.states[name].state is SourceState.BLOCKED
    assert len(record.feed(name)) < 40


@rule("M-PAGE")
def a_move_to_a_page_is_not_adopted(record: Record) -> None:
    assert len(record.hosts["M-PAGE"].of("/new")) == len(record.feed("M-PAGE"))
    assert record.states["M-PAGE"].state is SourceState.NOT_A_FEED


@rule("M-FAILS")
def a_new_address_that_fails_is_given_up(record: Record) -> None:
    """After three failures in a row; the configured one still works."""
    host = record.hosts["M-FAILS"]
    assert [one.reply.status for one in host.of("/new")][-4:] == [200, 500, 500, 500]
    assert len(host.of("/feed")) > 20
    assert record.states["M-FAILS"].moved_to is None


@rule("M-GONE")
def a_new_address_that_is_gone_is_given_up_at_once(record: Record) -> None:
    host = record.hosts["M-GONE"]
    assert [one.reply.status for one in host.of("/new")].count(410) == 1
    assert host.of("/new")[-1].at == host.of("/feed")[1].at
    assert len(host.of("/feed")) > 30


# -- pages -----------------------------------------------------------------------------------------


@rule("B-ROBOTS")
def robots_txt_first_obeyed_and_kept(record: Record) -> None:
    """Asked at most once a day, before the first page; the feed itself is what the user asked for."""
    host = record.hosts["B-ROBOTS"]
    pages = [one.path for one in host.visits if one.path in PAGES]
    assert pages[0] == "/robots.txt"
    assert sorted(set(pages)) == ["/late", "/open", "/robots.txt"]
    assert min(gaps(host.of("/robots.txt")), default=DAY) >= DAY


@rule("B-ROBOTS-503")
def no_page_without_robots_txt(record: Record) -> None:
    host = record.hosts["B-ROBOTS-503"]
    assert {one.path for one in host.visits} == {"/feed", "/robots.txt"}


# -- restarts --------------------------------------------------------------------------------------


@rule("R-VALIDATORS")
def validators_survive_a_restart(record: Record) -> None:
    """The first request of every run but the first is conditional."""
    runs = groupby(record.feed("V-INM-EXACT"), key=lambda one: (one.at - START) // RESTARTS)
    firsts = [next(visits).ask.validators for _, visits in runs]
    assert firsts[0] == (None, None)
    assert set(firsts[1:]) == {FIXED["V-INM-EXACT"]}


@rule("R-SCHEDULE")
def a_restart_makes_no_request(record: Record) -> None:
    """What is due is due by the database, not by the process."""
    assert record.after_restart == 0


@pytest.mark.parametrize("name", ROWS)
def test_scorecard(name: str, record: Record) -> None:
    """A rule of the scorecard, as 32 days of requests show it."""
    ROWS[name](record)


# -- by the real clock -----------------------------------------------------------------------------


async def poll_once(folder: Path, urls: dict[str, str], **polling: timedelta) -> None:
    """Open the application on these feeds, let it do what is due, and close it."""
    channels = "channels:\n  outbox: {type: file, dir: outbox}\n"
    feeds = "".join(f'  - {{id: {name}, feed: "{url}", full_text: never}}\n' for name, url in urls.items())
    configure(
        folder / "config",
        tidings=f"polling: {{allow_private: [127.0.0.0/8]}}\n{channels}",
        sources=f"sources:\n{feeds}",
    )
    read = settings(folder)
    in_force = replace(read, polling=replace(read.polling, **polling))  # type: ignore[arg-type]  # by name
    async with open_app(in_force, clock=Wound(START)) as app:
        await app.settle()


async def test_one_host_is_asked_by_two_at_once_and_not_in_a_burst(tmp_path: Path) -> None:
    """H-CONCURRENCY, H-SPACING: six feeds of one slow host, all due at the same moment."""
    body = b"<rss version='2.0'><channel><title>T</title></channel></rss>"
    async with RecordingHost(
        "127.78.0.1", Wound(START).now, lambda _a, _n: Reply(body=body), delay=0.7
    ) as host:
        urls = {f"f{number}": host.url(f"/{number}") for number in range(6)}
        await poll_once(tmp_path, urls, host_delay=timedelta(seconds=0.3))

    starts = sorted(one.began for one in host.visits)
    assert len(starts) == 6
    assert host.most_at_once == 2
    assert min(b - a for a, b in pairwise(starts)) >= 0.28


async def test_a_slow_or_endless_answer_is_dropped(tmp_path: Path) -> None:
    """T-DRIP, T-STALL, T-ENDLESS: dropped at the time or size limit, while others are served."""
    head = b"HTTP/1.1 200 Fine\r\nContent-Type: application/rss+xml\r\n\r\n"
    sent = Counter[str]()

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"<")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"<rss>")
        await reader.read()

    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()
            sent["bytes"] += 65_536

    def healthy(_ask: Ask, _before: int) -> Reply:
        return Reply(body=b"<rss version='2.0'><channel><title>T</title></channel></rss>")

    hosts = {
        "drip": lambda _a, _n: Reply(raw=drip),
        "stall": lambda _a, _n: Reply(raw=stall),
        "silence": lambda _a, _n: Reply(raw=silence),
        "endless": lambda _a, _n: Reply(raw=endless),
        "healthy": healthy,
    }
    async with AsyncExitStack() as stack:
        running = {
            name: await stack.enter_async_context(RecordingHost(f"127.78.1.{number}", Wound(START).now, one))
            for number, (name, one) in enumerate(hosts.items(), 1)
        }
        await poll_once(
            tmp_path, {name: one.url() for name, one in running.items()}, timeout=timedelta(seconds=2)
        )
        async with asyncio.timeout(5):
            while any(one.open_now for one in running.values()):
                await asyncio.sleep(0.02)

    took = {name: one.visits[0].ended - one.visits[0].began for name, one in running.items()}  # type: ignore[operator]  # all have ended
    assert all(len(one.visits) == 1 for one in running.values())
    assert max(took.values()) < 4
    assert took["healthy"] < 1.5
    assert sent["bytes"] < 16 << 20
