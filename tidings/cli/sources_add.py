"""`tidings sources add`: from an address to the lines that make it a source."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from tidings.cli.options import USAGE, Config, State, complain, fail, run, settings
from tidings.cli.output import progress

if TYPE_CHECKING:
    from crawler.errors import CrawlError
    from crawler.ports import Fetcher
    from crawler.records import Source
    from tidings.finding import Found, Option, Search
    from tidings.settings import Settings


def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="A feed, or a site whose feed is to be found.")],
    source_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Default: made from title and host.")
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="May be given several times.")
    ] = None,
    pick: Annotated[
        int | None,
        typer.Option("--pick", min=1, metavar="N", help="The feed of this number, where there are several."),
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Where no feed is linked, ask usual addresses such as /feed too.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Append to sources.yaml; else only show the lines.")
    ] = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Find the feed of a site, show what it holds, and propose the lines for sources.yaml.

    The lines go to standard output, everything else to standard error. On a terminal it asks which feed is
    meant, and before it tries addresses that nobody named.
    """
    loaded = settings(config, state)
    address = _address(url)
    for word in (*([source_id] if source_id is not None else []), *(tags or ())):
        _check_word(word)
    if source_id is not None and source_id in {one.id for one in loaded.sources}:
        fail(f"the id {source_id} is taken; choose another with --id", USAGE)
    known = _known(address, loaded.sources)
    if known is not None:
        _already(address, known)
    found = _look(loaded, address, pick=pick, may_probe=probe)
    _propose(loaded, found, source_id=source_id, tags=tuple(tags or ()), write=write)


# -- what was typed --------------------------------------------------------------------------------


def _address(typed: str) -> str:
    from tidings.settings.typed import typed_address

    if "://" not in typed and Path(typed).is_file():
        fail(
            f"{typed} is a file; `tidings sources import` takes a list of feeds (OPML), `tidings try feed` reads a feed",
            USAGE,
        )
    try:
        return typed_address(typed)
    except ValueError as fault:
        fail(str(fault), USAGE)


def _check_word(word: str) -> None:
    from tidings.settings.typed import typed_id

    try:
        typed_id(word)
    except ValueError as fault:
        fail(str(fault), USAGE)


# -- the feed that is meant ------------------------------------------------------------------------


def _look(loaded: Settings, address: str, *, pick: int | None, may_probe: bool) -> Found:
    """The chosen feed; ends the command where there is none."""
    from crawler.errors import CrawlError
    from crawler.wording import shown
    from tidings.app import open_crawler
    from tidings.finding import ask, find_feeds

    async def work() -> Found:
        async with open_crawler(loaded.polling, modules=loaded.config_dir) as crawler:
            with progress(f"asking {shown(address)}"):
                search = await find_feeds(address, crawler.fetcher, only=pick)
            if all(one.refused for one in search.options):
                return await _usual_places(address, search, crawler.fetcher, may_probe=may_probe)
            _show(search, loaded.sources)
            chosen = _choose(search, loaded.sources, pick)
            if chosen.refused is not None:
                fail(f"{shown(chosen.url)} is no feed: {chosen.refused}")
            return chosen.found or await ask(chosen.url, crawler.fetcher)

    try:
        return run(work)
    except CrawlError as fault:
        fail(f"{shown(address)}: {fault}{_next_step(fault)}")


async def _usual_places(address: str, search: Search, fetcher: Fetcher, *, may_probe: bool) -> Found:
    """The feed at an address that nobody named, if that is wished."""
    from crawler.errors import Cause
    from crawler.records import Feed
    from crawler.wording import shown
    from tidings.finding import Found, guesses, probe

    page, problem = search.page or address, search.problem or ""
    if search.cause is Cause.SITEMAP:
        complain(f"# {shown(page)} is a sitemap; it needs one of news, with titles and dates")
        return Found(url=address, feed=Feed(title="", format="sitemap", entries=()))
    if search.cause is Cause.OPML:
        fail(f"{shown(page)} is no feed: {problem}")
    for broken in search.options:
        complain(f"# it links to {shown(broken.url)}, which is no feed: {broken.refused}")
    places = guesses(page, {address, page, *(one.url for one in search.options)})
    usual = ", ".join(f"/{one.split('/', 3)[3]}" for one in places[:3])
    instead = "a page of articles can be a source by `site:` and `links:` in sources.yaml"
    if not places:
        fail(f"{shown(page)} links to no feed that answers; {instead}")
    if not may_probe:
        links = "links to no feed that answers" if search.options else f"links to no feed: {problem}"
        complain(f"{shown(page)} {links}")
        question = f"Ask up to {len(places)} usual addresses of this site ({usual} …), one after the other?"
        if not _somebody() or not typer.confirm(question, err=True):
            fail(
                f"no address was guessed: --probe asks usual ones ({usual} …), one after the other; if you know the "
                f"feed, give its own address; {instead}"
            )
    with progress("asking usual addresses"):
        found = await probe(places, fetcher)
    if found is None:
        fail(f"{shown(page)} links to no feed, and none is at a usual address; {instead}")
    complain(f"# {_line(found)}")
    return found


