"""What to do about the state of a source, as short orders. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler import floods
from crawler.errors import Cause
from crawler.records import GapCause, PollState, Source, SourceGap, SourceKind, SourceState
from crawler.wording import duration, moment

_HOUR = timedelta(hours=1)
_STEPS = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 30, 60, 120, 180, 360, 720))
_FEED_HOSTS = ("feeds.", "feed.", "rss.", "feeds2.")  # a host for feeds is not the site they belong to
_NETWORK = (
    "if other sources fail too, look at the network of this machine; else wait: it is asked ever less often"
)


def of(
    source: Source,
    state: PollState,
    label: SourceState,
    *,
    floor: timedelta,
    timeout: timedelta,
    contact: bool,
    waits: bool,
) -> str | None:
    """The remedy for a source in this state; None where there is nothing to do.

    Args:
        label: its state as shown.
        floor, timeout: of `polling` in tidings.yaml.
        contact: whether `polling.contact` is set.
        waits: whether the trouble may pass by itself.
    """
    match label:
        case SourceState.NEW:
            return "nothing to do: `tidings run` or `tidings once` asks it"
        case SourceState.PAUSED:
            return _unpause(source, state)
        case SourceState.MOVED:
            return _move(source, state)
        case SourceState.GONE:
            again = f"`tidings sources resume {source.id}` asks it again"
            return f"remove its entry, or look for its successor: {successor(source)}; {again}"
        case SourceState.FLOODING:
            return release(source.id, state.since)
        case SourceState.QUIET:
            return f"look at the site; where it has news, the feed stands still, and {successor(source)} may find another"
        case SourceState.FAILING | SourceState.NOT_A_FEED if waits:
            again = (
                f"it is asked again {moment(state.next_poll_at)}"
                if state.next_poll_at
                else "it is asked again"
            )
            return f"nothing to do yet: {again}"
        case SourceState.FAILING:
            return _mend(source, state, floor=floor, timeout=timeout)
        case SourceState.BLOCKED:
            return _unblock(source, state, contact=contact)
        case SourceState.NOT_A_FEED:
            return _read_again(source, state, contact=contact)
        case SourceState.OK if source.listing is not None and state.state is label and state.problem:
            return f"correct the rules in its entry: `tidings try site {source.id}` shows what each of them finds"
    return None


def of_gap(gap: SourceGap, source: Source, state: PollState, *, floor: timedelta) -> str:
    """What to do about a time that may have been missed."""
    look = "look at the site for the time that may be missing"
    if gap.cause is GapCause.AWAY:
        beside = source.kind is SourceKind.FEED
        return f"{look}; its news sitemap as a second source (`sitemap:`) fills such gaps" if beside else look
    wanted = state.interval or gap.end - gap.start
    asked = source.every or max(wanted, floor, timedelta() if state.etag or state.last_modified else _HOUR)
    if asked <= wanted:
        return f"{look}; it is asked more often since"
    enough = max((step for step in _STEPS if step <= wanted), default=_STEPS[0])
    return f"{look}; ask it more often: `every: {duration(enough)}`"


def release(source_id: str, since: datetime | None) -> str:
    """How a review ends."""
    known = f" (by itself on {moment(since + floods.HELD_FOR)})" if since else ""
    return (
        f"`tidings sources release {source_id} --as new` tells them in the next digests, "
        f"`--as known` files them untold{known}"
    )


def successor(source: Source) -> str:
    """The command that looks for the present feed of the source's site."""
    parts = urlsplit(source.url)
    host = parts.hostname or ""
    if source.kind is SourceKind.SPIDER or not host or host.startswith(_FEED_HOSTS):
        return "`tidings sources add SITE`"
    return f"`tidings sources add {parts.scheme}://{parts.netloc.rpartition('@')[2]}/`"


# -- by state ----------------------------------------------------------------------------------------


def _unpause(source: Source, state: PollState) -> str:
    orders = []
    if state.operator_paused:
        orders.append(f"`tidings sources resume {source.id}` lets it be asked again")
    if source.paused:
        orders.append("remove `paused: true` from its entry to have it asked again")
    return "; ".join(orders)


