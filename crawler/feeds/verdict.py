"""Why a document is no feed, in words an operator can act on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from crawler.errors import Cause, NotAFeedError
from crawler.feeds.discovery import candidates_in
from crawler.feeds.repair import root_name
from crawler.feeds.text import one_line, plain_title

_SHORT = 30_000  # characters; a challenge or consent page holds no more, an ordinary page may speak of either

_HTML = re.compile(r"<!doctype\s+html|<html\b|<head\b|<body\b", re.I)
_FRAGMENT = re.compile(
    r"\s*<(?:script|meta|title|style|link|div|p|br|h1|center|table|iframe|noscript)\b", re.I
)
_TITLE = re.compile(r"<title[^>]*>(.{0,500}?)</title", re.I | re.S)
_HEADING = re.compile(r"<h1[^>]*>(.{0,500}?)</h1", re.I | re.S)

_CHALLENGE = re.compile(
    r"just a moment|cdn-cgi/challenge|cf-chl|enable javascript and cookies|attention required|captcha|"
    r"are you (?:a )?(?:human|robot)|verify(?:ing)? (?:that )?you are (?:a )?human|verifying your browser|"
    r"making sure (?:that )?you(?:.re| are) not a bot|ddos[- ]guard|ddos protection|incapsula|awswaf|_sgcapt|"
    r"checking your browser|access denied|datadome|perimeterx|px-captcha|unusual traffic|pardon our interruption|"
    r"security checkpoint|request unsuccessful|request (?:rejected|blocked)|you have been blocked",
    re.I,
)
_CHALLENGE_TITLE = re.compile(
    r"^un (?:instant|momento)\b|^einen moment|^один момент|^подождите|请稍候|請稍候|正在验证|安全验证|人机验证|^お待ちください|"
    r"잠시만 기다리|^bir dakika|^um momento|^(?:error )?403\b|^forbidden|(?:bot|robot|human|security|browser) (?:check|verification)|"
    r"^security check|zugriff verweigert|accès (?:refusé|interdit)|acceso denegado|acesso negado|доступ (?:запрещ|ограничен)|"
    r"访问被拒绝|पहुँच अस्वीकृत|bist du ein mensch|vous êtes un robot|eres un robot|вы не робот",
    re.I,
)
_MISSING = re.compile(
    r"\b(?:404|410)\b|not found|(?:page|feed|site|article) (?:doesn.t|does not|no longer) exists?|no longer available|"
    r"(?:page|feed) (?:isn.t|is not|was|has been) (?:available|removed|deleted|moved)|can(?:.t|not) (?:be found|find)|^gone$|"
    r"nicht gefunden|existiert nicht|introuvable|n.existe (?:pas|plus)|no (?:se )?encontrad|no existe|não (?:foi )?encontrad|"
    r"non (?:è stata )?trovat|niet gevonden|nie (?:została )?znalezion|nenalezen|nem található|hittades inte|kunde inte hittas|"
    r"ikke (?:blev )?fundet|ikke funnet|ei löyt|bulunamadı|не (?:найден|існує|знайден|существует)|δεν βρέθηκε|nu (?:a fost )?găsit|"
    r"غير موجود|لم يتم العثور|לא נמצא|नहीं मिला|পাওয়া যায়নি|ไม่พบ|không tìm thấy|tidak ditemukan|"
    r"見つかりません|ありません|找不到|不存在|无法找到|찾을 수 없",
    re.I,
)
_MAINTENANCE = re.compile(
    r"maintenance|(?:be|we.re) (?:right )?back (?:soon|shortly)|back (?:soon|shortly)|temporarily (?:unavailable|down|offline)|"
    r"(?:service|site|website) unavailable|coming soon|under construction|wartung|vorübergehend nicht|indisponible|mantenimiento|"
    r"manutenção|manutenzione|onderhoud|konserwacj|przerwa techniczna|údržb|karbantart|underhåll|vedlikehold|huolto|bakım|"
    r"(?:технические|профилактические) работы|техническ\w+ обслуживани|технічні роботи|صيانة|תחזוקה|रखरखाव|ปิดปรับปรุง|bảo trì|"
    r"メンテナンス|维护|維護|점검",
    re.I,
)
_BROKEN = re.compile(
    r"\b50[0-4]\b|internal server error|bad gateway|gateway time-?out|service (?:temporarily )?unavailable|database (?:connection )?error|"
    r"establishing a database|fatal error|critical error|application error|too many requests|rate limit|web server is down|"
    r"\b52\d: |datenbankfehler|erreur interne|error interno|erro interno|внутренняя ошибка|ошибка сервера|服务器错误|サーバーエラー",
    re.I,
)
_LEFT = re.compile(
    r"account (?:has been )?suspended|(?:domain|website|site) (?:is |name is |name |may be |steht )?(?:for sale|zum verkauf|expired|parked|suspended)|"
    r"\bparked\b|buy this domain|à vendre|se vende|продается|域名出售|^index of /|^welcome to nginx|apache\d? .{0,20}default page|"
    r"^test page for|^iis windows",
    re.I,
)
_CONSENT = re.compile(
    r"cookie[- ]?(?:consent|einstellungen|instellingen|settings|preferences|policy)|consent\.|gdpr|before you continue|"
    r"bevor (?:sie|du) (?:fort|weiter)|avant de continuer|antes de continuar|prima di continuare|voordat u verder|"
    r"datenschutz-?einstellungen|privatsphäre|privacy (?:choices|settings|notice)|we value your privacy|gestion des cookies|"
    r"consentement|consentimiento|consenso|toestemming|згода на|согласие на",
    re.I,
)
_LOGIN_TITLE = re.compile(
    r"\b(?:log ?in|sign ?in|log ?on)\b|anmeld|einloggen|connexion|se connecter|iniciar sesión|acceso|\bentrar\b|\baccedi\b|inloggen|"
    r"zaloguj|logowanie|přihlá|bejelentkez|logga in|logg inn|giriş|\bвход\b|войти|увійти|σύνδεση|تسجيل الدخول|התחבר|लॉग इन|"
    r"เข้าสู่ระบบ|đăng nhập|ログイン|登录|登入|로그인|captive portal|authentication required",
    re.I,
)
_LOGIN = re.compile(r"<input[^>]+type\s*=\s*[\"']?password", re.I)
_KNOWN_ROOTS = {
    "urlset": ("a sitemap (use `sitemap:` for this source)", Cause.SITEMAP),
    "sitemapindex": ("a sitemap index (use `sitemap:` for this source)", Cause.SITEMAP),
    "opml": ("an OPML list of feeds (use `sources import`)", Cause.OPML),
}
_SAYS = ("message", "error_description", "error", "detail", "title", "reason", "msg", "errors", "status")


def is_html(text: str) -> bool:
    """Whether a document is an HTML page, whatever its first lines are."""
    start = text[:4096]
    return bool(_HTML.search(start)) and root_name(start) not in ("rss", "feed", "rdf", "opml")


def why_not(text: str, url: str) -> str:
    """One sentence: what the document at `url` is instead of a feed."""
    return str(not_a_feed(text, url))


def not_a_feed(text: str, url: str) -> NotAFeedError:
    """What the document at `url` is instead of a feed, to be raised: one sentence and its cause."""
    if not text.strip("\ufeff\0 \t\r\n"):
        return NotAFeedError("the document is empty")
    if is_html(text) or (_FRAGMENT.match(text) and root_name(text) not in _KNOWN_ROOTS):
        return _page(text, url)
    root = root_name(text)
    if root in _KNOWN_ROOTS:
        kind, cause = _KNOWN_ROOTS[root]
        return NotAFeedError(f"the document is {kind}", cause=cause)
    if root:
        return NotAFeedError(f"the document is XML of another kind (<{root}>)")
    words = one_line(text[:500])
    if _is_binary(text):
        return NotAFeedError("the document is no feed, but no text either")
    words = f"{words[:80]}{'…' if len(words) > 80 else ''}"
    return NotAFeedError(f"the document is no feed, but plain text: “{words}”")


def why_no_json_feed(document: object) -> str:
    """One sentence: what a JSON document is instead of a JSON Feed, with the message it carries."""
    said = _said(document)
    return "the document is JSON but no JSON Feed" + (f": “{said}”" if said else "")


def instead(text: str, wanted: str, *, titled: bool = False) -> NotAFeedError | None:
    """What an HTML page is that came instead of what was `wanted` ("the feed"); None where it says nothing of itself.

    A challenge, a page for something that is missing or broken, a consent or login page, a host that was left.

    Args:
        titled: whether its title must say so: of an ordinary page, which may hold a login form, too.
    """
    seen = _Seen.of(text)
    return _for_sure(seen, wanted) or (None if titled else _perhaps(seen, wanted))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What of an HTML page is looked at."""

    text: str
    head: str
    title: str
    name: str  # its title, else its heading

    @classmethod
    def of(cls, text: str) -> Self:
        head = text[:20_000]
        found = _TITLE.search(head)
        title = plain_title(found[1])[:80] if found else ""
        heading = _HEADING.search(head)
        return cls(text, head, title, title or (plain_title(heading[1])[:80] if heading else ""))

    @property
    def named(self) -> str:
        return f" titled “{self.title}”" if self.title else ""

    @property
    def short(self) -> bool:
        return len(self.text) < _SHORT


