"""One spelling for all addresses of one page, decided without the network. Pure.

The result is a key for comparing, not an address to fetch: pages are fetched as their source gave them.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from w3lib.url import canonicalize_url, url_query_cleaner

from crawler.wrapped import unwrapped

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
    cmp emc ftcamp srsltid mibextid gad_source gad_campaignid _branch_match_id fromrss
    phpsessid jsessionid sessionid session_id aspsessionid cftoken
    smprod smsrc ito ftag ft_orig soc_src soc_trk __twitter_impression amp_js_v amp_gsa usqp
    """.split()  # noqa: SIM905  # a list of words reads better so
)
_TRACKING_PREFIXES = ("utm_", "hsa_", "stm_", "utm-", "itm_", "vero_", "_bta_", "gaa_", "__cf_chl_")
_AMP_PARAMETERS = {"amp", "amp_markup"}
# Another dress of the same page.
_VARIANTS = {
    *((name, "amp") for name in ("outputtype", "output", "view", "format")),
    *((name, value) for name in ("rss", "print") for value in ("", "1", "true", "yes")),
    ("feature", "share"),
    ("feature", "youtu.be"),
}
# Names that often say which page is meant, with values that can only say who sent the reader.
_SENDERS = {"ref", "referrer", "referer", "ref_src", "source", "src", "from", "via", "origin", "medium", "partner", "campaign", "share"}  # fmt: skip
_SENT_BY = re.compile(
    r"rss[a-z0-9_-]*|[a-z]*-?rss|(?:rss|atom|web|news)?[_-]?feeds?|atom|newsletters?|e?mail|facebook|fb|twitter|tw|twsrc.*|x|linkedin|"
    r"instagram|ig|whatsapp|wa|telegram|tg|reddit|pinterest|bluesky|mastodon|threads|flipboard|feedburner|feedly|"
    r"google[_-]?news|social|share|shared|sharing|homepage|app|android|ios|amp"
)
_HOST_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
# Values that change at every fetch.
_BUSTERS = {"_", "_t", "_ts", "cb", "nocache", "no_cache", "cachebuster", "cachebust", "cache_bust", "rnd", "rand", "random", "bust"}  # fmt: skip
_CLOCKS = {"t", "ts", "time", "timestamp", "r", "v", "cache"}
_RANDOM = re.compile(r"[\d.]{5,}")
_EPOCH = re.compile(r"1[2-9]\d{8}(?:\d{3})?")  # 2008 to 2033 in seconds or thousandths
_LONG_CODE = re.compile(r"[0-9a-z]{24,}")

# Host → names that tell who shared the page there, and mean something at other hosts.
_SHARED_AT = {
    "youtube.com": {"si", "feature", "pp", "ab_channel"},
    "open.spotify.com": {"si"},
    "twitter.com": {"s", "t"},
    "x.com": {"s", "t"},
    "linkedin.com": {"trackingid", "refid"},
}
_SUBDOMAINS = ("www.", "m.", "mobile.", "amp.")
_INNER_MOBILE = re.compile(r"^([a-z]{2,3})\.m\.(?=[^.]+\.)")  # en.m.wikipedia.org
_SESSION = re.compile(r";jsessionid=[^/?#]*|/\(S\([0-9a-z]{20,}\)\)(?=/)", re.I)
_INDEX = re.compile(r"/(?:index|default)\.(?:[sx]?html?|php|aspx?|jsp|cfm)$", re.I)
_ESCAPED_AND = re.compile(r"&(?:amp|#0*38|#x0*26);", re.I)
_LOST_QUERY = re.compile(
    r"(?:&|%3f|%26)utm_[a-z]+(?:=|%3d).*$", re.I
)  # behind a path, its question mark lost
_SECOND_QUERY = re.compile(r"\?(?=utm_)", re.I)
_ENCODED = re.compile(r"(?:%[89A-F][0-9A-F])+", re.I)
_DEVIATING = re.compile("[ßς\u200c\u200d]")  # letters that the older rules for host names replace
_AMP_END = re.compile(r"(?:/amp|\.amp)/?$", re.I)
_AMP_PAGE = re.compile(r"\.amp(?=\.html?$)", re.I)
_AMP_START = re.compile(r"^/amp/(?=.)", re.I)
_SLASHES = re.compile(r"(?<!:)/{2,}")
_ROUTE = re.compile(r"#(?:!|/)")
_PARAGRAPH_SPACE = re.compile(r"[\t\r\n]")
_MOST_WRAPPERS = 4


