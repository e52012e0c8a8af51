"""What comes instead of a feed is named, whatever language it speaks."""

from __future__ import annotations

import pytest

from crawler.feeds.verdict import is_html, why_not

URL = "https://news.example/feed"


def page(title: str, body: str = "<h1>…</h1>", head: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("a challenge page", ["Just a moment...", "Un instant…", "Einen Moment, bitte...", "Один момент…", "请稍候…", "403 Forbidden", "Robot Check", "Making sure you&#39;re not a bot!", "Vercel Security Checkpoint", "Pardon Our Interruption"]),
        ("a “not found” page", ["404 Not Found", "Seite nicht gefunden", "Página não encontrada", "Pagina niet gevonden", "Nie znaleziono strony", "ページが見つかりません", "页面不存在", "पृष्ठ नहीं मिला", "الصفحة غير موجودة", "페이지를 찾을 수 없습니다", "Oops! That page can’t be found."]),
        ("an error page", ["500 Internal Server Error", "502 Bad Gateway", "Error establishing a database connection", "503 Service Unavailable"]),
        ("a maintenance page", ["Site under maintenance", "We’ll be back soon", "Wartungsarbeiten", "En mantenimiento", "Технические работы", "メンテナンス中", "系统维护中"]),
        ("a consent page", ["Before you continue", "Bevor Sie fortfahren", "Avant de continuer", "Your privacy choices", "Gestion des cookies"]),
        ("a login page", ["Log in", "Anmelden", "Connexion", "Iniciar sesión", "Вход", "ログイン", "登录"]),
        ("a page of the host", ["Account Suspended", "This domain is for sale", "Index of /feeds", "Welcome to nginx!"]),
    ],
)  # fmt: skip
def test_a_page_in_the_place_of_a_feed_is_told_by_its_title(kind: str, titles: list[str]) -> None:
    """It is a failed fetch in any case; the kind tells the operator what to do."""
    told = {title: why_not(page(title), URL) for title in titles}

    assert {title: words for title, words in told.items() if not words.startswith(kind)} == {}


@pytest.mark.parametrize(
    "body",
    [
        '<html><head><meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2Ffeed"></head></html>',
        '<html><script src="/_Incapsula_Resource?SWJIYLWA=1"></script></html>',
        '<!DOCTYPE html><html><title></title><script src="https://x.token.awswaf.com/challenge.js"></script></html>',
    ],
)
def test_a_challenge_without_a_title_is_told_by_its_program(body: str) -> None:
    """The usual guards of hosts."""
    assert why_not(body, URL).startswith("a challenge page")


def test_a_page_that_names_its_feed_is_told_with_it() -> None:
    """Unless it is a page that stands in the way of it."""
    link = "<link rel=alternate type=application/rss+xml href=/rss>"

    assert "links to the feed https://news.example/rss" in why_not(page("News", head=link), URL)
    assert why_not(page("Cookie consent", head=link), URL).startswith("a consent page")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\ufeff \n", "empty"),
        ("Too many requests", "plain text: “Too many requests”"),
        ("%PDF-1.7 ...", "no text"),
        ("<urlset></urlset>", "sitemap"),
        ("<opml version='2.0'/>", "OPML"),
        ("<Error><Code>AccessDenied</Code></Error>", "<error>"),
        ("<script>location.href='/'</script>", "HTML page"),
    ],
)
def test_other_documents_are_called_what_they_are(text: str, words: str) -> None:
    """With the words they carry, where these are few."""
    assert words in why_not(text, URL)


def test_markup_inside_a_feed_does_not_make_it_a_page() -> None:
    """Nor does a comment before it."""
    assert not is_html("<!-- <html> --><rss><channel><description><![CDATA[<html><body>x]]></description>")
    assert is_html("\n<!-- served by cache --><!DOCTYPE HTML><html>")
