"""`tidings try …`: show what one step of the walk makes of an input, and store nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidings.cli.options import FAILED, USAGE, Config, Json, State, complain, fail, run, settings
from tidings.cli.output import json_line, plain
from tidings.cli.trying_site import site
from tidings.cli.trying_stories import stories

if TYPE_CHECKING:
    from alerts.records import Watchlist
    from crawler.ports import Fetcher
    from crawler.records import Article, Fetched

app = typer.Typer(
    help="Try one step on feeds, pages, texts or addresses; nothing is stored.", no_args_is_help=True
)

Inputs = Annotated[list[str], typer.Argument(metavar="URL|FILE", help="Addresses or files.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="The address that a file came from.")]
Header = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="'NAME: VALUE'",
        help="Of a file: a header it came with. Of an address: one to send.",
    ),
]


class Unreadable(Exception):
    """An input that cannot be had; the message says why."""


@app.command("feed")
def feed(inputs: Inputs, url: Url = None, header: Header = None, as_json: Json = False) -> None:
    """Fetch or read feeds and show what would be collected."""
    from crawler.errors import CrawlError
    from crawler.feeds.parse import parse
    from crawler.records import Purpose

    headers = _headers(header)

    async def one(given: str, fetcher: Fetcher) -> dict[str, Any]:
        answer = await _obtain(given, Purpose.FEED, fetcher, url, headers)
        try:
            read = parse(answer.body, url=answer.url, content_type=answer.content_type)
        except CrawlError as fault:
            raise Unreadable(str(fault)) from fault
        entries = [
            {
                "id": entry.id,
                "title": entry.title,
                "link": entry.link,
                "published": entry.published_at,
                "updated": entry.updated_at,
                "summary": entry.summary,
                "authors": entry.authors,
                "text_length": len(entry.content),
            }
            for entry in read.entries
        ]
        return {
            "title": read.title,
            "format": read.format,
            "language": read.language,
            "entries": entries,
            "problems": read.problems,
        }

    def people(row: dict[str, Any]) -> Iterable[str]:
        yield f"{row['title'] or '(no title)'} · {row['format']} · {len(row['entries'])} entries"
        for entry in row["entries"]:
            yield f"  {entry['published'] or 'no date':20}  {entry['title'] or '(no title)'}"
            yield f"  {'':20}  {entry['link'] or '(no link)'}"
        for problem in row["problems"]:
            yield f"  repaired: {problem}"

    _each(inputs, one, people, as_json)


@app.command("page")
def page(inputs: Inputs, url: Url = None, header: Header = None, as_json: Json = False) -> None:
    """Fetch or read article pages and show what the extractor sees."""
    from crawler.extract.read import read_page
    from crawler.records import Purpose

    headers = _headers(header)

    async def one(given: str, fetcher: Fetcher) -> dict[str, Any]:
        answer = await _obtain(given, Purpose.PAGE, fetcher, url, headers)
        read = read_page(answer.body, answer.url, answer.content_type, None)
        return {
            "title": read.title,
            "text": read.text,
            "published": read.published_at,
            "updated": read.updated_at,
            "authors": read.authors,
            "canonical_url": read.canonical_url,
            "language": read.language,
            "site_name": read.site_name,
            "paywalled": read.paywalled,
            "refused": read.refused,
            "posts": [
                {
                    "start": post.start,
                    "end": post.end,
                    "posted": post.posted_at,
                    "title": post.title,
                }
                for post in read.posts
            ],
            "candidates": [
                {
                    "field": one.field,
                    "origin": one.origin,
                    "value": one.value,
                    "chosen": one.chosen,
                    "why": one.why,
                }
                for one in read.candidates
            ],
        }

    def people(row: dict[str, Any]) -> Iterable[str]:
        for name in ("title", "published", "updated", "authors", "canonical_url", "language", "refused"):
            value = row[name]
            if value:
                yield f"{name.replace('_', ' '):14} {', '.join(value) if isinstance(value, list) else value}"
        yield f"{'paywalled':14} {'yes' if row['paywalled'] else 'no'}"
        yield from _considered(row["candidates"])
        if row["posts"]:
            yield ""
            yield f"{len(row['posts'])} posts of a live blog"
        for post in row["posts"]:
            yield f"  {post['posted'] or 'no time':20}  {post['title'] or '(no title)'}"
        yield ""
        yield row["text"] or "(no text)"

    _each(inputs, one, people, as_json)


def _considered(candidates: Sequence[dict[str, Any]]) -> Iterable[str]:
    """What each value was chosen from, the chosen one marked, with the reason."""
    field = ""
    for one in candidates:
        if one["field"] != field:
            field = one["field"]
            yield ""
            yield f"{field}, chosen from:"
        value = one["value"].replace("\n", " ")
        yield f"  {'✓' if one['chosen'] else '–'} {one['origin']}: {value[:80]}{'…' if len(value) > 80 else ''}"
        yield f"      {one['why']}"


@app.command("match")
def match(
    inputs: Annotated[
        list[str], typer.Argument(metavar="URL|FILE|-", help="Texts, pages, JSON or JSON Lines.")
    ],
    watchlist: Annotated[
        Path | None,
        typer.Option("--watchlist", metavar="FILE", help="The rules; default: all of the configuration."),
    ] = None,
    url: Url = None,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Show which initiatives a text would match and why, and where the others stopped."""
    from alerts.errors import RuleError
    from alerts.expression import is_expression
    from alerts.match import Matcher, validate
    from crawler.records import Purpose
    from tidings.settings import ConfigError, load_watchlist
    from tidings.texts import read_texts

    lists: tuple[Watchlist, ...]
    tags: dict[str, tuple[str, ...]] = {}
    if watchlist is not None:
        try:
            lists = (load_watchlist(watchlist, validate_term=validate),)
        except ConfigError as fault:
            fail(str(fault), USAGE)
    else:
        loaded = settings(config, state)
        lists, tags = loaded.watchlists, dict(loaded.tags)
    try:
        matcher = Matcher(lists, tags=tags)
    except RuleError as fault:
        fail(str(fault), USAGE)

    async def rows(given: str, fetcher: Fetcher) -> list[dict[str, Any]]:
        answer = await _obtain(given, Purpose.PAGE, fetcher, url, {})
        try:
            articles = read_texts(answer.body, name=given, url=answer.url, content_type=answer.content_type)
        except ValueError as fault:
            raise Unreadable(str(fault)) from fault
        return [_judged(article, matcher) for article in articles]

    def shown(one: dict[str, Any]) -> str:
        words: str = one["words"] if is_expression(one["term"]) else one["term"]
        return words

    def people(row: dict[str, Any]) -> Iterable[str]:
        yield row["title"] or row["input"]
        for found in row["matches"]:
            filed = f" (files under {', '.join(found['commitments'])})" if found["commitments"] else ""
            yield f"  ✓ {found['initiative']}{filed}"
            for one in found["evidence"]:
                yield f"      {one['strength']:6} {shown(one)!r} in {one['field']}: {one['snippet']}"
        for missed in row["not"]:
            yield f"  – {missed['initiative']}: {missed['stopped_at']}"

    _each_many(inputs, rows, people, as_json)


