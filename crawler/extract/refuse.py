"""Why a page is no readable article; pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

PAYWALL_STUB = 1_500  # characters; a locked article that shows less is a stub
SHORTEST = 60  # characters of text that can be an article, where the page marks one
SHORTEST_UNMARKED = 200  # where nothing in the page says that it is an article
_BRIEF = 1_500  # characters; an error, consent or challenge page holds no more

_CHALLENGE = re.compile(
    r"^just a moment|attention required.{0,5}cloudflare|^access (?:to this page has been )?denied|are you (?:a )?(?:robot|human)|"
    r"verify(?:ing)? (?:that )?you are (?:a )?human|checking your browser|pardon our interruption|security check(?:point)?$|"
    r"^(?:re)?captcha|unusual traffic|request unsuccessful|bot (?:check|protection|verification)|ddos protection|"
    r"^(?:403|error 403|forbidden)\b",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"^before you continue|^bevor (?:sie|du) (?:fortfahren|weiter)|^avant d.accéder|^we value your privacy|your privacy choices|"
    r"cookie (?:consent|settings|preferences|policy)|^consent|datenschutzeinstellungen|privatsphäre|^privacy (?:settings|notice)|"
    r"^(?:manage )?cookies$|consentement",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"\b404\b|page (?:was |is |has been )?(?:not found|unavailable|missing|removed)|not found|(?:page|article|story) "
    r"(?:can(?:no|')t be found|(?:no longer|does not) exists?|is no longer available)|"
    r"seite (?:wurde )?nicht gefunden|nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada|"
    r"pagina non trovata|página não encontrada|sidan (?:hittades inte|kunde inte hittas)|पृष्ठ नहीं मिला|"
    r"страница не найдена|找不到(?:页面|頁面|网页)|ページが見つかりません|\b(?:410 gone|500 internal server error|503 service unavailable)\b",
    re.IGNORECASE,
)
_CONSENT_HOST = re.compile(r"^(?:consent|privacy|guce|cmp)\.", re.IGNORECASE)
_LOCKED = re.compile(
    r"(?:subscribe|sign (?:in|up)|log in|register) (?:now )?to (?:continue|keep|read|unlock)|for subscribers only|subscribers? only|"
    r"this (?:article|story|content) is (?:only )?(?:for|available to|exclusive to|reserved for) (?:our )?(?:subscribers|members)|"
    r"article réservé|réservée? (?:aux|à nos) abonnés|nur für abonnenten|weiterlesen mit|sólo para suscriptores|solo para suscriptores|"
    r"riservato agli abbonati|för prenumeranter",
    re.IGNORECASE,
)
_HTML = (
    "text/html",
    "application/xhtml+xml",
    "application/xml",
    "text/xml",
    "text/plain",
    "application/octet-stream",
    "",
)


def not_html(start: bytes, content_type: str | None, *, binary: bool) -> str | None:
    """The reason when a body is no HTML page: judged by its first bytes and the label.

    Args:
        start: its first bytes.
        binary: the bytes are no text.
    """
    label = (content_type or "").partition(";")[0].strip().lower()
    if not start.strip():
        return "empty: the answer has no content"
    if binary:
        return f"not HTML: binary content ({label or 'no content type'})"
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if label not in _HTML and not head.startswith((b"<!doctype html", b"<html")):
        return f"not HTML: {label}"
    if b"<rss" in head[:500] or b"<feed" in head[:500] or b"<urlset" in head[:500]:
        return "not an article: a feed or sitemap"
    if b"<" not in start.replace(b"\x00", b""):
        return "not HTML: no markup"
    return None


def says_locked(text: str) -> bool:
    """Whether a text that is short says that its rest is for subscribers."""
    return len(text) < PAYWALL_STUB and _LOCKED.search(text) is not None


def why_not(
    *,
    title: str,
    heading: str,
    text: str,
    url: str | None,
    marked: bool,
    declared: bool | None,
    paywalled: bool,
    links: int,
    linked: float,
) -> str | None:
    """The reason why a page is no readable article, or None.

    Args:
        text: what was extracted as its article.
        marked: the page has an article element or the source's own rule found the text.
        declared: the page's metadata call it an article (True), something else (False), or nothing (None).
        links: links with three words or more outside navigation.
        linked: share of the page's visible letters that stand in links, 0 to 1.
    """
    brief = len(text) < _BRIEF
    names = [name for name in (title, heading) if name]
    if brief and any(_CHALLENGE.search(name) for name in names):
        return "challenge: the host asks visitors to prove that they are people"
    if brief and not declared and any(_NOT_FOUND.search(name) for name in names):
        return f"not found: the page says {(heading or title)[:80]!r}"
    if _CONSENT_HOST.search(urlsplit(url or "").hostname or ""):
        return "consent: a page that asks for consent stands before the article"
    if brief and not declared and any(_CONSENT.search(name) for name in names):
        return "consent: a page that asks for consent stands before the article"
    if paywalled and len(text) < PAYWALL_STUB:
        return f"paywall: only {len(text)} characters are free"
    if declared is not True and _is_list(text, links, linked, marked or _is_story_address(url)):
        return "not an article: a page that lists others"
    if sum(map(str.isalnum, text)) * 3 < len(text):
        return "no text: what was found is not made of words"
    if len(text) < (SHORTEST if marked or declared else SHORTEST_UNMARKED):
        return (
            f"too short: {len(text)} characters of text"
            if text
            else "no text: no article was found in the page"
        )
    return None


def _is_list(text: str, links: int, linked: float, likely: bool) -> bool:
    """Many titles that lead elsewhere, and no text that outweighs them; less of it is enough for a likely story."""
    prose = sum(len(part) for part in text.split("\n\n") if len(part) > 200)
    return links >= 20 and linked > 0.5 and prose < (200 if likely else 800)


def _is_story_address(url: str | None) -> bool:
    """Whether the last part of the path is long enough to be made of a headline."""
    parts = [part for part in urlsplit(url or "").path.split("/") if part]
    return any(part.count("-") + part.count("_") >= 4 for part in parts[-2:])
