"""A configuration with a canary at each place that can hold a secret, and the list of these places from the models."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, PlainValidator

from crawler.secret import Secret
from tests.acceptance.conftest import free_port
from tests.fakes.echoing import Echoing

# Settings of which a part may be a secret, by how they are read; what is of the type Secret is found by itself.
MAY_HOLD_ONE = ("_filled", "_database", "_headers", "web_address")
SHOWN = {  # of these, what is meant to be seen: by readers of a mail, or by the hosts that are asked
    "channels.smtp.host", "channels.from", "channels.to", "polling.contact",
}  # fmt: skip


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def _annotations(kind: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The type itself and everything that its annotations are made of."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        yield from _annotations(inner, (*metadata, *more))
        return
    yield kind, metadata
    for part in get_args(kind):
        yield from _annotations(part, metadata)


def _can_hold_a_secret(kind: Any, metadata: tuple[Any, ...]) -> bool:
    for one, notes in _annotations(kind, metadata):
        if one is Secret:
            return True
        for note in notes:
            if isinstance(note, PlainValidator) and getattr(note.func, "__name__", "") in MAY_HOLD_ONE:
                return True
    return False


def places(model: type[BaseModel], at: str = "") -> Iterator[str]:
    """`channels.smtp.password`: the keys of the configuration that can hold a secret."""
    for name, info in model.model_fields.items():
        key = f"{at}{info.alias or name}"
        inner = list(_models(info.annotation))
        if not inner and _can_hold_a_secret(info.annotation, tuple(info.metadata)):
            yield key
        for one in inner:
            yield from places(one, key + ".")


def canary(place: str) -> str:
    """A text that stands for the secret at this place."""
    return "canary" + re.sub(r"[^a-z]", "", place)


def whsec(place: str) -> str:
    return "whsec_" + base64.b64encode(canary(place).encode()).decode()


def feed(base: str) -> str:
    """An article with a page, one whose link is relative, one without a link."""
    long = "The semiconductor plant opens its doors to many. " * 60
    entries = (f"<link>{base}/page/one</link>", "<link>?id=2</link>", "")
    return (
        "<?xml version='1.0'?><rss version='2.0'><channel><title>Good</title>"
        + "".join(
            f"<item><title>Semiconductor plant {number}</title>{link}<guid isPermaLink='false'>g{number}</guid>"
            f"<description>{long} {number}</description></item>"
            for number, link in enumerate(entries)
        )
        + "</channel></rss>"
    )


def _secret_file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return name


def configured(folder: Path, world: Echoing, *, files: bool, server: bool = False) -> dict[str, str]:
    """Write a configuration with a canary at each place, and return the environment that it needs.

    `files`: the web token and the heartbeat come from files; `server`: the database is a PostgreSQL that nobody reaches.
    """
    config = folder / "config"
    (config / "watchlists").mkdir(parents=True)
    at, hosts = world.base, f"127.0.0.1:{world.port}"
    env = {
        "SMTP_USER": canary("channels.smtp.user"),
        "SMTP_PASSWORD": canary("channels.smtp.password"),
        "HOOK_URL": f"{at}/fails/{canary('channels.url')}?k={canary('channels.url.query')}",
        "SLACK_URL": f"{at}/fails/{canary('channels.url.slack')}",
        "DISCORD_URL": f"{at}/fails/{canary('channels.url.discord')}",
        "TEAMS_URL": f"{at}/fails/x?sig={canary('channels.url.teams')}",
        "CHAT_URL": f"json://{canary('channels.url.chat.user')}:{canary('channels.url.chat')}@{hosts}/fails/y",
        "KEY_NEW": whsec("channels.secret"),
        "KEY_OLD": whsec("channels.secret.old"),
        "NTFY": canary("channels.token"),
        "AUTH": f"Bearer {canary('sources.auth')}",
        "WEB": canary("web.token"),
        "BEAT": f"{at}/fails/{canary('heartbeat.url')}",
        "DB_PASSWORD": canary("database"),
    }
    kept = {
        name: _secret_file(config, name, text)
        for name, text in {
            "smtp": canary("channels.smtp.password_file"),
            "hook": f"{at}/fails/{canary('channels.url_file')}",
            "chat": f"json://u:{canary('channels.url_file.chat')}@{hosts}/fails/z",
            "key": whsec("channels.secret_file"),
            "ntfy": canary("channels.token_file"),
            "auth": f"Bearer {canary('sources.auth_file')}",
            "web": canary("web.token_file"),
            "beat": f"{at}/fails/{canary('heartbeat.url_file')}",
        }.items()
    }
    mail = f"type: email, from: t@news.example, to: desk@news.example, smtp: {{host: 127.0.0.1, port: {world.mail_port}, tls: 'off'"
    hook, private = "type: webhook", "allow_private: [127.0.0.0/8]"
    channels = {
        "mail": f'{mail}, user: "${{SMTP_USER}}", password: "${{SMTP_PASSWORD}}"}}',
        "mail2": f"{mail}, user: someone, password_file: {kept['smtp']}}}",
        "hook": f'{hook}, url: "${{HOOK_URL}}", secret: ["${{KEY_NEW}}", "${{KEY_OLD}}"], {private}',
        "hook2": f"{hook}, url_file: {kept['hook']}, secret_file: {kept['key']}, {private}",
        "slack": f'{hook}, format: slack, url: "${{SLACK_URL}}", {private}',
        "discord": f'{hook}, format: discord, url: "${{DISCORD_URL}}", {private}',
        "teams": f'{hook}, format: teams, url: "${{TEAMS_URL}}", {private}',
        "ntfy": f'{hook}, format: ntfy, url: "{at}/fails/ntfy", token: "${{NTFY}}", {private}',
        "ntfy2": f'{hook}, format: ntfy, url: "{at}/fails/ntfy", token_file: {kept["ntfy"]}, {private}',
        "chat": 'type: apprise, url: "${CHAT_URL}"',
        "chat2": f"type: apprise, url_file: {kept['chat']}",
        "other": f'{hook}, url: "{at}/takes/other", {private}',
        "outbox": "type: file, dir: outbox",
    }
    web, beat = ("token_file: web", "url_file: beat") if files else ('token: "${WEB}"', 'url: "${BEAT}"')
    database = 'database: "postgresql://t:${DB_PASSWORD}@127.0.0.1:1/t"\n' if server else ""
    lines = "".join(f"  {name}: {{{keys}}}\n" for name, keys in channels.items())
    (config / "tidings.yaml").write_text(
        f"{database}polling: {{host_delay: 0s, floor: 1m, timeout: 10s, {private}}}\noperator: outbox\n"
        f'web: {{bind: "127.0.0.1:{free_port()}", {web}}}\nheartbeat: {{{beat}, every: 10s, {private}}}\nchannels:\n{lines}'
    )
    key = canary("sources.feed")
    sources = {
        "good": f'feed: "{at}/feed/good?k={key}"',
        "failing": f'feed: "{at}/fails/feed?k={key}"',
        "moved": f'feed: "{at}/moved/feed?k={key}"',
        "nobody": f'feed: "http://127.0.0.1:1/feed?k={key}"',
        "page": f'feed: "{at}/page/nofeed?k={key}"',
        "private": f'feed: "http://10.1.2.3/feed?k={key}"',
        "knows": f'feed: "{at}/knows/feed?k={key}", auth: "${{AUTH}}"',
        "knows2": f'feed: "{at}/knows/feed2?k={key}", auth_file: auth',
        "headers": f'feed: "{at}/fails/feed3", headers: {{X-Key: {canary("sources.headers")}}}',
        "map": f'sitemap: "{at}/fails/map?k={canary("sources.sitemap")}"',
        "map2": f'sitemap: "{at}/page/map?k={canary("sources.sitemap")}"',
        "site": f'site: "{at}/page/site?k={canary("sources.site")}", links: {{css: a}}',
        "site2": f'site: "{at}/fails/site?k={canary("sources.site")}", links: {{css: a}}',
    }
    (config / "sources.yaml").write_text(
        "sources:\n" + "".join(f"  - {{id: {name}, {keys}}}\n" for name, keys in sources.items())
    )
    (config / "watchlists" / "chips.yaml").write_text(
        "watchlist: chips\ntitle: Chips\ninitiatives:\n  - {id: chips, name: Chips, any: [semiconductor]}\n"
        f"digests:\n  - {{id: hourly, to: [{', '.join(channels)}], every: 1h}}\n"
    )
    return env