def _judged(article: Article, matcher: Any) -> dict[str, Any]:
    verdict = matcher.judge(article, explain=True)
    return {
        "title": article.title,
        "matches": [
            {
                "initiative": found.initiative_id,
                "commitments": found.commitments,
                "evidence": [plain(one) for one in found.evidence],
            }
            for found in verdict.matches
        ],
        "not": [
            {"initiative": missed.initiative_id, "stopped_at": missed.stopped_at} for missed in verdict.misses
        ],
    }


@app.command("url")
def url_forms(
    inputs: Annotated[list[str], typer.Argument(metavar="URL", help="Addresses.")], as_json: Json = False
) -> None:
    """Show the canonical form of addresses: equal forms are one article."""
    from crawler.identity import canonical_url

    failed = False
    for given in inputs:
        try:
            row: dict[str, Any] = {"url": given, "canonical": canonical_url(given)}
        except ValueError as fault:
            failed = True
            row = {"url": given, "error": str(fault)}
        if as_json:
            json_line(row)
        elif "error" in row:
            complain(f"{given}: {row['error']}")
        else:
            typer.echo(row["canonical"])
    if failed:
        raise typer.Exit(FAILED)


app.command("stories")(stories)
app.command("site")(site)


# -- inputs ----------------------------------------------------------------------------------------


