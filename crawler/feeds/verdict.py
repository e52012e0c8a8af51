"""Why a document is no feed, in words an operator can act on. Pure."""

from __future__ import annotations

import re

from crawler.feeds.discovery import candidates_in
from crawler.feeds.repair import root_name
from crawler.feeds.text import plain_title

_HTML = re.compile(r"<!doctype\s+html|<html\b|<head\b|<body\b", re.I)
_TITLE = re.compile(r"<title[^>]*>(.{0,500}?)</title", re.I | re.S)
_CHALLENGE = re.compile(
    r"just a moment|cdn-cgi/challenge|cf-chl|enable javascript and cookies|attention required|captcha|"
    r"are you a (?:human|robot)|verify(?:ing)? (?:that )?you are (?:a )?human|ddos[- ]guard|incapsula|"
    r"_sgcapt|checking your browser|access denied|datadome|perimeterx|unusual traffic",
    re.I,
)
_CONSENT = re.compile(
    r"cookie[- ]?consent|consent\.|gdpr|before you continue|datenschutz-einstellungen", re.I
)
_MISSING = re.compile(
    r"\b404\b|not found|page (?:doesn.t|does not) exist|no longer available|"
    r"nicht gefunden|introuvable|no encontrad|не найден",
    re.I,
)
_LOGIN = re.compile(r"<input[^>]+type\s*=\s*[\"']?password", re.I)


def is_html(text: str) -> bool:
    """Whether a document is an HTML page, whatever its first lines are."""
    start = text[:4096]
    return bool(_HTML.search(start)) and root_name(start) not in ("rss", "feed", "rdf", "opml")


def why_not(text: str, url: str) -> str:
    """One sentence: what the document at `url` is instead of a feed."""
    if not text.strip():
        return "the document is empty"
    if not is_html(text):
        root = root_name(text)
        known = {
            "urlset": "a sitemap (use `sitemap:` for this source)",
            "sitemapindex": "a sitemap index (use `sitemap:` for this source)",
            "opml": "an OPML list of feeds (use `sources import`)",
        }
        if root in known:
            return f"the document is {known[root]}"
        return (
            f"the document is XML of another kind (<{root}>)"
            if root
            else "the document is no feed, but plain text"
        )

    head = text[:20_000]
    found = _TITLE.search(head)
    title = plain_title(found[1])[:80] if found else ""
    named = f" titled “{title}”" if title else ""
    if _CHALLENGE.search(title) or (len(text) < 30_000 and _CHALLENGE.search(head)):
        return f"a challenge page{named} came instead of the feed; the host wants a browser"
    if _MISSING.search(title):
        return f"a “not found” page{named} came with a status of success"
    if feeds := candidates_in(text, url):
        return f"the document is an HTML page{named}; it links to the feed {feeds[0].url}"
    if _CONSENT.search(title) or (len(text) < 30_000 and _CONSENT.search(head)):
        return f"a consent page{named} came instead of the feed"
    if _LOGIN.search(text):
        return f"a login page{named} came instead of the feed"
    return f"the document is an HTML page{named}, not a feed"
