"""Which short names the namespaces of a feed go by. Pure."""

from __future__ import annotations

import re

_DECLARATION = re.compile(r"""xmlns(?::([A-Za-z_][\w.-]*))?\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
_RSS_ONE = {"http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"}
# Address in lower case → the prefix that feedparser knows it by; none for the feed formats' own.
KNOWN = {
    "http://www.w3.org/2005/atom": "",
    "http://backend.userland.com/rss": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://webns.net/mvcb/": "admin",
    "http://creativecommons.org/ns#license": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://podlove.org/simple-chapters": "psc",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
_TAKEN = set(KNOWN.values())


class Odd(Exception):  # no error: the document takes the other way
    """The document is not plain enough for the fast reader."""


def prefixes(text: str) -> dict[str, str]:
    """Namespace address, as written → the prefix that its elements go by, lower case.

    Known ones have their usual prefix, whatever the document calls them, others the document's.

    Raises:
        Odd: a prefix means two things, or the document is RSS 1.0.
    """
    found: dict[str, str] = {}
    renamed: set[str] = set()
    for prefix, double, single in sorted(set(_DECLARATION.findall(text))):
        address = double or single
        lower = address.lower()
        known = "" if "backend.userland.com/rss" in lower else KNOWN.get(lower)
        if lower in _RSS_ONE:
            raise Odd
        if known is not None:
            found[address] = known
            if prefix and prefix != known:
                renamed.add(prefix)
        elif address:
            own = prefix.lower()
            if own and own in _TAKEN and not lower.startswith("https://"):
                raise Odd  # feedparser may know the address by another name
            other = found.setdefault(address, own)
            if other != own and not _TAKEN.isdisjoint((own, other)):
                raise Odd
    if not renamed.isdisjoint(found.values()):
        raise Odd
    return found