def _show(search: Search, sources: Sequence[Source]) -> None:
    """What there is to choose from, numbered where there is a choice."""
    from crawler.wording import shown

    for number, one in enumerate(search.options, start=1):
        mark = f"# {number:>2}  " if len(search.options) > 1 else "# "
        known = _known(one.found.url if one.found else one.url, sources)
        here = f" (configured already, as {known.id})" if known else ""
        if one.found is not None:
            complain(f"{mark}{_line(one.found)}{here}")
            if one.found.moved_from is not None:
                complain(f"{' ' * len(mark)}{shown(one.found.moved_from)} has moved there for good")
        else:
            why = one.refused or "not asked"
            complain(f"{mark}{one.title or '(no title)'}: {shown(one.url)}{here or f' ({why})'}")


def _choose(search: Search, sources: Sequence[Source], pick: int | None) -> Option:
    """The feed that is meant; it may still have to be asked."""
    if pick is None:
        usable = [
            number
            for number, one in enumerate(search.options, start=1)
            if not one.refused and not _known(one.found.url if one.found else one.url, sources)
        ]
        pick = usable[0] if usable else next(n for n, one in enumerate(search.options, 1) if not one.refused)
        if len(usable) > 1 and _somebody():
            pick = typer.prompt("Which one?", default=pick, type=int, err=True)
        elif len(usable) > 1:
            complain(f"# number {pick} is chosen; --pick N chooses another")
    if not 1 <= pick <= len(search.options):
        many = len(search.options)
        fail(f"there is no feed number {pick}; there {'is one' if many == 1 else f'are {many}'}", USAGE)
    return search.options[pick - 1]


def _known(url: str, sources: Sequence[Source]) -> Source | None:
    """The source that has this address, however it is spelt."""
    from tidings.settings.append import feed_key

    same = feed_key(url)
    return next(
        (one for one in sources if one.kind in ("feed", "sitemap") and feed_key(one.url) == same), None
    )


def _line(one: Found) -> str:
    from crawler.wording import counted, moment

    dates = [entry.published_at for entry in one.feed.entries if entry.published_at]
    newest = f", newest {moment(max(dates))}" if dates else ""
    number = counted(len(one.feed.entries), "entry", "entries")
    return f"{one.feed.title or '(no title)'}: {number}{newest}, {one.url}"


def _somebody() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _next_step(fault: CrawlError) -> str:
    from crawler.errors import Cause

    match fault.cause:
        case Cause.NAME:
            return "; check its spelling"
        case Cause.MISSING:
            return "; give the address of the site instead, and its feed is looked for"
        case Cause.LOGIN | Cause.STATUS | Cause.CHALLENGE:
            return "; open it in a browser: if it is there, its host turns programs away"
        case Cause.ADDRESS:
            return "; an address inside your own network needs `polling.allow_private` in tidings.yaml"
        case Cause.PORT:
            return "; another port than the usual ones needs `polling.ports` in tidings.yaml"
        case Cause.TLS:
            return "; a site without https needs http:// in front"
    return ""


# -- the lines -------------------------------------------------------------------------------------


def _propose(
    loaded: Settings, found: Found, *, source_id: str | None, tags: tuple[str, ...], write: bool
) -> None:
    from tidings.settings import ConfigError
    from tidings.settings.append import NewSource, append_source, fit_name, lines, sources_file, unique_id

    known = _known(found.url, loaded.sources)
    if known is not None:
        _already(found.url, known)
    title = fit_name(found.feed.title)
    new = NewSource(
        id=source_id or unique_id(title or "", found.url, {one.id for one in loaded.sources}),
        feed=found.url,
        kind="sitemap" if found.feed.format == "sitemap" else "feed",
        name=title,
        site=found.feed.site_url,
        tags=tuple(dict.fromkeys(tags)),
    )
    namesake = next((one for one in loaded.sources if title and one.name == title), None)
    if namesake is not None:
        complain(f"# {namesake.id} has the same title: is it the same feed at another address?")
    path = sources_file(loaded.config_dir)
    if not write:
        typer.echo("\n".join(lines(new)))
        complain(f"# nothing was written; --write appends these lines to {path}")
        return
    try:
        append_source(path, new)
    except ConfigError as fault:
        complain(str(fault))
        typer.echo("\n".join(lines(new)))
        fail("# nothing was written; these are the lines", USAGE)
    typer.echo(f"added {new.id} to {path}; a running daemon asks it at once, else `tidings once` does")


def _already(url: str, known: Source) -> NoReturn:
    fail(f"{url} is in the configuration already, as {known.id}", USAGE)