def _headers(given: Sequence[str] | None) -> dict[str, str]:
    headers = {}
    for line in given or ():
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            fail(f"--header {line!r} is not of the form 'Name: value'", USAGE)
        headers[name.strip().lower()] = value.strip()
    return headers


async def _obtain(
    given: str, purpose: Any, fetcher: Fetcher, url: str | None, headers: dict[str, str]
) -> Fetched:
    """The bytes of an input: an address is fetched through the guard, anything else is read as a file."""
    from crawler.errors import CrawlError
    from crawler.records import Request

    if not given.startswith(("http://", "https://")):
        return _from_file(given, url, headers)
    try:
        return await fetcher.get(Request(url=given, purpose=purpose, headers=tuple(headers.items())))
    except CrawlError as fault:
        raise Unreadable(str(fault)) from fault


def _from_file(given: str, url: str | None, headers: dict[str, str]) -> Fetched:
    import sys

    from crawler.records import Fetched

    try:
        body = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
    except OSError as fault:
        raise Unreadable(f"cannot be read: {fault.strerror}") from fault
    return Fetched(
        url=url
        or headers.get("content-location")
        or ("" if given == "-" else Path(given).resolve().as_uri()),
        status=200,
        headers=tuple(headers.items()),
        body=body,
        content_type=headers.get("content-type"),
    )


@asynccontextmanager
async def _plain_fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher for addresses typed by the user: with the limits of the configuration where there is one."""
    import os

    from tidings.app import open_crawler
    from tidings.folders import config_folder
    from tidings.settings import default_polling

    found = config_folder(None, os.environ).is_dir()
    polling = settings(None, None).polling if found else default_polling()
    async with open_crawler(polling) as crawler:
        yield crawler.fetcher


def _each(
    inputs: Sequence[str],
    one: Callable[[str, Fetcher], Any],
    people: Callable[[dict[str, Any]], Iterable[str]],
    as_json: bool,
) -> None:
    async def many(given: str, fetcher: Fetcher) -> list[dict[str, Any]]:
        return [await one(given, fetcher)]

    _each_many(inputs, many, people, as_json)


def _each_many(
    inputs: Sequence[str],
    many: Callable[[str, Fetcher], Any],
    people: Callable[[dict[str, Any]], Iterable[str]],
    as_json: bool,
) -> None:
    """Print a row an input, in input order; an input that fails is a row with `error`, and exit code 1."""

    async def work() -> bool:
        failed = False
        async with _plain_fetcher() as fetcher:
            for number, given in enumerate(inputs):
                try:
                    rows = await many(given, fetcher)
                except Unreadable as fault:
                    failed = True
                    if as_json:
                        json_line({"input": given, "error": str(fault)})
                    else:
                        complain(f"{given}: {fault}")
                    continue
                for row in rows:
                    if as_json:
                        json_line({"input": given, **row})
                        continue
                    if number:
                        typer.echo("")
                    for line in people(json.loads(json.dumps(plain({"input": given, **row})))):
                        typer.echo(line)
        return failed

    if run(work):
        raise typer.Exit(FAILED)
