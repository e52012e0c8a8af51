"""One spelling for all addresses of one page, decided without the network. Pure.

The result is a key for comparing, not an address to fetch: pages are fetched as their source gave them.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from w3lib.url import canonicalize_url, url_query_cleaner

# Names that only tell who sent the reader; compared in lower case. A name that any site uses to say which
# page is meant (id, p, page, ref, source, from, date) must not stand here.
TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid igshid igsh yclid ysclid _openstat li_fat_id
    epik s_kwcid ef_id _kx dicbo oborigurl ob_click_id tblci
    mc_cid mc_eid mkt_tok vero_id vero_conv _hsenc _hsmi __hssc __hstc __hsfp hsctatracking ml_subscriber
    ml_subscriber_hash oly_anon_id oly_enc_id rb_clickid bbeml sc_cid sc_channel sc_campaign sc_publisher sc_country
    xtor xtref at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 at_link_id at_link_origin
    at_link_type at_ptr_name at_format at_bbc_team at_campaign_type ns_mchannel ns_source ns_campaign ns_linkname ns_fee
    cmpid cmpgn ocid ncid icid cmp_id cid_source wt_mc wt.mc_id wt_zmc pk_campaign pk_kwd pk_source pk_medium
    pk_content mtm_campaign mtm_keyword mtm_source mtm_medium mtm_content mtm_cid mtm_group mtm_placement piwik_campaign
    piwik_kwd matomo_campaign _ga _gl ga_source ga_medium ga_term ga_content ga_campaign trk trkcampaign
    guccounter guce_referrer guce_referrer_sig smid smtyp partner_source taid tid_source rss_source feedtype
    spm scm share_token share_source share_medium share_plat sharetype traffic_source mod_source
    smprod smsrc ito ftag ft_orig soc_src soc_trk __twitter_impression amp_js_v amp_gsa usqp
    """.split()  # noqa: SIM905  # a list of words reads better so
)
_TRACKING_PREFIXES = ("utm_", "hsa_", "stm_", "utm-", "itm_", "vero_", "_bta_")
_AMP_PARAMETERS = {"amp", "amp_markup"}
_AMP_VALUES = {("outputtype", "amp"), ("output", "amp"), ("view", "amp"), ("format", "amp")}

_SUBDOMAINS = ("www.", "m.", "mobile.", "amp.")
_INNER_MOBILE = re.compile(r"^([a-z]{2,3})\.m\.(?=[^.]+\.)")  # en.m.wikipedia.org
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.I)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.I)
_AMP_END = re.compile(r"(?:/amp|\.amp)/?$", re.I)
_AMP_PAGE = re.compile(r"\.amp(?=\.html?$)", re.I)
_AMP_START = re.compile(r"^/amp/(?=.)", re.I)
_SLASHES = re.compile(r"(?<!:)/{2,}")
_ROUTE = re.compile(r"#(?:!|/)")
_PARAGRAPH_SPACE = re.compile(r"[\t\r\n]")
_MOST_WRAPPERS = 4


def canonical_url(url: str) -> str:
    """The one spelling of `url` by which two addresses of one page are equal.

    In this order: `&amp;` read as `&`; wrappers that carry their target (search and social redirects,
    Google News of the older form, AMP caches, mail filters) opened; scheme https; host in lower-case ASCII
    without `www.`, `m.`, `mobile.`, `amp.`, default port, user name and final dot; path with resolved dots,
    one slash where there were several, no session id, no index file, no `/amp`, no slash at its end; percent
    codes only where needed, in capitals; query sorted, without tracking parameters; no fragment, unless it
    is a route of the page's own program (`#!…`, `#/…`).

    An address that is none (no host) comes back stripped and otherwise as it is.
    """
    text = _PARAGRAPH_SPACE.sub("", html.unescape(url)).strip()
    for _ in range(_MOST_WRAPPERS):
        target = _unwrapped(text)
        if target is None:
            break
        text = target
    end = next((at for at, sign in enumerate(text) if sign in "?#"), len(text))
    text = text[:end].replace("\\", "/") + text[end:]  # as browsers read it
    try:
        parts = urlsplit(text)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return text
    if not host or parts.scheme.lower() not in ("http", "https", "feed"):
        return text

    path = _AMP_START.sub("/", _SLASHES.sub("/", _SESSION.sub("", parts.path)))
    path = _AMP_END.sub("", _AMP_PAGE.sub("", _INDEX.sub("/", path)))
    host = f"[{host}]" if ":" in host else host
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    route = parts.fragment if _ROUTE.match(f"#{parts.fragment}") else ""
    plain = f"https://{place}{path or '/'}" + (f"?{parts.query}" if parts.query else "")
    unwanted = [name for name, value in _parameters(parts.query) if _tracks(name.lower(), value.lower())]
    if unwanted:
        plain = url_query_cleaner(plain, unwanted, remove=True, unique=False)
    if route:
        plain = f"{plain}#{route}"
    try:
        spelled = str(canonicalize_url(plain, keep_blank_values=True, keep_fragments=bool(route)))
    except (ValueError, UnicodeError):
        return plain
    start, sign, rest = spelled.partition("?")
    start, hash_sign, route = (start, "", "") if sign else start.partition("#")
    if start.count("/") > 3 or not start.endswith("/"):
        start = start.rstrip("/")
    rest = "&".join(pair.removesuffix("=") for pair in rest.split("&")) if "#" not in rest else rest
    return start + (f"?{rest}" if rest else "") + hash_sign + route


