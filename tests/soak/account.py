"""What must have come of it in the end, counted at our own mail server, our own hooks and in the database."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from tests.soak.child import FAULT, SAID
from tests.soak.news import LINK, Arrivals, Item


@dataclass
class Account:
    """The outcome of a soak; `faults` is empty when all was as it must be."""

    articles: int = 0
    expected: int = 0  # (article, way of telling) that must be told
    told: int = 0
    lost: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)  # told, and not expected
    doubled: list[str] = field(default_factory=list)  # told as news by two messages
    edits: int = 0  # (article, hook) that must be told as updated
    slots: int = 0
    mails: int = 0
    hooks: int = 0
    alerts: int = 0
    repeats: int = 0
    most_repeats: int = 0  # after one kill
    other_bytes: int = 0
    faults: list[str] = field(default_factory=list)


def settle(
    folder: Path,
    items: Mapping[str, Item],
    mails: Arrivals,
    hooks: Arrivals,
    ways: Mapping[str, str],
    kills: int,
) -> Account:
    """Compare what came with what was published.

    Args:
        ways: recipient or name of a hook → the digest that it gets.
    """
    account = Account(articles=len(items), mails=len(mails.first), hooks=len(hooks.first))
    _compare(account, items, mails, hooks, ways)
    account.repeats = len(mails.repeats) + len(hooks.repeats)
    account.most_repeats = max((mails.after + hooks.after).values(), default=0)
    account.other_bytes = len(mails.different) + len(hooks.different)
    for what, found in (
        ("lost", account.lost),
        ("never published", account.strange),
        ("twice", account.doubled),
    ):
        if found:
            account.faults.append(f"{len(found)} {what}, such as {', '.join(sorted(found)[:5])}")
    if account.repeats > kills:
        account.faults.append(f"{account.repeats} repeats after {kills} kills")
    if account.other_bytes:
        first = (mails.different + hooks.different)[0]
        account.faults.append(f"{account.other_bytes} repeats have other bytes, such as {first}")
    said = (folder / SAID).read_text(encoding="utf-8", errors="replace").splitlines()
    if failed := [line for line in said if line.startswith(FAULT)]:
        account.faults.append(f"{len(failed)} tasks broke, such as {failed[0]}")
    account.faults += _database(account, folder, len(items), account.mails + account.hooks)
    return account


def _compare(
    account: Account, items: Mapping[str, Item], mails: Arrivals, hooks: Arrivals, ways: Mapping[str, str]
) -> None:
    wanted = {slug for slug, item in items.items() if item.subject}
    account.expected = len(wanted) * len(ways)
    edited = {slug for slug, item in items.items() if item.edited}
    news: dict[str, Counter[str]] = {way: Counter() for way in ways}
    updates: dict[str, Counter[str]] = {way: Counter() for way in ways if "@" not in way}
    for (way, _), body in hooks.first.items():
        news[way].update(_news(body))
        updates[way].update(_updates(body))
    for (way, _), raw in mails.first.items():
        links = _links(raw)
        # A mail may lead to an article again, to tell of its edit; hooks show that it is told as news once.
        news[way].update(links - {slug for slug in links & edited if news[way][slug]})
    for way, found in news.items():
        account.lost += [f"{slug} to {way}" for slug in wanted - found.keys()]
        account.strange += [f"{slug} to {way}" for slug in found.keys() - wanted]
        account.doubled += [f"{slug} to {way}" for slug, times in found.items() if times > 1]
        account.told += len(wanted & found.keys())
    account.edits = len(edited) * len(updates)
    for way, found in updates.items():
        account.lost += [f"the edit of {slug} to {way}" for slug in edited - found.keys()]
        account.strange += [f"an edit of {slug} to {way}" for slug in found.keys() - edited]
        account.doubled += [f"the edit of {slug} to {way}" for slug, times in found.items() if times > 1]


def _stories(body: bytes) -> list[dict[str, Any]]:
    return [story for part in json.loads(body)["data"]["initiatives"] for story in part["stories"]]


def _news(body: bytes) -> list[str]:
    """Slugs of the articles that a hook tells as news."""
    news = [story for story in _stories(body) if story["first_told"] is None]
    return [slug for story in news for slug in set(LINK.findall(json.dumps(story)))]


def _updates(body: bytes) -> list[str]:
    """Slugs of the articles that a hook tells as updated."""
    return [slug for story in _stories(body) for one in story["updates"] for slug in LINK.findall(one["url"])]


def _links(raw: bytes) -> set[str]:
    """Slugs of the articles that a mail leads to as news; both of its parts must lead to the same."""
    message = message_from_bytes(raw, policy=default)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = (set(LINK.findall(part.get_content())) for part in parts if part is not None)
    assert plain == html, f"the parts of a mail differ by {plain ^ html}"
    return plain


def _database(account: Account, folder: Path, articles: int, arrived: int) -> Iterable[str]:
    """What is wrong in the database."""
    questions = {
        "SELECT count(*) FROM articles": articles,
        "SELECT count(*) FROM deliveries": arrived,
        "SELECT count(*) FROM deliveries WHERE state != 'sent'": 0,
        "SELECT count(*) FROM deliveries WHERE claimed_until IS NOT NULL": 0,
        "SELECT count(*) FROM articles WHERE unfolded_since IS NOT NULL OR unmatched_since IS NOT NULL": 0,
        "SELECT count(*) FROM articles WHERE text_state = 'pending'": 0,
        "SELECT count(*) FROM (SELECT 1 FROM matches GROUP BY article_id, initiative_id HAVING count(*) > 1)": 0,
    }
    with closing(sqlite3.connect(folder / "state" / "tidings.sqlite")) as database:
        for question, right in questions.items():
            (found,) = database.execute(question).fetchone()
            if found != right:
                yield f"{found} in place of {right}: {question}"
        said = [row[0] for row in database.execute("PRAGMA integrity_check")]
        broken = database.execute("PRAGMA foreign_key_check").fetchall()
        account.slots = database.execute(
            "SELECT count(*) FROM digest_slots WHERE digest_id = 'hourly'"
        ).fetchone()[0]
    if said != ["ok"] or broken:
        yield f"the database is damaged: {said[:3]} {broken[:3]}"