def canonical_url(url: str) -> str:
    """The one spelling of `url` by which two addresses of one page are equal.

    In this order: `&amp;` read as `&`; wrappers that carry their target (see `wrapped`) opened; scheme https; host in lower-case ASCII
    without `www.`, `m.`, `mobile.`, `amp.`, default port, user name and final dot; path with resolved dots,
    one slash where there were several, no session id, no index file, no `/amp`, no slash at its end; percent
    codes only where needed, in capitals; query sorted, without tracking parameters; no fragment, unless it
    is a route of the page's own program (`#!…`, `#/…`).

    An address that is none (no host) comes back stripped and otherwise as it is.
    """
    text = _PARAGRAPH_SPACE.sub("", _ESCAPED_AND.sub("&", url)).strip()
    for _ in range(_MOST_WRAPPERS):
        target = unwrapped(text)
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

    path = _AMP_START.sub("/", _SLASHES.sub("/", _SESSION.sub("", _LOST_QUERY.sub("", parts.path))))
    path = _AMP_END.sub("", _AMP_PAGE.sub("", _INDEX.sub("/", path)))
    host = f"[{host}]" if ":" in host else host
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    route = parts.fragment if _ROUTE.match(f"#{parts.fragment}") else ""
    query = _SECOND_QUERY.sub("&", parts.query)
    plain = _composed(f"https://{place}{path or '/'}" + (f"?{query}" if query else ""))
    mobile, shared = path.endswith(".html"), _SHARED_AT.get(host, set())
    unwanted = [
        name
        for name, value in _parameters(query)
        if _tracks(name.lower(), value.lower())
        or name.lower() in shared
        or (mobile and (name, value) in (("m", "0"), ("m", "1")))
    ]
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
            host = (
                ".".join(map(_label, host.split(".")))
                if _DEVIATING.search(host)
                else host.encode("idna").decode()
            )
        except UnicodeError:
            return host
    host = _INNER_MOBILE.sub(r"\1.", host)
    for start in _SUBDOMAINS:
        if host.startswith(start) and "." in host[len(start) :]:
            return host[len(start) :]
    return host


def _label(label: str) -> str:
    """One part of a host name by the newer rules, which keep ß, final sigma and the joiners of Indic scripts."""
    if label.isascii():
        return label
    return "xn--" + unicodedata.normalize("NFKC", label).encode("punycode").decode("ascii")


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=None)


def _tracks(name: str, value: str) -> bool:
    """Whether a parameter says nothing about which page is meant."""
    return (
        name in TRACKING
        or name.startswith(_TRACKING_PREFIXES)
        or name in _AMP_PARAMETERS
        or (name, value) in _VARIANTS
        or (name in _SENDERS and _SENT_BY.fullmatch(value) is not None)
        or (name in ("ref", "referrer", "referer") and _HOST_NAME.fullmatch(value) is not None)
        or (name in _BUSTERS and _RANDOM.fullmatch(value) is not None)
        or (name in _CLOCKS and _EPOCH.fullmatch(value) is not None)
        or (name in ("sid", "s", "session") and _LONG_CODE.fullmatch(value) is not None)
    )


def _composed(address: str) -> str:
    """Accents joined to their letters, whether percent-encoded or not; bytes that are no UTF-8 stay as they are."""

    def letters(found: re.Match[str]) -> str:
        try:
            return unquote_to_bytes(found[0]).decode()
        except UnicodeDecodeError:
            return found[0]

    return unicodedata.normalize("NFC", _ENCODED.sub(letters, address))