def _page(text: str, url: str) -> NotAFeedError:
    seen = _Seen.of(text)
    if told := _for_sure(seen, "the feed"):
        return told
    if feeds := candidates_in(text, url):
        linked = f"the document is an HTML page{seen.named}; it links to the feed {feeds[0].url}"
        return NotAFeedError(linked, cause=Cause.LINKED)
    return _perhaps(seen, "the feed") or NotAFeedError(
        f"the document is an HTML page{seen.named}, not a feed"
    )


def _for_sure(seen: _Seen, wanted: str) -> NotAFeedError | None:
    name, named = seen.name, seen.named
    if (
        _CHALLENGE.search(seen.title)
        or _CHALLENGE_TITLE.search(name)
        or (seen.short and _CHALLENGE.search(seen.head))
    ):
        told = f"a challenge page{named} came instead of {wanted}; the host wants a browser"
        return NotAFeedError(told, cause=Cause.CHALLENGE)
    if _MISSING.search(name):
        return NotAFeedError(f"a “not found” page{named} came with a status of success")
    if _BROKEN.search(name):
        return NotAFeedError(f"an error page{named} came with a status of success")
    if _MAINTENANCE.search(name):
        return NotAFeedError(f"a maintenance page{named} came instead of {wanted}")
    if _CONSENT.search(name):
        return NotAFeedError(f"a consent page{named} came instead of {wanted}", cause=Cause.CONSENT)
    return None


