"""`tidings digest preview`: what would go out, on the terminal, as a file or in a browser."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidings.cli.digests_named import DigestId, moment, named_digest
from tidings.cli.options import FAILED, USAGE, Config, Json, State, complain, fail, run, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from alerts.messages import Message
    from alerts.plans import DigestPlan
    from tidings.settings import Settings

HEADERS = ("From", "To", "List-Id", "In-Reply-To")  # of a mail, shown beside its subject


@dataclass(frozen=True, slots=True)
class Previewed:
    """One message, and the channels that would get it."""

    message: Message
    channels: tuple[str, ...]
    problem: str | None = None  # the user's template failed, the bundled one was used


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("preview")(preview)


def preview(
    digest_id: DigestId,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="As if it were this time; default: now.")
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="With made-up news of every kind; needs no database.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write it to FILE as a page, pictures in it."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    text: Annotated[
        bool, typer.Option("--text", help="Print the text part; done unless another form is asked for.")
    ] = False,
    config: Config = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Show what would go out; nothing is sent or remembered."""
    if text and as_json:
        fail("--text and --json are two forms of the same; choose one", USAGE)
    loaded = settings(config, state)
    plan, when = named_digest(loaded, digest_id), moment(at)
    found = _of_sample(loaded, plan, when) if sample else _of_archive(loaded, plan, when)
    pages = (
        [_written(one, place) for one, place in zip(found, _places(found, html), strict=True)]
        if html or show
        else []
    )
    for number, one in enumerate(found):
        if as_json:
            typer.echo(one.message.data)
        elif text or not pages:
            typer.echo(("\n\n" if number else "") + "\n".join(_lines(loaded, one)))
    for page in pages:
        complain(str(page)) if as_json else typer.echo(page)
    for one in found:
        if one.problem is not None:
            complain(f"your template failed, this is the bundled one: {one.problem}")
    if show:
        _open(pages)


def _of_archive(loaded: Settings, plan: DigestPlan, when: datetime) -> tuple[Previewed, ...]:
    from tidings.app import notifier
    from tidings.clock import SystemClock
    from tidings.opening import look_into

    async def work() -> tuple[Previewed, ...]:
        async with look_into(loaded) as stores:
            composed = await notifier(loaded, stores, SystemClock()).previewed(plan, when)
        return tuple(
            Previewed(one.message, one.channels, one.problem) for one in composed if one.message is not None
        )

    return run(work)


def _of_sample(loaded: Settings, plan: DigestPlan, when: datetime) -> tuple[Previewed, ...]:
    from alerts import sample
    from alerts.errors import TemplateFault
    from alerts.render import Renderer
    from tidings.app import templates

    digest = sample.digest(plan, loaded.initiatives, when)
    try:
        message = Renderer(templates(loaded.config_dir)).render(digest, digest.until, template=plan.template)
    except TemplateFault as fault:
        fail(str(fault))
    return (Previewed(message, plan.to),)


def _lines(loaded: Settings, one: Previewed) -> Iterator[str]:
    """Subject, headers and text as a mail program shows them."""
    message = one.message
    yield f"Subject: {message.subject}"
    yield from _headers(loaded, one)
    yield f"Channels: {', '.join(one.channels)}"
    pictures = len(message.pictures)
    shown = f", {pictures} picture{'' if pictures == 1 else 's'}" if pictures else ""
    yield f"HTML: {len(message.html.encode()):,} bytes{shown}"
    yield ""
    yield message.text


def _headers(loaded: Settings, one: Previewed) -> Iterator[str]:
    """Those of the first mail of each mail channel."""
    from email import message_from_bytes, policy

    from alerts.addressing import deliveries_for
    from alerts.errors import AlertError
    from alerts.plans import EmailChannel
    from tidings.app import channel

    for plan in loaded.channels:
        if plan.id not in one.channels or not isinstance(plan, EmailChannel):
            continue
        way = channel(plan, loaded.polling)
        first, *others = deliveries_for(one.message, plan.id, way, one.message.created_at)
        try:
            mail = message_from_bytes(way.as_sent(one.message, first), policy=policy.default)
        except AlertError as fault:
            complain(f"{plan.id}: {fault}")
            continue
        for name in HEADERS:
            if mail[name]:
                more = (
                    f" (and {len(others)} more, each a mail of their own)" if name == "To" and others else ""
                )
                yield f"{name}: {mail[name]}{more}"


def _places(found: tuple[Previewed, ...], html: Path | None) -> list[Path]:
    """Where the pages go: FILE, and for readers who are told other things FILE with the name of their channel."""
    if html is None:
        html = Path(tempfile.mkdtemp(prefix="tidings-")) / "preview.html"
    others = [html.with_name(f"{html.stem}-{one.channels[0]}{html.suffix}") for one in found[1:]]
    return [html, *others]


def _written(one: Previewed, place: Path) -> Path:
    from alerts.pictures import standalone

    try:
        place.write_text(standalone(one.message.html, one.message.pictures), encoding="utf-8")
    except OSError as fault:
        fail(f"{place} cannot be written: {fault.strerror}")
    return place


def _open(pages: list[Path]) -> None:
    import webbrowser

    for page in pages:
        if not webbrowser.open(page.absolute().as_uri()):
            complain(f"no browser could be opened here; open {page} in one yourself")
            raise typer.Exit(FAILED)
