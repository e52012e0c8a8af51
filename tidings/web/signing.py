"""Signatures in addresses that readers open without a token: each for one purpose, of one secret. Pure but for the secret."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cached_property

BYTES = 24  # of a signature; 192 bits
SIGNATURE = r"[A-Za-z0-9_-]{32}"


class Signer:
    """Signs what an address stands for.

    Args:
        key: gives the secret; asked when it is first needed.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._make_key = key

    @cached_property
    def _key(self) -> bytes:
        return self._make_key()

    def sign(self, purpose: str, *parts: str) -> str:
        """32 letters, digits and signs of URL-safe base64; a signature for one purpose is worth nothing for another."""
        signed = "\x1f".join((purpose, *parts)).encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._key, signed, "sha256")[:BYTES]).decode("ascii")

    def holds(self, signature: str, purpose: str, *parts: str) -> bool:
        """Whether we signed just that."""
        given = signature.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(given, self.sign(purpose, *parts).encode())