def _move(source: Source, state: PollState) -> str:
    if state.moved_to is None or urlsplit(state.moved_to).query:
        return f"put the new address into its entry; `tidings sources test {source.id}` shows the whole of it"
    return f"put {state.moved_to} into its entry"


def _mend(source: Source, state: PollState, *, floor: timedelta, timeout: timedelta) -> str:
    slower = f"ask it less often: `every: {duration(max(2 * (source.every or floor), _HOUR))}`"
    smaller = f"choose a smaller feed of the site: {successor(source)}"
    landing = "open its address in a browser, and put the one where it ends into its entry"
    match state.cause:
        case Cause.NAME:
            return f"check the spelling of its address; {_NETWORK}"
        case Cause.NETWORK:
            return _NETWORK
        case Cause.CERTIFICATE:
            return "its publisher must mend it; if other sources fail too, look at the clock and certificates of this machine"
        case Cause.TLS:
            return "its publisher must mend it: tell them"
        case Cause.SLOW:
            return f"wait, or raise `polling.timeout` (now {duration(timeout)}) in tidings.yaml"
        case Cause.MISSING:
            return f"look for its present address: {successor(source)}"
        case Cause.BUSY:
            return slower
        case Cause.HELD:
            return f"{slower}; where its host carries feeds of many sites, name it in `polling.bridges`"
        case Cause.BROKEN:
            return "its publisher must mend it: wait, and tell them when it lasts"
        case Cause.STATUS:
            return "open its address in a browser; where that works, its host wants other `headers`, or an `auth_file`"
        case Cause.REDIRECTS:
            return landing
        case Cause.HOPS:
            return f"{landing}, or raise `polling.max_redirects`"
        case Cause.ADDRESS:
            return "correct its address; one inside your own network needs `polling.allow_private`"
        case Cause.PORT:
            return (
                "correct its address, or add its port to `polling.ports`; "
                "one inside your own network needs `polling.allow_private`"
            )
        case Cause.LARGE:
            return f"{smaller}, or raise `polling.max_size`"
        case Cause.RATIO:
            return f"{smaller}, or raise `polling.max_ratio`"
        case Cause.HEADERS:
            return "its publisher must mend it: tell them; or raise `polling.max_headers`"
        case Cause.SPIDER:
            return f"`tidings try site {source.id}` shows where it stops"
    return f"`tidings sources test {source.id}` shows what it answers"


def _unblock(source: Source, state: PollState, *, contact: bool) -> str:
    introduce = "" if contact else "say who asks: set `polling.contact` in tidings.yaml; "
    match state.cause:
        case Cause.LOGIN:
            return "it wants a login: give the value of the Authorization header as `auth_file`"
        case Cause.LEGAL:
            return "it is withheld by law where this machine stands: ask its publisher, or remove it"
        case Cause.ROBOTS:
            return f"ask its publisher, or use a feed of the site: {successor(source)}"
    return (
        f"{introduce}ask its publisher to let Tidings read it; a slower `every` may help; "
        "a feed for subscribers needs an `auth_file`"
    )


def _read_again(source: Source, state: PollState, *, contact: bool) -> str:
    if source.kind is not SourceKind.FEED and state.cause in (Cause.CHALLENGE, Cause.CONSENT):
        return _unblock(source, state, contact=contact)
    if source.kind is not SourceKind.FEED:
        match state.cause:
            case Cause.SCRIPT if not source.javascript:
                return "set `javascript: true` in its entry, so that a browser reads its pages"
            case Cause.FEED:
                return f"write `feed:` instead of `{source.kind}:` in its entry"
            case Cause.SITEMAP:
                return "write `sitemap:` instead of `site:` in its entry"
        return f"compare its entry with the site: `tidings try site {source.id}` shows what is found"
    match state.cause:
        case Cause.CHALLENGE | Cause.CONSENT:
            return _unblock(source, state, contact=contact)
        case Cause.SITEMAP:
            return "write `sitemap:` instead of `feed:` in its entry"
        case Cause.OPML:
            return "save it, and let `tidings sources import FILE.opml` take the feeds that it lists"
        case Cause.LINKED if not urlsplit(source.url).query:
            return f"find the feed that it links to: `tidings sources add {source.url}`"
    return f"look for the present feed of the site: {successor(source)}"
