"""Which addresses the crawler refuses, however they are written."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import ForbiddenAddress
from crawler.net.guard import AddressGuard, RefusedAddress, is_public, is_shared_name

TRICKS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.5/hook",
    "http://100.64.0.1/",
    "http://127.0.0.1/",
    "http://127.255.255.254/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://192.0.0.8/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://198.51.100.7/",
    "http://203.0.113.9/",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://⑯⑨.254.169.254/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::808:808]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:4860::5efe:10.0.0.1]/",
    "http://[2001:4860::200:5efe:10.0.0.1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[5f00::1]/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "ftp://example.org/",
    "dict://example.org:11211/stat",
    "data:text/html,x",
    "javascript:alert(1)",
    "feed:file:///etc/passwd",
    "feed://example.org/rss",
    "//example.org/",
    "example.org",
    "",
    "http://",
    "http:///etc/passwd",
    "http://user:pw@example.org/",
    "http://user@example.org/",
    "http://good.example\\@evil.example/",
    "http://good.example\\.evil.example/",
    "http://example.org:22/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://example.org:http/",
    "http://example.org/\r\nHost: evil.example",
    "http://example.org/\x00",
    "http://exa\tmple.org/",
    "http://exam ple.org/",
    "http://example..org/",
    "http://[::1/",
    "http://[v1.fe80]/",
    f"http://{'a' * 64}.example.org/",
    "http://example.org/" + "a" * 2048,
    "http://example.org/\ud800",
]


@pytest.mark.parametrize("url", TRICKS)
def test_a_trick_is_refused_by_its_text_alone(url: str) -> None:
    """No name is resolved and no socket opened for an address that can be judged as it stands."""
    with pytest.raises(ForbiddenAddress):
        AddressGuard().target(url)


@pytest.mark.parametrize(
    ("url", "sent", "host", "port"),
    [
        ("http://example.org", "http://example.org/", "example.org", 80),
        ("https://example.org:443/a", "https://example.org/a", "example.org", 443),
        ("https://EXAMPLE.org/%7euser?a=b+c&x=%7E", "https://example.org/%7euser?a=b+c&x=%7E", None, 443),
        ("http://example.org?q#part", "http://example.org/?q", "example.org", 80),
        ("http://exämple.org/ä b", "http://xn--exmple-cua.org/%C3%A4%20b", "xn--exmple-cua.org", 80),
        ("http://example.org./", "http://example.org./", "example.org", 80),
        ("http://example.org:8080/", "http://example.org:8080/", "example.org", 8080),
        (" http://example.org/ ", "http://example.org/", "example.org", 80),
        ("http://8.8.8.8/", "http://8.8.8.8/", "8.8.8.8", 80),
        ("http://[2001:4860:4860::8888]/", "http://[2001:4860:4860::8888]/", "2001:4860:4860::8888", 80),
        ("http://a.example/@b:c", "http://a.example/@b:c", "a.example", 80),
    ],
)
def test_a_public_address_is_sent_as_it_was_given(url: str, sent: str, host: str | None, port: int) -> None:
    """Path and query stay byte for byte; only what cannot be sent at all is put in percent form."""
    target = AddressGuard().target(url)

    assert str(target.url) == sent
    assert target.port == port
    assert target.host == (host or "example.org")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1"]
)
def test_public_addresses_are_public_however_wrapped(address: str) -> None:
    assert is_public(ip_address(address))


def _info(address: str, port: int, scope: int = 0) -> tuple[int, int, int, str, tuple[object, ...]]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, port, 0, scope)
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)


@pytest.mark.parametrize(
    ("address", "port"),
    [("127.0.0.1", 80), ("169.254.169.254", 80), ("::1", 443), ("::ffff:10.0.0.1", 80), ("8.8.8.8", 25)],
)
def test_no_socket_is_opened_for_a_resolved_address_that_is_not_public(address: str, port: int) -> None:
    """A name is judged by where it leads to at the moment of connecting."""
    with pytest.raises(RefusedAddress):
        AddressGuard().open_socket(_info(address, port))


def test_a_scoped_address_gets_no_socket() -> None:
    with pytest.raises(RefusedAddress):
        AddressGuard().open_socket(_info("2001:4860::1", 80, scope=3))


def test_a_public_address_gets_its_socket() -> None:
    with AddressGuard().open_socket(_info("8.8.8.8", 443)) as opened:
        assert opened.family == socket.AF_INET


def test_allowed_networks_may_be_asked_on_any_port_in_any_wrapping() -> None:
    guard = AddressGuard(["127.0.0.0/8"])

    assert guard.target("http://127.0.0.1:5000/").port == 5000
    assert guard.target("http://[::ffff:127.0.0.1]:5000/").port == 5000
    guard.open_socket(_info("127.9.9.9", 5000)).close()
    with pytest.raises(ForbiddenAddress):
        guard.target("http://10.0.0.1/")
    with pytest.raises(RefusedAddress):
        guard.open_socket(_info("8.8.8.8", 5000))
    with pytest.raises(RefusedAddress):
        guard.open_socket(_info("10.0.0.1", 80))


def test_an_unusual_port_of_a_name_is_left_to_the_socket_only_where_networks_are_allowed() -> None:
    """`http://reader.lan:1200/` is fine when it leads into an allowed network; the socket knows."""
    assert AddressGuard(["10.0.0.0/8"]).target("http://reader.lan:1200/").port == 1200
    with pytest.raises(ForbiddenAddress):
        AddressGuard().target("http://reader.lan:1200/")


def test_a_network_that_is_none_is_an_error_at_once() -> None:
    with pytest.raises(ValueError):
        AddressGuard(["example.org"])


@given(
    st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "http://127.", "http://a@"])
)
def test_any_text_is_a_public_address_or_refused(text: str, start: str) -> None:
    """There is no third way, and what passes is parsed again to the same host."""
    guard = AddressGuard()
    try:
        target = guard.target(start + text)
    except ForbiddenAddress:
        return
    assert target.scheme in ("http", "https")
    assert guard.target(str(target.url)).origin == target.origin


@pytest.mark.parametrize(
    ("host", "shared"),
    [
        ("example.org", True),
        ("8.8.8.8", True),
        ("localhost", False),
        ("rsshub.lan", False),
        ("10.0.0.5", False),
        ("127.0.0.1", False),
    ],
)
def test_only_public_hosts_share_a_wish_over_all_their_feeds(host: str, shared: bool) -> None:
    assert is_shared_name(host) is shared
