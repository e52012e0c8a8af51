"""Short stand-ins for long texts, so that indexes stay small whatever a feed sends. Pure."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b, sha256

LONGEST_KEY = 200  # characters of an identity key that are stored as they are


def fingerprint(text: str) -> int:
    """A signed 64-bit number for `text`; equal texts have equal ones, others almost never."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def title_fingerprint(title: str) -> int | None:
    """Fingerprint of a title without case, compatibility forms and runs of spaces; None when it is empty."""
    folded = " ".join(unicodedata.normalize("NFKC", title).casefold().split())
    return fingerprint(folded) if folded else None


def signed(number: int) -> int:
    """A 64-bit number as databases hold it: 0 … 2**64 - 1 becomes -2**63 … 2**63 - 1, one to one."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    return number - (1 << 64) if number >> 63 else number


def stored_key(key: str) -> str:
    """The form in which an identity key is stored: itself, or its hash when it is long or cannot be stored."""
    if len(key) <= LONGEST_KEY and key.isprintable():
        return key
    return "sha256:" + sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
