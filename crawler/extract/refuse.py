"""Why a page is no readable article; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

PAYWALL_STUB = 1_500  # characters; a locked article that shows less is a stub
SHORTEST = 60  # characters of text that can be an article, where the page marks one
SHORTEST_UNMARKED = 200  # where nothing in the page says that it is an article
_WORDS = 6  # of a sentence that stands alone
_NOTICE = 400  # characters; a notice of a site that is down holds no more
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
_MAINTENANCE = re.compile(
    r"(?:down|closed|offline|unavailable) for (?:scheduled |planned )?maintenance|under maintenance|scheduled maintenance|"
    r"^(?:maintenance|wartungsarbeiten|wartungsmodus)\b|we(?:'|’)ll be (?:right )?back (?:soon|shortly)|be right back|"
    r"(?:site|website|service) (?:is )?temporarily (?:unavailable|down|offline)|en maintenance|en mantenimiento|em manutenção|"
    r"in manutenzione|ведутся технические работы",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"^(?:please )?(?:log ?in|sign in|sign on|einloggen|anmelden|login|se connecter|connexion|connectez-vous|iniciar sesión|"
    r"accedi|entrar|inloggen|logga in|войти|ログイン|登录|लॉग ?इन)\b",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?:enable|activate|turn on|requires?|needs?|without|aktivieren sie|activez|activer|habilit[ae]|attiva(?:re)?) .{0,20}javascript|"
    r"javascript .{0,30}(?:disabled|required|aktivier|désactivé|deaktiviert|desactivado|must be enabled|to run this app)",
    re.IGNORECASE,
)
_LIST_ADDRESS = re.compile(
    r"/(tag|tags|topic|topics|thema|themen|category|categories|kategorie|rubrik|author|autor|auteur|archive|archiv|search|suche|recherche|"
    r"buscar|section|label)(?:/|$)",
    re.IGNORECASE,
)
_SEARCH_QUERY = re.compile(r"(?:^|&)(?:s|q|query|search|suche)=", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…»”\"'。！？।]$")
_CONSENT_HOST = re.compile(r"^(?:consent|privacy|guce|cmp)\.", re.IGNORECASE)
_LOCKED = re.compile(
    r"(?:subscribe|sign (?:in|up)|log in|register) (?:now )?to (?:continue|keep|read|unlock)|for subscribers only|subscribers? only|"
    r"this (?:article|story|content) is (?:only )?(?:for|available to|exclusive to|reserved for) (?:our )?(?:subscribers|members)|"
    r"article réservé|réservée? (?:aux|à nos) abonnés|nur für abonnenten|weiterlesen mit|sólo para suscriptores|solo para suscriptores|"
    r"riservato agli abbonati|för prenumeranter",
    re.IGNORECASE,
)
_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture or sound"),
    (b"\x1f\x8b", "compressed data"),
    (b"ID3", "a sound"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"{\\rtf", "an RTF document"),
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
        kind = next((f", {kind}" for magic, kind in _MAGIC if start.startswith(magic)), "")
        return f"not HTML: binary content ({label or 'no content type'}){kind}"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of a page when its text has been read."""

    title: str
    heading: str
    text: str  # what was extracted as its article
    url: str | None
    marked: bool  # the page has an article element, or the source's own rule found the text
    declared: bool | None  # its metadata call it an article (True), something else (False), or nothing (None)
    paywalled: bool
    links: int  # with three words or more, outside navigation
    linked: float  # share of the page's visible letters that stand in links, 0 to 1
    password: bool = False  # it asks for one
    video: bool = False  # its metadata call it a video
    misspoken: str | None = None  # how its language is not the promised one, see `language`


def why_not(look: Look) -> str | None:
    """The reason why a page is no readable article, with what shows it; None when it is one."""
    return (
        _another_page(look)
        or _locked(look)
        or _not_an_article(look)
        or _no_text(look)
        or (f"wrong language: {look.misspoken}" if look.misspoken else None)
    )


