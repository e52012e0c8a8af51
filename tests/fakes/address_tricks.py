"""More than 200 ways to write an address that must not be asked, none of which needs a name server.

127.66.0.1 stands for an address that may be asked, in front of one that may not.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address

_INSIDE = (
    "127.0.0.1",
    "127.9.8.7",
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.5",
    "100.64.0.1",
    "0.0.0.0",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
)
_OTHER = (
    "http://localhost/",
    "http://LOCALHOST:8080/",
    "http://localhost./",
    f"http://{socket.gethostname()}/",
    "http://0/",
    "http://0:8080/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0177.1/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::1]:8080/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fe80::1%lo]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[64:ff9b:1::808:808]/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.51.100.7/",
    "http://203.0.113.9/",
    "http://240.0.0.1/",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "gopher://127.0.0.1:80/_GET",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/",
    "ws://127.0.0.1/",
    "data:text/html,x",
    "javascript:alert(1)",
    "feed:file:///etc/passwd",
    "view-source:http://127.0.0.1/",
    "jar:http://127.0.0.1/!/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:///127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "http://127.0.0.1:22/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:http/",
)


def _forms(text: str) -> tuple[str, ...]:
    """Ways to write one IPv4 address: other bases, other scripts, wrapped in IPv6, behind a user name."""
    address = IPv4Address(text)
    number, parts = int(address), text.split(".")
    high, low = number >> 16, number & 0xFFFF
    wide = text.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    circled = "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(sign)] if sign.isdigit() else sign for sign in text)
    hosts = (
        text,
        f"{text}.",
        f"{text}:8080",
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(int(part)) for part in parts),
        ".".join(f"0{int(part):o}" for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        wide,
        circled,
        text.replace(".", "。"),
        "".join(f"%{ord(sign):02x}" for sign in text),
        f"user:pw@{text}",
        f"127.66.0.1@{text}",
        f"127.66.0.1\\@{text}",
        f"[::ffff:{text}]",
        f"[::{text}]",
        f"[64:ff9b::{text}]",
        f"[2002:{high:x}:{low:x}::1]",
        f"[2001:4860::5efe:{text}]",
        f"[2001:0:{high:x}:{low:x}::]",
    )
    return tuple(f"http://{host}/" for host in hosts)


TRICKS = tuple(dict.fromkeys((*(form for one in _INSIDE for form in _forms(one)), *_OTHER)))
