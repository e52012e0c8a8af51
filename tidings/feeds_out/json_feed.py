"""A feed as JSON Feed 1.1. Pure."""

from __future__ import annotations

import json
from typing import Any

from alerts.envelope import stamp
from tidings.feeds_out.addresses import Addresses
from tidings.feeds_out.records import FeedEntry, OutgoingFeed

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: OutgoingFeed, addresses: Addresses | None) -> bytes:
    """UTF-8; the same bytes for the same feed. `addresses`: where it lies, None: not known."""
    document: dict[str, Any] = {
        "version": VERSION,
        "title": feed.title,
        "description": feed.about,
        "language": "en",
        "authors": [{"name": "Tidings"}],
        "items": [_item(one) for one in feed.entries],
    }
    if addresses is not None:
        document["feed_url"] = addresses.json
        if addresses.page is not None:
            document["home_page_url"] = addresses.page
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _item(one: FeedEntry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": one.id,
        "title": one.title,
        "summary": one.summary,
        "content_html": one.html,
        "date_published": stamp(one.published),
        "date_modified": stamp(one.updated),
        "authors": [{"name": name} for name in one.authors],
        "tags": [category.label for category in one.categories],
    }
    if one.link is not None:
        item["url"] = one.link
    if one.language:
        item["language"] = one.language
    return item
