"""What a person types on the command line, held to the same rules as what stands in the files."""

from __future__ import annotations

import re
from datetime import timedelta

from pydantic_core import PydanticCustomError

from tidings.settings.models.values import identifier, lasting_duration, web_address, zone

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_FEED_SCHEME = re.compile(r"feed:(?=https?://)|feed:(?://)?", re.IGNORECASE)


def typed_address(text: str) -> str:
    """The web address meant by `text`: `https://` is added where nothing stands, `feed:` is taken off.

    Raises:
        ValueError: it is none; the message has the remedy and nothing of a password.
    """
    address = text.strip().strip("<>")
    if found := _FEED_SCHEME.match(address):
        address = address[found.end() :]
        address = address if _SCHEME.match(address) else f"http://{address}"
    elif not _SCHEME.match(address):
        address = f"https://{address}"
    scheme, rest = address.split("://", 1)
    try:
        return web_address(f"{scheme.lower()}://{rest}")
    except PydanticCustomError as fault:
        raise ValueError(fault.message()) from None


def typed_id(text: str) -> str:
    """An id or a tag.

    Raises:
        ValueError: it cannot be one; the message proposes another.
    """
    try:
        return identifier(text)
    except PydanticCustomError as fault:
        raise ValueError(fault.message()) from None


def typed_duration(text: str) -> timedelta:
    """A length of time, such as `30d`.

    Raises:
        ValueError: it is none, or nothing; the message has the remedy.
    """
    try:
        return lasting_duration(text)
    except PydanticCustomError as fault:
        raise ValueError(fault.message()) from None


def typed_zone(text: str) -> str:
    """The name of a time zone, such as `Europe/Berlin`.

    Raises:
        ValueError: this machine knows none of that name; the message has the remedy.
    """
    try:
        return zone(text)
    except PydanticCustomError as fault:
        raise ValueError(fault.message()) from None
