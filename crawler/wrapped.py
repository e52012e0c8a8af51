"""Addresses that carry another one inside: search and social redirects, AMP caches, mail filters. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import parse_qsl, unquote, urlsplit

# Host (without www.) → path's beginning, parameters that hold the target.
_REDIRECTS: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = tuple(
    (re.compile(host), path, names)
    for host, path, names in (
        (r"(?:news\.)?google\.[a-z.]{2,6}", "/url", ("url", "q")),
        (r"translate\.google\.[a-z.]{2,6}", "/translate", ("u",)),
        (r"consent\.(?:google|youtube)\.[a-z.]{2,6}", "/", ("continue",)),
        (r"googleweblight\.com", "/", ("lite_url", "u")),
        (r"(?:l|lm)\.(?:facebook|instagram|messenger|threads)\.(?:com|net)", "/", ("u",)),
        (r"(?:m\.)?facebook\.com", "/l.php", ("u",)),
        (r"(?:m\.)?facebook\.com", "/sharer", ("u",)),
        (r"(?:twitter|x)\.com", "/intent/", ("url",)),
        (r"(?:twitter|x)\.com", "/share", ("url",)),
        (r"(?:t|telegram)\.me", "/share/url", ("url",)),
        (r"go\.bsky\.app", "/redirect", ("u",)),
        (r"bing\.com", "/news/apiclick.aspx", ("url",)),
        (r"out\.reddit\.com", "/", ("url",)),
        (r"reddit\.com", "/submit", ("url",)),
        (r"t\.umblr\.com", "/redirect", ("z",)),
        (r"youtube\.com", "/redirect", ("q",)),
        (r"linkedin\.com", "/redir/", ("url",)),
        (r"linkedin\.com", "/safety/go", ("url",)),
        (r"linkedin\.com", "/shareArticle", ("url",)),
        (r"duckduckgo\.com", "/l/", ("uddg",)),
        (r"(?:away\.)?vk\.(?:com|ru)", "/away", ("to",)),
        (r"ok\.ru", "/dk", ("st.link",)),
        (r"link\.zhihu\.com", "/", ("target",)),
        (r"weibo\.cn", "/sinaurl", ("u", "toasturl")),
        (r"slack-redir\.net", "/link", ("url",)),
        (r"getpocket\.com", "/redirect", ("url",)),
        (r"flipboard\.com", "/redirect", ("url",)),
        (r"medium\.com", "/r/", ("url",)),
        (r"disq\.us", "/", ("url",)),
        (r"steamcommunity\.com", "/linkfilter", ("url", "u")),
        (r"pinterest\.[a-z.]{2,6}", "/offsite", ("url",)),
        (r"exit\.sc", "/", ("url",)),
        (r"go\.skimresources\.com", "/", ("url",)),
        (r"redirect\.viglink\.com", "/", ("u",)),
        (r"[a-z0-9]+\.safelinks\.protection\.outlook\.com", "/", ("url",)),
        (r"click\.email\.[a-z.]+", "/", ("url",)),
    )
)
_BARE_QUERY = {"href.li", "anonym.to", "anon.to"}  # the whole query is the target
_AMP_CACHE = re.compile(r"^/(?:c|v|wp|a)/(s/)?(.+)$")
_GOOGLE_AMP = re.compile(r"^/amp/(s/)?(.+)$")
_GOOGLE_NEWS = re.compile(r"^/(?:rss/|__i/rss/rd/)?articles/([A-Za-z0-9_-]{16,})")
_YAHOO = re.compile(r"/RU=([^/]+)/")
_YAHOO_STAR = re.compile(r"/\*+(https?(?::|%3a)//?.+)$", re.I)
_MAIL_FILTER = re.compile(r"^/v3/__(https?:/{1,2}[^*]+?)__;")
_ADDRESS = re.compile(rb"https?://[\x21-\x7e]+")


def unwrapped(url: str) -> str | None:
    """The http or https address that `url` carries inside, or None when it carries none."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    inside: str | None = None
    if host == "news.google.com" and (found := _GOOGLE_NEWS.match(parts.path)):
        inside = _from_google_news(found[1])
    elif found := _in_amp_cache(host, parts.path):
        inside = _rebuilt(found, parts.query)
    elif host.endswith("yahoo.com") and (found := _YAHOO.search(parts.path)):
        inside = unquote(found[1])
    elif host.endswith("yahoo.com") and (found := _YAHOO_STAR.search(url)):
        inside = found[1] if "://" in found[1] else unquote(found[1])
    elif host in ("urldefense.com", "urldefense.proofpoint.com"):
        inside = _from_mail_filter(parts.path, parts.query)
    elif host in _BARE_QUERY:
        inside = unquote(parts.query) if "://" not in parts.query else parts.query
    elif host == "youtu.be" and (name := parts.path.strip("/")) and "/" not in name:
        inside = f"https://www.youtube.com/watch?v={name}"
    else:
        inside = _from_query(host, parts.path, parts.query)
    return inside if inside and inside.lower().startswith(("http://", "https://")) else None


def _from_query(host: str, path: str, query: str) -> str | None:
    for pattern, start, names in _REDIRECTS:
        if pattern.fullmatch(host) and path.startswith(start):
            given = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
            if found := next((given[name] for name in names if name in given), None):
                return found
    return None


def _in_amp_cache(host: str, path: str) -> re.Match[str] | None:
    if host.endswith((".cdn.ampproject.org", ".bing-amp.com")):
        return _AMP_CACHE.match(path)
    return _GOOGLE_AMP.match(path) if re.fullmatch(r"google\.[a-z.]{2,6}", host) else None


def _rebuilt(found: re.Match[str], query: str) -> str:
    place = re.sub("%3f", "?", found[2], count=1, flags=re.I)
    joint = "&" if "?" in place else "?"
    return f"{'https' if found[1] else 'http'}://{place}" + (f"{joint}{query}" if query else "")


def _from_mail_filter(path: str, query: str) -> str | None:
    """The target of a link that a company's mail filter rewrote; one whose letters it replaced stays wrapped."""
    if found := _MAIL_FILTER.match(path):
        scheme, _, rest = found[1].partition(":")
        return f"{scheme}://{rest.lstrip('/')}"
    given = dict(parse_qsl(query))
    return (
        unquote(given["u"].replace("-", "%").replace("_", "/"))
        if path == "/v2/url" and "u" in given
        else None
    )


def _from_google_news(code: str) -> str | None:
    """The first address in an older Google News code; newer ones can only be opened by asking Google."""
    try:
        data = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return None
    at = data.find(b"http")
    if at < 1:
        return None
    length, start = data[at - 1], at
    if at >= 2 and data[at - 2] & 0x80 and data[at - 1] < 0x80:  # a length of two bytes
        length = (data[at - 2] & 0x7F) | data[at - 1] << 7
    found = _ADDRESS.match(data[start : start + length])
    return found[0].decode("ascii") if found else None