def is_homepage(canonical: str) -> bool:
    """Whether a canonical address names a whole site: shared by all that happens there, it identifies nothing."""
    parts = urlsplit(canonical)
    return parts.path in ("", "/") and not parts.query and not parts.fragment


def _host(name: str) -> str:
    host = name.rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return host
    host = _INNER_MOBILE.sub(r"\1.", host)
    for start in _SUBDOMAINS:
        if host.startswith(start) and "." in host[len(start) :]:
            return host[len(start) :]
    return host


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=None)


def _tracks(name: str, value: str) -> bool:
    return (
        name in TRACKING
        or name.startswith(_TRACKING_PREFIXES)
        or name in _AMP_PARAMETERS
        or (name, value) in _AMP_VALUES
    )


# -- wrappers --------------------------------------------------------------------------------------

# Host (without www.) → path's beginning, parameters that hold the target.
_REDIRECTS: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = tuple(
    (re.compile(host), path, names)
    for host, path, names in (
        (r"(?:news\.)?google\.[a-z.]{2,6}", "/url", ("url", "q")),
        (r"(?:l|lm)\.(?:facebook|instagram|messenger)\.com", "/", ("u",)),
        (r"facebook\.com", "/l.php", ("u",)),
        (r"bing\.com", "/news/apiclick.aspx", ("url",)),
        (r"out\.reddit\.com", "/", ("url",)),
        (r"t\.umblr\.com", "/redirect", ("z",)),
        (r"youtube\.com", "/redirect", ("q",)),
        (r"linkedin\.com", "/redir/", ("url",)),
        (r"duckduckgo\.com", "/l/", ("uddg",)),
        (r"vk\.com", "/away.php", ("to",)),
        (r"away\.vk\.com", "/away.php", ("to",)),
        (r"slack-redir\.net", "/link", ("url",)),
        (r"getpocket\.com", "/redirect", ("url",)),
        (r"exit\.sc", "/", ("url",)),
        (r"[a-z0-9]+\.safelinks\.protection\.outlook\.com", "/", ("url",)),
        (r"click\.email\.[a-z.]+", "/", ("url",)),
    )
)
_AMP_CACHE = re.compile(r"^/(?:c|v|wp|a)/(s/)?(.+)$")
_GOOGLE_AMP = re.compile(r"^/amp/(s/)?(.+)$")
_GOOGLE_NEWS = re.compile(r"^/(?:rss/|__i/rss/rd/)?articles/([A-Za-z0-9_-]{16,})")
_YAHOO = re.compile(r"/RU=([^/]+)/")
_ADDRESS = re.compile(rb"https?://[\x21-\x7e]+")


def _unwrapped(url: str) -> str | None:
    """The address that `url` carries inside, or None when it carries none."""
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
    elif host == "r.search.yahoo.com" and (found := _YAHOO.search(parts.path)):
        inside = unquote(found[1])
    else:
        for pattern, path, names in _REDIRECTS:
            if pattern.fullmatch(host) and parts.path.startswith(path):
                given = dict(_parameters(parts.query))
                inside = next((given[name] for name in names if name in given), None)
                break
    return inside if inside and inside.startswith(("http://", "https://")) else None


def _in_amp_cache(host: str, path: str) -> re.Match[str] | None:
    if host.endswith(".cdn.ampproject.org"):
        return _AMP_CACHE.match(path)
    return _GOOGLE_AMP.match(path) if re.fullmatch(r"google\.[a-z.]{2,6}", host) else None


def _rebuilt(found: re.Match[str], query: str) -> str:
    return f"{'https' if found[1] else 'http'}://{found[2]}" + (f"?{query}" if query else "")


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