def _perhaps(seen: _Seen, wanted: str) -> NotAFeedError | None:
    name, named = seen.name, seen.named
    if _LEFT.search(name):
        return NotAFeedError(
            f"a page of the host{named} came instead of {wanted}; its owner may have left it"
        )
    if seen.short and _CONSENT.search(seen.head):
        return NotAFeedError(f"a consent page{named} came instead of {wanted}", cause=Cause.CONSENT)
    if _LOGIN.search(seen.text) or _LOGIN_TITLE.search(name):
        return NotAFeedError(f"a login page{named} came instead of {wanted}")
    return None


def _said(document: object) -> str:
    """The message in an error of a program's interface; "" where there is none."""
    if not isinstance(document, dict):
        return ""
    for name in _SAYS:
        value = document.get(name)
        if isinstance(value, dict):
            value = _said(value)
        elif isinstance(value, list) and value:
            value = value[0] if isinstance(value[0], str) else _said(value[0])
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return one_line(str(value))[:80]
    return ""


def _is_binary(text: str) -> bool:
    start = text[:500]
    odd = sum(1 for sign in start if sign < " " and sign not in "\t\r\n\f") + start.count("\ufffd")
    return 10 * odd > len(start) or text.startswith(("%PDF-", "PK\x03\x04", "\x89PNG", "‰PNG", "GIF8"))
