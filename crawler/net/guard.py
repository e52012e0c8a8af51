"""Which addresses may be asked at all: the one door between text from the outside and our sockets.

A URL is judged twice. `target()` reads its text: scheme, user name, port, literal addresses. `open_socket()`
judges the address that is really connected to, after the name was resolved: it cannot be fooled by a name
that answers differently the second time, and it sees literal addresses too, which no resolver ever does.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from yarl import URL

from crawler.errors import Cause, ForbiddenAddress

PORTS = frozenset({80, 443, 8080, 8443})
MAX_URL = 2048  # characters

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
AddrInfo = tuple[int | Any, int | Any, int, str, tuple[Any, ...]]

# `ipaddress.is_global` is True for multicast, NAT64 and 6to4 of private addresses: hence our own lists.
_DENIED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that was ever given out
_DENIED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPLIT = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^#]*)", re.IGNORECASE)
_HOST = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_.-])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class RefusedAddress(OSError):
    """Raised inside a connector for an address that may not be connected to. Its text is always the same,
    so that a name with several refused addresses still fails with this very type."""

    def __init__(self, cause: Cause = Cause.ADDRESS) -> None:
        super().__init__(errno.EACCES, "not a public address")
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL: what to send to whom."""

    url: URL  # byte for byte as given, but for what cannot be sent
    scheme: str
    host: str  # ASCII, lower case, without brackets and final dot
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials and robots.txt are bound to."""
        return self.scheme, self.host, self.port


class AddressGuard:
    """Refuses what is not public http(s), except for networks that the operator allows.

    Args:
        allow_private: networks such as `127.0.0.0/8` that may be asked although not public, on any port.
        ports: ports that public addresses may be asked on.
    Raises:
        ValueError: an item of `allow_private` is no network.
    """

    def __init__(self, allow_private: Sequence[str] = (), *, ports: Collection[int] = PORTS) -> None:
        self.allow_private = tuple(allow_private)
        self._allowed: tuple[Network, ...] = tuple(ip_network(item, strict=False) for item in allow_private)
        self._ports = frozenset(ports)

    def target(self, url: str) -> Target:
        """Check the text of `url` and take it apart.

        Raises:
            ForbiddenAddress: scheme, user name, control character, port, or a literal address.
        """
        found = parse(url)
        literal = _literal(found.host)
        if literal is not None:
            if not self.allows(literal):
                raise ForbiddenAddress(f"{found.host} is not a public address")
            if self._is_private(literal):
                return found
        if found.port not in self._ports and (literal is not None or not self._allowed):
            raise ForbiddenAddress(f"port {found.port} of {found.host} may not be asked", cause=Cause.PORT)
        return found

    def allows(self, address: Address) -> bool:
        """Whether this address may be connected to."""
        return self._is_private(address) or is_public(address)

    def open_socket(self, addr_info: AddrInfo) -> socket.socket:
        """A socket for one resolved address: the `socket_factory` of aiohttp's connector.

        Raises:
            RefusedAddress: not public and not allowed, or a port that may not be asked.
        """
        family, kind, proto, _, sockaddr = addr_info
        address = ip_address(str(sockaddr[0]).partition("%")[0])
        scoped = len(sockaddr) == 4 and sockaddr[3]
        if scoped or not self.allows(address):
            raise RefusedAddress
        if sockaddr[1] not in self._ports and not self._is_private(address):
            raise RefusedAddress(Cause.PORT)
        return socket.socket(family, kind, proto)

    def _is_private(self, address: Address) -> bool:
        return any(
            form.version == network.version and form in network
            for form in (address, *embedded(address))
            for network in self._allowed
        )


def parse(url: str) -> Target:
    """Take a URL apart, whoever it belongs to.

    Raises:
        ForbiddenAddress: not plain http(s) without user name and control characters.
    """
    text = url.strip(" ")
    if _CONTROL.search(text):
        raise ForbiddenAddress("the address holds a control character")
    if len(text) > MAX_URL:
        raise ForbiddenAddress(f"the address is longer than {MAX_URL} characters")
    parts = _SPLIT.fullmatch(text.partition("#")[0])
    if parts is None:
        raise ForbiddenAddress("only http and https addresses can be asked")
    scheme = parts[1].lower()
    if scheme not in ("http", "https"):
        raise ForbiddenAddress(f"only http and https can be asked, not {scheme[:20]}")
    if "@" in parts[2]:
        raise ForbiddenAddress("no user name or password in an address; give `auth_file` instead")
    if "\\" in parts[2] or " " in parts[2]:
        raise ForbiddenAddress("the address has no valid host name")
    try:
        read = URL(f"{scheme}://{parts[2]}/")
        host = (read.raw_host or "").lower()
        port = read.port or 0
    except ValueError as error:  # a bad port, brackets, or IDNA
        raise ForbiddenAddress("the address has no valid host name") from error
    if "%" in host:
        raise ForbiddenAddress("an address with a zone cannot be asked")
    if "[" in parts[2]:
        if ":" not in host:
            raise ForbiddenAddress("the address has no valid host name")
        shown = f"[{host}]"
    else:
        if not _HOST.fullmatch(host) or any(len(label) > 63 for label in host.split(".")):
            raise ForbiddenAddress("the address has no valid host name")
        shown = host
    default = 80 if scheme == "http" else 443
    netloc = shown if port == default else f"{shown}:{port}"
    path = _sendable(parts[3])
    wire = URL(f"{scheme}://{netloc}{path if path.startswith('/') else '/' + path}", encoded=True)
    return Target(url=wire, scheme=scheme, host=host.rstrip("."), port=port)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, however it is wrapped."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _DENIED_V4)
    inner = embedded(address)
    if not all(is_public(one) for one in inner):
        return False
    if address.ipv4_mapped is not None or address in _NAT64:
        return True
    return address in _PUBLIC_V6 and not any(address in network for network in _DENIED_V6)


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """IPv4 addresses that an IPv6 address leads to: mapped, compatible, NAT64, 6to4, ISATAP, Teredo."""
    return tuple(_embedded(address)) if isinstance(address, IPv6Address) else ()


def is_shared_name(host: str) -> bool:
    """Whether a host is a public name, so that its wishes bind all its feeds.

    Local bridges (`localhost`, `rsshub.lan`, 10.0.0.5) often carry feeds of many origins behind one name.
    """
    literal = _literal(host)
    if literal is not None:
        return is_public(literal)
    local = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test")
    return "." in host and not host.endswith(local)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    value = int(address)
    low = IPv4Address(value & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _NAT64 or (address in _COMPATIBLE and value > 0xFFFF):
        yield low
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo
    if (value >> 32) & 0xFDFFFFFF == 0x5EFE:  # ISATAP, RFC 5214
        yield low


def _literal(host: str) -> Address | None:
    """The address that a host is written as, or None for a name.

    Raises:
        ForbiddenAddress: a number in another form (`127.1`, `0x7f.1`, `2130706433`), which no browser's
            address bar would show as it is.
    """
    try:
        return ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        if _NUMBER.fullmatch(last):
            raise ForbiddenAddress(f"{host} is a number, not a host name") from None
        return None


def _sendable(path: str) -> str:
    """Path and query with spaces and everything outside ASCII in percent form; the rest untouched."""
    return "".join(
        sign if "!" <= sign <= "~" else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in path
    )
