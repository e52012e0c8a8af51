"""`python -m tests.fuzz.mutants COUNT [SEED]`: read damaged feeds and bombs, and tell as JSON what it cost.

Runs in a process of its own, so that the memory told is that of reading.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import sys
import time
import zlib
from collections.abc import Iterator

from crawler.errors import NotAFeedError, TooLarge
from crawler.feeds.parse import parse
from tests.fakes.feeds import corpus, damaged

HOST = "https://feeds.example/feed.xml"


def rss(*items: str, head: str = "", before: str = "") -> bytes:
    return (
        f'{before}<rss version="2.0"><channel><title>x</title>{head}{"".join(items)}</channel></rss>'.encode()
    )


def item(inside: str) -> str:
    return f"<item><title>t</title>{inside}</item>"


def zeros(length: int) -> bytes:
    """As many zeros, packed without ever being in memory."""
    packer, mebibyte = zlib.compressobj(9, wbits=31), bytes(1 << 20)
    return b"".join(packer.compress(mebibyte) for _ in range(length >> 20)) + packer.flush()


def bombs() -> Iterator[tuple[str, bytes]]:
    """Documents built to exhaust their reader: rows 8, 9 and 13 to 15 of the threat list, and relatives."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]>'
    yield "billion laughs", rss(item("<description>&l9;</description>"), before=doctype)
    big = f'<!DOCTYPE rss [<!ENTITY big "{"x" * 100_000}">]>'
    yield "quadratic blow-up", rss(item(f"<description>{'&big;' * 10_000}</description>"), before=big)
    outside = '<!DOCTYPE rss [<!ENTITY % more SYSTEM "file:///etc/passwd"><!ENTITY f SYSTEM "file:///etc/passwd">%more;]>'
    yield "external entities", rss(item("<description>&f;</description>"), before=outside)
    yield "gzip bomb", zeros(1 << 30)
    yield "gzip in gzip", gzip.compress(zeros(1 << 28))
    yield "a million tiny entries", rss("<item/>" * 1_000_000)
    yield "a million entries in disorder", rss("<item><b>&" * 900_000)
    yield "two million elements", rss("<a/>" * 2_000_000)
    yield "a hundred thousand entries", rss(item("<guid>1</guid>") * 100_000)
    yield "title of 9 MiB", rss("<item><title>" + "title " * 1_500_000 + "</title></item>")
    yield "title of 9 MiB of tags", rss("<item><title>" + "&lt;b&gt;" * 1_000_000 + "</title></item>")
    yield "author of 1 MiB", rss(item("<author>" + "a." * 500_000 + "@</author>"))
    yield "author of 1 MiB in an element", rss(item("<author><name>" + "a." * 500_000 + "</name></author>"))
    yield "100,000 categories", rss(item("<category>c</category>" * 100_000))
    yield "100,000 authors", rss(item("<author>a@b.example (x)</author>" * 100_000))
    yield "link of 100 kB", rss(item("<link>http://a.example/" + "../" * 30_000 + "</link>"))
    yield "100,000 links", rss(item("<link>http://a.example/</link>" * 100_000))
    yield "XML 100,000 deep", rss(item("<a>" * 100_000 + "</a>" * 100_000))
    yield "XML 100,000 deep and open", rss(item("<a>" * 100_000))
    yield "100,000 attributes", rss(item("<a " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>"))
    yield "100,000 namespaces", rss("".join(f'<a xmlns:n{n}="urn:{n}"/>' for n in range(100_000)))
    yield "100,000 undeclared prefixes", rss("".join(f"<n{n}:a/>" for n in range(100_000)))
    for name, unit in {
        "deep HTML": "&lt;div&gt;",
        "tables never closed": "&lt;table&gt;&lt;tr&gt;&lt;td&gt;",
        "tags never closed": "&lt;a ",
        "quotes never closed": "&lt;a b=&quot;",
        "both quotes never closed": "&lt;a b=' &lt;a b=&quot;",
        "hidden elements never closed": "&lt;object&gt;&lt;svg&gt;",
        "comments never closed": "&lt;!-- ",
        "references": "&amp;#x41;",
        "references never closed": "&amp;amp",
        "line breaks": "&lt;br&gt;\n \n",
    }.items():
        yield name, rss(item(f"<description>{unit * 200_000}</description>"))
    attributes = " ".join(f"a{n}=1" for n in range(500_000))
    yield "half a million HTML attributes", rss(item(f"<description>&lt;p {attributes}&gt;x</description>"))
    yield "bare ampersands", rss(item("<description>" + "& " * 2_000_000 + "</description>"))
    yield "bare angles", rss(item("<description>" + "< " * 2_000_000 + "</description>"))
    yield "unknown entities", rss(item("<description>" + "&zz; " * 1_000_000 + "</description>"))
    yield "sections never closed", rss(item("<description>" + "<![CDATA[" * 500_000))
    yield "comments never closed in XML", rss("<!--" * 500_000)
    yield "doctypes never closed", b"<!DOCTYPE a [" * 300_000 + rss()
    yield "doctypes", b"<!DOCTYPE a>" * 300_000 + rss()
    yield "brackets", rss(item("<description><![CDATA[" + "]" * 5_000_000 + "]]></description>"))
    yield "hyphens", rss("<!--" + "-" * 5_000_000 + "-->")
    yield "spaces in a tag", rss(item("<a" + " " * 5_000_000 + "/>"))
    yield "spaces in a date", rss(item("<pubDate>" + " " * 5_000_000 + "1</pubDate>"))
    yield "skipped hours", rss(head="<skipHours>" + "<hour>1" * 500_000)
    yield "380,000 empty skipped hours", rss(head="<skipHours/>" * 380_000)
    yield "100,000 skipped days", rss(head="<skipDays>" + "<day>Sunday</day>" * 100_000 + "</skipDays>")
    yield "UTF-7", b'<?xml version="1.0" encoding="UTF-7"?>' + rss(item("+ADw-script+AD4-"))
    yield "wrong byte order mark", b"\xff\xfe" + rss(item("x"))
    yield (
        "surrogates and overlong forms",
        rss(item("x")).replace(b"x", b"\xed\xa0\x80\xc0\xaf\xf8\x88\x80\x80\x80"),
    )
    yield "deep JSON", b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 1_000_000
    yield "JSON that breaks off after a million items", b'{"version":"jsonfeed","items":[' + b"1," * 1_000_000
    yield (
        "JSON with a million commas too many",
        b'{"version":"jsonfeed","items":[' + b"[1,]," * 1_000_000 + b"]}",
    )
    yield (
        "JSON with half a million items and one bad",
        b'{"version":"jsonfeed","items":[' + b"{}," * 500_000 + b"?]}",
    )
    yield "10 MB in no encoding", rss(item("x")) + bytes(range(128, 256)) * 78_000
    yield "5 MB in UTF-8 twice", rss(item("<title>" + "caf\xc3\xa9 \xe2\u20ac\u2122 " * 300_000 + "</title>"))
    yield "escape sequences", rss(item("x")) + b"\x1b$B" * 2_000_000
    yield (
        "pages that want to be feeds",
        b"<html>" + b'<link rel="alternate" type="application/rss+xml" href="a">' * 100_000,
    )
    yield "long JSON number", b'{"version":"jsonfeed","items":[{"id":' + b"9" * 1_000_000 + b"}]}"


def read(body: bytes) -> str | None:
    """What went wrong that may not; a feed or a refusal is right."""
    try:
        feed = parse(body, url=HOST, content_type=None)
        for entry in feed.entries:
            (entry.title + entry.summary + entry.content + "".join(entry.authors)).encode()
            assert len(entry.title) <= 1_024
            assert len(entry.link or "") <= 2_048
    except (NotAFeedError, TooLarge):
        return None
    except BaseException as error:  # whatever escapes is a finding
        return repr(error)[:300]
    return None


def main(count: int, seed: int) -> None:
    chance = random.Random(seed)
    seeds = list(corpus())
    small = [one for one in seeds if len(one[1]) < 100_000]
    read(rss(item("<description>&lt;p&gt;warm&lt;/p&gt;</description>")))
    read(b"<feed><entry><title>&bad;</entry></feed>")  # feedparser is loaded as well
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    findings: list[str] = []
    slowest = (0.0, "")
    tried = 0

    def attempt(name: str, body: bytes) -> None:
        nonlocal slowest, tried
        began = time.process_time()  # of work: the machine may be busy with something else
        if problem := read(body):
            findings.append(f"{name}: {problem}")
        slowest = max(slowest, (time.process_time() - began, name))
        tried += 1

    for name, body in bombs():
        attempt(name, body)
    for number in range(count):
        name, body = chance.choice(seeds if number % 20 == 0 else small)
        attempt(f"mutant {number} of {name}", damaged(body, chance))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start
    told = {"tried": tried, "findings": findings, "slowest_s": round(slowest[0], 2), "slowest": slowest[1]}
    sys.stdout.write(json.dumps(told | {"grown_mib": grown >> 10}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20261125)