def _another_page(look: Look) -> str | None:
    """A page that came in place of the article: a challenge, an error, a question."""
    if found := _CONSENT_HOST.search(urlsplit(look.url or "").hostname or ""):
        return f"consent: its host begins with {found.group()!r}, so it asks for consent before the article"
    if len(look.text) >= _BRIEF:
        return None
    names = [name for name in (look.title, look.heading) if name]
    if name := _first(_CHALLENGE, names):
        return f"challenge: the page says {name!r}, so it asks visitors to prove that they are people"
    if look.declared:
        return None
    if name := _first(_NOT_FOUND, [look.heading, look.title]):
        return f"not found: the page says {name!r}"
    if name := _first(_MAINTENANCE, [*names, *([look.text] if len(look.text) < _NOTICE else [])]):
        return f"not found: the page says {name!r}, so the site is being worked on"
    if name := _first(_CONSENT, names):
        return f"consent: the page says {name!r}, so it asks for consent before the article"
    return None


def _locked(look: Look) -> str | None:
    if look.paywalled and len(look.text) < PAYWALL_STUB:
        return f"paywall: only {len(look.text)} characters are free"
    return None


def _not_an_article(look: Look) -> str | None:
    if look.declared is True:
        return None
    if look.password and len(look.text) < _BRIEF and (name := _first(_LOGIN, [look.title, look.heading])):
        return f"not an article: it asks for a password and says {name!r}"
    if look.video and len(look.text) < SHORTEST_UNMARKED:
        return f"not an article: a video with {len(look.text)} characters of text"
    if _is_list(look):
        return f"not an article: {_kind_of_list(look.url)} that lists others, {look.links} links hold {look.linked:.0%} of its letters"
    return None


def _no_text(look: Look) -> str | None:
    text = look.text
    if not text:
        return "no text: no article was found in the page"
    if len(text) < SHORTEST_UNMARKED and (said := _SCRIPT.search(text)):
        return f"no text: the page only shows itself to scripts, it says {said.group()[:80]!r}"
    if sum(map(str.isalnum, text)) * 3 < len(text):
        return "no text: what was found is not made of words"
    if len(text) < (SHORTEST if look.marked or look.declared else SHORTEST_UNMARKED) and not _is_brief_story(
        look
    ):
        return f"too short: {len(text)} characters of text"
    return None


def _is_brief_story(look: Look) -> bool:
    """Whether a few words are whole sentences, and the page has nothing beside them that could be what it is for."""
    parts = [(part, len(part.split())) for part in look.text.split("\n\n")]
    sentences = [part for part, words in parts if words >= (_WORDS if _SENTENCE.search(part) else 2 * _WORDS)]
    return (
        sum(map(len, sentences)) * 2 > len(look.text)
        and look.links <= 3
        and look.linked < 0.3
        and not look.password
    )


def _is_list(look: Look) -> bool:
    """Many titles that lead elsewhere, and no text that outweighs them; less of it is enough for a likely story."""
    likely = look.marked or _is_story_address(look.url)
    if _kind_of_list(look.url) != "a page":
        likely = False
    prose = sum(len(part) for part in look.text.split("\n\n") if len(part) > 200)
    return look.links >= 20 and look.linked > 0.5 and prose < (200 if likely else 800)


def _kind_of_list(url: str | None) -> str:
    """What kind of list an address is likely to be of, in words."""
    if url is None:
        return "a page"
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return "a home page"
    if _SEARCH_QUERY.search(parts.query):
        return "a search"
    found = _LIST_ADDRESS.search(parts.path)
    return f"a page of {found.group(1).lower()!r}" if found else "a page"


def _is_story_address(url: str | None) -> bool:
    """Whether the last part of the path is long enough to be made of a headline."""
    parts = [part for part in urlsplit(url or "").path.split("/") if part]
    return any(part.count("-") + part.count("_") >= 4 for part in parts[-2:])


def _first(pattern: re.Pattern[str], texts: Sequence[str]) -> str:
    """The first text in which a pattern is found, shortened; "" when there is none."""
    return next((text[:80] for text in texts if text and pattern.search(text)), "")
