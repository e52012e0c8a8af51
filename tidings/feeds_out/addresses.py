"""Where feeds are asked for: an address holds a signature, and who has it may read that one feed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tidings.feeds_out.records import FeedKind, FeedName, Form
from tidings.settings import Settings
from tidings.settings.records import Web
from tidings.web.signing import SIGNATURE, Signer

PATH = "/feeds/"
PATTERN = (
    f"{PATH}{{signature:{SIGNATURE}}}/{{kind:{'|'.join(FeedKind)}}}/{{id:[^/]+}}.{{form:{'|'.join(Form)}}}"
)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what may be written as `bind`


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Of one feed in its two forms, and of the page that people look at."""

    atom: str
    json: str
    page: str | None = None  # None: there is none

    def of(self, form: Form) -> str:
        """That of one form."""
        return self.atom if form is Form.ATOM else self.json


class FeedAddresses:
    """Signs the addresses of feeds, and knows them again.

    Another `web.feeds_since` makes other signatures: addresses that are out lead nowhere then.
    """

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._since = "" if settings.web.feeds_since is None else settings.web.feeds_since.isoformat()
        self._signer = signer

    def at(self, base: str, name: FeedName) -> Addresses:
        """Below `base`, which ends without a slash."""
        start = f"{base}{PATH}{self._signer.sign(*self._signed(name))}/{name.kind}/{quote(name.id, safe='')}"
        return Addresses(atom=f"{start}.{Form.ATOM}", json=f"{start}.{Form.JSON}")

    def is_ours(self, signature: str, name: FeedName) -> bool:
        """Whether we signed the address of that feed, and it is still good."""
        return self._signer.holds(signature, *self._signed(name))

    def _signed(self, name: FeedName) -> tuple[str, ...]:
        return ("feed", self._since, str(name.kind), name.id)


def base_of(web: Web) -> str:
    """Where readers reach the server: `web.public`, else its address on this machine or its first other name."""
    if web.public is not None:
        return web.public
    host = web.host
    if host in _EVERYWHERE:
        host = web.hosts[0] if web.hosts else _EVERYWHERE[host]
    return f"http://{f'[{host}]' if ':' in host else host}:{web.port}"


def published_at(base: str, name: FeedName) -> Addresses:
    """Of a feed that was written as a file and lies below `base`."""
    start = f"{base.rstrip('/')}/{name.kind}/{quote(name.id, safe='')}"
    return Addresses(atom=f"{start}.{Form.ATOM}", json=f"{start}.{Form.JSON}")
